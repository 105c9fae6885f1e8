//! `apply` and `destroy`.

use super::ending::{End, finish};
use super::plan::{begin, planning_failed, request, show};
use super::policy::Look;
use super::{block_on, saved, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{Mode, View, prompt};
use std::sync::Arc;
use terrane_ops::apply::{Approved, Done, Parts, approve, carry_out};
use terrane_ops::failure::{Failure, Report};
use terrane_ops::gate::{Closed, Consent, Policy, Refusal};
use terrane_ops::gates::book::Book;
use terrane_ops::gates::pass::{Gating, Looked, Named, not_approved, refused};
use terrane_ops::interrupt::Interrupt;
use terrane_ops::leased::{Leased, plan_and_lease};
use terrane_ops::plan::{Made, PlanRequest};
use terrane_ops::planfile::{self, Glass};
use terrane_ops::planning::plan::PlanMode;
use terrane_ops::planning::rules::condition;
use terrane_ops::policy::{PlanText, Seen};
use terrane_ops::rules;
use terrane_ops::session::Session;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    begin(app);
    match parsed.positional.first() {
        Some(path) => run_saved(app, parsed, &path.clone()),
        None => run_as(app, parsed, Run::Apply),
    }
}

pub(crate) fn run_destroy(app: &mut App, parsed: &Parsed) -> Exit {
    begin(app);
    run_as(app, parsed, Run::Destroy)
}

/// Commands that plan and apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    Apply,
    Destroy,
    /// Nobody is asked, and only the state may change.
    Refresh,
}

impl Run {
    fn command(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Destroy => "destroy",
            Self::Refresh => "refresh",
        }
    }

    /// What the command itself says of the plan.
    fn mode(self) -> Option<PlanMode> {
        match self {
            Self::Apply => None,
            Self::Destroy => Some(PlanMode::Destroy),
            Self::Refresh => Some(PlanMode::RefreshOnly),
        }
    }
}

/// Plans, asks (unless nobody is to be asked), and applies.
pub(super) fn run_as(app: &mut App, parsed: &Parsed, run: Run) -> Exit {
    let request = match request(parsed, run.mode()) {
        Ok(request) => request,
        Err(failure) => return app.show_failure(failure),
    };
    let auto = run == Run::Refresh || parsed.is("auto-approve", false);
    if app.mode() == Mode::Json && !auto {
        return app.show_failure(Failure::input(
            &rules::usage::APPROVAL_WITH_JSON,
            "Terrane cannot ask for approval when -json is set. Apply a saved plan, or give the -auto-approve option.",
        ));
    }
    with_session(app, parsed, run.command(), |app, session| {
        plan_and_apply(app, parsed, session, (run, &request), auto)
    })
}

fn plan_and_apply(
    app: &mut App,
    parsed: &Parsed,
    session: &Session,
    (run, request): (Run, &PlanRequest),
    auto: bool,
) -> Result<Exit, Failure> {
    let look = Look::prepare(parsed)?;
    let cost = super::cost::Look::prepare(parsed)?;
    block_on(async {
        let interrupt = session.attended();
        let leased = {
            let mut view = app.view();
            plan_and_lease(session, request, &interrupt, &mut view).await
        };
        let Leased { made, workspace } = match leased {
            Ok(leased) => leased,
            Err(failure) => {
                if matches!(failure, Failure::Input(_)) {
                    planning_failed(app);
                }
                return Err(failure);
            }
        };
        // Who only wants the state brought up to date looks at a plan only where something was found.
        if run != Run::Refresh || app.mode() == Mode::Human && worth_showing(&made) {
            show(app, parsed, &made);
        }
        app.show_report(&said_of_plan(&made, auto));
        let seen = Seen::new(&made.plan, &made.loaded);
        cost.at(app, &seen)?;
        look.at(app, &seen)?;
        let text = seen.into_text();
        let approved = pass_gate(app, parsed, session, (made, text), auto)?;
        let Some((approved, workspace)) = approved.zip(workspace) else {
            return Ok(Exit::ERROR);
        };
        let end = End::of(approved.plan(), run == Run::Refresh, parsed);
        let done = apply(app, session, approved, workspace, &interrupt).await?;
        Ok(finish(app, parsed, &done, &end))
    })
}

