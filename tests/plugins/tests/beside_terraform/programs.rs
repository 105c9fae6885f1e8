//! The programs of a test: this engine, the peer, providers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The binary of this engine.
pub(crate) fn terrane() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("TERRANE_BINARY") {
            return given.into();
        }
        build("terrane")
    })
}

/// `target/<profile>`
fn profile() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_fake-provider"))
        .parent()
        .unwrap()
}

/// The program of a package, built in the profile of this test. What tests a whole workspace has built it already, and names it by a variable: alone, it
/// would be built with other features, and much with it.
pub(crate) fn build(package: &str) -> PathBuf {
    let profile = profile();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", package, "--target-dir"])
        .arg(profile.parent().unwrap())
        .args(profile.ends_with("release").then_some("--release"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.is_ok_and(|status| status.success()));
    profile.join(package)
}

pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = PathBuf::from("/usr/local/go/bin");
    std::env::split_paths(&path)
        .chain([usual])
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
pub(crate) fn left_out(why: &str) {
    eprintln!("left out: {why}");
}

/// The providers in Go, built; `None`: they can't be, which was said.
pub(crate) fn go_providers() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            if let Some(given) = std::env::var_os("TERRANE_GO_PROVIDERS") {
                if given.is_empty() {
                    left_out("the modules that providers in Go need are not here");
                    return None;
                }
                return Some(given.into());
            }
            let Some(go) = on_path("go") else {
                left_out("there is no go, which providers in Go are built with");
                return None;
            };
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../go");
            let run = |arguments: &[&str]| {
                let status = Command::new(&go)
                    .args(arguments)
                    .current_dir(&source)
                    .status();
                status.is_ok_and(|status| status.success())
            };
            // What can't be had is no mistake of ours; what can't be built is.
            if !run(&["mod", "download"]) {
                left_out("the modules that providers in Go need can't be downloaded");
                return None;
            }
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-providers");
            std::fs::create_dir_all(&folder).unwrap();
            let output = folder.to_str().unwrap();
            let programs = ["./terraform-provider-modern", "./terraform-provider-legacy"];
            let built = run(&[&["build", "-o", output], programs.as_slice()].concat());
            assert!(built, "the providers in Go can't be built");
            Some(folder)
        })
        .as_deref()
}

/// The folder with the provider on `tf-provider`, built; `None`: it can't be, which was said.
pub(crate) fn others_provider() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("TERRANE_OTHERS_PROVIDER") {
        if given.is_empty() {
            left_out("the crates that the provider on tf-provider needs are not here");
            return None;
        }
        return Some(given.into());
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tf-provider");
    // A folder of its own: the crates are others, and this very build may hold the lock of the usual one.
    let target = profile().parent().unwrap().join("tf-provider");
    let cargo = |arguments: &[&str], protoc: Option<&str>| {
        Command::new(env!("CARGO"))
            .args(arguments)
            .env("CARGO_TARGET_DIR", &target)
            .envs(protoc.map(|path| ("PROTOC", path)))
            .current_dir(&source)
            .output()
            .unwrap()
    };
    if !cargo(&["fetch", "--locked", "--quiet"], None)
        .status
        .success()
    {
        left_out("the crates that the provider on tf-provider needs can't be downloaded");
        return None;
    }
    let built = |output: std::process::Output| {
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tests/tf-provider: {told}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let protoc = built(cargo(&["run", "--locked", "--quiet", "-p", "protoc"], None));
    let program = "terraform-provider-others";
    built(cargo(
        &["build", "--locked", "--quiet", "-p", program],
        Some(protoc.trim()),
    ));
    Some(target.join("debug"))
}
