//! The providers of a run: blocks of the test file that take their place in the root module.

use super::names::ValueNames;
use super::stand_in::empty_body;
use super::{Run, TestFile, TestProvider};
use crate::body::CompiledBody;
use crate::compile::Schemas;
use crate::compile::bind::{Place, Repeats, ResourceInfo, Tables};
use crate::compile::body::{Compiler, Shapes};
use crate::compile::provider::instances;
use crate::config::{Config, ProviderId, Reference};
use crate::load::decl::{ModuleDecl, Outside, ProviderDecl, ProviderRef};
use crate::load::decode::provider::written;
use crate::load::providers::provider_addr;
use crate::load::{Loader, Tree};
use crate::rules;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Scope, Slot};
use terrane_lang::functions::Functions;
use terrane_lang::rules::expr::of_access;
use terrane_lang::source::Span;
use terrane_model::addr::{Mode, ProviderConfigAddr};
use terrane_value::Value;

/// Which blocks of a test file take which place in the root module of a run.
#[derive(Clone, Debug, Default)]
pub struct TestProviders {
    bound: Vec<Bound>,
}

#[derive(Clone, Debug)]
struct Bound {
    /// The local name and alias that it has in the root module.
    name: EcoString,
    alias: Option<EcoString>,
    /// Index in the test file.
    at: usize,
    /// The one instance that is meant, of a block with `for_each`.
    key: Option<EcoString>,
    instances: Option<BTreeMap<EcoString, Value>>,
}

impl Loader {
    /// Puts the providers of a test file into the root module: those that the run names, else all of them. To be called when all files are
    /// there, before [`Self::finish`].
    pub fn bind_test_providers(
        &mut self,
        file: &TestFile,
        run: &Run,
        names: &ValueNames,
        functions: &Functions,
    ) -> TestProviders {
        let mut binder = ProviderBinder {
            file,
            names,
            functions,
            diagnostics: Diagnostics::new(),
            bound: Vec::new(),
        };
        let Some(root) = self.tree.modules.first_mut() else {
            return TestProviders::default();
        };
        let decl = Arc::make_mut(&mut root.decl);
        match &run.providers {
            None => {
                for (at, provider) in file.providers.iter().enumerate() {
                    binder.bind(at, (&provider.name, provider.alias.as_ref()), None, decl);
                }
            }
            Some(passed) => {
                let own = decl.providers.clone();
                for entry in passed {
                    binder.pass(&own, &entry.child, &entry.parent, decl);
                }
            }
        }
        self.diagnostics.extend(binder.diagnostics);
        TestProviders {
            bound: binder.bound,
        }
    }
}

struct ProviderBinder<'a> {
    file: &'a TestFile,
    names: &'a ValueNames,
    functions: &'a Functions,
    diagnostics: Diagnostics,
    bound: Vec<Bound>,
}

impl ProviderBinder<'_> {
    fn pass(
        &mut self,
        own: &[ProviderDecl],
        child: &ProviderRef,
        parent: &ProviderRef,
        decl: &mut ModuleDecl,
    ) {
        let to = (&child.name, child.alias.as_ref());
        let same = |provider: &TestProvider| {
            provider.name == parent.name && provider.alias == parent.alias
        };
        if let Some(at) = self.file.providers.iter().position(same) {
            let key = match &parent.key {
                None => None,
                Some(expr) => match self.names.provider_value(expr, self.functions) {
                    Ok(value) => value.unmarked().as_str().map(EcoString::from),
                    Err(found) => {
                        self.diagnostics.extend(found);
                        return;
                    }
                },
            };
            return self.bind(at, to, key, decl);
        }
        let configured = own.iter().find(|provider| {
            provider.name == parent.name
                && provider.alias.as_ref().map(|(alias, _)| alias) == parent.alias.as_ref()
        });
        match configured {
            Some(configured) => {
                let alias = child.alias.clone().map(|alias| (alias, child.span));
                put(
                    decl,
                    ProviderDecl {
                        name: child.name.clone(),
                        alias,
                        ..configured.clone()
                    },
                );
            }
            // A configuration without alias that nobody wrote down is empty.
            None if parent.alias.is_none() && child.alias.is_none() => {}
            None => {
                let text = written(parent);
                self.diagnostics.push(
                    Diagnostic::error(
                        rules::test_file::MISSING_PROVIDER
                            .named(format!("Missing provider definition for {text}")),
                        "This provider block references a provider definition that does not exist, neither in this test file nor in the configuration under test.",
                    )
                    .at(parent.span),
                );
            }
        }
    }

    fn bind(
        &mut self,
        at: usize,
        (name, alias): (&EcoString, Option<&EcoString>),
        key: Option<EcoString>,
        decl: &mut ModuleDecl,
    ) {
        let provider = &self.file.providers[at];
        let mut all = None;
        if let Some(expr) = &provider.decl.for_each {
            let found = self
                .names
                .provider_value(expr, self.functions)
                .and_then(|value| instances(&value, expr));
            match found {
                Ok(found) => all = Some(found),
                Err(found) => self.diagnostics.extend(found),
            }
        }
        let outside = Outside {
            instances: all.clone().filter(|_| key.is_none()),
        };
        put(
            decl,
            ProviderDecl {
                name: name.clone(),
                alias: alias.cloned().map(|alias| (alias, provider.span)),
                version: None,
                for_each: None,
                body: empty_body(provider.span),
                escape: None,
                span: provider.span,
                outside: Some(outside),
            },
        );
        self.bound.push(Bound {
            name: name.clone(),
            alias: alias.cloned(),
            at,
            key,
            instances: all,
        });
    }
}

