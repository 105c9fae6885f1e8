//! Schemas that allow what was seen: for providers of which there is no table.

use ecow::EcoString;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_lang::source::FileId;
use terrane_lang::syntax::body::{self, Body, NativeBody};
use terrane_lang::syntax::parse::parse_body;
use terrane_model::schema::{Attribute, Block, NestedBlock, ProviderSchema, Schema};
use terrane_value::Type;

/// Arguments that belong to the engine, not to a provider.
const META: [&str; 5] = ["count", "for_each", "provider", "depends_on", "alias"];
/// Blocks likewise.
const META_BLOCKS: [&str; 4] = ["lifecycle", "provisioner", "connection", "_"];

/// What was seen of the types of all providers without a table.
#[derive(Debug, Default)]
pub struct Seen {
    /// By kind of block (`resource`, `data`, `ephemeral`, `provider`) and type.
    types: BTreeMap<(EcoString, EcoString), Shape>,
}

#[derive(Debug, Default)]
struct Shape {
    attributes: BTreeSet<EcoString>,
    blocks: BTreeMap<EcoString, Self>,
}

impl Seen {
    /// Looks at a configuration file.
    pub fn file(&mut self, text: &str) {
        let (body, _) = parse_body(FileId(0), text);
        for block in &body.blocks {
            let Some(label) = block.labels.first() else {
                continue;
            };
            let kind = block.kind.name.as_str();
            if matches!(kind, "resource" | "data" | "ephemeral" | "provider") {
                let name = if kind == "provider" {
                    EcoString::new()
                } else {
                    label.text.clone()
                };
                let shape = self
                    .types
                    .entry((block.kind.name.clone(), name))
                    .or_default();
                shape.see(&block.body, true);
            }
        }
    }

    /// Looks at what a file refers to. All files must have been looked at before.
    ///
    /// # Panics
    /// Never: the pattern is right.
    pub fn references(&mut self, text: &str) {
        let chain = Regex::new(
            r"(?:\b(data|ephemeral)\.)?\b([a-z]\w*_\w+)\.[\w-]+(?:\[[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*\]|\.\*)?\.([a-z_]\w*)",
        )
        .expect("the pattern is right");
        for found in chain.captures_iter(text) {
            let kind = found.get(1).map_or("resource", |kind| kind.as_str());
            let key = (kind.into(), found[2].into());
            if let Some(shape) = self.types.get_mut(&key) {
                let name = EcoString::from(&found[3]);
                if !shape.blocks.contains_key(&name) {
                    shape.attributes.insert(name);
                }
            }
        }
    }

    /// A schema with all types.
    #[must_use]
    pub fn schema(&self) -> ProviderSchema {
        let of = |wanted: &str| {
            self.types
                .iter()
                .filter(|((kind, _), _)| kind == wanted)
                .map(|((_, name), shape)| {
                    (name.clone(), Arc::new(Schema::new(0, shape.block(true))))
                })
                .collect()
        };
        let provider = (EcoString::from("provider"), EcoString::new());
        ProviderSchema {
            provider: self
                .types
                .get(&provider)
                .map(|shape| Schema::new(0, shape.block(false)))
                .unwrap_or_default(),
            provider_meta: Some(Schema::new(
                0,
                Block::new().attr("module_name", Attribute::string().optional()),
            )),
            resources: of("resource"),
            data_sources: of("data"),
            ephemeral_resources: of("ephemeral"),
            ..ProviderSchema::default()
        }
    }
}

impl Shape {
    fn see(&mut self, body: &Body, outermost: bool) {
        let Body::Native(body) = body else { return };
        self.see_native(body, outermost);
    }

    fn see_native(&mut self, body: &NativeBody, outermost: bool) {
        for attribute in &body.attributes {
            let name = &attribute.name.name;
            if !(outermost && META.contains(&name.as_str())) {
                self.attributes.insert(name.clone());
            }
        }
        for block in &body.blocks {
            let kind = block.kind.name.as_str();
            if outermost && META_BLOCKS.contains(&kind) {
                continue;
            }
            if kind == "dynamic" {
                self.see_dynamic(block);
                continue;
            }
            let inner = self.blocks.entry(block.kind.name.clone()).or_default();
            inner.see(&block.body, false);
        }
        let blocks = &self.blocks;
        self.attributes.retain(|name| !blocks.contains_key(name));
    }

    fn see_dynamic(&mut self, block: &body::Block) {
        let (Some(label), Body::Native(body)) = (block.labels.first(), &block.body) else {
            return;
        };
        let inner = self.blocks.entry(label.text.clone()).or_default();
        for content in &body.blocks {
            if content.kind.name == "content" {
                inner.see(&content.body, false);
            }
        }
    }

    fn block(&self, with_id: bool) -> Block {
        let any = || {
            let mut attribute = Attribute::new(Type::Dynamic);
            attribute.optional = true;
            attribute.computed = true;
            attribute
        };
        let mut block = Block::new();
        if with_id {
            block = block.attr("id", any());
        }
        for name in &self.attributes {
            block = block.attr(name.clone(), any());
        }
        for (name, shape) in &self.blocks {
            block = block.block(name.clone(), NestedBlock::list(shape.block(false)));
        }
        block
    }
}
