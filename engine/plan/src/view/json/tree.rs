//! Resources within the tree of module instances.

use super::write::Writer;
use std::fmt;
use terrane_model::addr::{InstanceAddr, InstanceKey, Mode, ModuleInstance, ProviderAddr};
use terrane_value::{Kind, Value};

/// One object in the tree.
pub(super) struct Object<'a> {
    pub(super) addr: &'a InstanceAddr,
    pub(super) provider: &'a ProviderAddr,
    pub(super) schema_version: u64,
    /// Marked where sensitive. Unknown parts are left out.
    pub(super) value: Value,
    pub(super) depends_on: Vec<String>,
    pub(super) tainted: bool,
    pub(super) deposed: Option<&'a str>,
    /// Identity and the version of its schema; null if there is none.
    pub(super) identity: (Value, Option<u64>),
}

/// Where objects come from.
pub(super) trait Source {
    /// What stands for an object.
    type Item;
    fn module<'t>(&self, item: &'t Self::Item) -> &'t ModuleInstance;
    /// Whether it is in the tree.
    fn is_shown(&self, item: &Self::Item) -> bool;
    fn object<'t>(&self, item: &'t Self::Item) -> Object<'t>;
    /// Whether the objects of a module are in the order of their addresses as text, not of what these mean.
    fn ordered_as_text(&self) -> bool {
        false
    }
}

/// Writes the content of the root module. The items come in the order of their modules, parents before children, each module in one run.
pub(super) fn root<S: Source>(out: &mut Writer<'_>, items: &[S::Item], source: &S) -> fmt::Result {
    out.object(|out| module(out, items, &ModuleInstance::root(), source))
}

fn module<S: Source>(
    out: &mut Writer<'_>,
    items: &[S::Item],
    here: &ModuleInstance,
    source: &S,
) -> fmt::Result {
    let own = items.partition_point(|item| source.module(item).0.len() <= here.0.len());
    let (own, mut rest) = items.split_at(own);
    let mut open = false;
    let mut objects = own
        .iter()
        .filter(|item| source.is_shown(item))
        .map(|item| source.object(item));
    let mut write = |object: Object<'_>| {
        if !std::mem::replace(&mut open, true) {
            out.key("resources")?;
            out.open('[')?;
        }
        resource(out, &object)
    };
    if source.ordered_as_text() {
        let mut ordered: Vec<Object<'_>> = objects.collect();
        ordered.sort_by_cached_key(|object| object.addr.to_string());
        ordered.into_iter().try_for_each(write)?;
    } else {
        objects.try_for_each(&mut write)?;
    }
    if open {
        out.close(']')?;
    }
    if !here.is_root() {
        out.entry("address", &here.to_string())?;
    }
    open = false;
    while let Some(first) = rest.first() {
        let steps = source.module(first).0.iter().take(here.0.len() + 1);
        let child = ModuleInstance(steps.cloned().collect());
        let end = rest.partition_point(|item| child.contains(source.module(item)));
        let (inside, behind) = rest.split_at(end.max(1));
        rest = behind;
        if !inside.iter().any(|item| source.is_shown(item)) {
            continue;
        }
        if !std::mem::replace(&mut open, true) {
            out.key("child_modules")?;
            out.open('[')?;
        }
        out.object(|out| module(out, inside, &child, source))?;
    }
    if open {
        out.close(']')?;
    }
    Ok(())
}

pub(super) fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Managed => "managed",
        Mode::Data => "data",
        Mode::Ephemeral => "ephemeral",
        Mode::Action => "action",
    }
}

/// `mode`, `type`, `name`, `index` and `provider_name`.
pub(super) fn identity(
    out: &mut Writer<'_>,
    addr: &InstanceAddr,
    provider: &ProviderAddr,
) -> fmt::Result {
    let resource = &addr.resource;
    out.entry("mode", mode_name(resource.mode))?;
    out.entry("type", &resource.type_name)?;
    out.entry("name", &resource.name)?;
    match &addr.key {
        None => {}
        Some(InstanceKey::Any) => {
            out.key("index_unknown")?;
            out.raw("true")?;
        }
        Some(key) => {
            out.key("index")?;
            instance_key(out, key)?;
        }
    }
    out.entry("provider_name", &provider.to_string())
}

pub(super) fn instance_key(out: &mut Writer<'_>, key: &InstanceKey) -> fmt::Result {
    match key {
        InstanceKey::Int(index) => out.raw(&index.to_string()),
        InstanceKey::Str(key) => out.string(key),
        InstanceKey::Any => out.string("*"),
    }
}

fn resource(out: &mut Writer<'_>, object: &Object<'_>) -> fmt::Result {
    let Object {
        addr,
        provider,
        schema_version,
        value,
        depends_on,
        tainted,
        deposed,
        identity: (identity_value, identity_version),
    } = object;
    out.object(|out| {
        out.entry("address", &addr.to_string())?;
        identity(out, addr, provider)?;
        out.key("schema_version")?;
        out.raw(&schema_version.to_string())?;
        // Of an object of which nothing is known yet there is nothing to show.
        if !matches!(value.unmarked().kind(), Kind::Object(object) if object.iter().all(|(_, part)| !part.is_known()))
        {
            out.key("values")?;
            super::value::known(out, value)?;
        }
        out.key("sensitive_values")?;
        super::value::sensitive(out, value)?;
        if !identity_value.is_null() {
            if let Some(version) = identity_version {
                out.key("identity_schema_version")?;
                out.raw(&version.to_string())?;
            }
            out.key("identity")?;
            super::value::known(out, identity_value)?;
        }
        if !depends_on.is_empty() {
            out.key("depends_on")?;
            // As text they have another order than as addresses.
            let mut texts: Vec<&String> = depends_on.iter().collect();
            texts.sort_unstable();
            out.array(|out| texts.iter().try_for_each(|on| out.string(on)))?;
        }
        if *tainted {
            out.key("tainted")?;
            out.bool(true)?;
        }
        if let Some(key) = deposed {
            out.entry("deposed_key", key)?;
        }
        Ok(())
    })
}
