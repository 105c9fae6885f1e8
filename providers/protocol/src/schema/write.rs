//! From our schemas to the messages.

use crate::handshake::Protocol;
use crate::message::schema as proto;
use bytes::Bytes;
use ecow::EcoString;
use prost::Message as _;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use terrane_model::schema::{
    Attribute, AttributeType, Block, Description, DescriptionKind, Function, IdentitySchema,
    NestedBlock, NestedObject, Nesting, Parameter, ProviderSchema, Schema, Schemas,
};
use terrane_value::Type;
use terrane_value::json::encode_type;

/// All schemas as a message. Diagnostics and capabilities are for the caller to add.
///
/// # Errors
/// A sentence without final period, if version 5 is spoken and there is an attribute with attributes of its own: it has none.
pub fn schemas(
    protocol: Protocol,
    from: &ProviderSchema,
) -> Result<proto::SchemasResponse, String> {
    let ProviderSchema {
        provider,
        provider_meta,
        resources,
        data_sources,
        ephemeral_resources,
        list_resources,
        actions,
        identities: _,
        functions,
    } = from;
    let actions = entries(protocol, actions)?.into_iter().map(|entry| {
        let schema = Some(entry.value);
        (entry.key, proto::ActionSchema { schema })
    });
    let meta = provider_meta.as_ref();
    Ok(proto::SchemasResponse {
        provider: Some(schema(protocol, provider)?),
        provider_meta: meta.map(|meta| schema(protocol, meta)).transpose()?,
        resource_schemas: entries(protocol, resources)?,
        data_source_schemas: entries(protocol, data_sources)?,
        ephemeral_resource_schemas: entries(protocol, ephemeral_resources)?,
        list_resource_schemas: entries(protocol, list_resources)?,
        action_schemas: actions.collect(),
        functions: self::functions(functions),
        ..proto::SchemasResponse::default()
    })
}

fn entries(protocol: Protocol, from: &Schemas) -> Result<Vec<proto::Entry>, String> {
    from.iter()
        .map(|(name, found)| match schema(protocol, found) {
            Ok(value) => Ok(proto::Entry {
                key: name.to_string(),
                value,
            }),
            Err(problem) => Err(format!("{name:?}: {problem}")),
        })
        .collect()
}

fn schema(protocol: Protocol, from: &Schema) -> Result<Bytes, String> {
    let version = i64::try_from(from.version).unwrap_or(i64::MAX);
    let written = match protocol {
        Protocol::Five => {
            let block = Some(version5::block(&from.block)?);
            proto::Schema5 { version, block }.encode_to_vec()
        }
        Protocol::Six => {
            let block = Some(version6::block(&from.block)?);
            proto::Schema6 { version, block }.encode_to_vec()
        }
    };
    Ok(written.into())
}

fn attribute5(name: &EcoString, from: &Attribute) -> Result<proto::Attribute5, String> {
    let AttributeType::Plain(ty) = &from.ty else {
        return Err(format!(
            "attribute {name:?} has attributes of its own, which version 5 of the protocol does not know; use a block, or serve version 6 only"
        ));
    };
    let (deprecated, deprecation_message) = deprecation(from.deprecated.as_ref());
    Ok(proto::Attribute5 {
        name: name.to_string(),
        ty: type_of(ty),
        description: from.description.to_string(),
        required: from.required,
        optional: from.optional,
        computed: from.computed,
        sensitive: from.sensitive,
        description_kind: kind(&from.description),
        deprecated,
        write_only: from.write_only,
        deprecation_message,
    })
}

fn attribute6(name: &EcoString, from: &Attribute) -> Result<proto::Attribute6, String> {
    let (ty, nested_type) = match &from.ty {
        AttributeType::Plain(ty) => (type_of(ty), None),
        AttributeType::Nested(nested) => (Vec::new(), Some(object(nested)?)),
    };
    let (deprecated, deprecation_message) = deprecation(from.deprecated.as_ref());
    Ok(proto::Attribute6 {
        name: name.to_string(),
        ty,
        description: from.description.to_string(),
        required: from.required,
        optional: from.optional,
        computed: from.computed,
        sensitive: from.sensitive,
        description_kind: kind(&from.description),
        deprecated,
        nested_type,
        write_only: from.write_only,
        deprecation_message,
    })
}

