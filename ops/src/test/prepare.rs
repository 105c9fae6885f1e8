//! From a run of a test file to a compiled configuration with everything that stands in for something in it.

use super::double::{Doubles, unused};
use super::files::{self, Found};
use crate::failure::{Failure, Report};
use crate::files::functions_for_plan;
use crate::load;
use crate::modules::{Modules, test_key};
use crate::providers::{self, Registry};
use crate::rules;
use crate::session::Session;
use crate::variables::{Collected, VariableArgument, collect_in};
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_config::compile::compile;
use terrane_config::config::{Config, ModuleDouble, Variable};
use terrane_config::load::{Loader, ModuleFolder};
use terrane_config::rules::provider::UNDECLARED_CONFIGURATION;
use terrane_config::rules::test_file::MISSING_PROVIDER;
use terrane_config::test_file::{
    AssertNames, Assertion, Command, During, Extra, Override, OverrideKind, Run, TestFile,
    TestProviders, ValueNames,
};
use terrane_config::variables::{
    Given, GivenSource, GivenValue, given_at, outside_value, root_variables,
};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::functions::Functions;
use terrane_lang::source::{SourceMap, Span};
use terrane_model::snapshot::Snapshot;
use terrane_modules::{Kind as SourceKind, join, kind};
use terrane_plan::machine::complete_providers;
use terrane_provider::Providers;
use terrane_value::{Kind, Value};

/// What all runs of a command share.
#[derive(Debug)]
pub(super) struct Shared<'a> {
    pub(super) session: &'a Session,
    /// Started once, so that what a provider keeps in memory lasts as long as the command.
    pub(super) factories: Providers,
    /// `-var` and `-var-file`
    pub(super) arguments: &'a [VariableArgument],
    /// The test directory.
    pub(super) directory: &'a str,
    /// Variables of the module under test.
    pub(super) declared: Vec<Variable>,
    /// Folders that were read, by path.
    pub(super) folders: BTreeMap<EcoString, Result<ModuleFolder, String>>,
}

/// A run, ready to be executed.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The test file that it is in, and its place there.
    pub(super) file: TestFile,
    pub(super) at: usize,
    pub(super) config: Arc<Config>,
    pub(super) sources: SourceMap,
    pub(super) registry: Arc<Registry>,
    pub(super) doubles: Arc<Doubles>,
    /// Of root variables, by index.
    pub(super) values: Vec<Value>,
    /// Where they stand.
    pub(super) given_at: Vec<Option<Span>>,
    pub(super) assertions: Vec<Assertion>,
    pub(super) extras: Vec<Extra>,
    /// Variables of the test.
    pub(super) variables: BTreeMap<EcoString, Value>,
    /// What earlier runs left.
    pub(super) earlier: Earlier,
    /// Warnings.
    pub(super) warnings: Diagnostics,
}

/// What earlier runs of the file left for later ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Earlier {
    /// Outputs by run.
    pub(super) outputs: BTreeMap<EcoString, Value>,
    /// Those that only planned.
    pub(super) planned: Vec<EcoString>,
}

/// The variables of a run, from strong to weak.
struct Variables {
    given: Vec<GivenValue>,
    names: ValueNames,
    warnings: Diagnostics,
}

