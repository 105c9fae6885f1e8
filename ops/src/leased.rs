//! What `apply` does before it asks: a plan, and a lease on what it reads and writes.
//!
//! Planning needs no lease, only a state that was true. Then the lease is taken, which may mean waiting; then it is looked whether the plan still fits. Where others
//! have changed what it reads or writes, everything is planned once more, this time with a lease on the whole state, so that this comes to an end.
//! Stores that only lease whole states are leased first, as the peers do it.

use crate::failure::{Failure, Report};
use crate::interrupt::Interrupt;
use crate::lease::claim_of_intents;
use crate::plan::{Made, PlanRequest, make, recover};
use crate::session::{OpenWorkspace, Session};
use crate::ui::Ui;
use std::sync::Arc;
use terrane_apply::stale;
use terrane_lang::diagnostic::Diagnostics;
use terrane_model::snapshot::Snapshot;
use terrane_store::lease::{Claim, Leasing};

/// A plan and the workspace, leased for it.
#[derive(Debug)]
pub struct Leased {
    /// The plan.
    pub made: Made,
    /// The workspace; `None` if the plan has errors, so that there is nothing to apply.
    pub workspace: Option<OpenWorkspace>,
}

/// The state to plan from, with what a cut off run left open settled first, as far as it can be. With it come the messages about that.
///
/// # Errors
/// When the state can't be read, or what was found out can't be recorded.
pub async fn settled(
    session: &Session,
    request: &PlanRequest,
    interrupt: &Arc<Interrupt>,
    ui: &mut dyn Ui,
) -> Result<(Arc<Snapshot>, Report), Failure> {
    let snapshot = session.without_others(session.snapshot()?)?;
    if snapshot.open.is_empty() {
        return Ok((snapshot, Report::plain(Diagnostics::new())));
    }
    let claim = claim_of_intents(&snapshot);
    let mut workspace = session.acquire(claim, Some(interrupt))?;
    let report = recover(session, request, &mut *workspace, interrupt, ui).await?;
    let snapshot = session.without_others(workspace.snapshot())?;
    Ok((snapshot, report))
}

/// Makes a plan and takes the lease that applying it needs.
///
/// # Errors
/// When the input has errors and there is nothing to show; when the lease can't be had; when the user interrupts.
pub async fn plan_and_lease(
    session: &Session,
    request: &PlanRequest,
    interrupt: &Arc<Interrupt>,
    ui: &mut dyn Ui,
) -> Result<Leased, Failure> {
    if session.lock && session.store()?.leasing() == Leasing::Parts {
        let (snapshot, report) = settled(session, request, interrupt, ui).await?;
        ui.report(&report);
        let made = make(session, request, snapshot, interrupt, ui).await?;
        if made.plan.errored {
            return Ok(Leased {
                made,
                workspace: None,
            });
        }
        let workspace = session.acquire(made.plan.claim.clone(), Some(interrupt))?;
        if !stale(&made.plan, &workspace.snapshot()).has_errors() {
            return Ok(Leased {
                made,
                workspace: Some(workspace),
            });
        }
        drop(workspace);
        ui.note("The state was changed by somebody else meanwhile, in what this plan reads or changes. Planning again.");
    }
    let mut workspace = session.acquire(Claim::whole(), Some(interrupt))?;
    let report = recover(session, request, &mut *workspace, interrupt, ui).await?;
    ui.report(&report);
    let made = make(session, request, workspace.snapshot(), interrupt, ui).await?;
    Ok(Leased {
        made,
        workspace: Some(workspace),
    })
}
