//! What all types share: the client, the region, the account, tags that everything gets.

use crate::shape::Shapes;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use terrane_aws_client::{Api, ApiError, ErrorKind, Request};
use terrane_model::provider::{CallFailure, ProviderDiagnostic};
use terrane_provider::native::Refusal;
use tokio::sync::OnceCell;

/// What a configured provider has.
#[derive(Debug)]
pub(crate) struct Cx {
    pub(crate) api: Arc<dyn Api>,
    pub(crate) shapes: Arc<dyn Shapes>,
    /// The region of the provider.
    pub(crate) region: String,
    pub(crate) default_tags: BTreeMap<String, String>,
    pub(crate) ignored: Ignored,
    /// What pauses are multiplied with; 0 in tests.
    pub(crate) poll_scale: f64,
    pub(crate) caller: OnceCell<Caller>,
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) user_id: String,
}

/// Tags that are not looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ignored {
    pub(crate) keys: Vec<String>,
    pub(crate) prefixes: Vec<String>,
}

impl Ignored {
    /// Whether a tag is not looked at: these, and those that AWS itself sets.
    pub(crate) fn has(&self, key: &str) -> bool {
        key.starts_with("aws:")
            || self.keys.iter().any(|other| other == key)
            || self
                .prefixes
                .iter()
                .any(|prefix| key.starts_with(prefix.as_str()))
    }
}

impl Cx {
    /// Calls an operation.
    pub(crate) async fn call(
        &self,
        service: &str,
        operation: &str,
        region: &str,
        input: Json,
    ) -> Result<Json, ApiError> {
        let region = (!region.is_empty()).then_some(region);
        let request = Request::new(service, operation, input).in_region(region);
        let answer = self.api.call(request).await;
        tracing::debug!(service, operation, ok = answer.is_ok(), "called");
        answer
    }

    /// Who asks: the account and the ARN. Asked once.
    pub(crate) async fn caller(&self) -> Result<&Caller, Refusal> {
        let ask = || async {
            let answer = self
                .call("sts", "GetCallerIdentity", &self.region, json!({}))
                .await
                .map_err(|error| refusal(&error, "the account of the credentials"))?;
            let text = |path: &str| crate::json::text_at(&answer, path).unwrap_or_default();
            Ok(Caller {
                account: text("Account"),
                arn: text("Arn"),
                user_id: text("UserId"),
            })
        };
        self.caller.get_or_try_init(ask).await
    }

    /// A pause, as long as the poll scale has it.
    pub(crate) async fn pause(&self, length: Duration) {
        tokio::time::sleep(length.mul_f64(self.poll_scale.clamp(0.0, 10.0))).await;
    }
}

/// The partition of a region.
pub(crate) fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("us-iso-") => "aws-iso",
        _ if region.starts_with("us-isob-") => "aws-iso-b",
        _ if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

/// The end of host names in a region.
pub(crate) fn dns_suffix(region: &str) -> &'static str {
    match partition(region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

/// Codes that say that a permission is missing.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "UnauthorizedAccess",
];

/// An error as the engine gets it, where nothing was done before it: what failed is `what`. Messages mean that nothing was done by it either; what may have
/// been done all the same is a failure that says so.
pub(crate) fn refusal(error: &ApiError, what: &str) -> Refusal {
    if error.may_have_happened() {
        return Refusal::Failure(CallFailure {
            message: format!("{what}: {error}"),
            retry_after_ms: None,
            may_have_happened: true,
        });
    }
    match error.kind {
        ErrorKind::Throttled => Refusal::Failure(CallFailure {
            message: format!("{what}: {error}"),
            retry_after_ms: Some(error.retry_after_ms.unwrap_or(1000)),
            may_have_happened: false,
        }),
        ErrorKind::NoAnswer { may_have_happened } => Refusal::Failure(CallFailure {
            message: format!("{what}: {error}"),
            retry_after_ms: None,
            may_have_happened,
        }),
        ErrorKind::Refused | ErrorKind::BadInput | ErrorKind::Broken => message(error, what).into(),
    }
}

/// An error in words: what failed, why, what is missing.
pub(crate) fn message(error: &ApiError, what: &str) -> ProviderDiagnostic {
    let mut detail = format!("{what}: {error}");
    if DENIED.contains(&error.code.as_str()) || error.status == 403 && error.code.contains("Denied")
    {
        write!(
            detail,
            "\n\nThe credentials lack the permission {}:{} on this resource (or something denies it).",
            permission_prefix(&error.service),
            error.operation
        ).expect("a text takes everything");
    } else if ["LimitExceeded", "QuotaExceeded", "LimitReached"]
        .iter()
        .any(|part| error.code.contains(part))
    {
        detail.push_str(
            "\n\nA quota of the account is used up. Service Quotas shows it, and takes requests to raise it.",
        );
    }
    ProviderDiagnostic::error(
        format!("{} {} failed", error.service, error.operation),
        detail,
    )
}

/// What permissions of a service begin with.
fn permission_prefix(service: &str) -> &str {
    match service {
        "elb" | "elbv2" => "elasticloadbalancing",
        "stepfunctions" => "states",
        "efs" => "elasticfilesystem",
        "opensearch" => "es",
        "cloudhsmv2" => "cloudhsm",
        "sso-admin" => "sso",
        "opensearchserverless" => "aoss",
        "service-quotas" => "servicequotas",
        "resourcegroupstaggingapi" => "tag",
        "amp" => "aps",
        _ => service,
    }
}
