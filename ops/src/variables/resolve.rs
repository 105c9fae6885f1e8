//! From given values to the values of declared variables.

use super::file::constant;
use super::{Collected, Given, Origin, Raw};
use crate::ui::{Question, Ui};
use terrane_config::config::{Config, Module, ModuleId, Variable};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{SourceMap, Span};
use terrane_value::convert::convert;
use terrane_value::{Marks, Value};

/// How many undeclared names are warned about one by one.
const MAX_UNDECLARED: usize = 2;

/// The values of all root variables.
#[derive(Debug, Default)]
pub struct Resolved {
    /// By index, converted and marked. Where a value is missing or wrong, an unknown one stands in (and an error is among the messages).
    pub values: Vec<Value>,
    /// By index: whether the user set it.
    pub set: Vec<bool>,
    /// Messages.
    pub diagnostics: Diagnostics,
}

/// Gives every root variable its value. Asks for missing ones where `ui` is there.
pub fn resolve(
    config: &Config,
    collected: Collected,
    sources: &mut SourceMap,
    mut ui: Option<&mut dyn Ui>,
) -> Resolved {
    let Collected {
        mut values,
        diagnostics,
    } = collected;
    let mut resolved = Resolved {
        diagnostics,
        ..Resolved::default()
    };
    let root = config.modules.get(ModuleId(0).0 as usize);
    undeclared(root, &values, &mut resolved.diagnostics);
    for variable in root.map(|module| &*module.variables).unwrap_or_default() {
        let mut given = values.remove(variable.name.as_str());
        if given.is_none()
            && variable.default.is_none()
            && let Some(ui) = &mut ui
        {
            given = ui
                .ask(&Question::Variable {
                    name: variable.name.to_string(),
                    description: variable.description.to_string(),
                    sensitive: variable.sensitive || variable.ephemeral,
                })
                .map(|answer| Given {
                    raw: Raw::Text(answer),
                    origin: Origin::Prompt,
                });
        }
        resolved.set.push(given.is_some());
        let value = value_of(variable, given, sources, &mut resolved.diagnostics);
        resolved.values.push(mark(variable, value));
    }
    resolved
}

fn mark(variable: &Variable, value: Value) -> Value {
    let mut marks = Marks::NONE;
    if variable.sensitive {
        marks = marks.union(&Marks::SENSITIVE);
    }
    if variable.ephemeral {
        marks = marks.union(&Marks::EPHEMERAL);
    }
    value.with_marks(&marks)
}

fn value_of(
    variable: &Variable,
    given: Option<Given>,
    sources: &mut SourceMap,
    diagnostics: &mut Diagnostics,
) -> Value {
    let stand_in = || Value::unknown(variable.ty.without_optional());
    let Some(Given { raw, origin }) = given else {
        return variable.default.clone().unwrap_or_else(|| {
            diagnostics.push(
                Diagnostic::error(
                    "No value for required variable",
                    format!(
                        "The root module input variable \"{}\" is not set, and has no default value. Use a -var or -var-file command line argument to provide a value for this variable.",
                        variable.name
                    ),
                )
                .at(variable.span),
            );
            stand_in()
        });
    };
    let (value, span) = match raw {
        Raw::Text(text) if variable.literal => (Value::string_nfc(&text), None),
        Raw::Text(text) => match expression(variable, &text, &origin, sources, diagnostics) {
            Some(value) => (value, None),
            None => return stand_in(),
        },
        Raw::Value(value, span) => (value, Some(span)),
    };
    let value = match &variable.defaults {
        Some(defaults) => defaults.apply(&value),
        None => value,
    };
    let converted = match convert(&value, &variable.ty) {
        Ok(value) => value,
        Err(error) => {
            diagnostics.push(unsuitable(variable, &origin, span, &error.to_string()));
            return stand_in();
        }
    };
    if converted.is_null() && !variable.nullable {
        return variable.default.clone().unwrap_or_else(|| {
            diagnostics.push(
                Diagnostic::error(
                    "Required variable not set",
                    format!(
                        "Unsuitable value for var.{} {}: required variable may not be set to null.",
                        variable.name,
                        set_by(variable, &origin)
                    ),
                )
                .at(span.unwrap_or(variable.span)),
            );
            stand_in()
        });
    }
    converted
}

