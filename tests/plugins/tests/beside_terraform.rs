//! The same plugins under `terraform` and under this engine: the same plans, the same states.
//!
//! A story is a folder of configurations, `1.tf`, `2.tf` …, applied one after the other, and then destroyed. In a comment at its beginning a configuration may say
//! what is to be done before: `# import ADDR ID`. Providers in Go are built by `go`; where that or the peer is not there, this is said, and the test passes.

#![expect(
    clippy::unwrap_used,
    reason = "what fails here fails the test, also in functions that tests share"
)]

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The binary of this engine.
fn terrane() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("TERRANE_BINARY") {
            return given.into();
        }
        build("terrane")
    })
}

/// The program of a package, built in the profile of this test. What tests a whole workspace has built it already, and names it by a variable: alone, it
/// would be built with other features, and much with it.
fn build(package: &str) -> PathBuf {
    // target/<profile>/<a binary>
    let profile = Path::new(env!("CARGO_BIN_EXE_fake-provider"))
        .parent()
        .unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", package, "--target-dir"])
        .arg(profile.parent().unwrap())
        .args(profile.ends_with("release").then_some("--release"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.is_ok_and(|status| status.success()));
    profile.join(package)
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = PathBuf::from("/usr/local/go/bin");
    std::env::split_paths(&path)
        .chain([usual])
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
fn left_out(why: &str) {
    eprintln!("left out: {why}");
}

/// The providers in Go, built; `None`: they can't be.
fn go_providers() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            if let Some(given) = std::env::var_os("TERRANE_GO_PROVIDERS") {
                return Some(given.into());
            }
            let go = on_path("go")?;
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-providers");
            std::fs::create_dir_all(&folder).unwrap();
            let built = Command::new(go)
                .arg("build")
                .arg("-o")
                .arg(&folder)
                .args(["./terraform-provider-modern", "./terraform-provider-legacy"])
                .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../go"))
                .status();
            built.is_ok_and(|status| status.success()).then_some(folder)
        })
        .as_deref()
}

/// A command line tool in a folder.
struct Engine {
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl Engine {
    fn new(program: &Path, source: &str, providers: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    {source:?} = {:?}\n  }}\n}}\n",
            providers.display().to_string()
        );
        std::fs::write(folder.path().join("settings.tfrc"), settings).unwrap();
        Self {
            program: program.to_owned(),
            folder,
        }
    }

    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(&self.program)
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("TERRANE_SCHEMA_CACHE", self.folder.path().join("schemas"))
            .env(
                "TF_CLI_CONFIG_FILE",
                self.folder.path().join("settings.tfrc"),
            )
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_INPUT", "0")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            text.push_str(&String::from_utf8_lossy(&output.stderr));
        }
        (output.status.success(), text)
    }

    fn json(&self, arguments: &[&str]) -> Json {
        let (_, text) = self.run(arguments);
        // The two registries are one.
        let text = text.replace("registry.opentofu.org", "registry.terraform.io");
        let mut json = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}\n{text}", self.program.display()));
        plain(&mut json);
        json
    }

    /// One step: plan, apply, state. What is not to be compared is left out.
    fn step(&self, config: &str) -> Vec<(&'static str, Json)> {
        let file = self.folder.path().join("main.tf");
        std::fs::write(&file, config).unwrap();
        let mut told = Vec::new();
        if let Some(words) = config
            .lines()
            .find_map(|line| line.strip_prefix("# import "))
        {
            let words: Vec<&str> = words.split_whitespace().collect();
            let (good, text) = self.run(&[&["import"], words.as_slice()].concat());
            told.push(("import", good.into()));
            assert!(good, "{}: {text}", self.program.display());
        }
        let (planned, text) = self.run(&["plan", "-out=plan"]);
        told.push(("plan succeeds", planned.into()));
        if !planned {
            assert!(
                config.contains("# fails"),
                "{}: {text}",
                self.program.display()
            );
            return told;
        }
        let mut plan = self.json(&["show", "-json", "plan"]);
        // Of what is sensitive and null, the peer says in one place that it is sensitive and in another that it is not.
        without(&mut plan["planned_values"], "sensitive_values");
        let resources = plan["prior_state"]["values"].take();
        for (name, part) in [
            ("changes", plan["resource_changes"].take()),
            ("drift", plan["resource_drift"].take()),
            ("outputs", plan["output_changes"].take()),
            ("planned values", plan["planned_values"].take()),
            ("prior state", resources),
        ] {
            told.push((name, part));
        }
        let (applied, text) = self.run(&["apply", "plan"]);
        assert!(
            applied || config.contains("# fails"),
            "{}: {text}",
            self.program.display()
        );
        told.push(("apply succeeds", applied.into()));
        let mut state = self.json(&["state", "pull"]);
        told.push(("state", tidy(state["resources"].take())));
        told.push(("state outputs", state["outputs"].take()));
        let (_, again) = self.run(&["plan", "-detailed-exitcode", "-no-color"]);
        if applied {
            told.push(("nothing is left", again.contains("No changes").into()));
        }
        told
    }
}

