//! Power cuts: whatever the disk had not been asked to keep may be gone, or there in part. What was acknowledged is there.
//!
//! A process works in a folder under a library that writes down everything it asks of the disk (`powercut/shim.c`, compiled here where there is a C compiler).
//! From that record disks are made as a power cut may leave them, at many points: writes that no sync of their file followed are dropped, kept or torn,
//! names that no sync of their folder followed are not there. On each of them the store is opened.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use terrane_model::addr::InstanceKey;
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;
use terrane_store::StateStore as _;
use terrane_store::conformance::sample::{event, instance, set};
use terrane_store::maintain::{Maintain as _, Policy};
use terrane_store_sled::{Settings, SledStore};

const FOLDER: &str = "TERRANE_POWERCUT_FOLDER";
const ROUNDS: u64 = 60;

fn store(root: &Path) -> SledStore {
    SledStore::with_settings(
        root.join("terrane.state"),
        Settings {
            index_every: 900,
            index_from: 2_000,
            compact_at: 4_000,
            compact_ratio: 2,
            fold_from: 0,
        },
    )
}

fn batch(round: u64) -> Vec<Event> {
    let text = format!(r#"{{"round":{round},"pad":"{}"}}"#, "x".repeat(200));
    let run = event(EventKind::Run {
        run: format!("run-{round}").into(),
        plan: "".into(),
        command: "test".into(),
        who: "me".into(),
    });
    vec![
        run,
        set(&instance("fixed", None), &text),
        set(
            &instance("moving", Some(InstanceKey::Int(round % 7))),
            &text,
        ),
    ]
}

/// Not a test of its own: the process whose machine loses power.
#[test]
fn child_that_writes() {
    let Some(root) = std::env::var_os(FOLDER) else {
        return;
    };
    let root = Path::new(&root);
    let mut acks = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(root.join("acks"))
        .unwrap();
    for round in 0..ROUNDS {
        // Opened anew from time to time, so that the index is closed; pruned once, under a policy from then on.
        let mut workspace = store(root).open("default").unwrap();
        workspace.commit(batch(round)).unwrap();
        acks.write_all(&[u8::try_from(round + 1).unwrap()]).unwrap();
        drop(workspace);
        if round == ROUNDS / 2 {
            let policy = Policy {
                keep: Some(5),
                older_than_ms: None,
            };
            store(root).prune("default", &policy, 0, false).unwrap();
            store(root).set_policy("default", Some(&policy)).unwrap();
        }
    }
}

/// Something that was asked of the disk.
#[derive(Debug)]
enum Asked {
    Opened(PathBuf, u64, bool, bool),
    Write(u64, u64, Vec<u8>),
    Truncate(u64, u64),
    Sync(u64),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Unlink(PathBuf),
    Mkdir(PathBuf, u64),
    Rmdir(PathBuf),
}

fn read_log(bytes: &[u8]) -> Vec<Asked> {
    let mut asked = Vec::new();
    let mut rest = bytes;
    while rest.len() >= 29 {
        let number = |at: usize| u64::from_le_bytes(rest[at..at + 8].try_into().unwrap());
        let size = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap()) as usize;
        let (op, a, b) = (rest[0], number(1), number(9));
        let (one, two, len) = (size(17), size(21), size(25));
        let Some(body) = rest.get(29..29 + one + two + len) else {
            break;
        };
        let path = |bytes: &[u8]| PathBuf::from(String::from_utf8(bytes.to_vec()).unwrap());
        let (first, second) = (path(&body[..one]), path(&body[one..one + two]));
        asked.push(match op {
            b'C' => Asked::Opened(first, a, b & 1 != 0, b & 2 != 0),
            b'W' => Asked::Write(a, b, body[one + two..].to_vec()),
            b'T' => Asked::Truncate(a, b),
            b'S' => Asked::Sync(a),
            b'R' => Asked::Rename(first, second),
            b'L' => Asked::Link(first, second),
            b'U' => Asked::Unlink(first),
            b'M' => Asked::Mkdir(first, a),
            b'X' => Asked::Rmdir(first),
            other => panic!("unknown operation {other}"),
        });
        rest = &rest[29 + one + two + len..];
    }
    asked
}

/// A file: what the disk surely keeps, and what was asked since.
#[derive(Clone, Debug, Default)]
struct File {
    kept: Vec<u8>,
    since: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, data) => {
                let at = usize::try_from(*at).unwrap();
                bytes.resize(bytes.len().max(at + data.len()), 0);
                bytes[at..at + data.len()].copy_from_slice(data);
            }
            Self::Truncate(len) => bytes.resize(usize::try_from(*len).unwrap(), 0),
        }
    }
}

/// A change of names.
#[derive(Clone, Debug)]
enum Name {
    Set(PathBuf, Entry),
    Gone(PathBuf),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    File(usize),
    Folder,
}

