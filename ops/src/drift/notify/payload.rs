//! What is sent.

use crate::clock::rfc3339;
use crate::drift::Class;
use crate::drift::report::Report;
use serde_json::json;
use std::fmt::Write as _;

/// So many objects are in a message at most; the counts are of all.
const MOST: usize = 200;
/// And so many bytes of a text in one of its values: texts may be whole files, and who takes messages has bounds.
const LONGEST: usize = 4096;
/// And so many lines in a message for people.
const MOST_LINES: usize = 15;
/// And so many attributes in such a line.
const MOST_NAMES: usize = 5;

/// What is sent, and the name of the message.
pub(super) struct Body {
    pub(super) id: String,
    pub(super) content_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// A report with no more than so many entries in each list, and how many are left out. What matters most comes first.
pub(super) fn cut(report: &Report) -> (Report, usize) {
    let mut cut = report.clone();
    cut.drifted
        .sort_by_key(|object| (!object.new, std::cmp::Reverse(Class::named(object.class))));
    let Report {
        format_version: _,
        workspace: _,
        lineage: _,
        serial: _,
        started_at: _,
        finished_at: _,
        complete: _,
        calls: _,
        summary: _,
        drifted,
        unmanaged,
        listed,
        unlisted,
        unread,
        resolved,
    } = &mut cut;
    let mut left_out = truncate(drifted)
        + truncate(unmanaged)
        + truncate(listed)
        + truncate(unlisted)
        + truncate(unread)
        + truncate(resolved);
    for object in drifted {
        left_out += truncate(&mut object.differences);
        for one in &mut object.differences {
            left_out += shorten(&mut one.before) + shorten(&mut one.after);
        }
    }
    (cut, left_out)
}

/// Cuts long texts within a value, and says how many.
fn shorten(value: &mut serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) if text.len() > LONGEST => {
            let kept = text.floor_char_boundary(LONGEST);
            let more = text.len() - kept;
            text.truncate(kept);
            let _written = write!(text, "… ({more} bytes more)");
            1
        }
        serde_json::Value::Array(items) => items.iter_mut().map(shorten).sum(),
        serde_json::Value::Object(entries) => entries.values_mut().map(shorten).sum(),
        _ => 0,
    }
}

fn truncate<T>(list: &mut Vec<T>) -> usize {
    let left_out = list.len().saturating_sub(MOST);
    list.truncate(MOST);
    left_out
}

/// An event of CloudEvents 1.0 in structured mode: the report is its data, cut where it is long.
pub(super) fn event(report: &Report, now_ms: u64) -> Body {
    let id = uuid::Uuid::new_v4().to_string();
    let (data, left_out) = cut(report);
    let event = json!({
        "specversion": "1.0",
        "id": id,
        "source": format!("/terrane/{}", if report.lineage.is_empty() { "none" } else { &report.lineage }),
        "type": "dev.terrane.drift.detected.v1",
        "subject": report.workspace,
        "time": rfc3339(now_ms),
        "datacontenttype": "application/json",
        "truncated": left_out > 0,
        "leftout": left_out,
        "data": data,
    });
    Body {
        id,
        content_type: "application/cloudevents+json; charset=utf-8",
        bytes: event.to_string().into_bytes(),
    }
}

/// A message for Slack's incoming webhooks.
pub(super) fn slack(report: &Report) -> Body {
    let mut objects: Vec<_> = report
        .drifted
        .iter()
        .filter(|object| Class::named(object.class) > Some(Class::Harmless))
        .collect();
    // Of what is counted here: harmless differences are new, too, where they are told.
    let new = objects.iter().filter(|object| object.new).count()
        + report.unmanaged.iter().filter(|one| one.new).count();
    let mut text = format!(
        "*Drift in workspace {}*: {}; {new} of it new\n",
        escaped(&report.workspace),
        counts(report),
    );
    objects.sort_by_key(|object| (!object.new, std::cmp::Reverse(Class::named(object.class))));
    for object in objects.iter().take(MOST_LINES) {
        let attributes: Vec<&str> = object
            .differences
            .iter()
            .filter(|one| one.class != "harmless")
            .map(|one| one.attribute.as_str())
            .collect();
        let what = if object.class == "gone" {
            "gone".to_owned()
        } else {
            format!("{}: {}", object.class, few(&attributes))
        };
        let new = if object.new { " (new)" } else { "" };
        let _written = writeln!(
            text,
            "• `{}` {}{new}",
            escaped(&object.address).replace('`', "'"),
            escaped(&what)
        );
    }
    if objects.len() > MOST_LINES {
        let _written = writeln!(text, "… and {} more", objects.len() - MOST_LINES);
    }
    if !report.unlisted.is_empty() {
        let types: Vec<&str> = report
            .unlisted
            .iter()
            .map(|one| one.type_name.as_str())
            .collect();
        let _written = writeln!(text, "Not listed: {}", escaped(&few(&types)));
    }
    if !report.complete {
        text.push_str("The report is not complete.\n");
    }
    Body {
        id: uuid::Uuid::new_v4().to_string(),
        content_type: "application/json",
        bytes: json!({"text": text}).to_string().into_bytes(),
    }
}

/// Some of these names, and how many more there are.
fn few(names: &[&str]) -> String {
    let (shown, more) = names.split_at(names.len().min(MOST_NAMES));
    match more.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What an e-mail is about.
pub(super) fn subject(report: &Report) -> String {
    let complete = if report.complete {
        ""
    } else {
        " (not complete)"
    };
    format!(
        "Drift in workspace {}: {}{complete}",
        report.workspace,
        counts(report)
    )
}

fn counts(report: &Report) -> String {
    let summary = report.summary;
    format!(
        "{} gone, {} security, {} changed, {} not managed",
        summary.gone, summary.security, summary.changed, summary.unmanaged
    )
}

/// What Slack wants to have escaped.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
