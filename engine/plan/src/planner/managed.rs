//! Instances of managed resources: evaluated, validated, planned (`opentofu.md` 5.6). Data sources begin here too.

use super::conditions::{self, Outcome, Words};
use super::prior::{ObjectId, Stage};
use super::{Core, Waiting};
use crate::graph::NodeId;
use crate::machine::{Progress, ProviderInstance};
use crate::objchange;
use crate::plan::{Action, ActionReason, ExpansionKind, Importing, PlanMode, ResourceChange};
use crate::world::{Expanded, Place, World, expand};
use rayon::prelude::*;
use std::sync::Arc;
use terrane_config::config::{ModuleId, Repetition, Resource};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use terrane_model::addr::{InstanceAddr, InstanceKey, Mode};
use terrane_model::provider::{Answer, Call, CallFailure, ImportTarget, Private, Reply};
use terrane_model::snapshot::CheckKind;
use terrane_value::{Kind, Path, Type, Value};

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Validating,
    WaitingForObject,
    Planning,
    /// The second of the two plans that a replacement needs.
    PlanningNew,
    ReadingData,
    Done,
}

/// The planning of one configured instance.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) node: NodeId,
    pub(super) place: Place,
    pub(super) at: u32,
    pub(super) index: usize,
    pub(super) addr: InstanceAddr,
    pub(super) provider: ProviderInstance,
    pub(super) object: Option<ObjectId>,
    pub(super) step: Step,
    /// With marks.
    pub(super) config: Value,
    /// What the provider was asked with.
    sent: Sent,
    forced: Option<ActionReason>,
    first: Option<First>,
}

#[derive(Debug, Default)]
struct Sent {
    prior: Option<Value>,
    config: Option<Value>,
}

/// The answer to the first plan of a replacement.
#[derive(Debug)]
struct First {
    paths: Vec<Path>,
    reason: ActionReason,
}

/// An answer to a plan call.
struct PlannedObject {
    planned: Value,
    paths: Vec<Path>,
    private: Private,
    identity: Value,
    legacy: bool,
}

/// What evaluating an instance gave.
struct Evaluated {
    config: Result<Value, Diagnostics>,
    conditions: Vec<Outcome>,
    messages: Diagnostics,
}

/// From here on instances are evaluated on several threads.
const PARALLEL_FROM: usize = 64;

impl Core {
    /// Runs a resource node: expands it and begins a task per instance.
    pub(super) fn run_resource(&mut self, id: NodeId, module: ModuleId, at: u32) {
        let config = self.config.clone();
        let resource = &config.module(module).resources[at as usize];
        let from_state = self.is_destroy() && resource.mode == Mode::Managed;
        self.declare_checks(module, at, resource);
        if !from_state && resource.mode == Mode::Managed {
            let wanted = self.wanted_imports(module, at);
            self.imports.extend(wanted);
        }
        let mut batch = Vec::new();
        for place in self.world.places(module) {
            let expanded = if from_state {
                Ok(self.expanded_from_state(place, at))
            } else {
                expand(&resource.repetition, &self.world.scope(place))
            };
            let expanded = match expanded {
                Ok(expanded) => Some(expanded),
                Err(diagnostics) => {
                    let addr = self.world.resource_addr(place, at).to_string();
                    self.report(diagnostics, &addr);
                    self.claim_all(place, at);
                    None
                }
            };
            if let Some(expanded) = &expanded {
                batch.extend(
                    expanded
                        .keys
                        .iter()
                        .cloned()
                        .enumerate()
                        .map(|(index, key)| (place, index, key)),
                );
            }
            self.world.set_resource(place, at, expanded);
        }
        self.running[id.index()] = u32::try_from(batch.len()).expect("fewer than 2^32 instances");
        if batch.is_empty() {
            return self.complete(id);
        }
        if resource.mode == Mode::Ephemeral {
            self.diagnostics.push(
                Diagnostic::error("Ephemeral resources are not supported", "This version of terrane plans managed resources and data sources. Ephemeral resources come with a later one.")
                    .at(resource.span),
            );
        }
        let evaluate = |(place, _, key): &(Place, usize, Option<InstanceKey>)| match from_state
            || resource.mode == Mode::Ephemeral
        {
            true => Evaluated {
                config: Ok(Value::NULL),
                conditions: Vec::new(),
                messages: Diagnostics::new(),
            },
            false => evaluate(
                &self.world,
                resource,
                *place,
                at,
                key.as_ref(),
                self.condition_severity(),
            ),
        };
        let evaluated: Vec<Evaluated> = if batch.len() < PARALLEL_FROM {
            batch.iter().map(evaluate).collect()
        } else {
            batch.par_iter().map(evaluate).collect()
        };
        let config_addr = self.config_addr(module, at).to_string();
        for ((place, index, key), evaluated) in batch.into_iter().zip(evaluated) {
            let addr = self.world.instance_addr(place, at, key);
            self.begin(
                id,
                place,
                at,
                index,
                addr,
                evaluated,
                &config_addr,
                from_state,
            );
        }
    }

