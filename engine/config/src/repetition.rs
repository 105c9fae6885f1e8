//! `count`, `for_each` and `enabled`: from value to instances. Shared by validation and planning.

use crate::rules::repetition as rules;
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule};
use terrane_lang::expr::{Compiled, Scope, all_values_involved};
use terrane_lang::source::Span;
use terrane_value::convert::convert;
use terrane_value::{Kind, Type, Value};

/// How unknown values are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The answer is [`None`]: while validating, or where the caller defers.
    Allowed,
    /// They are an error with advice.
    Rejected,
}

/// Most instances that one `count` may ask for: beyond this it is a mistake that would only exhaust memory.
const MOST: u64 = 10_000_000;

fn fail(
    rule: &'static Rule,
    detail: impl Into<String>,
    expr: &Compiled,
    scope: &dyn Scope,
) -> Diagnostics {
    let mut diagnostic = Diagnostic::error(rule, detail).at(expr.span());
    diagnostic.values = all_values_involved(expr, scope);
    diagnostic.into()
}

/// The value of `count`. `None`: not known, where that is allowed.
///
/// # Errors
/// The message, when it is null, not a whole number, negative, ephemeral or unknown where that is rejected.
pub fn count(
    expr: &Compiled,
    scope: &dyn Scope,
    unknown: Unknown,
) -> Result<Option<u64>, Diagnostics> {
    let value = expr.eval(scope, &[])?;
    if value.marks().is_ephemeral() {
        return Err(fail(
            &rules::EPHEMERAL_COUNT,
            "The given \"count\" is derived from an ephemeral value, which means that it cannot be persisted between plan/apply rounds. Use only non-ephemeral values here.",
            expr,
            scope,
        ));
    }
    let number = convert(value.unmarked(), &Type::Number).map_err(|error| {
        let detail = format!("Invalid expression value: {error}.");
        fail(&rules::COUNT_TYPE, detail, expr, scope)
    })?;
    if number.is_null() {
        return Err(fail(
            &rules::NULL_COUNT,
            "The given \"count\" argument value is null. An integer is required.",
            expr,
            scope,
        ));
    }
    let Some(number) = number.as_number() else {
        return match unknown {
            Unknown::Allowed => Ok(None),
            Unknown::Rejected => Err(fail(
                &rules::UNKNOWN_COUNT,
                "The \"count\" value depends on resource attributes that cannot be determined until apply, so it cannot be predicted how many instances will be created. To work around this, use the -target or -exclude argument to first apply only the resources that the count depends on.",
                expr,
                scope,
            )),
        };
    };
    let text = number.to_string();
    if text.starts_with('-') {
        return Err(fail(
            &rules::NEGATIVE_COUNT,
            "The given \"count\" argument value is unsuitable: must be greater than or equal to zero.",
            expr,
            scope,
        ));
    }
    match text.parse::<i64>().map(u64::try_from) {
        Ok(Ok(count)) if count > MOST => Err(fail(
            &rules::COUNT_TOO_LARGE,
            format!(
                "The given \"count\" argument value is unsuitable: {count} instances are more than the {MOST} that are supported."
            ),
            expr,
            scope,
        )),
        Ok(count) => Ok(count.ok()),
        Err(_) => Err(fail(
            &rules::FRACTIONAL_COUNT,
            "The given \"count\" argument value is unsuitable: value must be a whole number, between -9223372036854775808 and 9223372036854775807.",
            expr,
            scope,
        )),
    }
}

