//! The machine-readable output: one JSON object per line.

use super::Output;
use super::diagnostics;
use super::ephemeral::{Ephemerals, Said};
use super::resource::{ResourceJson, action_json, action_words, elapsed};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use terrane_ops::applying::{Applied, Progress as Applying};
use terrane_ops::clock::rfc3339_micros;
use terrane_ops::failure::Report;
use terrane_ops::lang::diagnostic::Severity;
use terrane_ops::model::addr::{InstanceAddr, Mode};
use terrane_ops::planning::action::{ActionCause, ActionInvocation};
use terrane_ops::planning::ephemeral::EphemeralProgress;
use terrane_ops::planning::machine::Progress as Planning;
use terrane_ops::planning::plan::{
    Action, ActionReason, DeferredChange, Drift, Plan, PlanMode, ResourceChange,
};
use terrane_ops::planning::view::json::deferred_name;
use terrane_ops::ui::{Question, Ui};

/// The version of this form of output.
const UI_VERSION: &str = "1.2";
/// How often what takes long is mentioned.
const STILL: Duration = Duration::from_secs(10);

/// Writes JSON lines.
pub(crate) struct Json<'a> {
    out: &'a mut Output,
    /// What runs: since when, and when it was last mentioned.
    running: BTreeMap<(InstanceAddr, Option<ecow::EcoString>), Running>,
    ephemerals: Ephemerals,
}

struct Running {
    since: Instant,
    mentioned: Instant,
    action: Action,
    id: Option<(String, String)>,
}

impl<'a> Json<'a> {
    pub(crate) fn new(out: &'a mut Output) -> Self {
        Self {
            out,
            running: BTreeMap::new(),
            ephemerals: Ephemerals::default(),
        }
    }

    /// Writes what was held back.
    pub(crate) fn flush(&mut self) {
        drop(self.out.flush());
    }

    pub(crate) fn line(
        &mut self,
        level: &str,
        message: &str,
        kind: &str,
        rest: Map<String, Value>,
    ) {
        let mut line = rest;
        line.insert("@level".into(), level.into());
        line.insert("@message".into(), message.into());
        line.insert("@module".into(), "terrane.ui".into());
        line.insert("@timestamp".into(), rfc3339_micros().into());
        line.insert("type".into(), kind.into());
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        self.out.print(&text);
    }

    fn info(&mut self, message: &str, kind: &str, rest: Value) {
        let rest = match rest {
            Value::Object(rest) => rest,
            _ => Map::new(),
        };
        self.line("info", message, kind, rest);
    }

    /// The first line.
    pub(crate) fn version(&mut self) {
        let version = env!("CARGO_PKG_VERSION");
        self.info(
            &format!("Terrane {version}"),
            "version",
            json!({ "terrane": version, "ui": UI_VERSION }),
        );
    }

    /// A line for each message.
    pub(crate) fn diagnostics(&mut self, report: &Report) {
        for diagnostic in report.diagnostics.iter() {
            let (level, word) = match diagnostic.severity {
                Severity::Error => ("error", "Error"),
                Severity::Warning => ("warn", "Warning"),
            };
            let body = diagnostics::to_json(&report.sources, diagnostic);
            let rest = Map::from_iter([(String::from("diagnostic"), body)]);
            let message = format!("{word}: {}", diagnostic.summary);
            self.line(level, &message, "diagnostic", rest);
        }
        drop(self.out.flush());
    }

