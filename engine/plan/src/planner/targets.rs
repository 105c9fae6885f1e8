//! What is planned at all: everything, or what `-target` and `-exclude` leave (`opentofu.md` 5.10).

use super::index::ConfigIndex;
use crate::graph::{Graph, Node, NodeId, each_target};
use crate::machine::PlanOptions;
use terrane_config::config::{Config, ModuleId};
use terrane_lang::expr::Compiled;
use terrane_model::addr::{InstanceAddr, InstanceKey, ModuleInstance, Target};

/// What is planned.
#[derive(Debug)]
pub(crate) struct Scope {
    targets: Vec<Target>,
    excludes: Vec<Target>,
    /// By node: it takes part.
    nodes: Vec<bool>,
    /// By node: all its instances take part, since something that is planned needs them.
    needed: Vec<bool>,
    /// By node: something needs it that a target names as a whole, not as one instance.
    needed_as_whole: Vec<bool>,
}

impl Scope {
    pub(crate) fn new(
        config: &Config,
        graph: &Graph,
        index: &ConfigIndex,
        options: &PlanOptions,
    ) -> Self {
        let targets = match &options.invoke {
            Some(action) => vec![action.clone()],
            None => options.targets.clone(),
        };
        let all = targets.is_empty();
        let mut scope = Self {
            targets,
            excludes: options.excludes.clone(),
            nodes: vec![all; graph.len()],
            needed: vec![all; graph.len()],
            needed_as_whole: vec![all; graph.len()],
        };
        if !all {
            scope.select(config, graph, index);
        }
        if !scope.excludes.is_empty() {
            scope.leave_out(config, graph, index);
        }
        scope
    }

    /// Whether a node takes part.
    pub(crate) fn node(&self, id: NodeId) -> bool {
        self.nodes[id.index()]
    }

    /// Whether everything takes part.
    pub(crate) fn is_all(&self) -> bool {
        self.targets.is_empty() && self.excludes.is_empty()
    }

    /// Whether only what is targeted takes part (else what is excluded does not).
    pub(crate) fn is_targeting(&self) -> bool {
        !self.targets.is_empty()
    }

    /// Whether an instance of a node that takes part does so too.
    pub(crate) fn instance(&self, node: Option<NodeId>, addr: &InstanceAddr) -> bool {
        let wanted = self.targets.is_empty()
            || node.is_some_and(|node| self.needed[node.index()])
            || (self.targets.iter()).any(|target| names(target, addr) || may_mean(target, addr));
        wanted && !self.excludes.iter().any(|target| names(target, addr))
    }

    /// Whether a stored object takes part. What a target needs is not destroyed with it.
    pub(crate) fn object(&self, node: Option<NodeId>, addr: &InstanceAddr, going: bool) -> bool {
        self.instance(node.filter(|_| !going || !self.is_targeting()), addr)
    }

    /// Whether an object that has no place any more, of a block that is there, goes. What a target needs that is one instance stays as it is, as with Terraform.
    pub(crate) fn orphan(&self, node: Option<NodeId>, addr: &InstanceAddr) -> bool {
        !self.is_targeting()
            || node.is_none_or(|node| self.needed_as_whole[node.index()])
            || self.targets.iter().any(|target| names(target, addr))
    }

    /// Marks what targets name, all that it needs, and outputs that need nothing else.
    fn select(&mut self, config: &Config, graph: &Graph, index: &ConfigIndex) {
        let (instances, wholes): (Vec<&Target>, Vec<&Target>) =
            (self.targets.iter()).partition(|target| matches!(target, Target::Instance(_)));
        let instances = named_nodes(&instances, config, graph, index);
        let wholes = named_nodes(&wholes, config, graph, index);
        self.draw_in(&wholes, config, graph);
        self.needed_as_whole.clone_from(&self.needed);
        self.draw_in(&instances, config, graph);
        self.select_outputs(graph);
    }

