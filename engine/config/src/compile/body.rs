//! Bodies: from syntax, through a schema, to [`CompiledBody`].

use super::attr_blocks;
use super::bind::{ModuleBinder, Place, Tables, is_read_only};
use crate::body::{CompiledBody, NestedItem, Shape};
use crate::rules;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Compiled, compile};
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Expr, ExprKind};
use terrane_lang::syntax::body as syntax;
use terrane_lang::syntax::body::{Body, BodySchema, Content};
use terrane_lang::syntax::static_expr;
use terrane_model::schema::{Block, Nesting};

/// Dynamic blocks within dynamic blocks, and nested blocks within nested blocks of a recursive schema.
const MAX_DEPTH: usize = 64;

/// Compiles expressions and bodies for one place of a module.
pub(crate) struct Compiler<'a> {
    pub(crate) tables: &'a mut Tables,
    pub(crate) place: Place,
    pub(crate) diagnostics: &'a mut Diagnostics,
    pub(crate) shapes: &'a mut Shapes,
}

/// Shapes of bodies, one per schema.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    /// By the address of the schema, which is kept alive here.
    known: BTreeMap<usize, (Arc<Block>, Arc<Shape>)>,
}

impl Shapes {
    fn of(&mut self, schema: &Arc<Block>) -> Arc<Shape> {
        let address = Arc::as_ptr(schema) as usize;
        let entry = self
            .known
            .entry(address)
            .or_insert_with(|| (schema.clone(), Arc::new(Shape::new(schema))));
        entry.1.clone()
    }
}

