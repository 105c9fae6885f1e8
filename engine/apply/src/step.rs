//! One step from beginning to end (`opentofu.md` 5.7).
//!
//! The order that makes a crash harmless:
//! 1. the intent is durable ([`Phase::Intending`]);
//! 2. the provider is asked ([`Phase::Applying`]);
//! 3. the outcome is durable ([`Phase::Recording`]), with the object tainted if provisioners have yet to run;
//! 4. provisioners run, then the object is recorded as whole ([`Phase::RecordingWhole`]);
//! 5. dependents may start.

use crate::core::Core;
use crate::object;
use crate::{Progress, Provision};
use ecow::EcoString;
use std::sync::Arc;
use terrane_config::config::Resource;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::Span;
use terrane_model::addr::{DeposedKey, Mode};
use terrane_model::event::{EventKind, Intent, ObjectAddr, Operation};
use terrane_model::provider::{
    Answer, Call, CallFailure, Private, ProviderDiagnostic, Reply, Resolution,
};
use terrane_model::schema::Schema;
use terrane_model::snapshot::{ObjectState, Status};
use terrane_plan::exec::StepKind;
use terrane_plan::objchange;
use terrane_plan::plan::{Action, ResourceChange};
use terrane_value::{Path, Value};

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    WaitingForProvider,
    Replanning,
    Reading,
    /// Provisioners that run before destroying: the next one.
    ProvisioningDestroy(usize),
    Intending,
    Applying,
    /// The provider answered with an error and without an object: did it make one all the same?
    Resolving,
    Recording,
    /// Provisioners that run after creating: the next one.
    Provisioning(usize),
    RecordingWhole,
}

/// A step that is under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) step: u32,
    pub(crate) change: usize,
    kind: StepKind,
    pub(crate) phase: Phase,
    begun_ms: u64,
    /// It takes one of the parallel places.
    pub(crate) slow: bool,
    op: u64,
    /// The evaluated configuration, with marks.
    config: Value,
    /// What the provider was or will be asked to make.
    planned: Value,
    private: Private,
    identity: Value,
    /// The object, with marks, once it is made.
    made: Value,
    state: Option<Arc<ObjectState>>,
    failed: bool,
}

impl Running {
    pub(crate) fn new(step: u32, change: usize, kind: StepKind, begun_ms: u64, slow: bool) -> Self {
        Self {
            step,
            change,
            kind,
            phase: Phase::WaitingForProvider,
            begun_ms,
            slow,
            op: 0,
            config: Value::NULL,
            planned: Value::NULL,
            private: Private::from([]),
            identity: Value::NULL,
            made: Value::NULL,
            state: None,
            failed: false,
        }
    }

    /// What the user sees it as.
    fn action(&self, change: &ResourceChange) -> Action {
        match (self.kind, change.action) {
            (StepKind::Destroy(_), _) => Action::Delete,
            (StepKind::Forget(_), _) => Action::Forget,
            (_, action) if action.is_replace() => Action::Create,
            (_, action) => action,
        }
    }
}

impl Core {
    fn at(&mut self, id: usize) -> Option<&mut Running> {
        self.running.get_mut(id)?.as_mut()
    }

    /// The messages of one step, with its address.
    fn report(&mut self, id: usize, diagnostics: Diagnostics) {
        let addr = self.change(id).map(|change| change.addr.to_string());
        for mut diagnostic in diagnostics {
            if diagnostic.address.is_none() {
                diagnostic.address.clone_from(&addr);
            }
            self.diagnostics.push(diagnostic);
        }
    }

    fn resource(&self, id: usize) -> Option<&Resource> {
        self.evaluator.as_ref()?.resource(self.change(id)?)
    }

    fn span(&self, id: usize) -> Option<Span> {
        self.resource(id).map(|resource| resource.span)
    }

    fn complain(&mut self, id: usize, summary: &str, detail: String) {
        let span = self.span(id);
        let mut diagnostic = Diagnostic::error(summary, detail);
        diagnostic.subject = span;
        self.report(id, diagnostic.into());
    }

