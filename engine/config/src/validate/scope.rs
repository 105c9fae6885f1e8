//! The values of names while nothing is known.

use super::Named;
use super::inputs::Given;
use crate::config::{
    Config, Module, ModuleCall, ModuleId, Output, Reference, Repetition, Resource,
};
use crate::rules;
use ecow::EcoString;
use std::cell::RefCell;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Scope, Slot};
use terrane_lang::functions::Functions;
use terrane_lang::source::Span;
use terrane_model::addr::Mode;
use terrane_value::convert::convert;
use terrane_value::{Marks, Refinements, Type, Value};

pub(super) type Member = (ModuleId, Named);

/// Values of local values and outputs; `None`: it failed, and that was reported.
pub(super) type Known = BTreeMap<Member, Option<Value>>;

/// Values as one module sees them.
#[derive(Debug)]
pub(super) struct ModuleScope<'a> {
    pub(super) config: &'a Config,
    pub(super) functions: &'a Functions,
    /// Whether resources have the types of their schemas.
    pub(super) typed: bool,
    pub(super) known: &'a RefCell<Known>,
    pub(super) module: &'a Module,
    pub(super) own: Option<u32>,
    /// What the module is given by its call, where that is asked for.
    pub(super) given: Option<&'a Given>,
}

impl ModuleScope<'_> {
    fn reference(&self, slot: Slot) -> Option<Reference> {
        self.module.slots.get(slot.0 as usize).copied()
    }

    fn member(&self, member: Member) -> Result<Value, Diagnostics> {
        match self.known.borrow().get(&member) {
            Some(Some(value)) => Ok(value.clone()),
            Some(None) => Err(Diagnostics::new()),
            None => Ok(Value::dynamic()),
        }
    }

    fn instance(&self, resource: u32) -> Value {
        self.module
            .resources
            .get(resource as usize)
            .map_or_else(Value::dynamic, |resource| self.resource(resource))
    }

    /// An instance of which nothing is known but its type.
    fn resource(&self, resource: &Resource) -> Value {
        let block = &resource.schema.block;
        if block.attributes.is_empty() && block.blocks.is_empty() {
            return Value::dynamic();
        }
        let value = if self.typed {
            Value::unknown(block.implied_type().clone())
        } else {
            Value::dynamic()
        };
        if resource.mode == Mode::Ephemeral {
            value.with_marks(&Marks::EPHEMERAL)
        } else {
            value
        }
    }

    /// All outputs of one instance of a call.
    fn outputs(&self, call: &ModuleCall) -> Result<Value, Diagnostics> {
        if call.module <= self.module.id {
            // The called module could not be had.
            return Ok(Value::dynamic());
        }
        let called = self.config.module(call.module);
        let mut attributes = Vec::new();
        for (at, output) in called.outputs.iter().enumerate() {
            let value = self.member((call.module, Named::Output(super::index(at))))?;
            attributes.push((output.name.clone(), value));
        }
        Ok(Value::object(attributes))
    }

    /// A key of the wrong type leads nowhere, whatever the instances will be.
    fn check_key(&self, reference: Reference, key: &Value, span: Span) -> Result<(), Diagnostics> {
        let repetition = match reference {
            Reference::Resource(at) => self
                .module
                .resources
                .get(at as usize)
                .map(|resource| &resource.repetition),
            Reference::Call(at) | Reference::CallOutput(at, _) => self
                .module
                .calls
                .get(at as usize)
                .map(|call| &call.repetition),
            _ => None,
        };
        let (wanted, what) = match repetition {
            Some(Repetition::Count(_)) => (Type::Number, "a number"),
            Some(Repetition::ForEach(_)) => (Type::String, "a string"),
            _ => return Ok(()),
        };
        let key = key.unmarked();
        if convert(key, &wanted).is_ok_and(|key| !key.is_null()) {
            return Ok(());
        }
        let detail = format!(
            "The given key does not identify an element in this collection value: {what} is required."
        );
        Err(
            Diagnostic::error(&rules::reference::INSTANCE_KEY_TYPE, detail)
                .at(span)
                .into(),
        )
    }

    fn whole(&self, reference: Reference) -> Result<Value, Diagnostics> {
        Ok(match reference {
            Reference::Variable(at) => {
                if let Some(value) = self.given.and_then(|given| given.get(&at)) {
                    return Ok(value.clone());
                }
                self.module
                    .variables
                    .get(at as usize)
                    .map_or_else(Value::dynamic, |variable| {
                        let refinements = if variable.nullable {
                            Refinements::NONE
                        } else {
                            Refinements::NOT_NULL
                        };
                        let ty = variable.ty.without_optional();
                        let value = match ty {
                            Type::Dynamic => Value::dynamic(),
                            ty => Value::unknown_refined(ty, refinements),
                        };
                        let value = if variable.sensitive {
                            value.with_marks(&Marks::SENSITIVE)
                        } else {
                            value
                        };
                        if variable.ephemeral {
                            value.with_marks(&Marks::EPHEMERAL)
                        } else {
                            value
                        }
                    })
            }
            Reference::Local(at) => self.member((self.module.id, Named::Local(at)))?,
            Reference::Resource(at) => match self.module.resources.get(at as usize) {
                Some(resource) if matches!(resource.repetition, Repetition::Single) => {
                    self.resource(resource)
                }
                _ => Value::dynamic(),
            },
            Reference::Call(at) => match self.module.calls.get(at as usize) {
                Some(call) if matches!(call.repetition, Repetition::Single) => {
                    self.outputs(call)?
                }
                _ => Value::dynamic(),
            },
            Reference::CallOutput(at, output) => match self.module.calls.get(at as usize) {
                Some(call) => self.member((call.module, Named::Output(output)))?,
                None => Value::dynamic(),
            },
            Reference::CountIndex => Value::unknown_refined(Type::Number, Refinements::NOT_NULL),
            Reference::EachKey | Reference::PathCwd | Reference::Workspace => {
                Value::unknown_refined(Type::String, Refinements::NOT_NULL)
            }
            Reference::EachValue => Value::dynamic(),
            Reference::SelfObject => match self.own {
                Some(own) => self.instance(own),
                None => Value::dynamic(),
            },
            Reference::PathModule => Value::string_nfc(&self.module.dir),
            Reference::PathRoot => Value::string("."),
            Reference::Applying => Value::unknown_refined(Type::Bool, Refinements::NOT_NULL),
            // Nothing is configured and nothing is found while validating.
            Reference::Provider(_) | Reference::List(_) => Value::dynamic(),
        })
    }
}

