//! What was found, for views, and configuration for it.

use super::ask::Object;
use super::listing::{Asked, Prepared};
use super::{Found, Listing};
use crate::load::Loaded;
use ecow::EcoString;
use std::collections::BTreeSet;
use terrane_model::addr::{InstanceAddr, Mode, ModuleInstance, ResourceAddr};
use terrane_plan::generate::{import_block, resource_block};
use terrane_plan::objchange::schema_marks;
use terrane_value::{Kind, Value};

/// Puts together what was asked and what was found. `generating`: with configuration.
pub(super) fn listings(
    prepared: &Prepared,
    found: Vec<Vec<Object>>,
    loaded: &Loaded,
    generating: bool,
) -> Vec<Listing> {
    let mut taken = BTreeSet::new();
    for resource in loaded
        .config
        .modules
        .first()
        .iter()
        .flat_map(|root| &root.resources)
    {
        if resource.mode == Mode::Managed {
            taken.insert((resource.type_name.clone(), resource.name.to_string()));
        }
    }
    let listing = |(asked, objects): (&Asked, Vec<Object>)| Listing {
        addr: asked.addr.clone(),
        type_name: asked.type_name.clone(),
        config: masked(&asked.config),
        found: objects
            .into_iter()
            .enumerate()
            .map(|(at, object)| one(asked, at, object, loaded, generating, &mut taken))
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
    taken: &mut BTreeSet<(EcoString, String)>,
) -> Found {
    let Object { listed, config } = object;
    let provider = &loaded.config.provider(asked.provider.config).addr.provider;
    let schemas = loaded
        .registry
        .infos()
        .get(provider)
        .map(|info| &info.schema);
    let schema = schemas.and_then(|schemas| schemas.resources.get(&asked.type_name));
    let identity = schemas.and_then(|schemas| schemas.identities.get(&asked.type_name));
    let object = match schema {
        Some(schema) => schema_marks(&schema.block, &listed.object),
        None => listed.object.clone(),
    };
    let mut found = Found {
        display_name: listed.display_name,
        identity_version: identity.map_or(0, |identity| identity.version),
        object: masked(&object),
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
fn free(type_name: &EcoString, name: String, taken: &mut BTreeSet<(EcoString, String)>) -> String {
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
