//! The values that names have in assertions.

use super::Extra;
use super::names::OWN_SLOTS;
use crate::config::Config;
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Scope, Slot};
use terrane_lang::functions::Functions;
use terrane_lang::rules::expr::of_access;
use terrane_lang::source::Span;
use terrane_value::Value;

/// A scope for assertions over the scope of the root module.
#[expect(
    missing_debug_implementations,
    reason = "it borrows closures and lives for one evaluation"
)]
pub struct AssertScope<'a> {
    /// The root module.
    pub module: &'a dyn Scope,
    /// What the test's own slots stand for.
    pub extras: &'a [Extra],
    /// Variables of the test.
    pub variables: &'a BTreeMap<EcoString, Value>,
    /// Outputs of earlier runs.
    pub runs: &'a BTreeMap<EcoString, Value>,
    /// The value of an output of the root module.
    pub output: &'a dyn Fn(u32) -> Result<Value, Diagnostics>,
    /// The configuration, for names.
    pub config: &'a Config,
}

impl AssertScope<'_> {
    fn extra(&self, slot: Slot) -> Option<&Extra> {
        let at = slot.0.checked_sub(OWN_SLOTS)?;
        self.extras.get(usize::try_from(at).ok()?)
    }
}

impl Scope for AssertScope<'_> {
    fn value(&self, slot: Slot, span: Span) -> Result<Value, Diagnostics> {
        match self.extra(slot) {
            None => self.module.value(slot, span),
            Some(Extra::Variable(name)) => {
                let value = self.variables.get(name).cloned();
                value.ok_or_else(Diagnostics::new)
            }
            Some(Extra::Run(name)) => self.runs.get(name).cloned().ok_or_else(Diagnostics::new),
            Some(Extra::Output(at)) => (self.output)(*at),
        }
    }

    fn keyed(&self, slot: Slot, key: &Value, span: Span) -> Result<Value, Diagnostics> {
        if self.extra(slot).is_none() {
            return self.module.keyed(slot, key, span);
        }
        terrane_value::ops::index(&self.value(slot, span)?, key).map_err(|problem| {
            Diagnostic::error(of_access(&problem), problem.to_string())
                .at(span)
                .into()
        })
    }

    fn functions(&self) -> &Functions {
        self.module.functions()
    }

    fn name(&self, slot: Slot) -> EcoString {
        match self.extra(slot) {
            None => self.module.name(slot),
            Some(Extra::Variable(name)) => ecow::eco_format!("var.{name}"),
            Some(Extra::Run(name)) => ecow::eco_format!("run.{name}"),
            Some(Extra::Output(at)) => {
                let output = self
                    .config
                    .modules
                    .first()
                    .and_then(|root| root.outputs.get(usize::try_from(*at).ok()?));
                output.map_or_else(EcoString::new, |output| {
                    ecow::eco_format!("output.{}", output.name)
                })
            }
        }
    }
}
