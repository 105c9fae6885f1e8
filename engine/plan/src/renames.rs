//! Dependencies under new names: stored objects name what they depend on, and moves change names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_model::addr::{ConfigResource, InstanceAddr, ResourceAddr};

/// New names of resources whose instances are moved.
#[derive(Clone, Debug, Default)]
pub struct Renames {
    names: BTreeMap<ConfigResource, BTreeSet<ConfigResource>>,
    staying: BTreeSet<ConfigResource>,
}

impl Renames {
    /// From the moves of a plan (from, to) and the resources that state holds afterwards. A resource of which some instances keep the name is known under both.
    pub fn new<'a>(
        moves: &[(InstanceAddr, InstanceAddr)],
        after: impl Iterator<Item = &'a ResourceAddr>,
    ) -> Self {
        let mut names: BTreeMap<ConfigResource, BTreeSet<ConfigResource>> = BTreeMap::new();
        for (from, to) in moves {
            let (old, new) = (from.resource.config(), to.resource.config());
            if old != new {
                names.entry(old).or_default().insert(new);
            }
        }
        let staying = match names.is_empty() {
            true => BTreeSet::new(),
            false => after.map(ResourceAddr::config).collect(),
        };
        Self { names, staying }
    }

    /// Whether nothing has a new name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Dependencies under their new names, sorted; `None`: they are the same.
    #[must_use]
    pub fn apply(&self, dependencies: &[ConfigResource]) -> Option<Arc<[ConfigResource]>> {
        if !dependencies.iter().any(|dep| self.names.contains_key(dep)) {
            return None;
        }
        let mut found = BTreeSet::new();
        for dep in dependencies {
            let renamed = self.names.get(dep);
            if renamed.is_none() || self.staying.contains(dep) {
                found.insert(dep.clone());
            }
            found.extend(renamed.into_iter().flatten().cloned());
        }
        Some(found.into_iter().collect())
    }
}
