//! What a schema sees in a body of either syntax.

use super::ast::Ident;
use super::body::{Attribute, Block, Body, BodySchema, Content, NativeBody};
use super::suggest::suggestion;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::rules;
use crate::source::{FileId, Span};
use ecow::EcoString;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many arguments, and how many blocks, of a body are reported as not known.
const MOST_UNKNOWN: usize = 200;

impl Body {
    /// The attributes and blocks of `schema`. Everything else in the body is reported, as are missing
    /// required attributes and wrong numbers of labels.
    pub fn content(&self, schema: &BodySchema) -> (Content, Diagnostics) {
        self.look(schema, true, true)
    }

    /// The attributes and blocks of `schema`, and the body that is left without them.
    pub fn partial_content(&self, schema: &BodySchema) -> (Content, Self, Diagnostics) {
        let (content, diagnostics) = self.look(schema, false, true);
        (content, self.without(schema), diagnostics)
    }

    /// All attributes of a body that may hold nothing else.
    pub fn just_attributes(&self) -> (Vec<Attribute>, Diagnostics) {
        match self {
            Self::Native(body) => (body.attributes.clone(), body.blocks_not_allowed()),
            Self::Json(body) => body.all_attributes(),
            Self::Merged(bodies) => {
                let mut merged = Vec::new();
                let mut diagnostics = Diagnostics::new();
                for body in bodies {
                    let (attributes, found) = body.just_attributes();
                    diagnostics.extend(found);
                    replace_attributes(&mut merged, attributes);
                }
                (merged, diagnostics)
            }
        }
    }

    /// Whether parts of it could not be read, which was reported: what seems to be missing may be in them.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        match self {
            Self::Native(body) => body.incomplete,
            Self::Json(_) => false,
            Self::Merged(bodies) => bodies.iter().any(Self::is_incomplete),
        }
    }

    /// Where a missing argument is reported.
    #[must_use]
    pub fn missing_span(&self) -> Span {
        match self {
            Self::Native(body) => body.missing,
            Self::Json(body) => body.missing_span(),
            Self::Merged(bodies) => bodies
                .first()
                .map_or(Span::new(FileId(0), 0, 0), Self::missing_span),
        }
    }

    /// Whether this is JSON syntax, at least in part.
    #[must_use]
    pub fn is_json(&self) -> bool {
        match self {
            Self::Native(_) => false,
            Self::Json(_) => true,
            Self::Merged(bodies) => bodies.iter().any(Self::is_json),
        }
    }

    fn look(&self, schema: &BodySchema, exact: bool, required: bool) -> (Content, Diagnostics) {
        match self {
            Self::Native(body) => body.look(schema, exact, required),
            Self::Json(body) => body.look(schema, exact, required),
            Self::Merged(bodies) => {
                let mut merged = Content {
                    attributes: Vec::new(),
                    blocks: Vec::new(),
                    missing: self.missing_span(),
                };
                let mut diagnostics = Diagnostics::new();
                for body in bodies {
                    let (content, found) = body.look(schema, exact, false);
                    diagnostics.extend(found);
                    replace_attributes(&mut merged.attributes, content.attributes);
                    replace_blocks(&mut merged.blocks, content.blocks);
                }
                if required {
                    merged.report_missing(schema, &mut diagnostics);
                }
                (merged, diagnostics)
            }
        }
    }

    fn without(&self, schema: &BodySchema) -> Self {
        match self {
            Self::Native(body) => Self::Native(Arc::new(body.without(schema))),
            Self::Json(body) => Self::from(body.without(schema)),
            Self::Merged(bodies) => {
                Self::Merged(bodies.iter().map(|body| body.without(schema)).collect())
            }
        }
    }
}

fn replace_attributes(merged: &mut Vec<Attribute>, later: Vec<Attribute>) {
    for attribute in later {
        match merged
            .iter_mut()
            .find(|earlier| earlier.name.name == attribute.name.name)
        {
            Some(earlier) => *earlier = attribute,
            None => merged.push(attribute),
        }
    }
}

