//! The same plugins under `terraform` and under this engine: the same plans, the same states.
//!
//! A story is a folder of configurations, `1.tf`, `2.tf` …, applied one after the other, and then destroyed. In a comment at its beginning a configuration may say
//! what is to be done before: `# import ADDR ID`. Providers in Go are built by `go`; where
//! that, its modules or the peer are not there, this is said, and the test passes.

#![expect(
    clippy::unwrap_used,
    reason = "what fails here fails the test, also in functions that tests share"
)]

mod actions;
mod cloud;
mod compare;
mod described;
mod engine;
mod programs;
mod registry;

use compare::differences;
use engine::Engine;
use programs::{build, go_providers, left_out, on_path, others_provider, terrane};
use std::path::{Path, PathBuf};

fn story(name: &str, source: &str, providers: &Path) {
    let Some(peer) = on_path("terraform") else {
        return left_out("terraform is not on the path");
    };
    let theirs = Engine::new(&peer, source, providers);
    let ours = Engine::new(terrane(), source, providers);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/beside_terraform/stories")
        .join(name);
    let mut found = Vec::new();
    for number in 1.. {
        let Ok(config) = std::fs::read_to_string(folder.join(format!("{number}.tf"))) else {
            assert!(number > 1, "there is no story {name}");
            break;
        };
        let (a, b) = (theirs.step(&config), ours.step(&config));
        for ((what, a), (_, b)) in a.iter().zip(&b) {
            differences(&format!("{name} {number}, {what}"), a, b, &mut found);
        }
    }
    for engine in [&theirs, &ours] {
        let (good, text) = engine.run(&["destroy", "-auto-approve"]);
        assert!(good, "{}: {text}", engine.program.display());
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// On HashiCorp's plugin framework, version 6 of the protocol.
#[test]
fn modern() {
    if let Some(folder) = go_providers() {
        story("modern", "example/modern", folder);
    }
}

/// On HashiCorp's SDK, version 5 of the protocol.
#[test]
fn legacy() {
    if let Some(folder) = go_providers() {
        story("legacy", "example/legacy", folder);
    }
}

/// On the crate `tf-provider`, which is by others.
#[test]
fn others() {
    if let Some(folder) = others_provider() {
        story("others", "example/others", &folder);
    }
}

/// The template of the guide, in Rust, served by this project's own side.
#[test]
fn notes() {
    let folder = tempfile::tempdir().unwrap();
    let program = "terraform-provider-notes";
    let built = match std::env::var_os("TERRANE_NOTES_PROVIDER") {
        Some(given) => PathBuf::from(given),
        None => build("terraform-provider-notes"),
    };
    std::os::unix::fs::symlink(built, folder.path().join(program)).unwrap();
    story("notes", "example/notes", folder.path());
    actions::actions(folder.path());
    actions::cut_off(folder.path());
}

/// The built-in providers, as plugins.
#[test]
fn built_in_providers_as_plugins() {
    for type_name in ["null", "random", "local", "time"] {
        let folder = tempfile::tempdir().unwrap();
        let program = folder
            .path()
            .join(format!("terraform-provider-{type_name}"));
        let builtin = env!("CARGO_BIN_EXE_terraform-provider-builtin");
        std::os::unix::fs::symlink(builtin, program).unwrap();
        story(
            &format!("builtin/{type_name}"),
            &format!("hashicorp/{type_name}"),
            folder.path(),
        );
    }
}
