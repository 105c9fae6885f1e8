//! The attributes in which resources show a time.

use super::stamp::{Shift, Stamp};
use terrane_model::provider::{ImportTarget, ProviderDiagnostic};
use terrane_model::schema::{Attribute, Block};
use terrane_provider::args;
use terrane_provider::native::Refusal;
use terrane_value::Value;

/// The names of [`shown`], beside the text.
const NAMES: [&str; 7] = ["day", "hour", "minute", "month", "second", "unix", "year"];

/// With the attributes of [`shown`], `triggers` and `id`.
pub(super) fn block() -> Block {
    NAMES.into_iter().fold(
        Block::new()
            .attr(
                "id",
                Attribute::string()
                    .computed()
                    .described("RFC 3339 format of the timestamp."),
            )
            .attr(
                "triggers",
                Attribute::string_map()
                    .optional()
                    .described("Arbitrary values that, when changed, replace the resource."),
            ),
        |block, name| {
            let text = format!("{name} of the timestamp.");
            block.attr(name, Attribute::number().computed().described(text))
        },
    )
}

/// The parts of a time.
pub(super) fn shown(stamp: Stamp) -> [(&'static str, Value); 7] {
    let local = stamp.local();
    [
        ("day", Value::number(i64::from(local.day()))),
        ("hour", Value::number(i64::from(local.hour()))),
        ("minute", Value::number(i64::from(local.minute()))),
        ("month", Value::number(i64::from(local.month()))),
        ("second", Value::number(i64::from(local.second()))),
        ("unix", Value::number(stamp.unix())),
        ("year", Value::number(i64::from(local.year()))),
    ]
}

/// Complains about what is no timestamp. Null and unknown pass.
pub(super) fn check(config: &Value, name: &str) -> Option<ProviderDiagnostic> {
    let text = args::string(config, name)?;
    Stamp::parse(text).is_none().then(|| {
        args::complaint(
            name,
            "Invalid RFC3339 String Value",
            format!("A string value was provided that is not valid RFC3339 format: \"{text}\"."),
        )
    })
}

/// The timestamp of an attribute, if it has one.
pub(super) fn read(object: &Value, name: &str) -> Result<Option<Stamp>, Refusal> {
    match args::string(object, name) {
        None => Ok(None),
        Some(text) => Stamp::parse(text).map(Some).ok_or_else(|| {
            args::complaint(
                name,
                "Invalid RFC3339 String Value",
                format!("\"{text}\" is no timestamp."),
            )
            .into()
        }),
    }
}

/// The units of the `offset_` and `rotation_` arguments, in the order in which they are applied.
const UNITS: [&str; 6] = ["days", "hours", "minutes", "months", "seconds", "years"];

/// The moment so many units on; `None` beyond what calendars hold.
fn step(from: Stamp, unit: &str, count: i64) -> Option<Stamp> {
    let shift = match unit {
        "years" => Shift {
            years: count,
            ..Shift::default()
        },
        "months" => Shift {
            months: count,
            ..Shift::default()
        },
        "days" => Shift {
            days: count,
            ..Shift::default()
        },
        _ => {
            let length = match unit {
                "hours" => 3600,
                "minutes" => 60,
                _ => 1,
            };
            Shift {
                seconds: count.checked_mul(length)?,
                ..Shift::default()
            }
        }
    };
    from.shifted(shift)
}

/// How many of a unit an object asks for. Zero counts as nothing.
fn count(object: &Value, prefix: &str, unit: &str) -> Option<i64> {
    args::int(object, &format!("{prefix}_{unit}")).filter(|count| *count != 0)
}

fn out_of_range(prefix: &str) -> Refusal {
    Refusal::error(
        "Time out of range",
        format!("The {prefix}_ arguments lead beyond what can be told."),
    )
}

/// The moment that all `offset_` arguments together lead to, one after the other.
pub(super) fn moved(base: Stamp, object: &Value) -> Result<Stamp, Refusal> {
    UNITS.into_iter().try_fold(base, |from, unit| {
        let Some(count) = count(object, "offset", unit) else {
            return Ok(from);
        };
        step(from, unit, count).ok_or_else(|| out_of_range("offset"))
    })
}

/// When a rotation is due. Of several `rotation_` arguments one counts: years, else the timestamp, else the last of the units.
pub(super) fn due(base: Stamp, object: &Value) -> Result<Stamp, Refusal> {
    let length = |units: &[&'static str]| {
        let count = |unit: &&'static str| Some((*unit, count(object, "rotation", unit)?));
        units.iter().rev().find_map(count)
    };
    let given = length(&["years"]);
    if given.is_none()
        && let Some(end) = read(object, "rotation_rfc3339")?
    {
        return Ok(end);
    }
    given
        .or_else(|| length(&["days", "hours", "minutes", "months"]))
        .and_then(|(unit, count)| step(base, unit, count))
        .ok_or_else(|| out_of_range("rotation"))
}

/// The parts of an import id, which are separated by commas.
pub(super) fn import_parts(target: &ImportTarget) -> Result<Vec<&str>, Refusal> {
    match target {
        ImportTarget::Id(id) => Ok(id.split(',').collect()),
        ImportTarget::Identity(_) => Err(Refusal::error(
            "Import by identity is not supported",
            "Give the id.",
        )),
    }
}

/// Sets whole numbers from texts; zero stays null.
pub(super) fn with_numbers(object: Value, numbers: &[(&str, &str)]) -> Result<Value, Refusal> {
    numbers.iter().try_fold(object, |object, (name, text)| {
        let number: i64 = text.trim().parse().map_err(|_| {
            Refusal::error(
                "Import time error",
                format!("{text:?} is no whole number for {name}."),
            )
        })?;
        Ok(match number {
            0 => object,
            _ => args::with(&object, name, Value::number(number)),
        })
    })
}
