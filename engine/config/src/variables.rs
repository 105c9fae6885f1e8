//! Values of root variables: from text, files and the command line, converted to what the variables want.

use crate::config::{Module, Variable};
use crate::constant::{NoNames, NoScope};
use crate::load::decode::{constant, json_constant};
use crate::rules;
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::compile;
use terrane_lang::rules::json as syntax;
use terrane_lang::source::{FileId, SourceMap, Span};
use terrane_lang::syntax::body::Body;
use terrane_lang::syntax::{json, parse, static_expr};
use terrane_value::convert::convert;
use terrane_value::{Marks, Value};

/// Warnings about undeclared variables of files; what is beyond them is summed up.
const MAX_WARNINGS: usize = 2;

/// A value given for a root variable.
#[derive(Clone, Debug)]
pub struct GivenValue {
    /// The variable.
    pub name: EcoString,
    /// How it was given.
    pub source: GivenSource,
    /// What was given.
    pub value: Given,
}

/// How a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenSource {
    /// The environment: `TF_VAR_name`.
    Env,
    /// A file with values, and the place in it.
    File(Span),
    /// `-var`
    CommandLine,
    /// An answer at the prompt.
    Interactive,
}

/// A value, or a text that becomes one when the variable's type is known.
#[derive(Clone, Debug)]
pub enum Given {
    /// A text.
    Text(String),
    /// A value, and its place.
    Value(Value, Span),
}

/// Reads a file of values. What fails to be read is missing from the result.
pub fn parse_tfvars(file: FileId, text: &str, is_json: bool) -> (Vec<GivenValue>, Diagnostics) {
    if is_json {
        return parse_json(file, text);
    }
    let (body, mut diagnostics) = parse::parse_body(file, text);
    if let Some(block) = body
        .blocks
        .iter()
        .find(|block| block.kind.name == "variable")
    {
        let name = block
            .labels
            .first()
            .map_or("example", |label| label.text.as_str());
        let detail = format!(
            "A .tfvars file is used to assign values to variables that have already been declared in .tf files, not to declare new variables. To declare variable \"{name}\", place this block in one of your .tf files, such as variables.tf.\n\nTo set a value for this variable in this file, use the definition syntax instead:\n    {name} = <value>"
        );
        diagnostics
            .push(Diagnostic::error(&rules::input::DECLARATION_IN_VALUES, detail).at(block.header));
        return (Vec::new(), diagnostics);
    }
    let (attributes, found) = Body::Native(body.into()).just_attributes();
    diagnostics.extend(found);
    let mut values = Vec::new();
    for attribute in attributes {
        // Whether this is JSON was told by the caller, so no texts are needed to find out.
        match constant(&SourceMap::default(), &attribute.expr) {
            Ok(value) => values.push(GivenValue {
                name: attribute.name.name,
                source: GivenSource::File(attribute.name.span),
                value: Given::Value(value, attribute.expr.span),
            }),
            Err(found) => diagnostics.extend(found),
        }
    }
    (values, diagnostics)
}

/// The same for JSON, whose strings are read from the text again, since they are no templates here. So the text is parsed in a map of its
/// own and places are moved to `file` afterwards.
fn parse_json(file: FileId, text: &str) -> (Vec<GivenValue>, Diagnostics) {
    let mut sources = SourceMap::default();
    let own = sources.add("", text);
    let moved = |span: Span| Span { file, ..span };
    let (body, mut diagnostics) = json::parse_body(own, text);
    let mut values = Vec::new();
    if !diagnostics.has_errors() {
        let (attributes, found) = Body::Json(body.into()).just_attributes();
        // Strings that make no valid template are as good as any here.
        let counts =
            |one: &Diagnostic| one.is(&syntax::DUPLICATE_ATTRIBUTE) || one.is(&syntax::WRONG_TYPE);
        diagnostics.extend(found.into_iter().filter(counts));
        for attribute in attributes {
            match json_constant(&sources, &attribute.expr) {
                Ok(value) => values.push(GivenValue {
                    name: attribute.name.name,
                    source: GivenSource::File(moved(attribute.name.span)),
                    value: Given::Value(value, moved(attribute.expr.span)),
                }),
                Err(found) => diagnostics.extend(found),
            }
        }
    }
    for diagnostic in diagnostics.iter_mut() {
        diagnostic.map_spans(&mut |span| *span = moved(*span));
    }
    (values, diagnostics)
}

