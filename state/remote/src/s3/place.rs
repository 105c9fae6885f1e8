//! A bucket as a place for state files.

use super::client::{self, Clients};
use super::dynamo::Table;
use super::object::{Condition, Content, Objects, Put};
use super::settings::Settings;
use crate::ConfigError;
use crate::net::{ClientNames, Worker, desk_folder, folder_name};
use crate::whole::kept::{Kept, Note};
use crate::whole::{Held, LockOutcome, Place, Renewal, Side, SideError, Stored, Tag};
use md5::{Digest as _, Md5};
use reqwest::Client;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use terrane_store::StoreError;
use terrane_store::lease::Holder;
use terrane_store::maintain::Finding;
use tokio::sync::OnceCell;

const NAMES: ClientNames = ClientNames {
    authorities: "custom_ca_bundle",
    identity: "",
};
/// What is added to the key of a state for its lock, as the peers do.
const LOCK: &str = ".tflock";
/// And for the shipped journal.
const JOURNAL: &str = ".terrane-journal";
/// How long is waited for a state that fits its digest, and how often it is looked.
const CONSISTENT: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What a lock says of itself to those who find it.
const PROMISE: &str = "taken over if not renewed for ";

/// The info of a lock that is renewed.
fn promise(info: &str, expiry: Duration) -> String {
    let between = if info.is_empty() { "" } else { "; " };
    format!("{info}{between}{PROMISE}{} s", expiry.as_secs())
}

/// After how many seconds without renewal a lock may be taken over; `None`: never. That is so for locks of the peers.
fn promised(info: &str) -> Option<i64> {
    let (_, rest) = info.rsplit_once(PROMISE)?;
    rest.strip_suffix(" s")?.parse().ok()
}

/// A bucket.
#[derive(Clone, Debug)]
pub(super) struct S3Place {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    settings: Settings,
    http: Client,
    clients: OnceCell<Clients>,
    worker: Worker,
    desk: PathBuf,
}

impl S3Place {
    pub(super) fn new(settings: Settings, data_dir: &Path) -> Result<Self, ConfigError> {
        let endpoint = settings.s3_endpoint.as_deref().unwrap_or("");
        let location = format!(
            "{endpoint} {} {} {}",
            settings.bucket, settings.prefix, settings.key
        );
        Ok(Self {
            shared: Arc::new(Shared {
                http: settings.http.client(NAMES)?,
                desk: desk_folder(data_dir, "s3", &location),
                clients: OnceCell::new(),
                worker: Worker::default(),
                settings,
            }),
        })
    }
}

impl Shared {
    pub(super) async fn clients(&self) -> io::Result<&Clients> {
        self.clients
            .get_or_try_init(|| client::make(&self.settings, self.http.clone()))
            .await
    }

    pub(super) fn objects<'a>(&'a self, clients: &'a Clients) -> Objects<'a> {
        Objects {
            client: &clients.s3,
            settings: &self.settings,
        }
    }

    fn table<'a>(&'a self, clients: &'a Clients) -> Option<Table<'a>> {
        Some(Table {
            client: clients.dynamodb.as_ref()?,
            name: self.settings.table.as_deref()?,
        })
    }

