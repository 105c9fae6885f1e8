//! Bad input gives a message with a way out and exit code 1. Nothing crashes, nothing hangs, the state stays as it is.

use super::folder::Folder;

const GOOD: &str = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n";

/// Applies something good, then something bad: the state must not have changed.
#[track_caller]
fn check(bad: &[(&str, &str)], says: &str) {
    let folder = Folder::new(&[("main.tf", GOOD)]);
    folder.run("apply -auto-approve").ok();
    let before = folder.run("state pull").ok().out;
    for (name, text) in bad {
        folder.write(name, text);
    }
    for words in ["plan -input=false", "apply -auto-approve -input=false"] {
        folder.run(words).exits(1).says(says);
    }
    assert_eq!(folder.run("state pull").ok().out, before);
}

#[test]
fn a_syntax_error_is_shown_with_its_line() {
    check(
        &[(
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  input = [1,\n}\n",
        )],
        "main.tf line 3",
    );
}

#[test]
fn an_unknown_reference_is_named() {
    check(
        &[(
            "main.tf",
            "output \"x\" {\n  value = terraform_data.none.id\n}\n",
        )],
        "A managed resource \"terraform_data\" \"none\" has not been declared",
    );
}

#[test]
fn a_wrong_type_is_named() {
    check(
        &[
            (
                "main.tf",
                "variable \"n\" {\n  type    = number\n  default = 1\n}\n",
            ),
            ("terraform.tfvars", "n = \"many\"\n"),
        ],
        "a number is required",
    );
}

#[test]
fn a_cycle_is_named() {
    check(
        &[(
            "main.tf",
            "locals {\n  a = local.b\n  b = local.a\n}\noutput \"x\" {\n  value = local.a\n}\n",
        )],
        "Cycle",
    );
}

#[test]
fn a_missing_module_is_named() {
    check(
        &[("main.tf", "module \"m\" {\n  source = \"./none\"\n}\n")],
        "none",
    );
    check(
        &[(
            "main.tf",
            "module \"m\" {\n  source = \"hashicorp/consul/aws\"\n}\n",
        )],
        "not yet installed",
    );
}

#[test]
fn a_missing_provider_is_named() {
    check(
        &[("main.tf", "resource \"cloudish_thing\" \"x\" {}\n")],
        "cloudish",
    );
}

/// What is named in the settings has no version that a constraint could be held against: the program itself is the trouble here.
#[cfg(unix)]
#[test]
fn an_override_that_is_no_plugin_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new(&[
        (
            "main.tf",
            "terraform {\n  required_providers {\n    cloud = {\n      source  = \"acme/cloud\"\n      version = \"~> 3.6\"\n    }\n  }\n}\nresource \"cloud_thing\" \"x\" {}\n",
        ),
        ("terraform-provider-cloud", "#!/bin/sh\necho hello\n"),
    ]);
    let program = folder.path().join("terraform-provider-cloud");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let overridden = folder.path().display();
    let settings = format!(
        "provider_installation {{\n  dev_overrides {{\n    \"acme/cloud\" = \"{overridden}\"\n  }}\n}}\n"
    );
    folder.write("settings", &settings);
    let file = folder.path().join("settings").display().to_string();
    let ran = folder.run_with(&["validate"], &[("TF_CLI_CONFIG_FILE", &file)], "");
    let ran = ran.exits(1).says("acme/cloud").says("not the handshake");
    assert!(!ran.err.contains("constraint"), "{}", ran.err);
}

#[test]
fn a_provider_of_the_wrong_version_is_named() {
    check(
        &[(
            "main.tf",
            "terraform {\n  required_providers {\n    random = {\n      source  = \"hashicorp/random\"\n      version = \"< 1.0\"\n    }\n  }\n}\nresource \"random_pet\" \"x\" {}\n",
        )],
        "does not meet the constraint",
    );
}

#[test]
fn a_missing_value_is_asked_for_or_named() {
    check(
        &[("main.tf", "variable \"needed\" {}\n")],
        "The root module input variable \"needed\" is not set",
    );
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let folder = Folder::new(&[]);
    std::fs::write(folder.path().join("main.tf"), b"a = \"\xff\xfe\"\n").unwrap();
    folder.run("validate").exits(1).says("UTF-8");
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    for (open, close) in [
        ("[", "]"),
        ("(", ")"),
        ("{a=", "}"),
        ("!", ""),
        ("-", ""),
        ("\"${", "}\""),
    ] {
        let deep = 10_000;
        let text = format!(
            "locals {{\n  x = {}1{}\n}}\n",
            open.repeat(deep),
            close.repeat(deep)
        );
        check(&[("main.tf", &text)], "Error");
    }
    let blocks = format!("{}{}", "a {\n".repeat(10_000), "}\n".repeat(10_000));
    check(&[("main.tf", &blocks)], "Error");
    let json = format!(
        "{{\"locals\": {{\"x\": {}{} }} }}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    check(&[("x.tf.json", &json)], "Error");
    let folder = Folder::new(&[]);
    folder
        .run_with(&["console"], &[], &format!("{}\n", "(".repeat(10_000)))
        .exits(1);
}

#[test]
fn a_long_chain_is_no_trouble() {
    let chain: String = (1..3000)
        .map(|at| format!("locals {{\n  l{at} = local.l{}\n}}\n", at - 1))
        .collect();
    let folder = Folder::new(&[(
        "main.tf",
        &format!("locals {{\n  l0 = 1\n}}\n{chain}output \"x\" {{\n  value = local.l2999\n}}\n"),
    )]);
    folder.run("apply -auto-approve").ok();
    assert_eq!(folder.run("output -raw x").ok().out, "1");
}

#[test]
fn a_damaged_state_is_named_and_left_alone() {
    let folder = Folder::new(&[("main.tf", GOOD)]);
    folder.run("apply -auto-approve").ok();
    let store = folder.path().join("terrane.state");
    let mut damaged = 0;
    let mut queue = vec![store];
    while let Some(dir) = queue.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                queue.push(path);
            } else if std::fs::metadata(&path).unwrap().len() > 64 {
                let mut bytes = std::fs::read(&path).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0xff;
                std::fs::write(&path, bytes).unwrap();
                damaged += 1;
            }
        }
    }
    assert!(damaged > 0);
    // Either the damage is where it can be made good, or it is named. Nothing is made anew as if there had been no state.
    let ran = folder.run("plan -detailed-exitcode");
    assert!(
        ran.exit == 0 || (ran.exit == 1 && ran.err.contains("damaged")),
        "{ran:?}"
    );
}

#[test]
fn a_truncated_state_file_is_refused() {
    let folder = Folder::new(&[("main.tf", GOOD)]);
    folder.run("apply -auto-approve").ok();
    let whole = folder.run("state pull").ok().out;
    let half: String = whole.chars().take(whole.len() / 2).collect();
    folder.write("half.tfstate", &half);
    folder
        .run("state push half.tfstate")
        .exits(1)
        .says("half.tfstate is damaged");
    folder.run("state push none.tfstate").exits(1);
    assert_eq!(folder.run("state pull").ok().out, whole);
}
