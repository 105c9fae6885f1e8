//! The type of what cannot be converted yet: unknown and null values.

use super::unify;
use crate::{Refinements, Type, Value};

/// `wanted` with its dynamic parts taken from `from`.
pub(super) fn dynamic_replace(from: &Type, wanted: &Type) -> Type {
    if *from == Type::Dynamic || !wanted.has_dynamic() {
        return wanted.clone();
    }
    let unified = |types: Vec<Type>| unify(&types, true).unwrap_or(Type::Dynamic);
    match (wanted, from) {
        (Type::Dynamic, _) => from.clone(),
        (Type::Map(wanted), Type::Map(from)) => Type::map(dynamic_replace(from, wanted)),
        (Type::Map(wanted), Type::Object(from)) => {
            let from = unified(from.attributes.values().cloned().collect());
            Type::map(dynamic_replace(&from, wanted))
        }
        (Type::Object(wanted), from) => {
            Type::object(wanted.attributes.iter().map(|(name, wanted)| {
                let from = match from {
                    Type::Map(element) => Some(&**element),
                    Type::Object(object) => object.attributes.get(name),
                    _ => None,
                };
                let ty = from.map_or_else(|| wanted.clone(), |from| dynamic_replace(from, wanted));
                (name.clone(), ty)
            }))
        }
        (Type::Set(wanted), Type::Set(from) | Type::List(from)) => {
            Type::set(dynamic_replace(from, wanted))
        }
        (Type::Set(wanted), Type::Tuple(from)) => {
            Type::set(dynamic_replace(&unified(from.to_vec()), wanted))
        }
        (Type::List(wanted), Type::Set(from) | Type::List(from)) => {
            Type::list(dynamic_replace(from, wanted))
        }
        (Type::List(wanted), Type::Tuple(from)) => {
            Type::list(dynamic_replace(&unified(from.to_vec()), wanted))
        }
        (Type::Tuple(wanted), Type::Tuple(from)) if wanted.len() == from.len() => {
            let pairs = from.iter().zip(wanted.iter());
            Type::tuple(pairs.map(|(from, wanted)| dynamic_replace(from, wanted)))
        }
        _ => wanted.clone(),
    }
}

/// What an unknown value becomes: what is known of its null-ness and its length stays known.
pub(super) fn unknown_result(value: &Value, ty: Type) -> Value {
    let range = value.range();
    let length = match (&range.ty, &ty) {
        (Type::Object(from), Type::Map(_)) => {
            let length = from.attributes.len() as u64;
            Some((length, Some(length)))
        }
        (Type::Tuple(from), Type::List(_)) => {
            let length = from.len() as u64;
            Some((length, Some(length)))
        }
        (Type::Tuple(from), Type::Set(_)) => {
            let length = from.len() as u64;
            Some((length.min(1), Some(length)))
        }
        (from, to) if from.is_collection() && to.is_collection() => {
            let min = range.refinements.min_length.unwrap_or(0);
            let min = if matches!(to, Type::Set(_)) {
                min.min(1)
            } else {
                min
            };
            Some((min, range.refinements.max_length))
        }
        _ => None,
    };
    let mut refinements = Refinements::NONE;
    refinements.not_null = range.refinements.not_null;
    if let Some((min, max)) = length {
        refinements.min_length = Some(min);
        refinements.max_length = max;
    }
    Value::unknown_with(ty, refinements)
}
