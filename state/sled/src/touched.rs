//! Which rows of the index a batch makes stale.

use std::collections::BTreeSet;
use terrane_model::addr::{InstanceAddr, ProviderConfigAddr, ResourceAddr};
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;

/// Rows to be written again.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// All of them, and those that are not there any more are to be removed.
    pub(crate) all: bool,
    pub(crate) rows: BTreeSet<InstanceAddr>,
}

impl Touched {
    /// Takes note of a batch, given the state before it.
    pub(crate) fn add(&mut self, before: &Snapshot, events: &[Event]) {
        for event in events {
            if self.all {
                return;
            }
            match &event.kind {
                EventKind::Ended {
                    object, provider, ..
                }
                | EventKind::Set {
                    object, provider, ..
                } => {
                    self.provider(before, &object.instance.resource, provider);
                    self.rows.insert(object.instance.clone());
                }
                EventKind::Deposed { instance, .. } | EventKind::Restored { instance, .. } => {
                    self.rows.insert(instance.clone());
                }
                EventKind::Moved { from, to, provider } => {
                    self.provider(before, &to.resource, provider);
                    self.rows.insert(from.clone());
                    self.rows.insert(to.clone());
                }
                EventKind::Replaced(_) => {
                    self.all = true;
                    self.rows.clear();
                }
                EventKind::Run { .. }
                | EventKind::Began { .. }
                | EventKind::Output { .. }
                | EventKind::Checked(_) => {}
            }
        }
    }

    /// Every row names the provider configuration of its resource; so when that changes, all rows of the resource do.
    fn provider(&mut self, before: &Snapshot, addr: &ResourceAddr, provider: &ProviderConfigAddr) {
        let Some(resource) = before.resources.get(addr) else {
            return;
        };
        if resource.provider != *provider {
            self.rows.extend(
                resource
                    .instances
                    .keys()
                    .map(|key| addr.instance(key.clone())),
            );
        }
    }
}
