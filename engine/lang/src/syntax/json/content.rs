//! What a schema sees in a JSON body.

use super::JsonBody;
use super::expr::{MAX_MESSAGES, expression};
use super::read::{Property, Value, ValueKind};
use crate::diagnostic::Headline;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::rules;
use crate::source::Span;
use crate::syntax::ast::Ident;
use crate::syntax::body::{Attribute, Block, Body, BodySchema, Content, Label};
use crate::syntax::suggest::suggestion;
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const WRONG_TYPE: &crate::diagnostic::Rule = &rules::json::WRONG_TYPE;

/// A property with this name is a comment.
const COMMENT: &str = "//";

impl JsonBody {
    /// The attributes and blocks of the schema. Required attributes that are missing are reported only if
    /// `required`, and properties that the schema does not know only if `exact`.
    pub(in crate::syntax) fn look(
        &self,
        schema: &BodySchema,
        exact: bool,
        required: bool,
    ) -> (Content, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        let detail = "A JSON object is required here, to define arguments and child blocks.";
        let properties = properties(&self.value, detail, &mut diagnostics);
        let mut content = Content {
            attributes: Vec::new(),
            blocks: Vec::new(),
            missing: self.missing_span(),
        };
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        for property in &properties {
            let name = property.name.text.as_str();
            if self.hidden.contains(name) {
                continue;
            }
            if schema
                .attributes
                .iter()
                .any(|(attribute, _)| attribute == name)
            {
                if let Some(first) = seen.get(name) {
                    if diagnostics.len() < MAX_MESSAGES {
                        diagnostics.push(duplicate(
                            &rules::json::DUPLICATE_ARGUMENT,
                            property,
                            *first,
                        ));
                    }
                    continue;
                }
                seen.insert(name, property.span);
                content
                    .attributes
                    .push(attribute(property, &mut diagnostics));
            } else if let Some((_, labels)) = schema.blocks.iter().find(|(kind, _)| kind == name) {
                let unpack = Unpack {
                    kind: property,
                    labels,
                };
                unpack.blocks(
                    &property.value,
                    &mut Vec::new(),
                    &mut content.blocks,
                    &mut diagnostics,
                );
            } else if exact && name != COMMENT && diagnostics.len() < MAX_MESSAGES {
                diagnostics.push(unknown(property, schema));
            }
        }
        if required {
            content.report_missing(schema, &mut diagnostics);
        }
        (content, diagnostics)
    }

    /// This body without what `schema` names.
    pub(in crate::syntax) fn without(&self, schema: &BodySchema) -> Self {
        let mut hidden = self.hidden.clone();
        hidden.extend(schema.attributes.iter().map(|(name, _)| name.clone()));
        hidden.extend(schema.blocks.iter().map(|(kind, _)| kind.clone()));
        Self {
            value: Arc::clone(&self.value),
            hidden,
        }
    }

    /// All properties as attributes.
    pub(in crate::syntax) fn all_attributes(&self) -> (Vec<Attribute>, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        let mut attributes = Vec::new();
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        let detail = "A JSON object is required here, setting the arguments for this block.";
        if matches!(self.value.kind, ValueKind::Array(_)) {
            let place = first_byte(&self.value);
            diagnostics.push(Diagnostic::error(&rules::json::WRONG_TYPE, detail).at(place));
            return (attributes, diagnostics);
        }
        for property in properties(&self.value, detail, &mut diagnostics) {
            let name = property.name.text.as_str();
            if name == COMMENT || self.hidden.contains(name) {
                continue;
            }
            if let Some(first) = seen.get(name) {
                if diagnostics.len() < MAX_MESSAGES {
                    diagnostics.push(duplicate(
                        &rules::json::DUPLICATE_ATTRIBUTE,
                        property,
                        *first,
                    ));
                }
                continue;
            }
            seen.insert(name, property.span);
            attributes.push(attribute(property, &mut diagnostics));
        }
        (attributes, diagnostics)
    }

    /// Where a missing argument is reported: the closing brace of an object, the opening bracket of an array, else the whole value.
    pub(in crate::syntax) fn missing_span(&self) -> Span {
        let span = self.value.span;
        match self.value.kind {
            ValueKind::Object(_) => Span::new(
                span.file,
                span.end.saturating_sub(1).max(span.start),
                span.end,
            ),
            ValueKind::Array(_) => Span::new(span.file, span.start, (span.start + 1).min(span.end)),
            _ => span,
        }
    }
}

fn duplicate(headline: impl Into<Headline>, property: &Property, first: Span) -> Diagnostic {
    let detail = format!(
        "The argument \"{}\" was already set in this object.",
        property.name.text
    );
    Diagnostic::error(headline, detail)
        .at(property.span)
        .related(first, "first set here")
}

