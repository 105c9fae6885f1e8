//! Reading values without panics, and the usual complaints about them.
//!
//! A value from outside may be null, unknown or of a wrong type where a provider does not expect it. These readers answer `None` then, so
//! that a provider says what it does about it.

use ecow::EcoString;
use terrane_model::provider::ProviderDiagnostic;
use terrane_value::{Kind, Path, Value};

/// The attribute of an object. Null (of no known type) if there is none.
#[must_use]
pub fn get(object: &Value, name: &str) -> Value {
    object.get(name).cloned().unwrap_or(Value::NULL)
}

/// The attribute, if it is a known string.
#[must_use]
pub fn string<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.unmarked().as_str()
}

/// The attribute, if it is a known bool.
#[must_use]
pub fn bool(object: &Value, name: &str) -> Option<bool> {
    object.get(name)?.unmarked().as_bool()
}

/// The attribute, if it is a known whole number that fits.
#[must_use]
pub fn int(object: &Value, name: &str) -> Option<i64> {
    whole(object.get(name)?)
}

/// The whole number, if this is a known one that fits.
#[must_use]
pub fn whole(value: &Value) -> Option<i64> {
    value.unmarked().as_number()?.to_i64()
}

/// The attribute's strings, if it is a list or set of known strings.
#[must_use]
pub fn strings(object: &Value, name: &str) -> Option<Vec<EcoString>> {
    let value = object.get(name)?.unmarked();
    let (Kind::List(items) | Kind::Set(items) | Kind::Tuple(items)) = value.kind() else {
        return None;
    };
    items
        .iter()
        .map(|item| item.unmarked().as_str().map(EcoString::from))
        .collect()
}

/// Whether the configuration sets the attribute: to anything but null, known or not.
#[must_use]
pub fn is_set(config: &Value, name: &str) -> bool {
    config.get(name).is_some_and(|value| !value.is_null())
}

/// Whether the attribute is not known, or in part not.
#[must_use]
pub fn is_unknown(config: &Value, name: &str) -> bool {
    config
        .get(name)
        .is_some_and(|value| !value.is_wholly_known())
}

/// The same object with this attribute in place of the one it has. An object without the attribute gets it; what is not an object stays.
#[must_use]
pub fn with(object: &Value, name: &str, value: Value) -> Value {
    with_all(object, [(name, value)])
}

/// The same object with these attributes in place of those it has.
#[must_use]
pub fn with_all<'a>(object: &Value, changes: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let Kind::Object(content) = object.kind() else {
        return object.clone();
    };
    let changes: Vec<(&str, Value)> = changes.into_iter().collect();
    let at = |name: &str| (content.names()).binary_search_by(|known| known.as_str().cmp(name));
    if changes.iter().all(|(name, _)| at(name).is_ok()) {
        let mut values: Vec<Value> = content.iter().map(|(_, value)| value.clone()).collect();
        for (name, value) in changes {
            if let Some(place) = at(name).ok().and_then(|at| values.get_mut(at)) {
                *place = value;
            }
        }
        return Value::object_shaped(content.names().clone(), values);
    }
    let mut attributes: std::collections::BTreeMap<EcoString, Value> = content
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for (name, value) in changes {
        attributes.insert(name.into(), value);
    }
    Value::object(attributes)
}

/// An error about an attribute of the configuration.
#[must_use]
pub fn complaint(
    name: &str,
    summary: impl Into<String>,
    detail: impl Into<String>,
) -> ProviderDiagnostic {
    ProviderDiagnostic::error(summary, detail).at(Path::new().attr(name))
}

/// Complaints about a whole number outside `min..=max`. Null and unknown pass.
#[must_use]
pub fn check_range(config: &Value, name: &str, min: i64, max: i64) -> Option<ProviderDiagnostic> {
    let value = config.get(name)?;
    if value.is_null() || !value.is_known() {
        return None;
    }
    match whole(value) {
        Some(number) if (min..=max).contains(&number) => None,
        Some(number) => {
            let bound = match (min, max) {
                (_, i64::MAX) => format!("at least {min}"),
                (i64::MIN, _) => format!("at most {max}"),
                _ => format!("between {min} and {max}"),
            };
            Some(complaint(
                name,
                "Invalid Attribute Value",
                format!("Attribute {name} value must be {bound}, got: {number}"),
            ))
        }
        None => Some(complaint(
            name,
            "Invalid Attribute Value",
            format!("Attribute {name} value must be a whole number."),
        )),
    }
}

/// Complains unless exactly one of the attributes is set. While some are unknown (and so may turn out null), too few is no error.
#[must_use]
pub fn check_exactly_one(config: &Value, names: &[&str]) -> Option<ProviderDiagnostic> {
    let known =
        |name: &&&str| is_set(config, name) && config.get(name).is_some_and(Value::is_known);
    let set: Vec<_> = names.iter().filter(known).copied().collect();
    let may_be_set = names
        .iter()
        .any(|name| config.get(name).is_some_and(|value| !value.is_known()));
    match set.as_slice() {
        [_] => None,
        [] if may_be_set => None,
        [] => Some(ProviderDiagnostic::error(
            "Invalid Attribute Combination",
            format!(
                "No attribute specified when one (and only one) of [{}] is required",
                names.join(",")
            ),
        )),
        [_, second, ..] => Some(complaint(
            second,
            "Invalid Attribute Combination",
            format!(
                "{} attributes specified when one (and only one) of [{}] is required",
                set.len(),
                names.join(",")
            ),
        )),
    }
}

/// Complains unless at least one of the attributes is set (an unknown one may be).
#[must_use]
pub fn check_at_least_one(config: &Value, names: &[&str]) -> Option<ProviderDiagnostic> {
    if names.iter().any(|name| is_set(config, name)) {
        return None;
    }
    Some(ProviderDiagnostic::error(
        "Missing Attribute Configuration",
        format!(
            "At least one of these attributes must be configured: [{}]",
            names.join(",")
        ),
    ))
}
