//! The differences that are there on purpose. Each has its reason; what is not here is a mistake of ours.

use super::Answer;
use super::compare::Difference;
use super::theirs;
use crate::oracle::tree::Logic;
use std::path::Path;

/// Why a difference is on purpose, if it is.
#[must_use]
pub fn explained(terraform: &Path, difference: &Difference) -> Option<&'static str> {
    let Difference { node, ours, theirs } = difference;
    let text = node.render(Logic::Operators);
    // The peer evaluates both operands of && and ||; it does not from 1.12 on, and OpenTofu does not. Written as conditionals, from the
    // left or from the right, it must come to the same as we do.
    if node.has_logic() {
        for logic in [Logic::Conditionals, Logic::FromTheRight] {
            let lazy = theirs::answers(terraform, &[node.render(logic)]);
            if lazy.first() == Some(ours) {
                return Some("&& and || do not look at the second operand where the first decides");
            }
        }
    }
    let fails = *theirs == Answer::Failed;
    match () {
        // An untyped null given to a function that takes any type makes the peer's result unknown for ever. OpenTofu formats it.
        () if *theirs == Answer::Unknown => {
            Some("functions work on an untyped null, where the peer never knows the result")
        }
        // The first part of a whole address space overflows in the library that the peers use.
        () if fails
            && (text.contains("cidrsubnets(\"0.0.0.0/0\"")
                || text.contains("cidrsubnets(\"::/0\"")) =>
        {
            Some("cidrsubnets divides whole address spaces too")
        }
        () if fails && text.contains("contains(") => {
            Some("contains looks for null too, as in OpenTofu 1.13")
        }
        () if fails && text.contains("element(") && text.contains("-1") => {
            Some("element counts from the end, as in OpenTofu")
        }
        // Both results of a conditional must have a type in common, the one that can't be computed too. What it is made of is computed by
        // the peer as far as it can be; we look at its text.
        () if fails && matches!(ours, Answer::Value { .. }) && text.contains(" ? ") => {
            Some("the type of what can't be computed is told from its text")
        }
        () => None,
    }
}
