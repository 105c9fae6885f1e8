//! Keys from AWS KMS: a data key, and the same encrypted under a key that never leaves the service, which is stored.

use super::{KeyProvider, parse, store};
use crate::arguments::Arguments;
use crate::http::block_on;
use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_kms::Client;
use aws_sdk_kms::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use terrane_aws_access::{Connector, Sources};
use terrane_model::with_causes;
use terrane_value::Value;

/// The `aws_kms` key provider.
#[derive(Clone, Debug)]
pub(crate) struct AwsKms {
    key_id: String,
    key_spec: String,
    access: Access,
}

/// Who asks, and where.
#[derive(Clone, Debug, Default)]
struct Access {
    region: Option<String>,
    profile: Option<String>,
    keys: Option<(String, Secret, Option<Secret>)>,
    credentials_files: Vec<String>,
    config_files: Vec<String>,
    endpoint: Option<String>,
    sts_endpoint: Option<String>,
    role: Option<Role>,
    attempts: Option<u32>,
}

/// A role to be assumed.
#[derive(Clone, Debug, Default)]
struct Role {
    arn: String,
    session_name: Option<String>,
    external_id: Option<String>,
    policy: Option<String>,
}

/// What is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    ciphertext_blob: String,
}

/// A text among the arguments of a nested block.
fn inner(block: &BTreeMap<String, Value>, name: &str) -> Option<String> {
    block
        .get(name)
        .and_then(|value| value.unmarked().as_str())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

impl AwsKms {
    pub(crate) fn new(arguments: &mut Arguments<'_>) -> Self {
        let key_id = arguments.required_text("kms_key_id");
        let key_spec = arguments.required_text("key_spec");
        if !key_spec.is_empty() && length(&key_spec).is_none() {
            arguments.invalid(
                "key_spec",
                "The argument \"key_spec\" must be \"AES_256\" or \"AES_128\".",
            );
        }
        let mut access = Access {
            region: arguments.text("region"),
            profile: arguments.text("profile"),
            credentials_files: arguments
                .texts("shared_credentials_files")
                .unwrap_or_default(),
            config_files: arguments.texts("shared_config_files").unwrap_or_default(),
            attempts: arguments
                .number("max_retries")
                .map(|retries| u32::try_from(retries).unwrap_or(u32::MAX).saturating_add(1)),
            ..Access::default()
        };
        let id = arguments.text("access_key");
        let secret = arguments.secret("secret_key");
        let token = arguments.secret("token");
        match (id, secret) {
            (Some(id), Some(secret)) => access.keys = Some((id, secret, token)),
            (None, None) => {}
            _ => arguments.invalid(
                "access_key",
                "\"access_key\" and \"secret_key\" belong together: set both, or none of them.",
            ),
        }
        // The checks of the S3 backend that ask the account first: nothing here does that.
        for name in ["skip_credentials_validation", "skip_requesting_account_id"] {
            arguments.flag(name);
        }
        if let Some(endpoints) = arguments.nested("endpoints") {
            access.endpoint = inner(&endpoints, "kms");
            access.sts_endpoint = inner(&endpoints, "sts");
        }
        if let Some(role) = arguments.nested("assume_role") {
            match inner(&role, "role_arn") {
                Some(arn) => {
                    access.role = Some(Role {
                        arn,
                        session_name: inner(&role, "session_name"),
                        external_id: inner(&role, "external_id"),
                        policy: inner(&role, "policy"),
                    });
                }
                None => arguments.invalid("assume_role", "The block needs a \"role_arn\"."),
            }
        }
        Self {
            key_id,
            key_spec,
            access,
        }
    }
}

/// How long keys of a kind are.
fn length(key_spec: &str) -> Option<usize> {
    match key_spec {
        "AES_256" => Some(32),
        "AES_128" => Some(16),
        _ => None,
    }
}

impl Access {
    async fn client(&self) -> Result<Client> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| {
                Problem(format!(
                    "no HTTP client can be made: {}",
                    with_causes(&error)
                ))
            })?;
        let paths = |files: &[String]| files.iter().map(PathBuf::from).collect();
        let sources = Sources {
            config_files: paths(&self.config_files),
            credentials_files: paths(&self.credentials_files),
            ..Sources::default()
        };
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Connector::new(http))
            .profile_files(sources.profile_files());
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(attempts) = self.attempts {
            loader = loader.retry_config(
                aws_config::retry::RetryConfig::standard().with_max_attempts(attempts),
            );
        }
        if let Some((id, secret, token)) = &self.keys {
            let text = |secret: &Secret| String::from_utf8_lossy(secret.reveal()).into_owned();
            loader = loader.credentials_provider(Credentials::new(
                id,
                text(secret),
                token.as_ref().map(text),
                None,
                "encryption",
            ));
        }
        let mut config = loader.load().await;
        if config.region().is_none() {
            return fail(
                "no region is set: set \"region\", AWS_REGION, or `region` in the profile",
            );
        }
        if let Some(role) = &self.role {
            let mut base = config.clone().into_builder();
            if let Some(endpoint) = &self.sts_endpoint {
                base = base.endpoint_url(endpoint);
            }
            let mut provider = AssumeRoleProvider::builder(&role.arn)
                .session_name(role.session_name.as_deref().unwrap_or("terrane"))
                .configure(&base.build());
            if let Some(id) = &role.external_id {
                provider = provider.external_id(id);
            }
            if let Some(policy) = &role.policy {
                provider = provider.policy(policy);
            }
            let provider = SharedCredentialsProvider::new(provider.build().await);
            config = config.into_builder().credentials_provider(provider).build();
        }
        let mut builder = aws_sdk_kms::config::Builder::from(&config);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        Ok(Client::from_conf(builder.build()))
    }
}

