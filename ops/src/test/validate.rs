//! Checking test files without executing them.

use super::files;
use crate::failure::Failure;
use crate::files::functions_for_validate;
use crate::load::{self, Loaded, Origin};
use crate::modules::{Installation, Modules, test_key};
use crate::providers;
use crate::rules;
use crate::session::Session;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use terrane_config::compile::{Schemas, compile};
use terrane_config::config::Config;
use terrane_config::load::{Loader, Tree};
use terrane_config::test_file::{AssertNames, Run, RunModule, TestFile, ValueNames};
use terrane_config::validate::validate;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::SourceMap;
use terrane_model::snapshot::Snapshot;
use terrane_modules::{Kind, join, kind};
use terrane_value::Value;

/// A module that runs execute.
struct Subject {
    tree: Tree,
    schemas: Schemas,
    config: Config,
}

/// Checks the test files: what they say, the modules that their runs execute, and the names that assertions refer to. Texts are added to those
/// of the configuration.
///
/// # Errors
/// When a file can't be read.
pub(crate) async fn check(
    session: &Session,
    directory: &str,
    loaded: &mut Loaded,
) -> Result<Diagnostics, Failure> {
    let (files, mut diagnostics) = files::check(directory, &mut loaded.sources)?;
    if files.is_empty() {
        return Ok(diagnostics);
    }
    let root = Subject {
        tree: load::tree(session, Origin::Saved(&loaded.folders), &[])?.tree,
        schemas: loaded.registry.schemas(),
        config: (*loaded.config).clone(),
    };
    let mut subjects = BTreeMap::from([(EcoString::new(), Some(root))]);
    for file in &files {
        let mut names = ValueNames {
            variables: variables(file.variables.iter().map(|variable| &variable.name)),
            ..ValueNames::default()
        };
        for run in &file.runs {
            diagnostics.extend(run.problems.clone());
            let source = run.module.as_ref().map(|module| module.source.clone());
            let source = source.unwrap_or_default();
            if let (None, Some(module)) = (subjects.get(&source), &run.module) {
                let key = test_key(&file.path, &run.name);
                let found = (&mut loaded.sources, &mut diagnostics);
                let found = subject((session, None), (&key, module), found).await?;
                subjects.insert(source.clone(), found);
            }
            if let Some(Some(subject)) = subjects.get_mut(&source) {
                diagnostics.extend(assertions(subject, file, run, &names));
            }
            names.runs.insert(run.name.clone(), Value::dynamic());
        }
    }
    Ok(diagnostics)
}

/// The folders of the modules that runs execute beside the one under test, with how many files each has, and messages about test files and
/// these modules.
///
/// # Errors
/// When a file can't be read.
pub(crate) async fn modules(
    session: &Session,
    installation: Option<&Installation<'_>>,
    directory: &str,
    sources: &mut SourceMap,
) -> Result<(Vec<(String, String)>, Vec<Tree>, Diagnostics), Failure> {
    let (files, mut diagnostics) = files::check(directory, sources)?;
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut trees = Vec::new();
    let runs = files
        .iter()
        .flat_map(|file| file.runs.iter().map(move |run| (file, run)));
    for (file, run) in runs {
        let Some(module) = &run.module else {
            continue;
        };
        let local = kind(&module.source) == Kind::Local;
        let key = test_key(&file.path, &run.name);
        let dir = if local {
            join(".", &module.source)
        } else {
            key.clone()
        };
        if let Entry::Vacant(entry) = found.entry(dir) {
            let texts = (&mut *sources, &mut diagnostics);
            trees.extend(read((session, installation), (&key, module), texts).await);
            let files = load::folder(entry.key()).map_or(0, |folder| folder.files.len());
            entry.insert(files.to_string());
        }
    }
    Ok((found.into_iter().collect(), trees, diagnostics))
}

fn variables<'n>(names: impl Iterator<Item = &'n EcoString>) -> BTreeMap<EcoString, Value> {
    names.map(|name| (name.clone(), Value::dynamic())).collect()
}

fn assertions(
    subject: &mut Subject,
    file: &TestFile,
    run: &Run,
    names: &ValueNames,
) -> Diagnostics {
    let mut names = names.clone();
    names.variables.extend(variables(
        run.variables.iter().map(|variable| &variable.name),
    ));
    let Subject {
        tree,
        schemas,
        config,
    } = subject;
    // Whether a variable is given from outside is not known here.
    let mut all = AssertNames::new((tree, schemas, config), file, &names, true);
    let found = all.assertions(config, run);
    found
        .into_iter()
        .flat_map(|assertion| assertion.diagnostics)
        .collect()
}

/// Reads the declarations of the module of a run.
async fn read(
    (session, installation): (&Session, Option<&Installation<'_>>),
    (key, module): (&str, &RunModule),
    (sources, diagnostics): (&mut SourceMap, &mut Diagnostics),
) -> Option<Tree> {
    let dir = match (kind(&module.source), installation) {
        (Kind::Local, _) => Ok(join(".", &module.source)),
        (Kind::Remote, Some(installation)) => installation.single(key, &module.source).await,
        (Kind::Remote, None) => Modules::of(session).single(key, &module.source),
    };
    let folder = match dir.and_then(|dir| load::folder(&dir)) {
        Ok(folder) => folder,
        Err(problem) => {
            diagnostics.push(Diagnostic::error(&rules::test::RUN_MODULE, problem).at(module.span));
            return None;
        }
    };
    let mut loader = Loader::with_sources(std::mem::take(sources), folder, &[]);
    match installation {
        Some(installation) => {
            let unused = &mut Vec::new();
            installation
                .provide(&mut loader, key, (unused, diagnostics))
                .await;
        }
        None => {
            let modules = Modules::of(session).below(key.to_owned());
            while let Some(request) = loader.poll() {
                let found = modules.folder(&request);
                loader.provide(&request, found);
            }
        }
    }
    let (tree, texts, found) = loader.finish();
    *sources = texts;
    let failed = found.has_errors();
    diagnostics.extend(found);
    (!failed).then_some(tree)
}

/// Reads and checks the module of a run.
async fn subject(
    (session, installation): (&Session, Option<&Installation<'_>>),
    (key, module): (&str, &RunModule),
    (sources, diagnostics): (&mut SourceMap, &mut Diagnostics),
) -> Result<Option<Subject>, Failure> {
    let texts = (&mut *sources, &mut *diagnostics);
    let Some(tree) = read((session, installation), (key, module), texts).await else {
        return Ok(None);
    };
    let (registry, found) =
        providers::load(session, &tree.requirements, &Snapshot::default()).await?;
    let failed = found.has_errors();
    diagnostics.extend(found);
    if failed {
        return Ok(None);
    }
    let schemas = registry.schemas();
    let (config, found) = compile(&tree, sources, &schemas);
    let failed = found.has_errors();
    diagnostics.extend(found);
    if failed {
        return Ok(None);
    }
    diagnostics.extend(terrane_plan::cycles(&config));
    let functions = functions_for_validate().with_providers(registry.functions());
    diagnostics.extend(validate(&config, &functions));
    Ok(Some(Subject {
        tree,
        schemas,
        config,
    }))
}
