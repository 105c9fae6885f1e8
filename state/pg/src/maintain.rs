//! Looking after a store: checking rows against the journal, backup, forgetting old versions.

use crate::client::{Trouble, within};
use crate::leases::{begin, release_all};
use crate::opening::Grant;
use crate::past::Past;
use crate::reading::now_ms;
use crate::rows::all;
use crate::runtime::wait_for;
use crate::store::PgStore;
use crate::tables::{Head, LONG, Run, Stored, clean, signed, tell};
use crate::workspace::state_text;
use sqlx::{PgConnection, Row as _};
use terrane_model::snapshot::Snapshot;
use terrane_store::check::{self, Watch};
use terrane_store::journal::{RawRecord, RecordKind};
use terrane_store::lease::{Holder, LeaseRequest};
use terrane_store::maintain::{Checkup, Finding, Maintain, Policy, Pruned};
use terrane_store::wire::{
    Batch, WireError, decode_batch, decode_snapshot, encode_batch, encode_snapshot,
};
use terrane_store::{StateStore as _, StoreError, check_workspace_name};
use uuid::Uuid;

type All = (Head, Vec<Stored>, Past);

impl PgStore {
    fn load_all(&self, workspace: &str) -> Result<Option<All>, StoreError> {
        check_workspace_name(workspace)?;
        let name = workspace.to_owned();
        let found = self.with_link("reading", |store, mut reading| async move {
            let found = if reading.ours {
                store.tables.load_all(&mut reading.link, &name).await?
            } else {
                None
            };
            Ok((found, reading.link))
        })?;
        if found.is_none() && workspace != "default" {
            return Err(StoreError::NoWorkspace(workspace.to_owned()));
        }
        Ok(found)
    }

    /// A lease on all of a workspace, for something that is no run.
    fn own(&self, workspace: &str, what: &str) -> Result<Grant, StoreError> {
        let (store, name) = (self.clone(), workspace.to_owned());
        let request = LeaseRequest::whole(Holder::this_process(what));
        let doing = format!("locking {}", self.place(workspace));
        let outcome = wait_for(async move {
            let asked = store.attempt(&name, &request, "", false).await;
            asked.map_err(|trouble| trouble.while_doing(doing))
        })?;
        outcome.map_err(|waiting| waiting.in_use(self.location()))
    }

    /// Does something in one transaction with a lease on all of a workspace, and gives the lease back.
    fn with_grant<F>(
        &self,
        workspace: &str,
        grant: Grant,
        what: impl FnOnce(Self, Grant) -> F + Send + 'static,
    ) -> Result<(), StoreError>
    where
        F: Future<Output = Result<Grant, Trouble>> + Send + 'static,
    {
        let store = self.clone();
        let doing = format!("writing {}", self.place(workspace));
        wait_for(async move {
            let work = async {
                let mut grant = what(store.clone(), grant).await?;
                let (link, id) = (&mut grant.reading.link, &grant.lease.holder.id);
                store
                    .tables
                    .forget(&mut link.db, grant.workspace, id)
                    .await?;
                release_all(link).await?;
                store.connector.put_back(grant.reading.link).await;
                Ok(())
            };
            within(LONG, work)
                .await
                .map_err(|trouble| trouble.while_doing(doing))
        })
    }

    /// Writes the rows of a workspace anew. Within a transaction.
    async fn rewrite(
        &self,
        db: &mut PgConnection,
        workspace: i64,
        state: &Snapshot,
    ) -> Result<(), Trouble> {
        let changes = all(state, &self.tables.sealing)?;
        for statement in [
            "DELETE FROM {s}.terrane_row WHERE workspace = $1 AND $2::bigint >= 0 AND $3::text IS NOT NULL AND $4::bigint >= 0",
            "UPDATE {s}.terrane_workspace SET serial = $2, lineage = $3, last_op = $4 WHERE id = $1",
        ] {
            sqlx::query(self.tables.names.sql(statement))
                .bind(workspace)
                .bind(signed(state.serial)?)
                .bind(&*state.lineage)
                .bind(signed(state.last_op)?)
                .execute(&mut *db)
                .await?;
        }
        self.tables
            .upsert_all(db, workspace, signed(state.serial)?, &changes)
            .await
    }