    /// Marks nodes and all that they need.
    fn draw_in(&mut self, named: &[NodeId], config: &Config, graph: &Graph) {
        let mut stack = Vec::new();
        for id in named {
            self.nodes[id.index()] = true;
            stack.extend_from_slice(graph.deps(*id));
            triggered(config, graph, *id, &mut stack);
        }
        while let Some(id) = stack.pop() {
            if !std::mem::replace(&mut self.needed[id.index()], true) {
                self.nodes[id.index()] = true;
                stack.extend_from_slice(graph.deps(id));
                triggered(config, graph, id, &mut stack);
            }
        }
    }

    /// Marks outputs of the root module that come from resources, all of which take part.
    fn select_outputs(&mut self, graph: &Graph) {
        // By node: it comes from a resource; from one that does not take part.
        let mut comes = vec![(false, false); graph.len()];
        let mut stack = Vec::new();
        for id in graph.order() {
            let node = graph.node(*id);
            let own = match node {
                Node::Resource(..) => (true, !self.nodes[id.index()]),
                _ => (false, false),
            };
            let all = graph.deps(*id).iter().fold(own, |(any, not), dep| {
                let (dep_any, dep_not) = comes[dep.index()];
                (any || dep_any, not || dep_not)
            });
            comes[id.index()] = all;
            if matches!(node, Node::Output(ModuleId(0), _)) && all == (true, false) {
                stack.push(*id);
            }
        }
        while let Some(id) = stack.pop() {
            // A resource takes part already, perhaps with some of its instances: an output asks for no more of them.
            if matches!(graph.node(id), Node::Resource(..)) {
                continue;
            }
            if !std::mem::replace(&mut self.needed[id.index()], true) {
                self.nodes[id.index()] = true;
                stack.extend_from_slice(graph.deps(id));
            }
        }
    }

    /// Takes out what excludes name as a whole, and all that needs it.
    fn leave_out(&mut self, config: &Config, graph: &Graph, index: &ConfigIndex) {
        let mut out = vec![false; graph.len()];
        for module in &config.modules {
            for (at, _) in (0u32..).zip(&module.resources) {
                let id = graph.id(Node::Resource(module.id, at));
                out[id.index()] = self
                    .excludes
                    .iter()
                    .any(|target| may_name(target, config, index, module.id, at));
            }
        }
        // An excluded instance takes its dependents with it, but its siblings stay.
        for id in graph.order() {
            let needs = graph
                .deps(*id)
                .iter()
                .any(|dep| out[dep.index()] && !matches!(graph.node(*dep), Node::Provider(_)));
            if needs {
                out[id.index()] = true;
            }
        }
        for (at, out) in out.iter().enumerate() {
            let id = NodeId(u32::try_from(at).expect("fewer than 2^32 nodes"));
            let only_instances = match graph.node(id) {
                Node::Resource(module, resource) => {
                    let whole = self.excludes.iter().any(|target| {
                        !matches!(target, Target::Instance(_))
                            && !keyed(target)
                            && may_name(target, config, index, module, resource)
                    });
                    let named = self
                        .excludes
                        .iter()
                        .any(|target| may_name(target, config, index, module, resource));
                    let dragged = graph.deps(id).iter().any(|dep| !self.nodes[dep.index()]);
                    named && !whole && !dragged
                }
                _ => false,
            };
            if *out && !only_instances {
                self.nodes[at] = false;
                self.needed[at] = false;
            }
        }
    }
}

/// The nodes of resources that targets may name.
fn named_nodes(
    targets: &[&Target],
    config: &Config,
    graph: &Graph,
    index: &ConfigIndex,
) -> Vec<NodeId> {
    let mut found = Vec::new();
    for module in config.modules.iter().filter(|_| !targets.is_empty()) {
        for (at, _) in (0u32..).zip(&module.resources) {
            let mut targets = targets.iter();
            if targets.any(|target| may_name(target, config, index, module.id, at)) {
                found.push(graph.id(Node::Resource(module.id, at)));
            }
        }
    }
    found
}

