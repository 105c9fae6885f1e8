//! `metadata functions`.

use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use serde_json::{Map, Value, json};
use terrane_ops::lang::functions::help::{Parameter, Signature, signatures};
use terrane_ops::value::{Type, json as value_json};

/// The version of this form.
const FORMAT: &str = "1.0";

pub(crate) fn functions(app: &mut App, parsed: &Parsed) -> Exit {
    if !parsed.is("json", false) {
        return app.usage_error(
            None,
            "terrane metadata functions writes JSON only: give it the -json flag.",
        );
    }
    let mut all = Map::new();
    for signature in signatures() {
        let body = function(&signature);
        all.insert(signature.name.to_owned(), body.clone());
        all.insert(format!("core::{}", signature.name), body);
    }
    let body = json!({ "format_version": FORMAT, "function_signatures": all });
    app.out().print(&format!("{body}\n"));
    Exit::OK
}

fn function(signature: &Signature) -> Value {
    let mut out = Map::new();
    out.insert("description".into(), signature.about.into());
    out.insert("return_type".into(), ty(&signature.returns));
    if !signature.params.is_empty() {
        let params: Vec<Value> = signature.params.iter().map(parameter).collect();
        out.insert("parameters".into(), params.into());
    }
    if let Some(variadic) = &signature.variadic {
        out.insert("variadic_parameter".into(), parameter(variadic));
    }
    Value::Object(out)
}

fn parameter(parameter: &Parameter) -> Value {
    let mut out = Map::new();
    out.insert("name".into(), parameter.name.into());
    if !parameter.about.is_empty() {
        out.insert("description".into(), parameter.about.into());
    }
    if parameter.nullable {
        out.insert("is_nullable".into(), true.into());
    }
    out.insert("type".into(), ty(&parameter.ty));
    Value::Object(out)
}

/// A type as JSON.
pub(crate) fn ty(ty: &Type) -> Value {
    let mut text = String::new();
    value_json::encode_type(ty, &mut text);
    serde_json::from_str(&text).unwrap_or(Value::Null)
}
