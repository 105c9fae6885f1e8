//! Ephemeral resources while planning: opened where the configuration is known, renewed when the provider asks for it, closed when the
//! last user is done (`opentofu.md` 5.9).
//!
//! Whatever happens, what was opened is closed: also when planning fails or is interrupted.

use super::managed::Step;
use super::{Core, Waiting};
use crate::ephemeral::{
    EphemeralInstance, EphemeralOp, EphemeralProgress, EphemeralStage, deferred, opened,
};
use crate::graph::{Node, NodeId};
use crate::machine::{Progress, ProviderInstance};
use crate::rules;
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use terrane_lang::diagnostic::{Diagnostic, Severity};
use terrane_lang::source::Span;
use terrane_model::addr::{InstanceAddr, Mode};
use terrane_model::provider::{Answer, Call, CallFailure, Deferred, Private, Reply};
use terrane_value::Value;

/// How an instance that was opened fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Renewing,
    Closing,
    Closed,
}

/// An instance that was opened.
#[derive(Debug)]
struct Lease {
    node: NodeId,
    addr: InstanceAddr,
    span: Span,
    provider: ProviderInstance,
    type_name: EcoString,
    private: Private,
    renew_at_ms: Option<u64>,
    stage: Stage,
}

/// Who uses the instances of a resource.
#[derive(Debug, Default)]
struct Users {
    /// Nodes that are not done yet.
    left: usize,
    /// A provider is configured with it, which is needed until the last object is looked at.
    to_the_end: bool,
    /// Ephemeral resources that are closed before.
    inner: Vec<NodeId>,
}

/// All ephemeral resources of a run.
#[derive(Debug, Default)]
pub(super) struct Ephemerals {
    users: BTreeMap<NodeId, Users>,
    /// By user: which ephemeral resources it uses.
    uses: BTreeMap<NodeId, Vec<NodeId>>,
    leases: Vec<Lease>,
    /// Requests for renewing and closing that have no answer yet.
    pub(super) outstanding: usize,
    pub(super) now_ms: u64,
    /// Every instance, for the plan.
    pub(super) instances: Vec<EphemeralInstance>,
}

impl Ephemerals {
    /// The instance of a lease.
    pub(super) fn addr(&self, at: usize) -> Option<InstanceAddr> {
        self.leases.get(at).map(|lease| lease.addr.clone())
    }

    /// Whether a provider is configured with it.
    pub(super) fn configures(&self, id: NodeId) -> bool {
        self.users.get(&id).is_some_and(|users| users.to_the_end)
    }

    /// A node is done.
    pub(super) fn node_done(&mut self, id: NodeId) {
        for used in self.uses.remove(&id).unwrap_or_default() {
            if let Some(users) = self.users.get_mut(&used) {
                users.left -= 1;
            }
        }
    }
}

/// Whether a node only hands on the values that it refers to.
pub(crate) fn hands_on(node: Node) -> bool {
    matches!(
        node,
        Node::Call(..) | Node::Variable(..) | Node::Local(..) | Node::Output(..)
    )
}

impl Core {
    /// Finds out who uses each ephemeral resource: directly, through values, through another ephemeral resource, or as what a provider is
    /// configured with.
    pub(super) fn find_ephemeral_users(&mut self, taking_part: &[bool]) {
        let config = self.config.clone();
        let mut found = Vec::new();
        for module in &config.modules {
            let ephemeral = (0u32..)
                .zip(&module.resources)
                .filter(|(_, resource)| resource.mode == Mode::Ephemeral)
                .map(|(at, _)| self.graph.id(Node::Resource(module.id, at)));
            found.extend(ephemeral.filter(|id| taking_part[id.index()]));
        }
        for id in found {
            let mut users = Users::default();
            let mut seen = BTreeSet::from([id]);
            let mut stack = vec![id];
            while let Some(next) = stack.pop() {
                for user in self.dependents[next.index()].clone() {
                    if !seen.insert(user) {
                        continue;
                    }
                    users.left += 1;
                    self.ephemerals.uses.entry(user).or_default().push(id);
                    match self.graph.node(user) {
                        Node::Provider(_) => {
                            users.to_the_end = true;
                            stack.push(user);
                        }
                        Node::Resource(module, at)
                            if config.module(module).resources[at as usize].mode
                                == Mode::Ephemeral =>
                        {
                            users.inner.push(user);
                            stack.push(user);
                        }
                        node if hands_on(node) => stack.push(user),
                        _ => {}
                    }
                }
            }
            self.ephemerals.users.insert(id, users);
        }
    }

