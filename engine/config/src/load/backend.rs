//! The `backend` block against the schema of the store that it names, with what was given beside it at `init`.
//!
//! Arguments may use what static expressions may use. What is required is not asked for here: it may come from the command line, from a
//! question to the user, or from the environment.

use super::static_eval::StaticEval;
use super::{Tree, files};
use crate::rules;
use crate::schema_types::{conversion_type, nested_type};
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Headline};
use terrane_lang::expr::compile;
use terrane_lang::rules::structure;
use terrane_lang::source::{FileId, SourceMap, Span};
use terrane_lang::syntax::body::{Block as SyntaxBlock, Body, BodySchema};
use terrane_lang::syntax::{parse, static_expr};
use terrane_model::schema::{Attribute, Block, NestedBlock, Nesting};
use terrane_value::convert::convert;
use terrane_value::{Kind, Value};

use crate::constant::{NoNames, NoScope};

/// Blocks within blocks of a schema.
const MAX_DEPTH: usize = 16;

/// What `-backend-config` gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// `name=text`
    Argument {
        /// Before the equals sign.
        name: String,
        /// Behind it.
        text: String,
    },
    /// A file of arguments.
    File {
        /// As it was given.
        path: String,
        /// What is in it.
        text: String,
    },
}

/// The arguments of a backend: objects of the implied type of its schema.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// What the block itself says.
    pub block: Value,
    /// The same with what was given beside it.
    pub merged: Value,
}

/// What is set, by name.
type Set = BTreeMap<EcoString, Value>;

/// Evaluates the `backend` block of the root module under a schema. Without a block, only what is given counts. `span` is where a message
/// about the whole points to.
pub fn arguments(
    tree: &Tree,
    schema: &Block,
    given: &[Given],
    sources: &mut SourceMap,
) -> (Arguments, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let decl = tree
        .modules
        .first()
        .and_then(|root| root.decl.backend.as_ref());
    let mut decoder = Decoder {
        eval: StaticEval::new(tree),
        diagnostics: Diagnostics::new(),
    };
    let mut set = Set::new();
    if let Some(decl) = decl {
        decoder.body(&decl.body, schema, &mut set, 0);
    }
    let block = filled(schema, &set);
    for given in given {
        match given {
            Given::Argument { name, text } => {
                match argument(schema, name, text) {
                    Ok(value) => drop(set.insert(name.as_str().into(), value)),
                    Err(found) => diagnostics.extend(found),
                };
            }
            Given::File { path, text } => {
                let json = path.ends_with(".json");
                let body = files::parse_file(
                    sources,
                    path.clone(),
                    text.as_bytes(),
                    json,
                    &mut decoder.diagnostics,
                );
                if let Some(body) = body {
                    decoder.body(&body, schema, &mut set, 0);
                }
            }
        }
    }
    diagnostics.extend(decoder.diagnostics);
    let merged = filled(schema, &set);
    (Arguments { block, merged }, diagnostics)
}

/// An argument given as text: of a primitive type it is the text itself, else an expression.
fn argument(schema: &Block, name: &str, text: &str) -> Result<Value, Diagnostics> {
    let Some(attribute) = schema.attributes.get(name) else {
        let known = schema.attributes.keys().map(EcoString::as_str);
        let hint = crate::suggest::did_you_mean(name, known);
        let detail = format!(
            "The backend configuration argument \"{name}\" given on the command line is not expected for the selected backend type.{hint}"
        );
        return Err(Diagnostic::error(&rules::settings::BACKEND_ARGUMENT, detail).into());
    };
    let ty = conversion_type(attribute);
    let value = if ty.is_primitive() {
        Value::string_nfc(text)
    } else {
        constant(text).map_err(|found| about(name, found))?
    };
    convert(&value, &ty).map_err(|error| {
        let detail = format!(
            "The value given with -backend-config for the argument \"{name}\" does not fit: {error}."
        );
        Diagnostic::error(&rules::settings::BACKEND_ARGUMENT, detail).into()
    })
}

