//! Provider configurations: those that are written down, and the empty ones that are implied.

use super::{Session, index};
use crate::body::CompiledBody;
use crate::compile::bind::{Place, Tables};
use crate::config::{ModuleId, ProviderConfig, ProviderId, Reference};
use crate::load::Tree;
use crate::load::decl::ProviderDecl;
use crate::load::providers::{import_provider, list_provider, local_name, provider_addr, resolve};
use crate::load::static_eval::StaticEval;
use crate::rules;
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use terrane_lang::syntax::ast::Expr;
use terrane_model::addr::{ModulePath, ProviderAddr, ProviderConfigAddr};
use terrane_value::{Kind, Value};

/// All provider configurations, in the order of their addresses.
#[derive(Debug, Default)]
pub(super) struct Providers {
    /// The block, by module and index there; `None`: it is implied.
    by_addr: BTreeMap<ProviderConfigAddr, Found>,
    /// By id: whether it has `for_each`.
    instances: Vec<bool>,
    /// Those that resources or import blocks use.
    used: BTreeSet<ProviderConfigAddr>,
}

#[derive(Debug)]
struct Found {
    block: Option<(usize, usize)>,
    id: ProviderId,
}

impl Providers {
    pub(super) fn id(&self, addr: &ProviderConfigAddr) -> ProviderId {
        self.by_addr
            .get(addr)
            .map_or(ProviderId(0), |found| found.id)
    }

    /// The configuration of the root module without alias.
    pub(super) fn default_of(&self, addr: &ProviderAddr) -> ProviderId {
        self.id(&default_addr(addr))
    }

    pub(super) fn has_instances(&self, id: ProviderId) -> bool {
        self.instances.get(id.0 as usize).copied().unwrap_or(false)
    }
}

fn default_addr(addr: &ProviderAddr) -> ProviderConfigAddr {
    ProviderConfigAddr {
        module: ModulePath::root(),
        provider: addr.clone(),
        alias: None,
    }
}

