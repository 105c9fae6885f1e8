//! The edit of the configuration that accepts drift: arguments of resource blocks get the values that objects have.
//!
//! Only literals are written over. Where an argument is an expression, somebody has decided where its value comes from: it is left, and told with its
//! line. Files are changed where something changes, byte by byte; everything else in them stays as it is.

use super::{Class, Difference, Drifted, Found};
use crate::failure::Failure;
use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Attribute, Block, Body};
use similar::TextDiff;
use std::collections::BTreeMap;
use std::ops::Range;
use terrane_config::config::Config;
use terrane_lang::source::Span;
use terrane_model::addr::{InstanceAddr, Mode};
use terrane_model::schema::Schema;
use terrane_plan::generate::literal;
use terrane_plan::objchange::at_path as at_value_path;
use terrane_value::{EcoString, Kind, PathStep, Type, Value, json};

/// What is to be edited, and what is not.
#[derive(Debug, Default)]
pub struct Adoption {
    /// Files with their texts, by path.
    pub files: Vec<Edited>,
    /// How many attributes are taken over.
    pub taken: usize,
    /// What is left for people.
    pub left: Vec<Left>,
}

/// A file that changes.
#[derive(Debug)]
pub struct Edited {
    /// Its path, from the folder of the root module.
    pub path: String,
    /// Its text.
    pub before: String,
    /// As it is to be.
    pub after: String,
}

/// A difference that is not accepted by an edit.
#[derive(Debug)]
pub struct Left {
    /// The object.
    pub address: String,
    /// The attribute; empty: all of it.
    pub attribute: String,
    /// File and line.
    pub place: Option<String>,
    /// Why.
    pub why: String,
}

impl Edited {
    /// The change, as a unified diff. Only lines that change are shown: others may hold secrets.
    #[must_use]
    pub fn diff(&self) -> String {
        TextDiff::from_lines(&self.before, &self.after)
            .unified_diff()
            .context_radius(0)
            .header(&self.path, &self.path)
            .to_string()
    }
}

/// Writes a file, if it is still as it was read.
///
/// # Errors
/// When it can't be written, or somebody else has changed it meanwhile.
pub fn write(file: &Edited) -> Result<(), Failure> {
    let doing = format!("Writing {} failed", file.path);
    let now = std::fs::read_to_string(&file.path).map_err(Failure::io(doing.clone()))?;
    if now != file.before {
        let changed = std::io::Error::other("it was changed by somebody else meanwhile");
        return Err(Failure::io(doing)(changed));
    }
    std::fs::write(&file.path, &file.after).map_err(Failure::io(doing))
}

/// Text in the place of other text.
#[derive(Debug)]
struct Edit {
    range: Range<usize>,
    text: String,
}

/// Why an argument is not edited where it differs.
enum Not {
    /// The whole argument would have to be written.
    Here,
    /// It is not to be: why, and where.
    ToBe(String, Option<usize>),
}

/// A file of the configuration.
struct File {
    path: String,
    text: String,
    body: Body,
    edits: Vec<Edit>,
}

/// What has to be edited to accept all differences that are not harmless. Nothing is written.
#[must_use]
pub fn adopt(found: &Found) -> Adoption {
    let mut adoption = Adoption::default();
    let mut files: BTreeMap<String, Option<File>> = BTreeMap::new();
    for drifted in &found.drifted {
        if drifted.class() == Class::Harmless || drifted.deposed.is_some() {
            continue;
        }
        if let Err((why, place)) = one(found, drifted, &mut files, &mut adoption) {
            adoption.left.push(Left {
                address: drifted.addr.to_string(),
                attribute: String::new(),
                place,
                why,
            });
        }
    }
    for file in files.into_values().flatten() {
        let File {
            path,
            text,
            mut edits,
            ..
        } = file;
        if edits.is_empty() {
            continue;
        }
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let mut after = text.clone();
        for edit in edits.iter().rev() {
            after.replace_range(edit.range.clone(), &edit.text);
        }
        adoption.files.push(Edited {
            path,
            before: text,
            after,
        });
    }
    adoption
}

/// The block of a resource: where it is.
fn declared(config: &Config, addr: &InstanceAddr) -> Option<Span> {
    let resource = &addr.resource;
    let names = |path: &[EcoString]| {
        let steps = resource.module.0.iter().map(|step| &step.name);
        steps.eq(path.iter())
    };
    let module = config.modules.iter().find(|module| names(&module.path.0))?;
    let found = module.resources.iter().find(|declared| {
        declared.mode == Mode::Managed
            && declared.type_name == resource.type_name
            && declared.name == resource.name
    });
    found.map(|declared| declared.span)
}

