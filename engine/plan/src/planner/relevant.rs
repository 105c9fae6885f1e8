//! Which attributes of resources took part in deciding a plan: `relevant_attributes` in its JSON form.
//!
//! It begins with what changes (resources, outputs) and follows references through locals, variables, outputs and arguments, to resources and from
//! the argument that is read on to what that was made of. Only text is looked at, no value.

use super::Core;
use crate::graph::Node;
use crate::plan::{Action, OutputChange, PlanMode, RelevantAttribute, ResourceChange};
use std::collections::BTreeSet;
use terrane_config::config::{Config, ModuleId, Reference, Repetition};
use terrane_lang::expr::{Compiled, Use};
use terrane_model::addr::{InstanceKey, Mode, ModuleInstance, ResourceAddr};
use terrane_value::{EcoString, Kind, Path, PathStep, Value};

/// Something whose references are followed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Variable(u32),
    Local(u32),
    Output(u32),
    /// What says how many instances of a resource there are.
    Repetition(u32),
    /// All arguments of a resource.
    Arguments(u32),
    /// One argument or kind of block.
    Argument(u32, EcoString),
}

/// A part, within the instances of a module that the address names: a step without a key stands for all.
type Item = (ModuleInstance, ModuleId, Part);

struct Search<'c> {
    config: &'c Config,
    seen: BTreeSet<Item>,
    open: Vec<Item>,
    found: BTreeSet<(String, Vec<Step>)>,
}

/// A step into a resource, with an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Attr(EcoString),
    Key(EcoString),
    Position(u64),
}

impl Step {
    fn of(step: &PathStep) -> Option<Self> {
        match step {
            PathStep::Attr(name) => Some(Self::Attr(name.clone())),
            PathStep::Index(index) => match index.kind() {
                Kind::String(key) => Some(Self::Key(key.clone())),
                Kind::Number(at) => at.to_u64().map(Self::Position),
                _ => None,
            },
        }
    }
}

impl From<Step> for PathStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Attr(name) => Self::Attr(name),
            Step::Key(key) => Self::Index(Value::string(key)),
            Step::Position(at) => Self::Index(Value::number(at)),
        }
    }
}

impl Core {
    /// Attributes of resources that what changes was made of: sorted by resource, then attribute.
    pub(super) fn relevant(
        &self,
        changes: &[ResourceChange],
        outputs: &[OutputChange],
    ) -> Vec<RelevantAttribute> {
        let mut search = Search {
            config: &self.config,
            seen: BTreeSet::new(),
            open: Vec::new(),
            found: BTreeSet::new(),
        };
        for change in changes {
            if change.action != Action::NoOp
                && let Some((module, at)) = self.index.resource(&change.addr.resource)
            {
                let within = change.addr.resource.module.clone();
                search.add(within, module, Part::Arguments(at));
            }
        }
        self.read_and_gone(&mut search);
        for place in self.world.all_places() {
            let module = self.config.module(place.module);
            let within = &self.world.module_cell(place).addr;
            for (at, output) in (0u32..).zip(&module.outputs) {
                let changes = if within.is_root() {
                    let change = outputs.iter().find(|change| change.name == output.name);
                    change.is_some_and(|change| change.action != Action::NoOp)
                } else {
                    // Outputs of modules are not stored, so there is nothing that they could be the same as.
                    let cell = self
                        .world
                        .value_cell(Node::Output(place.module, at), place.pos);
                    let value = cell.and_then(|cell| cell.get()?.as_ref().ok().cloned());
                    value.is_some_and(|value| !value.is_null())
                };
                if changes {
                    search.add(within.clone(), place.module, Part::Output(at));
                }
            }
        }
        search.run();
        let attributes = search.found.into_iter();
        attributes
            .map(|(resource, path)| RelevantAttribute {
                resource,
                path: Path(path.into_iter().map(PathStep::from).collect()),
            })
            .collect()
    }
}

impl Core {
    /// While everything is destroyed, what was read of data sources goes, too, although that is no change to tell of. What depends on a target is destroyed with
    /// it; what was read for it is not.
    fn read_and_gone(&self, search: &mut Search<'_>) {
        if self.options.mode != PlanMode::Destroy {
            return;
        }
        for object in &self.prior.objects {
            let resource = &object.addr.resource;
            if resource.mode == Mode::Data
                && self.scope.object(None, &object.addr, true)
                && let Some((module, at)) = self.index.resource(resource)
            {
                search.add(resource.module.clone(), module, Part::Arguments(at));
            }
        }
    }
}

