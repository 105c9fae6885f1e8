//! `credentials.tfrc.json`, which a login writes.

use super::{CredentialsError, Token};
use crate::host::Host;
use serde_json::{Map, Value};
use std::io::Write as _;
use std::path::Path;

/// Whether the file holds a token for a host.
pub(super) fn holds(path: &Path, host: &Host) -> Result<bool, CredentialsError> {
    let content = read(path)?;
    let known = content.get("credentials").and_then(Value::as_object);
    Ok(known.is_some_and(|known| known.keys().any(|key| is(key, host))))
}

/// Writes or removes a token. All else in the file stays.
pub(super) fn change(
    path: &Path,
    host: &Host,
    token: Option<&Token>,
) -> Result<(), CredentialsError> {
    let mut content = read(path)?;
    let known = content
        .entry("credentials")
        .or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(known) = known else {
        return Err(failed(path, "its `credentials` is no object"));
    };
    known.retain(|key, _| !is(key, host));
    if let Some(token) = token {
        let token = Map::from_iter([("token".to_owned(), token.secret().into())]);
        known.insert(host.ascii(), Value::Object(token));
    }
    write(path, &content).map_err(|error| failed(path, error))
}

fn is(key: &str, host: &Host) -> bool {
    Host::parse(key).is_ok_and(|key| key == *host)
}

fn read(path: &Path) -> Result<Map<String, Value>, CredentialsError> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => return Err(failed(path, error)),
    };
    serde_json::from_slice(&text).map_err(|error| failed(path, error))
}

fn write(path: &Path, content: &Map<String, Value>) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir)?;
    // Files of `tempfile` can be read by their owner only, from the beginning on.
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    let mut text = serde_json::to_vec_pretty(content)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn failed(path: &Path, why: impl ToString) -> CredentialsError {
    CredentialsError::File {
        path: path.to_owned(),
        why: why.to_string(),
    }
}
