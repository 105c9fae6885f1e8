//! Schemas that allow what was seen: for providers of which there is no table.

use ecow::EcoString;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_lang::source::FileId;
use terrane_lang::syntax::body::{self, Body, NativeBody};
use terrane_lang::syntax::parse::parse_body;
use terrane_model::schema::{
    Attribute, Block, Function, NestedBlock, Parameter, ProviderSchema, Schema,
};
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
    /// Names of functions of providers.
    functions: BTreeSet<EcoString>,
}

#[derive(Debug, Default)]
struct Shape {
    attributes: BTreeSet<EcoString>,
    blocks: BTreeMap<EcoString, Self>,
    /// Those that nobody sets.
    referred: BTreeSet<EcoString>,
    /// As a block, it has a label.
    labelled: bool,
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
            r"(?:\b(data|ephemeral)\.)?\b([a-z]\w*)\.[\w-]+(?:\[[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*\]|\.\*)?\.([a-z_]\w*)",
        )
        .expect("the pattern is right");
        let call = Regex::new(r"provider::\w+::(\w+)\(").expect("the pattern is right");
        self.functions
            .extend(call.captures_iter(text).map(|found| found[1].into()));
        for found in chain.captures_iter(text) {
            let kind = found.get(1).map_or("resource", |kind| kind.as_str());
            let key = (kind.into(), found[2].into());
            if let Some(shape) = self.types.get_mut(&key) {
                let name = EcoString::from(&found[3]);
                if !shape.blocks.contains_key(&name) && shape.attributes.insert(name.clone()) {
                    shape.referred.insert(name);
                }
            }
        }
    }

    /// Adds to the schemas of a table what was seen and is not in it. Returns the gaps, by path.
    pub fn fill(&self, table: &mut ProviderSchema) -> BTreeSet<String> {
        let mut gaps = BTreeSet::new();
        for ((kind, name), shape) in &self.types {
            let known = match kind.as_str() {
                "resource" => table.resources.get_mut(name),
                "data" => table.data_sources.get_mut(name),
                "ephemeral" => table.ephemeral_resources.get_mut(name),
                _ => None,
            };
            if let Some(known) = known {
                let block = shape.fill(&known.block, &format!("{kind} {name}"), &mut gaps);
                *known = Arc::new(Schema::new(known.version, block));
            } else if name.starts_with("aws_") {
                gaps.insert(format!("{kind} {name}"));
                let made = Arc::new(Schema::new(0, shape.block(true)));
                match kind.as_str() {
                    "resource" => table.resources.insert(name.clone(), made),
                    "data" => table.data_sources.insert(name.clone(), made),
                    _ => table.ephemeral_resources.insert(name.clone(), made),
                };
            }
        }
        gaps
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
            functions: self
                .functions
                .iter()
                .map(|name| (name.clone(), Arc::new(any_function())))
                .collect(),
            ..ProviderSchema::default()
        }
    }
}

/// A function that takes and returns anything.
fn any_function() -> Function {
    let parameter = Parameter {
        name: "args".into(),
        ty: Type::Dynamic,
        allow_null: true,
        allow_unknown: false,
        description: "".into(),
    };
    Function {
        parameters: Vec::new(),
        variadic: Some(parameter),
        returns: Type::Dynamic,
        summary: EcoString::new(),
        description: "".into(),
        deprecated: None,
    }
}

impl Shape {
    /// What this has and a block of a table has not, or does not let be set: gaps of the table, by path.
    fn fill(&self, table: &Block, path: &str, gaps: &mut BTreeSet<String>) -> Block {
        let mut block = Block {
            attributes: table.attributes.clone(),
            blocks: table.blocks.clone(),
            ..Block::default()
        };
        for name in &self.attributes {
            let known = block.attributes.get(name);
            let settable = known.is_some_and(|known| known.required || known.optional);
            if settable || block.blocks.contains_key(name) {
                continue;
            }
            // What is only referred to need not be settable.
            if known.is_some() && self.referred.contains(name) {
                continue;
            }
            gaps.insert(format!("{path}.{name}"));
            let ty = known.map_or(Type::Dynamic, Attribute::value_type);
            block
                .attributes
                .insert(name.clone(), Attribute::new(ty).optional().computed());
        }
        for (name, shape) in &self.blocks {
            let Some(nested) = block.blocks.get_mut(name) else {
                // Attributes may be written as blocks.
                if !block.attributes.contains_key(name) {
                    gaps.insert(format!("{path}.{name}"));
                    let inner = NestedBlock::list(shape.block(false));
                    block.blocks.insert(name.clone(), inner);
                }
                continue;
            };
            let inner = shape.fill(&nested.block, &format!("{path}.{name}"), gaps);
            nested.block = Arc::new(inner);
        }
        block
    }

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
            inner.labelled |= !block.labels.is_empty();
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
            let inner = shape.block(false);
            let nested = if shape.labelled {
                NestedBlock::map(inner)
            } else {
                NestedBlock::list(inner)
            };
            block = block.block(name.clone(), nested);
        }
        block
    }
}
