//! What `init` has chosen, written down: `.terrane/backend.json` (`docs/formats/backend-record.md`). Also reads what a peer wrote down.

use crate::backend::{Configured, Settings};
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::schema::Block;
use terrane_store::files::write_whole;
use terrane_value::{Value, json};

/// The format that is written.
const FORMAT: u64 = 1;
/// The name of the file in the data directory.
const NAME: &str = "backend.json";
/// No such file is larger.
const MAX_SIZE: u64 = 4 * 1024 * 1024;
/// Where the peers keep theirs, unless `TF_DATA_DIR` says otherwise.
const PEER_DATA_DIR: &str = ".terraform";

/// The file.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    format: u64,
    terrane_version: String,
    backend: Option<Recorded>,
}

/// A backend as it was written down; its arguments are not yet held against a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    /// `s3`, `http`, …
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Those that are set.
    pub(crate) config: Map<String, Json>,
    /// Names what the block alone says. Empty in what a peer wrote.
    #[serde(default)]
    pub(crate) hash: String,
}

/// What is written down.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Record {
    /// `init` was not run here, or found nothing to write down.
    None,
    /// The embedded store was chosen.
    Embedded,
    /// A backend was chosen.
    Backend(Recorded),
}

/// The place of the file.
pub(crate) fn path(session: &Session) -> PathBuf {
    session.data_dir.join(NAME)
}

/// Reads it.
///
/// # Errors
/// When it can't be read, is damaged, or of a later version.
pub(crate) fn read(session: &Session) -> Result<Record, Failure> {
    let path = path(session);
    let Some(text) = load(&path)? else {
        return Ok(Record::None);
    };
    let damaged = |problem: String| {
        Failure::Input(crate::failure::Report::plain(
            Diagnostic::error(
                &rules::backend::BAD_RECORD,
                format!("The file {} says which backend `terrane init` has chosen, and it can't be used: {problem}.", path.display()),
            )
            .hint("delete the file and run `terrane init`: nothing but that choice is in it"),
        ))
    };
    let format = serde_json::from_str::<Json>(&text)
        .map_err(|error| damaged(error.to_string()))?
        .get("format")
        .and_then(Json::as_u64);
    match format {
        Some(FORMAT) => {}
        Some(later) if later > FORMAT => {
            return Err(damaged(format!(
                "it has format {later}, written by a later version of terrane, and this one reads up to {FORMAT}"
            )));
        }
        _ => return Err(damaged(String::from("it has no format that is known"))),
    }
    let file: File = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    Ok(file.backend.map_or(Record::Embedded, Record::Backend))
}

/// What Terraform or OpenTofu has written down in this folder: the backend that they use, if it is not the default one. What can't be read
/// counts as nothing: it is theirs.
pub(crate) fn peer(session: &Session) -> Option<Recorded> {
    #[derive(Deserialize)]
    struct Theirs {
        backend: Option<Backend>,
    }
    #[derive(Deserialize)]
    struct Backend {
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        config: Map<String, Json>,
    }
    let dir = match session.env.get("TF_DATA_DIR") {
        Some(dir) if !dir.is_empty() => PathBuf::from(dir),
        _ => PathBuf::from(PEER_DATA_DIR),
    };
    let text = load(&dir.join("terraform.tfstate")).ok()??;
    let theirs: Theirs = serde_json::from_str(&text).ok()?;
    let Backend { kind, mut config } = theirs.backend?;
    config.retain(|_, value| !value.is_null());
    Some(Recorded {
        kind,
        config,
        hash: String::new(),
    })
}

fn load(path: &Path) -> Result<Option<String>, Failure> {
    let mut bytes = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(MAX_SIZE).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(source) => Err(Failure::Io {
            doing: format!("Reading {} failed", path.display()),
            source,
        }),
    }
}

