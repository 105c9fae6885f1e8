//! Writing.

use super::flag;
use super::{Result, bad};
use crate::wire::{More, encode_head};
use terrane_model::addr::{
    ConfigResource, InstanceKey, Mode, ModuleInstance, ProviderConfigAddr, ResourceAddr,
};
use terrane_model::snapshot::{InstanceState, ObjectState, Snapshot, Status};
use terrane_value::bytes::Writer;

/// Writes a snapshot.
///
/// # Errors
/// When an output holds what can't be stored, or an address is of no object.
pub fn encode(snapshot: &Snapshot) -> Result<Vec<u8>> {
    let mut out = Writer::default();
    out.blob(&encode_head(snapshot)?);
    let mut before = Before::default();
    for (addr, resource) in &snapshot.resources {
        put_resource(&mut out, &mut before, addr, &resource.provider)?;
        out.length(resource.instances.len());
        for (key, instance) in &resource.instances {
            put_key(&mut out, key.as_ref())?;
            put_instance(&mut out, &mut before, instance)?;
        }
    }
    Ok(out.bytes)
}

/// What the next row may have in common with the last.
#[derive(Default)]
struct Before<'a> {
    module: Option<&'a ModuleInstance>,
    provider: Option<&'a ProviderConfigAddr>,
    dependencies: Option<&'a [ConfigResource]>,
}

fn put_resource<'a>(
    out: &mut Writer,
    before: &mut Before<'a>,
    addr: &'a ResourceAddr,
    provider: &'a ProviderConfigAddr,
) -> Result<()> {
    let same_module = before.module == Some(&addr.module);
    let same_provider = before.provider == Some(provider);
    out.byte(u8::from(same_module) | u8::from(same_provider) << 1);
    if !same_module {
        before.module = Some(&addr.module);
        out.length(addr.module.0.len());
        for step in addr.module.0.iter() {
            out.text(&step.name);
            put_key(out, step.key.as_ref())?;
        }
    }
    if !same_provider {
        before.provider = Some(provider);
        put_module(out, &provider.module.0);
        out.text(&provider.provider.host);
        out.text(&provider.provider.namespace);
        out.text(&provider.provider.type_name);
        out.byte(u8::from(provider.alias.is_some()));
        out.text(provider.alias.as_deref().unwrap_or_default());
    }
    out.byte(mode(addr.mode));
    out.text(&addr.type_name);
    out.text(&addr.name);
    Ok(())
}

fn put_module(out: &mut Writer, names: &[ecow::EcoString]) {
    out.length(names.len());
    for name in names {
        out.text(name);
    }
}

fn mode(mode: Mode) -> u8 {
    match mode {
        Mode::Managed => 0,
        Mode::Data => 1,
        Mode::Ephemeral => 2,
        Mode::Action => 3,
    }
}

fn put_key(out: &mut Writer, key: Option<&InstanceKey>) -> Result<()> {
    match key {
        None => out.byte(0),
        Some(InstanceKey::Int(index)) => {
            out.byte(1);
            out.number(*index);
        }
        Some(InstanceKey::Str(key)) => {
            out.byte(2);
            out.text(key);
        }
        Some(InstanceKey::Any) => return bad("no object has this key"),
    }
    Ok(())
}

fn put_instance<'a>(
    out: &mut Writer,
    before: &mut Before<'a>,
    instance: &'a InstanceState,
) -> Result<()> {
    let InstanceState {
        current,
        deposed,
        changed_at,
    } = instance;
    out.number(*changed_at);
    out.length(deposed.len() * 2 + usize::from(current.is_some()));
    if let Some(object) = current {
        put_object(out, before, object)?;
    }
    for (key, object) in deposed {
        out.text(&key.0);
        put_object(out, before, object)?;
    }
    Ok(())
}

fn put_object<'a>(
    out: &mut Writer,
    before: &mut Before<'a>,
    object: &'a ObjectState,
) -> Result<()> {
    let ObjectState {
        status,
        schema_version,
        attributes,
        sensitive,
        private,
        dependencies,
        create_before_destroy,
        skip_destroy,
        identity,
        provider_key,
        created_in_ms,
    } = object;
    let same = before.dependencies == Some(dependencies);
    let more = !sensitive.is_empty() || provider_key.is_some();
    let mut flags = 0;
    for (flag, holds) in [
        (flag::TAINTED, *status == Status::Tainted),
        (flag::CREATE_BEFORE_DESTROY, *create_before_destroy),
        (flag::SKIP_DESTROY, *skip_destroy),
        (flag::CREATED_IN, created_in_ms.is_some()),
        (flag::SAME_DEPENDENCIES, same),
        (flag::PRIVATE, !private.is_empty()),
        (flag::IDENTITY, identity.is_some()),
        (flag::MORE, more),
    ] {
        flags |= if holds { flag } else { 0 };
    }
    out.byte(flags);
    out.number(*schema_version);
    out.text(attributes);
    if let Some(created_in_ms) = created_in_ms {
        out.number(u64::from(*created_in_ms));
    }
    if !same {
        before.dependencies = Some(dependencies);
        out.length(dependencies.len());
        for resource in dependencies.iter() {
            put_module(out, &resource.module.0);
            out.byte(mode(resource.mode));
            out.text(&resource.type_name);
            out.text(&resource.name);
        }
    }
    if !private.is_empty() {
        out.blob(private);
    }
    if let Some((version, json)) = identity {
        out.number(*version);
        out.text(json);
    }
    if more {
        out.blob(&More::encode(sensitive, provider_key.as_ref())?);
    }
    Ok(())
}
