//! Provisioners: after creating, before destroying.

use crate::core::Core;
use crate::rules;
use crate::step::Phase;
use crate::{Progress, Provision};
use std::sync::Arc;
use terrane_config::config::Provisioner;
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::event::{EventKind, Intent, ObjectAddr, Operation};
use terrane_plan::exec::StepKind;

impl Core {
    /// The provisioners of the object of a step: those of its block, or of the `removed` block in its place.
    fn provisioners(&self, id: usize) -> &[Provisioner] {
        let found = self.evaluator.as_ref().zip(self.change(id));
        found.map_or(&[], |(evaluator, change)| evaluator.provisioners(change).1)
    }

    /// Begins the next provisioner of a new object, or ends the step. `ended`: how the one before it ended, to be made durable with it.
    pub(crate) fn next_provisioner(&mut self, id: usize, from: usize, ended: Vec<EventKind>) {
        let next = self
            .provisioners(id)
            .iter()
            .enumerate()
            .skip(from)
            .find(|(_, provisioner)| !provisioner.on_destroy)
            .map(|(at, _)| at);
        match next {
            // The object stays tainted, as it is recorded.
            Some(_) if self.stopping() => self.stop_between(id, ended),
            Some(at) => self.intend_provisioner(id, at, Phase::Provisioning(at), ended),
            None if from == 0 => self.whole(id),
            None => self.record_whole(id),
        }
    }

    /// Evaluates a provisioner and makes durable that it is about to run. It is an intent like others: after a crash nobody needs to guess whether
    /// it may have run.
    fn intend_provisioner(
        &mut self,
        id: usize,
        at: usize,
        phase: Phase,
        mut kinds: Vec<EventKind>,
    ) {
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
        let Some(provisioner) = self.provisioners(id).get(at).cloned() else {
            return;
        };
        match self.evaluate(|evaluator| evaluator.provisioner(&change, number, &provisioner, &own))
        {
            Ok((config, connection)) => {
                // Secrets of the connection, such as its password, are never in the output.
                let quiet = config.contains_marks();
                let provision = Provision {
                    addr: change.addr.clone(),
                    type_name: provisioner.type_name,
                    config: config.unmark_deep(),
                    connection: connection.unmark_deep(),
                    quiet,
                };
                let op = self.new_op();
                let token = self.token(op);
                kinds.push(EventKind::Began {
                    op,
                    intent: Intent {
                        object: self.provisioned_object(id),
                        operation: Operation::Provision(u32::try_from(at).unwrap_or(u32::MAX)),
                        provider: change.provider,
                        token,
                        planned: "{}".into(),
                        dependencies: Arc::from([]),
                        create_before_destroy: false,
                        provider_key: change.provider_key,
                    },
                });
                if let Some(running) = self.at(id) {
                    running.provision = Some((op, provision));
                }
                self.persist(id, kinds);
            }
            Err(diagnostics) => {
                self.report(id, diagnostics);
                if kinds.is_empty() {
                    return self.fail(id);
                }
                self.fail_recorded(id, kinds);
            }
        }
    }

    /// It is durable that the provisioner is about to run: run it.
    pub(crate) fn run_provisioner(&mut self, id: usize) {
        let Some((_, provision)) = self.at(id).and_then(|running| running.provision.clone()) else {
            return self.fail(id);
        };
        self.progress.push(Progress::ProvisionStart(
            provision.addr.clone(),
            provision.type_name.clone(),
        ));
        self.provision(id, provision);
    }

    /// The object that the provisioners of a step are about.
    fn provisioned_object(&self, id: usize) -> ObjectAddr {
        let running = self.running.get(id).and_then(Option::as_ref);
        let number = running.map_or(0, |running| running.change);
        let destroying =
            running.is_some_and(|running| matches!(running.kind, StepKind::Destroy(_)));
        ObjectAddr {
            instance: self.plan.changes[number].addr.clone(),
            deposed: if destroying {
                self.destroyed_key(number)
            } else {
                None
            },
        }
    }

