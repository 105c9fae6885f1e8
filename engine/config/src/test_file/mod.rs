//! Test files: what `terrane test` runs.
//!
//! In reading order: what a test file says (this file), how it is decoded (files and runs, stand-ins for providers and objects), the names
//! that its expressions may use, and how a run changes the configuration that it is about.

mod decode;
mod names;
mod providers;
mod scope;
mod stand_in;

#[cfg(test)]
mod tests;

pub use names::{AssertNames, Assertion, Comparison, Extra, FailedNames, ValueNames};
pub use providers::TestProviders;
pub use scope::AssertScope;

use crate::config::Endpoint;
use crate::load::decl::{ConditionDecl, PassedProvider, ProviderDecl};
use ecow::EcoString;
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::source::{SourceMap, Span};
use terrane_lang::syntax::ast::Expr;
use terrane_model::addr::{InstanceAddr, InstanceKey, Mode, ModuleInstance, ModuleStep, Target};
use terrane_model::snapshot::CheckKind;
use terrane_value::Value;

/// Extensions of test files, longest first, and whether they are this language's own.
const EXTENSIONS: [(&str, bool); 4] = [
    (".tofutest.json", true),
    (".tofutest.hcl", true),
    (".tftest.json", false),
    (".tftest.hcl", false),
];

/// A decoded test file.
#[derive(Clone, Debug, Default)]
pub struct TestFile {
    /// As it is shown: relative to the root module's folder.
    pub path: String,
    /// Whether its extension is one that only this language's own engines read. In such files stand-ins have their values while planning,
    /// in others while applying, unless they say `override_during`.
    pub own_extension: bool,
    /// `variables`
    pub variables: Vec<TestVariable>,
    /// `provider` and `mock_provider`, in source order.
    pub providers: Vec<TestProvider>,
    /// Stand-ins for all runs.
    pub overrides: Vec<Override>,
    /// In source order, names unique.
    pub runs: Vec<Run>,
}

/// A value for a variable.
#[derive(Clone, Debug)]
pub struct TestVariable {
    /// The variable.
    pub name: EcoString,
    /// Where it is named.
    pub span: Span,
    pub(crate) value: Expr,
}

impl TestVariable {
    /// Where its value stands.
    #[must_use]
    pub fn value_span(&self) -> Span {
        self.value.span
    }
}

/// A `provider` or `mock_provider` block.
#[derive(Clone, Debug)]
pub struct TestProvider {
    /// Its local name.
    pub name: EcoString,
    /// Its alias.
    pub alias: Option<EcoString>,
    /// The block header.
    pub span: Span,
    /// What answers in its place; `None`: it is a real one.
    pub mock: Option<Mock>,
    pub(crate) decl: ProviderDecl,
}

/// What stands in for a provider.
#[derive(Clone, Debug, Default)]
pub struct Mock {
    /// A folder with more of the following, in files of their own.
    pub source: Option<(EcoString, Span)>,
    /// `mock_resource` and `mock_data`
    pub defaults: Vec<MockDefaults>,
    /// Stand-ins for objects of this provider.
    pub overrides: Vec<Override>,
    /// When its values are there, where nothing nearer says so.
    pub during: Option<During>,
}

/// Values for all objects of a type.
#[derive(Clone, Debug)]
pub struct MockDefaults {
    /// Managed or data.
    pub mode: Mode,
    /// The type.
    pub type_name: EcoString,
    /// An object of values for computed attributes.
    pub values: Value,
    /// When they are there.
    pub during: Option<During>,
    /// The block header.
    pub span: Span,
}

/// When the values of a stand-in are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum During {
    /// While planning already.
    Plan,
    /// Not before applying.
    Apply,
}

/// A stand-in for objects or modules.
#[derive(Clone, Debug)]
pub struct Override {
    /// For what.
    pub kind: OverrideKind,
    /// Its address; steps without a key stand for all instances.
    pub target: Endpoint,
    /// Values of computed attributes, or of outputs: an object.
    pub values: Value,
    /// When they are there.
    pub during: Option<During>,
    /// The block header.
    pub span: Span,
    /// The target.
    pub target_span: Span,
}

/// What a stand-in is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OverrideKind {
    /// `override_resource`
    Resource,
    /// `override_data`
    Data,
    /// `override_module`
    Module,
}

/// What a run does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Command {
    /// Plans and applies.
    #[default]
    Apply,
    /// Only plans.
    Plan,
}

/// `plan_options`
#[derive(Clone, Debug, PartialEq)]
pub struct RunOptions {
    /// `mode = refresh-only`
    pub refresh_only: bool,
    /// `refresh`
    pub refresh: bool,
    /// `target`
    pub targets: Vec<Target>,
    /// `replace`
    pub replace: Vec<InstanceAddr>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            refresh_only: false,
            refresh: true,
            targets: Vec::new(),
            replace: Vec::new(),
        }
    }
}

