//! Points in time: RFC 3339 texts, durations, formats.

use super::args::{text, unknown};
use super::string::shown;
use super::table::{Context, Fault, Function, Param, Ty};
use terrane_value::{Number, Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "formatdate",
        &[
            Param::new("format", Ty::String),
            Param::new("time", Ty::String),
        ],
        Ty::String,
        formatdate,
        "A point in time written by a format.",
    ),
    Function::new(
        "plantimestamp",
        &[],
        Ty::String,
        plantimestamp,
        "The time of the plan.",
    ),
    Function::new(
        "timeadd",
        &[
            Param::new("timestamp", Ty::String),
            Param::new("duration", Ty::String),
        ],
        Ty::String,
        timeadd,
        "A point in time moved by a duration.",
    ),
    Function::new(
        "timecmp",
        &[
            Param::new("timestamp_a", Ty::String),
            Param::new("timestamp_b", Ty::String),
        ],
        Ty::Number,
        timecmp,
        "Which of two points in time is earlier: -1, 0 or 1.",
    ),
    Function::new(
        "timestamp",
        &[],
        Ty::String,
        timestamp,
        "The present time; unknown until apply.",
    ),
];

const NANOS: i128 = 1_000_000_000;

/// A point in time with the offset that it was written with.
#[derive(Clone, Copy)]
struct Moment {
    /// Nanoseconds since 1970 in UTC.
    nanos: i128,
    /// Minutes east of UTC.
    offset: i64,
}

/// A point in time as a calendar and a clock show it.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// 0 is Sunday.
    weekday: usize,
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

impl Moment {
    fn civil(self) -> Civil {
        let local = self.nanos.div_euclid(NANOS) + i128::from(self.offset) * 60;
        let local = i64::try_from(local).unwrap_or(0);
        let days = local.div_euclid(86_400);
        let clock = local.rem_euclid(86_400);
        let (year, month, day) = civil_from_days(days);
        Civil {
            year,
            month,
            day,
            hour: clock / 3_600,
            minute: clock / 60 % 60,
            second: clock % 60,
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0),
        }
    }

    fn offset_text(self, colon: &str) -> String {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.abs();
        format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
    }

    fn zulu_text(self, colon: &str) -> String {
        if self.offset == 0 {
            String::from("Z")
        } else {
            self.offset_text(colon)
        }
    }

    fn rfc3339(self) -> String {
        let civil = self.civil();
        format!(
            "{}{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}",
            if civil.year < 0 { "-" } else { "" },
            civil.year.abs(),
            civil.month,
            civil.day,
            civil.hour,
            civil.minute,
            civil.second,
            self.zulu_text(":")
        )
    }
}

/// Reads an RFC 3339 text piece by piece, so that what is wrong can be named.
struct Reader<'a> {
    rest: &'a str,
    hide: bool,
}

impl<'a> Reader<'a> {
    fn digits(&mut self, count: usize, what: &str) -> Result<i64, String> {
        if self.rest.is_empty() {
            return Err(format!("end of string before {what}"));
        }
        let piece = self
            .rest
            .get(..count)
            .filter(|piece| piece.bytes().all(|b| b.is_ascii_digit()));
        match piece {
            Some(piece) => {
                self.rest = self.rest.get(count..).unwrap_or_default();
                piece.parse().map_err(|_| format!("cannot read the {what}"))
            }
            None => Err(self.cannot_use(self.rest, what)),
        }
    }

    fn cannot_use(&self, piece: &str, what: &str) -> String {
        if self.hide {
            return format!("cannot read the {what}");
        }
        let end = piece
            .find(['-', ':', 'T', 'Z', '+', '.'])
            .filter(|end| *end > 0)
            .unwrap_or(piece.len());
        let piece = piece.get(..end).unwrap_or(piece);
        format!("cannot use {} as {what}", crate::expr::values::quote(piece))
    }

