//! Errors that go away: how long they are waited out, and which answers are none.

use super::parts::USUAL;
use super::{PROPAGATION, Run};
use crate::json;
use crate::table::Phase;
use serde_json::Value as Json;
use std::sync::atomic::Ordering;
use std::time::Duration;
use terrane_aws_client::{ApiError, ErrorKind};
use terrane_provider::native::Answered;
use tokio::time::Instant;

/// How often a call is made whose error goes away by itself, where pauses have no length.
const MOST_ATTEMPTS: u32 = 100;

/// Whether an operation changes nothing.
pub(super) fn reads(operation: &str) -> bool {
    ["Describe", "Get", "Head", "List"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

impl Run<'_> {
    /// Makes a call, again while its error is one that goes away:
    /// * one that the table names, as long as it says;
    /// * "too fast", once something was changed: before, the engine is told, which makes fewer calls then;
    /// * "there is no such object" after it was made, as long as it may take to be seen.
    ///
    /// All of them as long as the configuration says, where it does. `none`: errors that mean that there is nothing, for the caller.
    pub(super) async fn patiently<A>(
        &self,
        (service, operation): (&str, &str),
        none: &[&str],
        ask: impl Fn() -> A,
    ) -> Result<Json, ApiError>
    where
        A: Future<Output = Result<Json, ApiError>>,
    {
        let started = Instant::now();
        let mut pause = Duration::from_millis(500);
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match ask().await {
                Ok(answer) if reads(operation) => return Ok(answer),
                Ok(answer) => match unsuccessful(service, operation, &answer) {
                    None => {
                        self.begun.store(true, Ordering::Relaxed);
                        return Ok(answer);
                    }
                    Some(error) => error,
                },
                Err(error) => error,
            };
            let Some(patience) = self.patience(&error, none) else {
                return Err(error);
            };
            if self.is_late(started, patience, attempt) {
                return Err(error);
            }
            let wanted = error.retry_after_ms.map_or(pause, Duration::from_millis);
            self.cx.pause(wanted.max(pause)).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }

    /// How long an error is waited out; `None`: it is not. `none`: what the caller takes for "there is none".
    fn patience(&self, error: &ApiError, none: &[&str]) -> Option<Duration> {
        let named = self.table.retries.iter().chain(USUAL).find(|retry| {
            retry.on.contains(&self.phase)
                && retry.code == error.code
                && error.message.contains(retry.message)
        });
        if let Some(retry) = named {
            return Some(Duration::from_secs(retry.seconds));
        }
        let certain = !error.may_have_happened();
        if error.kind == ErrorKind::Throttled && certain && self.has_begun() {
            return Some(Duration::MAX);
        }
        // A part that an object does not have is not waited for; the object itself is.
        let expected = error.is(none) && !error.is(&self.table.not_found);
        let unseen = self.phase == Phase::Create && self.fresh.load(Ordering::Relaxed) && !expected;
        (unseen && self.is_not_found(error)).then_some(PROPAGATION)
    }

    /// Calls an operation of the table's service in another region, one page only.
    pub(crate) async fn ask_in(
        &self,
        region: &str,
        operation: &str,
        input: Json,
    ) -> Answered<Json> {
        let service = self.table.service;
        let ask = || self.cx.call(service, operation, region, input.clone());
        let answer = self.patiently((service, operation), &[], ask).await;
        answer.map_err(|error| self.refused(&error))
    }

    /// Looks again and again until something is found. `None`: the time is up that this usually takes.
    pub(crate) async fn until<T, F, L>(&self, usual: Duration, look: L) -> Answered<Option<T>>
    where
        F: Future<Output = Answered<Option<T>>> + Send,
        L: Fn() -> F + Send + Sync,
    {
        let started = Instant::now();
        let mut pause = Duration::from_millis(500);
        let mut attempt = 0;
        loop {
            if let Some(found) = look().await? {
                return Ok(Some(found));
            }
            if self.is_late(started, usual, attempt) {
                return Ok(None);
            }
            attempt += 1;
            self.cx.pause(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }

    /// Whether the time is up that something usually takes. A time that the configuration names holds in its place.
    pub(crate) fn is_late(&self, started: Instant, usual: Duration, attempt: u32) -> bool {
        Instant::now() > self.deadline
            || (!self.explicit && started.elapsed() > usual)
            || (self.cx.poll_scale <= 0.0 && attempt >= MOST_ATTEMPTS)
    }
}

/// The lists in answers of success that say what was not done.
const LISTS: &[&str] = &[
    "Unsuccessful",
    "UnsuccessfulItems",
    "FailedEntries",
    "failures",
];

/// The first failure within an answer of success.
fn unsuccessful(service: &str, operation: &str, answer: &Json) -> Option<ApiError> {
    let item = LISTS
        .iter()
        .find_map(|list| answer.get(*list)?.as_array()?.first())?;
    let text = |paths: &[&str]| {
        let mut found = paths.iter().filter_map(|path| json::text_at(item, path));
        found.find(|text| !text.is_empty())
    };
    let code = text(&["Error.Code", "ErrorCode", "errorCode", "reason"]);
    let message = text(&["Error.Message", "ErrorMessage", "errorMessage", "detail"]);
    Some(ApiError::new(
        service,
        operation,
        &code.unwrap_or_else(|| "Unsuccessful".to_owned()),
        message.unwrap_or_else(|| item.to_string()),
        ErrorKind::Refused,
    ))
}

#[cfg(test)]
mod tests {
    use super::unsuccessful;
    use serde_json::json;

    #[test]
    fn an_answer_of_success_may_hold_failures() {
        let of = |answer| unsuccessful("ec2", "DeleteFlowLogs", &answer).map(|error| error.code);
        assert_eq!(of(json!({"Unsuccessful": []})), None);
        assert_eq!(of(json!({})), None);
        for answer in [
            json!({"Unsuccessful": [{"ResourceId": "fl-1", "Error": {"Code": "C", "Message": "m"}}]}),
            json!({"FailedEntryCount": 1, "FailedEntries": [{"TargetId": "t", "ErrorCode": "C"}]}),
            json!({"failures": [{"arn": "a", "reason": "C"}]}),
        ] {
            assert_eq!(of(answer).as_deref(), Some("C"));
        }
    }
}