    /// The configuration of an ephemeral resource is acceptable: open it, if that can be done now.
    pub(super) fn open_ephemeral(&mut self, id: usize) {
        if self.cancelled {
            return self.task_failed(id);
        }
        let task = &self.tasks[id];
        let (module, at, addr) = (task.place.module, task.at, task.addr.clone());
        let resource = self.world.resource(module, at);
        let block = resource.schema.block.clone();
        let type_name = resource.type_name.clone();
        let config = task.config.unmark_deep();
        if self.deferral_of(id).is_some() {
            return self.ephemeral_put_off(id);
        }
        if !config.is_wholly_known() || self.data_waits(task.place, at) {
            let value = deferred(&block, &task.config);
            self.say_ephemeral(addr, EphemeralOp::Open, EphemeralStage::Deferred);
            return self.settle_checked(id, value);
        }
        let provider = task.provider.clone();
        self.say_ephemeral(addr, EphemeralOp::Open, EphemeralStage::Started);
        self.tasks[id].step = Step::Opening;
        self.ask(
            &provider,
            Call::OpenEphemeral { type_name, config },
            Waiting::Task(id),
        );
    }

    /// The provider can't open it yet.
    pub(super) fn ephemeral_deferred(&mut self, id: usize, deferred: Deferred) {
        let task = &self.tasks[id];
        let (address, provider) = (task.addr.to_string(), task.provider.clone());
        let span = self.world.resource(task.place.module, task.at).span;
        match self.allowed_deferral(&address, &provider, span, deferred) {
            Some(_) => self.ephemeral_put_off(id),
            None => self.task_failed(id),
        }
    }

    /// It is not opened by this plan, nor when it is applied, and whoever needs it is put off.
    fn ephemeral_put_off(&mut self, id: usize) {
        let task = &self.tasks[id];
        let (node, place, addr) = (task.node, task.place, task.addr.clone());
        let block = &self.world.resource(place.module, task.at).schema.block;
        let value = deferred(block, &task.config);
        self.ephemerals
            .instances
            .retain(|instance| instance.addr != addr);
        self.put_off.mark(node, place);
        self.say_ephemeral(addr, EphemeralOp::Open, EphemeralStage::Deferred);
        self.tasks[id].step = Step::Done;
        self.settle(id, Ok(value));
    }

    /// The provider opened it.
    pub(super) fn ephemeral_opened(
        &mut self,
        id: usize,
        result: &Value,
        private: Private,
        renew_after_ms: Option<u64>,
    ) {
        let task = &self.tasks[id];
        let resource = self.world.resource(task.place.module, task.at);
        let (addr, span) = (task.addr.clone(), resource.span);
        let value = opened(&resource.schema.block, &task.config, result);
        let now_ms = self.ephemerals.now_ms;
        self.ephemerals.leases.push(Lease {
            node: task.node,
            addr: addr.clone(),
            span,
            provider: task.provider.clone(),
            type_name: resource.type_name.clone(),
            private,
            renew_at_ms: renew_after_ms.map(|after| now_ms.saturating_add(after)),
            stage: Stage::Open,
        });
        match value {
            Ok(value) => {
                self.tasks[id].step = Step::Done;
                self.say_ephemeral(addr, EphemeralOp::Open, EphemeralStage::Done);
                self.settle_checked(id, value);
            }
            Err(problem) => {
                let detail = format!(
                    "The provider's answer for {addr} is not valid: {problem}. This is a bug in the provider, which should be reported in its own issue tracker."
                );
                self.diagnostics.push(
                    Diagnostic::error(&rules::answer::INVALID_EPHEMERAL_OBJECT, detail)
                        .at(span)
                        .about(addr.to_string()),
                );
                self.task_failed(id);
            }
        }
    }

