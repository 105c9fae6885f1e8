//! The whole view of a plan.

use super::diff::{Change, Diff, dynamic};
use super::draw::{Options, draw, name, symbol};
use super::paint::{Paint, paint, wrap};
use super::resource::{deferred, drifted, is_shown, planned};
use super::{Schemas, Style};
use crate::plan::{Action, Plan, PlanMode};
use std::fmt;
use std::fmt::Write as _;

/// How many objects will be added, changed and so on. A replacement counts as an addition and a destruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Imported.
    pub import: usize,
    /// Created.
    pub add: usize,
    /// Updated in place.
    pub change: usize,
    /// Destroyed.
    pub destroy: usize,
    /// Forgotten.
    pub forget: usize,
}

/// Counts what a plan does to managed objects.
#[must_use]
pub fn count(plan: &Plan) -> Counts {
    let mut counts = Counts::default();
    for change in plan.changes.iter().filter(|change| is_shown(change)) {
        counts.import += usize::from(change.importing.is_some());
        match change.action {
            Action::NoOp | Action::Read => {}
            Action::Create => counts.add += 1,
            Action::Update => counts.change += 1,
            Action::Delete => counts.destroy += 1,
            Action::Forget => counts.forget += 1,
            Action::DeleteThenCreate | Action::CreateThenDelete => {
                counts.add += 1;
                counts.destroy += 1;
            }
            Action::ForgetThenCreate => {
                counts.add += 1;
                counts.forget += 1;
            }
        }
    }
    counts
}

impl fmt::Display for Counts {
    /// `1 to import, 2 to add, 0 to change, 3 to destroy, 1 to forget`; imports and forgetting only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            import,
            add,
            change,
            destroy,
            forget,
        } = self;
        if *import > 0 {
            write!(f, "{import} to import, ")?;
        }
        write!(f, "{add} to add, {change} to change, {destroy} to destroy")?;
        if *forget > 0 {
            write!(f, ", {forget} to forget")?;
        }
        Ok(())
    }
}

/// The whole view of a plan as one text. See [`render_to`].
#[must_use]
pub fn render(plan: &Plan, schemas: Schemas<'_>, style: Style) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _written = render_to(&mut out, plan, schemas, style);
    out
}

/// Writes the view of a plan, object by object: it holds no more than one of them at a time.
///
/// # Errors
/// Those of `out`.
pub fn render_to(
    out: &mut dyn fmt::Write,
    plan: &Plan,
    schemas: Schemas<'_>,
    style: Style,
) -> fmt::Result {
    let drift = drift_section(out, plan, schemas, style)?;
    // Where refreshing is all that is done, moves are among what was found.
    let planned_changes = match plan.mode {
        PlanMode::RefreshOnly => &[],
        PlanMode::Normal | PlanMode::Destroy => plan.changes.as_slice(),
    };
    let shown = || planned_changes.iter().filter(|change| is_shown(change));
    let outputs = output_lines(plan, style);
    if shown().next().is_none() && outputs.is_empty() && plan.invocations.is_empty() {
        if plan.deferred.is_empty() || plan.errored {
            return out.write_str(&nothing_to_do(plan, drift, style));
        }
        return deferred_section(out, plan, schemas, style);
    }
    if drift {
        rule(out, style)?;
    }
    let will_change = shown().any(|change| change.action != Action::NoOp);
    if will_change {
        out.write_str(&legend(plan, style))?;
    }
    if shown().next().is_some() {
        out.write_str(if plan.errored {
            "\nTerrane planned the following actions, but then encountered a problem:\n\n"
        } else {
            "\nTerrane will perform the following actions:\n\n"
        })?;
        for change in shown() {
            out.write_str(&planned(change, schemas, style))?;
            out.write_char('\n')?;
        }
        let mut line = String::new();
        paint(&mut line, style.color, Paint::Bold, "Plan:");
        writeln!(out, "{line} {}.", count(plan))?;
        super::risk::section(out, plan, schemas, style)?;
    }
    super::action::section(out, plan, style)?;
    deferred_section(out, plan, schemas, style)?;
    if !outputs.is_empty() {
        out.write_str("\nChanges to Outputs:\n")?;
        out.write_str(&outputs)?;
        if !will_change {
            let text = "You can apply this plan to save these new output values to the Terrane state, without changing any real infrastructure.";
            sentence(out, text, style)?;
        }
    }
    Ok(())
}