    fn expect(&mut self, character: char) -> Result<(), String> {
        match self.rest.strip_prefix(character) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None if character == 'T' => Err(String::from("missing required time introducer 'T'")),
            None if self.rest.is_empty() => {
                Err(format!("end of string where \"{character}\" is expected"))
            }
            None => Err(format!("found text where \"{character}\" is expected")),
        }
    }

    fn within(value: i64, low: i64, high: i64, what: &str) -> Result<i64, String> {
        if (low..=high).contains(&value) {
            Ok(value)
        } else {
            Err(format!("{what} must be between {low} and {high} inclusive"))
        }
    }

    fn offset(&mut self) -> Result<i64, String> {
        if self.rest.is_empty() {
            return Err(String::from("end of string before UTC offset"));
        }
        if self.rest == "Z" {
            return Ok(0);
        }
        let bad = || self.cannot_use_whole(self.rest, "UTC offset");
        let sign = match self.rest.bytes().next() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(bad()),
        };
        let (hours, minutes) = self
            .rest
            .get(1..)
            .and_then(|rest| rest.split_once(':'))
            .filter(|(hours, minutes)| {
                [hours, minutes]
                    .iter()
                    .all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()))
            })
            .ok_or_else(bad)?;
        let number = |part: &str| part.parse::<i64>().unwrap_or(i64::MAX);
        let hours = Self::within(number(hours), 0, 23, "timezone hour")?;
        let minutes = Self::within(number(minutes), 0, 59, "timezone minute")?;
        Ok(sign * (hours * 60 + minutes))
    }

    fn cannot_use_whole(&self, piece: &str, what: &str) -> String {
        if self.hide {
            return format!("cannot read the {what}");
        }
        format!("cannot use {} as {what}", crate::expr::values::quote(piece))
    }

    fn moment(&mut self) -> Result<Moment, String> {
        let year = self.digits(4, "year")?;
        self.expect('-')?;
        let month = self.digits(2, "month")?;
        let month = Self::within(month, 1, 12, "month")?;
        self.expect('-')?;
        let day = self.digits(2, "day of month")?;
        if day < 1 || day > days_in_month(year, month) {
            return Err(String::from("day out of range"));
        }
        self.expect('T')?;
        let hour = self.digits(2, "hour")?;
        let hour = Self::within(hour, 0, 23, "hour")?;
        self.expect(':')?;
        let minute = self.digits(2, "minute")?;
        let minute = Self::within(minute, 0, 59, "minute")?;
        self.expect(':')?;
        let second = self.digits(2, "second")?;
        let second = Self::within(second, 0, 59, "second")?;
        let mut nanos = 0_i128;
        if let Some(rest) = self.rest.strip_prefix(['.', ',']) {
            let end = rest
                .find(|character: char| !character.is_ascii_digit())
                .unwrap_or(rest.len());
            let (fraction, behind) = rest.split_at(end);
            if fraction.is_empty() {
                return Err(self.cannot_use_whole(self.rest, "UTC offset"));
            }
            let mut unit = NANOS;
            for digit in fraction.bytes().take(9) {
                unit /= 10;
                nanos += i128::from(digit - b'0') * unit;
            }
            self.rest = behind;
        }
        let offset = self.offset()?;
        let local =
            days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Ok(Moment {
            nanos: i128::from(local - offset * 60) * NANOS + nanos,
            offset,
        })
    }
}

/// Whether a text is a point in time.
pub(super) fn is_valid(text: &str) -> bool {
    let mut reader = Reader {
        rest: text,
        hide: false,
    };
    reader.moment().is_ok()
}

fn parse(text: &str, context: &Context<'_>) -> Result<Moment, Fault> {
    let mut reader = Reader {
        rest: text,
        hide: context.sensitive,
    };
    reader
        .moment()
        .map_err(|why| Fault::new(format!("not a valid RFC3339 timestamp: {why}")))
}

/// Reads a duration: `-1h30m`, `1.5h`, `300ms`.
fn duration(given: &str, context: &Context<'_>) -> Result<i128, Fault> {
    let invalid = || Fault::new(format!("time: invalid duration {}", shown(given, context)));
    let (negative, mut rest) = match given.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, given.strip_prefix('+').unwrap_or(given)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    // The range of 64 bits, in which there is one more negative number.
    let most = i128::from(i64::MAX) + i128::from(negative);
    let mut total = 0_i128;
    while !rest.is_empty() {
        let end = rest
            .find(|character: char| !(character.is_ascii_digit() || character == '.'))
            .unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(invalid());
        }
        let end = behind
            .find(|character: char| character.is_ascii_digit() || character == '.')
            .unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        let unit: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => NANOS,
            "m" => 60 * NANOS,
            "h" => 3_600 * NANOS,
            "" => {
                return Err(Fault::new(format!(
                    "time: missing unit in duration {}",
                    shown(given, context)
                )));
            }
            other => {
                return Err(Fault::new(format!(
                    "time: unknown unit {} in duration {}",
                    shown(other, context),
                    shown(given, context)
                )));
            }
        };
        let whole: i128 = if whole.is_empty() {
            0
        } else {
            whole.parse().map_err(|_| invalid())?
        };
        let mut part = whole.checked_mul(unit).ok_or_else(invalid)?;
        let mut scale = unit;
        for digit in fraction.bytes() {
            scale /= 10;
            part += i128::from(digit - b'0') * scale;
        }
        total = total
            .checked_add(part)
            .filter(|total| *total <= most)
            .ok_or_else(invalid)?;
        rest = behind;
    }
    Ok(if negative { -total } else { total })
}

fn timeadd(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let moment = parse(text(args, 0), context)?;
    let by = duration(text(args, 1), context)?;
    let moved = Moment {
        nanos: moment.nanos + by,
        ..moment
    };
    Ok(Value::string(moved.rfc3339()))
}