/// What stands for these settings in the file.
pub(crate) fn of(session: &Session, settings: &Settings) -> Result<Record, Failure> {
    match settings {
        Settings::Embedded => Ok(Record::Embedded),
        Settings::Backend(backend) => {
            let Configured { kind, config, hash } = backend;
            let schema = session
                .backends
                .find(kind)
                .map_err(|found| Failure::Input(crate::failure::Report::plain(*found)))?
                .schema();
            let config = match config_json(&schema, config) {
                Json::Object(config) => config,
                _ => Map::new(),
            };
            Ok(Record::Backend(Recorded {
                kind: kind.clone(),
                config,
                hash: hash.clone(),
            }))
        }
    }
}

/// Where states of this session are kept, for a saved plan.
///
/// # Errors
/// As [`Session::store`].
pub(crate) fn to_plan(session: &Session) -> Result<Arc<[u8]>, Failure> {
    let backend = match of(session, &session.place()?.settings)? {
        Record::None | Record::Embedded => None,
        Record::Backend(backend) => Some(backend),
    };
    serde_json::to_vec(&backend)
        .map(Arc::from)
        .map_err(|error| Failure::Io {
            doing: String::from("Writing the backend into the plan failed"),
            source: error.into(),
        })
}

/// What a saved plan says about it.
pub(crate) fn from_plan(bytes: &[u8]) -> Record {
    match serde_json::from_slice::<Option<Recorded>>(bytes) {
        Ok(Some(backend)) => Record::Backend(backend),
        Ok(None) => Record::Embedded,
        Err(_) => Record::None,
    }
}

/// Writes it, whole or not at all. Only its owner may read it: arguments may be secrets.
///
/// # Errors
/// When it can't be written; then what was there before is still there.
pub(crate) fn write(session: &Session, record: &Record) -> Result<(), Failure> {
    let path = path(session);
    let backend = match record {
        Record::None => return remove(&path),
        Record::Embedded => None,
        Record::Backend(backend) => Some(backend.clone()),
    };
    let file = File {
        format: FORMAT,
        terrane_version: env!("CARGO_PKG_VERSION").to_owned(),
        backend,
    };
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(&session.data_dir)?;
        let mut text = serde_json::to_vec_pretty(&file)?;
        text.push(b'\n');
        write_whole(&path, &text)
    };
    write().map_err(Failure::io(format!("Writing {} failed", path.display())))
}

fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::Io {
            doing: format!("Removing {} failed", path.display()),
            source: error,
        }),
        _ => Ok(()),
    }
}

/// The arguments that are set, as JSON.
pub(crate) fn config_json(schema: &Block, config: &Value) -> Json {
    let attributes = schema
        .attributes
        .iter()
        .map(|(name, attribute)| (name, attribute.value_type()));
    let blocks = schema
        .blocks
        .iter()
        .map(|(name, block)| (name, block.value_type()));
    let mut set = Map::new();
    for (name, ty) in attributes.chain(blocks) {
        let Some(value) = config.get(name).filter(|value| !value.is_null()) else {
            continue;
        };
        let encoded = json::encode(value, &ty)
            .ok()
            .and_then(|text| serde_json::from_str::<Json>(&text).ok());
        match encoded {
            Some(Json::Array(items)) if items.is_empty() && schema.blocks.contains_key(name) => {}
            Some(encoded) => drop(set.insert(name.to_string(), encoded)),
            None => {}
        }
    }
    Json::Object(set)
}

/// Arguments that were written down, as an object of the schema's type. What the schema does not know any more is left out.
///
/// # Errors
/// A sentence, when a value does not fit.
pub(crate) fn config_value(schema: &Block, config: &Map<String, Json>) -> Result<Value, String> {
    let mut all = Vec::new();
    let value = |name: &str, ty: &terrane_value::Type| -> Result<Option<Value>, String> {
        match config.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(written) => json::decode(&written.to_string(), ty)
                .map(Some)
                .map_err(|error| format!("the argument {name:?} does not fit: {error}")),
        }
    };
    for (name, attribute) in &schema.attributes {
        let ty = attribute.value_type();
        let found = value(name, &ty)?;
        all.push((name.clone(), found.unwrap_or_else(|| Value::null(ty))));
    }
    for (name, block) in &schema.blocks {
        let found = value(name, &block.value_type())?;
        all.push((name.clone(), found.unwrap_or_else(|| block.empty_value())));
    }
    Ok(Value::object(all))
}

