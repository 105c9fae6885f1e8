//! Ephemeral instances while a plan is applied: opened, renewed, closed.
//!
//! Nothing of this is recorded: an instance that is open when the process dies runs out by itself, and the next run opens its own. Whatever
//! else happens (a step fails, the user interrupts, the state can't be written), what was opened is closed before the run ends.

use crate::Progress;
use crate::core::{Core, Waiter, Waiting};
use crate::ready::LaneId;
use crate::rules;
use crate::step::provider_message;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule, Severity};
use terrane_lang::source::Span;
use terrane_model::provider::{Answer, Call, CallFailure, Private, Reply};
use terrane_plan::ephemeral::{EphemeralOp, EphemeralProgress, EphemeralStage, opened};
use terrane_plan::exec::StepKind;
use terrane_plan::machine::ProviderInstance;
use terrane_plan::plan::Plan;
use terrane_value::Value;

/// How an instance fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It was not opened yet.
    Shut,
    WaitingForProvider,
    Validating,
    Opening,
    Open,
    Renewing,
    Closing,
    /// It was closed, or could not be opened.
    Closed,
}

/// One ephemeral instance of the plan.
#[derive(Debug)]
pub(crate) struct Lease {
    stage: Stage,
    open_step: u32,
    close_step: u32,
    provider: Option<ProviderInstance>,
    /// With marks, until it is open.
    config: Value,
    private: Private,
    renew_at_ms: Option<u64>,
    /// Its last user is done, but it is being renewed.
    to_close: bool,
    /// Where it has its place while it is opened, if it needs one.
    lane: Option<LaneId>,
}

/// The instances of a plan, none of them open.
pub(crate) fn leases(plan: &Plan) -> Vec<Lease> {
    let shut = |_: &_| Lease {
        stage: Stage::Shut,
        open_step: u32::MAX,
        close_step: u32::MAX,
        provider: None,
        config: Value::NULL,
        private: Private::from([]),
        renew_at_ms: None,
        to_close: false,
        lane: None,
    };
    let mut leases: Vec<Lease> = plan.ephemerals.iter().map(shut).collect();
    for (at, step) in (0u32..).zip(&plan.graph.steps) {
        match step.kind {
            StepKind::Open(of) => leases[of as usize].open_step = at,
            StepKind::Close(of) => leases[of as usize].close_step = at,
            _ => {}
        }
    }
    leases
}

impl Core {
    /// Begins to open an instance.
    pub(crate) fn begin_open(&mut self, at: usize) {
        let instance = self.plan.ephemerals[at].clone();
        let lane = self.lane_of_ephemeral(at);
        self.in_flight += 1;
        if let Some(lane) = lane {
            self.ready.take(lane);
        }
        let provider = self.instance(&instance.provider, instance.provider_key.as_ref());
        let lease = &mut self.leases[at];
        lease.lane = lane;
        lease.stage = Stage::WaitingForProvider;
        lease.provider.clone_from(&provider);
        let Some(provider) = provider else {
            self.lease_error(
                at,
                &rules::apply::NO_PROVIDER_CONFIGURATION,
                format!(
                    "The provider configuration that manages {} is not in the configuration any more.",
                    instance.addr
                ),
            );
            return self.lease_failed(at);
        };
        match self.configure(provider, Waiter::Lease(at)) {
            Some(true) => self.open_lease(at),
            Some(false) => self.lease_failed(at),
            None => {}
        }
    }

