//! The values that names have outside of planning: objects as they are known, everything else computed when it is asked for.

use crate::providers::Registry;
use crate::rules;
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_config::config::{
    Config, Module, ModuleId, ProviderId, Reference, Repetition, Resource,
};
use terrane_config::repetition::{self, Unknown};
use terrane_config::variables::{input_value, unsuitable_input};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Compiled, Scope, Slot};
use terrane_lang::functions::Functions;
use terrane_lang::source::Span;
use terrane_model::addr::{InstanceAddr, InstanceKey, Mode, ModuleInstance, ResourceAddr};
use terrane_model::snapshot::Snapshot;
use terrane_plan::plan::Plan;
use terrane_plan::view::json::stored_value;
use terrane_value::{Marks, Type, Value};

/// Evaluations within evaluations: far more than any configuration needs, few enough for the stack.
const MAX_DEPTH: u32 = 200;

/// The objects that there are.
#[derive(Debug, Default)]
pub(crate) struct Objects(BTreeMap<ResourceAddr, BTreeMap<Option<InstanceKey>, Value>>);

impl Objects {
    pub(crate) fn from_state(snapshot: &Snapshot, registry: &Registry) -> Self {
        let schemas = |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
        let mut objects = Self::default();
        for (addr, resource, instance) in snapshot.instances() {
            if let Some(object) = &instance.current {
                let value = stored_value(&addr, &resource.provider, object, &schemas);
                objects.add(addr, value);
            }
        }
        objects
    }

    pub(crate) fn from_plan(plan: &Plan) -> Self {
        let mut objects = Self::default();
        for change in &plan.changes {
            if change.deposed.is_none() && !change.after.is_null() {
                objects.add(change.addr.clone(), change.after.clone());
            }
        }
        objects
    }

    fn add(&mut self, addr: InstanceAddr, value: Value) {
        let InstanceAddr { resource, key } = addr;
        self.0.entry(resource).or_default().insert(key, value);
    }

    /// All instances of a resource as one value, in the shape that its repetition gives it.
    fn whole(&self, addr: &ResourceAddr, resource: &Resource) -> Value {
        let instances = self.0.get(addr);
        let unknown = || Value::unknown(resource.schema.block.implied_type().clone());
        let Some(instances) = instances else {
            return Value::dynamic();
        };
        match &resource.repetition {
            Repetition::Single | Repetition::Enabled(_) => {
                instances.get(&None).cloned().unwrap_or_else(unknown)
            }
            Repetition::Count(_) => {
                let last = instances.keys().filter_map(|key| match key {
                    Some(InstanceKey::Int(index)) => Some(*index),
                    _ => None,
                });
                let count = last.max().map_or(0, |last| last + 1);
                let item = |index| {
                    instances
                        .get(&Some(InstanceKey::Int(index)))
                        .cloned()
                        .unwrap_or_else(unknown)
                };
                // A damaged state must not make a list of astronomical length.
                let known = u64::try_from(instances.len()).unwrap_or(u64::MAX);
                if count > known.saturating_mul(1000) {
                    return Value::dynamic();
                }
                Value::tuple((0..count).map(item).collect())
            }
            Repetition::ForEach(_) => {
                Value::object(instances.iter().filter_map(|(key, value)| match key {
                    Some(InstanceKey::Str(key)) => Some((key.clone(), value.clone())),
                    _ => None,
                }))
            }
        }
    }
}

/// Everything that can be referred to.
#[derive(Debug)]
pub(crate) struct World<'w> {
    pub(crate) config: &'w Config,
    pub(crate) objects: &'w Objects,
    /// Of root variables, by index.
    pub(crate) values: &'w [Value],
    pub(crate) functions: Functions,
    pub(crate) workspace: String,
    pub(crate) cwd: String,
    /// What was found by the `list` blocks of query files that were asked already, by their places.
    pub(crate) found: BTreeMap<u32, Value>,
}

impl World<'_> {
    /// The value of an expression that was compiled against the names of the root module.
    pub(crate) fn value(&self, expr: &Compiled) -> Result<Value, Diagnostics> {
        let scope = self.scope(Repeat::None).ok_or_else(Diagnostics::new)?;
        expr.eval(&scope, &[])
    }

    /// The names of the root module, within one instance of a repeated block.
    pub(crate) fn scope(&self, repeat: Repeat) -> Option<impl Scope + '_> {
        Some(ModuleScope {
            world: self,
            module: self.config.modules.first()?,
            instance: ModuleInstance::root(),
            caller: None,
            repeat,
            depth: 0,
        })
    }
}

/// Which instance of a repeated block an expression belongs to.
#[derive(Clone, Debug)]
pub(crate) enum Repeat {
    None,
    Count(u64),
    Each(EcoString, Value),
}

/// The names of one module instance.
#[derive(Clone, Debug)]
struct ModuleScope<'s> {
    world: &'s World<'s>,
    module: &'s Module,
    instance: ModuleInstance,
    /// The scope in which the inputs are evaluated, and the index of the call there.
    caller: Option<(&'s Self, u32)>,
    repeat: Repeat,
    depth: u32,
}