/// A disk: files by number, and names, those that are sure and those that are not.
#[derive(Clone, Debug, Default)]
struct Disk {
    files: Vec<File>,
    by_inode: BTreeMap<u64, usize>,
    folders: BTreeMap<u64, PathBuf>,
    names: BTreeMap<PathBuf, Entry>,
    sure: BTreeMap<PathBuf, Entry>,
    /// By folder: what was asked since it was last synced.
    unsure: BTreeMap<PathBuf, Vec<Name>>,
}

impl Disk {
    fn name(&mut self, change: Name) {
        let path = match &change {
            Name::Set(path, entry) => {
                self.names.insert(path.clone(), *entry);
                path
            }
            Name::Gone(path) => {
                self.names.remove(path);
                path
            }
        };
        let folder = path.parent().unwrap().to_path_buf();
        self.unsure.entry(folder).or_default().push(change);
    }

    fn file(&mut self, inode: u64) -> Option<&mut File> {
        let number = *self.by_inode.get(&inode)?;
        self.files.get_mut(number)
    }

    fn take(&mut self, asked: &Asked) {
        match asked {
            Asked::Opened(path, inode, made, cut) => {
                if *made || !self.by_inode.contains_key(inode) {
                    self.files.push(File::default());
                    self.by_inode.insert(*inode, self.files.len() - 1);
                    self.name(Name::Set(path.clone(), Entry::File(self.files.len() - 1)));
                } else if *cut {
                    self.take(&Asked::Truncate(*inode, 0));
                }
            }
            Asked::Write(inode, at, data) => {
                if let Some(file) = self.file(*inode) {
                    file.since.push(Change::Write(*at, data.clone()));
                }
            }
            Asked::Truncate(inode, len) => {
                if let Some(file) = self.file(*inode) {
                    file.since.push(Change::Truncate(*len));
                }
            }
            Asked::Sync(inode) => {
                if let Some(folder) = self.folders.get(inode).cloned() {
                    for change in self.unsure.remove(&folder).unwrap_or_default() {
                        change_names(&mut self.sure, &change);
                    }
                } else if let Some(file) = self.file(*inode) {
                    for change in std::mem::take(&mut file.since) {
                        change.apply(&mut file.kept);
                    }
                }
            }
            Asked::Rename(from, to) => {
                let moved: Vec<(PathBuf, Entry)> = self
                    .names
                    .iter()
                    .filter(|(path, _)| path.starts_with(from))
                    .map(|(path, entry)| (path.clone(), *entry))
                    .collect();
                for (path, entry) in moved {
                    let rest = path.strip_prefix(from).unwrap();
                    let target = if rest.as_os_str().is_empty() {
                        to.clone()
                    } else {
                        to.join(rest)
                    };
                    self.name(Name::Gone(path));
                    self.name(Name::Set(target, entry));
                }
            }
            Asked::Link(from, to) => {
                if let Some(entry) = self.names.get(from).copied() {
                    self.name(Name::Set(to.clone(), entry));
                }
            }
            Asked::Unlink(path) | Asked::Rmdir(path) => self.name(Name::Gone(path.clone())),
            Asked::Mkdir(path, inode) => {
                self.folders.insert(*inode, path.clone());
                self.name(Name::Set(path.clone(), Entry::Folder));
            }
        }
    }

    /// Writes the disk as a power cut leaves it.
    fn write(&self, root: &Path, to: &Path, mode: Mode, rng: &mut Rng) {
        let mut names = self.sure.clone();
        for changes in self.unsure.values() {
            // File systems keep the order of names: a first part of what was asked is there.
            let kept = match mode {
                Mode::Nothing => 0,
                Mode::Everything => changes.len(),
                Mode::Some => rng.below(changes.len() + 1),
            };
            let kept = whole_renames(changes, kept);
            for change in &changes[..kept] {
                change_names(&mut names, change);
            }
        }
        fs::create_dir_all(to).unwrap();
        let there: BTreeSet<&PathBuf> = names.keys().collect();
        for (path, entry) in &names {
            let above = path.parent().unwrap();
            if above != root && !there.contains(&above.to_path_buf()) {
                continue;
            }
            let target = to.join(path.strip_prefix(root).unwrap());
            match entry {
                Entry::Folder => drop(fs::create_dir(&target)),
                Entry::File(number) => {
                    if target.parent().unwrap().is_dir() {
                        fs::write(&target, self.content(*number, mode, rng)).unwrap();
                    }
                }
            }
        }
    }

    fn content(&self, number: usize, mode: Mode, rng: &mut Rng) -> Vec<u8> {
        let File { kept, since } = &self.files[number];
        let mut bytes = kept.clone();
        for change in since {
            match (mode, change) {
                (Mode::Nothing, _) => {}
                (Mode::Everything, change) => change.apply(&mut bytes),
                (Mode::Some, Change::Write(at, data)) => {
                    // Some sectors of it, in any order.
                    let mut sectors: Vec<(u64, &[u8])> = Vec::new();
                    let mut from = 0;
                    while from < data.len() {
                        let place = at + from as u64;
                        let end =
                            (from + 512 - usize::try_from(place % 512).unwrap()).min(data.len());
                        sectors.push((place, &data[from..end]));
                        from = end;
                    }
                    for (place, data) in sectors {
                        if rng.below(2) == 0 {
                            Change::Write(place, data.to_vec()).apply(&mut bytes);
                        }
                    }
                }
                (Mode::Some, change) => {
                    if rng.below(2) == 0 {
                        change.apply(&mut bytes);
                    }
                }
            }
        }
        bytes
    }
}

