//! What the peer's console answers, call by call (`answers/*.txt`: the expression, a tab, the answer as JSON, or `!` for an error), and
//! where we answer otherwise on purpose (`deviations.txt`: the expression, our answer, the reason).

use super::Functions;
use crate::expr::simple::Names;
use crate::source::FileId;
use crate::syntax::parse::parse_expression;
use std::collections::BTreeMap;
use terrane_value::json;

const DEVIATIONS: &str = include_str!("answers/deviations.txt");

/// The answer as the table has it.
fn answer(text: &str) -> (String, String) {
    let (expr, diagnostics) = parse_expression(FileId(0), text);
    let expr = expr.unwrap_or_else(|| panic!("{text}: {diagnostics:?}"));
    let functions = Functions::pure();
    match Names::new(&BTreeMap::new(), &functions).evaluate(&expr) {
        Ok(value) if !value.is_wholly_known() => (String::from("unknown"), String::new()),
        Ok(value) => {
            // As `jsonencode` writes it.
            let mut out = String::new();
            let Ok(made) = json::encode_plain(&value) else {
                return (String::from("!"), String::from("no JSON for it"));
            };
            for character in made.chars() {
                match character {
                    '<' => out.push_str("\\u003c"),
                    '>' => out.push_str("\\u003e"),
                    '&' => out.push_str("\\u0026"),
                    '\u{2028}' => out.push_str("\\u2028"),
                    '\u{2029}' => out.push_str("\\u2029"),
                    other => out.push(other),
                }
            }
            (out, String::new())
        }
        Err(diagnostics) => {
            let why: Vec<String> = diagnostics.iter().map(|one| one.detail.clone()).collect();
            (String::from("!"), why.join("; "))
        }
    }
}

fn check(table: &str) {
    let mut deviations: BTreeMap<&str, &str> = DEVIATIONS
        .lines()
        .map(|line| {
            let mut parts = line.split('\t');
            let text = parts.next().expect("an expression");
            let ours = parts.next().expect("an answer");
            assert!(parts.next().is_some_and(|why| !why.is_empty()), "{line}");
            (text, ours)
        })
        .collect();
    let mut failed = String::new();
    for line in table.lines() {
        let (text, theirs) = line.split_once('\t').expect("an expression and an answer");
        let expected = deviations.remove(text).unwrap_or(theirs);
        let (ours, why) = answer(text);
        if ours != expected {
            failed.extend([
                "\n",
                text,
                "\n  expected ",
                expected,
                "\n  given    ",
                &ours,
                " ",
                &why,
            ]);
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

#[test]
fn yaml() {
    check(include_str!("answers/yaml.txt"));
}

#[test]
fn text_and_numbers() {
    check(include_str!("answers/text.txt"));
}

#[test]
fn patterns() {
    check(include_str!("answers/regex.txt"));
}

#[test]
fn csv_dates_networks_hashes_json() {
    check(include_str!("answers/misc.txt"));
}

#[test]
fn collections_and_operators() {
    check(include_str!("answers/collections.txt"));
}