    fn declare_checks(&mut self, module: ModuleId, at: u32, resource: &Resource) {
        if !resource.lifecycle.preconditions.is_empty()
            || !resource.lifecycle.postconditions.is_empty()
        {
            let addr = self.config_addr(module, at).to_string();
            self.checks.declare(CheckKind::Resource, &addr);
        }
    }

    /// Where the repetition failed, no object is to be taken for an orphan.
    fn claim_all(&mut self, place: Place, at: u32) {
        let addr = self.world.resource_addr(place, at);
        if let Some(resource) = self.prior.resources.get(&addr) {
            for id in resource.current.values() {
                self.prior.objects[*id].claimed = true;
            }
        }
    }

    /// While destroying, the instances are those that state holds.
    fn expanded_from_state(&self, place: Place, at: u32) -> Expanded {
        let kind = match self.world.resource(place.module, at).repetition {
            Repetition::Single => ExpansionKind::Single,
            Repetition::Count(_) => ExpansionKind::Count,
            Repetition::ForEach(_) => ExpansionKind::ForEach,
            Repetition::Enabled(_) => ExpansionKind::Enabled,
        };
        let addr = self.world.resource_addr(place, at);
        let keys = self
            .prior
            .resources
            .get(&addr)
            .into_iter()
            .flat_map(|resource| resource.current.keys().cloned());
        let fits = |key: &Option<InstanceKey>| match kind {
            ExpansionKind::Single | ExpansionKind::Enabled => key.is_none(),
            ExpansionKind::Count => matches!(key, Some(InstanceKey::Int(_))),
            ExpansionKind::ForEach => matches!(key, Some(InstanceKey::Str(_))),
        };
        Expanded {
            kind,
            keys: keys.filter(fits).collect(),
            each: None,
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the facts of one instance, used once"
    )]
    fn begin(
        &mut self,
        node: NodeId,
        place: Place,
        at: u32,
        index: usize,
        addr: InstanceAddr,
        evaluated: Evaluated,
        config_addr: &str,
        from_state: bool,
    ) {
        let object = self.prior.current(&addr.resource, &addr.key);
        let resource = self.world.resource(place.module, at);
        let (mode, type_name) = (resource.mode, resource.type_name.clone());
        let provider_key = resource.provider.key.as_ref().map(|key| {
            key.eval(
                &self.world.scope(place).repeated(self.world.repeat(
                    place,
                    at,
                    addr.key.as_ref(),
                )?),
                &[],
            )
        });
        let mut provider = ProviderInstance {
            config: resource.provider.provider,
            key: None,
        };
        let Evaluated {
            config,
            conditions,
            messages,
        } = evaluated;
        let mut failed = messages.has_errors();
        for outcome in &conditions {
            self.checks
                .record(CheckKind::Resource, config_addr, &addr.to_string(), outcome);
        }
        self.report(messages, &addr.to_string());
        match provider_key {
            None => {}
            Some(Ok(key)) => match key.unmarked().kind() {
                Kind::String(key) => provider.key = Some(InstanceKey::Str(key.clone())),
                _ => {
                    failed = true;
                    self.diagnostics.push(
                        Diagnostic::error(
                            "Invalid provider instance key",
                            "The key that chooses a provider instance must be a known string.",
                        )
                        .about(addr.to_string()),
                    );
                }
            },
            Some(Err(diagnostics)) => {
                failed = true;
                self.report(diagnostics, &addr.to_string());
            }
        }
        if !from_state
            || object.is_none_or(|object| !self.prior.objects[object].in_scope)
        {
            // While destroying, objects are left to the orphans: all of them go.
            if let Some(object) = object {
                self.prior.objects[object].claimed = true;
            }
        }
        let config = match config {
            Ok(config) => config,
            Err(diagnostics) => {
                failed = true;
                self.report(diagnostics, &addr.to_string());
                Value::NULL
            }
        };
        let in_scope = self.scope.instance(Some(node), &addr);
        let task = Task {
            node,
            place,
            at,
            index,
            addr,
            provider,
            object,
            step: Step::Validating,
            config,
            sent: Sent::default(),
            forced: None,
            first: None,
        };
        let id = self.add_task(task);
        if failed || mode == Mode::Ephemeral {
            return self.task_failed(id);
        }
        if from_state || self.options.mode == PlanMode::RefreshOnly && mode == Mode::Managed {
            return self.wait_for_object(id);
        }
        if !in_scope {
            return self.leave_as_is(id);
        }
        if !self.provider_ready(&self.tasks[id].provider) {
            return self.task_failed(id);
        }
        if self.has_ephemeral(id) {
            return self.task_failed(id);
        }
        let (provider, config) = (
            self.tasks[id].provider.clone(),
            self.tasks[id].config.unmark_deep(),
        );
        let call = match mode {
            Mode::Managed => Call::ValidateResource { type_name, config },
            Mode::Data | Mode::Ephemeral => Call::ValidateDataSource { type_name, config },
        };
        self.ask(&provider, call, Waiting::Task(id));
    }

