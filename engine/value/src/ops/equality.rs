//! `==`: of the same type and the same content. Nothing is converted; nulls of all types are equal.

use super::length_bounds;
use crate::{Kind, Marks, Type, Value};

/// Whether two values are equal, as the language sees it: a bool, unknown where it cannot be
/// decided yet.
///
/// The marks of both, at any depth, go to the result; but where exactly one of the two is null,
/// only their own.
#[must_use]
pub fn equal(a: &Value, b: &Value) -> Value {
    let marks = if !a.contains_marks() && !b.contains_marks() {
        Marks::NONE
    } else if a.is_null() != b.is_null() {
        a.marks().union(b.marks())
    } else {
        a.marks_deep().union(&b.marks_deep())
    };
    decide(a, b).map_or_else(
        || Value::undecided(&marks),
        |equal| Value::bool(equal).with_marks(&marks),
    )
}

/// The negation of [`equal`].
#[must_use]
pub fn not_equal(a: &Value, b: &Value) -> Value {
    // The result of `equal` is always a bool that is not null.
    super::not(&equal(a, b)).unwrap_or(Value::NULL)
}

/// `None`: cannot be decided. Marks do not matter.
fn decide(a: &Value, b: &Value) -> Option<bool> {
    let (a, b) = (a.unmarked(), b.unmarked());
    match (a.kind(), b.kind()) {
        (Kind::Null(_), Kind::Null(_)) => return Some(true),
        (Kind::Unknown(..), Kind::Unknown(..)) => return None,
        (Kind::Unknown(ty, _), _) => return against_unknown(a, ty, b),
        (_, Kind::Unknown(ty, _)) => return against_unknown(b, ty, a),
        (Kind::Null(_), _) | (_, Kind::Null(_)) => return Some(false),
        (Kind::Bool(a), Kind::Bool(b)) => return Some(a == b),
        (Kind::Number(a), Kind::Number(b)) => return Some(a == b),
        (Kind::String(a), Kind::String(b)) => return Some(a == b),
        _ => {}
    }
    // Mostly they are equal to the letter, which needs no types.
    if a.is_wholly_known() && a == b {
        return Some(true);
    }
    let (left, right) = (a.ty(), b.ty());
    if has_undecided_type(a, &left) || has_undecided_type(b, &right) {
        let possible = left.conforms(&right) || right.conforms(&left);
        return (!possible).then_some(false);
    }
    if left != right {
        return Some(false);
    }
    parts(a, b)
}

/// Whether a part is unknown whose type may still change. (A null without a type is none: it is
/// null for good.)
fn has_undecided_type(value: &Value, ty: &Type) -> bool {
    if value.is_wholly_known() || !ty.has_dynamic() {
        return false;
    }
    match value.unmarked().kind() {
        Kind::Unknown(ty, _) => ty.has_dynamic(),
        _ => value
            .children()
            .iter()
            .any(|child| has_undecided_type(child, &child.ty())),
    }
}

fn against_unknown(unknown: &Value, ty: &Type, known: &Value) -> Option<bool> {
    if known.is_null() {
        return unknown.is_surely_not_null().then_some(false);
    }
    if !unknown.range().may_include(known) {
        return Some(false);
    }
    (!ty.has_dynamic() && !known.is_of(ty)).then_some(false)
}

/// Containers of one type. In sequences the first pair that is not equal decides, as with the
/// peers: with an unknown pair before it, a difference does not count yet. Attributes have no
/// order, so there any difference decides.
fn parts(a: &Value, b: &Value) -> Option<bool> {
    match (a.kind(), b.kind()) {
        (Kind::List(a), Kind::List(b)) | (Kind::Tuple(a), Kind::Tuple(b)) => in_order(a, b),
        (Kind::Object(a), Kind::Object(b)) => any_order(a.values(), b.values()),
        (Kind::Map(a), Kind::Map(b)) => {
            if a.keys() == b.keys() {
                any_order(a.values(), b.values())
            } else {
                Some(false)
            }
        }
        (Kind::Set(left), Kind::Set(right)) => {
            if a.is_wholly_known() && b.is_wholly_known() {
                return in_order(left, right);
            }
            // Which elements they will have is open; only how many there are can tell them apart.
            let ((low, high), (other_low, other_high)) = (length_bounds(a), length_bounds(b));
            (low > other_high || other_low > high).then_some(false)
        }
        _ => Some(false),
    }
}

fn in_order(a: &[Value], b: &[Value]) -> Option<bool> {
    if a.len() != b.len() {
        return Some(false);
    }
    a.iter()
        .zip(b)
        .map(|(a, b)| decide(a, b))
        .find(|equal| *equal != Some(true))
        .unwrap_or(Some(true))
}

fn any_order(a: &[Value], b: &[Value]) -> Option<bool> {
    let mut equal = Some(true);
    for (a, b) in a.iter().zip(b) {
        match decide(a, b) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => equal = None,
        }
    }
    equal
}
