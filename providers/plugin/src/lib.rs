//! Providers that are programs of their own: every existing Terraform provider, over its plugin protocol.
//!
//! A plugin is started, says on its first line of output where it listens ([`terrane_protocol::handshake`]), is connected to over a Unix socket (or TCP) with TLS whose two
//! certificates were made for this connection, and then answers calls of the protocol, version 5 or 6, which differ in little more than names. A
//! [`PluginFactory`] is one such program as a [`terrane_provider::ProviderFactory`].

mod cache;
mod connection;
mod factory;
mod folder;
mod output;
mod process;
mod provider;
mod reattach;
mod running;
mod socket;
mod talk;
#[cfg(test)]
mod tests;
mod tls;
mod verbosity;

pub use cache::SchemaCache;
pub use factory::{Origin, PluginFactory};
pub use folder::in_folder;
pub use process::Program;
pub use reattach::reattached;
pub use running::{end_all, kill_all};
