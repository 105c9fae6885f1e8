//! `plan -to`: what a plan that goes back to an earlier version is made of.

use crate::failure::{Failure, Report};
use crate::load::folder;
use crate::providers;
use crate::rules;
use crate::session::Session;
use crate::state::{diff, history};
use std::sync::Arc;
use terrane_config::load::ModuleFolder;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::Target;
use terrane_model::snapshot::Snapshot;
use terrane_plan::restore::{RestoreInput, Restored, configuration};

/// The way back.
#[derive(Debug)]
pub(crate) struct Back {
    /// The earlier state.
    pub(crate) then: Arc<Snapshot>,
    /// Configuration that describes it.
    pub(crate) folders: Vec<ModuleFolder>,
    /// What of that is not to be planned.
    pub(crate) gaps: Vec<Target>,
    /// What can't be brought back: warnings.
    pub(crate) diagnostics: Diagnostics,
}

impl Back {
    /// Describes an earlier version with what providers need of the present configuration.
    ///
    /// # Errors
    /// When there is no such version, a provider is not there, or something of that version can't be described.
    pub(crate) async fn prepare(
        session: &Session,
        version: &str,
        now: &Arc<Snapshot>,
    ) -> Result<Self, Failure> {
        let then = history::snapshot(session, Some(version))?;
        let both = diff::between(&then, now).providers;
        let registry = providers::for_state(session, &both).await?;
        let root = folder(".").map_err(|problem| {
            Failure::Input(Report::plain(Diagnostic::error(
                &rules::folder::UNREADABLE_CONFIGURATION,
                problem,
            )))
        })?;
        let Restored {
            folders,
            gaps,
            diagnostics,
        } = configuration(RestoreInput {
            then: &then,
            now,
            root: &root,
            providers: registry.infos(),
        });
        if diagnostics.has_errors() {
            return Err(Failure::Input(Report::plain(diagnostics)));
        }
        Ok(Self {
            then,
            folders,
            gaps,
            diagnostics,
        })
    }
}