    pub(super) fn say_ephemeral(
        &mut self,
        addr: InstanceAddr,
        op: EphemeralOp,
        stage: EphemeralStage,
    ) {
        self.progress
            .push(Progress::Ephemeral(EphemeralProgress { addr, op, stage }));
    }

    /// Renews what is due, and closes what nobody needs any more.
    pub(super) fn tend_ephemerals(&mut self) {
        if self.ephemerals.leases.is_empty() {
            return;
        }
        let working = self.waiting.len() > self.ephemerals.outstanding
            || !(self.cancelled || self.ready.is_empty() && self.orphans_planned);
        for at in 0..self.ephemerals.leases.len() {
            let lease = &self.ephemerals.leases[at];
            if lease.stage != Stage::Open {
                continue;
            }
            let (op, call) = if !self.ephemeral_in_use(at, working) {
                let call = Call::CloseEphemeral {
                    type_name: lease.type_name.clone(),
                    private: lease.private.clone(),
                };
                (EphemeralOp::Close, call)
            } else if working
                && lease
                    .renew_at_ms
                    .is_some_and(|due| due <= self.ephemerals.now_ms)
            {
                let call = Call::RenewEphemeral {
                    type_name: lease.type_name.clone(),
                    private: lease.private.clone(),
                };
                (EphemeralOp::Renew, call)
            } else {
                continue;
            };
            let (addr, provider) = (lease.addr.clone(), lease.provider.clone());
            self.ephemerals.leases[at].stage = match op {
                EphemeralOp::Renew => Stage::Renewing,
                EphemeralOp::Open | EphemeralOp::Close => Stage::Closing,
            };
            self.ephemerals.outstanding += 1;
            self.say_ephemeral(addr, op, EphemeralStage::Started);
            self.ask(&provider, call, Waiting::Ephemeral(at));
        }
    }

    /// Whether somebody needs an open instance. `working`: planning goes on.
    fn ephemeral_in_use(&self, at: usize, working: bool) -> bool {
        let Some(users) = self.ephemerals.users.get(&self.ephemerals.leases[at].node) else {
            return working;
        };
        let inner = self
            .ephemerals
            .leases
            .iter()
            .any(|lease| lease.stage != Stage::Closed && users.inner.contains(&lease.node));
        inner || working && (users.left > 0 || users.to_the_end)
    }

    /// When something is to be renewed next.
    pub(crate) fn next_renewal(&self) -> Option<u64> {
        let open = self.ephemerals.leases.iter();
        open.filter(|lease| lease.stage == Stage::Open)
            .filter_map(|lease| lease.renew_at_ms)
            .min()
    }

    /// Something was renewed or closed.
    pub(super) fn ephemeral_answered(&mut self, at: usize, outcome: Result<Reply, CallFailure>) {
        self.ephemerals.outstanding -= 1;
        let now_ms = self.ephemerals.now_ms;
        let lease = &mut self.ephemerals.leases[at];
        let closing = lease.stage == Stage::Closing;
        lease.stage = if closing { Stage::Closed } else { Stage::Open };
        lease.renew_at_ms = None;
        let (addr, provider, span) = (lease.addr.clone(), lease.provider.clone(), lease.span);
        let before = self.diagnostics.len();
        let failed = match outcome {
            Err(failure) => {
                self.report_failure(&failure, &provider, &addr.to_string(), Some(span));
                true
            }
            Ok(reply) => {
                let lease = &mut self.ephemerals.leases[at];
                if let (
                    false,
                    Some(Answer::Ephemeral {
                        private,
                        renew_after_ms,
                        ..
                    }),
                ) = (closing, &reply.answer)
                {
                    lease.private = private.clone();
                    lease.renew_at_ms = renew_after_ms.map(|after| now_ms.saturating_add(after));
                }
                self.report_provider(&reply.diagnostics, &addr, &|_| Some(span))
            }
        };
        let op = if closing {
            EphemeralOp::Close
        } else {
            // Whoever still needs it will say so; that it may have run out is no failure by itself.
            for diagnostic in self.diagnostics.iter_mut().skip(before) {
                diagnostic.severity = Severity::Warning;
            }
            EphemeralOp::Renew
        };
        let stage = if failed {
            EphemeralStage::Failed
        } else {
            EphemeralStage::Done
        };
        self.say_ephemeral(addr, op, stage);
    }
}
