//! Text as locks. Everything that is not understood is an error: whoever writes the file next would lose it.

use super::{Lock, Locks};
use crate::constraint::Constraints;
use crate::hash::PackageHash;
use hcl_edit::Span as _;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body, Structure};
use semver::Version;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use terrane_model::addr::ProviderAddr;

/// A mistake in a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockProblem {
    /// Counted from 1.
    pub line: usize,
    /// A sentence without final period.
    pub problem: String,
}

impl fmt::Display for LockProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<LockProblem>,
}

/// Reads the text of a lock file.
///
/// # Errors
/// All mistakes that it has.
pub fn parse(text: &str) -> Result<Locks, Vec<LockProblem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let body: Body = hcl_edit::parser::parse_body(text).map_err(|error| {
        vec![LockProblem {
            line: error.location().line(),
            problem: format!("the syntax is not right: {}", error.message()),
        }]
    })?;
    let mut reader = Reader {
        text,
        problems: Vec::new(),
    };
    let locks = reader.locks(&body);
    if reader.problems.is_empty() {
        Ok(locks)
    } else {
        Err(reader.problems)
    }
}

impl Reader<'_> {
    fn line(&self, span: Option<Range<usize>>) -> usize {
        let before = span.and_then(|span| self.text.get(..span.start));
        before.map_or(1, |before| before.matches('\n').count() + 1)
    }

    fn problem(&mut self, span: Option<Range<usize>>, problem: impl Into<String>) {
        let line = self.line(span);
        self.problems.push(LockProblem {
            line,
            problem: problem.into(),
        });
    }

    fn locks(&mut self, body: &Body) -> Locks {
        let mut locks = Locks::default();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => self.problem(
                    attribute.key.span().or(attribute.span()),
                    format!("an argument {:?} is not known here", attribute.key.as_str()),
                ),
                Structure::Block(block) if block.ident.as_str() == "provider" => {
                    if let Some((addr, lock)) = self.provider(block)
                        && locks.providers.insert(addr.clone(), lock).is_some()
                    {
                        self.problem(
                            block.ident.span(),
                            format!("the provider {addr} is locked a second time"),
                        );
                    }
                }
                // The peers have kept this name for a later use of theirs, and pass over it.
                Structure::Block(block) if block.ident.as_str() == "module" => {}
                Structure::Block(block) => self.problem(
                    block.ident.span(),
                    format!(
                        "blocks of type {:?} are not known here",
                        block.ident.as_str()
                    ),
                ),
            }
        }
        locks
    }

    fn provider(&mut self, block: &Block) -> Option<(ProviderAddr, Lock)> {
        let place = block.ident.span();
        let [label] = block.labels.as_slice() else {
            self.problem(
                place,
                "a provider block has one label: the provider's address",
            );
            return None;
        };
        let addr = self.address(label.as_str(), place.clone());
        let mut version = None;
        let mut constraints = Constraints::default();
        let mut hashes = BTreeSet::new();
        let mut seen = BTreeSet::new();
        for structure in &block.body {
            let attribute = match structure {
                Structure::Attribute(attribute) => attribute,
                Structure::Block(inner) => {
                    self.problem(
                        inner.ident.span(),
                        format!(
                            "blocks of type {:?} are not known here",
                            inner.ident.as_str()
                        ),
                    );
                    continue;
                }
            };
            let name = attribute.key.as_str();
            let place = attribute.key.span().or(place.clone());
            if !seen.insert(name) {
                self.problem(place, format!("the argument {name:?} is set twice"));
                continue;
            }
            match name {
                "version" => version = self.version(&attribute.value, place),
                "constraints" => {
                    if let Some(found) = self.constraints(&attribute.value, place) {
                        constraints = found;
                    }
                }
                "hashes" => hashes = self.hashes(&attribute.value, place),
                _ => self.problem(place, format!("an argument {name:?} is not known here")),
            }
        }
        if !seen.contains("version") {
            self.problem(place, "the argument \"version\" is missing");
        }
        Some((
            addr?,
            Lock {
                version: version?,
                constraints,
                hashes,
            },
        ))
    }

    fn address(&mut self, text: &str, place: Option<Range<usize>>) -> Option<ProviderAddr> {
        let addr = match text.parse::<ProviderAddr>() {
            Ok(addr) => addr,
            Err(error) => {
                self.problem(
                    place,
                    format!("{text:?} is no address of a provider: {error}"),
                );
                return None;
            }
        };
        if addr.is_builtin() || addr.namespace == "-" {
            self.problem(
                place,
                format!("{text:?} is a provider that nobody can install"),
            );
            return None;
        }
        if addr.to_string() != text {
            self.problem(
                place,
                format!("the address is to be written in full: \"{addr}\""),
            );
            return None;
        }
        Some(addr)
    }

    fn text(&mut self, value: &Expression, place: Option<Range<usize>>) -> Option<String> {
        let text = value.as_str().map(str::to_owned);
        if text.is_none() {
            self.problem(place, "a text in quotes is expected");
        }
        text
    }

    fn version(&mut self, value: &Expression, place: Option<Range<usize>>) -> Option<Version> {
        let text = self.text(value, place.clone())?;
        match Version::parse(&text) {
            Ok(version) if version.to_string() == text => Some(version),
            _ => {
                self.problem(
                    place,
                    format!("{text:?} is no version in full, such as \"1.2.0\""),
                );
                None
            }
        }
    }

    fn constraints(
        &mut self,
        value: &Expression,
        place: Option<Range<usize>>,
    ) -> Option<Constraints> {
        let text = self.text(value, place.clone())?;
        match Constraints::parse(&text) {
            Ok(constraints) if constraints.to_string() == text => Some(constraints),
            Ok(constraints) => {
                self.problem(
                    place,
                    format!("the constraints are to be written as \"{constraints}\""),
                );
                None
            }
            Err(problem) => {
                self.problem(
                    place,
                    format!("{text:?} are no version constraints: {problem}"),
                );
                None
            }
        }
    }

    fn hashes(&mut self, value: &Expression, place: Option<Range<usize>>) -> BTreeSet<PackageHash> {
        let mut hashes = BTreeSet::new();
        let Some(array) = value.as_array() else {
            self.problem(place, "a list of checksums is expected");
            return hashes;
        };
        for element in array {
            let place = element.span().or(place.clone());
            let Some(text) = self.text(element, place.clone()) else {
                continue;
            };
            match text.parse() {
                Ok(hash) => {
                    hashes.insert(hash);
                }
                Err(error) => self.problem(place, format!("{text:?} is no checksum: {error}")),
            }
        }
        hashes
    }
}
