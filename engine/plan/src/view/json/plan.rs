//! The JSON form of a plan (format 1.2).

use super::tree::{Object, Source, identity, root};
use super::write::Writer;
use super::{PLAN_FORMAT, STATE_FORMAT, Schemas, checks, state, value};
use crate::objchange::schema_marks;
use crate::plan::{
    Action, ActionReason, DeferredReason, Drift, Importing, LeftOut, OutputChange, Plan, PlanMode,
    ResourceChange,
};
use crate::risk;
use std::fmt;
use terrane_model::addr::{
    DeposedKey, InstanceAddr, Mode, ModuleInstance, ProviderAddr, ProviderConfigAddr,
};
use terrane_value::{Path, Value};

/// The key of what is no part of the format: consumers skip what they do not know.
const OWN_KEY: &str = "terrane";

/// What a plan is shown with.
#[derive(Clone, Copy)]
pub struct PlanContext<'a> {
    /// Finds schemas, for what they call sensitive.
    pub schemas: Schemas<'a>,
    /// The version of the program.
    pub version: &'a str,
    /// The configuration in its JSON form; `None`: it is left out.
    pub configuration: Option<&'a str>,
}

impl fmt::Debug for PlanContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanContext")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Writes a plan.
///
/// Sensitive values are in it, marked as such by the fields that end in `_sensitive`: that is the format, and policies need them.
///
/// # Errors
/// Those of `out`.
pub fn plan_json(out: &mut dyn fmt::Write, plan: &Plan, context: PlanContext<'_>) -> fmt::Result {
    let mut out = Writer::new(out);
    let view = View { plan, context };
    out.object(|out| {
        out.entry("format_version", PLAN_FORMAT)?;
        out.entry("terraform_version", context.version)?;
        if !plan.variables.is_empty() {
            out.key("variables")?;
            view.variables(out)?;
        }
        out.key("planned_values")?;
        view.planned_values(out)?;
        view.resource_drift(out)?;
        view.resource_changes(out)?;
        view.deferred_changes(out)?;
        super::action::write(out, plan)?;
        if !plan.outputs.is_empty() {
            out.key("output_changes")?;
            view.output_changes(out)?;
        }
        view.prior_state(out)?;
        if let Some(configuration) = context.configuration {
            out.key("configuration")?;
            out.raw(configuration)?;
        }
        view.relevant_attributes(out)?;
        if !plan.checks.is_empty() {
            out.key("checks")?;
            checks::write(out, &plan.checks)?;
        }
        out.entry("timestamp", &plan.timestamp)?;
        out.key("applyable")?;
        out.bool(!plan.errored && !plan.is_empty())?;
        out.key("complete")?;
        out.bool(plan.is_complete())?;
        out.key("errored")?;
        out.bool(plan.errored)?;
        view.own(out)
    })
}

struct View<'a> {
    plan: &'a Plan,
    context: PlanContext<'a>,
}

/// What is common to changes and drift.
struct Entry<'a> {
    addr: &'a InstanceAddr,
    previous: Option<&'a InstanceAddr>,
    deposed: Option<&'a DeposedKey>,
    provider: &'a ProviderAddr,
    action: Action,
    reason: Option<ActionReason>,
    before: Value,
    after: Value,
    replace_paths: &'a [Path],
    importing: Option<&'a Importing>,
    identity: (&'a Value, &'a Value),
}

