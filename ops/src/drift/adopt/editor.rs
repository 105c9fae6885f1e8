//! The edit of one block: which text comes in the place of which other text.

use super::{Difference, Edit, Not};
use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Attribute, Block};
use std::ops::Range;
use terrane_lang::syntax::outline::comment_ranges;
use terrane_model::schema::{self, NestedBlock, Nesting, Schema};
use terrane_plan::generate::literal;
use terrane_value::{EcoString, PathStep, Value, json};

/// Edits of a file.
pub(super) struct Editor<'a> {
    text: &'a str,
    schema: &'a Schema,
    /// Where comments are.
    comments: Vec<Range<usize>>,
}

impl<'a> Editor<'a> {
    pub(super) fn new(text: &'a str, schema: &'a Schema) -> Self {
        let at = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let comments = comment_ranges(text).map(|range| at(range.start)..at(range.end));
        Self {
            text,
            schema,
            comments: comments.collect(),
        }
    }

    /// The edit of one difference.
    pub(super) fn difference(&self, block: &Block, difference: &Difference) -> Result<Edit, Not> {
        if difference.is_sensitive() {
            return Err(Not::ToBe("its value is sensitive".to_owned(), None));
        }
        let steps = difference.path.0.as_slice();
        self.within(block, &self.schema.block, steps, &difference.after)
    }

    fn within(
        &self,
        block: &Block,
        schema: &schema::Block,
        steps: &[PathStep],
        after: &Value,
    ) -> Result<Edit, Not> {
        let Some((PathStep::Attr(name), inner)) = steps.split_first() else {
            return Err(Not::ToBe("it is no argument".to_owned(), None));
        };
        match schema.blocks.get(name) {
            Some(nested) => self.nested(block, (name, nested), inner, after),
            None => self.argument(block, name, inner, after),
        }
    }

    /// Within nested blocks. Where it can't be told which block stands for which object, none of them is edited.
    fn nested(
        &self,
        block: &Block,
        (name, nested): (&str, &NestedBlock),
        steps: &[PathStep],
        after: &Value,
    ) -> Result<Edit, Not> {
        let blocks: Vec<&Block> = block.body.get_blocks(name).collect();
        let first = blocks.first().and_then(|block| start(block));
        if let Some(made) = dynamic(block, name) {
            let why = format!("its {name} blocks are made by an expression");
            return Err(Not::Any(why, start(made)));
        }
        let (inner, rest) = match (nested.nesting, steps.split_first()) {
            (Nesting::Single | Nesting::Group, _) if blocks.len() == 1 => (blocks.first(), steps),
            (Nesting::List, Some((PathStep::Index(index), rest))) => {
                let index = index.as_number().and_then(|number| number.to_u64());
                let index = index.and_then(|index| usize::try_from(index).ok());
                (index.and_then(|index| blocks.get(index)), rest)
            }
            (Nesting::Map, Some((PathStep::Index(key), rest))) => {
                let label = |block: &&&Block| {
                    let first = block.labels.first().map(|label| label.as_str());
                    first.is_some() && first == key.as_str()
                };
                (blocks.iter().find(label), rest)
            }
            _ => (None, steps),
        };
        let Some(inner) = inner.filter(|_| !rest.is_empty()) else {
            return Err(Not::Any(
                format!("it is about {name} blocks that come or go"),
                first,
            ));
        };
        match self.within(inner, &nested.block, rest, after) {
            // Writing the whole is done for the arguments of the resource only.
            Err(Not::Here) => Err(Not::ToBe(
                "it is a part of a value within a block".to_owned(),
                start(inner),
            )),
            outcome => outcome,
        }
    }

