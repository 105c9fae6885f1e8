//! The planner: walks the static graph, expands, evaluates, asks providers, and puts a plan together.
//!
//! A node runs when all that it needs is done. Objects in state are read as soon as their provider is configured, whatever the
//! graph says: reading depends on prior state only. Answers may come in any order; the plan is the same.

mod actions;
mod adopt;
mod claim;
pub(crate) mod conditions;
mod contradictions;
mod cyclic;
mod data;
mod deferral;
mod drafts;
pub(crate) mod ephemeral;
mod finish;
pub(crate) mod fits;
mod identity;
mod imports;
pub(crate) mod index;
mod instance;
mod instances;
mod managed;
mod meta;
pub(crate) mod moves;
mod nodes;
mod objects;
mod orphans;
mod outstanding;
mod overlap;
mod prior;
mod recover;
mod relevant;

mod survey;
mod takeover;
mod targets;

pub(crate) use targets::names;

use crate::graph::{Graph, Node, NodeId};
use crate::machine::{
    PlanInput, PlanOptions, Planned, Progress, ProviderInstance, Request, RequestId,
};
use crate::plan::{Drift, Plan, PlanMode, ResourceChange};
use crate::rules;
use crate::world::World;
use conditions::CheckBook;
use index::ConfigIndex;
use managed::Task;
use prior::{ObjectId, Prior};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;
use terrane_config::config::{Config, ProviderId};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Headline};
use terrane_lang::source::Span;
use terrane_model::addr::{ConfigResource, ProviderAddr};
use terrane_model::provider::{Call, CallFailure, ProviderDiagnostic, ProviderInfo, Reply};
use terrane_model::secrets::Secrets;
use terrane_model::snapshot::Snapshot;

/// What an outstanding request is for.
#[derive(Clone, Copy, Debug)]
enum Waiting {
    /// A provider configuration: index into `configuring`.
    Provider(usize),
    /// Upgrading or reading a stored object.
    Object(ObjectId),
    /// A step of a task.
    Task(usize),
    /// Planning the deletion of an object.
    Orphan(ObjectId),
    /// Whether an open intent was carried out.
    Intent(usize),
    /// The configuration of an object.
    Draft(usize),
    /// What identifies an object, in the form of the present schema.
    Identity(ObjectId),
    /// Renewing or closing an ephemeral instance: index into its leases.
    Ephemeral(usize),
    /// A question about what was read: index into those of the survey.
    Survey(usize),
    /// Planning an action: index into the invocations.
    Action(usize),
}

/// How far a provider instance is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ProviderStage {
    Validating,
    Configuring,
    Ready,
    Failed,
}

#[derive(Debug)]
struct Configuring {
    instance: ProviderInstance,
    config: terrane_value::Value,
    stage: ProviderStage,
}

/// The planner's working state.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: Arc<Config>,
    /// What providers may quote, and must not be shown.
    secrets: Secrets,
    /// With what they may quote of that which the next message is about.
    secrets_of_next: Option<Secrets>,
    graph: Arc<Graph>,
    index: ConfigIndex,
    snapshot: Arc<Snapshot>,
    infos: BTreeMap<ProviderAddr, ProviderInfo>,
    options: PlanOptions,
    timestamp: ecow::EcoString,
    pub(crate) world: World,
    prior: Prior,
    scope: targets::Scope,
    /// By node: how many of what it needs is not done.
    pending: Vec<u32>,
    dependents: Vec<Vec<NodeId>>,
    /// By node: how many tasks of it run.
    running: Vec<u32>,
    /// By node: some instance has a pending change.
    changing: BTreeSet<(usize, u32)>,
    /// By node: `create_before_destroy`, set by itself or by a dependent.
    create_first: Vec<bool>,
    /// By node: the resources that it depends on.
    resource_deps: Vec<Option<Arc<[ConfigResource]>>>,
    ready: VecDeque<NodeId>,
    configuring: Vec<Configuring>,
    by_instance: BTreeMap<ProviderInstance, usize>,
    /// Objects that wait for their provider.
    unread: BTreeMap<ProviderInstance, Vec<ObjectId>>,
    tasks: Vec<Task>,
    free_tasks: Vec<usize>,
    checks: CheckBook,
    changes: Vec<ResourceChange>,
    /// Changes of resources that some `replace_triggered_by` names.
    triggering: BTreeMap<terrane_model::addr::ResourceAddr, Vec<usize>>,
    /// By node: some `replace_triggered_by` names it.
    is_trigger: Vec<bool>,
    drift: Vec<Drift>,
    requests: Vec<Request>,
    waiting: outstanding::Outstanding,
    progress: Vec<Progress>,
    diagnostics: Diagnostics,
    orphans_planned: bool,
    orphans_open: usize,
    cancelled: bool,
    /// Nothing is planned: open intents are settled.
    recovering: bool,
    intents: Vec<recover::OpenIntent>,
    unresolved: BTreeMap<ProviderInstance, Vec<usize>>,
    settling: recover::Settling,
    events: Vec<terrane_model::event::EventKind>,
    /// What is to be imported to instances of the resources that have run.
    imports: BTreeMap<terrane_model::addr::InstanceAddr, imports::Wanted>,
    /// Blocks that are to be written.
    drafts: Vec<drafts::Draft>,
    drafting: drafts::Drafting,
    /// The one object that is to be taken over, if that is all.
    takeover: Option<takeover::Takeover>,
    /// All that is done is to look.
    survey: Option<survey::Survey>,
    ephemerals: ephemeral::Ephemerals,
    put_off: deferral::PutOff,
    /// Reads stored objects.
    decoder: terrane_value::json::Decoder,
    actions: actions::Actions,
}

