//! What people can read about functions: `help(name)` in the console, and the reference in `docs/`.
//!
//! Each family has a file with one [`Entry`] per function. Signatures and the line on what a function does come from the table; what
//! becomes of nulls, unknown values and marks follows from it too, so that it can't differ from what is done. Examples are tested.

use super::table::{self, Param};
use std::fmt::Write as _;

mod collection;
mod conversion;
mod encoding;
mod file;
mod hash;
mod network;
mod number;
mod signature;
mod text;
mod time;

#[cfg(test)]
mod tests;

pub use signature::{Parameter, Signature, signatures};

/// What is written by hand about a function.
#[derive(Debug)]
struct Entry {
    name: &'static str,
    /// One phrase per parameter, the variadic one last.
    params: &'static [&'static str],
    /// Sentences on results and errors that the first line does not say. May be empty.
    notes: &'static str,
    /// Expressions with their results, as [`Help::examples`].
    examples: &'static [(&'static str, &'static str)],
}

const fn entry(
    name: &'static str,
    params: &'static [&'static str],
    notes: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Entry {
    Entry {
        name,
        params,
        notes,
        examples,
    }
}

/// Functions that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// For people: `Numbers`.
    pub title: &'static str,
    /// Sentences that hold for all of them. May be empty.
    pub about: &'static str,
}

/// The families, in the order of the reference, with their functions in the order of their names.
const FAMILIES: [(Family, &[Entry]); 9] = [
    (number::FAMILY, number::ENTRIES),
    (text::FAMILY, text::ENTRIES),
    (collection::FAMILY, collection::ENTRIES),
    (conversion::FAMILY, conversion::ENTRIES),
    (encoding::FAMILY, encoding::ENTRIES),
    (file::FAMILY, file::ENTRIES),
    (time::FAMILY, time::ENTRIES),
    (hash::FAMILY, hash::ENTRIES),
    (network::FAMILY, network::ENTRIES),
];

/// What people can read about a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// Its name.
    pub name: &'static str,
    /// What it belongs to.
    pub family: Family,
    /// Its name, parameters and result.
    pub signature: String,
    /// One line on what it does.
    pub about: &'static str,
    /// Name and meaning of each parameter, in order.
    pub params: Vec<(&'static str, &'static str)>,
    /// More sentences on results and errors. May be empty.
    pub notes: &'static str,
    /// What becomes of null, unknown and marked arguments, where that is not the usual.
    pub special: Vec<String>,
    /// Expressions with their results. Results are written as expressions too, in one line; `(unknown)` and `(sensitive)` where they are that.
    pub examples: &'static [(&'static str, &'static str)],
}

/// What people can read about a function of the language. `core::name` is taken as `name`. `None`: there is no such function.
#[must_use]
pub fn help(name: &str) -> Option<Help> {
    let name = name.strip_prefix("core::").unwrap_or(name);
    FAMILIES.iter().find_map(|(family, entries)| {
        let found = entries.iter().find(|entry| entry.name == name)?;
        Some(describe(*family, found))
    })
}

/// All of it, by family, in the order of the reference.
#[must_use]
pub fn all() -> Vec<Help> {
    FAMILIES
        .iter()
        .flat_map(|(family, entries)| entries.iter().map(|entry| describe(*family, entry)))
        .collect()
}

/// A name that exists and is nearly this one.
#[must_use]
pub fn suggestion(name: &str) -> Option<&'static str> {
    table::suggest(name)
}

/// The names of all functions by family, for `help()`.
#[must_use]
pub fn overview() -> String {
    let mut out = String::from("Functions, by what they are for. help(name) tells more of one.\n");
    for (family, entries) in FAMILIES {
        write!(out, "\n{}\n", family.title).ok();
        let mut line = String::from(" ");
        for entry in entries {
            if line.len() + 1 + entry.name.len() > 78 {
                out.push_str(&line);
                out.push('\n');
                line = String::from(" ");
            }
            line.push(' ');
            line.push_str(entry.name);
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn describe(family: Family, entry: &Entry) -> Help {
    let (signature, about) = table::summary(entry.name).unwrap_or_default();
    let names = table::parameter_names(entry.name);
    Help {
        name: entry.name,
        family,
        signature,
        about,
        params: names
            .into_iter()
            .zip(entry.params.iter().copied())
            .collect(),
        notes: entry.notes,
        special: table::find(entry.name)
            .map(|function| {
                let params: Vec<&Param> = function
                    .params
                    .iter()
                    .chain(function.variadic.as_ref())
                    .collect();
                special(&params)
            })
            .unwrap_or_default(),
        examples: entry.examples,
    }
}

/// What a function takes that others do not.
fn special(params: &[&Param]) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |which: fn(&Param) -> bool, one: &str, several: &str| {
        let names: Vec<String> = params
            .iter()
            .filter(|param| which(param))
            .map(|param| format!("`{}`", param.name))
            .collect();
        if let Some((last, first)) = names.split_last() {
            all.push(if first.is_empty() {
                format!("{last} {one}.")
            } else {
                format!("{} and {last} {several}.", first.join(", "))
            });
        }
    };
    add(|param| param.null, "may be null", "may be null");
    const EARLY: &str =
        "may be unknown without making the result unknown, if the result follows from the rest";
    add(|param| param.unknown, EARLY, EARLY);
    add(
        |param| param.marked,
        "keeps its marks: only those parts of the result are sensitive that come from sensitive parts",
        "keep their marks: only those parts of the result are sensitive that come from sensitive parts",
    );
    all
}

impl Help {
    /// As lines of text for a terminal, at most 80 characters each where words allow it.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = format!("{}\n\n", self.signature);
        wrap(&mut out, "", self.about);
        for (name, meaning) in &self.params {
            out.push('\n');
            wrap(&mut out, "  ", &format!("{name}: {meaning}"));
            out.pop();
        }
        if !self.params.is_empty() {
            out.push('\n');
        }
        for text in [self.notes]
            .into_iter()
            .chain(self.special.iter().map(String::as_str))
        {
            if !text.is_empty() {
                out.push('\n');
                wrap(&mut out, "", text);
            }
        }
        out.push('\n');
        for (expression, result) in self.examples {
            writeln!(out, "  > {expression}\n  {result}").ok();
        }
        out
    }
}

/// Words in lines.
fn wrap(out: &mut String, indent: &str, text: &str) {
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width == 0 || width + 1 + length > 80 {
            if width > 0 {
                out.push('\n');
            }
            out.push_str(indent);
            width = indent.len() + length;
        } else {
            out.push(' ');
            width += 1 + length;
        }
        out.push_str(word);
    }
    out.push('\n');
}
