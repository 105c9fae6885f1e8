//! Looking again and again: on a schedule, each time a random while later, so that not everybody asks the cloud at full hours.

use crate::clock::now_ms;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::rules;
use async_trait::async_trait;
use std::time::Duration;
use terrane_gate::gates::calendar::{Calendar, CalendarError};

/// The longest single wait. Clocks can be set, and machines sleep.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// When it is looked.
#[derive(Clone, Debug)]
pub struct Schedule {
    times: Calendar,
    /// How much later it may be, in milliseconds.
    pub jitter_ms: u64,
    /// It is looked at once, too, before the first of these moments.
    pub at_once: bool,
}

impl Schedule {
    /// Five fields as in crontab, by the clocks of a place.
    ///
    /// # Errors
    /// When they make no sense.
    pub fn new(cron: &str, timezone: &str, jitter_ms: u64) -> Result<Self, Failure> {
        let wrong = |problem: String| Failure::input(&rules::drift::INVALID_SCHEDULE, problem);
        let times = Calendar::new(cron, timezone).map_err(|error| match error {
            CalendarError::Cron(problem) => wrong(format!(
                "{cron:?}: {problem}. The fields are minute, hour, day of month, month and day of week, as in '15 */4 * * *' for every four hours, a quarter past."
            )),
            CalendarError::Timezone => wrong(format!(
                "{timezone:?} is no time zone. They have names such as Europe/Berlin or UTC."
            )),
        })?;
        Ok(Self {
            times,
            jitter_ms,
            at_once: false,
        })
    }

    /// The next moment behind this one. `None`: there is none.
    #[must_use]
    pub fn next_ms(&self, after_ms: u64) -> Option<u64> {
        self.times.next_ms(after_ms)
    }
}

/// Time, as a schedule needs it.
#[async_trait]
pub trait Time: Send + Sync {
    /// Milliseconds since 1970 UTC.
    fn now_ms(&self) -> u64;

    /// Waits until then.
    async fn until(&self, at_ms: u64);
}

/// The time of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealTime;

#[async_trait]
impl Time for RealTime {
    fn now_ms(&self) -> u64 {
        now_ms()
    }

    async fn until(&self, at_ms: u64) {
        loop {
            let left = Duration::from_millis(at_ms.saturating_sub(now_ms()));
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LONGEST_WAIT)).await;
        }
    }
}

/// Looks whenever it is time, until the user interrupts; an interrupt while it waits ends it at once, one while it looks when that is done. What is due while
/// it looks is left out. `chance` gives a number up to the one that it gets. `look` is told for when it was planned.
///
/// # Errors
/// What `look` says.
pub async fn watch(
    schedule: &Schedule,
    time: &dyn Time,
    interrupt: &Interrupt,
    mut chance: impl FnMut(u64) -> u64,
    mut look: impl AsyncFnMut(u64) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if schedule.at_once && interrupt.count() == 0 {
        look(time.now_ms()).await?;
    }
    while interrupt.count() == 0 {
        let Some(due_ms) = schedule.next_ms(time.now_ms()) else {
            return Ok(());
        };
        let at_ms = due_ms + chance(schedule.jitter_ms);
        tokio::select! {
            () = time.until(at_ms) => {}
            () = interrupt.beyond(0) => return Ok(()),
        }
        look(due_ms).await?;
    }
    Ok(())
}

/// A random number up to this one.
#[must_use]
pub fn by_chance(most: u64) -> u64 {
    rand::random_range(0..=most)
}

#[cfg(test)]
mod tests {
    use super::{Schedule, Time, watch};
    use crate::clock::rfc3339;
    use crate::interrupt::Interrupt;
    use async_trait::async_trait;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn ms(text: &str) -> u64 {
        let at: jiff::Timestamp = text.parse().unwrap();
        u64::try_from(at.as_millisecond()).unwrap()
    }

