//! Maps whose change replaces a resource: `triggers` of null, `keepers` of random.

use std::collections::BTreeMap;
use terrane_value::{EcoString, Kind, Value};

/// Whether a new configuration of such a map asks for a new object.
///
/// Older versions of the published providers did not store entries that are null, nor maps of nothing else. So what is null in the
/// configuration and absent in the state does not count, and neither does an empty map where there was none.
pub(crate) fn replaces(prior: &Value, config: &Value) -> bool {
    let (had, has) = (entries(prior), entries(config));
    if prior == config || (prior.is_null() && config.is_null()) {
        return false;
    }
    if prior.is_null() {
        return has.values().any(|value| !value.is_null());
    }
    let differs = |(name, value): (&&EcoString, &&Value)| match had.get(*name) {
        None => !value.is_null(),
        Some(before) => before != value,
    };
    has.iter().any(differs) || had.keys().any(|name| !has.contains_key(*name))
}

/// The entries; none of what is null or unknown.
fn entries(map: &Value) -> BTreeMap<&EcoString, &Value> {
    match map.kind() {
        Kind::Map(map) => map.iter().collect(),
        _ => BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrane_value::Type;

    fn map(entries: &[(&str, Option<&str>)]) -> Value {
        let entries = entries.iter().map(|(name, text)| {
            let value = text.map_or_else(|| Value::null(Type::String), Value::string);
            (EcoString::from(*name), value)
        });
        Value::map(Type::String, entries.collect())
    }

    #[test]
    fn nulls_and_empty_maps_do_not_replace() {
        let null = || Value::null(Type::map(Type::String));
        let table = [
            (null(), null(), false),
            (null(), map(&[]), false),
            (null(), map(&[("a", None)]), false),
            (null(), map(&[("a", Some("1"))]), true),
            (null(), Value::unknown(Type::map(Type::String)), false),
            (map(&[]), null(), false),
            (map(&[("a", Some("1"))]), map(&[("a", Some("1"))]), false),
            (map(&[("a", Some("1"))]), map(&[("a", Some("2"))]), true),
            (
                map(&[("a", Some("1"))]),
                map(&[("a", Some("1")), ("b", None)]),
                false,
            ),
            (map(&[("a", Some("1"))]), map(&[]), true),
            (map(&[("a", Some("1"))]), null(), true),
            (map(&[("a", None)]), map(&[]), true),
            (
                map(&[("a", Some("1"))]),
                map(&[("a", Some("1")), ("b", Some(""))]),
                true,
            ),
        ];
        for (prior, config, expected) in table {
            assert_eq!(
                replaces(&prior, &config),
                expected,
                "{prior:?} -> {config:?}"
            );
        }
    }
}