impl View<'_> {
    fn variables(&self, out: &mut Writer<'_>) -> fmt::Result {
        let all = &self.plan.variables;
        out.object(|out| {
            for (name, value) in all {
                // As it was written; a default as the variable has it.
                let value = self.plan.given.get(name).unwrap_or(value);
                out.key(name)?;
                out.object(|out| {
                    out.key("value")?;
                    value::known(out, value)
                })?;
            }
            Ok(())
        })
    }

    /// The value with the marks of its schema.
    fn marked(&self, addr: &InstanceAddr, provider: &ProviderConfigAddr, value: &Value) -> Value {
        let resource = &addr.resource;
        let schema = (self.context.schemas)(&provider.provider, resource.mode, &resource.type_name);
        match schema {
            Some(schema) => schema_marks(&schema.block, value),
            None => value.clone(),
        }
    }

    fn planned_values(&self, out: &mut Writer<'_>) -> fmt::Result {
        out.object(|out| {
            let outputs = || {
                let outputs = self.plan.outputs.iter();
                outputs.filter(|output| output.action != Action::Delete)
            };
            if outputs().next().is_some() {
                out.key("outputs")?;
                out.object(|out| outputs().try_for_each(|output| planned_output(out, output)))?;
            }
            out.key("root_module")?;
            root(out, &self.plan.changes, &Planned(self))
        })
    }

    fn prior_state(&self, out: &mut Writer<'_>) -> fmt::Result {
        let LeftOut {
            objects,
            outputs: left_out,
        } = &self.plan.left_out;
        let outputs = self.plan.outputs.iter().chain(left_out);
        let mut outputs: Vec<_> = outputs
            .filter_map(|output| Some((output, prior_output(output)?)))
            .collect();
        outputs.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        let merged;
        let deferred = &self.plan.deferred;
        let objects = if objects.is_empty() && deferred.is_empty() {
            &self.plan.changes
        } else {
            let mut all: Vec<ResourceChange> = [&self.plan.changes[..], objects].concat();
            all.extend(deferred.iter().map(|deferred| deferred.change.clone()));
            all.sort_by(|a, b| (&a.addr, &a.deposed).cmp(&(&b.addr, &b.deposed)));
            merged = all;
            &merged
        };
        let prior = |change: &ResourceChange| !prior_value(change).is_null();
        if outputs.is_empty() && !objects.iter().any(prior) {
            return Ok(());
        }
        out.key("prior_state")?;
        out.object(|out| {
            out.entry("format_version", STATE_FORMAT)?;
            out.entry("terraform_version", self.context.version)?;
            out.key("values")?;
            out.object(|out| {
                if !outputs.is_empty() {
                    out.key("outputs")?;
                    out.object(|out| {
                        for (output, value) in &outputs {
                            out.key(&output.name)?;
                            state::output(out, value, output.sensitive, None)?;
                        }
                        Ok(())
                    })?;
                }
                out.key("root_module")?;
                root(out, objects, &Prior(self))
            })
        })
    }

    fn resource_changes(&self, out: &mut Writer<'_>) -> fmt::Result {
        let shown = || {
            let changes = self.plan.changes.iter();
            // Where refreshing is all that is done, nothing is planned.
            let planned = self.plan.mode != PlanMode::RefreshOnly;
            changes.filter(move |change| planned && !is_read(change))
        };
        if shown().next().is_none() {
            return Ok(());
        }
        out.key("resource_changes")?;
        out.array(|out| {
            by_depth(shown(), |change| &change.addr)
                .try_for_each(|change| self.resource_change(out, change))
        })
    }

    fn resource_change(&self, out: &mut Writer<'_>, change: &ResourceChange) -> fmt::Result {
        let entry = Entry {
            addr: &change.addr,
            // What is destroyed is not moved.
            previous: (change.previous_addr.as_ref())
                .filter(|_| self.plan.mode != PlanMode::Destroy),
            deposed: change.deposed.as_ref(),
            provider: &change.provider.provider,
            action: change.action,
            reason: change.reason,
            before: self.marked(&change.addr, &change.provider, &change.before),
            after: self.marked(&change.addr, &change.provider, &change.after),
            replace_paths: &change.replace_paths,
            importing: change.importing.as_ref(),
            identity: (&change.before_identity, &change.after_identity),
        };
        write_entry(out, &entry)
    }

    fn deferred_changes(&self, out: &mut Writer<'_>) -> fmt::Result {
        if self.plan.deferred.is_empty() {
            return Ok(());
        }
        out.key("deferred_changes")?;
        out.array(|out| {
            for deferred in by_depth(self.plan.deferred.iter(), |deferred| &deferred.change.addr) {
                out.object(|out| {
                    out.entry("reason", deferred_name(deferred.reason))?;
                    out.key("resource_change")?;
                    self.resource_change(out, &deferred.change)
                })?;
            }
            Ok(())
        })
    }

    fn resource_drift(&self, out: &mut Writer<'_>) -> fmt::Result {
        // As in the view for people, an object that was only moved is drift only where refreshing is all that is done.
        let refresh_only = self.plan.mode == PlanMode::RefreshOnly;
        let shown = || {
            let drift = self.plan.drift.iter();
            drift.filter(|drift| refresh_only || drift_action(drift) != Action::NoOp)
        };
        if shown().next().is_none() {
            return Ok(());
        }
        out.key("resource_drift")?;
        out.array(|out| {
            for drift in by_depth(shown(), |drift| &drift.addr) {
                let entry = Entry {
                    addr: &drift.addr,
                    previous: drift.previous_addr.as_ref(),
                    deposed: drift.deposed.as_ref(),
                    provider: &drift.provider.provider,
                    action: drift_action(drift),
                    reason: None,
                    before: self.marked(&drift.addr, &drift.provider, &drift.before),
                    after: self.marked(&drift.addr, &drift.provider, &drift.after),
                    replace_paths: &[],
                    importing: None,
                    identity: (&drift.identity.0, &drift.identity.1),
                };
                write_entry(out, &entry)?;
            }
            Ok(())
        })
    }

    fn output_changes(&self, out: &mut Writer<'_>) -> fmt::Result {
        out.object(|out| {
            for output in &self.plan.outputs {
                out.key(&output.name)?;
                out.object(|out| output_change(out, output))?;
            }
            Ok(())
        })
    }

    /// What this engine adds to the format, under a key of its own.
    fn own(&self, out: &mut Writer<'_>) -> fmt::Result {
        let risks = || risk::of_plan(self.plan, self.context.schemas);
        if self.plan.mode == PlanMode::RefreshOnly || risks().next().is_none() {
            return Ok(());
        }
        out.key(OWN_KEY)?;
        out.object(|out| {
            out.key("risks")?;
            out.array(|out| {
                for (change, risk) in risks() {
                    out.object(|out| {
                        out.entry("address", &change.addr.to_string())?;
                        if let Some(deposed) = &change.deposed {
                            out.entry("deposed", &deposed.0)?;
                        }
                        out.entry("class", risk.class.name())?;
                        out.entry("reason", &risk.reason)
                    })?;
                }
                Ok(())
            })
        })
    }

    fn relevant_attributes(&self, out: &mut Writer<'_>) -> fmt::Result {
        if self.plan.relevant.is_empty() {
            return Ok(());
        }
        out.key("relevant_attributes")?;
        out.array(|out| {
            self.plan.relevant.iter().try_for_each(|relevant| {
                out.object(|out| {
                    out.entry("resource", &relevant.resource)?;
                    out.key("attribute")?;
                    value::path(out, &relevant.path)
                })
            })
        })
    }
}

