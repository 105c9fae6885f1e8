//! Audit logs: a line per row. Not part of the format of the other tables: they are made when the first line is written.
//!
//! A line is put where the writer thought that the end was; if somebody was faster, the row is there already, and the writer looks again.
//!
//! Where a segment begins is a row too: of segment n the one of the number -n, whose line is the number of the first line of the segment. So rows are only ever put in.

use crate::client::Trouble;
use crate::leases::begin;
use crate::store::PgStore;
use sqlx::Row as _;
use terrane_store::audit::{Audit, Change, Changed};
use terrane_store::{StoreError, check_workspace_name};

/// How often a line is put anew behind those of others.
const TRIES: usize = 100;
/// The tables of all logs of a schema.
pub(crate) const TABLES: &str = "CREATE TABLE IF NOT EXISTS {s}.terrane_audit (workspace text NOT NULL, seq bigint NOT NULL, line text NOT NULL, PRIMARY KEY (workspace, seq));
CREATE TABLE IF NOT EXISTS {s}.terrane_audit_secret (workspace text PRIMARY KEY, secret bytea NOT NULL)";
/// The rows of the present segment.
const PRESENT: &str = "SELECT seq, line FROM {s}.terrane_audit WHERE workspace = $1 AND seq >= coalesce((SELECT line::bigint FROM {s}.terrane_audit WHERE workspace = $1 AND seq < 0 ORDER BY seq LIMIT 1), 0) ORDER BY seq";
/// The rows of a closed one: between where it begins and where the next one does.
const CLOSED: &str = "SELECT line FROM {s}.terrane_audit WHERE workspace = $1 AND seq >= coalesce((SELECT line::bigint FROM {s}.terrane_audit WHERE workspace = $1 AND seq = -$2::bigint AND seq < 0), 0) AND seq < (SELECT line::bigint FROM {s}.terrane_audit WHERE workspace = $1 AND seq = -1 - $2::bigint) ORDER BY seq";

impl PgStore {
    /// What the log of a workspace is called: layouts have workspaces of their own.
    fn log_name(&self, workspace: &str) -> Result<String, StoreError> {
        check_workspace_name(workspace)?;
        Ok(format!("{}/{workspace}", self.layout().word()))
    }

    /// Makes the schema and the tables of logs.
    fn prepare_logs(&self) -> Result<(), StoreError> {
        let with_peers = self.mirrors();
        self.with_link("writing", move |store, mut reading| async move {
            store
                .tables
                .names
                .prepare(&mut reading.link, with_peers)
                .await?;
            let mut transaction = begin(&mut reading.link).await?;
            sqlx::query("SELECT pg_advisory_xact_lock(hashtext('terrane audit'), hashtext($1))")
                .bind(&store.tables.names.schema)
                .execute(&mut *transaction)
                .await?;
            sqlx::raw_sql(store.tables.names.sql(TABLES))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(((), reading.link))
        })
    }

    /// The lines of the present segment of a log; `None`: there are no tables.
    fn lines(&self, name: String) -> Result<Option<Lines>, StoreError> {
        self.with_link("reading", |store, mut reading| async move {
            let rows = sqlx::query(store.tables.names.sql(PRESENT))
                .bind(name)
                .fetch_all(&mut reading.link.db)
                .await
                .map_err(Trouble::from);
            let lines = match rows {
                Ok(rows) => {
                    let first = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
                    let lines = rows.iter().map(|row| row.try_get(1));
                    Some(Lines {
                        first,
                        lines: lines.collect::<Result<Vec<String>, _>>()?,
                    })
                }
                Err(trouble) if trouble.is("42P01") || trouble.is("3F000") => None,
                Err(trouble) => return Err(trouble),
            };
            Ok((lines, reading.link))
        })
    }

    /// Puts rows, all or none. Whether their places were free.
    fn put_rows(&self, name: String, rows: Vec<(i64, String)>) -> Result<bool, StoreError> {
        self.with_link("writing", move |store, mut reading| async move {
            let mut transaction = begin(&mut reading.link).await?;
            for (seq, line) in &rows {
                let sql =
                    "INSERT INTO {s}.terrane_audit (workspace, seq, line) VALUES ($1, $2, $3)";
                let put = sqlx::query(store.tables.names.sql(sql))
                    .bind(&name)
                    .bind(seq)
                    .bind(line)
                    .execute(&mut *transaction)
                    .await
                    .map_err(Trouble::from);
                match put {
                    Ok(_) => {}
                    Err(trouble) if trouble.is("23505") => {
                        transaction.rollback().await?;
                        return Ok((false, reading.link));
                    }
                    Err(trouble) => return Err(trouble),
                }
            }
            transaction.commit().await?;
            Ok((true, reading.link))
        })
    }
}

