//! Addresses.

use super::FileError;
use super::Reader;
use super::Result;
use terrane_model::addr::{
    ConfigResource, InstanceAddr, InstanceKey, Mode, ModuleInstance, ModulePath, ModuleStep,
    ProviderAddr, ProviderConfigAddr, ResourceAddr, Target,
};
use terrane_value::bytes::Writer;

pub(super) fn write_key(out: &mut Writer, key: Option<&InstanceKey>) {
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
        Some(InstanceKey::Any) => out.byte(3),
    }
}

pub(super) fn read_key(bytes: &mut Reader<'_>) -> Result<Option<InstanceKey>> {
    Ok(match bytes.byte()? {
        0 => None,
        1 => Some(InstanceKey::Int(bytes.number()?)),
        2 => Some(InstanceKey::Str(bytes.text()?)),
        3 => Some(InstanceKey::Any),
        _ => return Err(FileError::Malformed("an instance key is of no kind")),
    })
}

pub(super) fn write_module(out: &mut Writer, module: &ModuleInstance) {
    out.list(module.0.iter(), |out, ModuleStep { name, key }| {
        out.text(name);
        write_key(out, key.as_ref());
    });
}

pub(super) fn read_module(bytes: &mut Reader<'_>) -> Result<ModuleInstance> {
    let steps = bytes.list(|bytes| {
        let name = bytes.text()?;
        let key = read_key(bytes)?;
        Ok(ModuleStep { name, key })
    })?;
    Ok(ModuleInstance(steps.into()))
}

fn write_path(out: &mut Writer, module: &ModulePath) {
    out.list(module.0.iter(), |out, name| out.text(name));
}

fn read_path(bytes: &mut Reader<'_>) -> Result<ModulePath> {
    Ok(ModulePath(bytes.list(Reader::text)?.into()))
}

fn write_mode(out: &mut Writer, mode: Mode) {
    out.byte(match mode {
        Mode::Data => 0,
        Mode::Ephemeral => 1,
        Mode::Managed => 2,
        Mode::Action => 3,
    });
}

fn read_mode(bytes: &mut Reader<'_>) -> Result<Mode> {
    Ok(match bytes.byte()? {
        0 => Mode::Data,
        1 => Mode::Ephemeral,
        2 => Mode::Managed,
        3 => Mode::Action,
        _ => return Err(FileError::Malformed("a resource is of no kind")),
    })
}

pub(super) fn write_resource(out: &mut Writer, resource: &ResourceAddr) {
    let ResourceAddr {
        module,
        mode,
        type_name,
        name,
    } = resource;
    write_module(out, module);
    write_mode(out, *mode);
    out.text(type_name);
    out.text(name);
}

pub(super) fn read_resource(bytes: &mut Reader<'_>) -> Result<ResourceAddr> {
    Ok(ResourceAddr {
        module: read_module(bytes)?,
        mode: read_mode(bytes)?,
        type_name: bytes.text()?,
        name: bytes.text()?,
    })
}

pub(super) fn write_instance(out: &mut Writer, instance: &InstanceAddr) {
    let InstanceAddr { resource, key } = instance;
    write_resource(out, resource);
    write_key(out, key.as_ref());
}

pub(super) fn read_instance(bytes: &mut Reader<'_>) -> Result<InstanceAddr> {
    Ok(InstanceAddr {
        resource: read_resource(bytes)?,
        key: read_key(bytes)?,
    })
}

pub(super) fn write_config(out: &mut Writer, resource: &ConfigResource) {
    let ConfigResource {
        module,
        mode,
        type_name,
        name,
    } = resource;
    write_path(out, module);
    write_mode(out, *mode);
    out.text(type_name);
    out.text(name);
}

pub(super) fn read_config(bytes: &mut Reader<'_>) -> Result<ConfigResource> {
    Ok(ConfigResource {
        module: read_path(bytes)?,
        mode: read_mode(bytes)?,
        type_name: bytes.text()?,
        name: bytes.text()?,
    })
}

pub(super) fn write_provider(out: &mut Writer, config: &ProviderConfigAddr) {
    let ProviderConfigAddr {
        module,
        provider,
        alias,
    } = config;
    let ProviderAddr {
        host,
        namespace,
        type_name,
    } = provider;
    write_path(out, module);
    out.text(host);
    out.text(namespace);
    out.text(type_name);
    out.option(alias.as_ref(), |out, alias| out.text(alias));
}

pub(super) fn read_provider(bytes: &mut Reader<'_>) -> Result<ProviderConfigAddr> {
    let module = read_path(bytes)?;
    let provider = ProviderAddr {
        host: bytes.text()?,
        namespace: bytes.text()?,
        type_name: bytes.text()?,
    };
    let alias = bytes.option(Reader::text)?;
    Ok(ProviderConfigAddr {
        module,
        provider,
        alias,
    })
}

pub(super) fn write_target(out: &mut Writer, target: &Target) {
    match target {
        Target::Module(module) => {
            out.byte(0);
            write_module(out, module);
        }
        Target::Resource(resource) => {
            out.byte(1);
            write_resource(out, resource);
        }
        Target::Instance(instance) => {
            out.byte(2);
            write_instance(out, instance);
        }
    }
}

pub(super) fn read_target(bytes: &mut Reader<'_>) -> Result<Target> {
    Ok(match bytes.byte()? {
        0 => Target::Module(read_module(bytes)?),
        1 => Target::Resource(read_resource(bytes)?),
        2 => Target::Instance(read_instance(bytes)?),
        _ => return Err(FileError::Malformed("a target is of no kind")),
    })
}
