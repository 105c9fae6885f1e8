//! The store: one schema of a database, in one of two layouts.

use crate::client::{Connector, Link, Trouble};
use crate::leases::{begin, end_marked, mark, release_all};
use crate::merge::take_over;
use crate::rows::Reader;
use crate::runtime::wait_for;
use crate::schema::Names;
use crate::sealing::Sealing;
use crate::session::{Hold, LEASE, Opening, Session};
use crate::tables::{Head, Stored, Tables, durable};
use crate::workspace::Opened;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use terrane_model::event::{Event, EventKind};
use terrane_model::snapshot::Snapshot;
use terrane_store::backend::Say;
use terrane_store::lease::{Claim, Fence, Held, Holder, Lease, Stand, Waiting, new_lock_id};
use terrane_store::statefile::{self, WriteOptions};
use terrane_store::wire::decode_batch;
use terrane_store::{
    Attempt, LeaseRequest, Leasing, StateStore, StoreError, Version, Workspace, check_deletable,
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
    const fn word(self) -> &'static str {
        match self {
            Self::States => "states",
            Self::Rows => "rows",
        }
    }
}

/// The store in a schema of a PostgreSQL database. Making one connects to nothing.
#[derive(Clone)]
pub struct PgStore {
    connector: Connector,
    tables: Tables,
    layout: Layout,
    say: Say,
}

/// A connection to the tables, as far as they are there.
struct Reading {
    link: Link,
    /// Whether our tables are there.
    ours: bool,
    /// Whether the peers' table is looked at, and is there.
    theirs: bool,
}

/// What was found of a workspace.
#[derive(Debug, Default)]
struct Found {
    head: Option<Head>,
    rows: Vec<Stored>,
    /// The peers' line: its text, where that is not what was last made of the rows.
    foreign: Option<String>,
    has_line: bool,
    /// What was last made into the line, where the rows have more.
    common: Option<crate::tables::Past>,
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

    fn mirrors(&self) -> bool {
        self.layout == Layout::States
    }

    fn place(&self, workspace: &str) -> String {
        format!("workspace {workspace:?} in {}", self.location())
    }