impl Shared<'_> {
    /// Prepares a run of a file.
    ///
    /// # Errors
    /// When something of it has errors.
    pub(super) async fn prepare(
        &mut self,
        found: &Found,
        at: usize,
        earlier: &Earlier,
        snapshot: &Snapshot,
    ) -> Result<Prepared, Failure> {
        let mut sources = SourceMap::default();
        let (file, mut diagnostics) = files::decode(&mut sources, found);
        let Some(run) = file.runs.get(at) else {
            return Err(Failure::Input(Report {
                diagnostics,
                sources,
            }));
        };
        diagnostics.extend(run.problems.clone());
        let functions = functions_for_plan(crate::clock::now_ms());
        let variables = match self.variables(found, &file, at, earlier, &functions, &mut sources) {
            Ok(variables) => variables,
            Err(Failure::Input(report)) => {
                diagnostics.extend(report.diagnostics);
                Variables {
                    given: Vec::new(),
                    names: ValueNames::default(),
                    warnings: Diagnostics::new(),
                }
            }
            Err(failure) => return Err(failure),
        };
        if diagnostics.has_errors() {
            return Err(Failure::Input(Report {
                diagnostics,
                sources,
            }));
        }
        let Variables {
            given,
            names,
            warnings,
        } = variables;
        diagnostics.extend(warnings);
        let key = test_key(&file.path, &run.name);
        let root = match self.root_of(run, &key) {
            Ok(root) => root,
            Err(diagnostic) => {
                return Err(Failure::Input(Report {
                    diagnostics: diagnostic.into(),
                    sources,
                }));
            }
        };
        let root = match self.folder(&root) {
            Ok(root) => root,
            Err(problem) => {
                let detail = format!(
                    "The module of run \"{}\" could not be read. {problem}",
                    run.name
                );
                let span = run.module.as_ref().map_or(run.span, |module| module.span);
                let diagnostic = Diagnostic::error(&rules::test::RUN_MODULE, detail).at(span);
                diagnostics.push(diagnostic);
                return Err(Failure::Input(Report {
                    diagnostics,
                    sources,
                }));
            }
        };
        let mut loader = Loader::with_sources(sources, root, &given);
        self.load_called(
            &mut loader,
            if run.module.is_some() {
                key
            } else {
                String::new()
            },
        );
        let bound = loader.bind_test_providers(&file, run, &names, &functions);
        self.compile(
            (file, at),
            (loader, bound),
            (given, names),
            (functions, diagnostics),
            snapshot,
        )
        .await
    }

    /// Reads the modules that are called. `below`: the name under which those of the run were installed.
    fn load_called(&mut self, loader: &mut Loader, below: String) {
        let modules = Modules::of(self.session).below(below);
        while let Some(request) = loader.poll() {
            let found = match modules.dir(&request) {
                Ok(dir) => self.folder(&dir),
                Err(problem) => Err(problem),
            };
            loader.provide(&request, found);
        }
    }

    /// The folder of the module that a run tests.
    fn root_of(&self, run: &Run, key: &str) -> Result<EcoString, Diagnostic> {
        match &run.module {
            None => Ok(EcoString::from(".")),
            Some(module) => module_dir(self.session, key, &module.source).map_err(|problem| {
                Diagnostic::error(&rules::test::RUN_MODULE_REMOTE, problem).at(module.span)
            }),
        }
    }

    fn folder(&mut self, dir: &str) -> Result<ModuleFolder, String> {
        if let Some(known) = self.folders.get(dir) {
            return known.clone();
        }
        let found = load::folder(dir);
        self.folders.insert(dir.into(), found.clone());
        found
    }

    #[expect(
        clippy::too_many_lines,
        reason = "from declarations to a run that is ready, one step after the other"
    )]
    async fn compile(
        &self,
        (file, at): (TestFile, usize),
        (loader, bound): (Loader, TestProviders),
        (given, names): (Vec<GivenValue>, ValueNames),
        (functions, mut diagnostics): (Functions, Diagnostics),
        snapshot: &Snapshot,
    ) -> Result<Prepared, Failure> {
        let (tree, sources, found) = loader.finish();
        // What is missing because the test names a provider that is not there needs no second message.
        let unbound = found.iter().any(|found| found.is(&MISSING_PROVIDER));
        diagnostics.extend(
            found
                .into_iter()
                .filter(|found| !(unbound && found.is(&UNDECLARED_CONFIGURATION))),
        );
        let run = &file.runs[at];
        let loaded = providers::load_from(
            self.session,
            self.factories.clone(),
            &tree.requirements,
            snapshot,
        )
        .await?;
        let (registry, found) = loaded;
        diagnostics.extend(found);
        let failed = |diagnostics: Diagnostics, sources: SourceMap| {
            Err(Failure::Input(Report {
                diagnostics,
                sources,
            }))
        };
        if diagnostics.has_errors() {
            return failed(diagnostics, sources);
        }
        let schemas = registry.schemas();
        let (mut config, found) = compile(&tree, &sources, &schemas);
        diagnostics.extend(found);
        complete_providers(&mut config, snapshot, registry.infos());
        diagnostics.extend(bound.fix(&mut config, (&tree, &schemas), &file, &names, &functions));
        let mocked: BTreeMap<_, _> = bound
            .mocked(&tree, &config, &file)
            .into_iter()
            .filter_map(|(id, at)| Some((id, file.providers.get(at)?.mock.clone()?)))
            .collect();
        let overrides = vec![run.overrides.clone(), file.overrides.clone()];
        let of_mocks = mocked.values().map(|mock| mock.overrides.clone());
        let all: Vec<Vec<Override>> = overrides.iter().cloned().chain(of_mocks).collect();
        config.doubles = module_doubles(&all);
        diagnostics.extend(unused(&config, overrides.iter().flatten()));
        diagnostics.extend(unknown_outputs(&config, all.iter().flatten()));
        let mut assert_names = AssertNames::new((&tree, &schemas, &config), &file, &names, false);
        let assertions = assert_names.assertions(&mut config, run);
        diagnostics.extend(undeclared(&config, run, assert_names.extras()));
        let declared = |given: &GivenValue| {
            let root = config.modules.first();
            root.is_some_and(|root| root.variables.iter().any(|known| known.name == given.name))
        };
        let given: Vec<GivenValue> = given.into_iter().filter(declared).collect();
        let root = config.modules.first();
        let given_at = root.map(|root| given_at(root, &given)).unwrap_or_default();
        let (values, found) = match root {
            Some(root) => root_variables(root, &given),
            None => (Vec::new(), Diagnostics::new()),
        };
        diagnostics.extend(found);
        if diagnostics.has_errors() {
            return failed(diagnostics, sources);
        }
        let schemas = (0u32..)
            .zip(&config.providers)
            .filter_map(|(at, provider)| {
                let schema = schemas.get(&provider.addr.provider)?;
                Some((terrane_config::config::ProviderId(at), schema.clone()))
            })
            .collect();
        let during = if file.own_extension {
            During::Plan
        } else {
            During::Apply
        };
        let doubles = Doubles::new(mocked, overrides, schemas, during, &sources);
        Ok(Prepared {
            extras: assert_names.extras().to_vec(),
            config: Arc::new(config),
            sources,
            registry: Arc::new(registry),
            doubles: Arc::new(doubles),
            values,
            given_at,
            assertions,
            variables: names.variables,
            earlier: Earlier {
                outputs: names.runs,
                planned: names.planned,
            },
            warnings: diagnostics,
            file,
            at,
        })
    }

    /// The values of variables: those of the run, of the file, and from outside.
    #[expect(clippy::too_many_arguments, reason = "the facts of one run, used once")]
    fn variables(
        &self,
        found: &Found,
        file: &TestFile,
        at: usize,
        earlier: &Earlier,
        functions: &Functions,
        sources: &mut SourceMap,
    ) -> Result<Variables, Failure> {
        let run = &file.runs[at];
        let Collected {
            values: mut given,
            by_themselves: _,
            mut diagnostics,
        } = self.outside(found, sources)?;
        let mut names = ValueNames {
            runs: earlier.outputs.clone(),
            planned: earlier.planned.clone(),
            later: file.runs.iter().map(|run| run.name.clone()).collect(),
            ..ValueNames::default()
        };
        for value in &given {
            let declared = self.declared.iter().find(|known| known.name == value.name);
            match outside_value(declared, value) {
                Ok(found) => {
                    names.variables.insert(value.name.clone(), found);
                }
                Err(found) => {
                    if let Some(first) = found.into_iter().next() {
                        names.failed.insert(value.name.clone(), first);
                    }
                }
            }
        }
        let own: BTreeSet<&EcoString> = run.variables.iter().map(|own| &own.name).collect();
        let mut of_file = Vec::new();
        for variable in &file.variables {
            match names.file_variable(variable, functions) {
                Ok(value) => of_file.push((variable, value)),
                Err(found) => {
                    // It matters only where somebody needs it.
                    let declared = self
                        .declared
                        .iter()
                        .any(|known| known.name == variable.name);
                    if declared && !own.contains(&variable.name) && run.module.is_none() {
                        diagnostics.extend(found);
                    } else if let Some(first) = found.into_iter().next() {
                        names.failed.insert(variable.name.clone(), first);
                    }
                }
            }
        }
        for (variable, value) in of_file {
            names.failed.remove(&variable.name);
            names.variables.insert(variable.name.clone(), value.clone());
            given.push(GivenValue {
                name: variable.name.clone(),
                source: GivenSource::File(variable.span),
                value: Given::Value(value, variable.value_span()),
            });
        }
        let mut of_run = Vec::new();
        for variable in &run.variables {
            match names.run_variable(variable, functions) {
                Ok(value) => of_run.push((variable, value)),
                Err(found) => diagnostics.extend(found),
            }
        }
        for (variable, value) in of_run {
            names.failed.remove(&variable.name);
            names.variables.insert(variable.name.clone(), value.clone());
            given.push(GivenValue {
                name: variable.name.clone(),
                source: GivenSource::File(variable.span),
                value: Given::Value(value, variable.value_span()),
            });
        }
        if diagnostics.has_errors() {
            return Err(Failure::Input(Report {
                diagnostics,
                sources: sources.clone(),
            }));
        }
        Ok(Variables {
            given,
            names,
            warnings: diagnostics,
        })
    }

    /// The values from environment, files and command line.
    fn outside(&self, found: &Found, sources: &mut SourceMap) -> Result<Collected, Failure> {
        let folders: &[&str] = if found.in_directory {
            &[".", self.directory]
        } else {
            &["."]
        };
        collect_in(&self.session.env, folders, self.arguments, sources)
    }
}

