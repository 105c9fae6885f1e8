//! What a client is made with: what hashicorp/aws' provider block, its variables and the shared files say, as plain data.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What a client is made with. The default is what an empty provider block says.
#[derive(Clone, Default)]
pub struct Settings {
    /// The region; `None`: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile, the machine's.
    pub region: Option<String>,
    /// A region that is not known is taken as it is.
    pub skip_region_validation: bool,
    /// Who asks.
    pub access: Access,
    /// Address by service: keys as in the provider's `endpoints` block (`sfn`, `stepfunctions`, `cloudwatchlogs`, `logs` …) or botocore's names.
    pub endpoints: BTreeMap<String, String>,
    /// Buckets are in the path and not in the host name.
    pub s3_use_path_style: bool,
    /// Requests to S3 in `us-east-1` go to the regional address (`regional`) or to the global one (`legacy`); `None`: what
    /// `AWS_S3_US_EAST_1_REGIONAL_ENDPOINT` says, else the global one.
    pub s3_us_east_1_regional_endpoint: Option<String>,
    /// How often a failed request is sent again; `None`: `AWS_MAX_ATTEMPTS` or the profile's `max_attempts` less one, else 25.
    pub max_retries: Option<u32>,
    /// How; `None`: `AWS_RETRY_MODE`, the profile, `standard`.
    pub retry_mode: Option<RetryMode>,
    /// Size of the bucket of tokens that retries are paid from; 0: retries are not limited.
    pub token_bucket_capacity: u32,
    /// IPv6 beside IPv4; `None`: what the environment or the profile says.
    pub dual_stack: Option<bool>,
    /// Addresses that are validated by FIPS; `None`: what the environment or the profile says.
    pub fips: Option<bool>,
    /// Proxy for `http:` addresses; `None`: `HTTP_PROXY`.
    pub http_proxy: Option<String>,
    /// Proxy for `https:` addresses; `None`: `HTTPS_PROXY`.
    pub https_proxy: Option<String>,
    /// Hosts that need no proxy; `None`: `NO_PROXY`.
    pub no_proxy: Option<String>,
    /// File of certificates (PEM) that are believed in place of the system's; `None`: `AWS_CA_BUNDLE`, the profile.
    pub ca_bundle: Option<PathBuf>,
    /// Certificates are not checked.
    pub insecure: bool,
    /// First pause before a retry, in milliseconds, of which the others are multiples; `None`: 200. For tests.
    pub first_pause_ms: Option<u64>,
    /// Words for the end of the `User-Agent` header.
    pub user_agent: Vec<String>,
    /// Headers for every request, for emulators and gateways.
    pub headers: Vec<(String, String)>,
    /// Longest time for one attempt; `None`: none but that of a connection that is silent for two minutes.
    pub attempt_timeout: Option<Duration>,
    /// The credentials are not tried out.
    pub skip_credentials_validation: bool,
    /// The account is not asked for.
    pub skip_requesting_account_id: bool,
    /// Only these accounts, where there are any.
    pub allowed_account_ids: Vec<String>,
    /// None of these accounts.
    pub forbidden_account_ids: Vec<String>,
    /// Variables of the environment: those that begin with `AWS_` or `TF_AWS_`, and those of proxies. See [`Settings::from_environment`].
    pub environment: BTreeMap<String, String>,
}

/// Who asks.
#[derive(Clone, Default)]
pub struct Access {
    /// Keys that are written out.
    pub keys: Option<Keys>,
    /// A profile of the shared files.
    pub profile: Option<String>,
    /// Files of settings in place of `~/.aws/config`.
    pub config_files: Vec<PathBuf>,
    /// Files of keys in place of `~/.aws/credentials`.
    pub credentials_files: Vec<PathBuf>,
    /// A role that is assumed with a token of somebody else.
    pub web_role: Option<WebRole>,
    /// Roles that are assumed, one with the other.
    pub roles: Vec<Role>,
    /// The metadata service of EC2 is not asked; `None`: `AWS_EC2_METADATA_DISABLED`.
    pub skip_metadata_api_check: Option<bool>,
    /// Address of the metadata service.
    pub metadata_endpoint: Option<String>,
    /// `IPv4` or `IPv6`.
    pub metadata_endpoint_mode: Option<String>,
    /// Region of STS for roles, where it is not the client's.
    pub sts_region: Option<String>,
}

/// Keys.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// The public part.
    pub id: String,
    /// The secret part.
    pub secret: String,
    /// The token of temporary keys.
    pub token: Option<String>,
}

/// A role, and what it is assumed with.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// How long its keys are valid.
    pub duration: Option<Duration>,
    /// A policy that narrows it, JSON.
    pub policy: Option<String>,
    /// Policies that narrow it.
    pub policy_arns: Vec<String>,
    /// Name of the session; `None`: one with the time in it.
    pub session_name: Option<String>,
    /// What the account of the role wants to hear.
    pub external_id: Option<String>,
    /// Who it is, for the log of the account.
    pub source_identity: Option<String>,
    /// Tags of the session.
    pub tags: BTreeMap<String, String>,
    /// Those tags that go along when further roles are assumed.
    pub transitive_tag_keys: Vec<String>,
}

/// A role that is assumed with a token.
#[derive(Clone)]
pub struct WebRole {
    /// The role. External id, source identity and tags are not sent: the token has them.
    pub role: Role,
    /// The token.
    pub token: WebToken,
}

/// A token of an identity provider.
#[derive(Clone)]
pub enum WebToken {
    /// The token itself.
    Text(String),
    /// A file with it, read every time that keys are needed.
    File(PathBuf),
}

/// How retries are paced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryMode {
    /// Exponential, with jitter.
    #[default]
    Standard,
    /// In addition, requests wait for their turn once the service has said "too fast".
    Adaptive,
}

impl Settings {
    /// Empty settings with the variables of this process that mean something to a client of AWS.
    #[must_use]
    pub fn from_environment() -> Self {
        let ours = |name: &str| {
            name.starts_with("AWS_")
                || name.starts_with("TF_AWS_")
                || ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]
                    .iter()
                    .any(|proxy| name.eq_ignore_ascii_case(proxy))
        };
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, value)| ours(name) && !value.is_empty())
            .collect();
        Self {
            environment,
            ..Self::default()
        }
    }

    /// A variable of the environment that is set and not empty.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("region", &self.region)
            .field("access", &self.access)
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("keys", &self.keys)
            .field("profile", &self.profile)
            .field("web_role", &self.web_role)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Role")
            .field("arn", &self.arn)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WebRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebRole")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WebToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(sensitive)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}