/// Whether a plan that only looks has something to say.
fn worth_showing(made: &Made) -> bool {
    made.plan.errored || !made.plan.drift.is_empty()
}

/// What is said with a plan. Where it is applied without a question, what checks say comes then, when all is known.
fn said_of_plan(made: &Made, auto: bool) -> Report {
    let mut report = made.report();
    // Where only the state changes, they are not asked again.
    if auto && !made.plan.errored && made.plan.mode == PlanMode::Normal {
        report.diagnostics = report
            .diagnostics
            .into_iter()
            .filter(|diagnostic| {
                let of_checks = [&condition::CHECK_UNKNOWN, &condition::CHECK_FAILED];
                !of_checks
                    .iter()
                    .any(|rule| diagnostic.code == Some(rule.code))
            })
            .collect();
    }
    report
}

fn run_saved(app: &mut App, parsed: &Parsed, path: &str) -> Exit {
    let planning = [
        "target",
        "exclude",
        "replace",
        "target-file",
        "exclude-file",
    ];
    if let Some((flag, _)) = parsed.values(&planning).next() {
        return app.show_failure(Failure::input(
            &rules::usage::OPTION_WITH_SAVED_PLAN,
            format!("The option -{flag} says how to make a plan; the saved plan {path:?} is made already. Leave the option out."),
        ));
    }
    if parsed.is("destroy", false) || parsed.is("refresh-only", false) {
        return app.show_failure(Failure::input(
            &rules::usage::OPTION_WITH_SAVED_PLAN,
            "-destroy and -refresh-only say how to make a plan; the saved one is made already. Leave them out.",
        ));
    }
    with_session(app, parsed, "apply", |app, session| {
        let glass = glass(app, parsed, session)?;
        block_on(async {
            let interrupt = session.attended();
            let approved = saved::load_to_apply(app, session, path, parsed, glass.as_ref()).await?;
            if let View::Json(mut view) = app.view() {
                view.planned(approved.plan());
            } else if let Some(looked) = approved.looked() {
                let text = super::gates::section(&looked);
                app.out().print(&text);
            }
            let workspace = session.acquire(approved.claim(), Some(&interrupt))?;
            let end = End::of(approved.plan(), false, parsed);
            let done = apply(app, session, approved, workspace, &interrupt).await?;
            Ok(finish(app, parsed, &done, &end))
        })
    })
}

async fn apply(
    app: &mut App,
    session: &Session,
    approved: Approved,
    workspace: terrane_ops::session::OpenWorkspace,
    interrupt: &Arc<Interrupt>,
) -> Result<Done, Failure> {
    let mut view = app.view();
    view.expect(approved.steps());
    carry_out(session, approved, workspace, interrupt, &mut view).await
}

/// Asks for approval where somebody must be asked. `None`: it was not given, which was said.
fn pass_gate(
    app: &mut App,
    parsed: &Parsed,
    session: &Session,
    (made, text): (Made, PlanText),
    auto: bool,
) -> Result<Option<Approved>, Failure> {
    if made.plan.errored {
        // The errors were shown with the plan.
        return Ok(None);
    }
    let nothing_to_do = made.plan.is_empty();
    let mode = made.plan.mode;
    let invokes = !made.plan.invocations.is_empty();
    let book = Book::open(session)?;
    let parts = Parts::of(session, made, text, book.as_ref())?;
    let gating = gates(app, parsed, session, (book, &parts))?;
    let (policy, decision) = if auto || nothing_to_do {
        (Policy::AutoApprove, Consent::Auto)
    } else if !app.input_enabled(parsed) {
        return Err(Failure::input(
            &rules::usage::APPROVAL_NEEDED,
            "Applying this plan needs an approval, and -input=false says that nobody can be asked. Give the -auto-approve option, or save the plan with `terrane plan -out=FILE` and apply that.",
        ));
    } else {
        let question = if invokes && mode == PlanMode::RefreshOnly {
            "\nDo you want to have this done?\n  Terrane will have the actions done that are described above.\n  There is no undo. Only 'yes' will be accepted to approve.\n\n  Enter a value: ".to_owned()
        } else {
            question(mode, &session.workspace()?)
        };
        match prompt(app.out(), &question, false).as_deref() {
            Some("yes") => (Policy::Ask, Consent::Confirmed),
            _ => (Policy::Ask, Consent::Declined),
        }
    };
    match approve(parts, gating, policy, &decision) {
        Ok(approved) => Ok(Some(approved)),
        Err(refusal @ (Refusal::Closed(_) | Refusal::Unsound(_))) => Err(not_approved(&refusal)),
        Err(Refusal::Errored) => Ok(None),
        Err(Refusal::Declined | Refusal::NotAsked) => {
            let what = if mode == PlanMode::Destroy {
                "Destroy cancelled."
            } else {
                "Apply cancelled."
            };
            app.out().print(&format!("\n{what}\n"));
            Ok(None)
        }
    }
}