impl Search<'_> {
    fn add(&mut self, within: ModuleInstance, module: ModuleId, part: Part) {
        let item = (within, module, part);
        if self.seen.insert(item.clone()) {
            self.open.push(item);
        }
    }

    fn run(&mut self) {
        while let Some((within, module, part)) = self.open.pop() {
            self.follow(&within, module, &part);
        }
    }

    fn follow(&mut self, within: &ModuleInstance, module: ModuleId, part: &Part) {
        let declared = self.config.module(module);
        match part {
            Part::Variable(at) => {
                let Some((parent, call)) = declared.parent else {
                    return;
                };
                let call = &self.config.module(parent).calls[call as usize];
                if let Some(Some(input)) = call.inputs.get(*at as usize) {
                    let (_, outer) = within.0.split_last().unzip();
                    let outer = ModuleInstance(outer.unwrap_or_default().into());
                    self.uses(&outer, parent, input);
                }
            }
            Part::Local(at) => self.uses(within, module, &declared.locals[*at as usize].value),
            Part::Output(at) => self.uses(within, module, &declared.outputs[*at as usize].value),
            Part::Repetition(at) => {
                let resource = &declared.resources[*at as usize];
                if let Repetition::Count(many) | Repetition::ForEach(many) = &resource.repetition {
                    self.uses(within, module, many);
                }
            }
            Part::Arguments(at) => {
                let body = &declared.resources[*at as usize].body;
                body.each_use(&mut |used| self.used(within, module, Some(*at), used));
            }
            Part::Argument(at, name) => {
                let body = &declared.resources[*at as usize].body;
                match body.attribute(name) {
                    Some(argument) => {
                        for used in argument.uses() {
                            self.used(within, module, Some(*at), used);
                        }
                    }
                    // What blocks say is not told apart by their kind.
                    None if body.schema.blocks.contains_key(name) => {
                        self.add(within.clone(), module, Part::Arguments(*at));
                    }
                    None => {}
                }
            }
        }
    }

    fn uses(&mut self, within: &ModuleInstance, module: ModuleId, expr: &Compiled) {
        for used in expr.uses() {
            self.used(within, module, None, used);
        }
    }

    /// One reference; `own`: the resource in whose arguments it stands.
    fn used(&mut self, within: &ModuleInstance, module: ModuleId, own: Option<u32>, used: &Use) {
        let declared = self.config.module(module);
        let key = used.key.as_ref().and_then(constant_key);
        match declared.slots[used.slot.0 as usize] {
            Reference::Variable(at) => self.add(within.clone(), module, Part::Variable(at)),
            Reference::Local(at) => self.add(within.clone(), module, Part::Local(at)),
            Reference::Resource(at) => {
                let names = used.path.iter().cloned().map(Step::Attr);
                let tail = used.tail.iter().map_while(Step::of);
                let path: Vec<Step> = names.chain(tail).collect();
                self.resource(within, module, at, key, &path);
            }
            Reference::Call(at) => {
                let call = &declared.calls[at as usize];
                let inner = within.child(call.name.clone(), key);
                let outputs = self.config.module(call.module).outputs.len();
                for at in (0u32..).take(outputs) {
                    self.add(inner.clone(), call.module, Part::Output(at));
                }
            }
            Reference::CallOutput(at, output) => {
                let call = &declared.calls[at as usize];
                let inner = within.child(call.name.clone(), key);
                self.add(inner, call.module, Part::Output(output));
            }
            Reference::CountIndex | Reference::EachKey | Reference::EachValue => {
                if let Some(at) = own {
                    self.add(within.clone(), module, Part::Repetition(at));
                }
            }
            Reference::Provider(provider) => {
                let provider = self.config.provider(provider);
                let home = provider.module;
                // Only one that is called once has provider configurations.
                let steps = self.config.module(home).path.0.iter();
                let within = steps.fold(ModuleInstance::root(), |within, name| {
                    within.child(name.clone(), None)
                });
                provider
                    .body
                    .each_use(&mut |used| self.used(&within, home, None, used));
            }
            _ => {}
        }
    }

    /// A reference to a resource: recorded, and followed to what the argument was made of.
    fn resource(
        &mut self,
        within: &ModuleInstance,
        module: ModuleId,
        at: u32,
        key: Option<InstanceKey>,
        path: &[Step],
    ) {
        let resource = &self.config.module(module).resources[at as usize];
        let addr = ResourceAddr {
            module: within.clone(),
            mode: resource.mode,
            type_name: resource.type_name.clone(),
            name: resource.name.clone(),
        };
        let repeats = matches!(
            resource.repetition,
            Repetition::Count(_) | Repetition::ForEach(_)
        );
        // Which instance is read can't be told where the key is computed: then it is the resource as a whole.
        let (addr, path) = match key {
            Some(_) => (addr.instance(key).to_string(), path),
            None if repeats => (addr.to_string(), &[][..]),
            None => (addr.to_string(), path),
        };
        self.found.insert((addr, path.to_vec()));
        let part = match path {
            // What is within a block is followed no further, as with the peers.
            [Step::Attr(name), _, ..] if resource.body.schema.blocks.contains_key(name) => return,
            [Step::Attr(name), ..] => Part::Argument(at, name.clone()),
            _ => Part::Arguments(at),
        };
        self.add(within.clone(), module, part);
    }
}

/// The key that an expression always has.
fn constant_key(expr: &Compiled) -> Option<InstanceKey> {
    match expr.as_constant()?.kind() {
        Kind::String(key) => Some(InstanceKey::Str(key.clone())),
        Kind::Number(number) => number.to_u64().map(InstanceKey::Int),
        _ => None,
    }
}
