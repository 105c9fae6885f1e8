//! The world of one run: which instances exist, and the value of everything that configuration can refer to.
//!
//! Planning and applying share it. Planning fills it node by node in the order of the [`Graph`]; applying fills in what the plan
//! decided and puts real values where the plan had unknown ones. Values are kept per declaration and module instance in plain
//! vectors; each is computed once.

use crate::graph::{Graph, Node, NodeId};
use crate::plan::ExpansionKind;
use ecow::EcoString;
use std::sync::{Arc, OnceLock};
use terrane_config::config::{Config, ModuleId, Repetition, Resource};
use terrane_config::repetition::Unknown;
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::functions::Functions;
use terrane_model::addr::{InstanceAddr, InstanceKey, ModuleInstance, ResourceAddr};
use terrane_value::Value;

mod compute;
pub(crate) mod expand;
mod needs;
mod rules;
mod scope;

use expand::expand;
pub(crate) use expand::{Expanded, uses_repetition};
pub(crate) use rules::Ruled;
pub(crate) use scope::InstanceScope;

/// One module instance: the module, and which of its instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) module: ModuleId,
    pub(crate) pos: u32,
}

impl Place {
    pub(crate) const ROOT: Self = Self {
        module: ModuleId(0),
        pos: 0,
    };
}

/// What `count.index`, `each.key` and `each.value` are for one instance.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Repeat {
    /// Not repeated.
    #[default]
    None,
    /// `count.index`
    Count(u64),
    /// `each.key` and `each.value`
    Each(EcoString, Value),
    /// The same for an element of a tuple or list: only `import` blocks go through these.
    Item(u64, Value),
    /// One instance that stands for all of which nothing is known.
    Any,
}

/// A module instance.
#[derive(Debug)]
pub(crate) struct ModuleCell {
    pub(crate) addr: ModuleInstance,
    /// The calling instance.
    pub(crate) parent: Option<Place>,
    /// It stands for all instances of a call of which nothing is known yet, or lies in one that does.
    pub(crate) open: bool,
}

/// A value, or nothing where an error was reported.
pub(crate) type Cell = Result<Value, ()>;

/// The instances of a module call in one module instance.
#[derive(Debug)]
pub(crate) struct CallCell {
    pub(crate) kind: ExpansionKind,
    pub(crate) keys: Arc<[Option<InstanceKey>]>,
    /// Position of the first child; the others follow in the order of the keys.
    pub(crate) first: u32,
    /// The one child stands for all, of which nothing is known yet.
    pub(crate) open: bool,
    /// The value of `for_each`: given when planning expands the call, evaluated when first needed while applying.
    each: OnceLock<Value>,
}

/// The instances of a resource in one module instance.
#[derive(Debug)]
pub(crate) struct ResourceCell {
    pub(crate) kind: ExpansionKind,
    pub(crate) keys: Arc<[Option<InstanceKey>]>,
    /// The value of `for_each`: given when planning expands the resource, evaluated when first needed while applying.
    each: OnceLock<Value>,
    /// By key. Outer `None`: not there yet. `Err`: failed.
    pub(crate) values: Vec<Option<Cell>>,
    /// Where the repetition itself failed.
    pub(crate) failed: bool,
    /// The one instance stands for all, of which nothing is known yet.
    pub(crate) open: bool,
    whole: OnceLock<Cell>,
}

/// What is kept for a node, by position of the module instance.
#[derive(Debug)]
enum Cells {
    None,
    Values(Vec<OnceLock<Cell>>),
    Calls(Vec<Option<CallCell>>),
    Resources(Vec<Option<ResourceCell>>),
}

/// Everything that can be referred to.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: Arc<Config>,
    pub(crate) graph: Arc<Graph>,
    pub(crate) functions: Functions,
    pub(crate) workspace: EcoString,
    pub(crate) cwd: EcoString,
    pub(crate) applying: bool,
    /// A repetition that is not known is no error.
    pub(crate) may_be_open: bool,
    modules: Vec<Vec<ModuleCell>>,
    cells: Vec<Cells>,
    rulings: rules::Rulings,
}

