//! Versions of the state file that the place keeps by itself: a bucket with versioning.
//!
//! They are the history that everybody shares, whoever wrote them, the peers too. What a state file can't say of itself, who wrote it, when and with which plan, stands
//! beside it as a note. On the machine that recorded them the journal knows more: each serial, not only those that were written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use terrane_store::Version;

/// A note longer than this is not taken by S3 (2 KiB for all of them, with their names).
const LONGEST: usize = 1900;
/// Names of commands and people are cut here.
const NAME: usize = 80;

/// One version of a state file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// What the place calls it.
    pub(crate) id: String,
    /// When it was written, in milliseconds since 1970.
    pub(crate) at_ms: u64,
    /// The serial of the state.
    pub(crate) serial: u64,
    /// The runs that made it of the version before; empty where nobody noted that.
    pub(crate) runs: Vec<Version>,
}

/// What is noted beside a state file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The serial of the state.
    serial: u64,
    runs: Vec<Run>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Run {
    run: String,
    first: u64,
    last: u64,
    at: u64,
    #[serde(default)]
    plan: String,
    #[serde(default)]
    command: String,
    #[serde(default)]
    who: String,
    #[serde(default)]
    changes: usize,
}

fn cut(text: &str) -> String {
    text.chars().take(NAME).collect()
}

impl Note {
    /// About a state, and the runs that made it of what was written before.
    pub(crate) fn new(serial: u64, runs: &[Version]) -> Self {
        let runs = runs.iter().map(|version| Run {
            run: cut(&version.run),
            first: version.first_serial,
            last: version.last_serial,
            at: version.at_ms,
            plan: cut(&version.plan),
            command: cut(&version.command),
            who: cut(&version.who),
            changes: version.changes,
        });
        Self {
            serial,
            runs: runs.collect(),
        }
    }

    /// As the value of a header. Where there is not enough room, the oldest runs are left out.
    pub(crate) fn encode(&self) -> Option<String> {
        let mut note = self.clone();
        loop {
            let text = STANDARD.encode(serde_json::to_vec(&note).ok()?);
            if text.len() <= LONGEST {
                return Some(text);
            }
            if note.runs.is_empty() {
                return None;
            }
            note.runs.remove(0);
        }
    }

    /// From the value of a header. What makes no sense is no note.
    pub(crate) fn decode(text: &str) -> Option<(u64, Vec<Version>)> {
        let Self { serial, runs } = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
        let runs = runs.into_iter().map(|run| Version {
            first_serial: run.first,
            last_serial: run.last,
            at_ms: run.at,
            run: run.run.into(),
            plan: run.plan.into(),
            command: run.command.into(),
            who: run.who.into(),
            changes: run.changes,
        });
        Some((serial, runs.collect()))
    }
}

/// The serial of a state file, from its beginning. `None`: it does not stand there, so it is no state file of anybody known.
pub(crate) fn serial_of(beginning: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(beginning);
    let (before, after) = text.split_once("\"serial\"")?;
    // In what comes later it could be anything.
    if ["\"outputs\"", "\"resources\"", "\"encrypted_data\""]
        .iter()
        .any(|name| before.contains(name))
    {
        return None;
    }
    let digits = after.trim_start().strip_prefix(':')?.trim_start();
    let end = digits.find(|char: char| !char.is_ascii_digit())?;
    digits.get(..end)?.parse().ok()
}

