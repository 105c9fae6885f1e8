//! Paths into answers: `Vpcs.0.State`, `Rules[Id={id}].Name`.

use serde_json::Value as Json;

/// A step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// Into a member.
    Member(&'a str),
    /// Into an element.
    Index(usize),
    /// Into the element whose member is this.
    Where(&'a str, &'a str),
}

/// The steps of a path. Dots within brackets belong to the value.
pub(crate) fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (choice, after) = inner.split_once(']').unwrap_or((inner, ""));
            let (key, value) = choice.split_once('=').unwrap_or((choice, ""));
            steps.push(Step::Where(key, value));
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        steps.push(name.parse().map_or(Step::Member(name), Step::Index));
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    steps
}

/// What is at a path; `None` for null too.
pub(crate) fn get<'a>(value: &'a Json, path: &str) -> Option<&'a Json> {
    let mut value = value;
    for step in steps(path) {
        value = match step {
            Step::Member(name) => value.get(name)?,
            Step::Index(index) => value.get(index)?,
            // The element in which a number is greatest.
            Step::Where("max", of) => value
                .as_array()?
                .iter()
                .max_by_key(|element| get(element, of).and_then(Json::as_i64))?,
            Step::Where(key, wanted) => value.as_array()?.iter().find(|element| {
                get(element, &key.replace('/', ".")).is_some_and(|found| text(found) == wanted)
            })?,
        };
    }
    (!value.is_null()).then_some(value)
}

/// A scalar as text.
pub(crate) fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        // 1.0 is 1.
        Json::Number(number) if number.is_f64() => {
            let text = number.to_string();
            text.strip_suffix(".0").unwrap_or(&text).to_owned()
        }
        other => other.to_string(),
    }
}

/// The text at a path.
pub(crate) fn text_at(value: &Json, path: &str) -> Option<String> {
    get(value, path).map(text)
}

/// Puts a value at a path of members, making objects on the way.
pub(crate) fn put(target: &mut Json, path: &str, value: Json) {
    let mut target = target;
    let steps = steps(path);
    for step in &steps {
        target = match step {
            Step::Index(index) => {
                if !target.is_array() {
                    *target = Json::Array(Vec::new());
                }
                let Json::Array(items) = target else { return };
                while items.len() <= *index && items.len() < 1000 {
                    items.push(Json::Null);
                }
                let Some(item) = items.get_mut(*index) else {
                    return;
                };
                item
            }
            Step::Member(name) | Step::Where(name, _) => {
                if !target.is_object() {
                    *target = Json::Object(serde_json::Map::new());
                }
                let Json::Object(members) = target else {
                    return;
                };
                members.entry((*name).to_owned()).or_insert(Json::Null)
            }
        };
    }
    *target = value;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_into_answers() {
        let answer =
            json!({"Vpcs": [{"State": "ok", "Id": "a.b"}, {"Id": "c", "N": 3}], "X": null});
        for (path, expected) in [
            ("Vpcs.0.State", Some("ok")),
            ("Vpcs[Id=c].N", Some("3")),
            ("Vpcs[Id=a.b].State", Some("ok")),
            ("Vpcs[Id=x].N", None),
            ("Vpcs.7", None),
            ("X", None),
        ] {
            assert_eq!(text_at(&answer, path).as_deref(), expected, "{path}");
        }
        let mut made = json!({});
        put(&mut made, "A.B", json!(1));
        put(&mut made, "L.0.K", json!("v"));
        assert_eq!(made, json!({"A": {"B": 1}, "L": [{"K": "v"}]}));
    }
}
