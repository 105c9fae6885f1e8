//! `plan`, and what `apply` shares with it.

use super::{Page, block_on, policy::Look, rule, saved, style, variables, with_session, written};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{Mode, View};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use terrane_ops::failure::Failure;
use terrane_ops::leased;
use terrane_ops::model::snapshot::Snapshot;
use terrane_ops::plan::{Made, PlanRequest, make};
use terrane_ops::planning::plan::PlanMode;
use terrane_ops::planning::view::text;
use terrane_ops::policy::Seen;
use terrane_ops::rules;
use terrane_ops::selection::address_file;
use terrane_ops::session::Session;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    begin(app);
    let request = match request(parsed, None) {
        Ok(request) => request,
        Err(failure) => return app.show_failure(failure),
    };
    with_session(app, parsed, "plan", |app, session| {
        let look = Look::prepare(parsed)?;
        let cost = super::cost::Look::prepare(parsed)?;
        let snapshot = settled(app, session, &request)?;
        let made = {
            let mut view = app.view();
            block_on(async {
                let interrupt = session.attended();
                make(session, &request, snapshot, &interrupt, &mut view).await
            })
        };
        let made = match made {
            // The program ends when it is shown: to take a large plan apart before that would only take time.
            Ok(made) => ManuallyDrop::new(made),
            Err(failure) => {
                planning_failed(app);
                return Err(failure);
            }
        };
        show(app, parsed, &made);
        app.show_report(&made.report());
        if made.diagnostics.has_errors() {
            // So that what was found until then can be looked at, by `show`.
            if let Some(path) = parsed.value("out") {
                saved::save(session, &made, path)?;
            }
            return Ok(Exit::ERROR);
        }
        let seen = Seen::new(&made.plan, &made.loaded);
        cost.at(app, &seen)?;
        look.at(app, &seen)?;
        let open = super::gates::preview(app, session, &seen);
        if let Some(path) = parsed.value("out") {
            saved::save(session, &made, path)?;
            if parsed.is("sign", false) {
                super::gates::sign(app, parsed, session, path)?;
            }
        }
        let again = format!(
            "so `terrane apply{}` will make a\nnew one, which may differ from this one if something changes until then.",
            same_plan(parsed)
        );
        footer(app, &made, (parsed.value("out"), open), &again);
        let changes = !(made.plan.is_empty() && made.plan.deferred.is_empty());
        Ok(if parsed.is("detailed-exitcode", false) && changes {
            Exit::CHANGES
        } else {
            Exit::OK
        })
    })
}

/// The state to plan from, with what a cut off run left open settled first.
pub(super) fn settled(
    app: &mut App,
    session: &Session,
    request: &PlanRequest,
) -> Result<Arc<Snapshot>, Failure> {
    let (snapshot, report) = {
        let mut view = app.view();
        block_on(async {
            let interrupt = session.attended();
            leased::settled(session, request, &interrupt, &mut view).await
        })?
    };
    app.show_report(&report);
    Ok(snapshot)
}

/// The first line of JSON output.
pub(super) fn begin(app: &mut App) {
    if let View::Json(mut view) = app.view() {
        view.version();
    }
}

/// What the flags ask for. `mode`: what the command itself says.
pub(super) fn request(parsed: &Parsed, mode: Option<PlanMode>) -> Result<PlanRequest, Failure> {
    let (destroy, refresh_only) = (
        parsed.is("destroy", false),
        parsed.is("refresh-only", false),
    );
    let destroys = destroy || mode == Some(PlanMode::Destroy);
    if destroys && refresh_only {
        return Err(Failure::input(
            &rules::usage::PLAN_MODES,
            "-destroy and -refresh-only can't be given together.",
        ));
    }
    let invoke = invoked(parsed, mode)?;
    let mode = mode.unwrap_or(match (destroy, refresh_only) {
        (true, _) => PlanMode::Destroy,
        (_, true) => PlanMode::RefreshOnly,
        _ => PlanMode::Normal,
    });
    let mode = match invoke {
        // Nothing else is done: what the action needs is only read.
        Some(_) if mode == PlanMode::Normal => PlanMode::RefreshOnly,
        _ => mode,
    };
    let addresses = |names: &[&'static str]| -> Result<Vec<String>, Failure> {
        let mut all = Vec::new();
        for (name, value) in parsed.values(names) {
            if name.ends_with("-file") {
                all.extend(address_file(name, value)?);
            } else {
                all.push(value.to_owned());
            }
        }
        Ok(all)
    };
    Ok(PlanRequest {
        mode,
        skip_refresh: !parsed.is("refresh", true),
        skip_memo: !parsed.is("memo", true),
        allow_deferral: parsed.is("allow-deferral", false),
        targets: addresses(&["target", "target-file"])?,
        excludes: addresses(&["exclude", "exclude-file"])?,
        replace: addresses(&["replace"])?,
        invoke,
        variables: variables(parsed),
        to: parsed.value("to").map(str::to_owned),
        generate_config_out: parsed.value("generate-config-out").map(str::to_owned),
        budget: None,
    })
}

