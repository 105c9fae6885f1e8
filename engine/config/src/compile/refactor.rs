//! `moved`, `removed` and `import` blocks, and whether they contradict each other or the resources that there are.

use super::bind::Place;
use super::{Session, index};
use crate::config::{
    Config, Endpoint, EndpointResource, Import, Module, ModuleCall, ModuleId, Moved, Removed,
    Repetition, Resource,
};
use crate::load::decl::ImportDecl;
use crate::load::decode::provider::written;
use crate::load::decode::refactor::{endpoint_text, import_target};
use crate::load::providers::{import_provider, provider_addr, type_prefix};
use crate::rules;
use std::collections::{BTreeMap, BTreeSet};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{SourceMap, Span};
use terrane_model::addr::{InstanceKey, Mode, ModuleStep};

impl Session<'_> {
    pub(super) fn moved(&mut self, at: usize) -> Vec<Moved> {
        self.decl(at)
            .moved
            .iter()
            .map(|moved| Moved {
                from: moved.from.clone(),
                to: moved.to.clone(),
                span: moved.span,
            })
            .collect()
    }

    pub(super) fn removed(&mut self, at: usize) -> Vec<Removed> {
        let decl = self.decl(at);
        let mut found = Vec::new();
        for removed in &decl.removed {
            let place = Place {
                count: true,
                each: true,
                ..Place::default()
            };
            found.push(Removed {
                from: removed.from.clone(),
                destroy: removed.destroy,
                provisioners: removed
                    .provisioners
                    .iter()
                    .filter_map(|provisioner| {
                        self.provisioner(at, provisioner, removed.connection.as_ref(), place)
                    })
                    .collect(),
                span: removed.span,
            });
        }
        found
    }

    pub(super) fn imports(&mut self) -> Vec<Import> {
        let Some(root) = self.tree.modules.first().map(|root| root.decl.clone()) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for import in &root.imports {
            let Ok((to, keys)) = import_target(&import.to) else {
                continue;
            };
            let place = Place {
                each: import.for_each.is_some(),
                ..Place::default()
            };
            let for_each = import
                .for_each
                .as_ref()
                .map(|(expr, _)| self.compiler(0, Place::default()).expr(expr));
            let mut compiler = self.compiler(0, place);
            let keys = keys
                .iter()
                .map(|(depth, key)| (*depth, compiler.expr(key)))
                .collect();
            let id = import.id.as_ref().map(|expr| compiler.expr(expr));
            let identity = import.identity.as_ref().map(|expr| compiler.expr(expr));
            let resource = self.target(&to);
            self.check_import(import, &to, resource);
            let provider = match (resource, &to.resource) {
                (None, Some(target)) => {
                    let addr = import_provider(&root, import.provider.as_ref(), &import.to)
                        .unwrap_or_else(|| provider_addr(&root, &type_prefix(&target.type_name)));
                    let reference = import.provider.as_ref();
                    Some(self.used_provider(0, &addr, reference, place, import.span))
                }
                _ => None,
            };
            found.push(Import {
                resource,
                to,
                keys,
                for_each,
                id,
                identity,
                provider,
                provider_name: import.provider.as_ref().map(|named| written(named).into()),
                to_span: import.to.span,
                span: import.span,
            });
        }
        found
    }

    /// Whether an import fits the resource that it leads to.
    fn check_import(
        &mut self,
        import: &ImportDecl,
        to: &Endpoint,
        resource: Option<(ModuleId, u32)>,
    ) {
        let span = import.to.span;
        let Some((module, at)) = resource else {
            if !to.modules.is_empty() {
                let detail = format!(
                    "The configuration for the given import target {} does not exist. All target instances must have an associated configuration to be imported.",
                    endpoint_text(to)
                );
                self.diagnostics.push(
                    Diagnostic::error(&rules::refactor::IMPORT_WITHOUT_RESOURCE, detail).at(span),
                );
            }
            return;
        };
        let declared = self.tree.modules[module.0 as usize].decl.resources[at as usize]
            .provider
            .as_ref();
        // What `-generate-config-out` has written says the same provider again.
        if let Some(provider) = &import.provider
            && !declared.is_some_and(|declared| declared.names_same(provider))
        {
            self.diagnostics.push(
                Diagnostic::error(
                    &rules::refactor::IMPORT_PROVIDER,
                    "The provider argument can only be specified in import blocks that will generate configuration.\n\nUse the provider argument in the target resource block to configure the provider for a resource with explicit provider configuration.",
                )
                .at(provider.span),
            );
        }
        let repetition =
            &self.tree.modules[module.0 as usize].decl.resources[at as usize].repetition;
        let named = to.resource.as_ref();
        let key = named.and_then(|resource| resource.key.as_ref());
        // A key that is an expression is looked at when its value is known.
        let dynamic = import_target(&import.to)
            .is_ok_and(|(_, keys)| keys.iter().any(|(depth, _)| *depth == to.modules.len()));
        let problem = match key {
            Some(InstanceKey::Int(_)) if repetition.count.is_none() => {
                "The target resource does not use count."
            }
            Some(InstanceKey::Str(_)) if repetition.for_each.is_none() => {
                "The target resource does not use for_each."
            }
            None if !dynamic && repetition.count.is_some() => {
                "The target resource is using count: the address must end with the index of an instance, like [0]."
            }
            None if !dynamic && repetition.for_each.is_some() => {
                "The target resource is using for_each: the address must end with the key of an instance, like [\"key\"]."
            }
            _ => return,
        };
        self.diagnostics
            .push(Diagnostic::error(&rules::refactor::INVALID_IMPORT_TO, problem).at(span));
    }

    /// The resource block that an address leads to.
    fn target(&self, to: &Endpoint) -> Option<(ModuleId, u32)> {
        let mut module = 0;
        for step in &to.modules {
            let here = self.tree.modules.get(module)?;
            let call = *here.decl.index.calls.get(&step.name)?;
            module = here.children.get(call).copied().flatten()?;
        }
        let EndpointResource {
            mode,
            type_name,
            name,
            key: _,
        } = to.resource.as_ref()?;
        let resources = &self.tree.modules[module].decl.index.resources;
        let at = *resources.get(&(*mode, type_name.clone(), name.clone()))?;
        Some((ModuleId(index(module)), index(at)))
    }
}

