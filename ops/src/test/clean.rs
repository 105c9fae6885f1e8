//! Cleaning up: what the runs of a file made is destroyed, the state that was worked on last first.

use super::execute::Place;
use super::prepare::Prepared;
use super::{Leftover, TestEvent, TestUi};
use crate::failure::{Failure, Report};
use crate::interrupt::Interrupt;
use crate::rules;
use crate::session::{DEFAULT_WORKSPACE, Session};
use ecow::EcoString;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use terrane_model::addr::Mode;
use terrane_model::snapshot::Snapshot;
use terrane_plan::machine::Planned;
use terrane_store::{MemoryStore, StateStore as _};

/// A state, and the run that worked on it last.
#[derive(Debug)]
pub(super) struct Kept {
    /// Which state.
    pub(super) name: EcoString,
    /// The run.
    pub(super) run: EcoString,
    /// The state itself.
    pub(super) store: MemoryStore,
    /// The run as it was prepared; `None`: it never was, so that there is nothing in the state.
    pub(super) prepared: Option<Box<Prepared>>,
}

/// Destroys what the states hold. Whether something went wrong.
pub(super) async fn up(
    session: &Session,
    interrupt: &Arc<Interrupt>,
    path: &str,
    kept: &mut Vec<Kept>,
    ui: &mut dyn TestUi,
) -> Result<bool, Failure> {
    let mut failed = false;
    while let Some(Kept {
        name: _,
        run,
        store,
        prepared,
    }) = kept.pop()
    {
        let Some(prepared) = prepared else {
            continue;
        };
        // What the user said so far was to stop the tests, not to leave things behind.
        let own = later(interrupt);
        let place = Place {
            session,
            interrupt: own,
            store,
        };
        let snapshot = place.snapshot()?;
        if managed(&snapshot).is_empty() {
            continue;
        }
        ui.event(&TestEvent::RunTearingDown(path, &run));
        let mut diagnostics = Diagnostics::new();
        if let Err(failure) = destroy(&place, &prepared, snapshot, &mut diagnostics).await {
            diagnostics.extend(failure.into_report().diagnostics);
        }
        let after = place.snapshot()?;
        let left = managed(&after);
        let errors: Diagnostics = diagnostics
            .into_iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .collect();
        if left.is_empty() && errors.is_empty() {
            continue;
        }
        failed = true;
        let report = Report {
            diagnostics: errors,
            sources: prepared.sources.clone(),
        };
        ui.event(&TestEvent::Left(path, &run, &left, &report));
    }
    Ok(failed)
}

/// Tells what the states hold, without destroying it.
pub(super) fn list(path: &str, kept: &[Kept], ui: &mut dyn TestUi) {
    for Kept {
        run,
        store,
        prepared: _,
        name: _,
    } in kept
    {
        let Ok(snapshot) = store.read(DEFAULT_WORKSPACE) else {
            continue;
        };
        let left = managed(&snapshot);
        if !left.is_empty() {
            let nothing = Report::plain(Diagnostics::new());
            ui.event(&TestEvent::Left(path, run, &left, &nothing));
        }
    }
}

/// Interrupts from now on.
fn later(interrupt: &Arc<Interrupt>) -> Arc<Interrupt> {
    let own = Arc::new(Interrupt::default());
    let (outer, inner) = (interrupt.clone(), Arc::downgrade(&own));
    let mut seen = outer.count();
    tokio::spawn(async move {
        loop {
            outer.beyond(seen).await;
            seen += 1;
            match inner.upgrade() {
                Some(inner) => inner.raise(),
                None => return,
            }
        }
    });
    own
}

async fn destroy(
    place: &Place<'_>,
    prepared: &Prepared,
    snapshot: Arc<Snapshot>,
    diagnostics: &mut Diagnostics,
) -> Result<(), Failure> {
    let Planned {
        plan,
        diagnostics: found,
        generated: _,
    } = place.plan(prepared, snapshot, true).await?;
    diagnostics.extend(found);
    let Some(plan) = plan.filter(|_| !diagnostics.has_errors()) else {
        if !diagnostics.has_errors() {
            diagnostics.push(Diagnostic::error(
                &rules::test::NOT_CLEANED,
                "What the test made could not be destroyed.",
            ));
        }
        return Ok(());
    };
    let (applied, _) = place.apply(prepared, plan).await?;
    diagnostics.extend(applied.diagnostics);
    Ok(())
}

/// The managed objects of a state.
fn managed(snapshot: &Snapshot) -> Vec<Leftover> {
    let mut found = Vec::new();
    for (addr, _, instance) in snapshot.instances() {
        if addr.resource.mode != Mode::Managed {
            continue;
        }
        if instance.current.is_some() {
            found.push(Leftover {
                instance: addr.to_string(),
                deposed: None,
            });
        }
        found.extend(instance.deposed.keys().map(|key| Leftover {
            instance: addr.to_string(),
            deposed: Some(key.to_string()),
        }));
    }
    found
}
