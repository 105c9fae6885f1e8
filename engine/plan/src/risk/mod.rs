//! What can't be taken back: each action is reversible, disruptive or lossy, and the reason is said.
//!
//! In go a planned change and the schema of its type; out comes a [`Risk`]. What a type holds is told by the provider's own guards in the schema
//! (`deletion_protection`, `skip_final_snapshot` …), by a table of types, and last by the name. Where it is not known what will be, the worse is
//! assumed. Reasons name attributes, never values. What the configuration itself says of its resources makes it worse ([`notes`]).

mod notes;
mod table;

#[cfg(test)]
mod tests;

pub use notes::{Notes, notes};

use crate::plan::{Action, Plan, ResourceChange};
use crate::view::text::Schemas;
use ecow::{EcoString, eco_format};
use std::fmt;
use std::str::FromStr;
use terrane_model::addr::Mode;
use terrane_model::schema::Schema;
use terrane_value::{Path, PathStep, Value};

/// How bad it is if an action was a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskClass {
    /// The opposite action brings back what was.
    Reversible,
    /// What uses the object is interrupted; nothing is lost for good.
    Disruptive,
    /// Data is deleted that no plan brings back.
    Lossy,
}

impl RiskClass {
    /// All, the least first.
    pub const ALL: [Self; 3] = [Self::Reversible, Self::Disruptive, Self::Lossy];

    /// `reversible`, `disruptive` or `lossy`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reversible => "reversible",
            Self::Disruptive => "disruptive",
            Self::Lossy => "lossy",
        }
    }
}

impl fmt::Display for RiskClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RiskClass {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let found = Self::ALL.into_iter().find(|class| class.name() == text);
        found.ok_or(())
    }
}

/// The risk of one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// How bad.
    pub class: RiskClass,
    /// Why: a clause without a final period, such as `it is deleted, and it holds a database`.
    pub reason: EcoString,
}

impl Risk {
    fn new(class: RiskClass, reason: impl Into<EcoString>) -> Self {
        Self {
            class,
            reason: reason.into(),
        }
    }
}

/// Whether a change does something to an object, or to what is recorded of it.
#[must_use]
pub fn acts(change: &ResourceChange) -> bool {
    // What was read once is read again under its new name.
    let moved = change.previous_addr.is_some() && change.addr.resource.mode == Mode::Managed;
    change.action != Action::NoOp || change.importing.is_some() || moved
}

/// The risk of each action of a plan that touches managed objects, in the order of the plan.
pub fn of_plan<'a>(
    plan: &'a Plan,
    schemas: Schemas<'a>,
) -> impl Iterator<Item = (&'a ResourceChange, Risk)> {
    let managed = |change: &&ResourceChange| {
        change.addr.resource.mode == Mode::Managed && change.action != Action::NoOp
    };
    plan.changes.iter().filter(managed).map(move |change| {
        let resource = &change.addr.resource;
        let schema = schemas(
            &change.provider.provider,
            resource.mode,
            &resource.type_name,
        );
        (change, of_change(plan, change, schema.as_deref()))
    })
}

/// The risk of one change of a plan.
#[must_use]
pub fn of_change(plan: &Plan, change: &ResourceChange, schema: Option<&Schema>) -> Risk {
    let known = assess(change, schema);
    if plan.notes.is_empty() {
        return known;
    }
    match plan.notes.get(&change.addr.resource.config()) {
        Some(notes) => notes.applied(change, known),
        None => known,
    }
}

/// The risk of one change, whatever its configuration says. Without a schema, table and name decide.
fn assess(change: &ResourceChange, schema: Option<&Schema>) -> Risk {
    let type_name = &change.addr.resource.type_name;
    if change.addr.resource.mode != Mode::Managed {
        return Risk::new(RiskClass::Reversible, "it is only read");
    }
    match change.action {
        Action::NoOp | Action::Read => Risk::new(RiskClass::Reversible, "no object is changed"),
        Action::Create => Risk::new(RiskClass::Reversible, "it is new, and can be deleted again"),
        Action::Forget => Risk::new(
            RiskClass::Reversible,
            "the object stays, and can be imported again",
        ),
        Action::ForgetThenCreate => Risk::new(
            RiskClass::Reversible,
            "the object stays, and another one is made",
        ),
        Action::Update => update(change),
        Action::Delete => gone(type_name, change, schema, "it is deleted"),
        Action::DeleteThenCreate => gone(
            type_name,
            change,
            schema,
            "it is deleted before another one is made",
        ),
        Action::CreateThenDelete => gone(
            type_name,
            change,
            schema,
            "it is replaced by another one and then deleted",
        ),
    }
}

