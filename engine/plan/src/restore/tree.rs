//! The modules that are generated, and how references get from one to another.

use super::link::{link, mentions};
use super::root::Kept;
use super::tables::Shape;
use super::text::{expression, quoted};
use super::{FOLDER, Given, Object, Table, dir, file};
use crate::rules;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use terrane_config::load::ModuleFolder;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::{
    ConfigResource, InstanceAddr, InstanceKey, ModuleInstance, ModulePath, ProviderConfigAddr,
    Target,
};
use terrane_model::snapshot::OutputState;
use terrane_value::EcoString;

/// What kind of keys instances have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    None,
    Numbers,
    Names,
}

fn kind(key: Option<&InstanceKey>) -> Keys {
    match key {
        None => Keys::None,
        Some(InstanceKey::Int(_)) => Keys::Numbers,
        // States have no others.
        Some(InstanceKey::Str(_) | InstanceKey::Any) => Keys::Names,
    }
}

/// A module in the making.
#[derive(Debug, Default)]
struct Module {
    blocks: String,
    locals: BTreeMap<String, String>,
    /// Names of inputs.
    inputs: BTreeSet<String>,
    outputs: BTreeMap<String, String>,
    /// Numbers of the provider configurations that it and those below it use.
    providers: BTreeSet<usize>,
    /// Its instances.
    instances: BTreeSet<ModuleInstance>,
    /// Inputs that each of its calls passes on: by call, then by name.
    passes: BTreeMap<EcoString, BTreeMap<String, String>>,
}

/// All modules, and what they share.
#[derive(Debug)]
pub(super) struct Tree {
    modules: BTreeMap<ModulePath, Module>,
    providers: Vec<(ProviderConfigAddr, Option<InstanceKey>)>,
    /// How the root refers to each of them.
    root_names: Vec<String>,
    /// Entries that `required_providers` of the root needs.
    required: BTreeMap<String, String>,
    /// All resources that are described.
    there: BTreeSet<ConfigResource>,
    /// Resources that others refer to from other modules, by number.
    carried: Vec<ConfigResource>,
}

/// The name of a module instance in tables.
fn name_of(instance: &ModuleInstance) -> String {
    let steps: Vec<String> = instance
        .0
        .iter()
        .map(|step| match &step.key {
            None => step.name.to_string(),
            Some(InstanceKey::Int(at)) => format!("{}[{at}]", step.name),
            Some(InstanceKey::Str(key)) => format!("{}[{key}]", step.name),
            Some(key @ InstanceKey::Any) => format!("{}{key}", step.name),
        })
        .collect();
    steps.join("/")
}

fn text(of: &str) -> String {
    let mut out = String::new();
    quoted(&mut out, of);
    out
}

fn index(key: Option<&InstanceKey>) -> String {
    match key {
        None => String::new(),
        Some(InstanceKey::Int(at)) => format!("[{at}]"),
        Some(InstanceKey::Str(key)) => format!("[{}]", text(key)),
        Some(key @ InstanceKey::Any) => key.to_string(),
    }
}

fn table_name(addr: &ConfigResource) -> String {
    format!("{FOLDER}_{}_{}", addr.type_name, addr.name)
}

