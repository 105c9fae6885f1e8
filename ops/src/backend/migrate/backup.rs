//! Copies of what a migration overwrites, as state files.

use super::{Migration, Pair};
use crate::clock::{now_ms, rfc3339};
use crate::failure::Failure;
use std::path::{Path, PathBuf};
use terrane_model::snapshot::Snapshot;
use terrane_store::files::{make_folders, write_whole};
use terrane_store::journal::sync_folder;
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
    let folder = new_folder(migration)?;
    for pair in pairs {
        let before = pair.before();
        for (name, side, snapshot) in [
            (&pair.from, "source", &*pair.snapshot),
            (&pair.to, "target", &*before),
        ] {
            let path = folder.join(format!("{name}.{side}.tfstate"));
            let bytes = sealed(migration, snapshot)?;
            write_whole(&path, &bytes).map_err(Failure::io(format!(
                "Writing the backup {} failed",
                path.display()
            )))?;
        }
    }
    Ok(Some(folder))
}

/// A folder of this moment. Earlier ones are never written to again.
fn new_folder(migration: &Migration<'_>) -> Result<PathBuf, Failure> {
    let failed = |folder: &Path| {
        Failure::io(format!(
            "Making the folder {} for backups failed",
            folder.display()
        ))
    };
    let root = &migration.backups;
    make_folders(root).map_err(failed(root))?;
    let moment = rfc3339(now_ms()).replace(['-', ':'], "");
    let mut again = 1;
    loop {
        let name = match again {
            1 => moment.clone(),
            again => format!("{moment}-{again}"),
        };
        let folder = root.join(name);
        match std::fs::create_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && again < 1000 => {
                again += 1;
            }
            Err(error) => return Err(failed(&folder)(error)),
            Ok(()) => {
                sync_folder(root).map_err(failed(&folder))?;
                return Ok(folder);
            }
        }
    }
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
