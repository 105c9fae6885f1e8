//! Writing records anew after encryption was switched on or off, or its key was changed.

use crate::layout::{Place, io_error};
use crate::replace::put;
use crate::short::Short;
use std::fs::File;
use terrane_store::StoreError;
use terrane_store::chain::Generation;
use terrane_store::files::remove_if_there;
use terrane_store::journal::{Header, Mark, create_with, read_header};

/// Writes the history and then the journal anew, under the short lock. Gives the journal that is then in force.
pub(crate) fn all(
    place: &Place,
    old: Header,
    short: &Short,
) -> Result<(File, Header, Option<Mark>), StoreError> {
    // What a compaction that was cut off has left: the same records under another name.
    for left in [place.earlier(old.generation), place.compacted()] {
        remove_if_there(&left).map_err(io_error("removing", &left))?;
    }
    place.chain().reseal_before(old.generation)?;
    let path = place.journal();
    let mut file = File::open(&path).map_err(io_error("opening", &path))?;
    let header = read_header(&mut file, &path)?;
    let anew = place
        .chain()
        .resealed(&mut Generation { header, file, path })?;
    let header = Header::new(old.generation);
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
