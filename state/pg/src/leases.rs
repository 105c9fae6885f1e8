//! Leases: the table of [`terrane_store::lease`] in rows, and who of its holders is still there.
//!
//! The rules are those of all stores; this is where the table is kept. Whoever looks at it or changes it holds the row lock of the workspace, so it
//! changes by one after the other. Time is the database's.
//!
//! *Who is there.* A holder has a lock of its session (an advisory one, of two numbers: the peers' have one) that the server releases when the session ends: at once
//! when the process is killed, after a minute when its machine is gone. So the lease of a dead holder is free at once; one whose process is stopped but
//! there keeps it until it runs out.

use crate::client::{Link, Trouble};
use crate::tables::{Head, Tables, signed};
use sqlx::{Connection as _, PgConnection, Row as _};
use std::collections::BTreeSet;
use terrane_store::StoreError;
use terrane_store::lease::{Claim, Entry, Fence, Holder, LeaseTable, Stand, Terms};
use terrane_store::wire::{WireError, decode_claim, encode_claim};

/// The first number of the locks of sessions.
const MARK: i32 = 0x7465_7272;

/// A lease table, while the workspace is locked.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) head: Head,
    pub(crate) now_ms: u64,
    pub(crate) table: LeaseTable,
    before: LeaseTable,
    /// Ids whose session is there.
    alive: BTreeSet<String>,
}

impl Locked {
    /// What the rules of the table are told.
    pub(crate) fn with_terms<T>(
        &mut self,
        lease_ms: u64,
        what: impl FnOnce(&mut LeaseTable, &Terms<'_>) -> T,
    ) -> T {
        // Who waits has no session between two questions.
        let waiting: BTreeSet<_> = self
            .table
            .entries
            .iter()
            .filter(|entry| matches!(entry.stand, Stand::Waiting { .. }))
            .map(|entry| entry.holder.id.to_string())
            .collect();
        let alive = &self.alive;
        let terms = Terms {
            now_ms: self.now_ms,
            lease_ms,
            queue_ms: lease_ms / 2,
            alive: &|id| waiting.contains(id) || alive.contains(id),
        };
        what(&mut self.table, &terms)
    }

    /// Who held a lease or waited for one when the table was read, and does not any more.
    pub(crate) fn removed(&self) -> Vec<String> {
        self.before
            .entries
            .iter()
            .filter(|entry| self.table.find(&entry.holder.id).is_none())
            .map(|entry| entry.holder.id.to_string())
            .collect()
    }

    /// Whether the session of this holder is there.
    pub(crate) fn is_alive(&self, id: &str) -> bool {
        self.alive.contains(id)
    }
}

impl Tables {
    /// Locks a workspace and reads its leases. Within a transaction.
    pub(crate) async fn lock(
        &self,
        db: &mut PgConnection,
        name: &str,
    ) -> Result<Option<Locked>, Trouble> {
        match self.find_and_lock(db, name).await? {
            Some(head) => Ok(Some(self.leases_of(db, name, head).await?)),
            None => Ok(None),
        }
    }

    /// The same; the workspace is made if it is not there.
    pub(crate) async fn lock_or_make(
        &self,
        db: &mut PgConnection,
        name: &str,
    ) -> Result<Locked, Trouble> {
        if let Some(locked) = self.lock(db, name).await? {
            return Ok(locked);
        }
        self.make(db, name).await?;
        self.lock(db, name)
            .await?
            .ok_or_else(|| Trouble::Again("the workspace was deleted".to_owned()))
    }

    /// The leases of a workspace.
    pub(crate) async fn leases(
        &self,
        db: &mut PgConnection,
        name: &str,
    ) -> Result<Option<Locked>, Trouble> {
        match self.find(db, name).await? {
            Some(head) => Ok(Some(self.leases_of(db, name, head).await?)),
            None => Ok(None),
        }
    }

