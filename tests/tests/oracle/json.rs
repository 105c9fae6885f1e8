//! What programs read: `validate -json`, `test -json`, `test -junit-xml` and the outputs after a failure, beside the peer.

use crate::ABSENT;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use terrane_tests::oracle::{binary, peer};
use terrane_tests::situations::Situation;

/// A folder with these files.
fn folder(files: &[(String, String)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().expect("it is in the folder"))
            .expect("files can be read and written");
        fs::write(path, text).expect("files can be read and written");
    }
    dir
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Situations of which `validate -json` tells other things than the peer, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("missing closing brace", ECHO),
    ("unclosed string", ECHO),
    ("unclosed interpolation", ECHO),
    ("single quotes", ECHO),
    ("curly quotes", ECHO),
    ("backticks", ECHO),
    ("bitwise operator", ECHO),
    (
        "syntax errors in two files, and one of meaning in a third",
        ECHO,
    ),
    (
        "a syntax error, and references that may or may not follow from it",
        "what does not follow from the mistake is told as well",
    ),
    ("two syntax errors in one file", ECHO),
    ("unknown variable of a module", ECHO),
    (
        "semicolon",
        "the second mistake is told instead of the echo of the first",
    ),
    (
        "brace on a line of its own after a bare block type",
        "the brace is named; the peer does not get beyond the first line",
    ),
    (
        "unclosed heredoc",
        "shown where it begins, not at the end of the file",
    ),
    (
        "default of the wrong type, deep inside",
        "the very value is shown",
    ),
    (
        "prevent_destroy is null",
        "it may be an expression, so the message is another",
    ),
    (
        "a version of the built-in provider",
        "the peer tells it in init",
    ),
    ("unknown resource type", NOT_THERE),
    ("unknown provider", NOT_THERE),
    ("data source without data", NOT_THERE),
    ("wrong module path", "the peer tells it in init"),
    ("version not met", "required_version in .tf is not enforced"),
    (
        "version not met, in a file that is for this language",
        "the peer reads no .tofu",
    ),
    (
        "value for a computed attribute",
        "the peer's message is the provider's",
    ),
    ("self reference", EARLIER),
    ("division by zero", "the peer fails when it stores it"),
    ("moved object still there", EARLIER),
    ("removed but configured", EARLIER),
    (
        "dependency cycle",
        "the members are written in another way, and shown",
    ),
    (
        "cycle through a module",
        "the members are written in another way, and shown",
    ),
    (
        "an expression that goes on in the next line",
        "the peer stops at the first",
    ),
    (
        "what could not be read is not missing",
        "the peer says of what it could not read that it is missing, or of a wrong type",
    ),
];
const ECHO: &str = "the peer tells of one mistake several times";
const NOT_THERE: &str = "the peer does not have the provider here";
const EARLIER: &str = "the peer finds it when it plans";

/// What is compared of a message: how bad, what, where.
fn gist(message: &Value) -> String {
    let range = &message["range"];
    format!(
        "{} {} {}:{}",
        message["severity"], message["summary"], range["filename"], range["start"]["line"]
    )
}

/// The names of all fields, with those within.
fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                let path = format!("{path}.{name}");
                found.insert(path.clone());
                fields(inner, &path, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                fields(item, &format!("{path}[]"), found);
            }
        }
        _ => {}
    }
}

/// Fields that are ours: the code of a rule, the object that a message is about, our name and version.
fn own_field(field: &str) -> bool {
    field.ends_with("diagnostic.code")
        || field.ends_with("diagnostics[].code")
        || field.ends_with(".address")
        || field == ".terrane"
}

