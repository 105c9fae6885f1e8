//! What an action rests on: of the configuration, the declarations that lead to it; of the state, what it reads.
//!
//! The known values of a plan say what will be done, but not all of it: provider configurations, provisioners, write-only arguments and what is not
//! known yet come from the configuration while the plan is applied. So that a change of these is a change of the meaning of an action (and
//! a change elsewhere is not), each declaration gets a digest of what it says and of what it refers to. The way ends at other resources: their own
//! actions are approved themselves, and where they do nothing, their values and versions are taken in.

mod canon;

pub use canon::{Canon, Hash};

use crate::graph::{Graph, Node, NodeId};
use crate::objchange::schema_marks;
use crate::plan::{Action, Plan, ResourceChange};
use crate::planner::index::ConfigIndex;
use crate::view::text::Schemas;
use ecow::EcoString;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use terrane_config::config::{Config, ModuleId, Repetition};
use terrane_lang::expr::Compiled;
use terrane_lang::source::{FileId, SourceMap, Span};
use terrane_lang::syntax::outline::Outline;
use terrane_model::addr::{ConfigResource, InstanceAddr, Mode, ProviderAddr, ProviderConfigAddr};
use terrane_model::schema::Schema;
use terrane_value::Value;

/// What the basis of a plan is found from.
#[derive(Clone, Copy)]
pub struct BasisInput<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The configuration that it was made from.
    pub config: &'a Config,
    /// Its texts.
    pub sources: &'a SourceMap,
    /// Finds schemas, for what they call sensitive.
    pub schemas: Schemas<'a>,
    /// What sensitive values are hashed with.
    pub secret: &'a Hash,
    /// The programs that are the providers: version and digests of each, as the plan was made with them. Providers that are built in have none.
    pub programs: &'a BTreeMap<ProviderAddr, EcoString>,
}

impl fmt::Debug for BasisInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasisInput").finish_non_exhaustive()
    }
}

/// What the actions of a plan rest on.
#[derive(Debug)]
pub struct Basis<'a> {
    input: BasisInput<'a>,
    graph: Graph,
    index: ConfigIndex,
    texts: Texts<'a>,
    /// By node, as far as they were needed.
    nodes: Vec<OnceLock<Hash>>,
    /// By node: whether it was come to. Who crafts a plan file may put a cycle into it.
    begun: Vec<bool>,
    /// By node: how messages call it, as far as that was needed.
    names: Vec<OnceLock<String>>,
    /// By node: the changes of a resource.
    changes: Vec<Vec<&'a ResourceChange>>,
    /// By node: what is known of a resource for those that read it.
    leaves: Vec<Option<Hash>>,
    /// Changes of what is not configured any more.
    orphans: BTreeMap<ConfigResource, Vec<&'a ResourceChange>>,
    settings: Hash,
    removed: Hash,
    /// The schema that was asked for last: changes come in the order of addresses, so that many of a type follow each other.
    last: Mutex<Option<Asked>>,
}

/// A change of which everything is known that its basis is hashed from.
#[derive(Clone, Copy, Debug)]
pub struct Rest(Grounds);

#[derive(Clone, Copy, Debug)]
enum Grounds {
    /// It is configured: here.
    Node(NodeId),
    /// It is not configured any more: its provider is.
    Provider(Hash),
}

/// A schema that was asked for.
#[derive(Debug)]
struct Asked {
    provider: ProviderAddr,
    mode: Mode,
    type_name: EcoString,
    schema: Option<Arc<Schema>>,
}

impl<'a> Basis<'a> {
    /// Looks at a plan and its configuration.
    #[must_use]
    pub fn new(input: BasisInput<'a>) -> Self {
        let graph = Graph::unordered(input.config);
        let index = ConfigIndex::new(input.config);
        let mut changes = vec![Vec::new(); graph.len()];
        let mut orphans: BTreeMap<ConfigResource, Vec<&ResourceChange>> = BTreeMap::new();
        for change in &input.plan.changes {
            let resource = &change.addr.resource;
            match index.resource(resource) {
                Some((module, at)) => {
                    let id = graph.id(Node::Resource(module, at));
                    changes[id.index()].push(change);
                }
                None => orphans.entry(resource.config()).or_default().push(change),
            }
        }
        let texts = Texts::new(input.sources);
        let settings = texts.settings();
        let removed = texts.removed(input.config);
        Self {
            nodes: vec![OnceLock::new(); graph.len()],
            begun: vec![false; graph.len()],
            names: vec![OnceLock::new(); graph.len()],
            leaves: vec![None; graph.len()],
            index,
            graph,
            texts,
            changes,
            orphans,
            settings,
            removed,
            last: Mutex::new(None),
            input,
        }
    }

