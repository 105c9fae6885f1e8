//! The connection of an open workspace, and what becomes of it when it is cut.
//!
//! A batch has a name, and the database records no name twice. So after a connection is lost in the middle of a commit, the same batch is simply sent again
//! over a new one:
//!
//! 1. The first attempt had taken effect: its name is found, and its serial is the answer.
//! 2. It is still going on: the second one waits at the name until the first has ended, one way or the other.
//! 3. It never began, or arrives only now: it finds the name taken, and fails.
//!
//! Before anything else a new connection takes the locks of the session again. If the lease was lost meanwhile, the database says so at the next write.

use crate::client::{Connector, Link, Trouble, within};
use crate::leases::{end_marked, mark, release_all};
use crate::peers::Line;
use crate::tables::{Batch, Guard, PATIENCE, Tables, Written};
use sqlx::Row as _;
use std::time::{Duration, Instant};
use terrane_store::StoreError;
use tokio::sync::Mutex;

/// How long a lease lasts without being renewed.
pub(crate) const LEASE: Duration = Duration::from_secs(30);
/// How often it is renewed.
pub(crate) const RENEW: Duration = Duration::from_secs(8);
/// How long is tried again before an operation is given up.
const GIVE_UP: Duration = Duration::from_secs(90);

/// The lease of a session.
#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub(crate) id: String,
    pub(crate) fence: u64,
    /// The number of the lock that shows that the session is there.
    pub(crate) place: i32,
}

/// The connection of an open workspace.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) connector: Connector,
    pub(crate) tables: Tables,
    pub(crate) name: String,
    pub(crate) workspace: i64,
    /// `None`: without a lease.
    pub(crate) hold: Option<Hold>,
    /// Whether the peers' line is kept too.
    pub(crate) mirrors: bool,
    wire: Mutex<Wire>,
}

#[derive(Debug)]
struct Wire {
    link: Option<Link>,
    /// Whether the peers' lock is with this link.
    locked: bool,
    /// The peers' line as it was last seen or written.
    line: Option<Line>,
    /// How long writing it took the last time.
    took: Duration,
    written: Instant,
}

/// What is fixed when a workspace is opened.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) connector: Connector,
    pub(crate) tables: Tables,
    pub(crate) name: String,
    pub(crate) workspace: i64,
    pub(crate) hold: Option<Hold>,
    pub(crate) link: Link,
    pub(crate) line: Option<Line>,
}

impl Session {
    pub(crate) fn new(opening: Opening) -> Self {
        let Opening {
            connector,
            tables,
            name,
            workspace,
            hold,
            link,
            line,
        } = opening;
        Self {
            connector,
            tables,
            name,
            workspace,
            hold,
            mirrors: line.is_some(),
            wire: Mutex::new(Wire {
                link: Some(link),
                locked: true,
                line,
                took: Duration::ZERO,
                written: Instant::now(),
            }),
        }
    }

    fn lost(&self, why: &str) -> StoreError {
        StoreError::LeaseLost {
            path: self.connector.place().to_owned(),
            why: why.to_owned(),
        }
    }

