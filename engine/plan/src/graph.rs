//! The static graph: one node per declaration, an edge for each thing that must be known first.
//!
//! It does not depend on state or on values, so it is the same for planning and for applying. Instances come later: a node stands for all instances of its
//! declaration in all instances of its module.

use crate::rules;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, VecDeque};
use terrane_config::config::{
    Config, Dependency, Module, ModuleId, ProviderId, Reference, Repetition,
};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Compiled, Use};
use terrane_lang::source::Span;

/// So many members of a cycle are named.
const SHOWN: usize = 20;

/// Index of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) u32);

impl NodeId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A declaration: its module and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    /// How many instances a module call has.
    Call(ModuleId, u32),
    /// An input variable.
    Variable(ModuleId, u32),
    /// A local value.
    Local(ModuleId, u32),
    /// An output value.
    Output(ModuleId, u32),
    /// A resource of any mode.
    Resource(ModuleId, u32),
    /// A check block.
    Check(ModuleId, u32),
    /// A provider configuration.
    Provider(ProviderId),
}

/// Where the nodes of a module begin; they follow in the order of the fields.
#[derive(Clone, Copy, Debug)]
struct Bases {
    calls: u32,
    variables: u32,
    locals: u32,
    outputs: u32,
    resources: u32,
    checks: u32,
}

/// The graph, frozen.
#[derive(Debug)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    bases: Vec<Bases>,
    providers: u32,
    /// By node: what it needs. Sorted, unique.
    deps: Vec<Vec<NodeId>>,
    /// Every node after all that it needs.
    order: Vec<NodeId>,
}

impl Graph {
    /// The graph without an order.
    pub(crate) fn unordered(config: &Config) -> Self {
        let mut graph = Self::number(config);
        graph.connect(config);
        graph
    }

    /// Builds the graph. With a cycle there is no order, and the message names its members.
    pub(crate) fn build(config: &Config) -> (Self, Diagnostics) {
        let mut graph = Self::unordered(config);
        let diagnostics = graph.sort(config);
        (graph, diagnostics)
    }

    fn number(config: &Config) -> Self {
        let mut nodes = Vec::new();
        let mut bases = Vec::with_capacity(config.modules.len());
        let len =
            |nodes: &Vec<Node>| u32::try_from(nodes.len()).expect("fewer than 2^32 declarations");
        for module in &config.modules {
            let id = module.id;
            let count = |list: usize| 0..u32::try_from(list).expect("fewer than 2^32 declarations");
            let calls = len(&nodes);
            nodes.extend(count(module.calls.len()).map(|at| Node::Call(id, at)));
            let variables = len(&nodes);
            nodes.extend(count(module.variables.len()).map(|at| Node::Variable(id, at)));
            let locals = len(&nodes);
            nodes.extend(count(module.locals.len()).map(|at| Node::Local(id, at)));
            let outputs = len(&nodes);
            nodes.extend(count(module.outputs.len()).map(|at| Node::Output(id, at)));
            let resources = len(&nodes);
            nodes.extend(count(module.resources.len()).map(|at| Node::Resource(id, at)));
            let checks = len(&nodes);
            nodes.extend(count(module.checks.len()).map(|at| Node::Check(id, at)));
            bases.push(Bases {
                calls,
                variables,
                locals,
                outputs,
                resources,
                checks,
            });
        }
        let providers = len(&nodes);
        nodes.extend(
            (0u32..)
                .zip(&config.providers)
                .map(|(at, _)| Node::Provider(ProviderId(at))),
        );
        let deps = vec![Vec::new(); nodes.len()];
        Self {
            nodes,
            bases,
            providers,
            deps,
            order: Vec::new(),
        }
    }

    /// The index of a node.
    pub(crate) fn id(&self, node: Node) -> NodeId {
        let base = |module: ModuleId| &self.bases[module.0 as usize];
        NodeId(match node {
            Node::Call(module, at) => base(module).calls + at,
            Node::Variable(module, at) => base(module).variables + at,
            Node::Local(module, at) => base(module).locals + at,
            Node::Output(module, at) => base(module).outputs + at,
            Node::Resource(module, at) => base(module).resources + at,
            Node::Check(module, at) => base(module).checks + at,
            Node::Provider(provider) => self.providers + provider.0,
        })
    }

