//! `audit`: the log of what was planned, decided, applied and overridden.

use super::with_session;
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use serde_json::json;
use std::fmt::Write as _;
use terrane_ops::audit::{self, Filter, Shown};
use terrane_ops::clock::{now_ms, rfc3339};
use terrane_ops::failure::Failure;
use terrane_ops::model::span;
use terrane_ops::rules;

/// The kinds of entries (`docs/formats/audit.md`).
const KINDS: [&str; 10] = [
    "founded", "gates", "clock", "plan", "decision", "apply", "applied", "unlock", "torn",
    "segment",
];

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    app.human_only();
    let mut kinds = parsed.values(&["kind"]).map(|(_, kind)| kind);
    if let Some(kind) = kinds.find(|kind| !KINDS.contains(kind)) {
        return app.usage_error(
            None,
            &format!(
                "There is no kind {kind:?} of entries. There are: {}.",
                KINDS.join(", ")
            ),
        );
    }
    let as_json = parsed.is("json", false);
    let since_ms = match parsed.value("since").map(span::parse) {
        None => None,
        Some(Some(span)) => Some(now_ms().saturating_sub(span)),
        Some(None) => {
            return app.usage_error(
                None,
                "-since needs a length of time such as 30m, 12h, 7d or 4w.",
            );
        }
    };
    let filter = Filter {
        kinds: parsed
            .values(&["kind"])
            .map(|(_, value)| value.to_owned())
            .collect(),
        who: parsed.value("who").map(str::to_owned),
        since_ms,
        about: parsed.value("about").map(str::to_owned),
    };
    with_session(app, parsed, "audit", |app, session| {
        if parsed.is("export", false) {
            let text = audit::export(session)?;
            app.out().print(&String::from_utf8_lossy(&text));
            return Ok(Exit::OK);
        }
        let shown = audit::show(session, &filter, parsed.value("expect"))?;
        let verify = parsed.is("verify", false) || parsed.value("expect").is_some();
        if as_json {
            entries_json(app, &shown, verify);
        } else if verify {
            let count = shown.entries.len();
            app.out().print(&format!(
                "All hashes of the log fit. Entries: {count}. The hash over all of them, to be kept elsewhere:\n\n{}\n",
                shown.head
            ));
        } else {
            app.out().print(&entries_text(&shown));
        }
        if verify && !shown.problems.is_empty() {
            return Err(Failure::input(
                &rules::gates::LOG_INCOMPLETE,
                format!(
                    "What is there is as it was written, but:\n\n- {}",
                    shown.problems.join("\n- ")
                ),
            ));
        }
        Ok(Exit::OK)
    })
}

fn entries_text(shown: &Shown) -> String {
    let mut out = String::new();
    for entry in &shown.entries {
        let draft = &entry.draft;
        let by = match shown.signers.get(&entry.seq) {
            None => String::new(),
            Some(person) => format!("  by={person}"),
        };
        // Writing to a string cannot fail.
        let _written = writeln!(
            out,
            "{:>5}  {}  {:<9}  {}{by}{}",
            entry.seq,
            rfc3339(draft.at_ms),
            draft.kind,
            draft.who,
            about(&draft.body)
        );
    }
    if out.is_empty() {
        out.push_str("The log has no such entries.\n");
    }
    out
}

/// The short members of a body.
fn about(body: &serde_json::Value) -> String {
    let mut out = String::new();
    let Some(body) = body.as_object() else {
        return out;
    };
    for (name, value) in body {
        let text = match value {
            serde_json::Value::String(text) if text.is_empty() => continue,
            serde_json::Value::String(text) if text.len() == 64 => {
                text.chars().take(12).collect::<String>()
            }
            serde_json::Value::String(text) => format!("{text:?}"),
            serde_json::Value::Number(_) | serde_json::Value::Bool(_) => value.to_string(),
            serde_json::Value::Array(items) if items.iter().all(serde_json::Value::is_string) => {
                let names = items.iter().filter_map(serde_json::Value::as_str);
                let short = names.map(|name| name.chars().take(32).collect::<String>());
                match short.collect::<Vec<_>>().join(",") {
                    names if names.is_empty() => continue,
                    names => names,
                }
            }
            _ => continue,
        };
        let _written = write!(out, "  {name}={text}");
    }
    out
}

fn entries_json(app: &mut App, shown: &Shown, verify: bool) {
    for entry in &shown.entries {
        let draft = &entry.draft;
        let line = json!({
            "seq": entry.seq,
            "at": rfc3339(draft.at_ms),
            "at_ms": draft.at_ms,
            "who": draft.who,
            "person": shown.signers.get(&entry.seq),
            "kind": draft.kind,
            "body": draft.body,
            "hash": entry.head.to_string(),
        });
        app.out().print(&format!("{line}\n"));
    }
    if verify {
        let line = json!({"head": shown.head, "problems": shown.problems});
        app.out().print(&format!("{line}\n"));
    }
}