/// A `run` block.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name.
    pub name: EcoString,
    /// The block header.
    pub span: Span,
    /// What it does.
    pub command: Command,
    /// How.
    pub options: RunOptions,
    /// `variables`
    pub variables: Vec<TestVariable>,
    /// The module that it runs instead of the one under test.
    pub module: Option<RunModule>,
    /// Which state it works on, if it says so.
    pub state_key: Option<EcoString>,
    /// What must fail.
    pub expected: Vec<Checkable>,
    /// Stand-ins of this run.
    pub overrides: Vec<Override>,
    /// What is wrong with arguments that only this run looks at: it fails, others do not.
    pub problems: Diagnostics,
    /// How many assertions there are.
    pub assertions: usize,
    /// `providers`; `None`: there is no such argument.
    pub(crate) providers: Option<Vec<PassedProvider>>,
    pub(crate) asserts: Vec<ConditionDecl>,
}

/// `module`
#[derive(Clone, Debug, PartialEq)]
pub struct RunModule {
    /// Its source.
    pub source: EcoString,
    /// Its version, for sources that have versions.
    pub version: Option<EcoString>,
    /// The source argument.
    pub span: Span,
}

/// Something of the root module that is expected to fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkable {
    /// Its kind.
    pub kind: CheckKind,
    /// Its address without an instance key: `var.x`, `output.x`, `check.x`, `data.t.n`.
    pub addr: EcoString,
    /// The instance, if one is meant.
    pub key: Option<InstanceKey>,
    /// The entry.
    pub span: Span,
}

impl Checkable {
    /// The address as it is written.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.key {
            Some(key) => format!("{}{key}", self.addr),
            None => self.addr.to_string(),
        }
    }
}

impl Run {
    /// Which state it works on: that of the key, else that of the source of its module; empty for the module under test.
    #[must_use]
    pub fn state_name(&self) -> EcoString {
        match (&self.state_key, &self.module) {
            (Some(key), _) => ecow::eco_format!("key:{key}"),
            (None, Some(module)) => ecow::eco_format!("module:{}", module.source),
            (None, None) => EcoString::new(),
        }
    }
}

impl Override {
    /// How well the target fits an instance of a module or of a resource: the number of keys that it names. `None`: it does not fit.
    #[must_use]
    pub fn fit(&self, modules: &ModuleInstance, resource: Option<&InstanceAddr>) -> Option<usize> {
        let Endpoint {
            modules: steps,
            resource: wanted,
        } = &self.target;
        if steps.len() != modules.0.len() {
            return None;
        }
        let mut keys = 0;
        for (step, real) in steps.iter().zip(modules.0.iter()) {
            let ModuleStep { name, key } = step;
            if *name != real.name || key.is_some() && *key != real.key {
                return None;
            }
            keys += usize::from(key.is_some());
        }
        match (wanted, resource) {
            (None, None) => Some(keys),
            (Some(wanted), Some(real)) => {
                let fits = wanted.mode == real.resource.mode
                    && wanted.type_name == real.resource.type_name
                    && wanted.name == real.resource.name
                    && (wanted.key.is_none() || wanted.key == real.key);
                fits.then_some(keys + usize::from(wanted.key.is_some()))
            }
            _ => None,
        }
    }

    /// The target as it is written.
    #[must_use]
    pub fn target_text(&self) -> String {
        crate::load::decode::refactor::endpoint_text(&self.target)
    }
}

/// Whether a file of this name is a test file. Backups are not.
#[must_use]
pub fn is_test_file(name: &str) -> bool {
    stem(name).is_some()
}

fn stem(name: &str) -> Option<(&str, bool)> {
    if name.starts_with('.') || name.ends_with('~') {
        return None;
    }
    EXTENSIONS
        .iter()
        .find_map(|(extension, own)| Some((name.strip_suffix(extension)?, *own)))
}

/// The test files of one folder that count, in order: one that only this language's own engines read takes the place of another of the
/// same name.
#[must_use]
pub fn select(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    let is_json = |name: &str| name.ends_with(".json");
    let shadowed = |name: &str| {
        stem(name).is_some_and(|(wanted, own)| {
            !own && names
                .iter()
                .any(|other| stem(other) == Some((wanted, true)) && is_json(other) == is_json(name))
        })
    };
    let chosen: Vec<String> = names
        .iter()
        .filter(|name| is_test_file(name) && !shadowed(name))
        .cloned()
        .collect();
    chosen
}

/// Decodes a test file; its text is added to `sources`. `path` is how it is shown.
pub fn decode_file(sources: &mut SourceMap, path: &str, content: &[u8]) -> (TestFile, Diagnostics) {
    let (file, diagnostics) = decode::file(sources, path, content);
    // What stands first is told first, whatever was looked at first.
    let mut told: Vec<_> = diagnostics.into_iter().collect();
    told.sort_by_key(|diagnostic| diagnostic.subject.map(|span| span.start));
    (file, told.into_iter().collect())
}

/// Decodes a file of a mock provider's folder and adds what it says to the provider, whose own blocks have the last word.
pub fn add_mock_file(
    sources: &mut SourceMap,
    path: &str,
    content: &[u8],
    mock: &mut Mock,
) -> Diagnostics {
    stand_in::mock_file(sources, path, content, mock)
}
