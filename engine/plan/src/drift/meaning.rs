//! What a difference means.

use super::Class;
use super::table::{ATTRIBUTES, CLOUD_KEYS, TYPES, is_in};
use terrane_value::{Kind, Path, PathStep, Value};

/// Attributes whose keys people and clouds choose.
const LABELS: &[&str] = &[
    "tags",
    "tags_all",
    "labels",
    "effective_labels",
    "annotations",
];

/// Where differences are: a type.
pub(super) struct Place {
    /// Everything of the type is relevant for security.
    secures: bool,
}

impl Place {
    pub(super) fn of(type_name: &str) -> Self {
        Self {
            secures: is_in(TYPES, type_name),
        }
    }

    /// The class of a difference, and why. What is the same in other words is harmless wherever it is; what the cloud sets by itself is so unless security
    /// depends on it.
    pub(super) fn class(
        &self,
        path: &Path,
        configurable: bool,
        before: &Value,
        after: &Value,
    ) -> (Class, &'static str) {
        if is_nothing(before) && is_nothing(after) {
            return (Class::Harmless, "empty and not set are the same");
        }
        if let (Some(before), Some(after)) = (json(before), json(after))
            && before == after
        {
            return (Class::Harmless, "the same JSON, written differently");
        }
        if let Some(key) = label(path)
            && is_in(CLOUD_KEYS, key)
        {
            return (Class::Harmless, "a tag that the cloud sets by itself");
        }
        if label(path).is_some() {
            return match configurable {
                true => (Class::Changed, "a tag"),
                false => (Class::Harmless, "computed by the provider"),
            };
        }
        let named = path.0.iter().any(|step| match step {
            PathStep::Attr(name) => is_in(ATTRIBUTES, name),
            PathStep::Index(_) => false,
        });
        if named {
            return (Class::Security, "security depends on this attribute");
        }
        if !configurable {
            return (Class::Harmless, "computed by the provider");
        }
        if self.secures {
            return (Class::Security, "security depends on this type");
        }
        (Class::Changed, "can be configured")
    }
}

/// The key of a tag.
fn label(path: &Path) -> Option<&str> {
    let [PathStep::Attr(name), PathStep::Index(key), ..] = path.0.as_slice() else {
        return None;
    };
    LABELS
        .contains(&name.as_str())
        .then(|| key.as_str())
        .flatten()
}

fn is_nothing(value: &Value) -> bool {
    match value.unmarked().kind() {
        Kind::Null(_) => true,
        Kind::String(text) => text.is_empty(),
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => items.is_empty(),
        Kind::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// The JSON document that a string holds: an object or an array.
fn json(value: &Value) -> Option<serde_json::Value> {
    let text = value.unmarked().as_str()?.trim_start();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}
