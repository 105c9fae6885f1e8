//! Drives the planning machine.

use super::{Message, Pool, wait};
use crate::clock::now_ms;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::ui::Ui;
use terrane_lang::diagnostic::Diagnostics;
use terrane_model::event::EventKind;
use terrane_plan::machine::{Planned, Planner, Recovery, Request, Takeover};

/// Runs the machine to its end.
///
/// # Errors
/// When the user interrupts a second time.
pub(crate) async fn drive_plan(
    mut planner: Planner,
    pool: &mut Pool,
    interrupt: &Interrupt,
    ui: &mut dyn Ui,
) -> Result<Planned, Failure> {
    let mut seen = 0;
    loop {
        while interrupt.count() > seen {
            seen += 1;
            if seen > 1 {
                return Err(Failure::Interrupted);
            }
            ui.note("Interrupt received: waiting for what is in flight. Interrupt again to stop at once.");
            planner.cancel();
            pool.stop().await;
        }
        planner.tell_time(now_ms());
        for request in planner.poll() {
            submit(pool, request);
        }
        for progress in planner.progress() {
            ui.planning(&progress);
        }
        let mut moved = false;
        for (id, outcome) in pool.dispatch().await {
            planner.tell_time(now_ms());
            planner.on(id, outcome);
            moved = true;
        }
        while let Some(message) = pool.ready() {
            answer(&mut planner, message);
            moved = true;
        }
        if moved {
            continue;
        }
        if pool.is_idle() {
            break;
        }
        if let Some(message) = wait(pool, interrupt, seen, planner.wake_at(), ui).await {
            answer(&mut planner, message);
        }
    }
    for progress in planner.progress() {
        ui.planning(&progress);
    }
    Ok(planner.finish())
}

fn submit(pool: &mut Pool, request: Request) {
    let Request {
        id,
        provider,
        about,
        call,
    } = request;
    pool.submit(id, provider, about.as_ref(), call);
}

fn answer(planner: &mut Planner, message: Message) {
    if let Message::Reply { id, outcome, .. } = message {
        planner.tell_time(now_ms());
        planner.on(id, outcome);
    }
}

/// Settles open intents.
pub(crate) async fn drive_recovery(
    mut recovery: Recovery,
    pool: &mut Pool,
) -> (Vec<EventKind>, Diagnostics) {
    loop {
        for request in recovery.poll() {
            submit(pool, request);
        }
        let mut moved = false;
        for (id, outcome) in pool.dispatch().await {
            recovery.on(id, outcome);
            moved = true;
        }
        if moved {
            continue;
        }
        if pool.is_idle() {
            return recovery.finish();
        }
        if let Some(Message::Reply { id, outcome, .. }) = pool.next().await {
            recovery.on(id, outcome);
        }
    }
}

/// Takes over one object.
///
/// # Errors
/// When the user interrupts a second time.
pub(crate) async fn drive_takeover(
    mut takeover: Takeover,
    pool: &mut Pool,
    interrupt: &Interrupt,
    ui: &mut dyn Ui,
) -> Result<(Vec<EventKind>, Diagnostics), Failure> {
    let mut seen = 0;
    loop {
        while interrupt.count() > seen {
            seen += 1;
            if seen > 1 {
                return Err(Failure::Interrupted);
            }
            ui.note("Interrupt received: waiting for what is in flight. Interrupt again to stop at once.");
            takeover.cancel();
            pool.stop().await;
        }
        for request in takeover.poll() {
            submit(pool, request);
        }
        for progress in takeover.progress() {
            ui.planning(&progress);
        }
        let mut moved = false;
        for (id, outcome) in pool.dispatch().await {
            takeover.on(id, outcome);
            moved = true;
        }
        while let Some(message) = pool.ready() {
            if let Message::Reply { id, outcome, .. } = message {
                takeover.on(id, outcome);
            }
            moved = true;
        }
        if moved {
            continue;
        }
        if pool.is_idle() {
            return Ok(takeover.finish());
        }
        if let Some(Message::Reply { id, outcome, .. }) =
            wait(pool, interrupt, seen, None, ui).await
        {
            takeover.on(id, outcome);
        }
    }
}
