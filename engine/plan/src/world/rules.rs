//! Rules about values: validations of variables and preconditions of outputs. While a plan is applied a value is held against them when it is computed, so
//! that nothing is made of one that breaks a rule.

use super::{Place, World};
use crate::graph::{Node, NodeId};
use crate::planner::conditions::{self, Outcome, Words};
use crate::rules;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use terrane_config::config::Reference;
use terrane_lang::diagnostic::{Diagnostics, Severity};
use terrane_lang::expr::Use;
use terrane_lang::source::Span;
use terrane_model::snapshot::{CheckKind, CheckStatus};
use terrane_value::Value;

/// What of a module's declarations has rules of its own, and what results call it.
pub(crate) struct Ruled {
    pub(crate) node: Node,
    pub(crate) kind: CheckKind,
    /// `var.a`, `output.a`
    pub(crate) name: String,
}

/// What came of the rules of values. Empty while planning, which looks at rules itself.
#[derive(Debug, Default)]
pub(super) struct Rulings {
    /// By node and position: there are rules, and what came of them once the value was computed.
    cells: BTreeMap<(NodeId, u32), OnceLock<Vec<Outcome>>>,
    /// Root variables that have rules: what they were given.
    given: BTreeMap<u32, Value>,
}

impl World {
    /// The variables and outputs of a module that have rules.
    pub(crate) fn ruled(&self, module: terrane_config::config::ModuleId) -> Vec<Ruled> {
        let declared = self.config.module(module);
        let variables = (0u32..).zip(&declared.variables);
        let variables = variables.filter(|(_, variable)| !variable.validations.is_empty());
        let outputs = (0u32..).zip(&declared.outputs);
        let outputs = outputs.filter(|(_, output)| !output.preconditions.is_empty());
        let variables = variables.map(|(at, variable)| Ruled {
            node: Node::Variable(module, at),
            kind: CheckKind::Variable,
            name: format!("var.{}", variable.name),
        });
        let outputs = outputs.map(|(at, output)| Ruled {
            node: Node::Output(module, at),
            kind: CheckKind::Output,
            name: format!("output.{}", output.name),
        });
        variables.chain(outputs).collect()
    }

    /// From now on the value of this node is held against its rules when it is computed.
    pub(crate) fn hold(&mut self, node: Node, pos: u32) {
        let id = self.graph.id(node);
        self.rulings.cells.insert((id, pos), OnceLock::new());
    }

    /// Gives a root variable its value, through its rules if it is held against them.
    pub(crate) fn give(&mut self, at: u32, value: Value) {
        let node = Node::Variable(terrane_config::config::ModuleId(0), at);
        if self.rulings.cells.contains_key(&(self.graph.id(node), 0)) {
            self.rulings.given.insert(at, value);
        } else {
            self.set_value(node, 0, Ok(value));
        }
    }

    /// Values are no longer held against rules: they are only looked at.
    pub(crate) fn release(&mut self) {
        let Rulings { cells: _, given } = std::mem::take(&mut self.rulings);
        for (at, value) in given {
            let node = Node::Variable(terrane_config::config::ModuleId(0), at);
            self.set_value(node, 0, Ok(value));
        }
    }

    pub(super) fn given(&self, at: u32) -> Option<Value> {
        self.rulings.given.get(&at).cloned()
    }

    /// What came of the rules of a value, if it was held against them.
    pub(crate) fn verdict(&self, node: Node, pos: u32) -> Option<&[Outcome]> {
        let cell = self.rulings.cells.get(&(self.graph.id(node), pos))?;
        cell.get().map(Vec::as_slice)
    }

    /// Whether the value of this node is held against rules when it is computed.
    pub(crate) fn is_held(&self, node: Node, pos: u32) -> bool {
        !self.rulings.cells.is_empty()
            && (self.rulings.cells).contains_key(&(self.graph.id(node), pos))
    }

    /// All that is held against rules, in the order in which it can be computed.
    pub(crate) fn held(&self) -> Vec<(NodeId, u32)> {
        let mut by_node: BTreeMap<NodeId, Vec<u32>> = BTreeMap::new();
        for (id, pos) in self.rulings.cells.keys() {
            by_node.entry(*id).or_default().push(*pos);
        }
        if by_node.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for id in self.graph.order() {
            let places = by_node.get(id).into_iter().flatten();
            found.extend(places.map(|pos| (*id, *pos)));
        }
        found
    }