/// Objects as they will be.
struct Planned<'v, 'a>(&'v View<'a>);

impl Source for Planned<'_, '_> {
    type Item = ResourceChange;

    fn module<'t>(&self, change: &'t ResourceChange) -> &'t ModuleInstance {
        &change.addr.resource.module
    }

    fn is_shown(&self, change: &ResourceChange) -> bool {
        self.0.plan.mode != PlanMode::RefreshOnly
            && change.deposed.is_none()
            && !change.after.is_null()
            && !is_read(change)
    }

    fn ordered_as_text(&self) -> bool {
        true
    }

    fn object<'t>(&self, change: &'t ResourceChange) -> Object<'t> {
        Object {
            addr: &change.addr,
            provider: &change.provider.provider,
            schema_version: change.schema_version,
            value: self.0.marked(&change.addr, &change.provider, &change.after),
            depends_on: Vec::new(),
            tainted: false,
            deposed: None,
            identity: (change.after_identity.clone(), None),
        }
    }
}

/// Objects as they are.
struct Prior<'v, 'a>(&'v View<'a>);

impl Source for Prior<'_, '_> {
    type Item = ResourceChange;

    fn module<'t>(&self, change: &'t ResourceChange) -> &'t ModuleInstance {
        &change.addr.resource.module
    }

    fn is_shown(&self, change: &ResourceChange) -> bool {
        !prior_value(change).is_null()
    }

    fn object<'t>(&self, change: &'t ResourceChange) -> Object<'t> {
        let stored = change.stored.as_deref();
        let dependencies = stored.map_or(&change.dependencies, |stored| &stored.dependencies);
        let value = prior_value(change);
        Object {
            addr: &change.addr,
            provider: &change.provider.provider,
            schema_version: change.schema_version,
            value: self.0.marked(&change.addr, &change.provider, value),
            depends_on: dependencies.iter().map(ToString::to_string).collect(),
            tainted: change.tainted,
            deposed: change.deposed.as_ref().map(|key| key.0.as_str()),
            identity: (change.before_identity.clone(), None),
        }
    }
}

