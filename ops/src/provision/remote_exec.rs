//! The `remote-exec` provisioner: scripts on another machine.

use super::connection::Remote;
use super::{Say, text};
use rand::Rng as _;
use terrane_ssh::{Platform, Session};
use terrane_value::Value;

/// Permissions of a script: what it holds is nobody else's business.
const MODE: u32 = 0o700;

/// Scripts to run, one after the other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scripts(Vec<Script>);

#[derive(Debug, PartialEq, Eq)]
struct Script {
    /// Where it comes from; `None`: it is written in the configuration.
    path: Option<String>,
    bytes: Vec<u8>,
}

impl Scripts {
    /// Reads the arguments of the block, and the files that they name.
    pub(super) fn from_config(config: &Value) -> Result<Self, String> {
        if let Some(lines) = list(config, "inline")? {
            if lines.is_empty() {
                return Err(String::from("The inline argument holds no commands."));
            }
            let mut script = lines.join("\n");
            script.push('\n');
            return Ok(Self(vec![Script {
                path: None,
                bytes: script.into_bytes(),
            }]));
        }
        let paths = match text(config, "script") {
            Some(path) => vec![path],
            None => list(config, "scripts")?.unwrap_or_default(),
        };
        if paths.is_empty() {
            return Err(String::from("There is no script to run."));
        }
        // All are read before the first one runs.
        let scripts = paths.into_iter().map(|path| {
            if path.is_empty() {
                return Err(String::from("The path of a script must not be empty."));
            }
            let bytes = std::fs::read(&path).map_err(|error| {
                format!(
                    "The script {path:?} can't be read: {}.",
                    crate::files::why(&error)
                )
            })?;
            Ok(Script {
                path: Some(path),
                bytes,
            })
        });
        scripts.collect::<Result<_, _>>().map(Self)
    }

    /// Runs them until one fails.
    pub(super) async fn run(
        &self,
        session: &Session,
        remote: &Remote,
        quiet: bool,
        say: Say<'_>,
    ) -> Result<(), String> {
        for script in &self.0 {
            let number = rand::rng().random_range(0..1u32 << 31);
            let path = remote.script_path.replace("%RAND%", &number.to_string());
            script.run(session, remote, &path, quiet, say).await?;
        }
        Ok(())
    }
}

impl Script {
    async fn run(
        &self,
        session: &Session,
        remote: &Remote,
        path: &str,
        quiet: bool,
        say: Say<'_>,
    ) -> Result<(), String> {
        let platform = remote.platform;
        let failed = |error: terrane_ssh::SshError| {
            let what = self.name(path);
            format!("Running {what} failed: {}.", error.sentence())
        };
        session
            .put(platform, &self.executable(platform), path, MODE)
            .await
            .map_err(failed)?;
        let quoted = platform.quote(path);
        if platform == Platform::Unix {
            // A file that was there before has kept its permissions.
            let exit = session
                .run(&format!("chmod {MODE:04o} {quoted}"), false, say)
                .await
                .map_err(failed)?;
            if !exit.is_success() {
                return Err(format!(
                    "Making {path} on {} executable failed: chmod {exit}.",
                    remote.connection.address()
                ));
            }
        }
        let exit = session
            .run(&quoted, platform == Platform::Unix, say)
            .await
            .map_err(failed)?;
        // It may hold secrets, so it does not stay. One that was not removed was run nevertheless.
        let removed = match platform {
            Platform::Unix => session
                .run(&format!("rm -f {quoted}"), false, &mut |_| {})
                .await
                .map(|_| ()),
            Platform::Windows => session.put(platform, b"", path, MODE).await,
        };
        if let Err(error) = removed {
            tracing::debug!(path, %error, "a script was left behind");
        }
        if exit.is_success() {
            return Ok(());
        }
        let hint = if quiet {
            " Its output is not shown, since it may hold sensitive values."
        } else {
            ""
        };
        Err(format!(
            "Error executing {} on {}: process {exit}.{hint}",
            self.name(path),
            remote.connection.address()
        ))
    }

    /// The script as the other machine can run it.
    fn executable(&self, platform: Platform) -> Vec<u8> {
        if platform == Platform::Windows || self.bytes.starts_with(b"#!") {
            return self.bytes.clone();
        }
        [b"#!/bin/sh\n", &*self.bytes].concat()
    }

    fn name(&self, path: &str) -> String {
        match &self.path {
            Some(own) => format!("script {own:?} ({path})"),
            None => format!("{path:?}"),
        }
    }
}

/// A list of texts; `None` where it is null or missing.
fn list(config: &Value, name: &str) -> Result<Option<Vec<String>>, String> {
    let Some(value) = config.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let item = |item: &Value| {
        item.unmarked()
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("The {name} argument must not hold null."))
    };
    let items: Result<Vec<_>, _> = value.unmarked().children().iter().map(item).collect();
    items.map(Some)
}

#[cfg(test)]
mod tests {
    use super::{Script, Scripts};
    use terrane_ssh::Platform;
    use terrane_value::{Type, Value};

    fn inline(lines: &[&str]) -> Value {
        let lines = lines.iter().map(|line| Value::string(*line)).collect();
        Value::object([("inline", Value::list(Type::String, lines))])
    }

    #[test]
    fn lines_become_one_script() {
        let Scripts(scripts) = Scripts::from_config(&inline(&["a", "b"])).unwrap();
        let [script] = &*scripts else {
            panic!("{scripts:?}")
        };
        assert_eq!(script.bytes, b"a\nb\n");
        assert_eq!(script.executable(Platform::Unix), b"#!/bin/sh\na\nb\n");
        assert_eq!(script.executable(Platform::Windows), b"a\nb\n");
        assert!(Scripts::from_config(&inline(&[])).is_err());
    }

    #[test]
    fn an_interpreter_stays() {
        let script = Script {
            path: None,
            bytes: b"#!/usr/bin/env python3\n".to_vec(),
        };
        assert_eq!(script.executable(Platform::Unix), script.bytes);
    }

    #[test]
    fn missing_scripts_are_named() {
        let config = Value::object([("script", Value::string("/nonexistent/x.sh"))]);
        let message = Scripts::from_config(&config).unwrap_err();
        assert!(message.contains("/nonexistent/x.sh"), "{message}");
    }
}
