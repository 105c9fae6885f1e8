//! Addresses in parts.

use super::object::Decoder;
use ecow::EcoString;
use serde::{Deserialize, Serialize};
use terrane_model::addr::{
    ConfigResource, DeposedKey, InstanceAddr, InstanceKey, Mode, ModuleInstance, ModulePath,
    ModuleStep, ProviderAddr, ProviderConfigAddr, ResourceAddr,
};
use terrane_model::event::ObjectAddr;

/// `{"i":0}` or `{"s":"a"}`.
#[derive(Serialize, Deserialize, Clone, PartialEq)]
pub(super) enum WireKey {
    #[serde(rename = "i")]
    Int(u64),
    #[serde(rename = "s")]
    Str(EcoString),
}

#[derive(Serialize, Deserialize, Clone, PartialEq)]
pub(super) struct WireStep {
    n: EcoString,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    k: Option<WireKey>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Default)]
#[serde(rename_all = "snake_case")]
pub(super) enum WireMode {
    #[default]
    Managed,
    Data,
    Ephemeral,
    Action,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_managed(mode: &WireMode) -> bool {
    *mode == WireMode::Managed
}

/// A resource, or with a key an instance of it.
#[derive(Serialize, Deserialize)]
pub(super) struct WireAddr {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    module: Vec<WireStep>,
    #[serde(default, skip_serializing_if = "is_managed")]
    mode: WireMode,
    #[serde(rename = "type")]
    type_name: EcoString,
    name: EcoString,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<WireKey>,
}

/// A resource as configured.
#[derive(Serialize, Deserialize, PartialEq, Clone)]
pub(super) struct WireConfigResource {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    module: Vec<EcoString>,
    #[serde(default, skip_serializing_if = "is_managed")]
    mode: WireMode,
    #[serde(rename = "type")]
    type_name: EcoString,
    name: EcoString,
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireObjectAddr {
    instance: WireAddr,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deposed: Option<EcoString>,
}

#[derive(Serialize, Deserialize, PartialEq, Clone)]
pub(super) struct WireProvider {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    module: Vec<EcoString>,
    host: EcoString,
    ns: EcoString,
    #[serde(rename = "type")]
    type_name: EcoString,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<EcoString>,
}

impl From<&InstanceKey> for WireKey {
    fn from(key: &InstanceKey) -> Self {
        match key {
            InstanceKey::Int(index) => Self::Int(*index),
            InstanceKey::Str(key) => Self::Str(key.clone()),
            // No object has it.
            InstanceKey::Any => Self::Str(EcoString::inline("*")),
        }
    }
}

impl From<WireKey> for InstanceKey {
    fn from(key: WireKey) -> Self {
        match key {
            WireKey::Int(index) => Self::Int(index),
            WireKey::Str(key) => Self::Str(key),
        }
    }
}

impl From<Mode> for WireMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Managed => Self::Managed,
            Mode::Data => Self::Data,
            Mode::Ephemeral => Self::Ephemeral,
            Mode::Action => Self::Action,
        }
    }
}

impl From<WireMode> for Mode {
    fn from(mode: WireMode) -> Self {
        match mode {
            WireMode::Managed => Self::Managed,
            WireMode::Data => Self::Data,
            WireMode::Ephemeral => Self::Ephemeral,
            WireMode::Action => Self::Action,
        }
    }
}

impl WireAddr {
    pub(super) fn resource(addr: &ResourceAddr) -> Self {
        let ResourceAddr {
            module,
            mode,
            type_name,
            name,
        } = addr;
        let step = |ModuleStep { name, key }: &ModuleStep| WireStep {
            n: name.clone(),
            k: key.as_ref().map(WireKey::from),
        };
        Self {
            module: module.0.iter().map(step).collect(),
            mode: (*mode).into(),
            type_name: type_name.clone(),
            name: name.clone(),
            key: None,
        }
    }

    pub(super) fn instance(addr: &InstanceAddr) -> Self {
        let InstanceAddr { resource, key } = addr;
        Self {
            key: key.as_ref().map(WireKey::from),
            ..Self::resource(resource)
        }
    }

    pub(super) fn decode(self, decoder: &mut Decoder) -> InstanceAddr {
        let Self {
            module,
            mode,
            type_name,
            name,
            key,
        } = self;
        InstanceAddr {
            resource: ResourceAddr {
                module: decoder.modules.get(module, |steps| {
                    let step = |WireStep { n, k }: WireStep| ModuleStep {
                        name: n,
                        key: k.map(InstanceKey::from),
                    };
                    ModuleInstance(steps.into_iter().map(step).collect())
                }),
                mode: mode.into(),
                type_name: decoder.name(type_name),
                name: decoder.name(name),
            },
            key: key.map(InstanceKey::from),
        }
    }
}

impl From<&ConfigResource> for WireConfigResource {
    fn from(addr: &ConfigResource) -> Self {
        let ConfigResource {
            module,
            mode,
            type_name,
            name,
        } = addr;
        Self {
            module: module.0.to_vec(),
            mode: (*mode).into(),
            type_name: type_name.clone(),
            name: name.clone(),
        }
    }
}

impl From<WireConfigResource> for ConfigResource {
    fn from(wire: WireConfigResource) -> Self {
        let WireConfigResource {
            module,
            mode,
            type_name,
            name,
        } = wire;
        Self {
            module: ModulePath(module.into()),
            mode: mode.into(),
            type_name,
            name,
        }
    }
}

impl From<&ObjectAddr> for WireObjectAddr {
    fn from(addr: &ObjectAddr) -> Self {
        let ObjectAddr { instance, deposed } = addr;
        Self {
            instance: WireAddr::instance(instance),
            deposed: deposed.as_ref().map(|DeposedKey(key)| key.clone()),
        }
    }
}

impl WireObjectAddr {
    pub(super) fn decode(self, decoder: &mut Decoder) -> ObjectAddr {
        let Self { instance, deposed } = self;
        ObjectAddr {
            instance: instance.decode(decoder),
            deposed: deposed.map(DeposedKey),
        }
    }
}

impl From<&ProviderConfigAddr> for WireProvider {
    fn from(addr: &ProviderConfigAddr) -> Self {
        let ProviderConfigAddr {
            module,
            provider:
                ProviderAddr {
                    host,
                    namespace,
                    type_name,
                },
            alias,
        } = addr;
        Self {
            module: module.0.to_vec(),
            host: host.clone(),
            ns: namespace.clone(),
            type_name: type_name.clone(),
            alias: alias.clone(),
        }
    }
}

impl WireProvider {
    pub(super) fn decode(self, decoder: &mut Decoder) -> ProviderConfigAddr {
        decoder.providers.get(self, |wire| {
            let Self {
                module,
                host,
                ns,
                type_name,
                alias,
            } = wire;
            ProviderConfigAddr {
                module: ModulePath(module.into()),
                provider: ProviderAddr {
                    host,
                    namespace: ns,
                    type_name,
                },
                alias,
            }
        })
    }
}
