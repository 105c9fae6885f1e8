//! `init`: checks that everything is there, and takes over the state of a peer.

use crate::failure::{Failure, Report};
use crate::load::{self, LoadedTree, Origin};
use crate::providers;
use crate::rules;
use crate::session::{STATE_DIR, Session};
use crate::state::push;
use crate::test;
use crate::ui::{Question, Ui};
use crate::variables::{self, VariableArgument};
use std::path::Path;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::SourceMap;
use terrane_model::addr::ProviderAddr;
use terrane_model::event::EventKind;
use terrane_model::snapshot::Snapshot;

/// The state file of the peers.
const PEER_STATE: &str = "terraform.tfstate";

/// What is to be done with a state file of a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Migration {
    /// Ask, if somebody can be asked; else say how.
    #[default]
    Offer,
    /// Take it over without asking.
    Force,
    /// Leave it alone.
    Never,
}

/// What became of a state file of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Migrated {
    /// There is none, or it holds nothing, or there is a state already.
    Nothing,
    /// It was taken over: how many instances.
    Taken(usize),
    /// It is there and was not taken over: how many instances.
    Left(usize),
}

/// What init found.
#[derive(Debug)]
pub struct Initialized {
    /// The folder holds no configuration.
    pub empty: bool,
    /// Modules that are called, by address and folder.
    pub modules: Vec<(String, String)>,
    /// Providers that are needed, with their versions.
    pub providers: Vec<(ProviderAddr, String)>,
    /// What became of a state file of a peer, and its name.
    pub migrated: (Migrated, String),
    /// Warnings.
    pub report: Report,
}

/// Prepares the working directory. `tests` is the folder of test files.
///
/// # Errors
/// When the configuration has errors, a provider is not there, or the state can't be taken over.
pub async fn run(
    session: &Session,
    migration: Migration,
    arguments: &[VariableArgument],
    tests: &str,
    ui: &mut dyn Ui,
) -> Result<Initialized, Failure> {
    let collected = variables::collect(&session.env, arguments, &mut SourceMap::default())?;
    let LoadedTree {
        tree,
        mut sources,
        mut diagnostics,
        folders,
    } = load::tree(session, Origin::Disk, &collected.values)?;
    let (of_tests, found) = test::validate::modules(session, tests, &mut sources).await?;
    diagnostics.extend(found);
    let (registry, found) =
        providers::load(session, &tree.requirements, &Snapshot::default()).await?;
    diagnostics.extend(found);
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources,
        }));
    }
    let migrated = migrate(session, migration, ui)?;
    let providers = tree
        .requirements
        .keys()
        .filter_map(|addr| Some((addr.clone(), registry.version(addr)?)))
        .collect();
    let modules = folders
        .iter()
        .skip(1)
        .map(|folder| (folder.dir.to_string(), folder.files.len().to_string()))
        .chain(of_tests)
        .collect();
    Ok(Initialized {
        empty: folders.first().is_none_or(|root| root.files.is_empty()),
        modules,
        providers,
        migrated,
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
    if !snapshot.lineage.is_empty() {
        return None;
    }
    let from = peer_state(&session.workspace().ok()?);
    if !Path::new(&from).is_file() {
        return None;
    }
    let count = push::read(&from).ok()?.instance_count();
    (count > 0).then(|| {
        Diagnostic::warning(
            &rules::folder::STATE_LEFT_BEHIND,
            format!("{from} holds the state of {count} resource instances, and terrane has no state here yet. This plan does not know of them: it would create them a second time. To take them over, run `terrane init` and answer yes, or `terrane init -force-copy`."),
        )
    })
}

fn migrate(
    session: &Session,
    migration: Migration,
    ui: &mut dyn Ui,
) -> Result<(Migrated, String), Failure> {
    let from = peer_state(&session.workspace()?);
    let nothing = |from| Ok((Migrated::Nothing, from));
    if migration == Migration::Never || !Path::new(&from).is_file() {
        return nothing(from);
    }
    if Path::new(STATE_DIR).exists() && !session.snapshot()?.lineage.is_empty() {
        return nothing(from);
    }
    let new = push::read(&from)?;
    let instances = new.instance_count();
    if instances == 0 && new.outputs.is_empty() {
        return nothing(from);
    }
    let wanted = match migration {
        Migration::Force => true,
        Migration::Never => false,
        Migration::Offer => {
            session.input
                && ui
                    .ask(&Question::CopyState {
                        from: from.clone(),
                        instances,
                    })
                    .is_some_and(|answer| answer == "yes")
        }
    };
    if !wanted {
        return Ok((Migrated::Left(instances), from));
    }
    let mut workspace = session.open()?;
    session.commit(&mut *workspace, vec![EventKind::Replaced(Box::new(new))])?;
    Ok((Migrated::Taken(instances), from))
}
