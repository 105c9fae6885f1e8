//! The execution graph: which step of a plan waits for which.

mod actions;
pub(crate) mod build;
mod decided;
mod ephemeral;
mod order;
pub(crate) mod picked;

/// Index of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub u32);

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Create or update the object of this change (index into [`crate::plan::Plan::changes`]); for a replacement, its creating half; for a data
    /// source, its reading.
    Apply(u32),
    /// Destroy the object of this change; for a replacement, its destroying half.
    Destroy(u32),
    /// Forget the object of this change; for a replacement, its forgetting half.
    Forget(u32),
    /// Open this ephemeral instance (index into [`crate::plan::Plan::ephemerals`]).
    Open(u32),
    /// Close it. Waits for all that use it. What was opened is closed also where one of those failed.
    Close(u32),
    /// Do this action (index into [`crate::plan::Plan::invocations`]).
    Invoke(u32),
    /// No work: stands for many steps that many others wait for.
    Join,
}

/// A step and what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub kind: StepKind,
    /// Steps that must have succeeded before this one starts. Sorted, unique, acyclic.
    pub after: Vec<StepId>,
}

/// All steps. Objects with nothing to do have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecGraph {
    /// By id.
    pub steps: Vec<Step>,
}
