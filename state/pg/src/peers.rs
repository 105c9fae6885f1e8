//! The table of the peers: a line per workspace with the whole state as text, and their lock.
//!
//! The lock is an advisory lock of the session on the id of the line. Where there is no line yet, whoever makes one has the lock of creation meanwhile:
//! Terraform's is -1, for the whole database; OpenTofu's is made of the names of schema and table. Each of them looks at its own before it believes the lock of
//! a line, for the line may have been made a moment ago by somebody who still has only that; so this takes and looks at both.

use crate::client::{Link, Trouble, within};
use crate::tables::Tables;
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, Row as _};
use std::time::Duration;
use terrane_store::lease::Holder;

/// How long a transfer of a whole state may take.
const LONG: Duration = Duration::from_secs(1800);
/// Terraform's lock of creation.
const TERRAFORM: i64 = -1;

/// The line of a workspace.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: i64,
    /// The digest of the text; `None`: there is no text.
    pub(crate) digest: Option<String>,
}

/// What came of trying to take the lock of a line.
#[derive(Debug)]
pub(crate) enum Take {
    /// This session has it.
    Taken {
        /// The line.
        line: Line,
        /// Whether it was made just now.
        made: bool,
    },
    /// Somebody is making a line, this one or another: Terraform for as long as its first apply takes, others for an instant.
    Making,
    /// Somebody has it.
    Held,
}

/// The digest of a text, as the database makes it.
pub(crate) fn digest(text: &str) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    Sha256::digest(text.as_bytes())
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| DIGITS.get(usize::from(digit)))
        .collect()
}

/// OpenTofu's lock of creation: the FNV-1 hash of the names, made negative.
fn creation_lock(schema: &str, table: &str) -> i64 {
    let hash = schema
        .bytes()
        .chain([0])
        .chain(table.bytes())
        .fold(0x811c_9dc5_u32, |hash, byte| {
            hash.wrapping_mul(0x0100_0193) ^ u32::from(byte)
        });
    -i64::from(hash)
}

async fn try_lock(db: &mut PgConnection, id: i64) -> Result<bool, Trouble> {
    Ok(sqlx::query("SELECT pg_try_advisory_lock($1)")
        .bind(id)
        .fetch_one(db)
        .await?
        .try_get(0)?)
}

pub(crate) async fn unlock(db: &mut PgConnection, id: i64) -> Result<(), Trouble> {
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(id)
        .execute(db)
        .await?;
    Ok(())
}

