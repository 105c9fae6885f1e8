//! The table as JSON.

use super::{Entry, LeaseTable, Stand};
use crate::lease::{Fence, Holder};
use crate::wire::{WireError, decode_claim, encode_claim};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The version of the form that is written. All from 1 on are read.
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct WireTable {
    v: u64,
    last_fence: u64,
    entries: Vec<WireEntry>,
}

#[derive(Serialize, Deserialize)]
struct WireEntry {
    /// The peers' `LockInfo`.
    lock: Box<RawValue>,
    claim: Box<RawValue>,
    /// Of a lease that is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fence: Option<u64>,
    /// When a lease may be taken; when one who waits last asked. Milliseconds since 1970.
    at: u64,
}

impl LeaseTable {
    /// The table as JSON.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn to_json(&self) -> Result<Vec<u8>, WireError> {
        let bad = |error: serde_json::Error| WireError::Bad(error.to_string());
        let entry = |entry: &Entry| -> Result<WireEntry, WireError> {
            let Entry {
                holder,
                claim,
                stand,
            } = entry;
            let (fence, at) = match stand {
                Stand::Held { fence, expires_ms } => (Some(fence.0), *expires_ms),
                Stand::Waiting { seen_ms } => (None, *seen_ms),
            };
            Ok(WireEntry {
                lock: serde_json::from_slice(&holder.to_json()).map_err(bad)?,
                claim: encode_claim(claim)?,
                fence,
                at,
            })
        };
        let entries = self.entries.iter().map(entry).collect::<Result<_, _>>()?;
        serde_json::to_vec(&WireTable {
            v: VERSION,
            last_fence: self.last_fence.0,
            entries,
        })
        .map_err(bad)
    }

    /// Reads what [`LeaseTable::to_json`] gives.
    ///
    /// # Errors
    /// When it is not that, or of a later version.
    pub fn from_json(bytes: &[u8]) -> Result<Self, WireError> {
        #[derive(Deserialize)]
        struct Peek {
            v: u64,
        }
        let bad = |error: serde_json::Error| WireError::Bad(error.to_string());
        let Peek { v } = serde_json::from_slice(bytes).map_err(bad)?;
        if v > VERSION {
            return Err(WireError::TooNew(v));
        }
        let WireTable {
            v: _,
            last_fence,
            entries,
        } = serde_json::from_slice(bytes).map_err(bad)?;
        let entry = |wire: WireEntry| -> Result<Entry, WireError> {
            let holder = Holder::from_json(wire.lock.get().as_bytes())
                .ok_or_else(|| WireError::Bad("a holder can't be read".to_owned()))?;
            Ok(Entry {
                holder,
                claim: decode_claim(wire.claim.get())?,
                stand: match wire.fence {
                    Some(fence) => Stand::Held {
                        fence: Fence(fence),
                        expires_ms: wire.at,
                    },
                    None => Stand::Waiting { seen_ms: wire.at },
                },
            })
        };
        Ok(Self {
            last_fence: Fence(last_fence),
            entries: entries.into_iter().map(entry).collect::<Result<_, _>>()?,
        })
    }
}
