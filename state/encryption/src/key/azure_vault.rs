//! Keys that a key of an Azure Key Vault or Managed HSM wraps: random bytes of this machine, encrypted by the service, which are stored.

use super::entra::Entra;
use super::{KeyProvider, parse, random, store};
use crate::Surroundings;
use crate::arguments::Arguments;
use crate::http::{Request, escaped, send};
use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use crate::settings::MistakeKind;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The version of the interface.
const API: &str = "7.4";
/// How often a request is sent again.
const RETRIES: u32 = 2;
/// What is known to be stored.
const ALGORITHMS: [&str; 4] = ["RSA-OAEP-256", "A128GCM", "A192GCM", "A256GCM"];
/// The longest key that it wraps, in bytes: more than RSA can.
const MOST: u64 = 1 << 16;

/// The `azure_vault` key provider.
#[derive(Debug)]
pub(crate) struct AzureVault {
    /// `https://name.vault.azure.net`, without a slash at the end.
    vault: String,
    key_name: String,
    key_length: u32,
    algorithm: &'static str,
    entra: Entra,
}

/// What is stored: with what the key was wrapped, too, so that it opens after the vault's key was renewed or replaced. Bytes are base64. As OpenTofu stores it; the other
/// names are those of earlier versions.
#[derive(Serialize, Deserialize)]
struct Stored {
    ciphertext: String,
    #[serde(alias = "nonce", default)]
    iv: Option<String>,
    #[serde(alias = "tag", default)]
    authentication_tag: Option<String>,
    #[serde(default)]
    additional_authenticated_data: Option<String>,
    key_version: String,
    #[serde(alias = "algorithm")]
    algo: String,
}

/// What is asked. Bytes are base64 for addresses.
#[derive(Default, Serialize)]
struct Asked<'a> {
    alg: &'a str,
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    iv: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aad: Option<&'a str>,
}

#[derive(Deserialize)]
struct Answered {
    kid: String,
    value: Zeroizing<String>,
    #[serde(default)]
    iv: Option<String>,
    #[serde(default)]
    tag: Option<String>,
}

impl AzureVault {
    pub(crate) fn new(arguments: &mut Arguments<'_>, surroundings: &Surroundings) -> Self {
        let vault = arguments.required_text("vault_uri");
        if !vault.is_empty() && !is_vault(&vault) {
            arguments.invalid(
                "vault_uri",
                "The argument \"vault_uri\" must be the address of a vault, such as https://my-keys.vault.azure.net.",
            );
        }
        let key_name = arguments.required_text("vault_key_name");
        if key_name
            .chars()
            .any(|c| !c.is_ascii_alphanumeric() && c != '-')
        {
            arguments.invalid(
                "vault_key_name",
                "The name of a key holds only letters, digits and dashes.",
            );
        }
        let given = arguments.number("key_length");
        if given.is_none() {
            arguments.mistake(
                MistakeKind::MissingArgument,
                Some("key_length"),
                "The argument \"key_length\" is required: the length of the key in bytes, such as 32.",
            );
        }
        let key_length = match given.unwrap_or(32) {
            length @ 1..=MOST => u32::try_from(length).unwrap_or(32),
            _ => {
                arguments.invalid(
                    "key_length",
                    format!("The argument \"key_length\" must be at least 1 and at most {MOST}: the length of the key in bytes."),
                );
                32
            }
        };
        Self {
            entra: Entra::new(arguments, surroundings, &vault),
            vault: vault.trim_end_matches('/').to_owned(),
            key_name,
            key_length,
            algorithm: algorithm(arguments),
        }
    }

    fn ask(&self, verb: &str, version: &str, asked: &Asked<'_>) -> Result<Answered> {
        let doing = format!("{verb} of the key {} in {}", self.key_name, self.vault);
        let token = self.entra.token()?;
        let bearer = Zeroizing::new(format!("Bearer {}", token.text()?));
        let version = if version.is_empty() {
            String::new()
        } else {
            format!("/{}", escaped(version))
        };
        let answer = send(&Request {
            url: &format!(
                "{}/keys/{}{version}/{verb}?api-version={API}",
                self.vault, self.key_name
            ),
            headers: &[("authorization", &bearer)],
            content_type: "application/json",
            body: Some(Zeroizing::new(
                serde_json::to_vec(asked).map_err(|error| Problem(error.to_string()))?,
            )),
            retries: RETRIES,
            ..Request::default()
        })
        .map_err(|problem| problem.within(&doing))?;
        if answer.status != 200 {
            let way_out = match answer.status {
                401 => " (the credentials are not accepted)",
                403 => {
                    " (the application needs the role \"Key Vault Crypto User\", or \"Managed HSM Crypto User\", on the key)"
                }
                404 => " (does the key exist?)",
                _ => "",
            };
            return fail(format!("{doing} was refused{way_out}: {}", answer.reason()));
        }
        answer.json("Key Vault")
    }
}

