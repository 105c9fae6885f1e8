//! Keys from the transit engine of OpenBao or Vault: a data key, and the same wrapped, which is stored.

use super::{KeyProvider, parse, store};
use crate::arguments::Arguments;
use crate::http::{Answer, post};
use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const ADDRESS: &str = "https://127.0.0.1:8200";
const ENGINE: &str = "/transit";

/// The `openbao` key provider.
#[derive(Debug)]
pub(crate) struct OpenBao {
    key_name: String,
    token: Option<Secret>,
    namespace: Option<String>,
    address: String,
    engine: String,
    key_length: u32,
}

/// What is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// The wrapped key: `vault:v1:…`, as bytes in base64.
    ciphertext: String,
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Deserialize)]
struct DataKey {
    plaintext: Zeroizing<String>,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: Zeroizing<String>,
}

impl OpenBao {
    pub(crate) fn new(arguments: &mut Arguments<'_>, env: &BTreeMap<String, String>) -> Self {
        let var = |names: [&str; 2]| {
            names
                .iter()
                .find_map(|name| env.get(*name).filter(|value| !value.is_empty()))
                .cloned()
        };
        let address = arguments
            .text("address")
            .or_else(|| var(["BAO_ADDR", "VAULT_ADDR"]))
            .unwrap_or_else(|| ADDRESS.to_owned());
        let engine = arguments
            .text("transit_engine_path")
            .unwrap_or_else(|| ENGINE.to_owned());
        let key_name = arguments.required_text("key_name");
        if key_name.contains('/') {
            arguments.invalid("key_name", "The name of a key holds no slash.");
        }
        let key_length = arguments.number_in("key_length", 32, 16..=64);
        if ![16, 32, 64].contains(&key_length) {
            arguments.invalid(
                "key_length",
                format!(
                    "The argument \"key_length\" is {key_length}, but it must be 16, 32 or 64."
                ),
            );
        }
        Self {
            key_name,
            token: arguments
                .secret("token")
                .or_else(|| var(["BAO_TOKEN", "VAULT_TOKEN"]).map(Secret::new)),
            namespace: var(["BAO_NAMESPACE", "VAULT_NAMESPACE"]),
            address: address.trim_end_matches('/').to_owned(),
            engine: engine.trim_matches('/').to_owned(),
            key_length,
        }
    }

    fn ask(&self, what: &str, body: &impl Serialize) -> Result<Answer> {
        let Some(token) = &self.token else {
            return fail("there is no token: set \"token\", or BAO_TOKEN in the environment");
        };
        let token = std::str::from_utf8(token.reveal())
            .map_err(|_| Problem(String::from("the token is not text")))?;
        let url = format!(
            "{}/v1/{}/{what}/{}",
            self.address, self.engine, self.key_name
        );
        let mut headers = vec![("x-vault-token", token)];
        if let Some(namespace) = &self.namespace {
            headers.push(("x-vault-namespace", namespace));
        }
        let body = serde_json::to_vec(body).map_err(|error| Problem(error.to_string()))?;
        let answer = post(&url, &headers, body).map_err(|problem| problem.within(&self.address))?;
        if answer.status == 200 {
            return Ok(answer);
        }
        let way_out = match answer.status {
            403 => " (the token may not use this key, or has expired)",
            404 => " (is the transit engine enabled at this path, and does the key exist?)",
            503 => " (is it sealed?)",
            _ => "",
        };
        fail(format!(
            "{} refused{way_out}: {}",
            self.address,
            answer.complaint()
        ))
    }
}

fn understood<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T> {
    // What serde says may quote the text, and keys are in it.
    match serde_json::from_slice::<Envelope<T>>(&answer.body) {
        Ok(envelope) => Ok(envelope.data),
        Err(_) => fail("the answer is not one of the transit engine"),
    }
}

fn key(text: &str) -> Result<Secret> {
    match STANDARD.decode(text) {
        Ok(key) => Ok(Secret::new(key)),
        Err(_) => fail("the key in the answer is not base64"),
    }
}

impl KeyProvider for OpenBao {
    fn fresh(&self, _chained: Option<&Secret>) -> Result<(Secret, Vec<u8>)> {
        let bits = BTreeMap::from([("bits", self.key_length * 8)]);
        let answer = self.ask("datakey/plaintext", &bits)?;
        let made: DataKey = understood(&answer)?;
        let stored = Stored {
            ciphertext: STANDARD.encode(&made.ciphertext),
        };
        Ok((key(&made.plaintext)?, store(&stored)?))
    }

    fn again(&self, stored: &[u8], _chained: Option<&Secret>) -> Result<Secret> {
        let stored: Stored = parse(stored)?;
        let wrapped = STANDARD
            .decode(&stored.ciphertext)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| Problem(String::from("its stored ciphertext is not base64 of text")))?;
        let answer = self.ask("decrypt", &BTreeMap::from([("ciphertext", wrapped)]))?;
        let decrypted: Decrypted = understood(&answer)?;
        key(&decrypted.plaintext)
    }

    fn key_length(&self) -> Option<usize> {
        usize::try_from(self.key_length).ok()
    }
}
