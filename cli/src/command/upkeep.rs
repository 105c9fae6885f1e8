//! `state fsck`, `backup`, `restore`, `prune` and `resolve`.

use super::history::exit;
use super::{block_on, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::counted;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use terrane_ops::audit::LogFate;
use terrane_ops::clock::rfc3339;
use terrane_ops::import::{self, ImportRequest};
use terrane_ops::model::event::{Intent, Operation};
use terrane_ops::model::span;
use terrane_ops::session::Session;
use terrane_ops::state::fsck::Gravity;
use terrane_ops::state::prune::Policy;
use terrane_ops::state::resolve::Finding;
use terrane_ops::state::{
    backup as backup_op, fsck as fsck_op, prune as prune_op, resolve as resolve_op,
};

fn word(gravity: Gravity) -> &'static str {
    match gravity {
        Gravity::Note => "note",
        Gravity::Warning => "warning",
        Gravity::Error => "error",
    }
}

pub(crate) fn fsck(app: &mut App, parsed: &Parsed) -> Exit {
    let (as_json, repair) = (parsed.is("json", false), parsed.is("repair", false));
    app.human_only();
    with_session(app, parsed, "state fsck", |app, session| {
        let found = fsck_op::run(session, repair)?;
        let good = !found.is_damaged();
        if as_json {
            let findings: Vec<Json> = found
                .findings
                .iter()
                .map(|one| {
                    json!({
                        "gravity": word(one.gravity),
                        "place": one.place,
                        "problem": one.problem,
                        "done": one.done,
                    })
                })
                .collect();
            let all = json!({
                "format_version": "1.0",
                "sound": good,
                "generations": found.generations,
                "records": found.records,
                "versions": found.versions,
                "serial": found.serial,
                "instances": found.instances,
                "findings": findings,
            });
            app.out().print(&format!("{all:#}\n"));
            return exit(good);
        }
        let mut text = String::new();
        for one in &found.findings {
            writeln!(
                text,
                "{}: {}: {}",
                word(one.gravity),
                one.place,
                one.problem
            )
            .ok();
            if let Some(done) = &one.done {
                writeln!(text, "  repaired: {done}").ok();
            }
        }
        write!(
            text,
            "{}, {}, {}; serial {}, {}: ",
            counted(found.generations, "journal"),
            counted(found.records, "record"),
            counted(found.versions, "version"),
            found.serial,
            counted(found.instances, "instance")
        )
        .ok();
        let wrong = |done: bool| {
            found
                .findings
                .iter()
                .filter(|one| one.gravity == Gravity::Error && one.done.is_some() == done)
                .count()
        };
        let verdict = match (wrong(false), wrong(true)) {
            (0, 0) => String::from("the state is sound.\n"),
            (0, mended) => format!("{}, all repaired.\n", counted(mended, "error")),
            (left, _) if repair => {
                format!("{} could not be repaired.\n", counted(left, "error"))
            }
            (left, _) => format!(
                "{}. Nothing was changed: `terrane state fsck -repair` mends what can be mended.\n",
                counted(left, "error")
            ),
        };
        text.push_str(&verdict);
        app.out().print(&text);
        exit(good)
    })
}

fn first(parsed: &Parsed) -> String {
    parsed.positional.first().cloned().unwrap_or_default()
}

pub(crate) fn backup(app: &mut App, parsed: &Parsed) -> Exit {
    let path = first(parsed);
    with_session(app, parsed, "state backup", |app, session| {
        let written = backup_op::run(session, &path)?;
        app.out().print(&format!(
            "Saved the state up to serial {} to {path}: {}, {}.\n",
            written.serial,
            counted(written.records, "record"),
            counted(written.bytes, "byte")
        ));
        Ok(Exit::OK)
    })
}

pub(crate) fn restore(app: &mut App, parsed: &Parsed) -> Exit {
    let path = first(parsed);
    let force = parsed.is("force", false);
    with_session(app, parsed, "state restore", |app, session| {
        let done = backup_op::restore(session, &path, force)?;
        let mut text = format!(
            "Restored the state as of serial {} (backup of {}). It is serial {} now.\n",
            done.of,
            rfc3339(done.at_ms),
            done.serial
        );
        if done.versions > 0 {
            writeln!(text, "{} came with it.", counted(done.versions, "version")).ok();
        }
        text.push_str(match done.log {
            None | Some(LogFate::Present) => "",
            Some(LogFate::Taken(_)) => "The audit log came with it.\n",
            Some(LogFate::Other) => {
                "The audit log in the backup is another one than the log here, which stays.\n"
            }
            Some(LogFate::NoPlace) => {
                "The audit log stays in the backup: there is no place for one beside this state.\n"
            }
        });
        if !done.forgotten.is_empty() {
            text.push_str(
                "\nThe state held these, and the backup does not. The objects still exist, and are not managed\nany more; the version before this one knows them (`terrane state history`):\n",
            );
            for addr in &done.forgotten {
                writeln!(text, "  {addr}").ok();
            }
        }
        app.out().print(&text);
        Ok(Exit::OK)
    })
}

