//! One step from beginning to end (`opentofu.md` 5.7).
//!
//! The order that makes a crash harmless:
//! 1. the intent is durable ([`Phase::Intending`]);
//! 2. the provider is asked ([`Phase::Applying`]);
//! 3. the outcome is durable ([`Phase::Recording`]), with the object tainted if provisioners have yet to run;
//! 4. provisioners run, each between an intent and an outcome of its own; then the object is recorded as whole ([`Phase::RecordingWhole`]);
//! 5. dependents may start.

use crate::core::{Core, identity_version};
use crate::object;
use crate::ready::LaneId;
use crate::rules;
use crate::{Progress, Provision};
use ecow::EcoString;
use std::sync::Arc;
use terrane_config::config::Resource;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Headline};
use terrane_lang::source::Span;
use terrane_model::addr::Mode;
use terrane_model::event::{EventKind, ObjectAddr};
use terrane_model::provider::{Private, ProviderDiagnostic};
use terrane_model::schema::Schema;
use terrane_model::secrets::Secrets;
use terrane_model::snapshot::{ObjectState, Status};
use terrane_plan::exec::StepKind;
use terrane_plan::objchange;
use terrane_plan::plan::{Action, ResourceChange};
use terrane_value::{Marks, Path, Value};

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
    pub(crate) kind: StepKind,
    pub(crate) phase: Phase,
    pub(crate) begun_ms: u64,
    /// Where it has its place, if it needs one.
    pub(crate) lane: Option<LaneId>,
    pub(crate) op: u64,
    /// The evaluated configuration, with marks.
    pub(crate) config: Value,
    /// What is marked of the object that comes of it.
    pub(crate) marks: Vec<(Path, Marks)>,
    /// What the provider was or will be asked to make.
    pub(crate) planned: Value,
    pub(crate) private: Private,
    pub(crate) identity: Value,
    /// The object, with marks, once it is made.
    pub(crate) made: Value,
    pub(crate) state: Option<Arc<ObjectState>>,
    /// The provisioner that is about to run or runs, with its operation id.
    pub(crate) provision: Option<(u64, Provision)>,
    pub(crate) failed: bool,
    /// There turned out to be nothing to do: it was never begun.
    pub(crate) idle: bool,
}

impl Running {
    pub(crate) fn new(
        step: u32,
        change: usize,
        kind: StepKind,
        begun_ms: u64,
        lane: Option<LaneId>,
    ) -> Self {
        Self {
            step,
            change,
            kind,
            phase: Phase::WaitingForProvider,
            begun_ms,
            lane,
            op: 0,
            config: Value::NULL,
            marks: Vec::new(),
            planned: Value::NULL,
            private: Private::from([]),
            identity: Value::NULL,
            made: Value::NULL,
            state: None,
            provision: None,
            failed: false,
            idle: false,
        }
    }

    /// What the user sees it as.
    pub(crate) fn action(&self, change: &ResourceChange) -> Action {
        match (self.kind, change.action) {
            (StepKind::Destroy(_), _) => Action::Delete,
            (StepKind::Forget(_), _) => Action::Forget,
            (_, action) if action.is_replace() => Action::Create,
            (_, action) => action,
        }
    }
}

impl Core {
    pub(crate) fn at(&mut self, id: usize) -> Option<&mut Running> {
        self.running.get_mut(id)?.as_mut()
    }

    /// The messages of one step, with its address.
    pub(crate) fn report(&mut self, id: usize, diagnostics: Diagnostics) {
        let addr = self.change(id).map(|change| change.addr.to_string());
        for mut diagnostic in diagnostics {
            if diagnostic.address.is_none() {
                diagnostic.address.clone_from(&addr);
            }
            self.diagnostics.push(diagnostic);
        }
    }

    pub(crate) fn resource(&self, id: usize) -> Option<&Resource> {
        self.evaluator.as_ref()?.resource(self.change(id)?)
    }

    /// What the provider is told by the module of a resource.
    pub(crate) fn meta(&self, change: &ResourceChange) -> Value {
        self.evaluator
            .as_ref()
            .map_or(Value::NULL, |evaluator| evaluator.meta(change))
    }

    pub(crate) fn span(&self, id: usize) -> Option<Span> {
        self.resource(id).map(|resource| resource.span)
    }

    pub(crate) fn complain(&mut self, id: usize, headline: impl Into<Headline>, detail: String) {
        let span = self.span(id);
        let mut diagnostic = Diagnostic::error(headline, detail);
        diagnostic.subject = span;
        self.report(id, diagnostic.into());
    }

    pub(crate) fn schema(&self, id: usize) -> Option<Arc<Schema>> {
        crate::core::schema_of(&self.infos, self.change(id)?)
    }