    /// Keeps a state of the past as a checkpoint. Within a transaction.
    async fn keep_past(
        &self,
        db: &mut PgConnection,
        workspace: i64,
        state: &Snapshot,
    ) -> Result<(), Trouble> {
        let made = sqlx::query(self.tables.names.sql(
            "INSERT INTO {s}.terrane_checkpoint (workspace, serial, lineage, last_op) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        ))
        .bind(workspace)
        .bind(signed(state.serial)?)
        .bind(&*state.lineage)
        .bind(signed(state.last_op)?)
        .execute(&mut *db)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(());
        }
        for change in all(state, &self.tables.sealing)? {
            sqlx::query(self.tables.names.sql(
                "INSERT INTO {s}.terrane_past (workspace, serial, kind, key, changed, data) VALUES ($1, $2, $3::\"char\", $4, $5, $6)",
            ))
            .bind(workspace)
            .bind(signed(state.serial)?)
            .bind(change.kind)
            .bind(change.key)
            .bind(signed(change.changed.unwrap_or(state.serial))?)
            .bind(change.data)
            .execute(&mut *db)
            .await?;
        }
        Ok(())
    }

    /// Forgets what the policy that was set lets go of.
    pub(crate) fn follow_policy(&self, workspace: &str) -> Result<(), StoreError> {
        if let Some(policy) = self.policy(workspace)? {
            self.prune(workspace, &policy, now_ms(), false)?;
        }
        Ok(())
    }

    async fn prune_within(
        &self,
        db: &mut PgConnection,
        workspace: &str,
        policy: &Policy,
        now_ms: u64,
        dry_run: bool,
    ) -> Result<Pruned, Trouble> {
        let Some(head) = self.tables.find_and_lock(db, workspace).await? else {
            return Ok(Pruned::default());
        };
        let versions = self
            .tables
            .history(db, workspace)
            .await?
            .unwrap_or_default();
        let (gone, kept) = versions.split_at(policy.forgotten(&versions, now_ms));
        let mut pruned = Pruned {
            versions: 0,
            left: versions.len(),
            oldest: head.oldest,
            bytes: 0,
        };
        // Runs that went on side by side: a batch goes only if no version that is kept began before it.
        let cut = kept.iter().map(|version| version.first_serial).min();
        let Some(cut) = cut.map(|first| first.saturating_sub(1)) else {
            return Ok(pruned);
        };
        if gone.is_empty() || cut <= head.oldest {
            return Ok(pruned);
        }
        pruned.versions = gone.len();
        pruned.left = kept.len();
        pruned.oldest = cut;
        pruned.bytes = sqlx::query(self.tables.names.sql(
            "SELECT COALESCE(sum(length(data)), 0)::bigint FROM {s}.terrane_journal WHERE workspace = $1 AND serial <= $2",
        ))
        .bind(head.id)
        .bind(signed(cut)?)
        .fetch_one(&mut *db)
        .await?
        .try_get::<i64, _>(0)?
        .unsigned_abs();
        if dry_run {
            return Ok(pruned);
        }
        let past = self.tables.past(db, &head, cut, cut).await?;
        let mut state = self.fold_past(workspace, past)?;
        // The last batch may have been a greater step: the checkpoint stands for everything up to the cut.
        state.serial = cut;
        self.keep_past(db, head.id, &state).await?;
        for statement in [
            "DELETE FROM {s}.terrane_journal WHERE workspace = $1 AND serial <= $2",
            "DELETE FROM {s}.terrane_past WHERE workspace = $1 AND serial < $2",
            "DELETE FROM {s}.terrane_checkpoint WHERE workspace = $1 AND serial < $2",
            "UPDATE {s}.terrane_workspace SET oldest = $2 WHERE id = $1",
        ] {
            sqlx::query(self.tables.names.sql(statement))
                .bind(head.id)
                .bind(signed(cut)?)
                .execute(&mut *db)
                .await?;
        }
        Ok(pruned)
    }

    /// Goes through the journal. What comes back is its fold, as far as it can be read.
    fn replay(&self, workspace: &str, past: Past, checkup: &mut Checkup) -> Option<Snapshot> {
        let place = format!("the journal of workspace {workspace:?}");
        let Past {
            serial,
            lineage,
            last_op,
            rows,
            batches,
            ..
        } = past;
        let mut watch = Watch::default();
        let mut state = match self.fold_rows(workspace, rows, (serial, &lineage, last_op)) {
            Ok(state) => state,
            Err(error) => {
                checkup.findings.push(Finding::error(
                    format!("the checkpoint {serial} of workspace {workspace:?}"),
                    error.to_string(),
                ));
                return None;
            }
        };
        watch.checkpoint(&state);
        for (serial, data) in batches {
            let read =
                self.tables.sealing.unseal(data).and_then(|plain| {
                    decode_batch(&plain).map_err(|error| error.at(place.clone()))
                });
            let events = match read {
                Ok(batch) => batch.events,
                Err(error) => {
                    let problem = format!("the batch {serial} can't be read: {error}");
                    checkup.findings.push(Finding::error(place, problem));
                    return None;
                }
            };
            let batch = Batch { serial, events };
            watch.batch(
                &format!("serial {serial}"),
                (&state, false),
                &batch,
                &mut checkup.findings,
            );
            state.commit_as(serial, &batch.events);
            checkup.records += 1;
        }
        checkup.versions = watch.history.into_versions().len();
        Some(state)
    }
}

/// Where two states differ, in words.
fn differences(rows: &Snapshot, journal: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for (addr, resource, state) in journal.instances() {
        let known = rows.instance(&addr);
        let provider = rows
            .resources
            .get(&addr.resource)
            .map(|resource| &resource.provider);
        if known != Some(state) || provider != Some(&resource.provider) {
            found.push(format!("the row of {addr} is not what the journal gives"));
        }
    }
    for (addr, ..) in rows.instances() {
        if journal.instance(&addr).is_none() {
            found.push(format!(
                "there is a row of {addr}, which the journal does not have"
            ));
        }
    }
    let rest = |state: &Snapshot| Snapshot {
        resources: std::collections::BTreeMap::new(),
        ..state.clone()
    };
    if rest(rows) != rest(journal) {
        found.push("serial, lineage, outputs, open intents or results of checks are not what the journal gives".to_owned());
    }
    found
}

impl Maintain for PgStore {
    fn check(&self, workspace: &str, repair: bool) -> Result<Checkup, StoreError> {
        let mut checkup = Checkup::default();
        let Some((head, rows, past)) = self.load_all(workspace)? else {
            return Ok(checkup);
        };
        checkup.generations = 1;
        checkup.serial = head.serial;
        let place = format!("the rows of workspace {workspace:?}");
        let journal = self.replay(workspace, past, &mut checkup);
        let state = self.fold_rows(workspace, rows, (head.serial, &head.lineage, head.last_op));
        let wrong = match (&state, &journal) {
            (Ok(rows), Some(journal)) => differences(rows, journal),
            (Ok(_), None) => Vec::new(),
            (Err(error), _) => vec![error.to_string()],
        };
        let mut done = None;
        if let (true, false, Some(journal)) = (repair, wrong.is_empty(), &journal) {
            let grant = self.own(workspace, "fsck")?;
            let journal = journal.clone();
            self.with_grant(workspace, grant, |store, mut grant| async move {
                let mut transaction = begin(&mut grant.reading.link).await?;
                store
                    .rewrite(&mut transaction, grant.workspace, &journal)
                    .await?;
                transaction.commit().await?;
                Ok(grant)
            })?;
            done = Some("the rows were written anew from the journal");
        }
        for problem in wrong {
            let finding = Finding::error(place.clone(), problem);
            checkup.findings.push(match done {
                Some(done) => finding.done(done),
                None => finding,
            });
        }
        if let Some(state) = journal.as_ref().or(state.as_ref().ok()) {
            checkup.instances = state.instance_count();
            checkup.findings.extend(check::snapshot(state));
        }
        checkup.findings = check::shortened(checkup.findings);
        Ok(checkup)
    }

