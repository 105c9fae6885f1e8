//! What the last report told of: kept in `.terrane/drift/`, so that the next one can say what is new.
//!
//! Only digests are kept, no values. The file can be deleted at any time; then everything is new once.

use super::report::{Report, Resolved};
use crate::failure::Failure;
use crate::session::Session;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use terrane_store::files::write_whole;

/// The version of the file.
const FORMAT: &str = "1";

/// The file.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    format: String,
    lineage: String,
    /// By what they are about.
    findings: BTreeMap<String, Finding>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Finding {
    class: String,
    /// Of all that was told.
    digest: String,
    since: String,
    /// The provider configuration that listed it. Empty for what is managed, and where an earlier version has written it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    provider: String,
    /// It was new, and somebody who was to be told could not be: it is new still.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    untold: bool,
    /// It is in the present report.
    #[serde(skip)]
    present: bool,
}

impl Kept {
    /// Everybody was told of the present report.
    fn delivered(&mut self) {
        let present = self.findings.values_mut().filter(|one| one.present);
        present.for_each(|finding| finding.untold = false);
    }
}

/// What is to be remembered once everybody was told.
#[derive(Debug)]
#[must_use = "what is not remembered is told again"]
pub struct Told {
    path: PathBuf,
    next: Kept,
}

impl Told {
    /// Remembers it. `everybody`: nobody is left who was to be told and could not be; else what is new is so the next time, too.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn keep(mut self, everybody: bool) -> Result<(), Failure> {
        if everybody {
            self.next.delivered();
        }
        let Self { path, next } = self;
        let bytes = serde_json::to_vec(&next).expect("names and digests only");
        let write = || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            write_whole(&path, &bytes)
        };
        write().map_err(Failure::io(format!("Writing {} failed", path.display())))
    }
}

