use super::{Encryption, evaluate};
use crate::load::{Loader, ModuleFile, ModuleFolder};
use crate::variables::{Given, GivenSource, GivenValue};
use terrane_lang::diagnostic::Diagnostics;

fn load(
    files: &[(&str, &str)],
    variables: &[(&str, &str)],
    environment: Option<&str>,
) -> (Option<Encryption>, Diagnostics) {
    let root = ModuleFolder {
        dir: ".".into(),
        files: files
            .iter()
            .map(|(name, text)| ModuleFile {
                name: (*name).to_owned(),
                content: text.as_bytes().to_vec(),
            })
            .collect(),
    };
    let given: Vec<GivenValue> = variables
        .iter()
        .map(|(name, text)| GivenValue {
            name: (*name).into(),
            source: GivenSource::Env,
            value: Given::Text((*text).to_owned()),
        })
        .collect();
    let (tree, mut sources, mut diagnostics) = Loader::with_variables(root, &given).finish();
    let (found, problems) = evaluate(&tree, &mut sources, environment);
    diagnostics.extend(problems);
    (found, diagnostics)
}

fn show(encryption: &Encryption) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for (what, blocks) in [
        ("key_provider", &encryption.key_providers),
        ("method", &encryption.methods),
    ] {
        for block in blocks {
            write!(out, "{what} {} {}", block.kind, block.name).unwrap();
            for (name, (value, _)) in &block.arguments {
                let value = value.unmark_deep();
                write!(out, " {name}={value:?}").unwrap();
            }
            if let Some((at, _)) = block.keys {
                write!(out, " -> {at}").unwrap();
            }
            out.push('\n');
        }
    }
    for (what, target) in [
        ("state", &encryption.state),
        ("plan", &encryption.plan),
        ("default", &encryption.remote_default),
    ] {
        if let Some(target) = target {
            writeln!(out, "{what} {:?} {}", target.methods, target.enforced).unwrap();
        }
    }
    for (name, target) in &encryption.remote {
        writeln!(out, "{name} {:?}", target.methods).unwrap();
    }
    out
}

fn wrapped(inner: &str) -> String {
    format!("terraform {{\n  encryption {{\n{inner}\n  }}\n}}\n")
}

const MAIN: &str = r#"
key_provider "pbkdf2" "main" {
  passphrase = "${var.first}-${local.second}"
}
method "aes_gcm" "main" {
  keys = key_provider.pbkdf2.main
}
state {
  method = method.aes_gcm.main
}
"#;
const NAMES: &str = r#"
variable "first" {
  sensitive = true
}
locals {
  second = upper("b")
}
"#;

#[test]
fn nothing_said_is_nothing_found() {
    let (found, diagnostics) = load(&[("main.tf", "locals {}")], &[], Some(" \n"));
    assert!(found.is_none() && diagnostics.is_empty());
}

#[test]
fn values_are_computed_and_references_resolved() {
    let text = wrapped(MAIN) + NAMES;
    let (found, diagnostics) = load(&[("main.tf", &text)], &[("first", "a")], None);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let found = found.expect("settings");
    assert_eq!(
        show(&found),
        "key_provider pbkdf2 main passphrase=\"a-B\"\nmethod aes_gcm main -> 0\nstate [0] false\n"
    );
    let (value, _) = &found.key_providers[0].arguments["passphrase"];
    assert!(value.marks().is_sensitive());
}

#[test]
fn fallbacks_chains_and_states_of_others() {
    let text = wrapped(
        r#"
        key_provider "pbkdf2" "outer" { chain = key_provider.external.inner }
        key_provider "external" "inner" { command = ["a", "b"] }
        method "aes_gcm" "new" { keys = key_provider.pbkdf2.outer }
        method "aes_gcm" "old" { keys = key_provider.external.inner }
        method "unencrypted" "none" {}
        state {
          method   = method.aes_gcm.new
          enforced = 1 < 2
          fallback {
            method = method.aes_gcm.old
            fallback { method = method.unencrypted.none }
          }
        }
        plan { method = method.aes_gcm.new }
        remote_state_data_sources {
          default { method = method.aes_gcm.old }
          remote_state_data_source "net.state[0]" { method = method.aes_gcm.new }
        }
        "#,
    );
    let (found, diagnostics) = load(&[("main.tf", &text)], &[], None);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(
        show(&found.expect("settings")),
        "key_provider external inner command=[\"a\", \"b\"]\n\
         key_provider pbkdf2 outer -> 0\n\
         method aes_gcm new -> 1\nmethod aes_gcm old -> 0\nmethod unencrypted none\n\
         state [0, 1, 2] true\nplan [0] false\ndefault [1] false\nnet.state[0] [0]\n"
    );
}

#[test]
fn the_environment_counts_more_than_files() {
    let text = wrapped(
        r#"
        key_provider "pbkdf2" "main" {
          passphrase = var.nowhere
          iterations = 300000
        }
        method "aes_gcm" "main" { keys = key_provider.pbkdf2.main }
        state { enforced = true }
        "#,
    );
    let native = r#"
        key_provider "pbkdf2" "main" { passphrase = "from outside" }
        state { method = method.aes_gcm.main }
        "#;
    let json = r#"{
      "key_provider": {"pbkdf2": {"main": {"passphrase": "from ${\"outside\"}"}}},
      "state": {"method": "${method.aes_gcm.main}"}
    }"#;
    let json_plain = json.replace("${method.aes_gcm.main}", "method.aes_gcm.main");
    for environment in [native, json, &json_plain] {
        let (found, diagnostics) = load(&[("main.tf", &text)], &[], Some(environment));
        assert!(diagnostics.is_empty(), "{environment}: {diagnostics:?}");
        assert_eq!(
            show(&found.expect("settings")),
            "key_provider pbkdf2 main iterations=300000 passphrase=\"from outside\"\n\
             method aes_gcm main -> 0\nstate [0] true\n",
            "{environment}"
        );
    }
}

