//! Reading.

use super::{Reader, Result, bad, flag};
use crate::wire::{More, decode_head};
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::addr::{
    ConfigResource, DeposedKey, InstanceKey, Mode, ModuleInstance, ModulePath, ModuleStep,
    ProviderAddr, ProviderConfigAddr, ResourceAddr,
};
use terrane_model::provider::Private;
use terrane_model::snapshot::{InstanceState, ObjectState, ResourceState, Snapshot, Status};

/// Reads a snapshot.
///
/// # Errors
/// When the bytes are not one of this layout.
pub fn decode(bytes: &[u8]) -> Result<Snapshot> {
    let mut from = Reader::new(bytes);
    let mut snapshot = decode_head(from.blob()?)?;
    let mut before = Before::default();
    let mut resources = Vec::new();
    while !from.is_empty() {
        let (addr, provider) = resource(&mut from, &mut before)?;
        // They are in order, so that the maps are made of them in one go.
        let instances = (0..from.number()?)
            .map(|_| Ok((key(&mut from)?, instance(&mut from, &mut before)?)))
            .collect::<Result<BTreeMap<_, _>>>()?;
        resources.push((
            addr,
            ResourceState {
                provider,
                instances,
            },
        ));
    }
    snapshot.resources = resources.into_iter().collect();
    Ok(snapshot)
}

/// What the next row may have in common with the last: it is shared in memory.
#[derive(Default)]
struct Before {
    module: Option<ModuleInstance>,
    provider: Option<ProviderConfigAddr>,
    dependencies: Option<Arc<[ConfigResource]>>,
    private: Private,
    type_name: EcoString,
}

impl Before {
    /// A name of a type, shared with an equal one. (Up to 15 bytes are held in place anyway.)
    fn type_name(&mut self, name: &str) -> EcoString {
        if self.type_name != name {
            self.type_name = name.into();
        }
        self.type_name.clone()
    }
}

fn resource(
    from: &mut Reader<'_>,
    before: &mut Before,
) -> Result<(ResourceAddr, ProviderConfigAddr)> {
    let same = from.byte()?;
    if same & 1 == 0 {
        let steps = (0..from.number()?)
            .map(|_| {
                Ok(ModuleStep {
                    name: from.str()?.into(),
                    key: key(from)?,
                })
            })
            .collect::<Result<_>>()?;
        before.module = Some(ModuleInstance(steps));
    }
    if same & 2 == 0 {
        let module = module_path(from)?;
        let provider = ProviderAddr {
            host: from.str()?.into(),
            namespace: from.str()?.into(),
            type_name: from.str()?.into(),
        };
        let has_alias = from.byte()? != 0;
        let alias = from.str()?;
        before.provider = Some(ProviderConfigAddr {
            module,
            provider,
            alias: has_alias.then(|| alias.into()),
        });
    }
    let (Some(module), Some(provider)) = (before.module.clone(), before.provider.clone()) else {
        return bad("the first resource refers to one before it");
    };
    let addr = ResourceAddr {
        module,
        mode: mode(from)?,
        type_name: before.type_name(from.str()?),
        name: from.str()?.into(),
    };
    Ok((addr, provider))
}

fn module_path(from: &mut Reader<'_>) -> Result<ModulePath> {
    let names = (0..from.number()?).map(|_| Ok(from.str()?.into()));
    names.collect::<Result<_>>().map(ModulePath)
}

fn mode(from: &mut Reader<'_>) -> Result<Mode> {
    match from.byte()? {
        0 => Ok(Mode::Managed),
        1 => Ok(Mode::Data),
        2 => Ok(Mode::Ephemeral),
        3 => Ok(Mode::Action),
        _ => bad("there is no such mode"),
    }
}

fn key(from: &mut Reader<'_>) -> Result<Option<InstanceKey>> {
    match from.byte()? {
        0 => Ok(None),
        1 => Ok(Some(InstanceKey::Int(from.number()?))),
        2 => Ok(Some(InstanceKey::Str(from.str()?.into()))),
        _ => bad("there is no such key"),
    }
}

fn instance(from: &mut Reader<'_>, before: &mut Before) -> Result<InstanceState> {
    let changed_at = from.number()?;
    let objects = from.number()?;
    let current = match objects & 1 {
        0 => None,
        _ => Some(object(from, before)?),
    };
    let deposed = (0..objects / 2)
        .map(|_| Ok((DeposedKey(from.str()?.into()), object(from, before)?)))
        .collect::<Result<_>>()?;
    Ok(InstanceState {
        current,
        deposed,
        changed_at,
    })
}

fn object(from: &mut Reader<'_>, before: &mut Before) -> Result<Arc<ObjectState>> {
    let flags = from.byte()?;
    let has = |flag: u8| flags & flag != 0;
    let schema_version = from.number()?;
    let attributes = Arc::from(from.str()?);
    let created_in_ms = match has(flag::CREATED_IN) {
        true => Some(u32::try_from(from.number()?).or_else(|_| bad("a time is too long"))?),
        false => None,
    };
    if !has(flag::SAME_DEPENDENCIES) {
        let resources = (0..from.number()?)
            .map(|_| {
                Ok(ConfigResource {
                    module: module_path(from)?,
                    mode: mode(from)?,
                    type_name: before.type_name(from.str()?),
                    name: from.str()?.into(),
                })
            })
            .collect::<Result<_>>()?;
        before.dependencies = Some(resources);
    }
    let Some(dependencies) = before.dependencies.clone() else {
        return bad("the first object refers to one before it");
    };
    if has(flag::PRIVATE) {
        let private = from.blob()?;
        if *before.private != *private {
            before.private = private.into();
        }
    } else if !before.private.is_empty() {
        before.private = Private::default();
    }
    let identity = match has(flag::IDENTITY) {
        true => Some((from.number()?, Arc::from(from.str()?))),
        false => None,
    };
    let (sensitive, provider_key) = match has(flag::MORE) {
        true => More::decode(from.blob()?)?,
        false => (Vec::new(), None),
    };
    Ok(Arc::new(ObjectState {
        status: match has(flag::TAINTED) {
            true => Status::Tainted,
            false => Status::Ready,
        },
        schema_version,
        attributes,
        sensitive,
        private: before.private.clone(),
        dependencies,
        create_before_destroy: has(flag::CREATE_BEFORE_DESTROY),
        skip_destroy: has(flag::SKIP_DESTROY),
        identity,
        provider_key,
        created_in_ms,
    }))
}