    /// The plan: drift, changes, their counts, outputs.
    pub(crate) fn plan(&mut self, plan: &Plan) {
        if plan.mode == PlanMode::RefreshOnly {
            for drift in &plan.drift {
                self.drift(drift);
            }
        }
        for change in &plan.changes {
            self.change(change);
        }
        for deferred in &plan.deferred {
            self.deferred(deferred);
        }
        for invocation in &plan.invocations {
            self.invocation(invocation);
        }
        let counts = Counts::of(plan);
        self.info(
            &format!("Plan: {counts}."),
            "change_summary",
            json!({ "changes": counts.json("plan") }),
        );
        if !plan.outputs.is_empty() {
            let outputs: Map<String, Value> = plan
                .outputs
                .iter()
                .map(|output| {
                    let action = action_name(output.action);
                    let body = json!({ "sensitive": output.sensitive, "action": action });
                    (output.name.to_string(), body)
                })
                .collect();
            self.info(
                &format!("Outputs: {}", plan.outputs.len()),
                "outputs",
                json!({ "outputs": outputs }),
            );
        }
        drop(self.out.flush());
    }

    /// The changes of a saved plan, before it is applied.
    pub(crate) fn planned(&mut self, plan: &Plan) {
        for change in &plan.changes {
            self.change(change);
        }
        for invocation in &plan.invocations {
            self.invocation(invocation);
        }
    }

    fn invocation(&mut self, invocation: &ActionInvocation) {
        let cause = match &invocation.cause {
            ActionCause::Invoked => ("action_trigger", json!({})),
            ActionCause::Lifecycle {
                resource,
                event,
                block,
                position,
            } => (
                "lifecycle_trigger",
                json!({
                    "triggering_resource": ResourceJson::new(resource),
                    "triggering_event": event.name(),
                    "action_trigger_block_index": block,
                    "actions_list_index": position,
                    "on_failure": "ActionOnFailureHalt",
                }),
            ),
        };
        let body = json!({ "action_addr": action_json(&invocation.addr), cause.0: cause.1 });
        self.info(
            &format!("planned action invocation: {}", invocation.addr),
            "planned_action_invocation",
            json!({ "invocation": body }),
        );
    }

    fn action(&mut self, addr: &InstanceAddr, message: &str, kind: &str, mut hook: Value) {
        if let Some(hook) = hook.as_object_mut() {
            hook.insert("action".into(), action_json(addr));
        }
        let message = format!("{addr}: {message}");
        self.info(&message, kind, json!({ "hook": hook }));
    }

    fn deferred(&mut self, deferred: &DeferredChange) {
        let DeferredChange { reason, change } = deferred;
        let body = json!({
            "resource": ResourceJson::new(&change.addr),
            "action": action_name(change.action),
            "reason": deferred_name(*reason),
        });
        self.info(
            &format!("{}: Deferred", change.addr),
            "deferred_change",
            json!({ "change": body }),
        );
    }

    fn drift(&mut self, drift: &Drift) {
        let action = match (&drift.previous_addr, drift.after.is_null()) {
            (_, true) => "delete",
            (Some(_), false) if drift.before == drift.after => "move",
            (_, false) => "update",
        };
        let mut change = json!({ "resource": ResourceJson::new(&drift.addr), "action": action });
        if let (Some(previous), Some(change)) = (&drift.previous_addr, change.as_object_mut()) {
            change.insert(
                "previous_resource".into(),
                json!(ResourceJson::new(previous)),
            );
        }
        self.info(
            &format!("{}: Drift detected ({action})", drift.addr),
            "resource_drift",
            json!({ "change": change }),
        );
    }

    fn change(&mut self, change: &ResourceChange) {
        let action = match change.action {
            Action::NoOp if change.importing.is_some() => "import",
            Action::NoOp
                if change.previous_addr.is_some() && change.addr.resource.mode == Mode::Managed =>
            {
                "move"
            }
            Action::NoOp => return,
            action => action_name(action),
        };
        let mut body = Map::new();
        body.insert("resource".into(), json!(ResourceJson::new(&change.addr)));
        body.insert("action".into(), action.into());
        if let Some(previous) = &change.previous_addr {
            body.insert(
                "previous_resource".into(),
                json!(ResourceJson::new(previous)),
            );
        }
        if let Some(reason) = change.reason {
            body.insert("reason".into(), reason_name(reason).into());
        }
        if let Some(importing) = &change.importing {
            let mut what = Map::new();
            if let Some(id) = &importing.id {
                what.insert("id".into(), id.as_str().into());
            } else if let Ok(text) =
                terrane_ops::value::json::encode_plain(&change.before_identity.unmark_deep())
                && let Ok(identity) = serde_json::from_str(&text)
            {
                what.insert("identity".into(), identity);
            }
            body.insert("importing".into(), Value::Object(what));
        }
        self.info(
            &format!("{}: Plan to {action}", change.addr),
            "planned_change",
            json!({ "change": body }),
        );
    }