/// The algorithm that fits the key in the vault.
fn algorithm(arguments: &mut Arguments<'_>) -> &'static str {
    let symmetric = arguments.flag("symmetric").unwrap_or(false);
    let size = arguments.number("symmetric_key_size");
    match (symmetric, size) {
        (true, Some(128)) => "A128GCM",
        (true, Some(192)) => "A192GCM",
        (true, Some(256)) => "A256GCM",
        (true, None) => {
            arguments.mistake(
                MistakeKind::MissingArgument,
                Some("symmetric_key_size"),
                "The argument \"symmetric_key_size\" is required where symmetric = true: 128, 192 or 256, the size of the key in the vault.",
            );
            "A256GCM"
        }
        (true, Some(_)) => {
            arguments.invalid(
                "symmetric_key_size",
                "The argument \"symmetric_key_size\" must be 128, 192 or 256.",
            );
            "A256GCM"
        }
        (false, Some(_)) => {
            arguments.invalid(
                "symmetric_key_size",
                "The argument \"symmetric_key_size\" is for symmetric keys: set symmetric = true, or take it out.",
            );
            "RSA-OAEP-256"
        }
        (false, None) => "RSA-OAEP-256",
    }
}

/// Whether a text is the address of a vault: TLS, but for a double on this machine.
fn is_vault(text: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(text) else {
        return false;
    };
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    (url.scheme() == "https" || (url.scheme() == "http" && here))
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

fn bytes(text: &str) -> Result<Vec<u8>> {
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| Problem(String::from("the answer is not one of Key Vault")))
}

/// The version of the key that a service has used, from the key's name: `https://vault/keys/name/version`.
fn version(kid: &str) -> Result<String> {
    match kid.rsplit('/').next() {
        Some(version)
            if !version.is_empty() && version.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            Ok(version.to_owned())
        }
        _ => fail("the answer is not one of Key Vault"),
    }
}

impl KeyProvider for AzureVault {
    fn fresh(&self, _chained: Option<&Secret>) -> Result<(Secret, Vec<u8>)> {
        let key = random(self.key_length)?;
        let value = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.reveal()));
        let made = self.ask(
            "encrypt",
            "",
            &Asked {
                alg: self.algorithm,
                value: &value,
                ..Asked::default()
            },
        )?;
        if self.algorithm.ends_with("GCM") && (made.iv.is_none() || made.tag.is_none()) {
            return fail("the answer is not one of Managed HSM");
        }
        let text = |part: &str| bytes(part).map(|bytes| STANDARD.encode(bytes));
        let stored = Stored {
            ciphertext: text(&made.value)?,
            iv: made.iv.as_deref().map(text).transpose()?,
            authentication_tag: made.tag.as_deref().map(text).transpose()?,
            additional_authenticated_data: None,
            key_version: version(&made.kid)?,
            algo: self.algorithm.to_owned(),
        };
        Ok((key, store(&stored)?))
    }

    fn again(&self, stored: &[u8], _chained: Option<&Secret>) -> Result<Secret> {
        let stored: Stored = parse(stored)?;
        if !ALGORITHMS.contains(&stored.algo.as_str()) {
            return fail("its stored metadata names an algorithm that is not known here");
        }
        let text = |part: &String| {
            STANDARD
                .decode(part)
                .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
                .map_err(|_| Problem(String::from("its stored metadata is not base64")))
        };
        let part = |part: &Option<String>| part.as_ref().map(text).transpose();
        let (iv, tag) = (part(&stored.iv)?, part(&stored.authentication_tag)?);
        let aad = part(&stored.additional_authenticated_data)?;
        let opened = self.ask(
            "decrypt",
            &stored.key_version,
            &Asked {
                alg: &stored.algo,
                value: &text(&stored.ciphertext)?,
                iv: iv.as_deref(),
                tag: tag.as_deref(),
                aad: aad.as_deref(),
            },
        )?;
        Ok(Secret::new(bytes(&opened.value)?))
    }

    fn key_length(&self) -> Option<usize> {
        usize::try_from(self.key_length).ok()
    }
}