fn one(
    found: &Found,
    drifted: &Drifted,
    files: &mut BTreeMap<String, Option<File>>,
    adoption: &mut Adoption,
) -> Result<(), (String, Option<String>)> {
    let addr = &drifted.addr;
    let span = declared(&found.loaded.config, addr)
        .ok_or_else(|| ("the configuration has no block for it".to_owned(), None))?;
    let sources = &found.loaded.sources;
    let place = Some(sources.place(span));
    let source = sources
        .get(span.file)
        .ok_or_else(|| ("its block is in no file".to_owned(), None))?;
    if drifted.after.is_null() {
        let why = "the object is gone: remove its block, or let `terrane reconcile` make it again";
        return Err((why.to_owned(), place));
    }
    let keyed = addr.key.is_some() || addr.resource.module.0.iter().any(|step| step.key.is_some());
    if keyed {
        let why = "its block stands for several instances";
        return Err((why.to_owned(), place));
    }
    let path = source.path.trim_start_matches("./").to_owned();
    if path.ends_with(".json") {
        return Err(("its block is written in JSON".to_owned(), place));
    }
    if path.starts_with('.') || path.starts_with('/') {
        return Err(("its module comes from elsewhere".to_owned(), place));
    }
    let file = files.entry(path.clone()).or_insert_with(|| {
        let text = source.text.to_string();
        let body = hcl_edit::parser::parse_body(&text).ok()?;
        Some(File {
            path,
            text,
            body,
            edits: Vec::new(),
        })
    });
    let Some(file) = file else {
        return Err(("its file can't be edited".to_owned(), place));
    };
    let labels = [
        addr.resource.type_name.as_str(),
        addr.resource.name.as_str(),
    ];
    let block = file.body.blocks().find(|block| {
        block.ident.as_str() == "resource"
            && block.labels.iter().map(|label| label.as_str()).eq(labels)
    });
    let Some(block) = block.cloned() else {
        return Err(("its block was not found again".to_owned(), place));
    };
    let schema = found.loaded.registry.schema(
        &drifted.provider.provider,
        Mode::Managed,
        &addr.resource.type_name,
    );
    let Some(schema) = schema else {
        return Err(("its type is not known".to_owned(), place));
    };
    arguments(file, &block, drifted, &schema, adoption);
    Ok(())
}

/// Edits the arguments of a block, one after the other.
fn arguments(
    file: &mut File,
    block: &Block,
    drifted: &Drifted,
    schema: &Schema,
    adoption: &mut Adoption,
) {
    let mut roots: BTreeMap<&EcoString, Vec<&Difference>> = BTreeMap::new();
    for difference in &drifted.differences {
        let counts = difference.configurable && difference.class != Class::Harmless;
        if let Some(root) = difference.root().filter(|_| counts) {
            roots.entry(root).or_default().push(difference);
        }
    }
    for (root, differences) in roots {
        let editor = Editor {
            text: &file.text,
            schema,
        };
        let mut edits = Vec::new();
        let mut whole = false;
        for difference in &differences {
            if is_element(drifted, difference) && !schema.block.blocks.contains_key(root) {
                whole = true;
                continue;
            }
            match editor.difference(block, difference) {
                Ok(edit) => edits.push(edit),
                Err(Not::Here) => whole = true,
                Err(Not::ToBe(why, at)) => adoption.left.push(Left {
                    address: drifted.addr.to_string(),
                    attribute: shown(difference),
                    place: Some(file_line(file, at.or_else(|| start(block)))),
                    why,
                }),
            }
        }
        if whole {
            match editor.whole(block, root, &wanted(drifted, root)) {
                Ok(edit) => edits = vec![edit],
                Err((why, at)) => {
                    adoption.left.push(Left {
                        address: drifted.addr.to_string(),
                        attribute: root.to_string(),
                        place: Some(file_line(file, at.or_else(|| start(block)))),
                        why,
                    });
                    continue;
                }
            }
        }
        adoption.taken += edits.len();
        file.edits.extend(edits);
    }
}

/// Whether a difference is that of an element of a set: it has no place of its own.
fn is_element(drifted: &Drifted, difference: &Difference) -> bool {
    [&drifted.before, &drifted.after].into_iter().any(|object| {
        let value = at_value_path(object, &difference.path);
        value.is_some_and(|value| matches!(value.unmarked().kind(), Kind::Set(_)))
    })
}

fn start(block: &Block) -> Option<usize> {
    block.span().map(|span| span.start)
}

fn shown(difference: &Difference) -> String {
    let path = difference.path.to_string();
    path.trim_start_matches('.').to_owned()
}

fn file_line(file: &File, at: Option<usize>) -> String {
    let before = at.and_then(|at| file.text.get(..at)).unwrap_or_default();
    format!("{}:{}", file.path, before.matches('\n').count() + 1)
}