    /// That the provisioner ended. The object is as it was recorded: a new one stays tainted until all have run.
    fn provisioner_ended(&mut self, id: usize) -> Vec<EventKind> {
        let Some(running) = self.at(id) else {
            return Vec::new();
        };
        let Some((op, _)) = running.provision.take() else {
            return Vec::new();
        };
        let (number, kept) = (running.change, running.state.clone());
        let destroying = matches!(running.kind, StepKind::Destroy(_));
        let state = match destroying {
            true => self.refreshed(number),
            false => kept,
        };
        vec![EventKind::Ended {
            op,
            object: self.provisioned_object(id),
            provider: self.plan.changes[number].provider.clone(),
            state,
        }]
    }

    /// Records what happened, and then fails.
    fn fail_recorded(&mut self, id: usize, kinds: Vec<EventKind>) {
        if let Some(running) = self.at(id) {
            running.failed = true;
            running.phase = Phase::Recording;
        }
        self.persist(id, kinds);
    }

    pub(crate) fn provisioned(&mut self, id: usize, outcome: Result<(), String>) {
        let Some(phase) = self.at(id).map(|running| running.phase) else {
            return;
        };
        let (Phase::Provisioning(at) | Phase::ProvisioningDestroy(at)) = phase else {
            return;
        };
        let Some((addr, provisioner)) = self
            .change(id)
            .map(|change| change.addr.clone())
            .zip(self.provisioners(id).get(at).cloned())
        else {
            return;
        };
        self.progress.push(Progress::ProvisionDone(
            addr,
            provisioner.type_name.clone(),
            outcome.is_ok(),
        ));
        if let Err(problem) = outcome {
            let headline = rules::apply::PROVISIONER_FAILED
                .named(format!("{} provisioner error", provisioner.type_name));
            let mut diagnostic = if provisioner.continue_on_failure {
                Diagnostic::warning(headline, problem)
            } else {
                Diagnostic::error(headline, problem)
            };
            diagnostic.subject = Some(provisioner.span);
            self.report(id, diagnostic.into());
            // A new object stays tainted, as it is recorded; one that was to be destroyed stays.
            if !provisioner.continue_on_failure {
                if matches!(phase, Phase::Provisioning(_)) {
                    // It is there, so what is promised of it can be told, as with the peers.
                    self.holds(id);
                }
                let ended = self.provisioner_ended(id);
                return self.fail_recorded(id, ended);
            }
        }
        match phase {
            Phase::Provisioning(_) if self.is_last_provisioner(id, at) => self.record_whole(id),
            Phase::Provisioning(_) => {
                let ended = self.provisioner_ended(id);
                self.next_provisioner(id, at + 1, ended);
            }
            _ => {
                let ended = self.provisioner_ended(id);
                self.next_destroy_provisioner(id, at + 1, ended);
            }
        }
    }

    pub(crate) fn begin_destroy(&mut self, id: usize) {
        self.started(id);
        let tainted = self.change(id).is_some_and(|change| change.tainted);
        let number = self.at(id).map(|running| running.change);
        let replaced = number.is_some_and(|number| self.destroyed_key(number).is_some());
        // An object whose creation was not finished is not asked to say goodbye, nor is one that has its successor already, as with the peers.
        if tainted || replaced {
            self.intend(id, Vec::new());
        } else {
            self.next_destroy_provisioner(id, 0, Vec::new());
        }
    }

    fn is_last_provisioner(&self, id: usize, at: usize) -> bool {
        self.provisioners(id)
            .iter()
            .skip(at + 1)
            .all(|provisioner| provisioner.on_destroy)
    }

    fn next_destroy_provisioner(&mut self, id: usize, from: usize, ended: Vec<EventKind>) {
        let next = self
            .provisioners(id)
            .iter()
            .enumerate()
            .skip(from)
            .find(|(_, provisioner)| provisioner.on_destroy)
            .map(|(at, _)| at);
        match next {
            // The object stays.
            _ if self.stopping() => self.stop_between(id, ended),
            Some(at) => self.intend_provisioner(id, at, Phase::ProvisioningDestroy(at), ended),
            None => self.intend(id, ended),
        }
    }

    /// The run is to stop, and what comes next of this step has not begun.
    fn stop_between(&mut self, id: usize, ended: Vec<EventKind>) {
        if ended.is_empty() {
            self.fail(id);
        } else {
            self.fail_recorded(id, ended);
        }
    }
}
