use super::{
    As, Audit as _, AuditError, Changed, Draft, FileLog, Head, Known, Log, SEGMENT, Turn, append,
    append_as, append_behind, founded, read, whole, whole_text,
};
use crate::{MemoryStore, StoreError};
use serde_json::json;
use std::collections::BTreeSet;

fn draft(kind: &str, once: &[&str]) -> Draft {
    Draft {
        at_ms: 1_000,
        who: "ana@laptop".to_owned(),
        kind: kind.to_owned(),
        once: once.iter().map(|name| (*name).to_owned()).collect(),
        body: json!({"plan": "p", "text": "ä \"quoted\"\n"}),
    }
}

fn sample() -> Vec<u8> {
    let store = MemoryStore::new();
    for (kind, once) in [
        ("plan", &[][..]),
        ("apply", &["plan:p", "decision:d"]),
        ("done", &[]),
    ] {
        append(&store, "default", &[draft(kind, once)]).unwrap();
    }
    store.read("default").unwrap()
}

#[test]
fn entries_come_back_in_their_order() {
    let log = Log::parse(&sample()).unwrap();
    let kinds: Vec<_> = log
        .entries
        .iter()
        .map(|one| one.draft.kind.as_str())
        .collect();
    assert_eq!(kinds, ["founded", "plan", "apply", "done"]);
    assert_eq!(
        log.entries[2].draft,
        draft("apply", &["plan:p", "decision:d"])
    );
    assert_eq!(
        log.ledger().map(|id| id.to_vec()),
        Some(log.entries[0].head.0[..16].to_vec())
    );
    // Lines are JSON.
    for line in String::from_utf8(sample()).unwrap().lines() {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(json["hash"].is_string());
    }
}

/// Every bit of a log: what was changed is found. What was cut off at the end is found where it is not at the end of a line.
#[test]
fn no_byte_can_be_changed_unseen() {
    let text = sample();
    let whole = Log::parse(&text).unwrap();
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone();
            bytes[at] ^= 1 << bit;
            match Log::parse(&bytes) {
                Err(_) => {}
                Ok(log) => assert!(log.torn > 0 && at + 1 == text.len(), "{at} {bit}"),
            }
        }
        let mut without = text.clone();
        without.remove(at);
        assert!(
            Log::parse(&without).map_or(true, |log| log.torn > 0),
            "{at}"
        );
    }
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 0..lines.len() - 1 {
        let mut fewer = lines.clone();
        fewer.remove(at);
        assert!(Log::parse(&fewer.concat()).is_err(), "line {at} taken out");
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        assert!(Log::parse(&swapped.concat()).is_err(), "line {at} moved");
    }
    assert_ne!(
        Log::parse(&lines[..2].concat()).unwrap().head(),
        whole.head()
    );
}

#[test]
fn a_name_is_borne_once() {
    let store = MemoryStore::new();
    append(&store, "default", &[draft("apply", &["plan:p"])]).unwrap();
    let again = append(
        &store,
        "default",
        &[draft("plan", &[]), draft("apply", &["plan:p"])],
    );
    assert!(matches!(again, Err(AuditError::Used(name)) if name == "plan:p"));
    let twice = [draft("apply", &["plan:q"]), draft("apply", &["plan:q"])];
    assert!(matches!(
        append(&store, "default", &twice),
        Err(AuditError::Used(_))
    ));
    // Nothing of what was refused is there.
    assert_eq!(read(&store, "default").unwrap().entries.len(), 2);
    append(&store, "other", &[draft("apply", &["plan:p"])]).unwrap();
}

#[test]
fn a_file_holds_a_log_and_what_was_torn_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b.log");
    let file = FileLog::new(&path);
    let store = Files(file.clone());
    assert_eq!(store.read("").unwrap(), b"");
    let log = founded(&store, "", 1, "ana").unwrap();
    append(&store, "", &[draft("plan", &[])]).unwrap();
    assert_eq!(
        founded(&store, "", 1, "ana").unwrap().ledger(),
        log.ledger()
    );
    assert_eq!(store.secret("").unwrap(), store.secret("").unwrap());
    let mut text = store.read("").unwrap();
    text.extend_from_slice(b"{\"v\":1,\"se");
    std::fs::write(&path, &text).unwrap();
    append(&store, "", &[draft("apply", &[])]).unwrap();
    let log = read(&store, "").unwrap();
    let kinds: Vec<_> = log
        .entries
        .iter()
        .map(|one| one.draft.kind.as_str())
        .collect();
    assert_eq!(kinds, ["founded", "plan", "torn", "apply"]);
    // A line of which only the end is missing is a line.
    let mut text = store.read("").unwrap();
    text.pop();
    std::fs::write(&path, &text).unwrap();
    append(&store, "", &[draft("done", &[])]).unwrap();
    let log = read(&store, "").unwrap();
    assert_eq!(log.entries.len(), 5);
    assert_eq!(log.entries[3].draft.kind, "apply");
    // A damaged log takes nothing.
    let mut text = store.read("").unwrap();
    text[10] ^= 1;
    std::fs::write(&path, &text).unwrap();
    let refused = append(&store, "", &[draft("apply", &[])]);
    assert!(matches!(refused, Err(AuditError::Damaged(damage)) if damage.line == 1));
    assert_eq!(store.read("").unwrap(), text);
}