impl Tree {
    /// The modules that the tables stand in.
    pub(super) fn of(tables: &[Table<'_>], kept: &Kept) -> Self {
        let mut tree = Self {
            modules: BTreeMap::from([(ModulePath::root(), Module::default())]),
            providers: Vec::new(),
            root_names: Vec::new(),
            required: BTreeMap::new(),
            there: tables.iter().map(|table| table.addr.clone()).collect(),
            carried: Vec::new(),
        };
        for table in tables {
            let provider = tree.provider(table, kept);
            for (instance, _) in table.objects.keys() {
                let mut instance = Some(instance.clone());
                while let Some(this) = instance {
                    let module = tree.modules.entry(this.path()).or_default();
                    module.providers.extend(provider);
                    module.instances.insert(this.clone());
                    instance = this.parent();
                }
            }
        }
        tree
    }

    /// The number of the provider configuration of a table; `None` for the one that every module has.
    fn provider(&mut self, table: &Table<'_>, kept: &Kept) -> Option<usize> {
        if table.provider.provider.is_builtin() {
            return None;
        }
        let wanted = (table.provider.clone(), table.provider_key.clone());
        if let Some(known) = self.providers.iter().position(|known| *known == wanted) {
            return Some(known);
        }
        let addr = &wanted.0.provider;
        let local = kept
            .providers
            .iter()
            .find(|(_, known)| *known == addr)
            .map(|(name, _)| name.clone());
        let local = local.unwrap_or_else(|| {
            let name = addr.type_name.to_string();
            self.required.insert(name.clone(), addr.to_string());
            name
        });
        let alias = wanted
            .0
            .alias
            .as_ref()
            .map_or_else(String::new, |alias| format!(".{alias}"));
        self.root_names
            .push(format!("{local}{alias}{}", index(wanted.1.as_ref())));
        self.providers.push(wanted);
        Some(self.providers.len() - 1)
    }

    fn module(&mut self, path: &ModulePath) -> &mut Module {
        self.modules.entry(path.clone()).or_default()
    }

    /// Writes a resource.
    pub(super) fn add(
        &mut self,
        table: &Table<'_>,
        given: &[Given],
        gaps: &mut Vec<Target>,
        diagnostics: &mut Diagnostics,
    ) {
        let addr = &table.addr;
        let kinds: BTreeSet<u8> = table
            .objects
            .keys()
            .map(|(_, key)| kind(key.as_ref()) as u8)
            .collect();
        let Some((_, first)) = table.objects.keys().next().filter(|_| kinds.len() == 1) else {
            diagnostics.push(
                Diagnostic::error(
                    &rules::restore::CAN_NOT,
                    format!(
                        "{addr} can't be brought back: its instances had keys of different kinds."
                    ),
                )
                .about(addr.to_string()),
            );
            return;
        };
        let kind = kind(first.as_ref());
        let rows = self.rows(table, given, kind, gaps);
        let in_root = addr.module.is_root();
        let local = table_name(addr);
        let base = match in_root {
            true => format!("local.{local}"),
            false => format!("local.{local}[var.restored_at]"),
        };
        let mut out = String::new();
        let _written = writeln!(out, "resource \"{}\" \"{}\" {{", addr.type_name, addr.name);
        let mut lifecycle = String::new();
        let read = self.repeated(table, kind, &base, &mut out, &mut lifecycle);
        if let Some(number) = self.number(table) {
            let name = self.provider_name(&addr.module, number);
            let _written = writeln!(out, "provider = {name}");
        }
        let shape = Shape::of(table);
        shape.body(&mut out, &table.block, &read, 0);
        if table
            .objects
            .values()
            .any(|object| object.state.create_before_destroy)
        {
            lifecycle.push_str("create_before_destroy = true\n");
        }
        if !lifecycle.is_empty() {
            let _written = writeln!(out, "lifecycle {{\n{lifecycle}}}");
        }
        out.push_str("}\n");
        let module = self.module(&addr.module);
        module.blocks.push_str(&out);
        module.locals.insert(local, rows);
    }

    /// Writes how many instances of a resource there are. Returns what the values of each are read from.
    fn repeated(
        &self,
        table: &Table<'_>,
        kind: Keys,
        base: &str,
        out: &mut String,
        lifecycle: &mut String,
    ) -> String {
        let addr = &table.addr;
        let in_root = addr.module.is_root();
        let cells: Vec<(String, Option<InstanceKey>)> = table
            .objects
            .keys()
            .map(|(module, key)| (name_of(module), key.clone()))
            .collect();
        match kind {
            Keys::None => {
                let all = self
                    .modules
                    .get(&addr.module)
                    .map_or(0, |module| module.instances.len());
                if !in_root && cells.len() < all {
                    let names: Vec<String> = cells.iter().map(|(at, _)| text(at)).collect();
                    let _written = writeln!(
                        lifecycle,
                        "enabled = contains([{}], var.restored_at)",
                        names.join(", ")
                    );
                }
                base.to_owned()
            }
            Keys::Numbers => {
                let highest = |at: &str| {
                    let own = cells.iter().filter(|(name, _)| name == at);
                    own.filter_map(|(_, key)| match key {
                        Some(InstanceKey::Int(at)) => Some(at + 1),
                        _ => None,
                    })
                    .max()
                    .unwrap_or(0)
                };
                let count = match in_root {
                    true => highest("").to_string(),
                    false => {
                        let names: BTreeSet<&String> = cells.iter().map(|(at, _)| at).collect();
                        let each: Vec<String> = names
                            .into_iter()
                            .map(|at| format!("{} = {}", text(at), highest(at)))
                            .collect();
                        format!("lookup({{{}}}, var.restored_at, 0)", each.join(", "))
                    }
                };
                let _written = writeln!(out, "count = {count}");
                format!("{base}[count.index]")
            }
            Keys::Names => {
                let names = |(at, key): &(String, Option<InstanceKey>)| match key {
                    Some(InstanceKey::Str(key)) => (text(at), text(key)),
                    _ => (text(at), String::new()),
                };
                let each: Vec<String> = match in_root {
                    true => cells.iter().map(|cell| names(cell).1).collect(),
                    false => cells
                        .iter()
                        .map(|cell| {
                            let (at, key) = names(cell);
                            format!("{{ at = {at}, key = {key} }}")
                        })
                        .collect(),
                };
                let each = each.join(", ");
                let _written = match in_root {
                    true => writeln!(out, "for_each = toset([{each}])"),
                    false => writeln!(
                        out,
                        "for_each = toset([for one in [{each}] : one.key if one.at == var.restored_at])"
                    ),
                };
                format!("{base}[each.key]")
            }
        }
    }

    /// The number of the provider configuration of a table.
    fn number(&self, table: &Table<'_>) -> Option<usize> {
        self.providers
            .iter()
            .position(|(addr, key)| *addr == table.provider && *key == table.provider_key)
    }

    fn provider_name(&self, module: &ModulePath, number: usize) -> String {
        match module.is_root() {
            true => self.root_names[number].clone(),
            false => format!("p{number}"),
        }
    }

    /// The table of a resource: its objects by key, within modules by the name of the module's instance.
    fn rows(
        &mut self,
        table: &Table<'_>,
        given: &[Given],
        kind: Keys,
        gaps: &mut Vec<Target>,
    ) -> String {
        let shape = Shape::of(table);
        let mut by_module: BTreeMap<&ModuleInstance, Vec<(&Option<InstanceKey>, &Object<'_>)>> =
            BTreeMap::new();
        for ((module, key), object) in &table.objects {
            by_module.entry(module).or_default().push((key, object));
        }
        let mut out = String::new();
        if !table.addr.module.is_root() {
            out.push_str("{\n");
        }
        for (module, rows) in by_module {
            if !table.addr.module.is_root() {
                let _written = write!(out, "{} = ", text(&name_of(module)));
            }
            match kind {
                Keys::None => {
                    for (_, object) in rows {
                        self.row(&mut out, table, &shape, module, object, given);
                    }
                }
                Keys::Names => {
                    out.push_str("{\n");
                    for (key, object) in rows {
                        if let Some(InstanceKey::Str(key)) = key {
                            let _written = write!(out, "{} = ", text(key));
                        }
                        self.row(&mut out, table, &shape, module, object, given);
                        out.push('\n');
                    }
                    out.push('}');
                }
                Keys::Numbers => {
                    out.push_str("[\n");
                    let mut next = 0;
                    for (key, object) in rows {
                        let Some(InstanceKey::Int(at)) = key else {
                            continue;
                        };
                        // Something must stand there. It is not planned.
                        while next <= *at {
                            if next < *at {
                                gaps.push(gap(table, module, next));
                            }
                            self.row(&mut out, table, &shape, module, object, given);
                            out.push_str(",\n");
                            next += 1;
                        }
                    }
                    out.push(']');
                }
            }
            out.push('\n');
        }
        if !table.addr.module.is_root() {
            out.push('}');
        }
        out
    }

    #[expect(clippy::too_many_arguments, reason = "it joins four tables")]
    fn row(
        &mut self,
        out: &mut String,
        table: &Table<'_>,
        shape: &Shape,
        module: &ModuleInstance,
        object: &Object<'_>,
        given: &[Given],
    ) {
        let own = &table.addr;
        let candidates: Vec<&Given> = given
            .iter()
            .filter(|one| {
                one.of != *own
                    && object.state.dependencies.contains(&one.of)
                    // Within a module, only what belongs to the same instance of it can be meant.
                    && (one.of.module != own.module || one.module == *module)
            })
            .collect();
        let references: Vec<String> = candidates
            .iter()
            .map(|one| self.reference(&own.module, one))
            .collect();
        let link = |text: &str| link(text, &candidates, &references);
        // Order that no value shows.
        let on: Vec<ConfigResource> = object
            .state
            .dependencies
            .iter()
            .filter(|on| **on != *own && self.there.contains(on))
            .cloned()
            .collect();
        let behind: Vec<String> = on
            .iter()
            .map(|on| self.whole_from(&own.module, on))
            .collect();
        shape.object(out, &table.block, object, &link, &behind);
    }

    /// All instances of a resource, as a module can refer to them.
    fn whole_from(&mut self, module: &ModulePath, of: &ConfigResource) -> String {
        if of.module == *module {
            return format!("{}.{}", of.type_name, of.name);
        }
        let name = self.carry(of);
        let common = common(module, &of.module);
        // Up to the module that both are in, and down again.
        let mut path = of.module.clone();
        while path != common {
            let value = self.whole_in(&path, of, &name);
            self.module(&path).outputs.insert(name.clone(), value);
            let Some(parent) = path.parent() else { break };
            path = parent;
        }
        let mut value = self.whole_in(&common, of, &name);
        let mut path = common;
        while path != *module {
            let next = module.0[path.0.len()].clone();
            self.module(&path)
                .passes
                .entry(next.clone())
                .or_default()
                .insert(name.clone(), value);
            path = path.child(next);
            self.module(&path).inputs.insert(name.clone());
            value = format!("var.{name}");
        }
        value
    }

    /// The name under which a resource is carried from module to module.
    fn carry(&mut self, of: &ConfigResource) -> String {
        let known = self.carried.iter().position(|known| known == of);
        let number = known.unwrap_or_else(|| {
            self.carried.push(of.clone());
            self.carried.len() - 1
        });
        format!("{FOLDER}_d{number}")
    }

    /// All instances of a resource, as a module above it (or its own) refers to them.
    fn whole_in(&self, module: &ModulePath, of: &ConfigResource, name: &str) -> String {
        if of.module == *module {
            return format!("{}.{}", of.type_name, of.name);
        }
        let call = &of.module.0[module.0.len()];
        match self.keys_of(&module.child(call.clone())) {
            Keys::None => format!("module.{call}.{name}"),
            Keys::Numbers => format!("[for one in module.{call} : one.{name}]"),
            Keys::Names => format!("{{ for key, one in module.{call} : key => one.{name} }}"),
        }
    }

    fn keys_of(&self, module: &ModulePath) -> Keys {
        self.modules
            .get(module)
            .and_then(|module| module.instances.first())
            .and_then(|instance| instance.0.last())
            .map_or(Keys::None, |step| kind(step.key.as_ref()))
    }

    /// What a module has to say to mean a text that was given to an object.
    fn reference(&mut self, module: &ModulePath, given: &Given) -> String {
        let whole = self.whole_from(module, &given.of);
        let below = common(module, &given.of.module).0.len();
        let keys: String = given.module.0[below..]
            .iter()
            .map(|step| index(step.key.as_ref()))
            .collect();
        let whole = match whole.starts_with(['[', '{']) {
            true => format!("({whole})"),
            false => whole,
        };
        format!(
            "{whole}{keys}{}.{}",
            index(given.key.as_ref()),
            given.attribute
        )
    }

    /// Writes the outputs of the root module.
    pub(super) fn outputs(&mut self, outputs: &BTreeMap<EcoString, OutputState>, given: &[Given]) {
        let root = ModulePath::root();
        for (name, output) in outputs {
            // Only what is needed is carried up.
            let used: Vec<&Given> = given
                .iter()
                .filter(|one| mentions(&output.value, &one.text, 0))
                .collect();
            let references: Vec<String> =
                used.iter().map(|one| self.reference(&root, one)).collect();
            let link = |text: &str| link(text, &used, &references);
            let mut value = String::new();
            expression(&mut value, &output.value.unmark_deep(), true, &link, 0);
            let sensitive = match output.sensitive {
                true => "sensitive = true\n",
                false => "",
            };
            let block = format!("output \"{name}\" {{\nvalue = {value}\n{sensitive}}}\n");
            self.module(&root).blocks.push_str(&block);
        }
    }

    /// The folders.
    pub(super) fn finish(mut self, mut kept: Kept) -> Vec<ModuleFolder> {
        self.calls();
        let mut folders = Vec::new();
        for (path, module) in &self.modules {
            let mut out = self.head(path, module, &mut kept);
            for name in &module.inputs {
                let _written = writeln!(out, "variable \"{name}\" {{}}");
            }
            if !module.locals.is_empty() {
                out.push_str("locals {\n");
                for (name, value) in &module.locals {
                    let _written = writeln!(out, "{name} = {value}");
                }
                out.push_str("}\n");
            }
            out.push_str(&module.blocks);
            for (name, value) in &module.outputs {
                let _written = writeln!(out, "output \"{name}\" {{\nvalue = {value}\n}}");
            }
            let mut files = match path.is_root() {
                true => std::mem::take(&mut kept.files),
                false => Vec::new(),
            };
            files.push(file(out));
            folders.push(ModuleFolder {
                dir: dir(path),
                files,
            });
        }
        folders
    }

    /// What says which providers there are.
    fn head(&self, path: &ModulePath, module: &Module, kept: &mut Kept) -> String {
        let mut out = String::new();
        let entries: Vec<String> = match path.is_root() {
            true => self
                .required
                .iter()
                .map(|(name, source)| format!("{name} = {{ source = {} }}", text(source)))
                .collect(),
            false => module
                .providers
                .iter()
                .map(|number| {
                    let source = self.providers[*number].0.provider.to_string();
                    format!("p{number} = {{ source = {} }}", text(&source))
                })
                .collect(),
        };
        if entries.is_empty() {
            return out;
        }
        // One block of that name is all that a module may have.
        if path.is_root() && kept.requires {
            for file in &mut kept.files {
                let content = String::from_utf8_lossy(&file.content);
                if let Some((before, after)) = content.split_once("required_providers {") {
                    file.content = format!(
                        "{before}required_providers {{\n{}\n{after}",
                        entries.join("\n")
                    )
                    .into_bytes();
                    return out;
                }
            }
        }
        let _written = writeln!(
            out,
            "terraform {{\nrequired_providers {{\n{}\n}}\n}}",
            entries.join("\n")
        );
        out
    }

    /// Writes the calls of modules.
    fn calls(&mut self) {
        let paths: Vec<ModulePath> = self.modules.keys().cloned().collect();
        for path in paths {
            let (Some(parent), Some(name)) = (path.parent(), path.0.last().cloned()) else {
                continue;
            };
            let keys = self.keys_of(&path);
            let module = self.module(&path);
            module.inputs.insert("restored_at".to_owned());
            let instances: Vec<ModuleInstance> = module.instances.iter().cloned().collect();
            let providers: Vec<usize> = module.providers.iter().copied().collect();
            let in_root = parent.is_root();
            let source = match in_root {
                true => format!("./{FOLDER}/{name}"),
                false => format!("./{name}"),
            };
            let mut out = format!("module {} {{\nsource = {}\n", text(&name), text(&source));
            let above: Vec<(String, Option<InstanceKey>)> = instances
                .iter()
                .map(|instance| {
                    let above = instance.parent().unwrap_or_else(ModuleInstance::root);
                    let key = instance.0.last().and_then(|step| step.key.clone());
                    (name_of(&above), key)
                })
                .collect();
            let at = self.call_keys(&parent, &name, keys, &above, &mut out);
            let _written = writeln!(out, "restored_at = \"{at}\"");
            if !providers.is_empty() {
                let passed: Vec<String> = providers
                    .iter()
                    .map(|number| format!("p{number} = {}", self.provider_name(&parent, *number)))
                    .collect();
                let _written = writeln!(out, "providers = {{\n{}\n}}", passed.join("\n"));
            }
            let parent = self.module(&parent);
            for (input, value) in parent.passes.get(&name).into_iter().flatten() {
                let _written = writeln!(out, "{input} = {value}");
            }
            out.push_str("}\n");
            parent.blocks.push_str(&out);
        }
    }
    /// Writes how many instances of a call there are. Returns the inside of the string that names each.
    fn call_keys(
        &self,
        parent: &ModulePath,
        name: &str,
        keys: Keys,
        above: &[(String, Option<InstanceKey>)],
        out: &mut String,
    ) -> String {
        let in_root = parent.is_root();
        let prefix = if in_root { "" } else { "${var.restored_at}/" };
        match keys {
            Keys::None => {
                let parents = self
                    .modules
                    .get(parent)
                    .map_or(0, |module| module.instances.len());
                if !in_root && above.len() < parents {
                    let names: Vec<String> = above.iter().map(|(at, _)| text(at)).collect();
                    let _written = writeln!(
                        out,
                        "lifecycle {{\nenabled = contains([{}], var.restored_at)\n}}",
                        names.join(", ")
                    );
                }
                format!("{prefix}{name}")
            }
            Keys::Numbers => {
                let each: BTreeMap<&String, u64> = above
                    .iter()
                    .filter_map(|(at, key)| match key {
                        Some(InstanceKey::Int(number)) => Some((at, number + 1)),
                        _ => None,
                    })
                    .collect();
                let count = match in_root {
                    true => each.values().max().copied().unwrap_or(0).to_string(),
                    false => {
                        let each: Vec<String> = each
                            .iter()
                            .map(|(at, count)| format!("{} = {count}", text(at)))
                            .collect();
                        format!("lookup({{{}}}, var.restored_at, 0)", each.join(", "))
                    }
                };
                let _written = writeln!(out, "count = {count}");
                format!("{prefix}{name}[${{count.index}}]")
            }
            Keys::Names => {
                let each: Vec<String> = above
                    .iter()
                    .filter_map(|(at, key)| match key {
                        Some(InstanceKey::Str(key)) if in_root => Some(text(key)),
                        Some(InstanceKey::Str(key)) => {
                            Some(format!("{{ at = {}, key = {} }}", text(at), text(key)))
                        }
                        _ => None,
                    })
                    .collect();
                let each = each.join(", ");
                let _written = match in_root {
                    true => writeln!(out, "for_each = toset([{each}])"),
                    false => writeln!(
                        out,
                        "for_each = toset([for one in [{each}] : one.key if one.at == var.restored_at])"
                    ),
                };
                format!("{prefix}{name}[${{each.key}}]")
            }
        }
    }
}

fn gap(table: &Table<'_>, module: &ModuleInstance, at: u64) -> Target {
    let resource = terrane_model::addr::ResourceAddr {
        module: module.clone(),
        mode: table.addr.mode,
        type_name: table.addr.type_name.clone(),
        name: table.addr.name.clone(),
    };
    let addr: InstanceAddr = resource.instance(Some(InstanceKey::Int(at)));
    Target::Instance(addr)
}

/// The module that both are in.
fn common(one: &ModulePath, other: &ModulePath) -> ModulePath {
    let shared = one
        .0
        .iter()
        .zip(other.0.iter())
        .take_while(|(one, other)| one == other)
        .map(|(name, _)| name.clone())
        .collect::<Vec<_>>();
    ModulePath(shared.into())
}
