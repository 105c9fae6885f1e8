//! Variables, local values, outputs, checks; conditions; `depends_on`.

use super::Session;
use super::bind::{ModuleBinder, Place, is_index, unexpected_key};
use crate::config::{Check, Condition, Dependency, Local, Output, Reference, Variable};
use crate::load::decl::{ConditionDecl, Traversal};
use crate::rules;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::expr::Compiled;

impl Session<'_> {
    pub(super) fn variables(&mut self, at: usize) -> Vec<Variable> {
        let decl = self.decl(at);
        let mut found = Vec::new();
        for (index, variable) in decl.variables.iter().enumerate() {
            let validations = variable
                .validations
                .iter()
                .map(|condition| {
                    self.validation(at, super::index(index), &variable.name, condition)
                })
                .collect();
            found.push(Variable {
                validations,
                ..variable.without_rules()
            });
        }
        found
    }

    /// A rule of a variable, which must look at that variable.
    fn validation(
        &mut self,
        at: usize,
        variable: u32,
        name: &str,
        condition: &ConditionDecl,
    ) -> Condition {
        let compiled = self.condition(at, condition, Place::default());
        let slots = &self.tables[at].slots;
        let mentions = |compiled: &Compiled| {
            compiled
                .uses()
                .iter()
                .any(|used| slots.get(used.slot.0 as usize) == Some(&Reference::Variable(variable)))
        };
        // A name that could not be bound was reported, and may be the one that is missed here.
        let failed = compiled.condition.uses().is_empty() && self.diagnostics.has_errors();
        if !failed && !mentions(&compiled.condition) {
            let detail = format!(
                "The condition for variable \"{name}\" must refer to var.{name} in order to test incoming values."
            );
            self.diagnostics.push(
                Diagnostic::error(&rules::declaration::VALIDATION_WITHOUT_VARIABLE, detail)
                    .at(condition.condition.span),
            );
        }
        compiled
    }

    pub(super) fn condition(&mut self, at: usize, decl: &ConditionDecl, place: Place) -> Condition {
        let mut compiler = self.compiler(at, place);
        Condition {
            condition: compiler.expr(&decl.condition),
            message: compiler.expr(&decl.message),
            span: decl.span,
        }
    }

    pub(super) fn locals(&mut self, at: usize) -> Vec<Local> {
        let decl = self.decl(at);
        let mut found = Vec::new();
        for (index, local) in decl.locals.iter().enumerate() {
            let place = Place {
                local: Some(super::index(index)),
                ..Place::default()
            };
            found.push(Local {
                name: local.name.clone(),
                span: local.span,
                value: self.compiler(at, place).expr(&local.value),
            });
        }
        found
    }

    pub(super) fn outputs(&mut self, at: usize) -> Vec<Output> {
        let decl = self.decl(at);
        let is_root = self.tree.modules[at].path.is_root();
        let mut found = Vec::new();
        for output in &decl.outputs {
            let value = match &output.value {
                Some(expr) => self.compiler(at, Place::default()).expr(expr),
                None => Compiled::constant(terrane_value::Value::NULL, output.span),
            };
            if is_root && output.ephemeral == Some(true) {
                self.diagnostics.push(
                    Diagnostic::error(
                        &rules::declaration::EPHEMERAL_ROOT_OUTPUT,
                        "Root modules are not allowed to have ephemeral outputs: an output of the root module is stored, and an ephemeral value must not be.",
                    )
                    .at(output.span),
                );
            }
            found.push(Output {
                name: output.name.clone(),
                span: output.span,
                description: output.description.clone().unwrap_or_default(),
                value,
                sensitive: output.sensitive.unwrap_or(false),
                ephemeral: output.ephemeral.unwrap_or(false),
                deprecated: output.deprecated.clone(),
                depends_on: self.depends_on(at, &output.depends_on, None),
                preconditions: output
                    .preconditions
                    .iter()
                    .map(|condition| self.condition(at, condition, Place::default()))
                    .collect(),
            });
        }
        found
    }

    pub(super) fn checks(&mut self, at: usize) -> Vec<Check> {
        let decl = self.decl(at);
        let mut found = Vec::new();
        for (index, check) in decl.checks.iter().enumerate() {
            let place = Place {
                check: Some(super::index(index)),
                ..Place::default()
            };
            found.push(Check {
                name: check.name.clone(),
                span: check.span,
                assertions: check
                    .assertions
                    .iter()
                    .map(|condition| self.condition(at, condition, place))
                    .collect(),
            });
        }
        found
    }

    /// References to whole objects.
    pub(super) fn depends_on(
        &mut self,
        at: usize,
        list: &[Traversal],
        own: Option<u32>,
    ) -> Vec<Dependency> {
        let mut found = Vec::new();
        for entry in list {
            let place = Place {
                own,
                count: true,
                each: true,
                self_object: true,
                ..Place::default()
            };
            let mut binder = ModuleBinder {
                tables: &mut self.tables[at],
                place,
            };
            let (reference, consumed) = match binder.whole(&entry.root, &entry.steps) {
                Ok(found) => found,
                Err(diagnostic) => {
                    self.diagnostics.push(diagnostic);
                    continue;
                }
            };
            let mut rest = entry.steps.get(consumed..).unwrap_or(&[]);
            // The index of one instance is as good as the whole, where there are instances.
            if let (Reference::Resource(resource), [first, others @ ..]) = (reference, rest)
                && is_index(first)
            {
                let info = &self.tables[at].resource_infos[resource as usize];
                let diagnostic = unexpected_key(&info.address(), first.span);
                self.diagnostics.push(diagnostic);
                rest = others;
            }
            if let Some(step) = rest.first() {
                self.diagnostics.push(
                    Diagnostic::error(
                        &rules::declaration::DEPENDS_ON_ATTRIBUTE,
                        "References in depends_on must be to a whole object (resource, etc), not to an attribute of an object.",
                    )
                    .at(step.span)
                    .within(entry.span),
                );
                continue;
            }
            match reference {
                // What is always there, and the block itself, need no waiting for.
                Reference::PathModule
                | Reference::PathRoot
                | Reference::PathCwd
                | Reference::Workspace
                | Reference::Applying => continue,
                Reference::Resource(resource) if Some(resource) == own => continue,
                Reference::CountIndex
                | Reference::EachKey
                | Reference::EachValue
                | Reference::SelfObject => {
                    self.diagnostics.push(
                        Diagnostic::error(
                            &rules::declaration::DEPENDS_ON_KIND,
                            "Only resources, modules, input variables and local values can be depended on.",
                        )
                        .at(entry.span),
                    );
                    continue;
                }
                Reference::Variable(_)
                | Reference::Local(_)
                | Reference::Resource(_)
                | Reference::Call(_)
                | Reference::CallOutput(..)
                | Reference::Provider(_)
                | Reference::List(_) => {}
            }
            found.push(Dependency {
                on: reference,
                span: entry.span,
            });
        }
        found
    }
}