impl World {
    /// A world with only the root module instance and the values of its variables.
    pub(crate) fn new(config: Arc<Config>, graph: Arc<Graph>, functions: Functions) -> Self {
        let modules = config.modules.iter().map(|_| Vec::new()).collect();
        let cells = (0..graph.len())
            .map(|at| Self::no_cells(graph.node(NodeId(u32::try_from(at).unwrap_or(u32::MAX)))))
            .collect();
        let mut world = Self {
            config,
            graph,
            functions,
            workspace: EcoString::new(),
            cwd: EcoString::new(),
            applying: false,
            may_be_open: false,
            modules,
            cells,
            rulings: rules::Rulings::default(),
        };
        if !world.config.modules.is_empty() {
            world.add_module_instance(
                ModuleId(0),
                ModuleCell {
                    addr: ModuleInstance::root(),
                    parent: None,
                    open: false,
                },
            );
        }
        world
    }

    fn no_cells(node: Node) -> Cells {
        match node {
            Node::Variable(..) | Node::Local(..) | Node::Output(..) => Cells::Values(Vec::new()),
            Node::Call(..) => Cells::Calls(Vec::new()),
            Node::Resource(..) => Cells::Resources(Vec::new()),
            // The values of provider configurations are of use to functions only, and these are of those that have one instance.
            Node::Provider(_) => Cells::Values(vec![OnceLock::new()]),
            Node::Check(..) => Cells::None,
        }
    }

    /// Adds an instance of a module, with room for everything in it.
    pub(crate) fn add_module_instance(&mut self, module: ModuleId, cell: ModuleCell) -> Place {
        let pos = u32::try_from(self.modules[module.0 as usize].len())
            .expect("fewer than 2^32 module instances");
        self.modules[module.0 as usize].push(cell);
        self.each_room(module, &mut |cells| match cells {
            Cells::None => {}
            Cells::Values(values) => values.push(OnceLock::new()),
            Cells::Calls(calls) => calls.push(None),
            Cells::Resources(resources) => resources.push(None),
        });
        Place { module, pos }
    }

    /// Takes the instance of a module that was added last away again.
    fn remove_last_instance(&mut self, module: ModuleId) {
        self.modules[module.0 as usize].pop();
        self.each_room(module, &mut |cells| match cells {
            Cells::None => {}
            Cells::Values(values) => drop(values.pop()),
            Cells::Calls(calls) => drop(calls.pop()),
            Cells::Resources(resources) => drop(resources.pop()),
        });
    }

    /// Visits what is kept for each declaration in a module that has values by instance.
    fn each_room(&mut self, module: ModuleId, visit: &mut dyn FnMut(&mut Cells)) {
        let config = self.config.clone();
        let declared = config.module(module);
        let (graph, cells) = (&self.graph, &mut self.cells);
        let mut room = |node: Node| visit(&mut cells[graph.id(node).index()]);
        (0u32..)
            .zip(&declared.calls)
            .for_each(|(at, _)| room(Node::Call(module, at)));
        (0u32..)
            .zip(&declared.variables)
            .for_each(|(at, _)| room(Node::Variable(module, at)));
        (0u32..)
            .zip(&declared.locals)
            .for_each(|(at, _)| room(Node::Local(module, at)));
        (0u32..)
            .zip(&declared.outputs)
            .for_each(|(at, _)| room(Node::Output(module, at)));
        (0u32..)
            .zip(&declared.resources)
            .for_each(|(at, _)| room(Node::Resource(module, at)));
    }

    /// Looks at a module instance that may not be configured (any more) as if it were: `each.value` of what is lost is unknown, and resources in
    /// it have no values. `None`: there is no such call.
    pub(crate) fn look_in<T>(
        &mut self,
        addr: &ModuleInstance,
        look: impl FnOnce(&Self, Place) -> T,
    ) -> Option<T> {
        let (mut place, mut added) = (Place::ROOT, Vec::new());
        let mut found = true;
        for (depth, step) in addr.0.iter().enumerate() {
            let calls = &self.config.module(place.module).calls;
            let mut named = (0u32..)
                .zip(calls)
                .filter(|(_, call)| call.name == step.name);
            let Some((call, module)) = named.next().map(|(at, call)| (at, call.module)) else {
                found = false;
                break;
            };
            let configured = self.call_cell(place, call).and_then(|cell| {
                let index = cell.keys.binary_search(&step.key).ok()?;
                Some(cell.first + u32::try_from(index).ok()?)
            });
            place = match configured {
                Some(pos) => Place { module, pos },
                None => {
                    let addr = ModuleInstance(addr.0.iter().take(depth + 1).cloned().collect());
                    let parent = Some(place);
                    added.push(module);
                    let open = false;
                    self.add_module_instance(module, ModuleCell { addr, parent, open })
                }
            };
        }
        let seen = found.then(|| look(self, place));
        for module in added.into_iter().rev() {
            self.remove_last_instance(module);
        }
        seen
    }

