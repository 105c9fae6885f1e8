//! What happens when a node runs, for everything but resources.

use super::conditions::{self, Outcome, Words};
use super::prior::Stage;
use super::{Configuring, Core, ProviderStage, Waiting};
use crate::graph::{Node, NodeId};
use crate::machine::ProviderInstance;
use crate::plan::PlanMode;
use crate::rules;
use crate::world::{Place, Repeat, about};
use std::collections::BTreeSet;
use std::sync::Arc;
use terrane_config::config::{ModuleId, ProviderId, Reference};
use terrane_lang::diagnostic::{Diagnostics, Severity};
use terrane_lang::expr::all_values_involved;
use terrane_model::addr::{ConfigResource, InstanceKey, Mode, ResourceAddr};
use terrane_model::provider::{Call, CallFailure, Reply};
use terrane_model::snapshot::{CheckKind, CheckStatus};

impl Core {
    /// Which nodes take part: those in scope, without provider configurations that nothing uses; while destroying, only what provider configurations and
    /// `prevent_destroy` need.
    pub(super) fn nodes_taking_part(&self) -> Vec<bool> {
        let mut used = vec![false; self.graph.len()];
        let mut stack: Vec<NodeId> = Vec::new();
        for at in 0..self.graph.len() {
            let id = NodeId(u32::try_from(at).expect("fewer than 2^32 nodes"));
            let starts = match self.graph.node(id) {
                Node::Provider(_) => false,
                _ => !self.is_destroy() && self.scope.node(id),
            };
            if starts {
                stack.push(id);
            }
        }
        let objects = self.prior.objects.iter().filter(|object| object.in_scope);
        let providers: BTreeSet<ProviderId> = objects
            .filter_map(|object| object.provider.as_ref())
            .map(|provider| provider.config)
            .collect();
        if self.recovering {
            stack.extend(self.intent_nodes());
            stack.extend(self.takeover_nodes());
            if self.survey.is_some() {
                let surveyed = providers.iter();
                stack.extend(surveyed.map(|provider| self.graph.id(Node::Provider(*provider))));
            }
        } else {
            if self.is_destroy() {
                stack.extend(self.prevention_nodes());
            }
            if self.options.generate {
                let uses = self
                    .config
                    .imports
                    .iter()
                    .filter_map(|import| import.provider.as_ref());
                stack.extend(uses.map(|used| self.graph.id(Node::Provider(used.provider))));
            }
            stack.extend(
                providers
                    .into_iter()
                    .map(|provider| self.graph.id(Node::Provider(provider))),
            );
        }
        while let Some(id) = stack.pop() {
            if !std::mem::replace(&mut used[id.index()], true) {
                let needs = match self.graph.node(id) {
                    // Where nothing is made, what a module comes after does not matter.
                    Node::Call(module, at) if self.is_destroy() || self.recovering => {
                        self.graph.call_deps(&self.config, module, at)
                    }
                    _ => self.graph.deps(id).to_vec(),
                };
                // While destroying, the value of a resource comes from state: only its provider's configuration is needed to read it.
                let from_state = self.is_destroy()
                    && matches!(self.graph.node(id), Node::Resource(module, at)
                    if self.config.module(module).resources[at as usize].mode == terrane_model::addr::Mode::Managed);
                stack.extend(needs.into_iter().filter(|need| {
                    !from_state
                        || matches!(self.graph.node(*need), Node::Provider(_) | Node::Call(..))
                }));
            }
        }
        used
    }

    /// Spreads `create_before_destroy` to everything that a resource with it depends on. What takes no part (`-target`, `-exclude`) spreads nothing.
    pub(super) fn find_create_first(&mut self) {
        for id in self.graph.order().iter().rev() {
            if !self.scope.node(*id) {
                continue;
            }
            if let Node::Resource(module, at) = self.graph.node(*id)
                && self.config.module(module).resources[at as usize]
                    .lifecycle
                    .create_before_destroy
                    == Some(true)
            {
                self.create_first[id.index()] = true;
            }
            if self.create_first[id.index()] {
                for dep in self.graph.deps(*id) {
                    self.create_first[dep.index()] = true;
                }
            }
        }
    }

