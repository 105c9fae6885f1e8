//! What plans cost.

use super::Output;
use super::json::Json;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use terrane_ops::costs::{Estimate, Line, Part};

/// For people. `all`: what stays as it is too.
pub(crate) fn human(out: &mut Output, estimate: &Estimate, all: bool) {
    let mut text = String::from("\nCost per month");
    let told = [estimate.currency.as_str(), estimate.source.as_str()];
    let told: Vec<&str> = told.into_iter().filter(|part| !part.is_empty()).collect();
    // Writing to a text never fails, here and below.
    writeln!(text, " ({}):", told.join("; ")).unwrap_or_default();
    let shown = |line: &&Line| all || line.changes();
    let mut assumed = Assumed::default();
    for line in estimate.lines.iter().filter(shown) {
        if priced(line) {
            resource(&mut text, line, &mut assumed);
        }
    }
    if !estimate.lines.iter().filter(shown).any(priced) {
        text.push_str("\n  Nothing that has a price changes.\n");
    }
    let unpriced: Vec<&Line> = estimate.lines.iter().filter(shown).collect();
    let unpriced: Vec<&&Line> = (unpriced.iter())
        .filter(|line| !line.missing().is_empty())
        .collect();
    if !unpriced.is_empty() {
        text.push_str("\n  Without a price, or not for all of it:\n");
        for line in unpriced {
            for reason in line.missing() {
                writeln!(text, "    {}: {reason}", line.address).unwrap_or_default();
            }
        }
    }
    let Assumed { usage, attributes } = assumed;
    let unknown: BTreeSet<String> = estimate.unknown_usage.iter().cloned().collect();
    for (heading, list) in [
        ("Assumed (a usage file can say otherwise)", usage),
        ("Assumed of what is known after apply", attributes),
        ("In usage files, and no rule asks for it", unknown),
    ] {
        if list.is_empty() {
            continue;
        }
        writeln!(text, "\n  {heading}:").unwrap_or_default();
        for told in list {
            writeln!(text, "    {told}").unwrap_or_default();
        }
    }
    let Estimate { before, after, .. } = estimate;
    writeln!(
        text,
        "\n  Now {before:.2}, then {after:.2} {}: {}",
        estimate.currency,
        difference(*after - *before)
    )
    .unwrap_or_default();
    out.print(&text);
}

/// What was assumed, each thing once.
#[derive(Default)]
struct Assumed {
    usage: BTreeSet<String>,
    attributes: BTreeSet<String>,
}

fn priced(line: &Line) -> bool {
    let mut parts = line.before.iter().chain(&line.after);
    parts.any(|part| part.price.is_ok())
}

fn resource(text: &mut String, line: &Line, assumed: &mut Assumed) {
    let sign = match (line.before.is_empty(), line.after.is_empty()) {
        (true, _) => "+",
        (_, true) => "-",
        _ if line.changes() => "~",
        _ => " ",
    };
    let amount = if line.changes() {
        difference(line.then() - line.now())
    } else {
        format!("{:.2}", line.then())
    };
    writeln!(text, "\n  {sign} {:<54} {amount:>12}", line.address).unwrap_or_default();
    let parts = if line.after.is_empty() {
        &line.before
    } else {
        &line.after
    };
    for part in parts {
        let Ok(price) = &part.price else { continue };
        let amount = format!("{} {}", number(price.amount), price.unit);
        writeln!(
            text,
            "      {:<24} {amount:>25} {:>12.2}",
            part.name, price.monthly
        )
        .unwrap_or_default();
        let told = |what: &String| format!("{what} ({})", line.type_name);
        assumed.usage.extend(price.assumed.iter().map(told));
        let attributes = price.assumed_attributes.iter();
        assumed.attributes.extend(attributes.map(told));
    }
}

/// With a sign, and no sign for nothing.
fn difference(amount: f64) -> String {
    if amount.abs() < 0.005 {
        "0.00".to_owned()
    } else {
        format!("{amount:+.2}")
    }
}

/// As short as it is exact enough for people.
fn number(amount: f64) -> String {
    let text = format!("{amount:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// As `terrane cost show -json` writes it; `docs/formats/price-book.md`.
pub(crate) fn document(estimate: &Estimate) -> Value {
    let parts = |parts: &[Part]| -> Vec<Value> {
        let part = |part: &Part| match &part.price {
            Ok(price) => json!({
                "name": part.name,
                "amount": price.amount,
                "unit": price.unit,
                "monthly": price.monthly,
                "assumed": price.assumed,
                "assumed_attributes": price.assumed_attributes,
            }),
            Err(reason) => json!({"name": part.name, "missing": reason}),
        };
        parts.iter().map(part).collect()
    };
    let lines = estimate.lines.iter().map(|line| {
        json!({
            "address": line.address,
            "type": line.type_name,
            "actions": line.actions,
            "before": line.now(),
            "after": line.then(),
            "parts_before": parts(&line.before),
            "parts_after": parts(&line.after),
            "missing": line.missing(),
        })
    });
    json!({
        "format_version": "1.0",
        "currency": estimate.currency,
        "source": estimate.source,
        "before": estimate.before,
        "after": estimate.after,
        "difference": estimate.difference(),
        "free": estimate.free,
        "unknown_usage": estimate.unknown_usage,
        "unpriced": estimate.unpriced().map(|line| line.address.as_str()).collect::<Vec<_>>(),
        "resources": lines.collect::<Vec<_>>(),
    })
}

/// One message.
pub(crate) fn line(view: &mut Json<'_>, estimate: &Estimate) {
    let message = format!(
        "Cost per month: {:.2} {} now, {:.2} then, {} not priced",
        estimate.before,
        estimate.currency,
        estimate.after,
        estimate.unpriced().count()
    );
    let rest = Map::from_iter([(String::from("cost"), document(estimate))]);
    view.line("info", &message, "cost", rest);
}
