//! The tables: resource types that can be created, changed and deleted.

use crate::table::Table;
use std::collections::BTreeMap;
use std::sync::LazyLock;

mod crypto;
mod ec2;
mod ecs;
mod iam;
mod lambda;
mod messages;
mod operations;
mod scaling;
mod storage;
#[cfg(test)]
mod tests;
mod watch;

/// What a family has: names, and what makes the table of each.
type Family = &'static [(&'static str, fn() -> Table)];

const FAMILIES: &[Family] = &[
    crypto::TYPES,
    ec2::NETWORK,
    ecs::TYPES,
    iam::TYPES,
    lambda::TYPES,
    messages::TYPES,
    operations::TYPES,
    scaling::TYPES,
    storage::TYPES,
    watch::TYPES,
];

/// By name; each is made when it is first used.
type Tables = BTreeMap<&'static str, LazyLock<Table, fn() -> Table>>;

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    FAMILIES
        .iter()
        .flat_map(|family| family.iter())
        .map(|(name, make)| (*name, LazyLock::new(*make)))
        .collect()
});

/// The table of a type, if it has one.
pub(crate) fn table(name: &str) -> Option<&'static Table> {
    TABLES.get(name).map(|table| &**table)
}

/// The names of all types that have tables, in order.
#[cfg(test)]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLES.keys().copied()
}