    fn add_task(&mut self, task: Task) -> usize {
        if let Some(id) = self.free_tasks.pop() {
            self.tasks[id] = task;
            return id;
        }
        self.tasks.push(task);
        self.tasks.len() - 1
    }

    /// Ephemeral values may only be given to write-only attributes.
    fn has_ephemeral(&mut self, id: usize) -> bool {
        let Task {
            config,
            place,
            at,
            addr,
            ..
        } = &self.tasks[id];
        if !config.contains_marks() || !config.marks_deep().is_ephemeral() {
            return false;
        }
        let resource = self.world.resource(place.module, *at);
        let kept = objchange::strip_write_only(&resource.schema.block, config);
        let paths: Vec<Path> = objchange::marked_paths(&kept)
            .into_iter()
            .filter(|(_, marks)| marks.is_ephemeral())
            .map(|(path, _)| path)
            .collect();
        for path in &paths {
            let span = resource.body.span_of(path);
            self.diagnostics.push(
                Diagnostic::error(
                    "Invalid use of ephemeral value",
                    "Ephemeral values are not valid for this argument, because it is not a write-only attribute: the value would have to be stored in the state.",
                )
                .at(span)
                .about(addr.to_string()),
            );
        }
        !paths.is_empty()
    }

    /// The instance keeps the value that state has, and is not planned (`-target`).
    fn leave_as_is(&mut self, id: usize) {
        let Task {
            object, place, at, ..
        } = &self.tasks[id];
        let schema = self.world.resource(place.module, *at).schema.clone();
        let value = object.and_then(|object| {
            let stored = &self.prior.objects[object].stored;
            crate::stored::decode(&stored.attributes, schema.block.implied_type())
                .ok()
                .map(|value| self.marked(object, &value))
        });
        self.settle(id, value.ok_or(()));
    }

