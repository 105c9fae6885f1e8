//! What was found, for views, and configuration for it.

use super::ask::Object;
use super::listing::{Asked, Prepared};
use super::{Found, Listing};
use crate::load::Loaded;
use ecow::EcoString;
use std::collections::BTreeSet;
use terrane_config::config::{Config, Repetition};
use terrane_model::addr::{InstanceAddr, InstanceKey, Mode, ModuleInstance, ResourceAddr};
use terrane_plan::generate::{import_block, resource_block};
use terrane_plan::objchange::schema_marks;
use terrane_value::{Kind, Value};

/// Names of resources of the root module, which generated blocks must not have.
pub(super) fn taken(config: &Config) -> Taken {
    let roots = config.modules.first().into_iter();
    let resources = roots.flat_map(|root| &root.resources);
    resources
        .filter(|resource| resource.mode == Mode::Managed)
        .map(|resource| (resource.type_name.clone(), resource.name.to_string()))
        .collect()
}

pub(super) type Taken = BTreeSet<(EcoString, String)>;

/// What other blocks see of these: an object with `data`, all that was found; as many of them as the block is repeated.
pub(super) fn values(
    prepared: &Prepared,
    found: &[Vec<Object>],
    loaded: &Loaded,
    round: &[usize],
) -> Vec<(u32, Value)> {
    let mut values = Vec::new();
    for list in round {
        let (Ok(at), Some(declared)) = (u32::try_from(*list), loaded.config.lists.get(*list))
        else {
            continue;
        };
        let asked = prepared.listings.iter().zip(found);
        let instances: Vec<(Option<InstanceKey>, Value)> = asked
            .filter(|(asked, _)| asked.list == *list)
            .map(|(asked, objects)| {
                let data = objects.iter().map(|object| seen(asked, object, loaded));
                let value = Value::object([("data", Value::tuple(data.collect()))]);
                (asked.key.clone(), value)
            })
            .collect();
        let value = match &declared.repetition {
            Repetition::Single | Repetition::Enabled(_) => {
                let only = instances.into_iter().next();
                only.map_or(Value::NULL, |(_, value)| value)
            }
            Repetition::Count(_) => {
                Value::tuple(instances.into_iter().map(|(_, value)| value).collect())
            }
            Repetition::ForEach(_) => {
                let named = instances.into_iter().filter_map(|(key, value)| match key {
                    Some(InstanceKey::Str(key)) => Some((key, value)),
                    _ => None,
                });
                Value::object(named)
            }
        };
        values.push((at, value));
    }
    values
}

fn seen(asked: &Asked, object: &Object, loaded: &Loaded) -> Value {
    let listed = &object.listed;
    Value::object([
        ("display_name", Value::string(listed.display_name.as_str())),
        ("identity", listed.identity.clone()),
        ("state", with_marks(asked, object, loaded)),
    ])
}

/// The whole object, with the marks of its schema; null, if it was not asked for.
fn with_marks(asked: &Asked, object: &Object, loaded: &Loaded) -> Value {
    let provider = &loaded.config.provider(asked.provider.config).addr.provider;
    let info = loaded.registry.infos().get(provider);
    let schema = info.and_then(|info| info.schema.resources.get(&asked.type_name));
    match schema {
        Some(schema) => schema_marks(&schema.block, &object.listed.object),
        None => object.listed.object.clone(),
    }
}

/// Puts together what was asked and what was found. `generating`: with configuration.
pub(super) fn listings(
    prepared: &Prepared,
    found: Vec<Vec<Object>>,
    loaded: &Loaded,
    generating: bool,
    taken: &mut Taken,
) -> Vec<Listing> {
    let listing = |(asked, objects): (&Asked, Vec<Object>)| Listing {
        addr: asked.addr.clone(),
        type_name: asked.type_name.clone(),
        config: masked(&asked.config),
        found: objects
            .into_iter()
            .enumerate()
            .map(|(at, object)| one(asked, at, object, loaded, generating, taken))
            .collect(),
    };
    prepared.listings.iter().zip(found).map(listing).collect()
}

fn one(
    asked: &Asked,
    at: usize,
    object: Object,
    loaded: &Loaded,
    generating: bool,
    taken: &mut Taken,
) -> Found {
    let shown = with_marks(asked, &object, loaded);
    let Object { listed, config } = object;
    let provider = &loaded.config.provider(asked.provider.config).addr.provider;
    let schemas = loaded
        .registry
        .infos()
        .get(provider)
        .map(|info| &info.schema);
    let schema = schemas.and_then(|schemas| schemas.resources.get(&asked.type_name));
    let identity = schemas.and_then(|schemas| schemas.identities.get(&asked.type_name));
    let mut found = Found {
        display_name: listed.display_name,
        identity_version: identity.map_or(0, |identity| identity.version),
        object: masked(&shown),
        identity: listed.identity,
        config: None,
        import: None,
    };
    let Some(schema) = schema.filter(|_| generating && !listed.object.is_null()) else {
        return found;
    };
    let name = free(&asked.type_name, format!("{}_{at}", asked.stem), taken);
    let addr = InstanceAddr {
        resource: ResourceAddr {
            module: ModuleInstance::root(),
            mode: Mode::Managed,
            type_name: asked.type_name.clone(),
            name: name.into(),
        },
        key: None,
    };
    let provider = asked.provider_name.as_deref();
    let value = config.as_ref().unwrap_or(&listed.object);
    let block = resource_block(&addr, &schema.block, value, provider, &asked.addr);
    found.import = Some(import_block(&addr, &found.identity));
    found.config = Some(block);
    found
}

/// The name, or one like it that nothing in the configuration has.
fn free(type_name: &EcoString, name: String, taken: &mut Taken) -> String {
    let mut chosen = name.clone();
    let mut more = 1;
    while !taken.insert((type_name.clone(), chosen.clone())) {
        more += 1;
        chosen = format!("{name}_{more}");
    }
    chosen
}

/// The value with null in place of all that is sensitive. Only good to be shown: collections become tuples and objects.
fn masked(value: &Value) -> Value {
    if !value.contains_marks() {
        return value.clone();
    }
    let marks = value.marks();
    if marks.is_sensitive() || marks.is_ephemeral() {
        return Value::NULL;
    }
    let inner = value.unmarked();
    match inner.kind() {
        Kind::Object(object) => Value::object(
            object
                .iter()
                .map(|(name, item)| (name.clone(), masked(item))),
        ),
        Kind::Map(map) => {
            Value::object(map.iter().map(|(name, item)| (name.clone(), masked(item))))
        }
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
            Value::tuple(items.iter().map(masked).collect())
        }
        _ => inner.clone(),
    }
}
