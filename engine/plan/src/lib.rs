//! From configuration and snapshot to a plan.
//!
//! In go a compiled [`terrane_config::config::Config`], the snapshot, schemas and options; out comes a [`plan::Plan`]: what will be done to
//! which object, in which order. Planning is a conversation with providers, so it is a machine ([`machine::Planner`]) that emits calls and
//! takes answers in any order; the shell carries them out.

pub mod action;
pub mod basis;
pub mod check;
pub mod drift;
pub mod ephemeral;
pub mod exec;
pub mod file;
pub mod generate;
mod graph;
pub mod machine;
pub mod memo;
pub mod objchange;
pub mod plan;
pub(crate) mod planner;
pub mod renames;
pub mod replay;
pub mod restore;
pub mod risk;
pub mod rules;
pub mod stored;
pub mod view;
mod world;

/// Messages about cycles in a configuration: what `validate` reports beside what compiling finds. Planning reports them too.
pub fn cycles(config: &terrane_config::config::Config) -> terrane_lang::diagnostic::Diagnostics {
    graph::Graph::build(config).1
}