    /// The counts after applying.
    pub(crate) fn applied(&mut self, applied: &Applied, destroy: bool) {
        let counts = Counts {
            add: applied.added,
            change: applied.changed,
            import: applied.imported,
            remove: applied.destroyed,
            forget: applied.forgotten,
        };
        let operation = if destroy { "destroy" } else { "apply" };
        self.info(
            &super::human::complete(applied, destroy),
            "change_summary",
            json!({ "changes": counts.json(operation) }),
        );
    }

    /// The outputs after applying.
    pub(crate) fn outputs(&mut self, outputs: Map<String, Value>) {
        self.info(
            &format!("Outputs: {}", outputs.len()),
            "outputs",
            json!({ "outputs": outputs }),
        );
    }

    fn hook(&mut self, message: &str, kind: &str, addr: &InstanceAddr, rest: Value) {
        let mut hook = Map::new();
        hook.insert("resource".into(), json!(ResourceJson::new(addr)));
        if let Value::Object(rest) = rest {
            hook.extend(rest);
        }
        self.info(message, kind, json!({ "hook": hook }));
    }

    fn ephemeral(&mut self, progress: &EphemeralProgress) {
        let said = self.ephemerals.told(progress);
        self.said(&progress.addr, &said);
    }

    fn said(&mut self, addr: &InstanceAddr, said: &Said) {
        let mut rest = json!({ "action": said.action });
        if let (Some(passed), Some(rest)) = (said.passed, rest.as_object_mut()) {
            rest.insert("elapsed_seconds".into(), passed.as_secs().into());
        }
        self.hook(&said.message, said.kind, addr, rest);
    }

    fn apply_start(
        &mut self,
        addr: &InstanceAddr,
        deposed: Option<&ecow::EcoString>,
        action: Action,
        id: Option<&(ecow::EcoString, ecow::EcoString)>,
    ) {
        let id = id.map(|(key, value)| (key.to_string(), value.to_string()));
        let (doing, ..) = action_words(action);
        let suffix = id
            .as_ref()
            .map_or_else(String::new, |(key, value)| format!(" [{key}={value}]"));
        let mut rest = json!({ "action": action_name(action) });
        with_id(&mut rest, id.as_ref());
        self.hook(
            &format!("{addr}: {doing}...{suffix}"),
            "apply_start",
            addr,
            rest,
        );
        let now = Instant::now();
        self.running.insert(
            (addr.clone(), deposed.cloned()),
            Running {
                since: now,
                mentioned: now,
                action,
                id,
            },
        );
    }
}

fn with_id(rest: &mut Value, id: Option<&(String, String)>) {
    if let (Some((key, value)), Some(rest)) = (id, rest.as_object_mut()) {
        rest.insert("id_key".into(), key.as_str().into());
        rest.insert("id_value".into(), value.as_str().into());
    }
}

