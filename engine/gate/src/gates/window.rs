//! Change windows: from a moment of a calendar on, for a while, by the clocks of a place.
//!
//! Everything is counted as the clock on the wall shows it: a window from 22:00 for eight hours ends at 06:00, also in the night in which clocks are
//! changed.

use super::calendar::{Calendar, CalendarError};
use ecow::EcoString;
use std::fmt;
use terrane_model::span;

/// A longer window is none.
const LONGEST_MS: u64 = 366 * 24 * 3_600_000;

/// A change window.
#[derive(Clone)]
pub struct Window {
    /// When it opens: five fields, as crontab has them.
    pub cron: EcoString,
    /// How long it is open, in milliseconds.
    pub duration_ms: u64,
    /// The name of its time zone.
    pub timezone: EcoString,
    opens: Calendar,
}

/// What is wrong with a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WindowError {
    /// When it opens.
    Calendar(CalendarError),
    /// It is never open, or always.
    Duration,
}

impl Window {
    /// A window.
    ///
    /// # Errors
    /// When one of its parts is not what it should be.
    pub fn new(cron: &str, duration_ms: u64, timezone: &str) -> Result<Self, WindowError> {
        let opens = Calendar::new(cron, timezone).map_err(WindowError::Calendar)?;
        if duration_ms == 0 || duration_ms > LONGEST_MS {
            return Err(WindowError::Duration);
        }
        Ok(Self {
            cron: cron.into(),
            duration_ms,
            timezone: timezone.into(),
            opens,
        })
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self, now_ms: u64) -> bool {
        self.opens.was_within(now_ms, self.duration_ms)
    }

    /// When it opens next, as its clocks show it.
    #[must_use]
    pub fn opens_next(&self, now_ms: u64) -> Option<String> {
        self.opens.next_shown(now_ms)
    }
}

impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        (&self.cron, self.duration_ms, &self.timezone)
            == (&other.cron, other.duration_ms, &other.timezone)
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Window({self})")
    }
}

impl fmt::Display for Window {
    /// `22:00…` as it was written: `0 22 * * 1-5 for 8h (Europe/Berlin)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = span::text(self.duration_ms);
        write!(f, "{} for {length} ({})", self.cron, self.timezone)
    }
}

#[cfg(test)]
mod tests {
    use super::{CalendarError, Window, WindowError};

    fn ms(text: &str) -> u64 {
        let at: jiff::Timestamp = text.parse().unwrap();
        u64::try_from(at.as_millisecond()).unwrap()
    }

    #[test]
    fn windows_are_open_by_the_clocks_of_their_place() {
        const HOUR: u64 = 3_600_000;
        let berlin = Window::new("0 22 * * 1-5", 8 * HOUR, "Europe/Berlin").unwrap();
        for (now, expect) in [
            // Friday, 20 November 2026; Berlin is one hour ahead.
            ("2026-11-20T20:59:59Z", false),
            ("2026-11-20T21:00:00Z", true),
            ("2026-11-21T04:59:59Z", true),
            ("2026-11-21T05:00:00Z", false),
            // Saturday is no day of it.
            ("2026-11-21T21:30:00Z", false),
            // In summer two hours.
            ("2026-07-01T20:00:00Z", true),
            ("2026-07-01T19:59:00Z", false),
            ("2026-07-02T04:00:00Z", false),
        ] {
            assert_eq!(berlin.is_open(ms(now)), expect, "{now}");
        }
        assert_eq!(
            berlin.opens_next(ms("2026-11-21T12:00:00Z")).as_deref(),
            Some("2026-11-23 22:00")
        );
        let utc = Window::new("*/30 9-17 * * *", HOUR / 2, "UTC").unwrap();
        assert!(utc.is_open(ms("2026-11-20T17:59:59Z")));
        assert!(!utc.is_open(ms("2026-11-20T18:00:00Z")));
    }

    #[test]
    fn windows_that_are_none_are_refused() {
        let bad = |cron: &str, duration, zone: &str| Window::new(cron, duration, zone).unwrap_err();
        assert!(matches!(
            bad("", 1, "UTC"),
            WindowError::Calendar(CalendarError::Cron(_))
        ));
        assert!(matches!(
            bad("0 25 * * *", 1, "UTC"),
            WindowError::Calendar(CalendarError::Cron(_))
        ));
        assert!(matches!(
            bad("0 2 * * * Asia/Tokyo", 1, "UTC"),
            WindowError::Calendar(CalendarError::Cron(_))
        ));
        assert_eq!(
            bad("0 2 * * *", 1, "Moon/Crater"),
            WindowError::Calendar(CalendarError::Timezone)
        );
        assert_eq!(bad("0 2 * * *", 0, "UTC"), WindowError::Duration);
        // A day that never comes: never open, and the search ends.
        if let Ok(never) = Window::new("0 0 30 2 *", 1000, "UTC") {
            assert!(!never.is_open(ms("2026-11-20T18:00:00Z")));
        }
    }
}
