//! How objects of types are listed.

use super::{networks, services};

/// How objects of a type are listed.
pub(crate) struct Lister {
    pub(crate) name: &'static str,
    pub(crate) operation: &'static str,
    /// What is asked with, as JSON.
    pub(crate) input: &'static str,
    /// The lists that lead to the objects.
    pub(crate) at: &'static str,
    /// What is known of an object that identifies it: a path; empty: the object itself.
    pub(crate) id: &'static str,
    /// The attribute that it is.
    pub(crate) key: &'static str,
    /// Of what AWS made by itself, or has deleted: a path and what is there.
    pub(crate) skips: &'static [(&'static str, &'static str)],
}

pub(super) const fn listed(
    name: &'static str,
    operation: &'static str,
    at: &'static str,
    id: &'static str,
    key: &'static str,
) -> Lister {
    Lister {
        name,
        operation,
        input: "",
        at,
        id,
        key,
        skips: &[],
    }
}

impl Lister {
    pub(super) const fn skips(self, skips: &'static [(&'static str, &'static str)]) -> Self {
        Self { skips, ..self }
    }

    pub(super) const fn with(self, input: &'static str) -> Self {
        Self { input, ..self }
    }
}

/// All, in no order.
pub(crate) fn all() -> impl Iterator<Item = &'static Lister> {
    networks::LISTERS.iter().chain(services::LISTERS)
}
