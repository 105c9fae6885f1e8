//! The values of a resource: what of its schema is said, and the table that says it for each instance.

use super::text::{expression, key};
use super::{Object, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use terrane_model::schema::{AttributeType, Block, NestedBlock, NestedObject, Nesting};
use terrane_value::{EcoString, Kind, Marks, Type, Value};

/// How deep blocks are written.
const MAX_DEPTH: usize = 50;

/// Takes the place of texts that have to be references.
pub(super) type Link<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What of a block is said in any of its occurrences.
#[derive(Debug, Default)]
pub(super) struct Shape {
    attributes: BTreeSet<EcoString>,
    blocks: BTreeMap<EcoString, Self>,
}

impl Shape {
    /// What is said of the objects of a table.
    pub(super) fn of(table: &Table<'_>) -> Self {
        let mut shape = Self::default();
        for object in table.objects.values() {
            shape.take(&table.block, &object.value, object.now.as_ref(), 0);
        }
        shape
    }

    fn take(&mut self, block: &Block, value: &Value, now: Option<&Value>, depth: usize) {
        for (name, attribute) in &block.attributes {
            let own = value.get(name);
            let null = own.is_none_or(Value::is_null);
            // Every resource of the old SDK has an `id` that may be set by its schema and never is.
            let id = depth == 0 && name == "id" && attribute.computed;
            // What the provider may choose is left to it where it has chosen the same: two such arguments may exclude each other.
            let chosen = attribute.computed && now.is_some_and(|now| now.get(name) == own);
            let said = attribute.required || attribute.optional && !null && !id && !chosen;
            if said && !attribute.write_only {
                self.attributes.insert(name.clone());
            }
        }
        if depth >= MAX_DEPTH {
            return;
        }
        for (name, nested) in &block.blocks {
            for (_, item) in items(nested, value.get(name)) {
                self.blocks.entry(name.clone()).or_default().take(
                    &nested.block,
                    item,
                    None,
                    depth + 1,
                );
            }
        }
    }

    /// The body of the block, which reads its values from `base`.
    pub(super) fn body(&self, out: &mut String, block: &Block, base: &str, depth: usize) {
        for name in &self.attributes {
            let _written = writeln!(out, "{name} = {base}.{name}");
        }
        for (name, shape) in &self.blocks {
            let Some(nested) = block.blocks.get(name) else {
                continue;
            };
            let iterator = format!("b{depth}");
            let _written = writeln!(
                out,
                "dynamic \"{name}\" {{\nfor_each = {base}.{name}\niterator = {iterator}"
            );
            if nested.nesting == Nesting::Map {
                let _written = writeln!(out, "labels = [{iterator}.key]");
            }
            out.push_str("content {\n");
            shape.body(out, &nested.block, &format!("{iterator}.value"), depth + 1);
            out.push_str("}\n}\n");
        }
    }

    /// The values of an object. `behind`: what else it waits for.
    pub(super) fn object(
        &self,
        out: &mut String,
        block: &Block,
        object: &Object<'_>,
        link: Link<'_>,
        behind: &[String],
    ) {
        let value = crate::objchange::mark_by_paths(
            &object.value,
            &object.state.sensitive,
            &Marks::SENSITIVE,
        );
        out.push_str("{\n");
        if !behind.is_empty() {
            let _written = writeln!(out, "restored_behind = [{}]", behind.join(", "));
        }
        self.fields(out, block, &value, link);
        out.push('}');
    }

    fn fields(&self, out: &mut String, block: &Block, value: &Value, link: Link<'_>) {
        for name in &self.attributes {
            let Some(attribute) = block.attributes.get(name) else {
                continue;
            };
            let null = Value::NULL;
            let own = value.get(name).unwrap_or(&null);
            let _written = write!(out, "{name} = ");
            match &attribute.ty {
                AttributeType::Plain(ty) => expression(out, own, *ty == Type::Dynamic, link, 0),
                AttributeType::Nested(nested) => nested_value(out, nested, own, link, 0),
            }
            out.push('\n');
        }
        for (name, shape) in &self.blocks {
            let Some(nested) = block.blocks.get(name) else {
                continue;
            };
            let map = nested.nesting == Nesting::Map;
            let _written = write!(out, "{name} = {}", if map { "{" } else { "[" });
            for (label, item) in items(nested, value.get(name)) {
                if let Some(label) = label {
                    key(out, &label);
                    out.push_str(" = ");
                } else {
                    out.push('\n');
                }
                out.push_str("{\n");
                shape.fields(out, &nested.block, item, link);
                out.push_str(if map { "}\n" } else { "},\n" });
            }
            out.push_str(if map { "}\n" } else { "]\n" });
        }
    }
}

/// The blocks of one type, with their labels.
fn items<'a>(
    nested: &NestedBlock,
    value: Option<&'a Value>,
) -> Vec<(Option<EcoString>, &'a Value)> {
    let Some(value) = value.map(Value::unmarked).filter(|value| !value.is_null()) else {
        return Vec::new();
    };
    match nested.nesting {
        Nesting::Single => vec![(None, value)],
        Nesting::Group if *value == nested.empty_value() => Vec::new(),
        Nesting::Group => vec![(None, value)],
        Nesting::List | Nesting::Set => value.children().iter().map(|item| (None, item)).collect(),
        Nesting::Map => match value.kind() {
            Kind::Map(map) => map
                .iter()
                .map(|(label, item)| (Some(label.clone()), item))
                .collect(),
            Kind::Object(object) => object
                .iter()
                .map(|(label, item)| (Some(label.clone()), item))
                .collect(),
            _ => Vec::new(),
        },
    }
}

/// A value whose attributes have properties of their own: only what configuration may say is said.
fn nested_value(
    out: &mut String,
    nested: &NestedObject,
    value: &Value,
    link: Link<'_>,
    depth: usize,
) {
    if value.marks().is_sensitive() {
        out.push_str("sensitive(");
        nested_value(out, nested, value.unmarked(), link, depth);
        out.push(')');
        return;
    }
    if value.is_null() || depth >= MAX_DEPTH {
        out.push_str("null");
        return;
    }
    let object = |out: &mut String, value: &Value| {
        if value.is_null() {
            out.push_str("null");
            return;
        }
        out.push_str("{\n");
        for (name, attribute) in &nested.attributes {
            if !(attribute.required || attribute.optional) || attribute.write_only {
                continue;
            }
            let null = Value::NULL;
            let own = value.get(name).unwrap_or(&null);
            key(out, name);
            out.push_str(" = ");
            match &attribute.ty {
                AttributeType::Plain(ty) => {
                    expression(out, own, *ty == Type::Dynamic, link, depth + 1);
                }
                AttributeType::Nested(nested) => nested_value(out, nested, own, link, depth + 1),
            }
            out.push('\n');
        }
        out.push('}');
    };
    match nested.nesting {
        Nesting::Single | Nesting::Group => object(out, value),
        Nesting::List | Nesting::Set => {
            out.push('[');
            for item in value.children() {
                object(out, item);
                out.push_str(",\n");
            }
            out.push(']');
        }
        Nesting::Map => {
            out.push_str("{\n");
            let mut entry = |name: &EcoString, item: &Value| {
                key(out, name);
                out.push_str(" = ");
                object(out, item);
                out.push('\n');
            };
            match value.kind() {
                Kind::Map(map) => map.iter().for_each(|(name, item)| entry(name, item)),
                Kind::Object(map) => map.iter().for_each(|(name, item)| entry(name, item)),
                _ => {}
            }
            out.push('}');
        }
    }
}
