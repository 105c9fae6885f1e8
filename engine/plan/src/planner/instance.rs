//! One configured instance on its way to a change: from the answers of its provider to what is recorded (`opentofu.md` 5.6, c to k).

use super::conditions::{self, Words};
use super::managed::{First, PlannedObject, Sent, Step, Task};
use super::prior::Stage;
use super::{Core, Waiting};
use crate::ephemeral::{EphemeralOp, EphemeralStage};
use crate::machine::Progress;
use crate::objchange;
use crate::plan::{Action, ActionReason, Importing, PlanMode, ResourceChange};
use crate::rules;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::{InstanceKey, Mode};
use terrane_model::provider::{Answer, Call, CallFailure, ImportTarget, Private, Reply};
use terrane_model::snapshot::CheckKind;
use terrane_value::{Kind, Path, Value};

impl Core {
    #[expect(clippy::too_many_lines, reason = "one arm per answer")]
    pub(super) fn task_answered(&mut self, id: usize, outcome: Result<Reply, CallFailure>) {
        let Task {
            addr,
            provider,
            place,
            at,
            step,
            ..
        } = &self.tasks[id];
        let (addr, provider, step) = (addr.clone(), provider.clone(), *step);
        let config = self.config.clone();
        let resource = &config.module(place.module).resources[*at as usize];
        if outcome
            .as_ref()
            .map_or(true, |reply| !reply.diagnostics.is_empty())
        {
            let (object, config) = (self.tasks[id].object, self.tasks[id].config.clone());
            self.may_quote(object, Some(&config));
        }
        let mut reply = match outcome {
            Ok(reply) => reply,
            Err(failure) => {
                self.report_failure(&failure, &provider, &addr.to_string(), Some(resource.span));
                return self.task_failed(id);
            }
        };
        let within_check = resource.within_check.is_some();
        let had_errors = reply.has_errors();
        let errors: Vec<_> = (reply.diagnostics.iter())
            .filter(|message| message.is_error)
            .cloned()
            .collect();
        if within_check {
            reply
                .diagnostics
                .iter_mut()
                .for_each(|message| message.is_error = false);
        }
        let span_of = |path: Option<&Path>| {
            Some(path.map_or(resource.span, |path| resource.body.span_of(path)))
        };
        self.report_provider(&reply.diagnostics, &addr, &span_of);
        if had_errors {
            return if within_check {
                self.check_data_failed(id, &errors);
            } else {
                self.task_failed(id);
            };
        }
        match (step, reply.answer) {
            (Step::Validating, _) if resource.mode == Mode::Data => self.read_data(id),
            (Step::Validating, _) if resource.mode == Mode::Ephemeral => self.open_ephemeral(id),
            (Step::Validating, _) if resource.mode == Mode::Action => self.action_ready(id),
            (
                Step::Opening,
                Some(Answer::Ephemeral {
                    result,
                    private,
                    renew_after_ms,
                }),
            ) => self.ephemeral_opened(id, &result, private, renew_after_ms),
            (Step::Opening, Some(Answer::Deferred(deferred))) => {
                self.ephemeral_deferred(id, deferred);
            }
            (Step::Validating, _) => self.wait_for_object(id),
            (
                Step::ReadingData,
                Some(Answer::Data {
                    deferred: Some(deferred),
                    ..
                }),
            ) => match self.allowed_deferral(&addr.to_string(), &provider, resource.span, deferred)
            {
                Some(reason) => self.data_deferred(id, reason),
                None => self.task_failed(id),
            },
            (Step::ReadingData, Some(Answer::Data { state, .. })) => self.data_read(id, state),
            (
                Step::Planning | Step::PlanningNew,
                Some(Answer::Plan {
                    planned,
                    requires_replace,
                    private,
                    identity,
                    legacy_type_system,
                    deferred,
                }),
            ) => {
                let planned = PlannedObject {
                    planned,
                    paths: requires_replace,
                    private,
                    identity,
                    legacy: legacy_type_system,
                };
                if let Some(deferred) = deferred {
                    match self.allowed_deferral(
                        &addr.to_string(),
                        &provider,
                        resource.span,
                        deferred,
                    ) {
                        Some(reason) => self.planned_deferred(id, reason, planned),
                        None => self.task_failed(id),
                    }
                } else if step == Step::Planning {
                    self.planned(id, planned);
                } else {
                    self.planned_new(id, planned);
                }
            }
            _ => {
                self.diagnostics.push(
                    Diagnostic::error(&rules::answer::INVALID_PLAN_ANSWER, "The provider's answer has not the form that was asked for. This is a bug in the provider.").about(addr.to_string()).at(resource.span),
                );
                self.task_failed(id);
            }
        }
    }