/// Opens the gates for a plan that was made just now, as far as they open without anybody. `None`: there are none.
fn gates(
    app: &mut App,
    parsed: &Parsed,
    session: &Session,
    (book, parts): (Option<Book>, &Parts),
) -> Result<Option<Gating>, Failure> {
    let seen = &parts.seen();
    let glass = glass(app, parsed, session)?;
    let named = Named {
        author: &session.who(),
        digest: parts.digest(),
    };
    let programs = planfile::programs_of(session, seen.loaded())?;
    let Some(mut gating) = Gating::new(book, seen.plan(), named, programs)? else {
        return match glass {
            None => Ok(None),
            Some(_) => Err(Failure::input(
                &rules::gates::NO_GATES,
                "There are no gates here, so there is no glass to break.",
            )),
        };
    };
    let Looked { meaning, verdict } = match &glass {
        None => {
            gating.book.check_unchanged()?;
            gating.weigh(parts)
        }
        Some(glass) => {
            let Looked { meaning, .. } = planfile::break_glass(session, &mut gating, seen, glass)?;
            Looked {
                verdict: gating.judge_again(&seen.plan().timestamp, &meaning),
                meaning,
            }
        }
    };
    gating.book.pin(session)?;
    if !verdict.is_open() && !verdict.only_lacks_confirmation() {
        return Err(refused(&Closed { verdict, meaning }));
    }
    if app.mode() == Mode::Human {
        let text = super::gates::section(&Looked { meaning, verdict });
        app.out().print(&text);
    }
    Ok(Some(gating))
}

/// Who breaks the glass, and why, if that is asked for.
fn glass(app: &mut App, parsed: &Parsed, session: &Session) -> Result<Option<Glass>, Failure> {
    let Some(reason) = parsed.value("break-glass") else {
        return Ok(None);
    };
    if reason.trim().is_empty() {
        return Err(Failure::input(
            &rules::gates::GLASS_HOLDS,
            "-break-glass needs a reason, which is recorded.",
        ));
    }
    Ok(Some(Glass {
        reason: reason.to_owned(),
        key: super::gates::key(app, parsed, session)?,
    }))
}

fn question(mode: PlanMode, workspace: &str) -> String {
    let place = if workspace == "default" {
        String::new()
    } else {
        format!(" in workspace {workspace:?}")
    };
    let (question, what) = match mode {
        PlanMode::Normal => (
            format!("Do you want to perform these actions{place}?"),
            "Terrane will perform the actions described above.\n  Only 'yes' will be accepted to approve.",
        ),
        PlanMode::RefreshOnly => (
            format!(
                "Would you like to update the Terrane state{place} to reflect these detected changes?"
            ),
            "Terrane will write these changes to the state without modifying any real infrastructure.\n  There is no undo. Only 'yes' will be accepted to confirm.",
        ),
        PlanMode::Destroy => (
            format!("Do you really want to destroy all resources{place}?"),
            "Terrane will destroy all your managed infrastructure, as shown above.\n  There is no undo. Only 'yes' will be accepted to confirm.",
        ),
    };
    format!("\n{question}\n  {what}\n\n  Enter a value: ")
}
