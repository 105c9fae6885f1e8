//! The shell around the engine: one file per user operation, and the drivers of the two machines.
//!
//! This is the rim: here are files, the clock, the environment, randomness, processes and tasks. An operation takes a [`session::Session`]
//! and a request, talks through a [`ui::Ui`], and returns what came of it, for somebody else to show. It decides nothing that the engine
//! can decide.

// What operations stand on.
pub mod backend;
pub mod clock;
pub mod failure;
pub mod files;
pub mod interrupt;
pub mod lease;
pub mod rules;
pub mod session;
pub mod shown;
pub mod ui;

// How the engine is fed.
mod back;
mod drive;
mod encryption;
mod functions;
mod generate;
pub mod load;
mod memo;
pub mod plugins;
pub mod providers;
mod provision;
mod remote_state;
pub mod selection;
pub mod variables;

// The operations.
pub mod apply;
pub mod audit;
pub mod console;
pub mod cost;
pub mod drift;
pub mod fmt;
pub mod gates;
pub mod get;
pub mod graph;
pub mod import;
pub mod init;
pub mod install;
pub mod leased;
pub mod modules;
pub mod output;
pub mod plan;
pub mod planfile;
pub mod policy;
pub mod query;
pub mod requirements;
pub mod state;
pub mod test;
pub mod validate;
pub mod why;
pub mod workspace;

pub use terrane_apply as applying;
pub use terrane_config as config;
pub use terrane_cost as costs;
pub use terrane_gate as gate;
pub use terrane_lang as lang;
pub use terrane_model as model;
pub use terrane_plan as planning;
pub use terrane_policy as policies;
pub use terrane_value as value;
