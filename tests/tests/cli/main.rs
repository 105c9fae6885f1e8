//! The real binary in temporary folders: that everything is wired. What a single room does is tested there.

#![expect(
    clippy::unwrap_used,
    reason = "what fails here fails the test, also in functions that tests share"
)]

mod backend;
mod bad_input;
mod canaries;
mod commands;
mod configured_functions;
mod console;
mod cost;
mod deferral;
mod diagnostics;
mod drift;
mod encryption;
mod ephemeral;
mod examples;
mod exit_codes;
mod folder;
mod functions;
mod gates;
mod gates_game;
mod habits;
mod history;
mod imports;
mod install;
mod kills;
mod leases;
mod logs;
mod memo;
mod openssh;
mod opentofu;
mod order;
mod packages;
mod peers;
mod places;
mod plan_json;
mod policy;
mod power_cuts;
mod query;
mod remote;
mod s3_modules;
mod saved_plans;
mod sealed_stores;
mod secrets;
mod services;
mod state;
mod stores;
mod stories;
mod test_command;
mod ways_around;
mod why;
