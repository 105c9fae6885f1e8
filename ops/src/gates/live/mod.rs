//! What of a log still matters when its segment is closed, and goes along into the next one.
//!
//! Whatever is in doubt goes along: it costs room, and what is missing would open gates, or close them for ever.

use super::book::{APPLIED, DECISION, SAVED, USED};
use super::{CLOCK, KIND};
use crate::audit;
use crate::clock::now_ms;
use crate::session::Session;
use serde_json::Value;
use std::collections::BTreeSet;
use terrane_gate::decision::{Decision, DecisionKind};
use terrane_gate::record;
use terrane_plan::basis::Hash;
use terrane_store::audit::{Entry, Log};

/// A saved plan that is older is not known any more, and has to be made anew.
const PLANS_MS: u64 = 31 * 24 * 3_600_000;

/// The numbers of the entries that gates may yet look at. `None`: one of them can't be read, here.
pub(crate) fn live(session: &Session, log: &Log) -> Option<BTreeSet<u64>> {
    live_at(now_ms(), log, |entry| {
        let body = audit::open(session, &entry.draft.body).ok()?;
        Some(body.into_owned())
    })
}

fn live_at(
    now_ms: u64,
    log: &Log,
    open: impl Fn(&Entry) -> Option<Value>,
) -> Option<BTreeSet<u64>> {
    let entries = &log.entries;
    let last = |kind: &str| entries.iter().rposition(|one| one.draft.kind == kind);
    let mut live = BTreeSet::new();
    // The gates in force, and that clocks were wrong.
    for at in [last(KIND), last(CLOCK)].into_iter().flatten() {
        live.extend(entries.get(at).map(|entry| entry.seq));
    }
    // The latest time that is past for certain.
    let since = entries.iter().skip(last(CLOCK).unwrap_or(0));
    live.extend(
        since
            .max_by_key(|one| one.draft.at_ms)
            .map(|entry| entry.seq),
    );
    let borne: BTreeSet<&str> = log.names().collect();
    let plans = plans(now_ms, entries, &borne, &open)?;
    live.extend(plans.iter().map(|(seq, _)| *seq));
    live.extend(decisions(now_ms, entries, &borne, (&plans, &open))?);
    Some(live)
}

/// Saved plans that can still be applied: where they were recorded, and their digests.
fn plans(
    now_ms: u64,
    entries: &[Entry],
    borne: &BTreeSet<&str>,
    open: &dyn Fn(&Entry) -> Option<Value>,
) -> Option<Vec<(u64, String)>> {
    let mut plans = Vec::new();
    for entry in entries.iter().filter(|one| one.draft.kind == SAVED) {
        if entry.draft.at_ms.saturating_add(PLANS_MS) < now_ms {
            continue;
        }
        let body = open(entry)?;
        let digest = body.get("plan").and_then(Value::as_str).unwrap_or("");
        if !borne.contains(format!("{APPLIED}{digest}").as_str()) {
            plans.push((entry.seq, digest.to_owned()));
        }
    }
    Some(plans)
}

/// Reads the body of an entry; `None`: it can't be.
type Open<'a> = &'a dyn Fn(&Entry) -> Option<Value>;

/// Decisions that count, and those that take back some that would count without them.
fn decisions(
    now_ms: u64,
    entries: &[Entry],
    borne: &BTreeSet<&str>,
    (plans, open): (&[(u64, String)], Open<'_>),
) -> Option<Vec<u64>> {
    let mut found: Vec<(u64, Decision)> = Vec::new();
    for entry in entries.iter().filter(|one| one.draft.kind == DECISION) {
        let body = open(entry)?;
        let decision = record::from_json(body.get("record")?).ok()?;
        found.push((entry.seq, decision));
    }
    // By the times that they bear, as they are counted.
    found.sort_by_key(|(seq, decision)| (decision.statement.at_ms, *seq));
    let mut live = Vec::new();
    let mut covered: BTreeSet<Hash> = BTreeSet::new();
    for (seq, decision) in found {
        let statement = &decision.statement;
        let ended = statement.expires_ms.is_some_and(|until| until <= now_ms);
        let used = borne.contains(format!("{USED}{}", statement.id).as_str());
        let items = &statement.items;
        let keeps = match statement.kind {
            DecisionKind::BreakGlass => !ended,
            DecisionKind::Author => {
                let plan = hex::encode(statement.plan);
                plans.iter().any(|(_, digest)| *digest == plan)
            }
            DecisionKind::Reject => true,
            DecisionKind::Approve => {
                !ended && !used || items.iter().any(|item| covered.contains(item))
            }
        };
        if keeps {
            live.push(seq);
            if matches!(statement.kind, DecisionKind::Approve | DecisionKind::Reject) {
                covered.extend(items);
            }
        }
    }
    Some(live)
}

#[cfg(test)]
mod tests;
