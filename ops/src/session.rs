//! Where a command works: the folder, the workspace, the state, the environment.

use crate::backend::catalog::Catalog;
use crate::backend::record::Record;
use crate::backend::{Place, choose, replay};
use crate::clock::now_ms;
use crate::failure::Failure;
use crate::interrupt::{Interrupt, Patience};
use crate::rules;
use crate::variables::VariableArgument;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use terrane_encryption::Encryption;
use terrane_model::event::{Event, EventKind};
pub use terrane_model::provider::Places;
use terrane_model::snapshot::Snapshot;
use terrane_store::audit::Known;
use terrane_store::backend::{Say, Surroundings};
use terrane_store::files::write_whole;
use terrane_store::lease::Claim;
use terrane_store::seal::Seal;
use terrane_store::{StateStore, StoreError, Workspace};

/// The folder of the embedded store, beside the configuration.
pub const STATE_DIR: &str = "terrane.state";
/// The folder of what can be made again, unless `TF_DATA_DIR` says otherwise.
pub const DATA_DIR: &str = ".terrane";
/// The workspace that is always there.
pub const DEFAULT_WORKSPACE: &str = "default";

/// Where news go that are no errors: nowhere, unless somebody listens.
#[derive(Clone)]
pub struct News(pub Say);

impl Default for News {
    fn default() -> Self {
        Self(Arc::new(|_| ()))
    }
}

impl std::fmt::Debug for News {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("News")
    }
}

/// A workspace that this process owns.
pub type OpenWorkspace = Box<dyn Workspace>;

/// Where a command works. The process' working directory is the folder of the root module.
#[derive(Debug)]
pub struct Session {
    /// What can be made again: the selected workspace, downloads.
    pub data_dir: PathBuf,
    /// The folder in which the user called (before `-chdir`): `path.cwd`.
    pub cwd: String,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// How many calls may be in flight.
    pub places: Places,
    /// Whether the user can be asked.
    pub input: bool,
    /// The command, for the history: `apply`.
    pub command: String,
    /// How long to wait for a workspace that another process owns.
    pub lock_timeout: Duration,
    /// Whether leases are taken at all (`-lock=false`: no).
    pub lock: bool,
    /// `-var` and `-var-file`: the backend may depend on them.
    pub variables: Vec<VariableArgument>,
    /// The kinds of backends that there are.
    pub backends: Arc<Catalog>,
    /// Where news of stores go that are no errors.
    pub say: News,
    /// Where the state is by a saved plan.
    planned: OnceLock<Record>,
    /// The folder of the root module, where it is another one.
    root: OnceLock<String>,
    place: OnceLock<Place>,
    encryption: OnceLock<Encryption>,
    interrupt: OnceLock<Arc<Interrupt>>,
    /// What was checked of the audit log.
    pub(crate) known_log: Known,
}

impl Session {
    /// A session in the working directory. `cwd` is the folder in which the user called.
    #[must_use]
    pub fn new(cwd: impl Into<String>, env: BTreeMap<String, String>, command: &str) -> Self {
        let data_dir = env
            .get("TF_DATA_DIR")
            .filter(|dir| !dir.is_empty())
            .map_or_else(|| PathBuf::from(DATA_DIR), PathBuf::from);
        Self {
            data_dir,
            cwd: cwd.into(),
            env,
            places: Places::default(),
            input: false,
            command: command.to_owned(),
            lock_timeout: Duration::ZERO,
            lock: true,
            variables: Vec::new(),
            backends: Arc::new(Catalog::built_in()),
            say: News::default(),
            planned: OnceLock::new(),
            root: OnceLock::new(),
            place: OnceLock::new(),
            encryption: OnceLock::new(),
            interrupt: OnceLock::new(),
            known_log: Known::default(),
        }
    }

    /// The interrupts by the user, for a command that looks at them and ends in good order after the first.
    pub fn attended(&self) -> Arc<Interrupt> {
        let interrupt = self.interrupt();
        interrupt.attend();
        interrupt
    }

    /// What providers are waited for with.
    pub(crate) fn patience(&self) -> Patience {
        Patience {
            interrupt: self.interrupt(),
            say: self.say.clone(),
        }
    }