    pub(super) fn task_answered(&mut self, id: usize, outcome: Result<Reply, CallFailure>) {
        let Task {
            addr,
            provider,
            place,
            at,
            step,
            ..
        } = &self.tasks[id];
        let (address, provider, step) = (addr.to_string(), provider.clone(), *step);
        let config = self.config.clone();
        let resource = &config.module(place.module).resources[*at as usize];
        let mut reply = match outcome {
            Ok(reply) => reply,
            Err(failure) => {
                self.report_failure(&failure, &provider, &address, Some(resource.span));
                return self.task_failed(id);
            }
        };
        let within_check = resource.within_check.is_some();
        let had_errors = reply.has_errors();
        if within_check {
            reply
                .diagnostics
                .iter_mut()
                .for_each(|message| message.is_error = false);
        }
        let span_of = |path: Option<&Path>| {
            Some(path.map_or(resource.span, |path| resource.body.span_of(path)))
        };
        self.report_provider(&reply.diagnostics, &address, &span_of);
        if had_errors {
            return if within_check {
                self.settle(
                    id,
                    Ok(Value::unknown(resource.schema.block.implied_type().clone())),
                )
            } else {
                self.task_failed(id)
            };
        }
        match (step, reply.answer) {
            (Step::Validating, _) if resource.mode == Mode::Data => self.read_data(id),
            (Step::Validating, _) => self.wait_for_object(id),
            (Step::ReadingData, Some(Answer::Data { state, .. })) => self.data_read(id, state),
            (
                Step::Planning | Step::PlanningNew,
                Some(Answer::Plan {
                    planned,
                    requires_replace,
                    private,
                    identity,
                    legacy_type_system,
                    deferred: _,
                }),
            ) => {
                let planned = PlannedObject {
                    planned,
                    paths: requires_replace,
                    private,
                    identity,
                    legacy: legacy_type_system,
                };
                if step == Step::Planning {
                    self.planned(id, planned)
                } else {
                    self.planned_new(id, planned)
                }
            }
            _ => {
                self.diagnostics.push(
                    Diagnostic::error("Provider produced invalid answer", "The provider's answer has not the form that was asked for. This is a bug in the provider.").about(address).at(resource.span),
                );
                self.task_failed(id);
            }
        }
    }

    fn wait_for_object(&mut self, id: usize) {
        self.tasks[id].step = Step::WaitingForObject;
        if self.tasks[id].object.is_none() {
            if let Some(wanted) = self.imports.remove(&self.tasks[id].addr) {
                let (addr, provider) =
                    (self.tasks[id].addr.clone(), self.tasks[id].provider.clone());
                self.tasks[id].object = Some(self.begin_import(&addr, &provider, wanted));
            }
        }
        match self.tasks[id].object {
            Some(object)
                if matches!(
                    self.prior.objects[object].stage,
                    Stage::Waiting | Stage::Asked
                ) =>
            {
                self.prior.objects[object].waiters.push(id)
            }
            _ => self.task_object_ready(id),
        }
    }

    /// The stored object of a task (if it has one) is known as it is now.
    pub(super) fn task_object_ready(&mut self, id: usize) {
        let stage = self.tasks[id]
            .object
            .map(|object| self.prior.objects[object].stage);
        if stage == Some(Stage::Failed) {
            return self.task_failed(id);
        }
        if self.is_destroy() || self.options.mode == PlanMode::RefreshOnly {
            return self.value_from_state(id);
        }
        self.plan_task(id);
    }

    /// The value of an instance is what state holds; nothing is planned.
    fn value_from_state(&mut self, id: usize) {
        let present = self.tasks[id]
            .object
            .filter(|object| self.prior.objects[*object].stage == Stage::Ready);
        let Some(object) = present else {
            let Task { place, at, .. } = &self.tasks[id];
            let ty = self
                .world
                .resource(place.module, *at)
                .schema
                .block
                .implied_type()
                .clone();
            return self.settle(id, Ok(Value::unknown(ty)));
        };
        let value = self.marked(object, &self.prior.objects[object].now.clone());
        if !self.is_destroy() {
            let change = self.change_of(object);
            self.changes.push(change);
        }
        self.settle(id, Ok(value));
    }

