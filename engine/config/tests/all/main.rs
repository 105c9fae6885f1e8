//! Configurations as texts, and what is found in them.

mod backend;
mod bodies;
mod golden;
mod loading;
mod overrides;
mod rules;
mod static_and_deprecated;
mod static_values;
mod support;
mod variables;
