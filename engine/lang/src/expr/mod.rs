//! Expressions compiled: names resolved to slots, ready to be evaluated any number of times.
//!
//! [`compile`] turns a syntax tree into a [`Compiled`] expression, asking a [`Binder`] what each name means.
//! [`Compiled::eval`] computes its value, asking a [`Scope`] for the value in each slot. The binder is used once per
//! block of configuration, the scope once per instance.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::functions::{ConfiguredFunction, Functions, ProviderNames};
use crate::source::Span;
use crate::syntax::ast;
use ecow::EcoString;
use std::sync::Arc;
use terrane_value::{PathStep, Value};

mod compile;
mod compile_call;
mod eval;
mod eval_call;
mod eval_for;
mod eval_operator;
mod eval_path;
mod eval_provider;
mod eval_template;
mod involved;
mod node;
mod renders;
pub mod simple;
pub mod types;
pub(crate) mod values;
pub(crate) mod work;

#[cfg(test)]
mod tests;

pub use compile::compile;
pub use eval::{all_values_involved, values_involved};

/// A place that a [`Scope`] has a value for. What the number means is between binder and scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// What a binder makes of the beginning of a chain such as `terraform_data.a[count.index].output.x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Where the value is.
    pub slot: Slot,
    /// How many of the steps behind the root name the slot stands for. The rest are applied to its value.
    pub consumed: usize,
    /// Which of the consumed steps, if any, is an index that picks an instance: its value is handed to
    /// [`Scope::keyed`], so that only that instance is read.
    pub key_at: Option<usize>,
}

/// Knows what names mean.
pub trait Binder {
    /// Resolves a chain: its first name and the steps behind it.
    ///
    /// # Errors
    /// When the name means nothing here: the message for the user, with its place.
    fn bind(&mut self, root: &ast::Ident, steps: &[ast::Step]) -> Result<Bound, Diagnostic>;

    /// Whether a name that means nothing is an error only where the expression can't do without it: `try` and the like take care of it.
    fn fails_late(&self, diagnostic: &Diagnostic) -> bool {
        let _ = diagnostic;
        false
    }

    /// Whether functions may be called here at all (not in constant places).
    fn allows_functions(&self) -> bool {
        true
    }

    /// Whether `type(…)` may be called, which only the console knows.
    fn allows_type_function(&self) -> bool {
        false
    }

    /// The functions of providers that may be called here. `None`: only those of the provider that is built in.
    fn provider_names(&mut self) -> Option<Arc<dyn ProviderNames>> {
        None
    }

    /// The function behind `provider::`, if it is one that is called on a provider configuration. `None`: it is not;
    /// [`Self::provider_names`] tell what it is.
    fn configured_function(&mut self, name: &str) -> Option<ConfiguredFunction> {
        let _ = name;
        None
    }
}

/// Has the values.
pub trait Scope {
    /// The value in a slot.
    ///
    /// # Errors
    /// When it can't be given (it failed itself: then an empty list, since that was reported already).
    fn value(&self, slot: Slot, span: Span) -> Result<Value, Diagnostics>;

    /// The value of one instance of what is in the slot, for slots bound with `key_at`. The key may be of any type,
    /// unknown or marked.
    ///
    /// # Errors
    /// When there is no such instance.
    fn keyed(&self, slot: Slot, key: &Value, span: Span) -> Result<Value, Diagnostics>;

    /// What functions may use.
    fn functions(&self) -> &Functions;

    /// How the slot is written, for messages: `each.key`, `var.x`.
    fn name(&self, slot: Slot) -> EcoString;

    /// The same with a key: `terraform_data.a[0]`, `module.m[0].output`.
    fn keyed_name(&self, slot: Slot, key: &str) -> EcoString {
        ecow::eco_format!("{}{key}", self.name(slot))
    }
}

/// A compiled expression. Immutable and shared.
#[derive(Clone, Debug)]
pub struct Compiled(Arc<Root>);

#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) code: node::Code,
    pub(crate) uses: Vec<Use>,
}

/// A reference that an expression makes, whether or not it is evaluated.
#[derive(Clone, Debug)]
pub struct Use {
    /// To what.
    pub slot: Slot,
    /// Where.
    pub span: Span,
    /// The expression of the instance key, if the reference picks one instance and the key can be computed outside of the expression
    /// (it mentions no name of a `for`). `None`: the reference may read all instances.
    pub key: Option<Compiled>,
    /// The attribute names that follow, as far as they are plain: `["output", "x"]`.
    pub path: Vec<EcoString>,
    /// The steps behind these that are constant too: `[0]`, `["x"]`, and names that follow them.
    pub tail: Vec<PathStep>,
}

impl Compiled {
    /// A constant.
    #[must_use]
    pub fn constant(value: Value, span: Span) -> Self {
        Self(Arc::new(Root {
            code: node::Code::constant(value, span),
            uses: Vec::new(),
        }))
    }

    /// Computes the value. `locals` are the values of the lexical names that were given to [`compile`], in that order.
    ///
    /// # Errors
    /// All messages that are found; none if the cause was reported already.
    pub fn eval(&self, scope: &dyn Scope, locals: &[Value]) -> Result<Value, Diagnostics> {
        eval::eval(&self.0, scope, locals, &work::Work::new())
    }

    /// All references, in source order.
    #[must_use]
    pub fn uses(&self) -> &[Use] {
        &self.0.uses
    }

    /// Where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.code.span
    }

    /// The value, if it is a constant: no references, no impure function.
    #[must_use]
    pub fn as_constant(&self) -> Option<&Value> {
        self.0.code.as_constant()
    }
}
