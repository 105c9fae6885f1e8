//! Builds the execution graph (`opentofu.md` 5.5).
//!
//! Notation of the comments: `X` is the step that creates or updates, `X_d` the one that destroys; "a waits for b" is an entry of `after`.
//!
//! 1. `X` waits for `X_d` of the same object; with create-before-destroy it is the other way round.
//! 2. `C` waits for `R_d` of each `R` that it depends on; with create-before-destroy of `R`, `R_d` waits for `C`.
//! 3. `R_d` waits for `D_d` of each `D` that depended on `R` when it was last applied; `R` waits for `D_d` too, unless `D` is create-before-destroy
//!    (what takes its place may need the new `R`).
//!    A deposed object goes after the step that gives its successor: if that fails, what refers to the old one still has it.
//! 4. `C` waits for what its expressions refer to: for the very instance where the reference picks one, else for all through one [`StepKind::Join`].
//!
//! Ephemeral instances are opened and closed by steps of their own: see `ephemeral.rs`.
//!
//! Many-to-many relations always go through a join, so that the number of edges stays linear.

use super::{ExecGraph, Step, StepId, StepKind};
use crate::action::ActionInvocation;
use crate::ephemeral::EphemeralInstance;
use crate::graph::{Graph, Node, NodeId};
use crate::plan::{Action, Plan, PlanMode, ResourceChange};
use crate::world::{Place, World, uses_repetition};
use std::collections::BTreeMap;
use terrane_config::config::{Config, Import, ModuleId, Reference, Repetition};
use terrane_lang::expr::{Compiled, Use};
use terrane_model::addr::{
    ConfigResource, InstanceAddr, InstanceKey, Mode, ModuleInstance, ResourceAddr,
};

/// Which resource a stored or configured dependency means for one object: that of its own module instance, where that is plain, else all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Dep {
    One(ResourceAddr),
    All(ConfigResource),
}

/// Steps by what they depend on, and the join that stands for them.
#[derive(Debug, Default)]
struct Groups {
    members: BTreeMap<Dep, Vec<StepId>>,
    joins: BTreeMap<Dep, StepId>,
}

/// Finds the node, the module instance and the number of an instance, if it is configured.
pub(super) type Locate<'f> = dyn Fn(&InstanceAddr) -> Option<(NodeId, Place, usize)> + 'f;

/// The steps of a resource in one module instance, by instance.
pub(super) type InstanceSteps = Vec<Option<StepId>>;