#[test]
fn json_files_and_override_files() {
    let json = r#"{"terraform": {"encryption": {
      "key_provider": {"pbkdf2": {"a": {"passphrase": "${var.first}"}}},
      "method": {"aes_gcm": {"a": {"keys": "${key_provider.pbkdf2.a}"}}},
      "state": {"method": "${method.aes_gcm.a}"}
    }}}"#;
    let over = wrapped("key_provider \"pbkdf2\" \"a\" {\n passphrase = \"over\"\n}");
    let files = [
        ("main.tf.json", json),
        ("z_override.tf", &over),
        ("v.tf", NAMES),
    ];
    let (found, diagnostics) = load(&files, &[("first", "x")], None);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(
        show(&found.expect("settings")),
        "key_provider pbkdf2 a passphrase=\"over\"\nmethod aes_gcm a -> 0\nstate [0] false\n"
    );
}

fn check(inner: &str, expect: &[&str]) {
    let text = wrapped(inner) + "resource \"terraform_data\" \"x\" {}\n";
    let (_, diagnostics) = load(&[("main.tf", &text)], &[], None);
    let found: Vec<String> = diagnostics
        .iter()
        .map(|one| format!("{} {}", one.code.unwrap_or_default(), one.detail))
        .collect();
    assert_eq!(found.len(), expect.len(), "{inner}: {found:#?}");
    for (found, expect) in found.iter().zip(expect) {
        let (code, text) = expect.split_once(' ').expect("code and text");
        assert!(
            found.starts_with(code) && found.contains(text),
            "{inner}: {found}"
        );
    }
    assert!(diagnostics.iter().all(|one| one.subject.is_some()));
}

#[test]
fn mistakes_are_told_with_their_places() {
    check(
        "method \"unencrypted\" \"a\" {}\nstate {\n method = method.unencrypted.b\n}",
        &["T2304 method.unencrypted.b", "T2306 method.unencrypted.a"],
    );
    check(
        "state {\n method = \"x\"\n}",
        &["T2303 method.aes_gcm.main"],
    );
    check("plan {\n fallback {}\n}", &["T0 \"method\" is required"]);
    check(
        "method \"aes_gcm\" \"a\" {\n keys = key_provider.pbkdf2.b\n}\nstate {\n method = method.aes_gcm.a\n}",
        &["T2304 key_provider.pbkdf2.b"],
    );
    check(
        "key_provider \"pbkdf2\" \"a\" {\n chain = key_provider.pbkdf2.b\n}\nkey_provider \"pbkdf2\" \"b\" {\n chain = key_provider.pbkdf2.a\n}\nmethod \"aes_gcm\" \"a\" {\n keys = key_provider.pbkdf2.a\n}\nstate {\n method = method.aes_gcm.a\n}",
        &["T2305 key_provider.pbkdf2.a to key_provider.pbkdf2.b to key_provider.pbkdf2.a"],
    );
    check(
        "key_provider \"pbkdf2\" \"a\" {\n passphrase = terraform_data.x.id\n}\nmethod \"aes_gcm\" \"a\" {\n keys = key_provider.pbkdf2.a\n}\nstate {\n method = method.aes_gcm.a\n}",
        &["T1801 must be known"],
    );
    check("state {}\nstate {}", &["T2302 state"]);
    check("state {\n enforced = []\n}", &["T2307 true or false"]);
}

/// Passphrases stand in the variable, so nothing of it is shown but the number of a line.
#[test]
fn nothing_of_the_environment_is_shown() {
    for environment in [
        "key_provider \"pbkdf2\" \"a\" {\n  passphrase = \"canary\n}",
        "key_provider \"pbkdf2\" \"a\" {\n  passphrase = canary.x\n}\nmethod \"aes_gcm\" \"a\" {\n keys = key_provider.pbkdf2.a\n}\nstate {\n method = method.aes_gcm.a\n}",
        "{\"key_provider\": {\"pbkdf2\": {\"a\": {\"passphrase\": \"canary\"}}",
        "state {\n\n method = 1 + 1\n}",
    ] {
        let (_, diagnostics) = load(&[("main.tf", "")], &[], Some(environment));
        assert!(diagnostics.has_errors(), "{environment}");
        for one in diagnostics.iter() {
            assert!(one.subject.is_none() && one.context.is_none() && one.related.is_empty());
            assert!(one.detail.contains("TF_ENCRYPTION"), "{one:?}");
            assert!(!one.detail.contains("canary"), "{one:?}");
        }
    }
}

#[test]
fn a_child_module_has_no_say() {
    let child = wrapped("state {}");
    let root = ModuleFolder {
        dir: ".".into(),
        files: vec![ModuleFile {
            name: "main.tf".into(),
            content: b"module \"m\" {\n  source = \"./m\"\n}\n".to_vec(),
        }],
    };
    let mut loader = Loader::new(root);
    let request = loader.poll().expect("a module");
    let folder = ModuleFolder {
        dir: "m".into(),
        files: vec![ModuleFile {
            name: "main.tf".into(),
            content: child.into_bytes(),
        }],
    };
    loader.provide(&request, Ok(folder));
    let (tree, mut sources, diagnostics) = loader.finish();
    let codes: Vec<_> = diagnostics.iter().filter_map(|one| one.code).collect();
    assert_eq!(codes, ["T2301"]);
    assert!(evaluate(&tree, &mut sources, None).0.is_none());
}