/// What the actions need that the life cycle of a resource triggers: they are no dependencies of it.
fn triggered(config: &Config, graph: &Graph, id: NodeId, stack: &mut Vec<NodeId>) {
    let Node::Resource(module, at) = graph.node(id) else {
        return;
    };
    let module = config.module(module);
    for trigger in &module.resources[at as usize].lifecycle.action_triggers {
        let keys = trigger.actions.iter().filter_map(|used| used.key.as_ref());
        let uses = trigger
            .condition
            .iter()
            .chain(keys)
            .flat_map(Compiled::uses);
        for used in uses {
            let reference = module.slots[used.slot.0 as usize];
            each_target(config, module, reference, &mut |node| {
                stack.push(graph.id(node));
            });
        }
        let actions = trigger.actions.iter();
        stack.extend(actions.map(|used| graph.id(Node::Resource(module.id, used.action))));
    }
}

/// Whether a target has a key in a module step, so that it names only some instances of what is within.
fn keyed(target: &Target) -> bool {
    let module = match target {
        Target::Module(module) => module,
        Target::Resource(resource) => &resource.module,
        Target::Instance(instance) => &instance.resource.module,
    };
    module.0.iter().any(|step| step.key.is_some())
}

/// Whether some instance of a block may be named.
fn may_name(
    target: &Target,
    config: &Config,
    index: &ConfigIndex,
    module: ModuleId,
    at: u32,
) -> bool {
    let resource = &config.module(module).resources[at as usize];
    let same = |addr: &terrane_model::addr::ResourceAddr| {
        addr.mode == resource.mode
            && addr.type_name == resource.type_name
            && addr.name == resource.name
            && index.module(&addr.module) == Some(module)
    };
    match target {
        Target::Module(addr) => {
            let Some(outer) = index.module(addr) else {
                return false;
            };
            config
                .module(module)
                .path
                .0
                .starts_with(&config.module(outer).path.0)
        }
        Target::Resource(addr) => same(addr),
        Target::Instance(addr) => same(&addr.resource),
    }
}

/// Whether a target names an instance.
pub(crate) fn names(target: &Target, addr: &InstanceAddr) -> bool {
    match target {
        Target::Module(module) => contains(module, &addr.resource.module),
        Target::Resource(resource) => {
            let module = contains(&resource.module, &addr.resource.module)
                && resource.module.0.len() == addr.resource.module.0.len();
            module
                && resource.mode == addr.resource.mode
                && resource.type_name == addr.resource.type_name
                && resource.name == addr.resource.name
        }
        Target::Instance(instance) => instance == addr,
    }
}

/// Whether what is named may turn out to be one of those that an instance stands for, of which nothing is known yet.
fn may_mean(target: &Target, addr: &InstanceAddr) -> bool {
    let (module, key) = match target {
        Target::Module(module) => (module, None),
        Target::Resource(resource) => (&resource.module, None),
        Target::Instance(instance) => (&instance.resource.module, instance.key.as_ref()),
    };
    let mut open = addr.key == Some(InstanceKey::Any) && key.is_some();
    let mut steps = Vec::with_capacity(addr.resource.module.0.len());
    for (at, step) in addr.resource.module.0.iter().enumerate() {
        let wanted = module.0.get(at).and_then(|step| step.key.as_ref());
        let mut step = step.clone();
        if step.key == Some(InstanceKey::Any) && wanted.is_some() {
            step.key = wanted.cloned();
            open = true;
        }
        steps.push(step);
    }
    let mut meant = addr.clone();
    meant.resource.module = ModuleInstance(steps.into());
    if meant.key == Some(InstanceKey::Any) && key.is_some() {
        meant.key = key.cloned();
    }
    open && names(target, &meant)
}

/// Whether a module instance lies within another; steps without a key stand for all instances.
fn contains(outer: &ModuleInstance, inner: &ModuleInstance) -> bool {
    inner.0.len() >= outer.0.len()
        && outer.0.iter().zip(inner.0.iter()).all(|(outer, inner)| {
            outer.name == inner.name && (outer.key.is_none() || outer.key == inner.key)
        })
}