impl Core {
    pub(crate) fn new(input: PlanInput) -> Self {
        let mut core = Self::unprepared(input);
        core.prepare();
        core
    }

    fn unprepared(input: PlanInput) -> Self {
        let PlanInput {
            config,
            snapshot,
            providers,
            variables,
            functions,
            options,
        } = input;
        let (graph, mut diagnostics) = Graph::build(&config);
        let graph = Arc::new(graph);
        let index = ConfigIndex::new(&config);
        let timestamp = functions.plan_time.clone().unwrap_or_default();
        let mut world = World::new(config.clone(), graph.clone(), functions);
        world.workspace.clone_from(&options.workspace);
        world.cwd.clone_from(&options.cwd);
        world.may_be_open = options.allow_deferral && options.mode != PlanMode::Destroy;
        let mut secrets = Secrets::default();
        for (at, value) in (0u32..).zip(variables) {
            secrets.add(&value);
            world.set_value(
                Node::Variable(terrane_config::config::ModuleId(0), at),
                0,
                Ok(value),
            );
        }
        let (prior, moved) = Prior::new(&snapshot, &config, &index);
        diagnostics.extend(moved);
        let scope = targets::Scope::new(&config, &graph, &index, &options);
        Self {
            pending: vec![0; graph.len()],
            dependents: vec![Vec::new(); graph.len()],
            running: vec![0; graph.len()],
            changing: BTreeSet::new(),
            is_trigger: vec![false; graph.len()],
            create_first: vec![false; graph.len()],
            resource_deps: vec![None; graph.len()],
            config,
            secrets,
            secrets_of_next: None,
            graph,
            index,
            snapshot,
            infos: providers,
            options,
            timestamp,
            world,
            prior,
            scope,
            ready: VecDeque::new(),
            configuring: Vec::new(),
            by_instance: BTreeMap::new(),
            unread: BTreeMap::new(),
            tasks: Vec::new(),
            free_tasks: Vec::new(),
            checks: CheckBook::default(),
            changes: Vec::new(),
            triggering: BTreeMap::new(),
            drift: Vec::new(),
            requests: Vec::new(),
            waiting: outstanding::Outstanding::default(),
            progress: Vec::new(),
            diagnostics,
            orphans_planned: false,
            orphans_open: 0,
            cancelled: false,
            recovering: false,
            intents: Vec::new(),
            unresolved: BTreeMap::new(),
            settling: recover::Settling::default(),
            events: Vec::new(),
            imports: BTreeMap::new(),
            drafts: Vec::new(),
            drafting: drafts::Drafting::default(),
            takeover: None,
            survey: None,
            ephemerals: ephemeral::Ephemerals::default(),
            put_off: deferral::PutOff::default(),
            decoder: terrane_value::json::Decoder::default(),
            actions: actions::Actions::default(),
        }
    }

    fn prepare(&mut self) {
        if self.diagnostics.has_errors() {
            self.cancelled = true;
            return;
        }
        if self.options.mode == PlanMode::Normal && !self.recovering {
            self.check_imports();
            self.check_metas();
        }
        self.find_create_first();
        self.find_resource_deps();
        self.find_triggers();
        if self.takeover.is_some() {
            // Only the provider is needed.
        } else if self.survey.is_some() {
            self.begin_survey();
        } else if self.recovering {
            self.assign_intents();
        } else {
            self.find_objects_in_scope();
            self.check_moved_scope();
            self.assign_providers();
        }
        let taking_part = self.nodes_taking_part();
        let graph = self.graph.clone();
        for id in graph.order().iter().copied() {
            if !taking_part[id.index()] {
                continue;
            }
            let mut count = 0;
            for dep in graph.deps(id) {
                if taking_part[dep.index()] {
                    self.dependents[dep.index()].push(id);
                    count += 1;
                }
            }
            self.pending[id.index()] = count;
            if count == 0 {
                self.ready.push_back(id);
            }
        }
        self.find_ephemeral_users(&taking_part);
        if !self.recovering {
            self.declare_all_checks(&taking_part);
            self.warn_about_targets();
        }
    }