fn replace_blocks(merged: &mut Vec<Block>, later: Vec<Block>) {
    let kinds: BTreeSet<EcoString> = later
        .iter()
        .map(|block| produced_kind(block).clone())
        .collect();
    merged.retain(|block| !kinds.contains(produced_kind(block)));
    merged.extend(later);
}

/// The type of block that a block stands for: `dynamic "x"` makes blocks of type `x`.
fn produced_kind(block: &Block) -> &EcoString {
    match block.labels.first() {
        Some(label) if block.kind.name == "dynamic" => &label.text,
        _ => &block.kind.name,
    }
}

impl Content {
    /// Reports the required attributes that are not there.
    pub(super) fn report_missing(&self, schema: &BodySchema, diagnostics: &mut Diagnostics) {
        // An argument that was mistyped is not missing as well.
        let mistyped: Vec<String> = diagnostics
            .iter()
            .filter(|found| found.is(&rules::structure::UNSUPPORTED_ARGUMENT))
            .map(|found| found.detail.clone())
            .collect();
        let meant = |name: &str| {
            let question = format!("Did you mean \"{name}\"?");
            mistyped.iter().any(|detail| detail.ends_with(&question))
        };
        for (name, required) in &schema.attributes {
            if *required && self.attribute(name).is_none() && !meant(name) {
                let detail =
                    format!("The argument \"{name}\" is required, but no definition was found.");
                diagnostics.push(
                    Diagnostic::error(&rules::structure::MISSING_ARGUMENT, detail).at(self.missing),
                );
            }
        }
    }
}

impl NativeBody {
    fn look(&self, schema: &BodySchema, exact: bool, required: bool) -> (Content, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        let mut content = Content {
            attributes: Vec::new(),
            blocks: Vec::new(),
            missing: self.missing,
        };
        let known: BTreeSet<&EcoString> = schema.attributes.iter().map(|(name, _)| name).collect();
        let mut unknown = Vec::new();
        for attribute in &self.attributes {
            if known.contains(&attribute.name.name) {
                content.attributes.push(attribute.clone());
            } else if exact {
                unknown.push(&attribute.name);
            }
        }
        let mut strange = 0;
        diagnostics.extend(unknown_attributes(&unknown, &content.attributes, schema));
        for block in &self.blocks {
            match schema
                .blocks
                .iter()
                .find(|(kind, _)| *kind == block.kind.name)
            {
                Some((_, labels)) => match wrong_labels(block, labels) {
                    Some(diagnostic) => diagnostics.push(diagnostic),
                    None => content.blocks.push(block.clone()),
                },
                None if exact && strange < MOST_UNKNOWN => {
                    strange += 1;
                    diagnostics.push(unknown_block(&block.kind, schema));
                }
                None => {}
            }
        }
        if required && !self.incomplete {
            content.report_missing(schema, &mut diagnostics);
        }
        (content, diagnostics)
    }

    fn without(&self, schema: &BodySchema) -> Self {
        let known_attribute =
            |name: &EcoString| schema.attributes.iter().any(|(known, _)| known == name);
        let known_block = |kind: &EcoString| schema.blocks.iter().any(|(known, _)| known == kind);
        let attributes = self
            .attributes
            .iter()
            .filter(|attribute| !known_attribute(&attribute.name.name));
        let blocks = self
            .blocks
            .iter()
            .filter(|block| !known_block(&block.kind.name));
        Self {
            attributes: attributes.cloned().collect(),
            blocks: blocks.cloned().collect(),
            span: self.span,
            missing: self.missing,
            incomplete: self.incomplete,
        }
    }