impl ModuleScope<'_> {
    fn reference(&self, slot: Slot) -> Option<Reference> {
        self.module.slots.get(slot.0 as usize).copied()
    }

    /// This scope, one evaluation deeper.
    fn deeper(&self, span: Span) -> Result<Self, Diagnostics> {
        if self.depth >= MAX_DEPTH {
            return Err(Diagnostic::error(
                &rules::console::TOO_DEEP,
                "Values refer to other values through too many steps, or in a circle.",
            )
            .at(span)
            .into());
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self.clone()
        })
    }

    fn variable(&self, at: u32, span: Span) -> Result<Value, Diagnostics> {
        let Some((caller, call)) = self.caller else {
            return Ok(self
                .world
                .values
                .get(at as usize)
                .cloned()
                .unwrap_or_else(Value::dynamic));
        };
        let Some(variable) = self.module.variables.get(at as usize) else {
            return Err(Diagnostics::new());
        };
        let input = caller
            .module
            .calls
            .get(call as usize)
            .and_then(|call| call.inputs.get(at as usize)?.as_ref());
        let given = match input {
            Some(expr) => {
                let mut scope = caller.deeper(span)?;
                scope.depth = scope.depth.max(self.depth + 1);
                scope.repeat = self.repeat.clone();
                Some(expr.eval(&scope, &[])?)
            }
            None => None,
        };
        input_value(variable, given.as_ref()).map_err(|problem| {
            let address = format!("{}.var.{}", self.instance, variable.name);
            unsuitable_input(variable, &address, span, &problem).into()
        })
    }

    fn resource(&self, at: u32) -> Value {
        let Some(resource) = self.module.resources.get(at as usize) else {
            return Value::dynamic();
        };
        let addr = ResourceAddr {
            module: self.instance.clone(),
            mode: resource.mode,
            type_name: resource.type_name.clone(),
            name: resource.name.clone(),
        };
        let value = self.world.objects.whole(&addr, resource);
        // Nothing is opened for a console, and what is open somewhere else is not its business.
        match resource.mode {
            Mode::Ephemeral => value.with_marks(&Marks::EPHEMERAL),
            Mode::Managed | Mode::Data | Mode::Action => value,
        }
    }

    /// Calls `make` for every instance of a module call, and puts the results together in the shape of the call.
    fn call(
        &self,
        call: u32,
        span: Span,
        make: &dyn Fn(&ModuleScope<'_>) -> Result<Value, Diagnostics>,
    ) -> Result<Value, Diagnostics> {
        let scope = self.deeper(span)?;
        let Some(block) = self.module.calls.get(call as usize) else {
            return Err(Diagnostics::new());
        };
        let instance = |key: Option<InstanceKey>, repeat: Repeat| {
            let ModuleId(module) = block.module;
            let child = ModuleScope {
                world: scope.world,
                module: &scope.world.config.modules[module as usize],
                instance: scope.instance.child(block.name.clone(), key),
                caller: Some((&scope, call)),
                repeat,
                depth: scope.depth,
            };
            make(&child)
        };
        match &block.repetition {
            Repetition::Single => instance(None, Repeat::None),
            Repetition::Enabled(expr) => {
                match repetition::enabled(expr, &scope, Unknown::Allowed)? {
                    Some(true) => instance(None, Repeat::None),
                    Some(false) => Ok(Value::null(Type::Dynamic)),
                    None => Ok(Value::dynamic()),
                }
            }
            Repetition::Count(expr) => {
                let Some(count) = repetition::count(expr, &scope, Unknown::Allowed)? else {
                    return Ok(Value::dynamic());
                };
                let items: Result<Vec<_>, _> = (0..count)
                    .map(|index| instance(Some(InstanceKey::Int(index)), Repeat::Count(index)))
                    .collect();
                items.map(Value::tuple)
            }
            Repetition::ForEach(expr) => {
                let Some(each) = repetition::for_each(expr, &scope, Unknown::Allowed)? else {
                    return Ok(Value::dynamic());
                };
                let mut items = Vec::new();
                for (key, value) in each {
                    let repeat = Repeat::Each(key.clone(), value);
                    let item = instance(Some(InstanceKey::Str(key.clone())), repeat)?;
                    items.push((key, item));
                }
                Ok(Value::object(items))
            }
        }
    }

    fn output(&self, at: u32, span: Span) -> Result<Value, Diagnostics> {
        let Some(output) = self.module.outputs.get(at as usize) else {
            return Err(Diagnostics::new());
        };
        let value = output.value.eval(&self.deeper(span)?, &[])?;
        let mut marks = Marks::NONE;
        if output.sensitive {
            marks = marks.union(&Marks::SENSITIVE);
        }
        if output.ephemeral {
            marks = marks.union(&Marks::EPHEMERAL);
        }
        Ok(value.with_marks(&marks))
    }

    /// An output without a key is one of a module that is called once.
    fn single(&self, call: u32, output: u32, span: Span) -> Result<(), Diagnostics> {
        let Some(call) = self.module.calls.get(call as usize) else {
            return Err(Diagnostics::new());
        };
        let (argument, example) = match call.repetition {
            Repetition::Single | Repetition::Enabled(_) => return Ok(()),
            Repetition::Count(_) => ("count", "0"),
            Repetition::ForEach(_) => ("for_each", "\"...\""),
        };
        let ModuleId(module) = call.module;
        let outputs = &self.world.config.modules[module as usize].outputs;
        let output = outputs
            .get(output as usize)
            .map_or("", |output| output.name.as_str());
        Err(Diagnostic::error(
            &terrane_config::rules::reference::UNSUPPORTED_ATTRIBUTE,
            format!(
                "Because module.{name} has \"{argument}\" set, its attributes must be accessed on specific instances, such as module.{name}[{example}].{output}.",
                name = call.name
            ),
        )
        .at(span)
        .into())
    }

    /// What a provider is configured with, as far as that can be told here: one of another module is not known.
    fn provider(&self, provider: ProviderId, span: Span) -> Result<Value, Diagnostics> {
        let declared = self.world.config.provider(provider);
        if declared.module != self.module.id {
            return Ok(Value::dynamic());
        }
        let value = declared.eval(&self.deeper(span)?, None)?;
        Ok(value.unmark_deep())
    }

    fn outputs(&self, span: Span) -> Result<Value, Diagnostics> {
        let mut values = Vec::new();
        for (at, output) in (0u32..).zip(&self.module.outputs) {
            values.push((output.name.clone(), self.output(at, span)?));
        }
        Ok(Value::object(values))
    }

    fn without_repetition(what: &str, span: Span) -> Diagnostics {
        Diagnostic::error(
            rules::console::OUTSIDE_OF_REPETITION
                .named(format!("Reference to {what} outside of a repeated block")),
            format!("`{what}` has a value only within blocks that are repeated."),
        )
        .at(span)
        .into()
    }
}

