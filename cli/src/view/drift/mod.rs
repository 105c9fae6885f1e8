//! What a report of drift looks like: as text, and as a page.

pub(crate) mod html;
mod lines;

use self::lines::lines;
use super::counted;
use super::paint::{BOLD, GREEN, MAGENTA, RED, YELLOW, painted, plain};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use terrane_ops::drift::Class;
use terrane_ops::drift::adopt::Left;
use terrane_ops::drift::notify::Letter;
use terrane_ops::drift::report::{Difference, HIDDEN, Object, Report};
use terrane_ops::value::display::shortened;

/// A longer value is cut in text; the page and the JSON have it whole.
const LONGEST: usize = 200;
/// So many lines of a difference are shown in text.
const MOST_LINES: usize = 40;
/// So many objects that are not managed are shown of a type.
const MOST_OF_A_TYPE: usize = 20;

/// Heading and colour of a class.
fn title(class: Class) -> (&'static str, &'static str) {
    match class {
        Class::Gone => ("Gone", RED),
        Class::Security => ("Security depends on it", MAGENTA),
        Class::Changed => ("Changed", YELLOW),
        Class::Harmless => ("Harmless", GREEN),
    }
}

/// For people. `least`: what is below this class is only counted.
pub(crate) fn text(report: &Report, least: Class, only_new: bool, color: bool) -> String {
    let mut out = String::new();
    for class in Class::ALL.into_iter().rev() {
        let objects: Vec<&Object> = report
            .drifted
            .iter()
            .filter(|object| object.class == class.name() && (object.new || !only_new))
            .collect();
        if objects.is_empty() || class < least {
            continue;
        }
        let (title, paint) = title(class);
        let heading = painted(color, paint, &format!("{title}:"));
        let _written = writeln!(out, "{heading}");
        for object in objects {
            object_text(&mut out, object, least, color);
        }
        out.push('\n');
    }
    strangers(&mut out, report, only_new, color);
    let unlisted = by_problem(report);
    if !unlisted.is_empty() {
        out.push_str("Not listed, so that nothing is known of what is not managed:\n");
        for (problem, types) in unlisted {
            let _written = writeln!(out, "  {} ({})", types.join(", "), plain(problem));
        }
        out.push('\n');
    }
    if !report.resolved.is_empty() {
        out.push_str("Not so any more:\n");
        for one in &report.resolved {
            let _written = writeln!(out, "  {} ({}, since {})", one.what, one.class, one.since);
        }
        out.push('\n');
    }
    summary(&mut out, report, color);
    out
}

/// Types that could not be listed, by why.
fn by_problem(report: &Report) -> BTreeMap<&str, Vec<&str>> {
    let mut problems: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in &report.unlisted {
        let types = problems
            .entry(one.problem.trim_end_matches('.'))
            .or_default();
        if !types.contains(&one.type_name.as_str()) {
            types.push(&one.type_name);
        }
    }
    problems
}

/// For a mail. So many entries are left out of the report.
pub(crate) fn letter(report: &Report, least: Class, left_out: usize) -> Letter {
    let mut text = text(report, least, false, false);
    if left_out > 0 {
        let _written = writeln!(
            text,
            "{left_out} more entries are left out of this message."
        );
    }
    Letter {
        text,
        html: html::letter(report, least, left_out),
    }
}

fn object_text(out: &mut String, object: &Object, least: Class, color: bool) {
    let id = match &object.id {
        Some(id) => format!(" (id {})", plain(id)),
        None => String::new(),
    };
    let deposed = match &object.deposed {
        Some(key) => format!(" (deposed {key})"),
        None => String::new(),
    };
    let new = if object.new {
        painted(color, BOLD, "  new")
    } else {
        format!("  since {}", object.since)
    };
    let address = painted(color, BOLD, &object.address);
    let _written = writeln!(out, "  {address}{deposed}{id}{new}");
    let mut harmless = 0;
    for one in &object.differences {
        if Class::named(one.class) < Some(least) {
            harmless += 1;
            continue;
        }
        difference(out, one, color);
    }
    if harmless > 0 {
        let plural = if harmless == 1 { "" } else { "s" };
        let _written = writeln!(out, "      and {harmless} lesser difference{plural}");
    }
}