/// The text is in no file: places within it mean nothing to the reader.
fn about(name: &str, found: Diagnostics) -> Diagnostics {
    found
        .into_iter()
        .map(|one| {
            let detail = format!(
                "The value given with -backend-config for the argument \"{name}\" is not valid: {}",
                one.detail
            );
            Diagnostic::error(&rules::settings::BACKEND_ARGUMENT, detail)
        })
        .collect()
}

fn constant(text: &str) -> Result<Value, Diagnostics> {
    let (expr, diagnostics) = parse::parse_expression(FileId(u32::MAX), text);
    let Some(expr) = expr.filter(|_| !diagnostics.has_errors()) else {
        return Err(diagnostics);
    };
    let problems = static_expr::require_constant(&expr);
    if problems.has_errors() {
        return Err(problems);
    }
    let (compiled, diagnostics) = compile(&expr, &mut NoNames, &[]);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    compiled.eval(&NoScope::default(), &[])
}

/// A value of the schema's type: what is not set is null, or no block.
fn filled(schema: &Block, set: &Set) -> Value {
    let attributes = schema.attributes.iter().map(|(name, attribute)| {
        let value = set.get(name).cloned();
        let value = value.unwrap_or_else(|| Value::null(attribute.value_type()));
        (name.clone(), value)
    });
    let blocks = schema.blocks.iter().map(|(name, nested)| {
        let value = set.get(name).cloned();
        (name.clone(), value.unwrap_or_else(|| nested.empty_value()))
    });
    Value::object(attributes.chain(blocks))
}

struct Decoder<'a> {
    eval: StaticEval<'a>,
    diagnostics: Diagnostics,
}

impl Decoder<'_> {
    fn fail(&mut self, headline: impl Into<Headline>, detail: String, at: Span) {
        self.diagnostics
            .push(Diagnostic::error(headline, detail).at(at));
    }

    /// What a body sets. At the top, required arguments may be missing.
    fn body(&mut self, body: &Body, schema: &Block, set: &mut Set, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let wanted = BodySchema {
            attributes: schema
                .attributes
                .iter()
                .map(|(name, attribute)| (name.clone(), attribute.required && depth > 0))
                .collect(),
            blocks: schema
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
                .collect(),
        };
        let (content, found) = body.content(&wanted);
        self.diagnostics.extend(found);
        for attribute in &content.attributes {
            let name = &attribute.name.name;
            let Some(known) = schema.attributes.get(name) else {
                continue;
            };
            if let Some(message) = &known.deprecated {
                self.diagnostics.push(
                    Diagnostic::warning(&rules::body::DEPRECATED_ARGUMENT, message.as_str())
                        .at(attribute.name.span),
                );
            }
            match self.eval.eval(0, &attribute.expr) {
                Ok(value) => {
                    if let Some(value) = self.fit(name, known, value, attribute.expr.span) {
                        set.insert(name.clone(), value);
                    }
                }
                Err(found) => self.diagnostics.extend(found),
            }
        }
        for (name, nested) in &schema.blocks {
            let blocks: Vec<&SyntaxBlock> = content.blocks_of(name).collect();
            if let Some(value) = self.blocks(name, nested, &blocks, depth) {
                set.insert(name.clone(), value);
            }
        }
    }

    fn fit(
        &mut self,
        name: &EcoString,
        attribute: &Attribute,
        value: Value,
        span: Span,
    ) -> Option<Value> {
        let marked = BTreeMap::from([(name.clone(), (value.clone(), span))]);
        let problems = files::backend_values(&marked);
        if problems.has_errors() {
            self.diagnostics.extend(problems);
            return None;
        }
        match convert(&value.unmark_deep(), &conversion_type(attribute)) {
            Ok(value) => Some(value),
            Err(error) => {
                let detail = format!("Inappropriate value for attribute \"{name}\": {error}.");
                self.fail(&rules::body::ATTRIBUTE_TYPE, detail, span);
                None
            }
        }
    }

    /// All blocks of one type; `None`: there is none.
    fn blocks(
        &mut self,
        name: &EcoString,
        nested: &NestedBlock,
        blocks: &[&SyntaxBlock],
        depth: usize,
    ) -> Option<Value> {
        let first = blocks.first()?;
        let count = blocks.len() as u64;
        let single = matches!(nested.nesting, Nesting::Single | Nesting::Group);
        if (single && count > 1) || (nested.max > 0 && count > nested.max) {
            let most = if single { 1 } else { nested.max };
            let headline = rules::body::TOO_MANY_BLOCKS.named(format!("Too many {name} blocks"));
            let detail = format!("No more than {most} \"{name}\" blocks are allowed");
            self.fail(headline, detail, first.header);
            return None;
        }
        let mut values = Vec::new();
        for block in blocks {
            let mut inner = Set::new();
            self.body(&block.body, &nested.block, &mut inner, depth + 1);
            values.push(filled(&nested.block, &inner));
        }
        let element = nested.block.implied_type().clone();
        Some(match nested.nesting {
            Nesting::Single | Nesting::Group => values.pop()?,
            Nesting::List if element.has_dynamic() => Value::tuple(values),
            Nesting::List => Value::list(element, values),
            Nesting::Set => Value::set(element, values),
            Nesting::Map => {
                let labels = blocks.iter().filter_map(|block| block.labels.first());
                let entries: BTreeMap<EcoString, Value> =
                    labels.map(|label| label.text.clone()).zip(values).collect();
                if element.has_dynamic() {
                    Value::object(entries)
                } else {
                    Value::map(element, entries)
                }
            }
        })
    }
}

