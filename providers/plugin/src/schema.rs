//! From the schemas of the protocol to ours.

use crate::proto::schema as proto;
use ecow::EcoString;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use terrane_model::schema::{
    Attribute, AttributeType, Block, Function, IdentitySchema, NestedBlock, NestedObject, Nesting,
    Parameter, ProviderSchema, Schema,
};
use terrane_value::Type;
use terrane_value::json::decode_type;

/// A schema that makes no sense; a sentence without final period that says where.
pub(crate) type Converted<T> = Result<T, String>;

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
            description: self.description.into(),
        };
        (self.name.into(), attribute)
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
    ($module:ident, $schema:ident, $block:ident, $nested:ident, $response:ident, $attribute:path) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) fn provider(
                from: proto::$response,
                identities: proto::IdentitySchemasResponse,
            ) -> Converted<ProviderSchema> {
                let own = |from: Option<proto::$schema>| {
                    from.map_or_else(|| Ok(Schema::default()), schema)
                        .map_err(|problem| format!("the provider's configuration: {problem}"))
                };
                Ok(ProviderSchema {
                    provider: own(from.provider)?,
                    provider_meta: from.provider_meta.map(|meta| own(Some(meta))).transpose()?,
                    resources: schemas("resource", from.resource_schemas)?,
                    data_sources: schemas("data source", from.data_source_schemas)?,
                    ephemeral_resources: schemas(
                        "ephemeral resource",
                        from.ephemeral_resource_schemas,
                    )?,
                    list_resources: schemas("list resource", from.list_resource_schemas)?,
                    identities: super::identities(identities)?,
                    functions: super::functions(from.functions)?,
                })
            }

            fn schemas(
                what: &str,
                from: HashMap<String, proto::$schema>,
            ) -> Converted<BTreeMap<EcoString, Arc<Schema>>> {
                from.into_iter()
                    .map(|(name, from)| match schema(from) {
                        Ok(schema) => Ok((name.into(), Arc::new(schema))),
                        Err(problem) => Err(format!("{what} {name:?}: {problem}")),
                    })
                    .collect()
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
                    description: from.description.into(),
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

conversions!(
    version5,
    Schema5,
    Block5,
    NestedBlock5,
    Response5,
    attribute5
);
conversions!(
    version6,
    Schema6,
    Block6,
    NestedBlock6,
    Response6,
    attribute6
);

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

pub(crate) fn functions(
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
                description: function.description.into(),
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
        description: from.description.into(),
    })
}
