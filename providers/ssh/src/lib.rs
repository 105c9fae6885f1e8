//! A machine that is reached by SSH: connecting to it, running commands there, sending it files.
//!
//! In goes a [`Connection`] (where, as whom, through what), out comes a [`Session`]. It knows nothing of resources, configuration or state, shows nothing to
//! the user, and reads nothing of the environment: who calls says where the agent listens. Files are sent by the protocol of `scp`, as the field does it, so a
//! machine needs no more than a shell and `scp`.

mod agent;
mod auth;
mod command;
mod connect;
mod error;
mod host_key;
mod key;
mod proxy;
mod scp;
mod session;
mod target;

pub use command::Exit;
pub use connect::connect;
pub use error::SshError;
pub use session::Session;
pub use target::{Agent, Connection, Hop, Platform, Proxy, ProxyScheme};
