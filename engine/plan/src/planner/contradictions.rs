//! `moved` blocks that contradict each other or what is declared: told when everything is expanded, since a block counts in each instance of its module, and
//! not at all where there is none (`opentofu.md` 5.10). What is certain without that is told when the configuration is loaded.

use super::Core;
use crate::world::Place;
use std::collections::BTreeMap;
use std::fmt;
use terrane_config::config::{Endpoint, Moved};
use terrane_config::rules::refactor;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::{InstanceAddr, ModuleInstance, ResourceAddr};

impl Core {
    /// Reports moves that lead nowhere, from or to where others lead, and moves of what is still declared. Each block is told of once, whatever the number of
    /// instances of its module.
    pub(super) fn check_moves(&mut self) {
        let config = self.config.clone();
        let mut said = Said::default();
        for module in &config.modules {
            for moved in &module.moved {
                let exact = moved.from.has_key() || moved.to.has_key();
                let found = (self.world.places(module.id))
                    .filter(|place| !self.world.is_doubled(*place))
                    .map(|place| {
                        let outer = &self.world.module_cell(place).addr;
                        let from = Meant::new(outer, &moved.from, exact);
                        let to = Meant::new(outer, &moved.to, exact);
                        let mut found = Diagnostics::new();
                        if from == to {
                            found.push(redundant(&from).at(moved.span));
                            return found;
                        }
                        if self.is_declared(&from) {
                            found.push(still_there(&from, &to).at(moved.span));
                        }
                        if let Some(ambiguous) = said.contradiction(moved, from, to) {
                            found.push(ambiguous);
                        }
                        found
                    })
                    // Nothing is left out by looking at all: what each says counts for those behind it.
                    .fold(Diagnostics::new(), |first, next| {
                        if first.is_empty() { next } else { first }
                    });
                self.diagnostics.extend(found);
            }
        }
    }

    /// Whether the configuration has what an end means in a module instance. A block as a whole is there where its module is.
    fn is_declared(&self, meant: &Meant) -> bool {
        let Meant { module, what, .. } = meant;
        match what {
            What::Resource(addr) => {
                let Some((place, (_, at))) =
                    (self.world.place_of(module)).zip(self.index.resource(&addr.resource))
                else {
                    return false;
                };
                !meant.exact
                    || (self.world.resource_cell(place, at))
                        .is_some_and(|cell| cell.keys.binary_search(&addr.key).is_ok())
            }
            What::Module if meant.exact => self.world.place_of(module).is_some(),
            What::Module => {
                let Some((last, outer)) = module.0.split_last() else {
                    return false;
                };
                let outer = ModuleInstance(outer.iter().cloned().collect());
                let Some(Place { module, .. }) = self.world.place_of(&outer) else {
                    return false;
                };
                let mut calls = self.config.module(module).calls.iter();
                calls.any(|call| call.name == last.name)
            }
        }
    }
}

pub(super) fn redundant(from: &impl fmt::Display) -> Diagnostic {
    Diagnostic::error(
        &refactor::REDUNDANT_MOVE,
        format!(
            "This statement declares a move from {from} to the same address, which is the same as not declaring this move at all."
        ),
    )
}

fn still_there(from: &Meant, to: &Meant) -> Diagnostic {
    let what = match (&from.what, from.exact) {
        (_, true) => "instance",
        (What::Resource(_), false) => "resource",
        (What::Module, false) => "module",
    };
    Diagnostic::error(
        &refactor::MOVED_OBJECT_EXISTS,
        format!(
            "This statement declares a move from {from}, but that {what} is still declared.\n\nChange your configuration so that this {what} will be declared as {to} instead."
        ),
    )
}

/// What the statements so far have moved, and where to.
#[derive(Default)]
struct Said<'c> {
    from: BTreeMap<Meant, (Meant, &'c Moved)>,
    to: BTreeMap<Meant, (Meant, &'c Moved)>,
}

impl<'c> Said<'c> {
    /// What is wrong with one more, beside those. It counts for the ones behind it.
    fn contradiction(&mut self, moved: &'c Moved, from: Meant, to: Meant) -> Option<Diagnostic> {
        let ambiguous = |detail, earlier: &Moved| {
            Diagnostic::error(&refactor::AMBIGUOUS_MOVE, detail)
                .at(moved.span)
                .related(earlier.span, "the earlier statement")
        };
        let mut found = None;
        match self.from.get(&from) {
            Some((there, earlier)) if *there != to => {
                let detail = format!(
                    "Another statement declares that {from} moved to {there}, but this statement instead declares that it moved to {to}.\n\nEach resource can move to only one destination resource."
                );
                found = Some(ambiguous(detail, earlier));
            }
            Some(_) => {}
            None => drop(self.from.insert(from.clone(), (to.clone(), moved))),
        }
        match self.to.get(&to) {
            Some((there, earlier)) if *there != from && found.is_none() => {
                let detail = format!(
                    "Another statement declares that {there} moved to {to}, but this statement instead declares that {from} moved there.\n\nEach resource can have moved from only one source resource."
                );
                found = Some(ambiguous(detail, earlier));
            }
            Some(_) => {}
            None => drop(self.to.insert(to, (from, moved))),
        }
        found
    }
}

/// What an end means in one module instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Meant {
    /// One instance, and not all of a resource or a call.
    exact: bool,
    module: ModuleInstance,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Module,
    Resource(InstanceAddr),
}

impl Meant {
    fn new(outer: &ModuleInstance, end: &Endpoint, exact: bool) -> Self {
        let steps = outer.0.iter().chain(&end.modules);
        let module = ModuleInstance(steps.cloned().collect());
        let what = match &end.resource {
            None => What::Module,
            Some(resource) => {
                let addr = ResourceAddr {
                    module: module.clone(),
                    mode: resource.mode,
                    type_name: resource.type_name.clone(),
                    name: resource.name.clone(),
                };
                What::Resource(addr.instance(resource.key.clone()))
            }
        };
        Self {
            exact,
            module,
            what,
        }
    }
}

impl fmt::Display for Meant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Module => self.module.fmt(f),
            What::Resource(addr) => addr.fmt(f),
        }
    }
}
