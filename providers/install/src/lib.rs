//! Installing of providers: which version, from where, checked by what, put where; the lock file.
//!
//! In go what modules ask for ([`Constraints`]), what was selected before ([`Locks`]) and where packages come from ([`source::Sources`]); out come programs that
//! can be started ([`install::Installed`]) and the locks to be kept. Folders and files are those of the peers: what one has installed and locked the other
//! can use. This room does not know configurations, nor how a provider is spoken to.

pub mod cache;
pub mod constraint;
mod fetch;
mod files;
pub mod hash;
pub mod install;
pub mod lockfile;
pub mod locking;
pub mod login;
pub mod mirroring;
pub mod pattern;
pub mod place;
pub mod platform;
pub mod signature;
pub mod source;
pub mod stamp;
#[cfg(test)]
mod tests;

pub use constraint::Constraints;
pub use files::replace as replace_file;
pub use hash::PackageHash;
pub use lockfile::{Lock, Locks};
pub use platform::Platform;