/// The value of a text that is an expression, because the type is not primitive.
fn expression(
    variable: &Variable,
    text: &str,
    origin: &Origin,
    sources: &mut SourceMap,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let shown = match origin {
        Origin::Environment => format!(
            "<value for var.{} from TF_VAR_{}>",
            variable.name, variable.name
        ),
        Origin::CommandLine => format!("<value for var.{} from -var>", variable.name),
        _ => format!("<value for var.{}>", variable.name),
    };
    // The text of a secret must not stand in a message.
    let hidden = variable.sensitive || variable.ephemeral;
    let file = sources.add(shown, if hidden { "" } else { text });
    let (expr, found) = terrane_lang::syntax::parse::parse_expression(file, text);
    if hidden && found.has_errors() {
        diagnostics.push(unsuitable(
            variable,
            origin,
            None,
            "it is not a valid expression",
        ));
        return None;
    }
    diagnostics.extend(found);
    constant(&expr?, diagnostics)
}

fn set_by(variable: &Variable, origin: &Origin) -> String {
    let name = &variable.name;
    match origin {
        Origin::Environment => format!("set using the TF_VAR_{name} environment variable"),
        Origin::AutoFile(path) | Origin::NamedFile(path) => format!("set from {path}"),
        Origin::CommandLine => format!("set using -var=\"{name}=...\""),
        Origin::Prompt => String::from("set interactively"),
        Origin::Plan => String::from("saved in the plan"),
    }
}

fn unsuitable(
    variable: &Variable,
    origin: &Origin,
    span: Option<Span>,
    problem: &str,
) -> Diagnostic {
    Diagnostic::error(
        "Invalid value for input variable",
        format!(
            "Unsuitable value for var.{} {}: {problem}.",
            variable.name,
            set_by(variable, origin)
        ),
    )
    .at(span.unwrap_or(variable.span))
}

/// Names that were given and are not declared: nothing in the environment, a warning in files, an error on the command line.
fn undeclared(
    root: Option<&Module>,
    values: &std::collections::BTreeMap<String, Given>,
    diagnostics: &mut Diagnostics,
) {
    let declared = |name: &str| {
        root.is_some_and(|module| {
            module
                .variables
                .iter()
                .any(|variable| variable.name == name)
        })
    };
    let mut warned = 0;
    for (name, given) in values.iter().filter(|(name, _)| !declared(name)) {
        match &given.origin {
            Origin::Environment | Origin::Prompt | Origin::Plan => {}
            Origin::CommandLine => diagnostics.push(Diagnostic::error(
                "Value for undeclared variable",
                format!("A variable named {name:?} was assigned on the command line, but the root module does not declare a variable of that name. To use this value, add a \"variable\" block to the configuration."),
            )),
            Origin::AutoFile(path) | Origin::NamedFile(path) => {
                warned += 1;
                if warned > MAX_UNDECLARED {
                    continue;
                }
                let warning = Diagnostic::warning(
                    "Value for undeclared variable",
                    format!("The root module does not declare a variable named {name:?} but a value was found in file {path:?}. If you meant to use this value, add a \"variable\" block to the configuration.\n\nTo set values for all configurations of your organization without this warning, use TF_VAR_... environment variables."),
                );
                diagnostics.push(match given.raw {
                    Raw::Value(_, span) => warning.at(span),
                    Raw::Text(_) => warning,
                });
            }
        }
    }
    if warned > MAX_UNDECLARED {
        diagnostics.push(Diagnostic::warning(
            "Values for undeclared variables",
            format!(
                "In addition to the variables above, {} more were given a value in a file without being declared by the root module.",
                warned - MAX_UNDECLARED
            ),
        ));
    }
}
