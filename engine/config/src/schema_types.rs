//! Types to which configuration is converted, which allow to leave out what a value of the schema's type holds as null.

use std::collections::BTreeSet;
use std::sync::Arc;
use terrane_model::schema::{Attribute, AttributeType, Nesting};
use terrane_value::{ObjectType, Type};

/// The type that an expression for this attribute is converted to.
pub(crate) fn conversion_type(attribute: &Attribute) -> Type {
    let nested = match &attribute.ty {
        AttributeType::Plain(ty) => return ty.clone(),
        AttributeType::Nested(nested) => nested,
    };
    let attributes = nested
        .attributes
        .iter()
        .map(|(name, attribute)| (name.clone(), conversion_type(attribute)))
        .collect();
    let optional: BTreeSet<_> = nested
        .attributes
        .iter()
        .filter(|(_, attribute)| !attribute.required)
        .map(|(name, _)| name.clone())
        .collect();
    let object = Type::Object(Arc::new(ObjectType {
        attributes,
        optional,
    }));
    match nested.nesting {
        Nesting::Single | Nesting::Group => object,
        Nesting::List => Type::list(object),
        Nesting::Set => Type::set(object),
        Nesting::Map => Type::map(object),
    }
}