    fn name(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.settings.bucket)
    }

    /// What a state is called in the table.
    fn lock_id(&self, key: &str) -> String {
        format!("{}/{key}", self.settings.bucket)
    }

    /// Carries something out on the thread of the store.
    fn run<T: Send + 'static, F: Future<Output = io::Result<T>> + Send>(
        self: &Arc<Self>,
        doing: &str,
        key: &str,
        what: impl FnOnce(Arc<Self>, String) -> F + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(self);
        let owned = key.to_owned();
        self.worker
            .run(async move { what(shared, owned).await })
            .and_then(|result| result)
            .map_err(|source| StoreError::Io {
                doing: format!("{doing} {}", self.name(key)),
                source,
            })
    }

    /// The state, which must fit the digest in the table, if there is one; or be what a run of ours was about to write, and perhaps was cut off before it could
    /// note that in the table. `note`: then it is noted now.
    async fn fetch(&self, key: &str, begun: &[String], note: bool) -> io::Result<Option<Stored>> {
        let clients = self.clients().await?;
        let started = tokio::time::Instant::now();
        loop {
            let found = self.objects(clients).get(key).await?;
            // A peer takes an object without bytes for none.
            let found = found.filter(|(bytes, _)| !bytes.is_empty());
            let expected = match self.table(clients) {
                Some(table) => table.digest(&self.lock_id(key)).await?,
                None => None,
            };
            let digest = found
                .as_ref()
                .map(|(bytes, _)| hex::encode(Md5::digest(bytes)));
            let fits = expected.is_none() || expected == digest;
            let is_begun = !fits
                && found
                    .as_ref()
                    .is_some_and(|(bytes, _)| begun.contains(&crate::whole::digest(bytes)));
            if let (true, true, Some(digest), Some(table)) =
                (is_begun, note, &digest, self.table(clients))
            {
                table.set_digest(&self.lock_id(key), digest).await?;
            }
            if fits || is_begun {
                return Ok(found.map(|(bytes, tag)| Stored {
                    bytes,
                    tag: Some(tag),
                }));
            }
            if started.elapsed() >= CONSISTENT {
                return Err(io::Error::other(format!(
                    "the state does not fit the digest that is noted in the DynamoDB table (found {}, noted {}). If S3 was written outside of a run, check the state, then run `terrane state fsck -repair`, which sets `Digest` of the item `{}-md5` to what was found",
                    digest.as_deref().unwrap_or("no state"),
                    expected.as_deref().unwrap_or(""),
                    self.lock_id(key),
                )));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The digest of the state and the one in the table, where they differ, and not because somebody writes at this moment. Empty: there is no state.
    async fn other_digest(&self, key: &str) -> io::Result<Option<(String, String)>> {
        let clients = self.clients().await?;
        let Some(table) = self.table(clients) else {
            return Ok(None);
        };
        let mut last = None;
        for _ in 0..3 {
            let found = self.objects(clients).get(key).await?;
            let found = found
                .filter(|(bytes, _)| !bytes.is_empty())
                .map(|(bytes, _)| hex::encode(Md5::digest(bytes)))
                .unwrap_or_default();
            let Some(noted) = table.digest(&self.lock_id(key)).await? else {
                return Ok(None);
            };
            if found == noted {
                return Ok(None);
            }
            if last.as_ref() == Some(&(found.clone(), noted.clone())) {
                return Ok(last);
            }
            last = Some((found, noted));
            tokio::time::sleep(LOOK_EVERY / 4).await;
        }
        Ok(last)
    }

    /// The content of a lock file.
    fn lock_content<'a>(&'a self, bytes: &'a [u8]) -> Content<'a> {
        Content {
            bytes,
            tags: &self.settings.lock_tags,
            note: None,
        }
    }

    async fn store(
        &self,
        key: &str,
        bytes: &[u8],
        expected: &Tag,
        note: Option<&str>,
    ) -> io::Result<Put> {
        let clients = self.clients().await?;
        let condition = Condition::from_tag(expected.as_deref());
        let content = Content {
            bytes,
            tags: &self.settings.state_tags,
            note,
        };
        let put = self.objects(clients).put(key, content, &condition).await?;
        if let (Put::Done(_), Some(table)) = (&put, self.table(clients)) {
            let digest = hex::encode(Md5::digest(bytes));
            table.set_digest(&self.lock_id(key), &digest).await?;
        }
        Ok(put)
    }

    /// Locks by all means that are set; or says who has it.
    async fn lock(&self, key: &str, holder: &Holder) -> io::Result<Result<(), Option<Holder>>> {
        let clients = self.clients().await?;
        let objects = self.objects(clients);
        let lock_key = format!("{key}{LOCK}");
        if self.settings.lock_file {
            let mut holder = holder.clone();
            holder.info = promise(&holder.info, self.settings.lock_expiry).into();
            let body = holder.to_json();
            let put = objects
                .put(&lock_key, self.lock_content(&body), &Condition::Absent)
                .await?;
            let put = match put {
                Put::Refused if self.remove_expired(clients, key).await? => {
                    objects
                        .put(&lock_key, self.lock_content(&body), &Condition::Absent)
                        .await?
                }
                put => put,
            };
            if matches!(put, Put::Refused) {
                let theirs = objects.get(&lock_key).await?;
                return Ok(Err(theirs.and_then(|(bytes, _)| Holder::from_json(&bytes))));
            }
        }
        let Some(table) = self.table(clients) else {
            return Ok(Ok(()));
        };
        if !self.settings.lock_file {
            return self.lock_table(clients, &table, key, holder).await;
        }
        let locked = table.lock(&self.lock_id(key), holder, None).await;
        if !matches!(locked, Ok(Ok(()))) && self.settings.lock_file {
            self.unlock_file(&objects, &lock_key, &holder.id).await?;
        }
        locked
    }

    /// Locks in the table alone. Who is cut off is seen by that the lock is not renewed.
    async fn lock_table(
        &self,
        clients: &Clients,
        table: &Table<'_>,
        key: &str,
        holder: &Holder,
    ) -> io::Result<Result<(), Option<Holder>>> {
        let id = self.lock_id(key);
        // The first answer of the service says what time it is.
        if clients.clock.now_s().is_none() {
            table.holder(&id).await?;
        }
        let Some(now) = clients.clock.now_s() else {
            return table.lock(&id, holder, None).await;
        };
        let mut holder = holder.clone();
        holder.info = promise(&holder.info, self.settings.lock_expiry).into();
        let locked = table.lock(&id, &holder, Some(now)).await?;
        let expired = locked.is_err()
            && table
                .remove_expired(&id, now, |holder| promised(&holder.info))
                .await?;
        if expired {
            return table.lock(&id, &holder, Some(now)).await;
        }
        Ok(locked)
    }

    /// Removes the lock of a run that promised to renew it, and did not. One that is renewed in this very moment stays.
    async fn remove_expired(&self, clients: &Clients, key: &str) -> io::Result<bool> {
        let objects = self.objects(clients);
        let lock_key = format!("{key}{LOCK}");
        let Some((bytes, tag, Some(written))) = objects.get_dated(&lock_key).await? else {
            return Ok(false);
        };
        let Some(holder) = Holder::from_json(&bytes) else {
            return Ok(false);
        };
        let expired = match (promised(&holder.info), clients.clock.now_s()) {
            (Some(promised), Some(now)) => now.saturating_sub(written) > promised,
            _ => false,
        };
        if !expired || !objects.delete(&lock_key, Some(&tag)).await? {
            return Ok(false);
        }
        // Where both kinds of lock are set, the run had both.
        match self.table(clients) {
            Some(table) => table.unlock(&self.lock_id(key), &holder.id).await,
            None => Ok(true),
        }
    }

    /// Writes the lock file again, or notes the moment in the table, so that it is seen that its run lives. `false`: the lock is another one's.
    async fn renew(&self, key: &str, id: &str) -> io::Result<bool> {
        let clients = self.clients().await?;
        if !self.settings.lock_file {
            return match (self.table(clients), clients.clock.now_s()) {
                (Some(table), Some(now)) => table.renew(&self.lock_id(key), id, now).await,
                _ => Ok(true),
            };
        }
        let objects = self.objects(clients);
        let lock_key = format!("{key}{LOCK}");
        let Some((bytes, tag)) = objects.get(&lock_key).await? else {
            return Ok(false);
        };
        if Holder::from_json(&bytes).is_none_or(|holder| holder.id != id) {
            return Ok(false);
        }
        let condition = Condition::Is(tag);
        let put = objects
            .put(&lock_key, self.lock_content(&bytes), &condition)
            .await?;
        Ok(matches!(put, Put::Done(_)))
    }

    async fn unlock_file(&self, objects: &Objects<'_>, key: &str, id: &str) -> io::Result<bool> {
        let Some((bytes, tag)) = objects.get(key).await? else {
            return Ok(true);
        };
        if Holder::from_json(&bytes).is_some_and(|holder| holder.id != id) {
            return Ok(false);
        }
        objects.delete(key, Some(&tag)).await
    }

    async fn unlock(&self, key: &str, id: &str) -> io::Result<()> {
        let clients = self.clients().await?;
        let mut ours = true;
        if let Some(table) = self.table(clients) {
            ours &= table.unlock(&self.lock_id(key), id).await?;
        }
        if self.settings.lock_file {
            let lock_key = format!("{key}{LOCK}");
            ours &= self
                .unlock_file(&self.objects(clients), &lock_key, id)
                .await?;
        }
        if ours {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "the lock {id} is held by somebody else by now"
        )))
    }

    async fn is_held(&self, key: &str, id: &str) -> io::Result<bool> {
        Ok(self
            .holder(key)
            .await?
            .is_some_and(|holder| holder.id == id))
    }

    async fn holder(&self, key: &str) -> io::Result<Option<Holder>> {
        let clients = self.clients().await?;
        if self.settings.lock_file {
            let found = self.objects(clients).get(&format!("{key}{LOCK}")).await?;
            if let Some((bytes, _)) = found {
                return Ok(Holder::from_json(&bytes));
            }
        }
        match self.table(clients) {
            Some(table) => table.holder(&self.lock_id(key)).await,
            None => Ok(None),
        }
    }
}

