//! What a provider decides where the configuration does not: the same for the same question, and of the type that is asked for.

use super::facts::{BlockFacts, Content};
use serde_json::Value as Json;
use terrane_model::schema::Nesting;
use terrane_provider::args;
use terrane_value::{Kind, Type, Value, json};

/// Puts defaults where nothing is set, and keeps what was decided before for blocks that the configuration leaves to the provider.
pub(crate) fn defaults(content: &Content, prior: Option<&Value>, value: &Value) -> Value {
    let Kind::Object(_) = value.kind() else {
        return value.clone();
    };
    let mut changed = Vec::new();
    for (name, facts) in &content.attributes {
        if let Some(default) = &facts.default
            && args::get(value, name).is_null()
        {
            changed.push((name.as_str(), default.clone()));
        }
    }
    for (name, facts) in &content.blocks {
        let now = args::get(value, name);
        let before = prior.map(|prior| args::get(prior, name));
        if facts.computed
            && is_empty(&now)
            && let Some(before) = before
        {
            changed.push((name.as_str(), before));
        } else {
            let with = each(facts, &now, |object| defaults(&facts.content, None, object));
            changed.push((name.as_str(), with));
        }
    }
    args::with_all(value, changed)
}

/// Makes unknown the blocks that the provider decides on, where the configuration has none.
pub(crate) fn blocks_of_the_provider(content: &Content, value: &Value) -> Value {
    let open = content.blocks.iter().filter_map(|(name, facts)| {
        let now = args::get(value, name);
        let open = facts.computed && is_empty(&now);
        open.then(|| (name.as_str(), Value::unknown(now.ty())))
    });
    args::with_all(value, open)
}

/// Puts something in place of everything unknown: what names an object is another thing where it says another thing.
pub(crate) fn known(value: &Value, type_name: &str) -> Value {
    let mut said = 0x811c_9dc5;
    mix(value, &mut said);
    let filled = fill(value, type_name);
    let own =
        |name: &str| !args::get(value, name).is_known() && args::string(&filled, name).is_some();
    let kind = type_name.split('_').next().unwrap_or_default();
    let tell = |name: &str| {
        let text = match kind {
            "azurerm" | "azapi" | "azuread" => format!(
                "/subscriptions/00000000-0000-0000-0000-000000000003/resourceGroups/rg/providers/Some.Thing/{type_name}/{said:08x}"
            ),
            "google" => format!("projects/one/locations/europe-west1/{type_name}/{said:08x}"),
            _ => format!("the-{name}-{said:08x}"),
        };
        (name.to_owned(), Value::string(text))
    };
    let named: Vec<(String, Value)> = ["id", "self_link"]
        .into_iter()
        .filter(|name| own(name))
        .map(tell)
        .collect();
    args::with_all(
        &filled,
        named
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone())),
    )
}

/// FNV-1a over all that is known, in order. Both engines say the same.
fn mix(value: &Value, said: &mut u32) {
    let text = match value.kind() {
        Kind::String(text) => text.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Bool(flag) => flag.to_string(),
        _ => {
            value.children().iter().for_each(|child| mix(child, said));
            return;
        }
    };
    for byte in text.bytes() {
        *said = (*said ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
}

fn fill(value: &Value, name: &str) -> Value {
    match value.kind() {
        Kind::Unknown(..) => invent(&value.ty(), name),
        Kind::Object(content) => Value::object(
            content
                .iter()
                .map(|(key, value)| (key.clone(), fill(value, key))),
        ),
        Kind::Map(map) => Value::map(
            map.element_type().clone(),
            map.iter()
                .map(|(key, value)| (key.clone(), known(value, key)))
                .collect(),
        ),
        Kind::Set(items) => match value.ty().element() {
            Some(element) => Value::set(
                element.clone(),
                items.iter().map(|item| fill(item, name)).collect(),
            ),
            None => value.clone(),
        },
        _ => value.map_children(|_, item| fill(item, name)),
    }
}

/// A data source as it is read: what the configuration says, what `answers` says, and something for the rest.
pub(crate) fn found(content: &Content, answers: &Json, config: &Value, type_name: &str) -> Value {
    let mut decided = Vec::new();
    for (name, facts) in &content.attributes {
        if !facts.schema.computed || !args::get(config, name).is_null() {
            continue;
        }
        let ty = facts.schema.value_type();
        let answer = answers
            .get(name)
            .and_then(|answer| json::decode(&answer.to_string(), &ty).ok());
        let value = answer.unwrap_or_else(|| invent(&ty, &format!("{type_name}.{name}")));
        decided.push((name.as_str(), value));
    }
    let filled = args::with_all(config, decided);
    defaults(content, None, &filled)
}

/// Something of a type. Names of attributes say what form some of them have.
fn invent(ty: &Type, name: &str) -> Value {
    let last = name.rsplit('.').next().unwrap_or(name);
    match ty {
        Type::Bool => Value::FALSE,
        Type::Number => Value::number(1),
        Type::String if last == "arn" || last.ends_with("_arn") => {
            Value::string(format!("arn:aws:cloud:eu-west-1:123456789012:{name}"))
        }
        Type::String if last == "json" || last.ends_with("policy") => Value::string("{}"),
        Type::String if last.contains("cidr") => Value::string("10.0.0.0/16"),
        Type::String => Value::string(format!("the-{name}")),
        Type::List(element) => Value::list((**element).clone(), vec![invent(element, name)]),
        Type::Set(element) => Value::set((**element).clone(), vec![invent(element, name)]),
        Type::Map(element) => {
            let only = ("Name".into(), invent(element, name));
            Value::map((**element).clone(), [only].into())
        }
        Type::Object(object) => Value::object(
            object
                .attributes
                .iter()
                .map(|(key, ty)| (key.clone(), invent(ty, key))),
        ),
        Type::Tuple(_) | Type::Dynamic => Value::null(ty.clone()),
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || (!matches!(value.kind(), Kind::Object(_)) && value.children().is_empty())
}

/// Changes every object of a block type.
fn each(facts: &BlockFacts, value: &Value, change: impl Fn(&Value) -> Value) -> Value {
    match (facts.nesting, value.kind()) {
        (Nesting::Single | Nesting::Group, Kind::Object(_)) => change(value),
        (Nesting::List, Kind::List(_) | Kind::Tuple(_)) => {
            value.map_children(|_, object| change(object))
        }
        (Nesting::Set, Kind::Set(items)) => match value.ty().element() {
            Some(element) => Value::set(element.clone(), items.iter().map(change).collect()),
            None => value.clone(),
        },
        _ => value.clone(),
    }
}
