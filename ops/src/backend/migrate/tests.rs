//! Migrations between stores in memory, with faults in every place: afterwards either everything is in the target, or nothing has changed.

use super::execute::{Outcome, execute};
use super::{Consent, Fate, Migration, Wanted, prepare};
use crate::backend::{Configured, Place, Settings};
use crate::failure::Failure;
use crate::session::Session;
use crate::ui::{Question, Silent, Ui};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::{OutputState, Snapshot};
use terrane_store::lease::Holder;
use terrane_store::{
    Attempt, Held, Lease, LeaseRequest, Leasing, MemoryStore, StateStore, StoreError, Version,
    Workspace,
};
use terrane_value::Value;

/// What goes wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The commit of this number fails, and nothing is written.
    Commit(usize),
    /// It fails, although it was written.
    Answer(usize),
    /// The copy that is read back lacks its outputs.
    Damage,
    /// What was written can't be read back.
    ReadBack,
    /// Letting go fails.
    Close,
    /// No workspace but `default`.
    Single,
    /// From then on nothing works.
    Gone(usize),
}

/// A store with a fault.
#[derive(Clone, Debug)]
struct Faulty {
    inner: MemoryStore,
    fault: Option<Fault>,
    commits: Arc<AtomicUsize>,
}

impl Faulty {
    fn new(inner: &MemoryStore, fault: Option<Fault>) -> Self {
        Self {
            inner: inner.clone(),
            fault,
            commits: Arc::default(),
        }
    }

    fn failed(doing: &str) -> StoreError {
        StoreError::Io {
            doing: doing.to_owned(),
            source: std::io::ErrorKind::ConnectionReset.into(),
        }
    }

    fn check(&self, workspace: &str) -> Result<(), StoreError> {
        let done = self.commits.load(Ordering::Relaxed);
        match self.fault {
            Some(Fault::Single) if workspace != "default" => Err(StoreError::Refused(
                String::from("this place keeps one state only"),
            )),
            Some(Fault::Gone(after)) if done > after => Err(Self::failed("connecting")),
            _ => Ok(()),
        }
    }
}

impl StateStore for Faulty {
    fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        self.inner.workspaces()
    }

    fn leasing(&self) -> Leasing {
        self.inner.leasing()
    }

    fn acquire(&self, workspace: &str, request: &LeaseRequest) -> Result<Attempt, StoreError> {
        self.check(workspace)?;
        Ok(match self.inner.acquire(workspace, request)? {
            Attempt::Granted(inner) => Attempt::Granted(Box::new(FaultyWorkspace {
                inner,
                store: self.clone(),
            })),
            waiting @ Attempt::Waiting(_) => waiting,
        })
    }

    fn withdraw(&self, workspace: &str, id: &str) -> Result<(), StoreError> {
        self.inner.withdraw(workspace, id)
    }

    fn holders(&self, workspace: &str) -> Result<Vec<Held>, StoreError> {
        self.inner.holders(workspace)
    }

    fn force_unlock(&self, workspace: &str, id: &str) -> Result<Holder, StoreError> {
        self.inner.force_unlock(workspace, id)
    }

    fn read(&self, workspace: &str) -> Result<Arc<Snapshot>, StoreError> {
        self.check(workspace)?;
        let mut snapshot = self.inner.read(workspace)?;
        if self.commits.load(Ordering::Relaxed) > 0 {
            match self.fault {
                Some(Fault::Damage) => Arc::make_mut(&mut snapshot).outputs.clear(),
                Some(Fault::ReadBack) => return Err(Self::failed("reading")),
                _ => {}
            }
        }
        Ok(snapshot)
    }

    fn history(&self, workspace: &str) -> Result<Vec<Version>, StoreError> {
        self.inner.history(workspace)
    }

    fn read_at(&self, workspace: &str, serial: u64) -> Result<Snapshot, StoreError> {
        self.inner.read_at(workspace, serial)
    }

    fn location(&self) -> String {
        String::from("faulty")
    }

    fn delete(&self, workspace: &str) -> Result<(), StoreError> {
        self.inner.delete(workspace)
    }

    fn erase(&self, workspace: &str) -> Result<(), StoreError> {
        self.check(workspace)?;
        self.inner.erase(workspace)
    }
}

