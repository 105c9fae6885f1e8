//! `terrane test`, case by case: each folder of `tests/test_command` is a module with test files, and holds what is said when they are
//! executed. `TERRANE_BLESS=1` writes what was said in place of what was expected; `TERRANE_CASE=name` picks cases.
//!
//! Where `terraform` is on the path, its verdicts on the same folders are compared: which run passed, failed or was skipped, the counts, the
//! exit code, and the headlines of errors. Folders with a file `not_the_peer` show where the two mean to differ.

use super::folder::{Folder, Ran};
use std::path::{Path, PathBuf};
use std::process::Command;

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("test_command");
    let only = std::env::var("TERRANE_CASE").ok();
    let mut cases: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            only.as_ref().is_none_or(|only| name.contains(only))
        })
        .collect();
    cases.sort();
    cases
}

fn copied(case: &Path) -> Folder {
    let folder = Folder::new(&[]);
    copy(case, folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn arguments(case: &Path) -> Vec<String> {
    let given = std::fs::read_to_string(case.join("arguments")).unwrap_or_default();
    let mut all = vec![String::from("test"), String::from("-no-color")];
    all.extend(given.split_whitespace().map(String::from));
    all
}

fn run(case: &Path, folder: &Folder) -> Ran {
    let all = arguments(case);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    folder.run_args(&all)
}

/// What differs from run to run.
fn steady(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut words: Vec<String> = Vec::new();
        for word in line.split(' ') {
            let inner = word.trim_matches(|char: char| !char.is_ascii_hexdigit());
            let is_uuid = inner.len() == 36 && inner.matches('-').count() == 4;
            words.push(if is_uuid {
                word.replace(inner, "<uuid>")
            } else {
                word.to_owned()
            });
        }
        out.push_str(&words.join(" "));
        out.push('\n');
    }
    out
}

/// JSON lines without what differs from run to run.
fn steady_json(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        let object = value.as_object_mut().unwrap();
        object.remove("@timestamp");
        if object["type"] == "version" {
            continue;
        }
        out.push_str(&value.to_string());
        out.push('\n');
    }
    out
}

#[test]
fn what_is_said() {
    let bless = std::env::var_os("TERRANE_BLESS").is_some();
    let mut failures = String::new();
    let cases = cases();
    assert!(!cases.is_empty());
    for case in cases {
        let folder = copied(&case);
        let ran = run(&case, &folder);
        let out = if arguments(&case).iter().any(|word| word == "-json") {
            steady_json(&ran.out)
        } else {
            steady(&ran.out)
        };
        let account = format!(
            "{out}--- errors\n{}--- exit {}\n",
            steady(&ran.err),
            ran.exit
        );
        let file = case.join("expected.txt");
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if account == expected {
            continue;
        }
        if bless {
            std::fs::write(&file, &account).unwrap();
            continue;
        }
        let difference = similar::TextDiff::from_lines(&expected, &account);
        let name = case.display();
        failures.extend([format!("=== {name}\n{}\n", difference.unified_diff())]);
    }
    assert!(failures.is_empty(), "\n{failures}");
}

/// The lines about files, runs and counts, and the headlines of errors.
fn verdict(out: &str, err: &str) -> (Vec<String>, Vec<String>) {
    let lines = out.lines().filter(|line| {
        let counts = line.starts_with("Success! ") || line.starts_with("Failure! ");
        counts || line.contains("... ")
    });
    let mut errors: Vec<String> = err
        .lines()
        .filter(|line| line.starts_with("Error: "))
        .map(|line| match line.rsplit_once(" [T") {
            Some((headline, _)) => headline.to_owned(),
            None => line.to_owned(),
        })
        .collect();
    errors.sort();
    (lines.map(String::from).collect(), errors)
}

#[test]
fn the_peer_comes_to_the_same_verdict() {
    let terraform = |folder: &Folder, arguments: &[String]| {
        Command::new("terraform")
            .args(arguments)
            .current_dir(folder.path())
            .env("CHECKPOINT_DISABLE", "1")
            .output()
    };
    let mut failures = String::new();
    for case in cases() {
        let words = arguments(&case);
        if case.join("not_the_peer").exists() || words.iter().any(|word| word == "-json") {
            continue;
        }
        let folder = copied(&case);
        let Ok(init) = terraform(&folder, &[String::from("init")]) else {
            // Without the peer there is nothing to compare with.
            return;
        };
        let peer = terraform(&folder, &words).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (lines, errors) = verdict(&text(&peer.stdout), &text(&peer.stderr));
        let own = run(&case, &copied(&case));
        let (own_lines, own_errors) = verdict(&own.out, &own.err);
        let name = case.file_name().unwrap().to_string_lossy();
        if lines != own_lines || peer.status.code() != Some(own.exit) {
            failures.extend([format!(
                "=== {name}: init {:?}\nthe peer: {:?} {lines:#?}\nours: {} {own_lines:#?}\n",
                init.status.code(),
                peer.status.code(),
                own.exit
            )]);
        }
        if errors != own_errors {
            failures.extend([format!(
                "=== {name}\nthe peer's errors: {errors:#?}\nours: {own_errors:#?}\n"
            )]);
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn a_report_for_machines_is_written() {
    let folder = Folder::new(&[
        ("main.tf", "variable \"a\" {\n  default = 1\n}\n"),
        (
            "a.tftest.hcl",
            "run \"good\" {\n  command = plan\n}\nrun \"bad\" {\n  command = plan\n  assert {\n    condition     = var.a == 2\n    error_message = \"<not> \\\"two\\\"\"\n  }\n}\nrun \"broken\" {\n  variables {\n    a = var.none\n  }\n}\nrun \"skipped\" {}\n",
        ),
    ]);
    folder.run("test -junit-xml=report.xml").exits(1);
    let report = folder.read("report.xml");
    for part in [
        "<testsuite name=\"a.tftest.hcl\" tests=\"4\" skipped=\"1\" failures=\"1\" errors=\"1\">",
        "<testcase name=\"good\" classname=\"a.tftest.hcl\" time=\"",
        "<failure message=\"1 of 1 assertions failed: &lt;not&gt; &#34;two&#34;\"><![CDATA[\nError: Test assertion failed",
        "<error message=\"Encountered an error\"><![CDATA[\nError: Reference to unavailable variable",
        "<skipped message=\"Testcase skipped due to a previous testcase error\"><![CDATA[Previous testcase \"broken\" ended in error",
    ] {
        assert!(report.contains(part), "{part}\n{report}");
    }
}

#[test]
fn validate_checks_test_files() {
    let folder = Folder::new(&[
        ("main.tf", "variable \"a\" {\n  default = 1\n}\n"),
        (
            "tests/a.tftest.hcl",
            "run \"a\" {\n  assert {\n    condition     = output.none == 1\n    error_message = \"x\"\n  }\n}\n",
        ),
    ]);
    folder
        .run("validate")
        .exits(1)
        .says("Reference to undeclared output value");
    folder.run("validate -no-tests").ok();
    folder.run("validate -test-directory=other").ok();
}

#[test]
fn nothing_is_left_in_the_folder() {
    let folder = Folder::new(&[
        ("main.tf", "resource \"terraform_data\" \"a\" {}\n"),
        ("a.tftest.hcl", "run \"a\" {}\n"),
    ]);
    folder.run("test").ok();
    assert!(!folder.has("terrane.state"));
    assert!(!folder.has(".terrane"));
}
