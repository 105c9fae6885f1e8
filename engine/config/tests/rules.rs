//! The examples of the rules: each makes the message that it is an example of.

mod support;

use support::FileSet;
use terrane_lang::diagnostic::{Rule, Severity};

/// Files that examples of module calls and functions may refer to are part of the example; this only splits them.
fn files(kind: &str, text: &str) -> Option<FileSet> {
    match kind {
        "terraform" => Some(support::files(text)),
        "json" => Some([("main.tf.json".to_owned(), text.to_owned())].into()),
        _ => None,
    }
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    [terrane_lang::rules::AREAS, terrane_config::rules::AREAS]
        .into_iter()
        .flatten()
        .flat_map(|(_, rules)| *rules)
        .copied()
}

#[test]
fn examples_break_the_rule_that_they_are_about() {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for rule in rules() {
        for (kind, text) in rule.examples() {
            let Some(files) = files(&kind, &text) else {
                continue;
            };
            checked += 1;
            let (found, sources) = support::diagnose(files);
            let hit = found
                .iter()
                .any(|diagnostic| diagnostic.is(rule) && diagnostic.severity == rule.severity);
            if !hit {
                let codes: Vec<&str> = found.iter().filter_map(|found| found.code).collect();
                let shown = support::render(&found, &sources);
                let word = match rule.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                };
                wrong.push(format!(
                    "{} {word} {}\n{text}--- got {codes:?}\n{shown}",
                    rule.code, rule.summary
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {checked} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(checked > 250, "only {checked} examples were checked");
}
