//! Plans and states in a form in which two runs of the same thing are equal.

use serde_json::{Map, Value as Json, json};

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
        "applyable",
        "complete",
        "errored",
    ] {
        if let Some(value) = json.get(name) {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    for name in ["resource_changes", "resource_drift", "checks"] {
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
                if name == "deposed" && value.is_string() {
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

/// Where two values differ: path, ours, theirs.
pub(super) fn differences(ours: &Json, theirs: &Json) -> Vec<String> {
    let mut found = Vec::new();
    walk("", ours, theirs, &mut found);
    found
}

fn walk(path: &str, ours: &Json, theirs: &Json, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Json::Object(our), Json::Object(their)) => {
            let names: std::collections::BTreeSet<_> = our.keys().chain(their.keys()).collect();
            for name in names {
                let inner = format!("{path}.{name}");
                match (our.get(name), their.get(name)) {
                    (Some(a), Some(b)) => walk(&inner, a, b, found),
                    (Some(a), None) => found.push(format!("{inner}: ours {a}, theirs absent")),
                    (None, Some(b)) => found.push(format!("{inner}: ours absent, theirs {b}")),
                    (None, None) => {}
                }
            }
        }
        (Json::Array(our), Json::Array(their)) if our.len() == their.len() => {
            for (at, (a, b)) in our.iter().zip(their).enumerate() {
                let name = ["address", "name", "index_key"]
                    .into_iter()
                    .find_map(|key| b.get(key).and_then(Json::as_str));
                let inner = format!("{path}[{}]", name.map_or(at.to_string(), str::to_owned));
                walk(&inner, a, b, found);
            }
        }
        (a, b) if a != b => found.push(format!("{path}: ours {a}, theirs {b}")),
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
        assert!(differences(&one, &same).is_empty());
        assert_eq!(
            differences(&one, &other),
            [".resource_changes[a].after.input: ours 1, theirs 2"]
        );
    }
}
