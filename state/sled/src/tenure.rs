//! A lease on a workspace, held: the entry in the table, the sign of life, and the way in to write.

use crate::layout::Place;
use crate::leases::{Life, Read, TableFile, bury, is_alive, peek};
use crate::short::{Door, FileId, Short};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use terrane_store::StoreError;
use terrane_store::clock::{Clock, SystemClock};
use terrane_store::lease::{Claim, Fence, Holder, Lease, LeaseRequest, LeaseTable, Terms, Waiting};

/// A claim that names more parts than this is written down as a wider one.
const MOST_PARTS: usize = 500;
/// The year 2020 in seconds since 1970.
const YEAR_2020: u64 = 1_577_836_800;
/// How long one attempt tries to get the short lock.
const ATTEMPT: Duration = Duration::from_millis(300);

/// What all handles of a store share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lease_ms: u64,
    waiting: Arc<Mutex<Queued>>,
}

#[derive(Debug, Default)]
struct Queued {
    /// Signs of life of those who wait, by the folder of the workspace and the id.
    lives: BTreeMap<(PathBuf, String), Life>,
    /// Since when the short lock of a workspace does not move, and what there was then.
    still: BTreeMap<PathBuf, (Instant, (u64, u64))>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            lease_ms: 30_000,
            waiting: Arc::default(),
        }
    }
}

impl Shared {
    /// With leases of this length.
    pub(crate) fn lasting(lease_ms: u64) -> Self {
        Self {
            lease_ms,
            ..Self::default()
        }
    }

    fn queued(&self) -> MutexGuard<'_, Queued> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    /// Runs something with the rules of time.
    fn with_terms<T>(&self, place: &Place, run: impl FnOnce(&Terms<'_>) -> T) -> T {
        run(&Terms {
            now_ms: self.clock.now_ms(),
            lease_ms: self.lease_ms,
            queue_ms: self.lease_ms / 2,
            alive: &|id| is_alive(place, id),
        })
    }

    /// Gives up a place in the queue.
    pub(crate) fn withdraw(&self, place: &Place, id: &str) -> Result<(), StoreError> {
        let key = (place.folder().to_owned(), id.to_owned());
        let Some(life) = self.queued().lives.remove(&key) else {
            return Ok(());
        };
        // Dead is as good as gone; but who looks at the queue should see it short.
        drop(life);
        let mut gate = Gate::open(place)?;
        if let Some(short) = gate.enter(ATTEMPT)? {
            let Read { mut table, seq } = gate.table.read()?;
            table.withdraw(id);
            gate.table.write(&table, seq, false)?;
            drop(short);
        }
        Ok(())
    }
}

/// The files of leasing, opened in the right order.
#[derive(Debug)]
pub(crate) struct Gate {
    place: Place,
    door: Door,
    pub(crate) table: TableFile,
    /// The lock under which the table was last seen to be in place: it is replaced with the lock only.
    seen: FileId,
}

impl Gate {
    pub(crate) fn open(place: &Place) -> Result<Self, StoreError> {
        Ok(Self {
            table: TableFile::open(place)?,
            door: Door::open(place)?,
            place: place.clone(),
            seen: None,
        })
    }

    /// Takes the short lock. `None`: not within this time.
    pub(crate) fn enter(&mut self, patience: Duration) -> Result<Option<Short>, StoreError> {
        const TRIES: usize = 8;
        for _ in 0..TRIES {
            let Some(short) = self.door.take(patience)? else {
                return Ok(None);
            };
            if self.seen == self.door.id() && self.seen.is_some() {
                return Ok(Some(short));
            }
            if self.table.is_in_place() {
                self.seen = self.door.id();
                return Ok(Some(short));
            }
            // Opened anew without the lock, so that nobody who is stopped here can write to the new one later.
            drop(short);
            self.table = TableFile::open(&self.place)?;
        }
        Ok(None)
    }

    /// Passes by a holder of the short lock that does not move. Its files are replaced by copies. `None`: it moved, or somebody else passed it by.
    fn pass_by(&mut self) -> Result<Option<Short>, StoreError> {
        let Some(short) = self.door.pass_by()? else {
            return Ok(None);
        };
        let Read { mut table, seq } = self.table.read()?;
        let (_, last_op) = crate::replace::journal(&self.place)?;
        table.last_fence = table.last_fence.max(Fence(Fence::above(last_op).0 - 1));
        // What was torn may be of any number: far above all that were.
        let seq = if seq == 0 { 1 << 32 } else { seq };
        self.table.replace(&table, seq)?;
        self.seen = self.door.id();
        Ok(Some(short))
    }

