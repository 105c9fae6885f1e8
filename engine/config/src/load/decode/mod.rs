//! Decoding: from syntax trees to declarations.
//!
//! In reading order: what all blocks share (this file), constant and static expressions, the `terraform` block, named values, resources,
//! module calls and providers, statements about addresses (`moved`, `removed`, `import`).

mod action;
mod expr;
pub(crate) mod lifecycle;
mod list;
mod named;
mod part;
pub(crate) mod provider;
mod provisioner;
pub(crate) mod refactor;
pub(crate) mod resource;
pub(crate) mod terraform;

pub(crate) use expr::{
    constant, constant_bool, constant_string, json_constant, keyword, required_string,
};
pub use terraform::LANGUAGE_VERSION;

use super::decl::{ModuleDecl, Traversal};
use crate::rules;
use ecow::EcoString;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Headline, Rule};
use terrane_lang::source::{SourceMap, Span};
use terrane_lang::syntax::ast::Expr;
use terrane_lang::syntax::body::{Block, Body, BodySchema, Content};
use terrane_lang::syntax::static_expr;

/// What is said of a name that is none.
pub(crate) const BAD_NAME: &str = "A name must start with a letter or underscore and may contain only letters, digits, underscores, and dashes.";

/// Decodes the blocks of one file.
pub(crate) struct Decoder<'a> {
    pub(crate) sources: &'a SourceMap,
    pub(crate) diagnostics: Diagnostics,
    /// Whether this is an override file, where required arguments may be missing.
    pub(crate) overriding: bool,
    /// Whether the file has an extension that only this engine's language uses.
    pub(crate) own_extension: bool,
}

fn file_schema() -> BodySchema {
    schema(
        &[],
        &[
            ("terraform", &[]),
            ("language", &[]),
            ("required_providers", &[]),
            ("provider", &["name"]),
            ("variable", &["name"]),
            ("locals", &[]),
            ("output", &["name"]),
            ("module", &["name"]),
            ("resource", &["type", "name"]),
            ("data", &["type", "name"]),
            ("ephemeral", &["type", "name"]),
            ("action", &["type", "name"]),
            ("moved", &[]),
            ("removed", &[]),
            ("import", &[]),
            ("check", &["name"]),
        ],
    )
}

/// A schema of optional attributes and of blocks.
pub(crate) fn schema(attributes: &[&str], blocks: &[(&str, &[&'static str])]) -> BodySchema {
    BodySchema {
        attributes: attributes
            .iter()
            .map(|name| (EcoString::from(*name), false))
            .collect(),
        blocks: blocks
            .iter()
            .map(|(kind, labels)| (EcoString::from(*kind), labels.to_vec()))
            .collect(),
    }
}

impl Decoder<'_> {
    /// Decodes a whole file into `module`, which holds what earlier files declare.
    pub(crate) fn file(&mut self, body: &Body, module: &mut ModuleDecl) {
        let content = self.content(body, &file_schema());
        for block in &content.blocks {
            match block.kind.name.as_str() {
                "terraform" => self.terraform(block, module),
                "language" => self.language(block, module),
                "required_providers" => self.misplaced_requirements(block),
                "provider" => self.provider(block, module),
                "variable" => self.variable(block, module),
                "locals" => self.locals(block, module),
                "output" => self.output(block, module),
                "module" => self.call(block, module),
                "resource" | "data" | "ephemeral" => self.resource(block, module),
                "action" => self.action(block, module),
                "moved" => self.moved(block, module),
                "removed" => self.removed(block, module),
                "import" => self.import(block, module),
                "check" => self.check(block, module),
                _ => {}
            }
        }
    }

    pub(crate) fn error(
        &mut self,
        headline: impl Into<Headline>,
        detail: impl Into<String>,
        span: Span,
    ) {
        self.diagnostics
            .push(Diagnostic::error(headline, detail).at(span));
    }

    pub(crate) fn warning(
        &mut self,
        headline: impl Into<Headline>,
        detail: impl Into<String>,
        span: Span,
    ) {
        self.diagnostics
            .push(Diagnostic::warning(headline, detail).at(span));
    }

    /// The content of a body; what the schema does not know is reported.
    pub(crate) fn content(&mut self, body: &Body, schema: &BodySchema) -> Content {
        let (content, diagnostics) = body.content(schema);
        self.diagnostics.extend(diagnostics);
        content
    }

    /// The part of a body that the schema knows, and the rest, which is for somebody else.
    pub(crate) fn partial(&mut self, body: &Body, schema: &BodySchema) -> (Content, Body) {
        let (content, rest, diagnostics) = body.partial_content(schema);
        self.diagnostics.extend(diagnostics);
        (content, rest)
    }

    /// Reports a name that is none.
    pub(crate) fn check_name(&mut self, what: &str, name: &str, span: Span) {
        if !is_name(name) {
            self.error(
                rules::declaration::INVALID_NAME.named(format!("Invalid {what} name")),
                BAD_NAME,
                span,
            );
        }
    }

    /// Reports all but the first block of a type and returns the first.
    pub(crate) fn single<'b>(
        &mut self,
        content: &'b Content,
        kind: &'b str,
        report: impl Fn(&str) -> (&'static Rule, String),
    ) -> Option<&'b Block> {
        let mut blocks = content.blocks_of(kind);
        let first = blocks.next()?;
        for again in blocks {
            let (rule, detail) = report(&self.sources.locate(first.header));
            self.diagnostics.push(
                Diagnostic::error(rule, detail)
                    .at(again.header)
                    .related(first.header, "the first one"),
            );
        }
        Some(first)
    }

    /// A list of static references: `depends_on`, `ignore_changes`.
    pub(crate) fn references(&mut self, expr: &Expr) -> Vec<Traversal> {
        let Some(items) = static_expr::as_list(expr) else {
            self.error(
                &rules::declaration::STATIC_LIST_REQUIRED,
                "A static list expression is required.",
                expr.span,
            );
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| self.reference(item, true))
            .collect()
    }

    /// One static reference. In native syntax a quoted one is accepted with a warning where `quoted` is set.
    pub(crate) fn reference(&mut self, expr: &Expr, quoted: bool) -> Option<Traversal> {
        if static_expr::literal_string(expr).is_some() && !self.is_json(expr.span) {
            if !quoted {
                self.error(
                    &terrane_lang::rules::structure::NOT_STATIC,
                    expr::NOT_STATIC,
                    expr.span,
                );
                return None;
            }
            self.warning(
                &rules::declaration::QUOTED_REFERENCE,
                "In this context, references are expected literally rather than in quotes. Remove the quotes surrounding this reference to silence this warning.",
                expr.span,
            );
        }
        match static_expr::reference(expr) {
            Ok(found) => {
                let (root, steps) = static_expr::as_traversal(&found)?;
                Some(Traversal {
                    steps: steps.into_iter().cloned().collect(),
                    root,
                    span: expr.span,
                })
            }
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                None
            }
        }
    }

    /// Whether the text there is in JSON syntax.
    pub(crate) fn is_json(&self, span: Span) -> bool {
        is_json(self.sources, span)
    }
}

/// Whether the text there is in JSON syntax.
pub(crate) fn is_json(sources: &SourceMap, span: Span) -> bool {
    sources
        .get(span.file)
        .is_some_and(|file| file.path.ends_with(".json"))
}

/// Whether the text can be the name of something.
pub(crate) fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first == '_' || unicode_ident::is_xid_start(first))
        && chars.all(|char| char == '-' || unicode_ident::is_xid_continue(char))
}
