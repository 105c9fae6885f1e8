//! Small objects of the line-by-line JSON output of commands.

use super::plan::reason_name;
use super::tree::instance_key;
use super::write::Writer;
use crate::plan::{Action, ResourceChange};
use crate::view::text::Counts;
use std::fmt;
use terrane_model::addr::InstanceAddr;

/// `{addr, module, resource, implied_provider, resource_type, resource_name, resource_key}`
#[must_use]
pub fn resource_json(addr: &InstanceAddr) -> String {
    text(|out| resource(out, addr))
}

/// The `change` of a `planned_change` or `resource_drift` message: `{resource, previous_resource, action, reason, importing}`.
#[must_use]
pub fn planned_change_json(change: &ResourceChange) -> String {
    text(|out| {
        out.object(|out| {
            out.key("resource")?;
            resource(out, &change.addr)?;
            let previous = change.previous_addr.as_ref();
            if let Some(previous) = previous.filter(|previous| **previous != change.addr) {
                out.key("previous_resource")?;
                resource(out, previous)?;
            }
            let moved = change.action == Action::NoOp && previous.is_some();
            let imported = change.action == Action::NoOp && change.importing.is_some();
            out.entry(
                "action",
                if moved {
                    "move"
                } else if imported {
                    "import"
                } else {
                    ui_action(change.action)
                },
            )?;
            if let Some(reason) = change.reason {
                out.entry("reason", ui_reason(reason_name(reason)))?;
            }
            if let Some(importing) = &change.importing {
                out.key("importing")?;
                out.object(|out| match &importing.id {
                    Some(id) => out.entry("id", id),
                    None if change.before_identity.is_null() => Ok(()),
                    None => {
                        out.key("identity")?;
                        super::value::known(out, &change.before_identity)
                    }
                })?;
            }
            Ok(())
        })
    })
}

/// The `changes` of a `change_summary` message. `operation`: `plan`, `apply` or `destroy`.
#[must_use]
pub fn change_summary_json(counts: Counts, operation: &str) -> String {
    let Counts {
        import,
        add,
        change,
        destroy,
        forget,
    } = counts;
    text(|out| {
        out.object(|out| {
            for (key, count) in [
                ("add", add),
                ("change", change),
                ("import", import),
                ("remove", destroy),
            ] {
                out.key(key)?;
                out.raw(&count.to_string())?;
            }
            if forget > 0 {
                out.key("forget")?;
                out.raw(&forget.to_string())?;
            }
            out.entry("operation", operation)
        })
    })
}

/// The name of an action in these messages.
#[must_use]
pub fn ui_action(action: Action) -> &'static str {
    match action {
        Action::NoOp => "noop",
        Action::Create => "create",
        Action::Read => "read",
        Action::Update => "update",
        Action::DeleteThenCreate | Action::CreateThenDelete => "replace",
        Action::Delete => "delete",
        Action::Forget => "remove",
        Action::ForgetThenCreate => "forget_then_create",
    }
}

/// These messages name reasons a little differently from plans.
fn ui_reason(name: &'static str) -> &'static str {
    match name {
        "replace_because_cannot_update" => "cannot_update",
        "replace_because_tainted" => "tainted",
        "replace_by_request" => "requested",
        other => other,
    }
}

fn resource(out: &mut Writer<'_>, addr: &InstanceAddr) -> fmt::Result {
    let resource = &addr.resource;
    out.object(|out| {
        out.entry("addr", &addr.to_string())?;
        out.entry("module", &resource.module.to_string())?;
        let key = addr.key.as_ref().map(ToString::to_string);
        out.entry(
            "resource",
            &format!("{}{}", resource.local(), key.unwrap_or_default()),
        )?;
        let implied = resource.type_name.split('_').next();
        out.entry("implied_provider", implied.unwrap_or_default())?;
        out.entry("resource_type", &resource.type_name)?;
        out.entry("resource_name", &resource.name)?;
        out.key("resource_key")?;
        match &addr.key {
            Some(key) => instance_key(out, key),
            None => out.raw("null"),
        }
    })
}

fn text(write: impl FnOnce(&mut Writer<'_>) -> fmt::Result) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _written = write(&mut Writer::new(&mut out));
    out
}
