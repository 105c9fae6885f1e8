//! Views: a plan, or stored objects, for people and for machines. Nothing here decides anything.

pub mod json;
pub mod text;

use terrane_model::addr::InstanceAddr;

#[cfg(test)]
pub(crate) mod fixture;

/// In the order in which the peers list objects: those of modules that are nearer to the root first. The given order is that of the tree of modules.
pub(crate) fn by_depth<'t, T: 't>(
    objects: impl Iterator<Item = &'t T>,
    addr: impl Fn(&T) -> &InstanceAddr,
) -> impl Iterator<Item = &'t T> {
    let mut objects: Vec<&T> = objects.collect();
    objects.sort_by_key(|object| addr(object).resource.module.0.len());
    objects.into_iter()
}