    /// What moves when somebody works under the short lock.
    fn signature(&mut self) -> (u64, u64) {
        let len = std::fs::metadata(self.place.journal()).map_or(0, |file| file.len());
        (self.table.seq().unwrap_or(0), len)
    }

    /// Takes the short lock, passing by a holder that has not moved for as long as a lease lasts. Waits for that as long as it takes.
    fn enter_for_sure(&mut self, shared: &Shared) -> Result<Short, StoreError> {
        loop {
            let before = self.signature();
            if let Some(short) = self.enter(shared.lease())? {
                return Ok(short);
            }
            if self.signature() == before
                && let Some(short) = self.pass_by()?
            {
                return Ok(short);
            }
        }
    }

    /// The same, but gives up after a moment, and remembers for the next attempt.
    fn try_enter(&mut self, shared: &Shared) -> Result<Option<Short>, StoreError> {
        let folder = self.place.folder().to_owned();
        if let Some(short) = self.enter(ATTEMPT.min(shared.lease()))? {
            shared.queued().still.remove(&folder);
            return Ok(Some(short));
        }
        let now = self.signature();
        let since = {
            let mut queued = shared.queued();
            let (since, then) = queued
                .still
                .entry(folder)
                .or_insert_with(|| (Instant::now(), now));
            if *then != now {
                (*since, *then) = (Instant::now(), now);
            }
            since.elapsed()
        };
        if since < shared.lease() {
            return Ok(None);
        }
        self.pass_by()
    }
}

/// What came of asking.
pub(crate) enum Asked {
    /// The lease, with the short lock still held.
    Granted(Box<Tenure>, Short),
    Waiting(Waiting),
}

/// A lease that is held. It is given back when this goes.
#[derive(Debug)]
pub(crate) struct Tenure {
    gate: Gate,
    shared: Shared,
    lease: Lease,
    /// The sequence number of the table when it was last looked at.
    seq: u64,
    /// Let go of after the entry is gone.
    _life: Option<Life>,
}

/// Within the short lock.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) short: Short,
    /// The table was changed since the last time: also said when the journal was replaced.
    pub(crate) changed: bool,
}

/// Asks for a lease.
pub(crate) fn ask(
    place: &Place,
    shared: &Shared,
    request: &LeaseRequest,
) -> Result<Asked, StoreError> {
    let LeaseRequest {
        holder,
        claim,
        lock,
    } = request;
    let claim = claim.clone().coarse(MOST_PARTS);
    let mut gate = Gate::open(place)?;
    let Some(short) = gate.try_enter(shared)? else {
        let held = peek(place)?.held(&|id| is_alive(place, id));
        return Ok(Asked::Waiting(Waiting {
            position: 1,
            holders: held.into_iter().take(1).map(|held| held.holder).collect(),
            about: None,
            lasts: false,
        }));
    };
    let Read { mut table, seq } = gate.table.read()?;
    if seq == 0 {
        // A new table, or one that was lost: fences go on above what the state knows of.
        table.last_fence = match crate::replace::last_op(place) {
            Ok(last_op) => Fence(Fence::above(last_op).0 - 1),
            // It is damaged: what was given out can't be known. Nobody gives out one a second.
            Err(_) => Fence((shared.clock.now_ms() / 1000).saturating_sub(YEAR_2020)),
        };
    }
    let lowest = Fence(1);
    let mut life = None;
    let fence = if *lock {
        let key = (place.folder().to_owned(), holder.id.to_string());
        let known = shared.queued().lives.remove(&key);
        let begun = match known {
            Some(life) => life,
            None if table.find(&holder.id).is_some() && is_alive(place, &holder.id) => {
                // Somebody else has this id.
                let holders = table.find(&holder.id).map(|entry| entry.holder.clone());
                return Ok(Asked::Waiting(Waiting {
                    position: 1,
                    holders: holders.into_iter().collect(),
                    about: None,
                    lasts: false,
                }));
            }
            None => Life::begin(place, &holder.id)?,
        };
        let asked = shared.with_terms(place, |terms| table.attempt(holder, &claim, lowest, terms));
        match asked {
            Ok(fence) => {
                life = Some(begun);
                fence
            }
            Err(waiting) => {
                gate.table.write(&table, seq, false)?;
                shared.queued().lives.insert(key, begun);
                return Ok(Asked::Waiting(waiting));
            }
        }
    } else {
        table.next_fence(lowest)
    };
    let seq = gate.table.write(&table, seq, true)?;
    bury(place, &table);
    let tenure = Tenure {
        gate,
        shared: shared.clone(),
        lease: Lease {
            holder: holder.clone(),
            claim: if *lock { claim } else { Claim::whole() },
            fence,
            locked: *lock,
        },
        seq,
        _life: life,
    };
    Ok(Asked::Granted(Box::new(tenure), short))
}

