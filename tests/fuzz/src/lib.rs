//! Fuzz targets: what reads bytes that nobody trusts, and what must hold whatever they are.
//!
//! A [`Target`] is a function of bytes that panics when something does not hold. `tests/targets.rs` runs each on its corpus and on a
//! fixed number of mutations of it ([`mutate`]), as an ordinary test; `cargo xtask fuzz` runs them for as long as one likes under
//! libFuzzer, which looks at what the code does with the input. Inputs are kept in [`corpus`] files, one a line.

pub mod corpus;
pub mod mutate;

mod aws;
mod config;
mod evaluate;
mod files;
mod format;
mod json;
mod native;
mod plan_file;
mod spans;

pub use plan_file::{pack as pack_plan, unpack as unpack_plan};

/// Something that reads bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its corpus too.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Panics when something does not hold.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "native",
        about: "native syntax: files, expressions and addresses; all places lie in the text",
        run: native::run,
    },
    Target {
        name: "json",
        about: "JSON syntax under schemas, and as expressions",
        run: json::run,
    },
    Target {
        name: "template",
        about: "templates, and template files that include themselves",
        run: evaluate::template,
    },
    Target {
        name: "expression",
        about: "expressions with names; values go through JSON and msgpack and come back",
        run: evaluate::expression,
    },
    Target {
        name: "functions",
        about: "functions that decode texts: YAML, CSV, JSON, patterns, formats, times, addresses",
        run: evaluate::functions,
    },
    Target {
        name: "format",
        about: "the formatter: twice is as once, and what is written means the same",
        run: format::run,
    },
    Target {
        name: "config",
        about: "whole configurations: loaded, compiled and validated",
        run: config::run,
    },
    Target {
        name: "statefile",
        about: "state files of the peers: read, written and read again",
        run: files::statefile,
    },
    Target {
        name: "journal",
        about: "journals: damaged files, and payloads in whole records",
        run: files::journal,
    },
    Target {
        name: "planfile",
        about: "saved plans: damaged files, and sections with right digests",
        run: plan_file::run,
    },
    Target {
        name: "codec",
        about: "values and types from JSON and msgpack",
        run: files::codec,
    },
    Target {
        name: "aws",
        about: "answers of AWS in all protocols, and inputs of requests",
        run: aws::run,
    },
];

/// The target with this name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// The bytes as text: what is not UTF-8 is replaced, so that no input is lost on that.
fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}
