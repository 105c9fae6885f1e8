//! Drives the planning machine.

use super::{Message, Pool, wait};
use crate::clock::now_ms;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::ui::Ui;
use terrane_lang::diagnostic::Diagnostics;
use terrane_model::event::EventKind;
use terrane_model::provider::{CallFailure, Reply};
use terrane_plan::machine::{
    Planned, Planner, Progress, Recovery, Request, RequestId, Survey, Surveyed, Takeover,
};

/// What planning and taking over have in common for whoever drives them.
trait Asking {
    fn poll(&mut self) -> Vec<Request>;
    fn on(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>);
    fn progress(&mut self) -> Vec<Progress>;
    fn cancel(&mut self);
    fn forget(&mut self, id: RequestId);
    fn tell_time(&mut self, _now_ms: u64) {}
    fn wake_at(&self) -> Option<u64> {
        None
    }
}

/// Makes a machine one that is driven. Behind `;`: what it has beyond the others.
macro_rules! asking {
    ($machine:ty $(; $more:item)*) => {
        impl Asking for $machine {
            fn poll(&mut self) -> Vec<Request> {
                Self::poll(self)
            }

            fn on(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>) {
                Self::on(self, id, outcome);
            }

            fn progress(&mut self) -> Vec<Progress> {
                Self::progress(self)
            }

            fn cancel(&mut self) {
                Self::cancel(self);
            }

            fn forget(&mut self, id: RequestId) {
                Self::forget(self, id);
            }

            $($more)*
        }
    };
}

asking!(
    Planner;
    fn tell_time(&mut self, now_ms: u64) {
        Self::tell_time(self, now_ms);
    };
    fn wake_at(&self) -> Option<u64> {
        Self::wake_at(self)
    }
);
asking!(Takeover);
asking!(Survey);
asking!(Recovery);

/// Plans.
///
/// # Errors
/// When the user interrupts a second time.
pub(crate) async fn drive_plan(
    mut planner: Planner,
    pool: &mut Pool,
    interrupt: &Interrupt,
    ui: &mut dyn Ui,
) -> Result<Planned, Failure> {
    converse(&mut planner, pool, interrupt, ui).await?;
    Ok(planner.finish())
}

/// Looks how all objects are.
///
/// # Errors
/// When the user interrupts a second time.
pub(crate) async fn drive_survey(
    mut survey: Survey,
    pool: &mut Pool,
    interrupt: &Interrupt,
    ui: &mut dyn Ui,
) -> Result<Surveyed, Failure> {
    converse(&mut survey, pool, interrupt, ui).await?;
    Ok(survey.finish())
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
    converse(&mut takeover, pool, interrupt, ui).await?;
    Ok(takeover.finish())
}

/// Runs a machine to its end.
async fn converse(
    machine: &mut impl Asking,
    pool: &mut Pool,
    interrupt: &Interrupt,
    ui: &mut dyn Ui,
) -> Result<(), Failure> {
    let mut seen = 0;
    loop {
        while interrupt.count() > seen {
            seen += 1;
            if seen > 1 {
                let left = pool.left_behind();
                return Err(Failure::Interrupted(format!("{left}Nothing was changed.")));
            }
            ui.note(&format!(
                "Interrupt received: waiting for what is in flight{}. Interrupt again to stop at once.",
                pool.awaited()
            ));
            machine.cancel();
            pool.give_up();
            pool.stop().await;
        }
        machine.tell_time(now_ms());
        for request in machine.poll() {
            submit(pool, request);
        }
        for progress in machine.progress() {
            ui.planning(&progress);
        }
        let mut moved = false;
        for (id, outcome) in pool.dispatch().await {
            machine.tell_time(now_ms());
            machine.on(id, outcome);
            moved = true;
        }
        while let Some(message) = pool.ready() {
            answer(machine, message);
            moved = true;
        }
        if moved {
            continue;
        }
        if pool.is_idle() {
            break;
        }
        if let Some(message) = wait(pool, interrupt, seen, machine.wake_at(), ui).await {
            answer(machine, message);
        }
    }
    for progress in machine.progress() {
        ui.planning(&progress);
    }
    Ok(())
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

fn answer(machine: &mut impl Asking, message: Message) {
    match message {
        Message::Reply { id, outcome, .. } => {
            machine.tell_time(now_ms());
            machine.on(id, outcome);
        }
        Message::GivenUp(id) => machine.forget(id),
        // There are no provisioners here, and the pool keeps the others to itself.
        Message::Output(..) | Message::Provisioned(..) | Message::Refused(_) | Message::Many(_) => {
        }
    }
}

/// Settles open intents.
///
/// # Errors
/// When the user interrupts a second time.
pub(crate) async fn drive_recovery(
    mut recovery: Recovery,
    pool: &mut Pool,
    interrupt: &Interrupt,
    ui: &mut dyn Ui,
) -> Result<(Vec<EventKind>, Diagnostics), Failure> {
    converse(&mut recovery, pool, interrupt, ui).await?;
    Ok(recovery.finish())
}