/// A data source that was read while planning: it is a part of what was found, not of what is planned.
fn is_read(change: &ResourceChange) -> bool {
    change.addr.resource.mode != Mode::Managed && change.action == Action::NoOp
}

fn prior_value(change: &ResourceChange) -> &Value {
    if is_read(change) {
        &change.after
    } else {
        &change.before
    }
}

fn drift_action(drift: &Drift) -> Action {
    if drift.after.is_null() {
        Action::Delete
    } else if drift.before == drift.after {
        Action::NoOp
    } else {
        Action::Update
    }
}

fn planned_output(out: &mut Writer<'_>, output: &OutputChange) -> fmt::Result {
    out.key(&output.name)?;
    out.object(|out| {
        out.key("sensitive")?;
        out.bool(output.sensitive)?;
        if !output.after.is_wholly_known() {
            return Ok(());
        }
        out.key("type")?;
        value::type_of(out, &output.after)?;
        out.key("value")?;
        value::known(out, &output.after)
    })
}

/// The output in the state that the plan begins with: new values that are known already are in it.
fn prior_output(output: &OutputChange) -> Option<&Value> {
    let after = &output.after;
    let value = match output.action {
        Action::Delete => &output.before,
        _ if after.is_wholly_known() => after,
        _ => &output.before,
    };
    (!value.is_null()).then_some(value)
}

fn output_change(out: &mut Writer<'_>, output: &OutputChange) -> fmt::Result {
    out.key("actions")?;
    actions(out, output.action)?;
    out.key("before")?;
    value::known(out, &output.before)?;
    if output.after.is_known() {
        out.key("after")?;
        value::known(out, &output.after)?;
    }
    out.key("after_unknown")?;
    if output.after.is_wholly_known() {
        out.bool(false)?;
    } else {
        value::unknown(out, &output.after)?;
    }
    out.key("before_sensitive")?;
    out.bool(output.sensitive)?;
    out.key("after_sensitive")?;
    out.bool(output.sensitive)
}

fn write_entry(out: &mut Writer<'_>, entry: &Entry<'_>) -> fmt::Result {
    let Entry {
        addr,
        previous,
        deposed,
        provider,
        action,
        reason,
        before,
        after,
        replace_paths,
        importing,
        identity: (before_identity, after_identity),
    } = entry;
    out.object(|out| {
        out.entry("address", &addr.to_string())?;
        if let Some(previous) = previous.filter(|previous| previous != addr) {
            out.entry("previous_address", &previous.to_string())?;
        }
        if !addr.resource.module.is_root() {
            out.entry("module_address", &addr.resource.module.to_string())?;
        }
        identity(out, addr, provider)?;
        if let Some(key) = deposed {
            out.entry("deposed", &key.0)?;
        }
        out.key("change")?;
        out.object(|out| {
            out.key("actions")?;
            actions(out, *action)?;
            sides(out, before, after)?;
            if !replace_paths.is_empty() {
                out.key("replace_paths")?;
                out.array(|out| {
                    (super::order::ordered(replace_paths).into_iter())
                        .try_for_each(|path| value::path(out, path))
                })?;
            }
            if let Some(importing) = importing {
                write_importing(out, importing, before_identity)?;
            }
            for (key, identity) in [
                ("before_identity", before_identity),
                ("after_identity", after_identity),
            ] {
                if !identity.is_null() && identity.is_known() {
                    out.key(key)?;
                    value::known(out, identity)?;
                }
            }
            Ok(())
        })?;
        if let Some(reason) = reason {
            out.entry("action_reason", reason_name(*reason))?;
        }
        Ok(())
    })
}

