//! `state diff`: what is different between two versions.

use super::history;
use crate::failure::Failure;
use crate::session::Session;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_model::addr::{DeposedKey, InstanceAddr, ProviderConfigAddr};
use terrane_model::snapshot::{ObjectState, OutputState, ResourceState, Snapshot, Status};
use terrane_value::{Kind, Marks, Value, json};

/// Two states, held against each other.
#[derive(Debug)]
pub struct Diff {
    /// The serial of the first.
    pub from: u64,
    /// The serial of the second.
    pub to: u64,
    /// Objects that are not the same in both, in the order of their addresses.
    pub objects: Vec<ObjectDiff>,
    /// Outputs that are not the same in both.
    pub outputs: Vec<OutputDiff>,
    /// What the providers of both are needed for: a state that names them all.
    pub providers: Snapshot,
}

/// An object that is not the same in both.
#[derive(Debug)]
pub struct ObjectDiff {
    /// Its instance.
    pub addr: InstanceAddr,
    /// Which deposed object; `None`: the current one.
    pub deposed: Option<DeposedKey>,
    /// The provider configuration of the later one.
    pub provider: ProviderConfigAddr,
    /// As it was.
    pub before: Option<Arc<ObjectState>>,
    /// As it became.
    pub after: Option<Arc<ObjectState>>,
    /// What is different beside attributes, as sentences without a full stop.
    pub remarks: Vec<String>,
}

/// An output that is not the same in both.
#[derive(Debug)]
pub struct OutputDiff {
    /// Its name.
    pub name: String,
    /// Its value before, marked if it is sensitive; null: there was none.
    pub before: Value,
    /// Its value after.
    pub after: Value,
}

/// A part of a value that is different. `None` where it is sensitive, or not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: `tags.a[0]`.
    pub path: String,
    /// As it was, as JSON.
    pub before: Option<String>,
    /// As it became, as JSON.
    pub after: Option<String>,
    /// Whether it must not be shown.
    pub sensitive: bool,
}

/// Compares two versions; the second is the present state if it is not given.
///
/// # Errors
/// When there is no such version, or the state can't be read.
pub fn run(session: &Session, from: &str, to: Option<&str>) -> Result<Diff, Failure> {
    let before = history::snapshot(session, Some(from))?;
    let after = history::snapshot(session, to)?;
    Ok(between(&before, &after))
}

type Key = (InstanceAddr, Option<DeposedKey>);

