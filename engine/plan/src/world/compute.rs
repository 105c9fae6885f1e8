//! Values of variables, locals, outputs, provider configurations, whole resources and modules: computed once, when first needed.

use super::expand::uses_repetition;
use super::{Cell, Place, Repeat, World};
use crate::graph::Node;
use crate::plan::ExpansionKind;
use ecow::EcoString;
use std::sync::Arc;
use terrane_config::config::{Output, ProviderId, Reference};
use terrane_config::variables::{input_value, unsuitable_input};
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::expr::Use;
use terrane_value::{Marks, Value};

impl World {
    /// The value of a variable, local, output or provider configuration. The first to ask gets the messages; whoever asks later gets only `Err(())`.
    ///
    /// # Errors
    /// Messages, the first time that computing it fails.
    pub(crate) fn compute(&self, node: Node, pos: u32) -> Result<Cell, Diagnostics> {
        let Some(cell) = self.value_cell(node, pos) else {
            return Ok(Err(()));
        };
        if let Some(known) = cell.get() {
            return Ok(known.clone());
        }
        self.force_needs(node, pos)?;
        let (value, diagnostics) = match self.evaluate_settled(node, pos) {
            Ok(value) => (Ok(value), Diagnostics::new()),
            Err(diagnostics) => (Err(()), diagnostics),
        };
        // Someone else may have been quicker; both have the same value.
        let value = cell.get_or_init(|| value).clone();
        if diagnostics.is_empty() {
            Ok(value)
        } else {
            Err(diagnostics)
        }
    }

    /// Computes what a value needs, and what that needs, without recursion: a chain of a hundred thousand locals must not overflow the stack.
    fn force_needs(&self, node: Node, pos: u32) -> Result<(), Diagnostics> {
        let mut stack = self.missing(node, pos);
        let mut expanded = std::collections::BTreeSet::new();
        while let Some((next, at)) = stack.last().copied() {
            let done = self
                .value_cell(next, at)
                .is_none_or(|cell| cell.get().is_some());
            if done {
                stack.pop();
            } else if expanded.insert((next, at)) {
                stack.extend(self.missing(next, at));
            } else {
                stack.pop();
                self.compute_shallow(next, at)?;
            }
        }
        Ok(())
    }

    fn compute_shallow(&self, node: Node, pos: u32) -> Result<(), Diagnostics> {
        let Some(cell) = self.value_cell(node, pos) else {
            return Ok(());
        };
        match self.evaluate_settled(node, pos) {
            Ok(value) => {
                cell.get_or_init(|| Ok(value));
                Ok(())
            }
            Err(diagnostics) => {
                cell.get_or_init(|| Err(()));
                if diagnostics.is_empty() {
                    Ok(())
                } else {
                    Err(diagnostics)
                }
            }
        }
    }

    /// Values that this one needs directly and that are not computed yet.
    fn missing(&self, node: Node, pos: u32) -> Vec<(Node, u32)> {
        let mut found = Vec::new();
        self.each_need(node, pos, &mut |need, at| {
            if self
                .value_cell(need, at)
                .is_some_and(|cell| cell.get().is_none())
            {
                found.push((need, at));
            }
        });
        found
    }

    /// Visits the value nodes that a value node refers to, with the position of the module instance of each.
    pub(crate) fn each_need(&self, node: Node, pos: u32, visit: &mut dyn FnMut(Node, u32)) {
        let uses = |place: Place, uses: &[Use], visit: &mut dyn FnMut(Node, u32)| {
            for used in uses {
                let reference = self.config.module(place.module).slots[used.slot.0 as usize];
                self.each_value_target(place, reference, visit);
            }
        };
        match node {
            Node::Variable(module, at) => {
                let place = Place { module, pos };
                if let (Some(parent), Some((_, call))) = (
                    self.module_cell(place).parent,
                    self.config.module(module).parent,
                ) {
                    let call = &self.config.module(parent.module).calls[call as usize];
                    if let Some(input) = &call.inputs[at as usize] {
                        uses(parent, input.uses(), visit);
                    }
                }
            }
            Node::Local(module, at) => uses(
                Place { module, pos },
                self.config.module(module).locals[at as usize].value.uses(),
                visit,
            ),
            Node::Output(module, at) => {
                let place = Place { module, pos };
                if !self.is_doubled(place) {
                    let output = &self.config.module(module).outputs[at as usize];
                    uses(place, output.value.uses(), visit);
                }
            }
            Node::Provider(provider) => {
                let declared = self.config.provider(provider);
                if let Some(place) = self.places(declared.module).next() {
                    declared
                        .body
                        .each_use(&mut |used| uses(place, std::slice::from_ref(used), visit));
                }
            }
            Node::Call(..) | Node::Resource(..) | Node::Check(..) => {}
        }
        if self.is_held(node, pos)
            && let Node::Variable(module, _) | Node::Output(module, _) = node
        {
            let place = Place { module, pos };
            self.each_rule_use(node, &mut |used| {
                uses(place, std::slice::from_ref(used), visit);
            });
        }
    }

