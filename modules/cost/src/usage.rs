//! Usage: what no configuration says.

use crate::error::{CostError, decode};
use crate::rules::Rules;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

const FORMAT: u64 = 1;

/// How much is used of resources. `docs/formats/price-book.md` describes the file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    #[serde(rename = "format")]
    _format: u64,
    /// The region of resources that don't say theirs.
    #[serde(default)]
    pub region: Option<String>,
    /// For all resources of a type.
    #[serde(default)]
    types: BTreeMap<String, BTreeMap<String, f64>>,
    /// For resources by address, in which `*` stands for any text.
    #[serde(default)]
    resources: BTreeMap<String, BTreeMap<String, f64>>,
    /// Those of the addresses that have a `*`, the longest first.
    #[serde(skip)]
    patterns: Vec<String>,
}

impl Usage {
    /// Reads a file.
    ///
    /// # Errors
    /// When it can't be read, or says something else.
    pub fn read(path: &Path) -> Result<Self, CostError> {
        Self::parse(&path.display().to_string(), &crate::error::read(path)?)
    }

    /// Understands a text. `name`: of the file, for messages.
    ///
    /// # Errors
    /// When it says something else.
    pub fn parse(name: &str, text: &str) -> Result<Self, CostError> {
        let mut usage: Self = decode(name, text, "usage file", FORMAT)?;
        let all = usage.types.iter().chain(&usage.resources);
        for (of, amounts) in all {
            for (amount, value) in amounts {
                if !value.is_finite() || *value < 0.0 {
                    return Err(CostError::Content {
                        name: name.to_owned(),
                        problem: format!(
                            "`{amount}` of {of} is {value}, and less than nothing can't be used."
                        ),
                    });
                }
            }
        }
        usage.index();
        Ok(usage)
    }

    fn index(&mut self) {
        let all = self.resources.keys().filter(|name| name.contains('*'));
        self.patterns = all.cloned().collect();
        self.patterns
            .sort_by_key(|pattern| std::cmp::Reverse(pattern.len()));
    }

    /// Takes over what another one says, which counts less.
    pub fn add(&mut self, other: Self) {
        self.region = self.region.take().or(other.region);
        for (mine, more) in [
            (&mut self.types, other.types),
            (&mut self.resources, other.resources),
        ] {
            for (of, amounts) in more {
                let mine = mine.entry(of).or_default();
                for (name, value) in amounts {
                    mine.entry(name).or_insert(value);
                }
            }
        }
        self.index();
    }

    /// What is said that no rule asks for, as `NAME of TYPE` or `NAME of ADDRESS`. Of an address the type is not known here: the name is held against all.
    pub(crate) fn unknown(&self, rules: &Rules) -> Vec<String> {
        let of_types = self.types.iter().flat_map(|(name, amounts)| {
            let asked = rules.of(name);
            let unknown =
                move |amount: &&String| !asked.is_some_and(|of| of.usage.contains_key(*amount));
            let amounts = amounts.keys().filter(unknown);
            amounts.map(move |amount| format!("{amount} of {name}"))
        });
        let of_resources = self.resources.iter().flat_map(|(address, amounts)| {
            let amounts = amounts.keys().filter(|amount| !rules.asks_for(amount));
            amounts.map(move |amount| format!("{amount} of {address}"))
        });
        of_types.chain(of_resources).collect()
    }

    /// What is said of a resource: at its address, else by a pattern (the longest that fits), else of its type.
    pub(crate) fn of(&self, address: &str, type_name: &str, name: &str) -> Option<f64> {
        let of = |place: &str| self.resources.get(place)?.get(name);
        let by_pattern = || {
            let mut patterns = self.patterns.iter();
            patterns.find_map(|pattern| of(pattern).filter(|_| fits(pattern, address)))
        };
        let by_type = || {
            self.types
                .get(type_name)
                .and_then(|amounts| amounts.get(name))
        };
        of(address).or_else(by_pattern).or_else(by_type).copied()
    }
}

/// Whether a text is of a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // The first place is the best one: it leaves the most for what follows.
        let Some((_, rest)) = text.split_once(part) else {
            return false;
        };
        text = rest;
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, is) in [
            ("a*b*c", "axbyc", true),
            ("a*b", "ab", true),
            ("a*", "b", false),
            ("a*ab", "ab", false),
            ("a", "ab", false),
        ] {
            assert_eq!(fits(pattern, text), is, "{pattern} {text}");
        }
    }
}