/// Adds a provider configuration, which takes the place of one with the same name and alias.
fn put(decl: &mut ModuleDecl, provider: ProviderDecl) {
    let alias = |decl: &ProviderDecl| decl.alias.as_ref().map(|(alias, _)| alias.clone());
    let same =
        |other: &&mut ProviderDecl| other.name == provider.name && alias(other) == alias(&provider);
    match decl.providers.iter_mut().find(same) {
        Some(target) => *target = provider,
        None => decl.providers.push(provider),
    }
}

impl TestProviders {
    /// Gives the provider configurations that test blocks took the place of their values.
    pub fn fix(
        &self,
        config: &mut Config,
        (tree, schemas): (&Tree, &Schemas),
        file: &TestFile,
        names: &ValueNames,
        functions: &Functions,
    ) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        for bound in &self.bound {
            let Some(id) = bound.id(tree, config) else {
                continue;
            };
            let addr = config.provider(id).addr.provider.clone();
            let (Some(schema), Some(provider)) = (schemas.get(&addr), file.providers.get(bound.at))
            else {
                continue;
            };
            let fixed = if provider.mock.is_some() {
                bound.each(|_| Ok(Value::NULL))
            } else {
                let block = &schema.provider.block;
                let evaluator = BodyEvaluator::new(provider, block, names, functions, bound);
                diagnostics.extend(evaluator.diagnostics.clone());
                bound.each(|each| evaluator.value(each))
            };
            match fixed {
                Ok(fixed) => {
                    let at = usize::try_from(id.0).unwrap_or(usize::MAX);
                    if let Some(target) = config.providers.get_mut(at) {
                        target.fixed = Some(fixed);
                    }
                }
                Err(found) => diagnostics.extend(found),
            }
        }
        diagnostics
    }

    /// The provider configurations that are mocked, with the index of their block in the test file.
    #[must_use]
    pub fn mocked(
        &self,
        tree: &Tree,
        config: &Config,
        file: &TestFile,
    ) -> BTreeMap<ProviderId, usize> {
        let mocks = self.bound.iter().filter(|bound| {
            let block = file.providers.get(bound.at);
            block.is_some_and(|provider| provider.mock.is_some())
        });
        mocks
            .filter_map(|bound| Some((bound.id(tree, config)?, bound.at)))
            .collect()
    }
}

impl Bound {
    fn id(&self, tree: &Tree, config: &Config) -> Option<ProviderId> {
        let root = tree.modules.first()?;
        let addr = ProviderConfigAddr {
            module: root.path.clone(),
            provider: provider_addr(&root.decl, &self.name),
            alias: self.alias.clone(),
        };
        let at = config
            .providers
            .iter()
            .position(|provider| provider.addr == addr)?;
        u32::try_from(at).ok().map(ProviderId)
    }

    /// The values of all instances that it has here.
    fn each(
        &self,
        mut value: impl FnMut(Option<(&EcoString, &Value)>) -> Result<Value, Diagnostics>,
    ) -> Result<BTreeMap<Option<EcoString>, Value>, Diagnostics> {
        let Some(all) = &self.instances else {
            return Ok(BTreeMap::from([(None, value(None)?)]));
        };
        let mut found = BTreeMap::new();
        for (key, element) in all {
            match &self.key {
                None => {
                    found.insert(Some(key.clone()), value(Some((key, element)))?);
                }
                Some(wanted) if wanted == key => {
                    found.insert(None, value(Some((key, element)))?);
                }
                Some(_) => {}
            }
        }
        Ok(found)
    }
}

/// Evaluates the body of a `provider` block of a test file.
struct BodyEvaluator<'a> {
    names: &'a ValueNames,
    functions: &'a Functions,
    variables: Vec<EcoString>,
    runs: Vec<EcoString>,
    slots: Vec<Reference>,
    body: CompiledBody,
    diagnostics: Diagnostics,
}

/// How a run looks to the binder of a module: a resource of this type.
const RUN: &str = "run";

