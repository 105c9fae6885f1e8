//! Whether modules and their callers agree on provider configurations.

use super::decl::{CallDecl, PassedProvider, ProviderRef};
use super::decode::provider::written;
use super::decode::refactor::import_target;
use super::providers::{local_name, provider_addr, resolve};
use super::{Tree, TreeModule};
use crate::rules;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use terrane_lang::source::SourceMap;
use terrane_model::addr::ProviderAddr;

pub(super) fn check(tree: &Tree, sources: &SourceMap) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for (at, module) in tree.modules.iter().enumerate() {
        for resource in &module.decl.resources {
            let addr = provider_addr(&module.decl, &local_name(resource));
            let alias = resource
                .provider
                .as_ref()
                .and_then(|provider| provider.alias.as_ref());
            if let (Some(provider), None) = (
                &resource.provider,
                resolve_or_declared(tree, at, &addr, alias),
            ) {
                diagnostics.push(undeclared(module, provider, &addr));
            }
        }
        for provider in module
            .decl
            .lists
            .iter()
            .filter_map(|list| list.provider.as_ref())
        {
            let addr = provider_addr(&module.decl, &provider.name);
            if resolve(tree, at, &addr, provider.alias.as_ref()).is_none() {
                diagnostics.push(undeclared(module, provider, &addr));
            }
        }
        // A resource that is configured says for itself who manages it; that the import does so, too, is reported elsewhere.
        let unconfigured = module.decl.imports.iter().filter(|import| {
            import_target(&import.to).is_ok_and(|(to, _)| {
                let key = to.resource.map(|to| (to.mode, to.type_name, to.name));
                key.is_some_and(|key| !module.decl.index.resources.contains_key(&key))
            })
        });
        for provider in unconfigured.filter_map(|import| import.provider.as_ref()) {
            let addr = provider_addr(&module.decl, &provider.name);
            if at == 0 && resolve(tree, at, &addr, provider.alias.as_ref()).is_none() {
                diagnostics.push(undeclared(module, provider, &addr));
            }
        }
        for (index, call) in module.decl.calls.iter().enumerate() {
            let Some(child) = module.children.get(index).copied().flatten() else {
                continue;
            };
            check_call(tree, at, call, child, &mut diagnostics);
            check_legacy(tree, call, child, sources, &mut diagnostics);
        }
    }
    diagnostics
}

/// Whether a module has a configuration of that name, or declares that its caller must pass one (of which the call is told).
fn resolve_or_declared(
    tree: &Tree,
    module: usize,
    addr: &ProviderAddr,
    alias: Option<&ecow::EcoString>,
) -> Option<()> {
    let declared = alias.is_some_and(|alias| {
        tree.modules[module]
            .decl
            .required_providers
            .entries
            .values()
            .any(|entry| {
                entry.addr == *addr && entry.aliases.iter().any(|(known, _)| known == alias)
            })
    });
    (declared && module != 0 || resolve(tree, module, addr, alias).is_some()).then_some(())
}

fn undeclared(module: &TreeModule, provider: &ProviderRef, addr: &ProviderAddr) -> Diagnostic {
    let place = if module.path.is_root() {
        "the root module".to_owned()
    } else {
        module.path.to_string()
    };
    let detail = format!(
        "There is no configuration of provider {} with the name {} in {place}. To use it, add a provider \"{}\" block with that alias, or let the calling module pass one.",
        addr.for_display(),
        written(provider),
        provider.name
    );
    Diagnostic::error(&rules::provider::UNDECLARED_CONFIGURATION, detail).at(provider.span)
}

fn check_call(
    tree: &Tree,
    at: usize,
    call: &CallDecl,
    child: usize,
    diagnostics: &mut Diagnostics,
) {
    let (caller, called) = (&tree.modules[at], &tree.modules[child]);
    for passed in call.providers.iter().flatten() {
        check_passed(tree, at, caller, called, passed, diagnostics);
    }
    for (local, entry) in &called.decl.required_providers.entries {
        for (alias, _) in &entry.aliases {
            let given = call.providers.iter().flatten().any(|passed| {
                passed.child.alias.as_ref() == Some(alias)
                    && provider_addr(&called.decl, &passed.child.name) == entry.addr
            });
            if !given {
                let name = format!("{local}.{alias}");
                let detail = format!(
                    "The child module requires an additional configuration for provider {}, with the local name \"{name}\".\n\nRefer to the module's documentation to understand the intended purpose of this additional provider configuration, and then add an entry for {name} in the \"providers\" meta-argument in the module block to choose which provider configuration the module should use for that purpose.",
                    entry.addr.for_display()
                );
                diagnostics.push(
                    Diagnostic::error(&rules::provider::CONFIGURATION_NOT_PASSED, detail)
                        .at(call.span),
                );
            }
        }
    }
}

/// Of a provider of the default registry, whose local name is its type, what is meant is clear: configurations that were written before there
/// were `configuration_aliases` pass it so. That is only a warning, for all peers.
fn soften(diagnostic: &mut Diagnostic, addr: &ProviderAddr, child: &ProviderRef) {
    if *addr == ProviderAddr::default_host("hashicorp", child.name.clone()) {
        diagnostic.severity = Severity::Warning;
    }
}

