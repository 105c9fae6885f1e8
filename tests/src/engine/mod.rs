//! A synchronous driver of the engine's machines: the shell, without a runtime, files or clock.
//!
//! A [`Project`] is a configuration in memory, a [`Cloud`] the providers, a [`Store`] what is durable. [`Session`] runs commands over these
//! three. [`Chaos`] decides by a seed in which order requests are carried out and answered, and after how many actions the process dies.

mod apply;
mod chaos;
mod cloud;
mod plan;
mod project;
mod recall;
mod session;
mod store;
mod timed;

pub use chaos::{Chaos, Rng};
pub use cloud::{Cloud, Quoting};
pub use project::{Compiled, Project};
pub use recall::Recall;
pub use session::{Made, Run, Session};
pub use store::Store;