    fn warn_about_targets(&mut self) {
        let option = match (
            self.options.targets.is_empty(),
            self.options.excludes.is_empty(),
        ) {
            (false, _) => "-target",
            (_, false) => "-exclude",
            (true, true) => return,
        };
        self.diagnostics.push(Diagnostic::warning(
            &rules::planning::TARGETING,
            format!(
                "You are creating a plan with the {option} option, which means that the result of this plan may not represent all of the changes requested by the current \
                 configuration.\n\nThe {option} option is not for routine use, and is provided only for exceptional situations such as recovering from errors or mistakes."
            ),
        ));
    }

    /// Runs until nothing can go on without an answer.
    pub(crate) fn poll(&mut self) -> Vec<Request> {
        loop {
            if self.cancelled {
                break;
            }
            if let Some(id) = self.ready.pop_front() {
                self.run(id);
                continue;
            }
            let quiet = self.waiting.len() == self.ephemerals.outstanding;
            if quiet
                && (self.begin_takeover() || self.ask_survey() || !self.recovering && self.draft())
            {
                continue;
            }
            if quiet && !self.orphans_planned {
                self.orphans_planned = true;
                self.plan_orphans();
                continue;
            }
            if quiet && self.plan_actions() {
                continue;
            }
            break;
        }
        self.tend_ephemerals();
        std::mem::take(&mut self.requests)
    }

    pub(crate) fn on(&mut self, id: RequestId, outcome: Result<Reply, CallFailure>) {
        match self.waiting.remove(id.0) {
            Some(Waiting::Provider(at)) => self.provider_answered(at, outcome),
            Some(Waiting::Object(object)) => self.object_answered(object, outcome),
            Some(Waiting::Task(task)) => self.task_answered(task, outcome),
            Some(Waiting::Orphan(object)) => self.orphan_answered(object, outcome),
            Some(Waiting::Intent(intent)) => self.intent_answered(intent, outcome),
            Some(Waiting::Draft(draft)) => self.draft_answered(draft, outcome),
            Some(Waiting::Identity(object)) => self.identity_answered(object, outcome),
            Some(Waiting::Ephemeral(at)) => self.ephemeral_answered(at, outcome),
            Some(Waiting::Survey(at)) => self.survey_answered(at, outcome),
            Some(Waiting::Action(at)) => self.action_answered(at, outcome),
            None => {}
        }
    }

    pub(crate) fn cancel(&mut self) {
        if !self.cancelled {
            self.cancelled = true;
            self.diagnostics.push(Diagnostic::error(
                &rules::planning::INTERRUPTED,
                "The operation was cancelled before the plan was complete. Nothing was changed.",
            ));
        }
    }

    pub(crate) fn forget(&mut self, id: RequestId) {
        self.waiting.remove(id.0);
    }

    pub(crate) fn tell_time(&mut self, now_ms: u64) {
        self.ephemerals.now_ms = self.ephemerals.now_ms.max(now_ms);
    }

    pub(crate) fn progress(&mut self) -> Vec<Progress> {
        std::mem::take(&mut self.progress)
    }

    pub(crate) fn finish(self) -> Planned {
        finish::finish(self)
    }

    fn ask(&mut self, provider: &ProviderInstance, call: Call, waiting: Waiting) {
        let about = match &waiting {
            Waiting::Task(task) => Some(self.tasks[*task].addr.clone()),
            Waiting::Object(object) | Waiting::Orphan(object) | Waiting::Identity(object) => {
                Some(self.prior.objects[*object].addr.clone())
            }
            Waiting::Ephemeral(at) => self.ephemerals.addr(*at),
            Waiting::Action(at) => Some(self.actions.invocations[*at].addr.clone()),
            Waiting::Provider(_) | Waiting::Intent(_) | Waiting::Draft(_) | Waiting::Survey(_) => {
                None
            }
        };
        let id = RequestId(self.waiting.add(waiting));
        self.requests.push(Request {
            id,
            provider: provider.clone(),
            about,
            call,
        });
    }

    /// A node is done: those that only waited for it may run.
    fn complete(&mut self, id: NodeId) {
        self.ephemerals.node_done(id);
        for dependent in std::mem::take(&mut self.dependents[id.index()]) {
            let pending = &mut self.pending[dependent.index()];
            *pending -= 1;
            if *pending == 0 {
                self.ready.push_back(dependent);
            }
        }
    }

