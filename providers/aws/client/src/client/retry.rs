//! When and how soon a request is sent again.
//!
//! * What certainly was not carried out (no connection, "too fast", a request that did not arrive whole) is sent again.
//! * What may have been carried out is sent again only where that makes nothing twice: reads, operations with a token by which the service knows
//!   a request again, and those that set or remove. Others end with `may_have_happened`, and the caller finds out what became of them.
//! * "Too fast" is tried again three times at most, and then told to the caller: it knows how many requests are under way, and can send fewer.
//!   `max_retries` holds for everything else.

use super::prepare::Prepared;
use crate::model::Operation;
use crate::protocol::{Answer, Failure};
use crate::{RetryMode, Settings};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How often "too fast" is answered with another attempt, before the caller is told.
const OWN_THROTTLED: u32 = 3;
/// How often a connection is tried anew: an address that is wrong stays wrong.
pub(super) const OWN_UNCONNECTED: u32 = 9;
/// First pauses, in milliseconds; each further one is twice as long.
const PAUSE_MS: u64 = 200;
const MAX_PAUSE_MS: u64 = 20_000;

/// What an outcome means for a further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The service said no.
    Refused,
    /// The service said "too fast".
    Throttled,
    /// The service answered that it is broken; it may have done something before.
    Broken,
    /// The service says that it never had the whole request.
    NotReceived,
    /// There was no answer.
    Lost { sent: bool },
}

const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

pub(super) fn verdict(found: &Failure, status: u16) -> Verdict {
    let code = found.code.as_str();
    let rate = || {
        // The same code is a hard quota in other services.
        let text = found.message.to_ascii_lowercase();
        code == "LimitExceededException" && text.contains("rate exceeded")
    };
    if THROTTLED.contains(&code) || status == 429 || rate() {
        return Verdict::Throttled;
    }
    if matches!(code, "RequestTimeout" | "RequestTimeoutException") && status < 500 {
        return Verdict::NotReceived;
    }
    match status {
        // It is not implemented, and will not be the next time.
        501 | 505 => Verdict::Refused,
        500.. => Verdict::Broken,
        _ => Verdict::Refused,
    }
}

/// Whether an answer is one of success. A few operations of S3 send the status before they know.
pub(super) fn is_success(prepared: &Prepared, answer: &Answer) -> bool {
    if !(200..300).contains(&answer.status) {
        return false;
    }
    let late = matches!(
        prepared.operation.name(),
        "CopyObject" | "UploadPartCopy" | "CompleteMultipartUpload"
    );
    if !(late && prepared.service() == "s3") {
        return true;
    }
    let body = String::from_utf8_lossy(&answer.body);
    let body = body.trim_start_matches('\u{feff}').trim_start();
    let inner = match body.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or("", |(_, rest)| rest),
        None => body,
    };
    !inner.trim_start().starts_with("<Error")
}

/// Codes of a clock that is wrong.
pub(super) fn is_clock(code: &str) -> bool {
    matches!(
        code,
        "RequestTimeTooSkewed"
            | "RequestExpired"
            | "RequestInTheFuture"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "AuthFailure"
    )
}

/// Codes of keys that were good once.
pub(super) fn is_expired(code: &str) -> bool {
    matches!(
        code,
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired"
    )
}

/// How long the service wants to be left alone.
pub(super) fn wanted_pause_ms(answer: &Answer) -> Option<u64> {
    if let Some(ms) = answer.header("x-amz-retry-after") {
        return ms.trim().parse().ok();
    }
    let seconds: u64 = answer.header("retry-after")?.trim().parse().ok()?;
    seconds.checked_mul(1_000)
}

const READS: &[&str] = &[
    "BatchGet", "Check", "Decode", "Describe", "Estimate", "Filter", "Get", "Head", "List",
    "Lookup", "Preview", "Query", "Scan", "Search", "Select", "Simulate", "Test", "Validate",
];

/// Names that begin like reads and are none.
const NO_READS: &[&str] = &[
    "GetSessionToken",
    "GetFederationToken",
    "GetAuthorizationToken",
];

