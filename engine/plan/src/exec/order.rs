//! Order that is only order: `depends_on`, of a resource, an output or a module, and what everything in a module comes after.

use super::StepId;
use super::build::Builder;
use crate::graph::Node;
use crate::world::Place;
use terrane_config::config::{Dependency, Reference};

impl Builder<'_> {
    /// What `depends_on` names.
    pub(super) fn depends_on(
        &mut self,
        place: Place,
        entries: &[Dependency],
        after: &mut Vec<StepId>,
    ) {
        for Dependency { on, .. } in entries {
            match *on {
                Reference::Resource(at) => {
                    let node = self.graph.id(Node::Resource(place.module, at));
                    after.extend(self.whole(node, place.pos));
                }
                on => self.values(place, on, after),
            }
            if let Reference::Call(call) = on {
                self.everything_in(place, *call, after);
            }
        }
    }

    /// What the values wait for that a reference leads to. Those of a call wait for what the call waits for, also where it makes no instance.
    pub(super) fn values(&self, place: Place, reference: Reference, after: &mut Vec<StepId>) {
        let of = |node: Node, pos: u32| {
            let known = self.joins.get(&(self.graph.id(node), pos));
            known.copied().flatten()
        };
        self.world
            .each_value_target(place, reference, &mut |node, pos| {
                after.extend(of(node, pos));
            });
        if let Reference::Call(call) | Reference::CallOutput(call, _) = reference {
            after.extend(of(Node::Call(place.module, call), place.pos));
        }
    }

    /// Everything in all instances of a called module, and in those that it calls.
    fn everything_in(&mut self, place: Place, call: u32, after: &mut Vec<StepId>) {
        let mut open = vec![(place, call)];
        while let Some((place, call)) = open.pop() {
            let child = self.config.module(place.module).calls[call as usize].module;
            let Some(cell) = self.world.call_cell(place, call) else {
                continue;
            };
            let count = u32::try_from(cell.keys.len()).expect("fewer than 2^32 module instances");
            for pos in cell.first..cell.first + count {
                for (at, _) in (0u32..).zip(&self.config.module(child).resources) {
                    after.extend(self.whole(self.graph.id(Node::Resource(child, at)), pos));
                }
                let inner = Place { module: child, pos };
                open.extend(
                    (0u32..)
                        .zip(&self.config.module(child).calls)
                        .map(|(call, _)| (inner, call)),
                );
            }
        }
    }

    /// What the calls around a module instance refer to in `depends_on`, `count` and `for_each`: all that is in the module comes after it.
    pub(super) fn around(&mut self, place: Place) -> Option<StepId> {
        if let Some(known) = self.around.get(&place) {
            return *known;
        }
        let mut after = Vec::new();
        let mut at = place;
        while let (Some(parent), Some((_, call))) = (
            self.world.module_cell(at).parent,
            self.config.module(at.module).parent,
        ) {
            let config = self.config;
            let call = &config.module(parent.module).calls[call as usize];
            self.depends_on(parent, &call.depends_on, &mut after);
            self.repetition(parent, &call.repetition, &mut after);
            at = parent;
        }
        let join = self.join(after);
        self.around.insert(place, join);
        join
    }
}
