//! Encrypted states beside OpenTofu: what it wrote is read, and what was written here is read by it. Left out where there is no `tofu` (on the `PATH`, or `TERRANE_TOFU`).
#![cfg(unix)]

use super::folder::{Folder, Ran};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

/// The program, if there is one.
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn tofu() -> Option<PathBuf> {
    let program =
        std::env::var_os("TERRANE_TOFU").map_or_else(|| PathBuf::from("tofu"), PathBuf::from);
    let there = Command::new(&program)
        .arg("version")
        .env("CHECKPOINT_DISABLE", "1")
        .output()
        .is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("LEFT OUT: there is no `tofu` program, so nothing was compared with it");
    }
    there.then_some(program)
}

const KEYS: &str = r#"#!/bin/sh
cat > /dev/null
echo '{"magic":"OpenTofu-External-Key-Provider","version":1}'
echo '{"keys":{"encryption_key":"ZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWU=","decryption_key":"ZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWU="},"meta":{"external_data":{"n":1}}}'
"#;
/// Turns letters around.
const METHOD: &str = r#"#!/bin/sh
read -r input
payload=$(printf %s "$input" | sed 's/.*"payload":"\([^"]*\)".*/\1/' | base64 -d | tr 'a-zA-Z' 'n-za-mN-ZA-M' | base64 | tr -d '\n')
echo '{"magic":"OpenTofu-External-Encryption-Method","version":1}'
echo "{\"payload\":\"$payload\"}"
"#;

/// A name, key providers, and the method.
const WAYS: &[(&str, &str, &str)] = &[
    (
        "pbkdf2",
        "key_provider \"pbkdf2\" \"main\" {\n  passphrase = \"correct horse battery staple\"\n  iterations = 200000\n}\n",
        "method \"aes_gcm\" \"main\" {\n  keys = key_provider.pbkdf2.main\n}\n",
    ),
    (
        "external",
        "key_provider \"external\" \"main\" {\n  command = [\"./keys\"]\n}\n",
        "method \"aes_gcm\" \"main\" {\n  keys = key_provider.external.main\n}\n",
    ),
    (
        "chain",
        "key_provider \"external\" \"x\" {\n  command = [\"./keys\"]\n}\nkey_provider \"pbkdf2\" \"main\" {\n  chain = key_provider.external.x\n  iterations = 200000\n  hash_function = \"sha256\"\n  encrypted_metadata_alias = \"alias\"\n}\n",
        "method \"aes_gcm\" \"main\" {\n  keys = key_provider.pbkdf2.main\n  aad  = [1, 2, 3]\n}\n",
    ),
    (
        "method",
        "",
        "method \"external\" \"main\" {\n  encrypt_command = [\"./method\"]\n  decrypt_command = [\"./method\"]\n}\n",
    ),
];

fn configuration((name, providers, method): &(&str, &str, &str)) -> String {
    let kind = if *name == "method" {
        "external"
    } else {
        "aes_gcm"
    };
    let target = format!("{{\n  method   = method.{kind}.main\n  enforced = true\n}}\n");
    format!(
        "terraform {{\n  backend \"local\" {{\n    path = \"s.tfstate\"\n  }}\n  encryption {{\n{providers}{method}state {target}plan {target}  }}\n}}\nresource \"terraform_data\" \"a\" {{\n  input = \"canary-of-{name}\"\n}}\noutput \"o\" {{\n  value = terraform_data.a.output\n}}\n"
    )
}

#[test]
fn encrypted_states_go_over_and_back() {
    let Some(program) = tofu() else { return };
    for way in WAYS {
        let folder = Folder::new(&[
            ("main.tf", &configuration(way)),
            ("keys", KEYS),
            ("method", METHOD),
            ("tofurc", ""),
        ]);
        for name in ["keys", "method"] {
            let path = folder.path().join(name);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let theirs = |words: &str| -> Ran {
            let output = Command::new(&program)
                .args(words.split_whitespace())
                .current_dir(folder.path())
                .env("CHECKPOINT_DISABLE", "1")
                .env("TF_CLI_CONFIG_FILE", folder.path().join("tofurc"))
                .output()
                .unwrap();
            Ran {
                exit: output.status.code().unwrap_or(-1),
                out: String::from_utf8(output.stdout).unwrap(),
                err: String::from_utf8(output.stderr).unwrap(),
            }
        };
        let canary = format!("canary-of-{}", way.0);
        let sealed = |name: &str| {
            let text = std::fs::read(folder.path().join(name)).unwrap();
            let text = String::from_utf8(text).unwrap();
            assert!(
                text.contains("\"encrypted_data\"") && !text.contains(&canary),
                "{text}"
            );
        };
        theirs("init -input=false").ok();
        theirs("apply -auto-approve -input=false").ok();
        sealed("s.tfstate");
        folder.run("init").ok();
        assert_eq!(folder.run("output -raw o").ok().out, canary);
        folder.run("plan -detailed-exitcode").ok();
        folder
            .run("apply -auto-approve -replace=terraform_data.a")
            .ok();
        sealed("s.tfstate");
        assert_eq!(theirs("output -raw o").ok().out, canary);
        theirs("plan -detailed-exitcode -input=false").ok();
        theirs("apply -auto-approve -input=false -replace=terraform_data.a").ok();
        folder.run("plan -detailed-exitcode").ok();
        folder.run("plan -destroy -out=ours.plan").ok();
        sealed("ours.plan");
        folder.run("apply ours.plan").ok();
        assert_eq!(theirs("state list").ok().out, "");
    }
}
