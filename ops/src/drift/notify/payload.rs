//! What is sent.

use crate::clock::rfc3339;
use crate::drift::Class;
use crate::drift::report::Report;
use serde_json::json;
use std::fmt::Write as _;

/// So many objects are in a message at most; the counts are of all.
const MOST: usize = 200;
/// And so many lines in a message for people.
const MOST_LINES: usize = 15;

/// What is sent, and the name of the message.
pub(super) struct Body {
    pub(super) id: String,
    pub(super) content_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// An event of CloudEvents 1.0 in structured mode: the report is its data, cut where it is long.
pub(super) fn event(report: &Report, now_ms: u64) -> Body {
    let id = uuid::Uuid::new_v4().to_string();
    let mut data = report.clone();
    // What matters most comes first.
    data.drifted
        .sort_by_key(|object| (!object.new, std::cmp::Reverse(Class::named(object.class))));
    let total = data.drifted.len() + data.unmanaged.len() + data.resolved.len() + data.unread.len();
    data.drifted.truncate(MOST);
    data.unmanaged.truncate(MOST);
    data.resolved.truncate(MOST);
    data.unread.truncate(MOST);
    let left = data.drifted.len() + data.unmanaged.len() + data.resolved.len() + data.unread.len();
    let event = json!({
        "specversion": "1.0",
        "id": id,
        "source": format!("/terrane/{}", if report.lineage.is_empty() { "none" } else { &report.lineage }),
        "type": "dev.terrane.drift.detected.v1",
        "subject": report.workspace,
        "time": rfc3339(now_ms),
        "datacontenttype": "application/json",
        "truncated": left < total,
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
    let summary = report.summary;
    let mut text = format!(
        "*Drift in workspace {}*: {} gone, {} security, {} changed, {} not managed; {} of it new\n",
        escaped(&report.workspace),
        summary.gone,
        summary.security,
        summary.changed,
        summary.unmanaged,
        summary.new
    );
    let mut objects: Vec<_> = report
        .drifted
        .iter()
        .filter(|object| Class::named(object.class) > Some(Class::Harmless))
        .collect();
    objects.sort_by_key(|object| (!object.new, std::cmp::Reverse(Class::named(object.class))));
    for object in objects.iter().take(MOST_LINES) {
        let attributes: Vec<&str> = object
            .differences
            .iter()
            .filter(|one| one.class != "harmless")
            .map(|one| one.attribute.as_str())
            .take(5)
            .collect();
        let what = if object.class == "gone" {
            "gone".to_owned()
        } else {
            format!("{}: {}", object.class, attributes.join(", "))
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
    if !report.complete {
        text.push_str("The report is not complete.\n");
    }
    Body {
        id: uuid::Uuid::new_v4().to_string(),
        content_type: "application/json",
        bytes: json!({"text": text}).to_string().into_bytes(),
    }
}

/// What Slack wants to have escaped.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