fn unknown(property: &Property, schema: &BodySchema) -> Diagnostic {
    let name = &property.name.text;
    let known = schema
        .attributes
        .iter()
        .map(|(name, _)| name)
        .chain(schema.blocks.iter().map(|(kind, _)| kind));
    let hint = suggestion(name, known.map(EcoString::as_str));
    let hint = hint
        .map(|hint| format!(" Did you mean \"{hint}\"?"))
        .unwrap_or_default();
    let detail = format!("No argument or block type is named \"{name}\".{hint}");
    Diagnostic::error(&rules::json::EXTRANEOUS_PROPERTY, detail).at(property.span)
}

fn ident(property: &Property) -> Ident {
    Ident {
        name: property.name.text.clone(),
        span: property.span,
    }
}

fn attribute(property: &Property, diagnostics: &mut Diagnostics) -> Attribute {
    let expr = expression(&property.value, diagnostics);
    Attribute {
        name: ident(property),
        span: property.span.to(property.value.span),
        expr,
    }
}

/// The properties of an object, or of all objects in an array. Null has none.
fn properties<'a>(
    value: &'a Value,
    wrong: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<&'a Property> {
    let mut found = Vec::new();
    match &value.kind {
        ValueKind::Null => {}
        ValueKind::Object(properties) => found.extend(properties),
        ValueKind::Array(items) => {
            for item in items {
                match &item.kind {
                    ValueKind::Object(properties) => found.extend(properties),
                    _ if diagnostics.len() >= MAX_MESSAGES => {}
                    _ => {
                        diagnostics.push(Diagnostic::error(WRONG_TYPE, wrong).at(first_byte(item)));
                    }
                }
            }
        }
        _ if diagnostics.len() >= MAX_MESSAGES => {}
        ValueKind::Bool(_) | ValueKind::Number(_) | ValueKind::String(_) => {
            diagnostics.push(Diagnostic::error(WRONG_TYPE, wrong).at(first_byte(value)));
        }
    }
    found
}

/// Objects and arrays may be large; their opening bracket is enough to point at.
fn first_byte(value: &Value) -> Span {
    match value.kind {
        ValueKind::Object(_) | ValueKind::Array(_) => {
            Span::new(value.span.file, value.span.start, value.span.start + 1)
        }
        _ => value.span,
    }
}

/// How to make blocks of one property.
struct Unpack<'a> {
    kind: &'a Property,
    labels: &'a [&'static str],
}

impl Unpack<'_> {
    /// One level of labels, or the blocks themselves when there are as many labels as there should be.
    fn blocks(
        &self,
        value: &Arc<Value>,
        labels: &mut Vec<Label>,
        blocks: &mut Vec<Block>,
        diagnostics: &mut Diagnostics,
    ) {
        let kind = &self.kind.name.text;
        if let Some(label) = self.labels.get(labels.len()) {
            let wrong = "Either a JSON object or JSON array of objects is required here, to specify name labels for this \
                         block.";
            let before = diagnostics.len();
            let properties = properties(value, wrong, diagnostics);
            let full = before >= MAX_MESSAGES;
            if properties.is_empty() && diagnostics.len() == before && !full {
                let detail = format!(
                    "At least one object property is required, whose name represents the {kind} block's {label}."
                );
                diagnostics.push(
                    Diagnostic::error(&rules::json::MISSING_BLOCK_LABEL, detail)
                        .at(first_byte(value)),
                );
            }
            for property in properties {
                labels.push(Label {
                    text: property.name.text.clone(),
                    span: property.span,
                });
                self.blocks(&property.value, labels, blocks, diagnostics);
                labels.pop();
            }
            return;
        }
        match &value.kind {
            ValueKind::Null => {}
            ValueKind::Object(_) => blocks.push(self.block(value, labels)),
            ValueKind::Array(items) => {
                blocks.extend(items.iter().map(|item| self.block(item, labels)));
            }
            _ if diagnostics.len() >= MAX_MESSAGES => {}
            ValueKind::Bool(_) | ValueKind::Number(_) | ValueKind::String(_) => {
                let detail = format!(
                    "Either a JSON object or a JSON array is required, representing the contents of one or more \
                     \"{kind}\" blocks."
                );
                diagnostics.push(Diagnostic::error(WRONG_TYPE, detail).at(value.span));
            }
        }
    }

    fn block(&self, value: &Arc<Value>, labels: &[Label]) -> Block {
        let header = labels.last().map_or(self.kind.span, |label| label.span);
        let body = JsonBody {
            value: Arc::clone(value),
            hidden: BTreeSet::new(),
        };
        Block {
            kind: ident(self.kind),
            labels: labels.to_vec(),
            body: Body::from(body),
            header,
            span: header.to(value.span),
        }
    }
}