/// The values of all variables of the root module, in their order: the last of the values given for each, converted and marked, or its
/// default. Where there is an error the value is unknown.
pub fn root_variables(module: &Module, given: &[GivenValue]) -> (Vec<Value>, Diagnostics) {
    let mut diagnostics = undeclared(module, given);
    let mut last: BTreeMap<&EcoString, &GivenValue> = BTreeMap::new();
    for value in given {
        last.insert(&value.name, value);
    }
    let values = module
        .variables
        .iter()
        .map(|variable| {
            let given = last.get(&variable.name).copied();
            root_variable(variable, given).unwrap_or_else(|found| {
                diagnostics.extend(found);
                Value::unknown(variable.ty.without_optional())
            })
        })
        .collect();
    for variable in &module.variables {
        if let (Some(message), true) = (&variable.deprecated, last.contains_key(&variable.name)) {
            let detail = format!(
                "Variable \"{}\" is marked as deprecated with the following message:\n{message}",
                variable.name
            );
            diagnostics.push(
                Diagnostic::warning(&rules::input::DEPRECATED_VARIABLE_SET, detail)
                    .at(variable.span),
            );
        }
    }
    (values, diagnostics)
}

/// Where the values of the variables of the root module stand, in their order; `None`: in no file.
#[must_use]
pub fn given_at(module: &Module, given: &[GivenValue]) -> Vec<Option<Span>> {
    let place = |name: &EcoString| {
        let last = given.iter().rev().find(|given| given.name == *name)?;
        match last.value {
            Given::Value(_, span) => Some(span),
            Given::Text(_) => None,
        }
    };
    (module.variables.iter())
        .map(|variable| place(&variable.name))
        .collect()
}

/// What was given for the variables of the root module, as it was written: not converted, marked as the variable says. Ephemeral ones are left
/// out, and what can't be read.
#[must_use]
pub fn as_given(module: &Module, given: &[GivenValue]) -> BTreeMap<EcoString, Value> {
    let variable = |name: &EcoString| module.variables.iter().find(|one| one.name == *name);
    let mut found = BTreeMap::new();
    for given in given {
        let Some(variable) = variable(&given.name).filter(|variable| !variable.ephemeral) else {
            continue;
        };
        if let Ok(value) = written(variable, given) {
            let marks = if variable.sensitive {
                Marks::SENSITIVE
            } else {
                Marks::NONE
            };
            found.insert(given.name.clone(), value.with_marks(&marks));
        }
    }
    found
}

/// The value that was written, whatever the variable wants.
fn written(variable: &Variable, given: &GivenValue) -> Result<Value, Diagnostics> {
    match &given.value {
        Given::Value(value, _) => Ok(value.clone()),
        Given::Text(text) if variable.literal => Ok(Value::string_nfc(text)),
        Given::Text(text) => expression(variable, &given.source, text),
    }
}

/// The value of one root variable.
///
/// # Errors
/// When none is given and there is no default, or when it does not fit.
pub(crate) fn root_variable(
    variable: &Variable,
    given: Option<&GivenValue>,
) -> Result<Value, Diagnostics> {
    let name = &variable.name;
    let Some(given) = given else {
        if variable.default.is_none() {
            let detail = format!(
                "The root module input variable \"{name}\" is not set, and has no default value. Use a -var or -var-file command line argument to provide a value for this variable."
            );
            return Err(Diagnostic::error(&rules::input::NO_VALUE, detail)
                .at(variable.span)
                .into());
        }
        return input_value(variable, None).map_err(|problem| unsuitable(variable, None, &problem));
    };
    let value = written(variable, given)?;
    input_value(variable, Some(&value))
        .map_err(|problem| unsuitable(variable, Some(given), &problem))
}

