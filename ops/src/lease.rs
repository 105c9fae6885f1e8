//! Leases on the state: asking, waiting in the queue, and keeping what was given.

use crate::clock::{now_ms, rfc3339};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::session::{OpenWorkspace, Session};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use terrane_model::event::Event;
use terrane_model::snapshot::Snapshot;
use terrane_store::lease::{
    Attempt, Claim, Fence, Held, Holder, Lease, LeaseRequest, Leasing, Part, Waiting, new_lock_id,
};
use terrane_store::{StateStore, StoreError, Workspace};

/// How soon it is asked again, at first.
const SOON: Duration = Duration::from_millis(100);
/// How soon at the latest: well before a store thinks that nobody waits any more.
const LATE: Duration = Duration::from_secs(2);

impl Session {
    /// Who asks for leases: this process.
    #[must_use]
    pub fn holder(&self) -> Holder {
        // The peers' words, where they have one.
        let operation = match self.command.as_str() {
            "apply" | "destroy" => "OperationTypeApply",
            "plan" => "OperationTypePlan",
            "refresh" => "OperationTypeRefresh",
            other => other,
        };
        Holder {
            id: new_lock_id(),
            operation: operation.into(),
            info: format!("process {}", std::process::id()).into(),
            who: self.who().into(),
            version: env!("CARGO_PKG_VERSION").into(),
            created: rfc3339(now_ms()).into(),
            path: ecow::EcoString::new(),
        }
    }

    /// A lease on parts of the current workspace, and the workspace opened with it. Waits as long as `lock_timeout` says, telling what for.
    ///
    /// # Errors
    /// When it can't be had in time, or can't be opened; when the user interrupts the waiting.
    pub fn acquire(
        &self,
        claim: Claim,
        interrupt: Option<&Interrupt>,
    ) -> Result<OpenWorkspace, Failure> {
        self.acquire_in(self.store()?, &self.workspace()?, claim, interrupt)
    }

    /// The same of a workspace of a store.
    ///
    /// # Errors
    /// As [`Session::acquire`].
    pub(crate) fn acquire_in(
        &self,
        store: &dyn StateStore,
        name: &str,
        claim: Claim,
        interrupt: Option<&Interrupt>,
    ) -> Result<OpenWorkspace, Failure> {
        let holder = self.holder().at(store.location());
        let request = if self.lock {
            LeaseRequest::parts(holder, claim)
        } else {
            LeaseRequest::without_lock(holder)
        };
        let failed = || Failure::store("Opening the state failed");
        let began = Instant::now();
        let mut pause = SOON;
        let mut said = String::new();
        loop {
            let waiting = match store.acquire(name, &request).map_err(failed())? {
                Attempt::Granted(workspace) => return Ok(kept(workspace)),
                Attempt::Waiting(waiting) => waiting,
            };
            let left = self.lock_timeout.saturating_sub(began.elapsed());
            let stopped = interrupt.is_some_and(|interrupt| interrupt.count() > 0);
            if left.is_zero() || stopped {
                store.withdraw(name, &request.holder.id).map_err(failed())?;
                return Err(match stopped {
                    true => Failure::Interrupted(String::from(
                        "It was waited for others to let go of the state. Nothing was changed.",
                    )),
                    false => failed()(waiting.in_use(store.location_of(name))),
                });
            }
            let text = describe(&waiting, store.leasing());
            if text != said {
                (self.say.0)(&text);
                said = text;
            }
            std::thread::sleep(pause.min(left));
            pause = (pause * 3 / 2).min(LATE);
        }
    }

    /// The state to plan from: open intents of runs that still go on are left out, for it is theirs to end them.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn without_others(&self, snapshot: Arc<Snapshot>) -> Result<Arc<Snapshot>, Failure> {
        if snapshot.open.is_empty() {
            return Ok(snapshot);
        }
        let held = self
            .store()?
            .holders(&self.workspace()?)
            .map_err(Failure::store("Reading the leases of the state failed"))?;
        Ok(without(snapshot, &held))
    }
}

