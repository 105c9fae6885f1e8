//! State and plans encrypted, through the binary; and what is in no file, encrypted or not.

use super::folder::{Folder, Ran};
use base64::Engine as _;
use std::path::{Path, PathBuf};

const ENCRYPTION: &str = r#"
variable "passphrase" {
  type      = string
  sensitive = true
}

terraform {
  encryption {
    key_provider "pbkdf2" "main" {
      passphrase = var.passphrase
      iterations = 200000
    }
    method "aes_gcm" "main" {
      keys = key_provider.pbkdf2.main
    }
    state {
      method   = method.aes_gcm.main
      enforced = true
    }
    plan {
      method   = method.aes_gcm.main
      enforced = true
    }
  }
}
"#;

const PASSPHRASE: (&str, &str) = ("TF_VAR_passphrase", "canary-pass-0Zq1 and long");

fn run(folder: &Folder, words: &str, env: &[(&str, &str)]) -> Ran {
    folder.run_with(&words.split_whitespace().collect::<Vec<_>>(), env, "")
}

/// The forms in which a text may stand in a file.
fn forms(text: &str) -> Vec<Vec<u8>> {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let mut all = vec![text.as_bytes().to_vec()];
    // Base64 of a text that stands anywhere within other bytes: three alignments, without the ends that depend on the neighbours.
    for skip in 0..3 {
        let padded = [&b"\0\0\0"[..skip], text.as_bytes()].concat();
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&padded);
            all.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
        }
    }
    let escaped: String = text
        .chars()
        .map(|char| format!("\\u{:04x}", u32::from(char)))
        .collect();
    all.push(escaped.into_bytes());
    // As `Debug` shows bytes.
    let numbers: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
    all.push(numbers.join(", ").into_bytes());
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    all.push(wide);
    all
}

