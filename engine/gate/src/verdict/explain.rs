//! A verdict in words: gate by gate what is there, what is missing, and who can give it.

use super::{Blocked, Dismissed, GateVerdict, Ignored, Lack, Verdict};
use crate::meaning::Meaning;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Most actions that are listed at one place.
const LISTED: usize = 8;

/// What a verdict says, for people: lines, each ended.
#[must_use]
pub fn text(verdict: &Verdict, meaning: &Meaning) -> String {
    let mut out = String::new();
    for blocked in &verdict.blocked {
        line(&mut out, "x", &blocked_text(blocked));
    }
    for rejection in &verdict.rejected {
        let why = match rejection.comment.as_str() {
            "" => String::new(),
            comment => format!(": {comment:?}"),
        };
        line(
            &mut out,
            "x",
            &format!(
                "{} rejected {}{why}",
                rejection.person,
                these(&rejection.items, meaning)
            ),
        );
    }
    for gate in &verdict.gates {
        gate_text(&mut out, gate, meaning);
    }
    if !verdict.unmatched.is_empty() {
        line(
            &mut out,
            "x",
            &format!(
                "No gate is about {}. What no gate is about is not done: add a gate for it.",
                these(&verdict.unmatched, meaning)
            ),
        );
    }
    if !verdict.broken_by.is_empty() {
        line(
            &mut out,
            "!",
            &format!("The glass was broken by {}.", verdict.broken_by.join(", ")),
        );
    }
    for Dismissed { id, person, why } in &verdict.ignored {
        let short: String = id.to_string().chars().take(8).collect();
        let by = match person {
            None => String::new(),
            Some(person) => format!(" of {person}"),
        };
        line(
            &mut out,
            "-",
            &format!(
                "The decision {short}{by} does not count: {}.",
                ignored(*why)
            ),
        );
    }
    out
}

/// Why a decision does not count, as a clause; `None`: it does.
#[must_use]
pub fn why_ignored(verdict: &Verdict, id: &crate::decision::DecisionId) -> Option<&'static str> {
    let found = verdict.ignored.iter().find(|one| one.id == *id);
    found.map(|one| ignored(one.why))
}

fn line(out: &mut String, sign: &str, text: &str) {
    // Writing to a string cannot fail.
    let _written = writeln!(out, "  {sign} {text}");
}

fn gate_text(out: &mut String, gate: &GateVerdict, meaning: &Meaning) {
    let sign = if gate.lacks.is_empty() { "+" } else { "x" };
    let state = if gate.lacks.is_empty() {
        "open"
    } else {
        "closed"
    };
    let what = match gate.description.as_str() {
        "" => String::new(),
        description => format!(" ({description})"),
    };
    let by = match gate.approved_by.as_slice() {
        [] => String::new(),
        people => format!(", approved by {}", people.join(", ")),
    };
    line(
        out,
        sign,
        &format!(
            "Gate {:?}{what} is {state} for {}{by}",
            gate.name.as_str(),
            these(&gate.items, meaning)
        ),
    );
    for lack in &gate.lacks {
        line(out, "   ", &lack_text(lack, gate, meaning));
    }
}

fn lack_text(lack: &Lack, gate: &GateVerdict, meaning: &Meaning) -> String {
    match lack {
        Lack::Approvals {
            needed,
            have,
            who,
            items,
        } => {
            let missing = needed.saturating_sub(have.len());
            let of = if items.len() == gate.items.len() {
                String::new()
            } else {
                format!(" for {}", these(items, meaning))
            };
            let plural = if missing == 1 {
                "approval"
            } else {
                "approvals"
            };
            let from = match who.as_slice() {
                [] => String::from("nobody can give it"),
                people if people.len() < missing => {
                    format!("only {} can give one", people.join(", "))
                }
                people => format!("from {}", people.join(", ")),
            };
            format!("needs {missing} more {plural}{of}: {from}")
        }
        Lack::Window { windows, opens } => {
            let next = match opens {
                Some(opens) => format!("; opens next at {opens}"),
                None => String::new(),
            };
            format!("is only open at {}{next}", windows.join(" or "))
        }
        Lack::Limit { what, found, most } => match found {
            Some(found) => format!("allows {most} {what}, and there are {found}"),
            None => format!("allows {most} {what}, and how much there is can't be told"),
        },
        Lack::Denied(reason) => format!("lets nothing pass: {reason}"),
        Lack::Confirmation => String::from("needs a yes of whoever applies"),
    }
}