    /// What a provider may quote in what it says about a step.
    pub(crate) fn secrets_of(&mut self, id: usize) -> Secrets {
        let mut secrets = self.secrets.clone();
        if let Some(change) = self.change(id) {
            secrets.add(&change.before);
            secrets.add(&change.after);
        }
        if let Some(running) = self.at(id) {
            secrets.add(&running.config);
        }
        secrets
    }

    /// Messages of a provider; whether one is an error.
    pub(crate) fn provider_messages(&mut self, id: usize, messages: &[ProviderDiagnostic]) -> bool {
        if messages.is_empty() {
            return false;
        }
        let secrets = self.secrets_of(id);
        let messages: Vec<_> = messages
            .iter()
            .map(|message| secrets.hide_in(message))
            .collect();
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
            StepKind::Open(_) | StepKind::Close(_) | StepKind::Invoke(_) | StepKind::Join => {
                self.end(id, true);
            }
        }
    }

    pub(crate) fn started(&mut self, id: usize) {
        let Some((progress, _)) = self.describe(id) else {
            return;
        };
        self.progress.push(progress);
    }

    /// The `Start` and `Done` of a step.
    pub(crate) fn describe(&self, id: usize) -> Option<(Progress, Progress)> {
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

    pub(crate) fn done(&mut self, id: usize) {
        if self.at(id).is_some_and(|running| running.idle) {
            return self.end(id, true);
        }
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

    pub(crate) fn forget(&mut self, id: usize) {
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
    pub(crate) fn only_marks(&mut self, id: usize) {
        let (Some(change), Some(schema)) = (self.change(id).cloned(), self.schema(id)) else {
            return self.fail(id);
        };
        let status = if change.tainted {
            Status::Tainted
        } else {
            Status::Ready
        };
        let state = object::state_of(
            &change,
            &schema.block,
            &change.after,
            change.private.clone(),
            (
                &change.after_identity,
                identity_version(&self.infos, &change),
            ),
            status,
        );
        if state.is_ok() {
            self.started(id);
            if let Some(running) = self.at(id) {
                running.made = change.after.clone();
                running.phase = Phase::RecordingWhole;
            }
        }
        self.set_current(id, &change, state);
    }

    /// Makes durable what the current object of an instance is now, where no intent stands open.
    pub(crate) fn set_current(
        &mut self,
        id: usize,
        change: &ResourceChange,
        state: Result<ObjectState, String>,
    ) {
        match state {
            Ok(state) => {
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
            Err(problem) => {
                self.complain(
                    id,
                    &rules::apply::OBJECT_NOT_WRITABLE,
                    format!("The object can't be written to the state: {problem}."),
                );
                self.fail(id);
            }
        }
    }
}

pub(crate) fn provider_message(message: &ProviderDiagnostic, span: Option<Span>) -> Diagnostic {
    let ProviderDiagnostic {
        is_error,
        summary,
        detail,
        attribute: _,
    } = message;
    let headline = Headline::foreign(summary.clone());
    let mut diagnostic = if *is_error {
        Diagnostic::error(headline, detail)
    } else {
        Diagnostic::warning(headline, detail)
    };
    diagnostic.subject = span;
    diagnostic
}

/// The object that the provider is told it starts from.
pub(crate) fn prior_of(change: &ResourceChange, schema: &Schema) -> Value {
    match change.action {
        Action::Update | Action::NoOp => change.before.unmark_deep(),
        _ => Value::null(schema.block.implied_type().clone()),
    }
}

/// The object with these marks.
pub(crate) fn with_marks(value: &Value, marks: &[(Path, Marks)]) -> Value {
    marks.iter().fold(value.clone(), |value, (path, marks)| {
        objchange::mark_by_paths(&value, std::slice::from_ref(path), marks)
    })
}

pub(crate) fn without_unknown(value: &Value) -> Value {
    if value.is_wholly_known() {
        return value.clone();
    }
    if !value.is_known() {
        return Value::null(value.ty());
    }
    value.map_children(|_, child| without_unknown(child))
}

/// The attribute that names an object to people: a text, which an `id` is not always.
pub(crate) fn id_value(value: &Value) -> Option<(EcoString, EcoString)> {
    ["id", "name"].into_iter().find_map(|name| {
        let text = value.get(name)?.as_str()?;
        Some((name.into(), text.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::id_value;
    use terrane_value::Value;

    #[test]
    fn an_object_is_named_by_a_text() {
        let name = || ("name", Value::string("n"));
        let named = |object: Value| id_value(&object).map(|(key, _)| key.to_string());
        let id = Value::string("i");
        assert_eq!(named(Value::object([("id", id), name()])).unwrap(), "id");
        let id = Value::number(7);
        assert_eq!(named(Value::object([("id", id), name()])).unwrap(), "name");
        assert_eq!(named(Value::object([("id", Value::number(7))])), None);
    }
}