fn objects(snapshot: &Snapshot) -> BTreeMap<Key, (&ProviderConfigAddr, &Arc<ObjectState>)> {
    snapshot
        .instances()
        .flat_map(|(addr, resource, instance)| {
            let current = instance.current.iter().map(|object| (None, object));
            let deposed = instance
                .deposed
                .iter()
                .map(|(key, object)| (Some(key.clone()), object));
            current
                .chain(deposed)
                .map(move |(key, object)| ((addr.clone(), key), (&resource.provider, object)))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Holds two states against each other.
#[must_use]
pub fn between(before: &Snapshot, after: &Snapshot) -> Diff {
    let (old, new) = (objects(before), objects(after));
    let keys: BTreeSet<&Key> = old.keys().chain(new.keys()).collect();
    let mut objects = Vec::new();
    for key in keys {
        let (was, is) = (old.get(key), new.get(key));
        let remarks = remarks(was, is);
        let same = match (was, is) {
            (Some((_, was)), Some((_, is))) => was.attributes == is.attributes,
            _ => false,
        };
        if same && remarks.is_empty() {
            continue;
        }
        let Some((provider, _)) = is.or(was) else {
            continue;
        };
        objects.push(ObjectDiff {
            addr: key.0.clone(),
            deposed: key.1.clone(),
            provider: (*provider).clone(),
            before: was.map(|(_, object)| Arc::clone(object)),
            after: is.map(|(_, object)| Arc::clone(object)),
            remarks,
        });
    }
    let names: BTreeSet<_> = before.outputs.keys().chain(after.outputs.keys()).collect();
    let outputs = names
        .into_iter()
        .filter(|name| before.outputs.get(*name) != after.outputs.get(*name))
        .map(|name| OutputDiff {
            name: name.to_string(),
            before: output(before.outputs.get(name)),
            after: output(after.outputs.get(name)),
        })
        .collect();
    Diff {
        from: before.serial,
        to: after.serial,
        objects,
        outputs,
        providers: providers(before, after),
    }
}

fn output(state: Option<&OutputState>) -> Value {
    match state {
        None => Value::NULL,
        Some(output) if output.sensitive => output.value.clone().with_marks(&Marks::SENSITIVE),
        Some(output) => output.value.clone(),
    }
}

fn remarks(
    was: Option<&(&ProviderConfigAddr, &Arc<ObjectState>)>,
    is: Option<&(&ProviderConfigAddr, &Arc<ObjectState>)>,
) -> Vec<String> {
    let (Some((old_provider, was)), Some((provider, is))) = (was, is) else {
        return Vec::new();
    };
    let mut remarks = Vec::new();
    if was.status != is.status {
        remarks.push(String::from(match is.status {
            Status::Tainted => "is tainted now",
            Status::Ready => "is not tainted any more",
        }));
    }
    if old_provider != provider {
        remarks.push(format!(
            "is managed by {provider} now, before by {old_provider}"
        ));
    }
    remarks
}

/// A state that names all providers of both.
fn providers(before: &Snapshot, after: &Snapshot) -> Snapshot {
    let mut both = Snapshot::default();
    for (addr, resource) in before.resources.iter().chain(&after.resources) {
        let named = ResourceState {
            provider: resource.provider.clone(),
            instances: BTreeMap::new(),
        };
        both.resources.insert(addr.clone(), named);
    }
    both
}

/// The parts of two values that are different, in the order of their paths.
#[must_use]
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(before, after, &mut String::new(), &mut found);
    found
}

fn walk(before: &Value, after: &Value, path: &mut String, found: &mut Vec<Difference>) {
    let secret = |value: &Value| value.marks().is_sensitive();
    if before == after {
        return;
    }
    if secret(before) || secret(after) {
        return push(before, after, path, found);
    }
    match (before.kind(), after.kind()) {
        (Kind::Object(old), Kind::Object(new)) => {
            let names: BTreeSet<_> = old.iter().chain(new.iter()).map(|(name, _)| name).collect();
            for name in names {
                let (old, new) = (old.get(name), new.get(name));
                part(old, new, path, &format!(".{name}"), found);
            }
        }
        (Kind::Map(old), Kind::Map(new)) => {
            let names: BTreeSet<_> = old.iter().chain(new.iter()).map(|(name, _)| name).collect();
            for name in names {
                let (old, new) = (old.get(name), new.get(name));
                part(old, new, path, &format!("[{:?}]", name.as_str()), found);
            }
        }
        (Kind::List(old), Kind::List(new)) | (Kind::Tuple(old), Kind::Tuple(new)) => {
            for at in 0..old.len().max(new.len()) {
                part(old.get(at), new.get(at), path, &format!("[{at}]"), found);
            }
        }
        _ => push(before, after, path, found),
    }
}

fn part(
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut String,
    step: &str,
    found: &mut Vec<Difference>,
) {
    let len = path.len();
    path.push_str(if path.is_empty() {
        step.trim_start_matches('.')
    } else {
        step
    });
    let null = Value::NULL;
    walk(before.unwrap_or(&null), after.unwrap_or(&null), path, found);
    path.truncate(len);
}

fn push(before: &Value, after: &Value, path: &str, found: &mut Vec<Difference>) {
    let (old, new) = (before.unmark_deep(), after.unmark_deep());
    // Null is null, of whatever type.
    if old == new || old.is_null() && new.is_null() {
        return;
    }
    let sensitive = before.contains_marks() || after.contains_marks();
    let text = |value: &Value| match value.is_null() || sensitive {
        true => None,
        false => json::encode_plain(value).ok(),
    };
    found.push(Difference {
        path: path.to_owned(),
        before: text(&old),
        after: text(&new),
        sensitive,
    });
}

#[cfg(test)]
mod tests {
    use super::differences;
    use terrane_value::{Marks, Value};

    #[test]
    fn only_what_differs_is_named_and_secrets_are_not_shown() {
        let object = |size: &str, secret: &str, tags: &[(&str, &str)]| {
            Value::object([
                ("id", Value::string("i-1")),
                ("size", Value::string(size)),
                (
                    "password",
                    Value::string(secret).with_marks(&Marks::SENSITIVE),
                ),
                (
                    "tags",
                    Value::object(
                        tags.iter()
                            .map(|(name, value)| (*name, Value::string(*value))),
                    ),
                ),
            ])
        };
        let found = differences(
            &object("small", "canary-1", &[("a", "1"), ("b", "2")]),
            &object("large", "canary-2", &[("b", "3"), ("c", "4")]),
        );
        let told: Vec<_> = found
            .iter()
            .map(|one| {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                format!(
                    "{} {} {} {}",
                    one.path,
                    text(&one.before),
                    text(&one.after),
                    one.sensitive
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "password   true",
                r#"size "small" "large" false"#,
                r#"tags.a "1"  false"#,
                r#"tags.b "2" "3" false"#,
                r#"tags.c  "4" false"#,
            ]
        );
        assert!(!format!("{found:?}").contains("canary"));
        assert!(differences(&object("a", "b", &[]), &object("a", "b", &[])).is_empty());
    }
}