/// What is put off, and what to do about it.
fn deferred_section(
    out: &mut dyn fmt::Write,
    plan: &Plan,
    schemas: Schemas<'_>,
    style: Style,
) -> fmt::Result {
    if plan.deferred.is_empty() {
        return Ok(());
    }
    let text = "Terrane puts off the following changes to a later plan, since what they depend on can't be told yet:";
    sentence(out, text, style)?;
    out.write_char('\n')?;
    for one in &plan.deferred {
        out.write_str(&deferred(one, schemas, style))?;
        out.write_char('\n')?;
    }
    let mut note = String::new();
    paint(&mut note, style.color, Paint::BoldCyan, "Note:");
    let count = plan.deferred.len();
    let changes = if count == 1 {
        "change is"
    } else {
        "changes are"
    };
    let what = if plan.is_empty() {
        "Nothing can be done now."
    } else {
        "Apply it, then plan again."
    };
    let text = format!("This plan is incomplete: {count} {changes} deferred. {what}");
    writeln!(out, "{note} {text}")
}

/// A wrapped paragraph after an empty line.
fn sentence(out: &mut dyn fmt::Write, text: &str, style: Style) -> fmt::Result {
    let mut wrapped = String::new();
    wrap(&mut wrapped, text, style.width);
    write!(out, "\n{wrapped}\n")
}

fn rule(out: &mut dyn fmt::Write, style: Style) -> fmt::Result {
    let line = "─".repeat(style.width.saturating_sub(1));
    write!(out, "\n{line}\n")
}

/// What refresh found, where it matters for the plan. Whether anything was written.
fn drift_section(
    out: &mut dyn fmt::Write,
    plan: &Plan,
    schemas: Schemas<'_>,
    style: Style,
) -> Result<bool, fmt::Error> {
    let refresh_only = plan.mode == PlanMode::RefreshOnly;
    let quiet = !plan.changes.iter().any(is_shown)
        && !plan
            .outputs
            .iter()
            .any(|output| output.action != Action::NoOp);
    if quiet && !refresh_only {
        return Ok(false);
    }
    let relevant = (!refresh_only).then_some(plan.relevant.as_slice());
    let mut any = false;
    for drift in &plan.drift {
        let Some(text) = drifted(drift, relevant, schemas, style) else {
            continue;
        };
        if !any {
            let mut head = String::from("\n");
            paint(&mut head, style.color, Paint::BoldCyan, "Note:");
            head.push(' ');
            let title = "Objects have changed outside of Terrane";
            paint(&mut head, style.color, Paint::Bold, title);
            head.push_str("\n\n");
            wrap(
                &mut head,
                "Terrane detected the following changes made outside of Terrane since the last \"terrane apply\" which may have affected this plan:",
                style.width,
            );
            head.push_str("\n\n");
            out.write_str(&head)?;
            any = true;
        }
        out.write_str(&text)?;
        out.write_char('\n')?;
    }
    if any {
        sentence(
            out,
            if refresh_only {
                "This is a refresh-only plan, so Terrane will not take any actions to undo these. If you were expecting these changes then you can apply this plan to record the updated values in the Terrane state without changing any remote objects."
            } else {
                "Unless you have made equivalent changes to your configuration, or ignored the relevant attributes using ignore_changes, the following plan may include actions to undo or respond to these changes."
            },
            style,
        )?;
    }
    Ok(any)
}

