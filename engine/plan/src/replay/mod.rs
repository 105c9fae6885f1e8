//! Evaluation while a plan is applied: the same world as while planning, with what the plan decided filled in, and real values
//! taking the place of unknown ones as they come.

mod checks;
mod outputs;

use crate::action::ActionCause;
use crate::graph::{Graph, Node};
use crate::plan::{Action, DeferredChange, ExpansionKind, Plan, PlanMode, ResourceChange};
use crate::planner::conditions::{self, CheckBook, Words};
use crate::planner::index::ConfigIndex;
use crate::planner::moves;
use crate::rules;
use crate::stored;
use crate::world::expand::fits;
use crate::world::{Expanded, Place, Repeat, World};
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_config::config::{Config, ModuleId, ProviderId, Provisioner, Repetition, Resource};
use terrane_lang::diagnostic::{Diagnostics, Severity};
use terrane_lang::expr::Scope;
use terrane_lang::functions::Functions;
use terrane_model::addr::{
    InstanceAddr, InstanceKey, ModuleInstance, ProviderConfigAddr, ResourceAddr,
};
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::snapshot::{CheckKind, ObjectState, Snapshot};
use terrane_value::Value;

/// Where a change is configured.
#[derive(Clone, Copy, Debug)]
struct Located {
    place: Place,
    at: u32,
    index: usize,
}

/// Evaluates configuration while a plan is applied.
#[derive(Debug)]
pub struct Evaluator {
    config: Arc<Config>,
    world: World,
    index: ConfigIndex,
    /// By change.
    located: Vec<Option<Located>>,
    /// By ephemeral instance.
    leased: Vec<Option<Located>>,
    /// By invocation: the instance of the action.
    invoked: Vec<Option<Located>>,
    /// What is put off, with what the plan shows of it.
    put_off: Vec<(Located, Value)>,
    checks: CheckBook,
    /// The plan is not of everything.
    partial: bool,
    /// Resources in module instances whose needs are known to hold.
    settled: BTreeSet<(Place, u32)>,
}

/// What an evaluator is made from, beside the plan.
#[derive(Debug)]
pub struct Given {
    /// The configuration that the plan was made from.
    pub config: Arc<Config>,
    /// The state: values of what the plan left out (`-target`).
    pub snapshot: Arc<Snapshot>,
    /// Root variables, by index.
    pub variables: Vec<Value>,
    /// What functions may use.
    pub functions: Functions,
    /// `path.cwd`
    pub cwd: EcoString,
}

impl Evaluator {
    /// Fills the world with what the plan decided: instances, and the values of what does not change.
    ///
    /// # Errors
    /// When the configuration has a cycle, so that it can't be the one that the plan was made from.
    pub fn new(plan: &Plan, given: Given) -> Result<Self, Diagnostics> {
        let Given {
            config,
            snapshot,
            variables,
            functions,
            cwd,
        } = given;
        let (graph, diagnostics) = Graph::build(&config);
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        let mut world = World::new(config.clone(), Arc::new(graph), functions);
        world.workspace.clone_from(&plan.workspace);
        world.cwd = cwd;
        world.applying = true;
        let index = ConfigIndex::new(&config);
        let mut evaluator = Self {
            config,
            world,
            index,
            located: Vec::new(),
            leased: Vec::new(),
            invoked: Vec::new(),
            put_off: Vec::new(),
            checks: CheckBook::default(),
            // An action that is done by itself leaves out everything that it does not need.
            partial: !(plan.targets.is_empty() && plan.excludes.is_empty())
                || (plan.invocations.iter())
                    .any(|invocation| invocation.cause == ActionCause::Invoked),
            settled: BTreeSet::new(),
        };
        evaluator.expand_modules(&plan.module_instances);
        if plan.mode == PlanMode::Normal {
            evaluator.hold_values(&plan.checks);
        }
        for (at, value) in (0u32..).zip(variables) {
            evaluator.world.give(at, value);
        }
        evaluator.expand_resources(plan, &snapshot);
        Ok(evaluator)
    }