    fn blocks_not_allowed(&self) -> Diagnostics {
        let Some(block) = self.blocks.first() else {
            return Diagnostics::new();
        };
        let summary = rules::structure::UNEXPECTED_BLOCK
            .named(format!("Unexpected \"{}\" block", block.kind.name));
        Diagnostic::error(summary, "Blocks are not allowed here.")
            .at(block.kind.span)
            .within(block.header)
            .into()
    }
}

/// What is said of arguments that are not known. Of those that are, the ones that are not set may have been meant.
fn unknown_attributes(
    unknown: &[&Ident],
    set: &[Attribute],
    schema: &BodySchema,
) -> Vec<Diagnostic> {
    let set: BTreeSet<&EcoString> = set.iter().map(|attribute| &attribute.name.name).collect();
    let unset: Vec<&EcoString> = schema
        .attributes
        .iter()
        .map(|(known, _)| known)
        .filter(|known| !set.contains(known))
        .collect();
    let told = |name: &&Ident| {
        let candidates = unset.iter().map(|known| known.as_str());
        let hint = match suggestion(&name.name, candidates) {
            Some(hint) => format!(" Did you mean \"{hint}\"?"),
            None if schema.blocks.iter().any(|(kind, _)| *kind == name.name) => {
                format!(" Did you mean to define a block of type \"{}\"?", name.name)
            }
            None => String::new(),
        };
        let detail = format!(
            "An argument named \"{}\" is not expected here.{hint}",
            name.name
        );
        Diagnostic::error(&rules::structure::UNSUPPORTED_ARGUMENT, detail).at(name.span)
    };
    // Nobody reads more of them.
    unknown.iter().take(MOST_UNKNOWN).map(told).collect()
}

fn unknown_block(kind: &Ident, schema: &BodySchema) -> Diagnostic {
    let name = &kind.name;
    let hint = match suggestion(name, schema.blocks.iter().map(|(kind, _)| kind.as_str())) {
        Some(hint) => format!(" Did you mean \"{hint}\"?"),
        None if schema
            .attributes
            .iter()
            .any(|(attribute, _)| attribute == name) =>
        {
            format!(
                " Did you mean to define argument \"{name}\"? If so, use the equals sign to assign it a value."
            )
        }
        None => String::new(),
    };
    let detail = format!("Blocks of type \"{name}\" are not expected here.{hint}");
    Diagnostic::error(&rules::structure::UNSUPPORTED_BLOCK, detail).at(kind.span)
}

/// What is wrong with the number of labels.
fn wrong_labels(block: &Block, expected: &[&'static str]) -> Option<Diagnostic> {
    let kind = &block.kind.name;
    let names = expected.join(", ");
    if let Some(extra) = block.labels.get(expected.len()) {
        let detail = match expected.len() {
            0 => format!("No labels are expected for {kind} blocks."),
            count => format!("Only {count} labels ({names}) are expected for {kind} blocks."),
        };
        let summary =
            rules::structure::EXTRANEOUS_LABEL.named(format!("Extraneous label for {kind}"));
        return Some(
            Diagnostic::error(summary, detail)
                .at(extra.span)
                .within(block.header),
        );
    }
    let missing = expected.get(block.labels.len())?;
    let detail = format!(
        "All {kind} blocks must have {} labels ({names}).",
        expected.len()
    );
    let brace = match &block.body {
        Body::Native(body) => Span::new(body.span.file, body.span.start, body.span.start + 1),
        Body::Json(_) | Body::Merged(_) => block.header,
    };
    let summary = rules::structure::MISSING_LABEL.named(format!("Missing {missing} for {kind}"));
    let mut line = kind.to_string();
    for label in &block.labels {
        line.extend([" \"", &label.text, "\""]);
    }
    for label in expected.iter().skip(block.labels.len()) {
        line.extend([" \"", &label.to_uppercase(), "\""]);
    }
    Some(
        Diagnostic::error(summary, detail)
            .at(brace)
            .within(block.header.to(brace))
            .hint(format!("write {line} {{")),
    )
}
