//! Instances of managed resources: evaluated, validated, planned (`opentofu.md` 5.6). Data sources begin here too.

use super::conditions::{self, Outcome, Words};
use super::prior::ObjectId;
use super::{Core, Waiting};
use crate::ephemeral::EphemeralInstance;
use crate::graph::NodeId;
use crate::machine::ProviderInstance;
use crate::plan::{ActionReason, DeferredReason, ExpansionKind, PlanMode};
use crate::rules;
use crate::world::expand::fits;
use crate::world::{Expanded, Place, World};
use rayon::prelude::*;
use std::sync::Arc;
use terrane_config::config::{ModuleId, Repetition, Resource};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use terrane_model::addr::{ConfigResource, InstanceAddr, InstanceKey, Mode};
use terrane_model::provider::{Call, Private};
use terrane_model::snapshot::{CheckKind, CheckStatus};
use terrane_value::{Kind, Path, Value};

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Validating,
    WaitingForObject,
    Planning,
    /// The second of the two plans that a replacement needs.
    PlanningNew,
    ReadingData,
    /// An ephemeral resource is being opened.
    Opening,
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
    pub(super) sent: Sent,
    pub(super) forced: Option<ActionReason>,
    pub(super) first: Option<First>,
    /// The provider can't decide yet.
    pub(super) deferred: Option<DeferredReason>,
}

#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) prior: Option<Value>,
    pub(super) config: Option<Value>,
}

/// The answer to the first plan of a replacement.
#[derive(Debug)]
pub(super) struct First {
    pub(super) paths: Vec<Path>,
    pub(super) reason: ActionReason,
}

/// An answer to a plan call.
pub(super) struct PlannedObject {
    pub(super) planned: Value,
    pub(super) paths: Vec<Path>,
    pub(super) private: Private,
    pub(super) identity: Value,
    pub(super) legacy: bool,
}

impl PlannedObject {
    /// What is shown in place of an answer, where the provider can't be asked.
    pub(super) fn unasked(planned: Value, private: Private, identity: Value) -> Self {
        Self {
            planned,
            paths: Vec::new(),
            private,
            identity,
            legacy: true,
        }
    }
}

/// What evaluating an instance gave.
pub(super) struct Evaluated {
    pub(super) config: Result<Value, Diagnostics>,
    conditions: Vec<Outcome>,
    messages: Diagnostics,
}

impl Evaluated {
    /// Of an instance that takes no part: whether its conditions hold and what is wrong with it is nobody's business.
    fn of_nobody(self) -> Self {
        let unknown = |_: &Outcome| Outcome {
            status: CheckStatus::Unknown,
            failure: None,
        };
        Self {
            config: Ok(Value::NULL),
            conditions: self.conditions.iter().map(unknown).collect(),
            messages: Diagnostics::new(),
        }
    }
}

/// From here on instances are evaluated on several threads.
const PARALLEL_FROM: usize = 64;

