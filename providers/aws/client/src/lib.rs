//! One client of the whole of AWS: operations are data, not code.
//!
//! A [`Request`] names a service and one of its operations and has the input as JSON, its members called as the operation model calls them. The
//! models (`models/`, pruned from botocore's) say how that becomes a request of one of five protocols, and how the answer becomes JSON again.
//!
//! # The JSON form of values
//! * Structures and maps are objects, lists are arrays. What is absent has no key; `null` in an input is the same as absent.
//! * Blobs are strings in base64, whatever the protocol sends; so are streams, such as the body of an object in S3.
//! * Timestamps are strings as in RFC 3339, in UTC (`2026-01-02T03:04:05Z`, with as many digits of a second as there are).
//! * Numbers are numbers; those that JSON does not have are the strings `NaN`, `Infinity` and `-Infinity`.
//! * What the services send empty (a list, a string) is there and empty.
//!
//! The crate knows nothing of resources, of state or of the engine.

#![cfg_attr(
    not(feature = "net"),
    expect(
        dead_code,
        unused_imports,
        reason = "what the client uses, where there is none"
    )
)]

mod api;
#[cfg(feature = "net")]
mod client;
mod endpoint;
mod error;
pub mod model;
mod pages;
mod protocol;
mod settings;
#[cfg(feature = "testing")]
pub mod testing;

pub use api::{Api, Request};
#[cfg(feature = "net")]
pub use client::{Client, Identity, SetupError, endpoint_keys};
pub use endpoint::{Partition, partition, region_is_known, regions};
pub use error::{ApiError, ErrorKind};
pub use pages::pages;
pub use protocol::seconds_of;
pub use settings::{Access, Keys, RetryMode, Role, Settings, WebRole, WebToken};
