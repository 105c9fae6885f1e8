//! The tables: resource types that can be created, changed and deleted.

use crate::table::Table;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use terrane_value::EcoString;

mod balance;
mod caches;
mod cognito;
mod computing;
mod crypto;
mod directory;
mod discovery;
mod dsql;
mod ec2;
mod ecs;
mod edge;
mod eks;
mod files;
mod firehose;
mod fleet;
mod gateway;
mod iam;
mod jobs;
mod kafka;
mod lambda;
mod messages;
mod names;
mod operations;
mod rds;
mod registry;
mod resolver;
mod schedules;
mod schemas;
mod sharing;
mod storage;
mod streams;
mod targets;
#[cfg(test)]
mod tests;
mod trail;
mod watch;
mod workflows;

pub(crate) use lambda::{FOUND as FUNCTION_NAMES, answer as function_answer};

/// What a family has: names, and what makes the table of each.
type Family = &'static [(&'static str, fn() -> Table)];

const FAMILIES: &[Family] = &[
    balance::TYPES,
    caches::TYPES,
    cognito::TYPES,
    computing::TYPES,
    crypto::TYPES,
    directory::TYPES,
    discovery::TYPES,
    dsql::TYPES,
    ec2::NETWORK,
    ec2::PEERINGS,
    ecs::TYPES,
    edge::TYPES,
    eks::TYPES,
    files::TYPES,
    firehose::TYPES,
    fleet::TYPES,
    gateway::TYPES,
    iam::TYPES,
    jobs::TYPES,
    kafka::TYPES,
    lambda::TYPES,
    messages::TYPES,
    names::TYPES,
    operations::TYPES,
    rds::TYPES,
    registry::TYPES,
    resolver::TYPES,
    schedules::TYPES,
    schemas::TYPES,
    sharing::TYPES,
    storage::TYPES,
    streams::TYPES,
    targets::TYPES,
    trail::TYPES,
    watch::TYPES,
    workflows::TYPES,
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

/// The types whose objects are read many at a time, and how many at most. These are written down, so that no table has to be made for it; a test compares.
pub(crate) fn in_bulk() -> BTreeMap<EcoString, u32> {
    let named = FAMILIES.iter().flat_map(|family| family.iter());
    named
        .filter_map(|(name, _)| Some(((*name).into(), table(name)?.bulk.as_ref()?.most)))
        .collect()
}

/// The names of all types that have tables, in order.
pub(crate) fn all_names() -> impl Iterator<Item = &'static str> {
    TABLES.keys().copied()
}