/// Lines of a segment.
#[derive(Default)]
struct Lines {
    /// The number of the first one.
    first: i64,
    lines: Vec<String>,
}

fn text_of(lines: &[String]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|line| format!("{line}\n").into_bytes())
        .collect()
}

impl Audit for PgStore {
    fn read(&self, workspace: &str) -> Result<Vec<u8>, StoreError> {
        let lines = self.lines(self.log_name(workspace)?)?;
        Ok(text_of(&lines.unwrap_or_default().lines))
    }

    fn closed(&self, workspace: &str, segment: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let name = self.log_name(workspace)?;
        let segment = i64::try_from(segment).unwrap_or(i64::MAX - 1);
        let lines = self.with_link("reading", move |store, mut reading| async move {
            let rows = sqlx::query(store.tables.names.sql(CLOSED))
                .bind(name)
                .bind(segment)
                .fetch_all(&mut reading.link.db)
                .await?;
            let lines = rows.iter().map(|row| row.try_get(0));
            Ok((lines.collect::<Result<Vec<String>, _>>()?, reading.link))
        })?;
        Ok((!lines.is_empty()).then(|| text_of(&lines)))
    }

    fn change(&self, workspace: &str, change: Change<'_>) -> Result<(), StoreError> {
        let name = self.log_name(workspace)?;
        for _ in 0..TRIES {
            let found = self.lines(name.clone())?;
            if found.is_none() {
                self.prepare_logs()?;
            }
            let Lines { first, lines } = found.unwrap_or_default();
            let text = text_of(&lines);
            let Changed {
                stays,
                added,
                closes,
            } = change(&text)?;
            let added = String::from_utf8_lossy(&added).into_owned();
            // Rows are whole lines: there is never a part of one to be cut off or ended.
            if stays != text.len() || added.starts_with('\n') {
                return Err(StoreError::Damaged {
                    what: format!("the audit log {name}"),
                    problem: "a line of it is not whole".to_owned(),
                });
            }
            let behind = first.saturating_add(i64::try_from(lines.len()).unwrap_or(i64::MAX));
            let rows = (behind..).zip(added.lines().map(str::to_owned));
            let begins = closes.map(|closed| {
                let number = i64::try_from(closed).unwrap_or(i64::MAX - 1) + 1;
                (-number, behind.to_string())
            });
            if self.put_rows(name.clone(), rows.chain(begins).collect())? {
                return Ok(());
            }
        }
        Err(StoreError::Refused(format!(
            "others write to the audit log {name} all the time"
        )))
    }

    fn logs(&self) -> Result<Vec<String>, StoreError> {
        let names = self.with_link("reading", |store, mut reading| async move {
            let sql = "SELECT DISTINCT workspace FROM {s}.terrane_audit ORDER BY workspace";
            let rows = sqlx::query(store.tables.names.sql(sql))
                .fetch_all(&mut reading.link.db)
                .await
                .map_err(Trouble::from);
            let names = match rows {
                Ok(rows) => {
                    let names = rows.iter().map(|row| row.try_get(0));
                    names.collect::<Result<Vec<String>, _>>()?
                }
                Err(trouble) if trouble.is("42P01") || trouble.is("3F000") => Vec::new(),
                Err(trouble) => return Err(trouble),
            };
            Ok((names, reading.link))
        })?;
        let layout = format!("{}/", self.layout().word());
        let own = names.iter().filter_map(|name| name.strip_prefix(&layout));
        Ok(own.map(str::to_owned).collect())
    }

    fn secret_or(&self, workspace: &str, new: [u8; 32]) -> Result<[u8; 32], StoreError> {
        let name = self.log_name(workspace)?;
        if self.lines(name.clone())?.is_none() {
            self.prepare_logs()?;
        }
        let secret = self.with_link("reading", move |store, mut reading| async move {
            // Who comes first decides; whoever was slower gets what is there.
            let sql = "INSERT INTO {s}.terrane_audit_secret (workspace, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            sqlx::query(store.tables.names.sql(sql))
                .bind(&name)
                .bind(new.to_vec())
                .execute(&mut reading.link.db)
                .await?;
            let sql = "SELECT secret FROM {s}.terrane_audit_secret WHERE workspace = $1";
            let secret: Vec<u8> = sqlx::query(store.tables.names.sql(sql))
                .bind(&name)
                .fetch_one(&mut reading.link.db)
                .await?
                .try_get(0)?;
            Ok((secret, reading.link))
        })?;
        secret.try_into().map_err(|_| StoreError::Damaged {
            what: "the secret of the audit log".to_owned(),
            problem: "it has another length".to_owned(),
        })
    }
}
