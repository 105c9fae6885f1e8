//! Opening a workspace for writing: the lease, the peers' lock, and what they are given on.

use crate::client::Trouble;
use crate::leases::{Locked, begin, end_marked, mark};
use crate::peers::{Line, Take};
use crate::reading::Reading;
use crate::runtime::wait_for;
use crate::session::{Hold, LEASE, Opening, Session};
use crate::store::{Layout, PgStore};
use crate::workspace::Opened;
use std::sync::Arc;
use terrane_model::event::{Event, EventKind};
use terrane_store::StoreError;
use terrane_store::lease::{Claim, Fence, Holder, Lease, LeaseRequest, Stand, Waiting};

/// A lease that was given.
pub(crate) struct Grant {
    pub(crate) reading: Reading,
    pub(crate) line: Option<Line>,
    pub(crate) lease: Lease,
    hold: Option<Hold>,
    pub(crate) workspace: i64,
}

impl PgStore {
    /// Asks for a lease once. `patient`: where somebody is making a line at this moment, it is better to ask again at once than to wait.
    pub(crate) async fn attempt(
        &self,
        workspace: &str,
        request: &LeaseRequest,
        empty: &str,
        patient: bool,
    ) -> Result<Result<Grant, Waiting>, Trouble> {
        let mut link = self
            .connector
            .connect_or_say()
            .await
            .map_err(Trouble::Store)?;
        self.tables.names.prepare(&mut link, self.mirrors()).await?;
        let mut transaction = begin(&mut link).await?;
        let mut locked = self
            .tables
            .lock_or_make(&mut transaction, workspace)
            .await?;
        let claim = match self.layout() {
            Layout::Rows => request.claim.clone(),
            Layout::States => Claim::whole(),
        };
        let mut outcome = ask(&mut locked, request, &claim);
        let mut line = None;
        if self.mirrors() && outcome.is_ok() {
            self.end_removed(&mut transaction, &locked).await?;
            match self
                .take_line(&mut transaction, workspace, request, empty)
                .await?
            {
                Take::Taken { line: taken, made } => {
                    if made {
                        // What was made of nothing is no news of a peer.
                        let digest = taken.digest.as_deref();
                        self.tables
                            .published(&mut transaction, locked.head.id, 0, digest)
                            .await?;
                    }
                    line = Some(taken);
                }
                Take::Making if patient => {
                    return Err(Trouble::Again("a workspace is being made".to_owned()));
                }
                Take::Making | Take::Held => {
                    outcome = Err(self
                        .behind_a_peer(&mut transaction, workspace, &mut locked, &request.holder)
                        .await?);
                }
            }
        }
        self.tables.keep(&mut transaction, &locked).await?;
        let hold = match (&outcome, request.lock) {
            (Ok(fence), true) => Some(
                self.show(&mut transaction, locked.head.id, request, *fence)
                    .await?,
            ),
            _ => None,
        };
        transaction.commit().await?;
        if self.mirrors() {
            self.tables.end_creation(&mut link).await?;
        }
        let fence = match outcome {
            Ok(fence) => fence,
            Err(waiting) => {
                self.connector.put_back(link).await;
                return Ok(Err(waiting));
            }
        };
        Ok(Ok(Grant {
            reading: Reading {
                link,
                ours: true,
                theirs: self.mirrors(),
            },
            line,
            lease: Lease {
                holder: request.holder.clone(),
                claim: if request.lock { claim } else { Claim::whole() },
                fence,
                locked: request.lock,
            },
            hold,
            workspace: locked.head.id,
        }))
    }

    /// Whose lease ran out may still have the peers' lock: it goes with the session.
    async fn end_removed(
        &self,
        db: &mut sqlx::PgConnection,
        locked: &Locked,
    ) -> Result<(), Trouble> {
        for id in locked.removed() {
            if let Some(place) = self.tables.place(db, locked.head.id, &id).await? {
                end_marked(db, place).await?;
            }
        }
        Ok(())
    }

    /// Shows by a lock of the session that the holder is there.
    async fn show(
        &self,
        db: &mut sqlx::PgConnection,
        workspace: i64,
        request: &LeaseRequest,
        fence: Fence,
    ) -> Result<Hold, Trouble> {
        let id = request.holder.id.to_string();
        let place = self.tables.place(db, workspace, &id).await?;
        let place = place.ok_or_else(|| Trouble::Again("the lease was taken away".to_owned()))?;
        if !mark(db, place).await? {
            // A session of the same holder, who asks anew.
            end_marked(db, place).await?;
            return Err(Trouble::Again(
                "an earlier session of this holder is being ended".to_owned(),
            ));
        }
        Ok(Hold {
            id,
            fence: fence.0,
            place,
        })
    }

