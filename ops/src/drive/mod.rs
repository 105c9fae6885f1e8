//! The drivers of the two machines: they carry out what the machines ask for and bring back what came of it.
//!
//! One loop owns the machine. Calls that never wait are made in the loop; others run as tasks, within limits, and answer through one
//! channel. The loop blocks while a batch of events is made durable: answers pile up meanwhile, so that the next batch is larger.

mod ask;
mod budget;
mod flying;
mod limit;
mod plan;
mod pool;
mod queue;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) mod bulk;

mod apply;

pub(crate) use apply::drive_apply;
pub(crate) use ask::ask_all;
pub use budget::Budget;
pub(crate) use plan::{drive_plan, drive_recovery, drive_survey, drive_takeover};
pub(crate) use pool::{Message, Pool, StandIn};

use crate::clock::now_ms;
use crate::interrupt::Interrupt;
use crate::ui::Ui;
use std::time::Duration;

/// How long a wait may last before the user hears of it again.
const TICK: Duration = Duration::from_millis(250);

/// Waits for the next message, telling the user from time to time that the wait goes on. `None`: an interrupt came, or it is `wake_at`
/// (milliseconds since 1970).
async fn wait(
    pool: &mut Pool,
    interrupt: &Interrupt,
    seen: u32,
    wake_at: Option<u64>,
    ui: &mut dyn Ui,
) -> Option<Message> {
    loop {
        ui.waiting(pool.in_flight(), pool.queued());
        for text in pool.long() {
            ui.still(&text);
        }
        let left = wake_at.map(|at| Duration::from_millis(at.saturating_sub(now_ms())));
        if left == Some(Duration::ZERO) {
            return None;
        }
        tokio::select! {
            message = pool.next() => return message,
            () = interrupt.beyond(seen) => return None,
            () = tokio::time::sleep(left.map_or(TICK, |left| left.min(TICK))) => {}
        }
    }
}