fn object(from: &NestedObject) -> Result<proto::Object, String> {
    let attributes = from.attributes.iter();
    Ok(proto::Object {
        attributes: attributes
            .map(|(name, attribute)| attribute6(name, attribute))
            .collect::<Result<_, _>>()?,
        nesting: nesting(from.nesting),
    })
}

fn kind(of: &Description) -> i32 {
    match of.kind {
        DescriptionKind::Plain => 0,
        DescriptionKind::Markdown => 1,
    }
}

fn nesting(of: Nesting) -> i32 {
    match of {
        Nesting::Single => 1,
        Nesting::List => 2,
        Nesting::Set => 3,
        Nesting::Map => 4,
        Nesting::Group => 5,
    }
}

fn deprecation(message: Option<&EcoString>) -> (bool, String) {
    (
        message.is_some(),
        message.map(ToString::to_string).unwrap_or_default(),
    )
}

fn type_of(ty: &Type) -> Vec<u8> {
    let mut text = String::new();
    encode_type(ty, &mut text);
    text.into_bytes()
}

/// The conversions that are the same for both versions, but for names of types.
macro_rules! conversions {
    ($module:ident, $block:ident, $nested:ident, $attribute:path) => {
        mod $module {
            use super::*;

            pub(super) fn block(from: &Block) -> Result<proto::$block, String> {
                let (deprecated, deprecation_message) = deprecation(from.deprecated.as_ref());
                let attributes = from.attributes.iter();
                Ok(proto::$block {
                    version: 0,
                    attributes: attributes
                        .map(|(name, attribute)| $attribute(name, attribute))
                        .collect::<Result<_, _>>()?,
                    block_types: from
                        .blocks
                        .iter()
                        .map(|(name, block)| nested(name, block))
                        .collect::<Result<_, _>>()?,
                    description: from.description.to_string(),
                    description_kind: kind(&from.description),
                    deprecated,
                    deprecation_message,
                })
            }

            fn nested(name: &EcoString, from: &NestedBlock) -> Result<proto::$nested, String> {
                Ok(proto::$nested {
                    type_name: name.to_string(),
                    block: Some(block(&from.block)?),
                    nesting: nesting(from.nesting),
                    min_items: i64::try_from(from.min).unwrap_or(i64::MAX),
                    max_items: i64::try_from(from.max).unwrap_or(i64::MAX),
                })
            }
        }
    };
}

conversions!(version5, Block5, NestedBlock5, attribute5);
conversions!(version6, Block6, NestedBlock6, attribute6);

/// Schemas of identities.
#[must_use]
pub fn identities(
    from: &BTreeMap<EcoString, Arc<IdentitySchema>>,
) -> proto::IdentitySchemasResponse {
    let schemas = from.iter().map(|(name, schema)| {
        let attributes = schema.attributes.iter();
        let schema = proto::IdentitySchema {
            version: i64::try_from(schema.version).unwrap_or(i64::MAX),
            identity_attributes: attributes
                .map(|(name, (ty, required))| proto::IdentityAttribute {
                    name: name.to_string(),
                    ty: type_of(ty),
                    required_for_import: *required,
                    optional_for_import: !*required,
                    description: String::new(),
                })
                .collect(),
        };
        (name.to_string(), schema)
    });
    proto::IdentitySchemasResponse {
        identity_schemas: schemas.collect(),
        diagnostics: Vec::new(),
    }
}

/// Signatures of functions.
#[must_use]
pub fn functions(from: &BTreeMap<EcoString, Arc<Function>>) -> HashMap<String, proto::Function> {
    let functions = from.iter().map(|(name, function)| {
        let Function {
            parameters,
            variadic,
            returns,
            summary,
            description,
            deprecated,
        } = &**function;
        let function = proto::Function {
            parameters: parameters.iter().map(parameter).collect(),
            variadic_parameter: variadic.as_ref().map(parameter),
            returns: Some(proto::Return {
                ty: type_of(returns),
            }),
            summary: summary.to_string(),
            description: description.to_string(),
            description_kind: kind(description),
            deprecation_message: deprecation(deprecated.as_ref()).1,
        };
        (name.to_string(), function)
    });
    functions.collect()
}

fn parameter(from: &Parameter) -> proto::Parameter {
    let Parameter {
        name,
        ty,
        allow_null,
        allow_unknown,
        description,
    } = from;
    proto::Parameter {
        name: name.to_string(),
        ty: type_of(ty),
        allow_null_value: *allow_null,
        allow_unknown_values: *allow_unknown,
        description: description.to_string(),
        description_kind: kind(description),
    }
}
