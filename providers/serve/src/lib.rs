//! Makes a provider plugin of a provider: a program that Terraform, OpenTofu and terrane start and talk to.
//!
//! A program is one line more than the provider:
//!
//! ```no_run
//! # fn provider() -> terrane_provider::native::NativeProvider { unreachable!() }
//! fn main() -> std::process::ExitCode {
//!     terrane_serve::run(provider())
//! }
//! ```
//!
//! [`run`] does what a host expects of a plugin ([`plugin`]): it answers the handshake on standard output, secures the connection with certificates made for it,
//! speaks version 5 or 6 of the protocol as the host prefers, writes logs in the form that hosts read, and ends when it is told. Started by hand with `--debug`,
//! it prints what `TF_REATTACH_PROVIDERS` has to be, and serves until it is interrupted: for running it in a debugger.
//!
//! [`Service`] is what answers calls; with [`listen()`] it can be served anywhere, in a test for instance.

mod answer;
mod change;
mod listen;
mod logging;
pub mod plugin;
mod route;
mod service;
mod tls;

pub use listen::{Listener, listen};
pub use plugin::run;
pub use route::{Answered, Asked};
pub use service::Service;
