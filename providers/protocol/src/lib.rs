//! The provider plugin protocol, versions 5 and 6, as both sides of it need it: the messages, the names of the calls, the handshake, and conversions between
//! messages and what `terrane-model` calls the same things.
//!
//! Nothing is sent or received here: `terrane-plugin` calls providers that are programs, `terrane-serve` makes a program of a provider.

pub mod handshake;
pub mod message;
pub mod rpc;
pub mod schema;
pub mod value;

pub use handshake::{Endpoint, Handshake, Protocol};
pub use rpc::Rpc;
