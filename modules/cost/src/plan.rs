//! What of a plan in JSON matters for its cost.

use crate::error::CostError;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A plan in the JSON form that `terrane show -json` and the peers write.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Its managed resources, unchanged ones too.
    pub items: Vec<Item>,
}

/// A managed resource.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// `module.a.aws_instance.b[0]`
    pub address: String,
    /// `aws_instance`
    pub type_name: String,
    /// `["create"]`
    pub actions: Vec<String>,
    /// As it is.
    pub before: Option<Object>,
    /// As it will be.
    pub after: Option<Object>,
    /// Of its provider.
    pub region: Option<String>,
}

/// An object of which a part may not be known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    /// What is known.
    pub known: Value,
    /// `true` where something is not known, a text that says why where it must not be looked at.
    pub unknown: Value,
}

/// What is found at a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Found<'a> {
    Known(&'a Value),
    /// It can't be used, and why: `is known after apply`.
    Unknown(&'a str),
    /// It is null, or not there.
    Absent,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    resource_changes: Vec<Change>,
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    #[serde(default)]
    configuration: Configuration,
}

#[derive(Deserialize)]
struct Variable {
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
struct Change {
    address: String,
    #[serde(default)]
    module_address: String,
    mode: String,
    #[serde(rename = "type")]
    type_name: String,
    name: String,
    change: States,
}

#[derive(Deserialize)]
struct States {
    #[serde(default)]
    actions: Vec<String>,
    #[serde(default)]
    before: Value,
    #[serde(default)]
    after: Value,
    #[serde(default)]
    after_unknown: Value,
    #[serde(default)]
    before_sensitive: Value,
    #[serde(default)]
    after_sensitive: Value,
}

#[derive(Default, Deserialize)]
struct Configuration {
    #[serde(default)]
    provider_config: BTreeMap<String, ProviderConfig>,
    #[serde(default)]
    root_module: Module,
}

#[derive(Deserialize)]
struct ProviderConfig {
    #[serde(default)]
    expressions: Map<String, Value>,
}

#[derive(Default, Deserialize)]
struct Module {
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    module_calls: BTreeMap<String, Call>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    module: Module,
}

#[derive(Deserialize)]
struct Resource {
    address: String,
    #[serde(default)]
    provider_config_key: String,
}

impl Plan {
    /// Understands a plan.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(name: &str, text: &str) -> Result<Self, CostError> {
        let document: Document =
            serde_json::from_str(text).map_err(|source| CostError::Format {
                name: name.to_owned(),
                what: "plan in JSON",
                source,
            })?;
        let mut providers = BTreeMap::new();
        keys(&document.configuration.root_module, "", &mut providers);
        let regions: BTreeMap<&str, String> = (document.configuration.provider_config.iter())
            .filter_map(|(key, config)| {
                let region = region(config.expressions.get("region")?, &document.variables)?;
                Some((key.as_str(), region))
            })
            .collect();
        let items = document.resource_changes.into_iter();
        let items = items
            .filter(|change| change.mode == "managed")
            .map(|change| {
                let module = without_keys(&change.module_address);
                let resource = format!("{}.{}", change.type_name, change.name);
                let provider = providers.get(&(module, resource));
                let object = |known: Value, unknown: Value, sensitive: &Value| {
                    (!known.is_null() || unknown == Value::Bool(true)).then(|| Object {
                        known,
                        unknown: without(unknown, sensitive),
                    })
                };
                Item {
                    region: provider.and_then(|key| regions.get(key.as_str())).cloned(),
                    address: change.address,
                    type_name: change.type_name,
                    actions: change.change.actions,
                    before: object(
                        change.change.before,
                        Value::Null,
                        &change.change.before_sensitive,
                    ),
                    after: object(
                        change.change.after,
                        change.change.after_unknown,
                        &change.change.after_sensitive,
                    ),
                }
            });
        Ok(Self {
            items: items.collect(),
        })
    }
}

/// What is sensitive is as if it were not known: neither a message nor a price may tell of it.
fn without(unknown: Value, sensitive: &Value) -> Value {
    const NULL: &Value = &Value::Null;
    match (unknown, sensitive) {
        (Value::Bool(true), _) => Value::Bool(true),
        (_, Value::Bool(true)) => Value::from("is sensitive"),
        (unknown, Value::Object(parts)) => {
            let mut all = match unknown {
                Value::Object(all) => all,
                _ => Map::new(),
            };
            for (name, sensitive) in parts {
                let of_this = all.remove(name).unwrap_or(Value::Null);
                all.insert(name.clone(), without(of_this, sensitive));
            }
            Value::Object(all)
        }
        (unknown, Value::Array(parts)) => {
            let of_this = |index: usize| unknown.get(index).unwrap_or(NULL).clone();
            let len = unknown.as_array().map_or(0, Vec::len).max(parts.len());
            let all =
                (0..len).map(|index| without(of_this(index), parts.get(index).unwrap_or(NULL)));
            Value::Array(all.collect())
        }
        (unknown, _) => unknown,
    }
}

/// Why something can't be used, if a mark says so.
fn why(mark: &Value) -> Option<Found<'_>> {
    match mark {
        Value::Bool(true) => Some(Found::Unknown("is known after apply")),
        Value::String(why) => Some(Found::Unknown(why)),
        _ => None,
    }
}

