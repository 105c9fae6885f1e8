//! Removing a workspace with everything that belongs to it.

use crate::client::Trouble;
use crate::leases::{begin, release_all};
use crate::peers::Take;
use crate::store::PgStore;
use terrane_store::lease::{Holder, Stand};
use terrane_store::{StateStore as _, StoreError};

impl PgStore {
    pub(crate) fn remove(&self, workspace: &str) -> Result<(), StoreError> {
        let name = workspace.to_owned();
        self.with_link("writing", |store, mut reading| async move {
            let in_use = |holder: &Holder| -> Trouble {
                Trouble::Store(StoreError::InUse {
                    path: store.location(),
                    holder: holder.describe(),
                    id: holder.id.to_string(),
                })
            };
            let mut exists = false;
            if reading.theirs
                && store
                    .tables
                    .line(&mut reading.link.db, &name)
                    .await?
                    .is_some()
            {
                exists = true;
                let take = store
                    .tables
                    .take_line(&mut reading.link.db, &name, "")
                    .await?;
                if !matches!(take, Take::Taken { .. }) {
                    let holder = store
                        .tables
                        .line_holder(&mut reading.link.db, &name)
                        .await?;
                    return Err(in_use(&holder.unwrap_or_default()));
                }
            }
            let mut transaction = begin(&mut reading.link).await?;
            if reading.ours
                && let Some(mut locked) = store.tables.lock(&mut transaction, &name).await?
            {
                exists = true;
                let now_ms = locked.now_ms;
                let alive: Vec<_> = locked
                    .table
                    .entries
                    .iter()
                    .filter(|entry| match entry.stand {
                        Stand::Held { expires_ms, .. } => {
                            expires_ms > now_ms && locked.is_alive(&entry.holder.id)
                        }
                        Stand::Waiting { .. } => false,
                    })
                    .cloned()
                    .collect();
                if let Some(entry) = alive.first() {
                    return Err(in_use(&entry.holder));
                }
                locked.table.entries.clear();
                store
                    .tables
                    .delete(&mut transaction, locked.head.id)
                    .await?;
            }
            if reading.theirs {
                store.tables.drop_line(&mut transaction, &name).await?;
            }
            if !exists {
                return Err(StoreError::NoWorkspace(name).into());
            }
            transaction.commit().await?;
            release_all(&mut reading.link).await?;
            Ok(((), reading.link))
        })
    }
}
