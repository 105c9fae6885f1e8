//! What everything goes through that comes from the network into a project: providers and modules alike.
//!
//! In go addresses, the settings of the command line and credentials; out come small answers, files with their digests, and trees of
//! files that were checked on the way. All that is bounded, refused or kept secret is so in this place, so that whoever fetches
//! something has no rule of its own to forget. This room does not know what is fetched: neither configuration nor providers.

pub mod archive;
pub mod client;
pub mod credentials;
pub mod digest;
pub mod discovery;
mod error;
pub mod host;
pub mod oci;
pub mod settings;
pub mod store;
#[cfg(test)]
mod testserver;

pub use client::{Answer, Client, ClientOptions, Downloaded, Request, Transferred};
pub use error::{FetchError, with_causes};
pub use host::Host;
pub use reqwest::StatusCode;
pub use reqwest::header;
pub use url::Url;
