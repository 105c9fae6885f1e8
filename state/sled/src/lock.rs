//! The whole workspace for one process: for what is done to its files.

use crate::layout::Place;
use crate::tenure::{Asked, Shared, Tenure, ask};
use terrane_store::StoreError;
use terrane_store::lease::{Holder, LeaseRequest};

/// How long what is done to the files may take. A process that dies is seen to be gone at once.
const A_DAY_MS: u64 = 24 * 3600 * 1000;

/// Held as long as this lives.
#[derive(Debug)]
pub(crate) struct Lock {
    _tenure: Box<Tenure>,
}

impl Lock {
    /// Takes a lease on the whole workspace.
    ///
    /// # Errors
    /// `InUse`, when others hold leases.
    pub(crate) fn own(place: &Place, operation: &str) -> Result<Self, StoreError> {
        let path = place.folder().display().to_string();
        let shared = Shared::lasting(A_DAY_MS);
        let request = LeaseRequest::whole(Holder::this_process(operation));
        match ask(place, &shared, &request)? {
            Asked::Granted(tenure, short) => {
                drop(short);
                Ok(Self { _tenure: tenure })
            }
            Asked::Waiting(waiting) => {
                shared.withdraw(place, &request.holder.id)?;
                Err(waiting.in_use(path))
            }
        }
    }
}