    /// The node with this index.
    pub(crate) fn node(&self, id: NodeId) -> Node {
        self.nodes[id.index()]
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// What a node needs.
    pub(crate) fn deps(&self, id: NodeId) -> &[NodeId] {
        &self.deps[id.index()]
    }

    /// What the number of instances of a called module depends on: what it needs, without that which only comes before it (`depends_on`).
    pub(crate) fn call_deps(&self, config: &Config, module: ModuleId, at: u32) -> Vec<NodeId> {
        let mut deps = Vec::new();
        let declared = config.module(module);
        Edges {
            config,
            graph: self,
            deps: &mut deps,
            places: None,
        }
        .instances(declared, &declared.calls[at as usize].repetition);
        deps
    }

    /// Every node after all that it needs. Empty if there is a cycle.
    pub(crate) fn order(&self) -> &[NodeId] {
        &self.order
    }

    fn connect(&mut self, config: &Config) {
        for at in 0..self.nodes.len() {
            let mut deps = Vec::new();
            Edges {
                config,
                graph: self,
                deps: &mut deps,
                places: None,
            }
            .of(self.nodes[at]);
            deps.sort_unstable();
            deps.dedup();
            self.deps[at] = deps;
        }
    }

    fn sort(&mut self, config: &Config) -> Diagnostics {
        let mut graph: DiGraph<(), (), u32> =
            DiGraph::with_capacity(self.nodes.len(), self.deps.iter().map(Vec::len).sum());
        for _ in &self.nodes {
            graph.add_node(());
        }
        for (at, deps) in (0u32..).zip(&self.deps) {
            for dep in deps {
                graph.add_edge(NodeIndex::new(dep.index()), NodeIndex::from(at), ());
            }
        }
        // toposort and kosaraju are iterative; tarjan would recurse.
        if let Ok(order) = petgraph::algo::toposort(&graph, None) {
            self.order = order
                .into_iter()
                .map(|index| NodeId(u32::try_from(index.index()).expect("as many as nodes")))
                .collect();
            return Diagnostics::new();
        }
        let cycles = petgraph::algo::kosaraju_scc(&graph).into_iter();
        cycles
            .filter_map(|members| {
                self.cycle(config, members.iter().map(|index| index.index()).collect())
            })
            .collect()
    }

    /// The message for a strongly connected component, if it is a cycle.
    fn cycle(&self, config: &Config, mut members: Vec<usize>) -> Option<Diagnostic> {
        members.sort_unstable();
        let only = *members.first()?;
        if members.len() == 1 && !self.deps[only].iter().any(|dep| dep.index() == only) {
            return None;
        }
        let mut names: Vec<String> = members
            .iter()
            .take(SHOWN)
            .map(|at| self.describe(config, self.nodes[*at]))
            .collect();
        if members.len() > SHOWN {
            names.push(format!("and {} more", members.len() - SHOWN));
        }
        let mut diagnostic = Diagnostic::error(
            rules::planning::CYCLE.named(format!("Cycle: {}", names.join(", "))),
            "",
        );
        let ring = self.ring(&members, only);
        let mut steps = Vec::new();
        for (from, to) in ring.iter().zip(ring.iter().skip(1)).take(SHOWN) {
            let (user, used) = (
                self.describe(config, self.nodes[*from]),
                self.describe(config, self.nodes[*to]),
            );
            let place = self.place_of(config, *from, *to);
            if let Some(span) = place.or_else(|| self.span(config, self.nodes[*from])) {
                let word = format!("{user} needs {used}");
                match diagnostic.subject {
                    None => diagnostic.subject = Some(span),
                    Some(_) => diagnostic.related.push((span, word)),
                }
            }
            steps.push(format!("{user} needs {used}"));
        }
        if ring.len() > SHOWN + 1 {
            steps.push(format!(
                "and so on, through {} more",
                ring.len() - 1 - SHOWN
            ));
        }
        diagnostic.detail = format!(
            "Each of these needs the value of another one of them, so none can be computed first: {}. Break the cycle by removing one of the references that are shown.",
            steps.join(", ")
        );
        Some(diagnostic)
    }

    /// A shortest way from a node of a cycle back to itself, with that node at both ends.
    fn ring(&self, members: &[usize], start: usize) -> Vec<usize> {
        let mut came_from: BTreeMap<usize, usize> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            for dep in self.deps[at].iter().map(|dep| dep.index()) {
                if dep == start {
                    let mut ring = vec![start, at];
                    let mut here = at;
                    while here != start {
                        here = came_from.get(&here).copied().unwrap_or(start);
                        ring.push(here);
                    }
                    ring.reverse();
                    return ring;
                }
                if members.binary_search(&dep).is_ok() && !came_from.contains_key(&dep) {
                    came_from.insert(dep, at);
                    queue.push_back(dep);
                }
            }
        }
        vec![start]
    }

