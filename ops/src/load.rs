//! Reads the configuration of the working directory and compiles it.

use crate::failure::{Failure, Report};
use crate::files::functions_for_validate;
use crate::modules::{self, Installation, Modules};
use crate::providers::{self, Registry};
use crate::rules;
use crate::session::Session;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use terrane_config::compile::{beside, compile};
use terrane_config::config::Config;
use terrane_config::config_json::configuration;
use terrane_config::load::{
    Loader, ModuleFile, ModuleFolder, ModuleRequest, Requirement, Surroundings, Tree,
};
use terrane_config::validate::validate;
use terrane_config::variables::GivenValue;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use terrane_lang::source::SourceMap;
use terrane_model::addr::ProviderAddr;
use terrane_model::snapshot::Snapshot;
use terrane_modules::{Kind, join, kind, read_folder};
use terrane_plan::machine::complete_providers;

/// The declarations of all modules.
#[derive(Debug)]
pub struct LoadedTree {
    /// The declarations.
    pub tree: Tree,
    /// Their texts.
    pub sources: SourceMap,
    /// Messages about them.
    pub diagnostics: Diagnostics,
    /// The folders as they were read, the root first: what a saved plan keeps.
    pub folders: Vec<ModuleFolder>,
}

/// A compiled configuration with the providers that it needs.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Arc<Config>,
    /// Its texts.
    pub sources: SourceMap,
    /// Warnings about it.
    pub warnings: Diagnostics,
    /// The providers of configuration and state.
    pub registry: Arc<Registry>,
    /// What the configuration says about versions of providers.
    pub requirements: BTreeMap<ProviderAddr, Requirement>,
    /// The folders as they were read, the root first.
    pub folders: Vec<ModuleFolder>,
}

impl Loaded {
    /// Whether the root module has no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.folders
            .first()
            .is_none_or(|folder| folder.files.is_empty())
    }

    /// The configuration as the JSON form of a plan shows it.
    #[must_use]
    pub fn configuration_json(&self) -> String {
        configuration(&self.config, &self.requirements, &self.sources)
    }
}

