//! Repetition: from `count`, `for_each` and `enabled` to instance keys (`opentofu.md` 2.6).

use super::Repeat;
use crate::plan::ExpansionKind;
use ecow::EcoString;
use std::sync::Arc;
use terrane_config::config::{Module, Reference, Repetition};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Compiled, Scope, all_values_involved};
use terrane_model::addr::InstanceKey;
use terrane_value::{Kind, Type, Value};

/// The instances of something in one module instance.
#[derive(Clone, Debug)]
pub(crate) struct Expanded {
    pub(crate) kind: ExpansionKind,
    /// Sorted.
    pub(crate) keys: Arc<[Option<InstanceKey>]>,
    /// The value of `for_each`.
    pub(crate) each: Option<Value>,
}

impl Expanded {
    fn single(kind: ExpansionKind, exists: bool) -> Self {
        let keys: Arc<[_]> = if exists {
            Arc::from([None])
        } else {
            Arc::from([])
        };
        Self {
            kind,
            keys,
            each: None,
        }
    }
}

/// What `count` and `each` are for a key, given the value of `for_each`.
pub(crate) fn repeat_of(key: Option<&InstanceKey>, each: Option<&Value>) -> Repeat {
    match key {
        None => Repeat::None,
        Some(InstanceKey::Int(index)) => Repeat::Count(*index),
        Some(InstanceKey::Str(key)) => {
            let value = match each {
                Some(each) => each
                    .get(key)
                    .cloned()
                    .unwrap_or_else(|| Value::string(key.clone())),
                None => Value::dynamic(),
            };
            Repeat::Each(key.clone(), value)
        }
    }
}

/// Whether an expression says `each` or `count`. If not, it is evaluated without the value of `for_each`, which need not be there yet while applying.
pub(crate) fn uses_repetition(module: &Module, expr: &Compiled) -> bool {
    expr.uses().iter().any(|used| {
        matches!(
            module.slots[used.slot.0 as usize],
            Reference::EachValue | Reference::EachKey | Reference::CountIndex
        )
    })
}

/// Most instances that one `count` may ask for: beyond this it is a mistake that would only exhaust memory.
const MOST: u64 = 10_000_000;

/// Evaluates a repetition.
///
/// # Errors
/// When it is null, unknown, of the wrong type, ephemeral, or sensitive where that is not allowed.
pub(crate) fn expand(repetition: &Repetition, scope: &dyn Scope) -> Result<Expanded, Diagnostics> {
    match repetition {
        Repetition::Single => Ok(Expanded::single(ExpansionKind::Single, true)),
        Repetition::Count(expr) => count(expr, scope),
        Repetition::ForEach(expr) => for_each(expr, scope),
        Repetition::Enabled(expr) => enabled(expr, scope),
    }
}

fn fail(
    expr: &Compiled,
    scope: &dyn Scope,
    summary: &str,
    detail: impl Into<String>,
) -> Diagnostics {
    let mut diagnostic = Diagnostic::error(summary, detail).at(expr.span());
    diagnostic.values = all_values_involved(expr, scope);
    diagnostic.into()
}

fn count(expr: &Compiled, scope: &dyn Scope) -> Result<Expanded, Diagnostics> {
    let bad = |detail: &str| fail(expr, scope, "Invalid count argument", detail);
    let value = expr.eval(scope, &[])?;
    if value.marks_deep().is_ephemeral() {
        return Err(bad(
            "The given \"count\" value is derived from an ephemeral value, which means that it can't be kept from plan to apply. Use only non-ephemeral values here.",
        ));
    }
    let value = value.unmark_deep();
    let value = terrane_value::convert::convert(&value, &Type::Number).map_err(|problem| {
        bad(&format!(
            "The given \"count\" argument value is unsuitable: {problem}."
        ))
    })?;
    let number = match value.kind() {
        Kind::Null(_) => {
            return Err(bad(
                "The given \"count\" argument value is null. An integer is required.",
            ));
        }
        Kind::Number(number) => number.clone(),
        _ => {
            return Err(bad(
                "The \"count\" value depends on resource attributes that cannot be determined until apply, so the number of instances that \
                            will be created can't be predicted.\n\nTo work around this, use the -target option to first apply only the resources that \
                            the count depends on, or derive the count from values that are in the configuration.",
            ));
        }
    };
    if number.signum() < 0 {
        return Err(bad(
            "The given \"count\" argument value is unsuitable: must be greater than or equal to zero.",
        ));
    }
    let Some(count) = number.to_u64().filter(|_| number.is_integer()) else {
        return Err(bad(
            "The given \"count\" argument value is unsuitable: a whole number is required.",
        ));
    };
    if count > MOST {
        return Err(bad(&format!(
            "The given \"count\" argument value is unsuitable: {count} instances are more than the {MOST} that are supported."
        )));
    }
    Ok(Expanded {
        kind: ExpansionKind::Count,
        keys: (0..count).map(|at| Some(InstanceKey::Int(at))).collect(),
        each: None,
    })
}