fn nothing_to_do(plan: &Plan, drift: bool, style: Style) -> String {
    let mut out = String::new();
    if plan.errored {
        if drift {
            // Writing to a string cannot fail.
            let _written = rule(&mut out, style);
        }
        out.push('\n');
        paint(&mut out, style.color, Paint::BoldRed, "Planning failed.");
        out.push(' ');
        let text = "Terrane encountered an error while generating this plan.";
        paint(&mut out, style.color, Paint::Bold, text);
        out.push_str("\n\n");
        return out;
    }
    let (title, text) = match plan.mode {
        PlanMode::RefreshOnly if drift => return out,
        PlanMode::RefreshOnly => (
            "Your infrastructure still matches the configuration.",
            "Terrane has checked that the real remote objects still match the result of your most recent changes, and found no differences.",
        ),
        PlanMode::Destroy => (
            "No objects need to be destroyed.",
            "Either you have not created any objects yet or the existing objects were already deleted outside of Terrane.",
        ),
        PlanMode::Normal => (
            "Your infrastructure matches the configuration.",
            "Terrane has compared your real infrastructure against your configuration and found no differences, so no changes are needed.",
        ),
    };
    out.push('\n');
    paint(&mut out, style.color, Paint::BoldGreen, "No changes.");
    out.push(' ');
    paint(&mut out, style.color, Paint::Bold, title);
    out.push_str("\n\n");
    wrap(&mut out, text, style.width);
    out.push('\n');
    out
}

/// The symbols that occur, and what they mean.
fn legend(plan: &Plan, style: Style) -> String {
    let mut out = String::from("\n");
    wrap(
        &mut out,
        "Terrane used the selected providers to generate the following execution plan. Resource actions are indicated with the following symbols:",
        style.width,
    );
    out.push('\n');
    for (action, meaning) in [
        (Action::Create, "create"),
        (Action::Update, "update in-place"),
        (Action::Delete, "destroy"),
        (
            Action::DeleteThenCreate,
            "destroy and then create replacement",
        ),
        (
            Action::CreateThenDelete,
            "create replacement and then destroy",
        ),
        (
            Action::ForgetThenCreate,
            "forget and then create replacement",
        ),
        (Action::Read, "read (data resources)"),
        (Action::Forget, "forget"),
    ] {
        let mut shown = plan.changes.iter().filter(|change| is_shown(change));
        if shown.any(|change| change.action == action) {
            symbol(&mut out, action, style.color);
            out.push(' ');
            out.push_str(meaning);
            out.push('\n');
        }
    }
    out
}

/// Outputs that change, a line (or more) each.
fn output_lines(plan: &Plan, style: Style) -> String {
    let mut out = String::new();
    let labels = plan.outputs.iter().map(|output| name(&output.name));
    let column = labels.map(|label| label.chars().count()).max().unwrap_or(0);
    for output in &plan.outputs {
        if output.action == Action::NoOp {
            continue;
        }
        let diff = output_diff(&output.before, &output.after, output.sensitive, style);
        // That only its sensitivity changes shows in the value; it is a change all the same.
        let action = if diff.action == Action::NoOp {
            output.action
        } else {
            diff.action
        };
        symbol(&mut out, action, style.color);
        let label = name(&output.name);
        let gap = " ".repeat(column.saturating_sub(label.chars().count()));
        // Writing to a string cannot fail.
        let _written = write!(out, " {label}{gap} = ");
        let options = Options {
            color: style.color,
            ..Options::default()
        };
        draw(&mut out, &diff, 0, options);
        out.push('\n');
    }
    out
}

fn output_diff(
    before: &terrane_value::Value,
    after: &terrane_value::Value,
    sensitive: bool,
    style: Style,
) -> Diff {
    let hide = |value: &terrane_value::Value| {
        if sensitive && !style.show_sensitive {
            value.clone().with_marks(&terrane_value::Marks::SENSITIVE)
        } else {
            value.clone()
        }
    };
    dynamic(&Change::new(
        &hide(before),
        &hide(after),
        style.show_sensitive,
    ))
}
