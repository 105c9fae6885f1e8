//! Types to which configuration is converted, which allow to leave out what a value of the schema's type holds as null.

use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::schema::{Attribute, AttributeType, Nesting};
use terrane_value::{ObjectType, Type};

/// The type that an expression for this attribute is converted to.
pub(crate) fn conversion_type(attribute: &Attribute) -> Type {
    let nested = match &attribute.ty {
        AttributeType::Plain(ty) => return ty.clone(),
        AttributeType::Nested(nested) => nested,
    };
    nested_type(&nested.attributes, nested.nesting)
}

/// The type of an object with these attributes, or of a collection of such objects. Those that are not required may be left out.
pub(crate) fn nested_type(attributes: &BTreeMap<EcoString, Attribute>, nesting: Nesting) -> Type {
    let optional = attributes
        .iter()
        .filter(|(_, attribute)| !attribute.required)
        .map(|(name, _)| name.clone())
        .collect();
    let attributes = attributes
        .iter()
        .map(|(name, attribute)| (name.clone(), conversion_type(attribute)))
        .collect();
    let object = Type::Object(Arc::new(ObjectType::new(attributes, optional)));
    match nesting {
        Nesting::Single | Nesting::Group => object,
        Nesting::List => Type::list(object),
        Nesting::Set => Type::set(object),
        Nesting::Map => Type::map(object),
    }
}
