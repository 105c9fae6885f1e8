//! From addresses to declarations.

use ecow::EcoString;
use rustc_hash::FxHasher;
use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};
use terrane_config::config::{Config, ModuleId};
use terrane_model::addr::{ConfigResource, Mode, ModuleInstance, ModulePath, ResourceAddr};

/// Finds declarations by name.
#[derive(Debug, Default)]
pub(crate) struct ConfigIndex {
    calls: Vec<BTreeMap<EcoString, ModuleId>>,
    /// By module.
    resources: Vec<Names>,
}

/// The resources of a module by name.
///
/// There may be a hundred thousand, each looked for several times: what is searched are numbers side by side, and one name is compared.
#[derive(Debug, Default)]
struct Names {
    /// By position.
    names: Vec<(Mode, EcoString, EcoString)>,
    /// Digests of names with their positions, sorted.
    sorted: Vec<(u64, u32)>,
}

impl Names {
    fn new(names: Vec<(Mode, EcoString, EcoString)>) -> Self {
        let digests = names
            .iter()
            .map(|(mode, type_name, name)| digest(*mode, type_name, name));
        let mut sorted: Vec<(u64, u32)> = digests.zip(0u32..).collect();
        sorted.sort_unstable();
        Self { names, sorted }
    }

    /// The last one of this name.
    fn find(&self, mode: Mode, type_name: &str, name: &str) -> Option<u32> {
        let wanted = digest(mode, type_name, name);
        let from = self.sorted.partition_point(|(digest, _)| *digest < wanted);
        let candidates = self.sorted.get(from..).unwrap_or_default().iter();
        candidates
            .take_while(|(digest, _)| *digest == wanted)
            .filter(|(_, at)| {
                let (its_mode, its_type, its_name) = &self.names[*at as usize];
                *its_mode == mode && its_type == type_name && its_name == name
            })
            .last()
            .map(|(_, at)| *at)
    }
}

/// The same in every run.
fn digest(mode: Mode, type_name: &str, name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    (mode, type_name, name).hash(&mut hasher);
    hasher.finish()
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
            let names = module.resources.iter().map(|resource| {
                (
                    resource.mode,
                    resource.type_name.clone(),
                    resource.name.clone(),
                )
            });
            index.resources.push(Names::new(names.collect()));
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
        let names = &self.resources[module.0 as usize];
        Some((module, names.find(addr.mode, &addr.type_name, &addr.name)?))
    }

    /// The block that declares a resource.
    pub(crate) fn config_resource(&self, addr: &ConfigResource) -> Option<(ModuleId, u32)> {
        let module = self.module_at(&addr.module)?;
        let names = &self.resources[module.0 as usize];
        Some((module, names.find(addr.mode, &addr.type_name, &addr.name)?))
    }
}

#[cfg(test)]
mod tests {
    use super::Names;
    use terrane_model::addr::Mode;

    #[test]
    fn each_is_found_by_its_own_name_alone() {
        let mut all = Vec::new();
        for at in 0..2_000 {
            for mode in [Mode::Data, Mode::Managed] {
                all.push((mode, "a_b".into(), format!("x{at}").into()));
            }
        }
        // Of two of one name the last is meant, as everywhere.
        all.push(all[7].clone());
        let names = Names::new(all.clone());
        for (at, (mode, type_name, name)) in (0u32..).zip(&all) {
            let expected = if at == 7 { 4_000 } else { at };
            assert_eq!(names.find(*mode, type_name, name), Some(expected));
        }
        assert_eq!(names.find(Mode::Data, "a", "b_x0"), None);
        assert_eq!(names.find(Mode::Ephemeral, "a_b", "x0"), None);
        assert_eq!(Names::default().find(Mode::Data, "a", "b"), None);
    }
}
