//! `ignore_changes`: parts of the configuration that are taken from the object as it is.

use super::access::{attr, position};
use super::marks::marked_paths;
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_config::config::IgnoreChanges;
use terrane_model::schema::{Attribute, Block, NestedObject, Nesting};
use terrane_value::{Kind, Marks, Path, PathStep, Type, Value};

/// The configuration in which what is to be ignored is as in `prior`. Without a prior object there is nothing to ignore.
#[must_use]
pub fn process_ignore_changes(
    prior: &Value,
    config: &Value,
    ignore: &IgnoreChanges,
    block: &Block,
) -> Value {
    if prior.is_null() || config.is_null() {
        return config.clone();
    }
    match ignore {
        IgnoreChanges::None => config.clone(),
        IgnoreChanges::All => as_configured(block, prior),
        IgnoreChanges::Paths(paths) => paths.iter().fold(config.clone(), |config, (path, _)| {
            replaced(&config, prior, &path.0).unwrap_or(config)
        }),
    }
}

/// The marks of an object that is kept: those of the configuration, and where its changes are ignored, those that the object had.
///
/// What is kept of a secret stays one, whatever the configuration says now.
#[must_use]
pub fn kept_marks(before: &Value, config: &Value, ignore: &IgnoreChanges) -> Vec<(Path, Marks)> {
    let ignored: Vec<Path> = match ignore {
        IgnoreChanges::None => Vec::new(),
        IgnoreChanges::All => vec![Path::new()],
        IgnoreChanges::Paths(paths) => (paths.iter())
            .filter_map(|(path, _)| meant(config, path))
            .collect(),
    };
    let mut found = marked_paths(config);
    found.retain(|(path, _)| !ignored.iter().any(|ignored| begins(path, ignored)));
    for (path, marks) in marked_paths(before) {
        for ignored in &ignored {
            if begins(&path, ignored) {
                found.push((path.clone(), marks.clone()));
            } else if begins(ignored, &path) {
                found.push((ignored.clone(), marks.clone()));
            }
        }
    }
    found
}

/// What a path means whose changes are ignored, as [`replaced`] takes it: an index with a name is a key of a map. Where an object stands, the whole object is
/// meant if the index comes last, and nothing if it does not; `.a` of a map means nothing.
fn meant(config: &Value, path: &Path) -> Option<Path> {
    let mut here = config;
    for (at, step) in path.0.iter().enumerate() {
        let named = matches!(step, PathStep::Index(key) if key.unmarked().as_str().is_some());
        if named && matches!(here.unmarked().kind(), Kind::Object(_)) {
            let outer = path.0.iter().take(at).cloned().collect();
            return (at + 1 == path.0.len()).then_some(Path(outer));
        }
        // Else a secret would lose its mark, although the configuration's value counts.
        if matches!(step, PathStep::Attr(_)) && is_map(here) {
            return None;
        }
        match super::access::step_into(here, step) {
            Some(inner) => here = inner,
            None => break,
        }
    }
    Some(path.clone())
}

/// Whether a path is `start` or leads into it.
pub(crate) fn begins(path: &Path, start: &Path) -> bool {
    let same = |(a, b): (&PathStep, &PathStep)| match (a, b) {
        (PathStep::Attr(name), PathStep::Index(key))
        | (PathStep::Index(key), PathStep::Attr(name)) => {
            key.unmarked().as_str() == Some(name.as_str())
        }
        (a, b) => a == b,
    };
    path.0.len() >= start.0.len() && path.0.iter().zip(&start.0).all(same)
}

/// The value with the part that the steps lead to taken from `prior`; `None` if nothing changes or there is no such part in both.
fn replaced(config: &Value, prior: &Value, steps: &[PathStep]) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else {
        return (config != prior).then(|| prior.clone());
    };
    if let (PathStep::Index(key), []) = (step, rest)
        && let Some(key) = key.unmarked().as_str()
    {
        return if is_map(config) || is_map(prior) {
            replaced_key(config, prior, key)
        } else {
            // Only maps have keys: with anything else, the whole is meant.
            (config != prior).then(|| prior.clone())
        };
    }
    if !config.is_known() || config.is_null() || prior.is_null() || !prior.is_known() {
        return None;
    }
    let at = place(config, step)?;
    let part = replaced(
        config.children().get(at)?,
        super::access::step_into(prior, step)?,
        rest,
    )?;
    let mut part = Some(part);
    Some(config.map_children(|index, child| {
        if index == at {
            part.take().unwrap_or_else(|| child.clone())
        } else {
            child.clone()
        }
    }))
}