impl Place for S3Place {
    fn location(&self) -> String {
        self.shared.name(&self.shared.settings.key)
    }

    fn name(&self, workspace: &str) -> String {
        self.shared.name(&self.shared.settings.state_key(workspace))
    }

    fn desk(&self, workspace: &str) -> PathBuf {
        self.shared.desk.join(folder_name(workspace))
    }

    fn list(&self) -> Result<Vec<String>, StoreError> {
        let settings = &self.shared.settings;
        let prefix = if settings.prefix.is_empty() {
            String::new()
        } else {
            format!("{}/", settings.prefix)
        };
        let keys = self
            .shared
            .run("listing", &prefix, |shared, prefix| async move {
                let clients = shared.clients().await?;
                shared.objects(clients).list(&prefix).await
            })?;
        let end = format!("/{}", settings.key);
        Ok(keys
            .iter()
            .filter_map(|key| key.strip_prefix(&prefix)?.strip_suffix(&end))
            .filter(|name| !name.is_empty() && !name.contains('/'))
            .map(str::to_owned)
            .collect())
    }

    fn notes_digests(&self) -> bool {
        self.shared.settings.table.is_some()
    }

    fn get(&self, workspace: &str, begun: &[String]) -> Result<Option<Stored>, StoreError> {
        let key = self.shared.settings.state_key(workspace);
        let begun = begun.to_vec();
        self.shared.run("reading", &key, |shared, key| async move {
            shared.fetch(&key, &begun, false).await
        })
    }

