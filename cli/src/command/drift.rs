//! `drift`, `reconcile` and `adopt`.

use super::plan::{begin, footer, planning_failed, show};
use super::policy::Look;
use super::{block_on, good, saved, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{Mode, counted, drift as view};
use std::collections::BTreeSet;
use std::sync::Arc;
use terrane_ops::clock::{now_ms, rfc3339};
use terrane_ops::drift::adopt::{self as adoption, Adoption};
use terrane_ops::drift::notify::{Recipients, notify};
use terrane_ops::drift::watch::{RealTime, Schedule, by_chance, watch};
use terrane_ops::drift::{Budget, Class, Found, Listed, Request, detect, kept};
use terrane_ops::failure::{Failure, Report};
use terrane_ops::interrupt::Interrupt;
use terrane_ops::lang::diagnostic::Diagnostic;
use terrane_ops::leased;
use terrane_ops::plan::{Made, PlanRequest, make};
use terrane_ops::planning::plan::Action;
use terrane_ops::planning::rules as planning_rules;
use terrane_ops::policy::Seen;
use terrane_ops::rules;
use terrane_ops::session::Session;
use terrane_ops::ui::Silent;

/// What is done with what was found.
struct Wanted {
    request: Request,
    least: Class,
    only_new: bool,
    json: bool,
    html: Option<String>,
    recipients: Option<Recipients>,
}

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    app.human_only();
    let schedule = match schedule(app, parsed) {
        Ok(schedule) => schedule,
        Err(exit) => return exit,
    };
    let wanted = match wanted(app, parsed) {
        Ok(wanted) => wanted,
        Err(exit) => return exit,
    };
    with_session(app, parsed, "drift", |app, session| {
        block_on(async {
            let interrupt = session.attended();
            let Some(schedule) = schedule else {
                return look(app, session, &wanted, &interrupt).await;
            };
            app.out().error(&first_look(&schedule));
            let each = async |_planned_ms: u64| match look(app, session, &wanted, &interrupt).await
            {
                Ok(_) => Ok(()),
                Err(failure @ Failure::Interrupted(_)) => Err(failure),
                // The next time may be better.
                Err(failure) => {
                    app.show_failure(failure);
                    Ok(())
                }
            };
            watch(&schedule, &RealTime, &interrupt, by_chance, each).await?;
            Ok(Exit::OK)
        })
    })
}

/// Shows messages where they are not taken for a report.
fn mention(app: &mut App, wanted: &Wanted, messages: &Report) {
    if wanted.json {
        app.show_aside(messages);
    } else {
        app.show_report(messages);
    }
}

/// Looks once, and tells everybody.
async fn look(
    app: &mut App,
    session: &Session,
    wanted: &Wanted,
    interrupt: &Arc<Interrupt>,
) -> Result<Exit, Failure> {
    let mut found = detect(session, &wanted.request, interrupt, &mut Silent).await?;
    let whole = wanted.request.targets.is_empty() && wanted.request.excludes.is_empty();
    let told = kept::compare(session, &mut found.report, whole)?;
    let report = &found.report;
    if wanted.json {
        app.out().print(&format!("{}\n", report.json()));
    } else {
        let color = app.out().color();
        app.out()
            .print(&view::text(report, wanted.least, wanted.only_new, color));
    }
    if let Some(path) = &wanted.html {
        std::fs::write(path, view::html::page(report))
            .map_err(Failure::io(format!("Writing the report {path} failed")))?;
    }
    mention(app, wanted, &found.messages);
    let mut everybody = true;
    if let Some(recipients) = &wanted.recipients {
        let said = notify(session, recipients, report, &view::letter, now_ms()).await;
        let undelivered = Some(rules::drift::NOT_NOTIFIED.code);
        everybody = said.diagnostics.iter().all(|one| one.code != undelivered);
        mention(app, wanted, &said);
    }
    app.out().flush().ok();
    // Last, so that whatever goes wrong before leads to saying it again, never to silence.
    told.keep(everybody)?;
    Ok(if !report.complete {
        Exit::ERROR
    } else if report.has(wanted.least, wanted.only_new) {
        Exit::CHANGES
    } else {
        Exit::OK
    })
}

fn schedule(app: &mut App, parsed: &Parsed) -> Result<Option<Schedule>, Exit> {
    let Some(cron) = parsed.value("watch") else {
        let given = parsed.values(&["jitter", "timezone"]);
        let given = given.map(|(name, _)| name).next();
        return match given.or(parsed.is("now", false).then_some("now")) {
            None => Ok(None),
            Some(name) => Err(app.usage_error(
                None,
                &format!("-{name} is about a schedule, and none is given: add -watch=CRON."),
            )),
        };
    };
    let jitter = match parsed.value("jitter") {
        None => Some(60_000),
        Some("0") => Some(0),
        Some(text) => {
            crate::app::duration(text).and_then(|length| u64::try_from(length.as_millis()).ok())
        }
    };
    let Some(jitter_ms) = jitter else {
        return Err(app.usage_error(None, "-jitter needs a length of time such as 30s or 10m."));
    };
    let zone = parsed.value("timezone").unwrap_or("UTC");
    match Schedule::new(cron, zone, jitter_ms) {
        Ok(mut schedule) => {
            schedule.at_once = parsed.is("now", false);
            Ok(Some(schedule))
        }
        Err(failure) => Err(app.show_failure(failure)),
    }
}

