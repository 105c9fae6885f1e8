//! Moments of a calendar, as crontab has them, by the clocks of a place.
//!
//! Everything is counted as the clock on the wall shows it, also in the nights in which clocks are changed.

use cronexpr::{Crontab, FallbackTimezoneOption, ParseOptions, parse_crontab_with};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// Moments that come again and again.
#[derive(Clone, Debug)]
pub struct Calendar {
    times: Crontab,
    zone: TimeZone,
}

/// What is wrong with a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalendarError {
    /// The times; with what is wrong with them.
    Cron(String),
    /// No such time zone.
    Timezone,
}

impl fmt::Display for CalendarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cron(problem) => f.write_str(problem),
            Self::Timezone => f.write_str("there is no such time zone"),
        }
    }
}

impl std::error::Error for CalendarError {}

impl Calendar {
    /// Five fields as in crontab, by the clocks of a time zone of the IANA data base.
    ///
    /// # Errors
    /// When one of them is not what it should be.
    pub fn new(cron: &str, timezone: &str) -> Result<Self, CalendarError> {
        // A sixth field would be a time zone, which is said apart (and has another data base).
        if cron.split_whitespace().count() != 5 {
            return Err(CalendarError::Cron(
                "five fields are needed: minute, hour, day of month, month, day of week".to_owned(),
            ));
        }
        let mut options = ParseOptions::default();
        options.fallback_timezone_option = FallbackTimezoneOption::UTC;
        let times = parse_crontab_with(cron, options)
            .map_err(|error| CalendarError::Cron(error.to_string().replace('\n', " ")))?;
        let zone = if timezone == "UTC" {
            TimeZone::UTC
        } else {
            let zones = TimeZoneDatabase::bundled();
            zones.get(timezone).map_err(|_| CalendarError::Timezone)?
        };
        Ok(Self { times, zone })
    }

    /// Whether one of its moments is past by less than this.
    #[must_use]
    pub fn was_within(&self, now_ms: u64, length_ms: u64) -> bool {
        let length = SignedDuration::from_millis(i64::try_from(length_ms).unwrap_or(i64::MAX));
        let Some(wall) = self.wall(now_ms) else {
            return false;
        };
        let Ok(begin) = wall.checked_sub(length) else {
            return false;
        };
        // The first one that is not past by that: behind `begin`, and up to now.
        let next = self.times.find_next(begin);
        next.is_ok_and(|next| next.timestamp() <= wall)
    }

    /// The next moment, as its clocks show it.
    #[must_use]
    pub fn next_shown(&self, now_ms: u64) -> Option<String> {
        let next = self.times.find_next(self.wall(now_ms)?).ok()?;
        Some(next.strftime("%Y-%m-%d %H:%M").to_string())
    }

    /// The next moment behind this one, in milliseconds since 1970 UTC. `None`: there is none.
    #[must_use]
    pub fn next_ms(&self, after_ms: u64) -> Option<u64> {
        let next = self.times.find_next(self.wall(after_ms)?).ok()?;
        let shown = TimeZone::UTC.to_datetime(next.timestamp());
        let next = self.zone.to_timestamp(shown).ok()?;
        let next_ms = u64::try_from(next.as_millisecond()).ok()?;
        // In the hour that a night has twice, the clocks show something that was already.
        Some(if next_ms > after_ms {
            next_ms
        } else {
            after_ms.saturating_add(60_000)
        })
    }

    /// What the clocks show, as if they showed UTC.
    fn wall(&self, now_ms: u64) -> Option<Timestamp> {
        let now = Timestamp::from_millisecond(i64::try_from(now_ms).ok()?).ok()?;
        let shown = self.zone.to_datetime(now);
        TimeZone::UTC.to_timestamp(shown).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Calendar;

    fn ms(text: &str) -> u64 {
        let at: jiff::Timestamp = text.parse().unwrap();
        u64::try_from(at.as_millisecond()).unwrap()
    }

    #[test]
    fn moments_are_those_that_clocks_show() {
        let berlin = Calendar::new("30 2 * * *", "Europe/Berlin").unwrap();
        for (after, next) in [
            ("2026-11-20T00:00:00Z", "2026-11-20T01:30:00Z"),
            ("2026-11-20T01:30:00Z", "2026-11-21T01:30:00Z"),
            ("2026-07-01T00:00:00Z", "2026-07-01T00:30:00Z"),
            // In this night there is no such time: the clocks go on from it.
            ("2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z"),
        ] {
            assert_eq!(berlin.next_ms(ms(after)), Some(ms(next)), "{after}");
        }
    }
}