/// What rests on all that was recorded is not recorded behind something else.
#[test]
fn an_entry_can_be_bound_to_the_one_before_it() {
    let store = MemoryStore::new();
    append(&store, "default", &[draft("plan", &[])]).unwrap();
    let head = read(&store, "default").unwrap().head();
    append(&store, "default", &[draft("decision", &[])]).unwrap();
    let late = append_behind(&store, "default", head, &[draft("apply", &[])]);
    assert!(matches!(late, Err(AuditError::Moved)));
    let head = read(&store, "default").unwrap().head();
    append_behind(&store, "default", head, &[draft("apply", &[])]).unwrap();
    assert_eq!(read(&store, "default").unwrap().entries.len(), 4);
    assert_eq!(super::Audit::logs(&store).unwrap(), ["default"]);
}

/// Every byte of a log, each bit of it: what is read is what was written, or the log is damaged. At the end, what is left is the beginning of what was written.
#[test]
fn what_is_read_is_what_was_written() {
    let text = sample();
    let honest = Log::parse(&text).unwrap();
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone();
            bytes[at] ^= 1 << bit;
            let Ok(read) = Log::parse(&bytes) else {
                continue;
            };
            // Only the end of the last line is left to whoever dies over writing it.
            assert!(at + 1 == text.len(), "byte {at}, bit {bit}");
            assert!(read.torn > 0);
            assert!(honest.entries.starts_with(&read.entries));
        }
        // Taken out, and put in twice.
        let mut less = text.clone();
        less.remove(at);
        let mut more = text.clone();
        more.insert(at, text[at]);
        for bytes in [less, more] {
            if let Ok(read) = Log::parse(&bytes) {
                assert!(
                    read.torn > 0 && honest.entries.starts_with(&read.entries) || read == honest,
                    "{at}"
                );
            }
        }
    }
}

/// Writers in several threads: every entry is there, and the chain is whole.
#[test]
fn several_can_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryStore::new();
    let file = FileLog::new(folder.path().join("x.log"));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let line = |text: &[u8]| {
                        Ok(Changed {
                            stays: text.len(),
                            added: b"a line\n".to_vec(),
                            closes: None,
                        })
                    };
                    file.change(&mut { line }).unwrap();
                    append(&store, "default", &[draft("apply", &[])]).unwrap();
                }
            });
        }
    });
    assert_eq!(file.read().unwrap().len(), 40 * 7);
    assert_eq!(read(&store, "default").unwrap().entries.len(), 41);
}

/// A log in files, for any workspace.
#[derive(Debug)]
struct Files(FileLog);