    fn plan_task(&mut self, id: usize) {
        let forced = match self.forced(id) {
            Ok(forced) => forced,
            Err(diagnostics) => {
                let address = self.tasks[id].addr.to_string();
                self.report(diagnostics, &address);
                return self.task_failed(id);
            }
        };
        let Task {
            place,
            at,
            object,
            config,
            provider,
            ..
        } = &self.tasks[id];
        let resource = self.world.resource(place.module, *at);
        let block = resource.schema.block.clone();
        let present = object.filter(|object| self.prior.objects[*object].stage == Stage::Ready);
        let tainted = present.is_some_and(|object| self.is_tainted(object));
        let usable = present
            .filter(|_| !tainted)
            .map(|object| &self.prior.objects[object]);
        let ty = block.implied_type().clone();
        let (prior, private, identity) = match usable {
            Some(object) => (
                object.now.clone(),
                object.private.clone(),
                object.identity.clone(),
            ),
            None => (Value::null(ty), Private::from([]), Value::NULL),
        };
        let config = config.unmark_deep();
        let config = if prior.is_null() {
            config
        } else {
            objchange::process_ignore_changes(
                &prior,
                &config,
                &resource.lifecycle.ignore_changes,
                &block,
            )
        };
        let proposed = objchange::proposed_new(&block, &prior, &config);
        let call = Call::Plan {
            type_name: resource.type_name.clone(),
            prior: prior.clone(),
            proposed,
            config: config.clone(),
            private,
            meta: Value::NULL,
            identity,
        };
        let provider = provider.clone();
        let task = &mut self.tasks[id];
        task.forced = if tainted {
            Some(ActionReason::ReplaceBecauseTainted)
        } else {
            forced
        };
        task.sent = Sent {
            prior: Some(prior),
            config: Some(config),
        };
        task.step = Step::Planning;
        self.ask(&provider, call, Waiting::Task(id));
    }

    /// Whether something other than its own values makes it a replacement.
    fn forced(&self, id: usize) -> Result<Option<ActionReason>, Diagnostics> {
        let Task {
            addr, place, at, ..
        } = &self.tasks[id];
        if self.options.replace.contains(addr) {
            return Ok(Some(ActionReason::ReplaceByRequest));
        }
        let resource = self.world.resource(place.module, *at);
        for trigger in &resource.lifecycle.replace_triggered_by {
            let scope = self.world.scope(*place).repeated(self.world.repeat(
                *place,
                *at,
                addr.key.as_ref(),
            )?);
            let key = match &trigger.key {
                None => None,
                Some(key) => match key.eval(&scope, &[])?.unmarked().kind() {
                    Kind::String(key) => Some(InstanceKey::Str(key.clone())),
                    Kind::Number(index) => index.to_u64().map(InstanceKey::Int),
                    _ => None,
                },
            };
            let target = self.world.resource_addr(*place, trigger.resource);
            let candidates = self.triggering.get(&target).map_or(&[][..], Vec::as_slice);
            let changed = candidates
                .iter()
                .map(|at| &self.changes[*at])
                .any(|change| {
                    let named = trigger.key.is_none() || change.addr.key == key;
                    let acts = matches!(change.action, Action::Create | Action::Update)
                        || change.action.is_replace();
                    named
                        && acts
                        && (trigger.path.0.is_empty()
                            || objchange::at_path(&change.before, &trigger.path)
                                != objchange::at_path(&change.after, &trigger.path))
                });
            if changed {
                return Ok(Some(ActionReason::ReplaceByTriggers));
            }
        }
        Ok(None)
    }

    /// The provider's answer to the first (mostly the only) plan.
    fn planned(&mut self, id: usize, answer: PlannedObject) {
        let Some(planned) = self.acceptable(id, &answer) else {
            return self.task_failed(id);
        };
        let Task {
            place,
            at,
            object,
            forced,
            ..
        } = &self.tasks[id];
        let (object, forced) = (*object, *forced);
        let block = self.world.resource(place.module, *at).schema.block.clone();
        let present = object.filter(|object| self.prior.objects[*object].stage == Stage::Ready);
        let Some(before) = present else {
            return self.decide(id, Action::Create, None, Vec::new(), planned, answer);
        };
        let prior = self.prior.objects[before].now.clone();
        if forced == Some(ActionReason::ReplaceBecauseTainted) {
            return self.decide(
                id,
                self.replace_action(id),
                forced,
                Vec::new(),
                planned,
                answer,
            );
        }
        let replace = objchange::filter_replace_paths(&block, &prior, &planned, &answer.paths);
        let write_only = replace.write_only;
        let paths = replace.changed;
        if planned == prior && forced.is_none() && !write_only {
            return self.decide(id, Action::NoOp, None, Vec::new(), planned, answer);
        }
        if forced.is_none() && paths.is_empty() && !write_only {
            return self.decide(id, Action::Update, None, Vec::new(), planned, answer);
        }
        let reason = forced.unwrap_or(ActionReason::ReplaceBecauseCannotUpdate);
        self.tasks[id].first = Some(First { paths, reason });
        self.plan_new(id, &block, answer.private);
    }

