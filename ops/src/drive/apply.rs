//! Drives the applying machine.

use super::{Message, Pool, wait};
use crate::clock::now_ms;
use crate::failure::{Failure, store_way_out};
use crate::interrupt::Interrupt;
use crate::ui::Ui;
use std::collections::BTreeMap;
use std::time::Instant;
use terrane_apply::{Applied, Applier, ApplyRequest, Unsaved};
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::CheckResult;
use terrane_model::with_causes;
use terrane_store::Workspace;

/// Runs the machine to its end, making events durable in `workspace`.
///
/// # Errors
/// When the user interrupts a second time. What is durable by then stays.
pub(crate) async fn drive_apply(
    mut applier: Applier,
    pool: &mut Pool,
    workspace: &mut dyn Workspace,
    interrupt: &Interrupt,
    ui: &mut dyn Ui,
) -> Result<Applied, Failure> {
    let checks = workspace.snapshot().checks.clone();
    let mut seen = 0;
    loop {
        while interrupt.count() > seen {
            seen += 1;
            if seen > 1 {
                return Err(Failure::Interrupted(format!(
                    "{}The state records what was begun: the next command tells what may exist.",
                    pool.left_behind()
                )));
            }
            ui.note(&format!(
                "Interrupt received: waiting for what is in flight{}. Interrupt again to stop at once; then that is left behind.",
                pool.awaited()
            ));
            applier.cancel();
            pool.stop().await;
        }
        let persisted = take(&mut applier, pool, workspace, &checks);
        for progress in applier.progress() {
            ui.applying(&progress);
        }
        let mut moved = persisted;
        for (id, outcome) in pool.dispatch().await {
            applier.on_reply(id, outcome, now_ms());
            moved = true;
        }
        while let Some(message) = pool.ready() {
            answer(&mut applier, message, ui);
            moved = true;
        }
        if moved {
            continue;
        }
        if pool.is_idle() {
            break;
        }
        if let Some(message) = wait(pool, interrupt, seen, applier.wake_at(), ui).await {
            answer(&mut applier, message, ui);
        }
    }
    for progress in applier.progress() {
        ui.applying(&progress);
    }
    Ok(applier.finish())
}

/// Takes what the machine wants now: hands calls to the pool and makes all events durable in one commit. Returns whether there was such.
///
/// `checks`: the results of checks in the state when it began.
fn take(
    applier: &mut Applier,
    pool: &mut Pool,
    workspace: &mut dyn Workspace,
    checks: &[CheckResult],
) -> bool {
    let mut batch = Vec::new();
    let mut waiting = Vec::new();
    for request in applier.poll(now_ms()) {
        match request {
            ApplyRequest::Persist(id, events) => {
                batch.extend(events);
                waiting.push(id);
            }
            ApplyRequest::Call(id, provider, about, call) => {
                pool.submit(id, provider, about.as_ref(), call);
            }
            ApplyRequest::Provision(id, provision) => pool.submit_provision(id, provision),
        }
    }
    if waiting.is_empty() {
        return false;
    }
    let outcome = if batch.is_empty() {
        Ok(())
    } else {
        if !workspace.lease().claim.is_whole() {
            merge_checks(&mut batch, workspace, checks);
        }
        let (events, began) = (batch.len(), Instant::now());
        let outcome = workspace.commit(batch).map_err(|error| Unsaved {
            way_out: store_way_out(&error),
            problem: with_causes(&error),
        });
        let took_us = began.elapsed().as_micros();
        tracing::debug!(events, took_us, ok = outcome.is_ok(), "events made durable");
        outcome
    };
    for id in waiting {
        applier.on_persisted(id, outcome.clone());
    }
    true
}

/// Results of checks are of the whole configuration. Others may have recorded theirs meanwhile: what this run found to be as before is taken from them.
fn merge_checks(batch: &mut [Event], workspace: &mut dyn Workspace, before: &[CheckResult]) {
    for event in batch {
        let EventKind::Checked(mine) = &mut event.kind else {
            continue;
        };
        // If they can't be read, the commit will fail, too.
        if let Ok(now) = workspace.refresh() {
            *mine = merged(before, mine, &now.checks);
        }
    }
}

/// Both changes of the same list of results. `mine` counts where both differ from `before`.
fn merged(
    before: &[CheckResult],
    mine: &[CheckResult],
    theirs: &[CheckResult],
) -> Vec<CheckResult> {
    let by_name = |list: &[CheckResult]| -> BTreeMap<_, CheckResult> {
        let named = |result: &CheckResult| {
            let name = (result.kind, result.config_addr.clone());
            (name, result.clone())
        };
        list.iter().map(named).collect()
    };
    let (before, mine, mut merged) = (by_name(before), by_name(mine), by_name(theirs));
    merged.retain(|name, _| mine.contains_key(name) || !before.contains_key(name));
    for (name, result) in mine {
        if before.get(&name) != Some(&result) || !merged.contains_key(&name) {
            merged.insert(name, result);
        }
    }
    merged.into_values().collect()
}

fn answer(applier: &mut Applier, message: Message, ui: &mut dyn Ui) {
    match message {
        Message::Reply { id, outcome, .. } => applier.on_reply(id, outcome, now_ms()),
        Message::Output(addr, provisioner, line) => {
            // What was begun before the line is said before it.
            for progress in applier.progress() {
                ui.applying(&progress);
            }
            ui.provisioner_output(&addr, &provisioner, &line);
        }
        Message::Provisioned(id, outcome) => applier.on_provisioned(id, outcome),
        Message::GivenUp(_) | Message::Refused(_) | Message::Many(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::merged;
    use terrane_model::snapshot::{CheckKind, CheckResult, CheckStatus};

    /// `a+ b-`: the check a passes, b fails.
    fn list(text: &str) -> Vec<CheckResult> {
        text.split_whitespace()
            .map(|word| CheckResult {
                kind: CheckKind::Check,
                config_addr: word.trim_end_matches(['+', '-']).into(),
                status: if word.ends_with('+') {
                    CheckStatus::Pass
                } else {
                    CheckStatus::Fail
                },
                objects: Vec::new(),
            })
            .collect()
    }

    #[test]
    fn results_of_two_runs_are_joined() {
        for (before, mine, theirs, expect) in [
            ("", "a+", "", "a+"),
            ("a+", "a-", "a+", "a-"),
            ("a+ b+", "a- b+", "a+ b-", "a- b-"),
            ("a+", "a-", "a+ c-", "a- c-"),
            ("a+ b+", "a+", "a+ b+", "a+"),
            ("a+ b+", "a+ b+", "a+", "a+ b+"),
            ("a+", "a-", "a+ a-", "a-"),
        ] {
            let found = merged(&list(before), &list(mine), &list(theirs));
            assert_eq!(found, list(expect), "{before}, {mine}, {theirs}");
        }
    }
}