    fn interrupt(&self) -> Arc<Interrupt> {
        let listen = || Interrupt::listen(self.say.0.clone());
        self.interrupt.get_or_init(listen).clone()
    }

    /// The state store: the embedded one, or what the backend says.
    ///
    /// # Errors
    /// When the configuration of the backend has errors, or `init` has to be run first.
    pub fn store(&self) -> Result<&dyn StateStore, Failure> {
        Ok(&*self.place()?.store)
    }

    /// The store, and what names it.
    pub(crate) fn place(&self) -> Result<&Place, Failure> {
        if let Some(place) = self.place.get() {
            return Ok(place);
        }
        let place = match self.planned.get() {
            Some(planned) => replay(self, planned)?,
            None => choose(self)?,
        };
        Ok(self.place.get_or_init(|| place))
    }

    /// Works with the store that a saved plan was made with. To be called before the store is used.
    pub(crate) fn follow(&self, planned: Record) {
        drop(self.planned.set(planned));
    }

    /// Takes the configuration of backend and encryption from another folder than the working directory (`-config`). To be called before the store is used.
    pub(crate) fn configured_in(&self, folder: &str) {
        drop(self.root.set(folder.to_owned()));
    }

    /// The folder of the root module.
    pub(crate) fn root(&self) -> &str {
        self.root.get().map_or(".", String::as_str)
    }

    /// Whether states are kept in the embedded store.
    ///
    /// # Errors
    /// As [`Session::store`].
    pub fn is_embedded(&self) -> Result<bool, Failure> {
        Ok(self.place()?.is_embedded())
    }

    /// What stores may know of this process.
    pub(crate) fn around(&self) -> Surroundings {
        Surroundings {
            say: self.say.0.clone(),
            ..Surroundings::new(self.env.clone(), &self.data_dir)
        }
    }

    /// How state and plans are encrypted.
    ///
    /// # Errors
    /// When the configuration of the encryption has errors.
    pub(crate) fn encryption(&self) -> Result<&Encryption, Failure> {
        if let Some(encryption) = self.encryption.get() {
            return Ok(encryption);
        }
        let encryption = crate::encryption::configured(self)?;
        Ok(self.encryption.get_or_init(|| encryption))
    }

    /// What seals states before they leave the process.
    ///
    /// # Errors
    /// When the configuration of the encryption has errors.
    pub(crate) fn seal(&self) -> Result<Arc<dyn Seal>, Failure> {
        Ok(self.encryption()?.state().clone())
    }

