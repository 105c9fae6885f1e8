//! What had to be known before a resource could be planned at all.

use super::StepId;
use super::build::Builder;
use crate::world::Place;
use terrane_config::config::Resource;

impl Builder<'_> {
    /// What decides which provider instance has the objects of a resource, and which objects are imported. All of it was known while planning, but it
    /// counts as a dependency, here as in what is stored of the objects.
    pub(super) fn decided_by(
        &mut self,
        place: Place,
        resource: &Resource,
        at: u32,
        after: &mut Vec<StepId>,
    ) {
        if let Some(key) = &resource.provider.key {
            let home = (resource.provider.key_from).map_or(place.module, |(home, _)| home);
            let mut around = place;
            while around.module != home
                && let Some(parent) = self.world.module_cell(around).parent
            {
                around = parent;
            }
            if around.module == home {
                self.expr(around, key, None, after);
            }
        }
        let imports = self.imports.get(&(place.module, at)).cloned();
        for import in imports.into_iter().flatten() {
            let keys = import.keys.iter().map(|(_, key)| key);
            for expr in keys
                .chain(&import.for_each)
                .chain(&import.id)
                .chain(&import.identity)
            {
                self.expr(Place::ROOT, expr, None, after);
            }
        }
        for key in (resource.lifecycle.replace_triggered_by.iter()).filter_map(|by| by.key.as_ref())
        {
            self.expr(place, key, None, after);
        }
    }
}