/// Whether an operation changes nothing.
pub(super) fn reads(operation: &Operation, method: &str) -> bool {
    let name = operation.name();
    matches!(method, "GET" | "HEAD")
        || (READS.iter().any(|verb| begins(name, verb)) && !NO_READS.contains(&name))
}

/// Verbs that set or remove: done twice, the second time finds that it is done.
const SETS: &[&str] = &[
    "Accept",
    "Activate",
    "Add",
    "Assign",
    "Associate",
    "Assume",
    "Attach",
    "Authorize",
    "BatchDelete",
    "Cancel",
    "Change",
    "CreateOrUpdate",
    "CreateTags",
    "Deactivate",
    "Delete",
    "Deregister",
    "Detach",
    "Disable",
    "Disassociate",
    "Enable",
    "Modify",
    "Put",
    "Reject",
    "Release",
    "Remove",
    "Replace",
    "Reset",
    "Revoke",
    "Schedule",
    "Set",
    "Stop",
    "Tag",
    "Terminate",
    "Unassign",
    "Untag",
    "Update",
];

/// Of those, the ones that add something each time: data, or what the service chooses.
const ADDS: &[&str] = &[
    "AssignIpv6Addresses",
    "AssignPrivateIpAddresses",
    "AssignPrivateNatGatewayAddress",
    "AssociateVpcCidrBlock",
    "ImportApi",
    "ImportRestApi",
    "PutEvents",
    "PutLogEvents",
    "PutMetricData",
    "PutRecord",
    "PutRecordBatch",
    "PutRecords",
    "PutPartnerEvents",
    "PutTelemetryRecords",
    "PutTraceSegments",
    "RebootBroker",
    "UpdateItem",
];

/// Whether an operation that is carried out twice makes nothing twice.
pub(super) fn repeatable(operation: &Operation, method: &str) -> bool {
    let name = operation.name();
    if ADDS.contains(&name) {
        return false;
    }
    operation.idempotent
        || method == "DELETE"
        || (method == "PUT" && !begins(name, "Create"))
        // A name can be taken once: the second time, the service says so.
        || name == "CreateBucket"
        || SETS.iter().any(|verb| begins(name, verb))
}

/// Whether a name begins with a verb: `Get` begins `GetQueueUrl`, not `Getaway`.
fn begins(name: &str, verb: &str) -> bool {
    name.strip_prefix(verb)
        .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_lowercase()))
}

/// How requests are paced.
pub(super) struct Pace {
    pub(super) max_retries: u32,
    pub(super) own_throttled: u32,
    first_pause_ms: u64,
    adaptive: bool,
    /// Services that are left alone until then.
    held: Mutex<BTreeMap<&'static str, Instant>>,
    /// Tokens that retries are paid from, and how many there are at most; 0: they cost nothing.
    tokens: AtomicI64,
    capacity: i64,
}

impl Pace {
    /// hashicorp/aws' default.
    pub(super) const MAX_RETRIES: u32 = 25;

    pub(super) fn new(settings: &Settings, max_retries: u32, mode: RetryMode) -> Self {
        let capacity = i64::from(settings.token_bucket_capacity);
        Self {
            max_retries,
            own_throttled: OWN_THROTTLED.min(max_retries),
            first_pause_ms: settings.first_pause_ms.unwrap_or(PAUSE_MS),
            adaptive: mode == RetryMode::Adaptive,
            held: Mutex::default(),
            tokens: AtomicI64::new(capacity),
            capacity,
        }
    }

    /// The pause before a retry, in milliseconds: exponential, half of it by chance, so that clients don't come back together.
    pub(super) fn pause_ms(&self, number: u32, verdict: Verdict) -> u64 {
        let first = match verdict {
            Verdict::Throttled => self.first_pause_ms.saturating_mul(3),
            _ => self.first_pause_ms,
        };
        let longest = first.saturating_mul(1 << number.min(16)).min(MAX_PAUSE_MS);
        let half = longest / 2;
        // Random enough: the low bits of an identifier.
        let (_, random) = uuid::Uuid::new_v4().as_u64_pair();
        half + random % (half + 1)
    }

