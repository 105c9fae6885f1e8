//! The functions of providers that a module may call: `provider::<local name>::<function>`, with OpenTofu's alias in between too.

use crate::load::decl::ModuleDecl;
use crate::load::providers::provider_addr;
use crate::rules;
use crate::suggest::did_you_mean;
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::functions::{ProviderFunction, ProviderNames, ProviderParam};
use terrane_lang::source::Span;
use terrane_model::addr::ProviderAddr;
use terrane_model::schema::{Function, Parameter, ProviderSchema};

/// The local name of the built-in provider, which needs no declaration.
const BUILTIN: &str = "terraform";

/// The providers of one module, by local name.
#[derive(Debug, Default)]
pub(crate) struct FunctionNames {
    providers: BTreeMap<EcoString, Provider>,
    /// The local names that resources and provider blocks use without declaring them.
    implied: BTreeSet<EcoString>,
}

#[derive(Debug)]
struct Provider {
    addr: ProviderAddr,
    /// `None`: it is not there.
    schema: Option<Arc<ProviderSchema>>,
    aliases: BTreeSet<EcoString>,
}

impl FunctionNames {
    pub(super) fn new(module: &ModuleDecl, schemas: &super::Schemas) -> Self {
        let declared = &module.required_providers.entries;
        let builtin: EcoString = BUILTIN.into();
        let names: BTreeSet<&EcoString> = declared.keys().chain([&builtin]).collect();
        let provider = |name: &EcoString| {
            let addr = provider_addr(module, name);
            let blocks = module
                .providers
                .iter()
                .filter(|block| block.name == *name)
                .filter_map(|block| block.alias.as_ref());
            let passed = declared
                .get(name)
                .into_iter()
                .flat_map(|entry| &entry.aliases);
            Provider {
                schema: schemas.get(&addr).cloned(),
                aliases: blocks
                    .chain(passed)
                    .map(|(alias, _)| alias.clone())
                    .collect(),
                addr,
            }
        };
        let resources = module
            .resources
            .iter()
            .map(crate::load::providers::local_name);
        let blocks = module.providers.iter().map(|block| block.name.clone());
        Self {
            implied: resources
                .chain(blocks)
                .filter(|name| !names.contains(name))
                .collect(),
            providers: names
                .into_iter()
                .map(|name| (name.clone(), provider(name)))
                .collect(),
        }
    }

    fn unknown_provider(&self, local: &str, name: &str) -> String {
        if self.implied.contains(local) {
            let addr = crate::load::decode::terraform::implied_provider(local);
            return format!(
                "There is no function named \"provider::{name}\": to call functions of a provider, the module must declare it in its required_providers block, as in:\n  {local} = {{ source = \"{}\" }}",
                addr.for_display()
            );
        }
        let hint = did_you_mean(local, self.providers.keys().map(EcoString::as_str));
        let function = name.rsplit("::").next().unwrap_or(name);
        format!(
            "There is no function named \"provider::{name}\". Ensure that provider name \"{local}\" is declared in this module's required_providers block, and that this provider offers a function named \"{function}\".{hint}"
        )
    }
}

/// The parts of what stands behind `provider::`.
pub(crate) struct Parts<'a> {
    pub(crate) local: &'a str,
    pub(crate) alias: Option<&'a str>,
    pub(crate) function: &'a str,
}

fn parts(name: &str) -> Option<Parts<'_>> {
    let parts: Vec<&str> = name.split("::").collect();
    let (local, alias, function) = match *parts {
        [local, function] => (local, None, function),
        [local, alias, function] => (local, Some(alias), function),
        _ => return None,
    };
    Some(Parts {
        local,
        alias,
        function,
    })
}

impl FunctionNames {
    /// The local names of the providers whose functions can be called, with the aliases of their configurations.
    pub(super) fn callable(
        &self,
    ) -> impl Iterator<Item = (&EcoString, &ProviderAddr, &BTreeSet<EcoString>)> {
        self.providers
            .iter()
            .map(|(local, provider)| (local, &provider.addr, &provider.aliases))
    }

