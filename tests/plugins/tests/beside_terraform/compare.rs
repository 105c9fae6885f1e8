//! What two engines said, compared.

use serde_json::Value as Json;

pub(crate) fn without(json: &mut Json, name: &str) {
    match json {
        Json::Object(object) => {
            object.remove(name);
            object.values_mut().for_each(|value| without(value, name));
        }
        Json::Array(items) => items.iter_mut().for_each(|value| without(value, name)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Without identities, which the peer has in later versions only, and with all large random numbers the same.
pub(crate) fn plain(json: &mut Json) {
    match json {
        Json::Object(object) => {
            object.retain(|name, _| !name.contains("identity"));
            object.values_mut().for_each(plain);
            // Instances of one call come in no certain order from the peer.
            if let Some(Json::Array(modules)) = object.get_mut("child_modules") {
                modules.sort_by_key(|module| module["address"].to_string());
            }
        }
        Json::Array(items) => items.iter_mut().for_each(plain),
        Json::String(text) => {
            if text.len() > 15 && text.bytes().all(|byte| byte.is_ascii_digit()) {
                *text = "a large number".to_owned();
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Resources of a state in one order, without what says nothing.
pub(crate) fn tidy(mut resources: Json) -> Json {
    if let Some(list) = resources.as_array_mut() {
        // The peer forgets what a data source was read after.
        for data in list.iter_mut().filter(|found| found["mode"] == "data") {
            for instance in data["instances"].as_array_mut().into_iter().flatten() {
                instance["dependencies"].take();
            }
        }
        list.sort_by_key(|resource| {
            format!(
                "{}{}{}",
                resource["module"], resource["type"], resource["name"]
            )
        });
        for instance in list
            .iter_mut()
            .filter_map(|resource| resource["instances"].as_array_mut())
            .flatten()
        {
            // Blocks that a provider leaves out are stored as none by us, and as null by the peer.
            if instance["attributes"]["single"].is_null()
                && let Some(attributes) = instance["attributes"].as_object_mut()
            {
                attributes.retain(|name, _| name != "single");
            }
            if instance["attributes"]["single"] == Json::Array(Vec::new())
                && let Some(attributes) = instance["attributes"].as_object_mut()
            {
                attributes.remove("single");
            }
            // Absent, null and empty are the same.
            for name in [
                "dependencies",
                "sensitive_attributes",
                "identity",
                "private",
            ] {
                let empty = match &instance[name] {
                    Json::Null => true,
                    Json::Array(items) => items.is_empty(),
                    _ => false,
                };
                if empty && let Some(instance) = instance.as_object_mut() {
                    instance.remove(name);
                }
            }
        }
    }
    resources
}

/// The places where two values differ.
pub(crate) fn differences(path: &str, theirs: &Json, ours: &Json, found: &mut Vec<String>) {
    match (theirs, ours) {
        (Json::Object(a), Json::Object(b)) => {
            let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for name in names {
                let null = Json::Null;
                let a = a.get(name).unwrap_or(&null);
                let b = b.get(name).unwrap_or(&null);
                differences(&format!("{path}.{name}"), a, b, found);
            }
        }
        // We note what a configuration refers to, the peer what is behind it, too; and of data sources nothing, at times.
        (Json::Array(a), Json::Array(b))
            if (path.ends_with(".dependencies") || path.ends_with(".depends_on"))
                && b.iter().all(|on| a.contains(on)) => {}
        (Json::Null, Json::Array(_)) if path.ends_with(".depends_on") => {}
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                differences(&format!("{path}[{at}]"), a, b, found);
            }
        }
        _ if theirs == ours => {}
        _ => found.push(format!("{path}: theirs {theirs}, ours {ours}")),
    }
}
