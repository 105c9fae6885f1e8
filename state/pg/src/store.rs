//! The store: one schema of a database, in one of two layouts.

use crate::client::Connector;
use crate::leases::{begin, end_marked};
use crate::runtime::wait_for;
use crate::schema::Names;
use crate::sealing::Sealing;
use crate::tables::{Tables, durable};
use std::sync::Arc;
use std::time::Duration;
use terrane_model::snapshot::Snapshot;
use terrane_store::backend::Say;
use terrane_store::lease::{Claim, Fence, Held, Holder, new_lock_id};
use terrane_store::maintain::Maintain;
use terrane_store::statefile::{self, WriteOptions};
use terrane_store::{
    Attempt, LeaseRequest, Leasing, StateStore, StoreError, Version, check_deletable,
    check_workspace_name,
};

/// How a state is laid out in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The peers read and write it too: a line of their table holds the whole state, besides our rows.
    States,
    /// Only our rows: many may write at a time.
    Rows,
}

impl Layout {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::States => "states",
            Self::Rows => "rows",
        }
    }
}

/// The store in a schema of a PostgreSQL database. Making one connects to nothing.
#[derive(Clone)]
pub struct PgStore {
    pub(crate) connector: Connector,
    pub(crate) tables: Tables,
    layout: Layout,
    pub(crate) say: Say,
}

impl std::fmt::Debug for PgStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgStore")
            .field("place", &self.connector.place())
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

impl PgStore {
    pub(crate) fn new(
        connector: Connector,
        names: Names,
        sealing: Sealing,
        layout: Layout,
        say: Say,
    ) -> Self {
        Self {
            connector,
            tables: Tables {
                names,
                layout: layout.word(),
                sealing,
            },
            layout,
            say,
        }
    }

    /// The layout that it has.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    pub(crate) fn mirrors(&self) -> bool {
        self.layout == Layout::States
    }

    pub(crate) fn place(&self, workspace: &str) -> String {
        format!("workspace {workspace:?} in {}", self.location())
    }
}