#[derive(Debug)]
struct FaultyWorkspace {
    inner: Box<dyn Workspace>,
    store: Faulty,
}

impl Workspace for FaultyWorkspace {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.snapshot()
    }

    fn lease(&self) -> &Lease {
        self.inner.lease()
    }

    fn commit(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        let number = self.store.commits.fetch_add(1, Ordering::Relaxed);
        match self.store.fault {
            Some(Fault::Commit(at)) if at == number => Err(Faulty::failed("writing")),
            Some(Fault::Answer(at)) if at == number => {
                self.inner.commit(events)?;
                Err(Faulty::failed("writing"))
            }
            Some(Fault::Gone(at)) if number >= at => Err(Faulty::failed("writing")),
            _ => self.inner.commit(events),
        }
    }

    fn close(self: Box<Self>) -> Result<(), StoreError> {
        match self.store.fault {
            Some(Fault::Close) => Err(Faulty::failed("flushing")),
            _ => self.inner.close(),
        }
    }
}

/// Answers what it was told to, and remembers the questions.
#[derive(Default)]
struct Answers {
    given: Vec<&'static str>,
    asked: Vec<Question>,
}

impl Ui for Answers {
    fn planning(&mut self, progress: &terrane_plan::machine::Progress) {
        Silent.planning(progress);
    }
    fn applying(&mut self, progress: &terrane_apply::Progress) {
        Silent.applying(progress);
    }
    fn provisioner_output(&mut self, _: &terrane_model::addr::InstanceAddr, _: &str, _: &str) {}
    fn waiting(&mut self, _: usize, _: usize) {}
    fn note(&mut self, _: &str) {}
    fn report(&mut self, _: &crate::failure::Report) {}
    fn ask(&mut self, question: &Question) -> Option<String> {
        self.asked.push(question.clone());
        (!self.given.is_empty()).then(|| self.given.remove(0).to_owned())
    }
}

fn state(lineage: &str, serial: u64, output: &str) -> Snapshot {
    let output = OutputState {
        value: Value::string(output),
        sensitive: false,
        deprecated: None,
    };
    Snapshot {
        lineage: lineage.into(),
        serial,
        outputs: BTreeMap::from([("o".into(), output)]),
        ..Snapshot::default()
    }
}

fn put(store: &MemoryStore, workspace: &str, snapshot: Snapshot) {
    let mut opened = store.open(workspace).expect("opens");
    let event = Event {
        at_ms: 1,
        kind: EventKind::Replaced(Box::new(snapshot)),
    };
    opened.commit(vec![event]).expect("commits");
}

/// All workspaces: name, lineage, serial and output.
fn content(store: &MemoryStore) -> Vec<(String, String, u64, String)> {
    let names = store.workspaces().expect("names");
    names
        .into_iter()
        .filter_map(|name| {
            let snapshot = store.read(&name).expect("reads");
            let output = snapshot
                .outputs
                .get("o")
                .map_or_else(String::new, |output| {
                    output.value.as_str().unwrap_or_default().to_owned()
                });
            (!snapshot.lineage.is_empty() || name != "default")
                .then(|| (name, snapshot.lineage.to_string(), snapshot.serial, output))
        })
        .collect()
}

/// Lineages and outputs, without serials.
fn gist(store: &MemoryStore) -> Vec<(String, String, String)> {
    content(store)
        .into_iter()
        .map(|(name, lineage, _, output)| (name, lineage, output))
        .collect()
}

fn place(kind: &str, store: impl StateStore + 'static) -> Place {
    Place {
        settings: Settings::Backend(Configured {
            kind: kind.to_owned(),
            config: Value::object::<ecow::EcoString>([]),
            hash: String::new(),
        }),
        store: Arc::new(store),
    }
}

