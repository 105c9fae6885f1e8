//! Functions of providers: `provider::<local name>::<function>(…)`.
//!
//! What such a name means is known where the name stands ([`ProviderNames`], which binders give); what the function gives is asked of
//! the provider through a door of the shell ([`ProviderFunctions`]). They are pure: the same arguments give the same result, so the
//! shell may answer from memory.
//!
//! Some exist only once a provider is configured, and what some give depends on it ([`ConfiguredFunction`]). Such a function is one of its
//! configuration as well as of its arguments: the configuration stands in a slot like any other value, so what it depends on is known first.

use crate::diagnostic::Diagnostic;
use crate::expr::Slot;
use crate::source::Span;
use ecow::EcoString;
use std::fmt::Debug;
use std::sync::Arc;
use terrane_value::{Type, Value};

/// The address of the provider that is part of the engine: its functions stand in the table.
pub(crate) const BUILTIN: &str = "terraform.io/builtin/terraform";

/// Calls functions of providers.
pub trait ProviderFunctions: Send + Sync + Debug {
    /// The result of `function` of a provider. The arguments have the types of the parameters, carry no marks, and are known and not null
    /// where the parameter wants that.
    ///
    /// # Errors
    /// When the function refuses its arguments, or the provider can't be asked.
    fn call(
        &self,
        of: Callee<'_>,
        function: &str,
        args: &[Value],
    ) -> Result<Value, ProviderFunctionError>;

    /// What a provider says of one of its functions once it is configured; `None`: it has no such function.
    ///
    /// # Errors
    /// When the provider refuses its configuration, or can't be asked.
    fn describe(
        &self,
        of: Callee<'_>,
        function: &str,
    ) -> Result<Option<Arc<ProviderFunction>>, ProviderFunctionError>;
}

/// The provider whose function is called.
#[derive(Clone, Copy, Debug)]
pub struct Callee<'a> {
    /// Its address: `registry.opentofu.org/hashicorp/aws`.
    pub provider: &'a str,
    /// What it is configured with: wholly known, without marks. `None`: it is not configured.
    pub config: Option<&'a Value>,
}

/// Why the function of a provider gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderFunctionError {
    /// A phrase, without a final period.
    pub text: String,
    /// Which argument is to blame, from 0.
    pub argument: Option<usize>,
}

/// Knows the functions of providers that may be called at some place.
pub trait ProviderNames: Send + Sync + Debug {
    /// The function with a name. `name` is what follows `provider::`: `aws::arn_parse`, or with an alias `aws::west::arn_parse`.
    ///
    /// # Errors
    /// When there is no such function: the message for the user, with its place.
    fn find(&self, name: &str, span: Span) -> Result<Arc<ProviderFunction>, Diagnostic>;
}

/// A function that is called on a provider configuration, not on the provider alone.
#[derive(Clone, Debug)]
pub struct ConfiguredFunction {
    /// The address of the provider.
    pub provider: EcoString,
    /// The name of the function there.
    pub name: EcoString,
    /// The function, if it is known without the configuration.
    pub known: Option<Arc<ProviderFunction>>,
    /// Has the configuration: null if there is none.
    pub slot: Slot,
}

/// A function of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderFunction {
    /// The address of the provider, as [`ProviderFunctions`] knows it: `registry.opentofu.org/hashicorp/aws`.
    pub provider: EcoString,
    /// Its name there.
    pub name: EcoString,
    /// Positional parameters.
    pub params: Vec<ProviderParam>,
    /// One that may be given any number of times, last.
    pub variadic: Option<ProviderParam>,
    /// The type of the result.
    pub returns: Type,
}

/// A parameter of a function of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderParam {
    /// Its name, for messages.
    pub name: EcoString,
    /// Its type.
    pub ty: Type,
    /// Whether it takes null.
    pub allow_null: bool,
    /// Whether the function is called with values that are not wholly known.
    pub allow_unknown: bool,
}

impl ProviderFunction {
    /// The parameter that an argument is for.
    pub(crate) fn param(&self, at: usize) -> Option<&ProviderParam> {
        self.params.get(at).or(self.variadic.as_ref())
    }

    /// As [`super::table::Function::signature`], under the name by which it was called.
    pub(crate) fn signature(&self, name: &str) -> String {
        let mut params: Vec<String> = self
            .params
            .iter()
            .map(|param| format!("{} {}", param.name, param.ty))
            .collect();
        params.extend(
            self.variadic
                .iter()
                .map(|param| format!("{} {}...", param.name, param.ty)),
        );
        format!("{name}({}) {}", params.join(", "), self.returns)
    }
}

/// There are no providers.
#[derive(Debug)]
pub(super) struct NoProviders;

impl NoProviders {
    fn error() -> ProviderFunctionError {
        ProviderFunctionError {
            text: String::from("functions of providers can't be called here"),
            argument: None,
        }
    }
}

impl ProviderFunctions for NoProviders {
    fn call(
        &self,
        _of: Callee<'_>,
        _function: &str,
        _args: &[Value],
    ) -> Result<Value, ProviderFunctionError> {
        Err(Self::error())
    }

    fn describe(
        &self,
        _of: Callee<'_>,
        _function: &str,
    ) -> Result<Option<Arc<ProviderFunction>>, ProviderFunctionError> {
        Err(Self::error())
    }
}
