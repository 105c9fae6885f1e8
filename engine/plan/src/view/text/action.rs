//! Actions that a plan would have done.

use super::Style;
use super::diff::{Change, dynamic};
use super::draw::{Options, draw};
use super::paint::{Paint, paint};
use crate::action::{ActionCause, ActionInvocation};
use crate::plan::Plan;
use std::fmt;
use terrane_value::Value;

/// Writes the actions, each with what it is told and why.
pub(super) fn section(out: &mut dyn fmt::Write, plan: &Plan, style: Style) -> fmt::Result {
    if plan.invocations.is_empty() {
        return Ok(());
    }
    out.write_str("\nTerrane will have these actions done:\n\n")?;
    for invocation in &plan.invocations {
        let mut text = String::from("  # ");
        paint(&mut text, style.color, Paint::Bold, &title(invocation));
        let resource = &invocation.addr.resource;
        text.push_str("\n    action ");
        let head = format!("{:?} {:?} ", &*resource.type_name, &*resource.name);
        text.push_str(&head);
        let diff = dynamic(&Change::new(
            &Value::NULL,
            &invocation.config,
            style.show_sensitive,
        ));
        let options = Options {
            color: style.color,
            ..Options::default()
        };
        draw(&mut text, &diff, 0, options);
        writeln!(out, "{text}\n")?;
    }
    let mut line = String::new();
    paint(&mut line, style.color, Paint::Bold, "Actions:");
    writeln!(out, "{line} {} to invoke.", plan.invocations.len())
}

fn title(invocation: &ActionInvocation) -> String {
    let addr = &invocation.addr;
    match &invocation.cause {
        ActionCause::Invoked => format!("{addr} will be invoked"),
        ActionCause::Lifecycle {
            resource, event, ..
        } => {
            let when = if event.is_before() { "before" } else { "after" };
            let what = match event.name() {
                "BeforeCreate" | "AfterCreate" => "created",
                _ => "updated",
            };
            format!("{addr} will be invoked {when} {resource} is {what}")
        }
    }
}
