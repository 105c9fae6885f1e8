//! `graph`: which resource depends on which.

use crate::failure::{Failure, Report};
use crate::load::{Loaded, Origin, load};
use crate::session::Session;
use crate::variables::{self, VariableArgument};
use std::collections::{BTreeMap, BTreeSet};
use terrane_config::config::{
    Condition, Config, Dependency, Module, ModuleId, Reference, Repetition, Resource,
};
use terrane_lang::expr::{Compiled, Use};
use terrane_lang::source::SourceMap;
use terrane_model::addr::ConfigResource;
use terrane_model::snapshot::Snapshot;
use terrane_plan::plan::{Action, Plan};

/// A resource: its module, and its index there.
type Node = (u32, u32);

/// Resources and what they depend on.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// In the order of modules and names.
    pub nodes: Vec<GraphNode>,
    /// From what depends to what it depends on, without those that follow from others; as positions in `nodes`.
    pub edges: Vec<(usize, usize)>,
}

/// A resource.
#[derive(Clone, Debug)]
pub struct GraphNode {
    /// `module.net.aws_vpc.this`
    pub address: String,
    /// The address within its module.
    pub label: String,
    /// The names of the modules around it, outermost first.
    pub modules: Vec<String>,
    /// File and line of its block.
    pub place: Option<(String, u32)>,
    /// How many of its instances a plan does what with, in the order of importance; empty: none, or there is no plan.
    pub actions: Vec<(Action, usize)>,
}

/// The configuration in the working directory, and warnings.
///
/// # Errors
/// When the configuration has errors.
pub async fn read(
    session: &Session,
    arguments: &[VariableArgument],
) -> Result<(Loaded, Report), Failure> {
    let collected = variables::collect(&session.env, arguments, &mut SourceMap::default())?;
    let nothing = Snapshot::default();
    let loaded = load(session, &nothing, Origin::Disk, &collected.values).await?;
    let report = Report {
        diagnostics: loaded.warnings.clone(),
        sources: loaded.sources.clone(),
    };
    Ok((loaded, report))
}

/// The graph of a configuration, with what a plan does.
#[must_use]
pub fn graph(loaded: &Loaded, plan: Option<&Plan>) -> Graph {
    let config = &loaded.config;
    let mut actions: BTreeMap<ConfigResource, Vec<(Action, usize)>> = BTreeMap::new();
    for change in plan.into_iter().flat_map(|plan| &plan.changes) {
        if change.action == Action::NoOp {
            continue;
        }
        let of = actions.entry(change.addr.resource.config()).or_default();
        match of.iter_mut().find(|(action, _)| *action == change.action) {
            Some((_, count)) => *count += 1,
            None => of.push((change.action, 1)),
        }
    }
    let mut nodes = Vec::new();
    for module in &config.modules {
        let ModuleId(id) = module.id;
        for (index, resource) in (0u32..).zip(&module.resources) {
            let addr = ConfigResource {
                module: module.path.clone(),
                mode: resource.mode,
                type_name: resource.type_name.clone(),
                name: resource.name.clone(),
            };
            let file = loaded.sources.get(resource.span.file);
            let mut actions = actions.remove(&addr).unwrap_or_default();
            actions.sort_by_key(|(action, _)| importance(*action));
            let node = GraphNode {
                address: addr.to_string(),
                label: label(resource),
                modules: module.path.0.iter().map(ToString::to_string).collect(),
                place: file
                    .map(|file| (file.path.clone(), file.position(resource.span.start).line)),
                actions,
            };
            nodes.push(((id, index), node));
        }
    }
    nodes.sort_by(|(_, a), (_, b)| (&a.modules, &a.label).cmp(&(&b.modules, &b.label)));
    let places: BTreeMap<Node, usize> = (nodes.iter().enumerate())
        .map(|(at, (node, _))| (*node, at))
        .collect();
    let mut found: Vec<(usize, usize)> = (reduced(&edges(config)).iter())
        .flat_map(|(from, to)| to.iter().map(|to| (*from, *to)))
        .filter_map(|(from, to)| Some((*places.get(&from)?, *places.get(&to)?)))
        .collect();
    found.sort_unstable();
    Graph {
        nodes: nodes.into_iter().map(|(_, node)| node).collect(),
        edges: found,
    }
}

/// What is shown where several things are done.
fn importance(action: Action) -> u8 {
    match action {
        Action::Delete => 0,
        Action::DeleteThenCreate | Action::CreateThenDelete | Action::ForgetThenCreate => 1,
        Action::Update => 2,
        Action::Create => 3,
        Action::Forget => 4,
        Action::Read => 5,
        Action::NoOp => 6,
    }
}

