//! The time of the service.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The time of the service, by the last answer that told it: dates of objects are compared with this one, not with that of this machine.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerClock(Arc<Mutex<Option<(i64, Instant)>>>);

impl ServerClock {
    /// An answer has this `Date` header.
    pub(super) fn set(&self, date: &str) {
        let Ok(date) = jiff::fmt::rfc2822::parse(date) else {
            return;
        };
        let now = Some((date.timestamp().as_second(), Instant::now()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Seconds since 1970; `None`: the service did not say.
    pub(super) fn now_s(&self) -> Option<i64> {
        let (date, at) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        date.checked_add(i64::try_from(at.elapsed().as_secs()).ok()?)
    }
}
