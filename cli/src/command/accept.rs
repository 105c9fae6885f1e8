//! `gates accept`: agreeing to other gates, or to a clock that was ahead.

use super::gates::{confirmed, key};
use super::with_session;
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::gates as view;
use serde_json::json;
use terrane_ops::gates::change::{Progress, Proposal, Subject, proposed};

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    app.human_only();
    let as_json = parsed.is("json", false);
    let comment = parsed.value("comment").unwrap_or_default();
    let subject = match parsed.is("clock", false) {
        true => Subject::Clock,
        false => Subject::Files,
    };
    with_session(app, parsed, "gates accept", |app, session| {
        let progress = match proposed(session, subject)? {
            None => Progress::Nothing,
            Some(proposal) => {
                if !as_json {
                    show(app, &proposal, subject);
                }
                // Nobody should say yes to find out then that they can't.
                let key = key(app, parsed, session)?;
                proposal.check(&key)?;
                let question = match subject {
                    Subject::Files => "Do you agree that these are the gates?",
                    Subject::Clock => "Do you agree that this time is not past yet?",
                };
                if !confirmed(app, parsed, question)? {
                    app.out().print("\nNothing was decided.\n");
                    return Ok(Exit::ERROR);
                }
                proposal.agree(session, &key, comment)?
            }
        };
        if as_json {
            app.out().print(&format!("{}\n", answer(&progress)));
        } else {
            app.out().print(&format!("{}\n", said(&progress, subject)));
        }
        Ok(Exit::OK)
    })
}

/// Shows what is to be agreed to, and how far it is.
fn show(app: &mut App, proposal: &Proposal, subject: Subject) {
    let color = app.out().color();
    let text = match subject {
        Subject::Files => view::change(proposal, color),
        Subject::Clock => view::clock(proposal.past_ms()),
    };
    let so_far = view::so_far(&proposal.agreement());
    app.out().print(&format!("{text}\n{so_far}"));
}

fn said(progress: &Progress, subject: Subject) -> String {
    match (progress, subject) {
        (Progress::Nothing, Subject::Files) => {
            String::from("The gates are in force as they are in the files.")
        }
        (Progress::Nothing, Subject::Clock) => {
            String::from("The clock of this machine is not behind what is recorded.")
        }
        (Progress::Done { by }, Subject::Files) => {
            format!(
                "The gates are in force now, agreed to by {}.",
                by.join(", ")
            )
        }
        (Progress::Done { by }, Subject::Clock) => format!(
            "From now on times up to now are past, and no later ones: agreed to by {}.",
            by.join(", ")
        ),
        (Progress::Waits { have, who, against }, _) => {
            let have = match have.as_slice() {
                [] => String::from("Nobody who has a say in this has agreed yet"),
                have => format!("Agreed to by {}", have.join(", ")),
            };
            match against.as_slice() {
                [] => format!(
                    "{have}. Before it is so, others must agree too: {}.",
                    who.join(", ")
                ),
                against => format!("{have}, and {} said no.", against.join(", ")),
            }
        }
    }
}

fn answer(progress: &Progress) -> serde_json::Value {
    let (state, have, who) = match progress {
        Progress::Nothing => ("in_force", &[][..], &[][..]),
        Progress::Done { by } => ("in_force", by.as_slice(), &[][..]),
        Progress::Waits { have, who, .. } => ("waits", have.as_slice(), who.as_slice()),
    };
    json!({"state": state, "agreed_by": have, "who": who})
}
