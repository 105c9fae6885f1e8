//! What the tests of the stores share.

pub(crate) mod peer;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;
use terrane_store::clock::{Clock, SystemClock};
pub(crate) use terrane_store::conformance::sample::event;
use terrane_store::conformance::sample::{instance, set};
use terrane_store::lease::Holder;
use terrane_store::seal::{Plain, Seal};
use terrane_store::{Attempt, Held, LeaseRequest, Leasing, StateStore, StoreError, Version};
use terrane_store_remote::{Surroundings, schema};
use terrane_value::Value;

/// A machine: a folder, and what was said on it.
pub(crate) struct Setting {
    pub(crate) folder: TempDir,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) seal: Arc<dyn Seal>,
    pub(crate) clock: Arc<dyn Clock>,
    said: Arc<Mutex<String>>,
}

impl Setting {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            env: BTreeMap::new(),
            seal: Arc::new(Plain),
            clock: Arc::new(SystemClock),
            said: Arc::default(),
        }
    }

    /// One whose folder stays until the test program ends, for a store that outlives the call.
    pub(crate) fn leaked() -> Self {
        let mut setting = Self::new();
        setting.folder.disable_cleanup(true);
        setting
    }

    pub(crate) fn surroundings(&self) -> Surroundings {
        let mut surroundings =
            Surroundings::new(self.env.clone(), self.folder.path().join(".terrane"));
        surroundings.clock = Arc::clone(&self.clock);
        let said = Arc::clone(&self.said);
        surroundings.say = Arc::new(move |text| {
            let mut said = said.lock().unwrap();
            said.push_str(text);
            said.push('\n');
        });
        surroundings
    }

    /// A store of this kind with these texts as arguments.
    pub(crate) fn open(&self, kind: &str, arguments: &[(&str, &str)]) -> Arc<dyn StateStore> {
        let config = config(
            kind,
            arguments
                .iter()
                .map(|(name, text)| ((*name).to_owned(), Value::string(*text))),
        );
        terrane_store_remote::open(kind, &config, &self.surroundings(), Arc::clone(&self.seal))
            .unwrap()
    }

    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }
}

/// Arguments of a kind; those that are not given are null.
pub(crate) fn config(kind: &str, arguments: impl IntoIterator<Item = (String, Value)>) -> Value {
    let given: BTreeMap<String, Value> = arguments.into_iter().collect();
    let schema = schema(kind).unwrap();
    for name in given.keys() {
        assert!(schema.attributes.contains_key(name.as_str()), "{name}");
    }
    Value::object(schema.attributes.iter().map(|(name, attribute)| {
        let value = given
            .get(name.as_str())
            .cloned()
            .unwrap_or_else(|| Value::null(attribute.value_type()));
        (name.clone(), value)
    }))
}

/// A store that is shared, as one of its own.
#[derive(Debug)]
pub(crate) struct Handle(pub Arc<dyn StateStore>);

impl StateStore for Handle {
    fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        self.0.workspaces()
    }
    fn leasing(&self) -> Leasing {
        self.0.leasing()
    }
    fn acquire(&self, workspace: &str, request: &LeaseRequest) -> Result<Attempt, StoreError> {
        self.0.acquire(workspace, request)
    }
    fn holders(&self, workspace: &str) -> Result<Vec<Held>, StoreError> {
        self.0.holders(workspace)
    }
    fn force_unlock(&self, workspace: &str, id: &str) -> Result<Holder, StoreError> {
        self.0.force_unlock(workspace, id)
    }
    fn read(&self, workspace: &str) -> Result<Arc<Snapshot>, StoreError> {
        self.0.read(workspace)
    }
    fn history(&self, workspace: &str) -> Result<Vec<Version>, StoreError> {
        self.0.history(workspace)
    }
    fn read_at(&self, workspace: &str, serial: u64) -> Result<Snapshot, StoreError> {
        self.0.read_at(workspace, serial)
    }
    fn location(&self) -> String {
        self.0.location()
    }
    fn delete(&self, workspace: &str) -> Result<(), StoreError> {
        self.0.delete(workspace)
    }
    fn erase(&self, workspace: &str) -> Result<(), StoreError> {
        self.0.erase(workspace)
    }
}

/// The beginning of a run; the first one names the state.
pub(crate) fn run() -> Event {
    event(EventKind::Run {
        run: "r".into(),
        plan: "".into(),
        command: "apply".into(),
        who: "me".into(),
    })
}

pub(crate) fn set_of(name: &str) -> Event {
    set(&instance(name, None), "{}")
}

/// One run that records one object.
pub(crate) fn commit_one(store: &dyn StateStore, name: &str) {
    let mut workspace = store.open("default").unwrap();
    workspace.commit(vec![run(), set_of(name)]).unwrap();
    workspace.close().unwrap();
}

/// Whether a state has an object of this name.
pub(crate) fn at(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.instance(&instance(name, None)).is_some()
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The file below a folder whose name begins so.
pub(crate) fn find(folder: &Path, name: &str) -> std::path::PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(name)
            {
                return path;
            }
        }
    }
    panic!("there is no {name}");
}

/// Waits until something holds, which another thread brings about.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !holds() {
        assert!(
            started.elapsed().as_secs() < 30,
            "{what} does not come about"
        );
        std::thread::yield_now();
    }
}
