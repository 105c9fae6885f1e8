//! A provider that a file describes, attached to both engines, and modules from a registry on this machine: what configurations of real clouds are made of.

use crate::compare::differences;
use crate::engine::Engine;
use crate::programs::{left_out, on_path, terrane};
use crate::registry;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A provider that waits to be attached to; ends with this value.
struct Attached {
    child: Child,
    variable: String,
    _output: BufReader<ChildStdout>,
}

impl Attached {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_described-provider"))
            .arg("acme/cloud")
            .arg(folder.join("schemas.json"))
            .arg(folder.join("answers.json"))
            .arg("--debug")
            .env("PLUGIN_PROTOCOL_VERSIONS", "5")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Kept open: it goes on writing.
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let variable = output
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("TF_REATTACH_PROVIDERS='")?.1.to_owned()))
            .unwrap();
        let variable = variable.trim_end_matches('\'').to_owned();
        Self {
            child,
            variable,
            _output: output,
        }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/beside_terraform/described")
}

fn engine(program: &Path, port: u16, attached: &Attached) -> Engine {
    let host = |name: &str| {
        format!(
            "host {name:?} {{\n  services = {{\n    \"modules.v1\" = \"http://127.0.0.1:{port}/v1/\"\n  }}\n}}\n"
        )
    };
    let settings = host("registry.terraform.io") + &host("registry.opentofu.org");
    let mut engine = Engine::with_settings(program, &settings);
    engine.variables = vec![("TF_REATTACH_PROVIDERS", attached.variable.clone())];
    engine
}

/// All steps of the story, under one engine.
fn told(engine: &Engine) -> Vec<Vec<(&'static str, serde_json::Value)>> {
    let mut told = Vec::new();
    for number in 1.. {
        let Ok(config) = std::fs::read_to_string(folder().join(format!("{number}.tf"))) else {
            break;
        };
        std::fs::write(engine.folder.path().join("main.tf"), &config).unwrap();
        let (good, text) = engine.run(&["init"]);
        assert!(good, "{}: {text}", engine.program.display());
        told.push(engine.step(&config));
    }
    assert!(told.len() > 1);
    let (good, text) = engine.run(&["destroy", "-auto-approve"]);
    assert!(good, "{}: {text}", engine.program.display());
    told
}

#[test]
fn modules_of_a_registry_on_a_described_provider() {
    let port = registry::start(&folder().join("modules"), "1.2.0");
    let attached = Attached::start(&folder());
    let ours = told(&engine(terrane(), port, &attached));
    for step in &ours {
        let nothing_left = step.iter().find(|(what, _)| *what == "nothing is left");
        assert_eq!(nothing_left.unwrap().1, true);
    }
    let Some(peer) = on_path("terraform") else {
        return left_out("terraform is not on the path");
    };
    let theirs = told(&engine(&peer, port, &attached));
    let mut found = Vec::new();
    for (number, (theirs, ours)) in theirs.iter().zip(&ours).enumerate() {
        for ((what, a), (_, b)) in theirs.iter().zip(ours) {
            differences(&format!("step {}, {what}", number + 1), a, b, &mut found);
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
