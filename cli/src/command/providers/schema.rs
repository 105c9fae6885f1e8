//! Schemas in the documented JSON form.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_ops::model::addr::ProviderAddr;
use terrane_ops::model::schema::{
    Attribute, AttributeType, Block, Description, DescriptionKind, Function, IdentitySchema,
    NestedBlock, NestedObject, Nesting, Parameter, ProviderSchema, Schema, Schemas,
};
use terrane_ops::value::{Type, json as value_json};

/// The version of this form.
const FORMAT: &str = "1.0";

/// All schemas.
pub(super) fn to_json(schemas: &BTreeMap<ProviderAddr, Arc<ProviderSchema>>) -> Value {
    let providers: Map<String, Value> = schemas
        .iter()
        .map(|(addr, schema)| (addr.to_string(), provider(schema)))
        .collect();
    let mut out = Map::new();
    out.insert("format_version".into(), FORMAT.into());
    if !providers.is_empty() {
        out.insert("provider_schemas".into(), providers.into());
    }
    out.into()
}

fn provider(all: &ProviderSchema) -> Value {
    let ProviderSchema {
        provider,
        provider_meta: _,
        resources,
        data_sources,
        ephemeral_resources,
        list_resources,
        actions,
        identities,
        functions,
    } = all;
    let mut out = Map::new();
    out.insert("provider".into(), schema(provider));
    let mut group = |name: &str, group: &Schemas| {
        if !group.is_empty() {
            let group: Map<String, Value> = group
                .iter()
                .map(|(name, found)| (name.to_string(), schema(found)))
                .collect();
            out.insert(name.into(), group.into());
        }
    };
    group("resource_schemas", resources);
    group("data_source_schemas", data_sources);
    group("ephemeral_resource_schemas", ephemeral_resources);
    group("list_resource_schemas", list_resources);
    group("action_schemas", actions);
    if !functions.is_empty() {
        let functions: Map<String, Value> = functions
            .iter()
            .map(|(name, found)| (name.to_string(), function(found)))
            .collect();
        out.insert("functions".into(), functions.into());
    }
    if !identities.is_empty() {
        let identities: Map<String, Value> = identities
            .iter()
            .map(|(name, found)| (name.to_string(), identity(found)))
            .collect();
        out.insert("resource_identity_schemas".into(), identities.into());
    }
    Value::Object(out)
}

fn schema(schema: &Schema) -> Value {
    json!({ "version": schema.version, "block": block(&schema.block) })
}

fn ty(ty: &Type) -> Value {
    let mut text = String::new();
    value_json::encode_type(ty, &mut text);
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn flag(out: &mut Map<String, Value>, name: &str, on: bool) {
    if on {
        out.insert(name.into(), true.into());
    }
}

fn described(out: &mut Map<String, Value>, description: &Description) {
    if !description.is_empty() {
        out.insert("description".into(), description.text.as_str().into());
    }
    let kind = match description.kind {
        DescriptionKind::Plain => "plain",
        DescriptionKind::Markdown => "markdown",
    };
    out.insert("description_kind".into(), kind.into());
}

fn block(block: &Block) -> Value {
    let mut out = Map::new();
    if !block.attributes.is_empty() {
        out.insert("attributes".into(), attributes(&block.attributes));
    }
    if !block.blocks.is_empty() {
        let blocks: Map<String, Value> = block
            .blocks
            .iter()
            .map(|(name, found)| (name.to_string(), nested_block(found)))
            .collect();
        out.insert("block_types".into(), blocks.into());
    }
    described(&mut out, &block.description);
    flag(&mut out, "deprecated", block.deprecated.is_some());
    Value::Object(out)
}

fn attributes(all: &BTreeMap<ecow::EcoString, Attribute>) -> Value {
    let all: Map<String, Value> = all
        .iter()
        .map(|(name, found)| (name.to_string(), attribute(found)))
        .collect();
    all.into()
}

fn attribute(attribute: &Attribute) -> Value {
    let Attribute {
        ty: of_type,
        required,
        optional,
        computed,
        sensitive,
        write_only,
        deprecated,
        description,
    } = attribute;
    let mut out = Map::new();
    match of_type {
        AttributeType::Plain(plain) => out.insert("type".into(), ty(plain)),
        AttributeType::Nested(nested) => out.insert("nested_type".into(), nested_object(nested)),
    };
    described(&mut out, description);
    flag(&mut out, "required", *required);
    flag(&mut out, "optional", *optional);
    flag(&mut out, "computed", *computed);
    flag(&mut out, "sensitive", *sensitive);
    flag(&mut out, "write_only", *write_only);
    flag(&mut out, "deprecated", deprecated.is_some());
    Value::Object(out)
}

fn nested_object(nested: &NestedObject) -> Value {
    let NestedObject {
        nesting,
        attributes: inner,
    } = nested;
    json!({ "attributes": attributes(inner), "nesting_mode": nesting_name(*nesting) })
}

fn nested_block(nested: &NestedBlock) -> Value {
    let NestedBlock {
        nesting,
        block: inner,
        min,
        max,
    } = nested;
    let mut out = Map::new();
    out.insert("nesting_mode".into(), nesting_name(*nesting).into());
    out.insert("block".into(), block(inner));
    if *min > 0 {
        out.insert("min_items".into(), (*min).into());
    }
    if *max > 0 {
        out.insert("max_items".into(), (*max).into());
    }
    Value::Object(out)
}

fn nesting_name(nesting: Nesting) -> &'static str {
    match nesting {
        Nesting::Single => "single",
        Nesting::Group => "group",
        Nesting::List => "list",
        Nesting::Set => "set",
        Nesting::Map => "map",
    }
}

