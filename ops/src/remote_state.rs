//! What `terraform_remote_state` and the functions of the built-in provider need of the outside: other states, `.tfvars` texts.

use async_trait::async_trait;
use std::path::{Path, PathBuf};
use terrane_builtin::doors::{Outputs, RemoteState, TfvarsReader};
use terrane_config::variables::{Given, parse_tfvars};
use terrane_lang::source::SourceMap;
use terrane_model::snapshot::Snapshot;
use terrane_store::{StateStore as _, StoreError, statefile};
use terrane_store_sled::SledStore;
use terrane_value::{Marks, Value};

use crate::session::{DEFAULT_WORKSPACE, STATE_DIR};

/// The state file of the peers.
const PEER_STATE: &str = "terraform.tfstate";

/// Reads states of the `local` backend: files of the peers, or where there is none, terrane's own store in the same folder.
#[derive(Debug)]
pub(crate) struct LocalStates;

#[async_trait]
impl RemoteState for LocalStates {
    fn check(&self, backend: &str, _config: &Value) -> Option<String> {
        (backend != "local").then(|| {
            format!("The backend {backend:?} is not available in this version of terrane; only \"local\" is.")
        })
    }

    async fn outputs(
        &self,
        backend: &str,
        config: &Value,
        workspace: &str,
    ) -> Result<Option<Outputs>, String> {
        if let Some(problem) = self.check(backend, config) {
            return Err(problem);
        }
        let text = |name: &str| {
            config
                .get(name)
                .and_then(|value| value.unmarked().as_str())
                .filter(|text| !text.is_empty())
        };
        let path = if workspace == DEFAULT_WORKSPACE {
            PathBuf::from(text("path").unwrap_or(PEER_STATE))
        } else {
            Path::new(text("workspace_dir").unwrap_or("terraform.tfstate.d"))
                .join(workspace)
                .join(PEER_STATE)
        };
        let folder = Path::new(text("path").unwrap_or(PEER_STATE))
            .parent()
            .unwrap_or(Path::new(""));
        Ok(read(&path, &folder.join(STATE_DIR), workspace)?.map(|snapshot| outputs(&snapshot)))
    }
}

fn read(
    path: &Path,
    store: &Path,
    workspace: &str,
) -> Result<Option<std::sync::Arc<Snapshot>>, String> {
    let said = |error: &dyn std::error::Error| {
        let cause = error.source().map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    };
    if path.is_file() {
        let shown = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|error| format!("reading {shown} failed: {}", crate::files::why(&error)))?;
        return statefile::read(&shown, &bytes)
            .map(|file| Some(file.snapshot.into()))
            .map_err(|error| said(&error));
    }
    if !store.is_dir() {
        return Ok(None);
    }
    match SledStore::new(store).read(workspace) {
        Ok(snapshot) => Ok(Some(snapshot)),
        Err(StoreError::NoWorkspace(_)) => Ok(None),
        Err(error) => Err(said(&error)),
    }
}

fn outputs(snapshot: &Snapshot) -> Outputs {
    snapshot
        .outputs
        .iter()
        .map(|(name, output)| {
            let marks = if output.sensitive {
                Marks::SENSITIVE
            } else {
                Marks::NONE
            };
            (name.clone(), output.value.clone().with_marks(&marks))
        })
        .collect()
}

/// Reads `.tfvars` text for `provider::terraform::decode_tfvars`.
#[derive(Debug)]
pub(crate) struct Tfvars;

impl TfvarsReader for Tfvars {
    fn read(&self, text: &str) -> Result<Value, String> {
        let mut sources = SourceMap::default();
        let file = sources.add("<text>", text);
        let (values, diagnostics) = parse_tfvars(file, text, false);
        match diagnostics.iter().next() {
            Some(problem) => Err(format!("{}: {}", problem.summary, problem.detail)),
            None => Ok(Value::object(values.into_iter().map(|given| {
                let value = match given.value {
                    Given::Text(text) => Value::string_nfc(&text),
                    Given::Value(value, _) => value,
                };
                (given.name, value)
            }))),
        }
    }
}