/// The graph as DOT.
#[must_use]
pub fn dot(config: &Config) -> String {
    let edges = reduced(&edges(config));
    let mut lines = vec![
        String::from("digraph G {"),
        String::from("  rankdir = \"RL\";"),
        String::from("  node [shape = rect, fontname = \"sans-serif\"];"),
    ];
    let mut modules: Vec<&Module> = config.modules.iter().collect();
    modules.sort_by_key(|module| module.path.to_string());
    for module in modules.iter().filter(|module| !module.resources.is_empty()) {
        let root = module.path.is_root();
        let indent = if root { "  " } else { "    " };
        if !root {
            let path = module.path.to_string();
            lines.push(format!("  subgraph \"cluster_{path}\" {{"));
            lines.push(format!("    label = \"{path}\""));
            lines.push(String::from("    fontname = \"sans-serif\""));
        }
        let mut labels: Vec<String> = module.resources.iter().map(label).collect();
        labels.sort();
        for label in labels {
            let name = name(module, &label);
            lines.push(format!("{indent}{name:?} [label={label:?}];"));
        }
        if !root {
            lines.push(String::from("  }"));
        }
    }
    let shown = |(module, at): Node| {
        let module = &config.modules[module as usize];
        let resource = &module.resources[at as usize];
        (module.path.to_string(), name(module, &label(resource)))
    };
    let mut arrows: Vec<_> = edges
        .iter()
        .flat_map(|(from, to)| {
            let from = shown(*from);
            to.iter().map(move |to| (from.clone(), *to))
        })
        .map(|(from, to)| (from, shown(to)))
        .collect();
    arrows.sort();
    let arrows = arrows
        .iter()
        .map(|((_, from), (_, to))| format!("  {from:?} -> {to:?};"));
    lines.extend(arrows);
    lines.push(String::from("}\n"));
    lines.join("\n")
}

fn label(resource: &Resource) -> String {
    terrane_model::addr::ConfigResource {
        module: terrane_model::addr::ModulePath::root(),
        mode: resource.mode,
        type_name: resource.type_name.clone(),
        name: resource.name.clone(),
    }
    .to_string()
}

fn name(module: &Module, label: &str) -> String {
    if module.path.is_root() {
        label.to_owned()
    } else {
        format!("{}.{label}", module.path)
    }
}

/// What each resource depends on, through whatever is between them.
fn edges(config: &Config) -> BTreeMap<Node, BTreeSet<Node>> {
    let mut edges = BTreeMap::new();
    for (at, module) in (0u32..).zip(&config.modules) {
        for (index, resource) in (0u32..).zip(&module.resources) {
            let mut walk = Walk {
                config,
                queue: Vec::new(),
                seen: BTreeSet::new(),
                found: BTreeSet::new(),
            };
            walk.resource(at, resource);
            walk.callers(at);
            walk.run();
            walk.found.remove(&(at, index));
            edges.insert((at, index), walk.found);
        }
    }
    edges
}

/// One search from a resource to the next ones.
struct Walk<'c> {
    config: &'c Config,
    queue: Vec<(u32, Reference)>,
    seen: BTreeSet<(u32, Reference)>,
    found: BTreeSet<Node>,
}