    /// The connection, made anew where it is lost.
    async fn link<'a>(&self, wire: &'a mut Wire) -> Result<&'a mut Link, Trouble> {
        if wire.link.is_none() {
            let mut link = self.connector.connect().await?;
            wire.locked = within(PATIENCE, self.take_locks(&mut link, wire.line.as_ref())).await?;
            wire.link = Some(link);
        }
        wire.link
            .as_mut()
            .ok_or_else(|| Trouble::Lost("the connection is closed".to_owned()))
    }

    /// Takes the locks of the session again. `false`: somebody else has the peers' lock.
    async fn take_locks(&self, link: &mut Link, line: Option<&Line>) -> Result<bool, Trouble> {
        const TRIES: u32 = 50;
        const PAUSE: Duration = Duration::from_millis(20);
        let Some(hold) = &self.hold else {
            return Ok(true);
        };
        // The server may not have noticed yet that the old session is gone.
        for _ in 0..TRIES {
            if mark(&mut link.db, hold.place).await? {
                break;
            }
            end_marked(&mut link.db, hold.place).await?;
            tokio::time::sleep(PAUSE).await;
        }
        match line {
            Some(line) => self.tables.take_again(&mut link.db, line.id).await,
            None => Ok(true),
        }
    }

    fn guard(&self, wire: &Wire) -> Guard {
        let session = match (&wire.link, &self.hold) {
            // The peers' lock belongs to the session; one that does not have it may write nothing.
            (Some(link), Some(_)) if self.mirrors => Some(if wire.locked { link.pid } else { -1 }),
            _ => None,
        };
        Guard {
            session,
            lease: self.hold.as_ref().map(|hold| (hold.id.clone(), hold.fence)),
        }
    }

    /// Says what an error means for the holder of a lease.
    fn judge(&self, trouble: Trouble, doing: &str) -> StoreError {
        if trouble.is("TR001") {
            return self.lost("it ran out, or was taken away");
        }
        if trouble.is("TR002") {
            return StoreError::NoWorkspace(self.name.clone());
        }
        trouble.while_doing(format!(
            "{doing} workspace {:?} in the database {}",
            self.name,
            self.connector.place()
        ))
    }

    /// Records a batch, durably.
    pub(crate) async fn write(&self, batch: &Batch) -> Result<Written, StoreError> {
        let mut wire = self.wire.lock().await;
        let mut pause = Pause::new();
        loop {
            let result = match self.link(&mut wire).await {
                Ok(_) => {
                    let guard = self.guard(&wire);
                    match &mut wire.link {
                        Some(link) => self.tables.write(link, self.workspace, &guard, batch).await,
                        None => continue,
                    }
                }
                Err(trouble) => Err(trouble),
            };
            match result {
                Ok(written) => return Ok(written),
                // Another attempt of this very batch was in the middle of it: what became of that is found now.
                Err(trouble) if trouble.is("23505") && pause.again().await => {}
                Err(trouble) if trouble.may_pass() && pause.again().await => {
                    if matches!(trouble, Trouble::Lost(_)) {
                        wire.link = None;
                    }
                }
                Err(trouble) => return Err(self.judge(trouble, "writing")),
            }
        }
    }

    /// The batches behind a serial.
    pub(crate) async fn since(&self, serial: u64) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let mut wire = self.wire.lock().await;
        let mut pause = Pause::new();
        loop {
            let result = match self.link(&mut wire).await {
                Ok(link) => within(PATIENCE, self.tables.since(link, self.workspace, serial)).await,
                Err(trouble) => Err(trouble),
            };
            match result {
                Ok(batches) => return Ok(batches),
                Err(trouble) if trouble.may_pass() && pause.again().await => {
                    wire.link = None;
                }
                Err(trouble) => return Err(self.judge(trouble, "reading")),
            }
        }
    }

    /// Prolongs the lease. While another thing is being done over the connection, that shows well enough that the holder is there.
    pub(crate) async fn renew(&self) -> Result<(), StoreError> {
        let Some(hold) = &self.hold else {
            return Ok(());
        };
        let lease_ms = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        let mut wire = self.wire.lock().await;
        let mut again = true;
        loop {
            let result = match self.link(&mut wire).await {
                Ok(link) => {
                    let prolong =
                        self.tables
                            .prolong(link, self.workspace, &hold.id, hold.fence, lease_ms);
                    within(RENEW, prolong).await
                }
                Err(trouble) => Err(trouble),
            };
            return match result {
                Ok(true) if wire.locked => Ok(()),
                Ok(true) => Err(self.lost("the connection was cut, and somebody took the lock")),
                Ok(false) => Err(self.lost("it ran out, or was taken away")),
                Err(trouble) => {
                    if trouble.may_pass() {
                        let had = wire.link.take().is_some();
                        // Whoever takes a lease away ends its session: a new one can tell whether that is so.
                        if had && std::mem::take(&mut again) {
                            continue;
                        }
                    }
                    Err(self.judge(trouble, "renewing the lease on"))
                }
            };
        }
    }

    /// Whether it is time to write the peers' line again: every 20 seconds, and less often where it takes long.
    pub(crate) async fn is_mirror_due(&self) -> bool {
        const EVERY: Duration = Duration::from_secs(20);
        if !self.mirrors {
            return false;
        }
        let wire = self.wire.lock().await;
        wire.written.elapsed() >= EVERY.max(wire.took.saturating_mul(20))
    }

    /// Writes the peers' line, and remembers of which serial it is made. Both happen or none.
    pub(crate) async fn mirror(&self, serial: u64, text: &str) -> Result<(), StoreError> {
        let mut wire = self.wire.lock().await;
        let mut pause = Pause::new();
        let began = Instant::now();
        loop {
            let Some(line) = wire.line.clone() else {
                return Ok(());
            };
            let result = match self.link(&mut wire).await {
                Ok(_) => {
                    let guard = self.guard(&wire);
                    match &mut wire.link {
                        Some(link) => {
                            within(
                                Duration::from_secs(1800),
                                self.mirror_once(link, &guard, &line, serial, text),
                            )
                            .await
                        }
                        None => continue,
                    }
                }
                Err(trouble) => Err(trouble),
            };
            match result {
                Ok(written) => {
                    wire.line = Some(written);
                    wire.written = Instant::now();
                    wire.took = began.elapsed();
                    return Ok(());
                }
                Err(trouble) if trouble.may_pass() && pause.again().await => {
                    wire.link = None;
                }
                Err(trouble) => {
                    wire.written = Instant::now();
                    return Err(self.judge(trouble, "writing the state of"));
                }
            }
        }
    }

    async fn mirror_once(
        &self,
        link: &mut Link,
        guard: &Guard,
        line: &Line,
        serial: u64,
        text: &str,
    ) -> Result<Line, Trouble> {
        let digest = crate::peers::digest(text);
        let written = Line {
            id: line.id,
            digest: Some(digest.clone()),
        };
        if guard.session.is_some_and(|pid| pid != link.pid) {
            return Err(Trouble::Refused {
                code: "TR001".to_owned(),
                message: "the session changed under the lock".to_owned(),
            });
        }
        let mut transaction = crate::leases::begin(link).await?;
        if let Some((id, fence)) = &guard.lease
            && !self
                .tables
                .is_held(&mut transaction, self.workspace, id, *fence)
                .await?
        {
            return Err(Trouble::Refused {
                code: "TR001".to_owned(),
                message: "the lease was taken away".to_owned(),
            });
        }
        if !self.tables.put_line(&mut transaction, line, text).await? {
            // An earlier attempt whose answer was lost may have written just this.
            let now = self.tables.line(&mut transaction, &self.name).await?;
            let is_ours = now.is_some_and(|now| now.id == line.id && now.digest == written.digest);
            if !is_ours {
                return Err(Trouble::Store(StoreError::Refused(format!(
                    "another program wrote the state of workspace {:?} in the table {} without taking the lock; what was done here is kept in the tables of terrane, and the next command brings both together",
                    self.name, self.tables.names.table
                ))));
            }
        }
        self.tables
            .published(&mut transaction, self.workspace, serial, Some(&digest))
            .await?;
        transaction.commit().await?;
        Ok(written)
    }

    /// What is due from time to time, when there is time.
    pub(crate) async fn checkpoint(&self, ratio: i64) {
        let mut wire = self.wire.lock().await;
        if let Ok(link) = self.link(&mut wire).await {
            let done = self.tables.checkpoint(link, self.workspace, ratio).await;
            if matches!(done, Err(Trouble::Lost(_))) {
                wire.link = None;
            }
        }
    }

    /// Gives the lease back and ends the session.
    pub(crate) async fn end(&self) -> Result<(), StoreError> {
        let mut wire = self.wire.lock().await;
        let mut result = Ok(());
        if let Some(hold) = &self.hold {
            let mut tries = 0;
            loop {
                tries += 1;
                let given = match self.link(&mut wire).await {
                    Ok(link) => within(PATIENCE, self.give_back(link, hold)).await,
                    Err(trouble) => Err(trouble),
                };
                match given {
                    Ok(()) => break,
                    Err(trouble) if trouble.may_pass() && tries < 3 => wire.link = None,
                    // A lease that can't be given back now runs out by itself, and at once if the session is gone.
                    Err(trouble) => {
                        result = Err(self.judge(trouble, "giving back the lease on"));
                        break;
                    }
                }
            }
        }
        if let Some(link) = wire.link.take() {
            if result.is_ok() {
                self.connector.put_back(link).await;
            } else {
                link.close().await;
            }
        }
        result
    }
}