impl Session<'_> {
    /// Gives an id to every configuration that is written down or used.
    pub(super) fn find_providers(&mut self) {
        let mut found: BTreeMap<ProviderConfigAddr, Option<(usize, usize)>> = BTreeMap::new();
        let imports = self.tree.modules.first().map(|root| root.decl.clone());
        for (at, module) in self.tree.modules.iter().enumerate() {
            for (which, provider) in module.decl.providers.iter().enumerate() {
                let addr = ProviderConfigAddr {
                    module: module.path.clone(),
                    provider: provider_addr(&module.decl, &provider.name),
                    alias: provider.alias.as_ref().map(|(alias, _)| alias.clone()),
                };
                // A block that only says that the caller passes a configuration is none itself.
                let resolved = resolve(self.tree, at, &addr.provider, addr.alias.as_ref());
                if resolved.is_some_and(|resolved| resolved.addr == addr) {
                    found.insert(addr, Some((at, which)));
                }
            }
            for resource in &module.decl.resources {
                let addr = provider_addr(&module.decl, &local_name(resource));
                let alias = resource
                    .provider
                    .as_ref()
                    .and_then(|provider| provider.alias.as_ref());
                let reached = resolve(self.tree, at, &addr, alias)
                    .map_or_else(|| default_addr(&addr), |resolved| resolved.addr);
                self.providers.used.insert(reached.clone());
                found.entry(reached).or_insert(None);
            }
        }
        if let Some(root) = imports {
            for list in &root.lists {
                let addr = provider_addr(&root, &list_provider(list));
                let alias = (list.provider.as_ref()).and_then(|provider| provider.alias.as_ref());
                let reached = resolve(self.tree, 0, &addr, alias)
                    .map_or_else(|| default_addr(&addr), |resolved| resolved.addr);
                self.providers.used.insert(reached.clone());
                found.entry(reached).or_insert(None);
            }
            for import in &root.imports {
                if let Some(addr) = import_provider(&root, import.provider.as_ref(), &import.to) {
                    let alias = import
                        .provider
                        .as_ref()
                        .and_then(|named| named.alias.as_ref());
                    let reached = resolve(self.tree, 0, &addr, alias)
                        .map_or_else(|| default_addr(&addr), |resolved| resolved.addr);
                    self.providers.used.insert(reached.clone());
                    found.entry(reached).or_insert(None);
                }
            }
        }
        for (at, (addr, block)) in found.into_iter().enumerate() {
            let id = ProviderId(index(at));
            let has_for_each = block.is_some_and(|(module, which)| {
                let decl = &self.tree.modules[module].decl.providers[which];
                let given = decl.outside.as_ref();
                decl.for_each.is_some() || given.is_some_and(|given| given.instances.is_some())
            });
            self.providers.instances.push(has_for_each);
            self.providers.by_addr.insert(addr, Found { block, id });
        }
        let modules = 0..self.tables.len();
        for module in modules {
            let found = &self.providers.by_addr;
            let configured = callable(self.tree, module, &self.tables[module], |addr| {
                let id = found.get(addr)?.id;
                // Which instance is meant can't be written in the name of a function.
                (!self.providers.has_instances(id)).then_some(id)
            });
            self.tables[module].configured = configured;
        }
    }

    pub(super) fn provider_configs(&mut self) -> Vec<ProviderConfig> {
        let all: Vec<(ProviderConfigAddr, Option<(usize, usize)>)> = self
            .providers
            .by_addr
            .iter()
            .map(|(addr, found)| (addr.clone(), found.block))
            .collect();
        all.into_iter()
            .map(|(addr, block)| self.provider_config(addr, block))
            .collect()
    }

    fn provider_config(
        &mut self,
        addr: ProviderConfigAddr,
        block: Option<(usize, usize)>,
    ) -> ProviderConfig {
        let known = self.schemas.get(&addr.provider).cloned();
        let Some((module, which)) = block else {
            let schema = known.map_or_else(Arc::default, |known| known.provider.block.clone());
            let span = self
                .tree
                .requirements
                .get(&addr.provider)
                .and_then(|requirement| requirement.span)
                .unwrap_or(terrane_lang::source::Span::new(
                    terrane_lang::source::FileId(0),
                    0,
                    0,
                ));
            for (name, attribute) in &schema.attributes {
                if attribute.required {
                    let detail = format!(
                        "The argument \"{name}\" is required, but no definition was found. Provider {} needs a configuration: add a provider block for it.",
                        addr.provider.for_display()
                    );
                    self.diagnostics.push(
                        Diagnostic::error(&rules::provider::MISSING_PROVIDER_ARGUMENT, detail)
                            .at(span),
                    );
                }
            }
            return ProviderConfig {
                addr,
                module: ModuleId(0),
                span: None,
                body: CompiledBody::empty(schema, span),
                for_each: None,
                fixed: None,
                used: true,
                problems: Diagnostics::new(),
            };
        };
        let decl = self.decl(module);
        let provider = &decl.providers[which];
        if let Some(outside) = &provider.outside {
            let schema = known.map_or_else(Arc::default, |known| known.provider.block.clone());
            return ProviderConfig {
                addr,
                module: ModuleId(index(module)),
                span: None,
                body: CompiledBody::empty(schema, provider.span),
                for_each: outside.instances.clone(),
                fixed: None,
                used: true,
                problems: Diagnostics::new(),
            };
        }
        let for_each = provider
            .for_each
            .as_ref()
            .and_then(|expr| self.provider_instances(module, expr));
        let earlier = std::mem::take(&mut self.diagnostics);
        let body = self.provider_body(module, provider, &addr.provider);
        let own = std::mem::replace(&mut self.diagnostics, earlier);
        let used = self.providers.used.contains(&addr) || self.is_called(&addr);
        let problems = if used {
            self.diagnostics.extend(own);
            Diagnostics::new()
        } else {
            self.tolerate(own)
        };
        ProviderConfig {
            addr,
            module: ModuleId(index(module)),
            span: Some(provider.span),
            body,
            for_each,
            fixed: None,
            used,
            problems,
        }
    }

    /// Whether an expression calls a function of this configuration.
    fn is_called(&self, addr: &ProviderConfigAddr) -> bool {
        let call = Reference::Provider(self.providers.id(addr));
        let mut tables = self.tables.iter();
        tables.any(|tables| tables.slot_of.contains_key(&call))
    }

    /// Warns of mistakes in a provider block that nothing in the configuration uses, and gives them back.
    fn tolerate(&mut self, own: Diagnostics) -> Diagnostics {
        let mut problems = Diagnostics::new();
        for diagnostic in own {
            // Others may need the provider itself.
            let counts = diagnostic.is(&rules::provider::MISSING_PROVIDER);
            if counts || diagnostic.severity != Severity::Error {
                self.diagnostics.push(diagnostic);
                continue;
            }
            self.diagnostics.push(unneeded(diagnostic.clone()));
            problems.push(diagnostic);
        }
        problems
    }

    fn provider_body(
        &mut self,
        module: usize,
        provider: &ProviderDecl,
        addr: &ProviderAddr,
    ) -> CompiledBody {
        let Some(schema) = self.provider_schema(addr, provider.span) else {
            return CompiledBody::empty(Arc::default(), provider.span);
        };
        let schema = schema.provider.block.clone();
        let place = Place {
            each: provider.for_each.is_some(),
            ..Place::default()
        };
        self.compiler(module, place).body(
            &provider.body,
            provider.escape.as_ref(),
            &schema,
            provider.span,
        )
    }

    /// The instances of a provider configuration, which must be known before anything is planned.
    fn provider_instances(
        &mut self,
        module: usize,
        expr: &Expr,
    ) -> Option<BTreeMap<EcoString, Value>> {
        let result = StaticEval::new(self.tree)
            .eval(module, expr)
            .and_then(|value| instances(&value, expr));
        match result {
            Ok(found) => Some(found),
            Err(diagnostics) => {
                self.diagnostics.extend(diagnostics);
                None
            }
        }
    }
}

