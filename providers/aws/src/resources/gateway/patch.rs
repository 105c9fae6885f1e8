//! Changes of REST APIs: lists of what is added, replaced and removed.

use crate::json;
use crate::run::{Run, same_at, to_map};
use crate::table::Hooks;
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Kind, Value};

/// The change of an object: the operation, what it is asked for with (members and texts), and attributes with their paths. A path that ends with a slash holds
/// the keys of a map or the elements of a list.
#[derive(Debug)]
pub(super) struct Patched {
    pub(super) operation: &'static str,
    pub(super) of: &'static [(&'static str, &'static str)],
    pub(super) paths: &'static [(&'static str, &'static str)],
    /// What an import id is made of.
    pub(super) import: &'static [&'static str],
}

/// A key as a part of a path.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

pub(super) fn text(value: &Value) -> Option<String> {
    match value.unmarked().kind() {
        Kind::String(text) if !text.is_empty() => Some(text.to_string()),
        Kind::Number(number) => Some(number.to_string()),
        Kind::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

pub(super) fn one(op: &str, path: &str, value: Option<String>) -> Json {
    let mut made = json!({"op": op, "path": path});
    if let Some(value) = value {
        json::put(&mut made, "value", value.into());
    }
    made
}

/// What changes of an attribute.
pub(super) fn changes(path: &str, before: &Value, after: &Value) -> Vec<Json> {
    if !path.ends_with('/') {
        return match text(after) {
            Some(value) => vec![one("replace", path, Some(value))],
            None if matches!(before.unmarked().kind(), Kind::String(_)) => {
                vec![one("replace", path, Some(String::new()))]
            }
            None => vec![one("remove", path, None)],
        };
    }
    let entries = |value: &Value| match value.unmarked().kind() {
        Kind::Map(map) => map
            .iter()
            .map(|(key, value)| (key.to_string(), text(value).unwrap_or_default()))
            .collect(),
        Kind::List(_) | Kind::Set(_) => value
            .children()
            .iter()
            .filter_map(|item| Some((text(item)?, String::new())))
            .collect(),
        _ => to_map(value),
    };
    let is_map = |value: &Value| matches!(value.unmarked().kind(), Kind::Map(_));
    let maps = is_map(before) || is_map(after);
    let (before, after) = (entries(before), entries(after));
    let mut all = Vec::new();
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        all.push(one("remove", &format!("{path}{}", escaped(key)), None));
    }
    for (key, value) in &after {
        let verb = match before.get(key) {
            None => "add",
            Some(other) if other != value => "replace",
            Some(_) => continue,
        };
        let value = maps.then(|| value.clone());
        all.push(one(verb, &format!("{path}{}", escaped(key)), value));
    }
    all
}

impl Patched {
    /// What changes from one object to another.
    pub(super) fn changes(&self, prior: &Value, planned: &Value) -> Vec<Json> {
        let changed = self
            .paths
            .iter()
            .filter(|(name, _)| !same_at(prior, planned, name));
        changed
            .flat_map(|(name, path)| {
                changes(path, &args::get(prior, name), &args::get(planned, name))
            })
            .collect()
    }

    /// Makes these changes, if there are any.
    pub(super) async fn send(
        &self,
        run: &Run<'_>,
        object: &Value,
        changes: Vec<Json>,
    ) -> Answered<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut input = json!({"patchOperations": changes});
        for (member, text) in self.of {
            json::put(&mut input, member, run.text(text, object).into());
        }
        run.ask(self.operation, input).await.map(drop)
    }
}

#[async_trait]
impl Hooks for Patched {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let changes = self.changes(prior, planned);
        self.send(run, prior, changes).await
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        if self.import.is_empty() {
            return None;
        }
        let parts: Vec<&str> = id.splitn(self.import.len(), '/').collect();
        if parts.len() != self.import.len() {
            return None;
        }
        let parts = parts.into_iter().map(str::to_owned);
        Some(self.import.iter().copied().zip(parts).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrane_value::Type;

    #[test]
    fn what_changes_is_told_by_paths() {
        let map = |pairs: &[(&str, &str)]| {
            let entries = pairs
                .iter()
                .map(|(key, value)| ((*key).into(), Value::string(*value)));
            Value::map(Type::String, entries.collect())
        };
        let (before, after) = (
            map(&[("a", "1"), ("b", "2")]),
            map(&[("b", "3"), ("c/d", "4")]),
        );
        assert_eq!(
            json!(changes("/variables/", &before, &after)),
            json!([
                {"op": "remove", "path": "/variables/a"},
                {"op": "replace", "path": "/variables/b", "value": "3"},
                {"op": "add", "path": "/variables/c~1d", "value": "4"},
            ])
        );
        let (none, some) = (Value::null(Type::String), Value::string("x"));
        assert_eq!(
            json!(changes("/name", &none, &some)),
            json!([{"op": "replace", "path": "/name", "value": "x"}])
        );
        assert_eq!(
            json!(changes("/name", &some, &none)),
            json!([{"op": "replace", "path": "/name", "value": ""}])
        );
    }
}