impl Session {
    async fn give_back(&self, link: &mut Link, hold: &Hold) -> Result<(), Trouble> {
        sqlx::query(
            self.tables.names.sql(
                "DELETE FROM {s}.terrane_lease WHERE workspace = $1 AND id = $2 AND fence = $3",
            ),
        )
        .bind(self.workspace)
        .bind(&hold.id)
        .bind(crate::tables::signed(hold.fence)?)
        .execute(&mut link.db)
        .await?;
        release_all(link).await
    }
}

impl Tables {
    /// The batches of a workspace behind a serial.
    pub(crate) async fn since(
        &self,
        link: &mut Link,
        workspace: i64,
        serial: u64,
    ) -> Result<Vec<(u64, Vec<u8>)>, Trouble> {
        let rows = sqlx::query(self.names.sql(
            "SELECT serial, data FROM {s}.terrane_journal WHERE workspace = $1 AND serial > $2 ORDER BY serial",
        ))
        .bind(workspace)
        .bind(crate::tables::signed(serial)?)
        .fetch_all(&mut link.db)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get::<i64, _>(0)?.unsigned_abs(), row.try_get(1)?)))
            .collect()
    }

    /// Whether a lease is held, and keeps it so until the transaction ends.
    async fn is_held(
        &self,
        db: &mut sqlx::PgConnection,
        workspace: i64,
        id: &str,
        fence: u64,
    ) -> Result<bool, Trouble> {
        let row = sqlx::query(self.names.sql(
            "SELECT 1 FROM {s}.terrane_lease WHERE workspace = $1 AND id = $2 AND fence = $3 FOR SHARE",
        ))
        .bind(workspace)
        .bind(id)
        .bind(crate::tables::signed(fence)?)
        .fetch_optional(db)
        .await?;
        Ok(row.is_some())
    }
}

/// Waits longer from time to time, and not for ever.
struct Pause {
    until: Instant,
    next: Duration,
}

impl Pause {
    fn new() -> Self {
        Self {
            until: Instant::now() + GIVE_UP,
            next: Duration::from_millis(10),
        }
    }

    /// Waits. `false`: it has been long enough.
    async fn again(&mut self) -> bool {
        const LONGEST: Duration = Duration::from_secs(2);
        if Instant::now() >= self.until {
            return false;
        }
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(LONGEST);
        true
    }
}