struct Run {
    result: Result<Outcome, Failure>,
    asked: Vec<Question>,
    committed: bool,
    backups: Vec<String>,
}

/// Migrates. `commit`: whether writing the record succeeds.
fn migrate(
    from: &MemoryStore,
    to: Faulty,
    consent: Consent,
    answers: &[&'static str],
    commit: bool,
) -> Run {
    let (from, to) = (place("a", from.clone()), place("b", to));
    migrate_between(&from, &to, consent, answers, commit)
}

fn migrate_between(
    from: &Place,
    to: &Place,
    consent: Consent,
    answers: &[&'static str],
    commit: bool,
) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data").display().to_string();
    let env = BTreeMap::from([(String::from("TF_DATA_DIR"), data)]);
    let mut session = Session::new("/", env, "init");
    session.input = consent == Consent::Ask;
    let migration = Migration {
        session: &session,
        from,
        to,
        consent,
        implied: false,
        backups: folder.path().join("backups"),
    };
    let mut ui = Answers {
        given: answers.to_vec(),
        asked: Vec::new(),
    };
    let committed = Mutex::new(false);
    let result = prepare(&migration, &mut ui).and_then(|wanted| match wanted {
        Wanted::Move(survey) => execute(&migration, &survey, &mut || {
            if !commit {
                return Err(Failure::input(
                    &crate::rules::backend::BAD_RECORD,
                    "disk full",
                ));
            }
            *committed.lock().expect("unlocked") = true;
            Ok(())
        }),
        Wanted::Nothing(_) => Ok(Outcome {
            migrated: super::Migrated::default(),
        }),
    });
    Run {
        result,
        asked: ui.asked,
        committed: committed.into_inner().expect("unlocked"),
        backups: files(&folder.path().join("backups")),
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    all.sort();
    all
}

fn source() -> MemoryStore {
    let source = MemoryStore::new();
    put(&source, "default", state("d", 4, "one"));
    put(&source, "dev", state("v", 7, "two"));
    put(&source, "prod", state("p", 2, "three"));
    drop(source.open("idle").expect("makes an empty workspace"));
    source
}

#[test]
fn all_workspaces_go_along() {
    let (from, to) = (source(), MemoryStore::new());
    let run = migrate(&from, Faulty::new(&to, None), Consent::Ask, &["yes"], true);
    let migrated = run.result.expect("works").migrated;
    assert_eq!(content(&to), content(&from));
    assert_eq!(to.workspaces().unwrap(), ["default", "dev", "idle", "prod"]);
    assert!(run.committed);
    assert_eq!(run.asked.len(), 1);
    assert!(run.backups.is_empty(), "nothing was overwritten");
    let fates: Vec<_> = migrated
        .workspaces
        .iter()
        .map(|(name, fate)| (name.as_str(), *fate))
        .collect();
    assert_eq!(
        fates,
        [
            ("default", Fate::Copied(0)),
            ("dev", Fate::Copied(0)),
            ("prod", Fate::Copied(0))
        ]
    );
    // Once more there is nothing to do, and nothing is asked.
    let again = migrate(&from, Faulty::new(&to, None), Consent::Ask, &[], true);
    assert!(again.result.is_ok() && again.committed && again.asked.is_empty());
    assert_eq!(content(&to), content(&from));
}

#[test]
fn whatever_fails_the_target_is_as_it_was() {
    let filled = || {
        let to = MemoryStore::new();
        put(&to, "default", state("d", 3, "earlier"));
        put(&to, "dev", state("x", 9, "unrelated"));
        put(&to, "other", state("o", 1, "of somebody else"));
        to
    };
    let faults = [
        Fault::Commit(0),
        Fault::Commit(1),
        Fault::Commit(2),
        Fault::Answer(0),
        Fault::Answer(1),
        Fault::Answer(2),
        Fault::Damage,
        Fault::ReadBack,
        Fault::Close,
    ];
    for to in [MemoryStore::new(), filled()] {
        for fault in faults.iter().map(|fault| Some(*fault)).chain([None]) {
            let (from, to) = (source(), to.after_crash());
            let (before, source_before) = (gist(&to), content(&from));
            let run = migrate(
                &from,
                Faulty::new(&to, fault),
                Consent::Given,
                &[],
                fault.is_some(),
            );
            let failure = run
                .result
                .err()
                .unwrap_or_else(|| panic!("{fault:?} fails"));
            assert!(!run.committed, "{fault:?}");
            assert_eq!(gist(&to), before, "{fault:?}: {failure:?}");
            assert_eq!(content(&from), source_before, "{fault:?}");
            // Nobody is left behind as owner.
            for name in to.workspaces().unwrap() {
                drop(
                    to.open(&name)
                        .unwrap_or_else(|error| panic!("{fault:?}: {error}")),
                );
            }
            for name in from.workspaces().unwrap() {
                drop(
                    from.open(&name)
                        .unwrap_or_else(|error| panic!("{fault:?}: {error}")),
                );
            }
            // Without the fault it works.
            let again = migrate(&from, Faulty::new(&to, None), Consent::Given, &[], true);
            assert!(again.result.is_ok(), "{fault:?}: {:?}", again.result);
        }
    }
}

#[test]
fn what_can_not_be_taken_back_is_said() {
    let (from, to) = (source(), MemoryStore::new());
    let run = migrate(
        &from,
        Faulty::new(&to, Some(Fault::Gone(1))),
        Consent::Given,
        &[],
        true,
    );
    let text = format!(
        "{:?}",
        run.result.expect_err("fails").into_report().diagnostics
    );
    assert!(text.contains("could not be put back"), "{text}");
    assert!(!run.committed);
}

#[test]
fn two_states_and_which_to_keep() {
    let unrelated = || {
        let to = MemoryStore::new();
        put(&to, "default", state("x", 9, "theirs"));
        to
    };
    let from = || {
        let from = MemoryStore::new();
        put(&from, "default", state("d", 4, "ours"));
        from
    };
    let both = ["default.source.tfstate", "default.target.tfstate"];
    for (name, answers, output, asked) in [
        ("overwrite", &["yes", "yes"][..], "ours", 2),
        ("keep", &["yes", "no"], "theirs", 2),
    ] {
        let to = unrelated();
        let run = migrate(&from(), Faulty::new(&to, None), Consent::Ask, answers, true);
        assert!(
            run.result.is_ok() && run.committed,
            "{name}: {:?}",
            run.result
        );
        assert_eq!(content(&to)[0].3, output, "{name}");
        assert_eq!(run.asked.len(), asked, "{name}");
        assert_eq!(run.backups, both, "{name}");
    }
    let to = unrelated();
    let run = migrate(&from(), Faulty::new(&to, None), Consent::Ask, &["no"], true);
    assert!(!run.committed && content(&to)[0].3 == "theirs");
    // Nobody to ask.
    let run = migrate(
        &from(),
        Faulty::new(&to, None),
        Consent::Ask,
        &["yes"],
        true,
    );
    assert!(run.result.is_err() && !run.committed && content(&to)[0].3 == "theirs");
    // Everything was agreed to.
    let run = migrate(&from(), Faulty::new(&to, None), Consent::Given, &[], true);
    assert!(run.committed && content(&to)[0].3 == "ours" && run.backups == both);
}

#[test]
fn nobody_goes_back_to_an_earlier_version_without_being_asked() {
    let (from, to) = (MemoryStore::new(), MemoryStore::new());
    put(&from, "default", state("d", 4, "earlier"));
    put(&to, "default", state("d", 6, "later"));
    let run = migrate(&from, Faulty::new(&to, None), Consent::Given, &[], true);
    let text = format!(
        "{:?}",
        run.result.expect_err("refused").into_report().diagnostics
    );
    assert!(text.contains("later version"), "{text}");
    assert_eq!(content(&to)[0].3, "later");
    let run = migrate(
        &from,
        Faulty::new(&to, None),
        Consent::Ask,
        &["yes", "yes"],
        true,
    );
    assert!(run.result.is_ok() && run.committed);
    assert_eq!(content(&to)[0].3, "earlier");
}

#[test]
fn a_target_with_room_for_one_state() {
    let only_default = MemoryStore::new();
    put(&only_default, "default", state("d", 4, "one"));
    let to = MemoryStore::new();
    let single = Some(Fault::Single);
    let run = migrate(
        &only_default,
        Faulty::new(&to, single),
        Consent::Ask,
        &["yes"],
        true,
    );
    assert!(run.result.is_ok() && run.committed && run.asked.len() == 1);
    // Several: the current one, if that is wanted.
    let to = MemoryStore::new();
    let run = migrate(
        &source(),
        Faulty::new(&to, single),
        Consent::Ask,
        &["yes", "yes"],
        true,
    );
    assert!(run.result.is_ok() && run.committed, "{:?}", run.result);
    assert!(
        matches!(
            run.asked[0],
            Question::OnlyCurrentWorkspace { others: 3, .. }
        ),
        "{:?}",
        run.asked
    );
    assert_eq!(gist(&to), [("default".into(), "d".into(), "one".into())]);
    let to = MemoryStore::new();
    let run = migrate(
        &source(),
        Faulty::new(&to, single),
        Consent::Ask,
        &["no"],
        true,
    );
    assert!(run.result.is_err() && !run.committed && content(&to).is_empty());
}

#[test]
fn a_source_in_use_is_not_copied() {
    let (from, to) = (source(), MemoryStore::new());
    let _owned = from.open("prod").expect("opens");
    let run = migrate(&from, Faulty::new(&to, None), Consent::Given, &[], true);
    assert!(
        matches!(run.result, Err(Failure::Store { .. })),
        "{:?}",
        run.result
    );
    assert!(!run.committed && content(&to).is_empty());
}

/// All versions, with their runs and serials, or nothing: also where the very last step fails.
#[test]
fn the_history_goes_along_and_is_taken_back() {
    use terrane_store_sled::SledStore;
    let folder = tempfile::tempdir().expect("a folder");
    let store = |name: &str| SledStore::new(folder.path().join(name));
    let (from, to) = (store("a"), store("b"));
    for name in ["default", "dev"] {
        for run in 0..3_u64 {
            let mut opened = from.open(name).expect("opens");
            let begin = EventKind::Run {
                run: format!("{name}-{run}").into(),
                plan: "p".into(),
                command: "apply".into(),
                who: "ana".into(),
            };
            let output = EventKind::Replaced(Box::new(state(name, 0, &run.to_string())));
            let event = |kind| Event { at_ms: run, kind };
            opened
                .commit(vec![event(begin), event(output)])
                .expect("commits");
        }
    }
    let places = || (place("a", store("a")), place("b", store("b")));
    let (source, target) = places();
    let failed = migrate_between(&source, &target, Consent::Given, &[], false);
    assert!(failed.result.is_err() && !failed.committed);
    assert_eq!(to.workspaces().expect("reads"), ["default"]);
    assert_eq!(to.read("default").expect("reads").serial, 0);
    assert_eq!(to.history("default").expect("reads"), []);
    let (source, target) = places();
    let done = migrate_between(&source, &target, Consent::Given, &[], true);
    let migrated = done.result.expect("works").migrated;
    assert_eq!((migrated.versions_taken, migrated.versions_left), (6, 0));
    for name in ["default", "dev"] {
        let before = from.history(name).expect("reads");
        assert_eq!(before.len(), 3);
        assert_eq!(to.history(name).expect("reads"), before);
        assert_eq!(
            to.read(name).expect("reads"),
            from.read(name).expect("reads")
        );
        let old = before[0].last_serial;
        assert_eq!(
            to.read_at(name, old).expect("reads"),
            from.read_at(name, old).expect("reads")
        );
    }
}