/// A rename within a folder is one step: both of its halves are there, or none.
fn whole_renames(changes: &[Name], kept: usize) -> usize {
    match (changes.get(kept.wrapping_sub(1)), changes.get(kept)) {
        (Some(Name::Gone(_)), Some(Name::Set(..))) => kept - 1,
        _ => kept,
    }
}

fn change_names(names: &mut BTreeMap<PathBuf, Entry>, change: &Name) {
    match change {
        Name::Set(path, entry) => {
            names.insert(path.clone(), *entry);
        }
        Name::Gone(path) => {
            names.remove(path);
        }
    }
}

/// What becomes of what was not synced.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Nothing,
    Everything,
    Some,
}

struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % bound as u64).unwrap()
    }
}

/// Compiles the library; `None`: there is no compiler.
fn shim(folder: &Path) -> Option<PathBuf> {
    let library = folder.join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/powercut/shim.c");
    let compiled = Command::new("cc")
        .args(["-O1", "-w", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source)
        .args(["-ldl", "-lpthread"])
        .status()
        .ok()?;
    assert!(compiled.success(), "the shim does not compile");
    Some(library)
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = shim(folder.path()) else {
        println!("skipped: there is no C compiler");
        return;
    };
    let root = folder.path().join("disk");
    fs::create_dir(&root).unwrap();
    let log = folder.path().join("log");
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_writes"])
        .env(FOLDER, &root)
        .env("POWERCUT_ROOT", &root)
        .env("POWERCUT_LOG", &log)
        .env("LD_PRELOAD", &library)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let asked = read_log(&fs::read(&log).unwrap());
    let syncs = asked
        .iter()
        .filter(|one| matches!(one, Asked::Sync(_)))
        .count();
    assert!(
        syncs >= usize::try_from(ROUNDS).unwrap(),
        "{syncs} syncs were seen"
    );
    let mut states = vec![Snapshot::default()];
    for round in 0..ROUNDS {
        let mut next = states.last().unwrap().clone();
        next.commit(&batch(round));
        states.push(next);
    }
    let points = std::env::var("TERRANE_POWERCUTS")
        .ok()
        .and_then(|text| text.parse().ok());
    check(&asked, &states, &root, folder.path(), points.unwrap_or(60));
}

/// Cuts the power at so many points, in each way.
fn check(asked: &[Asked], states: &[Snapshot], root: &Path, folder: &Path, points: usize) {
    let mut rng = Rng(7);
    let cuts: BTreeSet<usize> = (0..points).map(|_| rng.below(asked.len() + 1)).collect();
    let root_inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(root).unwrap());
    let mut disk = Disk::default();
    disk.folders.insert(root_inode, root.to_path_buf());
    let acks = root.join("acks");
    let mut tried = 0;
    for at in 0..=asked.len() {
        if cuts.contains(&at) {
            let acknowledged = disk.names.get(&acks).map_or(0, |entry| match entry {
                Entry::File(number) => disk.files[*number].since.len(),
                Entry::Folder => 0,
            });
            for mode in [Mode::Nothing, Mode::Everything, Mode::Some] {
                let image = folder.join("image");
                disk.write(root, &image, mode, &mut rng);
                opens(
                    &image,
                    states,
                    acknowledged,
                    &format!("cut after {at} of {}, {mode:?}", asked.len()),
                );
                fs::remove_dir_all(&image).unwrap();
                tried += 1;
            }
        }
        if let Some(asked) = asked.get(at) {
            disk.take(asked);
        }
    }
    assert!(tried > 0, "{} requests to the disk", asked.len());
}

/// The store opens, has all that was acknowledged and perhaps one more, is sound, and goes on.
fn opens(image: &Path, states: &[Snapshot], acknowledged: usize, what: &str) {
    let store = store(image);
    let read = store
        .read("default")
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let opened = store.open("default");
    let mut workspace = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
    let state = workspace.snapshot();
    assert_eq!(read, state, "{what}");
    let serial = usize::try_from(state.serial).unwrap();
    assert!(
        serial == acknowledged || serial == acknowledged + 1,
        "{what}: {acknowledged} were acknowledged, {serial} are there"
    );
    assert_eq!(*state, states[serial], "{what}");
    workspace.commit(batch(99)).unwrap();
    drop(workspace);
    let found = store.check("default", false).unwrap();
    assert!(!found.is_damaged(), "{what}: {:#?}", found.findings);
    assert_eq!(store.read("default").unwrap().serial, state.serial + 1);
}