    /// Waits for something done over a connection of its own.
    fn with_link<T: Send + 'static, F>(
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
                let (value, link) = what(store, Reading { link, ours, theirs }).await?;
                link.close().await;
                Ok(value)
            };
            work.await
                .map_err(|trouble: Trouble| trouble.while_doing(doing))
        })
    }

    /// Everything that a workspace is made of.
    async fn find(&self, reading: &mut Reading, workspace: &str) -> Result<Found, Trouble> {
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
    fn fold(&self, workspace: &str, found: &Found) -> Result<Snapshot, StoreError> {
        let Some(head) = &found.head else {
            return Ok(Snapshot::default());
        };
        self.fold_rows(
            workspace,
            &found.rows,
            (head.serial, &head.lineage, head.last_op),
        )
    }

    fn fold_rows(
        &self,
        workspace: &str,
        rows: &[Stored],
        (serial, lineage, last_op): (u64, &str, u64),
    ) -> Result<Snapshot, StoreError> {
        let place = self.place(workspace);
        let mut reader = Reader::default();
        for row in rows {
            let data = self.tables.sealing.unseal(row.data.clone())?;
            reader.add(&place, row.kind, row.changed, &data)?;
        }
        Ok(reader.finish(serial, lineage, last_op))
    }

    fn fold_past(
        &self,
        workspace: &str,
        past: &crate::tables::Past,
    ) -> Result<Snapshot, StoreError> {
        let mut snapshot = self.fold_rows(
            workspace,
            &past.rows,
            (past.serial, &past.lineage, past.last_op),
        )?;
        for (serial, data) in &past.batches {
            let data = self.tables.sealing.unseal(data.clone())?;
            let batch = decode_batch(&data).map_err(|error| error.at(self.place(workspace)))?;
            snapshot.commit_as(*serial, &batch.events);
        }
        Ok(snapshot)
    }

    /// The events that take over what a peer wrote.
    fn foreign(
        &self,
        workspace: &str,
        found: &Found,
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
            .as_ref()
            .map(|past| self.fold_past(workspace, past))
            .transpose()?;
        Ok(take_over(
            ours,
            common.as_ref(),
            theirs,
            new_lock_id(),
            last_op,
            now_ms(),
        ))
    }

    async fn attempt(
        &self,
        workspace: &str,
        request: &LeaseRequest,
        empty: &str,
    ) -> Result<Result<Grant, Waiting>, Trouble> {
        let mut link = self
            .connector
            .connect_or_say()
            .await
            .map_err(Trouble::Store)?;
        self.tables.names.prepare(&mut link, self.mirrors()).await?;
        self.tables.make(&mut link, workspace).await?;
        let mut transaction = begin(&mut link).await?;
        let Some(mut locked) = self.tables.lock(&mut transaction, workspace).await? else {
            return Err(Trouble::Again("the workspace was deleted".to_owned()));
        };
        let lowest = Fence::above(locked.head.last_op);
        let lease_ms = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        let claim = match self.layout {
            Layout::Rows => request.claim.clone(),
            Layout::States => Claim::whole(),
        };
        let holder = &request.holder;
        let mut outcome = if request.lock {
            locked.with_terms(lease_ms, |table, terms| {
                table.attempt(holder, &claim, lowest, terms)
            })
        } else {
            Ok(locked.table.next_fence(lowest))
        };
        let mut line = None;
        if self.mirrors() && outcome.is_ok() {
            // Whose lease ran out may still have the peers' lock: it goes with the session.
            for id in locked.removed() {
                if let Some(place) = self
                    .tables
                    .place(&mut transaction, locked.head.id, &id)
                    .await?
                {
                    end_marked(&mut transaction, place).await?;
                }
            }
            line = self
                .take_line(&mut transaction, workspace, request, empty)
                .await?;
            match &line {
                // What was made of nothing is no news of a peer.
                Some(taken) if taken.made => {
                    let digest = taken.line.digest.as_deref();
                    self.tables
                        .published(&mut transaction, locked.head.id, 0, digest)
                        .await?;
                }
                Some(_) => {}
                None => {
                    outcome = Err(self
                        .behind_a_peer(&mut transaction, workspace, &mut locked, holder)
                        .await?);
                }
            }
        }
        self.tables.keep(&mut transaction, &locked).await?;
        let mut hold = None;
        if let (Ok(fence), true) = (&outcome, request.lock) {
            let place = self
                .tables
                .place(&mut transaction, locked.head.id, &holder.id)
                .await?
                .ok_or_else(|| Trouble::Again("the lease was taken away".to_owned()))?;
            if !mark(&mut transaction, place).await? {
                // A session of the same holder, who asks anew.
                end_marked(&mut transaction, place).await?;
                return Err(Trouble::Again(
                    "an earlier session of this holder is being ended".to_owned(),
                ));
            }
            hold = Some(Hold {
                id: holder.id.to_string(),
                fence: fence.0,
                place,
            });
        }
        transaction.commit().await?;
        if self.mirrors() {
            self.tables.end_creation(&mut link).await?;
        }
        let fence = match outcome {
            Ok(fence) => fence,
            Err(waiting) => {
                link.close().await;
                return Ok(Err(waiting));
            }
        };
        Ok(Ok(Grant {
            reading: Reading {
                link,
                ours: true,
                theirs: self.mirrors(),
            },
            line: line.map(|taken| taken.line),
            lease: Lease {
                holder: holder.clone(),
                claim: if request.lock { claim } else { Claim::whole() },
                fence,
                locked: request.lock,
            },
            hold,
            workspace: locked.head.id,
        }))
    }

    /// The peers' line, with their lock where one is asked for.
    async fn take_line(
        &self,
        db: &mut sqlx::PgConnection,
        workspace: &str,
        request: &LeaseRequest,
        empty: &str,
    ) -> Result<Option<crate::peers::Taken>, Trouble> {
        if request.lock {
            return self.tables.take_line(db, workspace, empty).await;
        }
        if let Some(line) = self.tables.line(db, workspace).await? {
            return Ok(Some(crate::peers::Taken { line, made: false }));
        }
        // It has to be made: that needs a moment alone, whatever was asked for.
        let made = self.tables.take_line(db, workspace, empty).await?;
        if let Some(taken) = &made {
            crate::peers::unlock(db, taken.line.id).await?;
        }
        Ok(made)
    }

    /// A peer has its lock: the place in the queue stays, and the lease is not given.
    async fn behind_a_peer(
        &self,
        db: &mut sqlx::PgConnection,
        workspace: &str,
        locked: &mut crate::leases::Locked,
        holder: &Holder,
    ) -> Result<Waiting, Trouble> {
        let now_ms = locked.now_ms;
        if let Some(entry) = locked
            .table
            .entries
            .iter_mut()
            .find(|entry| entry.holder.id == holder.id)
        {
            entry.stand = Stand::Waiting { seen_ms: now_ms };
        }
        let peer = self.tables.line_holder(db, workspace).await?;
        Ok(Waiting {
            position: 1,
            holders: peer.into_iter().collect(),
            about: None,
        })
    }

    /// Opens what a lease was given on.
    fn open_granted(&self, workspace: &str, grant: Grant) -> Result<Opened, StoreError> {
        let store = self.clone();
        let name = workspace.to_owned();
        let doing = format!("reading {}", self.place(workspace));
        let Grant {
            mut reading,
            line,
            lease,
            hold,
            workspace: id,
        } = grant;
        let (found, link) = wait_for(async move {
            match store.find(&mut reading, &name).await {
                Ok(found) => Ok((found, reading.link)),
                Err(trouble) => Err(trouble.while_doing(doing)),
            }
        })?;
        let snapshot = self.fold(workspace, &found)?;
        let (mirrored, growth) = found
            .head
            .as_ref()
            .map_or((0, 0), |head| (head.published, head.growth));
        let session = Session::new(Opening {
            connector: self.connector.clone(),
            tables: self.tables.clone(),
            name: workspace.to_owned(),
            workspace: id,
            hold,
            link,
            line,
        });
        let fence = lease.fence;
        let foreign = self.foreign(workspace, &found, &snapshot, fence.first_op())?;
        let mut opened = Opened::new(Arc::new(session), lease, snapshot, mirrored, growth);
        if !foreign.is_empty() {
            opened.record(&foreign)?;
            self.tell(workspace, &found, &foreign);
        } else if self.mirrors() && opened.is_ahead() {
            (self.say)(&format!(
                "An earlier command on workspace {workspace:?} was cut off before it could write the state into the table {}. Nothing of it is lost: it is taken from the journal in the database.",
                self.tables.names.table
            ));
        }
        Ok(opened)
    }
}

