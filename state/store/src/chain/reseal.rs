//! Writing records anew after encryption was switched on or off, or its key was changed.

use super::{Chain, Generation};
use crate::StoreError;
use crate::journal::{HEADER_LEN, Header, Mark, RawRecord, create_with, scan};

/// The records of a file as they are to be.
#[derive(Debug, Default)]
pub struct Resealed {
    /// Their bytes in a file.
    pub records: Vec<u8>,
    /// Where the last one is.
    pub last: Option<Mark>,
    /// Whether any of them was sealed in another way.
    pub changed: bool,
}

impl Chain {
    /// Writes all earlier generations anew that hold something which is not sealed as it would be today: each file whole or not at all, under a new id.
    ///
    /// # Errors
    /// When they can't be read or written.
    pub fn reseal_before(&self, newest: u64) -> Result<(), StoreError> {
        for mut found in self.before(newest)? {
            let anew = self.resealed(&mut found)?;
            if anew.changed {
                create_with(
                    &found.path,
                    Header::new(found.header.generation),
                    &anew.records,
                )?;
            }
        }
        Ok(())
    }

    /// The records of a file as they are to be.
    ///
    /// # Errors
    /// When it can't be read, or a key not be had.
    pub fn resealed(&self, found: &mut Generation) -> Result<Resealed, StoreError> {
        let mut anew = Resealed::default();
        let Generation { file, path, .. } = found;
        scan(file, path, HEADER_LEN, |_, kind, payload| {
            let opened = self.sealer.open(payload)?;
            let offset = HEADER_LEN + anew.records.len() as u64;
            let crc = if opened.current {
                RawRecord::new(kind, payload).encode(&mut anew.records)?;
                crc32fast::hash(payload)
            } else {
                anew.changed = true;
                let sealed = self.sealer.seal(opened.bytes.into_owned())?;
                RawRecord::new(kind, &sealed).encode(&mut anew.records)?;
                crc32fast::hash(&sealed)
            };
            anew.last = Some(Mark {
                offset,
                crc,
                end: HEADER_LEN + anew.records.len() as u64,
            });
            Ok(())
        })?;
        Ok(anew)
    }
}
