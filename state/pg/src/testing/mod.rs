//! What tests of this store, and of programs that use it, need: a server of their own.

mod server;

pub use server::{INSTALL, Server};