impl super::Audit for Files {
    fn read(&self, _: &str) -> Result<Vec<u8>, StoreError> {
        self.0.read()
    }
    fn closed(&self, _: &str, segment: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.closed(segment)
    }
    fn change(&self, _: &str, change: super::Change<'_>) -> Result<(), StoreError> {
        self.0.change(change)
    }
    fn logs(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
    fn secret_or(&self, _: &str, new: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.0.secret_or(new)
    }
}

#[test]
fn a_log_goes_along_and_never_takes_the_place_of_another() {
    use super::{Audit as _, Carried, keep};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| Files(FileLog::new(folder.path().join(name)));
    let (from, to) = (at("from"), at("to"));
    assert_eq!(keep(&from, "a").unwrap(), None, "there is none");
    assert!(
        !folder.path().join("from").exists(),
        "and none is made by looking"
    );
    append(&from, "a", &[draft("apply", &["plan:p"])]).unwrap();
    let early = keep(&from, "a").unwrap().unwrap();
    assert_eq!(early.put(&to, "b").unwrap(), Carried::Taken(2));
    assert_eq!(to.read("b").unwrap(), from.read("a").unwrap());
    assert_eq!(to.secret("b").unwrap(), from.secret("a").unwrap());
    // What was used is used there too.
    assert!(matches!(
        append(&to, "b", &[draft("apply", &["plan:p"])]),
        Err(AuditError::Used(_))
    ));
    // What came since follows; what is torn does not.
    append(&from, "a", &[draft("plan", &[])]).unwrap();
    let mut text = from.read("a").unwrap();
    text.extend_from_slice(b"{\"v\":1,");
    std::fs::write(folder.path().join("from"), &text).unwrap();
    let late = keep(&from, "a").unwrap().unwrap();
    assert_eq!(late.put(&to, "b").unwrap(), Carried::Taken(3));
    assert_eq!(read(&to, "b").unwrap().entries.len(), 3);
    for known in [&early, &late] {
        assert_eq!(known.put(&to, "b").unwrap(), Carried::Present);
    }
    assert_eq!(read(&to, "b").unwrap().entries.len(), 3);
    // Another log, and another secret without a log.
    let other = at("other");
    append(&other, "c", &[draft("plan", &[])]).unwrap();
    let before = other.read("c").unwrap();
    assert_eq!(late.put(&other, "c").unwrap(), Carried::Other);
    assert_eq!(other.read("c").unwrap(), before);
    let secret = at("secret");
    secret.secret("d").unwrap();
    assert_eq!(late.put(&secret, "d").unwrap(), Carried::Other);
    assert_eq!(secret.read("d").unwrap(), b"");
    // It survives being written down; a damaged one is not spread.
    let text = serde_json::to_string(&late).unwrap();
    assert_eq!(serde_json::from_str::<super::Kept>(&text).unwrap(), late);
    let text = text.replace("apply", "Apply");
    let bad: super::Kept = serde_json::from_str(&text).unwrap();
    assert!(matches!(
        bad.put(&at("new"), ""),
        Err(AuditError::Damaged(_))
    ));
    assert!(!format!("{late:?}").contains("apply"));
}

/// A disk that can't be written any more is no reason for not saving what is on it: neither the log, nor the secret if there is one.
#[test]
fn what_can_not_be_written_can_be_kept() {
    #[derive(Debug)]
    struct ReadOnly(MemoryStore, std::io::ErrorKind);
    impl super::Audit for ReadOnly {
        fn read(&self, workspace: &str) -> Result<Vec<u8>, StoreError> {
            self.0.read(workspace)
        }
        fn closed(&self, workspace: &str, segment: u64) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.closed(workspace, segment)
        }
        fn change(&self, _: &str, _: super::Change<'_>) -> Result<(), StoreError> {
            panic!("nothing is written")
        }
        fn logs(&self) -> Result<Vec<String>, StoreError> {
            self.0.logs()
        }
        fn secret_or(&self, _: &str, _: [u8; 32]) -> Result<[u8; 32], StoreError> {
            Err(StoreError::Io {
                doing: String::new(),
                source: self.1.into(),
            })
        }
    }
    let store = MemoryStore::new();
    append(&store, "default", &[draft("plan", &[])]).unwrap();
    let disk = ReadOnly(store.clone(), std::io::ErrorKind::ReadOnlyFilesystem);
    assert!(super::keep(&disk, "default").unwrap().is_some());
    // One that is there and can't be read is not passed over.
    let hidden = ReadOnly(store, std::io::ErrorKind::PermissionDenied);
    assert!(super::keep(&hidden, "default").is_err());
    let folder = tempfile::tempdir().unwrap();
    let log = FileLog::new(folder.path().join("log"));
    let secret = log.secret_or([7; 32]).unwrap();
    let key = folder.path().join("log.key");
    let mut mode = std::fs::metadata(&key).unwrap().permissions();
    mode.set_readonly(true);
    std::fs::set_permissions(&key, mode).unwrap();
    assert_eq!(log.secret_or([8; 32]).unwrap(), secret);
}

/// One for each version that was ever released.
const SAMPLES: &[&str] = &["audit-v1"];