    /// The instances of a module.
    pub(crate) fn places(&self, module: ModuleId) -> impl Iterator<Item = Place> + use<> {
        let count = u32::try_from(self.modules[module.0 as usize].len())
            .expect("fewer than 2^32 module instances");
        (0..count).map(move |pos| Place { module, pos })
    }

    /// All module instances, parents before children.
    pub(crate) fn all_places(&self) -> impl Iterator<Item = Place> + '_ {
        self.config
            .modules
            .iter()
            .flat_map(|module| self.places(module.id))
    }

    /// One module instance.
    pub(crate) fn module_cell(&self, place: Place) -> &ModuleCell {
        &self.modules[place.module.0 as usize][place.pos as usize]
    }

    /// The declaration of a resource.
    pub(crate) fn resource(&self, module: ModuleId, at: u32) -> &Resource {
        &self.config.module(module).resources[at as usize]
    }

    /// The address of a resource in a module instance.
    pub(crate) fn resource_addr(&self, place: Place, at: u32) -> ResourceAddr {
        let Resource {
            mode,
            type_name,
            name,
            ..
        } = self.resource(place.module, at);
        let module = self.module_cell(place).addr.clone();
        ResourceAddr {
            module,
            mode: *mode,
            type_name: type_name.clone(),
            name: name.clone(),
        }
    }

    /// The address of an instance.
    pub(crate) fn instance_addr(
        &self,
        place: Place,
        at: u32,
        key: Option<InstanceKey>,
    ) -> InstanceAddr {
        InstanceAddr {
            resource: self.resource_addr(place, at),
            key,
        }
    }

    /// The cell of a value node.
    pub(crate) fn value_cell(&self, node: Node, pos: u32) -> Option<&OnceLock<Cell>> {
        match &self.cells[self.graph.id(node).index()] {
            Cells::Values(values) => values.get(pos as usize),
            _ => None,
        }
    }

    /// The cells of a value node, by position.
    fn cells_of(&self, id: NodeId) -> &[OnceLock<Cell>] {
        match &self.cells[id.index()] {
            Cells::Values(values) => values,
            _ => &[],
        }
    }

    /// Gives a value node its value (a root variable).
    pub(crate) fn set_value(&mut self, node: Node, pos: u32, value: Cell) {
        if let Cells::Values(values) = &mut self.cells[self.graph.id(node).index()]
            && let Some(cell) = values.get_mut(pos as usize)
        {
            *cell = OnceLock::from(value);
        }
    }

    /// The instances of a call; `None`: not expanded, or its repetition failed.
    pub(crate) fn call_cell(&self, place: Place, call: u32) -> Option<&CallCell> {
        match &self.cells[self.graph.id(Node::Call(place.module, call)).index()] {
            Cells::Calls(calls) => calls.get(place.pos as usize)?.as_ref(),
            _ => None,
        }
    }

    /// Expands a call: makes the instances of the called module.
    pub(crate) fn set_call(&mut self, place: Place, call: u32, expanded: &Expanded) {
        let declared = &self.config.module(place.module).calls[call as usize];
        let (child, name) = (declared.module, declared.name.clone());
        let ModuleCell { addr, open, .. } = self.module_cell(place);
        let (parent, open) = (addr.clone(), *open || expanded.open);
        let first = u32::try_from(self.modules[child.0 as usize].len())
            .expect("fewer than 2^32 module instances");
        for key in expanded.keys.iter() {
            let addr = parent.child(name.clone(), key.clone());
            self.add_module_instance(
                child,
                ModuleCell {
                    addr,
                    parent: Some(place),
                    open,
                },
            );
        }
        let each = expanded
            .each
            .clone()
            .map(OnceLock::from)
            .unwrap_or_default();
        let cell = CallCell {
            kind: expanded.kind,
            keys: expanded.keys.clone(),
            first,
            open: expanded.open,
            each,
        };
        if let Cells::Calls(calls) =
            &mut self.cells[self.graph.id(Node::Call(place.module, call)).index()]
        {
            calls[place.pos as usize] = Some(cell);
        }
    }

    /// The instances of a resource; `None`: not expanded yet.
    pub(crate) fn resource_cell(&self, place: Place, at: u32) -> Option<&ResourceCell> {
        match &self.cells[self.graph.id(Node::Resource(place.module, at)).index()] {
            Cells::Resources(resources) => resources.get(place.pos as usize)?.as_ref(),
            _ => None,
        }
    }

    /// Expands a resource, its instances without values yet. `None`: its repetition failed.
    pub(crate) fn set_resource(&mut self, place: Place, at: u32, expanded: Option<Expanded>) {
        let cell = match expanded {
            Some(Expanded {
                kind,
                keys,
                each,
                open,
            }) => {
                let values = vec![None; keys.len()];
                let each = each.map(OnceLock::from).unwrap_or_default();
                ResourceCell {
                    kind,
                    keys,
                    each,
                    values,
                    failed: false,
                    open,
                    whole: OnceLock::new(),
                }
            }
            None => {
                let (kind, keys) = (ExpansionKind::Single, Arc::from([]));
                ResourceCell {
                    kind,
                    keys,
                    each: OnceLock::new(),
                    values: Vec::new(),
                    failed: true,
                    open: false,
                    whole: OnceLock::new(),
                }
            }
        };
        if let Cells::Resources(resources) =
            &mut self.cells[self.graph.id(Node::Resource(place.module, at)).index()]
        {
            resources[place.pos as usize] = Some(cell);
        }
    }

    /// Gives an instance its value.
    pub(crate) fn set_instance(&mut self, place: Place, at: u32, index: usize, value: Cell) {
        if let Cells::Resources(resources) =
            &mut self.cells[self.graph.id(Node::Resource(place.module, at)).index()]
            && let Some(Some(cell)) = resources.get_mut(place.pos as usize)
        {
            cell.values[index] = Some(value);
            cell.whole = OnceLock::new();
        }
    }

    /// What `count` and `each` are for an instance of a resource.
    ///
    /// # Errors
    /// When `for_each` has yet to be evaluated and can't be.
    pub(crate) fn repeat(
        &self,
        place: Place,
        at: u32,
        key: Option<&InstanceKey>,
    ) -> Result<Repeat, Diagnostics> {
        let Some(InstanceKey::Str(_)) = key else {
            return Ok(expand::repeat_of(key, None));
        };
        let Some(cell) = self.resource_cell(place, at) else {
            return Err(Diagnostics::new());
        };
        let each = self.each(
            &cell.each,
            place,
            &self.resource(place.module, at).repetition,
        )?;
        Ok(expand::repeat_of(key, Some(&each)))
    }

    /// Where the arguments of a call, by which this module instance or one around it was made, are evaluated: the calling instance, and what
    /// `count` and `each` are there.
    ///
    /// # Errors
    /// When `for_each` has yet to be evaluated and can't be.
    pub(crate) fn caller(
        &self,
        place: Place,
        call: (ModuleId, u32),
    ) -> Result<(Place, Repeat), Diagnostics> {
        let mut inner = place;
        while let Some(outer) = self.module_cell(inner).parent {
            if self.config.module(inner.module).parent == Some(call) {
                return Ok((outer, self.module_repeat(inner)?));
            }
            inner = outer;
        }
        Err(Diagnostics::new())
    }

    /// What `count` and `each` are for the expressions of the call that makes a module instance.
    ///
    /// # Errors
    /// When `for_each` has yet to be evaluated and can't be.
    pub(crate) fn module_repeat(&self, place: Place) -> Result<Repeat, Diagnostics> {
        let cell = self.module_cell(place);
        let key = cell.addr.0.last().and_then(|step| step.key.as_ref());
        let (Some(InstanceKey::Str(_)), Some(parent), Some((_, call))) =
            (key, cell.parent, self.config.module(place.module).parent)
        else {
            return Ok(expand::repeat_of(key, None));
        };
        let Some(called) = self.call_cell(parent, call) else {
            // The call was not evaluated, or this is an instance that is lost together with its caller.
            return Ok(expand::repeat_of(key, None));
        };
        if called.keys.binary_search(&key.cloned()).is_err() {
            return Ok(expand::repeat_of(key, None));
        }
        let each = self.each(
            &called.each,
            parent,
            &self.config.module(parent.module).calls[call as usize].repetition,
        )?;
        Ok(expand::repeat_of(key, Some(&each)))
    }

    fn each(
        &self,
        known: &OnceLock<Value>,
        place: Place,
        repetition: &Repetition,
    ) -> Result<Value, Diagnostics> {
        if let Some(each) = known.get() {
            return Ok(each.clone());
        }
        let Repetition::ForEach(expr) = repetition else {
            return Err(Diagnostics::new());
        };
        let value = expr.eval(&self.scope(place), &[])?.unmarked().clone();
        // `each.value` of a set is the key itself: an empty object has no such key.
        let value = if matches!(value.kind(), terrane_value::Kind::Set(_)) {
            Value::object::<EcoString>([])
        } else {
            value
        };
        Ok(known.get_or_init(|| value).clone())
    }

    /// A scope for expressions of this module instance, outside of any repetition.
    pub(crate) fn scope(&self, place: Place) -> InstanceScope<'_> {
        InstanceScope {
            world: self,
            place,
            repeat: Repeat::None,
            own: None,
            judged: None,
        }
    }

    /// Whether a test gives the outputs of this module instance, so that nothing in it is evaluated or managed.
    pub(crate) fn is_doubled(&self, place: Place) -> bool {
        let doubles = !self.config.doubles.is_empty();
        doubles && self.config.double(&self.module_cell(place).addr).is_some()
    }

    /// Evaluates a repetition of this module instance.
    ///
    /// # Errors
    /// As [`expand`].
    pub(crate) fn expanded(
        &self,
        place: Place,
        repetition: &Repetition,
    ) -> Result<Expanded, Diagnostics> {
        if self.is_doubled(place) {
            return Ok(Expanded {
                kind: ExpansionKind::Enabled,
                keys: Arc::from([]),
                each: None,
                open: false,
            });
        }
        let unknown = match self.may_be_open {
            true => Unknown::Allowed,
            false => Unknown::Rejected,
        };
        expand(repetition, &self.scope(place), unknown)
    }

    /// Whether nothing is known yet of the instances of a resource: neither of its own, nor of those of a module around it.
    pub(crate) fn is_open(&self, addr: &ResourceAddr, at: u32) -> bool {
        let mut place = Place::ROOT;
        for step in addr.module.0.iter() {
            let module = self.config.module(place.module);
            let mut named = (0u32..)
                .zip(&module.calls)
                .filter(|(_, call)| call.name == step.name);
            let Some((call, cell)) = named
                .next()
                .and_then(|(at, _)| Some((at, self.call_cell(place, at)?)))
            else {
                return false;
            };
            if cell.open {
                return true;
            }
            let Some(pos) = (cell.keys.binary_search(&step.key).ok())
                .and_then(|index| Some(cell.first + u32::try_from(index).ok()?))
            else {
                return false;
            };
            let module = module.calls[call as usize].module;
            place = Place { module, pos };
        }
        self.resource_cell(place, at).is_some_and(|cell| cell.open)
    }

    /// The module instance with this address.
    pub(crate) fn place_of(&self, addr: &ModuleInstance) -> Option<Place> {
        let mut place = Place::ROOT;
        for step in addr.0.iter() {
            let module = self.config.module(place.module);
            let call = (0u32..)
                .zip(&module.calls)
                .find(|(_, call)| call.name == step.name)?
                .0;
            let cell = self.call_cell(place, call)?;
            let index = cell.keys.binary_search(&step.key).ok()?;
            let pos = cell.first + u32::try_from(index).ok()?;
            place = Place {
                module: module.calls[call as usize].module,
                pos,
            };
        }
        Some(place)
    }
}

/// Messages with the object that they are about.
pub(crate) fn about(mut diagnostics: Diagnostics, address: &str) -> Diagnostics {
    for diagnostic in diagnostics.iter_mut() {
        if diagnostic.address.is_none() && !address.is_empty() {
            diagnostic.address = Some(address.to_owned());
        }
    }
    diagnostics
}