impl StateStore for PgStore {
    fn workspaces(&self) -> Result<Vec<String>, StoreError> {
        let mut names = self.with_link("reading", |store, mut reading| async move {
            let mut names = Vec::new();
            if reading.ours {
                names.extend(store.tables.list(&mut reading.link).await?);
            }
            if reading.theirs {
                names.extend(store.tables.peer_names(&mut reading.link).await?);
            }
            Ok((names, reading.link))
        })?;
        names.push("default".to_owned());
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn leasing(&self) -> Leasing {
        match self.layout {
            Layout::Rows => Leasing::Parts,
            Layout::States => Leasing::Whole,
        }
    }

    fn acquire(&self, workspace: &str, request: &LeaseRequest) -> Result<Attempt, StoreError> {
        const TRIES: u32 = 40;
        const PAUSE: Duration = Duration::from_millis(25);
        check_workspace_name(workspace)?;
        // What the peers' line says before anything was ever written.
        let empty = statefile::write(
            &Snapshot {
                lineage: new_lock_id(),
                ..Snapshot::default()
            },
            &WriteOptions::default(),
        )?;
        let (store, name, asked) = (self.clone(), workspace.to_owned(), request.clone());
        let doing = format!("locking {}", self.place(workspace));
        let outcome = wait_for(async move {
            let mut tries = 0;
            loop {
                tries += 1;
                match store.attempt(&name, &asked, &empty, tries < TRIES).await {
                    // The session of a process that was killed a moment ago may still be there.
                    Ok(Err(_)) if tries == 1 => tokio::time::sleep(PAUSE).await,
                    Ok(outcome) => return Ok(outcome),
                    Err(trouble) if trouble.may_pass() && tries < TRIES => {
                        tokio::time::sleep(PAUSE).await;
                    }
                    Err(trouble) => return Err(trouble.while_doing(doing)),
                }
            }
        })?;
        match outcome {
            Ok(grant) => {
                let id = grant.lease.holder.id.to_string();
                match self.open_granted(workspace, grant) {
                    Ok(opened) => Ok(Attempt::Granted(Box::new(opened))),
                    Err(error) => {
                        // Who can't read the state (without its key, say) does not keep others from it.
                        drop(self.withdraw(workspace, &id));
                        Err(error)
                    }
                }
            }
            Err(waiting) => Ok(Attempt::Waiting(waiting)),
        }
    }

    fn withdraw(&self, workspace: &str, id: &str) -> Result<(), StoreError> {
        let (name, id) = (workspace.to_owned(), id.to_owned());
        self.with_link("writing", |store, mut reading| async move {
            if reading.ours {
                let mut transaction = begin(&mut reading.link).await?;
                if let Some(mut locked) = store.tables.lock(&mut transaction, &name).await? {
                    locked.table.withdraw(&id);
                    store.tables.keep(&mut transaction, &locked).await?;
                }
                transaction.commit().await?;
            }
            Ok(((), reading.link))
        })
    }

    fn holders(&self, workspace: &str) -> Result<Vec<Held>, StoreError> {
        check_workspace_name(workspace)?;
        let name = workspace.to_owned();
        self.with_link("reading", |store, mut reading| async move {
            let mut held = Vec::new();
            let mut peers_lock_is_ours = false;
            if reading.ours
                && let Some(locked) = store.tables.leases(&mut reading.link.db, &name).await?
            {
                held = locked.table.held(&|_| true);
                held.retain(|held| held.fence.is_none() || locked.is_alive(&held.holder.id));
                peers_lock_is_ours = held.iter().any(|held| held.fence.is_some());
            }
            if reading.theirs
                && !peers_lock_is_ours
                && let Some(holder) = store
                    .tables
                    .line_holder(&mut reading.link.db, &name)
                    .await?
            {
                held.insert(
                    0,
                    Held {
                        holder,
                        claim: Claim::whole(),
                        fence: Some(Fence(0)),
                        expires_ms: None,
                    },
                );
            }
            Ok((held, reading.link))
        })
    }

    fn force_unlock(&self, workspace: &str, id: &str) -> Result<Holder, StoreError> {
        check_workspace_name(workspace)?;
        let (name, id) = (workspace.to_owned(), id.to_owned());
        self.with_link("writing", |store, mut reading| async move {
            if reading.theirs
                && let Some(pid) = crate::peers::session_of(&id)
                && let Some(holder) = store
                    .tables
                    .line_holder(&mut reading.link.db, &name)
                    .await?
                && *holder.id == *id
            {
                sqlx::query("SELECT pg_terminate_backend($1)")
                    .bind(pid)
                    .execute(&mut reading.link.db)
                    .await?;
                return Ok((holder, reading.link));
            }
            if !reading.ours {
                return Err(StoreError::NoWorkspace(name).into());
            }
            let mut transaction = begin(&mut reading.link).await?;
            let Some(mut locked) = store.tables.lock(&mut transaction, &name).await? else {
                return Err(StoreError::NoWorkspace(name).into());
            };
            let place = store
                .tables
                .place(&mut transaction, locked.head.id, &id)
                .await?;
            let holder = locked.table.break_lock(&id)?;
            store.tables.keep(&mut transaction, &locked).await?;
            transaction.commit().await?;
            if let Some(place) = place {
                // With the session goes the peers' lock, and whatever it is in the middle of.
                end_marked(&mut reading.link.db, place).await?;
            }
            Ok((holder, reading.link))
        })
    }

    fn read(&self, workspace: &str) -> Result<Arc<Snapshot>, StoreError> {
        check_workspace_name(workspace)?;
        let name = workspace.to_owned();
        let mut found = self.with_link("reading", |store, mut reading| async move {
            let found = store.find(&mut reading, &name).await?;
            if found.head.is_some() {
                durable(&mut reading.link).await?;
            }
            Ok((found, reading.link))
        })?;
        if found.head.is_none() && !found.has_line && workspace != "default" {
            return Err(StoreError::NoWorkspace(workspace.to_owned()));
        }
        let mut snapshot = self.fold(workspace, &mut found)?;
        let foreign = self.foreign(workspace, &mut found, &snapshot, snapshot.last_op)?;
        if !foreign.is_empty() {
            snapshot.commit(&foreign);
        }
        Ok(Arc::new(snapshot))
    }

    fn history(&self, workspace: &str) -> Result<Vec<Version>, StoreError> {
        check_workspace_name(workspace)?;
        let name = workspace.to_owned();
        let versions = self.with_link("reading", |store, mut reading| async move {
            let versions = if reading.ours {
                store.tables.history(&mut reading.link.db, &name).await?
            } else {
                None
            };
            Ok((versions, reading.link))
        })?;
        match versions {
            Some(versions) => Ok(versions),
            None => self.read(workspace).map(|_| Vec::new()),
        }
    }

    fn read_at(&self, workspace: &str, serial: u64) -> Result<Snapshot, StoreError> {
        check_workspace_name(workspace)?;
        let name = workspace.to_owned();
        let past = self.with_link("reading", move |store, mut reading| async move {
            let past = if reading.ours {
                store
                    .tables
                    .load_at(&mut reading.link, &name, serial)
                    .await?
            } else {
                None
            };
            Ok((past, reading.link))
        })?;
        let Some(past) = past else {
            let now = self.read(workspace)?;
            return if serial == 0 || now.serial <= serial {
                Ok(Snapshot::clone(&now))
            } else {
                Err(too_far_back(workspace, now.serial, serial))
            };
        };
        if past.oldest > serial {
            return Err(too_far_back(workspace, past.oldest, serial));
        }
        self.fold_past(workspace, past)
    }

    fn location(&self) -> String {
        format!(
            "schema {} of the database {}",
            self.tables.names.schema,
            self.connector.place()
        )
    }

    fn delete(&self, workspace: &str) -> Result<(), StoreError> {
        check_deletable(workspace)?;
        self.erase(workspace)
    }

    fn erase(&self, workspace: &str) -> Result<(), StoreError> {
        check_workspace_name(workspace)?;
        self.remove(workspace)
    }

    fn audit(&self) -> Option<&dyn terrane_store::audit::Audit> {
        Some(self)
    }

    fn maintain(&self) -> Option<&dyn Maintain> {
        Some(self)
    }
}

fn too_far_back(workspace: &str, oldest: u64, serial: u64) -> StoreError {
    StoreError::Refused(format!(
        "the history of workspace {workspace:?} begins at serial {oldest}, after {serial}"
    ))
}
