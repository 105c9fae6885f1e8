//! Scalars as texts: times, numbers, bytes, and the encoding of addresses.

use crate::model::TimestampFormat;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Number, Value};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// For a part of a path, or of a query.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// For a path, its slashes kept.
pub(super) fn encode_path(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of a blob's JSON form.
pub(super) fn bytes_of(value: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(value.as_str()?).ok()
}

/// The text of a number, or of one that JSON does not have.
pub(super) fn number_text(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if is_special(text) => Some(text.clone()),
        _ => None,
    }
}

fn is_special(text: &str) -> bool {
    matches!(text, "NaN" | "Infinity" | "-Infinity")
}

/// Seconds since 1970 of a time as in RFC 3339.
#[must_use]
pub fn seconds_of(text: &str) -> Option<i64> {
    iso(text).map(|time| time.secs())
}

/// A time in its JSON form: RFC 3339, or seconds since 1970.
pub(super) fn parse_time(value: &Value) -> Option<DateTime> {
    match value {
        Value::String(text) => iso(text),
        Value::Number(number) => DateTime::from_str(&number.to_string(), Format::EpochSeconds).ok(),
        _ => None,
    }
}

fn iso(text: &str) -> Option<DateTime> {
    DateTime::from_str(text, Format::DateTimeWithOffset)
        .or_else(|_| DateTime::from_str(text, Format::DateTime))
        .ok()
}

/// A time as a service wants it.
pub(super) fn write_time(value: &Value, format: TimestampFormat) -> Result<String, String> {
    let time = parse_time(value).ok_or("it must be a time as in RFC 3339")?;
    time.fmt(match format {
        TimestampFormat::Iso8601 => Format::DateTime,
        TimestampFormat::Rfc822 => Format::HttpDate,
        TimestampFormat::Unix => Format::EpochSeconds,
    })
    .map_err(|error| error.to_string())
}

/// A time as a service writes it, in its JSON form. Services do not always hold to the format of their model, so the text says which it is.
pub(super) fn read_time(text: &str) -> Result<Value, String> {
    let text = text.trim();
    let time = if text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        DateTime::from_str(text, Format::HttpDate).ok()
    } else if text.contains('T') || text.get(1..).unwrap_or_default().contains('-') {
        iso(text).or_else(|| iso(&format!("{text}Z")))
    } else {
        seconds(text)
    };
    time.and_then(|time| time.fmt(Format::DateTime).ok())
        .map(Value::String)
        .ok_or_else(|| format!("{text:?} is no time"))
}

fn seconds(text: &str) -> Option<DateTime> {
    DateTime::from_str(text, Format::EpochSeconds)
        .ok()
        .or_else(|| {
            // With an exponent, as some services write large numbers.
            let seconds: f64 = text.parse().ok()?;
            let fits = seconds.is_finite() && seconds.abs() < 1e12;
            fits.then(|| DateTime::from_secs_f64(seconds))
        })
}

/// A number as a service writes it in XML or a header.
pub(super) fn read_number(text: &str, whole: bool) -> Result<Value, String> {
    let text = text.trim();
    if is_special(text) && !whole {
        return Ok(text.into());
    }
    let number = if whole {
        text.parse::<i64>().map(Number::from).ok()
    } else {
        text.parse::<f64>().ok().and_then(Number::from_f64)
    };
    number
        .map(Value::Number)
        .ok_or_else(|| format!("{text:?} is no number"))
}

/// True or false as a service writes it in XML or a header.
pub(super) fn read_boolean(text: &str) -> Result<Value, String> {
    match text.trim() {
        "true" | "True" | "1" => Ok(Value::Bool(true)),
        "false" | "False" | "0" => Ok(Value::Bool(false)),
        other => Err(format!("{other:?} is neither true nor false")),
    }
}