    fn schema(&self, id: usize) -> Option<Arc<Schema>> {
        crate::core::schema_of(&self.infos, self.change(id)?)
    }

    /// Messages of a provider; whether one is an error.
    fn provider_messages(&mut self, id: usize, messages: &[ProviderDiagnostic]) -> bool {
        let Some(resource) = self.resource(id) else {
            let plain = messages
                .iter()
                .map(|message| provider_message(message, None))
                .collect();
            self.report(id, plain);
            return messages.iter().any(|message| message.is_error);
        };
        let diagnostics = messages
            .iter()
            .map(|message| {
                let span = message
                    .attribute
                    .as_ref()
                    .map_or(resource.span, |path| resource.body.span_of(path));
                provider_message(message, Some(span))
            })
            .collect();
        self.report(id, diagnostics);
        messages.iter().any(|message| message.is_error)
    }

    /// Begins a step (or goes on when its provider is configured).
    pub(crate) fn start(&mut self, id: usize) {
        let Some(running) = self.at(id) else { return };
        let (kind, number) = (running.kind, running.change);
        match kind {
            StepKind::Forget(_) => self.forget(id),
            StepKind::Destroy(_) => {
                if self.provider_ready(id) {
                    self.begin_destroy(id);
                }
            }
            StepKind::Apply(_) if self.plan.changes[number].marks_only => self.only_marks(id),
            StepKind::Apply(_) => {
                if self.provider_ready(id) {
                    self.begin_apply(id);
                }
            }
            StepKind::Join => self.end(id, true),
        }
    }

    fn started(&mut self, id: usize) {
        let Some((progress, _)) = self.describe(id) else {
            return;
        };
        self.progress.push(progress);
    }

    /// The `Start` and `Done` of a step.
    fn describe(&self, id: usize) -> Option<(Progress, Progress)> {
        let running = self.running.get(id)?.as_ref()?;
        let change = &self.plan.changes[running.change];
        let action = running.action(change);
        let deposed = match running.kind {
            StepKind::Destroy(_) => self.destroyed_key(running.change).map(|key| key.0),
            _ => change.deposed.clone().map(|key| key.0),
        };
        let addr = change.addr.clone();
        let before = if action == Action::Create {
            None
        } else {
            id_value(&change.before)
        };
        let after = if running.made.is_null() {
            before.clone()
        } else {
            id_value(&running.made)
        };
        let start = Progress::Start {
            addr: addr.clone(),
            deposed: deposed.clone(),
            action,
            id: before,
        };
        Some((
            start,
            Progress::Done {
                addr,
                deposed,
                action,
                id: after,
            },
        ))
    }

    /// The step failed; why was reported.
    pub(crate) fn fail(&mut self, id: usize) {
        let Some(running) = self.running.get(id).and_then(Option::as_ref) else {
            return;
        };
        let (number, kind) = (running.change, running.kind);
        let change = &self.plan.changes[number];
        let (addr, deposed, action) = (
            change.addr.clone(),
            change.deposed.clone().map(|key| key.0),
            running.action(change),
        );
        if running.phase != Phase::WaitingForProvider {
            self.progress.push(Progress::Failed {
                addr,
                deposed,
                action,
            });
        }
        if matches!(kind, StepKind::Apply(_)) {
            self.set_value(number, Err(()));
        }
        self.end(id, false);
    }

    fn done(&mut self, id: usize) {
        let Some((_, progress)) = self.describe(id) else {
            return;
        };
        self.progress.push(progress);
        let Some(change) = self.change(id) else {
            return;
        };
        let data = change.addr.resource.mode == Mode::Data;
        let action = self.running[id]
            .as_ref()
            .map(|running| running.action(change));
        match action {
            Some(Action::Create) if !data => self.counts.added += 1,
            Some(Action::Update) => self.counts.changed += 1,
            Some(Action::Delete) => self.counts.destroyed += 1,
            Some(Action::Forget) => self.counts.forgotten += 1,
            _ => {}
        }
        self.end(id, true);
    }

