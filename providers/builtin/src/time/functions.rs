//! `duration_parse`, `rfc3339_parse`, `unix_timestamp_parse`.

use super::duration;
use super::stamp::Stamp;
use jiff::Timestamp;
use terrane_model::schema::{Function, Parameter};
use terrane_provider::args;
use terrane_provider::native::NativeFunction;
use terrane_value::{Number, Type, Value};

type CallResult = Result<Value, (String, Option<u64>)>;

fn wrong<T>(message: impl Into<String>) -> Result<T, (String, Option<u64>)> {
    Err((message.into(), Some(0)))
}

fn text(arguments: &[Value]) -> Result<&str, (String, Option<u64>)> {
    match arguments
        .first()
        .and_then(|value| value.unmarked().as_str())
    {
        Some(text) => Ok(text),
        None => wrong("a string is required"),
    }
}

fn object_type(numbers: &[&str], texts: &[&str]) -> Type {
    let numbers = numbers.iter().map(|name| (*name, Type::Number));
    Type::object(numbers.chain(texts.iter().map(|name| (*name, Type::String))))
}

/// The parts that both functions of timestamps show.
const PARTS: [&str; 10] = [
    "day", "hour", "iso_week", "iso_year", "minute", "month", "second", "weekday", "year",
    "year_day",
];

fn parts(stamp: Stamp) -> Vec<(&'static str, Value)> {
    let local = stamp.local();
    let date = local.date();
    let week = date.iso_week_date();
    let number = |number: i64| Value::number(number);
    let weekday = date.weekday().to_sunday_zero_offset();
    vec![
        ("day", number(local.day().into())),
        ("hour", number(local.hour().into())),
        ("iso_week", number(week.week().into())),
        ("iso_year", number(week.year().into())),
        ("minute", number(local.minute().into())),
        ("month", number(local.month().into())),
        ("month_name", Value::string(date.strftime("%B").to_string())),
        ("second", number(local.second().into())),
        ("weekday", number(weekday.into())),
        (
            "weekday_name",
            Value::string(date.strftime("%A").to_string()),
        ),
        ("year", number(local.year().into())),
        ("year_day", number(date.day_of_year().into())),
    ]
}

#[derive(Debug)]
pub(super) struct DurationParse;

impl NativeFunction for DurationParse {
    fn signature(&self) -> Function {
        let names = [
            "hours",
            "microseconds",
            "milliseconds",
            "minutes",
            "nanoseconds",
            "seconds",
        ];
        Function::new(
            object_type(&names, &[]),
            "Parse a Go duration string into an object",
        )
        .parameter(Parameter::new("duration", Type::String))
    }

    fn call(&self, arguments: &[Value]) -> CallResult {
        let text = text(arguments)?;
        let Some(nanoseconds) = duration::parse(text) else {
            return wrong(format!("\"{text}\" is not a valid duration"));
        };
        // As Go: whole units as they are, the rest as a fraction. Both fit a float exactly or nearly.
        let fraction = |unit: i64| {
            let (Some(whole), Some(rest), Some(unit)) = (
                Number::from_i64(nanoseconds / unit).to_f64_exact(),
                Number::from_i64(nanoseconds % unit).to_f64_exact(),
                Number::from_i64(unit).to_f64_exact(),
            ) else {
                return Value::NULL;
            };
            Number::from_f64(whole + rest / unit).map_or(Value::NULL, Value::number)
        };
        Ok(Value::object([
            ("hours", fraction(3_600_000_000_000)),
            ("minutes", fraction(60_000_000_000)),
            ("seconds", fraction(1_000_000_000)),
            ("milliseconds", Value::number(nanoseconds / 1_000_000)),
            ("microseconds", Value::number(nanoseconds / 1_000)),
            ("nanoseconds", Value::number(nanoseconds)),
        ]))
    }
}

#[derive(Debug)]
pub(super) struct Rfc3339Parse;

impl NativeFunction for Rfc3339Parse {
    fn signature(&self) -> Function {
        let mut numbers = PARTS.to_vec();
        numbers.push("unix");
        Function::new(
            object_type(&numbers, &["month_name", "weekday_name"]),
            "Parse an RFC3339 timestamp string into an object",
        )
        .parameter(Parameter::new("timestamp", Type::String))
    }

    fn call(&self, arguments: &[Value]) -> CallResult {
        let text = text(arguments)?;
        let Some(stamp) = Stamp::parse(text) else {
            return wrong(format!("\"{text}\" is not a valid RFC3339 timestamp"));
        };
        let mut parts = parts(stamp);
        parts.push(("unix", Value::number(stamp.unix())));
        Ok(Value::object(parts))
    }
}

#[derive(Debug)]
pub(super) struct UnixTimestampParse;

impl NativeFunction for UnixTimestampParse {
    fn signature(&self) -> Function {
        Function::new(
            object_type(&PARTS, &["month_name", "rfc3339", "weekday_name"]),
            "Parse a unix timestamp integer into an object",
        )
        .parameter(Parameter::new("unix_timestamp", Type::Number))
    }

    fn call(&self, arguments: &[Value]) -> CallResult {
        let stamp = arguments
            .first()
            .and_then(args::whole)
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .map(Stamp::utc);
        let Some(stamp) = stamp else {
            return wrong("a whole number of seconds within the calendar is required");
        };
        let mut parts = parts(stamp);
        parts.push(("rfc3339", Value::string(stamp.text())));
        Ok(Value::object(parts))
    }
}
