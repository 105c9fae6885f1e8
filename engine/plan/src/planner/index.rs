//! From addresses to declarations.

use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_config::config::{Config, ModuleId};
use terrane_model::addr::{ConfigResource, Mode, ModuleInstance, ModulePath, ResourceAddr};

/// Finds declarations by name.
#[derive(Debug, Default)]
pub(crate) struct ConfigIndex {
    calls: Vec<BTreeMap<EcoString, ModuleId>>,
    resources: Vec<BTreeMap<(Mode, EcoString, EcoString), u32>>,
}

impl ConfigIndex {
    pub(crate) fn new(config: &Config) -> Self {
        let mut index = Self::default();
        for module in &config.modules {
            let calls = module
                .calls
                .iter()
                .map(|call| (call.name.clone(), call.module));
            index.calls.push(calls.collect());
            let resources = (0u32..).zip(&module.resources);
            let resources = resources.map(|(at, resource)| {
                (
                    (
                        resource.mode,
                        resource.type_name.clone(),
                        resource.name.clone(),
                    ),
                    at,
                )
            });
            index.resources.push(resources.collect());
        }
        index
    }

    fn walk<'n>(&self, names: impl Iterator<Item = &'n EcoString>) -> Option<ModuleId> {
        if self.calls.is_empty() {
            return None;
        }
        let mut module = ModuleId(0);
        for name in names {
            module = *self.calls[module.0 as usize].get(name)?;
        }
        Some(module)
    }

    /// The module of a module instance.
    pub(crate) fn module(&self, addr: &ModuleInstance) -> Option<ModuleId> {
        self.walk(addr.0.iter().map(|step| &step.name))
    }

    /// The module with this path.
    pub(crate) fn module_at(&self, path: &ModulePath) -> Option<ModuleId> {
        self.walk(path.0.iter())
    }

    /// The block that declares a resource.
    pub(crate) fn resource(&self, addr: &ResourceAddr) -> Option<(ModuleId, u32)> {
        let module = self.module(&addr.module)?;
        let at = self.resources[module.0 as usize].get(&(
            addr.mode,
            addr.type_name.clone(),
            addr.name.clone(),
        ))?;
        Some((module, *at))
    }

    /// The block that declares a resource.
    pub(crate) fn config_resource(&self, addr: &ConfigResource) -> Option<(ModuleId, u32)> {
        let module = self.module_at(&addr.module)?;
        let at = self.resources[module.0 as usize].get(&(
            addr.mode,
            addr.type_name.clone(),
            addr.name.clone(),
        ))?;
        Some((module, *at))
    }
}