fn refused<E, R>(doing: &str, error: &SdkError<E, R>) -> Problem
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    match error.as_service_error() {
        Some(service) => Problem(format!(
            "{doing} was refused: {} ({})",
            service.message().unwrap_or("no reason was given"),
            service.code().unwrap_or("no code")
        )),
        None => Problem(format!("{doing} failed: {}", DisplayErrorContext(error))),
    }
}

impl KeyProvider for AwsKms {
    fn fresh(&self, _chained: Option<&Secret>) -> Result<(Secret, Vec<u8>)> {
        let this = self.clone();
        block_on(async move {
            let made = this
                .access
                .client()
                .await?
                .generate_data_key()
                .key_id(&this.key_id)
                .key_spec(DataKeySpec::from(this.key_spec.as_str()))
                .send()
                .await
                .map_err(|error| refused("making a data key", &error))?;
            let (Some(plain), Some(wrapped)) = (made.plaintext, made.ciphertext_blob) else {
                return fail("the service sent no key");
            };
            let stored = Stored {
                ciphertext_blob: STANDARD.encode(wrapped.into_inner()),
            };
            Ok((Secret::new(plain.into_inner()), store(&stored)?))
        })
    }

    fn again(&self, stored: &[u8], _chained: Option<&Secret>) -> Result<Secret> {
        let stored: Stored = parse(stored)?;
        let wrapped = STANDARD
            .decode(&stored.ciphertext_blob)
            .map_err(|_| Problem(String::from("its stored ciphertext is not base64")))?;
        let this = self.clone();
        block_on(async move {
            let opened = this
                .access
                .client()
                .await?
                .decrypt()
                .key_id(&this.key_id)
                .ciphertext_blob(Blob::new(wrapped))
                .send()
                .await
                .map_err(|error| refused("decrypting the data key", &error))?;
            match opened.plaintext {
                Some(key) => Ok(Secret::new(key.into_inner())),
                None => fail("the service sent no key"),
            }
        })
    }

    fn key_length(&self) -> Option<usize> {
        length(&self.key_spec)
    }
}
