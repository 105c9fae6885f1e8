//! A moment with the offset in which it was written.

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

/// A moment, in whole seconds, and an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) timestamp: Timestamp,
    offset: Offset,
}

/// How far to move. Years, months and days as on the calendar, the rest as lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) years: i64,
    pub(super) months: i64,
    pub(super) days: i64,
    pub(super) seconds: i64,
}

impl Stamp {
    /// A moment in UTC, its fraction of a second dropped.
    pub(super) fn utc(timestamp: Timestamp) -> Self {
        let whole = Timestamp::from_second(timestamp.as_second()).unwrap_or(timestamp);
        Self {
            timestamp: whole,
            offset: Offset::UTC,
        }
    }

    /// Reads RFC 3339: `2020-02-12T06:36:13Z`, with a fraction or another offset if need be.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (local, zone) = text.split_at_checked(19)?;
        let (date, time) = local.split_once('T')?;
        let mut date = date.splitn(3, '-').map(digits);
        let mut time = time.splitn(3, ':').map(digits);
        let next = |parts: &mut dyn Iterator<Item = Option<i16>>| parts.next().flatten();
        let (year, month, day) = (next(&mut date)?, next(&mut date)?, next(&mut date)?);
        let (hour, minute, second) = (next(&mut time)?, next(&mut time)?, next(&mut time)?);
        let small = |number: i16| i8::try_from(number).ok();
        let moment = DateTime::new(
            year,
            small(month)?,
            small(day)?,
            small(hour)?,
            small(minute)?,
            small(second)?,
            0,
        )
        .ok()?;
        let zone = match zone.strip_prefix('.') {
            None => zone,
            Some(fraction) => {
                let rest = fraction.trim_start_matches(|char: char| char.is_ascii_digit());
                if rest.len() == fraction.len() {
                    return None;
                }
                rest
            }
        };
        let offset = parse_offset(zone)?;
        let timestamp = offset.to_timestamp(moment).ok()?;
        Some(Self { timestamp, offset })
    }

    /// Local date and time.
    pub(super) fn local(self) -> DateTime {
        self.offset.to_datetime(self.timestamp)
    }

    /// Seconds since 1970.
    pub(super) fn unix(self) -> i64 {
        self.timestamp.as_second()
    }

    /// As RFC 3339, without fraction.
    pub(super) fn text(self) -> String {
        let local = self.local().strftime("%Y-%m-%dT%H:%M:%S");
        let seconds = self.offset.seconds();
        if seconds == 0 {
            return format!("{local}Z");
        }
        let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
        format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// The moment so far on. A day that its month does not have runs over into the next: 31 January and a month is 3 March (or 2 March).
    /// `None` beyond what calendars hold.
    pub(super) fn shifted(self, shift: Shift) -> Option<Self> {
        let Shift {
            years,
            months,
            days,
            seconds,
        } = shift;
        let local = self.local();
        let from_zero = i64::from(local.year())
            .checked_add(years)?
            .checked_mul(12)?
            .checked_add(i64::from(local.month()) - 1)?
            .checked_add(months)?;
        let year = i16::try_from(from_zero.div_euclid(12)).ok()?;
        let month = i8::try_from(from_zero.rem_euclid(12) + 1).ok()?;
        let days = days.checked_add(i64::from(local.day()) - 1)?;
        let date = Date::new(year, month, 1)
            .ok()?
            .checked_add(Span::new().try_days(days).ok()?)
            .ok()?;
        let moment = self
            .offset
            .to_timestamp(date.to_datetime(local.time()))
            .ok()?;
        let timestamp = moment
            .checked_add(Span::new().try_seconds(seconds).ok()?)
            .ok()?;
        Some(Self { timestamp, ..self })
    }
}

fn digits(text: &str) -> Option<i16> {
    let plain = matches!(text.len(), 2 | 4) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn parse_offset(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (i32::from(digits(hours)?), i32::from(digits(minutes)?));
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for text in [
            "2020-02-12T06:36:13Z",
            "1969-12-31T23:59:59Z",
            "2020-02-12T06:36:13+05:30",
            "2020-02-12T06:36:13-11:00",
        ] {
            assert_eq!(Stamp::parse(text).map(Stamp::text).as_deref(), Some(text));
        }
        let fraction = Stamp::parse("2020-02-12T06:36:13.25Z").unwrap();
        assert_eq!(
            (fraction.text().as_str(), fraction.unix()),
            ("2020-02-12T06:36:13Z", 1_581_489_373)
        );
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        for text in [
            "",
            "2020-02-12",
            "2020-02-12T06:36:13",
            "2020-02-30T06:36:13Z",
            "2020-02-12T24:36:13Z",
            "2020-02-12T06:36:13.Z",
            "2020-02-12T06:36:13+24:00",
            "2020-02-12 06:36:13Z",
            "20é0-02-12T06:36:13Z",
            "2020-02-12T06:36:13Zz",
        ] {
            assert_eq!(Stamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn calendars_run_over() {
        let table = [
            (
                "2024-01-31T00:00:00Z",
                (0, 1, 0, 0),
                Some("2024-03-02T00:00:00Z"),
            ),
            (
                "2023-01-31T00:00:00Z",
                (0, 1, 0, 0),
                Some("2023-03-03T00:00:00Z"),
            ),
            (
                "2024-02-29T00:00:00Z",
                (1, 0, 0, 0),
                Some("2025-03-01T00:00:00Z"),
            ),
            (
                "2024-01-31T10:20:30Z",
                (0, -13, 0, 90),
                Some("2022-12-31T10:22:00Z"),
            ),
            (
                "2024-12-31T10:20:30Z",
                (0, 0, 1, -86400),
                Some("2024-12-31T10:20:30Z"),
            ),
            ("2024-12-31T10:20:30Z", (i64::MAX, 0, 0, 0), None),
            ("2024-12-31T10:20:30Z", (0, 0, i64::MIN, 0), None),
            ("2024-12-31T10:20:30Z", (0, 0, 0, i64::MAX), None),
        ];
        for (from, (years, months, days, seconds), to) in table {
            let shift = Shift {
                years,
                months,
                days,
                seconds,
            };
            let moved = Stamp::parse(from).unwrap().shifted(shift).map(Stamp::text);
            assert_eq!(moved.as_deref(), to, "{from} {shift:?}");
        }
    }
}
