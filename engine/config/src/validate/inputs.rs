//! What calls give to the variables of modules.

use super::scope::ModuleScope;
use super::{Checker, Place, index};
use crate::config::{Condition, Module, ModuleCall, Variable};
use crate::rules;
use crate::variables::{input_value, unsuitable_input};
use std::collections::BTreeMap;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::expr::{Scope, values_involved};
use terrane_lang::source::Span;
use terrane_value::convert::convert;
use terrane_value::{Kind, Type, Value};

/// By variable: what it is given, as far as that can be told.
pub(super) type Given = BTreeMap<u32, Value>;

impl Checker<'_> {
    pub(super) fn call(&mut self, place: Place, call: &ModuleCall) {
        self.repetition(place, &call.repetition);
        if call.module <= place.module {
            // The called module could not be had.
            return;
        }
        let called = self.config.module(call.module);
        let mut given = Given::new();
        for (at, (variable, input)) in called.variables.iter().zip(&call.inputs).enumerate() {
            let Some(expr) = input else {
                given.extend(Some(index(at)).zip(input_value(variable, None).ok()));
                continue;
            };
            let Some(value) = self.eval(place, expr) else {
                continue;
            };
            match input_value(variable, Some(&value)) {
                Err(problem) => {
                    let address = format!("{}.var.{}", called.path, variable.name);
                    let found = unsuitable_input(variable, &address, expr.span(), &problem);
                    self.diagnostics.push(found);
                }
                Ok(_) if value.marks_deep().is_ephemeral() && !variable.ephemeral => {
                    let detail = format!(
                        "The value of {}.var.{} is derived from an ephemeral value, but the variable does not accept ephemeral values. To allow them, set ephemeral = true in the declaration of the variable.",
                        called.path, variable.name
                    );
                    self.diagnostics.push(
                        Diagnostic::error(&rules::condition::EPHEMERAL_NOT_ALLOWED, detail)
                            .at(expr.span()),
                    );
                }
                Ok(value) => {
                    given.insert(index(at), value);
                }
            }
        }
        for (at, variable) in called.variables.iter().enumerate() {
            let input = call.inputs.get(at).and_then(Option::as_ref);
            let subject = input.map_or(variable.span, |expr| expr.span());
            self.validations(called, variable, &given, subject);
        }
    }

    /// Holds what a variable is given against its validations. Whether the module has instances does not matter, as with the peers.
    fn validations(&mut self, called: &Module, variable: &Variable, given: &Given, subject: Span) {
        let place = Place {
            module: called.id,
            own: None,
        };
        for rule in &variable.validations {
            self.prepare(called.id, &rule.condition);
            self.prepare(called.id, &rule.message);
            let scope = ModuleScope {
                given: Some(given),
                ..self.scope(place)
            };
            let value = match rule.condition.eval(&scope, &[]) {
                Ok(value) => value,
                Err(found) => {
                    // What is wrong with it whatever is given is told of the module.
                    if rule.condition.eval(&self.scope(place), &[]).is_ok() {
                        self.diagnostics.extend(found);
                    }
                    continue;
                }
            };
            let holds = convert(&value.unmark_deep(), &Type::Bool);
            if !holds.is_ok_and(|value| matches!(value.kind(), Kind::Bool(false))) {
                continue;
            }
            let mut broken = Diagnostic::error(
                &rules::condition::VALIDATION_FAILED,
                format!(
                    "{}\n\nThis was checked by the validation rule that is shown with this message.",
                    message(rule, &scope)
                ),
            )
            .at(subject)
            .related(rule.span, "the validation rule")
            .about(format!("{}.var.{}", called.path, variable.name));
            broken.values = values_involved(&rule.condition, &scope);
            self.diagnostics.push(broken);
        }
    }
}

/// The author's message, if it can be shown.
pub(super) fn message(rule: &Condition, scope: &dyn Scope) -> String {
    let value = rule.message.eval(scope, &[]).ok();
    if value.as_ref().is_some_and(Value::contains_marks) {
        return "The error message is made of values that may not be shown.".into();
    }
    let text = value.and_then(|value| convert(&value, &Type::String).ok());
    match text.as_ref().and_then(Value::as_str) {
        Some(text) => text.trim().to_owned(),
        None => {
            "The condition does not hold. Its error message is made of values that are not known yet."
                .into()
        }
    }
}