/// The action that is to be done. `mode`: what the command itself says.
fn invoked(parsed: &Parsed, mode: Option<PlanMode>) -> Result<Option<String>, Failure> {
    let mut actions = parsed.values(&["invoke"]).map(|(_, action)| action);
    let Some(action) = actions.next() else {
        return Ok(None);
    };
    let others = [
        "target",
        "target-file",
        "exclude",
        "exclude-file",
        "replace",
        "to",
        "generate-config-out",
    ];
    let other = parsed.values(&others).map(|(name, _)| name).next();
    let problem = if actions.next().is_some() {
        Some("-invoke can be given only once: actions are done one at a time.".to_owned())
    } else if let Some(other) = other {
        Some(format!(
            "-invoke does one action and nothing else, so -{other} can't be given with it."
        ))
    } else if mode == Some(PlanMode::RefreshOnly) {
        Some("-invoke does an action, and `terrane refresh` only looks. Use `terrane apply -invoke=ACTION`, which asks first.".to_owned())
    } else if mode == Some(PlanMode::Destroy)
        || parsed.is("destroy", false)
        || parsed.is("refresh-only", false)
    {
        Some("-invoke does one action and nothing else, so -destroy and -refresh-only can't be given with it.".to_owned())
    } else {
        None
    };
    match problem {
        Some(problem) => Err(Failure::input(&rules::usage::PLAN_MODES, problem)),
        None => Ok(Some(action.to_owned())),
    }
}

/// Shows a plan, for people or programs.
pub(super) fn show(app: &mut App, parsed: &Parsed, made: &Made) {
    match app.mode() {
        Mode::Json => {
            if let View::Json(mut view) = app.view() {
                view.plan(&made.plan);
            }
        }
        Mode::Human => {
            let style = style(app, parsed);
            let registry = made.loaded.registry.clone();
            let schemas = move |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
            written(text::render_to(
                &mut Page(app.out()),
                &made.plan,
                &schemas,
                style,
            ));
        }
    }
}

/// Said when there is no plan to show.
pub(super) fn planning_failed(app: &mut App) {
    if app.mode() == Mode::Human {
        app.out().print(
            "\nPlanning failed. Terrane encountered an error while generating this plan.\n\n",
        );
    }
}

/// The options that make a plan for the same end.
fn same_plan(parsed: &Parsed) -> String {
    let mut out = String::new();
    for name in ["destroy", "refresh-only"] {
        if parsed.is(name, false) {
            out.extend([" -", name]);
        }
    }
    let names = [
        "to",
        "invoke",
        "replace",
        "target",
        "target-file",
        "exclude",
        "exclude-file",
    ];
    for (name, value) in parsed.values(&names) {
        let plain = |char: char| char.is_ascii_alphanumeric() || "._-/".contains(char);
        let value = match value.chars().all(plain) {
            true => value.to_owned(),
            false => format!("'{}'", value.replace('\'', r"'\''")),
        };
        out.extend([" -", name, "=", &value]);
    }
    out
}

/// Says what comes next. `saved`: the file that the plan is in, and whether the gates let it pass as it is. `again`: what makes such a plan again.
pub(super) fn footer(app: &mut App, made: &Made, (out, open): (Option<&str>, bool), again: &str) {
    if app.mode() == Mode::Json || app.in_automation() || made.plan.is_empty() && out.is_none() {
        return;
    }
    let rule = rule(app);
    let text = match out {
        Some(path) if open => format!(
            "\n{rule}\n\nSaved the plan to: {path}\n\nTo perform exactly these actions, run the following command to apply:\n    terrane apply {path:?}\n"
        ),
        Some(path) => format!(
            "\n{rule}\n\nSaved the plan to: {path}\n\nThe gates do not let it pass yet. To see what it needs and has, run:\n    terrane gates {path:?}\n"
        ),
        None => {
            format!("\n{rule}\n\nNote: This plan was not saved with the -out option, {again}\n")
        }
    };
    app.out().print(&text);
}

#[cfg(test)]
mod tests {
    use super::same_plan;
    use crate::args::parse::parse;
    use crate::args::table::find;

    /// What is advised must not go another way than the plan that was shown.
    #[test]
    fn the_next_step_is_for_the_same_end() {
        let (command, _) = find(&[String::from("plan")]).unwrap();
        for (given, expect) in [
            ("-no-color", ""),
            ("-to 3", " -to=3"),
            ("-destroy -target=a.b", " -destroy -target=a.b"),
            ("-destroy=false", ""),
            ("-target a.b[\"k\"]", " -target='a.b[\"k\"]'"),
        ] {
            let words: Vec<String> = given.split(' ').map(String::from).collect();
            let parsed = parse(command.flags, &words).unwrap();
            assert_eq!(same_plan(&parsed), expect, "{given}");
        }
    }
}