    /// Finds for each node the resources that it depends on: through values and provider configurations, and through data sources, which are not there
    /// any more when things are destroyed; not through managed resources, whose own dependencies say the rest.
    pub(super) fn find_resource_deps(&mut self) {
        let graph = self.graph.clone();
        let nothing: Arc<[ConfigResource]> = Arc::from([]);
        for id in graph.order().iter().copied() {
            let mut found: BTreeSet<ConfigResource> = BTreeSet::new();
            let mut only: Option<Arc<[ConfigResource]>> = None;
            let mut sources = 0;
            for dep in graph.deps(id) {
                match graph.node(*dep) {
                    Node::Resource(module, at) => {
                        sources += 2;
                        found.insert(self.config_addr(module, at));
                        let declared = &self.config.module(module).resources[at as usize];
                        if declared.mode != Mode::Managed {
                            let behind = self.resource_deps[dep.index()].as_deref();
                            found.extend(behind.into_iter().flatten().cloned());
                        }
                    }
                    _ => {
                        let Some(more) = &self.resource_deps[dep.index()] else {
                            continue;
                        };
                        if !more.is_empty() {
                            sources += 1;
                            only = Some(more.clone());
                            found.extend(more.iter().cloned());
                        }
                    }
                }
            }
            // A value that only hands on another one shares its list.
            let list = match only {
                Some(only) if sources == 1 => only,
                _ if found.is_empty() => nothing.clone(),
                _ => {
                    // In the order in which states of the peers have them, which is that of the texts.
                    let mut list: Vec<ConfigResource> = found.into_iter().collect();
                    if list.len() > 1 {
                        list.sort_by_cached_key(ToString::to_string);
                    }
                    list.into()
                }
            };
            self.resource_deps[id.index()] = Some(list);
        }
    }

    /// Says what will be checked, so that it is reported although it may have no instances; and what will not be, since it takes no part.
    pub(super) fn declare_all_checks(&mut self, taking_part: &[bool]) {
        let config = self.config.clone();
        let destroying = self.is_destroy();
        for (id, taking_part) in (0u32..).map(NodeId).zip(taking_part) {
            let (kind, name, module) = match self.graph.node(id) {
                Node::Variable(module, at) => {
                    let variable = &config.module(module).variables[at as usize];
                    if variable.validations.is_empty() {
                        continue;
                    }
                    let name = format!("var.{}", variable.name);
                    (CheckKind::Variable, name, module)
                }
                Node::Output(module, at) => {
                    let output = &config.module(module).outputs[at as usize];
                    if output.preconditions.is_empty() {
                        continue;
                    }
                    let name = format!("output.{}", output.name);
                    (CheckKind::Output, name, module)
                }
                Node::Check(module, at) => {
                    let check = &config.module(module).checks[at as usize];
                    let name = format!("check.{}", check.name);
                    (CheckKind::Check, name, module)
                }
                Node::Resource(module, at) => {
                    let lifecycle = &config.module(module).resources[at as usize].lifecycle;
                    if lifecycle.preconditions.is_empty() && lifecycle.postconditions.is_empty() {
                        continue;
                    }
                    let addr = self.config_addr(module, at).to_string();
                    match *taking_part && !destroying {
                        true => self.checks.declare(CheckKind::Resource, &addr),
                        false => self.checks.leave_out(CheckKind::Resource, &addr),
                    }
                    continue;
                }
                Node::Call(..) | Node::Local(..) | Node::Provider(_) => continue,
            };
            let addr = self.config_within(module, &name);
            if *taking_part && !destroying {
                self.checks.declare(kind, &addr);
                continue;
            }
            self.checks.leave_out(kind, &addr);
            if destroying && kind == CheckKind::Output && module == ModuleId(0) {
                // There is one of it, whatever becomes of it.
                let unknown = Outcome {
                    status: CheckStatus::Unknown,
                    failure: None,
                };
                self.checks.record(kind, &addr, &addr, &unknown);
            }
        }
    }

    /// Marks the resources that some `replace_triggered_by` names.
    pub(super) fn find_triggers(&mut self) {
        for module in &self.config.modules {
            for resource in &module.resources {
                for trigger in &resource.lifecycle.replace_triggered_by {
                    let id = self.graph.id(Node::Resource(module.id, trigger.resource));
                    self.is_trigger[id.index()] = true;
                }
            }
        }
    }

    pub(super) fn config_addr(&self, module: ModuleId, at: u32) -> ConfigResource {
        let declared = self.config.module(module);
        let resource = &declared.resources[at as usize];
        ConfigResource {
            module: declared.path.clone(),
            mode: resource.mode,
            type_name: resource.type_name.clone(),
            name: resource.name.clone(),
        }
    }

