//! `drift`: how what exists differs from what the state knows. The state is never written.
//!
//! [`detect`] looks once: it reads every object, many at a time where providers can, and gives a [`report::Report`], in which is told what is new since
//! the last time ([`kept`]). [`watch`] does so on a schedule, [`notify`] tells others, [`adopt`] edits the configuration so that it says what is.

pub mod adopt;
pub mod kept;
pub mod notify;
mod providers;
pub mod report;
pub mod watch;

#[cfg(test)]
mod tests;

pub use crate::drive::Budget;
pub use terrane_plan::drift::{Class, Difference, Drifted};
pub use terrane_plan::machine::Listed;

use crate::clock::now_ms;
use crate::drive::{Pool, drive_survey};
use crate::failure::{self, Failure};
use crate::files::functions_for_plan;
use crate::interrupt::Interrupt;
use crate::load::Loaded;
use crate::rules;
use crate::selection::selected;
use crate::session::Session;
use crate::ui::Ui;
use crate::variables::VariableArgument;
use report::Report;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_plan::machine::{PlanInput, PlanOptions, Survey, Surveyed, unknown_targets};

/// What the user wants to know.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `-var` and `-var-file`, in order: provider configurations may depend on them.
    pub variables: Vec<VariableArgument>,
    /// `-target`
    pub targets: Vec<String>,
    /// `-exclude`
    pub excludes: Vec<String>,
    /// `-provider-config`: a file with `provider` blocks, in place of the configuration.
    pub provider_config: Option<String>,
    /// What is listed to find objects that the state does not know.
    pub list: Listed,
    /// How many calls may be made.
    pub budget: Option<Arc<Budget>>,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// The report.
    pub report: Report,
    /// What it was made of.
    pub drifted: Vec<Drifted>,
    /// The configuration of the providers.
    pub loaded: Loaded,
    /// Whether that is the one of the folder, with its resources.
    pub is_configured: bool,
    /// Messages.
    pub messages: failure::Report,
}

/// Looks.
///
/// # Errors
/// When providers can't be configured, or the user interrupts twice. What can't be read is among the messages, and the report says that it is not complete.
pub async fn detect(
    session: &Session,
    request: &Request,
    interrupt: &Arc<Interrupt>,
    ui: &mut dyn Ui,
) -> Result<Found, Failure> {
    let started_ms = now_ms();
    let mut wrong = Diagnostics::new();
    let (targets, excludes) = selected(&request.targets, &request.excludes, &mut wrong);
    if wrong.has_errors() {
        return Err(Failure::Input(failure::Report::plain(wrong)));
    }
    let stored = session.snapshot()?;
    for target in unknown_targets(&targets, &stored) {
        wrong.push(Diagnostic::error(
            &rules::drift::UNKNOWN_TARGET,
            format!("Nothing in the state is called {target}, so it says nothing about drift. `terrane state list` shows what there is."),
        ));
    }
    if wrong.has_errors() {
        return Err(Failure::Input(failure::Report::plain(wrong)));
    }
    let providers::Prepared {
        loaded,
        snapshot,
        variables,
        is_configured,
    } = providers::prepare(session, request, &stored).await?;
    let survey = Survey::new(
        PlanInput {
            config: loaded.config.clone(),
            snapshot,
            providers: loaded.registry.infos().clone(),
            variables,
            functions: functions_for_plan(started_ms).with_providers(loaded.registry.functions()),
            options: PlanOptions {
                refresh: true,
                targets,
                excludes,
                workspace: session.workspace()?.into(),
                cwd: session.cwd.as_str().into(),
                now_ms: started_ms,
                ..PlanOptions::default()
            },
        },
        request.list.clone(),
    );
    let mut pool = Pool::new(
        loaded.config.clone(),
        loaded.registry.clone(),
        interrupt.clone(),
        session.places,
    )
    .with_budget(request.budget.clone());
    let mut surveyed = drive_survey(survey, &mut pool, interrupt, ui).await?;
    let mut diagnostics = std::mem::take(&mut surveyed.diagnostics);
    diagnostics.extend(incomplete(&surveyed, &diagnostics));
    let mut report = Report::new(&surveyed, &stored, &session.workspace()?);
    report.complete &= !diagnostics.has_errors();
    report.calls = pool.calls();
    report.started_at = crate::clock::rfc3339(started_ms);
    report.finished_at = crate::clock::rfc3339(now_ms());
    let messages = failure::Report {
        diagnostics,
        sources: loaded.sources.clone(),
    };
    Ok(Found {
        report,
        drifted: surveyed.drifted,
        loaded,
        is_configured,
        messages,
    })
}

/// What could not be read is never passed over in silence.
fn incomplete(surveyed: &Surveyed, said: &Diagnostics) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if surveyed.unread.is_empty() || said.has_errors() {
        return diagnostics;
    }
    let shown: Vec<String> = surveyed
        .unread
        .iter()
        .take(20)
        .map(ToString::to_string)
        .collect();
    let more = surveyed.unread.len() - shown.len();
    let more = if more == 0 {
        String::new()
    } else {
        format!("\n  and {more} more")
    };
    diagnostics.push(Diagnostic::error(
        &rules::drift::NOT_READ,
        format!(
            "The provider configurations of these objects could not be used, for they depend on values that are not known, or are not there:\n  {}{more}",
            shown.join("\n  ")
        ),
    ));
    diagnostics
}
