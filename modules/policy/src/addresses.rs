//! Which resources a result is about.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What a plan changes, by address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(BTreeSet<String>);

/// Where policies write the address, by custom.
const KEYS: [&str; 4] = ["address", "addresses", "resource", "resources"];

impl Known {
    /// Those of a plan in its JSON form; none of anything else.
    pub(crate) fn of_plan(plan: &Value) -> Self {
        let changes = plan.get("resource_changes").and_then(Value::as_array);
        let addresses = changes
            .into_iter()
            .flatten()
            .filter_map(|change| change.get("address")?.as_str().map(str::to_owned));
        Self(addresses.collect())
    }

    /// Those that a result names: in its own fields, else within its message.
    pub(crate) fn named(&self, message: &str, metadata: &Map<String, Value>) -> Vec<String> {
        let nested = metadata.get("details").and_then(Value::as_object);
        let fields = [Some(metadata), nested].into_iter().flatten();
        let stated: BTreeSet<String> = fields
            .flat_map(|fields| KEYS.iter().filter_map(|key| fields.get(*key)))
            .flat_map(|value| match value {
                Value::Array(values) => values.iter().collect(),
                one => vec![one],
            })
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect();
        if !stated.is_empty() {
            return stated.into_iter().collect();
        }
        // An address with a key may have blanks in it, but hardly a quotation mark outside of its brackets.
        let words = message.split([' ', '\n', '\t', '`', '\'', ',', ';', '(', ')']);
        let found: BTreeSet<&str> = words
            .flat_map(|word| {
                let trimmed = word.trim_matches(['"', ':', '.', '<', '>']);
                [word, trimmed]
            })
            .filter(|word| self.0.contains(*word))
            .collect();
        found.into_iter().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Known;
    use serde_json::json;

    #[test]
    fn addresses_are_found() {
        let known = Known::of_plan(&json!({ "resource_changes": [
            { "address": "aws_s3_bucket.logs" },
            { "address": "module.net[\"a\"].aws_vpc.this[0]" },
        ] }));
        for (message, metadata, expected) in [
            (
                "aws_s3_bucket.logs: no encryption",
                json!({}),
                &["aws_s3_bucket.logs"][..],
            ),
            (
                "the bucket \"aws_s3_bucket.logs\".",
                json!({}),
                &["aws_s3_bucket.logs"],
            ),
            (
                "module.net[\"a\"].aws_vpc.this[0] is too big",
                json!({}),
                &["module.net[\"a\"].aws_vpc.this[0]"],
            ),
            ("aws_s3_bucket.logs", json!({ "address": "a.b" }), &["a.b"]),
            (
                "no",
                json!({ "details": { "resources": ["a.b", "a.c"] } }),
                &["a.b", "a.c"],
            ),
            ("nothing is named", json!({}), &[]),
        ] {
            let metadata = metadata.as_object().unwrap();
            assert_eq!(known.named(message, metadata), expected, "{message}");
        }
    }
}
