//! `init`: the backend, the modules, the providers.

use crate::backend::init as backend;
use crate::failure::{Failure, Report};
use crate::install::{self, Configured, LockChange, Ready};
use crate::load::{self, LoadedTree, Origin};
use crate::modules::{Installation, Options};
use crate::rules;
use crate::session::Session;
use crate::test;
use crate::ui::Ui;
use crate::variables;
use std::path::Path;
use std::sync::Arc;
use terrane_config::rules::provider::UNDECLARED_CONFIGURATION;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::SourceMap;
use terrane_model::snapshot::Snapshot;

/// The state file of the peers.
const PEER_STATE: &str = "terraform.tfstate";

/// What init found.
#[derive(Debug)]
pub struct Initialized {
    /// The folder holds no configuration.
    pub empty: bool,
    /// Modules that are called, by address and folder.
    pub modules: Vec<(String, String)>,
    /// Providers that are needed.
    pub providers: Vec<Ready>,
    /// What became of the lock file.
    pub lock: LockChange,
    /// Warnings.
    pub report: Report,
}

/// Brings the backend into order, and moves states where that is wanted. Comes before [`run`].
///
/// # Errors
/// As [`backend::run`].
pub fn backend(
    session: &Session,
    request: &backend::Request,
    ui: &mut dyn Ui,
) -> Result<backend::Prepared, Failure> {
    backend::run(session, request, ui)
}

/// Prepares the working directory. `tests` is the folder of test files; without `modules`, those that are installed are used.
///
/// # Errors
/// When the configuration has errors, or a provider is not there.
pub async fn run(
    session: &Session,
    tests: &str,
    modules: Option<&Options>,
    request: &install::Request,
    ui: &mut dyn Ui,
) -> Result<Initialized, Failure> {
    let collected =
        variables::collect(&session.env, &session.variables, &mut SourceMap::default())?;
    let mut found = Diagnostics::new();
    let installation = match modules {
        Some(options) => Some(Installation::new(session, options, &mut found)?),
        None => None,
    };
    let LoadedTree {
        tree,
        mut sources,
        mut diagnostics,
        folders,
    } = match &installation {
        Some(installation) => load::install(session, installation, &collected.values).await?,
        None => load::tree(session, Origin::Disk, &collected.values)?,
    };
    let of_tests = test::validate::modules(session, installation.as_ref(), tests, &mut sources);
    let (of_tests, trees, more) = of_tests.await?;
    diagnostics.extend(found);
    // Nothing is configured here. A module whose callers pass configurations to it is initialized alone where it is tested.
    let [mut diagnostics, found] = [diagnostics, more].map(|list| -> Diagnostics {
        let matters = |message: &Diagnostic| !message.is(&UNDECLARED_CONFIGURATION);
        list.into_iter().filter(matters).collect()
    });
    // Before providers are looked for: what is installed stays installed.
    if let Some(installation) = installation
        && !diagnostics.has_errors()
        && !found.has_errors()
    {
        installation.finish(true)?;
    }
    diagnostics.extend(found);
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources,
        }));
    }
    let snapshot = if request.state {
        session.snapshot()?
    } else {
        Arc::default()
    };
    let all = std::iter::once(&tree).chain(&trees);
    let configured = Configured::new(all, &sources, &snapshot);
    let installation = install::run(session, &configured, request, ui).await?;
    diagnostics.extend(installation.diagnostics);
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources,
        }));
    }
    let modules = folders
        .iter()
        .skip(1)
        .map(|folder| (folder.dir.to_string(), folder.files.len().to_string()))
        .chain(of_tests)
        .collect();
    Ok(Initialized {
        empty: folders.first().is_none_or(|root| root.files.is_empty()),
        modules,
        providers: installation.ready,
        lock: installation.lock,
        report: Report {
            diagnostics,
            sources,
        },
    })
}

/// Where the peers keep the state of a workspace.
fn peer_state(workspace: &str) -> String {
    if workspace == crate::session::DEFAULT_WORKSPACE {
        PEER_STATE.to_owned()
    } else {
        format!("{PEER_STATE}.d/{workspace}/{PEER_STATE}")
    }
}

/// A warning where a plan would start from nothing although a state of a peer is at hand: it would create everything a second time.
pub(crate) fn left_behind(session: &Session, snapshot: &Snapshot) -> Option<Diagnostic> {
    if !snapshot.lineage.is_empty() || !session.is_embedded().ok()? {
        return None;
    }
    let from = peer_state(&session.workspace().ok()?);
    if !Path::new(&from).is_file() {
        return None;
    }
    let count = backend::peer_instances(&from)?;
    (count > 0).then(|| {
        Diagnostic::warning(
            &rules::folder::STATE_LEFT_BEHIND,
            format!("{from} holds the state of {count} resource instances, and terrane has no state here yet. This plan does not know of them: it would create them a second time. To take them over, run `terrane init` and answer yes, or `terrane init -force-copy`."),
        )
    })
}