impl Scope for ModuleScope<'_> {
    fn value(&self, slot: Slot, span: Span) -> Result<Value, Diagnostics> {
        let Some(reference) = self.reference(slot) else {
            return Err(Diagnostics::new());
        };
        match reference {
            Reference::Variable(at) => self.variable(at, span),
            Reference::Local(at) => match self.module.locals.get(at as usize) {
                Some(local) => local.value.eval(&self.deeper(span)?, &[]),
                None => Err(Diagnostics::new()),
            },
            Reference::Resource(at) => Ok(self.resource(at)),
            Reference::Call(call) => self.call(call, span, &|child| child.outputs(span)),
            Reference::CallOutput(call, output) => {
                self.single(call, output, span)?;
                self.call(call, span, &|child| child.output(output, span))
            }
            Reference::CountIndex => match &self.repeat {
                Repeat::Count(index) => Ok(Value::number(*index)),
                Repeat::None | Repeat::Each(..) => {
                    Err(Self::without_repetition("count.index", span))
                }
            },
            Reference::EachKey => match &self.repeat {
                Repeat::Each(key, _) => Ok(Value::string(key.clone())),
                Repeat::None | Repeat::Count(_) => Err(Self::without_repetition("each.key", span)),
            },
            Reference::EachValue => match &self.repeat {
                Repeat::Each(_, value) => Ok(value.clone()),
                Repeat::None | Repeat::Count(_) => {
                    Err(Self::without_repetition("each.value", span))
                }
            },
            Reference::SelfObject => Err(Self::without_repetition("self", span)),
            Reference::PathModule => Ok(Value::string(self.module.dir.clone())),
            Reference::PathRoot => Ok(Value::string(".")),
            Reference::PathCwd => Ok(Value::string(self.world.cwd.as_str())),
            Reference::Workspace => Ok(Value::string(self.world.workspace.as_str())),
            Reference::Applying => Ok(Value::bool(false).with_marks(&Marks::EPHEMERAL)),
            Reference::Provider(provider) => self.provider(provider, span),
            Reference::List(list) => {
                let found = self.world.found.get(&list).cloned();
                Ok(found.unwrap_or_else(Value::dynamic))
            }
        }
    }

    fn keyed(&self, slot: Slot, key: &Value, span: Span) -> Result<Value, Diagnostics> {
        let whole = match self.reference(slot) {
            Some(Reference::CallOutput(call, output)) => {
                self.call(call, span, &|child| child.output(output, span))?
            }
            _ => self.value(slot, span)?,
        };
        terrane_value::ops::index(&whole, key).map_err(|problem| {
            let rule = terrane_lang::rules::expr::of_access(&problem);
            Diagnostic::error(rule, problem.to_string()).at(span).into()
        })
    }

    fn functions(&self) -> &Functions {
        &self.world.functions
    }

    fn name(&self, slot: Slot) -> EcoString {
        self.reference(slot)
            .map_or_else(EcoString::new, |reference| {
                self.module.reference_name(reference)
            })
    }
}