impl Scope for ModuleScope<'_> {
    fn value(&self, slot: Slot, _span: Span) -> Result<Value, Diagnostics> {
        match self.reference(slot) {
            Some(reference) => self.whole(reference),
            None => Ok(Value::dynamic()),
        }
    }

    fn keyed(&self, slot: Slot, key: &Value, span: Span) -> Result<Value, Diagnostics> {
        let reference = self.reference(slot);
        if let Some(reference) = reference {
            self.check_key(reference, key, span)?;
        }
        match reference {
            Some(Reference::Resource(at)) => Ok(self.instance(at)),
            Some(Reference::Call(at)) => match self.module.calls.get(at as usize) {
                Some(call) => self.outputs(call),
                None => Ok(Value::dynamic()),
            },
            Some(reference) => self.whole(reference),
            None => Ok(Value::dynamic()),
        }
    }

    fn functions(&self) -> &Functions {
        self.functions
    }

    fn name(&self, slot: Slot) -> EcoString {
        self.keyed_name(slot, "")
    }

    fn keyed_name(&self, slot: Slot, key: &str) -> EcoString {
        let reference = self.reference(slot);
        reference.map_or_else(EcoString::new, |reference| {
            self.config.name_of(self.module, reference, key)
        })
    }
}

/// The value of an output as others see it.
pub(super) fn output_value(output: &Output, value: Value) -> Value {
    let value = if output.sensitive {
        value.with_marks(&Marks::SENSITIVE)
    } else {
        value
    };
    if output.ephemeral {
        value.with_marks(&Marks::EPHEMERAL)
    } else {
        value
    }
}