/// Takes a lease away from its holder.
pub(crate) fn break_lock(place: &Place, shared: &Shared, id: &str) -> Result<Holder, StoreError> {
    if !place.exists() {
        return LeaseTable::default().break_lock(id);
    }
    let mut gate = Gate::open(place)?;
    let short = gate.enter_for_sure(shared)?;
    let Read { mut table, seq } = gate.table.read()?;
    let holder = table.break_lock(id)?;
    gate.table.write(&table, seq, true)?;
    drop(short);
    Ok(holder)
}

impl Tenure {
    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    pub(crate) fn renew_every(&self) -> Option<Duration> {
        self.lease.locked.then(|| self.shared.lease() / 3)
    }

    /// Takes the short lock, if the lease is still held.
    pub(crate) fn enter(&mut self) -> Result<Entered, StoreError> {
        let short = self.gate.enter_for_sure(&self.shared)?;
        let seq = self.gate.table.seq()?;
        let changed = seq != self.seq || seq == 0;
        if changed && self.lease.locked {
            let Read { table, seq: _ } = self.gate.table.read()?;
            let Lease { holder, fence, .. } = &self.lease;
            if !table.is_held(&holder.id, *fence) {
                return Err(self.lost(Some(&table)));
            }
        }
        self.seq = seq;
        Ok(Entered { short, changed })
    }

    /// The error for one whose lease is gone.
    pub(crate) fn lost(&self, table: Option<&LeaseTable>) -> StoreError {
        let taken = table.and_then(|table| {
            let later = table.held(&|_| true).into_iter().find(|held| {
                held.fence > Some(self.lease.fence) && !held.claim.is_compatible(&self.lease.claim)
            });
            later.map(|held| held.holder.describe())
        });
        StoreError::LeaseLost {
            path: self.gate.place.folder().display().to_string(),
            why: match taken {
                Some(by) => format!("it ran out, and {by} has it now"),
                None => "it ran out and was taken, or it was broken with force-unlock".to_owned(),
            },
        }
    }

    /// Prolongs the lease.
    pub(crate) fn renew(&mut self) -> Result<(), StoreError> {
        if !self.lease.locked {
            return Ok(());
        }
        let short = self.gate.enter_for_sure(&self.shared)?;
        let Read { mut table, seq } = self.gate.table.read()?;
        let Lease { holder, fence, .. } = &self.lease;
        let held = self.shared.with_terms(&self.gate.place, |terms| {
            table.renew(&holder.id, *fence, terms)
        });
        if !held {
            return Err(self.lost(Some(&table)));
        }
        let known = self.seq == seq;
        let seq = self.gate.table.write(&table, seq, false)?;
        // Otherwise it is still to be looked at what changed.
        if known {
            self.seq = seq;
        }
        if short.is_in_force() {
            return Ok(());
        }
        Err(self.lost(None))
    }

    /// Makes everybody look at the journal again: before it is replaced. To be called under the short lock.
    pub(crate) fn announce(&mut self) -> Result<(), StoreError> {
        let Read { table, seq } = self.gate.table.read()?;
        self.seq = self.gate.table.write(&table, seq, true)?;
        Ok(())
    }

    /// Fences that are given out from now on are above this one. To be called under the short lock.
    pub(crate) fn raise(&mut self, fence: Fence) -> Result<(), StoreError> {
        let Read { mut table, seq } = self.gate.table.read()?;
        if fence > table.last_fence {
            table.last_fence = fence;
            self.seq = self.gate.table.write(&table, seq, true)?;
        }
        Ok(())
    }
}

impl Drop for Tenure {
    fn drop(&mut self) {
        if !self.lease.locked {
            return;
        }
        // If this fails, the sign of life ends all the same.
        if let Ok(Some(short)) = self.gate.enter(self.shared.lease())
            && let Ok(Read { mut table, seq }) = self.gate.table.read()
        {
            table.give_back(&self.lease);
            drop(self.gate.table.write(&table, seq, false));
            drop(short);
        }
    }
}