    /// The provider is configured: evaluate, have it validated, open.
    pub(crate) fn open_lease(&mut self, at: usize) {
        let addr = self.plan.ephemerals[at].addr.clone();
        let mut messages = Diagnostics::new();
        let config = self
            .evaluator
            .as_mut()
            .and_then(|evaluator| evaluator.ephemeral_config(at, &addr, &mut messages));
        self.diagnostics.extend(messages);
        let Some(config) = config else {
            return self.lease_failed(at);
        };
        let plain = config.unmark_deep();
        if !plain.is_wholly_known() {
            self.lease_error(
                at,
                &rules::apply::UNKNOWN_AT_APPLY,
                format!("The configuration of {addr} still holds values that are not known, although everything that it refers to is done."),
            );
            return self.lease_failed(at);
        }
        self.secrets.add(&config);
        let lease = &mut self.leases[at];
        lease.config = config;
        lease.stage = Stage::Validating;
        let call = Call::ValidateEphemeral {
            type_name: addr.resource.type_name,
            config: plain,
        };
        self.ask_for_lease(at, call);
    }

    /// Its last user is done.
    pub(crate) fn begin_close(&mut self, at: usize) {
        match self.leases[at].stage {
            Stage::Open => self.close_lease(at),
            Stage::Renewing => self.leases[at].to_close = true,
            _ => {}
        }
    }

    fn close_lease(&mut self, at: usize) {
        self.in_flight += 1;
        self.leases[at].stage = Stage::Closing;
        self.say_lease(at, EphemeralOp::Close, EphemeralStage::Started);
        let call = Call::CloseEphemeral {
            type_name: self.plan.ephemerals[at].addr.resource.type_name.clone(),
            private: self.leases[at].private.clone(),
        };
        self.ask_for_lease(at, call);
    }

    /// Renews what is due.
    pub(crate) fn renew_leases(&mut self) {
        for at in 0..self.leases.len() {
            let lease = &self.leases[at];
            let due = lease.renew_at_ms.is_some_and(|due| due <= self.now_ms);
            if lease.stage != Stage::Open || !due {
                continue;
            }
            let call = Call::RenewEphemeral {
                type_name: self.plan.ephemerals[at].addr.resource.type_name.clone(),
                private: lease.private.clone(),
            };
            self.leases[at].stage = Stage::Renewing;
            self.in_flight += 1;
            self.renewing += 1;
            self.say_lease(at, EphemeralOp::Renew, EphemeralStage::Started);
            self.ask_for_lease(at, call);
        }
    }

    /// When something is to be renewed next.
    pub(crate) fn next_renewal(&self) -> Option<u64> {
        let open = self.leases.iter();
        open.filter(|lease| lease.stage == Stage::Open)
            .filter_map(|lease| lease.renew_at_ms)
            .min()
    }

    /// Nothing goes on any more: closes what is still open, first what was opened with the help of another. `false`: nothing is open.
    pub(crate) fn close_leases(&mut self) -> bool {
        let open =
            |core: &Self, at: usize| matches!(core.leases[at].stage, Stage::Open | Stage::Renewing);
        let left: Vec<usize> = (0..self.leases.len())
            .filter(|at| open(self, *at))
            .collect();
        for at in &left {
            let step = self.leases[*at].close_step as usize;
            let inner = self.plan.graph.steps.get(step);
            let in_use = inner.is_some_and(|step| {
                step.after
                    .iter()
                    .any(|after| match self.plan.graph.steps[after.0 as usize].kind {
                        StepKind::Close(inner) => left.contains(&(inner as usize)),
                        _ => false,
                    })
            });
            if !in_use {
                self.begin_close(*at);
            }
        }
        self.in_flight > 0
    }

    /// What only waits for its provider need not be opened any more.
    pub(crate) fn drop_waiting_leases(&mut self) {
        for at in 0..self.leases.len() {
            if self.leases[at].stage == Stage::WaitingForProvider {
                self.lease_failed(at);
            }
        }
    }

    fn ask_for_lease(&mut self, at: usize, call: Call) {
        if let Some(provider) = self.leases[at].provider.clone() {
            let about = Some(self.plan.ephemerals[at].addr.clone());
            self.call(Waiting::Lease(at), provider, about, call);
        }
    }

    fn say_lease(&mut self, at: usize, op: EphemeralOp, stage: EphemeralStage) {
        let addr = self.plan.ephemerals[at].addr.clone();
        self.progress
            .push(Progress::Ephemeral(EphemeralProgress { addr, op, stage }));
    }

