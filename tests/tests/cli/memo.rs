//! What a provider that is a program is not asked again.

use super::folder::{Folder, Ran, binary};
use std::io::Write as _;
use std::path::PathBuf;

const CANARY: &str = "canary-of-the-memo";

const MAIN: &str = r#"
terraform {
  required_providers {
    notes = {
      source = "example/notes"
    }
  }
}
provider "notes" {
  folder = "notes"
}
variable "secret" {
  sensitive = true
}
resource "notes_note" "n" {
  count = 3
  title = "title-${count.index}"
  text  = var.secret
}
"#;

/// The provider of the template, built beside the program.
fn program() -> PathBuf {
    match std::env::var_os("TERRANE_NOTES_PROVIDER") {
        Some(given) => given.into(),
        None => {
            let name = format!("terraform-provider-notes{}", std::env::consts::EXE_SUFFIX);
            let built = binary().with_file_name(name);
            if !built.exists() {
                let mut cargo = std::process::Command::new(env!("CARGO"));
                cargo.args(["build", "--quiet", "-p", "terraform-provider-notes"]);
                cargo
                    .arg("--target-dir")
                    .arg(binary().ancestors().nth(2).unwrap());
                assert!(cargo.status().unwrap().success());
            }
            built
        }
    }
}

/// A folder with the provider installed from a mirror, so that its package has a hash.
fn installed() -> Folder {
    let folder = Folder::new(&[("main.tf", MAIN)]);
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    let place = folder
        .path()
        .join("mirror/registry.opentofu.org/example/notes");
    std::fs::create_dir_all(&place).unwrap();
    let name = format!("terraform-provider-notes_1.0.0_{os}_{arch}.zip");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(place.join(name)).unwrap());
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .unix_permissions(0o755);
    archive
        .start_file("terraform-provider-notes_v1.0.0", options)
        .unwrap();
    archive
        .write_all(&std::fs::read(program()).unwrap())
        .unwrap();
    archive.finish().unwrap();
    let mirror = folder.path().join("mirror");
    let settings = format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n",
        mirror.to_str().unwrap()
    );
    folder.write("settings.tfrc", &settings);
    run(&folder, "init", &[]).ok();
    folder
}

fn run(folder: &Folder, words: &str, env: &[(&str, &str)]) -> Ran {
    let (home, settings) = (
        folder.path().join("home"),
        folder.path().join("settings.tfrc"),
    );
    let own = [
        ("HOME", home.to_str().unwrap()),
        ("TF_CLI_CONFIG_FILE", settings.to_str().unwrap()),
        ("TF_VAR_secret", CANARY),
        ("TF_LOG", "debug"),
    ];
    let env: Vec<(&str, &str)> = own.iter().chain(env).copied().collect();
    folder.run_with(&words.split_whitespace().collect::<Vec<_>>(), &env, "")
}

/// How often each of the four calls of a plan was made for an instance.
fn calls(ran: &Ran) -> [usize; 4] {
    ["upgrade state", "read", "validate resource", "plan"].map(|what| {
        let said = format!("what=\"{what}\"");
        ran.err.lines().filter(|line| line.contains(&said)).count()
    })
}

fn sorted(ran: &Ran) -> Vec<&str> {
    let mut lines: Vec<&str> = ran.out.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn what_a_provider_had_nothing_to_say_to_is_not_asked_again() {
    let folder = installed();
    run(&folder, "apply -auto-approve", &[]).ok();
    let first = run(&folder, "plan", &[]).ok();
    assert_eq!(
        calls(&first),
        [3, 3, 0, 3],
        "what is configured was fine before"
    );
    assert_eq!(calls(&run(&folder, "plan", &[]).ok()), [0, 3, 0, 3]);
    let plans = [("TERRANE_MEMO", "plans")];
    assert_eq!(calls(&run(&folder, "plan", &plans).ok()), [0, 3, 0, 3]);
    let least = run(&folder, "plan", &plans).ok();
    assert_eq!(calls(&least), [0, 3, 0, 0]);
    // Another program of the same name, a changed object, and whoever wants it, are asked.
    assert_eq!(
        calls(&run(&folder, "plan -memo=false", &plans).ok()),
        [3, 3, 3, 3]
    );
    let off = [("TERRANE_MEMO", "off")];
    assert_eq!(calls(&run(&folder, "plan", &off).ok()), [3, 3, 3, 3]);
    let own = [("NOTES_LEVEL", "1")];
    assert_eq!(calls(&run(&folder, "plan", &own).ok()), [3, 3, 3, 3]);
    // It says the same all the time, though answers come in any order.
    assert_eq!(sorted(&least), sorted(&first));
    // A damaged file, and one that is gone, are none.
    std::fs::write(folder.path().join(".terrane/memo"), "TRNMEMO1 and noise").unwrap();
    assert_eq!(calls(&run(&folder, "plan", &[]).ok()), [3, 3, 3, 3]);
    assert_eq!(calls(&run(&folder, "plan", &[]).ok()), [0, 3, 0, 3]);
    std::fs::remove_file(folder.path().join(".terrane/memo")).unwrap();
    assert_eq!(calls(&run(&folder, "plan", &[]).ok()), [3, 3, 3, 3]);
    // One of three is another one now.
    folder.write(
        "main.tf",
        &MAIN.replace("var.secret", "count.index == 1 ? \"x\" : var.secret"),
    );
    assert_eq!(calls(&run(&folder, "plan", &[]).ok()), [0, 3, 1, 3]);
}

#[test]
fn nothing_of_a_question_is_in_the_file_and_nothing_is_kept_of_sealed_states() {
    let folder = installed();
    run(&folder, "apply -auto-approve", &[]).ok();
    run(&folder, "plan", &[("TERRANE_MEMO", "plans")]).ok();
    let kept = std::fs::read(folder.path().join(".terrane/memo")).unwrap();
    assert_eq!((kept.len() - 12) % 16, 0);
    let holds = |text: &[u8]| kept.windows(text.len()).any(|part| part == text);
    assert!(holds(b"TRNMEMO1"));
    assert!(!holds(CANARY.as_bytes()) && !holds(b"title-"));
    let sealed = r#"
terraform {
  encryption {
    key_provider "pbkdf2" "k" {
      passphrase = "correct horse battery staple"
    }
    method "aes_gcm" "m" {
      keys = key_provider.pbkdf2.k
    }
    state {
      method = method.aes_gcm.m
    }
  }
}
"#;
    let folder = installed();
    folder.write("sealed.tf", sealed);
    run(&folder, "apply -auto-approve", &[]).ok();
    run(&folder, "plan", &[]).ok();
    assert!(!folder.has(".terrane/memo"));
}
