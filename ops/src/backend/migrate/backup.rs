//! Copies of what a migration overwrites, as state files.

use super::{Migration, Pair};
use crate::backend::record::replace;
use crate::clock::{now_ms, rfc3339};
use crate::failure::Failure;
use std::path::PathBuf;
use terrane_model::snapshot::Snapshot;
use terrane_store::seal::Identity;
use terrane_store::statefile::{WriteOptions, write};

/// Writes both states of every workspace whose target holds something that is about to be overwritten, or that is kept instead of the source. Returns
/// the folder, if there was something to write.
///
/// # Errors
/// When that fails; then nothing may be overwritten.
pub(crate) fn save(migration: &Migration<'_>, pairs: &[&Pair]) -> Result<Option<PathBuf>, Failure> {
    if pairs.is_empty() {
        return Ok(None);
    }
    let folder = migration
        .backups
        .join(rfc3339(now_ms()).replace(['-', ':'], ""));
    std::fs::create_dir_all(&folder).map_err(Failure::io(format!(
        "Making the folder {} for backups failed",
        folder.display()
    )))?;
    for pair in pairs {
        let before = pair.before();
        for (name, side, snapshot) in [
            (&pair.from, "source", &*pair.snapshot),
            (&pair.to, "target", &*before),
        ] {
            let path = folder.join(format!("{name}.{side}.tfstate"));
            let bytes = sealed(migration, snapshot)?;
            replace(&path, &bytes).map_err(Failure::io(format!(
                "Writing the backup {} failed",
                path.display()
            )))?;
        }
    }
    Ok(Some(folder))
}

fn sealed(migration: &Migration<'_>, snapshot: &Snapshot) -> Result<Vec<u8>, Failure> {
    let identity = Identity {
        lineage: &snapshot.lineage,
        serial: snapshot.serial,
    };
    let seal = migration.session.seal()?;
    write(snapshot, &WriteOptions::default())
        .and_then(|text| seal.seal(text.as_bytes(), Some(identity)))
        .map_err(Failure::store("Making a backup failed"))
}
