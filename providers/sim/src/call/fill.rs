//! What the cloud chooses: values in place of unknown ones.

use std::collections::BTreeMap;
use terrane_value::{EcoString, Kind, Type, Value};

/// The value with each unknown part replaced: by what the configuration says there (it may have become known since the plan), else by one that the
/// hash of its path chooses.
pub(super) fn unknowns(
    planned: &Value,
    config: &Value,
    hash: &mut dyn FnMut(&str) -> u64,
) -> Value {
    part(planned, config, "", hash)
}

fn part(planned: &Value, config: &Value, path: &str, hash: &mut dyn FnMut(&str) -> u64) -> Value {
    if planned.is_wholly_known() {
        return planned.clone();
    }
    let none = Value::NULL;
    let within = |name: &str| config.get(name).unwrap_or(&none);
    match planned.kind() {
        Kind::Unknown(ty, _) if config.is_null() => chosen(ty, path, hash),
        Kind::Unknown(..) => config.clone(),
        Kind::Object(object) => Value::object(object.iter().map(|(name, value)| {
            let path = format!("{path}.{name}");
            (name.clone(), part(value, within(name), &path, hash))
        })),
        Kind::Map(map) => {
            let entries = map.iter().map(|(name, value)| {
                let path = format!("{path}.{name}");
                (name.clone(), part(value, within(name), &path, hash))
            });
            let entries: BTreeMap<EcoString, Value> = entries.collect();
            Value::map(map.element_type().clone(), entries)
        }
        Kind::List(_) | Kind::Tuple(_) => planned.map_children(|at, value| {
            let config = config.children().get(at).unwrap_or(&none);
            part(value, config, &format!("{path}.{at}"), hash)
        }),
        // The place of an element in a set says nothing: what is known of the element tells it from the others.
        Kind::Set(items) => {
            let filled = items
                .iter()
                .map(|value| part(value, &none, &format!("{path}.{}", known_text(value)), hash))
                .collect();
            let element = planned.ty().element().cloned().unwrap_or(Type::Dynamic);
            Value::set(element, filled)
        }
        Kind::Marked(..) | Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {
            planned.clone()
        }
    }
}

fn known_text(value: &Value) -> String {
    value
        .children()
        .iter()
        .filter(|child| child.is_wholly_known())
        .map(|child| format!("{child:?}"))
        .collect::<Vec<_>>()
        .join(",")
}

fn chosen(ty: &Type, path: &str, hash: &mut dyn FnMut(&str) -> u64) -> Value {
    let number = hash(path);
    let name = path.rsplit('.').next().unwrap_or_default();
    match ty {
        Type::String => Value::string(format!("{name}-{:08x}", number >> 32)),
        Type::Number => Value::number(i64::try_from(number >> 40).unwrap_or_default()),
        Type::Bool => Value::bool(number & 1 == 1),
        _ => Value::null(ty.clone()),
    }
}
