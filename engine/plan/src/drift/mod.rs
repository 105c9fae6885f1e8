//! Drift: how objects differ from what state knows of them, and what such a difference means.
//!
//! In goes an object as state holds it and as it is, both marked; out come its [`Difference`]s, each of a [`Class`]. No configuration is needed.
//! [`crate::machine::Survey`] finds the objects.

mod compare;
pub(crate) mod made;
mod meaning;
mod table;
#[cfg(test)]
mod tests;

pub use compare::compare;
pub(crate) use table::fits;
pub use table::{ATTRIBUTES, CLOUD_KEYS, TYPES};

use ecow::EcoString;
use terrane_model::addr::{DeposedKey, InstanceAddr, ProviderConfigAddr};
use terrane_value::{Path, Value};

/// What a difference means, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Nothing that anybody has configured: set by the cloud, or written differently.
    Harmless,
    /// Something that can be configured is different.
    Changed,
    /// Something is different on which it depends who can do what, or who can read what.
    Security,
    /// The object is not there any more.
    Gone,
}

impl Class {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Harmless, Self::Changed, Self::Security, Self::Gone];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Harmless => "harmless",
            Self::Changed => "changed",
            Self::Security => "security",
            Self::Gone => "gone",
        }
    }

    /// The class of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// One difference of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where: an attribute, a key of a map, an element. For an element of a set, the set.
    pub path: Path,
    /// As state holds it; null if it is not there. May be marked.
    pub before: Value,
    /// As it is; null if it is not there. May be marked.
    pub after: Value,
    /// What it means.
    pub class: Class,
    /// Why it is of this class, for people.
    pub why: &'static str,
    /// Whether the configuration may set it: else only the provider does.
    pub configurable: bool,
}

impl Difference {
    /// Whether the values must not be shown.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.before.contains_marks() || self.after.contains_marks()
    }

    /// The attribute or block of the object in which it is.
    #[must_use]
    pub fn root(&self) -> Option<&EcoString> {
        match self.path.0.first() {
            Some(terrane_value::PathStep::Attr(name)) => Some(name),
            _ => None,
        }
    }
}

/// An object that is not as state holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drifted {
    /// Which instance.
    pub addr: InstanceAddr,
    /// Which deposed object of it.
    pub deposed: Option<DeposedKey>,
    /// Managed by.
    pub provider: ProviderConfigAddr,
    /// As state holds it, marked.
    pub before: Value,
    /// As it is, marked; null if it is gone.
    pub after: Value,
    /// How it differs, in the order of the schema. Empty if it is gone.
    pub differences: Vec<Difference>,
}

impl Drifted {
    /// The worst of its differences.
    #[must_use]
    pub fn class(&self) -> Class {
        if self.after.is_null() {
            return Class::Gone;
        }
        let classes = self.differences.iter().map(|difference| difference.class);
        classes.max().unwrap_or(Class::Harmless)
    }

    /// The `id`, by which people know it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        let id = self.before.get("id")?;
        // A marked one is nobody's business.
        id.as_str()
    }
}

/// An object that a provider lists and state does not know.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmanaged {
    /// Which provider configuration listed it.
    pub provider: ProviderConfigAddr,
    /// Its type.
    pub type_name: EcoString,
    /// What identifies it.
    pub identity: Value,
    /// Its name for people.
    pub name: String,
}

/// A type that could not be listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Unlisted {
    /// Which provider configuration was asked; `None`: of a name that the user gave, no provider has a type.
    pub provider: Option<ProviderConfigAddr>,
    /// The type, or the name.
    pub type_name: EcoString,
    /// Why.
    pub problem: String,
}