/// A snapshot without the open intents of those who hold a lease.
fn without(mut snapshot: Arc<Snapshot>, held: &[Held]) -> Arc<Snapshot> {
    let theirs = |op: u64| held.iter().any(|held| held.fence == Some(Fence::of(op)));
    if snapshot.open.keys().any(|op| theirs(*op)) {
        Arc::make_mut(&mut snapshot)
            .open
            .retain(|op, _| !theirs(*op));
    }
    snapshot
}

/// What must be leased to settle open intents.
#[must_use]
pub fn claim_of_intents(snapshot: &Snapshot) -> Claim {
    let intents = snapshot.open.values();
    intents.fold(Claim::nothing(), |claim, intent| {
        claim.write(Part::Instance(intent.object.instance.clone()))
    })
}

/// What is waited for, for people.
fn describe(waiting: &Waiting, leasing: Leasing) -> String {
    let about = match (&waiting.about, leasing) {
        (_, Leasing::Whole) => " This store can only lock the state as a whole.".to_owned(),
        (Some(about), Leasing::Parts) => format!(" Both want {about}."),
        (None, Leasing::Parts) => String::new(),
    };
    let stays = match waiting.holders.first() {
        Some(holder) if waiting.lasts => {
            format!(
                " {}; the id of the lock is {}.",
                crate::failure::LASTS,
                holder.id
            )
        }
        _ => String::new(),
    };
    format!(
        "Waiting for the state: position {}, held by {}.{about}{stays}",
        waiting.position,
        waiting.describe()
    )
}

/// Takes a lease away from its holder.
///
/// # Errors
/// When there is no lock with this id, or the store can't be written.
pub fn force_unlock(session: &Session, id: &str) -> Result<Holder, Failure> {
    let store = session.store()?;
    let holder = store
        .force_unlock(&session.workspace()?, id)
        .map_err(Failure::store("Unlocking the state failed"))?;
    crate::audit::note(
        session,
        "unlock",
        serde_json::json!({"lock": id, "holder": holder.describe()}),
    );
    Ok(holder)
}

/// Keeps a lease by renewing it in time, whatever else goes on.
fn kept(workspace: OpenWorkspace) -> OpenWorkspace {
    let Some(every) = workspace.renew_every() else {
        return workspace;
    };
    let lease = workspace.lease().clone();
    let inner = Arc::new(Mutex::new(Some(workspace)));
    let (stop, stopped) = mpsc::channel::<()>();
    let shared = inner.clone();
    let thread = std::thread::spawn(move || {
        while matches!(stopped.recv_timeout(every), Err(RecvTimeoutError::Timeout)) {
            let renewed = match &mut *lock(&shared) {
                Some(workspace) => workspace.renew(),
                None => return,
            };
            match renewed {
                // The next commit will say so.
                Err(StoreError::LeaseLost { .. }) => return,
                Err(error) => tracing::warn!(%error, "the lease could not be renewed"),
                Ok(()) => {}
            }
        }
    });
    Box::new(Kept {
        inner,
        lease,
        stop: Some(stop),
        thread: Some(thread),
    })
}

type Inner = Arc<Mutex<Option<OpenWorkspace>>>;

fn lock(inner: &Inner) -> MutexGuard<'_, Option<OpenWorkspace>> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A workspace whose lease is renewed by a thread.
#[derive(Debug)]
struct Kept {
    inner: Inner,
    lease: Lease,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Kept {
    /// Runs something with the workspace, which is there until it is closed.
    fn with<T>(
        &self,
        run: impl FnOnce(&mut dyn Workspace) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &mut *lock(&self.inner) {
            Some(workspace) => run(&mut **workspace),
            None => Err(StoreError::Refused("the state is closed".to_owned())),
        }
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It does nothing that could panic.
            drop(thread.join());
        }
    }
}

