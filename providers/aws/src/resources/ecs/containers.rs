//! Definitions of containers: JSON in a text, which has many spellings.

use crate::shape::{Shape, squash};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A document as a shape wants it: names in its spelling, what is null left out, numbers and texts as it has them.
pub(super) fn fitted(shape: &Shape, value: &Json) -> Json {
    match (shape, value) {
        (Shape::Structure { members, .. }, Json::Object(object)) => {
            let mut made = Map::new();
            for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
                let wanted = squash(name);
                let member = members.iter().find(|(member, _)| squash(member) == wanted);
                if let Some((member, shape)) = member {
                    made.insert(member.clone(), fitted(shape, value));
                }
            }
            Json::Object(made)
        }
        (Shape::List(element), Json::Array(items)) => items
            .iter()
            .filter(|item| !item.is_null())
            .map(|item| fitted(element, item))
            .collect(),
        (Shape::Map(element), Json::Object(object)) => Json::Object(
            object
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), fitted(element, value)))
                .collect(),
        ),
        (Shape::Number, Json::String(text)) => {
            text.parse().map_or_else(|_| value.clone(), Json::Number)
        }
        (Shape::Bool, Json::String(text)) if text == "true" || text == "false" => {
            (text == "true").into()
        }
        (Shape::Text, Json::Number(_) | Json::Bool(_)) => crate::json::text(value).into(),
        _ => value.clone(),
    }
}

/// The containers of a text, or what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Vec<Json>, String> {
    match serde_json::from_str(text) {
        Ok(Json::Array(items)) if items.iter().all(Json::is_object) => Ok(items),
        Ok(_) => Err("it is not a list of objects".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether two texts define the same containers.
pub(super) fn same(left: &str, right: &str, is_awsvpc: bool) -> bool {
    match (parse(left), parse(right)) {
        (Ok(left), Ok(right)) => {
            let plain = |items: &[Json]| -> BTreeMap<String, Json> {
                items
                    .iter()
                    .map(|item| (name_of(item), plain(item, is_awsvpc)))
                    .collect()
            };
            left.len() == right.len() && plain(&left) == plain(&right)
        }
        _ => left == right,
    }
}

fn name_of(container: &Json) -> String {
    container
        .as_object()
        .into_iter()
        .flatten()
        .find(|(name, _)| squash(name) == "name")
        .map(|(_, value)| crate::json::text(value))
        .unwrap_or_default()
}

/// A container without what is said by saying nothing.
fn plain(container: &Json, is_awsvpc: bool) -> Json {
    let mut made = bare(container);
    let Some(members) = made.as_object_mut() else {
        return made;
    };
    if members.get("essential") == Some(&Json::Bool(true)) {
        members.remove("essential");
    }
    if members.get("cpu").is_some_and(|cpu| cpu == 0) {
        members.remove("cpu");
    }
    for list in ["environment", "secrets"] {
        if let Some(Json::Array(items)) = members.get_mut(list) {
            items.sort_by_key(name_of);
        }
    }
    if let Some(Json::Array(ports)) = members.get_mut("portmappings") {
        for port in ports.iter_mut().filter_map(Json::as_object_mut) {
            if port.get("protocol").is_some_and(|name| name == "tcp") {
                port.remove("protocol");
            }
            let same = port.get("hostport") == port.get("containerport");
            if port.get("hostport").is_some_and(|port| port == 0) || (is_awsvpc && same) {
                port.remove("hostport");
            }
        }
        ports.sort_by_key(Json::to_string);
    }
    made
}

/// Names in one spelling, nothing empty, numbers as numbers.
fn bare(value: &Json) -> Json {
    match value {
        Json::Object(members) => Json::Object(
            members
                .iter()
                .map(|(name, value)| (name, bare(value)))
                .filter(|(_, value)| !is_nothing(value))
                .map(|(name, value)| {
                    // Keys of maps are somebody's own.
                    let own = name.chars().any(|letter| !letter.is_ascii_alphanumeric());
                    (if own { name.clone() } else { squash(name) }, value)
                })
                .collect(),
        ),
        Json::Array(items) => items.iter().map(bare).collect(),
        Json::Number(_) => crate::json::text(value)
            .parse()
            .map_or_else(|_| value.clone(), Json::Number),
        other => other.clone(),
    }
}

fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn containers_have_many_spellings() {
        let base = r#"[{"name":"a","image":"i","environment":[{"name":"x","value":"1"},{"name":"b","value":"2"}],"portMappings":[{"containerPort":80}]}]"#;
        let table = [
            (
                r#"[{"Name":"a","image":"i","essential":true,"cpu":0,"mountPoints":[],"environment":[{"name":"b","value":"2"},{"name":"x","value":"1"}],"portMappings":[{"containerPort":80,"hostPort":80,"protocol":"tcp"}]}]"#,
                true,
            ),
            (r#"[{"name":"a","image":"j"}]"#, false),
            ("[]", false),
            ("no", false),
        ];
        for (other, expected) in table {
            assert_eq!(same(base, other, true), expected, "{other}");
        }
        assert!(!same(base, table[0].0, false));
    }

    #[test]
    fn a_document_is_made_to_fit() {
        let shape = Shape::Structure {
            members: vec![
                ("memory".to_owned(), Shape::Number),
                ("labels".to_owned(), Shape::Map(Box::new(Shape::Text))),
            ],
            required: Vec::new(),
        };
        let value = json!({"Memory": "5", "other": 1, "labels": {"a": 1, "b": null}});
        let expected = json!({"memory": 5, "labels": {"a": "1"}});
        assert_eq!(fitted(&shape, &value), expected);
    }
}
