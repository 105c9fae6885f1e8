//! Provisioners: after creating, before destroying.

use crate::core::Core;
use crate::rules;
use crate::step::Phase;
use crate::{Progress, Provision};
use terrane_config::config::Provisioner;
use terrane_lang::diagnostic::Diagnostic;

impl Core {
    /// The provisioners of the object of a step: those of its block, or of the `removed` block in its place.
    fn provisioners(&self, id: usize) -> &[Provisioner] {
        let found = self.evaluator.as_ref().zip(self.change(id));
        found.map_or(&[], |(evaluator, change)| evaluator.provisioners(change).1)
    }

    /// Runs the next provisioner of a new object, or ends the step.
    pub(crate) fn next_provisioner(&mut self, id: usize, from: usize) {
        let next = self
            .provisioners(id)
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

    pub(crate) fn run_provisioner(&mut self, id: usize, at: usize, phase: Phase) {
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
                self.progress.push(Progress::ProvisionStart(
                    change.addr.clone(),
                    provisioner.type_name.clone(),
                ));
                // Secrets of the connection, such as its password, are never in the output.
                let quiet = config.contains_marks();
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
                self.fail(id);
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
                return self.fail(id);
            }
        }
        match phase {
            Phase::Provisioning(_) => self.next_provisioner(id, at + 1),
            _ => self.next_destroy_provisioner(id, at + 1),
        }
    }

    pub(crate) fn begin_destroy(&mut self, id: usize) {
        self.started(id);
        let tainted = self.change(id).is_some_and(|change| change.tainted);
        // An object whose creation was not finished is not asked to say goodbye.
        if tainted {
            self.intend(id);
        } else {
            self.next_destroy_provisioner(id, 0);
        }
    }

    pub(crate) fn next_destroy_provisioner(&mut self, id: usize, from: usize) {
        let deposed_before = self
            .change(id)
            .is_some_and(|change| change.deposed.is_some());
        let next = self
            .provisioners(id)
            .iter()
            .enumerate()
            .skip(from)
            .find(|(_, provisioner)| provisioner.on_destroy && !deposed_before)
            .map(|(at, _)| at);
        match next {
            Some(at) => self.run_provisioner(id, at, Phase::ProvisioningDestroy(at)),
            None => self.intend(id),
        }
    }
}
