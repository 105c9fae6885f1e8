//! Reading states: from the rows, and from the peers' line where that was written by a peer.

use crate::client::{Link, Trouble};
use crate::merge::take_over;
use crate::past::Past;
use crate::rows::Reader;
use crate::runtime::wait_for;
use crate::store::PgStore;
use crate::tables::{Head, Stored};
use std::time::{SystemTime, UNIX_EPOCH};
use terrane_model::event::Event;
use terrane_model::snapshot::Snapshot;
use terrane_store::StoreError;
use terrane_store::statefile;
use terrane_store::wire::decode_batch;

/// A connection to the tables, as far as they are there.
pub(crate) struct Reading {
    pub(crate) link: Link,
    /// Whether our tables are there.
    pub(crate) ours: bool,
    /// Whether the peers' table is looked at, and is there.
    pub(crate) theirs: bool,
}

/// What was found of a workspace.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) head: Option<Head>,
    pub(crate) rows: Vec<Stored>,
    /// The peers' line: its text, where that is not what was last made of the rows.
    pub(crate) foreign: Option<String>,
    pub(crate) has_line: bool,
    /// What was last made into the line, where the rows have more.
    pub(crate) common: Option<Past>,
}

impl PgStore {
    /// Waits for something done over a connection of its own.
    pub(crate) fn with_link<T: Send + 'static, F>(
        &self,
        doing: &str,
        what: impl FnOnce(Self, Reading) -> F + Send + 'static,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<(T, Link), Trouble>> + Send,
    {
        let store = self.clone();
        let doing = format!("{doing} the database {}", self.connector.place());
        wait_for(async move {
            let mut link = store.connector.connect_or_say().await?;
            let work = async {
                let ours = store.tables.names.is_there(&mut link).await?;
                let theirs =
                    store.mirrors() && store.tables.names.peers_are_there(&mut link).await?;
                let connector = store.connector.clone();
                let (value, link) = what(store, Reading { link, ours, theirs }).await?;
                connector.put_back(link).await;
                Ok(value)
            };
            work.await
                .map_err(|trouble: Trouble| trouble.while_doing(doing))
        })
    }

    /// Everything that a workspace is made of.
    pub(crate) async fn find(
        &self,
        reading: &mut Reading,
        workspace: &str,
    ) -> Result<Found, Trouble> {
        let mut found = Found::default();
        // The line first: if it is written anew in between, the rows that are read after it are as new or newer.
        let mut digest = None;
        if reading.theirs {
            let line = self.tables.line(&mut reading.link.db, workspace).await?;
            found.has_line = line.is_some();
            digest = line.and_then(|line| line.digest);
        }
        if reading.ours
            && let Some((head, rows)) = self.tables.load(&mut reading.link, workspace).await?
        {
            found.head = Some(head);
            found.rows = rows;
        }
        let known = found.head.as_ref().and_then(|head| head.digest.clone());
        if digest.is_some() && digest != known {
            found.foreign = self.tables.text(&mut reading.link.db, workspace).await?;
            let behind = found
                .head
                .as_ref()
                .filter(|head| head.serial > head.published);
            if let Some(head) = behind {
                let published = head.published;
                found.common = self
                    .tables
                    .load_at(&mut reading.link, workspace, published)
                    .await?;
            }
        }
        Ok(found)
    }

    /// The state that the rows hold.
    pub(crate) fn fold(&self, workspace: &str, found: &mut Found) -> Result<Snapshot, StoreError> {
        let Some(head) = &found.head else {
            return Ok(Snapshot::default());
        };
        self.fold_rows(
            workspace,
            std::mem::take(&mut found.rows),
            (head.serial, &head.lineage, head.last_op),
        )
    }

    pub(crate) fn fold_rows(
        &self,
        workspace: &str,
        rows: Vec<Stored>,
        (serial, lineage, last_op): (u64, &str, u64),
    ) -> Result<Snapshot, StoreError> {
        let place = self.place(workspace);
        let mut reader = Reader::default();
        for row in rows {
            let data = self.tables.sealing.unseal(row.data)?;
            reader.add(&place, row.kind, row.changed, &data)?;
        }
        Ok(reader.finish(serial, lineage, last_op))
    }

    pub(crate) fn fold_past(&self, workspace: &str, past: Past) -> Result<Snapshot, StoreError> {
        let mut snapshot = self.fold_rows(
            workspace,
            past.rows,
            (past.serial, &past.lineage, past.last_op),
        )?;
        for (serial, data) in past.batches {
            let data = self.tables.sealing.unseal(data)?;
            let batch = decode_batch(&data).map_err(|error| error.at(self.place(workspace)))?;
            snapshot.commit_as(serial, &batch.events);
        }
        Ok(snapshot)
    }

    /// The events that take over what a peer wrote.
    pub(crate) fn foreign(
        &self,
        workspace: &str,
        found: &mut Found,
        ours: &Snapshot,
        last_op: u64,
    ) -> Result<Vec<Event>, StoreError> {
        let Some(text) = &found.foreign else {
            return Ok(Vec::new());
        };
        let what = format!(
            "the line of workspace {workspace:?} in the table {} of the database {}",
            self.tables.names.table,
            self.connector.place()
        );
        let plain = self
            .tables
            .sealing
            .inner()
            .unseal(text.clone().into_bytes())?;
        let theirs = statefile::read(&what, &plain)?;
        let common = found
            .common
            .take()
            .map(|past| self.fold_past(workspace, past))
            .transpose()?;
        Ok(take_over(
            ours,
            common.as_ref(),
            theirs,
            run_of(&crate::peers::digest(text)),
            last_op,
            now_ms(),
        ))
    }
}

/// A UUID made of a digest: reading the same line again gives the same run.
fn run_of(digest: &str) -> ecow::EcoString {
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    ecow::eco_format!(
        "{}-{}-8{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 15),
        part(15, 18),
        part(18, 30)
    )
}

pub(crate) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|passed| u64::try_from(passed.as_millis()).ok())
        .unwrap_or_default()
}
