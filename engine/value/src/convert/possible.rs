//! Which types convert to which.

use super::unify::unify;
use crate::{ObjectType, Type};

/// Whether values of type `from` convert to `to`. Unsafe conversions may still fail at a value:
/// text to numbers and bools, lists to sets (which loses order and duplicates), maps to objects,
/// and anything that is not typed yet.
#[must_use]
pub fn possible(from: &Type, to: &Type, allow_unsafe: bool) -> bool {
    if *to == Type::Dynamic || from == to {
        return true;
    }
    match (from, to) {
        (Type::Dynamic, _) => allow_unsafe,
        (Type::Number | Type::Bool, Type::String) => true,
        (Type::String, Type::Number | Type::Bool) => allow_unsafe,
        (Type::Object(from), Type::Object(to)) => objects(from, to, allow_unsafe),
        (Type::Tuple(from), Type::Tuple(to)) => {
            let mut pairs = from.iter().zip(to.iter());
            from.len() == to.len() && pairs.all(|(from, to)| possible(from, to, allow_unsafe))
        }
        (Type::List(from) | Type::Set(from), Type::List(to))
        | (Type::Set(from), Type::Set(to))
        | (Type::Map(from), Type::Map(to)) => possible(from, to, allow_unsafe),
        (Type::List(from), Type::Set(to)) => allow_unsafe && possible(from, to, true),
        (Type::Tuple(from), Type::List(to) | Type::Set(to)) => {
            let from: Vec<&Type> = from.iter().collect();
            elements(&from, to, true, allow_unsafe)
        }
        (Type::Object(from), Type::Map(to)) => {
            let from: Vec<&Type> = from.attributes.values().collect();
            elements(&from, to, false, allow_unsafe)
        }
        (Type::Map(from), Type::Object(to)) => allow_unsafe && map_to_object(from, to),
        _ => false,
    }
}

fn objects(from: &ObjectType, to: &ObjectType, allow_unsafe: bool) -> bool {
    to.attributes.iter().all(|(name, to_type)| {
        from.attributes.get(name).map_or_else(
            || to.optional.contains(name),
            |from_type| possible(from_type, to_type, allow_unsafe),
        )
    })
}

fn map_to_object(from: &Type, to: &ObjectType) -> bool {
    to.attributes
        .iter()
        .all(|(name, ty)| possible(from, ty, true) || to.optional.contains(name))
}

/// Parts of a tuple or object as elements of one type.
fn elements(from: &[&Type], to: &Type, sequence: bool, allow_unsafe: bool) -> bool {
    if from.is_empty() {
        return true;
    }
    if *to != Type::Dynamic {
        let mut last = None;
        return from.iter().all(|from| {
            // Long tuples are mostly of one type.
            let seen = last.replace(*from) == Some(*from);
            seen || possible(from, to, allow_unsafe)
        });
    }
    let owned: Vec<Type> = from.iter().map(|ty| (*ty).clone()).collect();
    match unify(&owned, allow_unsafe) {
        None => false,
        Some(Type::Dynamic) => !sequence || from.iter().all(|ty| **ty == Type::Dynamic),
        Some(ty) => from.iter().all(|from| possible(from, &ty, allow_unsafe)),
    }
}
