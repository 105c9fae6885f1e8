//! The envelope, as OpenTofu writes it: encrypted data, what key providers want stored, and for states what must stay readable.
//!
//! ```json
//! {"serial":1,"lineage":"…","meta":{"key_provider.pbkdf2.main":"<base64 of JSON>"},"encrypted_data":"<base64>","encryption_version":"v0"}
//! ```

use crate::key::Metadata;
use crate::problem::{Problem, Result, fail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use terrane_store::seal::Identity;

/// The only version that there is.
const VERSION: &str = "v0";

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    serial: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    lineage: Option<String>,
    #[serde(default)]
    meta: Option<BTreeMap<String, String>>,
    #[serde(default)]
    encrypted_data: Option<String>,
    encryption_version: String,
}

/// An envelope, read.
#[derive(Debug)]
pub(crate) struct Envelope {
    serial: Option<u64>,
    lineage: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) data: Vec<u8>,
}

/// What a state says of itself, in the clear beside it and inside of it.
#[derive(Deserialize)]
struct Inside {
    #[serde(default)]
    serial: Option<u64>,
    #[serde(default)]
    lineage: Option<String>,
}

/// The text of an envelope.
pub(crate) fn write(
    data: &[u8],
    metadata: &Metadata,
    identity: Option<Identity<'_>>,
) -> Result<Vec<u8>> {
    let written = Written {
        serial: identity.map(|identity| identity.serial),
        lineage: identity.map(|identity| identity.lineage.to_owned()),
        meta: Some(
            metadata
                .iter()
                .map(|(name, stored)| (name.clone(), STANDARD.encode(stored)))
                .collect(),
        ),
        encrypted_data: Some(STANDARD.encode(data)),
        encryption_version: VERSION.to_owned(),
    };
    serde_json::to_vec(&written)
        .map_err(|error| Problem(format!("the envelope can't be written: {error}")))
}

/// Reads the text of an envelope.
pub(crate) fn read(text: &[u8]) -> Result<Envelope> {
    let damaged = |what: &str| Problem(format!("its envelope is damaged: {what}"));
    let written: Written =
        serde_json::from_slice(text).map_err(|error| damaged(&error.to_string()))?;
    if written.encryption_version != VERSION {
        return fail(format!(
            "its envelope has version {:?}, and only {VERSION:?} is known here: use the version of the program that wrote it, or a later one",
            written.encryption_version
        ));
    }
    let Some(data) = written.encrypted_data else {
        return Err(damaged("it has no encrypted_data"));
    };
    let mut metadata = Metadata::new();
    for (name, stored) in written.meta.unwrap_or_default() {
        let stored = STANDARD
            .decode(stored)
            .map_err(|_| damaged("meta is not base64"))?;
        metadata.insert(name, stored);
    }
    Ok(Envelope {
        serial: written.serial,
        lineage: written.lineage,
        metadata,
        data: STANDARD
            .decode(data)
            .map_err(|_| damaged("encrypted_data is not base64"))?,
    })
}

impl Envelope {
    /// Whether what the envelope says in the clear is what the state says of itself: somebody may have put another state's data there.
    pub(crate) fn check(&self, plain: &[u8]) -> Result<()> {
        if self.serial.is_none() && self.lineage.is_none() {
            return Ok(());
        }
        let Ok(inside) = serde_json::from_slice::<Inside>(plain) else {
            return fail("what is in its envelope is not a state");
        };
        let differs = |what: &str| {
            fail(format!(
                "the {what} that its envelope shows is not the one of the state inside: one of them was changed by somebody; take a backup"
            ))
        };
        match (self.serial, inside.serial) {
            (Some(shown), Some(own)) if shown != own => return differs("serial"),
            _ => {}
        }
        match (&self.lineage, &inside.lineage) {
            (Some(shown), Some(own)) if shown != own => differs("lineage"),
            _ => Ok(()),
        }
    }
}