fn without(json: &mut Json, name: &str) {
    match json {
        Json::Object(object) => {
            object.remove(name);
            object.values_mut().for_each(|value| without(value, name));
        }
        Json::Array(items) => items.iter_mut().for_each(|value| without(value, name)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Without identities, which the peer has in later versions only, and with all large random numbers the same.
fn plain(json: &mut Json) {
    match json {
        Json::Object(object) => {
            object.retain(|name, _| !name.contains("identity"));
            object.values_mut().for_each(plain);
        }
        Json::Array(items) => items.iter_mut().for_each(plain),
        Json::String(text) => {
            if text.len() > 15 && text.bytes().all(|byte| byte.is_ascii_digit()) {
                *text = "a large number".to_owned();
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Resources of a state in one order, without what says nothing.
fn tidy(mut resources: Json) -> Json {
    if let Some(list) = resources.as_array_mut() {
        // The peer forgets what a data source was read after.
        for data in list.iter_mut().filter(|found| found["mode"] == "data") {
            for instance in data["instances"].as_array_mut().into_iter().flatten() {
                instance["dependencies"].take();
            }
        }
        list.sort_by_key(|resource| {
            format!(
                "{}{}{}",
                resource["module"], resource["type"], resource["name"]
            )
        });
        for instance in list
            .iter_mut()
            .filter_map(|resource| resource["instances"].as_array_mut())
            .flatten()
        {
            // Blocks that a provider leaves out are stored as none by us, and as null by the peer.
            if instance["attributes"]["single"].is_null()
                && let Some(attributes) = instance["attributes"].as_object_mut()
            {
                attributes.retain(|name, _| name != "single");
            }
            if instance["attributes"]["single"] == Json::Array(Vec::new())
                && let Some(attributes) = instance["attributes"].as_object_mut()
            {
                attributes.remove("single");
            }
            // Absent, null and empty are the same.
            for name in [
                "dependencies",
                "sensitive_attributes",
                "identity",
                "private",
            ] {
                let empty = match &instance[name] {
                    Json::Null => true,
                    Json::Array(items) => items.is_empty(),
                    _ => false,
                };
                if empty && let Some(instance) = instance.as_object_mut() {
                    instance.remove(name);
                }
            }
        }
    }
    resources
}

/// The places where two values differ.
fn differences(path: &str, theirs: &Json, ours: &Json, found: &mut Vec<String>) {
    match (theirs, ours) {
        (Json::Object(a), Json::Object(b)) => {
            let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for name in names {
                let null = Json::Null;
                let a = a.get(name).unwrap_or(&null);
                let b = b.get(name).unwrap_or(&null);
                differences(&format!("{path}.{name}"), a, b, found);
            }
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                differences(&format!("{path}[{at}]"), a, b, found);
            }
        }
        _ if theirs == ours => {}
        _ => found.push(format!("{path}: theirs {theirs}, ours {ours}")),
    }
}

fn story(name: &str, source: &str, providers: &Path) {
    let Some(peer) = on_path("terraform") else {
        return left_out("terraform is not on the path");
    };
    let theirs = Engine::new(&peer, source, providers);
    let ours = Engine::new(terrane(), source, providers);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/stories")
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
    match go_providers() {
        Some(folder) => story("modern", "example/modern", folder),
        None => left_out("providers in Go can't be built here"),
    }
}

/// On HashiCorp's SDK, version 5 of the protocol.
#[test]
fn legacy() {
    match go_providers() {
        Some(folder) => story("legacy", "example/legacy", folder),
        None => left_out("providers in Go can't be built here"),
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
