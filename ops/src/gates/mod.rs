//! Gates: their files, what the state keeps of them, decisions, and keys. What they mean is the engine's (`engine/gate`).
//!
//! The files are beside the configuration, and the log of the state keeps those in force: whoever changes the files changes nothing until that
//! is agreed to by the gates that are in force (`terrane gates accept`).

pub mod book;
pub mod change;
pub mod decide;
pub mod keys;
pub mod pass;
mod policies;
mod prices;

use crate::cost::Prices;
use crate::failure::{Failure, Report};
use crate::rules;
use crate::session::Session;
use policies::Policies;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::path::Path;
use terrane_gate::gates::{EXTENSIONS, File, Gates, Role, parse};
use terrane_lang::source::SourceMap;
use terrane_plan::basis::Hash;

/// The kind of log entries that say which gates are in force.
const KIND: &str = "gates";

/// Gates with the files that they were read from.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The gates.
    pub gates: Gates,
    /// The files, by role and name: those of gates, and those of the policies and prices that they name.
    pub files: Vec<File>,
    /// The policies.
    pub policies: Option<Policies>,
    /// The prices.
    pub prices: Option<Prices>,
    /// Warnings about them, with their texts.
    pub warnings: Report,
}

impl Rules {
    /// Reads gates.
    ///
    /// # Errors
    /// When they have errors.
    pub fn read(mut files: Vec<File>) -> Result<Self, Failure> {
        files.sort_by(|a, b| (a.role, &a.name).cmp(&(b.role, &b.name)));
        let mut sources = SourceMap::default();
        let (gates, diagnostics) = parse(&mut sources, &files);
        let report = Report {
            diagnostics,
            sources,
        };
        if report.diagnostics.has_errors() {
            return Err(Failure::Input(report));
        }
        let policies = policies::compile(&gates, &files)?;
        let prices = prices::compile(&gates, &files)?;
        Ok(Self {
            gates,
            files,
            policies,
            prices,
            warnings: report,
        })
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
    let mut sources = SourceMap::default();
    let (gates, diagnostics) = parse(&mut sources, &files);
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources,
        }));
    }
    files.extend(policies::named(root, &gates)?);
    files.extend(prices::named(root, &gates)?);
    Rules::read(files).map(Some)
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
            // Files that are no UTF-8 have errors and are never in force.
            "content": String::from_utf8_lossy(&file.content),
        })
    });
    json!({"digest": rules.digest(), "files": files.collect::<Vec<_>>()})
}

/// The gates that an entry of the log puts in force; `None`: none.
fn from_json(body: &Value) -> Result<Option<Rules>, Failure> {
    let files = body.get("files").and_then(Value::as_array);
    let text = |file: &Value, key: &str| file.get(key).and_then(Value::as_str).map(str::to_owned);
    let files: Option<Vec<File>> = files
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(|file| {
            Some(File {
                role: Role::named(&text(file, "role")?)?,
                name: text(file, "name")?,
                content: text(file, "content")?.into_bytes(),
            })
        })
        .collect();
    let damaged = || {
        Failure::input(
            &rules::gates::LOG_DAMAGED,
            "The gates that are in force are recorded in the audit log, and that record can't be read. `terrane audit -verify` says more.",
        )
    };
    let files = files.ok_or_else(damaged)?;
    if files.is_empty() {
        return Ok(None);
    }
    let rules = Rules::read(files)?;
    if body.get("digest").and_then(Value::as_str) != Some(&rules.digest()) {
        return Err(damaged());
    }
    Ok(Some(rules))
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
