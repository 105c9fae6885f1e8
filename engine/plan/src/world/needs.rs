//! What a resource needs of values, in one module instance. While a plan is applied all of it is computed before the resource is evaluated: an expression
//! could get around what failed (`try`, a condition), with a value that was never meant.

use super::{Place, World};
use crate::graph::{Node, NodeId};
use terrane_config::config::{Dependency, Repetition};
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::expr::{Compiled, Use};

impl World {
    /// Computes all values that a resource refers to.
    ///
    /// # Errors
    /// When one of them has none: with the messages, if it was not known before.
    pub(crate) fn settle_needs(&self, place: Place, at: u32) -> Result<(), Diagnostics> {
        let mut settled = Ok(());
        let mut visit = |node: Node, pos: u32| {
            let failed = match self.compute(node, pos) {
                Ok(Ok(_)) => return,
                Ok(Err(())) => Diagnostics::new(),
                Err(diagnostics) => diagnostics,
            };
            match &mut settled {
                Ok(()) => settled = Err(failed),
                Err(diagnostics) => diagnostics.extend(failed),
            }
        };
        self.each_need_of_resource(place, at, &mut visit);
        settled
    }

    fn each_need_of_resource(&self, place: Place, at: u32, visit: &mut dyn FnMut(Node, u32)) {
        let resource = self.resource(place.module, at);
        let mut uses = |used: &Use| {
            let slots = &self.config.module(place.module).slots;
            self.each_value_target(place, slots[used.slot.0 as usize], visit);
        };
        resource.body.each_use(&mut uses);
        let lifecycle = &resource.lifecycle;
        let rules = (lifecycle.preconditions.iter()).chain(&lifecycle.postconditions);
        let rules = rules.flat_map(|rule| [&rule.condition, &rule.message]);
        let triggers = lifecycle.replace_triggered_by.iter();
        let keys = triggers.filter_map(|trigger| trigger.key.as_ref());
        for expr in (lifecycle.prevent_destroy.iter()).chain(keys).chain(rules) {
            expr.uses().iter().for_each(&mut uses);
        }
        for provisioner in &resource.provisioners {
            provisioner.body.each_use(&mut uses);
            (provisioner.connection.iter()).for_each(|body| body.each_use(&mut uses));
        }
        self.each_need_of_repetition(place, &resource.repetition, visit);
        self.each_need_of_dependencies(place, &resource.depends_on, visit);
        let mut inner = place;
        while let (Some(outer), Some((module, call))) = (
            self.module_cell(inner).parent,
            self.config.module(inner.module).parent,
        ) {
            let call = &self.config.module(module).calls[call as usize];
            self.each_need_of_repetition(outer, &call.repetition, visit);
            self.each_need_of_dependencies(outer, &call.depends_on, visit);
            inner = outer;
        }
    }

    fn each_need_of_repetition(
        &self,
        place: Place,
        repetition: &Repetition,
        visit: &mut dyn FnMut(Node, u32),
    ) {
        let expr: &Compiled = match repetition {
            Repetition::Single => return,
            Repetition::Count(expr) | Repetition::ForEach(expr) | Repetition::Enabled(expr) => expr,
        };
        let slots = &self.config.module(place.module).slots;
        for used in expr.uses() {
            self.each_value_target(place, slots[used.slot.0 as usize], visit);
        }
    }

    fn each_need_of_dependencies(
        &self,
        place: Place,
        entries: &[Dependency],
        visit: &mut dyn FnMut(Node, u32),
    ) {
        for entry in entries {
            self.each_value_target(place, entry.on, visit);
        }
    }

    /// Whether a value was computed, and has failed, anywhere.
    pub(crate) fn has_failed(&self, id: NodeId) -> bool {
        self.cells_of(id)
            .iter()
            .any(|cell| matches!(cell.get(), Some(Err(()))))
    }
}
