//! From facts to schemas.

use super::{AttributeFacts, BlockFacts, Kind, names, of};
use serde_json::Value as Json;
use std::sync::Arc;
use terrane_model::schema::{
    Attribute, Block, NestedBlock, Nesting, ProviderSchema, Schema, Schemas,
};
use terrane_value::{Type, json};

/// The schemas of all types, each read when it is asked for.
pub(crate) fn provider_schema() -> ProviderSchema {
    ProviderSchema {
        provider: schema(Kind::Provider, "aws"),
        provider_meta: Some(Schema::new(
            0,
            Block::new().attr("user_agent", Attribute::string_list().optional()),
        )),
        resources: schemas(Kind::Resource),
        data_sources: schemas(Kind::Data),
        ephemeral_resources: schemas(Kind::Ephemeral),
        ..ProviderSchema::default()
    }
}

fn schemas(kind: Kind) -> Schemas {
    let mut schemas = Schemas::new();
    for name in names(kind) {
        schemas.insert_lazy(name.into(), Arc::new(move || schema(kind, name)));
    }
    schemas
}

fn schema(kind: Kind, name: &str) -> Schema {
    of(kind, name).map_or_else(Schema::default, |facts| {
        Schema::new(facts.about.schema_version, block_type(&facts.block))
    })
}

/// The schema of a block.
pub(crate) fn block_type(facts: &BlockFacts) -> Block {
    let mut block = Block::new();
    for (name, about) in &facts.attributes {
        block = block.attr(name.as_str(), attribute(about));
    }
    for (name, about) in &facts.blocks {
        let nesting = match about.nesting_mode.as_str() {
            "set" => Nesting::Set,
            "single" => Nesting::Single,
            _ => Nesting::List,
        };
        let nested = NestedBlock {
            nesting,
            block: Arc::new(block_type(about)),
            min: about.min_items,
            max: about.max_items,
        };
        block = block.block(name.as_str(), nested);
    }
    block
}

fn attribute(facts: &AttributeFacts) -> Attribute {
    let ty = json::decode_type(&facts.ty.to_string()).unwrap_or(Type::Dynamic);
    Attribute {
        required: facts.required,
        optional: facts.optional,
        computed: facts.computed,
        sensitive: facts.sensitive,
        write_only: facts.write_only,
        deprecated: facts.deprecated.as_ref().and_then(|message| match message {
            Json::String(message) => Some(message.as_str().into()),
            Json::Bool(true) => Some("This argument is deprecated.".into()),
            _ => None,
        }),
        ..Attribute::new(ty)
    }
}