impl Core {
    /// Runs a resource node: expands it and begins a task per instance.
    pub(super) fn run_resource(&mut self, id: NodeId, module: ModuleId, at: u32) {
        let config = self.config.clone();
        let resource = &config.module(module).resources[at as usize];
        let from_state = self.is_destroy() && resource.mode == Mode::Managed;
        if self.options.mode == PlanMode::Normal && !from_state && resource.mode == Mode::Managed {
            let wanted = self.wanted_imports(module, at);
            self.imports.extend(wanted);
        }
        let mut batch = Vec::new();
        let mut absent = Vec::new();
        for place in self.world.places(module) {
            let (expanded, configured) = self.expand_in(resource, place, at);
            if let Some(expanded) = &expanded {
                let there = |key: &&Option<InstanceKey>| expanded.keys.binary_search(key).is_err();
                let missing = configured.iter().filter(there).cloned();
                absent.extend(missing.map(|key| (place, key)));
                let keys = expanded.keys.iter().cloned().enumerate();
                batch.extend(keys.map(|(index, key)| {
                    let known = !from_state && configured.binary_search(&key).is_ok();
                    (place, index, key, known)
                }));
            }
            self.world.set_resource(place, at, expanded);
        }
        for (place, key) in absent {
            self.check_absent(resource, place, at, key);
        }
        self.running[id.index()] = u32::try_from(batch.len()).expect("fewer than 2^32 instances");
        if batch.is_empty() {
            return self.complete(id);
        }
        type Instance = (Place, usize, Option<InstanceKey>, bool);
        let evaluate = |(place, _, key, configured): &Instance| match configured {
            false => Evaluated {
                config: Ok(Value::NULL),
                conditions: Vec::new(),
                messages: Diagnostics::new(),
            },
            true => evaluate(
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
        let config_addr = self.config_addr(module, at);
        for ((place, index, key, _), evaluated) in batch.into_iter().zip(evaluated) {
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

    /// The instances of a resource in one module instance, `None` if that can't be told; and which of them are configured.
    fn expand_in(
        &mut self,
        resource: &Resource,
        place: Place,
        at: u32,
    ) -> (Option<Expanded>, Arc<[Option<InstanceKey>]>) {
        let managed = resource.mode == Mode::Managed && !self.world.is_doubled(place);
        if managed && self.is_destroy() {
            return (Some(self.expanded_from_state(place, at)), Arc::from([]));
        }
        let mut expanded = match self.world.expanded(place, &resource.repetition) {
            Ok(expanded) => expanded,
            Err(diagnostics) => {
                let addr = self.world.resource_addr(place, at).to_string();
                self.report_repetition(diagnostics, &addr);
                self.claim_all(place, at);
                return (None, Arc::from([]));
            }
        };
        let configured = expanded.keys.clone();
        let repeats = matches!(expanded.kind, ExpansionKind::Count | ExpansionKind::ForEach);
        // Of a module of which nothing is known, state does not say which instance would be meant.
        let known = !self.world.module_cell(place).open;
        if managed && repeats && known && self.options.mode == PlanMode::RefreshOnly {
            // Nothing comes and nothing goes: there are the instances that there are.
            expanded.keys = self.expanded_from_state(place, at).keys;
            expanded.open = false;
        }
        (Some(expanded), configured)
    }

    /// What is wrong with an instance that is not there yet, and will not be made now.
    fn check_absent(
        &mut self,
        resource: &Resource,
        place: Place,
        at: u32,
        key: Option<InstanceKey>,
    ) {
        let severity = self.condition_severity();
        let Evaluated {
            config,
            conditions,
            messages,
        } = evaluate(&self.world, resource, place, at, key.as_ref(), severity);
        let addr = self.world.instance_addr(place, at, key).to_string();
        let config_addr = self.config_addr(place.module, at).to_string();
        for outcome in &conditions {
            self.checks
                .record(CheckKind::Resource, &config_addr, &addr, outcome);
        }
        self.report(messages, &addr);
        if let Err(messages) = config {
            self.report(messages, &addr);
        }
    }

    /// Where the repetition failed, no object is to be taken for an orphan.
    pub(super) fn claim_all(&mut self, place: Place, at: u32) {
        let addr = self.world.resource_addr(place, at);
        if let Some(resource) = self.prior.resources.get(&addr) {
            for id in resource.current.values() {
                self.prior.objects[*id].claimed = true;
            }
        }
    }

    /// While destroying, the instances are those that state holds.
    pub(super) fn expanded_from_state(&self, place: Place, at: u32) -> Expanded {
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
        Expanded {
            kind,
            keys: keys.filter(|key| fits(kind, key.as_ref())).collect(),
            each: None,
            open: false,
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the facts of one instance, used once"
    )]
    #[expect(
        clippy::too_many_lines,
        reason = "one instance from beginning to end, in the order of the rules"
    )]
    pub(super) fn begin(
        &mut self,
        node: NodeId,
        place: Place,
        at: u32,
        index: usize,
        addr: InstanceAddr,
        evaluated: Evaluated,
        config_addr: &ConfigResource,
        from_state: bool,
    ) {
        let object = self.prior.current(&addr.resource, &addr.key);
        let resource = self.world.resource(place.module, at);
        let (mode, type_name) = (resource.mode, resource.type_name.clone());
        let provider_span = resource.provider.span;
        let provider_key = resource.provider.key.as_ref().map(|key| {
            let (place, repeat) = match resource.provider.key_from {
                None => (place, self.world.repeat(place, at, addr.key.as_ref())?),
                Some(call) => self.world.caller(place, call)?,
            };
            key.eval(&self.world.scope(place).repeated(repeat), &[])
        });
        let mut provider = ProviderInstance {
            config: resource.provider.provider,
            key: None,
        };
        // A provider that is needed for an object in scope needs what it is configured with.
        let in_scope = self.scope.instance(Some(node), &addr)
            || mode == Mode::Ephemeral && self.ephemerals.configures(node);
        let Evaluated {
            config,
            conditions,
            messages,
        } = match in_scope {
            true => evaluated,
            false => evaluated.of_nobody(),
        };
        // One instance that stands for all is shown and not planned; objects that are there stay as they are.
        let stands_for_all = self.world.module_cell(place).open
            || (self.world.resource_cell(place, at)).is_some_and(|cell| cell.open);
        let deferred = stands_for_all.then_some(DeferredReason::InstanceCountUnknown);
        if stands_for_all {
            self.put_off.mark(node, place);
        }
        let mut nobody = false;
        let mut failed = messages.has_errors();
        if !conditions.is_empty() {
            let (config_addr, addr) = (config_addr.to_string(), addr.to_string());
            for outcome in &conditions {
                self.checks
                    .record(CheckKind::Resource, &config_addr, &addr, outcome);
            }
        }
        self.report(messages, &addr);
        match provider_key {
            None => {}
            Some(Ok(key)) => match key.unmarked().kind() {
                Kind::String(key) => provider.key = Some(InstanceKey::Str(key.clone())),
                Kind::Unknown(..) if deferred.is_some() => nobody = true,
                _ => {
                    failed = true;
                    self.diagnostics.push(
                        Diagnostic::error(
                            &rules::planning::INVALID_PROVIDER_KEY,
                            "The key that chooses a provider instance must be a known string.",
                        )
                        .about(addr.to_string()),
                    );
                }
            },
            Some(Err(diagnostics)) => {
                failed = true;
                self.report(diagnostics, &addr);
            }
        }
        if let Some(problem) = self.no_such_instance(&addr, &provider, provider_span) {
            failed = true;
            self.diagnostics.push(problem);
        } else if let Some(object) = object {
            self.hand_over(object, &provider);
        }
        if !from_state || object.is_none_or(|object| !self.prior.objects[object].in_scope) {
            // While destroying, objects are left to the orphans: all of them go.
            if let Some(object) = object {
                self.prior.objects[object].claimed = true;
            }
        }
        let config = match config {
            Ok(config) => config,
            Err(diagnostics) => {
                failed = true;
                self.report(diagnostics, &addr);
                Value::NULL
            }
        };
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
            deferred,
        };
        let id = self.add_task(task);
        if mode == Mode::Ephemeral && in_scope {
            let task = &self.tasks[id];
            self.ephemerals.instances.push(EphemeralInstance {
                addr: task.addr.clone(),
                provider: self.config.provider(task.provider.config).addr.clone(),
                provider_key: task.provider.key.clone(),
            });
        }
        if failed {
            return self.task_failed(id);
        }
        if self.recovering && mode == Mode::Managed {
            // Only what provider configurations need is of interest, and nothing is read for it.
            return self.leave_as_is(id);
        }
        if from_state && object.is_some_and(|object| !self.prior.objects[object].in_scope) {
            // Nobody reads it.
            return self.leave_as_is(id);
        }
        if from_state || self.options.mode == PlanMode::RefreshOnly && mode == Mode::Managed {
            return self.wait_for_object(id);
        }
        if !in_scope {
            return self.leave_as_is(id);
        }
        if nobody {
            // Nobody can be asked whether its configuration is good.
            return match mode {
                Mode::Managed => self.plan_task(id),
                Mode::Data => self.read_data(id),
                Mode::Ephemeral => self.open_ephemeral(id),
                Mode::Action => self.settle(id, Ok(Value::dynamic())),
            };
        }
        if !self.provider_ready(&self.tasks[id].provider) {
            return self.task_failed(id);
        }
        if mode != Mode::Ephemeral && self.is_unstorable(id) {
            return self.task_failed(id);
        }
        let (provider, config) = (
            self.tasks[id].provider.clone(),
            self.tasks[id].config.unmark_deep(),
        );
        let call = match mode {
            Mode::Managed => Call::ValidateResource { type_name, config },
            Mode::Data => Call::ValidateDataSource { type_name, config },
            Mode::Ephemeral => Call::ValidateEphemeral { type_name, config },
            Mode::Action => Call::ValidateAction { type_name, config },
        };
        self.ask(&provider, call, Waiting::Task(id));
    }

    pub(super) fn add_task(&mut self, task: Task) -> usize {
        if let Some(id) = self.free_tasks.pop() {
            self.tasks[id] = task;
            return id;
        }
        self.tasks.push(task);
        self.tasks.len() - 1
    }

    /// Ephemeral values may only be given to write-only attributes; infinite numbers to none that is stored.
    pub(super) fn is_unstorable(&mut self, id: usize) -> bool {
        let Task {
            config,
            place,
            at,
            addr,
            ..
        } = &self.tasks[id];
        let resource = self.world.resource(place.module, *at);
        let problems = resource.body.unstorable(config);
        let found = !problems.is_empty();
        let about = |problem: Diagnostic| problem.about(addr.to_string());
        self.diagnostics.extend(problems.into_iter().map(about));
        found
    }

    /// The instance keeps the value that state has, and is not planned (`-target`).
    pub(super) fn leave_as_is(&mut self, id: usize) {
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
        failed: &rules::condition::PRECONDITION_FAILED,
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
