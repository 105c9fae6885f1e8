//! `state history` and `state diff`.

use super::{block_on, style, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use std::sync::Arc;
use terrane_ops::clock::rfc3339;
use terrane_ops::failure::Failure;
use terrane_ops::model::snapshot::ObjectState;
use terrane_ops::planning::view::json::stored_value;
use terrane_ops::planning::view::text::{Schemas, Style, render_difference, render_value};
use terrane_ops::providers;
use terrane_ops::state::diff::{self, Diff, Difference, ObjectDiff};
use terrane_ops::state::history;
use terrane_ops::value::Value;

/// Letters of a digest or of the name of a run that are shown to people.
const SHORT: usize = 8;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let as_json = parsed.is("json", false);
    app.human_only();
    let most = match parsed.value("max").map(str::parse) {
        None => None,
        Some(Ok(most)) if most > 0 => Some(most),
        Some(_) => {
            return app.usage_error(None, "-max needs a whole number above 0.");
        }
    };
    with_session(app, parsed, "state history", |app, session| {
        let versions = history::run(session, most)?;
        if as_json {
            let versions: Vec<Json> = versions
                .iter()
                .map(|version| {
                    json!({
                        "version": version.last_serial,
                        "first_serial": version.first_serial,
                        "last_serial": version.last_serial,
                        "at": rfc3339(version.at_ms),
                        "who": version.who,
                        "command": version.command,
                        "run": version.run,
                        "plan": version.plan,
                        "changes": version.changes,
                    })
                })
                .collect();
            let all = json!({"format_version": "1.0", "versions": versions});
            app.out().print(&format!("{all:#}\n"));
            return Ok(Exit::OK);
        }
        if versions.is_empty() {
            let there = history::snapshot(session, None).is_ok_and(|state| state.serial > 0);
            let text = match there {
                false => "The state has no history yet.\n",
                true => {
                    "There is a state, and no history of it here: where a backend keeps the state as one file, the history is on the\nmachine, and in the folder, in which it was recorded. A bucket with versioning\nhas the history of everybody.\n"
                }
            };
            app.out().print(text);
            return Ok(Exit::OK);
        }
        let mut rows = vec![
            [
                "VERSION", "SERIALS", "WHEN", "WHO", "COMMAND", "CHANGES", "RUN", "PLAN",
            ]
            .map(String::from),
        ];
        rows.extend(versions.iter().map(|version| {
            let short = |text: &str| match text.is_empty() {
                true => String::from("-"),
                false => text.chars().take(SHORT).collect(),
            };
            let shown = |text: &str| match text.is_empty() {
                true => String::from("-"),
                false => text.to_owned(),
            };
            [
                version.last_serial.to_string(),
                format!("{}-{}", version.first_serial, version.last_serial),
                rfc3339(version.at_ms),
                shown(&version.who),
                shown(&version.command),
                version.changes.to_string(),
                short(&version.run),
                short(&version.plan),
            ]
        }));
        app.out().print(&table(&rows));
        Ok(Exit::OK)
    })
}

/// Columns as wide as they must be, two spaces apart.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    });
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            write!(line, "{cell:width$}  ").ok();
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

pub(crate) fn diff(app: &mut App, parsed: &Parsed) -> Exit {
    let as_json = parsed.is("json", false);
    app.human_only();
    with_session(app, parsed, "state diff", |app, session| {
        let from = parsed.positional.first().map_or("", String::as_str);
        let to = parsed.positional.get(1).map(String::as_str);
        let found = diff::run(session, from, to)?;
        let registry = block_on(providers::for_state(session, &found.providers))?;
        let schemas = |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
        if as_json {
            let json = diff_json(&found, &schemas);
            app.out().print(&format!("{json:#}\n"));
        } else {
            let style = style(app, parsed);
            let text = diff_text(&found, &schemas, style);
            app.out().print(&text);
        }
        let differ = !found.objects.is_empty() || !found.outputs.is_empty();
        Ok(match parsed.is("detailed-exitcode", false) && differ {
            true => Exit::CHANGES,
            false => Exit::OK,
        })
    })
}

