//! The differences that are there on purpose. Each has its reason; what is not here is a mistake of ours.

use super::compare::Difference;
use super::theirs;
use super::Answer;
use crate::oracle::tree::Logic;
use std::path::Path;

/// Why a difference is on purpose, if it is.
#[must_use]
pub fn explained(terraform: &Path, difference: &Difference) -> Option<&'static str> {
    let Difference { node, ours, theirs } = difference;
    // The peer evaluates both operands of && and ||; it does not from 1.12 on, and OpenTofu does not. Written as conditionals, it
    // must come to the same as we do.
    if node.has_logic() && matches!(theirs, Answer::Failed | Answer::Value { .. }) {
        let lazy = theirs::answers(terraform, &[node.render(Logic::Conditionals)]);
        if lazy.first() == Some(ours) {
            return Some("&& and || do not look at the second operand where the first decides");
        }
    }
    None
}