/// Which provider configuration each resource has, by module and `type.name`.
fn keys(module: &Module, path: &str, found: &mut BTreeMap<(String, String), String>) {
    for resource in &module.resources {
        found.insert(
            (path.to_owned(), resource.address.clone()),
            resource.provider_config_key.clone(),
        );
    }
    for (name, call) in &module.module_calls {
        let dot = if path.is_empty() { "" } else { "." };
        keys(&call.module, &format!("{path}{dot}module.{name}"), found);
    }
}

/// `module.a["x.y"].module.b[0]` → `module.a.module.b`
fn without_keys(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    let mut chars = address.chars();
    while let Some(char) = chars.next() {
        if char != '[' {
            out.push(char);
            continue;
        }
        let mut quoted = false;
        while let Some(char) = chars.next() {
            match char {
                '\\' if quoted => {
                    chars.next();
                }
                '"' => quoted = !quoted,
                ']' if !quoted => break,
                _ => {}
            }
        }
    }
    out
}

/// The region that a provider configuration says: as a constant, or by a variable. The JSON form of a plan names the variables that an
/// expression refers to but not the expression, so only what looks like a region is taken for one.
fn region(expression: &Value, variables: &BTreeMap<String, Variable>) -> Option<String> {
    if let Some(constant) = expression.get("constant_value") {
        return constant.as_str().map(str::to_owned);
    }
    let references = expression.get("references")?.as_array()?;
    let [only] = references.as_slice() else {
        return None;
    };
    let variable = variables.get(only.as_str()?.strip_prefix("var.")?)?;
    let value = variable.value.as_str()?;
    looks_like_region(value).then(|| value.to_owned())
}

/// `us-gov-west-1`
fn looks_like_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return false;
    };
    let letters =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    parts.len() >= 3
        && first.len() == 2
        && parts[..parts.len() - 1].iter().all(letters)
        && last.len() == 1
        && last.bytes().all(|byte| byte.is_ascii_digit())
}

impl Object {
    /// What is at a path: names with dots between; of a list (of blocks), its first element.
    pub(crate) fn at(&self, path: &str) -> Found<'_> {
        at(&self.known, &self.unknown, path)
    }

    /// The region that an object names: its own, that of its zone, that in its ARN.
    pub(crate) fn region(&self) -> Option<String> {
        let text = |path| match self.at(path) {
            Found::Known(Value::String(text)) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        };
        let of_zone = |zone: &str| {
            let region = zone.trim_end_matches(|char: char| char.is_ascii_lowercase());
            looks_like_region(region).then(|| region.to_owned())
        };
        let of_arn = |arn: &str| {
            arn.split(':')
                .nth(3)
                .filter(|region| !region.is_empty())
                .map(str::to_owned)
        };
        (text("region").map(str::to_owned))
            .or_else(|| text("availability_zone").and_then(of_zone))
            .or_else(|| text("arn").and_then(of_arn))
    }
}

pub(crate) fn at<'a>(known: &'a Value, unknown: &'a Value, path: &str) -> Found<'a> {
    let (mut known, mut unknown) = (known, unknown);
    for name in path.split('.') {
        if let Some(found) = why(unknown) {
            return found;
        }
        // Blocks of which there is one are lists of one.
        if let Some(list) = known.as_array()
            && name.parse::<usize>().is_err()
        {
            known = list.first().unwrap_or(&Value::Null);
            unknown = unknown.get(0).unwrap_or(&Value::Null);
            if let Some(found) = why(unknown) {
                return found;
            }
        }
        let (of_known, of_unknown) = match name.parse::<usize>() {
            Ok(index) => (known.get(index), unknown.get(index)),
            Err(_) => (known.get(name), unknown.get(name)),
        };
        known = of_known.unwrap_or(&Value::Null);
        unknown = of_unknown.unwrap_or(&Value::Null);
    }
    match (why(unknown), known) {
        (Some(found), _) => found,
        (None, Value::Null) => Found::Absent,
        (None, known) => Found::Known(known),
    }
}