impl Compiler<'_> {
    /// Compiles an expression.
    pub(crate) fn expr(&mut self, expr: &Expr) -> Compiled {
        self.expr_with(expr, &[])
    }

    fn expr_with(&mut self, expr: &Expr, locals: &[EcoString]) -> Compiled {
        let (compiled, diagnostics) = self.compiled(expr, locals);
        self.diagnostics.extend(diagnostics);
        compiled
    }

    /// Compiles an expression whose mistakes are told already.
    fn silently(&mut self, expr: &Expr, locals: &[EcoString]) -> Compiled {
        self.compiled(expr, locals).0
    }

    fn compiled(&mut self, expr: &Expr, locals: &[EcoString]) -> (Compiled, Diagnostics) {
        let mut binder = ModuleBinder {
            tables: self.tables,
            place: self.place,
        };
        compile(expr, &mut binder, locals)
    }

    /// Compiles a body and the body of its `_` block, which has the last word.
    pub(crate) fn body(
        &mut self,
        body: &Body,
        escape: Option<&Body>,
        schema: &Arc<Block>,
        span: Span,
    ) -> CompiledBody {
        let merged;
        let body = match escape {
            None => body,
            Some(escape) => {
                merged = Body::Merged(vec![body.clone(), escape.clone()]);
                &merged
            }
        };
        self.nested(body, schema, span, &[], 0)
    }

    fn nested(
        &mut self,
        body: &Body,
        schema: &Arc<Block>,
        span: Span,
        locals: &[EcoString],
        depth: usize,
    ) -> CompiledBody {
        let shape = self.shapes.of(schema);
        let mut found = CompiledBody::shaped(schema.clone(), shape, span);
        if depth > MAX_DEPTH {
            self.diagnostics.push(
                Diagnostic::error(&rules::body::TOO_DEEP, "Blocks are nested too deeply here.")
                    .at(span),
            );
            return found;
        }
        let as_blocks = attr_blocks::written_as_blocks(body, schema);
        let (content, mut diagnostics) = body.content(&body_schema(schema, &as_blocks));
        if depth == 0 {
            hint_at_meta_blocks(&mut diagnostics);
        }
        self.diagnostics.extend(diagnostics);
        let slots = found.attributes.iter_mut().zip(&schema.attributes);
        for (at, (slot, (name, attribute))) in slots.enumerate() {
            let written = if as_blocks.contains(name) {
                attr_blocks::as_expr(name, attribute, &content, self.diagnostics)
            } else {
                content
                    .attribute(name)
                    .map(|attribute| attribute.expr.clone())
            };
            let Some(expr) = written else {
                if attribute.required && as_blocks.contains(name) {
                    self.missing(name, content.missing);
                }
                continue;
            };
            let compiled = self.expr_with(&expr, locals);
            if as_blocks.contains(name) && attr_blocks::some_are_dynamic(name, &content) {
                let part = attr_blocks::static_part(name, attribute, &content);
                let part = part.map(|expr| self.silently(&expr, locals));
                found.written_statically.insert(at, part);
            }
            let null = compiled
                .as_constant()
                .is_some_and(terrane_value::Value::is_null);
            let name_span = content
                .attribute(name)
                .map_or(expr.span, |attribute| attribute.name.span);
            // Of what is in a dynamic block, nothing is set before there is one: then the provider says the same.
            if is_read_only(attribute) && !null && locals.is_empty() {
                let detail = format!(
                    "Can't configure a value for \"{name}\": its value will be decided automatically based on the result of applying this configuration."
                );
                self.diagnostics.push(
                    Diagnostic::error(&rules::body::UNCONFIGURABLE, detail)
                        .at(name_span)
                        .within(expr.span),
                );
                continue;
            }
            // Modules hand on what may well be null: whether that is set, the provider says, which is asked with its value.
            let certain = compiled.as_constant().is_some() && !null;
            if let Some(message) = attribute.deprecated.as_ref().filter(|_| certain) {
                self.diagnostics.push(
                    Diagnostic::warning(&rules::body::DEPRECATED_ARGUMENT, message.as_str())
                        .at(name_span)
                        .within(expr.span),
                );
            }
            *slot = Some(compiled);
        }
        for block in &content.blocks {
            self.item(block, &as_blocks, locals, depth, &mut found);
        }
        found
    }

    fn missing(&mut self, name: &str, span: Span) {
        let detail = format!("The argument \"{name}\" is required, but no definition was found.");
        self.diagnostics.push(
            Diagnostic::error(&terrane_lang::rules::structure::MISSING_ARGUMENT, detail).at(span),
        );
    }

    /// A nested block, static or dynamic.
    fn item(
        &mut self,
        block: &syntax::Block,
        as_blocks: &[EcoString],
        locals: &[EcoString],
        depth: usize,
        found: &mut CompiledBody,
    ) {
        let schema = found.schema.clone();
        let is_dynamic = block.kind.name == "dynamic" && !schema.blocks.contains_key("dynamic");
        let (kind, kind_span) = match block.labels.first() {
            Some(label) if is_dynamic => (&label.text, label.span),
            _ => (&block.kind.name, block.kind.span),
        };
        if as_blocks.contains(kind) {
            return;
        }
        let position = schema.blocks.keys().position(|known| known == kind);
        let (Some(at), Some(nested)) = (position, schema.blocks.get(kind)) else {
            let known = schema.blocks.keys().map(EcoString::as_str);
            let known = known.chain(if depth == 0 { META_BLOCKS } else { &[] }.iter().copied());
            let hint = crate::suggest::did_you_mean(kind, known);
            let detail = format!("Blocks of type \"{kind}\" are not expected here.{hint}");
            self.diagnostics.push(
                Diagnostic::error(&terrane_lang::rules::structure::UNSUPPORTED_BLOCK, detail)
                    .at(kind_span),
            );
            return;
        };
        if let Some(message) = &nested.block.deprecated {
            self.diagnostics.push(
                Diagnostic::warning(&rules::body::DEPRECATED_BLOCK, message.as_str())
                    .at(block.header),
            );
        }
        let item = if is_dynamic {
            self.dynamic(block, nested.nesting, &nested.block, locals, depth)
        } else {
            let label = (nested.nesting == Nesting::Map)
                .then(|| block.labels.first().map(|label| label.text.clone()))
                .flatten();
            let body = self.nested(&block.body, &nested.block, block.header, locals, depth + 1);
            Some(NestedItem::Static { label, body })
        };
        if let (Some(item), Some(items)) = (item, found.blocks.get_mut(at)) {
            items.push(item);
        }
    }

    fn dynamic(
        &mut self,
        block: &syntax::Block,
        nesting: Nesting,
        schema: &Arc<Block>,
        locals: &[EcoString],
        depth: usize,
    ) -> Option<NestedItem> {
        let parts = dynamic_parts(block, self.diagnostics)?;
        let for_each = self.expr_with(&parts.for_each, locals);
        let mut inside = locals.to_vec();
        inside.push(parts.iterator);
        let mut label = None;
        match (nesting, parts.labels.as_deref()) {
            (Nesting::Map, Some([one])) => label = Some(self.expr_with(one, &inside)),
            (Nesting::Map, _) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        &rules::body::MISSING_DYNAMIC_LABEL,
                        "This block type has one label, so the \"labels\" argument of the dynamic block must be a list of one element.",
                    )
                    .at(block.header),
                );
                return None;
            }
            (_, Some([extra, ..])) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        &rules::body::EXTRANEOUS_DYNAMIC_LABEL,
                        "Blocks of this type require 0 label(s).",
                    )
                    .at(extra.span),
                );
            }
            _ => {}
        }
        let content = self.nested(
            &parts.content.body,
            schema,
            parts.content.header,
            &inside,
            depth + 1,
        );
        Some(NestedItem::Dynamic {
            for_each,
            label,
            content,
            span: block.header,
        })
    }
}

/// The parts of a `dynamic` block.
pub(crate) struct DynamicParts {
    pub(crate) for_each: Expr,
    pub(crate) iterator: EcoString,
    pub(crate) labels: Option<Vec<Expr>>,
    pub(crate) content: syntax::Block,
}