/// The elements of `for_each`, by key. `None`: not known, where that is allowed.
///
/// # Errors
/// The message, when it is null, neither map nor set of strings, sensitive, ephemeral, or its keys are unknown where that is rejected.
pub fn for_each(
    expr: &Compiled,
    scope: &dyn Scope,
    unknown: Unknown,
) -> Result<Option<BTreeMap<EcoString, Value>>, Diagnostics> {
    let value = expr.eval(scope, &[])?;
    let (inner, marks) = value.unmark();
    if marks.is_sensitive() {
        return Err(fail(
            &rules::SENSITIVE_FOR_EACH,
            "Sensitive values, or values derived from sensitive values, cannot be used as for_each arguments. If used, the sensitive value could be exposed as a resource instance key.",
            expr,
            scope,
        ));
    }
    if marks.is_ephemeral() {
        return Err(fail(
            &rules::EPHEMERAL_FOR_EACH,
            "The given \"for_each\" value is derived from an ephemeral value, which means that it cannot be persisted between plan/apply rounds. Use only non-ephemeral values here.",
            expr,
            scope,
        ));
    }
    let unsuitable = |ty: &Type| {
        let mut detail = format!(
            "The given \"for_each\" argument value is unsuitable: the \"for_each\" argument must be a map, or set of strings, and you have provided a value of type {}.",
            friendly(ty)
        );
        if matches!(ty, Type::List(_) | Type::Tuple(_)) {
            detail.push_str(" A list can be turned into a set with the toset function.");
        }
        fail(&rules::FOR_EACH_TYPE, detail, expr, scope)
    };
    let not_known = |what: &str| -> Result<Option<BTreeMap<EcoString, Value>>, Diagnostics> {
        match unknown {
            Unknown::Allowed => Ok(None),
            Unknown::Rejected => Err(fail(
                &rules::UNKNOWN_FOR_EACH,
                format!(
                    "The \"for_each\" {what} derived from resource attributes that cannot be determined until apply, and so the full set of keys that will identify the instances of this resource cannot be determined.\n\nWhen working with unknown values in for_each, it's better to define the map keys statically in your configuration and place apply-time results only in the map values.\n\nAlternatively, you could use the -target or -exclude option to first apply only the resources that the for_each value depends on, and then apply a second time to fully converge."
                ),
                expr,
                scope,
            )),
        }
    };
    match inner.kind() {
        Kind::Null(_) => Err(fail(
            &rules::NULL_FOR_EACH,
            "The given \"for_each\" argument value is unsuitable: the given \"for_each\" argument value is null. A map, or set of strings is allowed.",
            expr,
            scope,
        )),
        Kind::Unknown(ty, _) => match ty {
            Type::Dynamic | Type::Map(_) | Type::Object(_) => not_known("map includes keys"),
            Type::Set(element) if matches!(**element, Type::String | Type::Dynamic) => {
                not_known("set includes values")
            }
            Type::Set(element) => Err(set_of(element, expr, scope)),
            ty => Err(unsuitable(ty)),
        },
        Kind::Map(map) => Ok(Some(pairs(map.iter()))),
        Kind::Object(object) => Ok(Some(pairs(object.iter()))),
        Kind::Set([]) => Ok(Some(BTreeMap::new())),
        Kind::Set(items) => match set_keys(items) {
            Ok(found) => Ok(Some(found)),
            Err(SetProblem::Null) => Err(fail(
                &rules::FOR_EACH_NULL_ELEMENT,
                "The given \"for_each\" argument value is unsuitable: \"for_each\" sets must not contain null values.",
                expr,
                scope,
            )),
            Err(SetProblem::Unknown) => not_known("set includes values"),
            Err(SetProblem::Type(ty)) => Err(set_of(&ty, expr, scope)),
        },
        _ => Err(unsuitable(&inner.ty())),
    }
}

fn pairs<'v>(
    entries: impl Iterator<Item = (&'v EcoString, &'v Value)>,
) -> BTreeMap<EcoString, Value> {
    entries
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Why a set can't be the keys of instances.
enum SetProblem {
    Null,
    Unknown,
    Type(Type),
}

fn set_keys(items: &[Value]) -> Result<BTreeMap<EcoString, Value>, SetProblem> {
    let pair = |item: &Value| match item.kind() {
        Kind::String(text) => Ok((text.clone(), item.clone())),
        Kind::Null(_) => Err(SetProblem::Null),
        Kind::Unknown(Type::String | Type::Dynamic, _) => Err(SetProblem::Unknown),
        _ => Err(SetProblem::Type(item.ty())),
    };
    items.iter().map(pair).collect()
}

fn set_of(element: &Type, expr: &Compiled, scope: &dyn Scope) -> Diagnostics {
    let detail = format!(
        "The given \"for_each\" argument value is unsuitable: \"for_each\" supports maps and sets of strings, but you have provided a set containing type {}.",
        friendly(element)
    );
    fail(&rules::FOR_EACH_SET_TYPE, detail, expr, scope)
}

/// The value of `enabled`. `None`: not known, where that is allowed.
///
/// # Errors
/// The message, when it is null, no bool, sensitive, ephemeral, or unknown where that is rejected.
pub fn enabled(
    expr: &Compiled,
    scope: &dyn Scope,
    unknown: Unknown,
) -> Result<Option<bool>, Diagnostics> {
    let value = expr.eval(scope, &[])?;
    let (inner, marks) = value.unmark();
    if marks.is_sensitive() || marks.is_ephemeral() {
        return Err(fail(
            &rules::SENSITIVE_ENABLED,
            "Sensitive or ephemeral values, or values derived from them, cannot be used as \"enabled\" arguments: whether the object exists would show them.",
            expr,
            scope,
        ));
    }
    let flag = convert(inner, &Type::Bool).map_err(|error| {
        fail(
            &rules::ENABLED_TYPE,
            format!("The given \"enabled\" argument value is unsuitable: {error}."),
            expr,
            scope,
        )
    })?;
    if flag.is_null() {
        return Err(fail(
            &rules::NULL_ENABLED,
            "The given \"enabled\" argument value is null. A bool is required.",
            expr,
            scope,
        ));
    }
    match (flag.as_bool(), unknown) {
        (Some(flag), _) => Ok(Some(flag)),
        (None, Unknown::Allowed) => Ok(None),
        (None, Unknown::Rejected) => Err(fail(
            &rules::UNKNOWN_ENABLED,
            "The \"enabled\" value depends on resource attributes that cannot be determined until apply, so it cannot be predicted whether the object will exist.",
            expr,
            scope,
        )),
    }
}

/// The type, as messages name it.
fn friendly(ty: &Type) -> String {
    match ty {
        Type::Tuple(_) => "tuple".into(),
        Type::Object(_) => "object".into(),
        ty => ty.to_string(),
    }
}

/// The span of a repetition argument.
#[must_use]
pub fn span(repetition: &crate::config::Repetition) -> Option<Span> {
    use crate::config::Repetition;
    match repetition {
        Repetition::Single => None,
        Repetition::Count(expr) | Repetition::ForEach(expr) | Repetition::Enabled(expr) => {
            Some(expr.span())
        }
    }
}
