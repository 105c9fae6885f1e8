//! What is wrong with something that may have no instances.
//!
//! To the peers a resource is of any type until they plan. Here it has the type of its schema from the beginning, so that more mistakes are found; but what would not fit
//! because of that does no harm where there is nothing that it could not fit.

use super::{Checker, checked};
use crate::config::{Config, ModuleId, Repetition};
use std::collections::{BTreeMap, BTreeSet};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use terrane_lang::functions::Functions;
use terrane_lang::source::Span;

/// What tells one message from others.
pub(super) type Key = (Option<&'static str>, Option<Span>);

pub(super) fn key(diagnostic: &Diagnostic) -> Key {
    (diagnostic.code, diagnostic.subject)
}

/// The messages. Those about what may have no instances are warnings, if it is the type of a resource that makes them.
pub(super) fn told(
    config: &Config,
    functions: &Functions,
    mut found: Diagnostics,
    dormant: &BTreeMap<Key, bool>,
) -> Diagnostics {
    if !found.has_errors() || !dormant.values().any(|dormant| *dormant) {
        return found;
    }
    let open = checked(config, functions, false);
    let certain: BTreeSet<Key> = open.diagnostics.iter().map(key).collect();
    for diagnostic in found.iter_mut() {
        let key = key(diagnostic);
        if dormant.get(&key) == Some(&true) && !certain.contains(&key) {
            diagnostic.severity = Severity::Warning;
            diagnostic.hint.get_or_insert_with(|| {
                "this does no harm only as long as there are no instances of it".to_owned()
            });
        }
    }
    found
}

/// By module: whether it may have no instances.
pub(super) fn may_be_absent(config: &Config) -> Vec<bool> {
    let mut absent = vec![false; config.modules.len()];
    // Modules stand after those that call them.
    for module in &config.modules {
        let outer = absent.get(module.id.0 as usize).copied().unwrap_or(false);
        for call in &module.calls {
            if call.module > module.id
                && let Some(called) = absent.get_mut(call.module.0 as usize)
            {
                *called = outer || !matches!(call.repetition, Repetition::Single);
            }
        }
    }
    absent
}

impl Checker<'_> {
    pub(super) fn is_absent(&self, module: ModuleId) -> bool {
        let absent = self.may_be_absent.get(module.0 as usize);
        absent.copied().unwrap_or(false)
    }

    /// Looks at something that may have no instances, or has one.
    pub(super) fn within(&mut self, resting: bool, look: impl FnOnce(&mut Self)) {
        self.sort();
        let outer = std::mem::replace(&mut self.resting, resting);
        look(self);
        self.sort();
        self.resting = outer;
    }

    fn sort(&mut self) {
        // The same may be said of two calls of a module: one that has an instance counts.
        for diagnostic in self.diagnostics.iter().skip(self.sorted) {
            *self.dormant.entry(key(diagnostic)).or_insert(true) &= self.resting;
        }
        self.sorted = self.diagnostics.len();
    }
}
