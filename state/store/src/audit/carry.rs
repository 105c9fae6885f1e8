//! Logs that go along when a state moves, and into backups.

use super::{Audit, AuditError, Changed, Damage, Log, new_secret, whole_text};
use crate::StoreError;
use serde::{Deserialize, Serialize};
use std::{fmt, io};

/// A log outside of a store, with the secret that sensitive values in it are hashed with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its whole lines.
    log: String,
    /// 64 hex digits.
    secret: String,
}

/// What became of a log that was to be put into a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// It is there now: how many entries.
    Taken(usize),
    /// It was there already, perhaps with more behind it.
    Present,
    /// Another log, or another secret, is there, and stays.
    Other,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

/// The log of a workspace, to be put elsewhere; `None`: it has none.
///
/// # Errors
/// When it can't be read, or is damaged: such a log is not spread.
pub fn keep(audit: &dyn Audit, workspace: &str) -> Result<Option<Kept>, AuditError> {
    let mut text = whole_text(audit, workspace)?;
    let log = Log::parse_whole(&text).map_err(AuditError::Damaged)?;
    if log.entries.is_empty() {
        return Ok(None);
    }
    // What is torn off may yet become a line where it is.
    text.truncate(text.len() - log.torn);
    let log = String::from_utf8(text).map_err(|_| {
        AuditError::Damaged(Damage {
            line: 1,
            problem: String::from("it is no text"),
        })
    })?;
    let secret = match audit.secret(workspace) {
        // There is none, and none can be made: nothing in the log was hashed with one, so that any does for the copy. A disk that can't be written any more
        // is no reason for not saving what is on it.
        Err(StoreError::Io { source, .. }) if is_unwritable(&source) => new_secret(),
        secret => secret?,
    };
    let secret = hex::encode(secret);
    Ok(Some(Kept { log, secret }))
}

fn is_unwritable(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(
        error.kind(),
        QuotaExceeded | ReadOnlyFilesystem | StorageFull
    )
}

impl Kept {
    /// Puts the log into a store that has none for the workspace, or only the beginning of this one.
    ///
    /// # Errors
    /// When it is damaged, or the store can't be written.
    pub fn put(&self, audit: &dyn Audit, workspace: &str) -> Result<Carried, AuditError> {
        let own = self.log.as_bytes();
        let log = Log::parse_whole(own).map_err(AuditError::Damaged)?;
        let damaged = |problem: &str| {
            AuditError::Damaged(Damage {
                line: log.entries.len(),
                problem: problem.to_owned(),
            })
        };
        if log.torn > 0 {
            return Err(damaged("it is not whole"));
        }
        let secret = unhex(&self.secret).ok_or_else(|| damaged("its secret is none"))?;
        let there = whole_text(audit, workspace)?;
        // Of segments that were closed nothing changes any more.
        let closed = there.len() - audit.read(workspace)?.len().min(there.len());
        let closed = there.get(..closed).unwrap_or(&[]).to_vec();
        if !own.starts_with(&there) && !there.starts_with(own) {
            return Ok(Carried::Other);
        }
        // The secret first: a log whose values nobody can compare would be worse than none.
        if audit.secret_or(workspace, secret)? != secret {
            return Ok(Carried::Other);
        }
        let mut carried = Carried::Other;
        audit.change(workspace, &mut |present| {
            let there = [closed.as_slice(), present].concat();
            let (outcome, added) = match own.strip_prefix(there.as_slice()) {
                Some([]) => (Carried::Present, &[][..]),
                Some(rest) => (Carried::Taken(log.entries.len()), rest),
                None if there.starts_with(own) => (Carried::Present, &[][..]),
                None => (Carried::Other, &[][..]),
            };
            carried = outcome;
            Ok(Changed {
                stays: present.len(),
                added: added.to_vec(),
                closes: None,
            })
        })?;
        Ok(carried)
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    hex::decode(text).ok()?.try_into().ok()
}
