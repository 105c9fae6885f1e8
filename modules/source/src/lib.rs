//! Where module source comes from.
//!
//! In go the `source` argument of a call and the folder of the caller; out come the files of a folder. Local paths are read where they are; everything
//! else is installed under `.terraform/modules`, with the manifest of the peers and a lock file. This room does not know what the files mean, nor
//! which version is newer than another.

pub mod address;
mod files;
mod get;
pub mod install;
mod local;
pub mod lock;
pub mod manifest;
mod registry;

pub use files::{copy, remove};
pub use get::{Context, GetError};
pub use local::{Kind, SourceError, SourceFile, join, kind, read_folder};
pub use registry::RegistryError;