fn identity(identity: &IdentitySchema) -> Value {
    let IdentitySchema {
        version,
        attributes,
    } = identity;
    let attributes: Map<String, Value> = attributes
        .iter()
        .map(|(name, (of_type, for_import))| {
            let body = if *for_import {
                json!({ "type": ty(of_type), "required_for_import": true })
            } else {
                json!({ "type": ty(of_type), "optional_for_import": true })
            };
            (name.to_string(), body)
        })
        .collect();
    json!({ "version": version, "attributes": attributes })
}

fn function(function: &Function) -> Value {
    let mut out = Map::new();
    if !function.description.is_empty() {
        let text = function.description.text.as_str();
        out.insert("description".into(), text.into());
    }
    if let Some(message) = &function.deprecated {
        out.insert("deprecation_message".into(), message.as_str().into());
    }
    if !function.summary.is_empty() {
        out.insert("summary".into(), function.summary.as_str().into());
    }
    out.insert("return_type".into(), ty(&function.returns));
    if !function.parameters.is_empty() {
        let all: Vec<Value> = function.parameters.iter().map(parameter).collect();
        out.insert("parameters".into(), all.into());
    }
    if let Some(variadic) = &function.variadic {
        out.insert("variadic_parameter".into(), parameter(variadic));
    }
    Value::Object(out)
}

fn parameter(parameter: &Parameter) -> Value {
    let mut out = Map::new();
    out.insert("name".into(), parameter.name.as_str().into());
    out.insert("type".into(), ty(&parameter.ty));
    flag(&mut out, "is_nullable", parameter.allow_null);
    if !parameter.description.is_empty() {
        let text = parameter.description.text.as_str();
        out.insert("description".into(), text.into());
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::{Attribute, Block, Description, Parameter, Type, block, parameter};

    #[test]
    fn parameters_are_described() {
        let mut about = Parameter {
            name: "at".into(),
            ty: Type::String,
            allow_null: false,
            allow_unknown: false,
            description: "A time.".into(),
        };
        let said = parameter(&about).to_string();
        assert_eq!(
            said,
            r#"{"description":"A time.","name":"at","type":"string"}"#
        );
        about.description = "".into();
        assert_eq!(
            parameter(&about).to_string(),
            r#"{"name":"at","type":"string"}"#
        );
    }

    #[test]
    fn what_a_description_is_written_in_is_said() {
        let name = Attribute::string().described(Description::markdown("A *name*."));
        let said = block(&Block::new().attr("name", name).described("A thing.")).to_string();
        assert_eq!(
            said,
            r#"{"attributes":{"name":{"description":"A *name*.","description_kind":"markdown","type":"string"}},"description":"A thing.","description_kind":"plain"}"#
        );
    }
}