impl Walk<'_> {
    fn run(&mut self) {
        while let Some((module, reference)) = self.queue.pop() {
            if self.seen.insert((module, reference)) {
                self.follow(module, reference);
            }
        }
    }

    fn used(&mut self, module: u32, used: &Use) {
        let slots = &self.config.modules[module as usize].slots;
        if let Some(reference) = slots.get(used.slot.0 as usize) {
            self.queue.push((module, *reference));
        }
    }

    fn expr(&mut self, module: u32, expr: &Compiled) {
        for used in expr.uses() {
            self.used(module, used);
        }
    }

    fn body(&mut self, module: u32, body: &terrane_config::body::CompiledBody) {
        body.each_use(&mut |used| self.used(module, used));
    }

    fn conditions(&mut self, module: u32, conditions: &[Condition]) {
        for condition in conditions {
            self.expr(module, &condition.condition);
            self.expr(module, &condition.message);
        }
    }

    fn repetition(&mut self, module: u32, repetition: &Repetition) {
        match repetition {
            Repetition::Single => {}
            Repetition::Count(expr) | Repetition::ForEach(expr) | Repetition::Enabled(expr) => {
                self.expr(module, expr);
            }
        }
    }

    fn depends_on(&mut self, module: u32, dependencies: &[Dependency]) {
        for dependency in dependencies {
            match dependency.on {
                Reference::Call(call) => {
                    let calls = &self.config.modules[module as usize].calls;
                    if let Some(call) = calls.get(call as usize) {
                        self.whole(call.module);
                    }
                }
                reference => self.queue.push((module, reference)),
            }
        }
    }

    /// Everything in a module and in those that it calls.
    fn whole(&mut self, ModuleId(module): ModuleId) {
        let path = &self.config.modules[module as usize].path;
        for (at, inner) in (0u32..).zip(&self.config.modules) {
            if inner.path.0.starts_with(&path.0) {
                let all = (0u32..).zip(&inner.resources);
                self.found.extend(all.map(|(index, _)| (at, index)));
            }
        }
    }

    fn resource(&mut self, module: u32, resource: &Resource) {
        self.body(module, &resource.body);
        self.repetition(module, &resource.repetition);
        self.depends_on(module, &resource.depends_on);
        let lifecycle = &resource.lifecycle;
        self.conditions(module, &lifecycle.preconditions);
        self.conditions(module, &lifecycle.postconditions);
        for trigger in &lifecycle.replace_triggered_by {
            self.queue
                .push((module, Reference::Resource(trigger.resource)));
        }
        for provisioner in &resource.provisioners {
            self.body(module, &provisioner.body);
        }
        if let Some(key) = &resource.provider.key {
            let from = resource.provider.key_from;
            self.expr(from.map_or(module, |(ModuleId(home), _)| home), key);
        }
        let provider = self.config.provider(resource.provider.provider);
        let ModuleId(home) = provider.module;
        self.body(home, &provider.body);
    }

    /// What holds for all that is in a module: how its calls repeat and what they wait for.
    fn callers(&mut self, mut module: u32) {
        while let Some((ModuleId(parent), call)) = self.config.modules[module as usize].parent {
            let calls = &self.config.modules[parent as usize].calls;
            if let Some(call) = calls.get(call as usize) {
                self.repetition(parent, &call.repetition);
                self.depends_on(parent, &call.depends_on);
            }
            module = parent;
        }
    }

    fn follow(&mut self, at: u32, reference: Reference) {
        let module = &self.config.modules[at as usize];
        match reference {
            Reference::Variable(variable) => {
                if let Some((ModuleId(parent), call)) = module.parent
                    && let Some(call) = self.config.modules[parent as usize]
                        .calls
                        .get(call as usize)
                    && let Some(Some(input)) = call.inputs.get(variable as usize)
                {
                    self.expr(parent, input);
                }
            }
            Reference::Local(local) => {
                if let Some(local) = module.locals.get(local as usize) {
                    self.expr(at, &local.value);
                }
            }
            Reference::Resource(index) => {
                self.found.insert((at, index));
            }
            Reference::Call(call) => {
                if let Some(call) = module.calls.get(call as usize) {
                    let ModuleId(child) = call.module;
                    let count = self.config.modules[child as usize].outputs.len();
                    for output in (0u32..).take(count) {
                        self.output(child, output);
                    }
                    self.repetition(at, &call.repetition);
                }
            }
            Reference::CallOutput(call, output) => {
                if let Some(call) = module.calls.get(call as usize) {
                    let ModuleId(child) = call.module;
                    self.output(child, output);
                    self.repetition(at, &call.repetition);
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
            Reference::Provider(provider) => {
                let provider = self.config.provider(provider);
                let ModuleId(home) = provider.module;
                self.body(home, &provider.body);
            }
        }
    }

    fn output(&mut self, module: u32, output: u32) {
        let outputs = &self.config.modules[module as usize].outputs;
        if let Some(output) = outputs.get(output as usize) {
            self.expr(module, &output.value);
            self.depends_on(module, &output.depends_on);
        }
    }
}

/// Without edges that follow from others.
fn reduced(edges: &BTreeMap<Node, BTreeSet<Node>>) -> BTreeMap<Node, BTreeSet<Node>> {
    edges
        .iter()
        .map(|(from, to)| {
            // Everything that can be reached by two steps or more.
            let mut beyond = BTreeSet::new();
            let mut queue: Vec<Node> = to
                .iter()
                .flat_map(|node| edges.get(node))
                .flatten()
                .copied()
                .collect();
            while let Some(node) = queue.pop() {
                if beyond.insert(node) {
                    queue.extend(edges.get(&node).into_iter().flatten());
                }
            }
            (*from, to.difference(&beyond).copied().collect())
        })
        .collect()
}
