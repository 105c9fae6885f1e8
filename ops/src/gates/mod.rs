//! Gates: their files, what the state keeps of them, decisions, and keys. What they mean is the engine's (`engine/gate`).
//!
//! The files are beside the configuration, and the log of the state keeps those in force: whoever changes the files changes nothing until that
//! is agreed to by the gates that are in force (`terrane gates accept`).

pub mod book;
pub mod change;
pub mod decide;
pub mod keys;
pub(crate) mod live;
pub mod pass;
mod policies;
mod prices;

use crate::cost::Prices;
use crate::failure::{Failure, Report};
use crate::rules;
use crate::session::Session;
use policies::Policies;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::OnceLock;
use terrane_gate::gates::{EXTENSIONS, File, Gates, Role, digest, parse};
use terrane_lang::source::SourceMap;
use terrane_plan::basis::Hash;
use terrane_store::audit::Entry;

/// The kind of log entries that say which gates are in force.
const KIND: &str = "gates";
/// The kind of those that say that clocks were ahead, and from when on they are right.
const CLOCK: &str = "clock";

/// Gates with the files that they were read from.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The gates.
    pub gates: Gates,
    /// The files, by role and name: those of gates, and those of the policies and prices that they name.
    pub files: Vec<File>,
    /// Warnings about them, with their texts.
    pub warnings: Report,
    /// Policies and prices, once they were needed.
    compiled: OnceLock<Compiled>,
}

/// Policies and prices that gates name, understood.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The policies.
    pub policies: Option<Policies>,
    /// The prices.
    pub prices: Option<Prices>,
}

impl Rules {
    /// Reads gates. The policies and prices among the files are not looked at.
    ///
    /// # Errors
    /// When the gates have errors.
    fn read(files: Vec<File>) -> Result<Self, Failure> {
        let mut sources = SourceMap::default();
        let (gates, diagnostics) = parse(&mut sources, &files);
        let report = Report {
            diagnostics,
            sources,
        };
        if report.diagnostics.has_errors() {
            return Err(Failure::Input(report));
        }
        let mut rules = Self {
            gates,
            files: Vec::new(),
            warnings: report,
            compiled: OnceLock::new(),
        };
        rules.add(files);
        Ok(rules)
    }

    fn add(&mut self, files: Vec<File>) {
        self.files.extend(files);
        self.files
            .sort_by(|a, b| (a.role, &a.name).cmp(&(b.role, &b.name)));
        self.gates.digest = digest(&self.files);
    }

    /// Understands policies and prices.
    ///
    /// # Errors
    /// When they have errors.
    pub fn compiled(&self) -> Result<&Compiled, Failure> {
        if let Some(done) = self.compiled.get() {
            return Ok(done);
        }
        let compiled = Compiled {
            policies: policies::compile(&self.gates, &self.files)?,
            prices: prices::compile(&self.gates, &self.files)?,
        };
        Ok(self.compiled.get_or_init(|| compiled))
    }

    /// The digest, as text.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(self.gates.digest)
    }
}

/// The gates of the folder; `None`: there are no files of gates.
///
/// # Errors
/// When they can't be read, or have errors.
pub fn of_folder(session: &Session) -> Result<Option<Rules>, Failure> {
    let root = Path::new(session.root());
    let failed = |path: &Path| Failure::io(format!("Reading {} failed", path.display()));
    let mut files = Vec::new();
    let entries = match std::fs::read_dir(root) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(failed(root))?,
    };
    for entry in entries {
        let entry = entry.map_err(failed(root))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !EXTENSIONS.iter().any(|extension| name.ends_with(extension)) || name.starts_with('.') {
            continue;
        }
        let content = std::fs::read(entry.path()).map_err(failed(&entry.path()))?;
        files.push(File {
            role: Role::Gates,
            name,
            content,
        });
    }
    if files.is_empty() {
        return Ok(None);
    }
    let mut rules = Rules::read(files)?;
    let mut named = policies::named(root, &rules.gates)?;
    named.extend(prices::named(root, &rules.gates)?);
    rules.add(named);
    // The log keeps them as text, and must give back what was read.
    for file in &rules.files {
        if std::str::from_utf8(&file.content).is_err() {
            return Err(Failure::input(
                &rules::gates::NOT_TEXT,
                format!(
                    "The file {} is part of the gates, which the audit log keeps as text, and it is none: it is not in UTF-8. Write it anew in UTF-8.",
                    file.name
                ),
            ));
        }
    }
    Ok(Some(rules))
}

