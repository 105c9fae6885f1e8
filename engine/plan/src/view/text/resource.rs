//! One object of a plan: what is said about it, and its attributes.

use super::diff::{Body, Change, Diff, Paths, block, dynamic};
use super::draw::{Options, draw, key_text, symbol};
use super::paint::{Paint, paint};
use super::{Schemas, Style};
use crate::plan::{
    Action, ActionReason, DeferredChange, DeferredReason, Drift, RelevantAttribute, ResourceChange,
};
use std::fmt::Write as _;
use terrane_model::addr::{InstanceAddr, InstanceKey, Mode, ProviderConfigAddr};
use terrane_value::Value;

/// Whether there is something to say about a change.
pub(super) fn is_shown(change: &ResourceChange) -> bool {
    // What was read and is read again is nobody's news, wherever it is kept.
    let managed = change.addr.resource.mode == Mode::Managed;
    let gone_data = change.action == Action::Delete && !managed;
    let moved = managed && moved_from(&change.addr, change.previous_addr.as_ref()).is_some();
    (change.action != Action::NoOp || moved || change.importing.is_some()) && !gone_data
}

fn moved_from<'a>(
    addr: &InstanceAddr,
    previous: Option<&'a InstanceAddr>,
) -> Option<&'a InstanceAddr> {
    previous.filter(|previous| *previous != addr)
}

/// What will be done to an object.
pub(super) fn planned(change: &ResourceChange, schemas: Schemas<'_>, style: Style) -> String {
    let mut out = String::new();
    comment(&mut out, change, style.color);
    let forgotten = change.action == Action::Forget;
    let after = if forgotten {
        &change.before
    } else {
        &change.after
    };
    let comparison = Change::new(&change.before, after, style.show_sensitive)
        .replacing(Paths::new(&change.replace_paths));
    let diff = compare(&comparison, &change.addr, &change.provider, schemas);
    let imported = change.action == Action::NoOp && change.importing.is_some();
    let options = Options {
        color: style.color,
        unchanged: imported,
        no_null: forgotten,
        ..Options::default()
    };
    body(&mut out, &change.addr, change.action, &diff, options);
    out
}

/// What would be done to an object, and why it is put off.
pub(super) fn deferred(deferred: &DeferredChange, schemas: Schemas<'_>, style: Style) -> String {
    let DeferredChange { reason, change } = deferred;
    let mut out = String::new();
    let shown = match &change.deposed {
        Some(key) => format!("{} (deposed object {key})", change.addr),
        None => change.addr.to_string(),
    };
    headline(&mut out, &shown, style.color);
    out.push_str(" is deferred\n");
    let because = match reason {
        DeferredReason::Unknown => "its provider does not say why",
        DeferredReason::ResourceConfigUnknown => "its configuration is not wholly known yet",
        DeferredReason::ProviderConfigUnknown => {
            "the configuration of its provider is not wholly known yet"
        }
        DeferredReason::AbsentPrerequisite => "something that its provider needs is not there yet",
        DeferredReason::DeferredPrerequisite if change.action == Action::Delete => {
            "something that is deferred needs it"
        }
        DeferredReason::DeferredPrerequisite => "something that it depends on is deferred",
        DeferredReason::InstanceCountUnknown => "the number of resource instances is unknown",
    };
    // Writing to a string cannot fail.
    let _written = writeln!(out, "  # (because {because})");
    let comparison = Change::new(&change.before, &change.after, style.show_sensitive)
        .replacing(Paths::new(&change.replace_paths));
    let diff = compare(&comparison, &change.addr, &change.provider, schemas);
    let options = Options {
        color: style.color,
        ..Options::default()
    };
    body(&mut out, &change.addr, change.action, &diff, options);
    out
}

/// What refresh found of an object. `None` if nothing of it matters.
pub(super) fn drifted(
    drift: &Drift,
    relevant: Option<&[RelevantAttribute]>,
    schemas: Schemas<'_>,
    style: Style,
) -> Option<String> {
    let paths = relevant.map(|relevant| {
        let (instance, resource) = (drift.addr.to_string(), drift.addr.resource.to_string());
        let here = relevant
            .iter()
            .filter(|relevant| relevant.resource == instance || relevant.resource == resource);
        Paths::new(here.map(|relevant| &relevant.path))
    });
    let comparison =
        Change::new(&drift.before, &drift.after, style.show_sensitive).only(paths.clone());
    let diff = compare(&comparison, &drift.addr, &drift.provider, schemas);
    let moved = moved_from(&drift.addr, drift.previous_addr.as_ref());
    let action = if drift.after.is_null() {
        Action::Delete
    } else {
        diff.action
    };
    if paths.is_some_and(|paths| paths.is_empty())
        || (action == Action::NoOp && (relevant.is_some() || moved.is_none()))
    {
        return None;
    }
    let mut out = String::new();
    let shown = match &drift.deposed {
        Some(key) => format!("{} (deposed object {key})", drift.addr),
        None => drift.addr.to_string(),
    };
    match (action, moved) {
        (Action::NoOp, Some(moved)) => {
            headline(&mut out, &moved.to_string(), style.color);
            out.push_str(" has moved to ");
            paint(&mut out, style.color, Paint::Bold, &shown);
        }
        (Action::Delete, _) => {
            headline(&mut out, &shown, style.color);
            out.push_str(" has been deleted");
        }
        _ => {
            headline(&mut out, &shown, style.color);
            out.push_str(" has changed");
        }
    }
    out.push('\n');
    if let (Some(moved), true) = (moved, action != Action::NoOp) {
        // Writing to a string cannot fail.
        let _written = writeln!(out, "  # (moved from {moved})");
    }
    let options = Options {
        color: style.color,
        ..Options::default()
    };
    let action = match action {
        Action::NoOp | Action::Delete => action,
        _ => Action::Update,
    };
    body(&mut out, &drift.addr, action, &diff, options);
    Some(out)
}

