//! Writing records anew after encryption was switched on or off, or its key was changed.

use crate::layout::{Place, io_error};
use crate::read::earlier;
use crate::replace::put;
use crate::short::Short;
use crate::workspace::new_header;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use terrane_store::StoreError;
use terrane_store::journal::{HEADER_LEN, Header, Mark, RawRecord, create_with, read_header, scan};
use terrane_store::pieces::Sealer;

/// The records of a file as they are to be, and the last one.
struct Anew {
    records: Vec<u8>,
    last: Option<Mark>,
    /// Whether any of them was sealed in another way.
    changed: bool,
}

/// Writes the history and then the journal anew, under the short lock. Gives the journal that is then in force.
pub(crate) fn all(
    place: &Place,
    old: Header,
    short: &Short,
) -> Result<(File, Header, Option<Mark>), StoreError> {
    // What a compaction that was cut off has left: the same records under another name.
    for left in [place.earlier(old.generation), place.compacted()] {
        match fs::remove_file(&left) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result.map_err(io_error("removing", &left))?,
        }
    }
    for (generation, mut file, path) in earlier(place, old.generation)? {
        let anew = anew(place.sealer(), &mut file, &path)?;
        if anew.changed {
            let header = Header {
                generation,
                ..new_header(0)
            };
            create_with(&path, header, &anew.records)?;
        }
    }
    let path = place.journal();
    let mut file = File::open(&path).map_err(io_error("opening", &path))?;
    read_header(&mut file, &path)?;
    let anew = anew(place.sealer(), &mut file, &path)?;
    let header = Header {
        generation: old.generation,
        ..new_header(0)
    };
    let draft = place.compacted();
    let (file, _) = create_with(&draft, header, &anew.records)?;
    if !short.is_in_force() {
        return Err(StoreError::Refused(
            "the journal was replaced by another process".to_owned(),
        ));
    }
    put(&draft, place)?;
    Ok((file, header, anew.last))
}

fn anew(sealer: &Sealer, file: &mut File, path: &Path) -> Result<Anew, StoreError> {
    let mut anew = Anew {
        records: Vec::new(),
        last: None,
        changed: false,
    };
    scan(file, path, HEADER_LEN, |_, kind, payload| {
        let opened = sealer.open(payload)?;
        let offset = HEADER_LEN + anew.records.len() as u64;
        let crc = if opened.current {
            RawRecord::new(kind, payload).encode(&mut anew.records)?;
            crc32fast::hash(payload)
        } else {
            anew.changed = true;
            let sealed = sealer.seal(opened.bytes.into_owned())?;
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