impl PgStore {
    /// Says what was taken over from a peer.
    fn tell(&self, workspace: &str, found: &Found, foreign: &[Event]) {
        let open = foreign
            .iter()
            .filter(|event| matches!(event.kind, EventKind::Began { .. }))
            .count();
        if found.common.is_some() {
            (self.say)(&format!(
                "An earlier command on workspace {workspace:?} was cut off, and another program wrote the state since then. Its state is taken over; {open} objects that the earlier command made are not in it, and are reported as ones that may exist."
            ));
        }
    }
}

/// A lease that was given.
struct Grant {
    reading: Reading,
    line: Option<crate::peers::Line>,
    lease: Lease,
    hold: Option<Hold>,
    workspace: i64,
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|passed| u64::try_from(passed.as_millis()).ok())
        .unwrap_or_default()
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
                match store.attempt(&name, &asked, &empty).await {
                    // The session of a process that was killed a moment ago may still be there.
                    Ok(Err(_)) if tries <= 2 => tokio::time::sleep(PAUSE).await,
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
                let opened: Box<dyn Workspace> = Box::new(self.open_granted(workspace, grant)?);
                Ok(Attempt::Granted(opened))
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
        let found = self.with_link("reading", |store, mut reading| async move {
            let found = store.find(&mut reading, &name).await?;
            if found.head.is_some() {
                durable(&mut reading.link).await?;
            }
            Ok((found, reading.link))
        })?;
        if found.head.is_none() && !found.has_line && workspace != "default" {
            return Err(StoreError::NoWorkspace(workspace.to_owned()));
        }
        let mut snapshot = self.fold(workspace, &found)?;
        let foreign = self.foreign(workspace, &found, &snapshot, snapshot.last_op)?;
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
                store.tables.history(&mut reading.link, &name).await?
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
        self.fold_past(workspace, &past)
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
        check_workspace_name(workspace)?;
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
            if reading.theirs {
                match store.tables.line(&mut reading.link.db, &name).await? {
                    None => {}
                    Some(_) => {
                        exists = true;
                        let taken = store
                            .tables
                            .take_line(&mut reading.link.db, &name, "")
                            .await?;
                        if taken.is_none() {
                            let holder = store
                                .tables
                                .line_holder(&mut reading.link.db, &name)
                                .await?
                                .unwrap_or_default();
                            return Err(in_use(&holder));
                        }
                    }
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

fn too_far_back(workspace: &str, oldest: u64, serial: u64) -> StoreError {
    StoreError::Refused(format!(
        "the history of workspace {workspace:?} begins at serial {oldest}, after {serial}"
    ))
}