    /// A replacement: what will the new object be?
    fn plan_new(&mut self, id: usize, block: &terrane_model::schema::Block, private: Private) {
        let Task {
            place,
            at,
            provider,
            config,
            ..
        } = &self.tasks[id];
        let type_name = self.world.resource(place.module, *at).type_name.clone();
        let config = config.unmark_deep();
        let prior = Value::null(block.implied_type().clone());
        let proposed = objchange::proposed_new(block, &prior, &config);
        let call = Call::Plan {
            type_name,
            prior: prior.clone(),
            proposed,
            config: config.clone(),
            private,
            meta: Value::NULL,
            identity: Value::NULL,
        };
        let provider = provider.clone();
        self.tasks[id].sent = Sent {
            prior: Some(prior),
            config: Some(config),
        };
        self.tasks[id].step = Step::PlanningNew;
        self.ask(&provider, call, Waiting::Task(id));
    }

    fn planned_new(&mut self, id: usize, answer: PlannedObject) {
        let Some(planned) = self.acceptable(id, &answer) else {
            return self.task_failed(id);
        };
        let Some(First { paths, reason }) = self.tasks[id].first.take() else {
            return self.task_failed(id);
        };
        self.decide(
            id,
            self.replace_action(id),
            Some(reason),
            paths,
            planned,
            answer,
        );
    }

    fn replace_action(&self, id: usize) -> Action {
        let Task {
            node, place, at, ..
        } = &self.tasks[id];
        if self
            .world
            .resource(place.module, *at)
            .lifecycle
            .skip_destroy
        {
            Action::ForgetThenCreate
        } else if self.create_first[node.index()] {
            Action::CreateThenDelete
        } else {
            Action::DeleteThenCreate
        }
    }

    /// Holds the planned object against the rules; `None`: it breaks them, which is reported.
    fn acceptable(&mut self, id: usize, answer: &PlannedObject) -> Option<Value> {
        let Task {
            place,
            at,
            addr,
            sent,
            provider,
            ..
        } = &self.tasks[id];
        let resource = self.world.resource(place.module, *at);
        let block = resource.schema.block.clone();
        let (Some(prior), Some(config)) = (&sent.prior, &sent.config) else {
            return None;
        };
        let planned = objchange::normalize_from_legacy(&block, &answer.planned);
        let mut problems: Vec<(Path, String)> = Vec::new();
        if !fits(&planned, block.implied_type()) {
            problems.push((
                Path::new(),
                "the planned object does not have the type that the schema says".into(),
            ));
        } else if !answer.legacy {
            problems = objchange::assert_plan_valid(&block, prior, config, &planned);
        }
        if problems.is_empty() {
            return Some(planned);
        }
        let name = self
            .config
            .provider(provider.config)
            .addr
            .provider
            .for_display();
        let (span, addr) = (resource.span, addr.to_string());
        for (path, problem) in problems {
            let place = if path.0.is_empty() {
                String::new()
            } else {
                format!(" for {path}")
            };
            self.diagnostics.push(
                Diagnostic::error(
                    "Provider produced invalid plan",
                    format!("Provider {name} planned an invalid value{place} of {addr}: {problem}.\n\nThis is a bug in the provider, which should be reported in the provider's own issue tracker."),
                )
                .at(span)
                .about(addr.clone()),
            );
        }
        None
    }