    fn forget(&mut self, id: usize) {
        let Some(change) = self.change(id) else {
            return;
        };
        let object = ObjectAddr {
            instance: change.addr.clone(),
            deposed: change.deposed.clone(),
        };
        let kind = EventKind::Set {
            object,
            provider: change.provider.clone(),
            state: None,
        };
        self.started(id);
        if let Some(running) = self.at(id) {
            running.phase = Phase::RecordingWhole;
        }
        self.persist(id, vec![kind]);
    }

    /// The object itself does not change: only what is recorded of it does.
    fn only_marks(&mut self, id: usize) {
        let (Some(change), Some(schema)) = (self.change(id).cloned(), self.schema(id)) else {
            return self.fail(id);
        };
        let status = if change.tainted {
            Status::Tainted
        } else {
            Status::Ready
        };
        match object::state_of(
            &change,
            &schema.block,
            &change.after,
            change.private.clone(),
            &change.after_identity,
            status,
        ) {
            Ok(state) => {
                self.started(id);
                if let Some(running) = self.at(id) {
                    running.made = change.after.clone();
                    running.phase = Phase::RecordingWhole;
                }
                let object = ObjectAddr {
                    instance: change.addr.clone(),
                    deposed: None,
                };
                self.persist(
                    id,
                    vec![EventKind::Set {
                        object,
                        provider: change.provider,
                        state: Some(Arc::new(state)),
                    }],
                );
            }
            Err(problem) => {
                self.complain(
                    id,
                    "Object can't be stored",
                    format!("The object can't be written to the state: {problem}."),
                );
                self.fail(id);
            }
        }
    }

