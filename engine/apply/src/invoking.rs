//! Actions while a plan is applied.
//!
//! The order that makes a crash harmless: that an action is about to be done is durable before the provider is asked, and that it ended is durable before
//! what waits for it begins. Between the two nobody can tell whether it was done: the next plan says so, and does not do it again.

use crate::Progress;
use crate::core::{Core, Waiter, Waiting};
use crate::ready::LaneId;
use crate::rules;
use crate::step::provider_message;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule};
use terrane_model::event::{EventKind, Intent, ObjectAddr, Operation};
use terrane_model::provider::{Answer, Call, CallFailure, Reply};
use terrane_plan::action::title;
use terrane_plan::exec::StepKind;
use terrane_plan::machine::ProviderInstance;
use terrane_plan::plan::Plan;
use terrane_value::Value;

/// How an action fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    WaitingForProvider,
    Intending,
    Invoking,
    /// How it ended is being recorded; whether well.
    Recording(bool),
    Over,
}

/// One action of the plan.
#[derive(Debug)]
pub(crate) struct Invocation {
    stage: Stage,
    step: u32,
    provider: Option<ProviderInstance>,
    /// Without marks.
    config: Value,
    op: u64,
    /// Where it has its place, if it needs one.
    lane: Option<LaneId>,
}

/// The actions of a plan, none of them begun.
pub(crate) fn invocations(plan: &Plan) -> Vec<Invocation> {
    let waiting = |_: &_| Invocation {
        stage: Stage::Waiting,
        step: u32::MAX,
        provider: None,
        config: Value::NULL,
        op: 0,
        lane: None,
    };
    let mut found: Vec<Invocation> = plan.invocations.iter().map(waiting).collect();
    for (at, step) in (0u32..).zip(&plan.graph.steps) {
        if let StepKind::Invoke(of) = step.kind {
            found[of as usize].step = at;
        }
    }
    found
}

impl Core {
    /// What the action waits for is done.
    pub(crate) fn begin_invoke(&mut self, at: usize) {
        let planned = &self.plan.invocations[at];
        let (addr, key) = (planned.provider.clone(), planned.provider_key.clone());
        let provider = self.instance(&addr, key.as_ref());
        let lane = self.lane_of_invocation(at);
        self.in_flight += 1;
        if let Some(lane) = lane {
            self.ready.take(lane);
        }
        let invocation = &mut self.invocations[at];
        invocation.lane = lane;
        invocation.stage = Stage::WaitingForProvider;
        invocation.provider.clone_from(&provider);
        let Some(provider) = provider else {
            self.invocation_error(
                at,
                &rules::apply::NO_PROVIDER_CONFIGURATION,
                format!("The provider configuration {addr} is not in the configuration any more."),
            );
            return self.end_invocation(at, false);
        };
        match self.configure(provider, Waiter::Invocation(at)) {
            Some(true) => self.prepare_invocation(at),
            Some(false) => self.end_invocation(at, false),
            None => {}
        }
    }

    /// The provider is configured: evaluates, and makes durable that it is about to be done.
    pub(crate) fn prepare_invocation(&mut self, at: usize) {
        let planned = self.plan.invocations[at].clone();
        let config = match &mut self.evaluator {
            Some(evaluator) => evaluator.action_config(at),
            None => Err(Diagnostics::new()),
        };
        let config = match config {
            Ok(config) => config,
            Err(messages) => {
                let about = |mut message: Diagnostic| {
                    message
                        .address
                        .get_or_insert_with(|| planned.addr.to_string());
                    message
                };
                self.diagnostics.extend(messages.into_iter().map(about));
                return self.end_invocation(at, false);
            }
        };
        let plain = config.unmark_deep();
        let problem = if !plain.is_wholly_known() {
            Some((
                &rules::apply::UNKNOWN_AT_APPLY,
                "still holds values that are not known, although everything that it refers to is done",
            ))
        } else if planned.config.is_wholly_known() && planned.config.unmark_deep() != plain {
            Some((
                &rules::apply::ACTION_CHANGED,
                "is not what it was when the plan was made, although the plan did not say that it would change",
            ))
        } else {
            None
        };
        if let Some((rule, problem)) = problem {
            let detail = format!("What the action {} is told {problem}.", planned.addr);
            self.invocation_error(at, rule, detail);
            return self.end_invocation(at, false);
        }
        self.secrets.add(&config);
        let op = self.new_op();
        let token = self.token(op);
        let invocation = &mut self.invocations[at];
        invocation.config = plain;
        invocation.op = op;
        invocation.stage = Stage::Intending;
        let intent = Intent {
            object: self.invoked_object(at),
            operation: Operation::Invoke,
            provider: planned.provider,
            token,
            planned: "".into(),
            dependencies: Arc::from([]),
            create_before_destroy: false,
            provider_key: None,
        };
        self.persist_as(
            vec![EventKind::Began { op, intent }],
            Waiting::Invocation(at),
        );
    }

