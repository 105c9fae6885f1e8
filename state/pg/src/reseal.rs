//! Encrypting anew what was encrypted in another way, or not at all: after a change of keys nothing must need the old one, not even the history.
//!
//! A row is replaced only if it still is as it was read: whoever wrote it meanwhile has sealed it as it should be. So this needs no lease, and two may do it
//! at the same time.

use crate::client::{Link, Trouble, within};
use crate::store::PgStore;
use crate::tables::{LONG, Tables};
use sqlx::Row as _;
use terrane_store::StoreError;

/// The tables whose `data` is sealed.
const SEALED: [&str; 3] = ["terrane_row", "terrane_journal", "terrane_past"];
/// How many rows are replaced with one statement.
const PIECE: usize = 256;

/// A row: the table, by its place in the list above, where it is there, and what it holds.
type Row = (usize, String, Vec<u8>);

/// What replaces a row: where, what it held, what it is to hold.
type Change = (String, Vec<u8>, Vec<u8>);

impl PgStore {
    /// Seals all of a workspace as it would be sealed today, where there are other methods to open it with. Tells whether the peers' line is to be written
    /// anew.
    pub(crate) fn reseal(&self, workspace: &str, id: i64) -> Result<bool, StoreError> {
        let seal = self.tables.sealing.inner();
        if !seal.has_fallback() {
            return Ok(false);
        }
        let name = workspace.to_owned();
        let (rows, line) = self.with_link("reading", move |store, mut reading| async move {
            let rows = store.tables.sealed(&mut reading.link, id).await?;
            let line = if reading.theirs {
                store.tables.text(&mut reading.link.db, &name).await?
            } else {
                None
            };
            Ok(((rows, line), reading.link))
        })?;
        let mut changes: [Vec<Change>; SEALED.len()] = Default::default();
        for (table, at, old) in rows {
            // What nothing here opens is told where it is needed.
            let Ok(opened) = self.tables.sealing.open(&old) else {
                continue;
            };
            if opened.current {
                continue;
            }
            let new = self.tables.sealing.seal(opened.bytes.into_owned())?;
            if let Some(changes) = changes.get_mut(table) {
                changes.push((at, old, new));
            }
        }
        if changes.iter().any(|changes| !changes.is_empty()) {
            let hides = seal.encrypts();
            self.with_link("writing", move |store, mut reading| async move {
                for (table, changes) in SEALED.iter().zip(changes) {
                    for piece in changes.chunks(PIECE) {
                        store
                            .tables
                            .replace(&mut reading.link, (id, table, hides), piece)
                            .await?;
                    }
                }
                Ok(((), reading.link))
            })?;
        }
        Ok(line.is_some_and(|text| {
            seal.open(text.into_bytes())
                .is_ok_and(|opened| !opened.current)
        }))
    }
}

impl Tables {
    async fn sealed(&self, link: &mut Link, workspace: i64) -> Result<Vec<Row>, Trouble> {
        let mut all = Vec::new();
        for (at, table) in SEALED.iter().enumerate() {
            let statement =
                format!("SELECT ctid::text, data FROM {{s}}.{table} WHERE workspace = $1");
            let rows = within(LONG, async {
                Ok(sqlx::query(self.names.sql(&statement))
                    .bind(workspace)
                    .fetch_all(&mut link.db)
                    .await?)
            })
            .await?;
            for row in rows {
                all.push((at, row.try_get(0)?, row.try_get(1)?));
            }
        }
        Ok(all)
    }

    /// `hides`: whether what rows are about must not be seen any more.
    async fn replace(
        &self,
        link: &mut Link,
        (workspace, table, hides): (i64, &str, bool),
        piece: &[Change],
    ) -> Result<(), Trouble> {
        let label = if hides && table == "terrane_row" {
            ", label = NULL"
        } else {
            ""
        };
        let statement = format!(
            "UPDATE {{s}}.{table} AS t SET data = n.new{label}
             FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS n(place, old, new)
             WHERE t.workspace = $1 AND t.ctid = n.place::tid AND t.data = n.old"
        );
        let places: Vec<&str> = piece.iter().map(|(place, ..)| place.as_str()).collect();
        let old: Vec<&[u8]> = piece.iter().map(|(_, old, _)| old.as_slice()).collect();
        let new: Vec<&[u8]> = piece.iter().map(|(.., new)| new.as_slice()).collect();
        within(LONG, async {
            sqlx::query(self.names.sql(&statement))
                .bind(workspace)
                .bind(places)
                .bind(old)
                .bind(new)
                .execute(&mut link.db)
                .await?;
            Ok(())
        })
        .await
    }
}