/// A log as version 1 wrote it. One for each version that was ever released; one of the present version is made with
/// `TERRANE_SAMPLE=audit-v<n> cargo test -p terrane-store audit`.
#[test]
fn the_sample_log_of_each_version_still_reads() {
    let testdata = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    if let Ok(sample) = std::env::var("TERRANE_SAMPLE") {
        std::fs::write(testdata.join(format!("{sample}.log")), self::sample()).unwrap();
    }
    for sample in SAMPLES {
        let bytes = std::fs::read(testdata.join(format!("{sample}.log"))).unwrap();
        let log = Log::parse(&bytes).unwrap();
        assert_eq!(log.entries.len(), 4);
        assert_eq!(
            log.entries[2].draft,
            draft("apply", &["plan:p", "decision:d"])
        );
    }
}

/// Decisions go along, and nothing else.
fn decisions(log: &Log) -> Option<BTreeSet<u64>> {
    let entries = log.entries.iter();
    let live = entries.filter(|entry| entry.draft.kind == "decision");
    Some(live.map(|entry| entry.seq).collect())
}

/// A short segment, so that there are many.
const SHORT: Turn<'static> = Turn {
    longest: 900,
    live: &decisions,
};

fn record(audit: &dyn super::Audit, draft: Draft) -> Result<(), AuditError> {
    append_as(audit, "default", &[draft], how(None, &SHORT))
}

fn how<'a>(behind: Option<Head>, turn: &'a Turn<'a>) -> As<'a> {
    As {
        behind,
        turn: Some(turn),
        known: None,
    }
}

/// A log of several segments: two decisions among many other things.
fn segments(audit: &dyn super::Audit) {
    things(audit, 12);
}

fn things(audit: &dyn super::Audit, count: u32) {
    for number in 0..count {
        let kind = if number % 7 == 2 { "decision" } else { "apply" };
        record(audit, draft(kind, &[&format!("plan:{number}")])).unwrap();
    }
}

#[test]
fn a_long_log_goes_on_in_another_segment() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files(FileLog::new(folder.path().join("x.log")));
    let memory = MemoryStore::new();
    for audit in [&files as &dyn super::Audit, &memory] {
        segments(audit);
        let present = read(audit, "default").unwrap();
        assert!(present.closed() >= 2, "{}", present.closed());
        let all = whole(audit, "default").unwrap();
        // Every line is there once, and in its order.
        let numbers: Vec<u64> = all.entries.iter().map(|entry| entry.seq).collect();
        assert_eq!(numbers, (0..all.entries.len() as u64).collect::<Vec<_>>());
        assert_eq!(all.head(), present.head());
        assert_eq!(all.ledger(), present.ledger());
        assert!(audit.read("default").unwrap().len() < whole_text(audit, "default").unwrap().len());
        // What matters is in the present segment as it was.
        for kind in ["decision", "apply"] {
            let of = |log: &Log| -> Vec<_> {
                let entries = log.entries.iter();
                let found = entries.filter(|entry| entry.draft.kind == kind);
                found.cloned().collect()
            };
            assert_eq!(of(&all) == of(&present), kind == "decision", "{kind}");
        }
        // A name is borne once, whichever segment it was in.
        for number in 0..12 {
            let again = record(audit, draft("apply", &[&format!("plan:{number}")]));
            assert!(matches!(again, Err(AuditError::Used(_))), "{number}");
        }
        let names = present.names().filter(|name| name.starts_with("plan:"));
        assert_eq!(names.collect::<BTreeSet<_>>().len(), 12);
        // It is not closed where it can't be told what matters.
        let unsure = Turn {
            longest: 1,
            live: &|_| None,
        };
        append_as(audit, "default", &[draft("apply", &[])], how(None, &unsure)).unwrap();
        assert_eq!(read(audit, "default").unwrap().closed(), present.closed());
        // What rests on the last entry does so beyond the end of a segment.
        let head = read(audit, "default").unwrap().head();
        let now = Turn {
            longest: 1,
            ..SHORT
        };
        for _ in 0..3 {
            let next = draft("apply", &[]);
            let late = append_as(
                audit,
                "default",
                std::slice::from_ref(&next),
                how(Some(present.head()), &now),
            );
            assert!(matches!(late, Err(AuditError::Moved)));
            let head = read(audit, "default").unwrap().head();
            append_as(audit, "default", &[next], how(Some(head), &now)).unwrap();
        }
        assert_ne!(read(audit, "default").unwrap().head(), head);
        whole(audit, "default").unwrap();
    }
}