/// A mistake in the block of a provider configuration that nothing uses.
pub(crate) fn unneeded(mut diagnostic: Diagnostic) -> Diagnostic {
    if diagnostic.severity == Severity::Error {
        diagnostic.severity = Severity::Warning;
        diagnostic.detail.push_str(
            "\n\nNothing in the configuration uses this provider block, so that this is an error only if an object in the state needs it.",
        );
    }
    diagnostic
}

/// The configurations whose functions the expressions of a module may call.
pub(super) fn callable(
    tree: &Tree,
    module: usize,
    tables: &Tables,
    id: impl Fn(&ProviderConfigAddr) -> Option<ProviderId>,
) -> BTreeMap<(EcoString, Option<EcoString>), ProviderId> {
    let mut found = BTreeMap::new();
    for (local, addr, aliases) in tables.functions.callable() {
        for alias in std::iter::once(None).chain(aliases.iter().map(Some)) {
            let reached = resolve(tree, module, addr, alias);
            // An instance that a `providers` argument picks may be another one for each instance of the module.
            let reached = reached.filter(|reached| reached.key.is_none());
            if let Some(id) = reached.and_then(|reached| id(&reached.addr)) {
                found.insert((local.clone(), alias.cloned()), id);
            }
        }
    }
    found
}

pub(crate) fn instances(
    value: &Value,
    expr: &Expr,
) -> Result<BTreeMap<EcoString, Value>, Diagnostics> {
    let fail = |detail: &str| -> Diagnostics {
        Diagnostic::error(&rules::provider::INVALID_PROVIDER_KEYS, detail)
            .at(expr.span)
            .into()
    };
    if !value.marks().is_none() && (value.marks().is_sensitive() || value.marks().is_ephemeral()) {
        return Err(fail(
            "The keys of provider instances must not be derived from sensitive or ephemeral values, since they are shown.",
        ));
    }
    match value.unmarked().kind() {
        Kind::Null(_) => Err(fail("The \"for_each\" argument of a provider must not be null.")),
        Kind::Unknown(..) => Err(fail("The \"for_each\" argument of a provider must be known before anything is planned.")),
        Kind::Map(map) => Ok(map
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()),
        Kind::Object(object) => Ok(object
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()),
        Kind::Set(items) => items
            .iter()
            .map(|item| {
                let key = item
                    .as_str()
                    .ok_or_else(|| fail("The \"for_each\" argument of a provider must be a map, or a set of strings that are known."))?;
                Ok((key.into(), item.clone()))
            })
            .collect(),
        _ => Err(fail("The \"for_each\" argument of a provider must be a map, or a set of strings.")),
    }
}
