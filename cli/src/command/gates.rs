//! `approve`, `reject` and `gates`: looking at a saved plan with the eyes of the gates, and deciding about it.

use super::{Page, block_on, good, style, with_session, written};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{View, prompt};
use serde_json::json;
use terrane_ops::failure::Failure;
use terrane_ops::gate::decision::{Decision, DecisionKind};
use terrane_ops::gate::key::PrivateKey;
use terrane_ops::gate::verdict::explain;
use terrane_ops::gates::decide::{self, Case, Request, USUAL_MS};
use terrane_ops::gates::pass::{Looked, preview as preview_of};
use terrane_ops::gates::{book::Book, keys};
use terrane_ops::lang::diagnostic::Severity;
use terrane_ops::model::span;
use terrane_ops::planning::view::text;
use terrane_ops::policy::Seen;
use terrane_ops::rules;
use terrane_ops::session::Session;

pub(crate) fn approve(app: &mut App, parsed: &Parsed) -> Exit {
    run(app, parsed, DecisionKind::Approve)
}

pub(crate) fn reject(app: &mut App, parsed: &Parsed) -> Exit {
    run(app, parsed, DecisionKind::Reject)
}

/// Opens the key that the arguments name.
pub(super) fn key(
    app: &mut App,
    parsed: &Parsed,
    session: &Session,
) -> Result<PrivateKey, Failure> {
    let path = keys::path(session, parsed.value("key"))?;
    let may_ask = app.input_enabled(parsed);
    keys::load(session, &path, &mut |question| {
        may_ask.then(|| prompt(app.out(), question, true)).flatten()
    })
}

/// Signs that a plan that was saved just now is one's own.
pub(super) fn sign(
    app: &mut App,
    parsed: &Parsed,
    session: &Session,
    path: &str,
) -> Result<(), Failure> {
    let key = key(app, parsed, session)?;
    let mut case = block_on(decide::look(session, path))?;
    if case.looked.meaning.items.is_empty() {
        return Ok(());
    }
    let request = Request {
        kind: DecisionKind::Author,
        comment: String::new(),
        valid_ms: None,
        only: Vec::new(),
        gate: None,
    };
    decide::decide(session, &mut case, path, &request, &key).map(drop)
}

fn run(app: &mut App, parsed: &Parsed, kind: DecisionKind) -> Exit {
    let as_json = parsed.is("json", false);
    app.human_only();
    let path = parsed.positional.first().cloned().unwrap_or_default();
    let valid_ms = match parsed.value("expires") {
        // A no has no end: it is taken back, or it stays.
        None => (kind != DecisionKind::Reject).then_some(USUAL_MS),
        Some("never") => None,
        Some(text) => {
            match span::parse(text).filter(|length| *length > 0) {
                Some(length) => Some(length),
                None => {
                    return app.usage_error(
                    None,
                    &format!("-expires={text} is no length of time: write it as in 8h or 7d, or never."),
                );
                }
            }
        }
    };
    let request = Request {
        kind,
        comment: parsed.value("comment").unwrap_or_default().to_owned(),
        valid_ms,
        only: parsed
            .values(&["only"])
            .map(|(_, value)| value.to_owned())
            .collect(),
        gate: parsed.value("gate").map(str::to_owned),
    };
    with_session(app, parsed, kind.name(), |app, session| {
        let mut case = block_on(decide::look(session, &path))?;
        if !as_json {
            show(app, parsed, &case);
        }
        // Nobody should say yes to find out then that they can't.
        let key = key(app, parsed, session)?;
        case.check(&key)?;
        let question = match kind {
            DecisionKind::Reject => "Do you reject these actions?",
            _ => "Do you approve these actions?",
        };
        if !confirmed(app, parsed, question)? {
            app.out().print("\nNothing was decided.\n");
            return Ok(Exit::ERROR);
        }
        let decision = decide::decide(session, &mut case, &path, &request, &key)?;
        let (meaning, verdict) = (&case.looked.meaning, &case.looked.verdict);
        if as_json {
            let answer = json!({
                "decision": kind.name(),
                "id": decision.statement.id.to_string(),
                "plan": case.saved.digest,
                "actions": decision.statement.items.len(),
                "verdict": explain::json(verdict, meaning),
            });
            app.out().print(&format!("{answer}\n"));
            return Ok(Exit::OK);
        }
        told(app, &case, &decision, &path);
        Ok(Exit::OK)
    })
}

