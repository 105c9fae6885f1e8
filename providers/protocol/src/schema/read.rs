//! From the schemas of the protocol to ours.

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
use terrane_value::json::decode_type;

/// A schema that makes no sense; a sentence without final period that says where.
pub type Converted<T> = Result<T, String>;

/// What both versions of the protocol say of an attribute.
struct AttributeParts {
    name: String,
    ty: AttributeType,
    required: bool,
    optional: bool,
    computed: bool,
    sensitive: bool,
    write_only: bool,
    deprecated: bool,
    deprecation_message: String,
    description: String,
    description_kind: i32,
}

impl AttributeParts {
    fn attribute(self) -> (EcoString, Attribute) {
        let attribute = Attribute {
            ty: self.ty,
            required: self.required,
            optional: self.optional,
            computed: self.computed,
            sensitive: self.sensitive,
            write_only: self.write_only,
            deprecated: deprecation(self.deprecated, &self.deprecation_message),
            description: description(self.description, self.description_kind),
        };
        (self.name.into(), attribute)
    }
}

/// A kind that a later version of the protocol may add is as good as plain text.
fn description(text: String, kind: i32) -> Description {
    Description {
        text: text.into(),
        kind: match kind {
            1 => DescriptionKind::Markdown,
            _ => DescriptionKind::Plain,
        },
    }
}

fn deprecation(deprecated: bool, message: &str) -> Option<EcoString> {
    deprecated.then(|| message.into())
}

fn plain(name: &str, ty: &[u8]) -> Converted<AttributeType> {
    type_of(ty)
        .map(AttributeType::Plain)
        .map_err(|problem| format!("attribute {name:?}: {problem}"))
}

fn type_of(ty: &[u8]) -> Converted<Type> {
    let text = std::str::from_utf8(ty).map_err(|_| "its type is not text".to_owned())?;
    decode_type(text).map_err(|error| format!("its type {text:?} can't be read: {error}"))
}

fn attribute5(from: proto::Attribute5) -> Converted<(EcoString, Attribute)> {
    let ty = plain(&from.name, &from.ty)?;
    Ok(AttributeParts {
        ty,
        name: from.name,
        required: from.required,
        optional: from.optional,
        computed: from.computed,
        sensitive: from.sensitive,
        write_only: from.write_only,
        deprecated: from.deprecated,
        deprecation_message: from.deprecation_message,
        description: from.description,
        description_kind: from.description_kind,
    }
    .attribute())
}

fn attribute6(from: proto::Attribute6) -> Converted<(EcoString, Attribute)> {
    let ty = match from.nested_type {
        Some(object) => AttributeType::Nested(Arc::new(nested_object(&from.name, object)?)),
        None => plain(&from.name, &from.ty)?,
    };
    Ok(AttributeParts {
        ty,
        name: from.name,
        required: from.required,
        optional: from.optional,
        computed: from.computed,
        sensitive: from.sensitive,
        write_only: from.write_only,
        deprecated: from.deprecated,
        deprecation_message: from.deprecation_message,
        description: from.description,
        description_kind: from.description_kind,
    }
    .attribute())
}

fn nested_object(name: &str, from: proto::Object) -> Converted<NestedObject> {
    let nesting = match from.nesting {
        1 => Nesting::Single,
        2 => Nesting::List,
        3 => Nesting::Set,
        4 => Nesting::Map,
        other => return Err(format!("attribute {name:?} has nesting mode {other}")),
    };
    Ok(NestedObject {
        nesting,
        attributes: from
            .attributes
            .into_iter()
            .map(attribute6)
            .collect::<Converted<_>>()?,
    })
}

/// The conversions that are the same for both versions, but for names of types.
macro_rules! conversions {
    ($module:ident, $schema:ident, $block:ident, $nested:ident, $attribute:path) => {
        mod $module {
            use super::*;

            pub(super) fn read(bytes: &Bytes) -> Converted<Schema> {
                let from = proto::$schema::decode(bytes.clone())
                    .map_err(|error| format!("its schema can't be read: {error}"))?;
                schema(from)
            }

            fn schema(from: proto::$schema) -> Converted<Schema> {
                Ok(Schema {
                    version: u64::try_from(from.version)
                        .map_err(|_| format!("its version is {}", from.version))?,
                    block: Arc::new(block(from.block.unwrap_or_default())?),
                })
            }

            fn block(from: proto::$block) -> Converted<Block> {
                Ok(Block {
                    attributes: from
                        .attributes
                        .into_iter()
                        .map($attribute)
                        .collect::<Converted<_>>()?,
                    blocks: from
                        .block_types
                        .into_iter()
                        .map(nested)
                        .collect::<Converted<_>>()?,
                    description: description(from.description, from.description_kind),
                    deprecated: deprecation(from.deprecated, &from.deprecation_message),
                    ..Block::default()
                })
            }

            fn nested(from: proto::$nested) -> Converted<(EcoString, NestedBlock)> {
                let name = from.type_name;
                let nesting = match from.nesting {
                    1 => Nesting::Single,
                    2 => Nesting::List,
                    3 => Nesting::Set,
                    4 => Nesting::Map,
                    5 => Nesting::Group,
                    other => return Err(format!("block {name:?} has nesting mode {other}")),
                };
                let inner = block(from.block.unwrap_or_default())
                    .map_err(|problem| format!("block {name:?}: {problem}"))?;
                let nested = NestedBlock {
                    nesting,
                    block: Arc::new(inner),
                    min: u64::try_from(from.min_items).unwrap_or(0),
                    max: u64::try_from(from.max_items).unwrap_or(0),
                };
                Ok((name.into(), nested))
            }
        }
    };
}

