//! Who asks: access keys, profiles, roles.

use super::settings::{Access, Keys, Role, WebToken};
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result as CredentialsResult, future};
use aws_sdk_sts::types::{Credentials as StsCredentials, PolicyDescriptorType, Tag};
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use terrane_aws_access::Sources;

/// Where keys come from before any role is assumed.
pub(super) fn sources(access: &Access) -> Sources {
    let paths = |files: &[String]| files.iter().map(PathBuf::from).collect();
    Sources {
        keys: access
            .keys
            .clone()
            .map(|Keys { id, secret, token }| Credentials::new(id, secret, token, None, "backend")),
        profile: access.profile.clone(),
        config_files: paths(&access.config_files),
        credentials_files: paths(&access.credentials_files),
        skip_machine: access.skip_metadata,
        metadata_endpoint: access.metadata_endpoint.clone(),
        metadata_ipv6: access.metadata_ipv6,
    }
}

/// A role, and what it is assumed with.
pub(super) struct Assumed {
    client: aws_sdk_sts::Client,
    role: Role,
    token: Option<WebToken>,
}

impl fmt::Debug for Assumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assumed")
            .field("role", &self.role.arn)
            .finish_non_exhaustive()
    }
}

impl Assumed {
    pub(super) fn new(
        config: &SdkConfig,
        endpoint: Option<&str>,
        role: Role,
        token: Option<WebToken>,
    ) -> Self {
        Self {
            client: sts(config, endpoint),
            role,
            token,
        }
    }

    async fn assume(&self) -> CredentialsResult {
        let Role {
            arn,
            duration,
            policy,
            policy_arns,
            session_name,
            external_id,
            source_identity,
            tags,
            transitive_tag_keys,
        } = self.role.clone();
        let session = session_name.unwrap_or_else(session_name_of_now);
        let seconds =
            duration.map(|duration| i32::try_from(duration.as_secs()).unwrap_or(i32::MAX));
        let arns = (!policy_arns.is_empty()).then(|| {
            policy_arns
                .into_iter()
                .map(|arn| PolicyDescriptorType::builder().arn(arn).build())
                .collect()
        });
        let failed = |error: String| {
            CredentialsError::provider_error(format!("the role {arn} can't be assumed: {error}"))
        };
        let found = match &self.token {
            Some(token) => {
                let token = match token {
                    WebToken::Text(text) => text.clone(),
                    WebToken::File(path) => std::fs::read_to_string(path)
                        .map_err(|error| failed(format!("{}: {error}", path.display())))?
                        .trim()
                        .to_owned(),
                };
                self.client
                    .assume_role_with_web_identity()
                    .role_arn(&arn)
                    .role_session_name(session)
                    .web_identity_token(token)
                    .set_duration_seconds(seconds)
                    .set_policy(policy)
                    .set_policy_arns(arns)
                    .send()
                    .await
                    .map_err(|error| failed(super::object::Problem::of(&error).text))?
                    .credentials
            }
            None => {
                let tags: Vec<Tag> = tags
                    .into_iter()
                    .map(|(key, value)| Tag::builder().key(key).value(value).build())
                    .collect::<Result<_, _>>()
                    .map_err(|error| failed(error.to_string()))?;
                self.client
                    .assume_role()
                    .role_arn(&arn)
                    .role_session_name(session)
                    .set_duration_seconds(seconds)
                    .set_policy(policy)
                    .set_policy_arns(arns)
                    .set_external_id(external_id)
                    .set_source_identity(source_identity)
                    .set_tags((!tags.is_empty()).then_some(tags))
                    .set_transitive_tag_keys(
                        (!transitive_tag_keys.is_empty()).then_some(transitive_tag_keys),
                    )
                    .send()
                    .await
                    .map_err(|error| failed(super::object::Problem::of(&error).text))?
                    .credentials
            }
        };
        found
            .map(credentials)
            .ok_or_else(|| failed(String::from("STS sent no credentials")))
    }
}

impl ProvideCredentials for Assumed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}

/// A client of STS.
pub(super) fn sts(config: &SdkConfig, endpoint: Option<&str>) -> aws_sdk_sts::Client {
    let mut builder = aws_sdk_sts::config::Builder::from(config);
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    aws_sdk_sts::Client::from_conf(builder.build())
}

fn session_name_of_now() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |age| age.as_millis());
    format!("terrane-{now}")
}

fn credentials(found: StsCredentials) -> Credentials {
    let expires = u64::try_from(found.expiration.secs())
        .ok()
        .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    Credentials::new(
        found.access_key_id,
        found.secret_access_key,
        Some(found.session_token),
        expires,
        "assumed role",
    )
}