fn difference(out: &mut String, one: &Difference, color: bool) {
    if one.sensitive {
        let _written = writeln!(out, "      {}: {HIDDEN}", one.attribute);
        return;
    }
    let lines = lines(&one.before, &one.after);
    if lines.len() > 2 {
        let _written = writeln!(out, "      {}:", one.attribute);
        for line in lines.iter().take(MOST_LINES) {
            let paint = match line.sign {
                "-" => RED,
                "+" => GREEN,
                _ => "",
            };
            let text = format!("{} {}", line.sign, shortened(&plain(&line.text), LONGEST));
            let text = painted(color, paint, text.trim_end());
            let _written = writeln!(out, "        {text}");
        }
        if lines.len() > MOST_LINES {
            let more = lines.len() - MOST_LINES;
            let _written = writeln!(out, "        … and {more} more lines");
        }
        return;
    }
    let minus = || painted(color, RED, &short(&one.before));
    let plus = || painted(color, GREEN, &short(&one.after));
    let what = match (one.before.is_null(), one.after.is_null()) {
        (true, _) => format!("+ {}", plus()),
        (_, true) => format!("- {}", minus()),
        _ => format!("{} → {}", minus(), plus()),
    };
    let _written = writeln!(out, "      {}: {what}", one.attribute);
}

fn short(value: &serde_json::Value) -> String {
    shortened(&value.to_string(), LONGEST)
}

fn strangers(out: &mut String, report: &Report, only_new: bool, color: bool) {
    let shown: Vec<_> = report
        .unmanaged
        .iter()
        .filter(|one| one.new || !only_new)
        .collect();
    if shown.is_empty() {
        return;
    }
    let heading = painted(color, BOLD, "Not managed here:");
    let _written = writeln!(out, "{heading}");
    for of_type in shown.chunk_by(|a, b| a.type_name == b.type_name) {
        for one in of_type.iter().take(MOST_OF_A_TYPE) {
            let name = match one.name.as_str() {
                "" => String::new(),
                name => format!(" {name:?}"),
            };
            let new = if one.new { "  new" } else { "" };
            let _written = writeln!(out, "  {}{name} {}{new}", one.type_name, one.identity);
        }
        if of_type.len() > MOST_OF_A_TYPE {
            let more = of_type.len() - MOST_OF_A_TYPE;
            let _written = writeln!(out, "  {} … and {more} more", of_type[0].type_name);
        }
    }
    out.push('\n');
}

fn summary(out: &mut String, report: &Report, color: bool) {
    let counts = report.summary;
    let mut parts: Vec<String> = [
        (counts.gone, "gone"),
        (
            counts.security,
            "with a difference that security depends on",
        ),
        (counts.changed, "changed"),
        (counts.harmless, "with harmless differences"),
        (counts.unmanaged, "not managed"),
        (counts.unread, "could not be read"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    if parts.is_empty() {
        parts.push("no drift".to_owned());
    }
    let new = match (counts.new, counts.resolved) {
        (0, 0) => String::new(),
        (new, 0) => format!(" New: {new}."),
        (new, resolved) => format!(" New: {new}; not so any more: {resolved}."),
    };
    let text = format!(
        "Drift of workspace {}: {} read in {}; {}.{new}",
        report.workspace,
        counted(counts.read, "object"),
        counted(report.calls, "call"),
        parts.join(", ")
    );
    let _written = writeln!(out, "{}", painted(color, BOLD, &text));
}

/// Differences that no edit accepts.
pub(crate) fn left(left: &[Left]) -> String {
    let mut out = String::new();
    if !left.is_empty() {
        out.push_str("\nLeft for you:\n");
    }
    for one in left {
        let place = match &one.place {
            Some(place) => format!(" at {place}"),
            None => String::new(),
        };
        let attribute = match one.attribute.as_str() {
            "" => String::new(),
            attribute => format!(" {attribute}"),
        };
        let _written = writeln!(out, "  {}{attribute}{place}: {}", one.address, one.why);
    }
    if !left.is_empty() {
        out.push('\n');
    }
    out
}

/// A unified diff, in colours.
pub(crate) fn painted_diff(diff: &str, color: bool) -> String {
    let mut out = String::new();
    for line in diff.split_inclusive('\n') {
        let text = line.trim_end_matches('\n');
        let paint = match text.as_bytes() {
            [b'+', ..] => GREEN,
            [b'-', ..] => RED,
            [b'@', ..] => MAGENTA,
            _ => "",
        };
        out.extend([painted(color, paint, text).as_str(), "\n"]);
    }
    out
}
