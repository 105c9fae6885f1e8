//! Common mistakes and what is said of them, as the user sees it: all in `tests/golden-diagnostics`, to be read. `TERRANE_BLESS=1` writes the outputs
//! anew.

use crate::folder::{Folder, repository};
use std::fmt::Write as _;
use terrane_tests::situations::Situation;

/// What the last command writes.
fn run(input: &str) -> String {
    let (commands, files) = Situation::parts(input);
    let folder = Folder::new(&[]);
    for (path, text) in &files {
        folder.write(path, &format!("{}\n", text.trim_end()));
    }
    let mut shown = String::new();
    for command in &commands {
        let ran = folder.run(command);
        shown = format!("{}{}", ran.out, ran.err);
    }
    let shown = without_ids(&shown);
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// The text with `ID` for each random id.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| {
        word.len() == 36
            && word.split('-').map(str::len).eq([8, 4, 4, 4, 12])
            && word
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
    };
    let inside = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut masked = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end.max(first.len_utf8()));
        masked.push_str(if is_id(word) { "ID" } else { word });
        rest = after;
    }
    masked
}

#[test]
fn mistakes_are_explained() {
    let dir = repository().join("tests/golden-diagnostics");
    let bless = std::env::var_os("TERRANE_BLESS").is_some();
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let (mut count, mut wrong) = (0, String::new());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut blessed = String::new();
        for case in Situation::all(&text) {
            count += 1;
            let Situation {
                title,
                input,
                expected,
            } = &case;
            let found = run(input);
            if found != *expected {
                write!(wrong, "=== {title}\n{input}\n--- found\n{found}\n").unwrap();
            }
            let gap = if blessed.is_empty() { "" } else { "\n\n" };
            write!(blessed, "{gap}=== {title}\n{input}\n---\n{found}").unwrap();
        }
        if bless {
            std::fs::write(&path, blessed + "\n").unwrap();
        }
    }
    assert!(count > 100, "only {count} cases were found");
    assert!(bless || wrong.is_empty(), "{wrong}");
}

/// The examples of rules that a plan finds: each plan has the message that it is an example of.
#[test]
fn examples_of_plans_break_their_rule() {
    let folder = Folder::new(&[]);
    let listed = folder.run("explain -json").ok().out;
    let rules: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let (mut count, mut wrong) = (0, String::new());
    for rule in rules.as_array().unwrap() {
        let code = rule["code"].as_str().unwrap();
        let text = rule["explanation"].as_str().unwrap();
        let Some((_, rest)) = text.split_once("```plan\n") else {
            continue;
        };
        let (example, _) = rest.split_once("```").unwrap();
        count += 1;
        let shown = run(&format!("$ plan -input=false\n{example}"));
        if !shown.contains(&format!("[{code}]")) {
            write!(wrong, "{code}\n{example}--- found\n{shown}\n\n").unwrap();
        }
    }
    assert!(count > 15, "only {count} examples were found");
    assert!(wrong.is_empty(), "{wrong}");
}