    #[test]
    fn moments_of_a_schedule() {
        for (cron, zone, after, expected) in [
            (
                "*/15 * * * *",
                "UTC",
                "2026-01-01T00:00:00Z",
                "2026-01-01T00:15:00Z",
            ),
            (
                "*/15 * * * *",
                "UTC",
                "2026-01-01T00:14:59.999Z",
                "2026-01-01T00:15:00Z",
            ),
            (
                "0 8 * * MON",
                "UTC",
                "2026-01-01T00:00:00Z",
                "2026-01-05T08:00:00Z",
            ),
            (
                "0 8 * * *",
                "Europe/Vienna",
                "2026-01-01T00:00:00Z",
                "2026-01-01T07:00:00Z",
            ),
            (
                "0 8 * * *",
                "Europe/Vienna",
                "2026-07-01T00:00:00Z",
                "2026-07-01T06:00:00Z",
            ),
            // There is no half past two in that night: half past three.
            (
                "30 2 * * *",
                "Europe/Vienna",
                "2026-03-29T00:00:00Z",
                "2026-03-29T01:30:00Z",
            ),
            // It is half past two twice: only once is enough.
            (
                "30 2 * * *",
                "Europe/Vienna",
                "2026-10-25T00:00:00Z",
                "2026-10-25T00:30:00Z",
            ),
        ] {
            let schedule = Schedule::new(cron, zone, 0).unwrap();
            let next = schedule.next_ms(ms(after)).unwrap();
            assert_eq!(
                next,
                ms(expected),
                "{cron} {zone} {after}: {}",
                rfc3339(next)
            );
        }
        for (cron, zone) in [
            ("every day", "UTC"),
            ("* * * *", "UTC"),
            ("61 * * * *", "UTC"),
            ("* * * * * Europe/Vienna", "UTC"),
            ("* * * * *", "Nowhere"),
        ] {
            assert!(Schedule::new(cron, zone, 0).is_err(), "{cron}");
        }
    }

    /// Time that passes only where somebody waits.
    struct Still(AtomicU64);

    #[async_trait]
    impl Time for Still {
        fn now_ms(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }

        async fn until(&self, at_ms: u64) {
            self.0.fetch_max(at_ms, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn it_looks_when_it_is_time() {
        let mut schedule = Schedule::new("0 * * * *", "UTC", 60_000).unwrap();
        schedule.at_once = true;
        let time = Still(AtomicU64::new(ms("2026-01-01T00:30:00Z")));
        let interrupt = Interrupt::default();
        let mut looked = Vec::new();
        let look = async |due_ms: u64| {
            looked.push(format!("{} {}", rfc3339(due_ms), rfc3339(time.now_ms())));
            match looked.len() {
                // It takes two hours and a half: what was due meanwhile is left out.
                2 => time.until(time.now_ms() + 9_000_000).await,
                4 => interrupt.raise(),
                _ => {}
            }
            Ok(())
        };
        watch(&schedule, &time, &interrupt, |most| most / 2, look)
            .await
            .unwrap();
        assert_eq!(
            looked,
            [
                "2026-01-01T00:30:00Z 2026-01-01T00:30:00Z",
                "2026-01-01T01:00:00Z 2026-01-01T01:00:30Z",
                "2026-01-01T04:00:00Z 2026-01-01T04:00:30Z",
                "2026-01-01T05:00:00Z 2026-01-01T05:00:30Z",
            ]
        );
    }

    /// Who waits does not wait on.
    #[tokio::test]
    async fn an_interrupt_ends_the_wait() {
        struct Never;
        #[async_trait]
        impl Time for Never {
            fn now_ms(&self) -> u64 {
                0
            }
            async fn until(&self, _: u64) {
                std::future::pending::<()>().await;
            }
        }
        let schedule = Schedule::new("0 * * * *", "UTC", 0).unwrap();
        let interrupt = Interrupt::default();
        let watching = watch(
            &schedule,
            &Never,
            &interrupt,
            |_| 0,
            async |_| panic!("looked"),
        );
        let raise = async {
            tokio::task::yield_now().await;
            interrupt.raise();
        };
        let (ended, ()) = tokio::join!(watching, raise);
        ended.unwrap();
    }
}
