//! Who asks: keys, profiles, tokens, roles.

use super::Client;
use crate::settings::{Keys, Role, Settings, WebRole, WebToken};
use crate::{Api as _, Request};
use aws_credential_types::Credentials as Found;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Map, Value, json};
use std::sync::{Mutex as StdMutex, PoisonError};
use std::time::{Duration, SystemTime};
use terrane_aws_access::{Sources, chain};
use tokio::sync::Mutex;

/// Keys that end sooner than this are asked for anew.
const LEFT: Duration = Duration::from_secs(60);

/// Where keys come from, and the last ones.
pub(super) struct Credentials {
    source: Source,
    /// One asks at a time, the others wait for what it gets.
    asking: Mutex<()>,
    cached: StdMutex<Option<Found>>,
}

pub(super) enum Source {
    Provider(SharedCredentialsProvider),
    /// A role; the client asks STS with the credentials before it.
    Role(Client, Role),
    WebRole(Client, WebRole),
}

impl Credentials {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            asking: Mutex::default(),
            cached: StdMutex::default(),
        }
    }

    /// Keys that are valid for a while.
    pub(super) async fn get(&self) -> Result<Found, String> {
        if let Some(found) = self.valid() {
            return Ok(found);
        }
        let _one = self.asking.lock().await;
        if let Some(found) = self.valid() {
            return Ok(found);
        }
        let found = self.source.ask().await?;
        *self.slot() = Some(found.clone());
        Ok(found)
    }

    /// Forgets the keys, so that new ones are asked for; `false`: there can't be others.
    pub(super) fn forget(&self) -> bool {
        let before = self.slot().take();
        before.is_some_and(|found| found.expiry().is_some())
    }

    fn valid(&self) -> Option<Found> {
        let slot = self.slot();
        let fresh = |found: &&Found| {
            found
                .expiry()
                .is_none_or(|expiry| expiry > SystemTime::now() + LEFT)
        };
        slot.as_ref().filter(fresh).cloned()
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Found>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    async fn ask(&self) -> Result<Found, String> {
        match self {
            Self::Provider(provider) => provider
                .provide_credentials()
                .await
                .map_err(|error| chain(&error)),
            Self::Role(client, role) => {
                let answer = client
                    .call(Request::new("sts", "AssumeRole", assume_role(role)))
                    .await
                    .map_err(|error| format!("the role {} can't be assumed: {error}", role.arn))?;
                keys(&answer, &role.arn)
            }
            Self::WebRole(client, WebRole { role, token }) => {
                let token = match token {
                    WebToken::Text(text) => text.clone(),
                    WebToken::File(path) => tokio::fs::read_to_string(path)
                        .await
                        .map_err(|error| format!("the token in {}: {error}", path.display()))?
                        .trim()
                        .to_owned(),
                };
                let mut input = Map::new();
                session(role, &mut input);
                input.insert("WebIdentityToken".into(), token.into());
                let request =
                    Request::new("sts", "AssumeRoleWithWebIdentity", Value::Object(input));
                let answer = client
                    .call(request)
                    .await
                    .map_err(|error| format!("the role {} can't be assumed: {error}", role.arn))?;
                keys(&answer, &role.arn)
            }
        }
    }
}

/// What both ways to assume a role have.
fn session(role: &Role, input: &mut Map<String, Value>) {
    input.insert("RoleArn".into(), role.arn.as_str().into());
    let name = role.session_name.clone().unwrap_or_else(name_of_now);
    input.insert("RoleSessionName".into(), name.into());
    if let Some(duration) = role.duration {
        input.insert("DurationSeconds".into(), duration.as_secs().into());
    }
    if let Some(policy) = &role.policy {
        input.insert("Policy".into(), policy.as_str().into());
    }
    if !role.policy_arns.is_empty() {
        let arns = role.policy_arns.iter().map(|arn| json!({ "arn": arn }));
        input.insert("PolicyArns".into(), arns.collect());
    }
}

fn assume_role(role: &Role) -> Value {
    let mut input = Map::new();
    session(role, &mut input);
    let mut set = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            input.insert(name.to_owned(), value.as_str().into());
        }
    };
    set("ExternalId", &role.external_id);
    set("SourceIdentity", &role.source_identity);
    if !role.tags.is_empty() {
        let tags = role.tags.iter();
        let tags = tags.map(|(key, value)| json!({ "Key": key, "Value": value }));
        input.insert("Tags".into(), tags.collect());
    }
    if !role.transitive_tag_keys.is_empty() {
        input.insert("TransitiveTagKeys".into(), json!(role.transitive_tag_keys));
    }
    Value::Object(input)
}

fn name_of_now() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |age| age.as_millis());
    format!("terrane-{now}")
}

fn keys(answer: &Value, arn: &str) -> Result<Found, String> {
    let keys = &answer["Credentials"];
    let text = |name: &str| {
        let found = keys[name].as_str();
        found.ok_or_else(|| format!("the role {arn} can't be assumed: STS sent no {name}"))
    };
    let expires = DateTime::from_str(text("Expiration")?, Format::DateTime)
        .ok()
        .and_then(|time| SystemTime::try_from(time).ok());
    Ok(Found::new(
        text("AccessKeyId")?,
        text("SecretAccessKey")?,
        Some(text("SessionToken")?.to_owned()),
        expires,
        "assumed role",
    ))
}

/// Where keys come from before any role is assumed: those that are written out, else of the environment, the profile, a token, the machine.
pub(super) fn sources(settings: &Settings) -> Sources {
    let access = &settings.access;
    let found = |keys: &Keys, from: &'static str| {
        let Keys { id, secret, token } = keys.clone();
        Found::new(id, secret, token, None, from)
    };
    let written = access
        .keys
        .as_ref()
        .map(|keys| found(keys, "configuration"));
    // Those of the environment come before the profile, unless one is named.
    let variables = match (
        settings.variable("AWS_ACCESS_KEY_ID"),
        settings.variable("AWS_SECRET_ACCESS_KEY"),
        &access.profile,
    ) {
        (Some(id), Some(secret), None) => {
            let keys = Keys {
                id: id.to_owned(),
                secret: secret.to_owned(),
                token: settings.variable("AWS_SESSION_TOKEN").map(str::to_owned),
            };
            Some(found(&keys, "environment"))
        }
        _ => None,
    };
    let mode = access.metadata_endpoint_mode.as_deref().unwrap_or_default();
    Sources {
        keys: written.or(variables),
        profile: profile_name(settings).map(str::to_owned),
        config_files: access.config_files.clone(),
        credentials_files: access.credentials_files.clone(),
        skip_machine: access.skip_metadata_api_check == Some(true),
        metadata_endpoint: access.metadata_endpoint.clone(),
        metadata_ipv6: mode.eq_ignore_ascii_case("ipv6"),
    }
}

/// The profile that is named by the settings or the environment.
pub(super) fn profile_name(settings: &Settings) -> Option<&str> {
    settings
        .access
        .profile
        .as_deref()
        .or_else(|| settings.variable("AWS_PROFILE"))
}
