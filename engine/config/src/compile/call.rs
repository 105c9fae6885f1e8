//! Module calls: inputs against the variables of the called module.

use super::{Session, index};
use crate::config::{ModuleCall, ModuleId};
use crate::load::decl::{CallDecl, VariableDecl};
use crate::rules;
use ecow::EcoString;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::expr::Compiled;
use terrane_lang::syntax::body::{Body, BodySchema};

impl Session<'_> {
    pub(super) fn calls(&mut self, at: usize) -> Vec<ModuleCall> {
        let decl = self.decl(at);
        let mut found = Vec::new();
        for (which, call) in decl.calls.iter().enumerate() {
            let child = self.tree.modules[at].children.get(which).copied().flatten();
            let repetition = self.repetition(at, &call.repetition, None);
            let inputs = match child {
                Some(child) => self.inputs(at, call, child),
                None => Vec::new(),
            };
            found.push(ModuleCall {
                name: call.name.clone(),
                span: call.span,
                source: child
                    .map(|child| self.tree.modules[child].source.clone())
                    .unwrap_or_default(),
                version: child.and_then(|child| self.tree.modules[child].version.clone()),
                // A call without a module was reported; such a configuration is not planned.
                module: ModuleId(index(child.unwrap_or(0))),
                repetition,
                inputs,
                depends_on: self.depends_on(at, &call.depends_on, None),
            });
        }
        found
    }

    fn inputs(&mut self, at: usize, call: &CallDecl, child: usize) -> Vec<Option<Compiled>> {
        let called = self.decl(child);
        let wanted = BodySchema {
            attributes: called
                .variables
                .iter()
                .map(|variable| (variable.name.clone(), variable.default.is_none()))
                .collect(),
            blocks: Vec::new(),
        };
        let merged;
        let body = match &call.escape {
            None => &call.body,
            Some(escape) => {
                merged = Body::Merged(vec![call.body.clone(), escape.clone()]);
                &merged
            }
        };
        let (content, mut diagnostics) = body.content(&wanted);
        for found in diagnostics.iter_mut() {
            let wanted = |variable: &&VariableDecl| {
                let start = format!("The argument \"{}\" is required", variable.name);
                found.is(&terrane_lang::rules::structure::MISSING_ARGUMENT)
                    && found.detail.starts_with(&start)
            };
            if let Some(variable) = called.variables.iter().find(wanted) {
                let place = (variable.span, "the variable is declared here".into());
                found.related.push(place);
            }
        }
        self.diagnostics.extend(diagnostics);
        let place = Self::place_of(&call.repetition);
        let mut inputs = Vec::new();
        for variable in &called.variables {
            let Some(attribute) = content.attribute(&variable.name) else {
                inputs.push(None);
                continue;
            };
            if let Some(message) = &variable.deprecated {
                let detail = deprecation(&variable.name, message);
                self.diagnostics.push(
                    Diagnostic::warning(&rules::declaration::DEPRECATED_VARIABLE, detail)
                        .at(attribute.expr.span),
                );
            }
            inputs.push(Some(self.compiler(at, place).expr(&attribute.expr)));
        }
        inputs
    }
}

fn deprecation(name: &EcoString, message: &str) -> String {
    format!("Variable \"{name}\" is marked as deprecated with the following message:\n{message}")
}