/// What is different between two stored objects of an instance. Either may be null.
pub(super) fn different(
    addr: &InstanceAddr,
    provider: &ProviderConfigAddr,
    (before, after): (&Value, &Value),
    schemas: Schemas<'_>,
    style: Style,
) -> String {
    let comparison = Change::new(before, after, style.show_sensitive);
    let diff = compare(&comparison, addr, provider, schemas);
    let action = match (before.is_null(), after.is_null()) {
        (true, _) => Action::Create,
        (_, true) => Action::Delete,
        _ => Action::Update,
    };
    let options = Options {
        color: style.color,
        no_null: action == Action::Delete,
        ..Options::default()
    };
    let mut out = String::new();
    body(&mut out, addr, action, &diff, options);
    out
}

pub(super) fn compare(
    change: &Change<'_>,
    addr: &InstanceAddr,
    provider: &ProviderConfigAddr,
    schemas: Schemas<'_>,
) -> Diff {
    let resource = &addr.resource;
    match schemas(&provider.provider, resource.mode, &resource.type_name) {
        Some(schema) => block(change, &schema.block),
        // Without a schema all attributes are taken for plain ones.
        None => match dynamic(change) {
            Diff {
                action,
                replace,
                body: Body::Object { entries, .. },
            } => {
                let null = |diff: &Diff| {
                    diff.action == Action::NoOp
                        && matches!(&diff.body, Body::Plain { after, .. } if after.as_ref().is_none_or(Value::is_null))
                };
                let attributes = entries.into_iter().filter(|(_, diff)| !null(diff));
                Diff {
                    action,
                    replace,
                    body: Body::Block {
                        attributes: attributes.collect(),
                        blocks: Vec::new(),
                    },
                }
            }
            other => other,
        },
    }
}

fn body(out: &mut String, addr: &InstanceAddr, action: Action, diff: &Diff, options: Options) {
    symbol(out, action, options.color);
    out.push(' ');
    header(out, addr);
    draw(out, diff, 0, options);
    out.push('\n');
}

/// `resource "type" "name" `
pub(super) fn header(out: &mut String, addr: &InstanceAddr) {
    let resource = &addr.resource;
    let kind = match resource.mode {
        Mode::Managed => "resource",
        Mode::Data => "data",
        Mode::Ephemeral => "ephemeral",
        Mode::Action => "action",
    };
    // Writing to a string cannot fail.
    let _written = write!(
        out,
        "{kind} \"{}\" \"{}\" ",
        resource.type_name, resource.name
    );
}

fn headline(out: &mut String, addr: &str, color: bool) {
    paint(out, color, Paint::Bold, &format!("  # {addr}"));
}

fn comment(out: &mut String, change: &ResourceChange, color: bool) {
    let shown = match &change.deposed {
        Some(key) => format!("{} (deposed object {key})", change.addr),
        None => change.addr.to_string(),
    };
    let moved = moved_from(&change.addr, change.previous_addr.as_ref());
    if let (Action::NoOp, Some(moved)) = (change.action, moved) {
        headline(out, &moved.to_string(), color);
        out.push_str(" has moved to ");
        paint(out, color, Paint::Bold, &shown);
    } else {
        headline(out, &shown, color);
        fate(out, change, color);
    }
    out.push('\n');
    for line in because(change) {
        out.push_str("  # (");
        out.push_str(&line);
        out.push_str(")\n");
    }
    if let (Some(moved), true) = (moved, change.action != Action::NoOp) {
        // Writing to a string cannot fail.
        let _written = writeln!(out, "  # (moved from {moved})");
    }
    import_comment(out, change, color);
}

