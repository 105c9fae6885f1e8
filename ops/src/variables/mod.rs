//! Values of root variables: where they come from, which one wins, and what becomes of the text.
//!
//! From weakest to strongest: `TF_VAR_name`, `terraform.tfvars`, `terraform.tfvars.json`, `*.auto.tfvars` and `*.auto.tfvars.json` by name,
//! then `-var` and `-var-file` in the order of the command line.

mod file;
mod resolve;

pub use file::read_tfvars;
pub use resolve::{Resolved, resolve};

use crate::failure::Failure;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{SourceMap, Span};
use terrane_value::Value;

/// `-var` or `-var-file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableArgument {
    /// `-var`: `name=value`.
    Var(String),
    /// `-var-file`: a path.
    File(String),
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `TF_VAR_name`.
    Environment,
    /// A file that is read by itself.
    AutoFile(String),
    /// `-var-file`.
    NamedFile(String),
    /// `-var`.
    CommandLine,
    /// The user was asked.
    Prompt,
    /// A saved plan.
    Plan,
}

/// A value before its type is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// Text: the value itself, or an expression, depending on the type.
    Text(String),
    /// A value from a file, and where it stands there.
    Value(Value, Span),
}

/// A value that was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The value.
    pub raw: Raw,
    /// Where it comes from.
    pub origin: Origin,
}

/// All values that were given, by name; the strongest of each.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// By name.
    pub values: BTreeMap<String, Given>,
    /// About files and arguments that make no sense.
    pub diagnostics: Diagnostics,
}

/// Collects values from everywhere. Texts of files go into `sources`.
///
/// # Errors
/// When a folder or file can't be read.
pub fn collect(
    env: &BTreeMap<String, String>,
    arguments: &[VariableArgument],
    sources: &mut SourceMap,
) -> Result<Collected, Failure> {
    let mut all = Collected::default();
    for (name, text) in env {
        if let Some(name) = name.strip_prefix("TF_VAR_").filter(|name| !name.is_empty()) {
            all.set(name, Raw::Text(text.clone()), Origin::Environment);
        }
    }
    for path in auto_files()? {
        all.file(&path, Origin::AutoFile(path.clone()), sources)?;
    }
    for argument in arguments {
        match argument {
            VariableArgument::File(path) => {
                if std::path::Path::new(path).is_file() {
                    all.file(path, Origin::NamedFile(path.clone()), sources)?;
                } else {
                    all.diagnostics.push(Diagnostic::error(
                        "Failed to read variables file",
                        format!("Given variables file {path} does not exist."),
                    ));
                }
            }
            VariableArgument::Var(text) => match text.split_once('=') {
                Some((name, value)) if !name.trim().is_empty() => {
                    all.set(name.trim(), Raw::Text(value.to_owned()), Origin::CommandLine);
                }
                _ => all.diagnostics.push(Diagnostic::error(
                    "Invalid -var option",
                    format!("The given -var option {text:?} is not correctly specified. It must be a variable name and a value, separated by an equals sign: -var=\"key=value\"."),
                )),
            },
        }
    }
    Ok(all)
}

impl Collected {
    fn set(&mut self, name: &str, raw: Raw, origin: Origin) {
        self.values.insert(name.to_owned(), Given { raw, origin });
    }

    fn file(&mut self, path: &str, origin: Origin, sources: &mut SourceMap) -> Result<(), Failure> {
        let bytes = std::fs::read(path).map_err(Failure::io(format!(
            "Reading the variables file {path} failed"
        )))?;
        let (values, diagnostics) = read_tfvars(path, &bytes, sources);
        self.diagnostics.extend(diagnostics);
        for (name, value, span) in values {
            self.set(&name, Raw::Value(value, span), origin.clone());
        }
        Ok(())
    }
}

/// Variables files of the working directory that are read by themselves, weakest first.
fn auto_files() -> Result<Vec<String>, Failure> {
    let mut auto = Vec::new();
    let doing = || "Reading the working directory failed";
    for entry in std::fs::read_dir(".").map_err(Failure::io(doing()))? {
        let entry = entry.map_err(Failure::io(doing()))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let ignored = name.starts_with('.') || name.ends_with('~');
        if !ignored && (name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json")) {
            auto.push(name);
        }
    }
    auto.sort_unstable();
    let fixed = ["terraform.tfvars", "terraform.tfvars.json"]
        .into_iter()
        .filter(|name| std::path::Path::new(name).is_file())
        .map(String::from);
    Ok(fixed.chain(auto).collect())
}