conversions!(version5, Schema5, Block5, NestedBlock5, attribute5);
conversions!(version6, Schema6, Block6, NestedBlock6, attribute6);

/// When schemas are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lazily {
    /// All now: one that makes no sense is an error.
    No,
    /// Each when it is asked for. They must have been read before: one that makes no sense would be an empty one.
    Yes,
}

/// The schemas of a provider.
///
/// # Errors
/// A sentence without final period about the first schema that makes no sense.
pub fn provider_schema(
    protocol: Protocol,
    from: proto::SchemasResponse,
    identities: proto::IdentitySchemasResponse,
    lazily: Lazily,
) -> Converted<ProviderSchema> {
    let own = |from: Bytes| {
        read(protocol, &from).map_err(|problem| format!("the provider's configuration: {problem}"))
    };
    let all = |what: &str, from: Vec<proto::Entry>| schemas(protocol, what, from, lazily);
    let actions = from.action_schemas.into_iter().map(|(key, action)| {
        let value = action.schema.unwrap_or_default();
        proto::Entry { key, value }
    });
    Ok(ProviderSchema {
        provider: from.provider.map_or_else(|| Ok(Schema::default()), own)?,
        provider_meta: from.provider_meta.map(own).transpose()?,
        resources: all("resource", from.resource_schemas)?,
        data_sources: all("data source", from.data_source_schemas)?,
        ephemeral_resources: all("ephemeral resource", from.ephemeral_resource_schemas)?,
        list_resources: all("list resource", from.list_resource_schemas)?,
        actions: all("action", actions.collect())?,
        identities: self::identities(identities)?,
        functions: functions(from.functions)?,
    })
}

fn read(protocol: Protocol, bytes: &Bytes) -> Converted<Schema> {
    match protocol {
        Protocol::Five => version5::read(bytes),
        Protocol::Six => version6::read(bytes),
    }
}

fn schemas(
    protocol: Protocol,
    what: &str,
    from: Vec<proto::Entry>,
    lazily: Lazily,
) -> Converted<Schemas> {
    let mut schemas = Schemas::new();
    for proto::Entry { key, value } in from {
        match lazily {
            Lazily::No => match read(protocol, &value) {
                Ok(schema) => schemas.insert(key.into(), Arc::new(schema)),
                Err(problem) => return Err(format!("{what} {key:?}: {problem}")),
            },
            Lazily::Yes => schemas.insert_lazy(
                key.into(),
                Arc::new(move || read(protocol, &value).unwrap_or_default()),
            ),
        }
    }
    Ok(schemas)
}

fn identities(
    from: proto::IdentitySchemasResponse,
) -> Converted<BTreeMap<EcoString, Arc<IdentitySchema>>> {
    from.identity_schemas
        .into_iter()
        .map(|(name, schema)| {
            let attributes = schema
                .identity_attributes
                .into_iter()
                .map(|attribute| {
                    let ty = type_of(&attribute.ty).map_err(|problem| {
                        format!("identity of {name:?}, {:?}: {problem}", attribute.name)
                    })?;
                    Ok((attribute.name.into(), (ty, attribute.required_for_import)))
                })
                .collect::<Converted<_>>()?;
            let schema = IdentitySchema {
                version: u64::try_from(schema.version).unwrap_or(0),
                attributes,
            };
            Ok((name.into(), Arc::new(schema)))
        })
        .collect()
}

/// Functions of a plugin.
///
/// # Errors
/// When one makes no sense.
pub fn functions(
    from: HashMap<String, proto::Function>,
) -> Converted<BTreeMap<EcoString, Arc<Function>>> {
    from.into_iter()
        .map(|(name, function)| {
            let problem = |problem| format!("function {name:?}: {problem}");
            let parameters = function
                .parameters
                .into_iter()
                .map(parameter)
                .collect::<Converted<_>>()
                .map_err(problem)?;
            let variadic = function
                .variadic_parameter
                .map(parameter)
                .transpose()
                .map_err(problem)?;
            let returns = function.returns.unwrap_or_default();
            let function = Function {
                parameters,
                variadic,
                returns: type_of(&returns.ty).map_err(problem)?,
                summary: function.summary.into(),
                description: description(function.description, function.description_kind),
                deprecated: (!function.deprecation_message.is_empty())
                    .then(|| function.deprecation_message.into()),
            };
            Ok((name.into(), Arc::new(function)))
        })
        .collect()
}

fn parameter(from: proto::Parameter) -> Converted<Parameter> {
    Ok(Parameter {
        ty: type_of(&from.ty).map_err(|problem| format!("parameter {:?}: {problem}", from.name))?,
        name: from.name.into(),
        allow_null: from.allow_null_value,
        allow_unknown: from.allow_unknown_values,
        description: description(from.description, from.description_kind),
    })
}
