//! Configuration for what an earlier state described (`plan -to`): source text that, planned now, brings the world back to it.
//!
//! In go the earlier state, the present one, the files of the root module and the schemas. Out comes a module tree of its own: of the root module as it is,
//! what providers need (their blocks, variables, locals, data sources); all else is generated: a block for each managed resource of the earlier state with
//! the values that it had, in modules of the same names, so that every object keeps its address.
//!
//! * What the configuration can say is said: required and optional arguments, as they were. What only the provider says (ids, times) can't be.
//! * Where a value is what another object had been given by its provider (its id), and the state says that it depended on that object, a reference takes the
//!   place of the value: an object that is made anew has another id.
//! * Instances are written as tables: a local value per resource, indexed by the keys of its instances.

mod link;
mod report;
mod root;
mod tables;
mod text;
mod tree;

pub use report::report;

use crate::rules;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_config::load::{ModuleFile, ModuleFolder};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::{
    ConfigResource, InstanceAddr, InstanceKey, Mode, ModuleInstance, ModulePath, ProviderAddr,
    ProviderConfigAddr, Target,
};
use terrane_model::provider::ProviderInfo;
use terrane_model::schema::{AttributeType, Block};
use terrane_model::snapshot::{ObjectState, Snapshot};
use terrane_value::{EcoString, Value};

/// The folder under which generated modules stand, as it is shown in messages.
const FOLDER: &str = "restored";
/// The generated file of each module.
const FILE: &str = "restored.tf";

/// What configuration is made of.
#[derive(Clone, Copy, Debug)]
pub struct RestoreInput<'a> {
    /// The state to go back to.
    pub then: &'a Snapshot,
    /// The state now.
    pub now: &'a Snapshot,
    /// The root module as it is now.
    pub root: &'a ModuleFolder,
    /// Schemas.
    pub providers: &'a BTreeMap<ProviderAddr, ProviderInfo>,
}

/// Configuration that describes an earlier state.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// Its folders, the root first.
    pub folders: Vec<ModuleFolder>,
    /// Instances that the text mentions and the earlier state did not have: gaps in a `count`. They are not to be planned.
    pub gaps: Vec<Target>,
    /// What can't be brought back; errors where that would be most of it.
    pub diagnostics: Diagnostics,
}

/// An object to be described.
pub(crate) struct Object<'a> {
    state: &'a ObjectState,
    value: Value,
    /// The object that is there now, if one is.
    now: Option<Value>,
}

/// All instances of one resource.
pub(crate) struct Table<'a> {
    addr: ConfigResource,
    provider: ProviderConfigAddr,
    provider_key: Option<InstanceKey>,
    block: Arc<Block>,
    objects: BTreeMap<(ModuleInstance, Option<InstanceKey>), Object<'a>>,
}

/// What a reference may take the place of: a text that the provider gave to an object.
pub(crate) struct Given {
    of: ConfigResource,
    module: ModuleInstance,
    key: Option<InstanceKey>,
    attribute: EcoString,
    text: String,
}

/// Texts shorter than this are taken for coincidences.
const SHORTEST: usize = 4;
/// The same, where a text only contains them.
const SHORTEST_WITHIN: usize = 10;

/// Describes an earlier state.
#[must_use]
pub fn configuration(input: RestoreInput<'_>) -> Restored {
    let mut diagnostics = Diagnostics::new();
    let tables = collect(&input, &mut diagnostics);
    let given = given(&tables);
    let kept = root::keep(input.root, &mut diagnostics);
    let mut tree = tree::Tree::of(&tables, &kept);
    let mut gaps = Vec::new();
    let mut write_only = BTreeSet::new();
    for table in &tables {
        tree.add(table, &given, &mut gaps, &mut diagnostics);
        if table.block.attributes.values().any(|one| one.write_only) {
            write_only.insert(table.addr.to_string());
        }
    }
    tree.outputs(&input.then.outputs, &given);
    for addr in write_only {
        diagnostics.push(
            Diagnostic::warning(
                &rules::restore::NOT_KEPT,
                format!("Write-only arguments of {addr} are not in any state, so they are planned without a value."),
            )
            .about(addr),
        );
    }
    let folders = tree.finish(kept);
    Restored {
        folders,
        gaps,
        diagnostics,
    }
}