fn sides(out: &mut Writer<'_>, before: &Value, after: &Value) -> fmt::Result {
    out.key("before")?;
    value::known(out, before)?;
    if after.is_known() {
        out.key("after")?;
        value::known(out, after)?;
    }
    out.key("after_unknown")?;
    if after.is_wholly_known() {
        out.raw("{}")?;
    } else {
        value::unknown(out, after)?;
    }
    out.key("before_sensitive")?;
    value::sensitive(out, before)?;
    out.key("after_sensitive")?;
    value::sensitive(out, after)
}

fn write_importing(out: &mut Writer<'_>, importing: &Importing, identity: &Value) -> fmt::Result {
    let Importing {
        id,
        unknown,
        generated_config,
    } = importing;
    out.key("importing")?;
    out.object(|out| {
        if let Some(id) = id {
            out.entry("id", id)?;
        } else if !identity.is_null() {
            out.key("identity")?;
            value::known(out, identity)?;
        }
        if *unknown {
            out.key("unknown")?;
            out.bool(true)?;
        }
        Ok(())
    })?;
    match generated_config {
        Some(text) => out.entry("generated_config", text),
        None => Ok(()),
    }
}

/// The names of an action in the format, in order.
#[must_use]
pub fn action_names(action: Action) -> &'static [&'static str] {
    match action {
        Action::NoOp => &["no-op"],
        Action::Create => &["create"],
        Action::Read => &["read"],
        Action::Update => &["update"],
        Action::DeleteThenCreate => &["delete", "create"],
        Action::CreateThenDelete => &["create", "delete"],
        Action::Delete => &["delete"],
        Action::Forget => &["forget"],
        Action::ForgetThenCreate => &["forget", "create"],
    }
}

fn actions(out: &mut Writer<'_>, action: Action) -> fmt::Result {
    out.array(|out| {
        action_names(action)
            .iter()
            .try_for_each(|name| out.string(name))
    })
}

/// The name of a reason in the format.
#[must_use]
pub fn reason_name(reason: ActionReason) -> &'static str {
    match reason {
        ActionReason::ReplaceBecauseCannotUpdate => "replace_because_cannot_update",
        ActionReason::ReplaceBecauseTainted => "replace_because_tainted",
        ActionReason::ReplaceByRequest => "replace_by_request",
        ActionReason::ReplaceByTriggers => "replace_by_triggers",
        ActionReason::DeleteBecauseNoResourceConfig => "delete_because_no_resource_config",
        ActionReason::DeleteBecauseWrongRepetition => "delete_because_wrong_repetition",
        ActionReason::DeleteBecauseCountIndex => "delete_because_count_index",
        ActionReason::DeleteBecauseEnabledFalse => "delete_because_enabled_false",
        ActionReason::DeleteBecauseEachKey => "delete_because_each_key",
        ActionReason::DeleteBecauseNoModule => "delete_because_no_module",
        ActionReason::DeleteBecauseNoMoveTarget => "delete_because_no_move_target",
        ActionReason::ReadBecauseConfigUnknown => "read_because_config_unknown",
        ActionReason::ReadBecauseDependencyPending => "read_because_dependency_pending",
        ActionReason::ReadBecauseCheckNested => "read_because_check_nested",
    }
}

/// The name in the format of why something is put off.
#[must_use]
pub fn deferred_name(reason: DeferredReason) -> &'static str {
    match reason {
        DeferredReason::Unknown => "unknown",
        DeferredReason::ResourceConfigUnknown => "resource_config_unknown",
        DeferredReason::ProviderConfigUnknown => "provider_config_unknown",
        DeferredReason::AbsentPrerequisite => "absent_prereq",
        DeferredReason::DeferredPrerequisite => "deferred_prereq",
        DeferredReason::InstanceCountUnknown => "instance_count_unknown",
    }
}

/// In the order in which the peers list objects for machines: those of modules that are nearer to the root first. The given order is that of the tree of modules.
fn by_depth<'t, T: 't>(
    objects: impl Iterator<Item = &'t T>,
    addr: impl Fn(&T) -> &InstanceAddr,
) -> impl Iterator<Item = &'t T> {
    let mut objects: Vec<&T> = objects.collect();
    objects.sort_by_key(|object| addr(object).resource.module.0.len());
    objects.into_iter()
}
