//! Where a request goes: settings and variables first, then the rules of the service.

use super::Inner;
use super::prepare::Prepared;
use crate::Settings;
use crate::endpoint::{Parameters, is_ip};
use crate::model::Model;
use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use reqwest::Url;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Names that the provider's `endpoints` block has for services, where they are not botocore's without hyphens.
const NAMES: &[(&str, &[&str])] = &[
    ("amp", &["prometheus", "prometheusservice"]),
    ("application-autoscaling", &["appautoscaling"]),
    ("ce", &["costexplorer"]),
    ("cloudcontrol", &["cloudcontrolapi"]),
    ("codedeploy", &["deploy"]),
    ("cognito-idp", &["cognitoidentityprovider"]),
    ("config", &["configservice"]),
    ("ds", &["directoryservice"]),
    ("elb", &["elasticloadbalancing"]),
    ("elbv2", &["elasticloadbalancingv2"]),
    ("events", &["eventbridge", "cloudwatchevents"]),
    ("kafka", &["msk"]),
    ("logs", &["cloudwatchlogs", "cloudwatchlog"]),
    ("opensearch", &["opensearchservice"]),
    ("resourcegroupstaggingapi", &["resourcegroupstagging"]),
    ("s3", &["s3api"]),
    ("stepfunctions", &["sfn"]),
];

/// The four that had a variable before there was one for each.
const OLD_VARIABLES: &[&str] = &["dynamodb", "iam", "s3", "sts"];

/// Names of a service as keys of the `endpoints` block, botocore's first.
pub fn endpoint_keys(service: &str) -> impl Iterator<Item = String> {
    let others = NAMES.iter().find(|(name, _)| *name == service);
    let others = others.map_or(&[][..], |(_, others)| others);
    let plain = service.replace('-', "");
    let first = (plain != service).then(|| service.to_owned());
    first
        .into_iter()
        .chain([plain])
        .chain(others.iter().map(|name| (*name).to_owned()))
}

/// Addresses that were set by hand.
pub(super) struct Addresses {
    profile: Option<SdkConfig>,
    found: Mutex<BTreeMap<&'static str, Option<String>>>,
    pub(super) dual_stack: bool,
    pub(super) fips: bool,
}

impl Addresses {
    pub(super) fn new(settings: &Settings, profile: Option<SdkConfig>) -> Self {
        let variable = |name| settings.variable(name).map(|value| value == "true");
        let of = |config: fn(&SdkConfig) -> Option<bool>| profile.as_ref().and_then(config);
        Self {
            dual_stack: settings
                .dual_stack
                .or_else(|| variable("AWS_USE_DUALSTACK_ENDPOINT"))
                .or_else(|| of(SdkConfig::use_dual_stack))
                .unwrap_or(false),
            fips: settings
                .fips
                .or_else(|| variable("AWS_USE_FIPS_ENDPOINT"))
                .or_else(|| of(SdkConfig::use_fips))
                .unwrap_or(false),
            profile,
            found: Mutex::default(),
        }
    }

    /// The address that was set for a service.
    pub(super) fn set_by_hand(&self, settings: &Settings, model: &'static Model) -> Option<String> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found
            .entry(model.service())
            .or_insert_with(|| self.look(settings, model))
            .clone()
    }

    fn look(&self, settings: &Settings, model: &Model) -> Option<String> {
        let service = model.service();
        let keys: Vec<String> = endpoint_keys(service).collect();
        let given = keys.iter().find_map(|key| settings.endpoints.get(key));
        if let Some(url) = given.filter(|url| !url.is_empty()) {
            return Some(url.clone());
        }
        let old = keys
            .iter()
            .find_map(|key| settings.variable(&format!("TF_AWS_{}_ENDPOINT", key.to_uppercase())))
            .or_else(|| {
                OLD_VARIABLES.contains(&service).then_some(())?;
                settings.variable(&format!("AWS_{}_ENDPOINT", service.to_uppercase()))
            });
        if let Some(url) = old {
            return Some(url.to_owned());
        }
        let ignored = settings.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        if ignored.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return None;
        }
        let id = &model.metadata.service_id;
        let name = id.to_uppercase().replace([' ', '-'], "_");
        settings
            .variable(&format!("AWS_ENDPOINT_URL_{name}"))
            .or_else(|| settings.variable("AWS_ENDPOINT_URL"))
            .map(str::to_owned)
            .or_else(|| {
                profile_value(
                    self.profile.as_ref()?,
                    id,
                    "endpoint_url",
                    "AWS_ENDPOINT_URL",
                )
            })
    }
}

/// A value of the profile, for a service or for all.
pub(super) fn profile_value(
    profile: &SdkConfig,
    service_id: &str,
    key: &str,
    variable: &str,
) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service_id)
        .profile(key)
        .env(variable)
        .build()
        .ok()?;
    profile.service_config()?.load_config(key)
}

/// A request with its address.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) method: String,
    pub(super) url: Url,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) signing_name: String,
    pub(super) signing_region: String,
}

