//! Actions in the JSON form of plans (`action_invocations`), and in the line-by-line output of commands.

use super::tree::instance_key;
use super::value;
use super::write::Writer;
use crate::action::{ActionCause, ActionInvocation};
use crate::plan::Plan;
use std::fmt;

/// Writes `action_invocations`, if there are any.
pub(super) fn write(out: &mut Writer<'_>, plan: &Plan) -> fmt::Result {
    if plan.invocations.is_empty() {
        return Ok(());
    }
    out.key("action_invocations")?;
    out.array(|out| {
        plan.invocations
            .iter()
            .try_for_each(|invocation| out.object(|out| one(out, invocation)))
    })
}

fn one(out: &mut Writer<'_>, invocation: &ActionInvocation) -> fmt::Result {
    let ActionInvocation {
        addr,
        provider,
        provider_key: _,
        config,
        cause,
    } = invocation;
    out.entry("address", &addr.to_string())?;
    if !addr.resource.module.is_root() {
        out.entry("module_address", &addr.resource.module.to_string())?;
    }
    out.entry("type", &addr.resource.type_name)?;
    out.entry("name", &addr.resource.name)?;
    if let Some(key) = &addr.key {
        out.key("index")?;
        instance_key(out, key)?;
    }
    out.key("config_values")?;
    value::known(out, config)?;
    out.key("config_sensitive")?;
    value::sensitive(out, config)?;
    out.key("config_unknown")?;
    value::unknown(out, config)?;
    out.entry("provider_name", &provider.provider.to_string())?;
    match cause {
        ActionCause::Invoked => {
            out.key("invoke_action_trigger")?;
            out.object(|_| Ok(()))
        }
        ActionCause::Lifecycle {
            resource,
            event,
            block,
            position,
        } => {
            out.key("lifecycle_action_trigger")?;
            out.object(|out| {
                out.entry("triggering_resource_address", &resource.to_string())?;
                out.entry("action_trigger_event", event.name())?;
                out.key("action_trigger_block_index")?;
                out.raw(&block.to_string())?;
                out.key("actions_list_index")?;
                out.raw(&position.to_string())
            })
        }
    }
}
