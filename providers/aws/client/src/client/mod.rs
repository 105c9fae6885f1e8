//! The client: what a request goes through from names to an answer.

mod address;
mod checksum;
mod credentials;
mod http;
mod identity;
mod prepare;
mod retry;
mod setup;
mod sign;

#[cfg(test)]
mod tests;

pub use address::endpoint_keys;
pub use identity::Identity;
pub use setup::SetupError;

use crate::error::{ApiError, ErrorKind};
use crate::protocol::{self, Answer};
use crate::{Api, Request, Settings};
use address::Addresses;
use async_trait::async_trait;
use credentials::Credentials;
use http::{Http, Lost};
use prepare::Prepared;
use retry::{Pace, Verdict};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::OnceCell;

/// A client of all services, for one configuration of a provider. Clones share everything.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    region: String,
    http: Http,
    addresses: Addresses,
    credentials: Credentials,
    pace: Pace,
    identity: OnceCell<Identity>,
    /// Buckets that are elsewhere than they were looked for.
    buckets: Mutex<BTreeMap<String, String>>,
    /// How far the services' clocks are ahead of this machine's, in seconds.
    clock_ahead_s: AtomicI64,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("region", &self.inner.region)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// The region of requests that name none.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.inner.region
    }

    /// What it was made with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }
}

#[async_trait]
impl Api for Client {
    async fn call(&self, request: Request) -> Result<Value, ApiError> {
        let inner = &*self.inner;
        let prepared = inner.prepare(request)?;
        inner.carry_out(&prepared).await
    }
}

/// What has become of the attempts so far.
#[derive(Default)]
struct Past {
    /// Attempts that were made.
    attempts: u32,
    throttled: u32,
    /// One of them may have been carried out.
    uncertain: bool,
    /// Things that are mended once.
    mended_clock: bool,
    mended_keys: bool,
    mended_region: bool,
    region: Option<String>,
}

impl Inner {
    async fn carry_out(&self, prepared: &Prepared) -> Result<Value, ApiError> {
        let mut past = Past {
            region: self.known_region(prepared),
            ..Past::default()
        };
        loop {
            self.pace.wait(prepared.service()).await;
            let outcome = self.attempt(prepared, &past).await;
            past.attempts += 1;
            let error = match self.judge(prepared, outcome, &mut past) {
                Judged::Done(value) => {
                    self.pace.succeeded(past.attempts > 1);
                    return Ok(value);
                }
                Judged::AtOnce => continue,
                Judged::Failed(error, verdict) => match self.pause(prepared, &past, verdict) {
                    Some(pause) => {
                        if verdict == Verdict::Throttled {
                            past.throttled += 1;
                            self.pace.hold(prepared.service(), pause);
                        }
                        tokio::time::sleep(pause).await;
                        continue;
                    }
                    None => error,
                },
            };
            return Err(self.last(*error, &past));
        }
    }

    /// The error that is told, with what is known of earlier attempts.
    fn last(&self, mut error: ApiError, past: &Past) -> ApiError {
        error.uncertain = past.uncertain;
        if error.kind == ErrorKind::Throttled && error.retry_after_ms.is_none() {
            let pause = self.pace.pause_ms(past.throttled, Verdict::Throttled);
            error.retry_after_ms = Some(pause);
        }
        error
    }

    /// One attempt: signed anew, since signatures have times.
    async fn attempt(&self, prepared: &Prepared, past: &Past) -> Result<Answer, Failed> {
        let mut outgoing = self
            .address(prepared, past.region.as_deref())
            .map_err(Failed::Setting)?;
        if !prepared.operation.unsigned {
            let keys = self.credentials.get().await.map_err(Failed::Keys)?;
            let ahead = self.clock_ahead_s.load(Ordering::Relaxed);
            let now = at(SystemTime::now(), ahead);
            sign::sign(&mut outgoing, prepared, keys, now).map_err(Failed::Setting)?;
        }
        self.http
            .send(outgoing, &self.settings)
            .await
            .map_err(Failed::Lost)
    }

    /// What an outcome means.
    fn judge(
        &self,
        prepared: &Prepared,
        outcome: Result<Answer, Failed>,
        past: &mut Past,
    ) -> Judged {
        let answer = match outcome {
            Ok(answer) => answer,
            Err(Failed::Setting(why)) => {
                let error = prepared.error("BadInput", why, ErrorKind::BadInput);
                return Judged::failed(error, Verdict::Refused);
            }
            Err(Failed::Keys(why)) => {
                let kind = ErrorKind::NoAnswer {
                    may_have_happened: false,
                };
                return Judged::failed(
                    prepared.error("NoCredentials", why, kind),
                    Verdict::Refused,
                );
            }
            Err(Failed::Lost(lost)) => {
                past.uncertain |= lost.sent && !prepared.reads;
                let kind = ErrorKind::NoAnswer {
                    may_have_happened: lost.sent && !prepared.reads,
                };
                let verdict = Verdict::Lost { sent: lost.sent };
                return Judged::failed(prepared.error("NoAnswer", lost.why, kind), verdict);
            }
        };
        if retry::is_success(prepared, &answer) {
            return match protocol::read(prepared.model, prepared.operation, &answer) {
                Ok(value) => Judged::Done(value),
                Err(why) => {
                    let mut error = prepared.error("BadAnswer", why, ErrorKind::Broken);
                    error.status = answer.status;
                    error.request_id = answer.request_id();
                    Judged::failed(error, Verdict::Refused)
                }
            };
        }
        self.refused(prepared, &answer, past)
    }