pub(crate) struct Builder<'a> {
    pub(super) config: &'a Config,
    pub(super) graph: &'a Graph,
    pub(super) world: &'a World,
    pub(super) changes: &'a [ResourceChange],
    pub(super) ephemerals: &'a [EphemeralInstance],
    invocations: &'a [ActionInvocation],
    pub(super) destroying: bool,
    pub(super) steps: Vec<Step>,
    /// Edges of the order that is wanted but can be done without, where it would make a circle.
    pub(super) wishes: Vec<(StepId, StepId)>,
    /// Import blocks, by the resource that they are about.
    pub(super) imports: BTreeMap<(ModuleId, u32), Vec<&'a Import>>,
    /// By resource node and position.
    pub(super) applies: BTreeMap<(NodeId, u32), InstanceSteps>,
    /// What a value (or a whole resource, or a provider configuration) stands for. `None`: nothing to wait for.
    pub(super) joins: BTreeMap<(NodeId, u32), Option<StepId>>,
    /// What those wait for who refer to a data source that was read while planning, by node and module instance: what it is made of.
    pub(super) behind: BTreeMap<(NodeId, u32), Option<StepId>>,
    /// By module instance: what everything in it waits for.
    pub(super) around: BTreeMap<Place, Option<StepId>>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(
        config: &'a Config,
        graph: &'a Graph,
        world: &'a World,
        plan: &'a Plan,
    ) -> Self {
        let mut imports: BTreeMap<_, Vec<&Import>> = BTreeMap::new();
        for import in &config.imports {
            if let Some(resource) = import.resource {
                imports.entry(resource).or_default().push(import);
            }
        }
        Self {
            config,
            graph,
            world,
            imports,
            changes: &plan.changes,
            ephemerals: &plan.ephemerals,
            invocations: &plan.invocations,
            destroying: plan.mode == PlanMode::Destroy,
            steps: Vec::new(),
            wishes: Vec::new(),
            applies: BTreeMap::new(),
            joins: BTreeMap::new(),
            behind: BTreeMap::new(),
            around: BTreeMap::new(),
        }
    }

    /// Builds the graph. `locate` finds the node, position and instance of a change, if it is configured.
    ///
    /// # Errors
    /// With the steps of a cycle.
    pub(crate) fn build(mut self, locate: &Locate<'_>) -> Result<ExecGraph, Vec<StepKind>> {
        let own: Vec<(Option<StepId>, Option<StepId>)> = (0u32..)
            .zip(self.changes)
            .map(|(at, change)| self.own_steps(at, change))
            .collect();
        let opens = self.open_steps();
        if self.steps.is_empty() && self.invocations.is_empty() {
            return Ok(ExecGraph::default());
        }
        self.order_destruction(&own);
        self.order_deposed(&own);
        for (instance, (open, _)) in self.ephemerals.iter().zip(&opens) {
            if let Some(found) = locate(&instance.addr) {
                self.place_step(found, *open);
            }
        }
        for (change, (apply, _)) in self.changes.iter().zip(&own) {
            let (Some(apply), Some((node, place, index))) = (
                apply,
                locate(&change.addr).filter(|_| change.deposed.is_none()),
            ) else {
                continue;
            };
            self.place_step((node, place, index), *apply);
        }
        self.invoke_steps(self.invocations, &own, locate);
        self.order_references();
        self.order_checked_data(&own, locate);
        if !opens.is_empty() {
            self.order_ephemerals(&opens, &own, locate);
        }
        let wishes = std::mem::take(&mut self.wishes);
        let hard: Vec<Vec<StepId>> = if wishes.is_empty() {
            Vec::new()
        } else {
            self.steps.iter().map(|step| step.after.clone()).collect()
        };
        for (step, after) in &wishes {
            self.wait(*step, *after);
        }
        self.tidy();
        if !wishes.is_empty() && self.circle().is_some() {
            for (step, after) in self.steps.iter_mut().zip(hard) {
                step.after = after;
            }
            self.tidy();
        }
        match self.circle() {
            None => Ok(ExecGraph { steps: self.steps }),
            Some(members) => Err(members),
        }
    }

    /// Says which step gives an instance its value.
    pub(super) fn place_step(
        &mut self,
        (node, place, index): (NodeId, Place, usize),
        step: StepId,
    ) {
        let count = self
            .world
            .resource_cell(place, resource_index(self.graph, node))
            .map_or(0, |cell| cell.keys.len());
        let steps = self
            .applies
            .entry((node, place.pos))
            .or_insert_with(|| vec![None; count]);
        if let Some(slot) = steps.get_mut(index) {
            *slot = Some(step);
        }
    }

    pub(super) fn add(&mut self, kind: StepKind, after: Vec<StepId>) -> StepId {
        let id = StepId(u32::try_from(self.steps.len()).expect("fewer than 2^32 steps"));
        self.steps.push(Step { kind, after });
        id
    }

    pub(super) fn wait(&mut self, step: StepId, after: StepId) {
        if step != after {
            self.steps[step.0 as usize].after.push(after);
        }
    }

    /// The steps of one change: applying and destroying (or forgetting), in their own order (rule 1).
    fn own_steps(&mut self, at: u32, change: &ResourceChange) -> (Option<StepId>, Option<StepId>) {
        match change.action {
            Action::NoOp => (None, None),
            Action::Create | Action::Update | Action::Read => {
                (Some(self.add(StepKind::Apply(at), Vec::new())), None)
            }
            Action::Delete => (None, Some(self.add(StepKind::Destroy(at), Vec::new()))),
            Action::Forget => (None, Some(self.add(StepKind::Forget(at), Vec::new()))),
            Action::DeleteThenCreate => {
                let destroy = self.add(StepKind::Destroy(at), Vec::new());
                (
                    Some(self.add(StepKind::Apply(at), vec![destroy])),
                    Some(destroy),
                )
            }
            Action::CreateThenDelete => {
                let apply = self.add(StepKind::Apply(at), Vec::new());
                (
                    Some(apply),
                    Some(self.add(StepKind::Destroy(at), vec![apply])),
                )
            }
            Action::ForgetThenCreate => {
                let forget = self.add(StepKind::Forget(at), Vec::new());
                (
                    Some(self.add(StepKind::Apply(at), vec![forget])),
                    Some(forget),
                )
            }
        }
    }

    /// Rules 2 and 3.
    fn order_destruction(&mut self, own: &[(Option<StepId>, Option<StepId>)]) {
        let changes = self.changes;
        let create_first = |change: &ResourceChange| match change.action {
            Action::CreateThenDelete => true,
            Action::DeleteThenCreate => false,
            // What takes the place of a deposed object is there already.
            _ => change.create_before_destroy || change.deposed.is_some(),
        };
        let mut destroyed_by_dep = Groups::default();
        let mut plainly_destroyed_by_dep = Groups::default();
        let mut created_by_dep = Groups::default();
        let mut destroys_of = Groups::default();
        for (change, (apply, destroy)) in changes.iter().zip(own) {
            if let Some(destroy) = destroy {
                for dep in stored_deps(change) {
                    destroyed_by_dep.add(dep.clone(), *destroy);
                    if !create_first(change) {
                        plainly_destroyed_by_dep.add(dep, *destroy);
                    }
                }
                if !create_first(change) {
                    destroys_of.add(Dep::One(change.addr.resource.clone()), *destroy);
                    destroys_of.add(Dep::All(change.addr.resource.config()), *destroy);
                }
            }
            if let Some(apply) = apply {
                for dep in all_deps(change) {
                    created_by_dep.add(dep, *apply);
                }
            }
        }
        for (change, (apply, destroy)) in changes.iter().zip(own) {
            let keys = [
                Dep::One(change.addr.resource.clone()),
                Dep::All(change.addr.resource.config()),
            ];
            for key in &keys {
                if let Some(destroy) = destroy {
                    self.wait_for_group(*destroy, &mut destroyed_by_dep, key);
                    if create_first(change) {
                        self.wait_for_group(*destroy, &mut created_by_dep, key);
                    }
                }
                if let Some(apply) = apply {
                    self.wait_for_group(*apply, &mut plainly_destroyed_by_dep, key);
                }
            }
            if let Some(apply) = apply {
                for dep in all_deps(change) {
                    self.wait_for_group(*apply, &mut destroys_of, &dep);
                }
            }
        }
    }

    /// Deposed objects are destroyed after their instance was created or changed.
    fn order_deposed(&mut self, own: &[(Option<StepId>, Option<StepId>)]) {
        let changes = self.changes;
        let current: BTreeMap<&InstanceAddr, StepId> = changes
            .iter()
            .zip(own)
            .filter(|(change, _)| change.deposed.is_none())
            .filter_map(|(change, (apply, _))| Some((&change.addr, (*apply)?)))
            .collect();
        for (change, (_, destroy)) in changes.iter().zip(own) {
            if let (Some(_), Some(destroy), Some(apply)) =
                (&change.deposed, destroy, current.get(&change.addr))
            {
                self.wishes.push((*destroy, *apply));
            }
        }
    }

    fn wait_for_group(&mut self, step: StepId, groups: &mut Groups, key: &Dep) {
        let Some(members) = groups.members.get(key) else {
            return;
        };
        let target = match (members.as_slice(), groups.joins.get(key)) {
            (_, Some(join)) => *join,
            ([one], None) => *one,
            (many, None) => {
                let join = self.add(StepKind::Join, many.to_vec());
                groups.joins.insert(key.clone(), join);
                join
            }
        };
        self.wait(step, target);
    }

    /// Rule 4, in the order of the static graph, so that what a value stands for is known before it is referred to.
    fn order_references(&mut self) {
        for id in self.graph.order().to_vec() {
            match self.graph.node(id) {
                Node::Variable(module, _) | Node::Local(module, _) | Node::Output(module, _) => {
                    for place in self.world.places(module) {
                        let mut after: Vec<_> = self.around(place).into_iter().collect();
                        self.value_refs(self.graph.node(id), place, &mut after);
                        let join = self.join(after);
                        self.joins.insert((id, place.pos), join);
                    }
                }
                Node::Provider(provider) => {
                    let declared = self.config.provider(provider);
                    let Some(place) = self.world.places(declared.module).next() else {
                        continue;
                    };
                    let mut after = Vec::new();
                    declared
                        .body
                        .each_use(&mut |used| self.refer(place, used, None, &mut after));
                    let join = self.join(after);
                    self.joins.insert((id, 0), join);
                }
                Node::Resource(module, at) => {
                    self.refs_behind(id, module, at);
                    self.resource_refs(id, module, at);
                }
                Node::Call(module, at) => {
                    let config = self.config;
                    let call = &config.module(module).calls[at as usize];
                    for place in self.world.places(module) {
                        let mut after = Vec::new();
                        self.depends_on(place, &call.depends_on, &mut after);
                        self.repetition(place, &call.repetition, &mut after);
                        let join = self.join(after);
                        self.joins.insert((id, place.pos), join);
                    }
                }
                Node::Check(..) => {}
            }
        }
    }

    /// Data sources of checks are read when everything is done: the checks are about what came of it.
    fn order_checked_data(
        &mut self,
        own: &[(Option<StepId>, Option<StepId>)],
        locate: &Locate<'_>,
    ) {
        let mut checked = Vec::new();
        let mut others = Vec::new();
        for (change, (apply, destroy)) in self.changes.iter().zip(own) {
            let nested = change.addr.resource.mode == Mode::Data
                && locate(&change.addr).is_some_and(|(node, ..)| {
                    let Node::Resource(module, at) = self.graph.node(node) else {
                        return false;
                    };
                    let resource = &self.config.module(module).resources[at as usize];
                    resource.within_check.is_some()
                });
            if nested {
                checked.extend(*apply);
            } else {
                others.extend(apply.iter().chain(destroy).copied());
            }
        }
        if checked.is_empty() {
            return;
        }
        let Some(all) = self.join(others) else { return };
        for step in checked {
            self.wait(step, all);
        }
    }

    /// One step that stands for all of these.
    pub(super) fn join(&mut self, mut after: Vec<StepId>) -> Option<StepId> {
        after.sort_unstable();
        after.dedup();
        match after.as_slice() {
            [] => None,
            [one] => Some(*one),
            _ => Some(self.add(StepKind::Join, after)),
        }
    }

    fn value_refs(&mut self, node: Node, place: Place, after: &mut Vec<StepId>) {
        let config = self.config;
        match node {
            Node::Variable(module, at) => {
                let own = Reference::Variable(at);
                let slots = &config.module(module).slots;
                for rule in &config.module(module).variables[at as usize].validations {
                    for used in rule.condition.uses().iter().chain(rule.message.uses()) {
                        if slots[used.slot.0 as usize] != own {
                            self.refer(place, used, None, after);
                        }
                    }
                }
                let (Some(parent), Some((_, call))) = (
                    self.world.module_cell(place).parent,
                    config.module(module).parent,
                ) else {
                    return;
                };
                let call = &config.module(parent.module).calls[call as usize];
                if let Some(input) = &call.inputs[at as usize] {
                    self.expr(parent, input, None, after);
                    if uses_repetition(config.module(parent.module), input) {
                        self.repetition(parent, &call.repetition, after);
                    }
                }
            }
            Node::Local(module, at) => self.expr(
                place,
                &config.module(module).locals[at as usize].value,
                None,
                after,
            ),
            Node::Output(module, at) => {
                let output = &config.module(module).outputs[at as usize];
                self.expr(place, &output.value, None, after);
                // Whether there is one at all, the repetition of the call says; which may be known before what it is made of.
                if let (Some(parent), Some((_, call))) = (
                    self.world.module_cell(place).parent,
                    config.module(module).parent,
                ) {
                    let call = &config.module(parent.module).calls[call as usize];
                    self.repetition(parent, &call.repetition, after);
                }
                self.depends_on(place, &output.depends_on, after);
                for rule in &output.preconditions {
                    self.expr(place, &rule.condition, None, after);
                    self.expr(place, &rule.message, None, after);
                }
            }
            Node::Call(..) | Node::Resource(..) | Node::Check(..) | Node::Provider(_) => {}
        }
    }

    pub(super) fn repetition(
        &mut self,
        place: Place,
        repetition: &Repetition,
        after: &mut Vec<StepId>,
    ) {
        match repetition {
            Repetition::Single => {}
            Repetition::Count(expr) | Repetition::ForEach(expr) | Repetition::Enabled(expr) => {
                self.expr(place, expr, None, after);
            }
        }
    }

    pub(super) fn expr(
        &mut self,
        place: Place,
        expr: &Compiled,
        key: Option<&InstanceKey>,
        after: &mut Vec<StepId>,
    ) {
        for used in expr.uses() {
            self.refer_for(place, used, key, None, after);
        }
    }

    pub(super) fn refer(
        &mut self,
        place: Place,
        used: &Use,
        key: Option<&InstanceKey>,
        after: &mut Vec<StepId>,
    ) {
        self.refer_for(place, used, key, None, after);
    }

    /// What a reference waits for. `key` is that of the instance which makes it; `at` its resource, for `each.value`.
    fn refer_for(
        &mut self,
        place: Place,
        used: &Use,
        key: Option<&InstanceKey>,
        at: Option<u32>,
        after: &mut Vec<StepId>,
    ) {
        let module = self.config.module(place.module);
        let reference = module.slots[used.slot.0 as usize];
        match reference {
            Reference::Resource(target) => {
                let node = self.graph.id(Node::Resource(place.module, target));
                match self.picked(place, target, used, key, at) {
                    Some(index) => {
                        let steps = self.applies.get(&(node, place.pos));
                        let behind = || self.behind.get(&(node, place.pos)).copied().flatten();
                        after.extend(steps.and_then(|steps| steps[index]).or_else(behind));
                    }
                    None => after.extend(self.whole(node, place.pos)),
                }
            }
            _ => self.values(place, reference, after),
        }
    }

    /// All instances of a resource in a module instance.
    pub(super) fn whole(&mut self, node: NodeId, pos: u32) -> Option<StepId> {
        if let Some(known) = self.joins.get(&(node, pos)) {
            return *known;
        }
        let steps: Vec<StepId> = self
            .applies
            .get(&(node, pos))
            .into_iter()
            .flatten()
            .copied()
            .flatten()
            .chain(self.behind.get(&(node, pos)).copied().flatten())
            .collect();
        let join = self.join(steps);
        self.joins.insert((node, pos), join);
        join
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one instance from beginning to end, in the order of the rules"
    )]
    fn resource_refs(&mut self, id: NodeId, module: ModuleId, at: u32) {
        let config = self.config;
        let resource = &config.module(module).resources[at as usize];
        let own = Reference::Resource(at);
        let slots = &config.module(module).slots;
        for place in self.world.places(module) {
            let Some(steps) = self.applies.get(&(id, place.pos)).cloned() else {
                continue;
            };
            let Some(keys) = self
                .world
                .resource_cell(place, at)
                .map(|cell| cell.keys.clone())
            else {
                continue;
            };
            // What all instances wait for.
            let mut common = Vec::new();
            self.repetition(place, &resource.repetition, &mut common);
            self.depends_on(place, &resource.depends_on, &mut common);
            common.extend(self.around(place));
            common.extend(
                self.joins
                    .get(&(self.graph.id(Node::Provider(resource.provider.provider)), 0))
                    .copied()
                    .flatten(),
            );
            self.decided_by(place, resource, at, &mut common);
            let mut keyed: Vec<Use> = Vec::new();
            let mut plain: Vec<Use> = Vec::new();
            let mut sort = |used: &Use| {
                if slots[used.slot.0 as usize] != own {
                    if used.key.is_some() {
                        keyed.push(used.clone());
                    } else {
                        plain.push(used.clone());
                    }
                }
            };
            resource.body.each_use(&mut sort);
            let lifecycle = &resource.lifecycle;
            for expr in lifecycle.prevent_destroy.iter() {
                expr.uses().iter().for_each(&mut sort);
            }
            for rule in lifecycle
                .preconditions
                .iter()
                .chain(&lifecycle.postconditions)
            {
                rule.condition
                    .uses()
                    .iter()
                    .chain(rule.message.uses())
                    .for_each(&mut sort);
            }
            for provisioner in &resource.provisioners {
                provisioner.body.each_use(&mut sort);
                provisioner
                    .connection
                    .iter()
                    .for_each(|body| body.each_use(&mut sort));
            }
            for trigger in &lifecycle.replace_triggered_by {
                common.extend(self.whole(
                    self.graph.id(Node::Resource(module, trigger.resource)),
                    place.pos,
                ));
            }
            for used in &plain {
                self.refer(place, used, None, &mut common);
            }
            let many = steps.iter().flatten().count() > 1;
            let common = if many {
                self.join(common).into_iter().collect()
            } else {
                common
            };
            for (step, key) in steps.iter().zip(keys.iter()) {
                let Some(step) = step else { continue };
                let mut after = common.clone();
                for used in &keyed {
                    self.refer_for(place, used, key.as_ref(), Some(at), &mut after);
                }
                for target in after {
                    self.wait(*step, target);
                }
            }
        }
    }

    fn tidy(&mut self) {
        for step in &mut self.steps {
            step.after.sort_unstable();
            step.after.dedup();
        }
    }

    /// The steps of a cycle, if there is one (Kahn).
    fn circle(&self) -> Option<Vec<StepKind>> {
        let mut waiting: Vec<usize> = self.steps.iter().map(|step| step.after.len()).collect();
        let mut dependents: Vec<Vec<u32>> = vec![Vec::new(); self.steps.len()];
        for (at, step) in (0u32..).zip(&self.steps) {
            for after in &step.after {
                dependents[after.0 as usize].push(at);
            }
        }
        let mut ready: Vec<u32> = (0u32..)
            .zip(&waiting)
            .filter(|(_, count)| **count == 0)
            .map(|(at, _)| at)
            .collect();
        let mut done = 0;
        while let Some(at) = ready.pop() {
            done += 1;
            for dependent in &dependents[at as usize] {
                let count = &mut waiting[*dependent as usize];
                *count -= 1;
                if *count == 0 {
                    ready.push(*dependent);
                }
            }
        }
        if done == self.steps.len() {
            return None;
        }
        let left = self.steps.iter().zip(waiting);
        Some(
            left.filter(|(step, count)| *count > 0 && step.kind != StepKind::Join)
                .map(|(step, _)| step.kind)
                .collect(),
        )
    }
}