/// What an argument is to say: what the object has, without what the cloud has set in it by itself.
fn wanted(drifted: &Drifted, root: &EcoString) -> Value {
    let value = drifted.after.get(root).cloned();
    let value = value.unwrap_or_else(|| Value::null(Type::Dynamic));
    let Kind::Map(map) = value.kind() else {
        return value;
    };
    let foreign: Vec<&str> = drifted
        .differences
        .iter()
        .filter(|one| one.class == Class::Harmless && one.before.is_null())
        .filter(|one| one.root() == Some(root))
        .filter_map(|one| match one.path.0.get(1) {
            Some(PathStep::Index(key)) => key.as_str(),
            _ => None,
        })
        .collect();
    let entries = map
        .iter()
        .filter(|(name, _)| !foreign.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()));
    Value::map(map.element_type().clone(), entries.collect())
}

struct Editor<'a> {
    text: &'a str,
    schema: &'a Schema,
}

impl Editor<'_> {
    /// The edit of one difference.
    fn difference(&self, block: &Block, difference: &Difference) -> Result<Edit, Not> {
        if difference.is_sensitive() {
            return Err(Not::ToBe("its value is sensitive".to_owned(), None));
        }
        let steps = difference.path.0.as_slice();
        let Some((PathStep::Attr(name), inner)) = steps.split_first() else {
            return Err(Not::ToBe("it is no argument".to_owned(), None));
        };
        if self.schema.block.blocks.contains_key(name) {
            return self.nested(block, name, inner, &difference.after);
        }
        self.argument(block, name, inner, &difference.after)
    }

    /// Within nested blocks.
    fn nested(
        &self,
        block: &Block,
        name: &str,
        steps: &[PathStep],
        after: &Value,
    ) -> Result<Edit, Not> {
        let blocks: Vec<&Block> = block.body.get_blocks(name).collect();
        let (at, rest) = match steps.split_first() {
            Some((PathStep::Index(index), rest)) => {
                let index = index.as_number().and_then(|number| number.to_u64());
                (index.and_then(|index| usize::try_from(index).ok()), rest)
            }
            _ => ((blocks.len() == 1).then_some(0), steps),
        };
        let inner = at.and_then(|at| blocks.get(at));
        let (Some(inner), Some((PathStep::Attr(name), rest))) = (inner, rest.split_first()) else {
            let why =
                format!("it is about {name} blocks that come, go, or are made by an expression");
            return Err(Not::ToBe(
                why,
                blocks.first().and_then(|block| start(block)),
            ));
        };
        match self.argument(inner, name, rest, after) {
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

    /// The whole argument, written anew.
    fn whole(
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
        let text = self.text.get(range.clone()).unwrap_or_default();
        let in_many_lines = text.contains('\n');
        let comment = ["#", "//", "/*"].iter().any(|mark| text.contains(mark));
        if in_many_lines && comment {
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
        // A block in one line has no room.
        if at > block.span()?.end {
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

/// The expression of a part of a literal.
fn at_path<'a>(expression: &'a Expression, steps: &[PathStep]) -> Option<&'a Expression> {
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
fn has_expression(expression: &Expression) -> bool {
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

#[cfg(test)]
mod tests {
    use super::{Editor, Not, at_path, has_expression};
    use hcl_edit::expr::Expression;
    use terrane_model::schema::{Attribute, Block, NestedBlock, Schema};
    use terrane_value::{Path, PathStep, Value, json};

    fn schema() -> Schema {
        let disk = Block::new().attr("size", Attribute::number().optional());
        let block = Block::new()
            .attr("name", Attribute::string().optional())
            .attr("names", Attribute::string_list().optional())
            .attr("tags", Attribute::string_map().optional())
            .block("disk", NestedBlock::list(disk));
        Schema::new(0, block)
    }

    /// The file after the edit of one place, or why there is none (`whole`: the whole argument has to be written).
    fn edited(text: &str, path: &[&str], after: &str) -> Result<String, String> {
        let body = hcl_edit::parser::parse_body(text).unwrap();
        let block = body.blocks().next().unwrap();
        let schema = schema();
        let editor = Editor {
            text,
            schema: &schema,
        };
        let steps = path.iter().map(|step| match step.parse::<i64>() {
            Ok(index) => PathStep::Index(Value::number(index)),
            Err(_) => match step.strip_prefix('@') {
                Some(key) => PathStep::Index(Value::string(key)),
                None => PathStep::Attr((*step).into()),
            },
        });
        let difference = super::Difference {
            path: Path(steps.collect()),
            before: Value::NULL,
            after: json::decode_implied(after).unwrap(),
            class: super::Class::Changed,
            why: "",
            configurable: true,
        };
        match editor.difference(block, &difference) {
            Ok(edit) => {
                let mut text = text.to_owned();
                text.replace_range(edit.range, &edit.text);
                Ok(text)
            }
            Err(Not::Here) => Err("whole".to_owned()),
            Err(Not::ToBe(why, _)) => Err(why),
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of edits")]
    fn only_the_place_that_differs_is_edited() {
        let block = |inner: &str| format!("resource \"x\" \"a\" {{\n{inner}}}\n");
        for (inner, path, after, expected) in [
            (
                "  name = \"a\" # why\n",
                &["name"][..],
                "\"b\"",
                Ok("  name = \"b\" # why\n"),
            ),
            (
                "  tags = { k = \"a\", \"l\" = \"b\" }\n",
                &["tags", "@l"],
                "\"c\"",
                Ok("  tags = { k = \"a\", \"l\" = \"c\" }\n"),
            ),
            (
                "  names = [\"a\", var.b]\n",
                &["names", "0"],
                "\"c\"",
                Ok("  names = [\"c\", var.b]\n"),
            ),
            (
                "  names = [\"a\", var.b]\n",
                &["names", "1"],
                "\"c\"",
                Err("it is an expression: [\"a\", var.b]"),
            ),
            (
                "  names = [\"a\"]\n",
                &["names", "1"],
                "\"c\"",
                Err("whole"),
            ),
            (
                "  name = local.n\n",
                &["name"],
                "\"b\"",
                Err("it is an expression: local.n"),
            ),
            (
                "  name = \"${local.n}\"\n",
                &["name"],
                "\"b\"",
                Err("it is an expression: \"${local.n}\""),
            ),
            // A document stays a value, if it is one still.
            (
                "  name = jsonencode({ a = 1 })\n",
                &["name"],
                "\"{\\\"a\\\": [2]}\"",
                Ok("  name = jsonencode({\n    a = [2]\n  })\n"),
            ),
            (
                "  name = jsonencode({ a = 1 })\n",
                &["name"],
                "\"b\"",
                Ok("  name = \"b\"\n"),
            ),
            // Added behind the last argument, before nested blocks; and at the beginning.
            (
                "  name = \"a\"\n\n  disk {\n  }\n",
                &["tags"],
                "{\"k\":\"v\"}",
                Ok("  name = \"a\"\n  tags = {\n    k = \"v\"\n  }\n\n  disk {\n  }\n"),
            ),
            ("", &["name"], "\"b\"", Ok("  name = \"b\"\n")),
            // Taken out with its line, but not with a comment.
            (
                "  name = \"a\"\n  tags = {}\n",
                &["name"],
                "null",
                Ok("  tags = {}\n"),
            ),
            ("  name = \"a\" # why\n", &["name"], "null", Err("whole")),
            (
                "  names = [ # why\n    \"a\",\n  ]\n",
                &["names"],
                "null",
                Err("there are comments in it, which would be lost"),
            ),
            // Nested blocks.
            (
                "  disk {\n    size = 1\n  }\n  disk {\n    size = 2\n  }\n",
                &["disk", "1", "size"],
                "3",
                Ok("  disk {\n    size = 1\n  }\n  disk {\n    size = 3\n  }\n"),
            ),
            (
                "  dynamic \"disk\" {\n  }\n",
                &["disk", "0", "size"],
                "3",
                Err("it is about disk blocks that come, go, or are made by an expression"),
            ),
            (
                "  disk {\n    size = 1\n  }\n",
                &["disk", "1"],
                "null",
                Err("it is about disk blocks that come, go, or are made by an expression"),
            ),
        ] {
            let found = edited(&block(inner), path, after);
            let expected = expected.map(block).map_err(str::to_owned);
            assert_eq!(found, expected, "{inner} {path:?} {after}");
        }
        // A block in one line has no room for another argument.
        assert!(edited("resource \"x\" \"a\" {}\n", &["name"], "\"b\"").is_err());
    }

    #[test]
    fn literals_are_told_from_expressions() {
        for (text, expected) in [
            ("1", false),
            ("-1", false),
            ("[1, { a = null }]", false),
            ("jsonencode({ a = 1 })", false),
            ("jsonencode({ a = var.b })", true),
            ("file(\"x\")", true),
            ("{ (var.a) = 1 }", true),
            ("\"a${b}\"", true),
            ("<<EOT\na\nEOT\n", true),
            ("true ? 1 : 2", true),
        ] {
            let body = hcl_edit::parser::parse_body(&format!("x = {text}\n")).unwrap();
            let value: &Expression = &body.get_attribute("x").unwrap().value;
            assert_eq!(has_expression(value), expected, "{text}");
            assert!(at_path(value, &[]).is_some());
        }
    }
}