    fn kept(&self, workspace: &str) -> Result<Vec<Kept>, StoreError> {
        let key = self.shared.settings.state_key(workspace);
        self.shared
            .run("listing versions of", &key, |shared, key| shared.kept(key))
    }

    fn get_kept(&self, workspace: &str, id: &str) -> Result<Option<Stored>, StoreError> {
        let key = self.shared.settings.state_key(workspace);
        let id = id.to_owned();
        let found = self
            .shared
            .run("reading a version of", &key, |shared, key| async move {
                let clients = shared.clients().await?;
                shared.objects(clients).get_version(&key, &id, false).await
            })?;
        Ok(found.map(|(bytes, _)| Stored { bytes, tag: None }))
    }

    fn lock(&self, workspace: &str, info: &Holder) -> Result<LockOutcome, StoreError> {
        let key = self.shared.settings.state_key(workspace);
        let holder = info.clone();
        let locked = self.shared.run("locking", &key, |shared, key| async move {
            shared.lock(&key, &holder).await
        })?;
        Ok(match locked {
            Ok(()) => LockOutcome::Locked(Box::new(HeldObject {
                shared: Arc::clone(&self.shared),
                key,
                id: Some(info.id.to_string()),
            })),
            Err(holder) => LockOutcome::HeldBy(holder),
        })
    }

    fn without_lock(&self, workspace: &str) -> Box<dyn Held> {
        Box::new(HeldObject {
            shared: Arc::clone(&self.shared),
            key: self.shared.settings.state_key(workspace),
            id: None,
        })
    }