fn timecmp(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let a = parse(text(args, 0), context).map_err(|fault| fault.at(0))?;
    let b = parse(text(args, 1), context).map_err(|fault| fault.at(1))?;
    Ok(Value::number(
        Number::from_i64(a.nanos.cmp(&b.nanos) as i64),
    ))
}

fn plantimestamp(_: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    Ok(match &context.functions.plan_time {
        Some(time) => Value::string(time.clone()),
        None => unknown(Type::String),
    })
}

fn timestamp(_: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    Ok(match &context.functions.impure {
        Some(impure) => Value::string(impure.now.clone()),
        None => unknown(Type::String),
    })
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

fn formatdate(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let moment = parse(text(args, 1), context).map_err(|fault| fault.at(1))?;
    let format = text(args, 0);
    let civil = moment.civil();
    let mut out = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            rest = literal(rest, &mut out)?;
            continue;
        }
        let end = rest.find(|c: char| c != first).unwrap_or(rest.len());
        let (verb, behind) = rest.split_at(end);
        rest = behind;
        if !first.is_ascii_alphabetic() {
            out.push_str(verb);
            continue;
        }
        out.push_str(&written(verb, first, moment, &civil).map_err(|why| {
            let why = if why.is_empty() {
                String::new()
            } else {
                format!(": {why}")
            };
            Fault::new(format!("invalid date format verb \"{verb}\"{why}")).at(0)
        })?);
    }
    Ok(Value::string_nfc(&out))
}

/// Text in single quotes, where two of them stand for one. Gives what follows it.
fn literal<'a>(given: &'a str, out: &mut String) -> Result<&'a str, Fault> {
    let mut rest = given.get(1..).unwrap_or_default();
    if let Some(behind) = rest.strip_prefix('\'') {
        out.push('\'');
        return Ok(behind);
    }
    loop {
        let Some((inside, behind)) = rest.split_once('\'') else {
            return Err(Fault::new("unterminated literal '").at(0));
        };
        out.push_str(inside);
        match behind.strip_prefix('\'') {
            Some(more) => {
                out.push('\'');
                rest = more;
            }
            None => return Ok(behind),
        }
    }
}

fn written(verb: &str, first: char, moment: Moment, civil: &Civil) -> Result<String, &'static str> {
    let number = |value: i64| match verb.len() {
        1 => Some(value.to_string()),
        2 => Some(format!("{value:02}")),
        _ => None,
    };
    let named = |names: &[&str], at: usize, short: bool| {
        let name = names.get(at).copied().unwrap_or_default();
        if short {
            name.get(..3).unwrap_or(name)
        } else {
            name
        }
        .to_owned()
    };
    let month = usize::try_from(civil.month - 1).unwrap_or(0);
    let twelve = match civil.hour % 12 {
        0 => 12,
        hour => hour,
    };
    let half = if civil.hour < 12 { "am" } else { "pm" };
    match first {
        'Y' => match verb.len() {
            2 => Ok(format!("{:02}", civil.year % 100)),
            4 => Ok(format!("{:04}", civil.year)),
            _ => Err("year must either be \"YY\" or \"YYYY\""),
        },
        'M' => match verb.len() {
            3 => Ok(named(&MONTHS, month, true)),
            4 => Ok(named(&MONTHS, month, false)),
            _ => number(civil.month).ok_or("month must be \"M\", \"MM\", \"MMM\", or \"MMMM\""),
        },
        'D' => number(civil.day).ok_or("day of month must either be \"D\" or \"DD\""),
        'E' => match verb.len() {
            3 => Ok(named(&WEEKDAYS, civil.weekday, true)),
            4 => Ok(named(&WEEKDAYS, civil.weekday, false)),
            _ => Err("day of week must either be \"EEE\" or \"EEEE\""),
        },
        'h' => number(civil.hour).ok_or("24-hour must either be \"h\" or \"hh\""),
        'H' => number(twelve).ok_or("12-hour must either be \"H\" or \"HH\""),
        'A' | 'a' if verb.len() != 2 => Err(if first == 'A' {
            "must be \"AA\""
        } else {
            "must be \"aa\""
        }),
        'A' => Ok(half.to_uppercase()),
        'a' => Ok(half.to_owned()),
        'm' => number(civil.minute).ok_or("minute must either be \"m\" or \"mm\""),
        's' => number(civil.second).ok_or("second must either be \"s\" or \"ss\""),
        'Z' => match verb.len() {
            1 => Ok(moment.zulu_text(":")),
            3 if moment.offset == 0 => Ok(String::from("UTC")),
            3 | 4 => Ok(moment.offset_text("")),
            5 => Ok(moment.offset_text(":")),
            _ => Err("timezone must be Z, ZZZZ, or ZZZZZ"),
        },
        _ => Err(""),
    }
}