/// What will become of it, in words.
fn fate(out: &mut String, change: &ResourceChange, color: bool) {
    let replaced = |out: &mut String, before: &str, after: &str| {
        out.push_str(before);
        paint(out, color, Paint::BoldRed, "replaced");
        out.push_str(after);
    };
    match change.action {
        Action::Create => out.push_str(" will be created"),
        Action::Read => out.push_str(" will be read during apply"),
        Action::Update => out.push_str(" will be updated in-place"),
        Action::Delete => {
            out.push_str(" will be ");
            paint(out, color, Paint::BoldRed, "destroyed");
        }
        Action::Forget => {
            out.push_str(" will no longer be managed by Terrane, but will not be destroyed");
        }
        Action::NoOp if change.importing.is_some() => out.push_str(" will be imported"),
        Action::NoOp => out.push_str(" will stay as it is"),
        Action::DeleteThenCreate | Action::CreateThenDelete | Action::ForgetThenCreate => {
            match change.reason {
                Some(ActionReason::ReplaceBecauseTainted) => {
                    replaced(out, " is tainted, so it must be ", "");
                }
                Some(ActionReason::ReplaceByRequest) => {
                    replaced(out, " will be ", ", as requested");
                }
                Some(ActionReason::ReplaceByTriggers) => {
                    replaced(out, " will be ", " due to changes in replace_triggered_by");
                }
                _ => replaced(out, " must be ", ""),
            }
            if change.action == Action::ForgetThenCreate {
                out.push_str(", but the existing object will not be destroyed");
            }
        }
    }
}

/// Why, where the values do not show it.
fn because(change: &ResourceChange) -> Vec<String> {
    let resource = &change.addr.resource;
    let mut lines = Vec::new();
    let reason = change.reason.and_then(|reason| match reason {
        ActionReason::ReplaceBecauseCannotUpdate
        | ActionReason::ReplaceBecauseTainted
        | ActionReason::ReplaceByRequest
        | ActionReason::ReplaceByTriggers => None,
        ActionReason::ReadBecauseConfigUnknown => {
            Some("config refers to values not yet known".to_owned())
        }
        ActionReason::ReadBecauseDependencyPending => {
            Some("depends on a resource or a module with changes pending".to_owned())
        }
        ActionReason::ReadBecauseCheckNested => {
            Some("config will be reloaded to verify a check block".to_owned())
        }
        ActionReason::DeleteBecauseNoResourceConfig => Some(format!(
            "because {} is not in configuration",
            resource.local()
        )),
        ActionReason::DeleteBecauseNoMoveTarget => change.previous_addr.as_ref().map(|previous| {
            format!(
                "because {previous} was moved to {}, which is not in configuration",
                change.addr
            )
        }),
        ActionReason::DeleteBecauseNoModule => Some(format!(
            "because {} is not in configuration",
            resource.module
        )),
        ActionReason::DeleteBecauseWrongRepetition => Some(
            match &change.addr.key {
                None => "because resource uses count or for_each",
                Some(InstanceKey::Int(_)) => "because resource does not use count",
                Some(InstanceKey::Str(_) | InstanceKey::Any) => {
                    "because resource does not use for_each"
                }
            }
            .to_owned(),
        ),
        ActionReason::DeleteBecauseCountIndex => {
            let key = change.addr.key.as_ref().map(key_text).unwrap_or_default();
            Some(format!("because index [{key}] is out of range for count"))
        }
        ActionReason::DeleteBecauseEachKey => {
            let key = change.addr.key.as_ref().map(key_text).unwrap_or_default();
            Some(format!("because key [{key}] is not in for_each map"))
        }
        ActionReason::DeleteBecauseEnabledFalse => {
            Some("because enabled is false for this resource".to_owned())
        }
    });
    if change.action == Action::Forget {
        lines.push("destroy = false is set in the configuration".to_owned());
    } else {
        lines.extend(reason);
    }
    if change.deposed.is_some() && matches!(change.action, Action::Delete | Action::Forget) {
        let left = "left over from a partially-failed replacement of this instance";
        lines.push(left.to_owned());
    }
    lines
}

fn import_comment(out: &mut String, change: &ResourceChange, color: bool) {
    let Some(importing) = &change.importing else {
        return;
    };
    // Writing to a string cannot fail.
    if change.action != Action::NoOp {
        let _written = match (&importing.id, importing.unknown) {
            (_, true) => writeln!(out, "  # (will be imported, its id is known after apply)"),
            (Some(id), false) => writeln!(out, "  # (imported from \"{id}\")"),
            (None, false) => writeln!(out, "  # (imported by its identity)"),
        };
    }
    if importing.generated_config.is_some() {
        out.push_str("  # (config will be generated)\n");
    }
    if change.action.is_replace() && change.action != Action::ForgetThenCreate {
        let warning = "Warning: this will destroy the imported resource";
        out.push_str("  # ");
        paint(out, color, Paint::Yellow, warning);
        out.push('\n');
    }
}
