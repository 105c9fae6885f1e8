//! A command line tool in a folder of its own, and what it says of a story.

use crate::compare::{plain, tidy, without};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A command line tool in a folder.
pub(crate) struct Engine {
    pub(crate) program: PathBuf,
    pub(crate) folder: tempfile::TempDir,
    /// Variables of its environment besides the usual ones.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Engine {
    /// With a folder that has the programs of the provider.
    pub(crate) fn new(program: &Path, source: &str, providers: &Path) -> Self {
        let providers = providers.display().to_string();
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    {source:?} = {providers:?}\n  }}\n}}\n",
        );
        Self::with_settings(program, &settings)
    }

    pub(crate) fn with_settings(program: &Path, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("settings.tfrc"), settings).unwrap();
        Self {
            program: program.to_owned(),
            folder,
            variables: Vec::new(),
        }
    }

    /// To be run in the folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
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
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.command(arguments).output().unwrap();
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            text.push_str(&String::from_utf8_lossy(&output.stderr));
        }
        (output.status.success(), text)
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Json {
        let (_, text) = self.run(arguments);
        // The two registries are one.
        let text = text.replace("registry.opentofu.org", "registry.terraform.io");
        let mut json = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}\n{text}", self.program.display()));
        plain(&mut json);
        json
    }

    /// One step: plan, apply, state. What is not to be compared is left out.
    pub(crate) fn step(&self, config: &str) -> Vec<(&'static str, Json)> {
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
        let mut relevant = plan["relevant_attributes"].take();
        if let Some(list) = relevant.as_array_mut() {
            list.sort_by_key(ToString::to_string);
            list.dedup();
        }
        for (name, part) in [
            ("changes", plan["resource_changes"].take()),
            ("drift", plan["resource_drift"].take()),
            ("outputs", plan["output_changes"].take()),
            ("planned values", plan["planned_values"].take()),
            ("configuration", plan["configuration"].take()),
            ("relevant attributes", relevant),
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
