//! Policy as code: rules in Rego over the JSON form of a plan.
//!
//! Policies are laid out as conftest has them: modules in a folder (`policy/`), a package for each set of rules (`main` where nothing else is
//! named), and in it rules by name: `deny` and `violation`, `warn`, and here also `require_approval`, each with any suffix (`deny_public_bucket`).
//! A rule is a set of messages, or of objects with a `msg` and what else is of interest. Modules of both versions of the language are read. The
//! evaluation is regorus'; it may look at the clock (`time.now_ns`), so this room is not part of the engine.
//!
//! ```
//! # fn main() -> Result<(), terrane_policy::PolicyError> {
//! use terrane_policy::{Input, Level, Namespaces, Policies, Source, Sources};
//!
//! let policies = Policies::compile(Sources {
//!     policies: vec![Source {
//!         name: "policy/names.rego".to_owned(),
//!         text: "package main\ndeny contains msg if {\n  some change in input.resource_changes\n  change.name == \"tmp\"\n  msg := sprintf(\"%s needs a better name\", [change.address])\n}".to_owned(),
//!     }],
//!     ..Sources::default()
//! })?;
//! let plan = r#"{"resource_changes": [{"address": "aws_instance.tmp", "name": "tmp"}]}"#;
//! let report = policies.check(&Input::plan(plan), &Namespaces::Main)?;
//! assert_eq!(report.results[0].level, Level::Deny);
//! assert_eq!(report.results[0].addresses, ["aws_instance.tmp"]);
//! # Ok(())
//! # }
//! ```

mod addresses;
mod check;
mod error;
mod files;
mod format;
mod library;
mod portable;
mod report;
mod rules;
mod secrets;
mod spread;
mod tested;
#[cfg(test)]
mod tests;

pub use check::{Input, Namespaces, Policies};
pub use error::PolicyError;
pub use files::{Source, Sources, read};
pub use library::{LibraryFile, library};
pub use report::{Exempt, Level, PolicyResult, Report};
pub use tested::{Tested, Verdict};