    /// Runs a node whose needs are all there.
    pub(super) fn run(&mut self, id: NodeId) {
        match self.graph.node(id) {
            Node::Call(module, at) => self.run_call(module, at),
            node @ (Node::Variable(..) | Node::Local(..) | Node::Output(..)) => {
                self.run_value(node);
            }
            Node::Resource(module, at) => return self.run_resource(id, module, at),
            Node::Check(module, at) => self.run_check(module, at),
            Node::Provider(provider) => return self.run_provider(id, provider),
        }
        self.complete(id);
    }

    fn run_call(&mut self, module: ModuleId, at: u32) {
        let id = self.graph.id(Node::Call(module, at));
        for place in self.world.places(module) {
            let call = &self.config.module(module).calls[at as usize];
            match self.world.expanded(place, &call.repetition) {
                Ok(expanded) => {
                    if expanded.open {
                        self.put_off.mark_call(id);
                    }
                    self.world.set_call(place, at, &expanded);
                }
                Err(diagnostics) => {
                    let addr = &self.world.module_cell(place).addr;
                    let addr = addr.child(call.name.clone(), None).to_string();
                    self.report_repetition(diagnostics, &addr);
                }
            }
        }
    }

    fn run_value(&mut self, node: Node) {
        let (Node::Variable(module, _) | Node::Local(module, _) | Node::Output(module, _)) = node
        else {
            return;
        };
        for place in self.world.places(module) {
            if self.world.is_doubled(place) {
                continue;
            }
            if let Err(diagnostics) = self.world.compute(node, place.pos) {
                self.diagnostics.extend(diagnostics);
            }
            match node {
                Node::Variable(_, at) => self.validate_variable(place, at),
                Node::Output(_, at) => self.check_output(place, at),
                _ => {}
            }
        }
    }

    pub(super) fn within(&self, place: Place, name: &str) -> String {
        let addr = &self.world.module_cell(place).addr;
        if addr.is_root() {
            name.to_owned()
        } else {
            format!("{addr}.{name}")
        }
    }

    pub(super) fn config_within(&self, module: ModuleId, name: &str) -> String {
        let path = &self.config.module(module).path;
        if path.is_root() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    }

    fn validate_variable(&mut self, place: Place, at: u32) {
        let variable = &self.config.module(place.module).variables[at as usize];
        if variable.validations.is_empty() {
            return;
        }
        let name = format!("var.{}", variable.name);
        // In a file of values; a call says itself where it gives one.
        let given = self.options.given_at.get(at as usize).copied().flatten();
        let given = given.filter(|_| place == Place::ROOT);
        let (outcomes, mut diagnostics) = self.world.judge_variable(place, at, None, given);
        if self.is_destroy() {
            // The value is not used to make anything: what is there must remain destroyable.
            for diagnostic in diagnostics.iter_mut() {
                diagnostic.severity = Severity::Warning;
            }
        }
        self.record_rules(CheckKind::Variable, place, &name, &outcomes);
        self.withdraw_broken(Node::Variable(place.module, at), place, &diagnostics);
        self.diagnostics.extend(diagnostics);
    }

    /// Takes away a value that breaks a rule: what follows from it is no news.
    fn withdraw_broken(&mut self, node: Node, place: Place, diagnostics: &Diagnostics) {
        if diagnostics.has_errors() {
            self.world.set_value(node, place.pos, Err(()));
        }
    }

    fn check_output(&mut self, place: Place, at: u32) {
        let output = &self.config.module(place.module).outputs[at as usize];
        if output.preconditions.is_empty() {
            return;
        }
        let name = format!("output.{}", output.name);
        let severity = self.condition_severity();
        let (outcomes, diagnostics) = self.world.judge_output(place, at, severity);
        self.record_rules(CheckKind::Output, place, &name, &outcomes);
        self.withdraw_broken(Node::Output(place.module, at), place, &diagnostics);
        self.report(diagnostics, &"");
    }

    fn record_rules(&mut self, kind: CheckKind, place: Place, name: &str, outcomes: &[Outcome]) {
        let (addr, config_addr) = (
            self.within(place, name),
            self.config_within(place.module, name),
        );
        for outcome in outcomes {
            self.checks.record(kind, &config_addr, &addr, outcome);
        }
    }

    /// Conditions only warn where nothing is made of the values.
    pub(super) fn condition_severity(&self) -> Severity {
        match self.options.mode {
            crate::plan::PlanMode::Normal => Severity::Error,
            crate::plan::PlanMode::RefreshOnly | crate::plan::PlanMode::Destroy => {
                Severity::Warning
            }
        }
    }

