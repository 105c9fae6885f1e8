//! Every function is described, and every example gives what is said.

use super::{FAMILIES, all, help, overview};
use crate::expr::simple::Names;
use crate::functions::table::{self, descriptions};
use crate::functions::{Files, Functions, Impure, Random};
use crate::source::FileId;
use crate::syntax::parse::parse_expression;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_value::{Kind, Value};

#[derive(Debug)]
struct TwoFiles;

impl Files for TwoFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, String> {
        match path {
            "hello.txt" => Ok(Arc::from(&b"Hello, ${name}!"[..])),
            _ => Err(String::from("no such file")),
        }
    }

    fn exists(&self, path: &str) -> Result<bool, String> {
        Ok(path == "hello.txt")
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(vec!["hello.txt".into(), "sub/notes.md".into()])
    }

    fn absolute(&self, path: &str) -> String {
        crate::functions::file::clean(path)
    }

    fn home(&self) -> Option<String> {
        None
    }
}

#[derive(Debug)]
struct Zeros;

impl Random for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

fn text(value: &str) -> String {
    let mut out = String::new();
    crate::functions::tfvars::write_text(value, &mut out);
    out
}

/// A value as an expression in one line.
fn shown(value: &Value) -> String {
    let items = |items: &[Value]| {
        let items: Vec<String> = items.iter().map(shown).collect();
        format!("[{}]", items.join(", "))
    };
    let entries = |entries: Vec<String>| match entries.len() {
        0 => String::from("{}"),
        _ => format!("{{ {} }}", entries.join(", ")),
    };
    let named =
        |(name, value): (&terrane_value::EcoString, &Value)| format!("{name} = {}", shown(value));
    match value.kind() {
        Kind::Marked(..) => String::from("(sensitive)"),
        Kind::Null(_) => String::from("null"),
        Kind::Unknown(..) => String::from("(unknown)"),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.text().to_string(),
        Kind::String(value) => text(value),
        Kind::List(list) => format!("tolist({})", items(list)),
        Kind::Set(set) => format!("toset({})", items(set)),
        Kind::Tuple(tuple) => items(tuple),
        Kind::Map(map) => format!("tomap({})", entries(map.iter().map(named).collect())),
        Kind::Object(object) => entries(object.iter().map(named).collect()),
    }
}

fn evaluated(expression: &str) -> String {
    let functions = Functions {
        files: Arc::new(TwoFiles),
        plan_time: Some("2025-01-02T03:04:05Z".into()),
        impure: Some(Impure {
            now: "2025-01-02T03:04:06Z".into(),
            random: Arc::new(Zeros),
        }),
        ..Functions::pure()
    };
    let (expr, diagnostics) = parse_expression(FileId(0), expression);
    let Some(expr) = expr else {
        return format!("{diagnostics:?}");
    };
    match Names::new(&BTreeMap::new(), &functions).evaluate(&expr) {
        Ok(value) => shown(&value),
        Err(diagnostics) => format!("{diagnostics:?}"),
    }
}

#[test]
fn examples_give_what_is_said() {
    let mut wrong = String::new();
    for help in all() {
        assert!(!help.examples.is_empty(), "{}", help.name);
        for (expression, result) in help.examples {
            let got = evaluated(expression);
            if got != *result {
                wrong.extend([*expression, "\n  said ", *result, "\n  gave ", &got, "\n"]);
            }
            assert!(
                expression.contains(&format!("{}(", help.name)),
                "{expression} is no example of {}",
                help.name
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_function_is_described() {
    let mut names: Vec<&str> = all().iter().map(|help| help.name).collect();
    names.sort_unstable();
    let known: Vec<&str> = descriptions()
        .iter()
        .map(|description| description.name)
        .filter(|name| !name.contains("::"))
        .collect();
    assert_eq!(names, known);
    for (_, entries) in FAMILIES {
        let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
        assert!(names.is_sorted(), "{names:?}");
        for entry in entries {
            let params = table::parameter_names(entry.name);
            assert_eq!(params.len(), entry.params.len(), "{}", entry.name);
        }
    }
}

#[test]
fn help_is_text() {
    let text = help("core::contains").expect("a function").render();
    assert_eq!(
        text,
        "contains(list any, value any) bool

Whether a list, tuple or set holds a value.

  list: a list, tuple or set
  value: the value to look for

Nothing is converted: the number 1 is not the text \"1\".

`value` may be null.

`value` may be unknown without making the result unknown, if the result follows
from the rest.

  > contains([\"a\", \"b\"], \"a\")
  true
  > contains([1], \"1\")
  false
"
    );
    assert_eq!(help("nope"), None);
    assert!(overview().contains("\nNumbers\n  abs ceil floor"));
    assert!(overview().lines().all(|line| line.len() <= 80));
}