    /// Where one node refers to another.
    fn place_of(&self, config: &Config, from: usize, to: usize) -> Option<Span> {
        let (mut deps, mut places) = (Vec::new(), Vec::new());
        Edges {
            config,
            graph: self,
            deps: &mut deps,
            places: Some(&mut places),
        }
        .of(self.nodes[from]);
        places
            .into_iter()
            .find(|(node, _)| node.index() == to)
            .map(|(_, span)| span)
    }

    /// How messages call a node.
    pub(crate) fn describe(&self, config: &Config, node: Node) -> String {
        let within = |module: ModuleId, name: String| {
            let path = &config.module(module).path;
            if path.is_root() {
                name
            } else {
                format!("{path}.{name}")
            }
        };
        match node {
            Node::Call(module, at) => within(
                module,
                format!("module.{}", config.module(module).calls[at as usize].name),
            ),
            Node::Variable(module, at) => within(
                module,
                format!("var.{}", config.module(module).variables[at as usize].name),
            ),
            Node::Local(module, at) => within(
                module,
                format!("local.{}", config.module(module).locals[at as usize].name),
            ),
            Node::Output(module, at) => within(
                module,
                format!("output.{}", config.module(module).outputs[at as usize].name),
            ),
            Node::Resource(module, at) => within(module, resource_name(config.module(module), at)),
            Node::Check(module, at) => within(
                module,
                format!("check.{}", config.module(module).checks[at as usize].name),
            ),
            Node::Provider(provider) => config.provider(provider).addr.to_string(),
        }
    }

    fn span(&self, config: &Config, node: Node) -> Option<Span> {
        Some(match node {
            Node::Call(module, at) => config.module(module).calls[at as usize].span,
            Node::Variable(module, at) => config.module(module).variables[at as usize].span,
            Node::Local(module, at) => config.module(module).locals[at as usize].span,
            Node::Output(module, at) => config.module(module).outputs[at as usize].span,
            Node::Resource(module, at) => config.module(module).resources[at as usize].span,
            Node::Check(module, at) => config.module(module).checks[at as usize].span,
            Node::Provider(provider) => return config.provider(provider).span,
        })
    }
}

/// `aws_instance.a`, `data.aws_ami.b`
pub(crate) fn resource_name(module: &Module, at: u32) -> String {
    use terrane_model::addr::Mode;
    let resource = &module.resources[at as usize];
    match resource.mode {
        Mode::Managed => format!("{}.{}", resource.type_name, resource.name),
        Mode::Data => format!("data.{}.{}", resource.type_name, resource.name),
        Mode::Ephemeral => format!("ephemeral.{}.{}", resource.type_name, resource.name),
        Mode::Action => format!("action.{}.{}", resource.type_name, resource.name),
    }
}