fn check_passed(
    tree: &Tree,
    at: usize,
    caller: &TreeModule,
    called: &TreeModule,
    passed: &PassedProvider,
    diagnostics: &mut Diagnostics,
) {
    let PassedProvider { child, parent } = passed;
    let parent_addr = provider_addr(&caller.decl, &parent.name);
    let child_addr = provider_addr(&called.decl, &child.name);
    if resolve_or_declared(tree, at, &parent_addr, parent.alias.as_ref()).is_none() {
        diagnostics.push(undeclared(caller, parent, &parent_addr));
    }
    let entry = called.decl.required_providers.entries.get(&child.name);
    let own = called.decl.providers.iter().find(|provider| {
        provider.name == child.name
            && provider.alias.as_ref().map(|(alias, _)| alias) == child.alias.as_ref()
    });
    if own.is_some() && !is_proxy(called, child) {
        let detail = format!(
            "The configuration of {} has its own local configuration for {}, and so it cannot accept an overridden configuration provided by the calling module.",
            called.path,
            written(child)
        );
        diagnostics
            .push(Diagnostic::error(&rules::provider::CANNOT_OVERRIDE, detail).at(child.span));
        return;
    }
    match (entry, &child.alias) {
        (Some(entry), Some(alias))
            if !entry.aliases.iter().any(|(known, _)| known == alias) && own.is_none() =>
        {
            let detail = format!(
                "The child module does not declare any provider configuration with the local name \"{}\". If you also control the child module, add {} to the \"configuration_aliases\" of its required_providers entry \"{}\".",
                written(child),
                written(child),
                child.name
            );
            let mut diagnostic = Diagnostic::error(&rules::provider::UNDEFINED_ALIAS, detail);
            soften(&mut diagnostic, &child_addr, child);
            diagnostics.push(diagnostic.at(child.span));
        }
        (None, Some(_)) if own.is_none() => {
            let detail = format!(
                "The child module does not declare any provider requirement with the local name \"{}\".\n\nIf you also control the child module, you can add a required_providers entry named \"{}\" with the source address \"{}\".",
                child.name,
                child.name,
                parent_addr.for_display()
            );
            let mut diagnostic = Diagnostic::error(&rules::provider::UNDEFINED_REQUIRED, detail);
            soften(&mut diagnostic, &parent_addr, child);
            diagnostics.push(diagnostic.at(child.span));
        }
        (None, None) => {
            let used = called
                .decl
                .resources
                .iter()
                .any(|resource| local_name(resource) == child.name);
            if !used && own.is_none() {
                let detail = format!(
                    "There is no explicit declaration for local provider name \"{}\" in {}, so it is assumed that you mean to pass a configuration for \"{}\".\n\nIf you also control the child module, add a required_providers entry named \"{}\" with the source address \"{}\".",
                    child.name,
                    called.path,
                    child_addr.for_display(),
                    child.name,
                    child_addr.for_display()
                );
                diagnostics.push(
                    Diagnostic::warning(&rules::provider::UNDEFINED_LOCAL_NAME, detail)
                        .at(child.span),
                );
            }
        }
        _ => {}
    }
    if parent_addr != child_addr {
        let detail = format!(
            "The assigned configuration is for provider \"{}\", but local name \"{}\" in {} represents \"{}\".\n\nTo pass this configuration to the child module, use a local name in the child module that stands for the same provider.",
            parent_addr.for_display(),
            child.name,
            called.path,
            child_addr.for_display()
        );
        diagnostics
            .push(Diagnostic::error(&rules::provider::TYPE_MISMATCH, detail).at(parent.span));
    }
}

/// Whether a provider block of a child module holds nothing: the old way to say that the caller passes it.
fn is_proxy(called: &TreeModule, child: &ProviderRef) -> bool {
    called
        .decl
        .providers
        .iter()
        .filter(|provider| {
            provider.name == child.name
                && provider.alias.as_ref().map(|(alias, _)| alias) == child.alias.as_ref()
        })
        .all(|provider| {
            let (attributes, problems) = provider.body.just_attributes();
            attributes.is_empty() && problems.is_empty() && provider.escape.is_none()
        })
}

/// A module with provider configurations of its own can't be called in ways that may make it vanish before its resources.
fn check_legacy(
    tree: &Tree,
    call: &CallDecl,
    child: usize,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) {
    let reason = [
        (
            "count",
            call.repetition.count.as_ref().map(|(_, span)| *span),
        ),
        (
            "for_each",
            call.repetition.for_each.as_ref().map(|(_, span)| *span),
        ),
        (
            "enabled",
            call.repetition.enabled.as_ref().map(|(_, span)| *span),
        ),
        (
            "depends_on",
            call.depends_on.first().map(|first| first.span),
        ),
    ]
    .into_iter()
    .find_map(|(name, span)| Some((name, span?)));
    let Some((name, span)) = reason else {
        return;
    };
    let mut queue = vec![child];
    while let Some(at) = queue.pop() {
        let module = &tree.modules[at];
        let own = module.decl.providers.iter().find(|provider| {
            let reference = ProviderRef {
                name: provider.name.clone(),
                alias: provider.alias.as_ref().map(|(alias, _)| alias.clone()),
                key: None,
                span: provider.span,
            };
            !is_proxy(module, &reference)
        });
        if let Some(provider) = own {
            let detail = format!(
                "The module at {} is a legacy module which contains its own local provider configurations ({}), and so calls to it may not use the {name} argument.\n\nIf you also control the module \"{}\", consider updating this module to instead expect provider configurations to be passed by its caller.",
                module.path,
                sources.locate(provider.span),
                module.dir
            );
            diagnostics.push(
                Diagnostic::error(
                    rules::provider::INCOMPATIBLE_MODULE
                        .named(format!("Module is incompatible with {name}")),
                    detail,
                )
                .at(span)
                .related(provider.span, "the provider configuration"),
            );
            return;
        }
        queue.extend(module.children.iter().flatten());
    }
}
