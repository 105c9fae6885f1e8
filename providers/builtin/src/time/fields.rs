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

/// The attributes `{prefix}_years` … `{prefix}_seconds` of an object, added up.
pub(super) fn shift(object: &Value, prefix: &str) -> Option<Shift> {
    let number = |name: &str| {
        let name = format!("{prefix}_{name}");
        if args::is_set(object, &name) {
            args::int(object, &name)
        } else {
            Some(0)
        }
    };
    let seconds = number("hours")?
        .checked_mul(3600)?
        .checked_add(number("minutes")?.checked_mul(60)?)?
        .checked_add(number("seconds")?)?;
    Some(Shift {
        years: number("years")?,
        months: number("months")?,
        days: number("days")?,
        seconds,
    })
}

/// The moment so far on from another one.
pub(super) fn moved(base: Stamp, object: &Value, prefix: &str) -> Result<Stamp, Refusal> {
    shift(object, prefix)
        .and_then(|shift| base.shifted(shift))
        .ok_or_else(|| {
            Refusal::error(
                "Time out of range",
                format!("The sum of the {prefix}_ arguments leads beyond what can be told."),
            )
        })
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