/// Says what was decided, and what the plan still needs.
fn told(app: &mut App, case: &Case, decision: &Decision, path: &str) {
    let (meaning, verdict) = (&case.looked.meaning, &case.looked.verdict);
    let word = match decision.statement.kind {
        DecisionKind::Reject => "Rejected",
        _ => "Approved",
    };
    let sentence = good(
        app,
        &format!(
            "{word}: {} of {} actions.",
            decision.statement.items.len(),
            meaning.items.len()
        ),
    );
    let counts = match explain::why_ignored(verdict, &decision.statement.id) {
        None => String::new(),
        Some(why) => format!("\nIt does not count: {why}."),
    };
    let state = if verdict.is_open() {
        format!("All gates are open: the plan can be applied with `terrane apply {path:?}`.")
    } else {
        format!(
            "Gates that are still closed:\n\n{}",
            explain::text(verdict, meaning)
        )
    };
    app.out().print(&format!(
        "\n{sentence} The decision is in {:?} and in the audit log.{counts}\n{state}\n",
        decide::beside(path)
    ));
}

/// Asks whether something is to be signed, unless `-auto-approve` says so.
pub(super) fn confirmed(app: &mut App, parsed: &Parsed, question: &str) -> Result<bool, Failure> {
    if parsed.is("auto-approve", false) {
        return Ok(true);
    }
    // An answer in JSON is read by a program, which can't be asked.
    if !app.input_enabled(parsed) || parsed.is("json", false) {
        return Err(Failure::input(
            &rules::usage::APPROVAL_NEEDED,
            "Nobody can be asked whether this is meant. Give the -auto-approve option.",
        ));
    }
    let text = format!(
        "\n{question}\n  Only 'yes' will be accepted to sign the decision.\n\n  Enter a value: "
    );
    Ok(prompt(app.out(), &text, false).as_deref() == Some("yes"))
}

/// Shows the plan, what it is called, and what the gates say.
fn show(app: &mut App, parsed: &Parsed, case: &Case) {
    let style = style(app, parsed);
    let registry = case.saved.loaded.registry.clone();
    let schemas = move |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
    written(text::render_to(
        &mut Page(app.out()),
        &case.saved.plan,
        &schemas,
        style,
    ));
    tell(app, case);
}

fn tell(app: &mut App, case: &Case) {
    let author = match case.gating.author.as_str() {
        "" => "somebody",
        author => author,
    };
    app.out().print(&format!(
        "\nPlan {}\nMade by {author} at {}; its meaning is {}.\n{}",
        case.saved.digest,
        case.saved.plan.timestamp,
        hex::encode(case.looked.meaning.digest),
        section(&case.looked)
    ));
}

/// What the gates say, under a heading. Nothing where they have nothing to say: the plan does nothing.
pub(super) fn section(looked: &Looked) -> String {
    match explain::text(&looked.verdict, &looked.meaning) {
        text if text.is_empty() => text,
        text => format!("\nGates:\n{text}"),
    }
}

/// Shows what the gates say to a plan that was made just now, and tells whether it may be applied. What is wrong with the gates themselves is only a warning
/// here: a plan that nobody applies harms nobody.
pub(super) fn preview(app: &mut App, session: &Session, seen: &Seen<'_>) -> bool {
    let (gating, looked) = match preview_of(session, seen) {
        Ok(None) => return true,
        Ok(Some(found)) => found,
        Err(failure) => {
            let mut report = failure.into_report();
            for diagnostic in report.diagnostics.iter_mut() {
                diagnostic.severity = Severity::Warning;
            }
            app.show_report(&report);
            return false;
        }
    };
    let changed = gating.book.changed.is_some();
    // Whoever applies is asked then.
    let open = looked.verdict.is_open() || looked.verdict.only_lacks_confirmation();
    if let View::Json(mut view) = app.view() {
        let gates = json!({
            "changed": changed,
            "verdict": explain::json(&looked.verdict, &looked.meaning),
        });
        let message = if open && !changed {
            "Gates: open"
        } else {
            "Gates: closed"
        };
        let rest = serde_json::Map::from_iter([(String::from("gates"), gates)]);
        view.line("info", message, "gates", rest);
    } else {
        app.out().print(&section(&looked));
        warn_changed(app, &gating.book);
    }
    open && !changed
}

