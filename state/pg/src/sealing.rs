//! Encryption of what goes into rows.

use crate::client::{Trouble, within};
use crate::leases::begin;
use crate::store::PgStore;
use crate::tables::LONG;
use sqlx::Row as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use terrane_store::StoreError;
use terrane_store::pieces::{Piece, Sealer};
use terrane_store::seal::Seal;

/// The encryption of a store: piece by piece for rows and batches, as a whole for the peers' line.
#[derive(Clone, Debug)]
pub(crate) struct Sealing {
    seal: Arc<dyn Seal>,
    pieces: Arc<Sealer>,
    /// Whether something was opened that would be sealed in another way today.
    stale: Arc<AtomicBool>,
}

impl Sealing {
    pub(crate) fn new(seal: Arc<dyn Seal>) -> Self {
        Self {
            pieces: Arc::new(Sealer::new(Arc::clone(&seal))),
            seal,
            stale: Arc::default(),
        }
    }

    pub(crate) fn encrypts(&self) -> bool {
        self.seal.encrypts()
    }

    pub(crate) fn inner(&self) -> &dyn Seal {
        &*self.seal
    }

    pub(crate) fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.pieces.seal(plain)
    }

    /// A piece, and whether it would be sealed in the same way today.
    pub(crate) fn open<'a>(&self, stored: &'a [u8]) -> Result<Piece<'a>, StoreError> {
        self.pieces.open(stored)
    }

    /// What was sealed, as a piece or (as it was once done) as a whole.
    pub(crate) fn unseal(&self, stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let opened = self.pieces.open(&stored)?;
        if !opened.current {
            self.stale.store(true, Ordering::Relaxed);
        }
        Ok(opened.bytes.into_owned())
    }

    /// The same bytes as they would be sealed today; `None`: they are.
    fn anew(&self, stored: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let opened = self.pieces.open(stored)?;
        if opened.current {
            return Ok(None);
        }
        self.pieces.seal(opened.bytes.into_owned()).map(Some)
    }

    /// Whether something was opened since the last call that would be sealed in another way today.
    pub(crate) fn take_stale(&self) -> bool {
        self.stale.swap(false, Ordering::Relaxed)
    }
}

impl PgStore {
    /// Seals everything of a workspace as it would be today: after encryption was switched on or off, or its key was changed. In one transaction, in which nobody
    /// else writes the workspace.
    pub(crate) fn reseal(&self, workspace: i64) -> Result<(), StoreError> {
        self.with_link("sealing anew in", move |store, mut reading| async move {
            let work = async {
                let (names, sealing) = (&store.tables.names, &store.tables.sealing);
                let mut transaction = begin(&mut reading.link).await?;
                sqlx::query(
                    names
                        .sql("SELECT 1 FROM {s}.terrane_workspace WHERE id = $1 FOR NO KEY UPDATE"),
                )
                .bind(workspace)
                .execute(&mut *transaction)
                .await?;
                for table in ["terrane_journal", "terrane_past", "terrane_row"] {
                    let select =
                        format!("SELECT ctid::text, data FROM {{s}}.{table} WHERE workspace = $1");
                    let rows = sqlx::query(names.sql(&select))
                        .bind(workspace)
                        .fetch_all(&mut *transaction)
                        .await?;
                    let labels = if table == "terrane_row" && sealing.encrypts() {
                        ", label = NULL"
                    } else {
                        ""
                    };
                    let update =
                        format!("UPDATE {{s}}.{table} SET data = $2{labels} WHERE ctid = $1::tid");
                    for row in rows {
                        let (place, data): (String, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
                        let Some(anew) = sealing.anew(&data)? else {
                            continue;
                        };
                        sqlx::query(names.sql(&update))
                            .bind(place)
                            .bind(anew)
                            .execute(&mut *transaction)
                            .await?;
                    }
                }
                transaction.commit().await?;
                Ok::<_, Trouble>(())
            };
            within(LONG, work).await?;
            Ok(((), reading.link))
        })
    }
}
