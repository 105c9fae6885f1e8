//! Instances that a `moved` block moves away, and that are declared all the same: known when everything is expanded (`opentofu.md` 5.10).

use super::Core;
use crate::world::Place;
use std::fmt;
use terrane_config::config::Endpoint;
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::addr::{InstanceAddr, ModuleInstance, ResourceAddr};

impl Core {
    /// Reports moves of single instances, or out of single instances of modules, that are still there in the configuration. Those of whole blocks are told
    /// when the configuration is loaded.
    pub(super) fn check_moved_instances(&mut self) {
        let config = self.config.clone();
        for module in &config.modules {
            for moved in &module.moved {
                let exact = moved.from.has_key() || moved.to.has_key();
                if !exact && moved.from.modules.iter().all(|step| step.key.is_none()) {
                    continue;
                }
                let mut places = self.world.places(module.id);
                let Some((from, place)) = places
                    .find_map(|place| Some((self.declared_at(place, &moved.from, exact)?, place)))
                else {
                    continue;
                };
                let to = Meant::new(&self.world.module_cell(place).addr, &moved.to);
                self.diagnostics.push(
                    Diagnostic::error(
                        &terrane_config::rules::refactor::MOVED_OBJECT_EXISTS,
                        format!(
                            "This statement declares a move from {from}, but that instance is still declared.\n\nChange your configuration so that this instance will be declared as {to} instead."
                        ),
                    )
                    .at(moved.span),
                );
            }
        }
    }

    /// The instance that an endpoint means in a module instance, if the configuration has it. A resource as a whole (not `exact`) is there where its module is.
    fn declared_at(&self, place: Place, end: &Endpoint, exact: bool) -> Option<Meant> {
        if self.world.is_doubled(place) {
            return None;
        }
        let meant = Meant::new(&self.world.module_cell(place).addr, end);
        let (module, addr) = match &meant {
            Meant::Module(module) => (module, None),
            Meant::Resource(addr) => (&addr.resource.module, Some(addr)),
        };
        let place = self.world.place_of(module)?;
        if let Some(addr) = addr {
            let (_, at) = self.index.resource(&addr.resource)?;
            if exact {
                let keys = &self.world.resource_cell(place, at)?.keys;
                keys.binary_search(&addr.key).ok()?;
            }
        }
        Some(meant)
    }
}

/// What an endpoint means in one module instance.
enum Meant {
    Module(ModuleInstance),
    Resource(InstanceAddr),
}

impl Meant {
    fn new(outer: &ModuleInstance, end: &Endpoint) -> Self {
        let steps = outer.0.iter().chain(&end.modules);
        let module = ModuleInstance(steps.cloned().collect());
        let Some(resource) = &end.resource else {
            return Self::Module(module);
        };
        let addr = ResourceAddr {
            module,
            mode: resource.mode,
            type_name: resource.type_name.clone(),
            name: resource.name.clone(),
        };
        Self::Resource(addr.instance(resource.key.clone()))
    }
}

impl fmt::Display for Meant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(module) => module.fmt(f),
            Self::Resource(addr) => addr.fmt(f),
        }
    }
}
