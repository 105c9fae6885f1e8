//! Where texts of a state stand within others: references in place of ids.

use super::text::inner;
use super::{Given, SHORTEST_WITHIN};
use std::fmt::Write as _;
use terrane_value::Value;

/// The expression for a text in which something stands that was given to an object.
pub(super) fn link(whole: &str, candidates: &[&Given], references: &[String]) -> Option<String> {
    let exact = candidates.iter().position(|one| one.text == whole);
    if let Some(at) = exact {
        return references.get(at).cloned();
    }
    let mut pieces: Vec<(bool, String)> = vec![(false, whole.to_owned())];
    let mut found = false;
    for (given, reference) in candidates.iter().zip(references) {
        if given.text.len() < SHORTEST_WITHIN || !whole.contains(&given.text) {
            continue;
        }
        let mut next = Vec::new();
        for (linked, piece) in pieces {
            if linked {
                next.push((true, piece));
                continue;
            }
            for (at, part) in piece.split(&given.text).enumerate() {
                if at > 0 {
                    found = true;
                    next.push((true, reference.clone()));
                }
                next.push((false, part.to_owned()));
            }
        }
        pieces = next;
    }
    if !found {
        return None;
    }
    let mut out = String::from("\"");
    for (linked, piece) in pieces {
        match linked {
            true => {
                let _written = write!(out, "${{{piece}}}");
            }
            false => inner(&mut out, &piece),
        }
    }
    out.push('"');
    Some(out)
}

/// Whether a text stands somewhere in a value.
pub(super) fn mentions(value: &Value, text: &str, depth: usize) -> bool {
    const MAX_DEPTH: usize = 100;
    let value = value.unmarked();
    match value.as_str() {
        Some(own) => own == text || text.len() >= SHORTEST_WITHIN && own.contains(text),
        None => {
            depth < MAX_DEPTH
                && value
                    .children()
                    .iter()
                    .any(|child| mentions(child, text, depth + 1))
        }
    }
}