fn for_each(expr: &Compiled, scope: &dyn Scope) -> Result<Expanded, Diagnostics> {
    let bad = |detail: &str| fail(expr, scope, "Invalid for_each argument", detail);
    const SENSITIVE: &str = "Sensitive values, or values derived from sensitive values, cannot be used as for_each arguments. If used, the sensitive value \
                             could be exposed as a resource instance key.";
    let value = expr.eval(scope, &[])?;
    if value.marks_deep().is_ephemeral() {
        return Err(bad(
            "The given \"for_each\" value is derived from an ephemeral value, which means that it can't be kept from plan to apply. Use only non-ephemeral values here.",
        ));
    }
    if value.marks().is_sensitive() {
        return Err(bad(SENSITIVE));
    }
    let value = value.unmarked().clone();
    let unknown_keys = |what: &str| {
        bad(&format!(
            "The \"for_each\" {what} includes keys derived from resource attributes that cannot be determined until apply, and so the full set of keys that \
             will identify the instances of this resource can't be determined.\n\nWhen working with unknown values in for_each, it's better to define the map \
             keys statically in your configuration and place apply-time results only in the map values.\n\nAlternatively, use the -target option to first apply \
             only what the for_each value depends on, and then apply a second time."
        ))
    };
    let keys: Vec<EcoString> = match value.kind() {
        Kind::Null(_) => {
            return Err(bad(
                "The given \"for_each\" argument value is unsuitable: the given \"for_each\" argument value is null. A map, or set of strings is allowed.",
            ));
        }
        Kind::Unknown(ty, _) => {
            let known_type = matches!(
                ty,
                Type::Map(_) | Type::Object(_) | Type::Set(_) | Type::Dynamic
            );
            if !known_type {
                return Err(unsuitable(&bad, ty));
            }
            return Err(unknown_keys(if matches!(ty, Type::Set(_)) {
                "set"
            } else {
                "map"
            }));
        }
        Kind::Map(map) => map.keys().to_vec(),
        Kind::Object(object) => object.names().to_vec(),
        Kind::Set(items) => {
            if items.iter().any(|item| !item.is_known()) {
                return Err(unknown_keys("set"));
            }
            if items.iter().any(Value::is_null) {
                return Err(bad(
                    "The given \"for_each\" argument value is unsuitable: \"for_each\" sets must not contain null values.",
                ));
            }
            let strings: Option<Vec<EcoString>> = items
                .iter()
                .map(|item| item.as_str().map(EcoString::from))
                .collect();
            let Some(strings) = strings else {
                let ty = value.ty();
                let element = ty.element().cloned().unwrap_or(Type::Dynamic);
                return Err(bad(&format!(
                    "The given \"for_each\" argument value is unsuitable: \"for_each\" supports maps and sets of strings, but you have provided a set containing type {}.",
                    element.friendly_name()
                )));
            };
            strings
        }
        _ => return Err(unsuitable(&bad, &value.ty())),
    };
    let mut keys: Vec<_> = keys
        .into_iter()
        .map(|key| Some(InstanceKey::Str(key)))
        .collect();
    keys.sort_unstable();
    let each = match value.kind() {
        Kind::Set(_) => None,
        _ => Some(value.clone()),
    };
    // `each.value` of a set is the key itself: an empty object has no such key.
    let each = Some(each.unwrap_or_else(|| Value::object::<EcoString>([])));
    Ok(Expanded {
        kind: ExpansionKind::ForEach,
        keys: keys.into(),
        each,
    })
}

fn unsuitable(bad: &dyn Fn(&str) -> Diagnostics, ty: &Type) -> Diagnostics {
    bad(&format!(
        "The given \"for_each\" argument value is unsuitable: the \"for_each\" argument must be a map, or set of strings, and you have provided a value of type {}.",
        ty.friendly_name()
    ))
}

fn enabled(expr: &Compiled, scope: &dyn Scope) -> Result<Expanded, Diagnostics> {
    let bad = |detail: &str| fail(expr, scope, "Invalid enabled argument", detail);
    let value = expr.eval(scope, &[])?;
    let marks = value.marks_deep();
    if marks.is_sensitive() || marks.is_ephemeral() {
        return Err(bad(
            "The given \"enabled\" argument value is derived from a sensitive or ephemeral value, which can't decide whether an object exists.",
        ));
    }
    let value =
        terrane_value::convert::convert(&value.unmark_deep(), &Type::Bool).map_err(|problem| {
            bad(&format!(
                "The given \"enabled\" argument value is unsuitable: {problem}."
            ))
        })?;
    match value.kind() {
        Kind::Bool(enabled) => Ok(Expanded::single(ExpansionKind::Enabled, enabled)),
        Kind::Null(_) => Err(bad(
            "The given \"enabled\" argument value is unsuitable: the value is null. A boolean is required.",
        )),
        _ => Err(bad(
            "The given \"enabled\" argument value is derived from a value that won't be known until the apply step. Only known values can be used here.",
        )),
    }
}
