//! Removing a workspace with everything that belongs to it.

use crate::client::Trouble;
use crate::leases::{begin, release_all};
use crate::peers::Take;
use crate::reading::Reading;
use crate::store::PgStore;
use terrane_store::lease::{Holder, Stand};
use terrane_store::{StateStore as _, StoreError};

impl PgStore {
    pub(crate) fn remove(&self, workspace: &str) -> Result<(), StoreError> {
        let name = workspace.to_owned();
        self.with_link("writing", |store, mut reading| async move {
            match store.remove_with(&mut reading, &name).await {
                Ok(()) => Ok(((), reading.link)),
                Err(trouble) => {
                    // The locks that it has taken go now, and not when the server notices that nobody is there any more.
                    drop(release_all(&mut reading.link).await);
                    reading.link.close().await;
                    Err(trouble)
                }
            }
        })
    }

    async fn remove_with(&self, reading: &mut Reading, name: &str) -> Result<(), Trouble> {
        let in_use = |holder: &Holder| -> Trouble {
            Trouble::Store(StoreError::InUse {
                path: self.location(),
                holder: holder.describe(),
                id: holder.id.to_string(),
                lasts: false,
            })
        };
        let tables = &self.tables;
        let mut exists = false;
        if reading.theirs && tables.line(&mut reading.link.db, name).await?.is_some() {
            exists = true;
            let take = tables.take_line(&mut reading.link.db, name, "").await?;
            if !matches!(take, Take::Taken { .. }) {
                let holder = tables.line_holder(&mut reading.link.db, name).await?;
                return Err(in_use(&holder.unwrap_or_default()));
            }
        }
        let mut transaction = begin(&mut reading.link).await?;
        if reading.ours
            && let Some(mut locked) = tables.lock(&mut transaction, name).await?
        {
            exists = true;
            let now_ms = locked.now_ms;
            let alive = locked.table.entries.iter().find(|entry| match entry.stand {
                Stand::Held { expires_ms, .. } => {
                    expires_ms > now_ms && locked.is_alive(&entry.holder.id)
                }
                Stand::Waiting { .. } => false,
            });
            if let Some(entry) = alive {
                return Err(in_use(&entry.holder));
            }
            locked.table.entries.clear();
            tables.delete(&mut transaction, locked.head.id).await?;
        }
        if reading.theirs {
            tables.drop_line(&mut transaction, name).await?;
        }
        if !exists {
            return Err(StoreError::NoWorkspace(name.to_owned()).into());
        }
        transaction.commit().await?;
        release_all(&mut reading.link).await
    }
}
