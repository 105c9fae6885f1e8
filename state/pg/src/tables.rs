//! Reading and writing the tables: one statement or transaction a function, no policy.
//!
//! *Isolation.* What reads more than one row does so in one REPEATABLE READ transaction, so it sees a state that was true. What writes is READ COMMITTED:
//! everything that must hold together is behind a row lock (first the lease, then the workspace), taken in this order by all, so that each statement after it
//! sees what those before have done, and there is nothing that SERIALIZABLE would have to abort.

use crate::client::{Link, Trouble, within};
use crate::rows::Delta;
use crate::schema::Names;
use crate::sealing::Sealing;
use sqlx::postgres::PgRow;
use sqlx::{Connection as _, PgConnection, Row as _};
use std::time::Duration;
use terrane_model::event::{Event, EventKind};
use terrane_store::StoreError;
use uuid::Uuid;

/// How long a small statement may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How long a transfer of a whole state may take.
pub(crate) const LONG: Duration = Duration::from_secs(1800);
/// A batch with more bytes than this is sent in pieces.
const PIECE: usize = 8 << 20;

/// The line of a workspace.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) id: i64,
    pub(crate) serial: u64,
    pub(crate) lineage: String,
    pub(crate) last_op: u64,
    pub(crate) fence: u64,
    pub(crate) oldest: u64,
    pub(crate) growth: u64,
    pub(crate) published: u64,
    pub(crate) digest: Option<String>,
    pub(crate) policy: Option<String>,
}

/// A row as it comes from the database.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) kind: u8,
    pub(crate) changed: u64,
    pub(crate) data: Vec<u8>,
}

/// What the journal says of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) run: String,
    pub(crate) plan: String,
    pub(crate) command: String,
    pub(crate) who: String,
}

/// A batch, ready to be written.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Names it: a batch that is there is not recorded again.
    pub(crate) id: Uuid,
    pub(crate) delta: Delta,
    /// The last serial whose batch the writer knows.
    pub(crate) known: u64,
    /// The serial is at least this.
    pub(crate) floor: u64,
    pub(crate) run: Run,
    /// Whether the run begins with it.
    pub(crate) starts: bool,
    pub(crate) at_ms: u64,
    pub(crate) changes: usize,
    pub(crate) data: Vec<u8>,
}

/// A batch that was written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) serial: u64,
    /// What others have recorded between the last known batch and this one, in order; not always told.
    pub(crate) others: Vec<(u64, Vec<u8>)>,
}

/// What must hold for a batch to be recorded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    /// The process that must serve the session: it has a lock of the session.
    pub(crate) session: Option<i32>,
    /// The lease: its holder and its fence.
    pub(crate) lease: Option<(String, u64)>,
}

/// The tables of one layout in one schema.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) names: Names,
    pub(crate) layout: &'static str,
    pub(crate) sealing: Sealing,
}

/// A number for the database.
pub(crate) fn signed(number: u64) -> Result<i64, Trouble> {
    i64::try_from(number).map_err(|_| {
        Trouble::Store(StoreError::Refused(format!(
            "the number {number} is too large for the database"
        )))
    })
}

pub(crate) fn number(row: &PgRow, at: usize) -> Result<u64, Trouble> {
    Ok(row.try_get::<i64, _>(at)?.unsigned_abs())
}

const HEAD: &str = "SELECT id, serial, lineage, last_op, fence, oldest, growth, published, digest, policy FROM {s}.terrane_workspace WHERE layout = $1 AND name = $2";

/// A batch with its rows, in transactions of its own.
const COMMIT: &str = "CALL {s}.terrane_commit_1(NULL::bigint, NULL::bigint[], NULL::bytea[], $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)";
/// A batch without its rows, within a transaction.
const WRITE: &str = "SELECT {s}.terrane_write_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";

fn head(row: &PgRow) -> Result<Head, Trouble> {
    Ok(Head {
        id: row.try_get(0)?,
        serial: number(row, 1)?,
        lineage: row.try_get(2)?,
        last_op: number(row, 3)?,
        fence: number(row, 4)?,
        oldest: number(row, 5)?,
        growth: number(row, 6)?,
        published: number(row, 7)?,
        digest: row.try_get(8)?,
        policy: row.try_get(9)?,
    })
}

