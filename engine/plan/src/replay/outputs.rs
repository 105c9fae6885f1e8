//! What is read last: outputs, and what nothing needed.

use super::{Evaluator, Located};
use crate::exec::picked::picked;
use crate::graph::{Node, each_target};
use crate::world::{Place, Repeat};
use ecow::EcoString;
use terrane_config::config::{ModuleId, Output, Reference};
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::expr::Use;
use terrane_value::Value;

impl Evaluator {
    /// The root outputs: name, and value if that is wanted and what it refers to did not fail.
    pub fn outputs(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        diagnostics: &mut Diagnostics,
    ) -> Vec<(EcoString, Option<Value>)> {
        let Some(root) = self.config.modules.first() else {
            return Vec::new();
        };
        let cut_off = self.cut_off();
        let compute = |at: u32| self.world.compute(Node::Output(ModuleId(0), at), 0);
        let mut values = Vec::with_capacity(root.outputs.len());
        for (at, output) in (0u32..).zip(&root.outputs) {
            let node = self.world.graph.id(Node::Output(ModuleId(0), at));
            if !wanted(&output.name) || (cut_off[node.index()] && self.hangs(output, &cut_off)) {
                values.push((output.name.clone(), None));
                continue;
            }
            let value = match compute(at) {
                Ok(value) => value.ok(),
                Err(messages) => {
                    diagnostics.extend(messages);
                    None
                }
            };
            values.push((output.name.clone(), value.filter(Value::is_wholly_known)));
        }
        values
    }

    /// Evaluates the locals and inputs of modules that nothing needed: one that can't be evaluated now (or does not fit) would be found by the next plan, when it is
    /// too late to say what made it so. Those that hang on what failed are left out.
    pub fn settle_rest(&self, diagnostics: &mut Diagnostics) {
        let cut_off = self.cut_off();
        for module in &self.config.modules {
            for place in self.world.places(module.id) {
                if self.world.module_cell(place).open {
                    continue;
                }
                let locals = (0u32..).zip(&module.locals);
                let locals = locals.map(|(at, _)| Node::Local(module.id, at));
                let inputs = (0u32..).zip(&module.variables);
                let inputs = inputs.map(|(at, _)| Node::Variable(module.id, at));
                // Those of the root were there from the beginning.
                for node in inputs.filter(|_| module.id != ModuleId(0)).chain(locals) {
                    if cut_off[self.world.graph.id(node).index()] {
                        continue;
                    }
                    if let Err(messages) = self.world.compute(node, place.pos) {
                        diagnostics.extend(messages);
                    }
                }
            }
        }
    }

    /// Whether an output of the root module hangs on what is cut off: not where it refers to single instances, all of which are there.
    fn hangs(&self, output: &Output, cut_off: &[bool]) -> bool {
        let root = Place {
            module: ModuleId(0),
            pos: 0,
        };
        let module = self.config.module(root.module);
        let there = |used: &Use| {
            let reference = module.slots[used.slot.0 as usize];
            if let Reference::Resource(target) = reference
                && let Some(index) = picked(&self.world, root, target, used, Repeat::None)
            {
                let cell = self.world.resource_cell(root, target);
                let value = cell.and_then(|cell| cell.values.get(index)?.as_ref());
                return matches!(value, Some(Ok(_)));
            }
            let mut there = true;
            each_target(&self.config, module, reference, &mut |node| {
                there &= !cut_off[self.world.graph.id(node).index()];
            });
            there
        };
        let rules = output.preconditions.iter();
        let mut exprs = rules
            .flat_map(|rule| [&rule.condition, &rule.message])
            .chain([&output.value]);
        !output.depends_on.is_empty() || !exprs.all(|expr| expr.uses().iter().all(&there))
    }

    /// By node: whether it hangs on an object that could not be made as planned, or on a value that failed. An expression could get around that (`try`),
    /// with a value that was never meant.
    pub(super) fn cut_off(&self) -> Vec<bool> {
        let graph = &self.world.graph;
        let mut cut_off = vec![false; graph.len()];
        let put_off = self.put_off.iter().map(|(located, _)| *located);
        let located = self.located.iter().flatten().copied();
        for Located { place, at, index } in located.chain(put_off) {
            let cell = self.world.resource_cell(place, at);
            let value = cell.and_then(|cell| cell.values.get(index)?.as_ref());
            if !matches!(value, Some(Ok(_))) {
                cut_off[graph.id(Node::Resource(place.module, at)).index()] = true;
            }
        }
        for id in graph.order() {
            let failed = self.world.has_failed(*id);
            if failed || graph.deps(*id).iter().any(|dep| cut_off[dep.index()]) {
                cut_off[id.index()] = true;
            }
        }
        cut_off
    }
}