/// When it is looked, so that nobody waits in doubt.
fn first_look(schedule: &Schedule) -> String {
    let next = schedule.next_ms(now_ms()).map(rfc3339);
    let at_once = if schedule.at_once { "now, and " } else { "" };
    match next {
        Some(next) => format!("Looking {at_once}first on schedule at {next}, until interrupted.\n"),
        None => format!("Looking {at_once}never again: the schedule has no moment to come.\n"),
    }
}

fn least(app: &mut App, parsed: &Parsed) -> Result<Class, Exit> {
    let name = parsed.value("least").unwrap_or("changed");
    Class::named(name).ok_or_else(|| {
        app.usage_error(
            None,
            &format!("-least={name} is no class; there are harmless, changed, security and gone."),
        )
    })
}

fn request(app: &mut App, parsed: &Parsed) -> Result<Request, Exit> {
    let all = |name: &'static str| -> Vec<String> {
        let names = [name];
        let values = parsed.values(&names);
        values.map(|(_, value)| value.to_owned()).collect()
    };
    let types = all("unmanaged-type");
    let list = if !types.is_empty() {
        Listed::Types(types)
    } else if parsed.is("unmanaged", false) {
        Listed::OfState
    } else {
        Listed::Nothing
    };
    let budget = match parsed.value("max-calls-per-minute") {
        None => None,
        Some(text) => match text.parse().ok().filter(|most| *most > 0) {
            Some(most) => Some(Arc::new(Budget::per_minute(most))),
            None => {
                return Err(
                    app.usage_error(None, "-max-calls-per-minute needs a whole number above 0.")
                );
            }
        },
    };
    Ok(Request {
        variables: variables(parsed),
        targets: all("target"),
        excludes: all("exclude"),
        provider_config: parsed.value("provider-config").map(str::to_owned),
        list,
        budget,
    })
}

fn wanted(app: &mut App, parsed: &Parsed) -> Result<Wanted, Exit> {
    let recipients = match parsed.value("notify").map(Recipients::read) {
        None => None,
        Some(Ok(recipients)) => Some(recipients),
        Some(Err(failure)) => return Err(app.show_failure(failure)),
    };
    Ok(Wanted {
        request: request(app, parsed)?,
        least: least(app, parsed)?,
        only_new: parsed.is("new", false),
        json: parsed.is("json", false),
        html: parsed.value("html").map(str::to_owned),
        recipients,
    })
}

/// What has drifted, for commands that do something about it: they need the configuration, and to know everything.
fn drifted(app: &mut App, session: &Session, request: &Request) -> Result<Found, Failure> {
    let found = block_on(async {
        let interrupt = session.attended();
        detect(session, request, &interrupt, &mut Silent).await
    })?;
    if !found.is_configured {
        return Err(Failure::input(
            &rules::drift::NO_CONFIGURATION,
            "There is no configuration in this folder. Name the right folder with -chdir.",
        ));
    }
    if !found.report.complete {
        return Err(Failure::Input(found.messages));
    }
    app.show_report(&found.messages);
    Ok(found)
}

