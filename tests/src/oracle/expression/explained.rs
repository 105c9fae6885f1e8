//! The differences that are there on purpose. Each has its reason; what is not here is a mistake of ours.

use super::Answer;
use super::compare::{Difference, localize, shrink};
use super::{ours, theirs};
use crate::oracle::tree::{Logic, Node};
use std::path::Path;

/// Why a difference is on purpose, if it is. The rules look at the innermost part to which the answers differ.
#[must_use]
pub fn explained(terraform: &Path, difference: &Difference) -> Option<&'static str> {
    by_logic(terraform, difference).or_else(|| {
        let smallest = localize(terraform, difference);
        by_logic(terraform, &smallest)
            .or_else(|| by_rule(terraform, &smallest))
            // What stands within a `for` can't be asked for alone, but made smaller.
            .or_else(|| by_rule(terraform, &shrink(terraform, smallest)))
            // A part that differs alone may be another matter than the whole, where a `for` gives it its values.
            .or_else(|| by_rule(terraform, &shrink(terraform, difference.clone())))
    })
}

/// The peer evaluates both operands of && and ||; it does not from 1.12 on, and OpenTofu does not. Written as conditionals, from the left or
/// from the right, it must come to the same as we do.
fn by_logic(terraform: &Path, difference: &Difference) -> Option<&'static str> {
    let Difference { node, ours, .. } = difference;
    let lazily = |logic| theirs::answers(terraform, &[node.render(logic)]).first() == Some(ours);
    let same = node.has_logic()
        && [Logic::Conditionals, Logic::FromTheRight]
            .into_iter()
            .any(lazily);
    same.then_some("&& and || do not look at the second operand where the first decides")
}

fn by_rule(terraform: &Path, difference: &Difference) -> Option<&'static str> {
    let Difference { node, ours, theirs } = difference;
    let text = node.render(Logic::Operators);
    let only_theirs = matches!(theirs, Answer::Value { .. }) && *ours == Answer::Failed;
    let only_ours = matches!(ours, Answer::Value { .. }) && *theirs == Answer::Failed;
    let fails = |text: &str| ours::answer(text) == Answer::Failed;
    match () {
        // An untyped null given to a function that takes any type makes the peer's result unknown for ever. OpenTofu formats it.
        () if *theirs == Answer::Unknown && has_null(node) => {
            Some("functions work on an untyped null, where the peer never knows the result")
        }
        // The first part of a whole address space overflows in the library that the peers use.
        () if only_ours
            && (text.starts_with("cidrsubnets(\"0.0.0.0/0\"")
                || text.starts_with("cidrsubnets(\"::/0\"")) =>
        {
            Some("cidrsubnets divides whole address spaces too")
        }
        // Within a `for` the call can't be asked for alone.
        () if only_ours && text.contains("contains(") && has_null(node) => {
            Some("contains looks for null too, as in OpenTofu 1.13")
        }
        () if only_ours && text.starts_with("element(") && text.contains("-1") => {
            Some("element counts from the end, as in OpenTofu")
        }
        // With an untyped null among the arguments the peer does not look at the types of the others: an empty tuple passes, others end in
        // a panic.
        () if only_theirs && text.starts_with("merge(") && text.contains("null") => {
            Some("merge refuses what is no map beside an untyped null too")
        }
        // The same in setproduct: with elements of several types it has a value only where it has no elements.
        () if only_theirs && text.starts_with("setproduct(") && text.contains("null") => {
            Some("setproduct refuses elements of several types beside an untyped null too")
        }
        // Bounds are a part of `docs/compatibility.md`.
        () if only_ours && text.starts_with("range(") => Some("range is longer than the peer's"),
        // Converting a null to the type of the elements of a collection takes its marks in the peer.
        () if difference.kind() == "sensitivity"
            && matches!(
                ours,
                Answer::Value {
                    sensitive: true,
                    ..
                }
            )
            && without_null(terraform, &text) =>
        {
            Some("a null remains sensitive within a set, and where maps are merged")
        }
        // Both results of a conditional must have a type in common, the one that can't be computed too. What it is made of is computed by
        // the peer as far as it can be; we look at its text.
        () if (only_ours || difference.kind() == "type")
            && text.contains(" ? ")
            && node.subs().any(|sub| fails(&sub.render(Logic::Operators))) =>
        {
            Some("the type of what can't be computed is told from its text")
        }
        // The peer asks that the elements are of one type already, and does not where it converts to a collection by name.
        () if only_ours && becomes_a_collection(terraform, difference) => {
            Some("what stands beside a collection without elements becomes one as tolist makes it")
        }
        // The library that the peers use counts backwards into other networks.
        () if only_theirs
            && text.starts_with("cidrsubnet(")
            && (text.contains(", -") || text.contains(", (-")) =>
        {
            Some("cidrsubnet counts from 0")
        }
        // With fewer bits than the prefix has, the peer leaves bits of the host in the network.
        () if difference.kind() == "value"
            && text.starts_with("cidrsubnet(")
            && text.contains("\", -") =>
        {
            Some("the host bits of a network are cleared")
        }
        // In the peer 0 and -0 are equal, but two elements of a set.
        () if difference.kind() == "value"
            && (text.starts_with("set") || text.starts_with("toset("))
            && text.contains("-0") =>
        {
            Some("there is one zero")
        }
        () if only_ours && theirs::panics(terraform, &text) => {
            Some("a function of the peer panics; ours has a value")
        }
        () => None,
    }
}

/// Whether a conditional has a tuple (or object) beside a collection whose elements have no type, and came to what the peer's `tolist` (or `tomap`) makes of it.
fn becomes_a_collection(terraform: &Path, difference: &Difference) -> bool {
    let Difference { node, ours, .. } = difference;
    let subs: Vec<String> = node
        .subs()
        .map(|sub| sub.render(Logic::Operators))
        .collect();
    let [_, first, second] = subs.as_slice() else {
        return false;
    };
    let text = node.render(Logic::Operators);
    let Answer::Value { json, ty, .. } = ours else {
        return false;
    };
    let made = |other: &str, beside: &str| {
        let (function, nothing) = match ours::answer(beside) {
            Answer::Value { ty, .. } if ty == "list(dynamic)" => ("tolist", "[]"),
            Answer::Value { ty, .. } if ty == "map(dynamic)" => ("tomap", "{}"),
            _ => return false,
        };
        let theirs = theirs::answers(terraform, &[format!("{function}({other})")]);
        matches!(theirs.first(), Some(Answer::Value { json: made, ty: of, .. })
            if of == ty && (made == json || nothing == json))
    };
    text.contains(" ? ") && (made(first, second) || made(second, first))
}

/// Whether a null without a type is in it.
fn has_null(node: &Node) -> bool {
    let text = node.render(Logic::Operators);
    let null = |text: &str| matches!(ours::answer(text), Answer::Value { json, ty, .. } if json == "null" && ty == "dynamic");
    text.contains("null") || null(&text) || node.subs().any(has_null)
}

/// Whether the peer finds the expression sensitive once something else takes the place of its nulls.
fn without_null(terraform: &Path, text: &str) -> bool {
    let others = ["1", "\"a\"", "[]", "{}"].map(|other| text.replace("null", other));
    let answers = theirs::answers(terraform, &others);
    let sensitive = |answer: &Answer| {
        matches!(
            answer,
            Answer::Value {
                sensitive: true,
                ..
            }
        )
    };
    text.contains("null") && answers.iter().any(sensitive)
}
