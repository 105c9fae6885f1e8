//! What a reference to a resource means for the order of steps: one instance, or what is behind one that needs no step.

use super::build::Builder;
use crate::graph::NodeId;
use crate::plan::ExpansionKind;
use crate::world::{Place, Repeat, World};
use terrane_config::config::ModuleId;
use terrane_lang::expr::Use;
use terrane_model::addr::{InstanceKey, Mode};
use terrane_value::Kind;

impl Builder<'_> {
    /// A data source that was read while planning has no step of its own. Whoever refers to it waits for what it is made of, as if it had one.
    pub(super) fn refs_behind(&mut self, id: NodeId, module: ModuleId, at: u32) {
        let config = self.config;
        let resource = &config.module(module).resources[at as usize];
        if resource.mode == Mode::Managed {
            return;
        }
        for place in self.world.places(module) {
            let steps = self.applies.get(&(id, place.pos));
            if steps.is_some_and(|steps| steps.iter().all(Option::is_some)) {
                continue;
            }
            let mut after = Vec::new();
            self.repetition(place, &resource.repetition, &mut after);
            self.depends_on(place, &resource.depends_on, &mut after);
            let mut uses = Vec::new();
            resource.body.each_use(&mut |used| uses.push(used.clone()));
            for used in &uses {
                self.refer(place, used, None, &mut after);
            }
            let join = self.join(after);
            self.behind.insert((id, place.pos), join);
        }
    }

    /// Which instance a keyed reference picks, if that can be told.
    pub(super) fn picked(
        &self,
        place: Place,
        target: u32,
        used: &Use,
        key: Option<&InstanceKey>,
        at: Option<u32>,
    ) -> Option<usize> {
        let repeat = match at {
            Some(at) => self.world.repeat(place, at, key).ok()?,
            None => Repeat::None,
        };
        picked(self.world, place, target, used, repeat)
    }
}

/// Which instance a keyed reference to a resource picks, if that can be told. `repeat`: of whoever makes it.
pub(crate) fn picked(
    world: &World,
    place: Place,
    target: u32,
    used: &Use,
    repeat: Repeat,
) -> Option<usize> {
    let cell = world.resource_cell(place, target)?;
    let expr = used.key.as_ref()?;
    let scope = world.scope(place).repeated(repeat);
    let value = expr.eval(&scope, &[]).ok()?;
    let wanted = match (cell.kind, value.unmarked().kind()) {
        (ExpansionKind::Count, Kind::Number(index)) => InstanceKey::Int(index.to_u64()?),
        (ExpansionKind::ForEach, Kind::String(key)) => InstanceKey::Str(key.clone()),
        _ => return None,
    };
    cell.keys.binary_search(&Some(wanted)).ok()
}