    fn run_check(&mut self, module: ModuleId, at: u32) {
        let config = self.config.clone();
        let check = &config.module(module).checks[at as usize];
        let name = format!("check.{}", check.name);
        let config_addr = self.config_within(module, &name);
        let words = Words {
            failed: &rules::condition::CHECK_FAILED,
            noun: "check assertion",
            severity: Severity::Warning,
        };
        for place in self.world.places(module) {
            if self.world.is_doubled(place) {
                continue;
            }
            let addr = self.within(place, &name);
            for rule in &check.assertions {
                let mut diagnostics = Diagnostics::new();
                let outcome =
                    conditions::evaluate(rule, &self.world.scope(place), words, &mut diagnostics);
                // What its data source could not be read for was told.
                let told = self
                    .checks
                    .has_failed(CheckKind::Check, &config_addr, &addr);
                if outcome.status == CheckStatus::Unknown && !told {
                    let detail = "The condition could not be evaluated at this time, a result will be known when this plan is applied.";
                    let unknown = &rules::condition::CHECK_UNKNOWN;
                    let mut warning =
                        terrane_lang::diagnostic::Diagnostic::warning(unknown, detail)
                            .at(rule.condition.span());
                    warning.values = all_values_involved(&rule.condition, &self.world.scope(place));
                    diagnostics.push(warning);
                }
                self.checks
                    .record(CheckKind::Check, &config_addr, &addr, &outcome);
                self.diagnostics.extend(diagnostics);
            }
        }
    }

    /// Starts a provider configuration: one instance, or one per key.
    fn run_provider(&mut self, id: NodeId, provider: ProviderId) {
        let config = self.config.clone();
        let declared = config.provider(provider);
        let keys: Vec<(Option<InstanceKey>, Repeat)> = match &declared.for_each {
            None => vec![(None, Repeat::None)],
            Some(map) => map
                .iter()
                .map(|(key, value)| {
                    (
                        Some(InstanceKey::Str(key.clone())),
                        Repeat::Each(key.clone(), value.clone()),
                    )
                })
                .collect(),
        };
        let Some(place) = self.world.places(declared.module).next() else {
            // Its module has no instance, so nothing can use it.
            return self.complete(id);
        };
        self.running[id.index()] =
            u32::try_from(keys.len()).expect("fewer than 2^32 provider instances");
        if keys.is_empty() {
            return self.complete(id);
        }
        for (key, repeat) in keys {
            let value = if !declared.problems.is_empty() {
                // An object in the state needs a block that nothing in the configuration uses.
                Err(declared.problems.clone())
            } else if declared.for_each.is_none() {
                // Functions on this configuration need it, too.
                let value = self.world.compute(Node::Provider(provider), 0);
                value.and_then(|value| value.map_err(|()| Diagnostics::new()))
            } else {
                let scope = self.world.scope(place).repeated(repeat);
                declared.eval(&scope, key.as_ref())
            };
            let instance = ProviderInstance {
                config: provider,
                key,
            };
            let at = self.configuring.len();
            self.by_instance.insert(instance.clone(), at);
            match value {
                Ok(value) => {
                    self.secrets.add(&value);
                    let config = value.unmark_deep();
                    self.configuring.push(Configuring {
                        instance: instance.clone(),
                        config: config.clone(),
                        stage: ProviderStage::Validating,
                    });
                    self.ask(
                        &instance,
                        Call::ValidateProviderConfig { config },
                        Waiting::Provider(at),
                    );
                }
                Err(diagnostics) => {
                    self.configuring.push(Configuring {
                        instance,
                        config: terrane_value::Value::NULL,
                        stage: ProviderStage::Failed,
                    });
                    self.diagnostics
                        .extend(about(diagnostics, &declared.addr.to_string()));
                    self.provider_settled(at);
                }
            }
        }
    }

    pub(super) fn provider_answered(&mut self, at: usize, outcome: Result<Reply, CallFailure>) {
        let instance = self.configuring[at].instance.clone();
        let config = self.config.clone();
        let declared = config.provider(instance.config);
        let failed = match outcome {
            Err(failure) => {
                self.report_failure(&failure, &instance, "", declared.span);
                true
            }
            Ok(reply) => self.report_provider(&reply.diagnostics, &declared.addr, &|path| {
                declared
                    .span
                    .map(|span| path.map_or(span, |path| declared.body.span_of(path)))
            }),
        };
        let validating = self.configuring[at].stage == ProviderStage::Validating;
        if failed {
            self.configuring[at].stage = ProviderStage::Failed;
            // Functions on this configuration have none that is good.
            self.world
                .set_value(Node::Provider(instance.config), 0, Err(()));
        } else if validating {
            self.configuring[at].stage = ProviderStage::Configuring;
            let config = self.configuring[at].config.clone();
            let may_defer = self.options.allow_deferral;
            let call = Call::Configure { config, may_defer };
            return self.ask(&instance, call, Waiting::Provider(at));
        } else {
            self.configuring[at].stage = ProviderStage::Ready;
        }
        self.provider_settled(at);
    }