/// What an endpoint finds in the configuration.
enum Declared {
    Nothing,
    /// The header of the block, and whether instances of it have keys.
    Block(Span, bool),
}

/// What modules declare, by name.
struct Names<'c> {
    config: &'c Config,
    calls: BTreeMap<(ModuleId, &'c str), &'c ModuleCall>,
    resources: BTreeMap<(ModuleId, Mode, &'c str, &'c str), &'c Resource>,
}

impl<'c> Names<'c> {
    fn new(config: &'c Config) -> Self {
        let modules = || config.modules.iter();
        let calls =
            modules().flat_map(|module| module.calls.iter().map(move |call| (module, call)));
        let resources =
            modules().flat_map(|module| module.resources.iter().map(move |found| (module, found)));
        Self {
            config,
            calls: calls
                .map(|(module, call)| ((module.id, call.name.as_str()), call))
                .collect(),
            resources: resources
                .map(|(module, found)| {
                    let (kind, name) = (found.type_name.as_str(), found.name.as_str());
                    ((module.id, found.mode, kind, name), found)
                })
                .collect(),
        }
    }
}

fn declared(names: &Names<'_>, module: &Module, end: &Endpoint) -> Declared {
    let mut here = module;
    let mut steps = end.modules.as_slice();
    while let Some((step, rest)) = steps.split_first() {
        let Some(call) = names.calls.get(&(here.id, step.name.as_str())) else {
            return Declared::Nothing;
        };
        let keyed = is_keyed(&call.repetition);
        if step.key.is_some() != keyed && step.key.is_some() {
            return Declared::Nothing;
        }
        if rest.is_empty() && end.resource.is_none() {
            return Declared::Block(call.span, keyed);
        }
        match names.config.modules.get(call.module.0 as usize) {
            Some(child) if child.id != here.id => here = child,
            _ => return Declared::Nothing,
        }
        steps = rest;
    }
    let Some(wanted) = &end.resource else {
        return Declared::Nothing;
    };
    let (kind, name) = (wanted.type_name.as_str(), wanted.name.as_str());
    (names.resources.get(&(here.id, wanted.mode, kind, name)))
        .map_or(Declared::Nothing, |resource| {
            Declared::Block(resource.span, is_keyed(&resource.repetition))
        })
}

fn is_keyed(repetition: &Repetition) -> bool {
    matches!(repetition, Repetition::Count(_) | Repetition::ForEach(_))
}

/// Without the last key: the block that the address belongs to.
fn block_of(end: &Endpoint) -> Endpoint {
    let mut block = end.clone();
    match &mut block.resource {
        Some(resource) => resource.key = None,
        None => {
            if let Some(ModuleStep { key, .. }) = block.modules.last_mut() {
                *key = None;
            }
        }
    }
    block
}

/// Messages about moves and removals that make no sense.
pub(super) fn check(config: &Config, sources: &SourceMap) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if (config.modules.iter()).all(|module| module.moved.is_empty() && module.removed.is_empty()) {
        return diagnostics;
    }
    let names = Names::new(config);
    let single = single_modules(config);
    for module in &config.modules {
        // Where the block's module may have no instances, or several, only a plan can tell.
        if single.contains(&module.id) {
            check_moves(&names, module, sources, &mut diagnostics);
        }
        for removed in &module.removed {
            let Declared::Block(span, _) = declared(&names, module, &removed.from) else {
                continue;
            };
            let what = if removed.from.resource.is_some() {
                (
                    &rules::refactor::REMOVED_RESOURCE_EXISTS,
                    "resource",
                    "resource block",
                )
            } else {
                (
                    &rules::refactor::REMOVED_MODULE_EXISTS,
                    "module",
                    "module block",
                )
            };
            let detail = format!(
                "This statement declares a removal of the {} {}, but this {} still exists in the configuration. Please remove the {}.",
                what.1,
                absolute(module, &removed.from),
                what.2,
                what.2
            );
            diagnostics.push(
                Diagnostic::error(what.0, detail)
                    .at(removed.span)
                    .related(span, "it is declared here"),
            );
        }
    }
    diagnostics
}