    /// The schema of a type, as the input finds it.
    #[must_use]
    pub fn schema(
        &self,
        provider: &ProviderAddr,
        mode: Mode,
        type_name: &str,
    ) -> Option<Arc<Schema>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = &*last
            && asked.type_name == type_name
            && asked.mode == mode
            && asked.provider == *provider
        {
            return asked.schema.clone();
        }
        let schema = (self.input.schemas)(provider, mode, type_name);
        *last = Some(Asked {
            provider: provider.clone(),
            mode,
            type_name: type_name.into(),
            schema: schema.clone(),
        });
        schema
    }

    /// Looks up what a change rests on. Changes share most of that, so it is done for one after the other; hashing it ([`Self::of_change`]) is not.
    pub fn look_up(&mut self, change: &ResourceChange) -> Rest {
        for on in change.dependencies.iter() {
            if let Some((module, at)) = self.index.config_resource(on) {
                self.leaf(self.graph.id(Node::Resource(module, at)));
            }
        }
        let Some((module, at)) = self.index.resource(&change.addr.resource) else {
            return Rest(Grounds::Provider(self.provider(&change.provider)));
        };
        let node = Node::Resource(module, at);
        let id = self.graph.id(node);
        if self.is_leaf(id) {
            self.look_up_needs(id);
        } else {
            self.node(node);
        }
        Rest(Grounds::Node(id))
    }

    /// What a change rests on.
    #[must_use]
    pub fn of_change(&self, change: &ResourceChange, rest: Rest) -> Hash {
        let mut canon = Canon::new("terrane basis of a change");
        canon.bytes(&self.settings);
        match rest {
            Rest(Grounds::Node(id)) => {
                canon.bytes(self.nodes[id.index()].get_or_init(|| self.digest(id)));
            }
            Rest(Grounds::Provider(provider)) => {
                // What is not configured any more may have been told what to run before it goes.
                canon.bytes(&self.removed);
                canon.bytes(&provider);
            }
        }
        canon.number(self.version(change.previous_addr.as_ref().unwrap_or(&change.addr)));
        canon.length(change.dependencies.len());
        for on in change.dependencies.iter() {
            canon.text(&on.to_string());
            let digest = match self.index.config_resource(on) {
                Some((module, at)) => self.known(self.graph.id(Node::Resource(module, at))),
                None => self.read(self.orphans.get(on).map_or(&[][..], Vec::as_slice)),
            };
            canon.bytes(&digest);
        }
        canon.finish()
    }

    /// What an action rests on.
    pub fn of_invocation(&mut self, invocation: &crate::action::ActionInvocation) -> Hash {
        let mut canon = Canon::new("terrane basis of an action");
        canon.bytes(&self.settings);
        match self.index.resource(&invocation.addr.resource) {
            Some((module, at)) => canon.bytes(&self.node(Node::Resource(module, at))),
            None => canon.bytes(&self.provider(&invocation.provider)),
        }
        canon.finish()
    }

    /// What the value of a root output rests on.
    pub fn of_output(&mut self, name: &str) -> Hash {
        let root = self.input.config.modules.first();
        let outputs = root.map_or(&[][..], |root| root.outputs.as_slice());
        let found = (0u32..)
            .zip(outputs)
            .find(|(_, output)| output.name == name);
        found.map_or([0; 32], |(at, _)| self.node(Node::Output(ModuleId(0), at)))
    }

    /// What a provider configuration rests on.
    pub fn provider(&mut self, addr: &ProviderConfigAddr) -> Hash {
        let mut providers = (0u32..).zip(&self.input.config.providers);
        let found = providers.find(|(_, provider)| provider.addr == *addr);
        match found {
            Some((at, _)) => self.node(Node::Provider(terrane_config::config::ProviderId(at))),
            None => {
                let mut canon = Canon::new("terrane provider without configuration");
                canon.text(&addr.to_string());
                canon.finish()
            }
        }
    }

    /// A value of an object, with the marks of its schema.
    #[must_use]
    pub fn marked(&self, provider: &ProviderAddr, addr: &InstanceAddr, value: &Value) -> Value {
        let resource = &addr.resource;
        let schema = self.schema(provider, resource.mode, &resource.type_name);
        marked(schema.as_deref(), value)
    }

    /// The version of an instance that the plan was made from; 0: it did not exist.
    #[must_use]
    pub fn version(&self, addr: &InstanceAddr) -> u64 {
        self.input.plan.base.read.get(addr).copied().unwrap_or(0)
    }

    /// The digest of a declaration and of all that it refers to.
    fn node(&mut self, wanted: Node) -> Hash {
        let wanted = self.graph.id(wanted);
        if !self.begun[wanted.index()] {
            self.walk(wanted);
        }
        self.found(wanted)
    }

    /// Finds the digest of a declaration. Depth first, so that each comes behind what it needs; without recursion, for ways are as long as configurations.
    fn walk(&mut self, wanted: NodeId) {
        // A node, and which of its edges is next.
        let mut way = vec![(wanted, 0)];
        self.begun[wanted.index()] = true;
        while let Some((id, next)) = way.last_mut() {
            let id = *id;
            let dep = self.graph.deps(id).get(*next).copied();
            *next += 1;
            match dep {
                Some(dep) if self.is_leaf(dep) => self.leaf(dep),
                Some(dep) => {
                    if !self.begun[dep.index()] {
                        self.begun[dep.index()] = true;
                        way.push((dep, 0));
                    }
                }
                None => {
                    // Nobody else has come to it.
                    let digest = self.digest(id);
                    self.nodes[id.index()] = OnceLock::from(digest);
                    way.pop();
                }
            }
        }
    }

    /// Finds the digests of all that a resource refers to.
    fn look_up_needs(&mut self, id: NodeId) {
        for at in 0..self.graph.deps(id).len() {
            let dep = self.graph.deps(id)[at];
            if self.is_leaf(dep) {
                self.leaf(dep);
            } else if !self.begun[dep.index()] {
                self.walk(dep);
            }
        }
    }

    /// What was found of a declaration. Nothing, where it refers to itself.
    fn found(&self, id: NodeId) -> Hash {
        self.nodes[id.index()].get().copied().unwrap_or([0; 32])
    }

    /// Whether the way ends here: it is a resource with actions or values of its own.
    fn is_leaf(&self, id: NodeId) -> bool {
        let Node::Resource(module, at) = self.graph.node(id) else {
            return false;
        };
        let resource = self.input.config.module(module).resources.get(at as usize);
        resource.is_some_and(|resource| matches!(resource.mode, Mode::Managed | Mode::Data))
    }

    /// The digest of a declaration of which everything was found that it refers to.
    fn digest(&self, id: NodeId) -> Hash {
        let mut canon = Canon::new("terrane basis of a declaration");
        canon.text(self.name(id));
        self.own(self.graph.node(id), &mut canon);
        let deps = self.graph.deps(id);
        canon.length(deps.len());
        for dep in deps {
            canon.text(self.name(*dep));
            if self.is_leaf(*dep) {
                canon.bytes(&self.known(*dep));
            } else {
                canon.bytes(&self.found(*dep));
            }
        }
        canon.finish()
    }

    fn name(&self, id: NodeId) -> &str {
        let name = || self.graph.describe(self.input.config, self.graph.node(id));
        self.names[id.index()].get_or_init(name)
    }

    /// What a declaration says itself.
    fn own(&self, node: Node, canon: &mut Canon) {
        let config = self.input.config;
        match node {
            Node::Call(module, at) => {
                let call = &config.module(module).calls[at as usize];
                canon.text(&call.source);
                canon.option(call.version.as_deref());
                match &call.repetition {
                    Repetition::Single => canon.tag(0),
                    Repetition::Count(expr) => self.texts.expr(expr, 1, canon),
                    Repetition::ForEach(expr) => self.texts.expr(expr, 2, canon),
                    Repetition::Enabled(expr) => self.texts.expr(expr, 3, canon),
                }
            }
            Node::Variable(module, at) => self.variable(module, at, canon),
            Node::Local(module, at) => {
                let local = &config.module(module).locals[at as usize];
                self.texts.part(local.span, canon);
                self.overrides(module, canon);
            }
            Node::Output(module, at) => {
                let output = &config.module(module).outputs[at as usize];
                self.texts.item(output.span, canon);
                self.overrides(module, canon);
            }
            Node::Resource(module, at) => {
                let resource = &config.module(module).resources[at as usize];
                self.texts.item(resource.span, canon);
                self.overrides(module, canon);
            }
            Node::Check(module, at) => {
                let check = &config.module(module).checks[at as usize];
                self.texts.item(check.span, canon);
            }
            Node::Provider(provider) => {
                let provider = config.provider(provider);
                canon.text(&provider.addr.to_string());
                if let Some(span) = provider.span {
                    self.texts.item(span, canon);
                    self.overrides(provider.module, canon);
                }
            }
        }
    }

    fn variable(&self, module: ModuleId, at: u32, canon: &mut Canon) {
        let config = self.input.config;
        let module = config.module(module);
        let variable = &module.variables[at as usize];
        self.texts.item(variable.span, canon);
        self.overrides(module.id, canon);
        match module.parent {
            Some((parent, call)) => {
                let inputs = &config.module(parent).calls[call as usize].inputs;
                match inputs.get(at as usize).and_then(Option::as_ref) {
                    Some(input) => self.texts.expr(input, 1, canon),
                    None => canon.tag(0),
                }
            }
            None => match self.input.plan.variables.get(&variable.name) {
                Some(value) => {
                    canon.tag(1);
                    canon.value(value, self.input.secret);
                }
                None => canon.tag(0),
            },
        }
    }

    /// Files that change what others declare may have changed any declaration of their module.
    fn overrides(&self, module: ModuleId, canon: &mut Canon) {
        let dir = &self.input.config.module(module).dir;
        if let Some(digest) = self.texts.overrides.get(dir.as_str()) {
            canon.bytes(digest);
        }
    }

    /// Looks up what is known of another resource that is configured.
    fn leaf(&mut self, id: NodeId) {
        if self.leaves[id.index()].is_none() {
            self.leaves[id.index()] = Some(self.read(&self.changes[id.index()]));
        }
    }

    /// What is known of another resource that is configured.
    fn known(&self, id: NodeId) -> Hash {
        self.leaves[id.index()].unwrap_or_else(|| self.read(&self.changes[id.index()]))
    }

    /// What is known of another resource: versions, and the values of objects that nothing is done to.
    fn read(&self, changes: &[&ResourceChange]) -> Hash {
        let mut canon = Canon::new("terrane basis of a resource that is read");
        for change in changes {
            canon.text(&change.addr.to_string());
            canon.option(change.deposed.as_ref().map(|key| key.0.as_str()));
            canon.number(self.version(&change.addr));
            canon.tag(u8::from(change.action == Action::NoOp));
            if change.action == Action::NoOp {
                let value = self.marked(&change.provider.provider, &change.addr, &change.after);
                canon.value(&value, self.input.secret);
            }
        }
        canon.finish()
    }
}