impl Inner {
    /// Finds the address.
    ///
    /// # Errors
    /// When the rules say that there is none, or it is none.
    pub(super) fn address(
        &self,
        prepared: &Prepared,
        region: Option<&str>,
    ) -> Result<Outgoing, String> {
        let region = region.unwrap_or(&prepared.region);
        let model = prepared.model;
        let by_hand = self.addresses.set_by_hand(&self.settings, model);
        let local = by_hand.as_deref().is_some_and(is_local);
        let parameters = self.parameters(prepared, region, by_hand.as_deref());
        let endpoint = match by_hand {
            // A name before the host, as for accounts, leads nowhere here.
            Some(url) if local && model.service() != "s3" => crate::endpoint::Endpoint {
                url,
                ..crate::endpoint::Endpoint::default()
            },
            _ => model.rules.resolve(&parameters)?,
        };
        let signing = endpoint.signing()?;
        let wire = &prepared.wire;
        // The rules of S3 Control put the account before the host themselves.
        let prefixed = !local && model.service() != "s3control";
        let prefix = wire.host_prefix.as_deref().filter(|_| prefixed);
        let url = join(&endpoint.url, prefix, &wire.path, &wire.query_text())?;
        let mut headers = wire.headers.clone();
        headers.extend(endpoint.headers);
        Ok(Outgoing {
            method: wire.method.clone(),
            url,
            headers,
            body: wire.body.clone(),
            signing_name: signing
                .name
                .unwrap_or_else(|| model.metadata.signing_name.to_string()),
            signing_region: signing.region.unwrap_or_else(|| region.to_owned()),
        })
    }

    fn parameters(&self, prepared: &Prepared, region: &str, by_hand: Option<&str>) -> Parameters {
        let settings = &self.settings;
        let mut out = prepared.parameters.clone();
        let mut set = |name: &str, value: Value| {
            out.insert(name.to_owned(), value);
        };
        set("AWS::Region", region.into());
        // An address that was set is taken as it is, whatever kinds of addresses are wanted else.
        let kinds = by_hand.is_none();
        set("AWS::UseFIPS", (kinds && self.addresses.fips).into());
        set(
            "AWS::UseDualStack",
            (kinds && self.addresses.dual_stack).into(),
        );
        set("AWS::S3::ForcePathStyle", settings.s3_use_path_style.into());
        let regional = settings.s3_us_east_1_regional_endpoint.as_deref();
        let regional = regional.or_else(|| settings.variable("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"));
        let global = regional.is_none_or(|kind| !kind.eq_ignore_ascii_case("regional"));
        set("AWS::S3::UseGlobalEndpoint", global.into());
        set("AWS::STS::UseGlobalEndpoint", false.into());
        set("AWS::Auth::AccountIdEndpointMode", "disabled".into());
        if let Some(url) = by_hand {
            set("SDK::Endpoint", url.into());
        }
        out
    }
}

/// Whether an address is one of this machine, where no names stand before the host.
fn is_local(url: &str) -> bool {
    let url = Url::parse(url).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.is_some_and(|host| is_ip(host) || host == "localhost")
}

/// Puts an address together.
fn join(base: &str, prefix: Option<&str>, path: &str, query: &str) -> Result<Url, String> {
    let no = |why: String| format!("the address {base} can't be used: {why}");
    let (scheme, rest) = base
        .split_once("://")
        .ok_or_else(|| no(String::from("it does not begin with https://")))?;
    let (authority, before) = match rest.split_once('/') {
        Some((authority, before)) => (authority, format!("/{}", before.trim_end_matches('/'))),
        None => (rest, String::new()),
    };
    let before = before.trim_end_matches('/');
    let whole = match (before, path) {
        ("", path) => path.to_owned(),
        (before, "/" | "") => before.to_owned(),
        (before, path) => format!("{before}{path}"),
    };
    let prefix = prefix.unwrap_or_default();
    let mark = if query.is_empty() { "" } else { "?" };
    let url = Url::parse(&format!(
        "{scheme}://{prefix}{authority}{whole}{mark}{query}"
    ))
    .map_err(|error| no(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(no(String::from("it does not begin with https://")));
    }
    let sent = if whole.is_empty() {
        "/"
    } else {
        whole.as_str()
    };
    if url.path() != sent {
        return Err(format!(
            "the path {sent} can't be sent as it is: a part of it is `.` or `..`"
        ));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::{endpoint_keys, is_local, join};

    #[test]
    fn addresses_are_joined() {
        for (base, prefix, path, query, expect) in [
            (
                "https://sqs.eu-west-1.amazonaws.com",
                None,
                "/",
                "",
                "https://sqs.eu-west-1.amazonaws.com/",
            ),
            (
                "https://s3.eu-west-1.amazonaws.com/b",
                None,
                "/",
                "acl",
                "https://s3.eu-west-1.amazonaws.com/b?acl",
            ),
            (
                "https://b.s3.amazonaws.com",
                None,
                "/a%20b/c",
                "x=1",
                "https://b.s3.amazonaws.com/a%20b/c?x=1",
            ),
            ("https://x.y", Some("data-"), "/p", "", "https://data-x.y/p"),
            (
                "http://127.0.0.1:5000/gate/",
                None,
                "/p",
                "",
                "http://127.0.0.1:5000/gate/p",
            ),
        ] {
            assert_eq!(join(base, prefix, path, query).unwrap().as_str(), expect);
        }
        assert!(join("https://b.s3.amazonaws.com", None, "/a/../b", "").is_err());
        assert!(join("ftp://x", None, "/", "").is_err());
        assert!(join("nonsense", None, "/", "").is_err());
    }

    #[test]
    fn local_addresses_are_known() {
        assert!(is_local("http://127.0.0.1:5000"));
        assert!(is_local("http://[::1]:5000"));
        assert!(is_local("http://localhost:4566"));
        assert!(!is_local("https://vpce.example.com"));
    }

    #[test]
    fn services_have_the_names_of_the_block() {
        let names = |service| endpoint_keys(service).collect::<Vec<_>>();
        assert_eq!(names("stepfunctions"), ["stepfunctions", "sfn"]);
        assert_eq!(
            names("cognito-idp"),
            ["cognito-idp", "cognitoidp", "cognitoidentityprovider"]
        );
    }
}