pub(crate) fn sings(bytes: &[u8], canary: &str) -> bool {
    forms(canary).iter().any(|form| {
        bytes
            .windows(form.len())
            .any(|window| window == form.as_slice())
    })
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[track_caller]
pub(crate) fn no_file_sings(folder: &Folder, canaries: &[&str]) {
    for path in files(folder.path()) {
        if path.extension().is_some_and(|end| end == "tf") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for canary in canaries {
            assert!(!sings(&bytes, canary), "{canary} in {}", path.display());
        }
    }
}

#[track_caller]
pub(crate) fn stays_silent(ran: &Ran, words: &str, canaries: &[&str]) {
    for canary in canaries {
        for text in [&ran.out, &ran.err] {
            assert!(
                !sings(text.as_bytes(), canary),
                "{canary} in {words}:\n{text}"
            );
        }
    }
}

#[test]
fn the_search_finds_what_it_is_to_find() {
    let canary = "canary-5309-abcdef";
    let engine = base64::engine::general_purpose::STANDARD;
    for before in ["", "a", "ab", "abc"] {
        let text = engine.encode(format!("{before}{canary}zz"));
        assert!(sings(text.as_bytes(), canary), "{before}");
    }
    assert!(sings(b"xx canary-5309-abcdef", canary));
    assert!(!sings(b"canary-5309-abcde", canary));
}

#[test]
fn a_life_with_encryption() {
    let folder = Folder::new(&[
        ("encryption.tf", ENCRYPTION),
        (
            "main.tf",
            "resource \"terraform_data\" \"a\" {\n  input = \"canary-5309-input\"\n}\noutput \"o\" {\n  value = terraform_data.a.output\n}\n",
        ),
    ]);
    let env = [PASSPHRASE];
    run(&folder, "init", &env).ok();
    run(&folder, "plan -out=p", &env).ok();
    assert!(folder.read("p").starts_with("{\"meta\":"));
    run(&folder, "show p", &env).ok().says("canary-5309-input");
    run(&folder, "apply p", &env).ok();
    run(&folder, "state list", &env)
        .ok()
        .says("terraform_data.a");
    run(&folder, "output -raw o", &env)
        .ok()
        .says("canary-5309-input");
    run(&folder, "plan -detailed-exitcode", &env).ok();
    run(&folder, "state history", &env).ok().says("apply");
    run(&folder, "state fsck", &env).ok();
    run(&folder, "state backup b", &env).ok();
    run(&folder, "workspace new other", &env).ok();
    run(&folder, "apply -auto-approve", &env).ok();
    run(&folder, "workspace select default", &env).ok();
    no_file_sings(&folder, &["canary-5309-input", PASSPHRASE.1]);

    // Without the passphrase, with another one, and with no block at all: told, and nothing is changed.
    run(&folder, "state list", &[]).exits(1).says("passphrase");
    let other = [("TF_VAR_passphrase", "not the passphrase at all")];
    for words in [
        "state list",
        "apply -auto-approve",
        "show p",
        "apply p",
        "output",
    ] {
        let ran = run(&folder, words, &other).exits(1);
        assert!(
            ran.err.contains("T6105") || ran.err.contains("opened"),
            "{}",
            ran.err
        );
    }
    folder.write("encryption.tf", "");
    run(&folder, "state list", &[]).exits(1).says("encryption");
    folder.write("encryption.tf", ENCRYPTION);
    run(&folder, "destroy -auto-approve", &env).ok();
}

#[test]
fn settings_from_the_environment() {
    let folder = Folder::new(&[(
        "main.tf",
        "terraform {\n  encryption {\n    state {\n      enforced = true\n    }\n  }\n}\nresource \"terraform_data\" \"a\" {}\n",
    )]);
    run(&folder, "apply -auto-approve", &[])
        .exits(1)
        .says("TF_ENCRYPTION");
    let short = "key_provider \"pbkdf2\" \"a\" {\n  passphrase = \"canary-short\"\n}\nmethod \"aes_gcm\" \"a\" {\n  keys = key_provider.pbkdf2.a\n}\nstate {\n  method = method.aes_gcm.a\n}";
    let ran = run(&folder, "apply -auto-approve", &[("TF_ENCRYPTION", short)])
        .exits(1)
        .says("too short");
    stays_silent(&ran, "apply", &["canary-short"]);
    let long = short.replace("canary-short", "canary-short and long");
    run(&folder, "apply -auto-approve", &[("TF_ENCRYPTION", &long)]).ok();
    run(&folder, "state list", &[("TF_ENCRYPTION", &long)])
        .ok()
        .says("terraform_data.a");
    let broken = long.replace("state {", "state { canary-broken");
    let ran = run(&folder, "state list", &[("TF_ENCRYPTION", &broken)])
        .exits(1)
        .says("In line");
    stays_silent(&ran, "state list", &["canary-short and", "canary-broken"]);
}

#[test]
fn switching_on_changing_and_switching_off() {
    let folder = Folder::new(&[(
        "main.tf",
        "resource \"terraform_data\" \"a\" {\n  input = \"canary-5309-input\"\n}\n",
    )]);
    run(&folder, "apply -auto-approve", &[]).ok();
    folder.write("encryption.tf", ENCRYPTION);
    let env = [PASSPHRASE];
    run(&folder, "apply -auto-approve", &env)
        .exits(1)
        .says("unencrypted");
    let with = |method: &str, fallback: &str| {
        format!(
            r#"
            terraform {{
              encryption {{
                key_provider "pbkdf2" "one" {{
                  passphrase = "the first passphrase"
                }}
                key_provider "pbkdf2" "two" {{
                  passphrase = "the second passphrase"
                }}
                method "aes_gcm" "one" {{
                  keys = key_provider.pbkdf2.one
                }}
                method "aes_gcm" "two" {{
                  keys = key_provider.pbkdf2.two
                }}
                method "unencrypted" "none" {{}}
                state {{
                  method = method.{method}
                  {fallback}
                }}
              }}
            }}
            "#
        )
    };
    let fallback = |method: &str| format!("fallback {{\nmethod = method.{method}\n}}");
    for (method, before) in [
        ("aes_gcm.one", "unencrypted.none"),
        ("aes_gcm.two", "aes_gcm.one"),
        ("unencrypted.none", "aes_gcm.two"),
    ] {
        folder.write("encryption.tf", &with(method, &fallback(before)));
        run(&folder, "apply -auto-approve", &[]).ok();
        // The old one is not needed any more, not even for the history.
        folder.write("encryption.tf", &with(method, ""));
        run(&folder, "state history", &[]).ok().says("apply");
        run(&folder, "state list", &[])
            .ok()
            .says("terraform_data.a");
        if method != "unencrypted.none" {
            no_file_sings(&folder, &["canary-5309-input"]);
        }
    }
    folder.write("encryption.tf", "");
    run(&folder, "state list", &[])
        .ok()
        .says("terraform_data.a");
}

const SECRETS: &str = r#"
variable "secret" {
  type      = string
  sensitive = true
}
variable "fleeting" {
  type      = string
  ephemeral = true
}
locals {
  nested = { list = [{ deep = sensitive("canary-nested-88Zt") }], open = 1 }
}
resource "terraform_data" "nested" {
  # Not `input`: what a provider copies elsewhere (here to `output`) has no mark there, as with the peers.
  triggers_replace = [var.secret, local.nested]
}
resource "random_password" "made" {
  length = 24
}
resource "terraform_data" "use" {
  triggers_replace = "${random_password.made.result}${var.secret}"
  connection {
    type     = "ssh"
    host     = "127.0.0.1"
    password = "${var.secret}-connection"
  }
  provisioner "local-exec" {
    command     = "echo out $S; echo err $S >&2; exit 7"
    environment = { S = var.secret }
    on_failure  = continue
  }
}
resource "local_sensitive_file" "file" {
  filename = "/dev/null/${var.secret}/x"
  content  = var.secret
  count    = var.fail ? 1 : 0
}
variable "fail" {
  default = false
}
check "told" {
  assert {
    condition     = nonsensitive(var.secret) == "x"
    error_message = "not as expected"
  }
}
output "secret" {
  value     = [var.secret, local.nested]
  sensitive = true
}
"#;

#[test]
fn no_canary_sings_in_files_logs_and_views() {
    let folder = Folder::new(&[("encryption.tf", ENCRYPTION), ("main.tf", SECRETS)]);
    let env = [
        PASSPHRASE,
        ("TF_VAR_secret", "canary-var-5309x"),
        ("TF_VAR_fleeting", "canary-fleeting-77"),
        ("TF_LOG", "trace"),
        ("RUST_BACKTRACE", "1"),
    ];
    let canaries = [
        "canary-var-5309x",
        "canary-fleeting-77",
        "canary-nested-88Zt",
        PASSPHRASE.1,
    ];
    for (words, code) in [
        ("init", 0),
        ("validate", 0),
        ("plan -out=p", 0),
        ("plan -json", 0),
        ("show p", 0),
        ("apply p", 0),
        ("show", 0),
        ("state list", 0),
        ("state show terraform_data.nested", 0),
        ("state show terraform_data.use", 0),
        ("output", 0),
        ("state history", 0),
        ("state diff 1 2", 0),
        ("apply -json -auto-approve -replace=terraform_data.use", 0),
        ("apply -auto-approve -var=fail=true", 1),
        ("apply -json -auto-approve -var=fail=true", 1),
        (
            "plan -var=secret=canary-var-5309x -var=passphrase=canary-pass-0Zq1",
            1,
        ),
        ("state rm terraform_data.nested", 0),
        ("plan -refresh-only", 0),
        ("refresh", 0),
        ("graph", 0),
        ("test", 0),
        ("state fsck", 0),
        ("state backup saved", 0),
        ("destroy -auto-approve", 0),
    ] {
        let ran = run(&folder, words, &env).exits(code);
        stays_silent(&ran, words, &canaries);
        no_file_sings(&folder, &canaries);
    }
    let ran = folder.run_with(
        &["console"],
        &env,
        "var.secret\nlocal.nested\nterraform_data.use\n",
    );
    stays_silent(&ran, "console", &canaries);
}

/// What is ephemeral is in no file even where nothing is encrypted.
#[test]
fn what_is_ephemeral_is_never_stored() {
    let folder = Folder::new(&[("main.tf", SECRETS)]);
    let env = [
        ("TF_VAR_secret", "canary-var-5309x"),
        ("TF_VAR_fleeting", "canary-fleeting-77"),
    ];
    run(&folder, "plan -out=p", &env).ok();
    no_file_sings(&folder, &["canary-fleeting-77"]);
    run(&folder, "apply p", &env).ok();
    run(&folder, "state backup saved", &env).ok();
    no_file_sings(&folder, &["canary-fleeting-77"]);
}

#[test]
fn show_opens_state_files_that_are_sealed() {
    let main = "terraform {\n  backend \"local\" {\n    path = \"s.tfstate\"\n  }\n}\nresource \"terraform_data\" \"a\" {\n  input = \"shown\"\n}\n";
    let folder = Folder::new(&[("encryption.tf", ENCRYPTION), ("main.tf", main)]);
    for words in ["init", "apply -auto-approve", "plan -destroy -out=p"] {
        run(&folder, words, &[PASSPHRASE]).ok();
    }
    std::fs::copy(
        folder.path().join("s.tfstate"),
        folder.path().join("copy.tfstate"),
    )
    .unwrap();
    assert!(folder.read("copy.tfstate").contains("encrypted_data"));
    run(&folder, "show copy.tfstate", &[PASSPHRASE])
        .ok()
        .says("input = \"shown\"");
    run(&folder, "show p", &[PASSPHRASE])
        .ok()
        .says("terraform_data.a will be destroyed");
    let wrong = ("TF_VAR_passphrase", "another one, and long enough");
    run(&folder, "show copy.tfstate", &[wrong]).exits(1);
}
