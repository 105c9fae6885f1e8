//! Keys from a program of the user's.
//!
//! It says what it is (`OpenTofu-External-Key-Provider`, version 1), is given `null` or the metadata that it once returned, and answers with
//! keys and the metadata to store.

use super::{KeyProvider, parse, store};
use crate::arguments::Arguments;
use crate::problem::{Problem, Result, fail};
use crate::program::Program;
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

const MAGIC: &str = "OpenTofu-External-Key-Provider";
/// The longest answer, in bytes.
const LIMIT: usize = 4 << 20;

/// The `external` key provider.
#[derive(Debug)]
pub(crate) struct External {
    program: Program,
}

#[derive(Deserialize)]
struct Answer {
    keys: Keys,
    #[serde(default)]
    meta: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    encryption_key: Option<Zeroizing<String>>,
    #[serde(default)]
    decryption_key: Option<Zeroizing<String>>,
}

impl External {
    pub(crate) fn new(arguments: &mut Arguments<'_>) -> Self {
        Self {
            program: Program::new(arguments.command("command"), MAGIC),
        }
    }

    fn ask(&self, input: &[u8]) -> Result<Answer> {
        let output = self.program.ask(Secret::new(input), LIMIT)?;
        serde_json::from_slice(&output).map_err(|error| {
            // The text is not shown: it holds keys.
            Problem(format!(
                "the answer of the program is not the JSON that the protocol asks for ({:?} at line {}, column {})",
                error.classify(),
                error.line(),
                error.column()
            ))
        })
    }
}

fn key(text: Option<Zeroizing<String>>, what: &str) -> Result<Secret> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return fail(format!("the program gave no {what}"));
    };
    match STANDARD.decode(text.as_bytes()) {
        Ok(key) => Ok(Secret::new(key)),
        Err(_) => fail(format!("the {what} that the program gave is not base64")),
    }
}

impl KeyProvider for External {
    fn fresh(&self, _chained: Option<&Secret>) -> Result<(Secret, Vec<u8>)> {
        let answer = self.ask(b"null")?;
        let stored = match answer.meta {
            Some(meta) => store(&meta)?,
            None => b"{}".to_vec(),
        };
        Ok((key(answer.keys.encryption_key, "encryption key")?, stored))
    }

    fn again(&self, stored: &[u8], _chained: Option<&Secret>) -> Result<Secret> {
        let _: &RawValue = parse(stored)?;
        let answer = self.ask(stored)?;
        key(answer.keys.decryption_key, "decryption key")
    }
}