#[test]
fn validation() {
    let Some(theirs) = peer::terraform() else {
        eprintln!("{ABSENT}");
        return;
    };
    let (mut same, mut wrong) = (0, String::new());
    let (mut their_fields, mut our_fields) = (BTreeSet::new(), BTreeSet::new());
    for file in ["1-syntax", "2-declarations", "3-references", "4-planning"] {
        let path = repository().join(format!("tests/golden-diagnostics/{file}.txt"));
        for case in Situation::all(&fs::read_to_string(path).unwrap()) {
            let (commands, files) = Situation::parts(&case.input);
            if commands != ["validate"] {
                continue;
            }
            let answer = |program: &Path| -> Value {
                let dir = folder(&files);
                drop(peer::run(program, dir.path(), &["init"], ""));
                let ran = peer::run(program, dir.path(), &["validate", "-json"], "");
                serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}: {ran:?}", case.title))
            };
            let (their, our) = (answer(theirs), answer(binary::path()));
            fields(&their, "", &mut their_fields);
            fields(&our, "", &mut our_fields);
            let told = |answer: &Value| -> Vec<String> {
                let mut told: Vec<String> = Vec::new();
                for message in answer["diagnostics"].as_array().unwrap() {
                    let gist = gist(message);
                    // Before anything is initialized the peer tells some twice.
                    if !told.contains(&gist) {
                        told.push(gist);
                    }
                }
                told
            };
            let agree = told(&their) == told(&our) && their["valid"] == our["valid"];
            match DIFFERENT.iter().find(|(title, _)| *title == case.title) {
                None if agree => same += 1,
                None => wrong.extend([format!(
                    "=== {}\n{}\ntheirs: {:#?}\nours: {:#?}\n",
                    case.title,
                    case.input,
                    told(&their),
                    told(&our)
                )]),
                Some((title, reason)) if agree => {
                    wrong.extend([format!("{title} agrees now, not: {reason}\n")]);
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(same > 75, "only {same} situations were alike");
    let unknown: Vec<&String> = our_fields
        .difference(&their_fields)
        .filter(|field| !own_field(field))
        .collect();
    assert!(
        unknown.is_empty(),
        "fields that the peer has not: {unknown:?}"
    );
    let missing: Vec<&String> = their_fields.difference(&our_fields).collect();
    assert!(
        missing.is_empty(),
        "fields that only the peer has: {missing:?}"
    );
}

/// Scenarios of `terrane test` that the peer can be asked about, with their arguments.
fn scenarios() -> Vec<(PathBuf, Vec<String>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(repository().join("tests/test_command"))
        .expect("files can be read and written")
    {
        let path = entry.expect("files can be read and written").path();
        if !path.is_dir() || path.join("not_the_peer").exists() {
            continue;
        }
        let words = fs::read_to_string(path.join("arguments")).unwrap_or_default();
        let words = words.split_whitespace().map(String::from);
        let words = words.filter(|word| word != "-json" && word != "-verbose");
        found.push((path, words.collect()));
    }
    found.sort();
    assert!(found.len() > 20);
    found
}

/// A copy, initialized.
fn copy(program: &Path, from: &Path) -> tempfile::TempDir {
    fn files(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).expect("files can be read and written") {
            let path = entry.expect("files can be read and written").path();
            if path.is_dir() {
                files(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    files(from, &mut paths);
    let texts: Vec<(String, String)> = (paths.iter())
        .map(|path| {
            let name = path
                .strip_prefix(from)
                .expect("files can be read and written")
                .to_str()
                .expect("files can be read and written")
                .to_owned();
            (
                name,
                fs::read_to_string(path).expect("files can be read and written"),
            )
        })
        .collect();
    let dir = folder(&texts);
    drop(peer::run(program, dir.path(), &["init"], ""));
    dir
}

/// Messages of which there is one more or less, by scenario, and why.
const TARGETING: &[&str] = &[
    "Resource targeting is in effect",
    "Applied changes may be incomplete",
];

/// What is told of the tests of a scenario: how it ended, and the events without what differs from run to run. Adds the names of their fields.
fn events(
    program: &Path,
    scenario: &Path,
    words: &[String],
    known: &mut BTreeSet<String>,
) -> (i32, Vec<String>) {
    let dir = copy(program, scenario);
    let mut arguments = vec!["test", "-json"];
    arguments.extend(words.iter().map(String::as_str));
    let ran = peer::run(program, dir.path(), &arguments, "");
    let mut lines = Vec::new();
    for line in ran.out.lines() {
        let event: Value = serde_json::from_str(line).expect("a line of JSON");
        fields(&event, "", known);
        let name = event["type"].as_str().expect("a type");
        let message = &event["diagnostic"];
        // That a test asked for a part of a plan is no news here (docs/compatibility.md).
        if TARGETING
            .iter()
            .any(|summary| message["summary"] == *summary)
        {
            continue;
        }
        let mut line = format!(
            "{} {name} {} {} {}",
            event["@level"],
            event["@testfile"],
            event["@testrun"],
            match name {
                "version" => &Value::Null,
                _ => &event[name],
            }
        );
        if name == "diagnostic" {
            // The peer says only of outputs where their failure was expected.
            let anywhere = message["summary"] == "Expected failure while planning";
            let file = match anywhere {
                true => &Value::Null,
                false => &message["range"]["filename"],
            };
            line = format!(
                "{} {} {} {} {}:{}",
                event["@level"],
                event["@testfile"],
                event["@testrun"],
                message["severity"],
                message["summary"],
                file
            );
        } else if name != "version" {
            let text = event["@message"].as_str().expect("a message");
            line.push_str(&text.replace("Terrane", "Terraform"));
        }
        lines.push(line);
    }
    // Mistakes of a file are told in the order of the file; the peer begins with those that it sees first.
    lines
        .chunk_by_mut(|one, other| {
            [one, other]
                .iter()
                .all(|line| line.contains(" null null \"error\" "))
        })
        .for_each(<[String]>::sort);
    (ran.exit, lines)
}

#[test]
fn test_events() {
    let Some(theirs) = peer::terraform() else {
        eprintln!("{ABSENT}");
        return;
    };
    let mut wrong = String::new();
    let (mut their_fields, mut our_fields) = (BTreeSet::new(), BTreeSet::new());
    for (scenario, words) in scenarios() {
        let told = |program, known| events(program, &scenario, &words, known);
        let their = told(theirs, &mut their_fields);
        let our = told(binary::path(), &mut our_fields);
        if their != our {
            let text =
                |(exit, lines): &(i32, Vec<String>)| format!("{exit}\n{}\n", lines.join("\n"));
            let (their, our) = (text(&their), text(&our));
            let difference = similar::TextDiff::from_lines(&their, &our);
            let name = scenario.display();
            wrong.extend([format!("=== {name}\n{}\n", difference.unified_diff())]);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    let unknown: Vec<&String> = our_fields
        .difference(&their_fields)
        .filter(|field| !own_field(field))
        .collect();
    assert!(
        unknown.is_empty(),
        "fields that the peer has not: {unknown:?}"
    );
    let missing: Vec<&String> = (their_fields.difference(&our_fields))
        .filter(|field| *field != ".terraform")
        .collect();
    assert!(
        missing.is_empty(),
        "fields that only the peer has: {missing:?}"
    );
}

/// The elements of a document, with their attributes but for times, and without texts.
fn elements(xml: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some((_, element)) = rest.split_once('<') {
        if let Some(data) = element.strip_prefix("![CDATA[") {
            rest = data.split_once("]]>").expect("data that ends").1;
            continue;
        }
        let (element, after) = element.split_once('>').expect("an element that ends");
        let mut element = element.to_owned();
        for timing in [" time=\"", " timestamp=\""] {
            if let Some((before, after)) = element.split_once(timing) {
                let (_, after) = after.split_once('"').expect("a value that ends");
                element = format!("{before}{after}");
            }
        }
        found.push(element);
        rest = after;
    }
    found
}

#[test]
fn test_reports() {
    let Some(theirs) = peer::terraform() else {
        eprintln!("{ABSENT}");
        return;
    };
    let mut wrong = String::new();
    for (scenario, words) in scenarios() {
        let report = |program: &Path| -> Vec<String> {
            let dir = copy(program, &scenario);
            let mut arguments = vec!["test", "-junit-xml=report.xml"];
            arguments.extend(words.iter().map(String::as_str));
            drop(peer::run(program, dir.path(), &arguments, ""));
            let written = fs::read_to_string(dir.path().join("report.xml"));
            written.map_or_else(|_| Vec::new(), |xml| elements(&xml))
        };
        let (mut their, our) = (report(theirs), report(binary::path()));
        if scenario.ends_with("plan_options") {
            // The two warnings about a target are not given here.
            their.retain(|element| !element.contains("system-err"));
        }
        if their != our {
            let name = scenario.display();
            let (their, our) = (their.join("\n"), our.join("\n"));
            let difference = similar::TextDiff::from_lines(&their, &our);
            wrong.extend([format!("=== {name}\n{}\n", difference.unified_diff())]);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Of the revisions 2 and 3 a part fails.
const MAIN: &str = r#"
variable "rev" {}
module "m" {
  source = "./m"
  rev    = var.rev
}
resource "terraform_data" "a" {
  input = var.rev
}
resource "terraform_data" "b" {
  input            = var.rev
  triggers_replace = var.rev
  provisioner "local-exec" {
    command = contains(["1", "4"], var.rev) ? "true" : "false"
  }
}
resource "terraform_data" "c" {
  input = terraform_data.b.output
}
resource "terraform_data" "never" {
  input = var.rev
  lifecycle {
    precondition {
      condition     = terraform_data.a.output != "2"
      error_message = "not two"
    }
  }
}
output "a" { value = terraform_data.a.output }
output "b" { value = terraform_data.b.output }
output "known" { value = terraform_data.b.input }
output "c" { value = terraform_data.c.output }
output "never" { value = terraform_data.never.output }
output "mixed" { value = { a = terraform_data.a.output, b = terraform_data.b.output } }
output "fallback" { value = try(terraform_data.c.output, "none") }
output "module" { value = module.m }
output "later" {
  value      = var.rev
  depends_on = [terraform_data.b]
}
output "checked" {
  value = var.rev
  precondition {
    condition     = terraform_data.b.output != ""
    error_message = "empty"
  }
}
"#;
const MODULE: &str = r#"
variable "rev" {}
resource "terraform_data" "x" {
  input            = var.rev
  triggers_replace = var.rev
  provisioner "local-exec" {
    command = contains(["1", "4"], var.rev) ? "true" : "false"
  }
}
output "in" { value = terraform_data.x.input }
output "out" { value = terraform_data.x.output }
"#;

/// What depends on an object that could not be made keeps its earlier value, if the plan did not know the new one; what was known is stored.
#[test]
fn outputs_after_a_failure() {
    let Some(theirs) = peer::terraform() else {
        eprintln!("{ABSENT}");
        return;
    };

    let files = [
        (String::from("main.tf"), MAIN.to_owned()),
        (String::from("m/main.tf"), MODULE.to_owned()),
    ];
    for revisions in [&["2"][..], &["1", "2", "3", "4"]] {
        let (their, our) = (folder(&files), folder(&files));
        let sides = [(theirs, &their), (binary::path(), &our)];
        for (program, dir) in sides {
            drop(peer::run(program, dir.path(), &["init"], ""));
        }
        for revision in revisions {
            let after = |program: &Path, dir: &tempfile::TempDir| {
                let rev = format!("-var=rev={revision}");
                let applied = peer::run(program, dir.path(), &["apply", "-auto-approve", &rev], "");
                let shown = peer::run(program, dir.path(), &["show", "-json"], "");
                let shown: Value = serde_json::from_str(&shown.out).unwrap();
                let listed = peer::run(program, dir.path(), &["output", "-json"], "");
                let listed: Value = serde_json::from_str(&listed.out).unwrap();
                (applied.exit, shown["values"]["outputs"].clone(), listed)
            };
            let (expected, found) = (after(theirs, &their), after(binary::path(), &our));
            assert_eq!(found, expected, "after {revision} of {revisions:?}");
        }
    }
}