impl Ui for Json<'_> {
    fn planning(&mut self, progress: &Planning) {
        let bracket = |id: &Option<ecow::EcoString>| {
            id.as_ref()
                .map_or_else(String::new, |id| format!(" [id={id}]"))
        };
        let with = |id: &Option<ecow::EcoString>, mut rest: Value| {
            let id = id.as_ref().map(|id| (String::from("id"), id.to_string()));
            with_id(&mut rest, id.as_ref());
            rest
        };
        match progress {
            Planning::RefreshStart(addr, id) => self.hook(
                &format!("{addr}: Refreshing state...{}", bracket(id)),
                "refresh_start",
                addr,
                with(id, json!({})),
            ),
            Planning::RefreshDone(addr, id) => self.hook(
                &format!("{addr}: Refresh complete{}", bracket(id)),
                "refresh_complete",
                addr,
                with(id, json!({})),
            ),
            Planning::ReadStart(addr) => self.hook(
                &format!("{addr}: Refreshing..."),
                "apply_start",
                addr,
                json!({ "action": "read" }),
            ),
            Planning::ReadDone(addr, id) => self.hook(
                &format!("{addr}: Refresh complete after 0s{}", bracket(id)),
                "apply_complete",
                addr,
                with(id, json!({ "action": "read", "elapsed_seconds": 0 })),
            ),
            Planning::ImportStart(..) | Planning::Planned(_) => {}
            Planning::Ephemeral(progress) => self.ephemeral(progress),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind of progress")]
    fn applying(&mut self, progress: &Applying) {
        match progress {
            Applying::Start {
                addr,
                deposed,
                action,
                id,
            } => self.apply_start(addr, deposed.as_ref(), *action, id.as_ref()),
            Applying::Done {
                addr,
                deposed,
                action,
                id,
            } => {
                let since = self.running.remove(&(addr.clone(), deposed.clone()));
                let passed = since.map_or(Duration::ZERO, |running| running.since.elapsed());
                let (.., done) = action_words(*action);
                let id = id
                    .as_ref()
                    .filter(|_| *action != Action::Delete)
                    .map(|(key, value)| (key.to_string(), value.to_string()));
                let suffix = id
                    .as_ref()
                    .map_or_else(String::new, |(key, value)| format!(" [{key}={value}]"));
                let mut rest = json!({
                    "action": action_name(*action),
                    "elapsed_seconds": passed.as_secs(),
                });
                with_id(&mut rest, id.as_ref());
                self.hook(
                    &format!("{addr}: {done} complete after {}{suffix}", elapsed(passed)),
                    "apply_complete",
                    addr,
                    rest,
                );
            }
            Applying::Failed {
                addr,
                deposed,
                action,
            } => {
                let since = self.running.remove(&(addr.clone(), deposed.clone()));
                let passed = since.map_or(Duration::ZERO, |running| running.since.elapsed());
                let (.., done) = action_words(*action);
                self.hook(
                    &format!("{addr}: {done} errored after {}", elapsed(passed)),
                    "apply_errored",
                    addr,
                    json!({
                        "action": action_name(*action),
                        "elapsed_seconds": passed.as_secs(),
                    }),
                );
            }
            Applying::ProvisionStart(addr, provisioner) => self.hook(
                &format!("{addr}: Provisioning with '{provisioner}'..."),
                "provision_start",
                addr,
                json!({ "provisioner": provisioner.as_str() }),
            ),
            Applying::ProvisionDone(addr, provisioner, well) => {
                let (word, kind) = if *well {
                    ("complete", "provision_complete")
                } else {
                    ("errored", "provision_errored")
                };
                self.hook(
                    &format!("{addr}: ({provisioner}) Provisioning {word}"),
                    kind,
                    addr,
                    json!({ "provisioner": provisioner.as_str() }),
                );
            }
            Applying::InvokeStart(addr) => {
                self.action(addr, "Invoking...", "action_start", json!({}));
            }
            Applying::InvokeSays(addr, text) => {
                self.action(addr, text, "action_progress", json!({ "message": text }));
            }
            Applying::InvokeDone(addr, true) => {
                self.action(addr, "Invocation complete", "action_complete", json!({}));
            }
            Applying::InvokeDone(addr, false) => {
                self.action(addr, "Invocation errored", "action_errored", json!({}));
            }
            Applying::Ephemeral(progress) => self.ephemeral(progress),
        }
    }

    fn provisioner_output(&mut self, addr: &InstanceAddr, provisioner: &str, line: &str) {
        self.hook(
            &format!("{addr}: ({provisioner}): {line}"),
            "provision_progress",
            addr,
            json!({ "provisioner": provisioner, "output": line }),
        );
    }

    fn waiting(&mut self, _: usize, _: usize) {
        let now = Instant::now();
        let mut long = Vec::new();
        for ((addr, _), running) in &mut self.running {
            if now.duration_since(running.mentioned) >= STILL {
                running.mentioned = now;
                let passed = now.duration_since(running.since);
                long.push((addr.clone(), running.action, running.id.clone(), passed));
            }
        }
        for (addr, action, id, passed) in long {
            let (_, still, _) = action_words(action);
            let inside = id
                .as_ref()
                .map_or_else(String::new, |(key, value)| format!("{key}={value}, "));
            let mut rest = json!({
                "action": action_name(action),
                "elapsed_seconds": passed.as_secs(),
            });
            with_id(&mut rest, id.as_ref());
            self.hook(
                &format!(
                    "{addr}: Still {still}... [{inside}{} elapsed]",
                    elapsed(passed)
                ),
                "apply_progress",
                &addr,
                rest,
            );
        }
        for (addr, said) in self.ephemerals.long(STILL) {
            self.said(&addr, &said);
        }
        drop(self.out.flush());
    }

    fn installing(&mut self, event: &terrane_ops::install::Event) {
        if let Some(line) = super::installing::line(event) {
            self.note(line.trim_start_matches("- "));
        }
    }

    fn note(&mut self, text: &str) {
        self.info(text, "log", json!({}));
        drop(self.out.flush());
    }

    fn report(&mut self, report: &Report) {
        self.diagnostics(report);
    }

    fn ask(&mut self, _: &Question) -> Option<String> {
        None
    }
}

/// How many objects a plan makes, changes, imports, destroys and forgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) add: usize,
    pub(crate) change: usize,
    pub(crate) import: usize,
    pub(crate) remove: usize,
    pub(crate) forget: usize,
}

