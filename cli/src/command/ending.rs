//! How `apply`, `destroy` and `refresh` end: what was done, the outputs, and what was left behind.

use super::good;
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{Mode, View, complete};
use serde_json::{Map, Value, json};
use terrane_ops::apply::Done;
use terrane_ops::failure::Failure;
use terrane_ops::model::snapshot::Snapshot;
use terrane_ops::planning::plan::{Action, Plan, PlanMode};
use terrane_ops::rules;

/// What is to be said when a plan was applied.
#[derive(Debug)]
pub(super) struct End {
    destroy: bool,
    /// Only the outputs are shown, not what was done.
    quiet: bool,
    /// What a plan that destroys forgets, where that is not what was wanted.
    left: Vec<String>,
}

impl End {
    /// `quiet`: as it says there.
    pub(super) fn of(plan: &Plan, quiet: bool, parsed: &Parsed) -> Self {
        let destroy = plan.mode == PlanMode::Destroy;
        let wanted = !destroy || parsed.is("suppress-forget-errors", false);
        let forgotten = plan
            .changes
            .iter()
            .filter(|change| !wanted && change.action == Action::Forget)
            .map(|change| match &change.deposed {
                Some(deposed) => format!("{} (deposed object {deposed})", change.addr),
                None => change.addr.to_string(),
            });
        Self {
            destroy,
            quiet,
            left: forgotten.collect(),
        }
    }

    /// What was left behind, as an error.
    fn left_behind(&self) -> Option<Failure> {
        let list: Vec<String> = self.left.iter().map(|addr| format!("  - {addr}")).collect();
        (!list.is_empty()).then(|| {
            Failure::input(
                &rules::planning::LEFT_BY_DESTROY,
                format!(
                    "These objects were forgotten and not destroyed, as the configuration or the state asks for (`destroy = false`), and still exist:\n{}\n\nNothing manages them any more: delete them by hand, or import them again. Give -suppress-forget-errors where this is meant.",
                    list.join("\n")
                ),
            )
        })
    }
}

/// Shows how applying ended.
pub(super) fn finish(app: &mut App, parsed: &Parsed, done: &Done, end: &End) -> Exit {
    let failed = done.applied.diagnostics.has_errors() || done.applied.cancelled;
    if app.mode() == Mode::Json {
        if !failed && let View::Json(mut view) = app.view() {
            if !end.quiet {
                view.applied(&done.applied, end.destroy);
            }
            if !end.destroy {
                view.outputs(outputs_json(&done.snapshot));
            }
        }
        app.show_report(&done.report());
    } else {
        app.show_report(&done.report());
        if done.applied.cancelled {
            app.out().print("\nStopped before everything was done. What was done is recorded; the next plan shows the rest.\n");
        }
        if !failed {
            tell_done(app, parsed, done, end);
        }
    }
    match end.left_behind().filter(|_| !failed) {
        Some(left) => app.show_failure(left),
        None if failed => Exit::ERROR,
        None => Exit::OK,
    }
}

/// What was done, and the outputs, for people.
fn tell_done(app: &mut App, parsed: &Parsed, done: &Done, end: &End) {
    if !end.quiet {
        let sentence = good(app, &complete(&done.applied, end.destroy));
        app.out().print(&format!("\n{sentence}\n"));
    }
    if !end.destroy && !done.snapshot.outputs.is_empty() {
        let text = super::output::text(&done.snapshot.outputs, parsed.is("show-sensitive", false));
        let heading = good(app, "Outputs:");
        app.out().print(&format!("\n{heading}\n\n{text}"));
    }
}

fn outputs_json(snapshot: &Snapshot) -> Map<String, Value> {
    snapshot
        .outputs
        .iter()
        .map(|(name, output)| {
            let mut body = json!({
                "sensitive": output.sensitive,
                "type": super::output::type_json(&output.value),
            });
            if !output.sensitive
                && let Some(body) = body.as_object_mut()
            {
                body.insert("value".into(), super::output::value_json(&output.value));
            }
            (name.to_string(), body)
        })
        .collect()
}