    /// Pays for a retry; `false`: there is nothing left to pay with.
    pub(super) fn pay(&self, verdict: Verdict) -> bool {
        if self.capacity == 0 {
            return true;
        }
        let cost = if matches!(verdict, Verdict::Lost { .. }) {
            10
        } else {
            5
        };
        let paid = self
            .tokens
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                (left >= cost).then(|| left - cost)
            });
        paid.is_ok()
    }

    /// Gives tokens back.
    pub(super) fn succeeded(&self, after_retry: bool) {
        if self.capacity == 0 {
            return;
        }
        let back = if after_retry { 5 } else { 1 };
        let _before = self
            .tokens
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                Some(left.saturating_add(back).min(self.capacity))
            });
    }

    /// After "too fast", all requests of the service wait, where the mode is adaptive.
    pub(super) fn hold(&self, service: &'static str, pause: Duration) {
        if self.adaptive {
            let until = Instant::now() + pause;
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let at = held.entry(service).or_insert(until);
            *at = (*at).max(until);
        }
    }

    pub(super) async fn wait(&self, service: &'static str) {
        if self.adaptive {
            let until = {
                let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                held.get(service).copied()
            };
            if let Some(until) = until {
                tokio::time::sleep_until(until).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Verdict, begins, repeatable, verdict};
    use crate::model::model;
    use crate::protocol::Failure;

    #[test]
    fn codes_say_what_happened() {
        let of = |code: &str, message: &str, status| {
            let found = Failure {
                code: code.into(),
                message: message.into(),
                ..Failure::default()
            };
            verdict(&found, status)
        };
        assert_eq!(of("RequestLimitExceeded", "", 503), Verdict::Throttled);
        assert_eq!(of("SlowDown", "", 503), Verdict::Throttled);
        assert_eq!(of("Anything", "", 429), Verdict::Throttled);
        assert_eq!(
            of("LimitExceededException", "5 roles", 400),
            Verdict::Refused
        );
        assert_eq!(
            of("LimitExceededException", "Rate exceeded", 400),
            Verdict::Throttled
        );
        assert_eq!(of("RequestTimeout", "", 400), Verdict::NotReceived);
        assert_eq!(of("InternalFailure", "", 500), Verdict::Broken);
        assert_eq!(of("NotImplemented", "", 501), Verdict::Refused);
        assert_eq!(of("VpcLimitExceeded", "", 400), Verdict::Refused);
    }

    /// What makes something has a token, or is not sent twice.
    #[test]
    fn what_makes_something_is_not_repeated() {
        let is = |service: &str, name: &str| {
            let model = model(service).unwrap().unwrap();
            let operation = model.operation(name).unwrap();
            repeatable(operation, &operation.method)
        };
        for (service, name) in [
            ("ec2", "CreateVpc"),
            ("ec2", "RunInstances"),
            ("ec2", "AllocateAddress"),
            ("iam", "CreateAccessKey"),
            ("sns", "Publish"),
            ("kinesis", "PutRecord"),
            ("events", "PutEvents"),
            ("rds", "RestoreDBInstanceFromDBSnapshot"),
            ("lambda", "PublishVersion"),
            ("acm", "RequestCertificate"),
            ("apigatewayv2", "ImportApi"),
            ("ec2", "AssignPrivateIpAddresses"),
            ("ec2", "AssignIpv6Addresses"),
            ("ec2", "AssociateVpcCidrBlock"),
            ("kafka", "RebootBroker"),
        ] {
            assert!(!is(service, name), "{service} {name}");
        }
        for (service, name) in [
            ("ec2", "DeleteVpc"),
            ("ec2", "CreateTags"),
            ("s3", "PutBucketPolicy"),
            ("s3", "CreateBucket"),
            ("iam", "AttachRolePolicy"),
            ("lambda", "UpdateFunctionConfiguration"),
            ("sqs", "SetQueueAttributes"),
        ] {
            assert!(is(service, name), "{service} {name}");
        }
        assert!(begins("GetQueueUrl", "Get"));
        assert!(!begins("Getaway", "Get"));
        assert!(!begins("Settle", "Set"));
    }
}