#[cfg(test)]
mod tests {
    use super::{Record, Recorded, config_json, config_value, peer, read, write};
    use crate::session::Session;
    use serde_json::{Map, Value as Json, json};
    use std::collections::BTreeMap;
    use terrane_model::schema::{Attribute, Block, NestedBlock};

    fn session(folder: &std::path::Path) -> Session {
        let data = folder.join("data").display().to_string();
        let env = BTreeMap::from([(String::from("TF_DATA_DIR"), data)]);
        Session::new("/", env, "init")
    }

    fn object(value: Json) -> Map<String, Json> {
        match value {
            Json::Object(map) => map,
            _ => Map::new(),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let session = session(folder.path());
        assert_eq!(read(&session).unwrap(), Record::None);
        let backend = Record::Backend(Recorded {
            kind: String::from("s3"),
            config: object(json!({"bucket": "b"})),
            hash: String::from("sha256:1"),
        });
        for record in [backend, Record::Embedded, Record::None] {
            write(&session, &record).unwrap();
            assert_eq!(read(&session).unwrap(), record);
        }
        let left: Vec<_> = std::fs::read_dir(folder.path().join("data"))
            .unwrap()
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn what_can_not_be_used_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let session = session(folder.path());
        std::fs::create_dir(folder.path().join("data")).unwrap();
        for (text, said) in [
            ("", "EOF"),
            ("[]", "no format"),
            ("{\"format\": 2}", "a later version"),
            (
                "{\"format\": 1, \"terrane_version\": \"0\", \"backend\": 7}",
                "invalid type",
            ),
        ] {
            std::fs::write(folder.path().join("data/backend.json"), text).unwrap();
            let report = read(&session).expect_err(text).into_report();
            let detail = &report.diagnostics.iter().next().unwrap().detail;
            assert!(detail.contains(said), "{text}: {detail}");
        }
    }

    #[test]
    fn the_record_of_a_peer() {
        let folder = tempfile::tempdir().unwrap();
        let session = session(folder.path());
        std::fs::create_dir(folder.path().join("data")).unwrap();
        for (text, want) in [
            (
                "{\"version\": 3, \"backend\": {\"type\": \"s3\", \"config\": {\"bucket\": \"b\", \"key\": null}, \"hash\": 1}}",
                Some("{\"bucket\":\"b\"}"),
            ),
            ("{\"version\": 3, \"terraform_version\": \"1.11.4\"}", None),
            ("{\"version\": 3, \"backend\": null}", None),
            ("{\"version\": 3, \"backend\": 7}", None),
            ("not JSON", None),
        ] {
            std::fs::write(folder.path().join("data/terraform.tfstate"), text).unwrap();
            let found = peer(&session).map(|found| Json::Object(found.config).to_string());
            assert_eq!(found.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn arguments_go_to_json_and_back() {
        let schema = Block::new()
            .attr("bucket", Attribute::string().required())
            .attr("count", Attribute::number().optional())
            .attr("tags", Attribute::string_map().optional())
            .block(
                "endpoint",
                NestedBlock::list(Block::new().attr("url", Attribute::string().optional())),
            );
        for text in [
            json!({}),
            json!({"bucket": "b", "count": 3}),
            json!({"tags": {"a": "1"}, "endpoint": [{"url": "u"}]}),
        ] {
            let value = config_value(&schema, &object(text.clone())).unwrap();
            assert_eq!(value.ty(), *schema.implied_type());
            assert_eq!(config_json(&schema, &value), text);
        }
        // Of another version: what is not known is left out, what does not fit is told.
        let later = object(json!({"bucket": "b", "new": 1}));
        let value = config_value(&schema, &later).unwrap();
        assert_eq!(config_json(&schema, &value), json!({"bucket": "b"}));
        assert!(config_value(&schema, &object(json!({"count": "x"}))).is_err());
    }
}
