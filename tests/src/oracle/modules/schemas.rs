//! Schemas from tables and from the providers of the engine.

use ecow::EcoString;
use futures::FutureExt as _;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use terrane_model::addr::ProviderAddr;
use terrane_model::schema::{Attribute, Block, NestedBlock, ProviderSchema, Schema};
use terrane_value::Type;

/// The schemas of the providers that come with the engine.
///
/// # Panics
/// When one of them does not say what it offers.
#[must_use]
pub fn builtin() -> BTreeMap<ProviderAddr, Arc<ProviderSchema>> {
    terrane_builtin::all(&terrane_builtin::Options::default())
        .iter()
        .map(|factory| {
            let info = factory.info().now_or_never().and_then(Result::ok);
            let info = info.expect("a built-in provider has schemas");
            (factory.addr(), info.schema)
        })
        .collect()
}

/// The schemas of `hashicorp/aws`, from a table (packed JSON).
///
/// # Panics
/// When there is no such table, or it has another form.
#[must_use]
pub fn aws(table: &Path) -> ProviderSchema {
    let packed = std::fs::read(table).expect("the table can be read");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*packed)
        .read_to_string(&mut text)
        .expect("the table can be unpacked");
    let table: Json = serde_json::from_str(&text).expect("the table is JSON");
    let all = |kind: &str| {
        entries(&table[kind])
            .map(|(name, entry)| (name, Arc::new(schema(entry))))
            .collect()
    };
    let meta = Block::new().attr(
        "user_agent",
        Attribute::new(Type::list(Type::String)).optional(),
    );
    ProviderSchema {
        provider: schema(&table["provider"]),
        provider_meta: Some(Schema::new(0, meta)),
        resources: all("resources"),
        data_sources: all("data_sources"),
        ephemeral_resources: all("ephemeral_resources"),
        ..ProviderSchema::default()
    }
}

fn entries(json: &Json) -> impl Iterator<Item = (EcoString, &Json)> {
    json.as_object()
        .into_iter()
        .flatten()
        .map(|(name, entry)| (EcoString::from(name.as_str()), entry))
}

fn schema(entry: &Json) -> Schema {
    let version = entry["schema_version"].as_u64().unwrap_or(0);
    Schema::new(version, block(entry))
}

fn block(entry: &Json) -> Block {
    let mut block = Block::new();
    for (name, attribute) in entries(&entry["attributes"]) {
        block = block.attr(name, self::attribute(attribute));
    }
    for (name, nested) in entries(&entry["blocks"]) {
        let inner = self::block(nested);
        let mut made = match nested["nesting_mode"].as_str() {
            Some("single") => NestedBlock::single(inner),
            Some("set") => NestedBlock::set(inner),
            _ => NestedBlock::list(inner),
        };
        if let Some(min) = nested["min_items"].as_u64() {
            made = made.at_least(min);
        }
        if let Some(max) = nested["max_items"].as_u64() {
            made = made.at_most(max);
        }
        block = block.block(name, made);
    }
    block
}

fn attribute(entry: &Json) -> Attribute {
    let flag = |name: &str| entry[name].as_bool().unwrap_or(false);
    let mut attribute = Attribute::new(ty(&entry["type"]));
    attribute.required = flag("required");
    attribute.optional = flag("optional");
    attribute.computed = flag("computed");
    attribute.sensitive = flag("sensitive");
    attribute.write_only = flag("write_only");
    attribute
}

/// A type as JSON has it: `"string"`, `["list", …]`, `["object", {…}]`.
fn ty(json: &Json) -> Type {
    match (json.as_str(), json[0].as_str()) {
        (Some("string"), _) => Type::String,
        (Some("number"), _) => Type::Number,
        (Some("bool"), _) => Type::Bool,
        (_, Some("list")) => Type::list(ty(&json[1])),
        (_, Some("set")) => Type::set(ty(&json[1])),
        (_, Some("map")) => Type::map(ty(&json[1])),
        (_, Some("tuple")) => Type::tuple(json[1].as_array().into_iter().flatten().map(ty)),
        (_, Some("object")) => {
            Type::object(entries(&json[1]).map(|(name, inner)| (name, ty(inner))))
        }
        _ => Type::Dynamic,
    }
}