    /// Visits the value nodes behind a reference in a module instance.
    pub(crate) fn each_value_target(
        &self,
        place: Place,
        reference: Reference,
        visit: &mut dyn FnMut(Node, u32),
    ) {
        let children = |call: u32, visit: &mut dyn FnMut(u32)| {
            if let Some(cell) = self.call_cell(place, call) {
                let count =
                    u32::try_from(cell.keys.len()).expect("fewer than 2^32 module instances");
                (cell.first..cell.first + count).for_each(visit);
            }
        };
        match reference {
            Reference::Variable(at) => visit(Node::Variable(place.module, at), place.pos),
            Reference::Local(at) => visit(Node::Local(place.module, at), place.pos),
            Reference::CallOutput(call, output) => {
                let child = self.config.module(place.module).calls[call as usize].module;
                children(call, &mut |pos| visit(Node::Output(child, output), pos));
            }
            Reference::Call(call) => {
                let child = self.config.module(place.module).calls[call as usize].module;
                children(call, &mut |pos| {
                    for (at, _) in (0u32..).zip(&self.config.module(child).outputs) {
                        visit(Node::Output(child, at), pos);
                    }
                });
            }
            Reference::Provider(provider) => visit(Node::Provider(provider), 0),
            _ => {}
        }
    }

    /// Evaluates a value whose needs are computed. What needs something that failed has no value, whatever its expression (`try`) would make of that.
    fn evaluate_settled(&self, node: Node, pos: u32) -> Result<Value, Diagnostics> {
        let mut failed = false;
        self.each_need(node, pos, &mut |need, at| {
            let cell = self.value_cell(need, at).and_then(|cell| cell.get());
            failed |= matches!(cell, Some(Err(())));
        });
        if failed {
            return Err(Diagnostics::new());
        }
        self.evaluate(node, pos)
    }

    fn evaluate(&self, node: Node, pos: u32) -> Result<Value, Diagnostics> {
        match node {
            Node::Variable(module, at) => {
                let value = self.variable(Place { module, pos }, at)?;
                self.held_against(node, pos, Some(&value))?;
                Ok(value)
            }
            Node::Local(module, at) => {
                let value = &self.config.module(module).locals[at as usize].value;
                value.eval(&self.scope(Place { module, pos }), &[])
            }
            Node::Output(module, at) => {
                self.held_against(node, pos, None)?;
                self.output(Place { module, pos }, at)
            }
            Node::Provider(provider) => self.provider(provider),
            Node::Call(..) | Node::Resource(..) | Node::Check(..) => Err(Diagnostics::new()),
        }
    }

    /// What a provider is configured with, of those that have one instance, with marks.
    fn provider(&self, provider: ProviderId) -> Result<Value, Diagnostics> {
        let declared = self.config.provider(provider);
        let place = self.places(declared.module).next();
        let place = place.ok_or_else(Diagnostics::new)?;
        declared.eval(&self.scope(place), None)
    }

    /// The value of a variable: what the call of the module gives it, through the pipeline of the declaration; or what the root module was given.
    fn variable(&self, place: Place, at: u32) -> Result<Value, Diagnostics> {
        let variable = &self.config.module(place.module).variables[at as usize];
        let cell = self.module_cell(place);
        let (Some(parent), Some((_, call))) =
            (cell.parent, self.config.module(place.module).parent)
        else {
            return self.given(at).ok_or_else(Diagnostics::new);
        };
        let call = &self.config.module(parent.module).calls[call as usize];
        match &call.inputs[at as usize] {
            Some(input) => {
                let repeat = match uses_repetition(self.config.module(parent.module), input) {
                    true => self.module_repeat(place)?,
                    false => Repeat::None,
                };
                let scope = self.scope(parent).repeated(repeat);
                let value = input.eval(&scope, &[])?;
                input_value(variable, Some(&value)).map_err(|problem| {
                    let address = format!("{}.var.{}", cell.addr, variable.name);
                    unsuitable_input(variable, &address, input.span(), &problem).into()
                })
            }
            None => input_value(variable, None).map_err(|_| Diagnostics::new()),
        }
    }

