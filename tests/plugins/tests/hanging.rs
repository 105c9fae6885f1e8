//! Providers that hang, under the real program: it says what it waits for, an interrupt gets out, and nothing is lost.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test: what does not hold ends it")]

#[path = "beside_terraform/programs.rs"]
#[expect(dead_code, reason = "only one of the programs is needed")]
mod programs;

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    cloud = { source = "acme/cloud" }
  }
}
provider "cloud" {}
resource "cloud_thing" "a" { name = "a" }
"#;

/// A folder with a configuration and a provider that hangs at these calls.
struct Place {
    folder: tempfile::TempDir,
    hangs: UnixListener,
}

impl Place {
    fn new(calls: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::write(path.join("main.tf"), format!("{CONFIGURATION}{more}")).unwrap();
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"acme/cloud\" = {path:?}\n  }}\n}}\n"
        );
        std::fs::write(path.join("settings.tfrc"), settings).unwrap();
        let hangs = UnixListener::bind(path.join("hangs")).unwrap();
        let place = Self { folder, hangs };
        place.faulty(&format!("hang@{calls}"));
        place
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// From now on the provider has this fault.
    fn faulty(&self, fault: &str) {
        let fake = env!("CARGO_BIN_EXE_fake-provider");
        let listener = self.path().join("hangs");
        let script = format!(
            "#!/bin/sh\nFAKE_FAULT={fault} FAKE_FILE={} exec {fake}\n",
            listener.display()
        );
        let program = self.path().join("terraform-provider-cloud");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs::terrane());
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("TERRANE_SCHEMA_CACHE", "off")
            .env("TF_CLI_CONFIG_FILE", self.path().join("settings.tfrc"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts a command and waits until its provider hangs.
    fn hanging(&self, arguments: &[&str]) -> Running {
        let mut child = self.command(arguments).spawn().unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        drop(self.hangs.accept().unwrap());
        Running {
            child,
            errors,
            said: String::new(),
        }
    }
}

/// A command whose provider hangs.
struct Running {
    child: Child,
    errors: BufReader<std::process::ChildStderr>,
    said: String,
}

impl Running {
    fn interrupt(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Reads on until it says this.
    fn says(&mut self, text: &str) {
        while !self.said.contains(text) {
            let read = self.errors.read_line(&mut self.said).unwrap();
            assert_ne!(read, 0, "{text:?} was not said:\n{}", self.said);
        }
    }

    /// Waits for the end: what was said in all.
    fn end(mut self) -> String {
        self.errors.read_to_string(&mut self.said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(1), "{}", self.said);
        self.said
    }
}

/// One interrupt is enough where the world stays as it is, and what hangs is named.
#[test]
fn what_only_asks_is_given_up_after_one_interrupt() {
    const FUNCTION: &str = "output \"o\" { value = provider::cloud::echo(\"x\") }\n";
    let waited = "waiting for what is in flight";
    let cases: [(&str, &str, &[&str], &[&str]); 9] = [
        (
            "GetProviderSchema",
            "",
            &["plan"],
            &["had not said what they offer", "acme/cloud"],
        ),
        (
            "GetProviderSchema",
            "",
            &["validate"],
            &["had not said what they offer"],
        ),
        (
            "ValidateResourceConfig",
            "",
            &["validate"],
            &["acme/cloud had not answered"],
        ),
        (
            "ValidateProviderConfig",
            "",
            &["plan"],
            &["(provider acme/cloud: validating for", waited],
        ),
        (
            "ConfigureProvider",
            "",
            &["plan"],
            &["(provider acme/cloud: configuring for", waited],
        ),
        // It does not even answer that it is about to stop.
        (
            "ConfigureProvider,StopProvider",
            "",
            &["plan"],
            &["did not end within", waited],
        ),
        (
            "ValidateResourceConfig",
            "",
            &["plan"],
            &["(cloud_thing.a: validating for", waited],
        ),
        (
            "PlanResourceChange",
            "",
            &["apply", "-auto-approve"],
            &["(cloud_thing.a: planning for"],
        ),
        (
            "CallFunction",
            FUNCTION,
            &["plan"],
            &["it did not answer before it"],
        ),
    ];
    std::thread::scope(|scope| {
        for (calls, more, arguments, expect) in cases {
            scope.spawn(move || {
                let place = Place::new(calls, more);
                let running = place.hanging(arguments);
                running.interrupt();
                let said = running.end();
                for text in expect {
                    assert!(said.contains(text), "{calls} {arguments:?}: {said}");
                }
            });
        }
    });
}

/// What may have changed the world is not left without a second interrupt, and not forgotten after it.
#[test]
fn a_change_that_hangs_is_told_of_by_the_next_plan() {
    let place = Place::new("ApplyResourceChange", "");
    let mut running = place.hanging(&["apply", "-auto-approve"]);
    running.interrupt();
    running.says("(cloud_thing.a: applying for");
    running.interrupt();
    let said = running.end();
    assert!(said.contains("  - cloud_thing.a: applying for"), "{said}");
    place.faulty("none");
    let next = place.command(&["plan"]).output().unwrap();
    let text = String::from_utf8(next.stdout).unwrap();
    assert!(text.contains("Object may exist [T3405]"), "{text}");
}