/// Marks what is new in a report and what is resolved. `whole`: everything was looked at, not only a part. A file that can't be read is as none.
///
/// # Errors
/// When there is no workspace.
pub fn compare(session: &Session, report: &mut Report, whole: bool) -> Result<Told, Failure> {
    let path = path(session)?;
    let kept: Kept = std::fs::read(&path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .filter(|kept: &Kept| kept.format == FORMAT && kept.lineage == report.lineage)
        .unwrap_or_default();
    let next = told(kept, report, whole);
    Ok(Told { path, next })
}

fn path(session: &Session) -> Result<PathBuf, Failure> {
    let name = format!("{}.json", session.workspace()?);
    Ok(session.data_dir.join("drift").join(name))
}

const MANAGED: &str = "managed ";
const UNMANAGED: &str = "unmanaged ";

fn told(kept: Kept, report: &mut Report, whole: bool) -> Kept {
    let before = kept.findings;
    let mut findings = BTreeMap::new();
    let now = report.finished_at.clone();
    let mut tell = |key: String, class: &str, told: &str, provider: &str| {
        let digest = hex::encode(Sha256::digest(told));
        let known = before.get(&key).filter(|known| known.digest == digest);
        let since = known.map_or_else(|| now.clone(), |known| known.since.clone());
        let is_new = known.is_none_or(|known| known.untold);
        let finding = Finding {
            class: class.to_owned(),
            digest,
            since: since.clone(),
            provider: provider.to_owned(),
            untold: is_new,
            present: true,
        };
        findings.insert(key, finding);
        (is_new, since)
    };
    for object in &mut report.drifted {
        let deposed = object.deposed.iter().map(|key| format!(" (deposed {key})"));
        let key = format!("{MANAGED}{}{}", object.address, deposed.collect::<String>());
        let differences: Vec<_> = object
            .differences
            .iter()
            .map(|one| (&one.attribute, &one.before, &one.after))
            .collect();
        let all = serde_json::to_string(&(object.class, differences)).unwrap_or_default();
        (object.new, object.since) = tell(key, object.class, &all, "");
    }
    for object in &mut report.unmanaged {
        let key = format!("{UNMANAGED}{} {}", object.type_name, object.identity);
        (object.new, object.since) = tell(key, "unmanaged", "", &object.provider);
    }
    for (key, mut finding) in before {
        finding.present = false;
        if findings.contains_key(&key) {
            continue;
        }
        // What was not looked at may be as it was.
        let seen = match key.strip_prefix(UNMANAGED) {
            Some(what) => {
                let type_name = what.split(' ').next().unwrap_or_default();
                let by = finding.provider.as_str();
                let mut listed = report.listed.iter();
                listed
                    .any(|one| one.type_name == type_name && (by.is_empty() || one.provider == by))
            }
            None => whole,
        };
        if !seen || !report.complete {
            findings.insert(key, finding);
            continue;
        }
        let what = key.strip_prefix(MANAGED).or(key.strip_prefix(UNMANAGED));
        report.resolved.push(Resolved {
            what: what.unwrap_or(&key).to_owned(),
            class: finding.class,
            since: finding.since,
        });
    }
    report.count();
    Kept {
        format: FORMAT.to_owned(),
        lineage: report.lineage.clone(),
        findings,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, told};
    use crate::drift::report::{Difference, ListedType, Object, Report, Stranger};

    fn object(address: &str, after: &str) -> Object {
        Object {
            address: address.to_owned(),
            deposed: None,
            type_name: "x".to_owned(),
            provider: "p".to_owned(),
            id: None,
            class: "changed",
            new: true,
            since: String::new(),
            differences: vec![Difference {
                attribute: "a".to_owned(),
                class: "changed",
                why: "",
                configurable: true,
                sensitive: false,
                before: serde_json::Value::Null,
                after: after.into(),
            }],
        }
    }

    /// `a=1 b=2 ~n`: two objects with what they are now, one of type x that is not managed, listed by p (`~y/n`: of type y, `~y@q/n`: listed by q).
    /// `+x`: this type was listed. `?c`: c could not be read.
    fn report(text: &str, at: &str) -> Report {
        let mut report = Report {
            finished_at: at.to_owned(),
            complete: true,
            ..Report::default()
        };
        for word in text.split_whitespace() {
            let typed = |word: &str| {
                let (type_name, provider) = word.split_once('@').unwrap_or((word, "p"));
                (type_name.to_owned(), provider.to_owned())
            };
            if let Some(word) = word.strip_prefix('~') {
                let (of, name) = word.split_once('/').unwrap_or(("x", word));
                let (type_name, provider) = typed(of);
                report.unmanaged.push(Stranger {
                    type_name,
                    name: name.to_owned(),
                    identity: name.into(),
                    provider,
                    new: true,
                    since: String::new(),
                });
            } else if let Some(word) = word.strip_prefix('+') {
                let (type_name, provider) = typed(word);
                report.listed.push(ListedType {
                    type_name,
                    provider,
                });
            } else if let Some(addr) = word.strip_prefix('?') {
                report.unread.push(addr.to_owned());
                report.complete = false;
            } else {
                let (addr, after) = word.split_once('=').unwrap();
                report.drifted.push(object(addr, after));
            }
        }
        report
    }

    #[test]
    fn what_is_new_is_told_from_what_was_known() {
        let mut kept = Kept::default();
        for (at, text, whole, new, resolved) in [
            ("1", "a=1 b=1 +x ~n", true, "a b ~n", ""),
            ("2", "a=1 b=2 +x ~n", true, "b", ""),
            // Nobody asked for what is not managed, nor for b.
            ("3", "a=1", false, "", ""),
            ("4", "a=1 ?b +x ~n ~m", true, "~m", ""),
            ("5", "c=1 +x ~m", true, "c", "a b x \"n\""),
            ("6", "c=1 +x ~m", true, "", ""),
            // Another type is listed: what is of the first one may still be there.
            ("7", "c=1 +y ~y/o", true, "~o", ""),
            ("8", "c=1 +x ~m", true, "", ""),
            // And so may what another provider configuration lists.
            ("9", "c=1 +y +y@q ~y/o ~y@q/r", true, "~r", ""),
            ("10", "c=1 +y", true, "", "y \"o\""),
            ("11", "c=1 +y@q", true, "", "y \"r\""),
            // Of what nobody heard it is told again, until somebody does.
            ("12!", "c=2", true, "c", ""),
            ("13!", "c=2 d=1", true, "c d", ""),
            ("14", "c=2", false, "c", ""),
            ("15", "c=2 d=1", true, "d", ""),
            ("16", "c=2 d=1", true, "", ""),
        ] {
            let mut report = report(text, at);
            // `!`: somebody could not be told of it.
            let undelivered = at.ends_with('!');
            kept = told(kept, &mut report, whole);
            if !undelivered {
                kept.delivered();
            }
            let mut found: Vec<String> = report
                .drifted
                .iter()
                .filter(|object| object.new)
                .map(|object| object.address.clone())
                .collect();
            let strangers = report.unmanaged.iter().filter(|object| object.new);
            found.extend(strangers.map(|object| format!("~{}", object.name)));
            assert_eq!(found.join(" "), new, "{at}");
            let gone: Vec<&str> = report
                .resolved
                .iter()
                .map(|one| one.what.as_str())
                .collect();
            assert_eq!(gone.join(" "), resolved, "{at}");
            assert_eq!(report.summary.new, found.len());
            for object in report.drifted.iter().filter(|object| object.address == "a") {
                assert_eq!(object.since, "1");
            }
        }
    }
}