    fn locks(&self) -> bool {
        self.shared.settings.lock_file || self.shared.settings.table.is_some()
    }

    fn lasts(&self, holder: Option<&Holder>) -> bool {
        holder.is_none_or(|holder| promised(&holder.info).is_none())
    }

    fn break_lock(&self, workspace: &str, id: &str) -> Result<(), StoreError> {
        let key = self.shared.settings.state_key(workspace);
        let id = id.to_owned();
        self.shared
            .run("unlocking", &key, |shared, key| async move {
                shared.unlock(&key, &id).await
            })
    }

    fn holder(&self, workspace: &str) -> Result<Option<Holder>, StoreError> {
        let key = self.shared.settings.state_key(workspace);
        self.shared
            .run("reading the lock of", &key, |shared, key| async move {
                shared.holder(&key).await
            })
    }

    fn delete(&self, workspace: &str) -> Result<(), StoreError> {
        let key = self.shared.settings.state_key(workspace);
        self.shared.run("removing", &key, |shared, key| async move {
            let clients = shared.clients().await?;
            let objects = shared.objects(clients);
            objects.delete(&key, None).await?;
            objects.delete(&format!("{key}{JOURNAL}"), None).await?;
            if let Some(table) = shared.table(clients) {
                table.remove_digest(&shared.lock_id(&key)).await?;
            }
            Ok(())
        })
    }

    fn inspect(&self, workspace: &str, repair: bool) -> Result<Option<Finding>, StoreError> {
        if self.shared.settings.table.is_none() {
            return Ok(None);
        }
        let key = self.shared.settings.state_key(workspace);
        let place = self.shared.name(&key);
        self.shared
            .run("checking the digest of", &key, move |shared, key| async move {
                let Some((found, noted)) = shared.other_digest(&key).await? else {
                    return Ok(None);
                };
                let finding = Finding::error(
                    place,
                    format!("its digest is {found:?}, and the DynamoDB table has {noted:?}: a write was cut off between the two, or somebody wrote to S3 by hand"),
                );
                if !repair {
                    return Ok(Some(finding));
                }
                let clients = shared.clients().await?;
                if let Some(table) = shared.table(clients) {
                    let id = shared.lock_id(&key);
                    match found.as_str() {
                        "" => table.remove_digest(&id).await?,
                        found => table.set_digest(&id, found).await?,
                    }
                }
                Ok(Some(finding.done("the table has the digest of what is in S3 now")))
            })
    }

    fn renewal(&self, workspace: &str, lock: &str) -> Option<Box<dyn Renewal>> {
        let renewal = || LockRenewal {
            shared: Arc::clone(&self.shared),
            state: self.shared.settings.state_key(workspace),
            lock: lock.to_owned(),
        };
        self.locks()
            .then(|| -> Box<dyn Renewal> { Box::new(renewal()) })
    }

    fn side(&self, workspace: &str, lock: Option<&str>) -> Option<Box<dyn Side>> {
        Some(Box::new(SideObject {
            shared: Arc::clone(&self.shared),
            state: self.shared.settings.state_key(workspace),
            key: format!("{}{JOURNAL}", self.shared.settings.state_key(workspace)),
            lock: lock.map(str::to_owned),
        }))
    }
}

/// A state, locked where locks are set.
#[derive(Debug)]
struct HeldObject {
    shared: Arc<Shared>,
    key: String,
    id: Option<String>,
}

impl Held for HeldObject {
    fn get(&mut self, begun: &[String]) -> Result<Option<Stored>, StoreError> {
        let begun = begun.to_vec();
        self.shared
            .run("reading", &self.key, |shared, key| async move {
                shared.fetch(&key, &begun, true).await
            })
    }

    fn put(&mut self, bytes: &[u8], expected: &Tag, note: &Note) -> Result<Tag, StoreError> {
        let (bytes, expected, note) = (bytes.to_vec(), expected.clone(), note.encode());
        let put = self
            .shared
            .run("writing", &self.key, |shared, key| async move {
                shared.store(&key, &bytes, &expected, note.as_deref()).await
            })?;
        match put {
            Put::Done(tag) => Ok(Some(tag)),
            Put::Refused => Err(StoreError::LeaseLost {
                path: self.shared.name(&self.key),
                why: String::from("somebody else wrote the state meanwhile"),
            }),
        }
    }