    async fn leases_of(
        &self,
        db: &mut PgConnection,
        name: &str,
        head: Head,
    ) -> Result<Locked, Trouble> {
        let rows = sqlx::query(self.names.sql(
            "SELECT l.id, l.fence, l.moment, l.holder, l.claim,
             EXISTS (SELECT 1 FROM pg_locks k WHERE k.locktype = 'advisory' AND k.objsubid = 2 AND k.granted
                     AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                     AND k.classid::bigint = $2 AND k.objid::bigint = l.place % 2147483647)
             FROM {s}.terrane_lease l WHERE l.workspace = $1 ORDER BY l.place",
        ))
        .bind(head.id)
        .bind(i64::from(MARK))
        .fetch_all(&mut *db)
        .await?;
        let now: i64 = sqlx::query("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
            .fetch_one(&mut *db)
            .await?
            .try_get(0)?;
        let mut table = LeaseTable {
            last_fence: Fence(head.fence),
            entries: Vec::new(),
        };
        let mut alive = BTreeSet::new();
        for row in &rows {
            let id: String = row.try_get(0)?;
            let fence: Option<i64> = row.try_get(1)?;
            let moment = row.try_get::<i64, _>(2)?.unsigned_abs();
            let holder: Vec<u8> = row.try_get(3)?;
            let claim: Vec<u8> = row.try_get(4)?;
            let damaged = |problem: String| StoreError::Damaged {
                what: format!("the lease {id} of workspace {name}"),
                problem,
            };
            let mut holder = Holder::from_json(&holder)
                .ok_or_else(|| damaged("its holder can't be read".to_owned()))?;
            holder.id = id.as_str().into();
            // Somebody with another key, who may have no right to anything here, must not keep others from their work for ever: what cannot be opened
            // counts as a claim on everything, which ends as all leases do.
            let claim = match self.sealing.unseal(claim) {
                Ok(claim) => {
                    let claim =
                        String::from_utf8(claim).map_err(|error| damaged(error.to_string()))?;
                    decode_claim(&claim)
                        .map_err(|error| error.at(format!("the lease {id} of workspace {name}")))?
                }
                Err(StoreError::Encryption(_)) => Claim::whole(),
                Err(error) => return Err(error.into()),
            };
            let stand = match fence {
                Some(fence) => Stand::Held {
                    fence: Fence(fence.unsigned_abs()),
                    expires_ms: moment,
                },
                None => Stand::Waiting { seen_ms: moment },
            };
            if row.try_get(5)? {
                alive.insert(id);
            }
            table.entries.push(Entry {
                holder,
                claim,
                stand,
            });
        }
        Ok(Locked {
            head,
            now_ms: now.unsigned_abs(),
            before: table.clone(),
            table,
            alive,
        })
    }

    /// Writes what has changed in the table. Within the transaction that locked it.
    pub(crate) async fn keep(&self, db: &mut PgConnection, locked: &Locked) -> Result<(), Trouble> {
        let Locked {
            head,
            table,
            before,
            ..
        } = locked;
        for id in locked.removed() {
            self.forget(db, head.id, &id).await?;
        }
        for (at, entry) in table.entries.iter().enumerate() {
            let known = before.find(&entry.holder.id);
            if known == Some(entry) {
                continue;
            }
            // An entry whose claim changed went to the end of the queue.
            let moved = known.is_some_and(|known| known.claim != entry.claim);
            if moved {
                self.forget(db, head.id, &entry.holder.id).await?;
            }
            debug_assert!(
                known.is_some() && !moved || at + 1 == table.entries.len(),
                "new ones are last"
            );
            self.put(db, head.id, entry).await?;
        }
        if table.last_fence != before.last_fence {
            sqlx::query(
                self.names
                    .sql("UPDATE {s}.terrane_workspace SET fence = $2 WHERE id = $1"),
            )
            .bind(head.id)
            .bind(signed(table.last_fence.0)?)
            .execute(db)
            .await?;
        }
        Ok(())
    }

    async fn put(
        &self,
        db: &mut PgConnection,
        workspace: i64,
        entry: &Entry,
    ) -> Result<(), Trouble> {
        let claim = encode_claim(&entry.claim).map_err(WireError::refused)?;
        let claim = self.sealing.seal(claim.get().as_bytes().to_vec())?;
        let (fence, moment) = match entry.stand {
            Stand::Held { fence, expires_ms } => (Some(signed(fence.0)?), expires_ms),
            Stand::Waiting { seen_ms } => (None, seen_ms),
        };
        sqlx::query(self.names.sql(
            "INSERT INTO {s}.terrane_lease (workspace, id, fence, moment, holder, claim) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (workspace, id) DO UPDATE SET fence = $3, moment = $4, holder = $5, claim = $6",
        ))
        .bind(workspace)
        .bind(&*entry.holder.id)
        .bind(fence)
        .bind(signed(moment)?)
        .bind(entry.holder.to_json())
        .bind(claim)
        .execute(db)
        .await?;
        Ok(())
    }

    pub(crate) async fn forget(
        &self,
        db: &mut PgConnection,
        workspace: i64,
        id: &str,
    ) -> Result<(), Trouble> {
        sqlx::query(
            self.names
                .sql("DELETE FROM {s}.terrane_lease WHERE workspace = $1 AND id = $2"),
        )
        .bind(workspace)
        .bind(id)
        .execute(db)
        .await?;
        Ok(())
    }

    /// Prolongs a lease. `false`: it is not held any more.
    pub(crate) async fn prolong(
        &self,
        link: &mut Link,
        workspace: i64,
        id: &str,
        fence: u64,
        lease_ms: u64,
    ) -> Result<bool, Trouble> {
        let done = sqlx::query(self.names.sql(
            "UPDATE {s}.terrane_lease SET moment = GREATEST(moment, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $4)
             WHERE workspace = $1 AND id = $2 AND fence = $3",
        ))
        .bind(workspace)
        .bind(id)
        .bind(signed(fence)?)
        .bind(signed(lease_ms)?)
        .execute(&mut link.db)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The number that stands for a lease in locks of sessions.
    pub(crate) async fn place(
        &self,
        db: &mut PgConnection,
        workspace: i64,
        id: &str,
    ) -> Result<Option<i32>, Trouble> {
        let row = sqlx::query(self.names.sql(
            "SELECT (place % 2147483647)::int FROM {s}.terrane_lease WHERE workspace = $1 AND id = $2",
        ))
        .bind(workspace)
        .bind(id)
        .fetch_optional(db)
        .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }
}

/// Shows that the holder is there. `false`: another session shows that already.
pub(crate) async fn mark(db: &mut PgConnection, place: i32) -> Result<bool, Trouble> {
    Ok(sqlx::query("SELECT pg_try_advisory_lock($1, $2)")
        .bind(MARK)
        .bind(place)
        .fetch_one(db)
        .await?
        .try_get(0)?)
}

/// Ends the session that shows that a holder is there: the holder's own that it lost, or one that is to be stopped.
pub(crate) async fn end_marked(db: &mut PgConnection, place: i32) -> Result<(), Trouble> {
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND classid::bigint = $1 AND objid::bigint = $2 AND pid <> pg_backend_pid()",
    )
    .bind(i64::from(MARK))
    .bind(i64::from(place))
    .execute(db)
    .await?;
    Ok(())
}

/// Lets go of all locks of the session.
pub(crate) async fn release_all(link: &mut Link) -> Result<(), Trouble> {
    sqlx::query("SELECT pg_advisory_unlock_all()")
        .execute(&mut link.db)
        .await?;
    Ok(())
}

/// Begins a transaction.
pub(crate) async fn begin(
    link: &mut Link,
) -> Result<sqlx::Transaction<'_, sqlx::Postgres>, Trouble> {
    Ok(link.db.begin().await?)
}