/// The value of a variable that was given from outside of all modules: converted where the module under test declares it, else the text is
/// read as an expression, or stands for itself where it is none.
///
/// # Errors
/// When it does not fit.
pub fn outside_value(
    variable: Option<&Variable>,
    given: &GivenValue,
) -> Result<Value, Diagnostics> {
    match (variable, &given.value) {
        (Some(variable), _) => root_variable(variable, Some(given)),
        (None, Given::Value(value, _)) => Ok(value.clone()),
        (None, Given::Text(text)) => {
            let (expr, diagnostics) = parse::parse_expression(FileId(u32::MAX), text);
            let constant = expr
                .filter(|expr| !diagnostics.has_errors() && static_expr::is_constant(expr))
                .and_then(|expr| {
                    let (compiled, diagnostics) = compile(&expr, &mut NoNames, &[]);
                    let good = !diagnostics.has_errors();
                    good.then(|| compiled.eval(&NoScope::default(), &[]).ok())?
                });
            Ok(constant.unwrap_or_else(|| Value::string_nfc(text)))
        }
    }
}

/// The value that a variable takes on: defaults of optional attributes filled in, converted, null replaced by the default where null is not
/// allowed, marked. `None`: nothing was given. (The rules of `validation` blocks come after.)
///
/// # Errors
/// What is wrong with the value, without a final period.
pub fn input_value(variable: &Variable, given: Option<&Value>) -> Result<Value, String> {
    let value = match given {
        None => match &variable.default {
            Some(default) => default.clone(),
            None => return Err("a value is required".into()),
        },
        Some(value) => {
            let filled = match &variable.defaults {
                Some(defaults) if !value.is_null() => defaults.apply(value),
                _ => value.clone(),
            };
            let converted = convert(&filled, &variable.ty).map_err(|error| error.to_string())?;
            match &variable.default {
                Some(default) if converted.is_null() && !variable.nullable => {
                    default.clone().with_marks(converted.marks())
                }
                None if converted.is_null() && !variable.nullable => {
                    return Err("required variable may not be set to null".into());
                }
                _ => converted,
            }
        }
    };
    let mut marks = Marks::NONE;
    if variable.sensitive {
        marks = marks.union(&Marks::SENSITIVE);
    }
    if variable.ephemeral {
        marks = marks.union(&Marks::EPHEMERAL);
    }
    Ok(value.with_marks(&marks))
}

/// The message that what a call gives a variable is not suitable. `address` is that of the variable, `span` that of the input.
#[must_use]
pub fn unsuitable_input(
    variable: &Variable,
    address: &str,
    span: Span,
    problem: &str,
) -> Diagnostic {
    let summary = if problem.starts_with("required variable") {
        &rules::input::REQUIRED_VARIABLE_NULL
    } else {
        &rules::input::INVALID_MODULE_INPUT
    };
    let detail = format!("The given value is not suitable for {address}: {problem}.");
    Diagnostic::error(summary, detail)
        .at(span)
        .related(variable.span, "the variable is declared here")
}

/// How a value was given, for messages.
fn origin(name: &str, source: &GivenSource) -> String {
    match source {
        GivenSource::Env => format!("using the TF_VAR_{name} environment variable"),
        GivenSource::File(_) => "from a variables file".into(),
        GivenSource::CommandLine => format!("using -var=\"{name}=...\""),
        GivenSource::Interactive => "using the interactive prompt".into(),
    }
}