/// `gates [PLAN]`: what gates there are; what a plan needs and has. The exit code says whether it may be applied.
pub(crate) fn gates(app: &mut App, parsed: &Parsed) -> Exit {
    let as_json = parsed.is("json", false);
    app.human_only();
    let path = parsed.positional.first().cloned();
    with_session(app, parsed, "gates", |app, session| {
        let Some(path) = path else {
            return list(app, session, as_json);
        };
        let Some(case) = block_on(decide::look_if_gated(session, &path))? else {
            app.out().print(if as_json {
                "{\"gates\":null}\n"
            } else {
                "There are no gates here: the plan can be applied without anybody's approval.\n"
            });
            return Ok(Exit::OK);
        };
        let open = case.looked.verdict.is_open() && case.gating.book.changed.is_none();
        if as_json {
            let answer = json!({
                "plan": case.saved.digest,
                "author": case.gating.author,
                "gates": case.gating.book.rules.digest(),
                "changed": case.gating.book.changed.is_some(),
                "verdict": explain::json(&case.looked.verdict, &case.looked.meaning),
            });
            app.out().print(&format!("{answer}\n"));
        } else {
            tell(app, &case);
            warn_changed(app, &case.gating.book);
        }
        Ok(if open { Exit::OK } else { Exit::ERROR })
    })
}

pub(super) fn warn_changed(app: &mut App, book: &Book) {
    if book.changed.is_some() {
        app.out().print("\nThe files of gates are not those that are in force. `terrane gates accept` agrees to them.\n");
    }
}

/// Lists the gates in force.
fn list(app: &mut App, session: &Session, as_json: bool) -> Result<Exit, Failure> {
    let Some(book) = Book::open(session)? else {
        app.out().print(if as_json {
            "{\"gates\":[]}\n"
        } else {
            "There are no gates here.\n"
        });
        return Ok(Exit::OK);
    };
    let rules = &book.rules;
    if as_json {
        let gates: Vec<_> = rules
            .gates
            .gates
            .iter()
            .map(|gate| json!({"name": gate.name.as_str(), "description": gate.description.as_str()}))
            .collect();
        let people: Vec<&str> = rules
            .gates
            .people
            .keys()
            .map(|name| name.as_str())
            .collect();
        let answer = json!({
            "digest": rules.digest(),
            "in_force": book.is_pinned,
            "changed": book.changed.is_some(),
            "people": people,
            "gates": gates,
        });
        app.out().print(&format!("{answer}\n"));
        return Ok(Exit::OK);
    }
    app.show_report(&rules.warnings);
    let mut out = String::new();
    for gate in &rules.gates.gates {
        let what = match gate.description.as_str() {
            "" => String::new(),
            text => format!(": {text}"),
        };
        out.extend(["  ", &gate.name, &what, "\n"]);
    }
    let people: Vec<&str> = rules
        .gates
        .people
        .keys()
        .map(|name| name.as_str())
        .collect();
    let state = if book.is_pinned {
        "in force"
    } else {
        "in force from the next plan on"
    };
    let people = match people.as_slice() {
        [] => String::from("Nobody can decide: the files name no `person`."),
        people => format!("People who can decide: {}.", people.join(", ")),
    };
    app.out().print(&format!(
        "Gates {state} (digest {}):\n{out}\n{people}\n",
        rules.digest(),
    ));
    warn_changed(app, &book);
    Ok(Exit::OK)
}
