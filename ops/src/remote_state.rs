//! What `terraform_remote_state` and the functions of the built-in provider need of the outside: other states, `.tfvars` texts.

use crate::backend::catalog::Catalog;
use async_trait::async_trait;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_builtin::doors::{Outputs, RemoteState, TfvarsReader};
use terrane_config::load::backend::from_value;
use terrane_config::variables::{Given, parse_tfvars};
use terrane_encryption::Encryption;
use terrane_lang::source::SourceMap;
use terrane_model::addr::InstanceAddr;
use terrane_model::snapshot::Snapshot;
use terrane_store::backend::Surroundings;
use terrane_store::seal::Seal;
use terrane_store::{StateStore, StoreError};
use terrane_store_sled::SledStore;
use terrane_value::{Marks, Value};

use crate::session::{DEFAULT_WORKSPACE, STATE_DIR};

/// The state file of the peers.
const PEER_STATE: &str = "terraform.tfstate";

/// Reads states of all backends, without locking them.
#[derive(Debug)]
pub(crate) struct States {
    pub(crate) backends: Arc<Catalog>,
    pub(crate) around: Surroundings,
    /// What opens sealed ones; `Err`: why that can't be had.
    pub(crate) encryption: Result<Encryption, String>,
}

tokio::task_local! {
    /// The data source on whose behalf a provider is called: states of others can be sealed in different ways, and the settings say so by
    /// the name of the data source, which no provider is told.
    pub(crate) static READER: InstanceAddr;
}

impl States {
    /// What opens the state that the current data source reads.
    fn seal(&self) -> Result<Arc<dyn Seal>, String> {
        let encryption = self.encryption.as_ref().map_err(Clone::clone)?;
        let names = READER.try_with(names).unwrap_or_default();
        Ok(encryption
            .remote_state(names.iter().map(String::as_str))
            .clone())
    }

    /// The store that a configuration means.
    fn store(&self, backend: &str, config: &Value) -> Result<Arc<dyn StateStore>, String> {
        let kind = self
            .backends
            .find(backend)
            .map_err(|found| found.detail.clone())?;
        let config = from_value(&kind.schema(), config)?;
        kind.open(&config, &self.around, self.seal()?)
            .map_err(|error| match error.argument {
                Some(name) => format!("The argument {name:?}: {}", error.message),
                None => error.message,
            })
    }
}

/// The names by which the settings can mean a data source, from the most to the least exact: with the keys of modules and of its own or without,
/// and with `module.` before the names of modules or without.
fn names(reader: &InstanceAddr) -> Vec<String> {
    let steps = &reader.resource.module.0;
    let name = &reader.resource.name;
    let with_key = reader.key.as_ref().map(|key| format!("{name}{key}"));
    let mut names = Vec::new();
    for module_keys in [true, false] {
        for own in with_key.iter().map(String::as_str).chain([name.as_str()]) {
            for prefix in ["module.", ""] {
                let mut text = String::new();
                for step in steps.iter() {
                    let key = step.key.as_ref().filter(|_| module_keys);
                    let key = key.map(ToString::to_string).unwrap_or_default();
                    text.extend([prefix, step.name.as_str(), &key, "."]);
                }
                text.push_str(own);
                if !names.contains(&text) {
                    names.push(text);
                }
            }
        }
    }
    names
}

#[async_trait]
impl RemoteState for States {
    fn check(&self, backend: &str, config: &Value) -> Option<String> {
        self.store(backend, config).err()
    }

    async fn outputs(
        &self,
        backend: &str,
        config: &Value,
        workspace: &str,
    ) -> Result<Option<Outputs>, String> {
        let store = self.store(backend, config)?;
        let beside = (backend == "local")
            .then(|| beside(config, workspace))
            .flatten();
        let workspace = workspace.to_owned();
        let seal = self.seal()?;
        // Stores wait for disks and networks.
        let read = tokio::task::spawn_blocking(move || match beside {
            Some(folder) => read(&SledStore::new(folder).sealed(seal), &workspace),
            None => read(&*store, &workspace),
        });
        let found = read.await.map_err(|error| error.to_string())??;
        Ok(found.map(|snapshot| outputs(&snapshot)))
    }
}

/// The embedded store of the folder in which the `local` backend is told to look for a state file of the usual name, where there is one and no such file:
/// the neighbour uses terrane without a backend.
fn beside(config: &Value, workspace: &str) -> Option<PathBuf> {
    let text = |name: &str| {
        config
            .get(name)
            .and_then(|value| value.unmarked().as_str())
            .filter(|text| !text.is_empty())
    };
    let default = text("path").unwrap_or(PEER_STATE);
    // A file by another name is that file: one that is not there is a mistake.
    if Path::new(default).file_name()? != PEER_STATE {
        return None;
    }
    let path = if workspace == DEFAULT_WORKSPACE {
        PathBuf::from(default)
    } else {
        Path::new(text("workspace_dir").unwrap_or("terraform.tfstate.d"))
            .join(workspace)
            .join(PEER_STATE)
    };
    let folder = Path::new(default)
        .parent()
        .unwrap_or(Path::new(""))
        .join(STATE_DIR);
    (!path.exists() && folder.is_dir()).then_some(folder)
}

/// The state of a workspace; `None`: there is none.
fn read(store: &dyn StateStore, workspace: &str) -> Result<Option<Arc<Snapshot>>, String> {
    match store.read(workspace) {
        Ok(snapshot) if snapshot.lineage.is_empty() && snapshot.outputs.is_empty() => Ok(None),
        Ok(snapshot) => Ok(Some(snapshot)),
        Err(StoreError::NoWorkspace(_)) => Ok(None),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            Err(format!("{error}{}", cause.unwrap_or_default()))
        }
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

#[cfg(test)]
mod tests {
    use super::names;
    use std::str::FromStr as _;
    use terrane_model::addr::InstanceAddr;

    #[test]
    fn names_go_from_the_most_to_the_least_exact() {
        for (addr, expect) in [
            ("data.terraform_remote_state.net", &["net"][..]),
            ("data.terraform_remote_state.net[0]", &["net[0]", "net"]),
            (
                "module.a.module.b.data.terraform_remote_state.net",
                &["module.a.module.b.net", "a.b.net"],
            ),
            (
                "module.a[\"k\"].data.terraform_remote_state.net[\"x\"]",
                &[
                    "module.a[\"k\"].net[\"x\"]",
                    "a[\"k\"].net[\"x\"]",
                    "module.a[\"k\"].net",
                    "a[\"k\"].net",
                    "module.a.net[\"x\"]",
                    "a.net[\"x\"]",
                    "module.a.net",
                    "a.net",
                ],
            ),
        ] {
            let addr = InstanceAddr::from_str(addr).expect("an address");
            assert_eq!(names(&addr), expect);
        }
    }
}