/// The required arguments that are not set, at the top: name and what is known of each.
pub fn missing<'a>(schema: &'a Block, value: &Value) -> Vec<(&'a EcoString, &'a Attribute)> {
    schema
        .attributes
        .iter()
        .filter(|(name, attribute)| {
            attribute.required && value.get(name).is_none_or(Value::is_null)
        })
        .collect()
}

/// The reports for arguments that are required and not set.
pub fn missing_arguments(kind: &str, names: &[&str], at: Option<Span>) -> Diagnostics {
    names
        .iter()
        .map(|name| {
            let detail = format!(
                "The argument \"{name}\" is required by the backend \"{kind}\", and it is set neither in the block nor with -backend-config."
            );
            let diagnostic = Diagnostic::error(&structure::MISSING_ARGUMENT, detail).hint(format!(
                "set it in the block, or run `terrane init -backend-config={name}=...`"
            ));
            match at {
                Some(span) => diagnostic.at(span),
                None => diagnostic,
            }
        })
        .collect()
}

/// Arguments that are given as a value, as `terraform_remote_state` has them: an object or a map. Marks are taken off.
///
/// # Errors
/// A sentence about the argument that there is not, is missing, or does not fit.
pub fn from_value(schema: &Block, given: &Value) -> Result<Value, String> {
    let given = given.unmark_deep();
    let entries: Vec<(EcoString, Value)> = match given.kind() {
        Kind::Object(object) => object
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        Kind::Map(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        _ => Vec::new(),
    };
    let mut set = Set::new();
    for (name, value) in entries {
        let ty = match (schema.attributes.get(&name), schema.blocks.get(&name)) {
            (Some(attribute), _) => conversion_type(attribute),
            (None, Some(nested)) => nested_type(&nested.block.attributes, nested.nesting),
            (None, None) => {
                let known = schema.attributes.keys().chain(schema.blocks.keys());
                let hint = crate::suggest::did_you_mean(&name, known.map(EcoString::as_str));
                return Err(format!(
                    "An argument named \"{name}\" is not expected here.{hint}"
                ));
            }
        };
        if value.is_null() {
            continue;
        }
        let value = convert(&value, &ty).map_err(|error| {
            format!("Inappropriate value for the argument \"{name}\": {error}.")
        })?;
        set.insert(name, value);
    }
    let value = filled(schema, &set);
    match missing(schema, &value).first() {
        Some((name, _)) => Err(format!("The argument \"{name}\" is required.")),
        None => Ok(value),
    }
}