impl Counts {
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut counts = Self::default();
        for change in &plan.changes {
            if change.importing.is_some() {
                counts.import += 1;
            }
            match change.action {
                Action::NoOp | Action::Read => {}
                Action::Create => counts.add += 1,
                Action::Update => counts.change += 1,
                Action::Delete => counts.remove += 1,
                Action::DeleteThenCreate | Action::CreateThenDelete => {
                    counts.add += 1;
                    counts.remove += 1;
                }
                Action::Forget => counts.forget += 1,
                Action::ForgetThenCreate => {
                    counts.add += 1;
                    counts.forget += 1;
                }
            }
        }
        counts
    }

    fn json(self, operation: &str) -> Value {
        let Self {
            add,
            change,
            import,
            remove,
            forget,
        } = self;
        let mut out = json!({
            "add": add,
            "change": change,
            "import": import,
            "remove": remove,
            "operation": operation,
        });
        if let (true, Some(out)) = (forget > 0, out.as_object_mut()) {
            out.insert("forget".into(), forget.into());
        }
        out
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            add,
            change,
            import,
            remove,
            forget,
        } = self;
        if *import > 0 {
            write!(f, "{import} to import, ")?;
        }
        write!(f, "{add} to add, {change} to change, {remove} to destroy")?;
        if *forget > 0 {
            write!(f, ", {forget} to forget")?;
        }
        Ok(())
    }
}

fn action_name(action: Action) -> &'static str {
    match action {
        Action::NoOp => "noop",
        Action::Create => "create",
        Action::Read => "read",
        Action::Update => "update",
        Action::DeleteThenCreate | Action::CreateThenDelete | Action::ForgetThenCreate => "replace",
        Action::Delete => "delete",
        Action::Forget => "remove",
    }
}

fn reason_name(reason: ActionReason) -> &'static str {
    match reason {
        ActionReason::ReplaceBecauseCannotUpdate => "cannot_update",
        ActionReason::ReplaceBecauseTainted => "tainted",
        ActionReason::ReplaceByRequest => "requested",
        ActionReason::ReplaceByTriggers => "replace_triggered_by",
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