impl Tables {
    /// The names of the lines.
    pub(crate) async fn peer_names(&self, link: &mut Link) -> Result<Vec<String>, Trouble> {
        let rows = sqlx::query(
            self.names
                .sql("SELECT name FROM {t} WHERE name IS NOT NULL"),
        )
        .fetch_all(&mut link.db)
        .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// The line of a workspace.
    pub(crate) async fn line(
        &self,
        db: &mut PgConnection,
        name: &str,
    ) -> Result<Option<Line>, Trouble> {
        let row = sqlx::query(self.names.sql(
            "SELECT id, CASE WHEN data <> '' THEN encode(sha256(convert_to(data, 'UTF8')), 'hex') END FROM {t} WHERE name = $1",
        ))
        .bind(name)
        .fetch_optional(db)
        .await?;
        row.map(|row| {
            Ok(Line {
                id: row.try_get(0)?,
                digest: row.try_get(1)?,
            })
        })
        .transpose()
    }

    /// The text of a line, if there is one.
    pub(crate) async fn text(
        &self,
        db: &mut PgConnection,
        name: &str,
    ) -> Result<Option<String>, Trouble> {
        within(LONG, async {
            let row = sqlx::query(self.names.sql("SELECT data FROM {t} WHERE name = $1"))
                .bind(name)
                .fetch_optional(db)
                .await?;
            let text: Option<String> = row.map(|row| row.try_get(0)).transpose()?.flatten();
            Ok(text.filter(|text| !text.is_empty()))
        })
        .await
    }

    fn creation_locks(&self) -> [i64; 2] {
        [
            TERRAFORM,
            creation_lock(&self.names.schema, &self.names.table),
        ]
    }

    /// Takes the lock of a workspace for this session, and gives its line, which is made with `empty` if there is none.
    ///
    /// Within a transaction. The locks of creation stay taken until [`Tables::end_creation`], for until the transaction is committed nobody else sees the line.
    pub(crate) async fn take_line(
        &self,
        db: &mut PgConnection,
        name: &str,
        empty: &str,
    ) -> Result<Take, Trouble> {
        for id in self.creation_locks() {
            if !try_lock(db, id).await? {
                return Ok(Take::Making);
            }
        }
        let mut made = false;
        if self.line(db, name).await?.is_none() {
            let done =
                sqlx::query(self.names.sql(
                    "INSERT INTO {t} (name, data) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
                ))
                .bind(name)
                .bind(empty)
                .execute(&mut *db)
                .await?;
            made = done.rows_affected() == 1;
        }
        match self.line(db, name).await? {
            Some(line) if try_lock(db, line.id).await? => Ok(Take::Taken { line, made }),
            _ => Ok(Take::Held),
        }
    }

    /// Lets go of the locks of creation, as far as this session has them.
    pub(crate) async fn end_creation(&self, link: &mut Link) -> Result<(), Trouble> {
        for id in self.creation_locks() {
            unlock(&mut link.db, id).await?;
        }
        Ok(())
    }

    /// Takes the lock of a line again, over a new session.
    pub(crate) async fn take_again(&self, db: &mut PgConnection, id: i64) -> Result<bool, Trouble> {
        try_lock(db, id).await
    }

    /// Who has the lock of a workspace in the peers' way.
    pub(crate) async fn line_holder(
        &self,
        db: &mut PgConnection,
        name: &str,
    ) -> Result<Option<Holder>, Trouble> {
        let ids: Vec<i64> = match self.line(&mut *db, name).await? {
            Some(line) => vec![line.id],
            None => Vec::new(),
        };
        let ids: Vec<i64> = ids.into_iter().chain(self.creation_locks()).collect();
        let row = sqlx::query(
            "SELECT k.pid, a.usename, a.application_name, a.client_addr::text, to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
             FROM pg_locks k LEFT JOIN pg_stat_activity a ON a.pid = k.pid
             WHERE k.locktype = 'advisory' AND k.objsubid = 1 AND k.granted AND k.pid <> pg_backend_pid()
             AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND ((k.classid::bigint << 32) | k.objid::bigint) = ANY($1)
             ORDER BY k.objid LIMIT 1",
        )
        .bind(&ids)
        .fetch_optional(db)
        .await?;
        row.map(|row| {
            let pid: i32 = row.try_get(0)?;
            let text = |at: usize| -> Result<String, Trouble> {
                Ok(row.try_get::<Option<String>, _>(at)?.unwrap_or_default())
            };
            let (user, program, from) = (text(1)?, text(2)?, text(3)?);
            let program = if program.is_empty() {
                "Terraform or OpenTofu"
            } else {
                &program
            };
            let from = if from.is_empty() {
                "this machine"
            } else {
                &from
            };
            Ok(Holder {
                id: session_id(pid).into(),
                operation: ecow::EcoString::new(),
                info: format!("{program}, session process {pid} of the database").into(),
                who: format!("{user}@{from}").into(),
                version: ecow::EcoString::new(),
                created: text(4)?.into(),
                path: ecow::EcoString::new(),
            })
        })
        .transpose()
    }

    /// Writes the state of a line, if the line is still what it was. `false`: somebody else wrote it.
    pub(crate) async fn put_line(
        &self,
        db: &mut PgConnection,
        line: &Line,
        text: &str,
    ) -> Result<bool, Trouble> {
        let done = sqlx::query(self.names.sql(
            "UPDATE {t} SET data = $3 WHERE id = $1
             AND CASE WHEN data <> '' THEN encode(sha256(convert_to(data, 'UTF8')), 'hex') END IS NOT DISTINCT FROM $2",
        ))
        .bind(line.id)
        .bind(&line.digest)
        .bind(text)
        .execute(db)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Remembers what the line was last made of.
    pub(crate) async fn published(
        &self,
        db: &mut PgConnection,
        workspace: i64,
        serial: u64,
        digest: Option<&str>,
    ) -> Result<(), Trouble> {
        sqlx::query(
            self.names
                .sql("UPDATE {s}.terrane_workspace SET published = $2, digest = $3 WHERE id = $1"),
        )
        .bind(workspace)
        .bind(crate::tables::signed(serial)?)
        .bind(digest)
        .execute(db)
        .await?;
        Ok(())
    }

    /// Removes the line of a workspace.
    pub(crate) async fn drop_line(&self, db: &mut PgConnection, name: &str) -> Result<(), Trouble> {
        sqlx::query(self.names.sql("DELETE FROM {t} WHERE name = $1"))
            .bind(name)
            .execute(db)
            .await?;
        Ok(())
    }
}

/// What stands for the id of a lock that a peer has: its session.
fn session_id(pid: i32) -> String {
    format!("session-{pid}")
}

/// The session that an id of a lock stands for.
pub(crate) fn session_of(id: &str) -> Option<i32> {
    id.strip_prefix("session-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{creation_lock, digest};

    #[test]
    fn hashes_are_the_known_ones() {
        // FNV-1, 32 bits: the offset basis for nothing but the zero byte between the names.
        assert_eq!(
            creation_lock("", ""),
            -i64::from(0x811c_9dc5_u32.wrapping_mul(0x0100_0193))
        );
        assert_eq!(
            digest("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