fn is_map(value: &Value) -> bool {
    matches!(value.ty(), Type::Map(_))
}

/// Where the part that a step means stands among the children. Here `.a` is never the key of a map, and `["a"]` never an attribute: the peers compare
/// the ways to the parts as they are written.
fn place(value: &Value, step: &PathStep) -> Option<usize> {
    let name = match (value.unmarked().kind(), step) {
        (Kind::Object(_), PathStep::Attr(name)) => name.as_str(),
        (Kind::Map(_), PathStep::Index(key)) => key.unmarked().as_str()?,
        (Kind::List(_) | Kind::Tuple(_), PathStep::Index(key)) => return position(key),
        _ => return None,
    };
    let keys = super::access::keys(value);
    keys.binary_search_by(|key| key.as_str().cmp(name)).ok()
}

/// One key of a map is as in `prior`: its value, or its absence.
fn replaced_key(config: &Value, prior: &Value, key: &str) -> Option<Value> {
    // The ignored thing must be a map on one side at least, and nothing can be said of one key of an unknown map.
    let ((Type::Map(element), _) | (_, Type::Map(element))) = (config.ty(), prior.ty()) else {
        return None;
    };
    if !prior.is_known() || !config.is_known() {
        return None;
    }
    let (inner, marks) = config.unmark();
    let mut entries: BTreeMap<EcoString, Value> = match inner.kind() {
        Kind::Map(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        _ => BTreeMap::new(),
    };
    match prior.get(key) {
        Some(value) => entries.insert(key.into(), value.clone()),
        None => entries.remove(key),
    };
    if entries.is_empty() && inner.is_null() {
        return None;
    }
    Some(Value::map((*element).clone(), entries).with_marks(marks))
}

/// The object as if it were a configuration: without what only the provider sets.
pub(crate) fn as_configured(block: &Block, object: &Value) -> Value {
    if object.is_null() || !object.is_known() {
        return object.clone();
    }
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let value = attr(object, name, || nested.value_type());
        let value = each(nested.nesting, &value, |value| {
            as_configured(&nested.block, value)
        });
        (name.clone(), value)
    });
    Value::object(configured(&block.attributes, object).chain(blocks))
}

fn configured<'a>(
    attributes: &'a BTreeMap<EcoString, Attribute>,
    object: &'a Value,
) -> impl Iterator<Item = (EcoString, Value)> + 'a {
    attributes.iter().map(move |(name, attribute)| {
        let value = attr(object, name, || attribute.value_type());
        let value = match attribute.nested() {
            _ if attribute.computed && !attribute.optional => Value::null(attribute.value_type()),
            Some(nested) => configured_nested(nested, &value),
            None => value,
        };
        (name.clone(), value)
    })
}

fn configured_nested(nested: &NestedObject, value: &Value) -> Value {
    each(nested.nesting, value, |value| {
        if value.is_null() || !value.is_known() {
            return value.clone();
        }
        Value::object(configured(&nested.attributes, value))
    })
}

/// The value with each object in it changed.
pub(super) fn each(nesting: Nesting, value: &Value, change: impl Fn(&Value) -> Value) -> Value {
    if value.is_null() || !value.is_known() {
        return value.clone();
    }
    match nesting {
        Nesting::Single | Nesting::Group => {
            let (inner, marks) = value.unmark();
            change(inner).with_marks(marks)
        }
        Nesting::List | Nesting::Map => value.map_children(|_, child| change(child)),
        Nesting::Set => {
            let (inner, marks) = value.unmark();
            let element = match inner.ty() {
                Type::Set(element) => (*element).clone(),
                _ => Type::Dynamic,
            };
            let items = inner.children().iter().map(change).collect();
            Value::set(element, items).with_marks(marks)
        }
    }
}
