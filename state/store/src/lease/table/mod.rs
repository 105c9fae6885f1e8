//! The table of leases of one workspace, and the queue: rules without a store.
//!
//! Entries stand in the order in which they came. An entry is held up by every earlier one, held or waiting, that claims what it can't share; so nobody is
//! overtaken by somebody who wants the same, and nobody waits for somebody who does not.

mod wire;

use super::{Claim, Conflict, Fence, Held, Holder, Lease, Waiting};
use crate::StoreError;
use ecow::EcoString;

/// How long things last, and what is known of who lives.
pub struct Terms<'a> {
    /// The time.
    pub now_ms: u64,
    /// How long a lease lasts without being renewed.
    pub lease_ms: u64,
    /// How long a place in the queue lasts without being asked for again.
    pub queue_ms: u64,
    /// Whether the process behind an id may still be there. Where that is not known: yes.
    pub alive: &'a dyn Fn(&str) -> bool,
}

impl std::fmt::Debug for Terms<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terms")
            .field("now_ms", &self.now_ms)
            .finish_non_exhaustive()
    }
}

/// How an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It has the lease.
    Held {
        /// Its number.
        fence: Fence,
        /// When it may be taken.
        expires_ms: u64,
    },
    /// It waits.
    Waiting {
        /// When it last asked.
        seen_ms: u64,
    },
}

/// Somebody who holds a lease or waits for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub holder: Holder,
    /// What is claimed.
    pub claim: Claim,
    /// How it stands.
    pub stand: Stand,
}

/// All who hold or wait, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseTable {
    /// The highest fence that was given out.
    pub last_fence: Fence,
    /// In the order in which they came.
    pub entries: Vec<Entry>,
}

impl LeaseTable {
    /// Asks for a lease, or asks again. `Ok`: it is given. `lowest`: the lowest fence that may be given.
    ///
    /// # Errors
    /// When it must wait, with what it waits for.
    pub fn attempt(
        &mut self,
        holder: &Holder,
        claim: &Claim,
        lowest: Fence,
        terms: &Terms<'_>,
    ) -> Result<Fence, Waiting> {
        self.drop_dead(&holder.id, terms);
        if let Some(Entry {
            holder,
            stand: Stand::Held { .. },
            ..
        }) = self.find(&holder.id)
        {
            // An id stands for one lease. Whoever has it has it already.
            return Err(Waiting {
                position: 1,
                holders: vec![holder.clone()],
                about: None,
                lasts: false,
            });
        }
        let at = self.place(holder, claim, terms.now_ms);
        let mut ahead: Vec<(usize, Conflict)> = Vec::new();
        let mut expired = Vec::new();
        for (before, entry) in self.entries.iter().enumerate().take(at) {
            let Some(conflict) = entry.claim.conflict(claim) else {
                continue;
            };
            match entry.stand {
                Stand::Held { expires_ms, .. } if expires_ms <= terms.now_ms => {
                    expired.push(before);
                }
                _ => ahead.push((before, conflict)),
            }
        }
        if !ahead.is_empty() {
            return Err(self.waiting(&ahead));
        }
        for gone in expired.into_iter().rev() {
            self.entries.remove(gone);
        }
        let fence = lowest.max(Fence(self.last_fence.0 + 1));
        self.last_fence = fence;
        if let Some(entry) = self.find_mut(&holder.id) {
            entry.stand = Stand::Held {
                fence,
                expires_ms: terms.now_ms.saturating_add(terms.lease_ms),
            };
        }
        Ok(fence)
    }

    /// Removes those whose process is gone, and those in the queue who have stopped asking.
    fn drop_dead(&mut self, but: &str, terms: &Terms<'_>) {
        self.entries.retain(|entry| {
            let given_up = matches!(entry.stand, Stand::Waiting { seen_ms } if seen_ms.saturating_add(terms.queue_ms) <= terms.now_ms);
            entry.holder.id == but || (!given_up && (terms.alive)(&entry.holder.id))
        });
    }

    /// The place in the queue: the old one, or a new one at the end.
    fn place(&mut self, holder: &Holder, claim: &Claim, now_ms: u64) -> usize {
        let known = self
            .entries
            .iter()
            .position(|entry| entry.holder.id == holder.id);
        let stand = Stand::Waiting { seen_ms: now_ms };
        // A place is kept for what it was taken for: whoever wants something else goes to the end.
        if let Some(at) = known {
            if self
                .entries
                .get(at)
                .is_some_and(|entry| entry.claim == *claim)
            {
                if let Some(entry) = self.entries.get_mut(at)
                    && matches!(entry.stand, Stand::Waiting { .. })
                {
                    entry.stand = stand;
                }
                return at;
            }
            self.entries.remove(at);
        }
        self.entries.push(Entry {
            holder: holder.clone(),
            claim: claim.clone(),
            stand,
        });
        self.entries.len() - 1
    }