/// The folder of the module that a run executes.
fn module_dir(session: &Session, key: &str, source: &str) -> Result<EcoString, String> {
    match kind(source) {
        SourceKind::Local => Ok(join(".", source).into()),
        SourceKind::Remote => Modules::of(session).single(key, source).map(Into::into),
    }
}

/// The modules that are overridden. Those of the run come first, so that of several that fit equally well they win.
fn module_doubles(overrides: &[Vec<Override>]) -> Vec<ModuleDouble> {
    overrides
        .iter()
        .flatten()
        .filter(|found| found.kind == OverrideKind::Module)
        .map(|found| ModuleDouble {
            instances: found.target.modules.clone(),
            outputs: match found.values.kind() {
                Kind::Object(object) => object
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
                _ => BTreeMap::new(),
            },
        })
        .collect()
}

/// Warnings about values that a run gives and nobody uses.
fn undeclared(config: &Config, run: &Run, used: &[Extra]) -> Vec<Diagnostic> {
    let root = config.modules.first();
    let declared = |name: &EcoString| {
        root.is_some_and(|root| root.variables.iter().any(|known| known.name == *name))
    };
    let unused = run.variables.iter().filter(|variable| {
        let used = used.contains(&Extra::Variable(variable.name.clone()));
        !declared(&variable.name) && !used
    });
    unused
        .map(|variable| {
            let detail = format!(
                "The module under test does not declare a variable named \"{}\", but it is declared in run block \"{}\".",
                variable.name, run.name
            );
            Diagnostic::warning(&rules::test::UNDECLARED_VARIABLE, detail).at(variable.span)
        })
        .collect()
}

/// Warnings about outputs of overridden modules that these do not have.
fn unknown_outputs<'o>(
    config: &Config,
    overrides: impl Iterator<Item = &'o Override>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for double in overrides.filter(|found| found.kind == OverrideKind::Module) {
        let path: Vec<_> = double
            .target
            .modules
            .iter()
            .map(|step| &step.name)
            .collect();
        let module = config
            .modules
            .iter()
            .find(|module| module.path.0.iter().collect::<Vec<_>>() == path);
        let (Some(module), Kind::Object(values)) = (module, double.values.kind()) else {
            continue;
        };
        for (name, _) in values.iter() {
            if !module.outputs.iter().any(|output| output.name == *name) {
                let detail = format!(
                    "{} has no output named \"{name}\", so the value that is given for it here is not used.",
                    double.target_text()
                );
                found
                    .push(Diagnostic::warning(&rules::test::UNUSED_OUTPUT, detail).at(double.span));
            }
        }
    }
    found
}

impl Prepared {
    /// The run.
    pub(super) fn run(&self) -> &terrane_config::test_file::Run {
        &self.file.runs[self.at]
    }

    /// Whether it only plans.
    pub(super) fn only_plans(&self) -> bool {
        self.run().command == Command::Plan
    }
}