    fn expand_modules(&mut self, instances: &[ModuleInstance]) {
        let mut children: BTreeMap<(ModuleInstance, EcoString), Vec<Option<InstanceKey>>> =
            BTreeMap::new();
        for addr in instances {
            if let (Some(parent), Some(step)) = (addr.parent(), addr.0.last()) {
                children
                    .entry((parent, step.name.clone()))
                    .or_default()
                    .push(step.key.clone());
            }
        }
        let config = self.config.clone();
        for module in &config.modules {
            for place in self.world.places(module.id) {
                let addr = self.world.module_cell(place).addr.clone();
                for (at, call) in (0u32..).zip(&module.calls) {
                    let mut keys = children
                        .remove(&(addr.clone(), call.name.clone()))
                        .unwrap_or_default();
                    keys.sort_unstable();
                    let expanded = Expanded {
                        kind: kind_of(&call.repetition),
                        open: keys == [Some(InstanceKey::Any)],
                        keys: keys.into(),
                        each: None,
                    };
                    self.world.set_call(place, at, &expanded);
                }
            }
        }
    }

    fn expand_resources(&mut self, plan: &Plan, snapshot: &Snapshot) {
        let mut keys: BTreeMap<&ResourceAddr, Vec<Option<InstanceKey>>> = BTreeMap::new();
        let mut spoken_of = BTreeSet::new();
        for change in plan
            .changes
            .iter()
            .filter(|change| change.deposed.is_none())
        {
            spoken_of.insert(&change.addr);
            if stays(change) {
                keys.entry(&change.addr.resource)
                    .or_default()
                    .push(change.addr.key.clone());
            }
        }
        // What is put off has no value that could be used, whatever state has.
        for DeferredChange { change, .. } in &plan.deferred {
            spoken_of.insert(&change.addr);
            if stays(change) {
                keys.entry(&change.addr.resource)
                    .or_default()
                    .push(change.addr.key.clone());
            }
        }
        for instance in &plan.ephemerals {
            let keys = keys.entry(&instance.addr.resource).or_default();
            keys.push(instance.addr.key.clone());
        }
        for invocation in &plan.invocations {
            let keys = keys.entry(&invocation.addr.resource).or_default();
            keys.push(invocation.addr.key.clone());
        }
        // What the plan says nothing of: left out, so as state has it. A plan of everything says all; a plan that destroys says nothing of what
        // was there, which provider configurations may need.
        let partial = self.partial;
        let destroying = plan.mode == PlanMode::Destroy;
        let drift = plan.drift.iter().map(|drift| &drift.addr);
        spoken_of.extend(drift.filter(|_| !destroying));
        let config = self.config.clone();
        for module in &config.modules {
            for place in self.world.places(module.id) {
                for (at, resource) in (0u32..).zip(&module.resources) {
                    let addr = self.world.resource_addr(place, at);
                    let kind = kind_of(&resource.repetition);
                    let mut planned = keys.remove(&addr).unwrap_or_default();
                    // A plan that only refreshes keeps instances that the block can't have.
                    planned.retain(|key| fits(kind, key.as_ref()));
                    let left =
                        |addr: &InstanceAddr| destroying || partial && !spoken_of.contains(addr);
                    self.expand_resource(place, at, kind, planned, &left, snapshot);
                }
            }
        }
        self.located = plan
            .changes
            .iter()
            .map(|change| {
                self.locate(&change.addr)
                    .filter(|_| change.deposed.is_none())
            })
            .collect();
        self.leased = plan
            .ephemerals
            .iter()
            .map(|instance| self.locate(&instance.addr))
            .collect();
        self.invoked = (plan.invocations.iter())
            .map(|invocation| self.locate(&invocation.addr))
            .collect();
        self.put_off = (plan.deferred.iter().map(|deferred| &deferred.change))
            .filter(|change| stays(change))
            .filter_map(|change| Some((self.locate(&change.addr)?, change.after.clone())))
            .collect();
        for (at, change) in plan.changes.iter().enumerate() {
            if change.action == Action::NoOp {
                self.set(at, Ok(change.after.clone()));
            }
        }
    }

