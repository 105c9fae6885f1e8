//! `.terrane.lock.hcl`: what only terrane has to remember of a project. Here: whether a provider is the one that is built in or a plugin.
//!
//! Others keep blocks of other types in the same file; they are left as they are written.

use crate::failure::Failure;
use crate::rules::install as rules;
use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body, Structure};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use terrane_install::lockfile::twin;
use terrane_model::addr::ProviderAddr;

/// The name of the file, beside the configuration.
pub(super) const FILE: &str = ".terrane.lock.hcl";

const HEADER: &str = "# This file is maintained automatically by \"terrane init\".\n# Commit it, so that everybody works with the same providers and modules.\n";

/// The version of the format.
const FORMAT: u64 = 1;

/// Who provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What is built into this program.
    Native,
    /// A program of its own.
    Plugin,
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Plugin => "plugin",
        }
    }
}

/// What the file says of providers, and the rest of its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    /// By address.
    pub(super) modes: BTreeMap<ProviderAddr, Mode>,
    /// Blocks of other types, as they are written.
    others: Vec<String>,
}

impl Record {
    /// Reads the file of this folder. One that is not there says nothing.
    ///
    /// # Errors
    /// When it can't be read or has mistakes.
    pub(super) fn load() -> Result<Self, Failure> {
        let text = match std::fs::read_to_string(FILE) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                let detail = format!("The file {FILE} can't be read: {error}.");
                return Err(Failure::input(&rules::BAD_RECORD, detail));
            }
        };
        Self::parse(&text).map_err(|problem| {
            let detail = format!("The file {FILE} has a mistake: {problem}. If it can't be mended, remove it and run `terrane init`.");
            Failure::input(&rules::BAD_RECORD, detail)
        })
    }

    /// What was chosen for a provider, by either of its names.
    pub(super) fn mode(&self, addr: &ProviderAddr) -> Option<Mode> {
        let of_twin = || self.modes.get(&twin(addr)?);
        self.modes.get(addr).or_else(of_twin).copied()
    }

    /// Puts the file in place, if it is not there as it should be.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn save(&self) -> Result<(), Failure> {
        let text = self.text();
        let path = Path::new(FILE);
        let there = std::fs::read_to_string(path);
        if there.as_deref().ok() == Some(&text) || (there.is_err() && self.is_empty()) {
            return Ok(());
        }
        if self.is_empty() {
            return std::fs::remove_file(path)
                .map_err(Failure::io(format!("Removing {FILE} failed")));
        }
        terrane_install::replace_file(path, text.as_bytes())
            .map_err(Failure::io(format!("Writing {FILE} failed")))
    }

    fn is_empty(&self) -> bool {
        self.modes.is_empty() && self.others.is_empty()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let body: Body = hcl_edit::parser::parse_body(text)
            .map_err(|error| format!("line {}: {}", error.location().line(), error.message()))?;
        let mut record = Self::default();
        for structure in &body {
            let line = line(text, structure.span());
            let block = match structure {
                Structure::Attribute(attribute) if attribute.key.as_str() == "format" => {
                    let format = match &attribute.value {
                        Expression::Number(number) => number.value().as_u64(),
                        _ => None,
                    };
                    if format != Some(FORMAT) {
                        return Err(format!(
                            "line {line}: its format is one that a later terrane writes"
                        ));
                    }
                    continue;
                }
                Structure::Attribute(attribute) => {
                    let name = attribute.key.as_str();
                    return Err(format!(
                        "line {line}: an argument {name:?} is not known here"
                    ));
                }
                Structure::Block(block) => block,
            };
            if block.ident.as_str() != "provider" {
                let written = block.span().and_then(|span| text.get(span));
                let written = written.ok_or_else(|| format!("line {line}: a block in one line"))?;
                record.others.push(written.to_owned());
                continue;
            }
            let (addr, mode) =
                provider(block).map_err(|problem| format!("line {line}: {problem}"))?;
            if record.modes.insert(addr.clone(), mode).is_some() {
                return Err(format!("line {line}: the provider {addr} is there twice"));
            }
        }
        Ok(record)
    }

    fn text(&self) -> String {
        let mut text = format!("{HEADER}\nformat = {FORMAT}\n");
        for (addr, mode) in &self.modes {
            // Writing to a string does not fail.
            let word = mode.word();
            write!(text, "\nprovider \"{addr}\" {{\n  mode = \"{word}\"\n}}\n").ok();
        }
        for other in &self.others {
            text.extend(["\n", other.trim_end(), "\n"]);
        }
        text
    }
}

fn line(text: &str, span: Option<std::ops::Range<usize>>) -> usize {
    let before = span.and_then(|span| text.get(..span.start));
    before.map_or(1, |before| before.matches('\n').count() + 1)
}

fn provider(block: &Block) -> Result<(ProviderAddr, Mode), String> {
    let [label] = block.labels.as_slice() else {
        return Err(String::from(
            "a provider block has one label: the provider's address",
        ));
    };
    let addr: ProviderAddr = label
        .as_str()
        .parse()
        .map_err(|error| format!("{:?} is no address of a provider: {error}", label.as_str()))?;
    let mut mode = None;
    for structure in &block.body {
        match structure {
            Structure::Attribute(attribute) if attribute.key.as_str() == "mode" => {
                mode = Some(match attribute.value.as_str() {
                    Some("native") => Mode::Native,
                    Some("plugin") => Mode::Plugin,
                    _ => return Err(String::from("mode is \"native\" or \"plugin\"")),
                });
            }
            _ => {
                return Err(String::from(
                    "a provider block has the argument mode, and no other",
                ));
            }
        }
    }
    Ok((addr, mode.ok_or("the argument mode is missing")?))
}

#[cfg(test)]
mod tests {
    use super::{HEADER, Mode, Record};

    #[test]
    fn what_others_keep_there_stays() {
        let module = "module \"vpc\" {\n  # theirs\n  hash = \"h1:x\"\n}";
        let text = format!(
            "{HEADER}\nformat = 1\n\nprovider \"registry.opentofu.org/hashicorp/random\" {{\n  mode = \"native\"\n}}\n\n{module}\n"
        );
        let mut record = Record::parse(&text).unwrap();
        assert_eq!(record.text(), text);
        record
            .modes
            .insert("acme/cloud".parse().unwrap(), Mode::Plugin);
        let written = record.text();
        assert!(
            written.contains(module) && written.contains("mode = \"plugin\""),
            "{written}"
        );
        assert_eq!(Record::parse(&written).unwrap(), record);
    }

    #[test]
    fn mistakes() {
        for (text, problem) in [
            ("x = 1\n", "\"x\" is not known"),
            ("format = 2\n", "later terrane"),
            ("provider {\n}\n", "one label"),
            ("provider \"a/b\" {\n}\n", "missing"),
            ("\nprovider \"a/b\" {\n  mode = \"x\"\n}\n", "line 2"),
            ("provider \"a/b\" {\n  made = \"native\"\n}\n", "no other"),
            (
                "provider \"a/b/c/d\" {\n  mode = \"native\"\n}\n",
                "no address",
            ),
            ("<<<<<<< HEAD\n", "line 1"),
        ] {
            let error = Record::parse(text).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
