//! Sending it: signed, and again where that can help.

use super::Recipient;
use super::payload::Body;
use crate::plugins;
use crate::session::Session;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::collections::BTreeMap;
use terrane_fetch::header::HeaderName;
use terrane_fetch::{Client, ClientOptions, Url, with_causes};
use terrane_lang::diagnostic::Diagnostics;

/// How often it is tried again, each time after twice as long.
const RETRIES: u32 = 4;

/// The client, with what is said of its settings.
pub(super) fn client(session: &Session) -> Result<(Client, Diagnostics), String> {
    let mut said = Diagnostics::new();
    let settings = plugins::settings(session, &mut said);
    let agent = concat!("terrane/", env!("CARGO_PKG_VERSION"));
    let options = ClientOptions::new(agent, &session.env, &settings);
    let client = Client::new(options).map_err(|error| with_causes(&error))?;
    Ok((client, said))
}

/// The value of an environment variable that the file names.
pub(super) fn of_env<'e>(
    env: &'e BTreeMap<String, String>,
    name: &str,
) -> Result<&'e String, String> {
    env.get(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("the environment variable {name} is not set"))
}

/// Sends a message. An error is a sentence without final period, in which nothing secret is.
pub(super) async fn send(
    client: &Client,
    env: &BTreeMap<String, String>,
    kind: &str,
    to: &Recipient,
    body: &Body,
    now_ms: u64,
) -> Result<(), String> {
    let of_env = |name: &String| of_env(env, name);
    let url = match (&to.url, &to.url_env) {
        (Some(url), _) => url,
        (None, Some(name)) => of_env(name)?,
        (None, None) => return Err("it has no address".to_owned()),
    };
    let url = Url::parse(url).map_err(|error| format!("its address can't be used: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("its address does not begin with https:// (or http://)".to_owned());
    }
    let mut request = client
        .get(url)
        .post(body.content_type, body.bytes.clone())
        .plain(true)
        .hidden()
        .limit(1 << 20)
        .retries(RETRIES);
    if kind == "webhook" {
        let at = (now_ms / 1000).to_string();
        for (name, value) in [("webhook-id", &body.id), ("webhook-timestamp", &at)] {
            request = request.header(HeaderName::from_static(name), value);
        }
        if let Some(name) = &to.secret_env {
            let signature = signature(of_env(name)?, &body.id, &at, &body.bytes)?;
            request = request.header(HeaderName::from_static("webhook-signature"), &signature);
        }
    }
    // Addresses may be secrets: which one it was is not said.
    match request.send().await {
        Ok(answer) if answer.status.is_success() => Ok(()),
        Ok(answer) => Err(format!("the answer was {}", answer.status)),
        Err(_) => Err("there was no answer".to_owned()),
    }
}

/// `v1,` and the HMAC-SHA256 over `id.timestamp.body` (Standard Webhooks). A key that begins with `whsec_` is base64, as that standard has it.
pub(super) fn signature(secret: &str, id: &str, at: &str, body: &[u8]) -> Result<String, String> {
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| {
            "its secret begins with whsec_ and goes on with something else than base64".to_owned()
        })?,
        None => secret.as_bytes().to_vec(),
    };
    if key.is_empty() {
        return Err("its secret is empty, and anybody could sign as it does".to_owned());
    }
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&key).map_err(|_| "its secret can't be used".to_owned())?;
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(at.as_bytes());
    mac.update(b".");
    mac.update(body);
    Ok(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}
