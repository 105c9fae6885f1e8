//! Providers: which one a local name stands for, which configuration a reference reaches, what all modules together require.

use super::decl::{ListDecl, ModuleDecl, ProviderRef, ResourceDecl};
use super::decode::terraform::implied_provider;
use super::{Requirement, Tree};
use crate::rules;
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::Expr;
use terrane_model::addr::{ModulePath, ProviderAddr, ProviderConfigAddr};

/// The provider that a module means by a local name.
pub(crate) fn provider_addr(module: &ModuleDecl, local: &str) -> ProviderAddr {
    module
        .required_providers
        .entries
        .get(local)
        .map_or_else(|| implied_provider(local), |entry| entry.addr.clone())
}

/// The local name of the provider of a resource.
pub(crate) fn local_name(resource: &ResourceDecl) -> EcoString {
    match &resource.provider {
        Some(provider) => provider.name.clone(),
        None => type_prefix(&resource.type_name),
    }
}

/// The local name of the provider of a list.
pub(crate) fn list_provider(list: &ListDecl) -> EcoString {
    match &list.provider {
        Some(provider) => provider.name.clone(),
        None => type_prefix(&list.type_name),
    }
}

/// The part of a resource type that names its provider.
pub(crate) fn type_prefix(type_name: &str) -> EcoString {
    type_name.split('_').next().unwrap_or(type_name).into()
}

/// A provider configuration that a reference reached.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) addr: ProviderConfigAddr,
    /// The key that a `providers` argument on the way gave: the module whose call gave it, the index of the call, the expression.
    pub(crate) key: Option<(usize, usize, Expr)>,
}

/// Follows a reference to the configuration that it stands for: a block of the module, what the calling module passes, or for a
/// configuration without alias that of the calling module. `None`: there is none.
pub(crate) fn resolve(
    tree: &Tree,
    module: usize,
    addr: &ProviderAddr,
    alias: Option<&EcoString>,
) -> Option<Resolved> {
    let mut at = module;
    let mut alias = alias.cloned();
    let mut key = None;
    let mut addr = addr.clone();
    loop {
        let here = &tree.modules[at];
        // What the caller passes comes first: a block beside it is an empty one that only says so (or was reported).
        let passed = here.parent.and_then(|(parent, call)| {
            let caller = &tree.modules[parent];
            let passed = caller.decl.calls[call]
                .providers
                .iter()
                .flatten()
                .find(|passed| {
                    passed.child.alias == alias
                        && provider_addr(&here.decl, &passed.child.name) == addr
                });
            passed.map(|passed| (parent, call, passed))
        });
        if let Some((parent, call, passed)) = passed {
            if let Some(expr) = &passed.parent.key {
                key = Some((parent, call, expr.clone()));
            }
            alias.clone_from(&passed.parent.alias);
            addr = provider_addr(&tree.modules[parent].decl, &passed.parent.name);
            at = parent;
            continue;
        }
        let own = here.decl.providers.iter().any(|provider| {
            provider.alias.as_ref().map(|(alias, _)| alias) == alias.as_ref()
                && provider_addr(&here.decl, &provider.name) == addr
        });
        if own {
            break;
        }
        match here.parent {
            Some((parent, _)) if alias.is_none() => at = parent,
            Some(_) => return None,
            None if alias.is_none() => break,
            None => return None,
        }
    }
    Some(Resolved {
        addr: ProviderConfigAddr {
            module: tree.modules[at].path.clone(),
            provider: addr,
            alias,
        },
        key,
    })
}

struct Collector {
    found: BTreeMap<ProviderAddr, Requirement>,
}

impl Collector {
    fn need(
        &mut self,
        addr: ProviderAddr,
        module: &ModulePath,
        span: Span,
        constraint: Option<&(EcoString, Span)>,
    ) {
        let entry = self.found.entry(addr).or_default();
        entry.span.get_or_insert(span);
        if let Some(constraint) = constraint {
            let known = &entry.constraints;
            let at = known.iter().position(|known| known == constraint);
            let at = at.unwrap_or_else(|| {
                entry.constraints.push(constraint.clone());
                entry.askers.push(module.clone());
                entry.constraints.len() - 1
            });
            entry.asked.push((module.clone(), at));
        }
        // Modules are looked at one after the other.
        if entry.modules.last() != Some(module) {
            entry.modules.push(module.clone());
        }
    }
}

/// What all modules require of which provider.
pub(super) fn requirements(tree: &Tree) -> (BTreeMap<ProviderAddr, Requirement>, Diagnostics) {
    let mut collector = Collector {
        found: BTreeMap::new(),
    };
    for module in &tree.modules {
        let decl = &module.decl;
        for (name, entry) in &decl.required_providers.entries {
            collector.need(
                entry.addr.clone(),
                &module.path,
                entry.span,
                entry.constraint.as_ref(),
            );
            if let Some(found) = collector.found.get_mut(&entry.addr) {
                found.declared = true;
                if *name != entry.addr.type_name {
                    found.names.insert(module.path.clone(), name.clone());
                }
            }
        }
        for provider in &decl.providers {
            let addr = provider_addr(decl, &provider.name);
            collector.need(addr, &module.path, provider.span, provider.version.as_ref());
        }
        for resource in &decl.resources {
            let addr = provider_addr(decl, &local_name(resource));
            collector.need(addr, &module.path, resource.span, None);
        }
        for list in &decl.lists {
            let addr = provider_addr(decl, &list_provider(list));
            collector.need(addr, &module.path, list.span, None);
        }
        for import in &decl.imports {
            if let Some(addr) = import_provider(decl, import.provider.as_ref(), &import.to) {
                collector.need(addr, &module.path, import.span, None);
            }
        }
    }
    let mut diagnostics = Diagnostics::new();
    for (addr, requirement) in &collector.found {
        if let (true, Some((_, span))) = (addr.is_builtin(), requirement.constraints.first()) {
            let detail = format!(
                "Cannot use {addr}: built-in providers do not support explicit version constraints."
            );
            diagnostics
                .push(Diagnostic::error(&rules::provider::BUILTIN_REQUIREMENT, detail).at(*span));
        }
    }
    (collector.found, diagnostics)
}

/// The provider of an import, if its block says which or the type of its target implies one.
pub(crate) fn import_provider(
    module: &ModuleDecl,
    provider: Option<&ProviderRef>,
    to: &Expr,
) -> Option<ProviderAddr> {
    if let Some(provider) = provider {
        return Some(provider_addr(module, &provider.name));
    }
    let (end, _) = super::decode::refactor::import_target(to).ok()?;
    if !end.modules.is_empty() {
        return None;
    }
    let resource = end.resource?;
    let declared = module
        .resources
        .iter()
        .find(|known| known.type_name == resource.type_name && known.name == resource.name);
    Some(match declared {
        Some(declared) => provider_addr(module, &local_name(declared)),
        None => provider_addr(module, &type_prefix(&resource.type_name)),
    })
}