/// What was recorded here, and what the place keeps, as one history.
///
/// A run is known by its name: here in full, there as far as somebody noted it. What has no name is left out where it is a part of something that has one.
pub(crate) fn merged(recorded: Vec<Version>, kept: &[Kept]) -> Vec<Version> {
    let mut named: Vec<Version> = Vec::new();
    let mut nameless: Vec<Version> = Vec::new();
    for version in recorded {
        if version.run.is_empty() {
            nameless.push(version);
        } else {
            named.push(version);
        }
    }
    let here = named.len();
    for noted in kept.iter().flat_map(|kept| &kept.runs) {
        if noted.run.is_empty() {
            nameless.push(noted.clone());
            continue;
        }
        match named.iter().position(|known| known.run == noted.run) {
            // A run that wrote several times has noted each time what it had done so far.
            Some(at) if at >= here => {
                if let Some(known) = named.get_mut(at)
                    && known.last_serial < noted.last_serial
                {
                    *known = noted.clone();
                }
            }
            Some(_) => {}
            None => named.push(noted.clone()),
        }
    }
    nameless.extend(kept.iter().filter(|kept| kept.runs.is_empty()).map(|kept| {
        let nothing = ecow::EcoString::new;
        Version {
            first_serial: kept.serial,
            last_serial: kept.serial,
            at_ms: kept.at_ms,
            run: nothing(),
            plan: nothing(),
            command: nothing(),
            who: nothing(),
            changes: 0,
        }
    }));
    let mut all = named;
    for version in nameless {
        let known = all
            .iter()
            .any(|known| (known.first_serial..=known.last_serial).contains(&version.last_serial));
        if !known {
            all.push(version);
        }
    }
    all.sort_by_key(|version| (version.last_serial, version.at_ms));
    all
}

#[cfg(test)]
mod tests {
    use super::{Kept, Note, merged, serial_of};
    use terrane_store::Version;

    fn version(run: &str, first_serial: u64, last_serial: u64) -> Version {
        Version {
            first_serial,
            last_serial,
            at_ms: first_serial,
            run: run.into(),
            plan: "p".into(),
            command: "apply".into(),
            who: "añá@host".into(),
            changes: 1,
        }
    }

    #[test]
    fn notes_are_read_as_they_were_written_and_are_never_too_long() {
        let runs: Vec<Version> = (0..3).map(|run| version("r", run, run)).collect();
        let text = Note::new(7, &runs).encode().unwrap();
        assert!(text.is_ascii());
        assert_eq!(Note::decode(&text), Some((7, runs)));
        let many: Vec<Version> = (0..100)
            .map(|run| version(&"r".repeat(90), run, run))
            .collect();
        let text = Note::new(7, &many).encode().unwrap();
        assert!(text.len() < 2000);
        let (serial, found) = Note::decode(&text).unwrap();
        assert_eq!((serial, found.last().unwrap().last_serial), (7, 99));
        assert_eq!(Note::decode("bm8="), None);
        assert_eq!(Note::decode("not base64"), None);
    }

    #[test]
    fn the_serial_stands_at_the_beginning() {
        for (text, expect) in [
            (
                r#"{"version": 4, "terraform_version": "1.11.4", "serial": 12, "lin"#,
                Some(12),
            ),
            (r#"{"serial":3,"lineage":"x","meta":{}"#, Some(3)),
            (r#"{"version":4,"serial":1"#, None),
            (r#"{"outputs":{"serial":5,"#, None),
            (r#"{"serial":"5""#, None),
            ("", None),
        ] {
            assert_eq!(serial_of(text.as_bytes()), expect, "{text}");
        }
    }

    #[test]
    fn what_is_recorded_and_what_is_kept_are_one_history() {
        let kept = |serial: u64, runs: &[Version]| Kept {
            id: serial.to_string(),
            at_ms: serial,
            serial,
            runs: runs.to_vec(),
        };
        let names = |versions: &[Version]| -> Vec<(String, u64, u64)> {
            let name = |version: &Version| {
                (
                    version.run.to_string(),
                    version.first_serial,
                    version.last_serial,
                )
            };
            versions.iter().map(name).collect()
        };
        let elsewhere = [
            kept(2, &[version("a", 1, 2)]),
            // A run that wrote twice.
            kept(4, &[version("b", 3, 4)]),
            kept(6, &[version("b", 3, 6)]),
            // A peer.
            kept(7, &[]),
            kept(9, &[version("c", 8, 9)]),
        ];
        let expect = [("a", 1, 2), ("b", 3, 6), ("", 7, 7), ("c", 8, 9)]
            .map(|(name, first, last)| (name.to_owned(), first, last));
        assert_eq!(names(&merged(Vec::new(), &elsewhere)), expect);
        // Here `b` was recorded, and what came later was taken over as one change.
        let here = vec![version("b", 3, 6), version("", 9, 9)];
        assert_eq!(names(&merged(here.clone(), &elsewhere)), expect);
        assert_eq!(names(&merged(here.clone(), &[])), names(&here));
    }
}
