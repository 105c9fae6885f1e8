//! The arguments of `backend "s3"`, read and checked.

use crate::ConfigError;
use crate::net::ClientOptions;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest as _, Md5};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use terrane_store::backend::Args;

/// How S3 encrypts on its side.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Encryption {
    Off,
    /// With keys of its own.
    Aes256,
    /// With this KMS key.
    Kms(String),
    /// With a key that is sent along: in base64, and the MD5 of it.
    Customer {
        key: String,
        md5: String,
    },
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Aes256 => "Aes256",
            Self::Kms(_) => "Kms",
            Self::Customer { .. } => "Customer",
        })
    }
}

/// A role that is assumed.
#[derive(Clone, Debug, Default)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) duration: Option<Duration>,
    pub(super) policy: Option<String>,
    pub(super) policy_arns: Vec<String>,
    pub(super) session_name: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) source_identity: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) transitive_tag_keys: Vec<String>,
}

/// Where the token of a web identity comes from.
#[derive(Clone)]
pub(super) enum WebToken {
    Text(String),
    File(PathBuf),
}

impl fmt::Debug for WebToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebToken")
    }
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    pub(super) keys: Option<Keys>,
    pub(super) profile: Option<String>,
    pub(super) credentials_files: Vec<String>,
    pub(super) config_files: Vec<String>,
    pub(super) role: Option<Role>,
    pub(super) web_role: Option<(Role, WebToken)>,
    pub(super) skip_metadata: bool,
    pub(super) metadata_endpoint: Option<String>,
    pub(super) metadata_ipv6: bool,
    pub(super) allowed_accounts: Vec<String>,
    pub(super) forbidden_accounts: Vec<String>,
}

/// Access keys.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

/// Everything.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) prefix: String,
    pub(super) acl: Option<String>,
    pub(super) encryption: Encryption,
    pub(super) state_tags: BTreeMap<String, String>,
    pub(super) lock_tags: BTreeMap<String, String>,
    pub(super) lock_file: bool,
    /// A lock file that was not renewed for so long is that of a dead run.
    pub(super) lock_expiry: Duration,
    pub(super) table: Option<String>,
    pub(super) checksum: bool,
    pub(super) region: Option<String>,
    pub(super) sts_region: Option<String>,
    pub(super) s3_endpoint: Option<String>,
    pub(super) dynamodb_endpoint: Option<String>,
    pub(super) sts_endpoint: Option<String>,
    pub(super) path_style: bool,
    pub(super) dual_stack: bool,
    pub(super) fips: bool,
    pub(super) attempts: u32,
    pub(super) adaptive: bool,
    pub(super) access: Access,
    pub(super) http: ClientOptions,
}

impl Settings {
    pub(super) fn read(args: &Args<'_>) -> Result<Self, ConfigError> {
        let key = args.needed("key", &[])?;
        if key.starts_with('/') || key.ends_with('/') {
            return Err(ConfigError::at(
                "key",
                format!("`{key}` must not begin or end with `/`"),
            ));
        }
        let prefix = match args.get_text("workspace_key_prefix") {
            None => "env:",
            Some(prefix) if prefix.starts_with('/') => {
                return Err(ConfigError::at(
                    "workspace_key_prefix",
                    "it must not begin with `/`",
                ));
            }
            Some(prefix) => prefix,
        };
        let flag = |name| Ok::<_, ConfigError>(args.flag(name, &[])?.unwrap_or(false));
        Ok(Self {
            bucket: args.needed("bucket", &[])?.to_owned(),
            key: key.to_owned(),
            prefix: prefix.trim_end_matches('/').to_owned(),
            acl: args.text("acl", &[]).map(str::to_owned),
            encryption: encryption(args)?,
            state_tags: args.map("state_tags"),
            lock_tags: args.map("lock_tags"),
            lock_file: flag("use_lockfile")?,
            lock_expiry: lock_expiry(args)?,
            table: args.text("dynamodb_table", &[]).map(str::to_owned),
            checksum: !flag("skip_s3_checksum")?,
            region: region(args)?,
            sts_region: args.text("sts_region", &[]).map(str::to_owned),
            s3_endpoint: endpoint(
                args,
                "s3",
                "endpoint",
                &["AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT"],
            )?,
            dynamodb_endpoint: endpoint(
                args,
                "dynamodb",
                "dynamodb_endpoint",
                &["AWS_ENDPOINT_URL_DYNAMODB", "AWS_DYNAMODB_ENDPOINT"],
            )?,
            sts_endpoint: endpoint(
                args,
                "sts",
                "sts_endpoint",
                &["AWS_ENDPOINT_URL_STS", "AWS_STS_ENDPOINT"],
            )?,
            path_style: flag("use_path_style")? || flag("force_path_style")?,
            dual_stack: args
                .flag("use_dualstack_endpoint", &["AWS_USE_DUALSTACK_ENDPOINT"])?
                .unwrap_or(false),
            fips: args
                .flag("use_fips_endpoint", &["AWS_USE_FIPS_ENDPOINT"])?
                .unwrap_or(false),
            attempts: attempts(args)?,
            adaptive: match args.text("retry_mode", &["AWS_RETRY_MODE"]) {
                None | Some("standard" | "legacy") => false,
                Some("adaptive") => true,
                Some(other) => {
                    return Err(ConfigError::at(
                        "retry_mode",
                        format!("`{other}` is neither `standard` nor `adaptive`"),
                    ));
                }
            },
            access: access(args)?,
            http: http(args)?,
        })
    }