/// An object is deleted.
fn gone(type_name: &str, change: &ResourceChange, schema: Option<&Schema>, what: &str) -> Risk {
    match table::content(type_name) {
        Some(table::Content::Nothing) => {
            return Risk::new(
                RiskClass::Reversible,
                eco_format!("{what}, and it can be made again from its configuration"),
            );
        }
        Some(table::Content::Data(data)) => {
            return Risk::new(RiskClass::Lossy, eco_format!("{what}, and it holds {data}"));
        }
        Some(table::Content::Service) => {}
        None => {
            let guard = schema.and_then(|schema| {
                let names = table::GUARDS.iter();
                names
                    .copied()
                    .find(|guard| schema.block.attributes.contains_key(*guard))
            });
            if let Some(guard) = guard {
                return Risk::new(
                    RiskClass::Lossy,
                    eco_format!("{what}, and its type is one that is worth a guard (`{guard}`)"),
                );
            }
            if let Some(data) = table::by_name(type_name) {
                return Risk::new(
                    RiskClass::Lossy,
                    eco_format!("{what}, and by its name it holds {data}"),
                );
            }
        }
    }
    let also = match change.deposed {
        Some(_) => "; it is what an earlier replacement left",
        None => "",
    };
    Risk::new(
        RiskClass::Disruptive,
        eco_format!("{what}: what uses it is cut off{also}"),
    )
}

/// An object is changed in place.
fn update(change: &ResourceChange) -> Risk {
    let type_name = &change.addr.resource.type_name;
    let (before, after) = (change.before.unmark_deep(), change.after.unmark_deep());
    let mut worst = Risk::new(
        RiskClass::Reversible,
        "it is changed in place, and can be changed back",
    );
    for path in terrane_value::path::diff(&before, &after) {
        let Some(name) = last_name(&path) else {
            continue;
        };
        let Some(effect) = table::effect(type_name, name) else {
            continue;
        };
        let values = (path.get(&before).ok(), path.get(&after).ok());
        if let Some(risk) = of_effect(effect, name, &values)
            && risk.class > worst.class
        {
            worst = risk;
        }
    }
    worst
}

/// The name of the attribute that a path leads to, or into.
fn last_name(path: &Path) -> Option<&EcoString> {
    path.0.iter().rev().find_map(|step| match step {
        PathStep::Attr(name) => Some(name),
        PathStep::Index(_) => None,
    })
}

fn of_effect(
    effect: table::Effect,
    name: &str,
    (before, after): &(Option<Value>, Option<Value>),
) -> Option<Risk> {
    let number = |value: &Option<Value>| value.as_ref()?.as_number().cloned();
    let bool = |value: &Option<Value>| value.as_ref()?.as_bool();
    let unknown = after.as_ref().is_some_and(|value| !value.is_known());
    match effect {
        table::Effect::Interrupts => Some(Risk::new(
            RiskClass::Disruptive,
            eco_format!("changing `{name}` interrupts it"),
        )),
        table::Effect::LossyIfSmaller => {
            // What is not known yet may be less.
            let less = match (number(before), number(after)) {
                (Some(before), Some(after)) => after.compare(&before).is_lt(),
                (Some(before), None) => unknown && !before.is_zero(),
                (None, _) => false,
            };
            less.then(|| {
                Risk::new(
                    RiskClass::Lossy,
                    eco_format!("`{name}` gets smaller, or is not known yet: what does not fit any more is deleted"),
                )
            })
        }
        table::Effect::LossyIfOff => {
            let off = bool(before) == Some(true) && bool(after) != Some(true);
            off.then(|| {
                Risk::new(
                    RiskClass::Lossy,
                    eco_format!("`{name}` is turned off, which deletes what it kept"),
                )
            })
        }
        table::Effect::GuardIfOff => {
            let off = bool(before) == Some(true) && bool(after) != Some(true);
            off.then(|| {
                Risk::new(
                    RiskClass::Disruptive,
                    eco_format!("`{name}`, a guard against deletion, is lifted"),
                )
            })
        }
        table::Effect::GuardIfOn => {
            let on = bool(before) != Some(true) && (bool(after) == Some(true) || unknown);
            on.then(|| {
                Risk::new(
                    RiskClass::Disruptive,
                    eco_format!("`{name}` is set, which lifts a guard against deletion"),
                )
            })
        }
    }
}
