//! What a plan that goes back does not bring back, and what it destroys.

use crate::plan::{Action, Plan, ResourceChange};
use crate::rules;
use std::fmt::Write as _;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule};
use terrane_model::addr::{Mode, ProviderAddr};
use terrane_model::provider::ProviderInfo;
use terrane_model::snapshot::Snapshot;
use terrane_value::Value;

/// How many are named one by one.
const MOST: usize = 20;

/// The messages about a plan that goes back to an earlier state.
pub fn report(
    plan: &Plan,
    then: &Snapshot,
    providers: &std::collections::BTreeMap<ProviderAddr, ProviderInfo>,
) -> Diagnostics {
    let mut lost = Vec::new();
    let mut anew = Vec::new();
    let mut other = Vec::new();
    let managed = plan
        .changes
        .iter()
        .filter(|change| change.addr.resource.mode == Mode::Managed);
    for change in managed {
        let name = match &change.deposed {
            Some(key) => format!("{} (deposed object {key})", change.addr),
            None => change.addr.to_string(),
        };
        if change.action == Action::Delete || change.action.is_replace() {
            let what = match change.action {
                Action::Delete => "destroyed",
                _ => "replaced by a new object",
            };
            lost.push(format!("{name}: {what}"));
        }
        if change.action == Action::Create {
            anew.push(name.clone());
        }
        if change.deposed.is_none()
            && matches!(change.action, Action::NoOp | Action::Update)
            && let Some(paths) = different(change, then, providers)
        {
            other.push(format!("{name}: {paths}"));
        }
    }
    let mut found = Diagnostics::new();
    let mut say = |rule: &'static Rule, what: &str, names: &[String]| {
        if names.is_empty() {
            return;
        }
        let mut text = what.to_owned();
        for name in names.iter().take(MOST) {
            let _written = write!(text, "\n  - {name}");
        }
        if names.len() > MOST {
            let _written = write!(text, "\n  - and {} more", names.len() - MOST);
        }
        found.push(Diagnostic::warning(rule, text));
    };
    say(
        &rules::restore::LOSES_DATA,
        "These steps lose data: what only these objects hold goes with them, and no version of the state brings it back.",
        &lost,
    );
    say(
        &rules::restore::MADE_ANEW,
        "These objects are not in the state any more, or were not found. They are made as they were described, with other ids and other values that the provider makes up, and without what they held. One that was only forgotten (`state rm`, a `removed` block) may still exist: import it, or a second one is made.",
        &anew,
    );
    say(
        &rules::restore::STAYS_OTHER,
        "These values were others in the earlier state. Only the provider sets them, so they stay as they are.",
        &other,
    );
    found
}

/// The attributes that are planned to be otherwise than they were.
fn different(
    change: &ResourceChange,
    then: &Snapshot,
    providers: &std::collections::BTreeMap<ProviderAddr, ProviderInfo>,
) -> Option<String> {
    let was = then.instance(&change.addr)?.current.as_ref()?;
    let schema = providers
        .get(&change.provider.provider)?
        .schema
        .resources
        .get(&change.addr.resource.type_name)?;
    let was = crate::stored::decode(&was.attributes, schema.block.implied_type()).ok()?;
    let planned = change.after.unmark_deep();
    let names: Vec<&str> = schema
        .block
        .attributes
        .iter()
        .filter(|(name, attribute)| {
            let (old, new) = (was.get(name), planned.get(name));
            let known = new.is_some_and(Value::is_wholly_known);
            known && old != new && attribute.computed && (!attribute.optional || *name == "id")
        })
        .map(|(name, _)| name.as_str())
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}