    fn waiting(&self, ahead: &[(usize, Conflict)]) -> Waiting {
        let entries = ahead
            .iter()
            .filter_map(|(at, conflict)| Some((self.entries.get(*at)?, conflict)));
        let (held, queued): (Vec<_>, Vec<_>) =
            entries.partition(|(entry, _)| matches!(entry.stand, Stand::Held { .. }));
        let position = queued.len() + 1;
        let about = held
            .first()
            .or_else(|| queued.first())
            .map(|(_, conflict)| (*conflict).clone());
        let named = if held.is_empty() { &queued } else { &held };
        Waiting {
            position,
            holders: named
                .iter()
                .map(|(entry, _)| entry.holder.clone())
                .collect(),
            about,
            lasts: false,
        }
    }

    /// The entry with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.holder.id == id)
    }

    fn find_mut(&mut self, id: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.holder.id == id)
    }

    /// Whether somebody holds a lease with this id and fence. One that has run out is held as long as nobody took it.
    #[must_use]
    pub fn is_held(&self, id: &str, fence: Fence) -> bool {
        self.find(id).is_some_and(
            |entry| matches!(entry.stand, Stand::Held { fence: held, .. } if held == fence),
        )
    }

    /// Prolongs a lease. `false`: it is lost.
    pub fn renew(&mut self, id: &str, fence: Fence, terms: &Terms<'_>) -> bool {
        let until = terms.now_ms.saturating_add(terms.lease_ms);
        match self.find_mut(id).map(|entry| &mut entry.stand) {
            Some(Stand::Held {
                fence: held,
                expires_ms,
            }) if *held == fence => {
                *expires_ms = (*expires_ms).max(until);
                true
            }
            _ => false,
        }
    }

    /// The next fence for somebody who writes without a lease.
    pub fn next_fence(&mut self, lowest: Fence) -> Fence {
        self.last_fence = lowest.max(Fence(self.last_fence.0 + 1));
        self.last_fence
    }

    /// Gives up a place in the queue; a lease that is held stays.
    pub fn withdraw(&mut self, id: &str) {
        self.entries
            .retain(|entry| entry.holder.id != id || !matches!(entry.stand, Stand::Waiting { .. }));
    }

    /// Gives a lease back. Nothing happens if it is lost already.
    pub fn give_back(&mut self, lease: &Lease) {
        if self.is_held(&lease.holder.id, lease.fence) {
            self.entries
                .retain(|entry| entry.holder.id != lease.holder.id);
        }
    }

    /// Takes a lease (or a place in the queue) away. Returns whose it was.
    ///
    /// # Errors
    /// `Refused`, when there is none with this id; the message names those that are there.
    pub fn break_lock(&mut self, id: &str) -> Result<Holder, StoreError> {
        let at = self.entries.iter().position(|entry| entry.holder.id == id);
        if let Some(at) = at {
            return Ok(self.entries.remove(at).holder);
        }
        let there: Vec<String> = self
            .entries
            .iter()
            .map(|Entry { holder, .. }| format!("{} of {}", holder.id, holder.describe()))
            .collect();
        Err(StoreError::Refused(if there.is_empty() {
            format!("there is no lock with the id {id:?}: the state is not locked")
        } else {
            format!(
                "there is no lock with the id {id:?}; there is {}",
                there.join("; ")
            )
        }))
    }

    /// All entries whose process may still be there.
    #[must_use]
    pub fn held(&self, alive: &dyn Fn(&str) -> bool) -> Vec<Held> {
        self.entries
            .iter()
            .filter(|entry| alive(&entry.holder.id))
            .map(|entry| {
                let (fence, expires_ms) = match entry.stand {
                    Stand::Held { fence, expires_ms } => (Some(fence), Some(expires_ms)),
                    Stand::Waiting { .. } => (None, None),
                };
                Held {
                    holder: entry.holder.clone(),
                    claim: entry.claim.clone(),
                    fence,
                    expires_ms,
                }
            })
            .collect()
    }

    /// The ids of all entries.
    pub fn ids(&self) -> impl Iterator<Item = &EcoString> {
        self.entries.iter().map(|entry| &entry.holder.id)
    }
}

#[cfg(test)]
mod tests;