    /// What an answer that is no success means.
    fn refused(&self, prepared: &Prepared, answer: &Answer, past: &mut Past) -> Judged {
        let found = protocol::failure(prepared.model, answer);
        if self.moved(prepared, answer, &found.detail, past) {
            return Judged::AtOnce;
        }
        let code = found.code.as_str();
        if retry::is_clock(code) && !past.mended_clock && self.set_clock(answer) {
            past.mended_clock = true;
            return Judged::AtOnce;
        }
        if retry::is_expired(code) && !past.mended_keys && self.credentials.forget() {
            past.mended_keys = true;
            return Judged::AtOnce;
        }
        // An error in an answer of success is the service's own.
        let status = if answer.status < 300 {
            500
        } else {
            answer.status
        };
        let verdict = retry::verdict(&found, status);
        let broken = verdict == Verdict::Broken && !prepared.reads;
        past.uncertain |= broken;
        let kind = match verdict {
            Verdict::Throttled => ErrorKind::Throttled,
            Verdict::Broken => ErrorKind::NoAnswer {
                may_have_happened: broken,
            },
            Verdict::NotReceived => ErrorKind::NoAnswer {
                may_have_happened: false,
            },
            Verdict::Refused | Verdict::Lost { .. } => ErrorKind::Refused,
        };
        let mut error = prepared.error(&found.code, found.message, kind);
        error.status = answer.status;
        error.request_id = found.request_id;
        error.detail = found.detail;
        error.retry_after_ms = retry::wanted_pause_ms(answer);
        Judged::failed(error, verdict)
    }

    /// How long to wait before the next attempt; `None`: there is none.
    fn pause(&self, prepared: &Prepared, past: &Past, verdict: Verdict) -> Option<Duration> {
        let again = match verdict {
            Verdict::Refused => false,
            Verdict::Throttled => past.throttled < self.pace.own_throttled,
            Verdict::NotReceived => true,
            Verdict::Lost { sent: false } => past.attempts <= retry::OWN_UNCONNECTED,
            Verdict::Broken | Verdict::Lost { sent: true } => prepared.repeatable,
        };
        if !again || past.attempts > self.pace.max_retries || !self.pace.pay(verdict) {
            return None;
        }
        let number = if verdict == Verdict::Throttled {
            past.throttled
        } else {
            past.attempts.saturating_sub(1)
        };
        Some(Duration::from_millis(self.pace.pause_ms(number, verdict)))
    }

    /// Whether a bucket turned out to be elsewhere: then it is looked for there, once.
    fn moved(&self, prepared: &Prepared, answer: &Answer, detail: &Value, past: &mut Past) -> bool {
        let Some(bucket) = prepared.bucket() else {
            return false;
        };
        if !matches!(answer.status, 301 | 307 | 400 | 403) {
            return false;
        }
        let region = answer
            .header("x-amz-bucket-region")
            .or_else(|| detail.get("Region")?.as_str())
            .filter(|region| !region.is_empty());
        let asked = past.region.as_deref().unwrap_or(&prepared.region);
        match region {
            Some(region) if region != asked && !past.mended_region => {
                past.mended_region = true;
                past.region = Some(region.to_owned());
                self.buckets
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(bucket.to_owned(), region.to_owned());
                true
            }
            _ => false,
        }
    }

    fn known_region(&self, prepared: &Prepared) -> Option<String> {
        let bucket = prepared.bucket()?;
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets
            .get(bucket)
            .filter(|region| **region != prepared.region)
            .cloned()
    }

    /// Sets the clock by an answer; `false`: it does not say the time, or nothing is wrong with the clock.
    fn set_clock(&self, answer: &Answer) -> bool {
        let theirs = answer.header("date").and_then(|date| {
            use aws_smithy_types::DateTime;
            use aws_smithy_types::date_time::Format;
            Some(DateTime::from_str(date, Format::HttpDate).ok()?.secs())
        });
        let ours = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()
            .and_then(|age| i64::try_from(age.as_secs()).ok());
        let (Some(theirs), Some(ours)) = (theirs, ours) else {
            return false;
        };
        let ahead = theirs.saturating_sub(ours);
        let before = self.clock_ahead_s.swap(ahead, Ordering::Relaxed);
        ahead.abs_diff(before) > 60
    }
}

/// Why there is no answer.
enum Failed {
    /// It can't be sent: nothing was.
    Setting(String),
    Keys(String),
    Lost(Lost),
}

enum Judged {
    Done(Value),
    /// Something was mended: it is tried again without a pause.
    AtOnce,
    Failed(Box<ApiError>, Verdict),
}

impl Judged {
    fn failed(error: ApiError, verdict: Verdict) -> Self {
        Self::Failed(Box::new(error), verdict)
    }
}

fn at(now: SystemTime, ahead_s: i64) -> SystemTime {
    let by = Duration::from_secs(ahead_s.unsigned_abs());
    let moved = if ahead_s < 0 {
        now.checked_sub(by)
    } else {
        now.checked_add(by)
    };
    moved.unwrap_or(now)
}