/// Takes a `dynamic` block apart.
pub(crate) fn dynamic_parts(
    block: &syntax::Block,
    diagnostics: &mut Diagnostics,
) -> Option<DynamicParts> {
    let wanted = BodySchema {
        attributes: vec![
            ("for_each".into(), true),
            ("iterator".into(), false),
            ("labels".into(), false),
        ],
        blocks: vec![("content".into(), Vec::new())],
    };
    let (content, found) = block.body.content(&wanted);
    let failed = found.has_errors();
    diagnostics.extend(found);
    let iterator = dynamic_iterator(block, &content, diagnostics)?;
    let labels = match content.attribute("labels") {
        None => None,
        Some(attribute) => match static_expr::as_list(&attribute.expr) {
            Some(items) => Some(items.to_vec()),
            None => {
                diagnostics.push(
                    Diagnostic::error(
                        &rules::body::STATIC_LABELS_REQUIRED,
                        "A static list expression is required.",
                    )
                    .at(attribute.expr.span),
                );
                return None;
            }
        },
    };
    if failed {
        return None;
    }
    let mut inner = content.blocks_of("content");
    let first = inner.next().cloned();
    if let Some(again) = inner.next() {
        diagnostics.push(
            Diagnostic::error(
                &rules::body::EXTRANEOUS_DYNAMIC_CONTENT,
                "Only one nested content block is allowed for each dynamic block.",
            )
            .at(again.header),
        );
        return None;
    }
    let Some(body) = first else {
        diagnostics.push(
            Diagnostic::error(
                &rules::body::MISSING_DYNAMIC_CONTENT,
                "A dynamic block must have a nested block of type \"content\" to describe the body of each generated block.",
            )
            .at(content.missing),
        );
        return None;
    };
    Some(DynamicParts {
        for_each: content.attribute("for_each")?.expr.clone(),
        iterator,
        labels,
        content: body,
    })
}

/// The name that stands for the element in a `dynamic` block.
fn dynamic_iterator(
    block: &syntax::Block,
    content: &Content,
    diagnostics: &mut Diagnostics,
) -> Option<EcoString> {
    let Some(attribute) = content.attribute("iterator") else {
        return block.labels.first().map(|label| label.text.clone());
    };
    match &attribute.expr.kind {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::String(name) if block.body.is_json() => Some(name.clone()),
        _ => {
            diagnostics.push(
                Diagnostic::error(
                    &rules::body::INVALID_ITERATOR,
                    "Dynamic iterator must be a single variable name.",
                )
                .at(attribute.expr.span),
            );
            None
        }
    }
}

/// What is a block of the language, and was written as an argument.
fn hint_at_meta_blocks(diagnostics: &mut Diagnostics) {
    for diagnostic in diagnostics.iter_mut() {
        let name = META_BLOCKS.iter().find(|name| {
            let start = format!("An argument named \"{name}\" ");
            diagnostic.is(&terrane_lang::rules::structure::UNSUPPORTED_ARGUMENT)
                && diagnostic.detail.starts_with(&start)
        });
        if let Some(name) = name {
            diagnostic.hint = Some(format!(
                "{name} is a block: write it without the equals sign"
            ));
        } else if diagnostic.is(&terrane_lang::rules::structure::UNSUPPORTED_BLOCK)
            && !diagnostic.detail.contains("Did you mean")
            && let Some(name) = diagnostic.detail.split('"').nth(1)
        {
            let near = crate::suggest::did_you_mean(name, META_BLOCKS.iter().copied());
            diagnostic.detail.push_str(&near);
        }
    }
}

/// Blocks of a resource that mean something to the language.
const META_BLOCKS: &[&str] = &["lifecycle", "connection", "provisioner", "dynamic"];

/// The schema of a body in terms of the syntax. Attributes that are written as blocks count as blocks.
pub(super) fn body_schema(schema: &Block, as_blocks: &[EcoString]) -> BodySchema {
    let attributes = schema
        .attributes
        .iter()
        .filter(|(name, _)| !as_blocks.contains(name))
        .map(|(name, attribute)| (name.clone(), attribute.required))
        .collect();
    let mut blocks: Vec<(EcoString, Vec<&'static str>)> = schema
        .blocks
        .iter()
        .map(|(name, nested)| {
            let labels = if nested.nesting == Nesting::Map {
                vec!["key"]
            } else {
                Vec::new()
            };
            (name.clone(), labels)
        })
        .collect();
    blocks.extend(as_blocks.iter().map(|name| (name.clone(), Vec::new())));
    if !schema.blocks.contains_key("dynamic") {
        blocks.push(("dynamic".into(), vec!["type"]));
    }
    BodySchema { attributes, blocks }
}

/// The content of a body under the syntax schema of one attribute name.
pub(crate) fn blocks_named<'c>(
    content: &'c Content,
    name: &'c str,
) -> impl Iterator<Item = &'c syntax::Block> {
    content.blocks.iter().filter(move |block| {
        block.kind.name == name
            || (block.kind.name == "dynamic"
                && block.labels.first().is_some_and(|label| label.text == name))
    })
}
