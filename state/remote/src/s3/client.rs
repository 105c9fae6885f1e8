//! Clients of S3, DynamoDB and STS, made when they are first needed.

use super::clock::ServerClock;
use super::credentials::{Assumed, sources, sts};
use super::object::Problem;
use super::settings::{Access, Settings};
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use reqwest::Client;
use std::io;
use terrane_aws_access::Connector;

/// The clients.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) dynamodb: Option<aws_sdk_dynamodb::Client>,
    /// The time there.
    pub(super) clock: ServerClock,
}

/// Makes the clients.
pub(super) async fn make(settings: &Settings, http: Client) -> io::Result<Clients> {
    let clock = ServerClock::default();
    let told = clock.clone();
    let connector = Connector::new(http).telling_dates(move |date| told.set(date));
    let retry = RetryConfig::standard().with_max_attempts(settings.attempts);
    let retry = if settings.adaptive {
        RetryConfig::adaptive().with_max_attempts(settings.attempts)
    } else {
        retry
    };
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(connector.clone())
        .retry_config(retry)
        .profile_files(sources(&settings.access).profile_files())
        .no_credentials();
    if let Some(profile) = &settings.access.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if settings.dual_stack {
        loader = loader.use_dual_stack(true);
    }
    if settings.fips {
        loader = loader.use_fips(true);
    }
    let common = loader.load().await;
    if common.region().is_none() {
        return Err(io::Error::other(
            "no region is set: set `region` in the backend block, AWS_REGION, or `region` in the profile",
        ));
    }
    let sts_config = match &settings.sts_region {
        Some(region) => common
            .clone()
            .into_builder()
            .region(Region::new(region.clone()))
            .build(),
        None => common.clone(),
    };
    let region = common.region().cloned();
    let provider = provider(settings, (connector, region), &sts_config).await;
    let config = common
        .into_builder()
        .credentials_provider(provider.clone())
        .build();
    check_account(settings, &sts_config, provider).await?;
    let mut s3 = aws_sdk_s3::config::Builder::from(&config)
        .force_path_style(settings.path_style)
        // Services that are not S3 don't know the newer checksums; those that are wanted are asked for by name.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    if let Some(endpoint) = &settings.s3_endpoint {
        s3 = s3.endpoint_url(endpoint);
    }
    let dynamodb = settings.table.as_ref().map(|_| {
        let mut builder = aws_sdk_dynamodb::config::Builder::from(&config);
        if let Some(endpoint) = &settings.dynamodb_endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        aws_sdk_dynamodb::Client::from_conf(builder.build())
    });
    Ok(Clients {
        s3: aws_sdk_s3::Client::from_conf(s3.build()),
        dynamodb,
        clock,
    })
}

async fn provider(
    settings: &Settings,
    (http, region): (Connector, Option<Region>),
    sts_config: &SdkConfig,
) -> SharedCredentialsProvider {
    let endpoint = settings.sts_endpoint.as_deref();
    let Access { role, web_role, .. } = &settings.access;
    let mut provider = match web_role {
        Some((role, token)) => SharedCredentialsProvider::new(Assumed::new(
            sts_config,
            endpoint,
            role.clone(),
            Some(token.clone()),
        )),
        None => sources(&settings.access).provider(http, region).await,
    };
    if let Some(role) = role {
        let with = sts_config
            .clone()
            .into_builder()
            .credentials_provider(provider)
            .build();
        provider =
            SharedCredentialsProvider::new(Assumed::new(&with, endpoint, role.clone(), None));
    }
    provider
}

/// Where only some accounts may be used, asks which one this is.
async fn check_account(
    settings: &Settings,
    config: &SdkConfig,
    provider: SharedCredentialsProvider,
) -> io::Result<()> {
    let Access {
        allowed_accounts,
        forbidden_accounts,
        ..
    } = &settings.access;
    if allowed_accounts.is_empty() && forbidden_accounts.is_empty() {
        return Ok(());
    }
    let config = config
        .clone()
        .into_builder()
        .credentials_provider(provider)
        .build();
    let identity = sts(&config, settings.sts_endpoint.as_deref())
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| {
            io::Error::other(format!(
                "the account can't be asked for: {}",
                Problem::of(&error).text
            ))
        })?;
    let account = identity.account.unwrap_or_default();
    let allowed = allowed_accounts.is_empty() || allowed_accounts.contains(&account);
    if allowed && !forbidden_accounts.contains(&account) {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "the credentials are of account {account}, which `allowed_account_ids` or `forbidden_account_ids` rules out"
    )))
}
