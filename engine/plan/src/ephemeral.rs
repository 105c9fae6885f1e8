//! Ephemeral resources: what planning and applying share.
//!
//! An ephemeral instance is opened while planning, where its configuration is known, and once more when the plan is applied. What it holds
//! is in no plan and in no state: of an instance the plan keeps only where it is.

use crate::objchange;
use terrane_model::addr::{InstanceAddr, InstanceKey, ProviderConfigAddr};
use terrane_model::schema::Block;
use terrane_value::{Marks, Value};

/// An ephemeral instance of a plan: opened anew when the plan is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EphemeralInstance {
    /// Which instance.
    pub addr: InstanceAddr,
    /// Managed by.
    pub provider: ProviderConfigAddr,
    /// Key of the provider instance.
    pub provider_key: Option<InstanceKey>,
}

/// What is done to an ephemeral instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EphemeralOp {
    /// It is opened.
    Open,
    /// It is kept open.
    Renew,
    /// It is closed.
    Close,
}

/// How far that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EphemeralStage {
    /// It began.
    Started,
    /// It ended well.
    Done,
    /// It failed.
    Failed,
    /// It can't be opened before the plan is applied.
    Deferred,
}

/// Something that happened to an ephemeral instance, for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EphemeralProgress {
    /// Which instance.
    pub addr: InstanceAddr,
    /// What is done to it.
    pub op: EphemeralOp,
    /// How far that is.
    pub stage: EphemeralStage,
}

/// The value of an instance that was opened: what the provider returned, with the marks of schema and configuration, and ephemeral as a whole.
///
/// # Errors
/// What is wrong with the object, without a final period.
pub fn opened(block: &Block, config: &Value, result: &Value) -> Result<Value, &'static str> {
    if result.is_null() {
        return Err("it returned no object");
    }
    if !result.is_wholly_known() {
        return Err("the object holds values that are not known");
    }
    if !crate::planner::fits::fits(result, block.implied_type()) {
        return Err("the object does not have the type that the schema says");
    }
    Ok(marked(block, config, result))
}

/// The value of an instance that can't be opened yet.
#[must_use]
pub fn deferred(block: &Block, config: &Value) -> Value {
    let unknown = objchange::planned_unknown_object(block, &config.unmark_deep());
    marked(block, config, &unknown)
}

fn marked(block: &Block, config: &Value, value: &Value) -> Value {
    let mut marked = objchange::schema_marks(block, value);
    if config.contains_marks() {
        for (path, marks) in objchange::marked_paths(config) {
            marked = objchange::mark_by_paths(&marked, &[path], &marks);
        }
    }
    marked.with_marks(&Marks::EPHEMERAL)
}
