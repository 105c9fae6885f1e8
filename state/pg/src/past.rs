//! The history of a workspace: its runs, its states of the past, and the checkpoints that these begin at.

use crate::client::{Link, Trouble, within};
use crate::tables::{Head, LONG, Stored, Tables, number, read_only, signed, stored};
use sqlx::{Connection as _, PgConnection, Row as _};
use terrane_store::Version;

/// What a state of the past is made of.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// The history goes back to here.
    pub(crate) oldest: u64,
    /// Of the checkpoint.
    pub(crate) serial: u64,
    pub(crate) lineage: String,
    pub(crate) last_op: u64,
    pub(crate) rows: Vec<Stored>,
    /// Serials and payloads, in order.
    pub(crate) batches: Vec<(u64, Vec<u8>)>,
}

impl Tables {
    /// The runs that changed a workspace, oldest first.
    pub(crate) async fn history(
        &self,
        db: &mut PgConnection,
        name: &str,
    ) -> Result<Option<Vec<Version>>, Trouble> {
        let Some(head) = self.find(&mut *db, name).await? else {
            return Ok(None);
        };
        let rows = within(
            LONG,
            async {
                Ok(sqlx::query(self.names.sql(
                    "SELECT serial, began_ms, changes, starts, run, plan, command, who FROM {s}.terrane_journal WHERE workspace = $1 ORDER BY serial",
                ))
                .bind(head.id)
                .fetch_all(db)
                .await?)
            },
        )
        .await?;
        let mut versions: Vec<Version> = Vec::new();
        for row in &rows {
            let serial = number(row, 0)?;
            let starts: bool = row.try_get(3)?;
            let run: String = row.try_get(4)?;
            // Runs that went on side by side have their batches among each other, and may be named again; what no run recorded is put to the last one.
            let known = versions
                .iter_mut()
                .rev()
                .take(64)
                .find(|version| match run.is_empty() {
                    true => !starts,
                    false => *version.run == *run,
                });
            let version = match known {
                Some(version) => version,
                None => {
                    versions.push(Version {
                        first_serial: serial,
                        last_serial: serial,
                        at_ms: number(row, 1)?,
                        run: run.into(),
                        plan: row.try_get::<String, _>(5)?.into(),
                        command: row.try_get::<String, _>(6)?.into(),
                        who: row.try_get::<String, _>(7)?.into(),
                        changes: 0,
                    });
                    let Some(version) = versions.last_mut() else {
                        continue;
                    };
                    version
                }
            };
            version.last_serial = serial;
            version.changes += usize::try_from(number(row, 2)?).unwrap_or_default();
        }
        Ok(Some(versions))
    }

    /// What the state at a serial is made of: a checkpoint and the batches after it.
    pub(crate) async fn load_at(
        &self,
        link: &mut Link,
        name: &str,
        serial: u64,
    ) -> Result<Option<Past>, Trouble> {
        within(LONG, async {
            let mut transaction = read_only(&mut link.db).await?;
            let Some(head) = self.find(&mut transaction, name).await? else {
                return Ok(None);
            };
            let past = self.past(&mut transaction, &head, serial, serial).await?;
            transaction.rollback().await?;
            Ok(Some(past))
        })
        .await
    }

    /// The rows, and all that the journal still has, as of one moment.
    pub(crate) async fn load_all(
        &self,
        link: &mut Link,
        name: &str,
    ) -> Result<Option<(Head, Vec<Stored>, Past)>, Trouble> {
        within(LONG, async {
            let mut transaction = read_only(&mut link.db).await?;
            let Some(head) = self.find(&mut transaction, name).await? else {
                return Ok(None);
            };
            let rows = self.rows(&mut transaction, head.id).await?;
            let past = self
                .past(&mut transaction, &head, head.oldest, u64::MAX)
                .await?;
            transaction.rollback().await?;
            Ok(Some((head, rows, past)))
        })
        .await
    }

    /// The last checkpoint that is not above a serial, and the batches after it up to another serial. Within a transaction.
    pub(crate) async fn past(
        &self,
        db: &mut PgConnection,
        head: &Head,
        checkpoint: u64,
        up_to: u64,
    ) -> Result<Past, Trouble> {
        let limit = |serial: u64| i64::try_from(serial).unwrap_or(i64::MAX);
        let found = sqlx::query(self.names.sql(
            "SELECT serial, lineage, last_op FROM {s}.terrane_checkpoint WHERE workspace = $1 AND serial <= $2 ORDER BY serial DESC LIMIT 1",
        ))
        .bind(head.id)
        .bind(limit(checkpoint))
        .fetch_optional(&mut *db)
        .await?;
        let mut past = Past {
            oldest: head.oldest,
            ..Past::default()
        };
        if let Some(row) = found {
            past.serial = number(&row, 0)?;
            past.lineage = row.try_get(1)?;
            past.last_op = number(&row, 2)?;
            let rows = sqlx::query(self.names.sql(
                "SELECT kind, changed, data FROM {s}.terrane_past WHERE workspace = $1 AND serial = $2",
            ))
            .bind(head.id)
            .bind(signed(past.serial)?)
            .fetch_all(&mut *db)
            .await?;
            past.rows = rows.iter().map(stored).collect::<Result<_, Trouble>>()?;
        }
        let batches = sqlx::query(self.names.sql(
            "SELECT serial, data FROM {s}.terrane_journal WHERE workspace = $1 AND serial > $2 AND serial <= $3 ORDER BY serial",
        ))
        .bind(head.id)
        .bind(signed(past.serial)?)
        .bind(limit(up_to))
        .fetch_all(db)
        .await?;
        past.batches = batches
            .iter()
            .map(|row| Ok((number(row, 0)?, row.try_get(1)?)))
            .collect::<Result<_, Trouble>>()?;
        Ok(past)
    }

    /// Keeps the present rows as a checkpoint, so that going back in history does not begin at the beginning. All happens within the database, on a
    /// view of one moment; when somebody commits meanwhile, nothing is kept, and the next one who closes tries again.
    pub(crate) async fn checkpoint(
        &self,
        link: &mut Link,
        workspace: i64,
        ratio: i64,
    ) -> Result<bool, Trouble> {
        within(LONG, async {
            let mut transaction = link
                .db
                .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ")
                .await?;
            let due = sqlx::query(self.names.sql(
                "UPDATE {s}.terrane_workspace SET growth = 0 WHERE id = $1 AND growth > $2 *
                 (SELECT COALESCE(sum(length(data)), 0) FROM {s}.terrane_row WHERE workspace = $1)",
            ))
            .bind(workspace)
            .bind(ratio)
            .execute(&mut *transaction)
            .await?;
            if due.rows_affected() == 0 {
                return Ok(false);
            }
            for statement in [
                "INSERT INTO {s}.terrane_checkpoint (workspace, serial, lineage, last_op)
                 SELECT id, serial, lineage, last_op FROM {s}.terrane_workspace WHERE id = $1",
                "INSERT INTO {s}.terrane_past (workspace, serial, kind, key, changed, data)
                 SELECT w.id, w.serial, r.kind, r.key, r.changed, r.data
                 FROM {s}.terrane_workspace w JOIN {s}.terrane_row r ON r.workspace = w.id WHERE w.id = $1",
            ] {
                sqlx::query(self.names.sql(statement))
                    .bind(workspace)
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await?;
            Ok(true)
        })
        .await
    }
}