    /// The instances of a resource: those that are planned to be there, and those that were left out, with the values that state has.
    #[expect(
        clippy::too_many_arguments,
        reason = "the facts of one instance, used once"
    )]
    fn expand_resource(
        &mut self,
        place: Place,
        at: u32,
        kind: ExpansionKind,
        mut keys: Vec<Option<InstanceKey>>,
        left: &dyn Fn(&InstanceAddr) -> bool,
        snapshot: &Snapshot,
    ) {
        let addr = self.world.resource_addr(place, at);
        let stored = snapshot.resources.get(&addr);
        let objects: Vec<_> = stored
            .into_iter()
            .flat_map(|resource| &resource.instances)
            .filter(|(key, _)| fits(kind, key.as_ref()) && left(&addr.instance((*key).clone())))
            .filter_map(|(key, instance)| Some((key.clone(), instance.current.clone()?)))
            .collect();
        keys.extend(objects.iter().map(|(key, _)| key.clone()));
        keys.sort_unstable();
        keys.dedup();
        let keys: Arc<[_]> = keys.into();
        self.world.set_resource(
            place,
            at,
            Some(Expanded {
                kind,
                keys: keys.clone(),
                each: None,
                open: false,
            }),
        );
        for (key, object) in objects {
            let Ok(index) = keys.binary_search(&key) else {
                continue;
            };
            let value = self.stored_value(place, at, &object);
            self.world.set_instance(place, at, index, value);
        }
    }

    /// Puts in the values that a plan gives, unknown ones too, for expressions that look at the plan.
    pub fn show_planned(&mut self, plan: &Plan) {
        self.world.applying = false;
        self.world.release();
        for (at, change) in plan.changes.iter().enumerate() {
            if stays(change) {
                self.set(at, Ok(change.after.clone()));
            }
        }
        for (Located { place, at, index }, value) in self.put_off.clone() {
            self.world.set_instance(place, at, index, Ok(value));
        }
        self.hide_ephemerals();
    }

    /// Ephemeral instances are closed by now: nothing is known of them.
    fn hide_ephemerals(&mut self) {
        for Located { place, at, index } in self.leased.iter().flatten().copied() {
            let ty = self
                .world
                .resource(place.module, at)
                .schema
                .block
                .implied_type();
            let value = Value::unknown(ty.clone()).with_marks(&terrane_value::Marks::EPHEMERAL);
            self.world.set_instance(place, at, index, Ok(value));
        }
    }

    /// Puts in the values that are there after a plan was applied, for expressions that look at the result.
    pub fn show_applied(&mut self, plan: &Plan, snapshot: &Snapshot) {
        self.world.release();
        for (at, change) in plan.changes.iter().enumerate() {
            let Some(Some(located)) = self.located.get(at).copied() else {
                continue;
            };
            let stored = snapshot.instance(&change.addr);
            let value = match stored.and_then(|instance| instance.current.as_ref()) {
                Some(object) => self.stored_value(located.place, located.at, object),
                None if change.action == Action::NoOp => Ok(change.after.clone()),
                None => Err(()),
            };
            self.set(at, value);
        }
        self.hide_ephemerals();
    }

    /// The value of an object as state holds it, with marks.
    fn stored_value(&self, place: Place, at: u32, object: &ObjectState) -> Result<Value, ()> {
        let schema = &self.world.resource(place.module, at).schema;
        let value =
            stored::decode(&object.attributes, schema.block.implied_type()).map_err(|_| ())?;
        let marked = crate::objchange::mark_by_paths(
            &value,
            &object.sensitive,
            &terrane_value::Marks::SENSITIVE,
        );
        Ok(crate::objchange::schema_marks(&schema.block, &marked))
    }

    /// What names mean in the root module.
    #[must_use]
    pub fn root_scope(&self) -> impl Scope + '_ {
        self.world.scope(Place::ROOT)
    }

    /// The value of an output of the root module, with marks.
    ///
    /// # Errors
    /// Messages, the first time that it fails.
    pub fn root_output(&self, at: u32) -> Result<Value, Diagnostics> {
        let value = self.world.compute(Node::Output(ModuleId(0), at), 0)?;
        value.map_err(|()| Diagnostics::new())
    }

    fn locate(&self, addr: &InstanceAddr) -> Option<Located> {
        let (_, at) = self.index.resource(&addr.resource)?;
        let place = self.world.place_of(&addr.resource.module)?;
        let index = self
            .world
            .resource_cell(place, at)?
            .keys
            .binary_search(&addr.key)
            .ok()?;
        Some(Located { place, at, index })
    }

    /// The block that declares the object of a change, if it is still configured.
    #[must_use]
    pub fn resource(&self, change: &ResourceChange) -> Option<&Resource> {
        let (module, at) = self.index.resource(&change.addr.resource)?;
        self.config.module(module).resources.get(at as usize)
    }

    /// The provisioners of the object of a change, and the module in which their names have a meaning: those of its block, or those of the
    /// `removed` block that has taken its place.
    #[must_use]
    pub fn provisioners(&self, change: &ResourceChange) -> (ModuleId, &[Provisioner]) {
        let resource = &change.addr.resource;
        if let Some((module, at)) = self.index.resource(resource) {
            let declared = self.config.module(module).resources.get(at as usize);
            return (module, declared.map_or(&[], |found| &found.provisioners));
        }
        moves::removed(&self.config, resource).map_or((ModuleId(0), &[]), |(module, removed)| {
            (module, removed.provisioners.as_slice())
        })
    }

    /// What the provider of a change is told by the module of its resource.
    #[must_use]
    pub fn meta(&self, change: &ResourceChange) -> Value {
        let module = self.index.module(&change.addr.resource.module);
        module.map_or(Value::NULL, |module| {
            self.config.module(module).meta(&change.provider.provider)
        })
    }

    /// The provider configuration with this address.
    #[must_use]
    pub fn provider(&self, addr: &ProviderConfigAddr) -> Option<ProviderId> {
        let at = self
            .config
            .providers
            .iter()
            .position(|provider| provider.addr == *addr)?;
        u32::try_from(at).ok().map(ProviderId)
    }

    /// The value of an instance from now on; `Err`: it failed.
    pub fn set(&mut self, change: usize, value: Result<Value, ()>) {
        if let Some(Some(Located { place, at, index })) = self.located.get(change) {
            self.world.set_instance(*place, *at, *index, value);
        }
    }

    /// Computes all values that a change needs, to be called before anything of it is evaluated.
    ///
    /// # Errors
    /// If one of them failed or breaks a rule: with messages that are about that value, if nobody was told yet.
    pub fn settle(&mut self, change: usize) -> Result<(), Diagnostics> {
        match self.located.get(change).copied().flatten() {
            Some(located) => self.settle_at(located),
            None => Ok(()),
        }
    }

    fn settle_at(&mut self, Located { place, at, .. }: Located) -> Result<(), Diagnostics> {
        // The same for all instances: none is begun before all of this is there.
        if !self.settled.contains(&(place, at)) {
            self.world.settle_needs(place, at)?;
            self.settled.insert((place, at));
        }
        Ok(())
    }

    /// The configuration of an instance, with marks.
    ///
    /// # Errors
    /// Messages; none if what it refers to failed.
    pub fn config_of(&self, change: usize) -> Result<Value, Diagnostics> {
        self.config_at(self.repeat(change)?)
    }

    fn config_at(
        &self,
        (Located { place, at, .. }, repeat): (Located, Repeat),
    ) -> Result<Value, Diagnostics> {
        let scope = self.world.scope(place).repeated(repeat);
        self.world.resource(place.module, at).body.eval(&scope, &[])
    }

    fn repeat(&self, change: usize) -> Result<(Located, Repeat), Diagnostics> {
        self.repeat_of(self.located.get(change).copied().flatten())
    }

    fn repeat_of(&self, located: Option<Located>) -> Result<(Located, Repeat), Diagnostics> {
        let located = located.ok_or_else(Diagnostics::new)?;
        let Located { place, at, index } = located;
        let key = self
            .world
            .resource_cell(place, at)
            .and_then(|cell| cell.keys.get(index).cloned())
            .flatten();
        Ok((located, self.world.repeat(place, at, key.as_ref())?))
    }

    /// Checks preconditions (`own` is `None`) or postconditions (`own` is the object) of an instance; whether all hold (or can't be told).
    pub fn conditions(
        &mut self,
        change: &ResourceChange,
        number: usize,
        own: Option<&Value>,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        match self.repeat(number) {
            Ok(place) => self.conditions_at(place, &change.addr, own, diagnostics),
            Err(_) => true,
        }
    }

    fn conditions_at(
        &mut self,
        (Located { place, at, .. }, repeat): (Located, Repeat),
        addr: &InstanceAddr,
        own: Option<&Value>,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let config = self.config.clone();
        let lifecycle = &config.module(place.module).resources[at as usize].lifecycle;
        let (rules, failed, noun) = match own {
            None => (
                &lifecycle.preconditions,
                &rules::condition::PRECONDITION_FAILED,
                "precondition",
            ),
            Some(_) => (
                &lifecycle.postconditions,
                &rules::condition::POSTCONDITION_FAILED,
                "postcondition",
            ),
        };
        let words = Words {
            failed,
            noun,
            severity: Severity::Error,
        };
        let mut messages = Diagnostics::new();
        for rule in rules {
            let mut scope = self.world.scope(place).repeated(repeat.clone());
            if let Some(own) = own {
                scope = scope.with_self(own.clone());
            }
            let outcome = conditions::evaluate(rule, &scope, words, &mut messages);
            self.checks.record(
                CheckKind::Resource,
                &addr.resource.config().to_string(),
                &addr.to_string(),
                &outcome,
            );
        }
        let holds = !messages.has_errors();
        diagnostics.extend(crate::world::about(messages, &addr.to_string()));
        holds
    }

    /// The data source of a check could not be read: its value is not known, and the check fails with these messages.
    pub fn check_data_failed(
        &mut self,
        change: &ResourceChange,
        number: usize,
        messages: &[ProviderDiagnostic],
    ) {
        let Some(Located { place, at, index }) = self.located.get(number).copied().flatten() else {
            return;
        };
        let resource = self.world.resource(place.module, at);
        let unknown = Value::unknown(resource.schema.block.implied_type().clone());
        let check = resource.within_check;
        self.world.set_instance(place, at, index, Ok(unknown));
        let module = self.config.module(place.module);
        let Some(check) = check.and_then(|check| module.checks.get(check as usize)) else {
            return;
        };
        let name = format!("check.{}", check.name);
        let within = |module: &str| match module {
            "" => name.clone(),
            module => format!("{module}.{name}"),
        };
        let config_addr = within(&module.path.to_string());
        let addr = within(&change.addr.resource.module.to_string());
        for outcome in conditions::unread(messages) {
            self.checks
                .record(CheckKind::Check, &config_addr, &addr, &outcome);
        }
    }

    /// The block that declares an ephemeral instance of the plan.
    #[must_use]
    pub fn ephemeral(&self, number: usize) -> Option<&Resource> {
        let Located { place, at, .. } = self.leased.get(number).copied().flatten()?;
        Some(self.world.resource(place.module, at))
    }

    /// The configuration of an ephemeral instance, with marks, once its preconditions hold; `None`: one does not, which is among the messages.
    pub fn ephemeral_config(
        &mut self,
        number: usize,
        addr: &InstanceAddr,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let located = self.leased.get(number).copied().flatten();
        if let Some(Err(messages)) = located.map(|located| self.settle_at(located)) {
            diagnostics.extend(messages);
            return None;
        }
        let place = self.repeat_of(located);
        let evaluated = place.and_then(|place| {
            if self.conditions_at(place.clone(), addr, None, diagnostics) {
                self.config_at(place).map(Some)
            } else {
                Ok(None)
            }
        });
        evaluated.unwrap_or_else(|messages| {
            diagnostics.extend(crate::world::about(messages, &addr.to_string()));
            None
        })
    }

    /// The block of an action, by the index of its invocation.
    #[must_use]
    pub fn action(&self, number: usize) -> Option<&Resource> {
        let Located { place, at, .. } = self.invoked.get(number).copied().flatten()?;
        Some(self.world.resource(place.module, at))
    }

    /// What an action is told, with marks.
    ///
    /// # Errors
    /// Messages; none if what it refers to failed.
    pub fn action_config(&mut self, number: usize) -> Result<Value, Diagnostics> {
        let located = self.invoked.get(number).copied().flatten();
        if let Some(located) = located {
            self.settle_at(located)?;
        }
        self.config_at(self.repeat_of(located)?)
    }

    /// The value of an ephemeral instance from now on, if its postconditions hold; `None`: it could not be opened. Whether it is of use.
    pub fn set_ephemeral(
        &mut self,
        number: usize,
        addr: &InstanceAddr,
        value: Option<&Value>,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let Some(located) = self.leased.get(number).copied().flatten() else {
            return false;
        };
        let Located { place, at, index } = located;
        let cell = value.cloned().ok_or(());
        self.world.set_instance(place, at, index, cell);
        let Some(value) = value else { return false };
        let holds = match self.repeat_of(Some(located)) {
            Ok(place) => self.conditions_at(place, addr, Some(value), diagnostics),
            Err(_) => false,
        };
        if !holds {
            self.world.set_instance(place, at, index, Err(()));
        }
        holds
    }

    /// The configuration of a provider instance, with marks.
    ///
    /// # Errors
    /// Messages; none if what it refers to failed.
    pub fn provider_config(
        &self,
        provider: ProviderId,
        key: Option<&InstanceKey>,
    ) -> Result<Value, Diagnostics> {
        let declared = self.config.provider(provider);
        let place = self
            .world
            .places(declared.module)
            .next()
            .ok_or_else(Diagnostics::new)?;
        if declared.for_each.is_none() {
            let value = self.world.compute(Node::Provider(provider), 0)?;
            return value.map_err(|()| Diagnostics::new());
        }
        let repeat = match (key, &declared.for_each) {
            (Some(InstanceKey::Str(key)), Some(each)) => {
                Repeat::Each(key.clone(), each.get(key).cloned().unwrap_or(Value::NULL))
            }
            _ => Repeat::None,
        };
        declared.eval(&self.world.scope(place).repeated(repeat), key)
    }

    /// Arguments and connection of a provisioner, with marks. `own` is the object.
    ///
    /// # Errors
    /// Messages.
    pub fn provisioner(
        &self,
        change: &ResourceChange,
        number: usize,
        provisioner: &Provisioner,
        own: &Value,
    ) -> Result<(Value, Value), Diagnostics> {
        // An object that is destroyed has no place among the instances: only `self`, `count` and `each` may be used there.
        let (place, repeat) = match self.repeat(number) {
            Ok((located, repeat)) => (located.place, repeat),
            Err(_) => {
                // Its module may have no instance any more. That does not matter, for only `self`, `count` and `each` may be used; but names
                // have the meaning that they have in its module.
                let (module, _) = self.provisioners(change);
                let nowhere = Place {
                    module,
                    pos: u32::MAX,
                };
                let place = self
                    .world
                    .place_of(&change.addr.resource.module)
                    .filter(|place| place.module == module)
                    .or_else(|| self.world.places(module).next())
                    .unwrap_or(nowhere);
                let repeat = match &change.addr.key {
                    None => Repeat::None,
                    Some(InstanceKey::Int(index)) => Repeat::Count(*index),
                    Some(InstanceKey::Str(key)) => Repeat::Each(key.clone(), Value::dynamic()),
                    Some(InstanceKey::Any) => Repeat::Any,
                };
                (place, repeat)
            }
        };
        let scope = self
            .world
            .scope(place)
            .repeated(repeat)
            .with_self(own.clone());
        let config = provisioner.body.eval(&scope, &[])?;
        let connection = match &provisioner.connection {
            Some(connection) => connection.eval(&scope, &[])?,
            None => Value::NULL,
        };
        Ok((config, connection))
    }
}

/// Whether the instance will be there after the plan.
fn stays(change: &ResourceChange) -> bool {
    change.deposed.is_none() && !matches!(change.action, Action::Delete | Action::Forget)
}

fn kind_of(repetition: &Repetition) -> ExpansionKind {
    match repetition {
        Repetition::Single => ExpansionKind::Single,
        Repetition::Count(_) => ExpansionKind::Count,
        Repetition::ForEach(_) => ExpansionKind::ForEach,
        Repetition::Enabled(_) => ExpansionKind::Enabled,
    }
}
