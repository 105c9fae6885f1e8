//! Waiting: for states, for what was made to be seen, for what was deleted to be gone.

use super::{PROPAGATION, Run};
use crate::json;
use crate::table::Phase;
use std::sync::atomic::Ordering;
use std::time::Duration;
use terrane_model::provider::ProviderDiagnostic;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;
use tokio::time::Instant;

/// How often is asked at most, where pauses have no length.
const MOST_POLLS: u32 = 3600;

impl Run<'_> {
    /// Waits until what was made is seen, and has the states that the table wants.
    pub(crate) async fn wait_for(&self, phase: Phase, object: &Value) -> Answered<()> {
        let waits: Vec<_> = self
            .table
            .waits
            .iter()
            .filter(|wait| wait.on == phase)
            .collect();
        if waits.is_empty() {
            return Ok(());
        }
        let mut pause = Duration::from_millis(200);
        let mut last = String::new();
        for _ in 0..MOST_POLLS {
            let found = self.raw(object).await?;
            let mut reached = found.is_some() || phase == Phase::Delete;
            for wait in &waits {
                let Some((found, _)) = &found else {
                    if phase == Phase::Update {
                        return Err(Refusal::error(
                            "Object is gone",
                            format!("{}: it is not there any more.", self.what(object)),
                        ));
                    }
                    continue;
                };
                let state = json::text_at(found, wait.path).unwrap_or_default();
                if wait.target.contains(&state.as_str()) {
                    continue;
                }
                reached = false;
                if !wait.pending.is_empty() && !wait.pending.contains(&state.as_str()) {
                    let reason = [
                        "StateReason",
                        "StatusReason",
                        "FailureReason",
                        "StateReasonCode",
                        "StatusMessage",
                    ]
                    .iter()
                    .find_map(|name| json::get(found, name))
                    .map(|reason| format!(" ({})", json::text(reason)))
                    .unwrap_or_default();
                    return Err(unexpected(&self.what(object), &state, wait.target, &reason));
                }
                last = state;
            }
            if reached {
                return Ok(());
            }
            if Instant::now() > self.deadline {
                break;
            }
            self.cx.pause(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
        Err(Refusal::error(
            "Timed out",
            format!(
                "{}: still in state {last:?} when the time was up. The `timeouts` block allows for more.",
                self.what(object)
            ),
        ))
    }

    /// Reads what was just made, which AWS may not show at once.
    pub(crate) async fn find_new(&self, object: &Value) -> Answered<Value> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(200);
        for attempt in 0..MOST_POLLS {
            if let Some(found) = self.find(object).await? {
                self.fresh.store(false, Ordering::Relaxed);
                return Ok(found);
            }
            if self.is_late(started, PROPAGATION, attempt)
                || (self.cx.poll_scale <= 0.0 && pause > Duration::from_secs(5))
            {
                break;
            }
            self.cx.pause(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
        Err(Refusal::Messages(vec![ProviderDiagnostic::error(
            "Object is not seen",
            format!(
                "{}: AWS took the request, but does not show the object. It may do so later.",
                self.what(object)
            ),
        )]))
    }
}

fn unexpected(what: &str, state: &str, target: &[&str], reason: &str) -> Refusal {
    Refusal::error(
        "Unexpected state",
        format!(
            "{what}: it is in state {state:?}{reason}, where {} was to be reached.",
            target.join(" or ")
        ),
    )
}