    /// Events of an action are durable, or can't be made so.
    pub(crate) fn invocation_persisted(&mut self, at: usize, well: bool) {
        match self.invocations[at].stage {
            Stage::Intending if well && self.stopping() => self.record_invocation(at, false),
            Stage::Intending if well => {
                let addr = self.plan.invocations[at].addr.clone();
                let invocation = &mut self.invocations[at];
                invocation.stage = Stage::Invoking;
                let call = Call::InvokeAction {
                    type_name: addr.resource.type_name.clone(),
                    config: invocation.config.clone(),
                };
                let provider = invocation.provider.clone();
                self.progress.push(Progress::InvokeStart(addr.clone()));
                match provider {
                    Some(provider) => {
                        self.call(Waiting::Invocation(at), provider, Some(addr), call);
                    }
                    None => self.record_invocation(at, false),
                }
            }
            Stage::Recording(success) => self.end_invocation(at, success && well),
            _ => self.end_invocation(at, false),
        }
    }

    /// The provider answered, or did not.
    pub(crate) fn invocation_answered(&mut self, at: usize, outcome: Result<Reply, CallFailure>) {
        let planned = self.plan.invocations[at].clone();
        let reply = match outcome {
            Ok(reply) => reply,
            Err(failure) => {
                let name = planned.provider.provider.for_display();
                let detail = self.secrets.no_answer(&name, &failure);
                let detail = format!(
                    "{detail} Whether the action {} was done is not known; it is not done again by itself.",
                    planned.addr
                );
                self.invocation_error(at, &rules::apply::ACTION_UNANSWERED, detail);
                self.progress
                    .push(Progress::InvokeDone(planned.addr, false));
                // What was begun stays open, so that the next plan speaks of it.
                return self.end_invocation(at, false);
            }
        };
        let failed = reply.has_errors();
        let declared = self.evaluator.as_ref().and_then(|known| known.action(at));
        let messages: Vec<Diagnostic> = (reply.diagnostics.iter())
            .map(|message| {
                let span = declared.map(|declared| {
                    let path = message.attribute.as_ref();
                    path.map_or(declared.span, |path| declared.body.span_of(path))
                });
                provider_message(&self.secrets.hide_in(message), span).about(title(&planned))
            })
            .collect();
        self.diagnostics.extend(messages);
        if let Some(Answer::Invoked(lines)) = reply.answer {
            for line in lines {
                let line = self.secrets.hide(&line);
                self.progress
                    .push(Progress::InvokeSays(planned.addr.clone(), line));
            }
        }
        self.progress
            .push(Progress::InvokeDone(planned.addr, !failed));
        self.record_invocation(at, !failed);
    }

    fn record_invocation(&mut self, at: usize, well: bool) {
        let ended = EventKind::Ended {
            op: self.invocations[at].op,
            object: self.invoked_object(at),
            provider: self.plan.invocations[at].provider.clone(),
            state: None,
        };
        self.invocations[at].stage = Stage::Recording(well);
        self.persist_as(vec![ended], Waiting::Invocation(at));
    }

    pub(crate) fn end_invocation(&mut self, at: usize, well: bool) {
        let invocation = &mut self.invocations[at];
        invocation.stage = Stage::Over;
        invocation.config = Value::NULL;
        let (step, lane) = (invocation.step, invocation.lane.take());
        self.in_flight -= 1;
        if let Some(lane) = lane {
            self.ready.give_back(lane);
        }
        if well {
            self.succeed(step);
        }
    }

    /// What only waits for its provider need not be done any more.
    pub(crate) fn drop_waiting_invocations(&mut self) {
        for at in 0..self.invocations.len() {
            if self.invocations[at].stage == Stage::WaitingForProvider {
                self.end_invocation(at, false);
            }
        }
    }

    fn invoked_object(&self, at: usize) -> ObjectAddr {
        ObjectAddr {
            instance: self.plan.invocations[at].addr.clone(),
            deposed: None,
        }
    }

    fn invocation_error(&mut self, at: usize, rule: &Rule, detail: String) {
        let declared = self.evaluator.as_ref().and_then(|known| known.action(at));
        let mut diagnostic = Diagnostic::error(rule, detail);
        diagnostic.subject = declared.map(|declared| declared.span);
        diagnostic.address = Some(title(&self.plan.invocations[at]));
        self.diagnostics.push(diagnostic);
    }
}