    /// Records the change of a task.
    fn decide(
        &mut self,
        id: usize,
        action: Action,
        reason: Option<ActionReason>,
        replace_paths: Vec<Path>,
        planned: Value,
        answer: PlannedObject,
    ) {
        let Task {
            place,
            at,
            addr,
            object,
            config,
            node,
            provider,
            ..
        } = &self.tasks[id];
        let (node, place, at, provider) = (*node, *place, *at, provider.clone());
        let resource = self.world.resource(place.module, at);
        let schema = resource.schema.clone();
        let present = object.filter(|object| self.prior.objects[*object].stage == Stage::Ready);
        let before = match present {
            Some(object) => self.marked(object, &self.prior.objects[object].now),
            None => Value::null(schema.block.implied_type().clone()),
        };
        let mut after = objchange::schema_marks(&schema.block, &planned);
        if config.contains_marks() {
            for (path, marks) in objchange::marked_paths(config) {
                after = objchange::mark_by_paths(&after, &[path], &marks);
            }
        }
        let marks_only = action == Action::NoOp
            && before != after
            && objchange::marked_paths(&before) != objchange::marked_paths(&after);
        let action = if marks_only { Action::Update } else { action };
        let after = if action == Action::NoOp {
            before.clone()
        } else {
            after
        };
        let importing = present
            .and_then(|object| self.prior.objects[object].importing.clone())
            .map(|target| Importing {
                id: match target {
                    ImportTarget::Id(id) => Some(id),
                    ImportTarget::Identity(_) => None,
                },
                unknown: false,
                generated_config: None,
            });
        let stored = present
            .filter(|_| importing.is_none())
            .map(|object| self.prior.objects[object].stored.clone());
        let change = ResourceChange {
            addr: addr.clone(),
            previous_addr: object.and_then(|object| self.prior.objects[object].previous.clone()),
            deposed: None,
            provider: self.config.provider(provider.config).addr.clone(),
            provider_key: provider.key,
            action,
            reason,
            before,
            after: after.clone(),
            replace_paths,
            private: answer.private,
            before_identity: present.map_or(Value::NULL, |object| {
                self.prior.objects[object].identity.clone()
            }),
            after_identity: answer.identity,
            importing,
            schema_version: schema.version,
            dependencies: self.resource_deps[node.index()]
                .clone()
                .unwrap_or_else(|| Arc::from([])),
            create_before_destroy: self.create_first[node.index()],
            tainted: present.is_some_and(|object| self.is_tainted(object)),
            marks_only,
            stored,
        };
        self.progress.push(Progress::Planned(addr.clone()));
        if action != Action::NoOp {
            self.changing[node.index()] = true;
        }
        if self.is_trigger[node.index()] {
            let resource = change.addr.resource.clone();
            self.triggering
                .entry(resource)
                .or_default()
                .push(self.changes.len());
        }
        self.changes.push(change);
        if action.is_replace() && action != Action::ForgetThenCreate {
            if let Some(object) = present {
                self.check_prevent_destroy(object);
            }
        }
        self.settle_checked(id, after);
    }

    /// The value of an instance is known as far as it can be: postconditions, then on.
    pub(super) fn settle_checked(&mut self, id: usize, value: Value) {
        let Task {
            place, at, addr, ..
        } = &self.tasks[id];
        let (place, at, addr) = (*place, *at, addr.clone());
        let config = self.config.clone();
        let resource = &config.module(place.module).resources[at as usize];
        let rules = &resource.lifecycle.postconditions;
        if rules.is_empty() {
            return self.settle(id, Ok(value));
        }
        // A postcondition may also name its own resource.
        let index = self.tasks[id].index;
        self.world.set_instance(place, at, index, Ok(value.clone()));
        let config_addr = self.config_addr(place.module, at).to_string();
        let words = Words {
            failed: "Resource postcondition failed",
            noun: "postcondition",
            severity: self.condition_severity(),
        };
        let mut failed = false;
        for rule in rules {
            let Ok(repeat) = self.world.repeat(place, at, addr.key.as_ref()) else {
                continue;
            };
            let mut diagnostics = Diagnostics::new();
            let outcome = conditions::evaluate(
                rule,
                &self
                    .world
                    .scope(place)
                    .repeated(repeat)
                    .with_self(value.clone()),
                words,
                &mut diagnostics,
            );
            failed |= diagnostics.has_errors();
            self.checks.record(
                CheckKind::Resource,
                &config_addr,
                &addr.to_string(),
                &outcome,
            );
            self.report(diagnostics, &addr.to_string());
        }
        self.settle(id, if failed { Err(()) } else { Ok(value) });
    }