    fn lease_span(&self, at: usize) -> Option<Span> {
        Some(self.evaluator.as_ref()?.ephemeral(at)?.span)
    }

    fn lease_error(&mut self, at: usize, rule: &Rule, detail: String) {
        let mut diagnostic = Diagnostic::error(rule, detail);
        diagnostic.subject = self.lease_span(at);
        diagnostic.address = Some(self.plan.ephemerals[at].addr.to_string());
        self.diagnostics.push(diagnostic);
    }

    /// It can't be opened; why was reported, here or with what it refers to.
    pub(crate) fn lease_failed(&mut self, at: usize) {
        if self.leases[at].stage == Stage::Opening {
            self.say_lease(at, EphemeralOp::Open, EphemeralStage::Failed);
        }
        self.leases[at].stage = Stage::Closed;
        self.useless(at);
        self.end_opening(at);
    }

    /// Nobody can use it.
    fn useless(&mut self, at: usize) {
        let addr = self.plan.ephemerals[at].addr.clone();
        if let Some(evaluator) = &mut self.evaluator {
            evaluator.set_ephemeral(at, &addr, None, &mut Diagnostics::new());
        }
    }

    fn end_opening(&mut self, at: usize) {
        self.in_flight -= 1;
        if let Some(lane) = self.leases[at].lane.take() {
            self.ready.give_back(lane);
        }
        self.leases[at].config = Value::NULL;
    }

    /// Messages of a provider, or that it gave no answer; whether that is an error.
    fn lease_messages(
        &mut self,
        at: usize,
        outcome: Result<Reply, CallFailure>,
    ) -> Result<Option<Answer>, ()> {
        let instance = &self.plan.ephemerals[at];
        let (addr, name) = (
            instance.addr.to_string(),
            instance.provider.provider.for_display(),
        );
        let renewing = self.leases[at].stage == Stage::Renewing;
        let resource = self
            .evaluator
            .as_ref()
            .and_then(|evaluator| evaluator.ephemeral(at));
        let (found, failed, answer) = match outcome {
            Ok(reply) => {
                let span_of = |path: &Option<terrane_value::Path>| {
                    let resource = resource?;
                    let at = path.as_ref().map(|path| resource.body.span_of(path));
                    Some(at.unwrap_or(resource.span))
                };
                let messages = reply.diagnostics.iter();
                let found: Vec<Diagnostic> = messages
                    .map(|message| {
                        let span = span_of(&message.attribute);
                        provider_message(&self.secrets.hide_in(message), span)
                    })
                    .collect();
                (found, reply.has_errors(), reply.answer)
            }
            Err(failure) => {
                let detail = self.secrets.no_answer(&name, &failure);
                let mut diagnostic = Diagnostic::error(&rules::apply::NO_ANSWER_TO_PLAN, detail);
                diagnostic.subject = resource.map(|resource| resource.span);
                (vec![diagnostic], true, None)
            }
        };
        for mut diagnostic in found {
            diagnostic.address = Some(addr.clone());
            if renewing {
                // Whoever still needs it will say so; that it may have run out is no failure by itself.
                diagnostic.severity = Severity::Warning;
            }
            self.diagnostics.push(diagnostic);
        }
        if failed { Err(()) } else { Ok(answer) }
    }

