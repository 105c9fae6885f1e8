//! The reference of diagnostics is made of the rules. `TERRANE_BLESS=1` (or `cargo xtask codegen`) writes it.

#![expect(
    clippy::unwrap_used,
    reason = "what fails here fails the test, also in functions that tests share"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use terrane_ops::lang::diagnostic::{Rule, Severity};
use terrane_ops::rules;

const INTRODUCTION: &str = "# Diagnostics

Every message of terrane about its input has a code, at the end of its first line and as `code` in the JSON views. A code always means the
same rule, whatever the words are; several rules may share a headline. `terrane explain CODE` shows what stands here. Messages that providers
write have no code.

This page is made of the declarations of the rules; `cargo xtask codegen` writes it anew. Examples in several files have a line `-- path`
before each.
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in a folder of the workspace")
        .to_owned()
}

fn every() -> impl Iterator<Item = &'static Rule> {
    rules::areas().flat_map(|(_, rules)| rules).copied()
}

fn page() -> String {
    let mut text = String::from(INTRODUCTION);
    for (title, rules) in rules::areas() {
        text.extend(["\n## ", title, "\n"]);
        for rule in rules {
            let warning = match rule.severity {
                Severity::Error => "",
                Severity::Warning => " (warning)",
            };
            // What a plan finds is shown like any other configuration.
            let body = rule
                .text()
                .replace("```plan", "```terraform")
                .replace("```tftest", "```terraform");
            text.extend([
                "\n### ",
                rule.code,
                ": ",
                rule.summary,
                warning,
                "\n\n",
                &body,
                "\n",
            ]);
        }
    }
    text
}

#[test]
fn the_page_is_fresh() {
    let path = root().join("docs/reference/diagnostics.md");
    let page = page();
    if std::env::var_os("TERRANE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).unwrap();
        std::fs::write(&path, page).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/reference/diagnostics.md is out of date: run `cargo xtask codegen`"
    );
}

#[test]
fn codes_are_given_once_and_in_order() {
    let mut last = "";
    for rule in every() {
        let digits = rule.code.strip_prefix('T').unwrap_or_default();
        assert!(
            digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()),
            "{} is no code",
            rule.code
        );
        assert!(rule.code > last, "{} follows {last}", rule.code);
        last = rule.code;
    }
}

#[test]
fn rules_are_explained_by_an_example() {
    for rule in every() {
        let text = rule.text();
        let prose = text.split("```").next().unwrap_or_default().trim();
        assert!(
            prose.len() > 20 && prose.ends_with(['.', ')']),
            "{}: {prose:?}",
            rule.code
        );
        let examples = rule.examples();
        assert!(!examples.is_empty(), "{} has no example", rule.code);
        for (kind, text) in examples {
            assert!(
                [
                    "terraform",
                    "plan",
                    "tftest",
                    "json",
                    "tfvars",
                    "sh",
                    "text"
                ]
                .contains(&kind.as_str()),
                "{}: {kind}",
                rule.code
            );
            assert!(!text.trim().is_empty(), "{}", rule.code);
        }
    }
}

/// All source texts, without those of the rules.
fn sources(dir: &Path, found: &mut String) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !["target", "rules", ".git", "tests"].contains(&name.as_ref()) {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The declarations by code, with the module and name that the code uses.
fn names() -> BTreeMap<String, (String, String)> {
    let mut found = BTreeMap::new();
    for room in [
        "engine/lang",
        "engine/config",
        "engine/plan",
        "engine/gate",
        "engine/apply",
        "engine/gate",
        "ops",
    ] {
        for entry in std::fs::read_dir(root().join(room).join("src/rules")).unwrap() {
            let path = entry.unwrap().path();
            let area = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let words: Vec<&str> = line.split_whitespace().collect();
                if let [code, "error" | "warning", name, "=", ..] = words.as_slice() {
                    found.insert((*code).to_owned(), (area.clone(), (*name).to_owned()));
                }
            }
        }
    }
    found
}

#[test]
fn every_rule_is_used() {
    let mut text = String::new();
    for room in ["engine", "ops", "cli"] {
        sources(&root().join(room), &mut text);
    }
    // What `rules::expr::of_access` hands out is used through it.
    text.push_str(
        &std::fs::read_to_string(root().join("engine/lang/src/rules/expr.rs"))
            .unwrap()
            .split_once("pub fn of_access")
            .expect("it is there")
            .1
            .replace("=> &", "=> &rules::expr::"),
    );
    let names = names();
    let mut unused = Vec::new();
    for rule in every() {
        let (area, name) = names.get(rule.code).expect("it is declared on one line");
        let used = [format!("{area}::{name}"), format!("rules::{name}")]
            .iter()
            .any(|path| {
                text.match_indices(path.as_str()).any(|(at, _)| {
                    let next = text
                        .get(at + path.len()..)
                        .and_then(|rest| rest.chars().next());
                    !next.is_some_and(|next| next.is_ascii_alphanumeric() || next == '_')
                })
            });
        if !used {
            unused.push(format!("{} {area}::{name}", rule.code));
        }
    }
    assert!(unused.is_empty(), "unused: {unused:#?}");
}
