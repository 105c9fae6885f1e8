//! What can't be taken back, below the counts of a plan.

use super::paint::{Paint, paint};
use super::{Schemas, Style};
use crate::plan::Plan;
use crate::risk::{self, Risk, RiskClass};
use std::fmt;

/// Most actions that are listed.
const LISTED: usize = 20;

/// Writes the actions that are not reversible, the worst first. Nothing where all are.
pub(super) fn section(
    out: &mut dyn fmt::Write,
    plan: &Plan,
    schemas: Schemas<'_>,
    style: Style,
) -> fmt::Result {
    let mut found: Vec<(String, Risk)> = risk::of_plan(plan, schemas)
        .filter(|(_, risk)| risk.class > RiskClass::Reversible)
        .map(|(change, risk)| {
            let addr = match &change.deposed {
                Some(key) => format!("{} (deposed object {key})", change.addr),
                None => change.addr.to_string(),
            };
            (addr, risk)
        })
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    // Stable: those of a class stay in the order of the plan.
    found.sort_by_key(|(_, risk)| std::cmp::Reverse(risk.class));
    let count = |class: RiskClass| found.iter().filter(|(_, risk)| risk.class == class).count();
    let counts: Vec<String> = [RiskClass::Lossy, RiskClass::Disruptive]
        .into_iter()
        .filter(|class| count(*class) > 0)
        .map(|class| format!("{} {class}", count(class)))
        .collect();
    let mut line = String::new();
    paint(&mut line, style.color, Paint::Bold, "Risk:");
    writeln!(out, "{line} {}.", counts.join(", "))?;
    for (addr, risk) in found.iter().take(LISTED) {
        writeln!(out, "  - {}: {addr}: {}", risk.class, risk.reason)?;
    }
    match found.len().checked_sub(LISTED) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(out, "  - and {more} more"),
    }
}
