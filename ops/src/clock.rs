//! The present time. The engine reads no clock; it is told.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use terrane_store::clock::{Clock as _, SystemClock};

pub use terrane_store::clock::rfc3339;

/// Milliseconds since 1970 UTC; 0 if the clock is set before that.
#[must_use]
pub fn now_ms() -> u64 {
    SystemClock.now_ms()
}

/// A moment as RFC 3339 in UTC with microseconds, as the machine-readable output stamps its lines.
#[must_use]
pub fn rfc3339_micros() -> String {
    let passed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let text = rfc3339(passed.as_secs().saturating_mul(1000));
    let date = text.trim_end_matches('Z');
    format!("{date}.{:06}Z", passed.subsec_micros())
}

/// A time as people read it: `3s`, `1m20s`, `2h0m5s`.
#[must_use]
pub fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}