    fn argument(
        &self,
        block: &Block,
        name: &str,
        steps: &[PathStep],
        after: &Value,
    ) -> Result<Edit, Not> {
        let Some(attribute) = block.body.get_attribute(name) else {
            self.not_as_blocks(block, name)
                .map_err(|(why, at)| Not::ToBe(why, at))?;
            return match (steps, after.is_null()) {
                ([], false) => self.inserted(block, name, after).ok_or_else(|| {
                    Not::ToBe("its block can't be extended".to_owned(), start(block))
                }),
                ([], true) => Err(Not::ToBe("it is not set here".to_owned(), start(block))),
                _ => Err(Not::Here),
            };
        };
        let line = attribute.span().map(|span| span.start);
        let Some(place) = at_path(&attribute.value, steps) else {
            return Err(if has_expression(&attribute.value) {
                Not::ToBe(self.expression(attribute), line)
            } else {
                Not::Here
            });
        };
        if has_expression(place) {
            return Err(Not::ToBe(self.expression(attribute), line));
        }
        let range = place.span().ok_or(Not::Here)?;
        self.without_comments(&range)
            .map_err(|why| Not::ToBe(why, line))?;
        if after.is_null() {
            return match steps {
                [] => self.removed(attribute).ok_or(Not::Here),
                _ => Err(Not::Here),
            };
        }
        Ok(Edit {
            text: self.written(place, &range, after),
            range,
        })
    }

    /// Some arguments may be written as blocks, and then not as arguments too.
    fn not_as_blocks(&self, block: &Block, name: &str) -> Result<(), (String, Option<usize>)> {
        let mut blocks = block.body.get_blocks(name);
        match blocks.next().or_else(|| dynamic(block, name)) {
            None => Ok(()),
            Some(first) => Err(("it is written as blocks".to_owned(), start(first))),
        }
    }

    /// The whole argument, written anew.
    pub(super) fn whole(
        &self,
        block: &Block,
        name: &EcoString,
        wanted: &Value,
    ) -> Result<Edit, (String, Option<usize>)> {
        let found = block.body.get_attribute(name);
        let line = found.and_then(|found| found.span()).map(|span| span.start);
        if wanted.contains_marks() {
            return Err(("its value is sensitive".to_owned(), line));
        }
        let lost = || ("its place was not found".to_owned(), line);
        match found {
            None if self.not_as_blocks(block, name).is_err() => {
                self.not_as_blocks(block, name).and_then(|()| Err(lost()))
            }
            None => self.inserted(block, name, wanted).ok_or_else(lost),
            Some(attribute) if has_expression(&attribute.value) => {
                Err((self.expression(attribute), line))
            }
            Some(attribute) => {
                let range = attribute.value.span().ok_or_else(lost)?;
                self.without_comments(&range).map_err(|why| (why, line))?;
                if wanted.is_null() {
                    let crowded = || ("there is something else in its line".to_owned(), line);
                    return self.removed(attribute).ok_or_else(crowded);
                }
                Ok(Edit {
                    text: self.written(&attribute.value, &range, wanted),
                    range,
                })
            }
        }
    }

    fn expression(&self, attribute: &Attribute) -> String {
        let text = attribute.value.span().and_then(|span| self.text.get(span));
        let text: String = text
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let short: String = text.chars().take(60).collect();
        let dots = if short.len() < text.len() { "…" } else { "" };
        format!("it is an expression: {short}{dots}")
    }

    fn without_comments(&self, range: &Range<usize>) -> Result<(), String> {
        let within =
            |comment: &Range<usize>| comment.start < range.end && range.start < comment.end;
        if self.comments.iter().any(within) {
            return Err("there are comments in it, which would be lost".to_owned());
        }
        Ok(())
    }

    /// How far the line of a place is indented.
    fn indent(&self, at: usize) -> &str {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text.get(line..).unwrap_or_default();
        let end = line.find(|char: char| char != ' ' && char != '\t');
        line.get(..end.unwrap_or(0)).unwrap_or_default()
    }

    /// A value in the place of an expression. A document that was written as a value stays one.
    fn written(&self, place: &Expression, range: &Range<usize>, value: &Value) -> String {
        let document = match place {
            Expression::FuncCall(_) => value
                .as_str()
                .and_then(|text| json::decode_implied(text).ok()),
            _ => None,
        };
        let text = match document {
            Some(document) => format!("jsonencode({})", literal(&document)),
            None => literal(value),
        };
        let newline = format!("\n{}", self.indent(range.start));
        text.replace('\n', &newline)
    }