impl Groups {
    fn add(&mut self, dep: Dep, step: StepId) {
        self.members.entry(dep).or_default().push(step);
    }
}

fn resource_index(graph: &Graph, node: NodeId) -> u32 {
    match graph.node(node) {
        Node::Resource(_, at) => at,
        _ => 0,
    }
}

/// What the stored object depended on. Not its own resource: it comes to that where it was moved to a resource that depended on it, and instances of one
/// resource can't wait for each other in a circle.
fn stored_deps(change: &ResourceChange) -> impl Iterator<Item = Dep> + '_ {
    let stored = change.stored.iter();
    others(change, stored.flat_map(|stored| stored.dependencies.iter()))
}

/// Dependencies on other resources.
fn others<'a>(
    change: &'a ResourceChange,
    deps: impl Iterator<Item = &'a ConfigResource> + 'a,
) -> impl Iterator<Item = Dep> + 'a {
    let own = change.addr.resource.config();
    deps.filter(move |dep| **dep != own)
        .map(|dep| resolve(&change.addr.resource.module, dep))
}

/// What the object depends on, stored and configured.
fn all_deps(change: &ResourceChange) -> Vec<Dep> {
    let mut deps: Vec<Dep> = others(change, change.dependencies.iter())
        .chain(stored_deps(change))
        .collect();
    deps.sort_unstable();
    deps.dedup();
    deps
}

/// A dependency in the same module (or one around it) means the resource of the very module instance.
fn resolve(module: &ModuleInstance, dep: &ConfigResource) -> Dep {
    let depth = dep.module.0.len();
    let around = depth <= module.0.len()
        && module
            .0
            .iter()
            .zip(dep.module.0.iter())
            .all(|(step, name)| step.name == *name);
    if !around {
        return Dep::All(dep.clone());
    }
    let ConfigResource {
        mode,
        type_name,
        name,
        ..
    } = dep.clone();
    let module = ModuleInstance(module.0.iter().take(depth).cloned().collect());
    Dep::One(ResourceAddr {
        module,
        mode,
        type_name,
        name,
    })
}