/// The nodes that a reference within `module` leads to.
pub(crate) fn each_target(
    config: &Config,
    module: &Module,
    reference: Reference,
    visit: &mut dyn FnMut(Node),
) {
    match reference {
        Reference::Variable(at) => visit(Node::Variable(module.id, at)),
        Reference::Local(at) => visit(Node::Local(module.id, at)),
        Reference::Resource(at) => visit(Node::Resource(module.id, at)),
        Reference::CallOutput(call, output) => {
            visit(Node::Call(module.id, call));
            visit(Node::Output(module.calls[call as usize].module, output));
        }
        Reference::Provider(provider) => visit(Node::Provider(provider)),
        Reference::Call(call) => {
            visit(Node::Call(module.id, call));
            let child = module.calls[call as usize].module;
            for (at, _) in (0u32..).zip(&config.module(child).outputs) {
                visit(Node::Output(child, at));
            }
        }
        Reference::CountIndex
        | Reference::EachKey
        | Reference::EachValue
        | Reference::SelfObject
        | Reference::PathModule
        | Reference::PathRoot
        | Reference::PathCwd
        | Reference::Workspace
        | Reference::Applying
        | Reference::List(_) => {}
    }
}

/// Collects the edges of one node.
struct Edges<'a> {
    config: &'a Config,
    graph: &'a Graph,
    deps: &'a mut Vec<NodeId>,
    /// Where each is referred to, if that is asked for.
    places: Option<&'a mut Vec<(NodeId, Span)>>,
}

