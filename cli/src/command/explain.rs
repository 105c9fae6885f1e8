//! `explain`: what the code of a message means.

use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::failure::Failure;
use terrane_ops::lang::diagnostic::{Rule, Severity};
use terrane_ops::rules;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let json = parsed.is("json", false);
    let text = match parsed.positional.first() {
        None if json => pretty(&serde_json::Value::Array(every().map(data).collect())),
        None => list(),
        Some(code) => match rules::find(code) {
            Some(rule) if json => pretty(&data(rule)),
            Some(rule) => one(rule),
            None => {
                let detail = format!(
                    "No message has the code {code:?}. See all of them with `terrane explain`."
                );
                return app.show_failure(Failure::input(&rules::usage::UNKNOWN_CODE, detail));
            }
        },
    };
    app.out().print(&text);
    Exit::OK
}

fn every() -> impl Iterator<Item = &'static Rule> {
    rules::areas().flat_map(|(_, rules)| rules).copied()
}

fn word(rule: &Rule) -> &'static str {
    match rule.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn one(rule: &Rule) -> String {
    format!(
        "{}: {} ({})\n\n{}\n",
        rule.code,
        rule.summary,
        word(rule),
        rule.text()
    )
}

fn list() -> String {
    let mut text = String::new();
    for (title, rules) in rules::areas() {
        text.extend([title, "\n"]);
        for rule in rules {
            text.extend(["  ", rule.code, "  ", rule.summary, "\n"]);
        }
        text.push('\n');
    }
    text.push_str("Run `terrane explain CODE` to read about one of them.\n");
    text
}

fn data(rule: &Rule) -> serde_json::Value {
    serde_json::json!({
        "code": rule.code,
        "severity": word(rule),
        "summary": rule.summary,
        "explanation": rule.text(),
    })
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