impl Workspace for Kept {
    fn snapshot(&self) -> Arc<Snapshot> {
        self.with(|workspace| Ok(workspace.snapshot()))
            .unwrap_or_default()
    }

    fn lease(&self) -> &Lease {
        &self.lease
    }

    fn commit(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        self.with(|workspace| workspace.commit(events))
    }

    fn refresh(&mut self) -> Result<Arc<Snapshot>, StoreError> {
        self.with(|workspace| workspace.refresh())
    }

    fn renew(&mut self) -> Result<(), StoreError> {
        self.with(|workspace| workspace.renew())
    }

    fn close(mut self: Box<Self>) -> Result<(), StoreError> {
        self.end();
        let workspace = lock(&self.inner).take();
        workspace.map_or(Ok(()), |workspace| workspace.close())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::{describe, kept, without};
    use std::sync::Arc;
    use terrane_model::addr::Target;
    use terrane_model::event::{Event, EventKind, Operation};
    use terrane_model::snapshot::Snapshot;
    use terrane_store::clock::SystemClock;
    use terrane_store::conformance::sample;
    use terrane_store::lease::{Claim, Conflict, Held, Holder, Leasing, Part, Waiting};
    use terrane_store::{MemoryStore, StateStore as _};

    fn holder(who: &str) -> Holder {
        Holder {
            id: who.into(),
            who: who.into(),
            operation: "OperationTypeApply".into(),
            created: "2026-11-20T17:00:00Z".into(),
            ..Holder::default()
        }
    }

    #[test]
    fn whoever_waits_is_told_what_for() {
        let waiting = Waiting {
            position: 2,
            holders: vec![holder("ana@host"), holder("bob@host")],
            about: Some(Conflict::Part(Part::Output("x".into()))),
            lasts: false,
        };
        assert_eq!(
            describe(&waiting, Leasing::Parts),
            "Waiting for the state: position 2, held by ana@host since 2026-11-20T17:00:00Z (apply) and 1 more. Both want output.x."
        );
        assert!(describe(&waiting, Leasing::Whole).ends_with("as a whole."));
        let lasting = Waiting {
            lasts: true,
            ..waiting
        };
        assert!(describe(&lasting, Leasing::Whole).ends_with("the id of the lock is ana@host."));
    }

    /// A lease outlives its length as long as the process has it open, and is free when it is closed.
    #[test]
    fn a_lease_is_kept_until_it_is_closed() {
        let store = MemoryStore::new().with_clock(Arc::new(SystemClock), 30);
        let mut workspace = kept(store.open("default").unwrap());
        let began = std::time::Instant::now();
        let expires = || store.holders("default").unwrap()[0].expires_ms.unwrap();
        let first = expires();
        while expires() <= first + 60 {
            assert!(began.elapsed().as_secs() < 30, "it is renewed");
            std::thread::yield_now();
        }
        assert!(store.open("default").is_err());
        let output = EventKind::Output {
            name: "x".into(),
            value: None,
        };
        workspace
            .commit(vec![Event {
                at_ms: 1,
                kind: output,
            }])
            .unwrap();
        assert_eq!(workspace.snapshot().serial, 1);
        workspace.close().unwrap();
        assert!(store.holders("default").unwrap().is_empty());
    }

    #[test]
    fn intents_of_those_who_still_work_are_theirs() {
        let instance = match "t.a[0]".parse().unwrap() {
            Target::Instance(instance) => instance,
            other => panic!("{other:?}"),
        };
        let mut snapshot = Snapshot::default();
        for op in [7, (3 << 24) + 1, (4 << 24) + 1] {
            snapshot.fold(&sample::began(op, &instance, Operation::Create));
        }
        let held = [Held {
            holder: holder("ana"),
            claim: Claim::whole(),
            fence: Some(terrane_store::lease::Fence(3)),
            expires_ms: None,
        }];
        let left = without(Arc::new(snapshot), &held);
        let ops: Vec<_> = left.open.keys().copied().collect();
        assert_eq!(ops, [7, (4 << 24) + 1]);
    }
}
