//! The command line: which commands there are, which flags each takes, and how both are read.

pub(crate) mod flags;
pub(crate) mod help;
pub(crate) mod parse;
pub(crate) mod table;
mod table_cost;
mod table_drift;
mod table_gates;
mod table_policy;
mod table_state;

pub(crate) use parse::Parsed;
pub(crate) use table::Command;