    /// Visits what the rules of a node refer to, but for its own value.
    pub(super) fn each_rule_use(&self, node: Node, visit: &mut dyn FnMut(&Use)) {
        let (module, rules, own) = match node {
            Node::Variable(module, at) => {
                let variable = &self.config.module(module).variables[at as usize];
                let own = Some(Reference::Variable(at));
                (module, &variable.validations, own)
            }
            Node::Output(module, at) => {
                let output = &self.config.module(module).outputs[at as usize];
                (module, &output.preconditions, None)
            }
            _ => return,
        };
        let slots = &self.config.module(module).slots;
        for rule in rules {
            for used in rule.condition.uses().iter().chain(rule.message.uses()) {
                if own.is_none() || slots.get(used.slot.0 as usize).copied() != own {
                    visit(used);
                }
            }
        }
    }

    /// Holds a value that was just computed against its rules, if that is asked for. For an output there is no value yet: it has none where a rule is broken.
    ///
    /// # Errors
    /// Messages of what is broken; none if a rule refers to something that failed.
    pub(super) fn held_against(
        &self,
        node: Node,
        pos: u32,
        value: Option<&Value>,
    ) -> Result<(), Diagnostics> {
        let Some(cell) = self.rulings.cells.get(&(self.graph.id(node), pos)) else {
            return Ok(());
        };
        let (outcomes, diagnostics) = match node {
            Node::Variable(module, at) => {
                self.judge_variable(Place { module, pos }, at, value, None)
            }
            Node::Output(module, at) => {
                self.judge_output(Place { module, pos }, at, Severity::Error)
            }
            _ => return Ok(()),
        };
        let broken =
            |outcome: &Outcome| matches!(outcome.status, CheckStatus::Fail | CheckStatus::Error);
        let holds = !outcomes.iter().any(broken);
        cell.get_or_init(|| outcomes);
        if holds { Ok(()) } else { Err(diagnostics) }
    }

    /// Evaluates the validations of a variable. `value`: what it has, if the world does not know it yet. `given_at`: where a root variable was given its
    /// value.
    pub(crate) fn judge_variable(
        &self,
        place: Place,
        at: u32,
        value: Option<&Value>,
        given_at: Option<Span>,
    ) -> (Vec<Outcome>, Diagnostics) {
        let variable = &self.config.module(place.module).variables[at as usize];
        let words = Words {
            failed: &terrane_config::rules::condition::VALIDATION_FAILED,
            noun: "variable validation",
            severity: Severity::Error,
        };
        let given = self.input_span(place, at).or(given_at);
        let mut outcomes = Vec::with_capacity(variable.validations.len());
        let mut diagnostics = Diagnostics::new();
        for rule in &variable.validations {
            let mut scope = self.scope(place);
            scope.judged = value.map(|value| (at, value.clone()));
            outcomes.push(conditions::evaluate(rule, &scope, words, &mut diagnostics));
            for diagnostic in diagnostics.iter_mut() {
                if diagnostic.is(words.failed) && diagnostic.related.is_empty() {
                    diagnostic.detail.push_str(
                        "\n\nThis was checked by the validation rule that is shown with this message.",
                    );
                    let rule = (rule.span, "the validation rule".into());
                    diagnostic.related.push(rule);
                    diagnostic.subject = Some(given.unwrap_or(variable.span));
                    diagnostic.context = None;
                }
            }
        }
        (outcomes, diagnostics)
    }

    /// Evaluates the preconditions of an output.
    pub(crate) fn judge_output(
        &self,
        place: Place,
        at: u32,
        severity: Severity,
    ) -> (Vec<Outcome>, Diagnostics) {
        let output = &self.config.module(place.module).outputs[at as usize];
        let words = Words {
            failed: &rules::condition::OUTPUT_PRECONDITION_FAILED,
            noun: "output precondition",
            severity,
        };
        let mut diagnostics = Diagnostics::new();
        let rules = output.preconditions.iter();
        let outcomes = rules
            .map(|rule| conditions::evaluate(rule, &self.scope(place), words, &mut diagnostics))
            .collect();
        (outcomes, diagnostics)
    }

    /// Where the call of a module gives a variable its value.
    fn input_span(&self, place: Place, at: u32) -> Option<Span> {
        let (caller, call) = self.config.module(place.module).parent?;
        let call = self.config.module(caller).calls.get(call as usize)?;
        let input = call.inputs.get(at as usize)?.as_ref()?;
        Some(input.span())
    }
}