/// Files of gates as the log keeps them.
fn to_json(rules: Option<&Rules>) -> Value {
    let Some(rules) = rules else {
        return json!({"digest": null, "files": []});
    };
    let files = rules.files.iter().map(|file| {
        json!({
            "role": file.role.name(),
            "name": file.name,
            // Files that are no UTF-8 are never in force.
            "content": String::from_utf8_lossy(&file.content),
        })
    });
    json!({"digest": rules.digest(), "files": files.collect::<Vec<_>>()})
}

/// The gates that an entry of the log puts in force; `None`: it was agreed that there are none.
fn from_json(body: &Value) -> Result<Option<Rules>, Failure> {
    let text = |file: &Value, key: &str| file.get(key).and_then(Value::as_str).map(str::to_owned);
    let file = |file: &Value| {
        Some(File {
            role: Role::named(&text(file, "role")?)?,
            name: text(file, "name")?,
            content: text(file, "content")?.into_bytes(),
        })
    };
    let files = body.get("files").and_then(Value::as_array);
    let files = files.and_then(|files| files.iter().map(file).collect::<Option<Vec<File>>>());
    match (body.get("digest"), files) {
        // What can't be read is not the same as nothing.
        (Some(Value::Null), Some(files)) if files.is_empty() => Ok(None),
        (Some(Value::String(digest)), Some(files)) if !files.is_empty() => {
            let rules = Rules::read(files)?;
            match rules.digest() == *digest {
                true => Ok(Some(rules)),
                false => Err(damaged()),
            }
        }
        _ => Err(damaged()),
    }
}

/// Whose keys the decisions in a log name, by the gates that were in force when they were made: by number of the entry. Bodies are not encrypted any more.
pub(crate) fn signers(entries: &[Entry]) -> BTreeMap<u64, String> {
    let mut rules: Option<Rules> = None;
    let mut signers = BTreeMap::new();
    for entry in entries {
        let body = &entry.draft.body;
        if entry.draft.kind == KIND {
            // What can't be read names nobody: this is for showing only.
            rules = from_json(body).ok().flatten();
        } else if entry.draft.kind == book::DECISION {
            let decision = body.get("record").map(terrane_gate::record::from_json);
            let key = decision.and_then(Result::ok).map(|decision| decision.key);
            let whose = rules.as_ref().zip(key);
            if let Some((name, _)) = whose.and_then(|(rules, key)| rules.gates.whose(&key)) {
                signers.insert(entry.seq, name.to_string());
            }
        }
    }
    signers
}

/// What is said where a record that gates rest on can't be read.
fn damaged() -> Failure {
    Failure::input(
        &rules::gates::LOG_DAMAGED,
        "The audit log says which gates are in force and what was decided, and an entry of these can't be read. `terrane audit -verify` says more.",
    )
}

/// What names the agreement that a time in the log is not past, for decisions about it.
#[must_use]
pub fn clock_item(ledger: &[u8; 16], past_ms: u64) -> Hash {
    let mut canon = terrane_plan::basis::Canon::new("terrane wrong clock 1");
    canon.bytes(ledger);
    canon.number(past_ms);
    canon.finish()
}

/// What names a change of gates, for decisions about it.
#[must_use]
pub fn change_item(ledger: &[u8; 16], from: Option<&Hash>, to: Option<&Hash>) -> Hash {
    let mut canon = terrane_plan::basis::Canon::new("terrane change of gates 1");
    canon.bytes(ledger);
    for digest in [from, to] {
        canon.tag(u8::from(digest.is_some()));
        canon.bytes(digest.map_or(&[][..], |digest| digest));
    }
    canon.finish()
}