fn unsuitable(variable: &Variable, given: Option<&GivenValue>, problem: &str) -> Diagnostics {
    let name = &variable.name;
    let detail = match given {
        Some(given) => format!(
            "Unsuitable value for var.{name} set {}: {problem}.",
            origin(name, &given.source)
        ),
        None => format!("The default value of var.{name} is not suitable: {problem}."),
    };
    let span = match given.map(|given| &given.value) {
        Some(Given::Value(_, span)) => *span,
        _ => variable.span,
    };
    let rule = if problem.starts_with("required variable") {
        &rules::input::REQUIRED_VARIABLE_NULL
    } else {
        &rules::input::INVALID_VALUE
    };
    let mut diagnostic = Diagnostic::error(rule, detail).at(span);
    if span != variable.span {
        diagnostic = diagnostic.related(variable.span, "the variable is declared here");
    }
    let secret = variable.sensitive || variable.ephemeral;
    if let (Some(Given::Text(text)), false) = (given.map(|given| &given.value), secret)
        && text.chars().count() <= 80
    {
        let shown = format!("was given as {text:?}");
        diagnostic.values.push((format!("var.{name}"), shown));
    }
    diagnostic.into()
}

/// The value of a text that is an expression.
fn expression(variable: &Variable, source: &GivenSource, text: &str) -> Result<Value, Diagnostics> {
    let name = &variable.name;
    // The text is in no file: places within it mean nothing to the reader, so messages point to the variable.
    let place = |diagnostics: Diagnostics| -> Diagnostics {
        diagnostics
            .into_iter()
            .map(|diagnostic| {
                let detail = format!(
                    "The value for var.{name} set {} is not valid: {}",
                    origin(name, source),
                    diagnostic.detail
                );
                Diagnostic::error(diagnostic.headline(), detail).at(variable.span)
            })
            .collect()
    };
    let (expr, diagnostics) = parse::parse_expression(FileId(u32::MAX), text);
    let Some(expr) = expr else {
        return Err(place(diagnostics));
    };
    let problems = static_expr::require_constant(&expr);
    if problems.has_errors() {
        return Err(place(problems));
    }
    let (compiled, diagnostics) = compile(&expr, &mut NoNames, &[]);
    if diagnostics.has_errors() {
        return Err(place(diagnostics));
    }
    compiled.eval(&NoScope::default(), &[]).map_err(place)
}

/// Messages about values for variables that there are not. Those from the environment may be meant for other configurations.
fn undeclared(module: &Module, given: &[GivenValue]) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let mut in_files = 0;
    for value in given {
        let name = &value.name;
        if module.variables.iter().any(|known| known.name == *name) {
            continue;
        }
        match &value.source {
            GivenSource::Env => {}
            GivenSource::File(span) => {
                in_files += 1;
                if in_files > MAX_WARNINGS {
                    continue;
                }
                let known = module.variables.iter().map(|known| known.name.as_str());
                let hint = crate::suggest::did_you_mean(name, known);
                let detail = format!(
                    "The root module does not declare a variable named \"{name}\" but a value was found in a variables file.{hint} If you meant to use this value, add a \"variable\" block to the configuration.\n\nTo silence these warnings, use TF_VAR_... environment variables to provide certain \"global\" settings to all configurations in your organization. To reduce the verbosity of these warnings, use the -compact-warnings option."
                );
                diagnostics
                    .push(Diagnostic::warning(&rules::input::UNDECLARED_IN_FILE, detail).at(*span));
            }
            GivenSource::CommandLine | GivenSource::Interactive => {
                let known = module.variables.iter().map(|known| known.name.as_str());
                let hint = crate::suggest::did_you_mean(name, known);
                let detail = format!(
                    "A variable named \"{name}\" was assigned on the command line, but the root module does not declare a variable of that name.{hint} To use this value, add a \"variable\" block to the configuration."
                );
                diagnostics.push(Diagnostic::error(
                    &rules::input::UNDECLARED_ON_COMMAND_LINE,
                    detail,
                ));
            }
        }
    }
    if in_files > MAX_WARNINGS {
        let detail = format!(
            "In addition to the other similar warnings shown, {} other variable(s) defined without being declared.",
            in_files - MAX_WARNINGS
        );
        diagnostics.push(Diagnostic::warning(&rules::input::MANY_UNDECLARED, detail));
    }
    diagnostics
}