fn blocked_text(blocked: &Blocked) -> String {
    match blocked {
        Blocked::Clock { now_ms, past_ms } => format!(
            "The clock of this machine is {} behind what is recorded already; set it right",
            terrane_model::span::text(past_ms.saturating_sub(*now_ms))
        ),
        Blocked::NotSigned => String::from(
            "The gates want plans to be signed by who makes them; make it with `terrane plan -out=FILE -sign`",
        ),
        Blocked::Policy { rule, message } => format!("The policy {rule} denies it: {message}"),
    }
}

fn ignored(why: Ignored) -> &'static str {
    match why {
        Ignored::OtherPlace => "it was made for another workspace or another state",
        Ignored::NotGenuine => "its signature does not fit, so it was changed",
        Ignored::UnknownKey => "the gates do not know its key",
        Ignored::KeyExpired => "its key has expired",
        Ignored::Future => "it is from the future, so a clock is wrong",
        Ignored::Expired => "it has expired",
        Ignored::Used => "it was used by an earlier apply",
        Ignored::CoversNothing => "it covers nothing that this plan does",
        Ignored::OwnPlan => "nobody can approve a plan of their own",
    }
}

fn reason_name(why: Ignored) -> &'static str {
    match why {
        Ignored::OtherPlace => "other_place",
        Ignored::NotGenuine => "not_genuine",
        Ignored::UnknownKey => "unknown_key",
        Ignored::KeyExpired => "key_expired",
        Ignored::Future => "future",
        Ignored::Expired => "expired",
        Ignored::Used => "used",
        Ignored::CoversNothing => "covers_nothing",
        Ignored::OwnPlan => "own_plan",
    }
}

/// The names of some actions.
fn these(items: &[usize], meaning: &Meaning) -> String {
    let name = |at: &usize| {
        let item = meaning.items.get(*at);
        item.map_or_else(String::new, |item| {
            format!("{} ({})", item.address, item.actions.join(", "))
        })
    };
    if items.len() == meaning.items.len() && items.len() > 3 {
        return format!("all {} actions", items.len());
    }
    let mut names: Vec<String> = items.iter().take(LISTED).map(name).collect();
    if let Some(more) = items.len().checked_sub(LISTED).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// The same for programs.
#[must_use]
pub fn json(verdict: &Verdict, meaning: &Meaning) -> Value {
    let addresses = |items: &[usize]| -> Vec<&str> {
        let found = items.iter().filter_map(|at| meaning.items.get(*at));
        found.map(|item| item.address.as_str()).collect()
    };
    let gates: Vec<Value> = verdict
        .gates
        .iter()
        .map(|gate| {
            json!({
                "name": gate.name.as_str(),
                "description": gate.description.as_str(),
                "open": gate.lacks.is_empty(),
                "actions": addresses(&gate.items),
                "approved_by": names(&gate.approved_by),
                "missing": gate.lacks.iter().map(|lack| lack_json(lack, &addresses)).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "open": verdict.is_open(),
        "gates": gates,
        "unmatched": addresses(&verdict.unmatched),
        "blocked": verdict.blocked.iter().map(blocked_text).collect::<Vec<_>>(),
        "rejected": verdict.rejected.iter().map(|one| json!({
            "by": one.person.as_str(),
            "comment": one.comment.as_str(),
            "actions": addresses(&one.items),
        })).collect::<Vec<_>>(),
        "broken_by": names(&verdict.broken_by),
        "ignored": verdict.ignored.iter().map(|one| json!({
            "decision": one.id.to_string(),
            "person": one.person.as_deref(),
            "reason": reason_name(one.why),
        })).collect::<Vec<_>>(),
        "decisions": verdict.uses.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn names(names: &[ecow::EcoString]) -> Vec<&str> {
    names.iter().map(ecow::EcoString::as_str).collect()
}

fn lack_json<'m>(lack: &Lack, addresses: &dyn Fn(&[usize]) -> Vec<&'m str>) -> Value {
    match lack {
        Lack::Approvals {
            needed,
            have,
            who,
            items,
        } => json!({
            "kind": "approvals",
            "needed": needed,
            "have": names(have),
            "who": names(who),
            "actions": addresses(items),
        }),
        Lack::Window { windows, opens } => json!({
            "kind": "window",
            "windows": windows,
            "opens": opens,
        }),
        Lack::Limit { what, found, most } => json!({
            "kind": "limit",
            "what": what,
            "found": found,
            "most": most,
        }),
        Lack::Denied(reason) => json!({"kind": "denied", "reason": reason.as_str()}),
        Lack::Confirmation => json!({"kind": "confirmation"}),
    }
}
