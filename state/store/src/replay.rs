//! Folding the records of a journal.

use crate::StoreError;
use crate::journal::RecordKind;
use crate::wire::{Batch, decode_batch, decode_snapshot};
use terrane_model::snapshot::Snapshot;

/// Applies a record to the state that the records before it gave. `each` sees every batch with the state before it, and says whether
/// it is wanted; one that is not leaves the state as it is.
///
/// # Errors
/// `Damaged` or `TooNew` with an empty place, which [`crate::journal::scan`] fills in: when the payload can't be read, or the
/// records are not in order.
pub fn apply(
    snapshot: &mut Snapshot,
    kind: RecordKind,
    payload: &[u8],
    mut each: impl FnMut(&Batch, &Snapshot) -> bool,
) -> Result<(), StoreError> {
    if crate::pieces::is_sealed_piece(payload) {
        return Err(StoreError::Encryption(
            "a record is encrypted, and nobody opened it".to_owned(),
        ));
    }
    match kind {
        RecordKind::Checkpoint => {
            let checkpoint = decode_snapshot(payload).map_err(|error| error.at(""))?;
            in_order(snapshot.serial <= checkpoint.serial)?;
            *snapshot = checkpoint;
        }
        RecordKind::Batch => {
            let batch = decode_batch(payload).map_err(|error| error.at(""))?;
            in_order(snapshot.serial < batch.serial)?;
            if each(&batch, snapshot) {
                snapshot.commit_as(batch.serial, &batch.events);
            }
        }
    }
    Ok(())
}

fn in_order(holds: bool) -> Result<(), StoreError> {
    if holds {
        return Ok(());
    }
    Err(StoreError::Damaged {
        what: String::new(),
        problem: "its serial is not above the one of the record before it".to_owned(),
    })
}
