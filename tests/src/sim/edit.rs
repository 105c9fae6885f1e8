//! Random edits of a configuration.

use super::model::{Item, Kind, Model, Module, Repeat, What, reference, repeat};
use crate::engine::Rng;

impl Model {
    /// Changes a few things.
    pub(super) fn edit(&mut self, rng: &mut Rng) {
        for _ in 0..=rng.below(4) {
            let at = if rng.chance(70) {
                self.modules.len() - 1
            } else {
                rng.below(self.modules.len())
            };
            self.edit_module(rng, at);
        }
    }

    fn edit_module(&mut self, rng: &mut Rng, at: usize) {
        let mut module = std::mem::take(&mut self.modules[at]);
        match rng.below(12) {
            0 | 1 => self.add(rng, &mut module, at, at + 1 == self.modules.len()),
            2 if !module.items.is_empty() => {
                let gone = rng.below(module.items.len());
                module.items.remove(gone);
            }
            3 => rename(rng, &mut module),
            _ if !module.items.is_empty() => {
                let chosen = rng.below(module.items.len());
                let mut item = module.items[chosen].clone();
                edit_item(rng, &module, &mut item);
                module.items[chosen] = item;
            }
            _ => {}
        }
        self.modules[at] = module;
    }
}

/// A block gets another name, and a `moved` block says so.
fn rename(rng: &mut Rng, module: &mut Module) {
    if module.items.is_empty() {
        return;
    }
    let chosen = rng.below(module.items.len());
    let label = 100 + module.next;
    module.next += 1;
    let item = &mut module.items[chosen];
    let old = std::mem::replace(&mut item.label, label);
    match &item.what {
        What::Block(block) => module.moved.push((block.kind, old, label)),
        // Calls keep their names here: the objects within would be moved too.
        What::Call(_) => item.label = old,
    }
}

fn edit_item(rng: &mut Rng, module: &Module, item: &mut Item) {
    let number = item.number;
    let choice = rng.below(10);
    if choice == 0 {
        let others = module.mentionable(number);
        item.depends_on = if item.depends_on.is_empty() {
            rng.pick(&others).copied().into_iter().collect()
        } else {
            Vec::new()
        };
        return;
    }
    match &mut item.what {
        What::Call(call) => match choice {
            1..=4 => item.repeat = repeat(rng, module, number),
            5..=7 => call.note = reference(rng, &module.mentionable(number)),
            _ => call.parent = reference(rng, &module.parents(Kind::Subnet, number)),
        },
        What::Block(block) if block.looked_up => block.tint += 1,
        What::Block(block) => match choice {
            1 | 2 => block.revision += 1,
            3 | 4 => block.tint += 1,
            5 | 6 => item.repeat = repeat(rng, module, number),
            7 => block.parent = reference(rng, &module.parents(block.kind, number)),
            8 => {
                block.notes = reference(rng, &module.mentionable(number))
                    .into_iter()
                    .collect();
            }
            _ => {
                item.repeat = match &item.repeat {
                    Repeat::Single => Repeat::Count(1 + rng.below(2)),
                    Repeat::Count(_) => Repeat::Single,
                    other => other.clone(),
                };
            }
        },
    }
}