    /// A provider answered.
    pub(crate) fn lease_answered(&mut self, at: usize, outcome: Result<Reply, CallFailure>) {
        let stage = self.leases[at].stage;
        let answer = self.lease_messages(at, outcome);
        match (stage, answer) {
            (Stage::Validating | Stage::Opening, Err(())) => self.lease_failed(at),
            (Stage::Validating, Ok(_)) if self.stopping() => self.lease_failed(at),
            (Stage::Validating, Ok(_)) => {
                self.leases[at].stage = Stage::Opening;
                self.say_lease(at, EphemeralOp::Open, EphemeralStage::Started);
                let call = Call::OpenEphemeral {
                    type_name: self.plan.ephemerals[at].addr.resource.type_name.clone(),
                    config: self.leases[at].config.unmark_deep(),
                };
                self.ask_for_lease(at, call);
            }
            (
                Stage::Opening,
                Ok(Some(Answer::Ephemeral {
                    result,
                    private,
                    renew_after_ms,
                })),
            ) => self.lease_opened(at, &result, private, renew_after_ms),
            (Stage::Opening, Ok(_)) => {
                self.lease_error(at, &rules::apply::INVALID_READ_ANSWER, "The provider's answer has not the form that was asked for. This is a bug in the provider.".into());
                self.lease_failed(at);
            }
            (Stage::Renewing, answer) => self.lease_renewed(at, answer),
            (Stage::Closing, answer) => {
                let stage = if answer.is_ok() {
                    EphemeralStage::Done
                } else {
                    EphemeralStage::Failed
                };
                self.say_lease(at, EphemeralOp::Close, stage);
                self.leases[at].stage = Stage::Closed;
                self.in_flight -= 1;
                self.succeed(self.leases[at].close_step);
            }
            _ => {}
        }
    }

    fn lease_opened(
        &mut self,
        at: usize,
        result: &Value,
        private: Private,
        renew_after_ms: Option<u64>,
    ) {
        let addr = self.plan.ephemerals[at].addr.clone();
        let resource = self
            .evaluator
            .as_ref()
            .and_then(|evaluator| evaluator.ephemeral(at));
        let value = match resource {
            Some(resource) => opened(&resource.schema.block, &self.leases[at].config, result),
            None => Err("its block is not in the configuration any more"),
        };
        let now_ms = self.now_ms;
        let lease = &mut self.leases[at];
        lease.private = private;
        lease.renew_at_ms = renew_after_ms.map(|after| now_ms.saturating_add(after));
        let value = match value {
            Ok(value) => value,
            Err(problem) => {
                self.lease_error(
                    at,
                    &rules::apply::INVALID_EPHEMERAL_OBJECT,
                    format!("The provider's answer for {addr} is not valid: {problem}. This is a bug in the provider, which should be reported in its own issue tracker."),
                );
                self.say_lease(at, EphemeralOp::Open, EphemeralStage::Failed);
                // It was opened all the same, so it is closed at the end.
                self.leases[at].stage = Stage::Open;
                self.useless(at);
                return self.end_opening(at);
            }
        };
        self.leases[at].stage = Stage::Open;
        self.say_lease(at, EphemeralOp::Open, EphemeralStage::Done);
        let mut messages = Diagnostics::new();
        let useful = self.evaluator.as_mut().is_some_and(|evaluator| {
            evaluator.set_ephemeral(at, &addr, Some(&value), &mut messages)
        });
        self.diagnostics.extend(messages);
        self.end_opening(at);
        if useful {
            self.succeed(self.leases[at].open_step);
        }
    }

    fn lease_renewed(&mut self, at: usize, answer: Result<Option<Answer>, ()>) {
        let now_ms = self.now_ms;
        self.in_flight -= 1;
        self.renewing -= 1;
        let lease = &mut self.leases[at];
        lease.stage = Stage::Open;
        lease.renew_at_ms = None;
        let stage = match answer {
            Ok(Some(Answer::Ephemeral {
                private,
                renew_after_ms,
                ..
            })) => {
                lease.private = private;
                lease.renew_at_ms = renew_after_ms.map(|after| now_ms.saturating_add(after));
                EphemeralStage::Done
            }
            Ok(_) => EphemeralStage::Done,
            Err(()) => EphemeralStage::Failed,
        };
        let to_close = lease.to_close;
        self.say_lease(at, EphemeralOp::Renew, stage);
        if to_close {
            self.close_lease(at);
        }
    }
}