    /// One task of a node is done.
    fn task_done(&mut self, id: NodeId) {
        let running = &mut self.running[id.index()];
        *running -= 1;
        if *running == 0 {
            self.complete(id);
        }
    }

    /// Messages about an address, which is written only where there is one.
    fn report(&mut self, diagnostics: Diagnostics, address: &dyn fmt::Display) {
        if !diagnostics.is_empty() {
            let about = crate::world::about(diagnostics, &address.to_string());
            self.diagnostics.extend(about);
        }
    }

    /// Messages of a provider; whether one is an error.
    fn report_provider(
        &mut self,
        messages: &[ProviderDiagnostic],
        address: &dyn fmt::Display,
        span_of: &dyn Fn(Option<&terrane_value::Path>) -> Option<Span>,
    ) -> bool {
        let own = self.secrets_of_next.take();
        if messages.is_empty() {
            return false;
        }
        let address = &address.to_string();
        for message in messages {
            let message = own.as_ref().unwrap_or(&self.secrets).hide_in(message);
            self.diagnostics
                .push(provider_diagnostic(&message, address, span_of));
        }
        messages.iter().any(|message| message.is_error)
    }

    /// To be called before what a provider says about an object (with this configuration) is reported: it may quote what they hold.
    fn may_quote(&mut self, id: Option<prior::ObjectId>, config: Option<&terrane_value::Value>) {
        let mut secrets = self.secrets.clone();
        if let Some(config) = config {
            secrets.add(config);
        }
        if let Some(id) = id {
            let object = &self.prior.objects[id];
            for value in [&object.old, &object.now] {
                secrets.add(&self.marked(id, value));
            }
        }
        self.secrets_of_next = Some(secrets);
    }

    /// A call that had no answer.
    fn report_failure(
        &mut self,
        failure: &CallFailure,
        provider: &ProviderInstance,
        address: &str,
        span: Option<Span>,
    ) {
        let name = self
            .config
            .provider(provider.config)
            .addr
            .provider
            .for_display();
        let own = self.secrets_of_next.take();
        let secrets = own.as_ref().unwrap_or(&self.secrets);
        let said = secrets.no_answer(&name, failure);
        let mut diagnostic = Diagnostic::error(&rules::answer::NO_ANSWER, said);
        diagnostic.address = (!address.is_empty()).then(|| address.to_owned());
        diagnostic.subject = span;
        self.diagnostics.push(diagnostic);
    }

    fn info(&self, provider: ProviderId) -> Option<&ProviderInfo> {
        self.infos
            .get(&self.config.provider(provider).addr.provider)
    }

    /// Values of resources come from state, and only what provider configurations need is evaluated.
    fn is_destroy(&self) -> bool {
        self.recovering || self.options.mode == PlanMode::Destroy
    }
}

/// A message of a provider as one of ours.
pub(crate) fn provider_diagnostic(
    message: &ProviderDiagnostic,
    address: &str,
    span_of: &dyn Fn(Option<&terrane_value::Path>) -> Option<Span>,
) -> Diagnostic {
    let ProviderDiagnostic {
        is_error,
        summary,
        detail,
        attribute,
    } = message;
    let headline = Headline::foreign(summary.clone());
    let mut diagnostic = if *is_error {
        Diagnostic::error(headline, detail)
    } else {
        Diagnostic::warning(headline, detail)
    };
    diagnostic.address = (!address.is_empty()).then(|| address.to_owned());
    diagnostic.subject = span_of(attribute.as_ref());
    diagnostic
}

/// A plan with nothing in it, to be filled.
fn empty_plan(core: &Core) -> Plan {
    Plan {
        mode: core.options.mode,
        timestamp: core.timestamp.clone(),
        workspace: core.options.workspace.clone(),
        variables: BTreeMap::new(),
        given: core.options.given.clone(),
        targets: core.options.targets.clone(),
        excludes: core.options.excludes.clone(),
        force_replace: core.options.replace.clone(),
        base: crate::plan::Base::default(),
        changes: Vec::new(),
        deferred: Vec::new(),
        left_out: crate::plan::LeftOut::default(),
        ephemerals: Vec::new(),
        invocations: Vec::new(),
        apply_time_variables: core.options.apply_time_variables.clone(),
        outputs: Vec::new(),
        drift: Vec::new(),
        moves: Vec::new(),
        checks: Vec::new(),
        module_instances: Vec::new(),
        relevant: Vec::new(),
        claim: terrane_model::claim::Claim::nothing(),
        graph: crate::exec::ExecGraph::default(),
        notes: BTreeMap::new(),
        errored: false,
    }
}
