//! The configuration of the provider: its block and the environment.

use crate::cx::Ignored;
use crate::provider::{Door, Opened};
use crate::run::{seconds, to_map};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use terrane_aws_client::{Access, Client, Keys, RetryMode, Role, Settings, WebRole, WebToken};
use terrane_model::provider::ProviderDiagnostic;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::{Kind, Value};

/// What was configured.
#[derive(Clone, Debug)]
pub struct Given {
    /// What the client is made with.
    pub settings: Settings,
    pub(crate) default_tags: BTreeMap<String, String>,
    pub(crate) ignored: Ignored,
    pub(crate) poll_scale: f64,
}

/// The variable that scales pauses.
const POLL_SCALE: &str = "TERRANE_AWS_POLL_SCALE";
/// Headers for every request, `name: value` in lines, for emulators.
const HEADERS: &str = "TERRANE_AWS_HEADERS";

fn text(config: &Value, name: &str) -> Option<String> {
    args::string(config, name)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn texts(config: &Value, name: &str) -> Vec<String> {
    let texts = args::strings(config, name).unwrap_or_default();
    texts.iter().map(ToString::to_string).collect()
}

/// The only block of a type.
fn only(config: &Value, name: &str) -> Value {
    args::get(config, name)
        .children()
        .first()
        .cloned()
        .unwrap_or(Value::NULL)
}

impl Given {
    /// From the block and the environment.
    #[must_use]
    pub fn new(config: &Value, environment: &BTreeMap<String, String>) -> Self {
        let mut settings = settings(config);
        settings.environment = environment
            .iter()
            .filter(|(name, value)| {
                !value.is_empty()
                    && (name.starts_with("AWS_")
                        || name.starts_with("TF_AWS_")
                        || name.to_ascii_uppercase().ends_with("_PROXY"))
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let headers = environment
            .get(HEADERS)
            .map(String::as_str)
            .unwrap_or_default();
        settings.headers = headers
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        let with_prefix = |prefix: &str| -> BTreeMap<String, String> {
            environment
                .iter()
                .filter_map(|(name, value)| {
                    Some((name.strip_prefix(prefix)?.to_owned(), value.clone()))
                })
                .collect()
        };
        let list = |name: &str| -> Vec<String> {
            let value = environment
                .get(name)
                .map(String::as_str)
                .unwrap_or_default();
            value
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let mut default_tags = with_prefix("TF_AWS_DEFAULT_TAGS_");
        default_tags.extend(to_map(&args::get(&only(config, "default_tags"), "tags")));
        let ignore = only(config, "ignore_tags");
        let mut ignored = Ignored {
            keys: list("TF_AWS_IGNORE_TAGS_KEYS"),
            prefixes: list("TF_AWS_IGNORE_TAGS_KEY_PREFIXES"),
        };
        ignored.keys.extend(texts(&ignore, "keys"));
        ignored.prefixes.extend(texts(&ignore, "key_prefixes"));
        let poll_scale = environment
            .get(POLL_SCALE)
            .and_then(|scale| scale.parse().ok());
        Self {
            settings,
            default_tags,
            ignored,
            poll_scale: poll_scale.unwrap_or(1.0),
        }
    }
}

fn settings(config: &Value) -> Settings {
    let flag = |name: &str| args::bool(config, name);
    let mut settings = Settings {
        region: text(config, "region"),
        skip_region_validation: flag("skip_region_validation").unwrap_or(false),
        s3_use_path_style: flag("s3_use_path_style").unwrap_or(false),
        s3_us_east_1_regional_endpoint: text(config, "s3_us_east_1_regional_endpoint"),
        max_retries: args::int(config, "max_retries").and_then(|count| u32::try_from(count).ok()),
        retry_mode: text(config, "retry_mode").map(|mode| match mode.as_str() {
            "adaptive" => RetryMode::Adaptive,
            _ => RetryMode::Standard,
        }),
        token_bucket_capacity: args::int(config, "token_bucket_rate_limiter_capacity")
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(0),
        dual_stack: flag("use_dualstack_endpoint"),
        fips: flag("use_fips_endpoint"),
        http_proxy: text(config, "http_proxy"),
        https_proxy: text(config, "https_proxy"),
        no_proxy: text(config, "no_proxy"),
        ca_bundle: text(config, "custom_ca_bundle").map(PathBuf::from),
        insecure: flag("insecure").unwrap_or(false),
        user_agent: texts(config, "user_agent"),
        skip_credentials_validation: flag("skip_credentials_validation").unwrap_or(false),
        skip_requesting_account_id: flag("skip_requesting_account_id").unwrap_or(false),
        allowed_account_ids: texts(config, "allowed_account_ids"),
        forbidden_account_ids: texts(config, "forbidden_account_ids"),
        ..Settings::default()
    };
    settings.access = access(config);
    for block in args::get(config, "endpoints").children() {
        if let Kind::Object(services) = block.kind() {
            for (service, address) in services.iter() {
                if let Some(address) = address.as_str().filter(|address| !address.is_empty()) {
                    settings
                        .endpoints
                        .insert(service.to_string(), address.to_owned());
                }
            }
        }
    }
    settings
}

/// Who asks.
fn access(config: &Value) -> Access {
    let mut access = Access::default();
    if let (Some(id), Some(secret)) = (text(config, "access_key"), text(config, "secret_key")) {
        access.keys = Some(Keys {
            id,
            secret,
            token: text(config, "token"),
        });
    }
    access.profile = text(config, "profile");
    access.config_files = texts(config, "shared_config_files")
        .into_iter()
        .map(PathBuf::from)
        .collect();
    access.credentials_files = texts(config, "shared_credentials_files")
        .into_iter()
        .map(PathBuf::from)
        .collect();
    access.skip_metadata_api_check =
        text(config, "skip_metadata_api_check").map(|value| value == "true");
    access.metadata_endpoint = text(config, "ec2_metadata_service_endpoint");
    access.metadata_endpoint_mode = text(config, "ec2_metadata_service_endpoint_mode");
    access.sts_region = text(config, "sts_region");
    access.roles = args::get(config, "assume_role")
        .children()
        .iter()
        .map(role)
        .collect();
    let web = only(config, "assume_role_with_web_identity");
    if !web.is_null() {
        let token = match (
            text(&web, "web_identity_token"),
            text(&web, "web_identity_token_file"),
        ) {
            (Some(token), _) => Some(WebToken::Text(token)),
            (None, Some(file)) => Some(WebToken::File(PathBuf::from(file))),
            (None, None) => None,
        };
        access.web_role = token.map(|token| WebRole {
            role: role(&web),
            token,
        });
    }
    access
}

fn role(block: &Value) -> Role {
    Role {
        arn: text(block, "role_arn").unwrap_or_default(),
        duration: text(block, "duration")
            .and_then(|text| seconds(&text))
            .map(Duration::from_secs),
        policy: text(block, "policy"),
        policy_arns: texts(block, "policy_arns"),
        session_name: text(block, "session_name"),
        external_id: text(block, "external_id"),
        source_identity: text(block, "source_identity"),
        tags: to_map(&args::get(block, "tags")),
        transitive_tag_keys: texts(block, "transitive_tag_keys"),
    }
}

/// What is wrong with a configuration of the provider.
pub(crate) fn check(config: &Value) -> Vec<ProviderDiagnostic> {
    let mut complaints = Vec::new();
    for block in args::get(config, "assume_role").children() {
        if block.get("role_arn").is_none_or(Value::is_null) {
            complaints.push(args::complaint(
                "assume_role",
                "Missing required argument",
                "An assume_role block needs role_arn.",
            ));
        }
    }
    if args::is_set(config, "access_key") != args::is_set(config, "secret_key") {
        complaints.push(args::complaint(
            "access_key",
            "Incomplete keys",
            "access_key and secret_key belong together.",
        ));
    }
    if let Some(mode) = args::string(config, "retry_mode")
        && !matches!(mode, "standard" | "adaptive" | "")
    {
        complaints.push(args::complaint(
            "retry_mode",
            "Invalid value",
            "retry_mode is standard or adaptive.",
        ));
    }
    complaints
}

/// Whether a text has the form of a region: `eu-west-1`.
pub(crate) fn looks_like_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts.as_slice(), [_, .., last] if parts.len() >= 3 && last.parse::<u8>().is_ok())
        && text
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
}

/// AWS over the network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network;

#[async_trait]
impl Door for Network {
    async fn open(&self, given: &Given) -> Answered<Opened> {
        let connected = Client::connect(given.settings.clone()).await;
        let (client, identity) = connected.map_err(|error| {
            Refusal::error("AWS provider cannot be configured", error.to_string())
        })?;
        let region = client.region().to_owned();
        Ok((Arc::new(client), region, identity))
    }
}
