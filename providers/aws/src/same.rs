//! When two texts mean the same: JSON, IAM policies.

use crate::facts::Sameness;
use serde_json::{Map, Value as Json};
use terrane_value::{Kind, Value};

/// Whether two values of an attribute mean the same.
pub(crate) fn same(left: &Value, right: &Value, sameness: Sameness) -> bool {
    if terrane_provider::plan::same(left, right) {
        return true;
    }
    let (Kind::String(a), Kind::String(b)) = (left.kind(), right.kind()) else {
        return false;
    };
    match sameness {
        Sameness::Equal => false,
        Sameness::Case => a.eq_ignore_ascii_case(b),
        Sameness::Json => matches!((parse(a), parse(b)), (Some(a), Some(b)) if a == b),
        Sameness::Policy => same_policy(a, b),
    }
}

fn parse(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok()
}

/// Whether two texts are policies that mean the same: order of statements and of values does not count, one value is a list of one.
pub(crate) fn same_policy(left: &str, right: &str) -> bool {
    let empty = |text: &str| matches!(text.trim(), "" | "{}");
    if empty(left) || empty(right) {
        return empty(left) && empty(right);
    }
    match (parse(left), parse(right)) {
        (Some(a), Some(b)) => a == b || policy(&a) == policy(&b),
        _ => false,
    }
}

fn policy(document: &Json) -> Json {
    let Json::Object(members) = document else {
        return document.clone();
    };
    let mut normal = Map::new();
    for (name, value) in members {
        let value = if name.eq_ignore_ascii_case("Statement") {
            let mut statements: Vec<Json> = list(value).iter().map(statement).collect();
            statements.sort_by_key(Json::to_string);
            Json::Array(statements)
        } else {
            value.clone()
        };
        normal.insert(name.to_ascii_lowercase(), value);
    }
    Json::Object(normal)
}

fn statement(value: &Json) -> Json {
    let Json::Object(members) = value else {
        return value.clone();
    };
    let mut normal = Map::new();
    for (name, value) in members {
        let name = name.to_ascii_lowercase();
        let value = match name.as_str() {
            "action" | "notaction" => strings(value, true),
            "resource" | "notresource" => strings(value, false),
            "principal" | "notprincipal" => match value {
                Json::Object(kinds) => Json::Object(
                    kinds
                        .iter()
                        .map(|(kind, who)| (kind.clone(), principals(who)))
                        .collect(),
                ),
                // Everybody, in both spellings.
                Json::String(all) if all == "*" => serde_json::json!({"AWS": ["*"]}),
                other => other.clone(),
            },
            "condition" => conditions(value),
            "sid" if value.as_str() == Some("") => continue,
            _ => value.clone(),
        };
        normal.insert(name, value);
    }
    Json::Object(normal)
}

fn conditions(value: &Json) -> Json {
    let Json::Object(operators) = value else {
        return value.clone();
    };
    let normal = operators.iter().map(|(operator, keys)| {
        let keys = match keys {
            Json::Object(keys) => Json::Object(
                keys.iter()
                    .map(|(key, values)| (key.to_ascii_lowercase(), strings(values, false)))
                    .collect(),
            ),
            other => other.clone(),
        };
        (operator.clone(), keys)
    });
    Json::Object(normal.collect())
}

/// An account and its root are the same.
fn principals(value: &Json) -> Json {
    let rooted = |text: &str| {
        let account = text
            .strip_prefix("arn:aws:iam::")
            .and_then(|rest| rest.strip_suffix(":root"));
        account.unwrap_or(text).to_owned()
    };
    let mut texts: Vec<String> = list(value)
        .iter()
        .map(|item| rooted(&crate::json::text(item)))
        .collect();
    texts.sort();
    texts.dedup();
    texts.into()
}

fn strings(value: &Json, fold_case: bool) -> Json {
    let mut texts: Vec<String> = list(value).iter().map(crate::json::text).collect();
    if fold_case {
        for text in &mut texts {
            *text = text.to_ascii_lowercase();
        }
    }
    texts.sort();
    texts.dedup();
    texts.into()
}

fn list(value: &Json) -> Vec<Json> {
    match value {
        Json::Array(items) => items.clone(),
        other => vec![other.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::same_policy;

    #[test]
    fn policies_mean_the_same_or_not() {
        let base = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get","s3:Put"],"Resource":"*","Principal":{"AWS":"arn:aws:iam::123456789012:root"}}]}"#;
        let table = [
            (
                r#"{"Statement":{"Resource":["*"],"Action":["s3:put","s3:Get"],"Effect":"Allow","Principal":{"AWS":"123456789012"}},"Version":"2012-10-17"}"#,
                true,
            ),
            (
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["s3:Get","s3:Put"],"Resource":"*","Principal":{"AWS":"123456789012"}}]}"#,
                false,
            ),
            ("", false),
            ("not json", false),
        ];
        for (other, expected) in table {
            assert_eq!(same_policy(base, other), expected, "{other}");
        }
        assert!(same_policy("", "{}"));
    }
}