/// `reconcile`: a plan of what has drifted.
pub(crate) fn reconcile(app: &mut App, parsed: &Parsed) -> Exit {
    begin(app);
    let (request, least) = match (request(app, parsed), least(app, parsed)) {
        (Ok(request), Ok(least)) => (request, least),
        (Err(exit), _) | (_, Err(exit)) => return exit,
    };
    with_session(app, parsed, "reconcile", |app, session| {
        let look = Look::prepare(parsed)?;
        let found = drifted(app, session, &request)?;
        let mut addresses: BTreeSet<String> = found
            .drifted
            .iter()
            .filter(|one| one.class() >= least && one.deposed.is_none())
            .map(|one| one.addr.to_string())
            .collect();
        if addresses.is_empty() {
            let sentence = good(app, "Nothing has drifted: there is nothing to undo.");
            if app.mode() == Mode::Human {
                app.out().print(&format!("{sentence}\n"));
            }
            return Ok(Exit::OK);
        }
        let mut request = PlanRequest {
            targets: addresses.iter().cloned().collect(),
            variables: variables(parsed),
            budget: request.budget,
            ..PlanRequest::default()
        };
        let mut made = plan(app, session, &request)?;
        // What nobody wants any more was not drifted from anything: its plan would be to destroy it.
        let orphans = orphans(&made, &addresses);
        if !orphans.is_empty() {
            addresses.retain(|addr| !orphans.contains(addr));
            app.show_report(&Report::plain(Diagnostic::warning(
                &rules::drift::NOT_CONFIGURED,
                format!(
                    "These have drifted, and are not in the configuration any more. `terrane apply` would destroy or forget them; this plan leaves them as they are:\n  {}",
                    orphans.iter().cloned().collect::<Vec<_>>().join("\n  ")
                ),
            )));
            if addresses.is_empty() {
                return Ok(Exit::OK);
            }
            request.targets = addresses.iter().cloned().collect();
            made = plan(app, session, &request)?;
        }
        // Nobody has chosen these targets.
        let chosen = std::mem::take(&mut made.diagnostics).into_iter();
        let targeting = planning_rules::planning::TARGETING.code;
        made.diagnostics = chosen.filter(|one| one.code != Some(targeting)).collect();
        show(app, parsed, &made);
        app.show_report(&made.report());
        if made.diagnostics.has_errors() {
            return Ok(Exit::ERROR);
        }
        if let Some(report) = more(&made, &addresses) {
            app.show_report(&report);
        }
        let seen = Seen::new(&made.plan, &made.loaded);
        look.at(app, &seen)?;
        let open = super::gates::preview(app, session, &seen);
        if let Some(path) = parsed.value("out") {
            saved::save(session, &made, path)?;
        }
        footer(
            app,
            &made,
            (parsed.value("out"), open),
            "so nothing can apply it. `terrane apply`\nwould make another plan, of all that is configured.",
        );
        let changes = !made.plan.is_empty();
        Ok(if parsed.is("detailed-exitcode", false) && changes {
            Exit::CHANGES
        } else {
            Exit::OK
        })
    })
}

fn plan(app: &mut App, session: &Session, request: &PlanRequest) -> Result<Made, Failure> {
    let made = {
        let mut view = app.view();
        block_on(async {
            let interrupt = session.attended();
            let (snapshot, _) = leased::settled(session, request, &interrupt, &mut view).await?;
            make(session, request, snapshot, &interrupt, &mut view).await
        })
    };
    if made.is_err() {
        planning_failed(app);
    }
    made
}

/// What has drifted and is not configured any more.
fn orphans(made: &Made, addresses: &BTreeSet<String>) -> BTreeSet<String> {
    let goes = |action| matches!(action, Action::Delete | Action::Forget);
    let changes = made.plan.changes.iter();
    let going = changes.filter(|change| goes(change.action) && change.deposed.is_none());
    going
        .map(|change| change.addr.to_string())
        .filter(|addr| addresses.contains(addr))
        .collect()
}

/// What a plan changes that has not drifted: what drifted objects need.
fn more(made: &Made, addresses: &BTreeSet<String>) -> Option<Report> {
    let others: Vec<String> = made
        .plan
        .changes
        .iter()
        .filter(|change| !matches!(change.action, Action::NoOp | Action::Read))
        .map(|change| change.addr.to_string())
        .filter(|addr| !addresses.contains(addr))
        .collect();
    (!others.is_empty()).then(|| {
        Report::plain(Diagnostic::warning(
            &rules::drift::MORE_THAN_DRIFT,
            format!(
                "Objects that have drifted need these, and the configuration asks for changes of them:\n  {}",
                others.join("\n  ")
            ),
        ))
    })
}

/// `adopt`: the edit that accepts drift.
pub(crate) fn adopt(app: &mut App, parsed: &Parsed) -> Exit {
    app.human_only();
    let request = match request(app, parsed) {
        Ok(request) => request,
        Err(exit) => return exit,
    };
    let (write, check) = (parsed.is("write", false), parsed.is("check", false));
    if write && check {
        return app.usage_error(None, "-write and -check can't be given together.");
    }
    with_session(app, parsed, "adopt", |app, session| {
        let found = drifted(app, session, &request)?;
        let Adoption { files, taken, left } = adoption::adopt(&found);
        let color = app.out().color();
        for file in &files {
            app.out().print(&view::painted_diff(&file.diff(), color));
            if write {
                adoption::write(file)?;
            }
        }
        app.out().print(&view::left(&left));
        let sentence = match (taken, left.len()) {
            (0, 0) => "Nothing has drifted: there is nothing to accept.".to_owned(),
            (taken, left) => {
                let files = match (files.len(), write) {
                    (0, _) => String::new(),
                    (count, true) => format!(", written to {}", counted(count, "file")),
                    (count, false) => {
                        format!(" in {} (-write writes)", counted(count, "file"))
                    }
                };
                let (taken, left) = (counted(taken, "edit"), counted(left, "difference"));
                format!("{taken} to accept drift{files}; {left} left.")
            }
        };
        let sentence = good(app, &sentence);
        app.out().print(&format!("{sentence}\n"));
        Ok(if check && taken + left.len() > 0 {
            Exit::CHANGES
        } else {
            Exit::OK
        })
    })
}
