//! `output`.

use super::with_session;
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::value::render_value;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use terrane_ops::failure::{Failure, Report};
use terrane_ops::lang::diagnostic::Diagnostic;
use terrane_ops::model::snapshot::OutputState;
use terrane_ops::output;
use terrane_ops::rules;
use terrane_ops::session::Session;
use terrane_ops::value::{Kind, Value};

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let (as_json, raw) = (parsed.is("json", false), parsed.is("raw", false));
    // The answer itself is JSON; messages are for people.
    app.human_only();
    if parsed.positional.len() > 1 {
        return app.usage_error(
            None,
            "The output command takes one argument, the name of an output, or none to show all.",
        );
    }
    if as_json && raw {
        return app.usage_error(None, "-raw and -json can't be given together.");
    }
    with_session(app, parsed, "output", |app, session| {
        match parsed.positional.first() {
            Some(name) => one(app, parsed, session, name),
            None if raw => {
                Ok(app.usage_error(None, "The -raw option needs the name of one output."))
            }
            None => all(app, parsed, session),
        }
    })
}

fn all(app: &mut App, parsed: &Parsed, session: &Session) -> Result<Exit, Failure> {
    let outputs = output::all(session)?;
    if parsed.is("json", false) {
        let body: Map<String, Json> = outputs
            .iter()
            .map(|(name, output)| {
                let body = json!({
                    "sensitive": output.sensitive,
                    "type": type_json(&output.value),
                    "value": value_json(&output.value),
                });
                (name.to_string(), body)
            })
            .collect();
        app.out().print(&format!("{:#}\n", Json::Object(body)));
        return Ok(Exit::OK);
    }
    if outputs.is_empty() {
        app.show_report(&Report::plain(Diagnostic::warning(
            &rules::usage::NO_OUTPUTS,
            "The state holds no outputs. Define one in the configuration with an `output` block, and run `terrane apply`.",
        )));
        return Ok(Exit::OK);
    }
    let text = text(&outputs, parsed.is("show-sensitive", false));
    app.out().print(&text);
    Ok(Exit::OK)
}

fn one(app: &mut App, parsed: &Parsed, session: &Session, name: &str) -> Result<Exit, Failure> {
    let OutputState { value, .. } = output::one(session, name)?;
    let text = if parsed.is("json", false) {
        format!("{}\n", plain_json(&value))
    } else if parsed.is("raw", false) {
        raw(name, &value)?
    } else {
        format!("{}\n", render_value(&value, true))
    };
    app.out().print(&text);
    Ok(Exit::OK)
}

/// All outputs as text. Sensitive ones are named only.
pub(super) fn text(
    outputs: &BTreeMap<ecow::EcoString, OutputState>,
    show_sensitive: bool,
) -> String {
    outputs
        .iter()
        .map(|(name, output)| {
            if output.sensitive && !show_sensitive {
                format!("{name} = <sensitive>\n")
            } else {
                format!("{name} = {}\n", render_value(&output.value, show_sensitive))
            }
        })
        .collect()
}

/// The text of a primitive value.
fn raw(name: &str, value: &Value) -> Result<String, Failure> {
    let unsupported = |what: &str| {
        Failure::input(
            &rules::usage::RAW_OUTPUT,
            format!(
                "The -raw option only supports strings, numbers, and boolean values, but output value {name:?} is {what}.\n\nUse the -json option for machine-readable representations of output values that have complex types."
            ),
        )
    };
    match value.unmarked().kind() {
        Kind::String(text) => Ok(text.to_string()),
        Kind::Number(number) => Ok(number.to_string()),
        Kind::Bool(value) => Ok(value.to_string()),
        Kind::Null(_) => Err(unsupported("null")),
        Kind::List(_) => Err(unsupported("a list")),
        Kind::Set(_) => Err(unsupported("a set")),
        Kind::Map(_) => Err(unsupported("a map")),
        Kind::Tuple(_) => Err(unsupported("a tuple")),
        Kind::Object(_) => Err(unsupported("an object")),
        Kind::Unknown(..) | Kind::Marked(..) => Err(unsupported("not known")),
    }
}

/// A stored value as compact JSON text. Stored values are known and unmarked.
pub(super) fn plain_json(value: &Value) -> String {
    terrane_ops::value::json::encode_plain(value).unwrap_or_else(|_| String::from("null"))
}

/// A stored value as JSON.
pub(super) fn value_json(value: &Value) -> Json {
    serde_json::from_str(&plain_json(value)).unwrap_or(Json::Null)
}

/// The type of a value in its JSON form.
pub(super) fn type_json(value: &Value) -> Json {
    let mut text = String::new();
    terrane_ops::value::json::encode_type(&value.ty(), &mut text);
    serde_json::from_str(&text).unwrap_or(Json::Null)
}
