//! Whether a provider's schema has all that a configuration uses of it: a question asked before one of two programs is chosen.

use super::attr_blocks;
use super::body::body_schema;
use crate::load::Tree;
use crate::load::decl::ResourceDecl;
use crate::load::providers::{local_name, provider_addr};
use std::sync::Arc;
use terrane_lang::syntax::body::{Body, BodySchema};
use terrane_model::addr::{Mode, ProviderAddr};
use terrane_model::schema::{Block, ProviderSchema};

/// How deep blocks are looked into.
const MAX_DEPTH: usize = 64;

/// The first thing that a configuration uses of a provider and its schema does not have; a part of a sentence.
#[must_use]
pub fn uncovered(tree: &Tree, addr: &ProviderAddr, schema: &ProviderSchema) -> Option<String> {
    tree.modules.iter().find_map(|module| {
        let decl = &module.decl;
        let of_resources = decl
            .resources
            .iter()
            .filter(|resource| provider_addr(decl, &local_name(resource)) == *addr)
            .find_map(|resource| of_resource(resource, schema));
        of_resources.or_else(|| {
            decl.providers
                .iter()
                .filter(|provider| provider_addr(decl, &provider.name) == *addr)
                .find_map(|provider| {
                    let name = of_body(&provider.body, &schema.provider.block, 0)?;
                    Some(format!("{name:?} in the configuration of the provider"))
                })
        })
    })
}

fn of_resource(resource: &ResourceDecl, schema: &ProviderSchema) -> Option<String> {
    let (known, what) = match resource.mode {
        Mode::Managed => (&schema.resources, "the resource type"),
        Mode::Data => (&schema.data_sources, "the data source"),
        Mode::Ephemeral => (&schema.ephemeral_resources, "the ephemeral resource type"),
        Mode::Action => (&schema.actions, "the action type"),
    };
    let name = &resource.type_name;
    match known.get(name) {
        None => Some(format!("{what} {name}")),
        Some(schema) => of_body(&resource.body, &schema.block, 0)
            .map(|inner| format!("{inner:?} in {what} {name}")),
    }
}

/// The first name in a body that a schema does not have.
fn of_body(body: &Body, schema: &Arc<Block>, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    let as_blocks = attr_blocks::written_as_blocks(body, schema);
    let (content, diagnostics) = body.content(&body_schema(schema, &as_blocks));
    let unknown = diagnostics.iter().find(|diagnostic| {
        diagnostic.is(&terrane_lang::rules::structure::UNSUPPORTED_ARGUMENT)
            || diagnostic.is(&terrane_lang::rules::structure::UNSUPPORTED_BLOCK)
    });
    if let Some(unknown) = unknown {
        // The message names it first.
        return Some(unknown.detail.split('"').nth(1).unwrap_or("?").to_owned());
    }
    content.blocks.iter().find_map(|block| {
        if block.kind.name == "dynamic" && !schema.blocks.contains_key("dynamic") {
            let label = &block.labels.first()?.text;
            return match schema.blocks.get(label) {
                None => (!as_blocks.contains(label)).then(|| label.to_string()),
                Some(nested) => of_dynamic(&block.body, &nested.block, depth),
            };
        }
        let nested = schema.blocks.get(&block.kind.name)?;
        of_body(&block.body, &nested.block, depth + 1)
    })
}

/// The first name in the content of a `dynamic` block.
fn of_dynamic(body: &Body, schema: &Arc<Block>, depth: usize) -> Option<String> {
    let content = BodySchema {
        attributes: Vec::new(),
        blocks: vec![("content".into(), Vec::new())],
    };
    let (found, _, _) = body.partial_content(&content);
    found
        .blocks
        .iter()
        .find_map(|block| of_body(&block.body, schema, depth + 1))
}
