//! What answers tell: objects, and what holds them.

use super::types::Choice;
use crate::json;
use serde_json::{Value as Json, json};
use std::iter;
use std::sync::Arc;

/// Something that was told, and what holds it.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) item: Json,
    around: Option<Arc<Self>>,
}

impl Told {
    /// An answer about something.
    pub(super) fn new(item: Json, around: Option<&Arc<Self>>) -> Arc<Self> {
        let around = around.cloned();
        Arc::new(Self { item, around })
    }

    /// The text at a path; see [`super::types`].
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let (path, part) = match path.split_once('#') {
            Some((path, part)) => (path, part.parse::<usize>().ok()),
            None => (path, None),
        };
        let text = match (path.strip_prefix(".."), path) {
            (Some(path), _) => {
                let mut around = iter::successors(self.around.as_ref(), |one| one.around.as_ref());
                around.find_map(|one| json::text_at(&one.item, path))
            }
            (None, ".") => Some(json::text(&self.item)),
            (None, path) => json::text_at(&self.item, path),
        }?;
        match part {
            Some(part) => text.split(':').nth(part).map(str::to_owned),
            None => Some(text),
        }
    }

    /// Whether one of the texts of a choice is there.
    pub(super) fn is_one_of(&self, (path, texts): &Choice, here: &Here) -> bool {
        let found = self.text(path).unwrap_or_default();
        texts.iter().any(|text| {
            let text = here.filled(text);
            match (text.strip_prefix('*'), text.strip_suffix('*')) {
                (Some(_), Some(start)) => found.contains(start.get(1..).unwrap_or_default()),
                (None, Some(start)) => found.starts_with(start),
                (Some(end), None) => found.ends_with(end),
                (None, None) => found == text,
            }
        })
    }
}

/// Where it is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Here {
    pub(super) region: String,
    pub(super) account: String,
}

impl Here {
    pub(super) fn filled(&self, text: &str) -> String {
        let text = text.replace("{region}", &self.region);
        text.replace("{account}", &self.account)
    }
}

/// The objects that lists within lists lead to.
pub(super) fn items(answer: &Arc<Told>, at: &str) -> Vec<Arc<Told>> {
    let places = at.split(',').flat_map(|at| {
        let mut found = vec![Arc::clone(answer)];
        for name in at.split('.').filter(|name| !name.is_empty()) {
            found = found.iter().flat_map(|one| within(one, name)).collect();
        }
        found
    });
    places.collect()
}

/// What a member of an object is, or holds.
fn within(told: &Arc<Told>, name: &str) -> Vec<Arc<Told>> {
    let parts: Vec<Json> = match (&told.item, name) {
        (Json::Object(map), "*") => map
            .iter()
            .map(|(key, value)| json!({"key": key, "value": value}))
            .collect(),
        // A policy, as most services tell it.
        (Json::String(text), name) => member(&serde_json::from_str(text).unwrap_or_default(), name),
        (json, name) => member(json, name),
    };
    let parts = parts.into_iter();
    parts.map(|part| Told::new(part, Some(told))).collect()
}

fn member(json: &Json, name: &str) -> Vec<Json> {
    match json.get(name) {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(items)) => items.clone(),
        Some(other) => vec![other.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::{Here, Told, items};
    use serde_json::{Value as Json, json};

    #[test]
    fn lists_within_lists() {
        let answer = json!({"R": [{"I": [{"a": 1}], "n": "x"}, {"I": [{"a": 2}]}], "L": {"Items": ["x"]}, "M": {"k": {"b": [1]}}, "P": "{\"S\":{\"Id\":\"s\"}}", "n": "above"});
        let answer = Told::new(answer, None);
        let told = |at: &str| -> Vec<Json> {
            let found = items(&answer, at);
            found.iter().map(|one| one.item.clone()).collect()
        };
        assert_eq!(told("R.I"), [json!({"a": 1}), json!({"a": 2})]);
        assert_eq!(told("L.Items"), [json!("x")]);
        assert_eq!(told("M.*"), [json!({"key": "k", "value": {"b": [1]}})]);
        assert_eq!(told("M.*.value.b"), [json!(1)]);
        assert_eq!(told("L.Items,P.S"), [json!("x"), json!({"Id": "s"})]);
        assert_eq!(told(".").len(), 1);
        let held = items(&answer, "R.I");
        assert_eq!(held[0].text("..n").as_deref(), Some("x"));
        assert_eq!(held[1].text("..n").as_deref(), Some("above"));
        assert_eq!(held[1].text("..o"), None);
    }

    #[test]
    fn parts_and_choices() {
        let told = Told::new(json!({"A": "arn:aws:s:eu:1:f:n:q"}), None);
        assert_eq!(told.text("A#7").as_deref(), Some("q"));
        assert_eq!(told.text("A#8"), None);
        let here = Here {
            region: "eu".to_owned(),
            account: "1".to_owned(),
        };
        let is =
            |path: &'static str, text: &'static str| told.is_one_of(&(path, vec![text]), &here);
        assert!(
            is("A#3", "{region}") && is("A", "arn*") && is("A", "*:{account}:*") && is("B", "")
        );
        assert!(is("A", "*:q") && !is("A", "*x*") && !is("A", "arn"));
    }
}