pub(crate) fn stored(row: &PgRow) -> Result<Stored, Trouble> {
    Ok(Stored {
        kind: row.try_get::<i8, _>(0)?.unsigned_abs(),
        changed: number(row, 1)?,
        data: row.try_get(2)?,
    })
}

impl Tables {
    /// The names of the workspaces.
    pub(crate) async fn list(&self, link: &mut Link) -> Result<Vec<String>, Trouble> {
        let rows = sqlx::query(
            self.names
                .sql("SELECT name FROM {s}.terrane_workspace WHERE layout = $1"),
        )
        .bind(self.layout)
        .fetch_all(&mut link.db)
        .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    pub(crate) async fn find(
        &self,
        db: &mut PgConnection,
        name: &str,
    ) -> Result<Option<Head>, Trouble> {
        let row = sqlx::query(self.names.sql(HEAD))
            .bind(self.layout)
            .bind(name)
            .fetch_optional(db)
            .await?;
        row.as_ref().map(head).transpose()
    }

    /// The same, and nobody else changes it until the transaction ends.
    pub(crate) async fn find_and_lock(
        &self,
        db: &mut PgConnection,
        name: &str,
    ) -> Result<Option<Head>, Trouble> {
        let row = sqlx::query(self.names.sql(&format!("{HEAD} FOR NO KEY UPDATE")))
            .bind(self.layout)
            .bind(name)
            .fetch_optional(db)
            .await?;
        row.as_ref().map(head).transpose()
    }

    /// Makes a workspace where there is none.
    pub(crate) async fn make(&self, db: &mut PgConnection, name: &str) -> Result<(), Trouble> {
        sqlx::query(self.names.sql(
            "INSERT INTO {s}.terrane_workspace (layout, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        ))
        .bind(self.layout)
        .bind(name)
        .execute(db)
        .await?;
        Ok(())
    }

    /// A workspace with all its rows, as of one moment.
    pub(crate) async fn load(
        &self,
        link: &mut Link,
        name: &str,
    ) -> Result<Option<(Head, Vec<Stored>)>, Trouble> {
        let found = within(LONG, async {
            let mut transaction = read_only(&mut link.db).await?;
            let Some(head) = self.find(&mut transaction, name).await? else {
                return Ok(None);
            };
            let rows = self.rows(&mut transaction, head.id).await?;
            transaction.rollback().await?;
            Ok(Some((head, rows)))
        })
        .await?;
        if found.is_some() {
            durable(link).await?;
        }
        Ok(found)
    }

    pub(crate) async fn rows(
        &self,
        db: &mut PgConnection,
        workspace: i64,
    ) -> Result<Vec<Stored>, Trouble> {
        let rows = sqlx::query(
            self.names
                .sql("SELECT kind, changed, data FROM {s}.terrane_row WHERE workspace = $1"),
        )
        .bind(workspace)
        .fetch_all(db)
        .await?;
        rows.iter().map(stored).collect()
    }

    /// Writes a batch, durably.
    pub(crate) async fn write(
        &self,
        link: &mut Link,
        workspace: i64,
        guard: &Guard,
        batch: &Batch,
    ) -> Result<Written, Trouble> {
        let size: usize = batch
            .delta
            .changes
            .iter()
            .filter_map(|change| change.data.as_ref())
            .map(Vec::len)
            .sum();
        if size > PIECE {
            let serial = within(LONG, self.write_in_pieces(link, workspace, guard, batch)).await?;
            return Ok(Written {
                serial: serial.unsigned_abs(),
                others: Vec::new(),
            });
        }
        let row = within(
            PATIENCE,
            self.call(&mut link.db, COMMIT, workspace, guard, batch),
        )
        .await?;
        let serials: Option<Vec<i64>> = row.try_get(1)?;
        let others: Option<Vec<Vec<u8>>> = row.try_get(2)?;
        Ok(Written {
            serial: number(&row, 0)?,
            others: serials
                .unwrap_or_default()
                .into_iter()
                .map(i64::unsigned_abs)
                .zip(others.unwrap_or_default())
                .collect(),
        })
    }

    /// A batch that is large is one transaction of several statements.
    async fn write_in_pieces(
        &self,
        link: &mut Link,
        workspace: i64,
        guard: &Guard,
        batch: &Batch,
    ) -> Result<i64, Trouble> {
        let mut transaction = link.db.begin().await?;
        let known = sqlx::query(
            self.names
                .sql("SELECT serial FROM {s}.terrane_journal WHERE batch = $1"),
        )
        .bind(batch.id)
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(row) = known {
            return Ok(row.try_get(0)?);
        }
        let serial: i64 = self
            .call(&mut transaction, WRITE, workspace, guard, batch)
            .await?
            .try_get(0)?;
        self.upsert_all(&mut transaction, workspace, serial, &batch.delta.changes)
            .await?;
        transaction.commit().await?;
        Ok(serial)
    }

    /// Writes rows, in pieces. Within a transaction.
    pub(crate) async fn upsert_all(
        &self,
        db: &mut PgConnection,
        workspace: i64,
        serial: i64,
        changes: &[crate::rows::Change],
    ) -> Result<(), Trouble> {
        let mut rest = changes;
        while !rest.is_empty() {
            let mut size = 0;
            let count = rest
                .iter()
                .take_while(|change| {
                    let fits = size < PIECE;
                    size += change.data.as_ref().map_or(0, Vec::len);
                    fits
                })
                .count();
            let (piece, after) = rest.split_at(count.max(1).min(rest.len()));
            self.upsert(&mut *db, workspace, serial, piece).await?;
            rest = after;
        }
        Ok(())
    }

    async fn upsert(
        &self,
        db: &mut PgConnection,
        workspace: i64,
        serial: i64,
        changes: &[crate::rows::Change],
    ) -> Result<(), Trouble> {
        let columns = Columns::of(changes)?;
        for statement in [
            "DELETE FROM {s}.terrane_row r USING unnest($3::text[], $4::bytea[], $7::bytea[]) AS n(kind, key, data)
             WHERE r.workspace = $1 AND r.kind = n.kind::\"char\" AND r.key = n.key AND n.data IS NULL
             AND $2::bigint IS NOT NULL AND $5::text[] IS NOT NULL AND $6::bigint[] IS NOT NULL",
            "INSERT INTO {s}.terrane_row (workspace, kind, key, changed, label, data)
             SELECT $1, n.kind::\"char\", n.key, COALESCE(n.changed, $2), n.label, n.data
             FROM unnest($3::text[], $4::bytea[], $5::text[], $6::bigint[], $7::bytea[]) AS n(kind, key, label, changed, data)
             WHERE n.data IS NOT NULL
             ON CONFLICT (workspace, kind, key)
             DO UPDATE SET changed = EXCLUDED.changed, label = EXCLUDED.label, data = EXCLUDED.data",
        ] {
            sqlx::query(self.names.sql(statement))
                .bind(workspace)
                .bind(serial)
                .bind(&columns.kinds)
                .bind(&columns.keys)
                .bind(&columns.labels)
                .bind(&columns.changed)
                .bind(&columns.rows)
                .execute(&mut *db)
                .await?;
        }
        Ok(())
    }

    async fn call(
        &self,
        db: &mut PgConnection,
        statement: &str,
        workspace: i64,
        guard: &Guard,
        batch: &Batch,
    ) -> Result<PgRow, Trouble> {
        let Batch {
            id,
            delta,
            known,
            floor,
            run,
            starts,
            at_ms,
            changes,
            data,
        } = batch;
        let columns = Columns::of(if statement == COMMIT {
            &delta.changes
        } else {
            &[]
        })?;
        let (holder, fence) = guard.lease.clone().unzip();
        let mut query = sqlx::query(self.names.sql(statement));
        if statement == COMMIT {
            query = query.bind(signed(*known)?);
        }
        let row = query
            .bind(workspace)
            .bind(id)
            .bind(guard.session)
            .bind(holder)
            .bind(fence.map(signed).transpose()?)
            .bind(signed(*floor)?)
            .bind(&*delta.lineage)
            .bind(signed(delta.last_op)?)
            .bind(delta.clear)
            .bind(&columns.kinds)
            .bind(&columns.keys)
            .bind(&columns.labels)
            .bind(&columns.changed)
            .bind(&columns.rows)
            .bind(signed(*at_ms)?)
            .bind(starts)
            .bind(clean(&run.run))
            .bind(clean(&run.plan))
            .bind(clean(&run.command))
            .bind(clean(&run.who))
            .bind(i64::try_from(*changes).unwrap_or(i64::MAX))
            .bind(data)
            .fetch_one(db)
            .await?;
        Ok(row)
    }

    /// Removes everything of a workspace. Whoever writes to it at this moment goes first or fails.
    pub(crate) async fn delete(
        &self,
        db: &mut PgConnection,
        workspace: i64,
    ) -> Result<(), Trouble> {
        for statement in [
            "DELETE FROM {s}.terrane_workspace WHERE id = $1",
            "DELETE FROM {s}.terrane_lease WHERE workspace = $1",
            "DELETE FROM {s}.terrane_row WHERE workspace = $1",
            "DELETE FROM {s}.terrane_journal WHERE workspace = $1",
            "DELETE FROM {s}.terrane_past WHERE workspace = $1",
            "DELETE FROM {s}.terrane_checkpoint WHERE workspace = $1",
        ] {
            sqlx::query(self.names.sql(statement))
                .bind(workspace)
                .execute(&mut *db)
                .await?;
        }
        Ok(())
    }
}

/// Rows by columns, as statements take them.
struct Columns<'a> {
    kinds: Vec<&'static str>,
    keys: Vec<&'a [u8]>,
    labels: Vec<Option<&'a str>>,
    changed: Vec<Option<i64>>,
    rows: Vec<Option<&'a [u8]>>,
}

impl<'a> Columns<'a> {
    fn of(changes: &'a [crate::rows::Change]) -> Result<Self, Trouble> {
        Ok(Self {
            kinds: changes.iter().map(|change| change.kind).collect(),
            keys: changes.iter().map(|change| &*change.key).collect(),
            labels: changes
                .iter()
                .map(|change| change.label.as_deref())
                .collect(),
            changed: changes
                .iter()
                .map(|change| change.changed.map(signed).transpose())
                .collect::<Result<_, Trouble>>()?,
            rows: changes
                .iter()
                .map(|change| change.data.as_deref())
                .collect(),
        })
    }
}

/// Text can't hold a zero character in the database.
pub(crate) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

pub(crate) async fn read_only(
    db: &mut PgConnection,
) -> Result<sqlx::Transaction<'_, sqlx::Postgres>, Trouble> {
    Ok(db
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?)
}

/// Waits until what was just read is on disk. A batch can be seen an instant before that; if the server lost power in this instant, the reader would know
/// something that never was.
pub(crate) async fn durable(link: &mut Link) -> Result<(), Trouble> {
    if link.is_standby {
        return Ok(());
    }
    within(PATIENCE, async {
        let done: bool =
            sqlx::query("SELECT pg_current_wal_insert_lsn() <= pg_current_wal_flush_lsn()")
                .fetch_one(&mut link.db)
                .await?
                .try_get(0)?;
        if !done {
            // What is left may be nothing that matters, and would be written by the server at its leisure: an empty record that is committed makes it do so now.
            let flushed = sqlx::query("SELECT pg_logical_emit_message(true, 'terrane', '')")
                .execute(&mut link.db)
                .await
                .map_err(Trouble::from);
            if let Err(trouble @ (Trouble::Lost(_) | Trouble::Again(_))) = flushed {
                return Err(trouble);
            }
            // Who may only read can't hurry the server, and waits for nobody.
        }
        Ok(())
    })
    .await
}

/// What the journal tells of a batch besides its content.
pub(crate) fn tell(events: &[Event], run: &mut Run) -> (bool, u64, usize) {
    let mut starts = false;
    let mut changes = 0;
    for event in events {
        match &event.kind {
            EventKind::Run {
                run: id,
                plan,
                command,
                who,
            } => {
                starts = true;
                *run = Run {
                    run: id.to_string(),
                    plan: plan.to_string(),
                    command: command.to_string(),
                    who: who.to_string(),
                };
            }
            EventKind::Began { .. } => {}
            _ => changes += 1,
        }
    }
    (
        starts,
        events.first().map_or(0, |event| event.at_ms),
        changes,
    )
}