pub(crate) fn prune(app: &mut App, parsed: &Parsed) -> Exit {
    let dry_run = parsed.is("dry-run", false);
    let keep = match parsed.value("keep").map(str::parse::<u64>) {
        None => None,
        Some(Ok(keep)) if keep > 0 => Some(keep),
        Some(_) => return app.usage_error(None, "-keep needs a whole number above 0."),
    };
    let older_than_ms = match parsed.value("older-than") {
        None => None,
        Some(text) => match span::parse(text) {
            Some(span) => Some(span),
            None => {
                return app.usage_error(
                    None,
                    &format!("Invalid value {text:?} for -older-than: a time such as 12h, 30d or 8w is needed."),
                );
            }
        },
    };
    let policy = (keep.is_some() || older_than_ms.is_some()).then_some(Policy {
        keep,
        older_than_ms,
    });
    with_session(app, parsed, "state prune", |app, session| {
        let save = parsed.is("save", false);
        let done = prune_op::run(session, policy, save, dry_run)?;
        let word = if dry_run { "Would forget" } else { "Forgot" };
        let mut text = format!(
            "{word} {}, {}. {} left, from serial {} on.\n",
            counted(done.versions, "version"),
            counted(done.bytes, "byte"),
            counted(done.left, "version"),
            done.oldest
        );
        if save && !dry_run {
            text.push_str("From now on, this is done whenever the journal is compacted.\n");
        }
        app.out().print(&text);
        Ok(Exit::OK)
    })
}

pub(crate) fn resolve(app: &mut App, parsed: &Parsed) -> Exit {
    let (absent, unchanged) = (parsed.is("absent", false), parsed.is("unchanged", false));
    let id = parsed.value("id").map(str::to_owned);
    let given = usize::from(absent) + usize::from(unchanged) + usize::from(id.is_some());
    match (parsed.positional.is_empty(), given) {
        (true, 0) | (false, 1) => {}
        (true, _) => {
            return app.usage_error(
                None,
                "An address is needed: that of the object in question.",
            );
        }
        (false, _) => {
            return app.usage_error(
                None,
                "Say what became of it: -absent, -unchanged or -id=ID, and only one of them.",
            );
        }
    }
    if id.is_some() && parsed.positional.len() != 1 {
        return app.usage_error(None, "-id is about one object, so one address is needed.");
    }
    with_session(app, parsed, "state resolve", |app, session| {
        if parsed.positional.is_empty() {
            return list(app, session);
        }
        if let Some(id) = id {
            let request = ImportRequest {
                address: first(parsed),
                id,
                config: None,
                variables: variables(parsed),
            };
            let report = {
                let mut view = app.view();
                block_on(async {
                    let interrupt = session.attended();
                    import::run(session, &request, &interrupt, &mut view).await
                })?
            };
            app.show_report(&report);
            app.out().print(&format!(
                "Settled: {} is in the state now.\n",
                first(parsed)
            ));
            return Ok(Exit::OK);
        }
        let finding = if absent {
            Finding::Absent
        } else {
            Finding::Unchanged
        };
        for intent in resolve_op::run(session, &parsed.positional, finding)? {
            app.out()
                .print(&format!("Settled: {}\n", describe(&intent)));
        }
        Ok(Exit::OK)
    })
}

fn list(app: &mut App, session: &Session) -> Result<Exit, terrane_ops::failure::Failure> {
    let open = resolve_op::open(session)?;
    if open.is_empty() {
        app.out()
            .print("No change is open: nothing has to be settled.\n");
    }
    for (op, intent) in open {
        app.out().print(&format!("{op}  {}\n", describe(&intent)));
    }
    Ok(Exit::OK)
}

fn describe(intent: &Intent) -> String {
    let what = match intent.operation {
        Operation::Create => String::from("creation"),
        Operation::Update => String::from("update"),
        Operation::Delete => String::from("deletion"),
        Operation::Provision(at) => format!("provisioner {} after the creation", at + 1),
        Operation::Invoke => String::from("invocation"),
    };
    format!("{what} of {}", intent.object.instance)
}