impl<'a> BodyEvaluator<'a> {
    fn new(
        provider: &TestProvider,
        schema: &Arc<terrane_model::schema::Block>,
        names: &'a ValueNames,
        functions: &'a Functions,
        bound: &Bound,
    ) -> Self {
        let all = names.variables.keys().chain(names.failed.keys());
        let variables: Vec<EcoString> = all.cloned().collect();
        let all = names.runs.keys().chain(&names.later);
        let runs: Vec<EcoString> = all.cloned().collect();
        let mut tables = Tables {
            variables: variables.iter().cloned().zip(0u32..).collect(),
            resources: (runs.iter().zip(0u32..))
                .map(|(name, at)| ((Mode::Managed, RUN.into(), name.clone()), at))
                .collect(),
            resource_infos: runs
                .iter()
                .map(|name| ResourceInfo {
                    mode: Mode::Managed,
                    type_name: RUN.into(),
                    name: name.clone(),
                    repeats: Repeats::Single,
                    within_check: None,
                    schema: None,
                })
                .collect(),
            ..Tables::default()
        };
        let mut diagnostics = Diagnostics::new();
        let mut compiler = Compiler {
            tables: &mut tables,
            place: Place {
                each: bound.instances.is_some(),
                ..Place::default()
            },
            diagnostics: &mut diagnostics,
            shapes: &mut Shapes::default(),
        };
        let decl = &provider.decl;
        let body = compiler.body(&decl.body, decl.escape.as_ref(), schema, provider.span);
        Self {
            names,
            functions,
            variables,
            runs,
            slots: tables.slots,
            body,
            diagnostics,
        }
    }

    fn value(&self, each: Option<(&EcoString, &Value)>) -> Result<Value, Diagnostics> {
        if self.diagnostics.has_errors() {
            return Ok(Value::NULL);
        }
        let scope = BodyScope {
            evaluator: self,
            each,
        };
        self.body.eval(&scope, &[])
    }
}

struct BodyScope<'a> {
    evaluator: &'a BodyEvaluator<'a>,
    each: Option<(&'a EcoString, &'a Value)>,
}

impl Scope for BodyScope<'_> {
    fn value(&self, slot: Slot, span: Span) -> Result<Value, Diagnostics> {
        let BodyEvaluator {
            names,
            variables,
            runs,
            slots,
            ..
        } = self.evaluator;
        let name_at = |names: &[EcoString], at: u32| {
            names
                .get(usize::try_from(at).unwrap_or(usize::MAX))
                .cloned()
                .unwrap_or_default()
        };
        match slots.get(usize::try_from(slot.0).unwrap_or(usize::MAX)) {
            Some(Reference::Variable(at)) => {
                let name = name_at(variables, *at);
                match (names.variables.get(&name), names.failed.get(&name)) {
                    (Some(value), _) => Ok(value.clone()),
                    (None, Some(why)) => Err(why.clone().into()),
                    (None, None) => Err(Diagnostics::new()),
                }
            }
            Some(Reference::Resource(at)) => {
                let name = name_at(runs, *at);
                names.runs.get(&name).cloned().ok_or_else(|| {
                    Diagnostic::error(
                        &rules::test_file::UNAVAILABLE_RUN,
                        format!("The run block \"{name}\" has not executed yet, so that this provider can't be configured for the current run block. You can only reference run blocks that are in the same test file and will execute before it."),
                    )
                    .at(span)
                    .into()
                })
            }
            Some(Reference::EachKey) => {
                let key = self.each.map(|(key, _)| Value::string(key.clone()));
                key.ok_or_else(Diagnostics::new)
            }
            Some(Reference::EachValue) => {
                let value = self.each.map(|(_, value)| value.clone());
                value.ok_or_else(Diagnostics::new)
            }
            Some(Reference::PathModule | Reference::PathRoot) => Ok(Value::string(".")),
            _ => Err(Diagnostic::error(
                &rules::test_file::VALUE_REFERENCE,
                "A provider block of a test file can only reference earlier run blocks, file level, and global variables.",
            )
            .at(span)
            .into()),
        }
    }

    fn keyed(&self, slot: Slot, key: &Value, span: Span) -> Result<Value, Diagnostics> {
        terrane_value::ops::index(&self.value(slot, span)?, key).map_err(|problem| {
            Diagnostic::error(of_access(&problem), problem.to_string())
                .at(span)
                .into()
        })
    }

    fn functions(&self) -> &Functions {
        self.evaluator.functions
    }

    fn name(&self, slot: Slot) -> EcoString {
        let evaluator = self.evaluator;
        let at = |names: &[EcoString], at: u32| {
            names
                .get(usize::try_from(at).unwrap_or(usize::MAX))
                .cloned()
                .unwrap_or_default()
        };
        match evaluator
            .slots
            .get(usize::try_from(slot.0).unwrap_or(usize::MAX))
        {
            Some(Reference::Variable(index)) => {
                ecow::eco_format!("var.{}", at(&evaluator.variables, *index))
            }
            Some(Reference::Resource(index)) => {
                ecow::eco_format!("{RUN}.{}", at(&evaluator.runs, *index))
            }
            Some(Reference::EachKey) => "each.key".into(),
            Some(Reference::EachValue) => "each.value".into(),
            _ => EcoString::new(),
        }
    }
}