impl Edges<'_> {
    fn add(&mut self, node: Node) {
        self.deps.push(self.graph.id(node));
    }

    fn reference(&mut self, module: &Module, reference: Reference) {
        let (graph, deps) = (self.graph, &mut *self.deps);
        each_target(self.config, module, reference, &mut |node| {
            deps.push(graph.id(node));
        });
    }

    fn uses(&mut self, module: &Module, used: &Use) {
        self.at(used.span, |edges| {
            edges.reference(module, module.slots[used.slot.0 as usize]);
        });
    }

    /// What is added within is referred to at this place.
    fn at(&mut self, span: Span, add: impl FnOnce(&mut Self)) {
        let before = self.deps.len();
        add(self);
        if let Some(places) = &mut self.places {
            let added = self.deps.get(before..).unwrap_or(&[]);
            places.extend(added.iter().map(|dep| (*dep, span)));
        }
    }

    fn expr(&mut self, module: &Module, expr: &Compiled) {
        expr.uses().iter().for_each(|used| self.uses(module, used));
    }

    fn repetition(&mut self, module: &Module, repetition: &Repetition) {
        match repetition {
            Repetition::Single => {}
            Repetition::Count(expr) | Repetition::ForEach(expr) | Repetition::Enabled(expr) => {
                self.expr(module, expr);
            }
        }
    }

    /// What `depends_on` names: for a module, everything in it.
    fn depends_on(&mut self, module: &Module, entries: &[Dependency]) {
        for entry in entries {
            self.at(entry.span, |edges| {
                edges.reference(module, entry.on);
                if let Reference::Call(call) = entry.on {
                    edges.everything_in(module.calls[call as usize].module);
                }
            });
        }
    }

    fn everything_in(&mut self, module: ModuleId) {
        let mut stack = vec![module];
        while let Some(id) = stack.pop() {
            let module = self.config.module(id);
            for (at, _) in (0u32..).zip(&module.resources) {
                self.add(Node::Resource(id, at));
            }
            stack.extend(module.calls.iter().map(|call| call.module));
        }
    }

    /// The call that makes the module's instances.
    fn parent(&mut self, module: &Module) {
        if let Some((parent, call)) = module.parent {
            self.add(Node::Call(parent, call));
        }
    }

    /// What decides how many instances of something in this module there are.
    fn instances(&mut self, module: &Module, repetition: &Repetition) {
        self.parent(module);
        self.repetition(module, repetition);
    }

    fn of(&mut self, node: Node) {
        match node {
            Node::Call(id, at) => {
                let module = self.config.module(id);
                let call = &module.calls[at as usize];
                self.instances(module, &call.repetition);
                // All that is in the module comes after it, values as well as resources.
                self.depends_on(module, &call.depends_on);
            }
            Node::Variable(id, at) => {
                let module = self.config.module(id);
                self.parent(module);
                if let Some((parent, call)) = module.parent {
                    let parent = self.config.module(parent);
                    if let Some(input) = &parent.calls[call as usize].inputs[at as usize] {
                        self.expr(parent, input);
                    }
                }
                for rule in &module.variables[at as usize].validations {
                    for used in rule.condition.uses().iter().chain(rule.message.uses()) {
                        if module.slots[used.slot.0 as usize] != Reference::Variable(at) {
                            self.uses(module, used);
                        }
                    }
                }
            }
            Node::Local(id, at) => {
                let module = self.config.module(id);
                self.parent(module);
                self.expr(module, &module.locals[at as usize].value);
            }
            Node::Output(id, at) => {
                let module = self.config.module(id);
                let output = &module.outputs[at as usize];
                self.parent(module);
                self.expr(module, &output.value);
                self.depends_on(module, &output.depends_on);
                for rule in &output.preconditions {
                    self.expr(module, &rule.condition);
                    self.expr(module, &rule.message);
                }
            }
            Node::Resource(id, at) => self.resource(self.config.module(id), at),
            Node::Check(id, at) => {
                let module = self.config.module(id);
                self.parent(module);
                for rule in &module.checks[at as usize].assertions {
                    self.expr(module, &rule.condition);
                    self.expr(module, &rule.message);
                }
                for (index, resource) in (0u32..).zip(&module.resources) {
                    if resource.within_check == Some(at) {
                        self.add(Node::Resource(id, index));
                    }
                }
            }
            Node::Provider(provider) => {
                let provider = self.config.provider(provider);
                let module = self.config.module(provider.module);
                self.parent(module);
                provider.body.each_use(&mut |used| self.uses(module, used));
            }
        }
    }

    fn resource(&mut self, module: &Module, at: u32) {
        let resource = &module.resources[at as usize];
        self.parent(module);
        self.add(Node::Provider(resource.provider.provider));
        if let Some(key) = &resource.provider.key {
            let from = resource.provider.key_from;
            let home = from.map_or(module, |(home, _)| self.config.module(home));
            self.expr(home, key);
        }
        self.repetition(module, &resource.repetition);
        let imports = self.config.imports.iter();
        for import in imports.filter(|import| import.resource == Some((module.id, at))) {
            let root = self.config.module(ModuleId(0));
            let keys = import.keys.iter().map(|(_, key)| key);
            for expr in keys
                .chain(&import.for_each)
                .chain(&import.id)
                .chain(&import.identity)
            {
                self.expr(root, expr);
            }
        }
        resource.body.each_use(&mut |used| self.uses(module, used));
        self.depends_on(module, &resource.depends_on);
        let lifecycle = &resource.lifecycle;
        if let Some(expr) = &lifecycle.prevent_destroy {
            self.expr(module, expr);
        }
        for trigger in &lifecycle.replace_triggered_by {
            self.at(trigger.span, |edges| {
                edges.add(Node::Resource(module.id, trigger.resource));
            });
            if let Some(key) = &trigger.key {
                self.expr(module, key);
            }
        }
        // A postcondition may speak of the resource itself.
        let own = Reference::Resource(at);
        for rule in lifecycle
            .preconditions
            .iter()
            .chain(&lifecycle.postconditions)
        {
            for used in rule.condition.uses().iter().chain(rule.message.uses()) {
                if module.slots[used.slot.0 as usize] != own {
                    self.uses(module, used);
                }
            }
        }
        for provisioner in &resource.provisioners {
            for body in std::iter::once(&provisioner.body).chain(&provisioner.connection) {
                body.each_use(&mut |used| {
                    if module.slots[used.slot.0 as usize] != own {
                        self.uses(module, used);
                    }
                });
            }
        }
    }
}