    pub(super) fn wait_for_object(&mut self, id: usize) {
        self.tasks[id].step = Step::WaitingForObject;
        if self.tasks[id].object.is_none()
            && let Some(wanted) = self.imports.remove(&self.tasks[id].addr)
        {
            let (addr, provider) = (self.tasks[id].addr.clone(), self.tasks[id].provider.clone());
            match self.begin_import(&addr, &provider, wanted) {
                Some(object) => self.tasks[id].object = Some(object),
                None => return self.task_failed(id),
            }
        }
        match self.tasks[id].object {
            Some(object)
                if matches!(
                    self.prior.objects[object].stage,
                    Stage::Waiting | Stage::Asked
                ) =>
            {
                self.prior.objects[object].waiters.push(id);
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
    pub(super) fn value_from_state(&mut self, id: usize) {
        let present = self.tasks[id]
            .object
            .filter(|object| self.prior.objects[*object].stage == Stage::Ready);
        let Some(object) = present else {
            // Of what is not there nothing is known, as with the peers not even its type: a condition may have it in the branch that is not taken.
            return self.settle(id, Ok(Value::dynamic()));
        };
        let value = self.marked(object, &self.prior.objects[object].now.clone());
        if !self.is_destroy() {
            let change = self.change_of(object);
            match self.prior.objects[object].deferred {
                Some(reason) => self.put_off(reason, change),
                None => self.changes.push(change),
            }
            return self.settle_checked(id, value);
        }
        self.settle(id, Ok(value));
    }

    pub(super) fn plan_task(&mut self, id: usize) {
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
        let told = object.and_then(|object| self.prior.objects[object].deferred);
        if let Some(reason) = told.or(self.tasks[id].deferred) {
            let planned = if prior.is_null() {
                objchange::planned_unknown_object(&block, &config)
            } else {
                proposed
            };
            return self.planned_deferred(
                id,
                reason,
                PlannedObject::unasked(planned, private, identity),
            );
        }
        let call = Call::Plan {
            type_name: resource.type_name.clone(),
            prior: prior.clone(),
            proposed,
            config: config.clone(),
            private,
            meta: self.meta_at(*place, provider.config),
            identity,
        };
        let provider = provider.clone();
        let task = &mut self.tasks[id];
        task.forced = forced;
        task.sent = Sent {
            prior: Some(prior),
            config: Some(config),
        };
        task.step = Step::Planning;
        self.ask(&provider, call, Waiting::Task(id));
    }

    /// Whether something other than its own values makes it a replacement. Of several reasons the peers give the trigger, then the taint, then the request.
    pub(super) fn forced(&self, id: usize) -> Result<Option<ActionReason>, Diagnostics> {
        let Task {
            addr,
            place,
            at,
            object,
            ..
        } = &self.tasks[id];
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
        let tainted = object.is_some_and(|object| self.is_tainted(object));
        let requested = self.options.replace.contains(addr);
        Ok(match (tainted, requested) {
            (true, _) => Some(ActionReason::ReplaceBecauseTainted),
            (false, true) => Some(ActionReason::ReplaceByRequest),
            (false, false) => None,
        })
    }

    /// The provider's answer to the first (mostly the only) plan.
    pub(super) fn planned(&mut self, id: usize, answer: PlannedObject) {
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
        if self.is_tainted(before) {
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
    pub(super) fn plan_new(
        &mut self,
        id: usize,
        block: &terrane_model::schema::Block,
        private: Private,
    ) {
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
            meta: self.meta_at(*place, provider.config),
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

    pub(super) fn planned_new(&mut self, id: usize, answer: PlannedObject) {
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

    pub(super) fn replace_action(&self, id: usize) -> Action {
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
    pub(super) fn acceptable(&mut self, id: usize, answer: &PlannedObject) -> Option<Value> {
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
        if !super::fits::fits(&planned, block.implied_type()) {
            problems.push((
                Path::new(),
                "the planned object does not have the type that the schema says".into(),
            ));
        } else if !answer.legacy {
            problems = objchange::assert_plan_valid(&block, prior, config, &planned);
        }
        let known: Vec<Path> = problems.iter().map(|(path, _)| path.clone()).collect();
        let set = objchange::write_only_values(&block, &planned);
        problems.extend(
            set.into_iter()
                .filter(|path| !known.contains(path))
                .map(|path| {
                    let problem =
                        "a value of a write-only attribute, which providers must not give back";
                    (path, problem.to_owned())
                }),
        );
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
                    &rules::answer::INVALID_PLAN,
                    format!("Provider {name} planned an invalid value{place} of {addr}: {problem}.\n\nThis is a bug in the provider, which should be reported in the provider's own issue tracker."),
                )
                .at(span)
                .about(addr.clone()),
            );
        }
        None
    }

    /// Records the change of a task.
    #[expect(
        clippy::too_many_lines,
        reason = "one instance from beginning to end, in the order of the rules"
    )]
    #[expect(
        clippy::too_many_arguments,
        reason = "the facts of one instance, used once"
    )]
    pub(super) fn decide(
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
        let marks = if matches!(action, Action::NoOp | Action::Update) {
            objchange::kept_marks(&before, config, &resource.lifecycle.ignore_changes)
        } else {
            objchange::marked_paths(config)
        };
        for (path, marks) in marks {
            after = objchange::mark_by_paths(&after, &[path], &marks);
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
            .or(*object)
            .and_then(|object| self.prior.objects[object].importing.clone())
            .map(|target| Importing {
                id: match target {
                    ImportTarget::Id(id) => Some(id),
                    ImportTarget::Identity(_) => None,
                },
                unknown: false,
                generated_config: self.options.generated.get(addr).cloned(),
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
        if let Some(reason) = self.deferral_of(id) {
            return self.put_off_task(id, reason, change);
        }
        self.progress.push(Progress::Planned(addr.clone()));
        if action != Action::NoOp {
            self.changing.insert((node.index(), place.pos));
        }
        if self.is_trigger[node.index()] {
            let resource = change.addr.resource.clone();
            self.triggering
                .entry(resource)
                .or_default()
                .push(self.changes.len());
        }
        self.changes.push(change);
        if action.is_replace()
            && action != Action::ForgetThenCreate
            && let Some(object) = present
        {
            self.check_prevent_destroy(object);
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
            failed: &rules::condition::POSTCONDITION_FAILED,
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
            self.report(diagnostics, &addr);
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
        if self.tasks[id].step == Step::Opening {
            let addr = self.tasks[id].addr.clone();
            self.say_ephemeral(addr, EphemeralOp::Open, EphemeralStage::Failed);
        }
        self.settle(id, Err(()));
    }
}
