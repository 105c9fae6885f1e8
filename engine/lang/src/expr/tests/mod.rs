//! Tests of expressions: what each form gives, with unknown values, marks and nulls, and what it says where it fails.

use super::simple::Names;
use super::types::{type_constraint, variable_type};
use super::{Binder, Bound, Compiled, Scope, Slot, compile};
use crate::diagnostic::{Diagnostic, Diagnostics, Headline};
use crate::functions::Functions;
use crate::source::{FileId, Span};
use crate::syntax::ast;
use crate::syntax::parse::{parse_expression, parse_template};
use std::cell::RefCell;
use std::collections::BTreeMap;
use terrane_value::{EcoString, Marks, Refinements, Type, Value};

mod bounds;
mod calls;
mod collections;
mod depth;
mod messages;
mod operators;
mod provider;
mod references;
mod templates;
mod types;
mod unknowns;

fn parsed(text: &str) -> ast::Expr {
    let (expr, diagnostics) = parse_expression(FileId(0), text);
    expr.unwrap_or_else(|| panic!("{text}: {diagnostics:?}"))
}

fn names() -> BTreeMap<EcoString, Value> {
    let number = |value: i64| Value::number(terrane_value::Number::from_i64(value));
    let secret = || Value::string("secret").with_marks(&Marks::SENSITIVE);
    let object = Value::object([("a", number(1)), ("b", Value::string("x"))]);
    let table = [
        ("u", Value::dynamic()),
        ("us", Value::unknown(Type::String)),
        ("un", Value::unknown(Type::Number)),
        ("ub", Value::unknown(Type::Bool)),
        ("ul", Value::unknown(Type::list(Type::String))),
        ("um", Value::unknown(Type::map(Type::Number))),
        (
            "uid",
            Value::unknown_refined(Type::String, Refinements::NOT_NULL),
        ),
        ("s", secret()),
        ("ep", Value::string("passing").with_marks(&Marks::EPHEMERAL)),
        ("sn", number(3).with_marks(&Marks::SENSITIVE)),
        ("sb", Value::TRUE.with_marks(&Marks::SENSITIVE)),
        (
            "sl",
            Value::list(Type::String, vec![Value::string("a"), Value::string("b")])
                .with_marks(&Marks::SENSITIVE),
        ),
        ("inner", Value::tuple(vec![secret(), number(1)])),
        ("o", object),
        ("n", number(5)),
        ("t", Value::string("text")),
    ];
    table
        .into_iter()
        .map(|(name, value)| (EcoString::from(name), value))
        .collect()
}

fn evaluate(text: &str) -> Result<Value, Diagnostics> {
    let functions = Functions::pure();
    Names::new(&names(), &functions)
        .with_type_function()
        .evaluate(&parsed(text))
}

/// The value as the tests write it.
fn shown(text: &str) -> String {
    match evaluate(text) {
        Ok(value) => {
            let marks = if value.marks().is_sensitive() {
                "sensitive "
            } else {
                ""
            };
            format!("{marks}{:?}", value.unmarked())
        }
        Err(diagnostics) => diagnostics
            .iter()
            .map(|one| format!("! {}: {}", one.summary, one.detail))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(&shown(text), expected, "{text}");
    }
}

/// The whole of an error: summary, the text that it underlines, the text around it, the values that took part.
#[track_caller]
fn check_error(text: &str, summary: &str, subject: &str, context: &str, values: &str) {
    let diagnostics = evaluate(text).expect_err(text);
    let first = diagnostics.iter().next().expect("a message");
    let cut = |span: Option<Span>| {
        span.and_then(|span| text.get(span.start as usize..span.end as usize))
            .unwrap_or_default()
    };
    let involved: Vec<String> = first
        .values
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    assert_eq!(first.summary, summary, "{text}");
    assert_eq!(cut(first.subject), subject, "{text}");
    assert_eq!(cut(first.context), context, "{text}");
    assert_eq!(involved.join(", "), values, "{text}");
}
