//! Keeps sensitive values out of what policies say. They look at the whole plan, secrets included, as they do elsewhere.

use aho_corasick::AhoCorasick;
use serde_json::{Map, Value};
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// Shorter texts are in many words that tell nothing.
const SHORTEST: usize = 4;
const INSTEAD: &str = "(sensitive value)";

/// The texts in a plan that are sensitive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets {
    texts: BTreeSet<String>,
    /// Finds all of them at once, however many there are.
    finder: OnceCell<Option<AhoCorasick>>,
}

impl Secrets {
    /// Those of a plan in its JSON form; none of anything else.
    pub(crate) fn of_plan(plan: &Value) -> Self {
        let mut secrets = Self::default();
        let resources = list(plan, "resource_changes").chain(list(plan, "resource_drift"));
        let resources = resources.filter_map(|change| change.get("change"));
        let outputs = plan.get("output_changes").and_then(Value::as_object);
        for change in resources.chain(outputs.into_iter().flat_map(Map::values)) {
            for (value, mask) in [("before", "before_sensitive"), ("after", "after_sensitive")] {
                if let (Some(value), Some(mask)) = (change.get(value), change.get(mask)) {
                    secrets.under(value, mask);
                }
            }
        }
        let declared = plan.pointer("/configuration/root_module/variables");
        for (name, declared) in declared.and_then(Value::as_object).into_iter().flatten() {
            let value = plan
                .get("variables")
                .and_then(|all| all.get(name)?.get("value"));
            if let (Some(Value::Bool(true)), Some(value)) = (declared.get("sensitive"), value) {
                secrets.all(value);
            }
        }
        secrets
    }

    fn under(&mut self, value: &Value, mask: &Value) {
        match (value, mask) {
            (value, Value::Bool(true)) => self.all(value),
            (Value::Object(fields), Value::Object(masks)) => {
                for (name, mask) in masks {
                    if let Some(value) = fields.get(name) {
                        self.under(value, mask);
                    }
                }
            }
            (Value::Array(values), Value::Array(masks)) => {
                for (value, mask) in values.iter().zip(masks) {
                    self.under(value, mask);
                }
            }
            _ => {}
        }
    }

    fn all(&mut self, value: &Value) {
        match value {
            Value::String(text) if text.len() >= SHORTEST => {
                self.texts.insert(text.clone());
            }
            Value::Array(values) => values.iter().for_each(|value| self.all(value)),
            Value::Object(fields) => fields.values().for_each(|value| self.all(value)),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A text without them. Where several overlap, nothing of any is left.
    pub(crate) fn out_of(&self, text: &mut String) {
        if self.texts.is_empty() {
            return;
        }
        let finder = self
            .finder
            .get_or_init(|| AhoCorasick::new(&self.texts).ok());
        let Some(finder) = finder else {
            // More than can be looked for: then nothing is said.
            INSTEAD.clone_into(text);
            return;
        };
        let mut hidden: Vec<(usize, usize)> = Vec::new();
        for found in finder.find_overlapping_iter(text.as_str()) {
            hidden.push((found.start(), found.end()));
        }
        hidden.sort_unstable();
        let mut out = String::with_capacity(text.len());
        let (mut from, mut until) = (0, 0);
        for (begin, end) in hidden {
            if begin >= until {
                out.push_str(text.get(from..begin).unwrap_or_default());
                out.push_str(INSTEAD);
            }
            until = until.max(end);
            from = until;
        }
        if until > 0 {
            out.push_str(text.get(from..).unwrap_or_default());
            *text = out;
        }
    }

    /// All texts of a value without them.
    pub(crate) fn out_of_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.out_of(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.out_of_value(value)),
            Value::Object(fields) => fields
                .values_mut()
                .for_each(|value| self.out_of_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn list<'a>(plan: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    plan.get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::Secrets;
    use std::collections::BTreeSet;

    #[test]
    fn nothing_of_a_secret_is_left() {
        let texts = ["abcd", "cdefgh", "abcdef", "ümläut"];
        let secrets = Secrets {
            texts: texts
                .into_iter()
                .map(str::to_owned)
                .collect::<BTreeSet<_>>(),
            ..Secrets::default()
        };
        for (text, expect) in [
            ("plain", "plain"),
            ("", ""),
            ("x abcd y", "x (sensitive value) y"),
            ("abcdef", "(sensitive value)"),
            ("x abcdefgh y", "x (sensitive value) y"),
            ("abcdabcd", "(sensitive value)(sensitive value)"),
            ("ä ümläut ö", "ä (sensitive value) ö"),
        ] {
            let mut text = text.to_owned();
            secrets.out_of(&mut text);
            assert_eq!(text, expect);
        }
    }
}