fn values(object: &ObjectDiff, schemas: Schemas<'_>) -> (Value, Value) {
    let value = |state: &Option<Arc<ObjectState>>| {
        state.as_ref().map_or(Value::NULL, |state| {
            stored_value(&object.addr, &object.provider, state, schemas)
        })
    };
    (value(&object.before), value(&object.after))
}

fn name(object: &ObjectDiff) -> String {
    match &object.deposed {
        Some(key) => format!("{} (deposed object {key})", object.addr),
        None => object.addr.to_string(),
    }
}

fn diff_text(found: &Diff, schemas: Schemas<'_>, style: Style) -> String {
    let Diff {
        from,
        to,
        objects,
        outputs,
        providers: _,
    } = found;
    if objects.is_empty() && outputs.is_empty() {
        return format!("There is no difference between version {from} and version {to}.\n");
    }
    let mut text = format!("From version {from} to version {to}:\n");
    for object in objects {
        let values = values(object, schemas);
        let what = match (&object.before, &object.after) {
            (None, _) => " was added",
            (_, None) => " was removed",
            _ => " changed",
        };
        writeln!(text, "\n  # {}{what}", name(object)).ok();
        for remark in &object.remarks {
            writeln!(text, "  # ({remark})").ok();
        }
        if values.0 != values.1 {
            let (addr, provider) = (&object.addr, &object.provider);
            text.push_str(&render_difference(
                addr,
                provider,
                (&values.0, &values.1),
                schemas,
                style,
            ));
        }
    }
    if !outputs.is_empty() {
        text.push_str("\nOutputs:\n\n");
        for output in outputs {
            let shown = |value: &Value| match value.is_null() {
                true => String::from("(none)"),
                false => render_value(value, style),
            };
            let line = format!(
                "  ~ {} = {} -> {}\n",
                output.name,
                shown(&output.before),
                shown(&output.after)
            );
            text.push_str(&line);
        }
    }
    let count = |wanted: fn(&ObjectDiff) -> bool| objects.iter().filter(|one| wanted(one)).count();
    writeln!(
        text,
        "\n{} added, {} changed, {} removed.",
        count(|one| one.before.is_none()),
        count(|one| one.before.is_some() && one.after.is_some()),
        count(|one| one.after.is_none()),
    )
    .ok();
    text
}

fn diff_json(found: &Diff, schemas: Schemas<'_>) -> Json {
    let parts = |before: &Value, after: &Value| -> Vec<Json> {
        let decoded = |text: Option<String>| {
            text.and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or(Json::Null)
        };
        diff::differences(before, after)
            .into_iter()
            .map(|one| {
                let Difference {
                    path,
                    before,
                    after,
                    sensitive,
                } = one;
                json!({
                    "path": path,
                    "before": decoded(before),
                    "after": decoded(after),
                    "sensitive": sensitive,
                })
            })
            .collect()
    };
    let objects: Vec<Json> = found
        .objects
        .iter()
        .map(|object| {
            let (before, after) = values(object, schemas);
            let change = match (&object.before, &object.after) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            };
            json!({
                "address": object.addr.to_string(),
                "deposed": object.deposed.as_ref().map(ToString::to_string),
                "provider": object.provider.to_string(),
                "change": change,
                "remarks": object.remarks,
                "attributes": parts(&before, &after),
            })
        })
        .collect();
    let outputs: Vec<Json> = found
        .outputs
        .iter()
        .map(|output| {
            json!({
                "name": output.name,
                "attributes": parts(&output.before, &output.after),
            })
        })
        .collect();
    json!({
        "format_version": "1.0",
        "from": found.from,
        "to": found.to,
        "resources": objects,
        "outputs": outputs,
    })
}

/// A message of a failure that is no failure of the program: an exit code alone.
pub(super) fn exit(good: bool) -> Result<Exit, Failure> {
    Ok(if good { Exit::OK } else { Exit::ERROR })
}