fn collect<'a>(input: &RestoreInput<'a>, diagnostics: &mut Diagnostics) -> Vec<Table<'a>> {
    let mut tables: BTreeMap<ConfigResource, Table<'a>> = BTreeMap::new();
    for (addr, resource) in &input.then.resources {
        if addr.mode != Mode::Managed {
            continue;
        }
        let name = addr.to_string();
        let mut refuse = |why: String| {
            diagnostics.push(
                Diagnostic::error(
                    &rules::restore::CAN_NOT,
                    format!("{name} can't be brought back: {why}."),
                )
                .about(name.clone()),
            );
        };
        let schema = input
            .providers
            .get(&resource.provider.provider)
            .and_then(|info| info.schema.resources.get(&addr.type_name));
        let Some(schema) = schema else {
            refuse("its provider does not have its type (any more)".to_owned());
            continue;
        };
        if !resource.provider.module.is_root() {
            refuse(format!(
                "its provider is configured within the module {}, and only provider configurations of the root module can be used for this",
                resource.provider.module
            ));
            continue;
        }
        for (key, instance) in &resource.instances {
            let Some(state) = &instance.current else {
                continue;
            };
            let instance_addr = addr.instance(key.clone());
            if state.schema_version != schema.version {
                refuse(format!(
                    "it was recorded with version {} of its schema, and the provider has version {} now; use the version of the provider that wrote it",
                    state.schema_version, schema.version
                ));
                break;
            }
            let ty = schema.block.implied_type();
            let value = match crate::stored::decode(&state.attributes, ty) {
                Ok(value) => value,
                Err(problem) => {
                    refuse(format!(
                        "what was recorded does not fit its schema: {problem}"
                    ));
                    break;
                }
            };
            let table = tables.entry(addr.config()).or_insert_with(|| Table {
                addr: addr.config(),
                provider: resource.provider.clone(),
                provider_key: state.provider_key.clone(),
                block: schema.block.clone(),
                objects: BTreeMap::new(),
            });
            if table.provider != resource.provider || table.provider_key != state.provider_key {
                refuse(
                    "its instances were managed by different provider configurations".to_owned(),
                );
                break;
            }
            table.objects.insert(
                (addr.module.clone(), key.clone()),
                Object {
                    state: state.as_ref(),
                    value,
                    now: present(input.now, &instance_addr, schema.version, &schema.block),
                },
            );
        }
    }
    tables.into_values().collect()
}

/// The object as it is recorded now.
fn present(now: &Snapshot, addr: &InstanceAddr, version: u64, block: &Block) -> Option<Value> {
    let object = now.instance(addr)?.current.as_ref()?;
    if object.schema_version != version {
        return None;
    }
    crate::stored::decode(&object.attributes, block.implied_type()).ok()
}

/// The texts that providers gave to objects.
fn given(tables: &[Table<'_>]) -> Vec<Given> {
    let mut found = Vec::new();
    for table in tables {
        for ((module, key), object) in &table.objects {
            for (name, attribute) in &table.block.attributes {
                let plain = matches!(attribute.ty, AttributeType::Plain(_));
                if !attribute.computed || !plain || attribute.sensitive {
                    continue;
                }
                if let Some(text) = object.value.get(name).and_then(Value::as_str)
                    && text.len() >= SHORTEST
                {
                    found.push(Given {
                        of: table.addr.clone(),
                        module: module.clone(),
                        key: key.clone(),
                        attribute: name.clone(),
                        text: text.to_owned(),
                    });
                }
            }
        }
    }
    // `id` before others that are the same, and longer texts before their parts.
    found.sort_by_key(|one| {
        (
            std::cmp::Reverse(one.text.len()),
            one.attribute != "id",
            one.attribute.clone(),
        )
    });
    found
}

/// The file of a module.
fn file(text: String) -> ModuleFile {
    let text = terrane_lang::syntax::format::format(&text).unwrap_or(text);
    ModuleFile {
        name: FILE.to_owned(),
        content: text.into_bytes(),
    }
}

/// The folder of a generated module.
fn dir(path: &ModulePath) -> EcoString {
    if path.is_root() {
        return ".".into();
    }
    let names: Vec<&str> = path.0.iter().map(EcoString::as_str).collect();
    ecow::eco_format!("{FOLDER}/{}", names.join("/"))
}