    /// A provider instance is ready, or never will be.
    fn provider_settled(&mut self, at: usize) {
        let instance = self.configuring[at].instance.clone();
        let ready = self.configuring[at].stage == ProviderStage::Ready;
        let unread = self.unread.remove(&instance).unwrap_or_default();
        if ready {
            self.read_objects(&unread);
        } else {
            unread.iter().for_each(|object| self.object_failed(*object));
        }
        for intent in self.unresolved.remove(&instance).unwrap_or_default() {
            if ready {
                self.ask_intent(intent);
            } else {
                self.intent_failed(intent);
            }
        }
        self.task_done(self.graph.id(Node::Provider(instance.config)));
    }

    /// Whether calls can be made; `false`: its configuration failed, which was reported.
    pub(super) fn provider_ready(&self, instance: &ProviderInstance) -> bool {
        self.by_instance
            .get(instance)
            .is_some_and(|at| self.configuring[*at].stage == ProviderStage::Ready)
    }

    /// Whether a reference names something that is not settled before apply, for data sources with `depends_on`.
    pub(super) fn reference_changing(
        &self,
        module: ModuleId,
        reference: Reference,
        seen_from: Place,
    ) -> bool {
        let declared = self.config.module(module);
        let mut roots = Vec::new();
        crate::graph::each_target(&self.config, declared, reference, &mut |node| {
            roots.push(self.graph.id(node));
        });
        if let Reference::Call(call) = reference {
            let mut modules = vec![declared.calls[call as usize].module];
            while let Some(inner) = modules.pop() {
                let inner = self.config.module(inner);
                roots.extend(
                    (0u32..)
                        .zip(&inner.resources)
                        .map(|(at, _)| self.graph.id(Node::Resource(inner.id, at))),
                );
                modules.extend(inner.calls.iter().map(|call| call.module));
            }
        }
        roots
            .iter()
            .any(|root| self.changing_behind(*root, seen_from))
    }

    fn changing_behind(&self, root: NodeId, seen_from: Place) -> bool {
        if let Node::Resource(module, at) = self.graph.node(root) {
            return self.resource_changing(module, at, seen_from);
        }
        let Some(deps) = &self.resource_deps[root.index()] else {
            return false;
        };
        deps.iter()
            .filter_map(|dep| self.index.config_resource(dep))
            .any(|(module, at)| self.resource_changing(module, at, seen_from))
    }

    /// Whether an instance of a resource has a pending change, or is there and not configured any more. The node of the resource is done by now. In the module
    /// from which this is asked, only the same instance of it counts.
    pub(super) fn resource_changing(&self, module: ModuleId, at: u32, seen_from: Place) -> bool {
        let within = (module == seen_from.module).then_some(seen_from.pos);
        let node = self.graph.id(Node::Resource(module, at)).index();
        let (from, to) = within.map_or((0, u32::MAX), |pos| (pos, pos));
        let mut changing = self.changing.range((node, from)..=(node, to));
        if changing.next().is_some() {
            return true;
        }
        if self.prior.resources.is_empty() || self.options.mode == PlanMode::RefreshOnly {
            return false;
        }
        let going = |addr: &ResourceAddr| {
            let prior = self.prior.resources.get(addr);
            prior.is_some_and(|prior| {
                prior.current.values().any(|id| {
                    let object = &self.prior.objects[*id];
                    !object.claimed && object.in_scope && object.stage != Stage::Gone
                })
            })
        };
        let places = self.world.places(module);
        let mut places = places.filter(|place| within.is_none_or(|pos| place.pos == pos));
        if places.any(|place| going(&self.world.resource_addr(place, at))) {
            return true;
        }
        // Instances of the module that are not there any more take their objects with them.
        within.is_none()
            && self.prior.within((module, at)).is_some_and(|known| {
                let mut known = known.iter();
                known.any(|addr| self.world.place_of(&addr.module).is_none() && going(addr))
            })
    }
}