    /// The name of the current workspace.
    ///
    /// # Errors
    /// When it is set to something that can't be a name, or the selection can't be read.
    pub fn workspace(&self) -> Result<String, Failure> {
        if let Some(name) = self.workspace_override() {
            if !is_workspace_name(name) {
                return Err(Failure::input(
                    &rules::workspace::INVALID_SELECTION,
                    format!(
                        "The environment variable TF_WORKSPACE is set to {name:?}, which is not a valid workspace name."
                    ),
                ));
            }
            return Ok(name.to_owned());
        }
        let path = self.selection();
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let name = text.trim();
                if name.is_empty() {
                    return Ok(String::from(DEFAULT_WORKSPACE));
                }
                if !is_workspace_name(name) {
                    return Err(Failure::input(
                        &rules::workspace::INVALID_SELECTION,
                        format!(
                            "The file {} holds {name:?}, which is not a valid workspace name. Select one with `terrane workspace select`.",
                            path.display()
                        ),
                    ));
                }
                Ok(name.to_owned())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(String::from(DEFAULT_WORKSPACE))
            }
            Err(source) => Err(Failure::Io {
                doing: format!("Reading {} failed", path.display()),
                source,
            }),
        }
    }

    /// The workspace that the environment asks for.
    #[must_use]
    pub fn workspace_override(&self) -> Option<&str> {
        self.env
            .get("TF_WORKSPACE")
            .map(String::as_str)
            .filter(|name| !name.is_empty())
    }

    /// Makes a workspace the current one.
    ///
    /// # Errors
    /// When the selection can't be written.
    pub fn select(&self, name: &str) -> Result<(), Failure> {
        let path = self.selection();
        let write = || {
            std::fs::create_dir_all(&self.data_dir)?;
            // Whole or not at all: an empty file would mean another workspace.
            write_whole(&path, name.as_bytes())
        };
        write().map_err(Failure::io(format!("Writing {} failed", path.display())))
    }

    fn selection(&self) -> PathBuf {
        self.data_dir.join("environment")
    }

    /// The state of the current workspace, without owning it. Empty before the first write.
    ///
    /// # Errors
    /// When it can't be read or is damaged.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, Failure> {
        if self.is_embedded()? && !Path::new(STATE_DIR).exists() {
            return Ok(Arc::new(Snapshot::default()));
        }
        match self.store()?.read(&self.workspace()?) {
            Err(StoreError::NoWorkspace(_)) => Ok(Arc::new(Snapshot::default())),
            read => read.map_err(Failure::store("Reading the state failed")),
        }
    }

    /// The current workspace, for writing.
    ///
    /// # Errors
    /// When it can't be opened: it is in use, or damaged.
    pub fn open(&self) -> Result<Box<dyn Workspace>, Failure> {
        self.open_in(self.store()?, &self.workspace()?)
    }

    /// A workspace of a store, for writing. Waits for it as long as it may.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub(crate) fn open_in(
        &self,
        store: &dyn StateStore,
        name: &str,
    ) -> Result<OpenWorkspace, Failure> {
        self.acquire_in(store, name, Claim::whole(), None)
    }

    /// Records changes that a command makes to the state by itself, under a run of its own, and lets go of the workspace.
    ///
    /// # Errors
    /// When they can't be made durable; then none of them counts. When they are durable here, and could not be written to where the state is.
    pub fn commit(
        &self,
        mut workspace: OpenWorkspace,
        changes: Vec<EventKind>,
    ) -> Result<(), Failure> {
        workspace
            .commit(self.run(changes))
            .map_err(Failure::store("Writing the state failed"))?;
        self.close(workspace)
    }

    /// Changes as events of a run of their own.
    pub(crate) fn run(&self, changes: Vec<EventKind>) -> Vec<Event> {
        self.run_as(&self.command, changes)
    }

    /// The same, of another command.
    pub(crate) fn run_as(&self, command: &str, changes: Vec<EventKind>) -> Vec<Event> {
        let at_ms = now_ms();
        let run = EventKind::Run {
            run: new_run().into(),
            plan: ecow::EcoString::new(),
            command: command.into(),
            who: self.who().into(),
        };
        std::iter::once(run)
            .chain(changes)
            .map(|kind| Event { at_ms, kind })
            .collect()
    }

    /// Lets go of a workspace. Stores that keep a state as one file write it now.
    ///
    /// # Errors
    /// When that fails. What was committed is durable all the same.
    pub fn close(&self, workspace: OpenWorkspace) -> Result<(), Failure> {
        workspace
            .close()
            .map_err(Failure::store("Writing the state failed"))
    }

    /// Who works here, for the history: `user@host`.
    #[must_use]
    pub fn who(&self) -> String {
        let var = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| self.env.get(*name).filter(|value| !value.is_empty()))
                .cloned()
        };
        let user = var(&["USER", "LOGNAME", "USERNAME"])
            .or_else(terrane_store::lease::registered_user)
            .unwrap_or_else(|| String::from("unknown"));
        let host = var(&["HOSTNAME", "COMPUTERNAME"])
            .or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok())
            .unwrap_or_else(|| String::from("localhost"));
        format!("{user}@{}", host.trim())
    }
}

/// A name for a run.
#[must_use]
pub fn new_run() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Whether this can be the name of a workspace: what needs no escaping in a URL path, and is not a path.
#[must_use]
pub fn is_workspace_name(name: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_.~$&+:=@".contains(char);
    !name.is_empty()
        && name.len() <= 90
        && name.chars().all(plain)
        && !name.chars().all(|char| char == '.')
}

#[cfg(test)]
mod tests {
    use super::is_workspace_name;

    #[test]
    fn names_of_workspaces_are_not_paths() {
        for (name, expect) in [
            ("default", true),
            ("a-b_c.d", true),
            ("", false),
            ("..", false),
            ("a/b", false),
            ("a b", false),
            ("ä", false),
        ] {
            assert_eq!(is_workspace_name(name), expect, "{name}");
        }
    }
}
