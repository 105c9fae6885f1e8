//! Plans and states in a form in which two runs of the same thing are equal.

use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A plan as `show -json` writes it, without what differs by nature: times, versions, random ids.
pub(super) fn plan(json: &Json) -> Json {
    let mut kept = Map::new();
    for name in [
        "variables",
        "planned_values",
        "resource_changes",
        "resource_drift",
        "output_changes",
        "prior_state",
        "checks",
        "configuration",
        "relevant_attributes",
        "applyable",
        "complete",
        "errored",
    ] {
        if let Some(value) = json.get(name) {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    for name in [
        "resource_changes",
        "resource_drift",
        "checks",
        "relevant_attributes",
    ] {
        sort(kept.get_mut(name));
    }
    if let Some(prior) = kept.get_mut("prior_state").and_then(Json::as_object_mut) {
        prior.remove("terraform_version");
        prior.remove("format_version");
    }
    let mut all = Json::Object(kept);
    anonymous(&mut all);
    all
}

/// A state of version 4.
pub(super) fn state(json: &Json) -> Json {
    let mut resources = json["resources"].clone();
    sort(Some(&mut resources));
    if let Some(resources) = resources.as_array_mut() {
        for resource in resources {
            sort(resource.get_mut("instances"));
            let instances = resource.get_mut("instances").and_then(Json::as_array_mut);
            for instance in instances.into_iter().flatten() {
                sort(instance.get_mut("sensitive_attributes"));
            }
        }
    }
    let mut checks = json["check_results"].clone();
    sort(Some(&mut checks));
    if let Some(checks) = checks.as_array_mut() {
        for check in checks {
            sort(check.get_mut("objects"));
        }
    }
    let mut all = json!({
        "outputs": json["outputs"],
        "resources": resources,
        "check_results": checks,
    });
    anonymous(&mut all);
    all
}

/// Sorts an array by the text of its elements, ids left out.
fn sort(array: Option<&mut Json>) {
    let Some(array) = array.and_then(Json::as_array_mut) else {
        return;
    };
    array.sort_by_cached_key(|item| {
        let mut item = item.clone();
        anonymous(&mut item);
        let first = ["address", "module", "type", "name", "index_key", "deposed"]
            .map(|name| item.get(name).map(Json::to_string).unwrap_or_default());
        (first, item.to_string())
    });
}

/// Replaces random ids.
fn anonymous(json: &mut Json) {
    match json {
        Json::String(text) => *text = hide(text),
        Json::Array(items) => items.iter_mut().for_each(anonymous),
        Json::Object(entries) => {
            let old = std::mem::take(entries);
            for (name, mut value) in old {
                if matches!(name.as_str(), "deposed" | "deposed_key") && value.is_string() {
                    value = json!("<deposed>");
                }
                anonymous(&mut value);
                entries.insert(hide(&name), value);
            }
        }
        _ => {}
    }
}

/// A text in which every UUID is `<id>`.
fn hide(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(behind) = behind_uuid(rest) {
            out.push_str("<id>");
            rest = behind;
        } else {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

fn behind_uuid(text: &str) -> Option<&str> {
    let candidate = text.get(..36)?;
    let fits = candidate.char_indices().all(|(at, c)| match at {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    });
    if fits { text.get(36..) } else { None }
}

/// Where two values differ.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// Where.
    pub(super) path: String,
    /// What is there with us, if anything is.
    pub(super) ours: Option<Json>,
    /// With the peer.
    pub(super) theirs: Option<Json>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |side: &Option<Json>| match side {
            Some(json) => json.to_string(),
            None => String::from("absent"),
        };
        let Self { path, ours, theirs } = self;
        write!(f, "{path}: ours {}, theirs {}", show(ours), show(theirs))
    }
}

/// Where two values differ, below a path.
pub(super) fn differences(path: &str, ours: &Json, theirs: &Json) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(path, ours, theirs, &mut found);
    found
}

/// The elements of an array by what names them, if something names all of them.
fn by_name(array: &[Json]) -> Option<BTreeMap<String, Json>> {
    let mut found = BTreeMap::new();
    for item in array {
        let part = |name: &str| {
            let part = item.get(name)?;
            let display = part.get("to_display").unwrap_or(part);
            Some(
                display
                    .as_str()
                    .map_or_else(|| display.to_string(), str::to_owned),
            )
        };
        let names = [
            "address",
            "module",
            "config_addr",
            "object_addr",
            "name",
            "index_key",
            "deposed",
            "deposed_key",
        ];
        let names: Vec<String> = names.into_iter().filter_map(part).collect();
        if names.is_empty()
            || found
                .insert(format!("[{}]", names.join(" ")), item.clone())
                .is_some()
        {
            return None;
        }
    }
    Some(found)
}

fn walk_named(
    path: &str,
    ours: &BTreeMap<String, Json>,
    theirs: &BTreeMap<String, Json>,
    found: &mut Vec<Difference>,
) {
    let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    for name in names {
        let inner = format!("{path}{name}");
        match (ours.get(name), theirs.get(name)) {
            (Some(a), Some(b)) => walk(&inner, a, b, found),
            (ours, theirs) => found.push(Difference {
                path: inner,
                ours: ours.cloned(),
                theirs: theirs.cloned(),
            }),
        }
    }
}

fn walk(path: &str, ours: &Json, theirs: &Json, found: &mut Vec<Difference>) {
    let mut differ = || {
        found.push(Difference {
            path: path.to_owned(),
            ours: Some(ours.clone()),
            theirs: Some(theirs.clone()),
        });
    };
    // These are sets.
    let whole = path.ends_with(".dependencies") || path.ends_with(".depends_on");
    match (ours, theirs) {
        (Json::Object(our), Json::Object(their)) => {
            let parts = |object: &Map<String, Json>| {
                let parts = object.iter();
                parts
                    .map(|(name, value)| (format!(".{name}"), value.clone()))
                    .collect()
            };
            walk_named(path, &parts(our), &parts(their), found);
        }
        (Json::Array(our), Json::Array(their)) if whole => {
            let set = |items: &[Json]| -> BTreeSet<String> {
                items.iter().map(Json::to_string).collect()
            };
            if set(our) != set(their) {
                differ();
            }
        }
        (Json::Array(our), Json::Array(their)) => {
            if let (Some(our), Some(their)) = (by_name(our), by_name(their)) {
                return walk_named(path, &our, &their, found);
            }
            if our.len() != their.len() {
                return differ();
            }
            for (at, (a, b)) in our.iter().zip(their).enumerate() {
                walk(&format!("{path}[{at}]"), a, b, found);
            }
        }
        (a, b) if a != b => differ(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{differences, plan};
    use serde_json::json;

    #[test]
    fn ids_do_not_count_and_everything_else_does() {
        let with = |id: &str, value: u32| {
            let change = json!({"address": "a", "after": {"id": id, "input": value}});
            plan(&json!({"timestamp": id, "resource_changes": [change]}))
        };
        let one = with("0d3c1f6e-7d21-4e5c-9a0b-1234567890ab", 1);
        let same = with("ffffffff-7d21-4e5c-9a0b-1234567890ab", 1);
        let other = with("ffffffff-7d21-4e5c-9a0b-1234567890ab", 2);
        assert!(differences("", &one, &same).is_empty());
        let found = differences("", &one, &other);
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [".resource_changes[a].after.input: ours 1, theirs 2"]
        );
    }
}
