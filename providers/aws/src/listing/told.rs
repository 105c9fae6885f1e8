//! What answers tell: objects, and what holds them.

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
        let (path, cuts) = at_mark(path);
        let text = match (path.strip_prefix("../"), path) {
            (Some(path), _) => {
                let mut around = iter::successors(self.around.as_ref(), |one| one.around.as_ref());
                around.find_map(|one| json::text_at(&one.item, path))
            }
            (None, ".") => Some(json::text(&self.item)),
            (None, path) => json::text_at(&self.item, path),
        };
        cut(&text?, cuts)
    }
}

/// What stands before the first mark of a cut, and the cuts.
pub(super) fn at_mark(path: &str) -> (&str, &str) {
    let mark = path.find(['<', '>', '#']);
    mark.map_or((path, ""), |at| path.split_at(at))
}

/// What is behind (`>`) or before (`<`) the last of a mark, and parts of ARNs (`#`), counted from 0.
pub(super) fn cut(text: &str, mut cuts: &str) -> Option<String> {
    let mut left = text;
    while let Some(side) = cuts.chars().next() {
        let rest = cuts.get(1..).unwrap_or_default();
        let (mark, next) = at_mark(rest);
        if side == '#' {
            left = left.split(':').nth(mark.parse().ok()?)?;
        } else if let Some((before, behind)) = left.rsplit_once(mark) {
            left = if side == '<' { before } else { behind };
        }
        cuts = next;
    }
    Some(left.to_owned())
}

/// Whether a text is one that is meant: `TEXT*`, `*TEXT`, `*TEXT*`, or that itself.
pub(super) fn is_like(text: &str, meant: &str) -> bool {
    match (meant.strip_prefix('*'), meant.strip_suffix('*')) {
        (Some(_), Some(start)) => text.contains(start.get(1..).unwrap_or_default()),
        (None, Some(start)) => text.starts_with(start),
        (Some(end), None) => text.ends_with(end),
        (None, None) => text == meant,
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
    use super::{Here, Told, cut, is_like, items};
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
        assert_eq!(held[0].text("../n").as_deref(), Some("x"));
        assert_eq!(held[1].text("../n").as_deref(), Some("above"));
        assert_eq!(held[1].text("../o"), None);
    }

    #[test]
    fn texts_are_cut_and_compared() {
        let is = |text: &str, cuts: &str, left: &str| cut(text, cuts).as_deref() == Some(left);
        assert!(is("arn:a:task/f:3", ">/<:", "f") && is("arn:a:task/f:3", ">:", "3"));
        assert!(is("arn:aws:s:eu:1:f:n:q", "#7", "q") && is("plain", ">/", "plain"));
        assert_eq!(cut("arn:aws:s", "#8"), None);
        assert!(is_like("abc", "a*") && is_like("abc", "*b*") && is_like("abc", "*c"));
        assert!(is_like("", "") && !is_like("abc", "ab") && !is_like("abc", "*d*"));
        let here = Here {
            region: "eu".to_owned(),
            account: "1".to_owned(),
        };
        assert_eq!(here.filled("{region}:{account}"), "eu:1");
    }
}
