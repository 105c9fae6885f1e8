//! For tests: a proxy that makes faults, and the way from bytes to values without a network.

mod bytes;
#[cfg(feature = "net")]
mod proxy;

pub use bytes::{Encoded, decode, encode};
#[cfg(feature = "net")]
pub use proxy::{Fault, Proxy, Rule, Seen};
