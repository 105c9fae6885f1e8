//! The views for machines: plans and state in the JSON formats that tools around Terraform and OpenTofu read (`opentofu.md` 4.4).
//!
//! Written piece by piece, without a tree in between: memory does not grow with what is written.

mod action;
mod checks;
mod order;
mod plan;
mod state;
mod tree;
mod ui;
mod value;
mod write;

#[cfg(test)]
mod tests;

pub use plan::{PlanContext, action_names, deferred_name, plan_json, reason_name};
pub use state::{state_json, stored_value};
pub use ui::{change_summary_json, planned_change_json, resource_json, ui_action};

use super::text::Schemas;

/// Version of the plan format.
pub const PLAN_FORMAT: &str = "1.2";
/// Version of the state format.
pub const STATE_FORMAT: &str = "1.0";