    /// The task ends with this value.
    pub(super) fn settle(&mut self, id: usize, value: Result<Value, ()>) {
        let Task {
            node,
            place,
            at,
            index,
            ..
        } = self.tasks[id];
        self.world.set_instance(place, at, index, value);
        let task = &mut self.tasks[id];
        task.step = Step::Done;
        task.config = Value::NULL;
        task.sent = Sent::default();
        self.free_tasks.push(id);
        self.task_done(node);
    }

    /// The task failed; why was reported.
    pub(super) fn task_failed(&mut self, id: usize) {
        self.settle(id, Err(()));
    }
}

/// Evaluates preconditions and configuration of one instance.
fn evaluate(
    world: &World,
    resource: &Resource,
    place: Place,
    at: u32,
    key: Option<&InstanceKey>,
    severity: Severity,
) -> Evaluated {
    let repeat = match world.repeat(place, at, key) {
        Ok(repeat) => repeat,
        Err(diagnostics) => {
            return Evaluated {
                config: Err(diagnostics),
                conditions: Vec::new(),
                messages: Diagnostics::new(),
            };
        }
    };
    let scope = world.scope(place).repeated(repeat);
    let words = Words {
        failed: "Resource precondition failed",
        noun: "precondition",
        severity,
    };
    let mut messages = Diagnostics::new();
    let conditions: Vec<Outcome> = resource
        .lifecycle
        .preconditions
        .iter()
        .map(|rule| conditions::evaluate(rule, &scope, words, &mut messages))
        .collect();
    if messages.has_errors() {
        return Evaluated {
            config: Ok(Value::NULL),
            conditions,
            messages,
        };
    }
    Evaluated {
        config: resource.body.eval(&scope, &[]),
        conditions,
        messages,
    }
}

/// Whether a value has a type, where `dynamic` in the type stands for anything.
pub(crate) fn fits(value: &Value, ty: &Type) -> bool {
    match (value.unmarked().kind(), ty) {
        (_, Type::Dynamic) => true,
        (Kind::Null(actual) | Kind::Unknown(actual, _), _) => {
            *actual == Type::Dynamic || type_fits(actual, ty)
        }
        (Kind::Bool(_), Type::Bool)
        | (Kind::Number(_), Type::Number)
        | (Kind::String(_), Type::String) => true,
        (Kind::List(items), Type::List(element)) | (Kind::Set(items), Type::Set(element)) => {
            value
                .ty()
                .element()
                .is_some_and(|actual| type_fits(actual, element))
                && items.iter().all(|item| fits(item, element))
        }
        (Kind::Map(map), Type::Map(element)) => map.values().iter().all(|item| fits(item, element)),
        (Kind::Tuple(items), Type::Tuple(types)) => {
            items.len() == types.len()
                && items
                    .iter()
                    .zip(types.iter())
                    .all(|(item, ty)| fits(item, ty))
        }
        (Kind::Object(object), Type::Object(wanted)) => {
            object.len() == wanted.attributes.len()
                && wanted
                    .attributes
                    .iter()
                    .all(|(name, ty)| object.get(name).is_some_and(|value| fits(value, ty)))
        }
        _ => false,
    }
}

fn type_fits(actual: &Type, wanted: &Type) -> bool {
    match (actual, wanted) {
        (_, Type::Dynamic) => true,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => type_fits(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| type_fits(a, b))
        }
        (Type::Object(a), Type::Object(b)) => {
            a.attributes.len() == b.attributes.len()
                && b.attributes.iter().all(|(name, ty)| {
                    a.attributes
                        .get(name)
                        .is_some_and(|actual| type_fits(actual, ty))
                })
        }
        _ => actual == wanted,
    }
}
