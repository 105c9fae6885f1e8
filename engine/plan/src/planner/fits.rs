//! Whether values are of the types that a schema says.

use terrane_value::{Kind, Type, Value};

/// Whether a value has a type, where `dynamic` in the type stands for anything.
pub(crate) fn fits(value: &Value, ty: &Type) -> bool {
    match (value.unmarked().kind(), ty) {
        (_, Type::Dynamic) => true,
        (Kind::Null(actual) | Kind::Unknown(actual, _), _) => {
            *actual == Type::Dynamic || type_fits(actual, ty)
        }
        (Kind::Bool(_), Type::Bool)
        | (Kind::Number(_), Type::Number)
        | (Kind::String(_), Type::String) => true,
        (Kind::List(items), Type::List(element)) | (Kind::Set(items), Type::Set(element)) => {
            value
                .ty()
                .element()
                .is_some_and(|actual| type_fits(actual, element))
                && items.iter().all(|item| fits(item, element))
        }
        (Kind::Map(map), Type::Map(element)) => map.values().iter().all(|item| fits(item, element)),
        (Kind::Tuple(items), Type::Tuple(types)) => {
            items.len() == types.len()
                && items
                    .iter()
                    .zip(types.iter())
                    .all(|(item, ty)| fits(item, ty))
        }
        (Kind::Object(object), Type::Object(wanted)) => {
            object.len() == wanted.attributes.len()
                && wanted
                    .attributes
                    .iter()
                    .all(|(name, ty)| object.get(name).is_some_and(|value| fits(value, ty)))
        }
        _ => false,
    }
}

fn type_fits(actual: &Type, wanted: &Type) -> bool {
    match (actual, wanted) {
        (_, Type::Dynamic) => true,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => type_fits(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| type_fits(a, b))
        }
        (Type::Object(a), Type::Object(b)) => {
            a.attributes.len() == b.attributes.len()
                && b.attributes.iter().all(|(name, ty)| {
                    a.attributes
                        .get(name)
                        .is_some_and(|actual| type_fits(actual, ty))
                })
        }
        _ => actual == wanted,
    }
}