/// Where the files of modules come from.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// The working directory.
    Disk,
    /// A saved plan.
    Saved(&'a [ModuleFolder]),
    /// The working directory, with files of the root module that may not be in it.
    With(&'a [ModuleFile]),
    /// Another folder than the working directory (`import -config`).
    Folder(&'a str),
}

/// Reads the declarations of all modules. Module sources may depend on the values of variables.
///
/// # Errors
/// When the root folder can't be read.
pub fn tree(
    session: &Session,
    origin: Origin<'_>,
    variables: &[GivenValue],
) -> Result<LoadedTree, Failure> {
    let (root, mut loader) = loader(session, origin, variables)?;
    let installed = match origin {
        Origin::Saved(_) => None,
        Origin::Disk | Origin::With(_) | Origin::Folder(_) => Some(Modules::of(session)),
    };
    let mut folders = vec![root];
    let mut unusable = Diagnostics::new();
    while let Some(request) = loader.poll() {
        if installed.is_some()
            && let Some(problem) = Modules::address_problem(&request)
        {
            unusable.push(problem);
            loader.leave_out(&request);
            continue;
        }
        let found = match (origin, &installed) {
            (Origin::Saved(folders), _) => of_plan(folders, &request),
            (_, Some(installed)) => installed.folder(&request),
            (_, None) => Err(String::new()),
        };
        if let Ok(found) = &found
            && !folders.iter().any(|known| known.dir == found.dir)
        {
            folders.push(found.clone());
        }
        loader.provide(&request, found);
    }
    let (tree, sources, mut diagnostics) = loader.finish();
    diagnostics.extend(unusable);
    Ok(LoadedTree {
        tree,
        sources,
        diagnostics,
        folders,
    })
}

/// Reads the declarations of all modules of the working directory, and installs those that are not beside it.
///
/// # Errors
/// When the root folder can't be read, or nothing can be installed.
pub(crate) async fn install(
    session: &Session,
    installation: &Installation<'_>,
    variables: &[GivenValue],
) -> Result<LoadedTree, Failure> {
    let start = loader(session, Origin::Disk, variables)?;
    Ok(modules::tree(installation, start).await)
}

/// The folder of a module in a saved plan.
fn of_plan(folders: &[ModuleFolder], request: &ModuleRequest) -> Result<ModuleFolder, String> {
    let found = match kind(&request.source) {
        Kind::Local => {
            let dir = join(&request.caller_dir, &request.source);
            folders.iter().find(|folder| folder.dir == dir)
        }
        Kind::Remote => modules::saved(folders, request),
    };
    found.cloned().ok_or_else(|| {
        format!(
            "The saved plan does not hold the module {:?}.",
            request.source
        )
    })
}

/// The root module, and a loader that begins with it.
fn loader(
    session: &Session,
    origin: Origin<'_>,
    variables: &[GivenValue],
) -> Result<(ModuleFolder, Loader), Failure> {
    let root = match origin {
        Origin::Disk | Origin::With(_) | Origin::Folder(_) => folder(match origin {
            Origin::Folder(path) => path,
            _ => ".",
        })
        .map_err(|problem| {
            let diagnostic = Diagnostic::error(&rules::folder::UNREADABLE_CONFIGURATION, problem)
                .hint("make the file readable, or take it out of the folder");
            Failure::Input(Report::plain(diagnostic))
        })?,
        Origin::Saved(folders) => folders.first().cloned().ok_or_else(|| {
            Failure::input(
                &rules::planning::DAMAGED_PLAN,
                "The saved plan holds no configuration.",
            )
        })?,
    };
    let root = match origin {
        Origin::With(files) => files.iter().fold(root, with_file),
        Origin::Disk | Origin::Saved(_) | Origin::Folder(_) => root,
    };
    let loader = Loader::with_variables(root.clone(), variables).within(Surroundings {
        workspace: Some(session.workspace()?.into()),
        cwd: Some(session.cwd.as_str().into()),
        functions: Some(functions_for_validate()),
    });
    Ok((root, loader))
}

/// Reads and compiles the configuration, with the providers that it and the state need.
///
/// # Errors
/// When it has errors, or a provider is not there.
pub async fn load(
    session: &Session,
    snapshot: &Snapshot,
    origin: Origin<'_>,
    variables: &[GivenValue],
) -> Result<Loaded, Failure> {
    let LoadedTree {
        tree,
        mut sources,
        mut diagnostics,
        folders,
    } = tree(session, origin, variables)?;
    if !matches!(origin, Origin::Saved(_)) {
        diagnostics.extend(crate::encryption::check(session, &tree, &mut sources));
    }
    let (registry, found) = providers::load(session, &tree.requirements, snapshot).await?;
    let unsure = found.has_errors();
    diagnostics.extend(found);
    if diagnostics.has_errors() {
        // Without its provider, nothing can be said of a resource.
        if !unsure {
            let more = beside(&tree, &sources, &registry.schemas(), &diagnostics);
            diagnostics.extend(more);
        }
        return Err(Failure::Input(Report {
            diagnostics,
            sources,
        }));
    }
    let (mut config, found) = compile(&tree, &sources, &registry.schemas());
    complete_providers(&mut config, snapshot, registry.infos());
    diagnostics.extend(found);
    if diagnostics.has_errors() {
        let functions = functions_for_validate().with_providers(registry.functions());
        let more = validate(&config, &functions).into_iter();
        diagnostics.extend(more.filter(|one| one.severity == Severity::Error));
        return Err(Failure::Input(Report {
            diagnostics,
            sources,
        }));
    }
    Ok(Loaded {
        config: Arc::new(config),
        sources,
        warnings: diagnostics,
        registry: Arc::new(registry),
        requirements: tree.requirements,
        folders,
    })
}

fn with_file(mut root: ModuleFolder, file: &ModuleFile) -> ModuleFolder {
    root.files.retain(|known| known.name != file.name);
    root.files.push(file.clone());
    root
}

pub(crate) fn folder(dir: &str) -> Result<ModuleFolder, String> {
    let files = read_folder(Path::new(dir)).map_err(|error| error.to_string())?;
    Ok(ModuleFolder {
        dir: dir.into(),
        files: files
            .into_iter()
            .map(|file| ModuleFile {
                name: file.name,
                content: file.content,
            })
            .collect(),
    })
}