    /// Evaluates the configuration with what is known now, and plans again: the provider may need the values.
    fn begin_apply(&mut self, id: usize) {
        let Some(number) = self.at(id).map(|running| running.change) else {
            return;
        };
        let change = self.plan.changes[number].clone();
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
                "Configuration contains unknown value",
                format!("The configuration of {} still holds values that are not known, although everything that it refers to is done. This is a bug in terrane.", change.addr),
            );
            return self.fail(id);
        }
        if let Some(running) = self.at(id) {
            running.config = config;
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
                    meta: Value::NULL,
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
        let (private, identity) = match &change.stored {
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
                meta: Value::NULL,
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
    fn unanswered(&mut self, id: usize, phase: Phase, failure: &CallFailure) {
        let Some(change) = self.change(id) else {
            return;
        };
        let (addr, provider) = (
            change.addr.to_string(),
            change.provider.provider.for_display(),
        );
        let mut detail = format!(
            "The provider {provider} gave no answer: {}.",
            failure.message
        );
        let unsure = phase == Phase::Applying && failure.may_have_happened;
        if unsure || phase == Phase::Resolving {
            detail.push_str(&format!(
                " Whether the change of {addr} was made is not known. It stays recorded as begun, so that it is neither forgotten nor made a second time unseen: the next plan looks at it."
            ));
            self.complain(id, "Provider did not answer", detail);
            return self.fail(id);
        }
        self.complain(id, "Provider did not answer", detail);
        if phase == Phase::Applying {
            return self.record_unchanged(id);
        }
        self.fail(id);
    }

    /// The second plan: it must agree with what was approved.
    fn replanned(&mut self, id: usize, reply: Reply) {
        if self.provider_messages(id, &reply.diagnostics) {
            return self.fail(id);
        }
        let (
            Some(Answer::Plan {
                planned,
                private,
                identity,
                legacy_type_system,
                ..
            }),
            Some(schema),
        ) = (reply.answer, self.schema(id))
        else {
            self.complain(id, "Provider produced invalid answer", "The provider's answer has not the form that was asked for. This is a bug in the provider.".into());
            return self.fail(id);
        };
        let Some(change) = self.change(id).cloned() else {
            return;
        };
        let planned = objchange::normalize_from_legacy(&schema.block, &planned);
        let before = change.before.unmark_deep();
        if change.action == Action::Update && planned == before {
            // What was unknown turned out to be what it was: nothing is left to do.
            if let Some(running) = self.at(id) {
                running.made = change.before.clone();
            }
            self.set_value_of(id, change.before);
            return self.done(id);
        }
        if !legacy_type_system {
            let problems = objchange::assert_object_compatible(
                &schema.block,
                &change.after.unmark_deep(),
                &planned,
            );
            if !problems.is_empty() {
                self.inconsistent(id, &problems, "Provider produced inconsistent final plan", "When expanding the plan to include new values learned so far during apply, the provider planned an invalid new value");
                return self.fail(id);
            }
        }
        if let Some(running) = self.at(id) {
            running.planned = planned;
            running.private = private;
            running.identity = identity;
        }
        self.started(id);
        self.intend(id);
    }

    fn set_value_of(&mut self, id: usize, value: Value) {
        if let Some(number) = self.at(id).map(|running| running.change) {
            self.set_value(number, Ok(value));
        }
    }

    fn inconsistent(&mut self, id: usize, problems: &[(Path, String)], summary: &str, what: &str) {
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
                summary,
                format!("{what}{place} of {addr} (provider {provider}): {problem}.\n\nThis is a bug in the provider, which should be reported in the provider's own issue tracker."),
            );
        }
    }

    /// Makes the intent durable.
    fn intend(&mut self, id: usize) {
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
            object::planned_text(&mark_like(&running.planned, &running.config))
        };
        let operation = match (destroying, change.action) {
            (true, _) => Operation::Delete,
            (false, Action::Update) => Operation::Update,
            _ => Operation::Create,
        };
        let mut kinds = Vec::new();
        if !destroying && change.action == Action::CreateThenDelete {
            let key = DeposedKey(ecow::eco_format!("{:08x}", short_hash(&token)));
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
        kinds.push(EventKind::Began {
            op,
            intent: Intent {
                object,
                operation,
                provider: change.provider.clone(),
                token,
                planned,
            },
        });
        self.persist(id, kinds);
    }

    /// Which object a destroy step destroys: the current one, the one that this run deposed, or one deposed before.
    fn destroyed_key(&self, number: usize) -> Option<DeposedKey> {
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
            _ => {}
        }
    }

    fn ask_to_apply(&mut self, id: usize) {
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
                meta: Value::NULL,
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
                meta: Value::NULL,
                identity,
                token,
            }
        };
        self.ask(id, call);
    }

    /// The provider has answered: whatever it says, it is recorded.
    fn applied(&mut self, id: usize, reply: Reply) {
        let failed = self.provider_messages(id, &reply.diagnostics);
        let (Some(running), Some(schema)) = (
            self.running.get(id).and_then(Option::as_ref),
            self.schema(id),
        ) else {
            return self.fail(id);
        };
        let destroying = matches!(running.kind, StepKind::Destroy(_));
        let (planned, config) = (running.planned.clone(), running.config.clone());
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
                self.complain(id, "Provider produced invalid answer", "The provider's answer has not the form that was asked for. This is a bug in the provider.".into());
            }
            return self.nothing_answered(id);
        };
        let state = objchange::normalize_from_legacy(&schema.block, &state);
        let mut bad = failed;
        if destroying {
            if !failed && !state.is_null() {
                bad = true;
                self.complain(id, "Provider returned invalid result object after apply", format!("After the apply operation, the provider still indicated that {} exists, although it was to be destroyed. This is a bug in the provider.", change.addr));
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
            if !failed {
                self.complain(id, "Provider returned invalid result object after apply", format!("After the apply operation, the provider returned nothing for {}. This is a bug in the provider.", change.addr));
            }
            return self.nothing_answered(id);
        }
        let state = if state.is_wholly_known() {
            state
        } else {
            bad = true;
            self.complain(id, "Provider returned invalid result object after apply", format!("After the apply operation, the provider still indicated unknown values for {}. All values must be known after apply. This is a bug in the provider; the object is stored with null in their place.", change.addr));
            without_unknown(&state)
        };
        if !failed && !legacy_type_system {
            let problems = objchange::assert_object_compatible(&schema.block, &planned, &state);
            if !problems.is_empty() {
                bad = true;
                self.inconsistent(
                    id,
                    &problems,
                    "Provider produced inconsistent result after apply",
                    "When applying changes, the provider produced an unexpected new value",
                );
            }
        }
        let state = mark_like(&objchange::schema_marks(&schema.block, &state), &config);
        self.record(id, Some(state), private, &identity, bad);
    }

    /// A change that ended with an error and without an object. An error may come after the effect: where a new object may have been made, a provider
    /// that can tell is asked, so that the object is not lost.
    fn nothing_answered(&mut self, id: usize) {
        let Some(running) = self.running.get(id).and_then(Option::as_ref) else {
            return;
        };
        let change = &self.plan.changes[running.change];
        let creating =
            !matches!(running.kind, StepKind::Destroy(_)) && change.action != Action::Update;
        let able = self
            .infos
            .get(&change.provider.provider)
            .is_some_and(|info| info.abilities.resolves_tokens);
        if !(creating && able) {
            return self.record_unchanged(id);
        }
        let call = Call::Resolve {
            type_name: change.addr.resource.type_name.clone(),
            token: self.token(running.op),
            planned: running.planned.clone(),
        };
        if let Some(running) = self.at(id) {
            running.phase = Phase::Resolving;
        }
        self.ask(id, call);
    }

    fn resolved(&mut self, id: usize, reply: Reply) {
        let config = self.at(id).map(|running| running.config.clone());
        let (Some(config), Some(schema)) = (config, self.schema(id)) else {
            return self.fail(id);
        };
        match reply.answer {
            Some(Answer::Resolved(Resolution::Happened(object))) if !object.state.is_null() => {
                let state = objchange::normalize_from_legacy(&schema.block, &object.state);
                let state = mark_like(&objchange::schema_marks(&schema.block, &state), &config);
                self.record(id, Some(state), object.private, &object.identity, true);
            }
            Some(Answer::Resolved(Resolution::Happened(_) | Resolution::NeverHappened)) => {
                self.record_unchanged(id)
            }
            // The intent stays open: the next plan asks again.
            _ => self.fail(id),
        }
    }

    /// Nothing came of it: the object is as it was.
    fn record_unchanged(&mut self, id: usize) {
        let Some(running) = self.at(id) else { return };
        running.failed = true;
        running.phase = Phase::Recording;
        let (op, number, destroying) = (
            running.op,
            running.change,
            matches!(running.kind, StepKind::Destroy(_)),
        );
        let change = &self.plan.changes[number];
        let provider = change.provider.clone();
        let mut kinds = Vec::new();
        if destroying || change.action == Action::Update {
            let object = ObjectAddr {
                instance: change.addr.clone(),
                deposed: if destroying {
                    self.destroyed_key(number)
                } else {
                    None
                },
            };
            kinds.push(EventKind::Ended {
                op,
                object,
                provider,
                state: self.refreshed(number),
            });
        } else {
            let object = ObjectAddr {
                instance: change.addr.clone(),
                deposed: None,
            };
            let instance = change.addr.clone();
            kinds.push(EventKind::Ended {
                op,
                object,
                provider,
                state: None,
            });
            if let Some(key) = self.deposed.remove(&number) {
                // The replacement did not come into being: the old object is in use again.
                kinds.push(EventKind::Restored { instance, key });
            }
        }
        self.persist(id, kinds);
    }

    /// What state held for the object, with what refresh found.
    fn refreshed(&self, number: usize) -> Option<Arc<ObjectState>> {
        let change = &self.plan.changes[number];
        let found = self.plan.drift.binary_search_by(|drift| {
            (&drift.addr, &drift.deposed).cmp(&(&change.addr, &change.deposed))
        });
        found
            .ok()
            .and_then(|at| self.plan.drift[at].refreshed.clone())
            .or_else(|| change.stored.clone())
    }

    /// Makes the outcome durable.
    fn record(
        &mut self,
        id: usize,
        state: Option<Value>,
        private: Private,
        identity: &Value,
        bad: bool,
    ) {
        let Some(schema) = self.schema(id) else {
            return self.fail(id);
        };
        let Some(change) = self.change(id).cloned() else {
            return;
        };
        let skip_destroy = self
            .resource(id)
            .is_some_and(|resource| resource.lifecycle.skip_destroy);
        let has_provisioners = self.resource(id).is_some_and(|resource| {
            resource
                .provisioners
                .iter()
                .any(|provisioner| !provisioner.on_destroy)
        });
        let Some(running) = self.running.get_mut(id).and_then(Option::as_mut) else {
            return;
        };
        let destroying = matches!(running.kind, StepKind::Destroy(_));
        let creating = !destroying && change.action != Action::Update;
        let elapsed =
            u32::try_from(self.now_ms.saturating_sub(running.begun_ms)).unwrap_or(u32::MAX);
        running.failed = bad;
        running.phase = Phase::Recording;
        let (op, number) = (running.op, running.change);
        let mut stored = None;
        if let Some(value) = state {
            // Until its provisioners have run, a new object counts as unfinished.
            let unfinished = creating && (bad || has_provisioners);
            let kept = if creating {
                Status::Ready
            } else {
                change
                    .stored
                    .as_ref()
                    .map_or(Status::Ready, |stored| stored.status)
            };
            let status = if unfinished { Status::Tainted } else { kept };
            match object::state_of(&change, &schema.block, &value, private, identity, status) {
                Ok(mut state) => {
                    if creating {
                        state.created_in_ms = Some(elapsed);
                    }
                    state.skip_destroy = skip_destroy;
                    if destroying || (bad && !creating) {
                        if let Some(old) = &change.stored {
                            state.dependencies = old.dependencies.clone();
                        }
                    }
                    stored = Some(Arc::new(state));
                }
                Err(problem) => {
                    self.complain(id, "Object can't be stored", format!("The object that the provider returned for {} can't be written to the state: {problem}.", change.addr));
                    return self.record_unchanged(id);
                }
            }
            if let Some(running) = self.at(id) {
                running.made = value;
            }
        }
        if let Some(running) = self.at(id) {
            running.state.clone_from(&stored);
        }
        let deposed = if destroying {
            self.destroyed_key(number)
        } else {
            None
        };
        let object = ObjectAddr {
            instance: change.addr.clone(),
            deposed,
        };
        self.persist(
            id,
            vec![EventKind::Ended {
                op,
                object,
                provider: change.provider,
                state: stored,
            }],
        );
    }

    /// The outcome is durable.
    fn recorded(&mut self, id: usize) {
        let Some(running) = self.at(id) else { return };
        if running.failed {
            return self.fail(id);
        }
        if matches!(running.kind, StepKind::Destroy(_)) {
            return self.done(id);
        }
        let creating = self.change(id).is_some_and(|change| {
            change.action != Action::Update && change.addr.resource.mode == Mode::Managed
        });
        if creating {
            self.next_provisioner(id, 0)
        } else {
            self.whole(id)
        }
    }

    /// Runs the next provisioner of a new object, or ends the step.
    fn next_provisioner(&mut self, id: usize, from: usize) {
        let Some(resource) = self.resource(id) else {
            return self.whole(id);
        };
        let next = resource
            .provisioners
            .iter()
            .enumerate()
            .skip(from)
            .find(|(_, provisioner)| !provisioner.on_destroy)
            .map(|(at, _)| at);
        match next {
            Some(at) => self.run_provisioner(id, at, Phase::Provisioning(at)),
            None if from == 0 => self.whole(id),
            None => self.record_whole(id),
        }
    }

    fn run_provisioner(&mut self, id: usize, at: usize, phase: Phase) {
        let Some(running) = self.at(id) else { return };
        running.phase = phase;
        let number = running.change;
        let made = running.made.clone();
        let change = self.plan.changes[number].clone();
        let own = if made.is_null() {
            change.before.clone()
        } else {
            made
        };
        let Some(resource) = self.resource(id) else {
            return;
        };
        let provisioner = resource.provisioners[at].clone();
        match self.evaluate(|evaluator| evaluator.provisioner(&change, number, &provisioner, &own))
        {
            Ok((config, connection)) => {
                self.progress.push(Progress::ProvisionStart(
                    change.addr.clone(),
                    provisioner.type_name.clone(),
                ));
                let quiet = config.contains_marks() || connection.contains_marks();
                let provision = Provision {
                    addr: change.addr,
                    type_name: provisioner.type_name,
                    config: config.unmark_deep(),
                    connection: connection.unmark_deep(),
                    quiet,
                };
                self.provision(id, provision);
            }
            Err(diagnostics) => {
                self.report(id, diagnostics);
                self.provisioner_failed(id, phase);
            }
        }
    }

    pub(crate) fn provisioned(&mut self, id: usize, outcome: Result<(), String>) {
        let Some(phase) = self.at(id).map(|running| running.phase) else {
            return;
        };
        let (Phase::Provisioning(at) | Phase::ProvisioningDestroy(at)) = phase else {
            return;
        };
        let Some((addr, provisioner)) = self.change(id).map(|change| change.addr.clone()).zip(
            self.resource(id)
                .map(|resource| resource.provisioners[at].clone()),
        ) else {
            return;
        };
        self.progress.push(Progress::ProvisionDone(
            addr,
            provisioner.type_name.clone(),
            outcome.is_ok(),
        ));
        if let Err(problem) = outcome {
            let summary = format!("{} provisioner error", provisioner.type_name);
            let mut diagnostic = if provisioner.continue_on_failure {
                Diagnostic::warning(summary, problem)
            } else {
                Diagnostic::error(summary, problem)
            };
            diagnostic.subject = Some(provisioner.span);
            self.report(id, diagnostic.into());
            if !provisioner.continue_on_failure {
                return self.provisioner_failed(id, phase);
            }
        }
        match phase {
            Phase::Provisioning(_) => self.next_provisioner(id, at + 1),
            _ => self.next_destroy_provisioner(id, at + 1),
        }
    }

    /// A provisioner failed: a new object stays tainted, as it is recorded; an object that was to be destroyed stays.
    fn provisioner_failed(&mut self, id: usize, phase: Phase) {
        let _ = phase;
        self.fail(id);
    }

    /// All provisioners have run: the object is whole.
    fn record_whole(&mut self, id: usize) {
        let Some(running) = self.at(id) else { return };
        running.phase = Phase::RecordingWhole;
        let Some(state) = running.state.clone() else {
            return self.whole(id);
        };
        let Some(change) = self.change(id) else {
            return;
        };
        let mut state = (*state).clone();
        state.status = Status::Ready;
        let object = ObjectAddr {
            instance: change.addr.clone(),
            deposed: None,
        };
        let kind = EventKind::Set {
            object,
            provider: change.provider.clone(),
            state: Some(Arc::new(state)),
        };
        self.persist(id, vec![kind]);
    }

    /// The step is complete, but for postconditions.
    fn whole(&mut self, id: usize) {
        let Some(running) = self.running.get(id).and_then(Option::as_ref) else {
            return;
        };
        if !matches!(running.kind, StepKind::Apply(_)) {
            return self.done(id);
        }
        let (number, made) = (running.change, running.made.clone());
        self.set_value(number, Ok(made.clone()));
        let change = self.plan.changes[number].clone();
        let mut messages = Diagnostics::new();
        let holds = self.evaluator.as_mut().is_none_or(|evaluator| {
            evaluator.conditions(&change, number, Some(&made), &mut messages)
        });
        self.report(id, messages);
        if holds {
            return self.done(id);
        }
        self.fail(id);
    }

    fn data_read(&mut self, id: usize, reply: Reply) {
        if self.provider_messages(id, &reply.diagnostics) {
            return self.fail(id);
        }
        let (Some(Answer::Data { state, .. }), Some(schema)) = (reply.answer, self.schema(id))
        else {
            self.complain(id, "Provider produced invalid answer", "The provider's answer has not the form that was asked for. This is a bug in the provider.".into());
            return self.fail(id);
        };
        let Some(change) = self.change(id).cloned() else {
            return;
        };
        if state.is_null() || !state.is_wholly_known() {
            self.complain(
                id,
                "Provider produced invalid object",
                format!(
                    "The provider returned no usable object for {}. This is a bug in the provider.",
                    change.addr
                ),
            );
            return self.fail(id);
        }
        let Some(running) = self.at(id) else { return };
        running.phase = Phase::RecordingWhole;
        let value = mark_like(
            &objchange::schema_marks(&schema.block, &state),
            &running.config.clone(),
        );
        running.made = value.clone();
        match object::state_of(
            &change,
            &schema.block,
            &value,
            Private::from([]),
            &Value::NULL,
            Status::Ready,
        ) {
            Ok(state) => {
                let object = ObjectAddr {
                    instance: change.addr.clone(),
                    deposed: None,
                };
                self.persist(
                    id,
                    vec![EventKind::Set {
                        object,
                        provider: change.provider,
                        state: Some(Arc::new(state)),
                    }],
                );
            }
            Err(problem) => {
                self.complain(
                    id,
                    "Object can't be stored",
                    format!("The object can't be written to the state: {problem}."),
                );
                self.fail(id);
            }
        }
    }

    fn begin_destroy(&mut self, id: usize) {
        self.started(id);
        let tainted = self.change(id).is_some_and(|change| change.tainted);
        // An object whose creation was not finished is not asked to say goodbye.
        if tainted {
            self.intend(id)
        } else {
            self.next_destroy_provisioner(id, 0)
        }
    }

    fn next_destroy_provisioner(&mut self, id: usize, from: usize) {
        let deposed_before = self
            .change(id)
            .is_some_and(|change| change.deposed.is_some());
        let next = match self.resource(id) {
            Some(resource) if !deposed_before => resource
                .provisioners
                .iter()
                .enumerate()
                .skip(from)
                .find(|(_, provisioner)| provisioner.on_destroy)
                .map(|(at, _)| at),
            _ => None,
        };
        match next {
            Some(at) => self.run_provisioner(id, at, Phase::ProvisioningDestroy(at)),
            None => self.intend(id),
        }
    }
}