fn absolute(module: &Module, end: &Endpoint) -> String {
    let text = endpoint_text(end);
    if module.path.is_root() {
        text
    } else {
        format!("{}.{text}", module.path)
    }
}

/// The modules of which there is exactly one instance, whatever the values are.
fn single_modules(config: &Config) -> BTreeSet<ModuleId> {
    let mut single: BTreeSet<ModuleId> = config
        .modules
        .first()
        .map(|root| root.id)
        .into_iter()
        .collect();
    // Callers come before those that they call.
    for module in &config.modules {
        if single.contains(&module.id) {
            let calls = module.calls.iter();
            single.extend(calls.filter(|call| is_single(call)).map(|call| call.module));
        }
    }
    single
}

fn is_single(call: &ModuleCall) -> bool {
    matches!(call.repetition, Repetition::Single)
}

/// Whether the way to what an end means leads through calls with several instances, or none: without a key, it means an instance that there is not.
fn leads_through_repeated(names: &Names<'_>, module: &Module, end: &Endpoint) -> bool {
    let through = match end.resource {
        Some(_) => end.modules.len(),
        None => end.modules.len().saturating_sub(1),
    };
    let mut here = module.id;
    end.modules.iter().take(through).any(|step| {
        let Some(call) = names.calls.get(&(here, step.name.as_str())) else {
            return false;
        };
        here = call.module;
        !is_single(call)
    })
}

fn check_moves(
    names: &Names<'_>,
    module: &Module,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) {
    // By what it is about (a beginning or an end, of instances or of whole blocks): the statements so far.
    let mut said: BTreeMap<(bool, (bool, &Endpoint)), Vec<usize>> = BTreeMap::new();
    for (at, moved) in module.moved.iter().enumerate() {
        let (from, to) = (absolute(module, &moved.from), absolute(module, &moved.to));
        if moved.from == moved.to {
            let detail = format!(
                "This statement declares a move from {from} to the same address, which is the same as not declaring this move at all."
            );
            diagnostics
                .push(Diagnostic::error(&rules::refactor::REDUNDANT_MOVE, detail).at(moved.span));
            continue;
        }
        // `a` is an instance where the other side has a key, and the whole resource else: these are two things.
        let exact = |moved: &Moved| moved.from.has_key() || moved.to.has_key();
        let ends = [(true, &moved.from), (false, &moved.to)];
        let about = |end| said.get(&(exact(moved), end)).into_iter().flatten();
        let mut earlier: Vec<usize> = ends.into_iter().flat_map(about).copied().collect();
        earlier.sort_unstable();
        for end in ends {
            said.entry((exact(moved), end)).or_default().push(at);
        }
        for earlier in earlier.into_iter().filter_map(|at| module.moved.get(at)) {
            let detail = if earlier.from == moved.from && earlier.to != moved.to {
                format!(
                    "A statement at {} declared that {from} moved to {}, but this statement instead declares that it moved to {to}.\n\nEach resource can move to only one destination resource.",
                    sources.locate(earlier.span),
                    absolute(module, &earlier.to)
                )
            } else if earlier.to == moved.to && earlier.from != moved.from {
                format!(
                    "A statement at {} declared that {} moved to {to}, but this statement instead declares that {from} moved there.\n\nEach resource can have moved from only one source resource.",
                    sources.locate(earlier.span),
                    absolute(module, &earlier.from)
                )
            } else {
                continue;
            };
            diagnostics.push(
                Diagnostic::error(&rules::refactor::AMBIGUOUS_MOVE, detail)
                    .at(moved.span)
                    .related(earlier.span, "the earlier statement"),
            );
            break;
        }
        // Instances of one block may move among themselves; which of them are still declared is known only when it is expanded. So it is with what is within
        // one instance of a module.
        let within_instance = moved.from.modules.iter().any(|step| step.key.is_some());
        if moved.from.has_key()
            || within_instance
            || leads_through_repeated(names, module, &moved.from)
            || block_of(&moved.from) == block_of(&moved.to)
        {
            continue;
        }
        if let Declared::Block(span, keyed) = declared(names, module, &moved.from) {
            if keyed && moved.to.has_key() {
                continue;
            }
            let what = if moved.from.resource.is_some() {
                "resource"
            } else {
                "module"
            };
            let place = sources.locate(span);
            let detail = format!(
                "This statement declares a move from {from}, but that {what} is still declared at {place}.\n\nChange your configuration so that this {what} will be declared as {to} instead."
            );
            diagnostics.push(
                Diagnostic::error(&rules::refactor::MOVED_OBJECT_EXISTS, detail)
                    .at(moved.span)
                    .related(span, "it is still declared here"),
            );
        }
    }
}
