//! Encryption by a program of the user's.
//!
//! It says what it is (`OpenTofu-External-Encryption-Method`, version 1), is given a payload and perhaps a key, and answers with a payload.

use crate::arguments::Arguments;
use crate::key::{KeySource, Metadata};
use crate::problem::{Problem, Result, fail};
use crate::program::Program;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

const MAGIC: &str = "OpenTofu-External-Encryption-Method";
/// By how much an answer may be longer than four times what was asked.
const SLACK: usize = 1 << 20;

/// The `external` method.
#[derive(Debug)]
pub(crate) struct External {
    keys: Option<Arc<KeySource>>,
    encrypt: Program,
    decrypt: Program,
}

#[derive(Serialize)]
struct Question<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    payload: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    payload: Zeroizing<String>,
}

impl External {
    pub(crate) fn new(arguments: &mut Arguments<'_>, keys: Option<Arc<KeySource>>) -> Self {
        Self {
            keys,
            encrypt: Program::new(arguments.command("encrypt_command"), MAGIC),
            decrypt: Program::new(arguments.command("decrypt_command"), MAGIC),
        }
    }

    pub(crate) fn encrypt(&self, plain: &[u8], metadata: &mut Metadata) -> Result<Vec<u8>> {
        let key = match &self.keys {
            Some(keys) => Some(keys.fresh(metadata)?),
            None => None,
        };
        ask(&self.encrypt, key.as_ref(), plain)
    }

    pub(crate) fn decrypt(&self, sealed: &[u8], metadata: &Metadata) -> Result<Vec<u8>> {
        let key = match &self.keys {
            Some(keys) => Some(keys.again(metadata)?),
            None => None,
        };
        ask(&self.decrypt, key.as_ref(), sealed)
    }
}

fn ask(program: &Program, key: Option<&Secret>, payload: &[u8]) -> Result<Vec<u8>> {
    let key = key.map(|key| Zeroizing::new(STANDARD.encode(key.reveal())));
    let payload = Zeroizing::new(STANDARD.encode(payload));
    let limit = payload.len().saturating_mul(4).saturating_add(SLACK);
    let question = serde_json::to_vec(&Question {
        key: key.as_ref().map(|key| key.as_str()),
        payload: &payload,
    })
    .map_err(|error| Problem(error.to_string()))?;
    let output = program.ask(Secret::new(question), limit)?;
    // What serde says of a text may quote it, so only the place is told.
    let answer: Answer = serde_json::from_slice(&output).map_err(|error| {
        Problem(format!(
            "the answer of the program is not the JSON that the protocol asks for ({:?} at line {}, column {})",
            error.classify(),
            error.line(),
            error.column()
        ))
    })?;
    match STANDARD.decode(answer.payload.as_bytes()) {
        Ok(payload) => Ok(payload),
        Err(_) => fail("the payload that the program gave is not base64"),
    }
}