    /// The parts of a name that means a function of a provider configuration: one that the provider has only then, or one that is called with an alias.
    pub(super) fn on_configuration<'n>(&self, name: &'n str) -> Option<Parts<'n>> {
        let found = parts(name)?;
        let provider = self.providers.get(found.local)?;
        // The one that is built in has no configuration; one that is not there can't be asked.
        if provider.addr == crate::load::decode::terraform::implied_provider(BUILTIN) {
            return None;
        }
        let schema = provider.schema.as_ref()?;
        let plain = found.alias.is_none() && schema.functions.contains_key(found.function);
        (!plain).then_some(found)
    }

    /// The function, if it is known without a configuration.
    pub(super) fn known(&self, found: &Parts<'_>) -> Option<Arc<ProviderFunction>> {
        let provider = self.providers.get(found.local)?;
        let signature = provider.schema.as_ref()?.functions.get(found.function)?;
        Some(Arc::new(provider_function(
            provider.addr.to_string().into(),
            found.function,
            signature,
        )))
    }

    /// The address of the provider.
    pub(super) fn address(&self, found: &Parts<'_>) -> Option<EcoString> {
        let provider = self.providers.get(found.local)?;
        Some(provider.addr.to_string().into())
    }
}

impl ProviderNames for FunctionNames {
    fn find(&self, name: &str, span: Span) -> Result<Arc<ProviderFunction>, Diagnostic> {
        let fail = |detail: String| {
            Diagnostic::error(&rules::reference::UNKNOWN_PROVIDER_FUNCTION, detail).at(span)
        };
        let Some(Parts {
            local,
            alias,
            function,
        }) = parts(name)
        else {
            return Err(fail(format!(
                "There is no function named \"provider::{name}\": behind \"provider::\" stand the local name of a provider, an alias if one is meant, and the name of the function."
            )));
        };
        let Some(provider) = self.providers.get(local) else {
            return Err(fail(self.unknown_provider(local, name)));
        };
        if let Some(alias) = alias
            && !provider.aliases.contains(alias)
        {
            let hint = did_you_mean(alias, provider.aliases.iter().map(EcoString::as_str));
            return Err(fail(format!(
                "There is no function named \"provider::{name}\": this module has no configuration of the provider \"{local}\" with the alias \"{alias}\".{hint}"
            )));
        }
        let Some(schema) = &provider.schema else {
            return Err(fail(format!(
                "The functions of the provider {} are not known, since it is not available. You may be able to install it by running:\n  terrane init",
                provider.addr.for_display()
            )));
        };
        match schema.functions.get(function) {
            Some(signature) => Ok(Arc::new(provider_function(
                provider.addr.to_string().into(),
                function,
                signature,
            ))),
            None => {
                let known = schema.functions.keys().map(EcoString::as_str);
                let hint = did_you_mean(function, known);
                let configured = if hint.is_empty() {
                    " Some providers have functions only when they are configured; these can be called where the module has a configuration of the provider, but not in template files."
                } else {
                    ""
                };
                Err(fail(format!(
                    "The function \"{function}\" is not available from the provider \"{local}\" ({}).{hint}{configured}",
                    provider.addr.for_display()
                )))
            }
        }
    }
}

/// A function of a provider as expressions know it.
#[must_use]
pub fn provider_function(provider: EcoString, name: &str, function: &Function) -> ProviderFunction {
    let Function {
        parameters,
        variadic,
        returns,
        summary: _,
        description: _,
        deprecated: _,
    } = function;
    ProviderFunction {
        provider,
        name: name.into(),
        params: parameters.iter().map(param).collect(),
        variadic: variadic.as_ref().map(param),
        returns: returns.clone(),
    }
}

fn param(parameter: &Parameter) -> ProviderParam {
    let Parameter {
        name,
        ty,
        allow_null,
        allow_unknown,
        description: _,
    } = parameter;
    ProviderParam {
        name: name.clone(),
        ty: ty.clone(),
        allow_null: *allow_null,
        allow_unknown: *allow_unknown,
    }
}