    fn records(
        &self,
        workspace: &str,
        each: &mut dyn FnMut(&RawRecord<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let Some((_, _, mut past)) = self.load_all(workspace)? else {
            return Ok(());
        };
        let batches = std::mem::take(&mut past.batches);
        if past.serial > 0 {
            let state = self.fold_past(workspace, past)?;
            let payload = encode_snapshot(&state).map_err(WireError::refused)?;
            let payload = self.tables.sealing.seal(payload)?;
            each(&RawRecord::new(RecordKind::Checkpoint, &payload))?;
        }
        for (serial, data) in batches {
            let plain = self.tables.sealing.unseal(data)?;
            let batch = decode_batch(&plain).map_err(|error| error.at(self.place(workspace)))?;
            let payload = encode_batch(serial, &batch.events).map_err(WireError::refused)?;
            let payload = self.tables.sealing.seal(payload)?;
            each(&RawRecord::new(RecordKind::Batch, &payload))?;
        }
        Ok(())
    }

    fn refill(&self, workspace: &str, records: &[RawRecord<'_>]) -> Result<(), StoreError> {
        check_workspace_name(workspace)?;
        let records: Vec<(RecordKind, Vec<u8>)> = records
            .iter()
            .map(|record| {
                let payload = self.tables.sealing.unseal(record.payload.to_vec())?;
                Ok((record.known_kind()?, payload))
            })
            .collect::<Result<_, StoreError>>()?;
        if self.read(workspace).is_ok_and(|state| state.serial > 0) {
            return Err(StoreError::Refused(format!(
                "the workspace {workspace:?} holds a state already"
            )));
        }
        let grant = self.own(workspace, "restore")?;
        let name = workspace.to_owned();
        self.with_grant(workspace, grant, |store, mut grant| async move {
            let id = grant.workspace;
            let mut transaction = begin(&mut grant.reading.link).await?;
            let state = store.take_in(&mut transaction, id, &name, records).await?;
            if let Some(line) = &grant.line {
                let text = state_text(&store.tables.sealing, &state)?;
                let digest = crate::peers::digest(&text);
                if store.tables.put_line(&mut transaction, line, &text).await? {
                    store
                        .tables
                        .published(&mut transaction, id, state.serial, Some(&digest))
                        .await?;
                }
            }
            transaction.commit().await?;
            Ok(grant)
        })
    }

    fn prune(
        &self,
        workspace: &str,
        policy: &Policy,
        now_ms: u64,
        dry_run: bool,
    ) -> Result<Pruned, StoreError> {
        check_workspace_name(workspace)?;
        let (name, policy) = (workspace.to_owned(), *policy);
        self.with_link("writing", move |store, mut reading| async move {
            let mut pruned = Pruned::default();
            if reading.ours {
                let mut transaction = begin(&mut reading.link).await?;
                pruned = store
                    .prune_within(&mut transaction, &name, &policy, now_ms, dry_run)
                    .await?;
                transaction.commit().await?;
            }
            Ok((pruned, reading.link))
        })
    }

    fn policy(&self, workspace: &str) -> Result<Option<Policy>, StoreError> {
        check_workspace_name(workspace)?;
        let name = workspace.to_owned();
        let text = self.with_link("reading", |store, mut reading| async move {
            let mut text = None;
            if reading.ours {
                let head = store.tables.find(&mut reading.link.db, &name).await?;
                text = head.and_then(|head| head.policy);
            }
            Ok((text, reading.link))
        })?;
        text.map(|text| {
            serde_json::from_str(&text).map_err(|error| StoreError::Damaged {
                what: format!("the policy of {}", self.place(workspace)),
                problem: error.to_string(),
            })
        })
        .transpose()
    }

    fn set_policy(&self, workspace: &str, policy: Option<&Policy>) -> Result<(), StoreError> {
        check_workspace_name(workspace)?;
        let name = workspace.to_owned();
        let text = policy
            .map(serde_json::to_string)
            .transpose()
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        self.with_link("writing", |store, mut reading| async move {
            store
                .tables
                .names
                .prepare(&mut reading.link, store.mirrors())
                .await?;
            let mut transaction = begin(&mut reading.link).await?;
            let locked = store.tables.lock_or_make(&mut transaction, &name).await?;
            sqlx::query(
                store
                    .tables
                    .names
                    .sql("UPDATE {s}.terrane_workspace SET policy = $2 WHERE id = $1"),
            )
            .bind(locked.head.id)
            .bind(text)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(((), reading.link))
        })
    }
}

impl PgStore {
    /// Puts records into a workspace that holds nothing. Within a transaction.
    async fn take_in(
        &self,
        db: &mut PgConnection,
        id: i64,
        workspace: &str,
        records: Vec<(RecordKind, Vec<u8>)>,
    ) -> Result<Snapshot, Trouble> {
        let place = format!("a record for workspace {workspace:?}");
        let mut state = Snapshot::default();
        let mut run = Run::default();
        for (at, (kind, payload)) in records.into_iter().enumerate() {
            if kind == RecordKind::Checkpoint {
                let checkpoint =
                    decode_snapshot(&payload).map_err(|error| error.at(place.clone()))?;
                // What a compaction wrote is only what the records before it give.
                if at > 0 && checkpoint == state {
                    continue;
                }
                state = checkpoint;
                self.keep_past(db, id, &state).await?;
                sqlx::query(
                    self.tables
                        .names
                        .sql("UPDATE {s}.terrane_workspace SET oldest = CASE WHEN oldest = 0 THEN $2 ELSE oldest END WHERE id = $1"),
                )
                .bind(id)
                .bind(signed(state.serial)?)
                .execute(&mut *db)
                .await?;
                continue;
            }
            let batch = decode_batch(&payload).map_err(|error| error.at(place.clone()))?;
            let (starts, at_ms, changes) = tell(&batch.events, &mut run);
            sqlx::query(self.tables.names.sql(
                "INSERT INTO {s}.terrane_journal (workspace, serial, batch, began_ms, starts, run, plan, command, who, changes, data)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            ))
            .bind(id)
            .bind(signed(batch.serial)?)
            .bind(Uuid::new_v4())
            .bind(signed(at_ms)?)
            .bind(starts)
            .bind(clean(&run.run))
            .bind(clean(&run.plan))
            .bind(clean(&run.command))
            .bind(clean(&run.who))
            .bind(i64::try_from(changes).unwrap_or(i64::MAX))
            .bind(self.tables.sealing.seal(payload)?)
            .execute(&mut *db)
            .await?;
            state.commit_as(batch.serial, &batch.events);
        }
        self.rewrite(db, id, &state).await?;
        Ok(state)
    }
}
