//! Asking a provider to make a change: the second plan, the intent, the call, its answer.

use crate::core::Core;
use crate::object;
use crate::rules;
use crate::step::{Phase, prior_of, with_marks, without_unknown};
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostics, Rule};
use terrane_model::addr::{DeposedKey, Mode};
use terrane_model::event::{EventKind, Intent, ObjectAddr, Operation};
use terrane_model::provider::{Answer, Call, CallFailure, Private, Reply};
use terrane_model::snapshot::Status;
use terrane_plan::exec::StepKind;
use terrane_plan::objchange;
use terrane_plan::plan::Action;
use terrane_value::{Path, Value};

impl Core {
    /// Evaluates the configuration with what is known now, and plans again: the provider may need the values.
    #[expect(
        clippy::too_many_lines,
        reason = "one instance from beginning to end, in the order of the rules"
    )]
    pub(crate) fn begin_apply(&mut self, id: usize) {
        let Some(number) = self.at(id).map(|running| running.change) else {
            return;
        };
        let change = self.plan.changes[number].clone();
        if let Some(Err(messages)) = (self.evaluator.as_mut()).map(|known| known.settle(number)) {
            // It is not begun: the messages are about what it needs.
            self.diagnostics.extend(messages);
            return self.end(id, false);
        }
        let mut messages = Diagnostics::new();
        let holds = self
            .evaluator
            .as_mut()
            .is_none_or(|evaluator| evaluator.conditions(&change, number, None, &mut messages));
        self.report(id, messages);
        let config = match self.evaluate(|evaluator| evaluator.config_of(number)) {
            Ok(config) if holds => config,
            Ok(_) => return self.fail(id),
            Err(diagnostics) => {
                self.report(id, diagnostics);
                return self.fail(id);
            }
        };
        let Some(schema) = self.schema(id) else {
            return self.fail(id);
        };
        let plain = config.unmark_deep();
        if !plain.is_wholly_known() {
            self.complain(
                id,
                &rules::apply::UNKNOWN_AT_APPLY,
                format!("The configuration of {} still holds values that are not known, although everything that it refers to is done. This is a bug in terrane.", change.addr),
            );
            return self.fail(id);
        }
        let unstorable = (self.resource(id)).map(|resource| resource.body.unstorable(&config));
        if let Some(problems) = unstorable.filter(|problems| !problems.is_empty()) {
            self.report(id, problems);
            return self.fail(id);
        }
        let marks = match self.resource(id) {
            Some(resource) if matches!(change.action, Action::Update | Action::NoOp) => {
                let ignored = &resource.lifecycle.ignore_changes;
                objchange::kept_marks(&change.before, &config, ignored)
            }
            _ => objchange::marked_paths(&config),
        };
        if let Some(running) = self.at(id) {
            running.config = config;
            running.marks = marks;
        }
        let type_name = change.addr.resource.type_name.clone();
        if change.addr.resource.mode == Mode::Data {
            self.started(id);
            if let Some(running) = self.at(id) {
                running.phase = Phase::Reading;
            }
            return self.ask(
                id,
                Call::ReadDataSource {
                    type_name,
                    config: plain,
                    meta: self.meta(&change),
                },
            );
        }
        let prior = prior_of(&change, &schema);
        let plain = match self.resource(id) {
            Some(resource) if !prior.is_null() => objchange::process_ignore_changes(
                &prior,
                &plain,
                &resource.lifecycle.ignore_changes,
                &schema.block,
            ),
            _ => plain,
        };
        let proposed = objchange::proposed_new(&schema.block, &prior, &plain);
        // As refresh found it: the provider may keep other bytes beside the object now.
        let known = self.refreshed(number);
        let (private, identity) = match &known {
            Some(stored) if !prior.is_null() => {
                (stored.private.clone(), change.before_identity.clone())
            }
            _ if change.action.is_replace() => (change.private.clone(), Value::NULL),
            _ => (Private::from([]), Value::NULL),
        };
        if let Some(running) = self.at(id) {
            running.phase = Phase::Replanning;
        }
        self.ask(
            id,
            Call::Plan {
                type_name,
                prior,
                proposed,
                config: plain,
                private,
                meta: self.meta(&change),
                identity,
            },
        );
    }

    pub(crate) fn replied(&mut self, id: usize, outcome: Result<Reply, CallFailure>) {
        let Some(phase) = self.at(id).map(|running| running.phase) else {
            return;
        };
        let reply = match outcome {
            Ok(reply) => reply,
            Err(failure) => return self.unanswered(id, phase, &failure),
        };
        match phase {
            Phase::Replanning => self.replanned(id, reply),
            Phase::Reading => self.data_read(id, reply),
            Phase::Applying => self.applied(id, reply),
            Phase::Resolving => self.resolved(id, reply),
            _ => {}
        }
    }

    /// The provider gave no answer.
    pub(crate) fn unanswered(&mut self, id: usize, phase: Phase, failure: &CallFailure) {
        let Some(change) = self.change(id) else {
            return;
        };
        let (addr, provider) = (
            change.addr.to_string(),
            change.provider.provider.for_display(),
        );
        let mut detail = self.secrets_of(id).no_answer(&provider, failure);
        let unsure = phase == Phase::Applying && failure.may_have_happened;
        if unsure || phase == Phase::Resolving {
            detail = format!(
                "{detail} Whether the change of {addr} was made is not known. It stays recorded as begun, so that it is neither forgotten nor made a second time unseen: the next plan looks at it."
            );
            self.complain(id, &rules::apply::NO_ANSWER_TO_APPLY, detail);
            return self.fail(id);
        }
        self.complain(id, &rules::apply::NO_ANSWER_TO_PLAN, detail);
        if phase == Phase::Applying {
            return self.record_unchanged(id);
        }
        self.fail(id);
    }

    /// The second plan: it must agree with what was approved.
    pub(crate) fn replanned(&mut self, id: usize, reply: Reply) {
        if self.provider_messages(id, &reply.diagnostics) {
            return self.fail(id);
        }
        let (
            Some(Answer::Plan {
                planned,
                private,
                identity,
                legacy_type_system,
                deferred: None,
                requires_replace,
            }),
            Some(schema),
        ) = (reply.answer, self.schema(id))
        else {
            self.complain(id, &rules::apply::INVALID_PLAN_ANSWER, "The provider's answer has not the form that was asked for. This is a bug in the provider.".into());
            return self.fail(id);
        };
        let Some(change) = self.change(id).cloned() else {
            return;
        };
        let planned = objchange::normalize_from_legacy(&schema.block, &planned);
        let before = change.before.unmark_deep();
        if change.action == Action::Update && planned == before {
            // What was unknown turned out to be what it was: nothing is left to do.
            return self.nothing_to_change(id);
        }
        if change.action == Action::Update {
            let found = objchange::filter_replace_paths(
                &schema.block,
                &before,
                &planned,
                &requires_replace,
            );
            if !found.changed.is_empty() {
                self.needs_replacement(id, &found.changed);
                return self.fail(id);
            }
        }
        if self.stopping() {
            // Nothing was begun.
            return self.end(id, false);
        }
        if !legacy_type_system {
            let problems = objchange::assert_object_compatible(
                &schema.block,
                &change.after.unmark_deep(),
                &planned,
            );
            if !problems.is_empty() {
                self.inconsistent(id, &problems, &rules::apply::INCONSISTENT_FINAL_PLAN, "When expanding the plan to include new values learned so far during apply, the provider planned an invalid new value");
                return self.fail(id);
            }
        }
        if let Some(running) = self.at(id) {
            running.planned = planned;
            running.private = private;
            running.identity = identity;
        }
        self.started(id);
        self.intend(id, Vec::new());
    }

    /// The object is as it should be; only what it depends on, and how it is replaced, may be new.
    fn nothing_to_change(&mut self, id: usize) {
        let Some(number) = self.at(id).map(|running| running.change) else {
            return;
        };
        let change = self.plan.changes[number].clone();
        let stored = self.refreshed(number);
        let (Some(schema), Some(running)) = (self.schema(id), self.at(id)) else {
            return;
        };
        // What is sensitive follows the configuration, not what the object was made of.
        let plain = change.before.unmark_deep();
        let made = with_marks(
            &objchange::schema_marks(&schema.block, &plain),
            &running.marks,
        );
        let sensitive = object::sensitive_paths(&made);
        running.made = made;
        running.phase = Phase::RecordingWhole;
        // Another sensitivity is a change, though none that the provider is told of.
        let idle = (stored.as_ref()).is_none_or(|stored| stored.sensitive == sensitive);
        running.idle = idle;
        if !idle {
            self.started(id);
        }
        let known = stored.as_ref().is_none_or(|stored| {
            stored.dependencies == change.dependencies
                && stored.create_before_destroy == change.create_before_destroy
                && stored.sensitive == sensitive
        });
        let Some(stored) = stored.filter(|_| !known) else {
            return self.whole(id);
        };
        let mut state = (*stored).clone();
        state.dependencies.clone_from(&change.dependencies);
        state.create_before_destroy = change.create_before_destroy;
        state.sensitive = sensitive;
        let kind = EventKind::Set {
            object: ObjectAddr {
                instance: change.addr,
                deposed: None,
            },
            provider: change.provider,
            state: Some(Arc::new(state)),
        };
        self.persist(id, vec![kind]);
    }

    /// An update was approved, and now that everything is known it would have to be a replacement: that needs another plan.
    fn needs_replacement(&mut self, id: usize, paths: &[Path]) {
        let Some(change) = self.change(id) else {
            return;
        };
        let (addr, provider) = (
            change.addr.to_string(),
            change.provider.provider.for_display(),
        );
        let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
        self.complain(
            id,
            &rules::apply::INCONSISTENT_FINAL_PLAN,
            format!(
                "When expanding the plan to include new values learned so far during apply, the provider {provider} planned to replace {addr}, which was to be updated in place: {} can't be changed in place.\n\nNothing was done to {addr}. Plan again: the values are known now, so the next plan shows the replacement.",
                paths.join(", ")
            ),
        );
    }

    pub(crate) fn inconsistent(
        &mut self,
        id: usize,
        problems: &[(Path, String)],
        rule: &'static Rule,
        what: &str,
    ) {
        let Some(change) = self.change(id) else {
            return;
        };
        let provider = change.provider.provider.for_display();
        let addr = change.addr.to_string();
        for (path, problem) in problems {
            let place = if path.0.is_empty() {
                String::new()
            } else {
                format!(" for {path}")
            };
            self.complain(
                id,
                rule,
                format!("{what}{place} of {addr} (provider {provider}): {problem}.\n\nThis is a bug in the provider, which should be reported in the provider's own issue tracker."),
            );
        }
    }

    /// Makes the intent durable, after what is given.
    pub(crate) fn intend(&mut self, id: usize, mut kinds: Vec<EventKind>) {
        let op = self.new_op();
        let token = self.token(op);
        let Some(running) = self.running.get_mut(id).and_then(Option::as_mut) else {
            return;
        };
        running.op = op;
        running.phase = Phase::Intending;
        let number = running.change;
        let destroying = matches!(running.kind, StepKind::Destroy(_));
        let change = &self.plan.changes[number];
        let planned = if destroying {
            "{}".into()
        } else {
            object::planned_text(&with_marks(&running.planned, &running.marks))
        };
        let operation = match (destroying, change.action) {
            (true, _) => Operation::Delete,
            (false, Action::Update) => Operation::Update,
            _ => Operation::Create,
        };
        if !destroying && change.action == Action::CreateThenDelete {
            let key = DeposedKey::of_token(&token);
            kinds.push(EventKind::Deposed {
                instance: change.addr.clone(),
                key: key.clone(),
            });
            self.deposed.insert(number, key);
        }
        let deposed = if destroying {
            self.destroyed_key(number)
        } else {
            None
        };
        let change = &self.plan.changes[number];
        let object = ObjectAddr {
            instance: change.addr.clone(),
            deposed,
        };
        let (dependencies, create_before_destroy) = match operation {
            Operation::Create => (change.dependencies.clone(), change.create_before_destroy),
            Operation::Update | Operation::Delete | Operation::Provision(_) | Operation::Invoke => {
                (Arc::from([]), false)
            }
        };
        kinds.push(EventKind::Began {
            op,
            intent: Intent {
                object,
                operation,
                provider: change.provider.clone(),
                token,
                planned,
                dependencies,
                create_before_destroy,
                provider_key: change.provider_key.clone(),
            },
        });
        self.persist(id, kinds);
    }

    /// Which object a destroy step destroys: the current one, the one that this run deposed, or one deposed before.
    pub(crate) fn destroyed_key(&self, number: usize) -> Option<DeposedKey> {
        self.plan.changes[number]
            .deposed
            .clone()
            .or_else(|| self.deposed.get(&number).cloned())
    }

    pub(crate) fn persisted(&mut self, id: usize, well: bool) {
        let Some(running) = self.at(id) else { return };
        let phase = running.phase;
        if !well {
            return self.fail(id);
        }
        match phase {
            Phase::Intending => self.ask_to_apply(id),
            Phase::Recording => self.recorded(id),
            Phase::RecordingWhole => self.whole(id),
            Phase::Provisioning(_) | Phase::ProvisioningDestroy(_) => self.run_provisioner(id),
            _ => {}
        }
    }

    pub(crate) fn ask_to_apply(&mut self, id: usize) {
        let Some(schema) = self.schema(id) else {
            return self.fail(id);
        };
        let Some(running) = self.at(id) else { return };
        running.phase = Phase::Applying;
        let (op, number, destroying) = (
            running.op,
            running.change,
            matches!(running.kind, StepKind::Destroy(_)),
        );
        let (planned, config, private, identity) = (
            running.planned.clone(),
            running.config.unmark_deep(),
            running.private.clone(),
            running.identity.clone(),
        );
        let token = self.token(op);
        let change = &self.plan.changes[number];
        let type_name = change.addr.resource.type_name.clone();
        let null = Value::null(schema.block.implied_type().clone());
        let call = if destroying {
            let (prior, identity) = (change.before.unmark_deep(), change.before_identity.clone());
            Call::Apply {
                type_name,
                prior,
                planned: null.clone(),
                config: null,
                private: change.private.clone(),
                meta: self.meta(change),
                identity,
                token,
            }
        } else {
            Call::Apply {
                type_name,
                prior: prior_of(change, &schema),
                planned,
                config,
                private,
                meta: self.meta(change),
                identity,
                token,
            }
        };
        self.ask(id, call);
    }

    /// The provider has answered: whatever it says, it is recorded.
    pub(crate) fn applied(&mut self, id: usize, reply: Reply) {
        let failed = self.provider_messages(id, &reply.diagnostics);
        let (Some(running), Some(schema)) = (
            self.running.get(id).and_then(Option::as_ref),
            self.schema(id),
        ) else {
            return self.fail(id);
        };
        let destroying = matches!(running.kind, StepKind::Destroy(_));
        let (planned, marks) = (running.planned.clone(), running.marks.clone());
        let Some(change) = self.change(id).cloned() else {
            return;
        };
        let Some(Answer::Apply {
            state,
            private,
            identity,
            legacy_type_system,
        }) = reply.answer
        else {
            if !failed {
                self.complain(id, &rules::apply::INVALID_APPLY_ANSWER, "The provider's answer has not the form that was asked for. This is a bug in the provider.".into());
            }
            return self.nothing_answered(id);
        };
        let state = objchange::normalize_from_legacy(&schema.block, &state);
        let mut bad = failed;
        if destroying {
            if !failed && !state.is_null() {
                bad = true;
                self.complain(id, &rules::apply::NOT_DESTROYED, format!("After the apply operation, the provider still indicated that {} exists, although it was to be destroyed. This is a bug in the provider.", change.addr));
            }
            if failed && state.is_null() {
                // An error without an object: it is still there, as before.
                return self.record_unchanged(id);
            }
            return self.record(
                id,
                (!state.is_null()).then_some(state),
                private,
                &identity,
                bad,
            );
        }
        if state.is_null() {
            // An error, and the provider says that there is no object: nothing was made, so there is nothing to look for.
            if failed {
                return self.record_unchanged(id);
            }
            self.complain(id, &rules::apply::NOTHING_AFTER_APPLY, format!("After the apply operation, the provider returned nothing for {}. This is a bug in the provider.", change.addr));
            return self.nothing_answered(id);
        }
        let state = if state.is_wholly_known() {
            state
        } else {
            bad = true;
            self.complain(id, &rules::apply::UNKNOWN_AFTER_APPLY, format!("After the apply operation, the provider still indicated unknown values for {}. All values must be known after apply. This is a bug in the provider; the object is stored with null in their place.", change.addr));
            without_unknown(&state)
        };
        if !failed && !legacy_type_system {
            let problems = objchange::assert_object_compatible(&schema.block, &planned, &state);
            if !problems.is_empty() {
                bad = true;
                self.inconsistent(
                    id,
                    &problems,
                    &rules::apply::INCONSISTENT_RESULT,
                    "When applying changes, the provider produced an unexpected new value",
                );
            }
        }
        let state = with_marks(&objchange::schema_marks(&schema.block, &state), &marks);
        self.record(id, Some(state), private, &identity, bad);
    }

    /// Whether a step reads the data source of a check.
    fn is_checked_data(&self, id: usize) -> bool {
        self.resource(id)
            .is_some_and(|resource| resource.within_check.is_some())
    }

    /// The data source of a check could not be read: the check fails, the run does not.
    fn check_data_failed(&mut self, id: usize, mut reply: Reply) {
        let errors: Vec<_> = (reply.diagnostics.iter())
            .filter(|message| message.is_error)
            .cloned()
            .collect();
        for message in &mut reply.diagnostics {
            message.is_error = false;
        }
        self.provider_messages(id, &reply.diagnostics);
        let number = self.at(id).map(|running| running.change);
        if let (Some(number), Some(change), Some(evaluator)) =
            (number, self.change(id).cloned(), &mut self.evaluator)
        {
            evaluator.check_data_failed(&change, number, &errors);
        }
        self.end(id, true);
    }

    pub(crate) fn data_read(&mut self, id: usize, reply: Reply) {
        if reply.has_errors() && self.is_checked_data(id) {
            return self.check_data_failed(id, reply);
        }
        if self.provider_messages(id, &reply.diagnostics) {
            return self.fail(id);
        }
        let (
            Some(Answer::Data {
                state,
                deferred: None,
            }),
            Some(schema),
        ) = (reply.answer, self.schema(id))
        else {
            self.complain(id, &rules::apply::INVALID_READ_ANSWER, "The provider's answer has not the form that was asked for. This is a bug in the provider.".into());
            return self.fail(id);
        };
        let Some(change) = self.change(id).cloned() else {
            return;
        };
        if state.is_null() || !state.is_wholly_known() {
            self.complain(
                id,
                &rules::apply::INVALID_OBJECT,
                format!(
                    "The provider returned no usable object for {}. This is a bug in the provider.",
                    change.addr
                ),
            );
            return self.fail(id);
        }
        let Some(running) = self.at(id) else { return };
        running.phase = Phase::RecordingWhole;
        let value = with_marks(
            &objchange::schema_marks(&schema.block, &state),
            &running.marks,
        );
        running.made = value.clone();
        let state = object::state_of(
            &change,
            &schema.block,
            &value,
            Private::from([]),
            (&Value::NULL, 0),
            Status::Ready,
        );
        self.set_current(id, &change, state);
    }
}