/// A value of an object, with the marks of its schema.
#[must_use]
pub fn marked(schema: Option<&Schema>, value: &Value) -> Value {
    match schema {
        Some(schema) => schema_marks(&schema.block, value),
        None => value.clone(),
    }
}

/// The texts of a configuration.
#[derive(Debug)]
struct Texts<'a> {
    files: BTreeMap<FileId, Text<'a>>,
    /// By folder: all files that override.
    overrides: BTreeMap<String, Hash>,
}

/// A file.
#[derive(Debug)]
struct Text<'a> {
    text: &'a str,
    /// `None` where it is JSON.
    outline: Option<Outline<'a>>,
    /// Of all of it, where that was needed.
    whole: OnceLock<Hash>,
}

impl<'a> Texts<'a> {
    fn new(sources: &'a SourceMap) -> Self {
        let mut folders: BTreeMap<String, Canon> = BTreeMap::new();
        for (_, file) in sources.iter() {
            let (dir, name) = file.path.rsplit_once('/').unwrap_or((".", &file.path));
            let stem = name.split('.').next().unwrap_or_default();
            if stem == "override" || stem.ends_with("_override") {
                let canon = folders
                    .entry(dir.to_owned())
                    .or_insert_with(|| Canon::new("terrane overrides"));
                canon.text(name);
                canon.text(&file.text);
            }
        }
        let overrides = folders.into_iter();
        let files: Vec<_> = sources.iter().collect();
        let files = files.into_par_iter().map(|(id, file)| {
            let text = Text {
                text: &file.text,
                outline: (!is_json(&file.path)).then(|| Outline::new(&file.text)),
                whole: OnceLock::new(),
            };
            (id, text)
        });
        Self {
            files: files.collect(),
            overrides: overrides
                .map(|(dir, canon)| (dir, canon.finish()))
                .collect(),
        }
    }

