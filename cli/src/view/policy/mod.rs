//! What policies say.

pub(crate) mod junit;
pub(crate) mod sarif;

use super::Output;
use super::json::Json;
use super::paint::{self, BOLD, CYAN, DIM, GREEN, RED, YELLOW};
use serde_json::{Map, Value, json};
use terrane_ops::policies::{Level, PolicyResult, Report, Tested, Verdict};

fn painted(out: &Output, paint: &str, text: &str) -> String {
    paint::painted(out.color(), paint, text)
}

/// What a level is called, over its results.
const fn title(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Deny => ("Denied", RED),
        Level::RequireApproval => ("Needs approval", CYAN),
        Level::Warn => ("Warnings", YELLOW),
    }
}

/// For people.
pub(crate) fn human(out: &mut Output, report: &Report) {
    let mut text = String::new();
    for line in &report.printed {
        text.extend([line.trim_end(), "\n"]);
    }
    text.push('\n');
    text.push_str(&painted(out, BOLD, "Policies:"));
    text.extend([" ", &counts(report), "\n"]);
    for level in [Level::Deny, Level::RequireApproval, Level::Warn] {
        let mut results = report.results.iter().filter(|one| one.level == level);
        let Some(first) = results.next() else {
            continue;
        };
        let (title, color) = title(level);
        text.extend(["\n  ", &painted(out, color, title), "\n"]);
        let mut rule = ("", "");
        for result in std::iter::once(first).chain(results) {
            let own = (result.namespace.as_str(), result.rule.as_str());
            if rule != own {
                text.extend(["    ", &place(out, result), "\n"]);
                rule = own;
            }
            for (at, line) in result.text().lines().enumerate() {
                text.extend([if at == 0 { "      - " } else { "        " }, line, "\n"]);
            }
        }
    }
    if !report.exempt.is_empty() {
        text.extend([
            "\n  ",
            &painted(out, GREEN, "Taken back by an exception"),
            "\n",
        ]);
        for exempt in &report.exempt {
            text.extend(["    ", &exempt.namespace, ".", &exempt.rule, "\n"]);
            for message in &exempt.messages {
                text.extend(["      - ", message, "\n"]);
            }
        }
    }
    out.print(&text);
}

fn place(out: &Output, result: &PolicyResult) -> String {
    let place = format!("({}:{})", result.file, result.line);
    format!(
        "{}.{} {}",
        result.namespace,
        result.rule,
        painted(out, DIM, &place)
    )
}

fn counts(report: &Report) -> String {
    let plural = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    let mut parts = vec![plural(report.rules, "rule", "rules")];
    for (level, one, many) in [
        (Level::Deny, "denial", "denials"),
        (
            Level::RequireApproval,
            "approval needed",
            "approvals needed",
        ),
        (Level::Warn, "warning", "warnings"),
    ] {
        match report.count(level) {
            0 => {}
            count => parts.push(plural(count, one, many)),
        }
    }
    if report.results.is_empty() {
        parts.push(String::from("no objection"));
    }
    parts.join(", ") + "."
}

/// As one document.
pub(crate) fn document(report: &Report) -> Value {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        fields.insert(String::from("format_version"), json!("1.0"));
        fields.insert(String::from("denied"), json!(report.denies()));
    }
    value
}

/// As lines, among those of a plan.
pub(crate) fn lines(view: &mut Json<'_>, report: &Report) {
    for result in &report.results {
        let level = match result.level {
            Level::Deny => "error",
            Level::RequireApproval => "info",
            Level::Warn => "warn",
        };
        let body = serde_json::to_value(result).unwrap_or_default();
        let rest = Map::from_iter([(String::from("policy"), body)]);
        let message = format!("{}.{}: {}", result.namespace, result.rule, result.text());
        view.line(level, &message, "policy_result", rest);
    }
    let counts_json = json!({
        "rules": report.rules,
        "denied": report.count(Level::Deny),
        "approvals": report.count(Level::RequireApproval),
        "warnings": report.count(Level::Warn),
        "exempt": report.exempt.len(),
    });
    let rest = Map::from_iter([(String::from("policies"), counts_json)]);
    let message = format!("Policies: {}", counts(report));
    view.line("info", &message, "policy_summary", rest);
}

/// Tests, for people. `verbose`: those that passed too.
pub(crate) fn human_tests(out: &mut Output, tests: &[Tested], verbose: bool) {
    let mut text = String::new();
    for test in tests {
        let (word, color) = match &test.verdict {
            Verdict::Passed if verbose => ("pass", GREEN),
            Verdict::Passed => continue,
            Verdict::Failed => ("fail", RED),
            Verdict::Broken(_) => ("error", RED),
            Verdict::Todo => ("skip", YELLOW),
        };
        let place = painted(out, DIM, &format!("({}:{})", test.file, test.line));
        let word = painted(out, color, word);
        text.extend([format!(
            "{}.{}... {word} {place}\n",
            test.namespace, test.name
        )]);
        if let Verdict::Broken(problem) = &test.verdict {
            for line in problem.lines() {
                text.extend(["  ", line, "\n"]);
            }
        }
        for line in &test.printed {
            text.extend(["  | ", line.trim_end(), "\n"]);
        }
    }
    let count =
        |wanted: fn(&Verdict) -> bool| tests.iter().filter(|test| wanted(&test.verdict)).count();
    let failed = count(|verdict| matches!(verdict, Verdict::Failed | Verdict::Broken(_)));
    let passed = count(|verdict| *verdict == Verdict::Passed);
    let skipped = match count(|verdict| *verdict == Verdict::Todo) {
        0 => String::new(),
        skipped => format!(", {skipped} skipped"),
    };
    if !text.is_empty() {
        text.push('\n');
    }
    let (word, color) = match failed {
        0 => ("Success!", GREEN),
        _ => ("Failure!", RED),
    };
    text.push_str(&painted(out, color, word));
    text.extend([format!(" {passed} passed, {failed} failed{skipped}.\n")]);
    out.print(&text);
}

/// Tests, as one document.
pub(crate) fn tests_document(tests: &[Tested]) -> Value {
    let tests: Vec<Value> = tests
        .iter()
        .map(|test| {
            let (status, problem) = match &test.verdict {
                Verdict::Passed => ("pass", None),
                Verdict::Failed => ("fail", None),
                Verdict::Broken(problem) => ("error", Some(problem)),
                Verdict::Todo => ("skip", None),
            };
            json!({
                "namespace": test.namespace,
                "name": test.name,
                "file": test.file,
                "line": test.line,
                "status": status,
                "problem": problem,
                "printed": test.printed,
            })
        })
        .collect();
    json!({ "format_version": "1.0", "tests": tests })
}
