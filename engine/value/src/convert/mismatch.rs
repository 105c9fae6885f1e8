//! Why a type does not convert to another, in the words of the peers.

use super::possible;
use crate::quote::Quoted;
use crate::{EcoString, ObjectType, Type};

/// Why values of type `got` do not convert to `want`, without a final period: `string required, but
/// have tuple`.
#[must_use]
pub fn mismatch(got: &Type, want: &Type) -> String {
    let required = || format!("{} required", want.friendly_constraint_name());
    match (got, want) {
        (Type::Object(got), Type::Object(want)) => objects(got, want),
        (Type::Tuple(_), Type::List(element)) if **element == Type::Dynamic => {
            "all list elements must have the same type".to_owned()
        }
        (Type::Tuple(_), Type::Set(element)) if **element == Type::Dynamic => {
            "all set elements must have the same type".to_owned()
        }
        (Type::Object(_), Type::Map(element)) if **element == Type::Dynamic => {
            "all map elements must have the same type".to_owned()
        }
        (Type::Tuple(elements), Type::List(element) | Type::Set(element)) => {
            let wrong = elements
                .iter()
                .enumerate()
                .find(|(_, got)| !possible(got, element, true));
            wrong.map_or_else(
                || all_elements(element),
                |(at, got)| format!("element {at}: {}", mismatch(got, element)),
            )
        }
        (Type::Object(object), Type::Map(element)) => {
            let wrong = object
                .attributes
                .iter()
                .find(|(_, got)| !possible(got, element, true));
            wrong.map_or_else(
                || all_elements(element),
                |(name, got)| format!("element {}: {}", Quoted(name), mismatch(got, element)),
            )
        }
        (Type::Tuple(_) | Type::Object(_), Type::List(_) | Type::Set(_) | Type::Map(_)) => {
            required()
        }
        (Type::List(got) | Type::Set(got), Type::List(want)) => {
            format!("incorrect list element type: {}", mismatch(got, want))
        }
        (Type::List(got) | Type::Set(got), Type::Set(want)) => {
            format!("incorrect set element type: {}", mismatch(got, want))
        }
        (Type::Map(got), Type::Map(want)) => {
            format!("incorrect map element type: {}", mismatch(got, want))
        }
        (got, want) if got.is_collection() && want.is_collection() => required(),
        _ if says_more_with_both(got, want) => format!(
            "{} required, but have {}",
            want.friendly_name(),
            got.friendly_name()
        ),
        _ => required(),
    }
}

fn all_elements(element: &Type) -> String {
    format!(
        "all elements must be {}",
        element.friendly_constraint_name()
    )
}

/// Whether naming what was given helps. Of text that should be a number it would not: the value is
/// wrong there, not the type.
fn says_more_with_both(got: &Type, want: &Type) -> bool {
    got.is_primitive() != want.is_primitive()
        || *want == Type::String
        || matches!(
            (got, want),
            (Type::Number, Type::Bool)
                | (Type::Bool, Type::Number)
                | (Type::Tuple(_), Type::Object(_))
        )
}

fn objects(got: &ObjectType, want: &ObjectType) -> String {
    let missing: Vec<&EcoString> = want
        .attributes
        .keys()
        .filter(|name| !got.attributes.contains_key(*name) && !want.optional.contains(*name))
        .collect();
    match missing.as_slice() {
        [] => {}
        [one] => return format!("attribute {} is required", Quoted(one)),
        [one, two] => {
            return format!(
                "attributes {} and {} are required",
                Quoted(one),
                Quoted(two)
            );
        }
        [some @ .., last] => {
            let some: String = some
                .iter()
                .map(|name| format!("{}, ", Quoted(name)))
                .collect();
            return format!("attributes {some}and {} are required", Quoted(last));
        }
    }
    let wrong = |allow_unsafe| {
        want.attributes.iter().find_map(|(name, want)| {
            let got = got.attributes.get(name)?;
            let fits = possible(got, want, allow_unsafe);
            (!fits).then(|| format!("attribute {}: {}", Quoted(name), mismatch(got, want)))
        })
    };
    wrong(true)
        .or_else(|| wrong(false))
        .unwrap_or_else(|| "incorrect object attributes".to_owned())
}