    /// The value of an output, with the marks of its declaration.
    fn output(&self, place: Place, at: u32) -> Result<Value, Diagnostics> {
        let doubled = !self.config.doubles.is_empty();
        let double = doubled.then(|| self.config.double(&self.module_cell(place).addr));
        let Output {
            name,
            value,
            sensitive,
            ephemeral,
            ..
        } = &self.config.module(place.module).outputs[at as usize];
        let mut marks = if *sensitive {
            Marks::SENSITIVE
        } else {
            Marks::NONE
        };
        if *ephemeral {
            marks = marks.union(&Marks::EPHEMERAL);
        }
        let value = match double.flatten() {
            Some(double) => double.output(name),
            None => value.eval(&self.scope(place), &[])?,
        };
        Ok(value.with_marks(&marks))
    }

    /// The value of a resource as a whole: an object, or a tuple (`count`) or object (`for_each`) of them.
    ///
    /// # Errors
    /// No message: failures of instances were reported by themselves.
    pub(crate) fn whole(&self, place: Place, at: u32) -> Result<Value, Diagnostics> {
        let Some(cell) = self.resource_cell(place, at) else {
            return Err(Diagnostics::new());
        };
        if cell.failed {
            return Err(Diagnostics::new());
        }
        if cell.open {
            return Ok(Value::dynamic());
        }
        let whole = cell.whole.get_or_init(|| {
            let values: Vec<Value> = cell
                .values
                .iter()
                .map(|value| value.clone().unwrap_or(Err(())))
                .collect::<Result<_, ()>>()?;
            Ok(assemble(cell.kind, &cell.keys, values))
        });
        whole.clone().map_err(|()| Diagnostics::new())
    }

    /// The value of a module call as a whole: an object of outputs, or a tuple or object of such objects.
    pub(crate) fn module_value(&self, place: Place, call: u32) -> Result<Value, Diagnostics> {
        let Some(cell) = self.call_cell(place, call) else {
            return Err(Diagnostics::new());
        };
        if cell.open {
            return Ok(Value::dynamic());
        }
        let child = self.config.module(place.module).calls[call as usize].module;
        let outputs = &self.config.module(child).outputs;
        let mut order: Vec<(EcoString, u32)> = outputs
            .iter()
            .map(|output| output.name.clone())
            .zip(0u32..)
            .collect();
        order.sort_unstable();
        let names: Arc<[EcoString]> = order.iter().map(|(name, _)| name.clone()).collect();
        let mut objects = Vec::with_capacity(cell.keys.len());
        for (pos, _) in (cell.first..).zip(cell.keys.iter()) {
            let values = order.iter().map(|(_, at)| {
                self.compute(Node::Output(child, *at), pos)?
                    .map_err(|()| Diagnostics::new())
            });
            objects.push(Value::object_shaped(
                names.clone(),
                values.collect::<Result<_, Diagnostics>>()?,
            ));
        }
        Ok(assemble(cell.kind, &cell.keys, objects))
    }
}

/// Puts instances together.
fn assemble(
    kind: ExpansionKind,
    keys: &[Option<terrane_model::addr::InstanceKey>],
    values: Vec<Value>,
) -> Value {
    use terrane_model::addr::InstanceKey;
    match kind {
        ExpansionKind::Single | ExpansionKind::Enabled => {
            values.into_iter().next().unwrap_or(Value::NULL)
        }
        ExpansionKind::Count => Value::tuple(values),
        ExpansionKind::ForEach => {
            let names: Arc<[EcoString]> = keys
                .iter()
                .map(|key| match key {
                    Some(InstanceKey::Str(key)) => key.clone(),
                    Some(InstanceKey::Int(_) | InstanceKey::Any) | None => EcoString::new(),
                })
                .collect();
            Value::object_shaped(names, values)
        }
    }
}