    /// Where the state of a workspace is.
    pub(super) fn state_key(&self, workspace: &str) -> String {
        if workspace == "default" {
            return self.key.clone();
        }
        if self.prefix.is_empty() {
            return format!("{workspace}/{}", self.key);
        }
        format!("{}/{workspace}/{}", self.prefix, self.key)
    }
}

fn lock_expiry(args: &Args<'_>) -> Result<Duration, ConfigError> {
    const USUAL: u64 = 90;
    let Some(text) = args.var(&["TERRANE_S3_LOCK_EXPIRY"]) else {
        return Ok(Duration::from_secs(USUAL));
    };
    text.parse()
        .ok()
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
        .ok_or_else(|| {
            ConfigError::whole(format!(
                "TERRANE_S3_LOCK_EXPIRY is `{text}`, which is not a number of seconds"
            ))
        })
}

fn attempts(args: &Args<'_>) -> Result<u32, ConfigError> {
    let attempts = args
        .number("max_retries", &["AWS_MAX_ATTEMPTS"])?
        .unwrap_or(5);
    Ok(u32::try_from(attempts).unwrap_or(u32::MAX).max(1))
}

fn region(args: &Args<'_>) -> Result<Option<String>, ConfigError> {
    let Some(region) = args.text("region", &["AWS_REGION", "AWS_DEFAULT_REGION"]) else {
        return Ok(None);
    };
    let skip = args.flag("skip_region_validation", &[])?.unwrap_or(false);
    let parts: Vec<&str> = region.split('-').collect();
    let plausible = parts.len() >= 3
        && parts
            .last()
            .is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
        && parts.iter().all(|part| {
            part.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
    if skip || plausible {
        return Ok(Some(region.to_owned()));
    }
    Err(ConfigError::at(
        "region",
        format!(
            "`{region}` does not look like the name of a region (`eu-central-1`); if the service knows it, set `skip_region_validation = true`"
        ),
    ))
}

fn endpoint(
    args: &Args<'_>,
    name: &str,
    old: &str,
    vars: &[&str],
) -> Result<Option<String>, ConfigError> {
    let inner = args
        .nested("endpoints")
        .and_then(|endpoints| endpoints.get_text(name))
        .filter(|text| !text.is_empty());
    let Some(text) = inner.or_else(|| args.text(old, vars)) else {
        return Ok(None);
    };
    let url = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    if reqwest::Url::parse(&url).is_err() {
        return Err(ConfigError {
            path: Args::path("endpoints", name),
            message: format!("`{text}` is not an address"),
        });
    }
    Ok(Some(url))
}

fn encryption(args: &Args<'_>) -> Result<Encryption, ConfigError> {
    let kms = args.text("kms_key_id", &[]);
    let customer = args.text("sse_customer_key", &["AWS_SSE_CUSTOMER_KEY"]);
    if kms.is_some() && customer.is_some() {
        return Err(ConfigError::at(
            "sse_customer_key",
            "`kms_key_id` and `sse_customer_key` (or AWS_SSE_CUSTOMER_KEY) can't both be set",
        ));
    }
    let customer = customer
        .map(|text| {
            let key = BASE64
                .decode(text)
                .ok()
                .filter(|key| key.len() == 32)
                .ok_or_else(|| {
                    ConfigError::at("sse_customer_key", "it must be 32 bytes in base64")
                })?;
            Ok::<_, ConfigError>(Encryption::Customer {
                key: text.to_owned(),
                md5: BASE64.encode(Md5::digest(key)),
            })
        })
        .transpose()?;
    // The peers look at keys only where `encrypt` is set.
    if !args.flag("encrypt", &[])?.unwrap_or(false) {
        return Ok(Encryption::Off);
    }
    Ok(match (kms, customer) {
        (Some(kms), _) => Encryption::Kms(kms.to_owned()),
        (None, Some(customer)) => customer,
        (None, None) => Encryption::Aes256,
    })
}

fn keys(args: &Args<'_>) -> Result<Option<Keys>, ConfigError> {
    let missing = |name, other| {
        Err(ConfigError::at(
            name,
            format!("it must be set where `{other}` is"),
        ))
    };
    match (args.text("access_key", &[]), args.text("secret_key", &[])) {
        (Some(id), Some(secret)) => Ok(Some(Keys {
            id: id.to_owned(),
            secret: secret.to_owned(),
            token: owned(args.text("token", &[])),
        })),
        (None, None) => Ok(None),
        (Some(_), None) => missing("secret_key", "access_key"),
        (None, Some(_)) => missing("access_key", "secret_key"),
    }
}

fn access(args: &Args<'_>) -> Result<Access, ConfigError> {
    let keys = keys(args)?;
    let profile = args.text("profile", &[]).map(str::to_owned);
    let from_env = || {
        Some(Keys {
            id: args.var(&["AWS_ACCESS_KEY_ID"])?.to_owned(),
            secret: args.var(&["AWS_SECRET_ACCESS_KEY"])?.to_owned(),
            token: args.var(&["AWS_SESSION_TOKEN"]).map(str::to_owned),
        })
    };
    let keys = if profile.is_none() {
        keys.or_else(from_env)
    } else {
        keys
    };
    let files = |name, old: &[&str], var| {
        let mut files = args.texts(name);
        files.extend(old.iter().filter_map(|old| args.text(old, &[])));
        if files.is_empty() {
            files.extend(args.var(&[var]));
        }
        files
            .into_iter()
            .map(|file| args.expand_home(file))
            .collect()
    };
    let allowed = args.texts("allowed_account_ids");
    let forbidden = args.texts("forbidden_account_ids");
    if !allowed.is_empty() && !forbidden.is_empty() {
        return Err(ConfigError::at(
            "forbidden_account_ids",
            "it can't be set together with `allowed_account_ids`",
        ));
    }
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    Ok(Access {
        keys,
        profile: profile.or_else(|| args.var(&["AWS_PROFILE"]).map(str::to_owned)),
        credentials_files: files(
            "shared_credentials_files",
            &["shared_credentials_file"],
            "AWS_SHARED_CREDENTIALS_FILE",
        ),
        config_files: files("shared_config_files", &[], "AWS_CONFIG_FILE"),
        role: role(args)?,
        web_role: web_role(args)?,
        skip_metadata: args
            .flag("skip_metadata_api_check", &["AWS_EC2_METADATA_DISABLED"])?
            .unwrap_or(false),
        metadata_endpoint: args
            .text(
                "ec2_metadata_service_endpoint",
                &["AWS_EC2_METADATA_SERVICE_ENDPOINT"],
            )
            .map(str::to_owned),
        metadata_ipv6: args
            .text(
                "ec2_metadata_service_endpoint_mode",
                &["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"],
            )
            .is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6")),
        allowed_accounts: owned(allowed),
        forbidden_accounts: owned(forbidden),
    })
}

fn duration(text: Option<&str>, outer: &str) -> Result<Option<Duration>, ConfigError> {
    const SHORTEST: Duration = Duration::from_secs(15 * 60);
    const LONGEST: Duration = Duration::from_secs(12 * 3600);
    let Some(text) = text else {
        return Ok(None);
    };
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| (SHORTEST..=LONGEST).contains(duration))
        .map(Some)
        .ok_or_else(|| ConfigError {
            path: Args::path(outer, "duration"),
            message: format!("`{text}` is not a duration from `15m` to `12h`"),
        })
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

fn role(args: &Args<'_>) -> Result<Option<Role>, ConfigError> {
    if let Some(block) = args.nested("assume_role") {
        let Some(arn) = block.text("role_arn", &[]) else {
            return Err(ConfigError {
                path: Args::path("assume_role", "role_arn"),
                message: String::from("it must be set"),
            });
        };
        return Ok(Some(Role {
            arn: arn.to_owned(),
            duration: duration(block.text("duration", &[]), "assume_role")?,
            policy: owned(block.text("policy", &[])),
            policy_arns: owned_all(&block.texts("policy_arns")),
            session_name: owned(block.text("session_name", &[])),
            external_id: owned(block.text("external_id", &[])),
            source_identity: owned(block.text("source_identity", &[])),
            tags: block.map("tags"),
            transitive_tag_keys: owned_all(&block.texts("transitive_tag_keys")),
        }));
    }
    let Some(arn) = args.text("role_arn", &[]) else {
        return Ok(None);
    };
    Ok(Some(Role {
        arn: arn.to_owned(),
        duration: args
            .number("assume_role_duration_seconds", &[])?
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs),
        policy: owned(args.text("assume_role_policy", &[])),
        policy_arns: owned_all(&args.texts("assume_role_policy_arns")),
        session_name: owned(args.text("session_name", &["AWS_ROLE_SESSION_NAME"])),
        external_id: owned(args.text("external_id", &[])),
        source_identity: None,
        tags: args.map("assume_role_tags"),
        transitive_tag_keys: owned_all(&args.texts("assume_role_transitive_tag_keys")),
    }))
}

fn owned_all(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn web_role(args: &Args<'_>) -> Result<Option<(Role, WebToken)>, ConfigError> {
    const OUTER: &str = "assume_role_with_web_identity";
    let Some(block) = args.nested(OUTER) else {
        return Ok(None);
    };
    let missing = |inner, message: &str| ConfigError {
        path: Args::path(OUTER, inner),
        message: message.to_owned(),
    };
    let arn = block
        .text("role_arn", &["AWS_ROLE_ARN"])
        .ok_or_else(|| missing("role_arn", "it (or AWS_ROLE_ARN) must be set"))?;
    let token = if let Some(token) = block.text("web_identity_token", &[]) {
        WebToken::Text(token.to_owned())
    } else if let Some(file) =
        block.text("web_identity_token_file", &["AWS_WEB_IDENTITY_TOKEN_FILE"])
    {
        WebToken::File(PathBuf::from(args.expand_home(file)))
    } else {
        return Err(missing(
            "web_identity_token_file",
            "it, `web_identity_token` or AWS_WEB_IDENTITY_TOKEN_FILE must be set",
        ));
    };
    let role = Role {
        arn: arn.to_owned(),
        duration: duration(block.text("duration", &[]), OUTER)?,
        policy: owned(block.text("policy", &[])),
        policy_arns: owned_all(&block.texts("policy_arns")),
        session_name: owned(block.text("session_name", &["AWS_ROLE_SESSION_NAME"])),
        ..Role::default()
    };
    Ok(Some((role, token)))
}

fn http(args: &Args<'_>) -> Result<ClientOptions, ConfigError> {
    let authorities = args
        .text("custom_ca_bundle", &["AWS_CA_BUNDLE"])
        .map(|file| {
            std::fs::read(args.expand_home(file)).map_err(|error| {
                ConfigError::at(
                    "custom_ca_bundle",
                    format!("`{file}` can't be read: {error}"),
                )
            })
        })
        .transpose()?;
    Ok(ClientOptions {
        insecure: args.flag("insecure", &[])?.unwrap_or(false),
        authorities,
        identity: None,
        http_proxy: owned(args.text("http_proxy", &["http_proxy", "HTTP_PROXY"])),
        https_proxy: owned(args.text("https_proxy", &["https_proxy", "HTTPS_PROXY"])),
        no_proxy: owned(args.text("no_proxy", &["no_proxy", "NO_PROXY"])),
        ..ClientOptions::default()
    })
}