    /// The peers' line, with their lock where one is asked for.
    async fn take_line(
        &self,
        db: &mut sqlx::PgConnection,
        workspace: &str,
        request: &LeaseRequest,
        empty: &str,
    ) -> Result<Take, Trouble> {
        if request.lock {
            return self.tables.take_line(db, workspace, empty).await;
        }
        if let Some(line) = self.tables.line(db, workspace).await? {
            return Ok(Take::Taken { line, made: false });
        }
        // It has to be made: that needs a moment alone, whatever was asked for.
        let take = self.tables.take_line(db, workspace, empty).await?;
        if let Take::Taken { line, .. } = &take {
            crate::peers::unlock(db, line.id).await?;
        }
        Ok(take)
    }

    /// A peer has its lock: the place in the queue stays, and the lease is not given.
    async fn behind_a_peer(
        &self,
        db: &mut sqlx::PgConnection,
        workspace: &str,
        locked: &mut Locked,
        holder: &Holder,
    ) -> Result<Waiting, Trouble> {
        let now_ms = locked.now_ms;
        if let Some(entry) = locked
            .table
            .entries
            .iter_mut()
            .find(|entry| entry.holder.id == holder.id)
        {
            entry.stand = Stand::Waiting { seen_ms: now_ms };
        }
        let peer = self.tables.line_holder(db, workspace).await?;
        Ok(Waiting {
            position: 1,
            holders: peer.into_iter().collect(),
            about: None,
            lasts: false,
        })
    }

    /// Opens what a lease was given on.
    pub(crate) fn open_granted(&self, workspace: &str, grant: Grant) -> Result<Opened, StoreError> {
        let store = self.clone();
        let name = workspace.to_owned();
        let doing = format!("reading {}", self.place(workspace));
        let Grant {
            mut reading,
            line,
            lease,
            hold,
            workspace: id,
        } = grant;
        let stale_line = self.reseal(workspace, id)?;
        let (mut found, link) = wait_for(async move {
            match store.find(&mut reading, &name).await {
                Ok(found) => Ok((found, reading.link)),
                Err(trouble) => Err(trouble.while_doing(doing)),
            }
        })?;
        let snapshot = self.fold(workspace, &mut found)?;
        let (mirrored, growth) = found
            .head
            .as_ref()
            .map_or((0, 0), |head| (head.published, head.growth));
        let session = Session::new(Opening {
            connector: self.connector.clone(),
            tables: self.tables.clone(),
            name: workspace.to_owned(),
            workspace: id,
            hold,
            link,
            line,
        });
        let fence = lease.fence;
        let was_cut_off = found.common.is_some();
        let foreign = self.foreign(workspace, &mut found, &snapshot, fence.first_op())?;
        let mut opened = Opened::new(
            self.clone(),
            Arc::new(session),
            lease,
            snapshot,
            mirrored,
            growth,
        );
        if !foreign.is_empty() {
            opened.record(&foreign)?;
            self.tell(workspace, was_cut_off, &foreign);
        } else if self.mirrors() && opened.is_ahead() {
            (self.say)(&format!(
                "An earlier command on workspace {workspace:?} was cut off before it could write the state into the table {}. Nothing of it is lost: it is taken from the journal in the database.",
                self.tables.names.table
            ));
        }
        if stale_line {
            opened.write_line_anew();
        }
        Ok(opened)
    }
}

/// Asks the table.
fn ask(locked: &mut Locked, request: &LeaseRequest, claim: &Claim) -> Result<Fence, Waiting> {
    let lowest = Fence::above(locked.head.last_op);
    let lease_ms = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
    if request.lock {
        locked.with_terms(lease_ms, |table, terms| {
            table.attempt(&request.holder, claim, lowest, terms)
        })
    } else {
        Ok(locked.table.next_fence(lowest))
    }
}

impl PgStore {
    /// Says what was taken over from a peer.
    fn tell(&self, workspace: &str, was_cut_off: bool, foreign: &[Event]) {
        let open = foreign
            .iter()
            .filter(|event| matches!(event.kind, EventKind::Began { .. }))
            .count();
        if was_cut_off {
            (self.say)(&format!(
                "An earlier command on workspace {workspace:?} was cut off, and another program wrote the state since then. Its state is taken over; {open} objects that the earlier command made are not in it, and are reported as ones that may exist."
            ));
        }
    }
}
