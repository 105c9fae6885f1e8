//! Gates: who must agree to what. Data, as the files of gates say it (`docs/guide/gates.md`).
//!
//! An action passes if at least one gate is about it, and every gate that is about it is open. So whatever is added to the files closes more, except
//! for a gate about actions that none was about before; and the order of gates does not matter.

pub mod calendar;
mod decode;
pub mod glob;
pub mod select;
pub mod window;

#[cfg(test)]
mod tests;

pub use decode::{File, Role, digest, parse};
pub use window::Window;

use crate::key::PublicKey;
use ecow::EcoString;
use glob::Glob;
use std::collections::BTreeMap;
use terrane_lang::source::Span;
use terrane_plan::basis::Hash;
use terrane_plan::risk::RiskClass;

/// How the names of files of gates end.
pub const EXTENSIONS: [&str; 2] = [".tfgate.hcl", ".tfgate.json"];

/// All that the files of one configuration say.
#[derive(Clone, Debug, Default)]
pub struct Gates {
    /// Over names and contents of the files. Plans and the state keep it.
    pub digest: Hash,
    /// Who can decide, by name.
    pub people: BTreeMap<EcoString, Person>,
    /// Groups of people: names of people.
    pub groups: BTreeMap<EcoString, Vec<EcoString>>,
    /// Who owns which types.
    pub owners: Vec<Owners>,
    /// The gates, in the order of the files.
    pub gates: Vec<Gate>,
    /// Who may open all gates in an emergency; `None`: nobody.
    pub break_glass: Option<Approvals>,
    /// Who must agree to other gates. `None`: one of the people.
    pub amend: Option<Approvals>,
    /// Whether a plan must be signed by who made it.
    pub signed_plans: bool,
    /// The policies that look at every plan; `None`: none.
    pub policies: Option<Policies>,
    /// What plans are priced with; `None`: they are not.
    pub prices: Option<Prices>,
}

/// What plans are priced with. The files are part of the digest, as those of policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// Price books, relative to the configuration.
    pub books: Vec<EcoString>,
    /// Files that say how much is used.
    pub usage: Vec<EcoString>,
}

/// Policies that look at every plan. They are in force together with the gates: their files are part of the digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// Files and folders with modules, relative to the configuration.
    pub modules: Vec<EcoString>,
    /// Files and folders with data.
    pub data: Vec<EcoString>,
    /// The packages whose rules are looked at; `*`: all. None: `main`.
    pub namespaces: Vec<EcoString>,
}

/// Somebody who can decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Their keys.
    pub keys: Vec<PublicKey>,
    /// The accounts (`user@host`) under which they make plans.
    pub accounts: Vec<Glob>,
    /// Until when their keys are good, in milliseconds since 1970 UTC.
    pub expires_ms: Option<u64>,
}

/// The owners of resource types.
#[derive(Clone, Debug, PartialEq)]
pub struct Owners {
    /// The types.
    pub types: Vec<Glob>,
    /// Names of people.
    pub people: Vec<EcoString>,
}

/// One gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Its name, unique.
    pub name: EcoString,
    /// What it is for.
    pub description: EcoString,
    /// Where it is declared: of the texts it was parsed with.
    pub span: Option<Span>,
    /// What it is about: what one of these selects. None: everything.
    pub matches: Vec<Selector>,
    /// And none of these.
    pub excepts: Vec<Selector>,
    /// Open without anybody: it is only there so that a gate is about these actions.
    pub auto_approve: bool,
    /// Never open; with the reason.
    pub deny: Option<EcoString>,
    /// Whoever applies must say yes at the terminal.
    pub confirm: bool,
    /// All are needed.
    pub approvals: Vec<Approvals>,
    /// One of these must be open. None: always.
    pub windows: Vec<Window>,
    /// More than this and it is closed.
    pub limits: Limits,
}

/// Approvals that are needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Approvals {
    /// By how many people.
    pub count: usize,
    /// Who they may be: names of people. `None`: anybody who can decide.
    pub from: Option<Vec<EcoString>>,
    /// How `from` was written, for people.
    pub who: EcoString,
    /// Only owners of the type.
    pub owners: bool,
    /// How long an approval is good, whatever it says itself, in milliseconds.
    pub max_age_ms: Option<u64>,
}

/// What actions a gate is about. An empty list (or map) selects everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// Of [`crate::meaning::ACTIONS`].
    pub actions: Vec<EcoString>,
    /// Resource types.
    pub types: Vec<Glob>,
    /// Addresses.
    pub addresses: Vec<Glob>,
    /// Providers, as they are shown.
    pub providers: Vec<Glob>,
    /// Tags that an object has, all of them: before or after.
    pub tags: Vec<(EcoString, Glob)>,
    /// Workspaces.
    pub workspaces: Vec<Glob>,
    /// Risks.
    pub risks: Vec<RiskClass>,
    /// Names of policy rules that warned, denied or asked for approval about the address.
    pub policies: Vec<Glob>,
    /// Plans that destroy more objects than this.
    pub deletes_above: Option<u64>,
    /// Plans that do more things than this.
    pub actions_above: Option<u64>,
    /// Plans that raise the monthly cost by more than this.
    pub cost_above: Option<f64>,
}

/// Bounds on what a gate is about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Objects that are destroyed.
    pub deletes: Option<u64>,
    /// Things that are done.
    pub actions: Option<u64>,
    /// By how much the monthly cost rises.
    pub cost: Option<f64>,
}

impl Gates {
    /// Whose key it is.
    #[must_use]
    pub fn whose(&self, key: &PublicKey) -> Option<(&EcoString, &Person)> {
        self.people
            .iter()
            .find(|(_, person)| person.keys.contains(key))
    }

    /// Whether a name is that of a person among those that approvals may come from. Something that changes its type has two, and owners must own both.
    #[must_use]
    pub fn may_approve(&self, approvals: &Approvals, person: &str, types: &[EcoString]) -> bool {
        let owns = || !types.is_empty() && types.iter().all(|name| self.owns(person, name));
        approvals.lists(person) && (!approvals.owners || owns())
    }

    fn owns(&self, person: &str, type_name: &str) -> bool {
        self.owners.iter().any(|owners| {
            owners.types.iter().any(|glob| glob.matches(type_name))
                && owners.people.iter().any(|name| name == person)
        })
    }
}

impl Approvals {
    /// Whether a person is among those that they may come from.
    #[must_use]
    pub fn lists(&self, person: &str) -> bool {
        let mut from = self.from.iter().flatten();
        self.from.is_none() || from.any(|name| name == person)
    }

    /// One approval, by anybody who can decide.
    #[must_use]
    pub fn one() -> Self {
        Self {
            count: 1,
            from: None,
            who: EcoString::new(),
            owners: false,
            max_age_ms: None,
        }
    }
}