/// Every bit of every segment: whoever verifies all finds it. Whoever reads the present one finds what was done to that.
#[test]
fn no_byte_of_any_segment_can_be_changed_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    let audit = Files(FileLog::new(&path));
    let count = 2;
    for number in 0.. {
        let kind = if number == 2 { "decision" } else { "apply" };
        record(&audit, draft(kind, &[&format!("plan:{number}")])).unwrap();
        if read(&audit, "default").unwrap().closed() == count {
            break;
        }
    }
    let files: Vec<std::path::PathBuf> = (0..count)
        .map(|number| folder.path().join(format!("x.log.{number}")))
        .chain([path.clone()])
        .collect();
    let honest = whole(&audit, "default").unwrap();
    for file in &files {
        let text = std::fs::read(file).unwrap();
        let is_present = *file == path;
        for at in 0..text.len() {
            let mut bytes = text.clone();
            bytes[at] ^= [1, 2, 16, 32, 128][at % 5];
            std::fs::write(file, &bytes).unwrap();
            // The end of the last line is left to whoever dies over writing it.
            let at_end = is_present && at + 1 == text.len();
            match whole(&audit, "default") {
                Err(_) => {}
                Ok(log) => assert!(at_end && log.torn > 0, "{} {at}", file.display()),
            }
            let seen = Log::parse(&audit.read("default").unwrap());
            assert!(!is_present || at_end || seen.is_err(), "{at}");
        }
        // Taken away, emptied, cut at the end of a line.
        let cut = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for less in [&text[..0], &text[..cut]] {
            std::fs::write(file, less).unwrap();
            let read = whole(&audit, "default");
            assert!(
                read.is_err() || read.unwrap().head() != honest.head(),
                "{}",
                file.display()
            );
        }
        std::fs::remove_file(file).unwrap();
        let gone = whole(&audit, "default");
        assert!(gone.is_err() || gone.unwrap().entries.is_empty());
        std::fs::write(file, &text).unwrap();
        assert_eq!(whole(&audit, "default").unwrap(), honest);
    }
    // One segment in the place of another.
    std::fs::copy(&files[0], &files[1]).unwrap();
    assert!(whole(&audit, "default").is_err());
}

/// A segment that says of those before it what is not so, with hashes that fit.
#[test]
fn a_segment_that_lies_is_found() {
    let audit = MemoryStore::new();
    for number in 0..3 {
        let once = format!("plan:{number}");
        append(&audit, "default", &[draft("decision", &[&once])]).unwrap();
        append(&audit, "default", &[draft("apply", &[])]).unwrap();
    }
    let honest = |log: &Log| decisions(log);
    let lie = |text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from} in {text}");
        text.replace(from, to)
    };
    let turn = Turn {
        longest: 1,
        live: &honest,
    };
    append_as(&audit, "default", &[draft("apply", &[])], how(None, &turn)).unwrap();
    let closed = String::from_utf8(audit.closed("default", 0).unwrap().unwrap()).unwrap();
    let present = String::from_utf8(audit.read("default").unwrap()).unwrap();
    let line = present.lines().next().unwrap();
    let (content, _) = line.rsplit_once(",\"hash\":").unwrap();
    let before = Log::parse(closed.as_bytes()).unwrap();
    for (from, to) in [
        ("\"plan:1\",", ""),
        ("\"seq\":3,\"who\":\"ana", "\"seq\":3,\"who\":\"bob"),
        ("\"number\":1", "\"number\":0"),
    ] {
        let content = lie(content, from, to);
        let hash = super::chain::hash_of(before.head(), &content);
        let text = format!("{closed}{content},\"hash\":\"{hash}\"}}\n");
        assert!(Log::parse(text.as_bytes()).is_err(), "{from}");
    }
    // The same with nothing changed is as it should be.
    let hash = super::chain::hash_of(before.head(), content);
    let text = format!("{closed}{content},\"hash\":\"{hash}\"}}\n");
    let log = Log::parse(text.as_bytes()).unwrap();
    assert_eq!(log.entries.last().unwrap().draft.kind, SEGMENT);
}

/// Somebody dies between closing a segment and beginning the next one: the copy is written anew by the next writer.
#[test]
fn a_segment_that_was_only_half_closed_is_closed_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.log");
    let audit = Files(FileLog::new(&path));
    append(&audit, "default", &[draft("decision", &["plan:a"])]).unwrap();
    std::fs::copy(&path, folder.path().join("x.log.0")).unwrap();
    for number in 0..6 {
        append(
            &audit,
            "default",
            &[draft("apply", &[&format!("plan:{number}")])],
        )
        .unwrap();
    }
    assert_eq!(whole(&audit, "default").unwrap().entries.len(), 8);
    let now = Turn {
        longest: 1,
        ..SHORT
    };
    append_as(&audit, "default", &[draft("apply", &[])], how(None, &now)).unwrap();
    assert_eq!(read(&audit, "default").unwrap().closed(), 1);
    assert_eq!(whole(&audit, "default").unwrap().entries.len(), 10);
}

