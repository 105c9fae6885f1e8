//! Values of root variables: where they come from. What becomes of them is the engine's to say.
//!
//! From weakest to strongest: `TF_VAR_name`, `terraform.tfvars`, `terraform.tfvars.json`, `*.auto.tfvars` and `*.auto.tfvars.json` by name,
//! then `-var` and `-var-file` in the order of the command line.

use crate::failure::Failure;
use crate::rules;
use crate::ui::{Question, Ui};
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_config::config::Config;
pub use terrane_config::variables::GivenValue;
use terrane_config::variables::{
    Given, GivenSource, as_given, given_at, parse_tfvars, root_variables,
};
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

/// All values that were given, weakest first.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The values.
    pub values: Vec<GivenValue>,
    /// So many of them, from the first on, come from the environment and from files that are read by themselves; the others were given with this command.
    pub by_themselves: usize,
    /// About files and arguments that make no sense.
    pub diagnostics: Diagnostics,
}

/// The values of all root variables.
#[derive(Debug, Default)]
pub struct Resolved {
    /// By index, converted and marked. Where a value is missing or wrong, an unknown one stands in (and an error is among the messages).
    pub values: Vec<Value>,
    /// Those that were given a value, as it was written.
    pub as_given: BTreeMap<EcoString, Value>,
    /// Where the values stand, in the order of the variables, if in a file.
    pub given_at: Vec<Option<Span>>,
    /// Ephemeral ones that were given a value which is not null, sorted: no plan keeps it, so it must be given again when the plan is applied.
    pub given_ephemeral: Vec<EcoString>,
    /// Messages.
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
    collect_in(env, &["."], arguments, sources)
}

/// The same, with the variables files of several folders, weakest first.
pub(crate) fn collect_in(
    env: &BTreeMap<String, String>,
    folders: &[&str],
    arguments: &[VariableArgument],
    sources: &mut SourceMap,
) -> Result<Collected, Failure> {
    let mut all = Collected::default();
    for (name, text) in env {
        if let Some(name) = name.strip_prefix("TF_VAR_").filter(|name| !name.is_empty()) {
            all.text(name, text, GivenSource::Env);
        }
    }
    for folder in folders {
        for path in auto_files(folder)? {
            all.file(&path, sources)?;
        }
    }
    all.by_themselves = all.values.len();
    for argument in arguments {
        match argument {
            VariableArgument::File(path) if std::path::Path::new(path).is_file() => {
                all.file(path, sources)?;
            }
            VariableArgument::File(path) => all.diagnostics.push(Diagnostic::error(
                &rules::input::NO_VARIABLES_FILE,
                format!("Given variables file {path} does not exist."),
            )),
            VariableArgument::Var(text) => match text.split_once('=') {
                Some((name, value)) if !name.is_empty() && name.trim() == name => {
                    all.text(name, value, GivenSource::CommandLine);
                }
                Some((name, value)) if !name.trim().is_empty() => {
                    let (name, value) = (name.trim(), value.trim_start());
                    let problem = format!("There is a space beside the name {name:?} in the -var option {text:?}. A space behind the equals sign would become part of the value.");
                    let diagnostic = Diagnostic::error(&rules::input::INVALID_VAR_OPTION, problem);
                    let meant = format!("write -var={:?}", format!("{name}={value}"));
                    all.diagnostics.push(diagnostic.hint(&meant));
                }
                _ => all.diagnostics.push(Diagnostic::error(
                    &rules::input::INVALID_VAR_OPTION,
                    format!("The given -var option {text:?} is not correctly specified. It must be a variable name and a value, separated by an equals sign: -var=\"key=value\"."),
                )),
            },
        }
    }
    Ok(all)
}

impl Collected {
    fn text(&mut self, name: &str, text: &str, source: GivenSource) {
        self.values.push(GivenValue {
            name: name.into(),
            source,
            value: Given::Text(text.to_owned()),
        });
    }

    fn file(&mut self, path: &str, sources: &mut SourceMap) -> Result<(), Failure> {
        let bytes = std::fs::read(path).map_err(Failure::io(format!(
            "Reading the variables file {path} failed"
        )))?;
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.diagnostics.push(Diagnostic::error(
                &rules::input::VARIABLES_FILE_ENCODING,
                format!("The file {path} is not text in UTF-8."),
            ));
            return Ok(());
        };
        let native = path.ends_with(".tfvars");
        let is_json = path.ends_with(".json") || (!native && text.trim_start().starts_with('{'));
        let file = sources.add(path, text);
        let (values, diagnostics) = parse_tfvars(file, text, is_json);
        self.values.extend(values);
        self.diagnostics.extend(diagnostics);
        Ok(())
    }
}

/// Variables files of a folder that are read by themselves, weakest first.
fn auto_files(folder: &str) -> Result<Vec<String>, Failure> {
    let mut auto = Vec::new();
    let doing = || match folder {
        "." => String::from("Reading the working directory failed"),
        folder => format!("Reading the folder {folder} failed"),
    };
    let within = |name: &str| match folder {
        "." => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    for entry in std::fs::read_dir(folder).map_err(Failure::io(doing()))? {
        let entry = entry.map_err(Failure::io(doing()))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let ignored = name.starts_with('.') || name.ends_with('~');
        if !ignored && (name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json")) {
            auto.push(within(&name));
        }
    }
    auto.sort_unstable();
    let fixed = ["terraform.tfvars", "terraform.tfvars.json"]
        .into_iter()
        .map(within)
        .filter(|name| std::path::Path::new(name).is_file());
    Ok(fixed.chain(auto).collect())
}

/// Gives every root variable its value. Asks for missing ones where `ui` is there.
pub fn resolve(config: &Config, collected: Collected, ui: Option<&mut dyn Ui>) -> Resolved {
    let Collected {
        mut values,
        by_themselves: _,
        mut diagnostics,
    } = collected;
    let Some(root) = config.modules.first() else {
        return Resolved {
            diagnostics,
            ..Resolved::default()
        };
    };
    // What was given and can't be understood may be what is missing: nothing more is said of that, and nobody asked.
    let unread = diagnostics.has_errors();
    if let Some(ui) = ui.filter(|_| !unread) {
        for variable in &root.variables {
            let given = values.iter().any(|given| given.name == variable.name);
            if given || variable.default.is_some() {
                continue;
            }
            let question = Question::Variable {
                name: variable.name.to_string(),
                description: variable.description.to_string(),
                sensitive: variable.sensitive || variable.ephemeral,
            };
            if let Some(answer) = ui.ask(&question) {
                values.push(GivenValue {
                    name: variable.name.clone(),
                    source: GivenSource::Interactive,
                    value: Given::Text(answer),
                });
            }
        }
    }
    let (resolved, found) = root_variables(root, &values);
    let missing = Some(terrane_config::rules::input::NO_VALUE.code);
    let told = |diagnostic: &Diagnostic| !unread || diagnostic.code != missing;
    diagnostics.extend(found.into_iter().filter(told));
    let mut given_ephemeral: Vec<EcoString> = (root.variables.iter().zip(&resolved))
        .filter(|(variable, value)| variable.ephemeral && !value.is_null())
        .filter(|(variable, _)| values.iter().any(|given| given.name == variable.name))
        .map(|(variable, _)| variable.name.clone())
        .collect();
    given_ephemeral.sort_unstable();
    Resolved {
        values: resolved,
        as_given: as_given(root, &values),
        given_at: given_at(root, &values),
        given_ephemeral,
        diagnostics,
    }
}