fn provider_message(message: &ProviderDiagnostic, span: Option<Span>) -> Diagnostic {
    let ProviderDiagnostic {
        is_error,
        summary,
        detail,
        attribute: _,
    } = message;
    let mut diagnostic = if *is_error {
        Diagnostic::error(summary, detail)
    } else {
        Diagnostic::warning(summary, detail)
    };
    diagnostic.subject = span;
    diagnostic
}

/// The object that the provider is told it starts from.
fn prior_of(change: &ResourceChange, schema: &Schema) -> Value {
    match change.action {
        Action::Update | Action::NoOp => change.before.unmark_deep(),
        _ => Value::null(schema.block.implied_type().clone()),
    }
}

/// The marks of the configuration, on the object that came of it.
fn mark_like(value: &Value, config: &Value) -> Value {
    if !config.contains_marks() {
        return value.clone();
    }
    objchange::marked_paths(config)
        .into_iter()
        .fold(value.clone(), |value, (path, marks)| {
            objchange::mark_by_paths(&value, &[path], &marks)
        })
}

fn without_unknown(value: &Value) -> Value {
    if value.is_wholly_known() {
        return value.clone();
    }
    if !value.is_known() {
        return Value::null(value.ty());
    }
    value.map_children(|_, child| without_unknown(child))
}

/// The attribute that names an object to people.
fn id_value(value: &Value) -> Option<(EcoString, EcoString)> {
    let found = ["id", "name"]
        .into_iter()
        .find_map(|name| Some((name, value.get(name)?)));
    let (name, value) = found?;
    value.as_str().map(|text| (name.into(), text.into()))
}

/// FNV-1a: a short name for a deposed object, the same for the same change.
fn short_hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
