//! Encryption of state and plan files: key providers, methods, and the envelope that OpenTofu writes.
//!
//! [`Settings`] come in: the `encryption` block, evaluated, its references resolved. [`Encryption::build`] checks them without touching the
//! world; what comes out are doors ([`terrane_store::seal::Seal`]) for states, plans and states of others. Keys are fetched when a door is
//! first used, once for each command.
//!
//! In reading order: settings and what can be wrong with them, secrets, the envelope, key providers, methods, and the doors.

mod arguments;
mod data_key;
mod encryption;
mod envelope;
mod http;
mod key;
mod method;
mod problem;
mod program;
mod secret;
mod settings;
mod target;

pub use encryption::{Encryption, Endpoints, Surroundings};
pub use settings::{Block, Mistake, MistakeKind, Part, Settings, Target};
