//! `credentials_helper`: a program that knows tokens, called as `terraform-credentials-<name> [args…] get <host>`.

use super::{CredentialsError, Token};
use crate::host::Host;
use crate::settings::HelperSettings;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

/// How long it may take; somebody may have to unlock a key ring.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much of its output is taken.
const LIMIT: u64 = 1024 * 1024;

/// Where the program may be. The working directory is not among the folders: what is checked out there must not run.
pub(super) fn folders(config_dir: Option<&Path>) -> Vec<PathBuf> {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        arch => arch,
    };
    let mut folders = Vec::new();
    if let Some(dir) = config_dir {
        let plugins = dir.join("plugins");
        folders.push(plugins.join(format!("{os}_{arch}")));
        folders.push(plugins);
    }
    let own = std::env::current_exe().ok();
    folders.extend(own.and_then(|path| Some(path.parent()?.to_owned())));
    folders
}

pub(super) fn program(helper: &HelperSettings) -> String {
    format!("terraform-credentials-{}", helper.name)
}

pub(super) async fn get(
    helper: &HelperSettings,
    folders: &[PathBuf],
    host: &Host,
) -> Result<Option<Token>, CredentialsError> {
    let out = run(helper, folders, ["get", &host.ascii()], None).await?;
    let value: serde_json::Value = serde_json::from_slice(&out)
        .map_err(|_| failed(helper, "its output for `get` is no JSON object"))?;
    match value.get("token") {
        Some(serde_json::Value::String(token)) => Ok(Some(Token::new(token.clone()))),
        None if value.is_object() => Ok(None),
        _ => Err(failed(
            helper,
            "its output for `get` is no object with a token",
        )),
    }
}

pub(super) async fn store(
    helper: &HelperSettings,
    folders: &[PathBuf],
    host: &Host,
    token: &Token,
) -> Result<(), CredentialsError> {
    let input = serde_json::json!({ "token": token.secret() }).to_string();
    run(helper, folders, ["store", &host.ascii()], Some(input)).await?;
    Ok(())
}

pub(super) async fn forget(
    helper: &HelperSettings,
    folders: &[PathBuf],
    host: &Host,
) -> Result<(), CredentialsError> {
    run(helper, folders, ["forget", &host.ascii()], None).await?;
    Ok(())
}

async fn run(
    helper: &HelperSettings,
    folders: &[PathBuf],
    verb: [&str; 2],
    input: Option<String>,
) -> Result<Vec<u8>, CredentialsError> {
    let name = program(helper);
    let found = folders
        .iter()
        .map(|dir| dir.join(&name))
        .find(|path| path.is_file());
    let path = found.ok_or_else(|| {
        let places: Vec<String> = folders
            .iter()
            .map(|dir| dir.display().to_string())
            .collect();
        failed(helper, format!("it is in none of {}", places.join(", ")))
    })?;
    let mut child = Command::new(path)
        .args(&helper.args)
        .args(verb)
        .stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(helper, format!("it can't be started: {error}")))?;
    let stdin = child.stdin.take();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let write = async {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // A program that does not read its input tells by its status what it thinks.
                let _unread = stdin.write_all(input.as_bytes()).await;
            }
        };
        let ((), out, problem) = tokio::join!(write, all(stdout), all(stderr));
        (child.wait().await, out, problem)
    };
    let (status, out, problem) = tokio::time::timeout(PATIENCE, work).await.map_err(|_| {
        failed(
            helper,
            format!("it did not end within {} seconds", PATIENCE.as_secs()),
        )
    })?;
    let status = status.map_err(|error| failed(helper, error.to_string()))?;
    if !status.success() {
        let said = String::from_utf8_lossy(&problem);
        let said: String = said.trim().chars().take(500).collect();
        return Err(failed(
            helper,
            format!("`{}` failed ({status}): {said}", verb[0]),
        ));
    }
    Ok(out)
}

async fn all(stream: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(stream) = stream {
        // What could be read until it broke off is judged by who asked.
        let _broken = stream.take(LIMIT).read_to_end(&mut out).await;
    }
    out
}

fn failed(helper: &HelperSettings, why: impl Into<String>) -> CredentialsError {
    CredentialsError::Helper {
        program: program(helper),
        why: why.into(),
    }
}