    fn is_held(&mut self) -> Result<Option<bool>, StoreError> {
        let settings = &self.shared.settings;
        let Some(id) = self.id.clone() else {
            return Ok(None);
        };
        if !settings.lock_file && settings.table.is_none() {
            return Ok(None);
        }
        self.shared
            .run("reading the lock of", &self.key, |shared, key| async move {
                shared.is_held(&key, &id).await
            })
            .map(Some)
    }

    fn unlock(self: Box<Self>) -> Result<(), StoreError> {
        let Some(id) = self.id.clone() else {
            return Ok(());
        };
        self.shared
            .run("unlocking", &self.key, |shared, key| async move {
                shared.unlock(&key, &id).await
            })
    }
}

/// The shipped journal.
#[derive(Debug)]
struct SideObject {
    shared: Arc<Shared>,
    /// The key of the state.
    state: String,
    key: String,
    /// The lock that must be held for writing.
    lock: Option<String>,
}

impl Side for SideObject {
    fn get(&mut self) -> Result<Option<Stored>, StoreError> {
        let found = self
            .shared
            .run("reading", &self.key, |shared, key| async move {
                let clients = shared.clients().await?;
                shared.objects(clients).get(&key).await
            })?;
        Ok(found.map(|(bytes, tag)| Stored {
            bytes,
            tag: Some(tag),
        }))
    }

    fn put(&mut self, bytes: Vec<u8>, expected: &Tag) -> Result<Tag, SideError> {
        let expected = expected.clone();
        let (state, lock) = (self.state.clone(), self.lock.clone());
        let put = self
            .shared
            .run("writing", &self.key, |shared, key| async move {
                // Else a writer that lost its lock would stop the one that has it now.
                if let Some(lock) = lock
                    && !shared.is_held(&state, &lock).await?
                {
                    return Ok(Put::Refused);
                }
                let clients = shared.clients().await?;
                let condition = Condition::from_tag(expected.as_deref());
                shared
                    .objects(clients)
                    .put(
                        &key,
                        Content {
                            bytes: &bytes,
                            tags: &BTreeMap::new(),
                            note: None,
                        },
                        &condition,
                    )
                    .await
            })
            .map_err(SideError::Store)?;
        match put {
            Put::Done(tag) => Ok(Some(tag)),
            Put::Refused => Err(SideError::LostRace),
        }
    }

    fn delete(&mut self, expected: &Tag) -> Result<(), SideError> {
        let expected = expected.clone();
        let removed = self
            .shared
            .run("removing", &self.key, |shared, key| async move {
                let clients = shared.clients().await?;
                shared
                    .objects(clients)
                    .delete(&key, expected.as_deref())
                    .await
            })
            .map_err(SideError::Store)?;
        if removed {
            Ok(())
        } else {
            Err(SideError::LostRace)
        }
    }

    fn name(&self) -> String {
        self.shared.name(&self.key)
    }
}

/// A lock that promised to be renewed.
struct LockRenewal {
    shared: Arc<Shared>,
    state: String,
    lock: String,
}

impl Renewal for LockRenewal {
    fn every(&self) -> Duration {
        self.shared.settings.lock_expiry / 6
    }

    fn renew(&mut self) -> Result<bool, StoreError> {
        let lock = self.lock.clone();
        self.shared.run(
            "renewing the lock of",
            &self.state,
            |shared, key| async move { shared.renew(&key, &lock).await },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{promise, promised};
    use std::time::Duration;

    #[test]
    fn only_locks_that_promise_to_be_renewed_expire() {
        let expiry = Duration::from_secs(90);
        for info in ["", "process 7: terrane apply"] {
            assert_eq!(promised(&promise(info, expiry)), Some(90));
        }
        for info in ["", "process 7", "taken over if not renewed for ever"] {
            assert_eq!(promised(info), None);
        }
    }
}
