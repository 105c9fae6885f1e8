//! Making outcomes durable.

use crate::core::{Core, identity_version};
use crate::object;
use crate::rules;
use crate::step::{Phase, with_marks};
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostics;
use terrane_model::addr::Mode;
use terrane_model::event::{EventKind, ObjectAddr};
use terrane_model::provider::{Answer, Call, Private, Reply, Resolution};
use terrane_model::snapshot::{ObjectState, Status};
use terrane_plan::exec::StepKind;
use terrane_plan::objchange;
use terrane_plan::plan::Action;
use terrane_value::Value;

impl Core {
    /// A change that ended with an error and without an object. An error may come after the effect: where a new object may have been made, a provider
    /// that can tell is asked, so that the object is not lost.
    pub(crate) fn nothing_answered(&mut self, id: usize) {
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

    pub(crate) fn resolved(&mut self, id: usize, reply: Reply) {
        let marks = self.at(id).map(|running| running.marks.clone());
        let (Some(marks), Some(schema)) = (marks, self.schema(id)) else {
            return self.fail(id);
        };
        match reply.answer {
            Some(Answer::Resolved(Resolution::Happened(object))) if !object.state.is_null() => {
                let state = objchange::normalize_from_legacy(&schema.block, &object.state);
                let state = with_marks(&objchange::schema_marks(&schema.block, &state), &marks);
                self.record(id, Some(state), object.private, &object.identity, true);
            }
            Some(Answer::Resolved(Resolution::Happened(_) | Resolution::NeverHappened)) => {
                self.record_unchanged(id);
            }
            // The intent stays open: the next plan asks again.
            _ => self.fail(id),
        }
    }

    /// Nothing came of it: the object is as it was.
    pub(crate) fn record_unchanged(&mut self, id: usize) {
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
    pub(crate) fn refreshed(&self, number: usize) -> Option<Arc<ObjectState>> {
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
    #[expect(
        clippy::too_many_lines,
        reason = "one outcome from beginning to end, in the order of the rules"
    )]
    pub(crate) fn record(
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
            let version = identity_version(&self.infos, &change);
            match object::state_of(
                &change,
                &schema.block,
                &value,
                private,
                (identity, version),
                status,
            ) {
                Ok(mut state) => {
                    if creating {
                        state.created_in_ms = Some(elapsed);
                    }
                    state.skip_destroy = skip_destroy;
                    if (destroying || (bad && !creating))
                        && let Some(old) = &change.stored
                    {
                        state.dependencies = old.dependencies.clone();
                    }
                    stored = Some(Arc::new(state));
                }
                Err(problem) => {
                    let begun = match creating {
                        true => {
                            " It was made all the same: its creation stays recorded as begun, so that it is not forgotten, and the next plan looks at it."
                        }
                        false => "",
                    };
                    self.complain(id, &rules::apply::OBJECT_NOT_STORABLE, format!("The object that the provider returned for {} can't be written to the state: {problem}.{begun}", change.addr));
                    return match creating {
                        true => self.fail(id),
                        false => self.record_unchanged(id),
                    };
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
    pub(crate) fn recorded(&mut self, id: usize) {
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
            self.next_provisioner(id, 0, Vec::new());
        } else {
            self.whole(id);
        }
    }

    /// All provisioners have run: the object is whole.
    pub(crate) fn record_whole(&mut self, id: usize) {
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
        let (provider, state) = (change.provider.clone(), Some(Arc::new(state)));
        // That is how the last provisioner ended.
        let ended = self.at(id).and_then(|running| running.provision.take());
        let kind = match ended {
            Some((op, _)) => EventKind::Ended {
                op,
                object,
                provider,
                state,
            },
            None => EventKind::Set {
                object,
                provider,
                state,
            },
        };
        self.persist(id, vec![kind]);
    }

    /// The step is complete, but for postconditions.
    pub(crate) fn whole(&mut self, id: usize) {
        let Some(running) = self.running.get(id).and_then(Option::as_ref) else {
            return;
        };
        if !matches!(running.kind, StepKind::Apply(_)) {
            return self.done(id);
        }
        let (number, made) = (running.change, running.made.clone());
        self.set_value(number, Ok(made));
        if self.holds(id) {
            return self.done(id);
        }
        self.fail(id);
    }

    /// Whether the postconditions of an object that a step has made hold, or can't be told.
    pub(crate) fn holds(&mut self, id: usize) -> bool {
        let Some(running) = self.running.get(id).and_then(Option::as_ref) else {
            return true;
        };
        let (number, made) = (running.change, running.made.clone());
        let change = self.plan.changes[number].clone();
        let mut messages = Diagnostics::new();
        let holds = self.evaluator.as_mut().is_none_or(|evaluator| {
            evaluator.conditions(&change, number, Some(&made), &mut messages)
        });
        self.report(id, messages);
        holds
    }
}