    /// Without the lines of an argument, if nothing else stands in them.
    fn removed(&self, attribute: &Attribute) -> Option<Edit> {
        let span = attribute.span()?;
        let before = self.text.get(..span.start)?;
        let from = before.trim_end_matches([' ', '\t']).len();
        let after = self.text.get(span.end..)?;
        let to = span.end + after.find('\n').map_or(after.len(), |newline| newline + 1);
        let begins = before.get(..from)?.ends_with('\n');
        let ends = self.text.get(span.end..to)?.trim().is_empty();
        (begins && ends).then(|| Edit {
            range: from..to,
            text: String::new(),
        })
    }

    /// With one more argument: behind the last one, or at the beginning.
    fn inserted(&self, block: &Block, name: &str, value: &Value) -> Option<Edit> {
        let last = block.body.attributes().filter_map(Attribute::span).last();
        let line_end = |at: usize| {
            let rest = self.text.get(at..)?;
            rest.find('\n').map(|newline| at + newline + 1)
        };
        let (at, indent) = match last {
            Some(last) => {
                let at = line_end(last.end)?;
                (at, self.indent(last.start).to_owned())
            }
            None => {
                let span = block.span()?;
                let head = self.text.get(span.clone())?;
                let open = span.start + head.find('{')?;
                let at = line_end(open)?;
                if at >= span.end {
                    return None;
                }
                (at, format!("{}  ", self.indent(span.start)))
            }
        };
        // A block in one line has no room, and what stands in a comment says nothing.
        let in_comment = |comment: &Range<usize>| comment.start < at && at < comment.end;
        if at > block.span()?.end || self.comments.iter().any(in_comment) {
            return None;
        }
        let newline = format!("\n{indent}");
        let text = literal(value).replace('\n', &newline);
        Some(Edit {
            range: at..at,
            text: format!("{indent}{name} = {text}\n"),
        })
    }
}

/// Where a block begins.
pub(super) fn start(block: &Block) -> Option<usize> {
    block.span().map(|span| span.start)
}

/// What makes blocks of this name by an expression.
fn dynamic<'b>(block: &'b Block, name: &str) -> Option<&'b Block> {
    let mut blocks = block.body.get_blocks("dynamic");
    blocks.find(|block| {
        block
            .labels
            .first()
            .is_some_and(|label| label.as_str() == name)
    })
}

/// The expression of a part of a literal.
pub(super) fn at_path<'a>(
    expression: &'a Expression,
    steps: &[PathStep],
) -> Option<&'a Expression> {
    let Some((step, rest)) = steps.split_first() else {
        return Some(expression);
    };
    let inner = match (expression, step) {
        (Expression::Parenthesis(inner), _) => return at_path(inner.inner(), steps),
        (Expression::Array(items), PathStep::Index(index)) => {
            let index = index.as_number()?.to_u64()?;
            items.get(usize::try_from(index).ok()?)?
        }
        (Expression::Object(object), step) => {
            let name = match step {
                PathStep::Attr(name) => name.as_str(),
                PathStep::Index(key) => key.as_str()?,
            };
            let found = object.iter().find(|(key, _)| match key {
                ObjectKey::Ident(ident) => ident.as_str() == name,
                ObjectKey::Expression(Expression::String(text)) => text.as_str() == name,
                ObjectKey::Expression(Expression::Variable(ident)) => ident.as_str() == name,
                ObjectKey::Expression(_) => false,
            });
            found?.1.expr()
        }
        _ => return None,
    };
    at_path(inner, rest)
}

/// Whether something in it is not a literal.
pub(super) fn has_expression(expression: &Expression) -> bool {
    match expression {
        Expression::Null(_)
        | Expression::Bool(_)
        | Expression::Number(_)
        | Expression::String(_) => false,
        Expression::Array(items) => items.iter().any(has_expression),
        Expression::Object(object) => object.iter().any(|(key, value)| {
            let computed = match key {
                ObjectKey::Ident(_) => false,
                ObjectKey::Expression(key) => {
                    !matches!(key, Expression::String(_) | Expression::Variable(_))
                }
            };
            computed || has_expression(value.expr())
        }),
        Expression::UnaryOp(op) => !matches!(op.expr, Expression::Number(_)),
        // A document that is written as a value: the value is a literal if its parts are.
        Expression::FuncCall(call) => {
            call.name.name.as_str() != "jsonencode" || call.args.iter().any(has_expression)
        }
        _ => true,
    }
}