/// Writers in several threads, while segments are closed: nothing is lost.
#[test]
fn several_can_write_while_segments_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Files(FileLog::new(folder.path().join("x.log")));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    record(&audit, draft("apply", &[])).unwrap();
                }
            });
        }
    });
    let log = whole(&audit, "default").unwrap();
    let applies = log.entries.iter();
    assert_eq!(applies.filter(|one| one.draft.kind == "apply").count(), 40);
    assert!(read(&audit, "default").unwrap().closed() > 3);
}

#[test]
fn segments_go_along_when_a_state_moves() {
    use super::{Carried, keep};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| Files(FileLog::new(folder.path().join(name)));
    let (from, to) = (at("from"), at("to"));
    segments(&from);
    let early = keep(&from, "a").unwrap().unwrap();
    assert!(matches!(early.put(&to, "b").unwrap(), Carried::Taken(_)));
    assert_eq!(whole(&to, "b").unwrap(), whole(&from, "a").unwrap());
    // Both go on; what comes since follows.
    segments_more(&from);
    let late = keep(&from, "a").unwrap().unwrap();
    assert!(matches!(late.put(&to, "b").unwrap(), Carried::Taken(_)));
    assert_eq!(whole(&to, "b").unwrap(), whole(&from, "a").unwrap());
    assert_eq!(late.put(&from, "a").unwrap(), Carried::Present);
    assert_eq!(early.put(&from, "a").unwrap(), Carried::Present);
    // The copy is closed as any other.
    record(&to, draft("apply", &[])).unwrap();
    assert_eq!(read(&to, "b").unwrap().closed(), 1);
    let again = record(&to, draft("apply", &["plan:3"]));
    assert!(matches!(again, Err(AuditError::Used(_))));
    whole(&to, "b").unwrap();
}

fn segments_more(audit: &dyn super::Audit) {
    for number in 20..26 {
        record(audit, draft("apply", &[&format!("plan:{number}")])).unwrap();
    }
}

/// What was checked before is not checked again as long as it is the same; anything else is, and the log is what it would be without.
#[test]
fn what_was_checked_before_hides_nothing() {
    let known = Known::default();
    let with = |store: &MemoryStore, once: &[&str]| {
        let how = As {
            known: Some(&known),
            turn: Some(&SHORT),
            behind: None,
        };
        append_as(store, "default", &[draft("apply", once)], how)
    };
    let store = MemoryStore::new();
    let text = sample();
    let put = |text: &[u8]| {
        let whole = |_: &[u8]| {
            Ok(Changed {
                stays: 0,
                added: text.to_vec(),
                closes: None,
            })
        };
        let mut whole = whole;
        store.change("default", &mut whole).unwrap();
    };
    for at in 0..text.len() - 1 {
        put(&text);
        known.keep(&text, &Log::parse(&text).unwrap());
        // Names that lines bear which are not read again.
        let again = with(&store, &["plan:p"]);
        assert!(matches!(again, Err(AuditError::Used(_))), "{again:?}");
        with(&store, &["plan:q"]).unwrap();
        let again = with(&store, &["plan:q"]);
        assert!(matches!(again, Err(AuditError::Used(_))), "{again:?}");
        let written = store.read("default").unwrap();
        assert!(written.starts_with(&text));
        assert_eq!(Log::parse(&written).unwrap().entries.len(), 5);
        // Changed where it was checked, or behind that.
        for offset in [0, text.len()] {
            let mut changed = written.clone();
            // A line without its end is one that somebody died over.
            let last = changed.len() - 1;
            if let Some(byte) = changed[..last].get_mut(at + offset) {
                *byte ^= 1;
                put(&changed);
                assert!(with(&store, &[]).is_err(), "{at}");
            }
        }
    }
    // Through several segments.
    let store = MemoryStore::new();
    for number in 0..20 {
        with(&store, &[&format!("plan:{number}")]).unwrap();
        let again = with(&store, &[&format!("plan:{}", number / 2)]);
        assert!(matches!(again, Err(AuditError::Used(_))), "{again:?}");
    }
    assert!(read(&store, "default").unwrap().closed() > 1);
    whole(&store, "default").unwrap();
}