    /// The outline of a file; `None` where it is JSON.
    fn outline(&self, file: FileId) -> Option<&Outline<'a>> {
        self.files.get(&file)?.outline.as_ref()
    }

    /// A file as a whole. Each of its declarations needs it, so it is hashed once.
    fn whole(&self, file: FileId, canon: &mut Canon) {
        let file = self.files.get(&file);
        let hash = || {
            let mut canon = Canon::new("terrane file");
            canon.text(file.map_or("", |file| file.text));
            canon.finish()
        };
        canon.tag(9);
        match file {
            Some(file) => canon.bytes(file.whole.get_or_init(hash)),
            None => canon.bytes(&hash()),
        }
    }

    /// The block or attribute at the top of its file that a place is in.
    fn item(&self, span: Span, canon: &mut Canon) {
        let meaning = self.outline(span.file).and_then(|outline| {
            let item = outline.item_at(span.start)?;
            Some(outline.meaning(item))
        });
        match meaning {
            Some(meaning) => {
                canon.tag(1);
                canon.bytes(&meaning);
            }
            None => self.whole(span.file, canon),
        }
    }

    /// Just a part of a file.
    fn part(&self, span: Span, canon: &mut Canon) {
        let meaning = self
            .outline(span.file)
            .map(|outline| outline.meaning_of(span.start, span.end));
        match meaning {
            Some(meaning) => {
                canon.tag(2);
                canon.bytes(&meaning);
            }
            None => self.whole(span.file, canon),
        }
    }

    fn expr(&self, expr: &Compiled, tag: u8, canon: &mut Canon) {
        canon.tag(tag);
        self.part(expr.span(), canon);
    }

    /// What is said about the program and the providers as a whole.
    fn settings(&self) -> Hash {
        let mut found: Vec<Vec<u8>> = Vec::new();
        for file in self.files.values() {
            match &file.outline {
                Some(outline) => found.extend(
                    (0..outline.len())
                        .filter(|item| outline.kind(*item) == "terraform")
                        .map(|item| outline.meaning(item)),
                ),
                // Whole files in JSON are in what they declare, except for this.
                None => {
                    if file.text.contains("\"terraform\"") {
                        found.push(file.text.as_bytes().to_vec());
                    }
                }
            }
        }
        found.sort_unstable();
        let mut canon = Canon::new("terrane settings");
        found.iter().for_each(|text| canon.bytes(text));
        canon.finish()
    }

    /// What is run before objects go that are not configured any more.
    fn removed(&self, config: &Config) -> Hash {
        let mut canon = Canon::new("terrane removed");
        for module in &config.modules {
            for removed in module
                .removed
                .iter()
                .filter(|one| !one.provisioners.is_empty())
            {
                self.item(removed.span, &mut canon);
            }
        }
        canon.finish()
    }
}

fn is_json(path: &str) -> bool {
    path.ends_with(".json")
}
