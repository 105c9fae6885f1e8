//! The tree of a compiled expression.
//!
//! What can be decided without values is decided here: names are slots or indices, functions are table entries, the
//! names of an object constructor are sorted. Chains that the source writes as a row (steps behind a value, operators of
//! the same side) are rows here too, so that evaluation needs depth only for real nesting.

use super::{Compiled, Slot};
use crate::diagnostic::Diagnostic;
use crate::expr::types::Defaults;
use crate::functions::table::Function;
use crate::functions::{ConfiguredFunction, ProviderFunction, ProviderNames};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, UnaryOp};
use ecow::EcoString;
use std::sync::Arc;
use terrane_value::{Type, Value};

/// A node with its place.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) node: Node,
    pub(crate) span: Span,
}

/// What a compiled expression can be.
#[derive(Debug)]
pub(crate) enum Node {
    /// A constant.
    Constant(Value),
    /// The whole value of a slot.
    Slot(Slot),
    /// One instance of what is in a slot.
    Keyed(Slot, Compiled),
    /// A lexical name, by its place in the frame.
    Local(usize, EcoString),
    /// Steps applied to a value.
    Path(Box<Code>, Box<[Step]>),
    /// A string made of parts.
    Template(Box<[Part]>),
    /// A call of a function from the table.
    Call(Box<Call>),
    /// A call of a function of a provider.
    ProviderCall(Box<ProviderCall>),
    /// `try(a, b…)`
    Try(Box<[Code]>),
    /// `can(a)`
    Can(Box<Code>),
    /// `try(a, b...)`, `can(a...)`
    Spread(Box<Spread>),
    /// `convert(a, type)`
    Convert(Box<Convert>),
    /// `type(a)`
    TypeOf(Box<Code>),
    /// `c ? a : b`
    Conditional(Box<[Code; 3]>),
    /// `first op a op b …`, all operators from left to right.
    Binary(Box<Code>, Box<[Operation]>),
    /// `-a`, `!a`
    Unary(UnaryOp, Box<Code>),
    /// `[a, b]`
    Tuple(Box<[Code]>),
    /// An object whose keys are constants.
    Shaped(Box<Shaped>),
    /// An object with computed keys.
    Object(Box<[(Code, Code)]>),
    /// `[for …]`, `{for …}`
    For(Box<For>),
    /// Could not be compiled, which was reported then.
    Failed,
    /// Can't be evaluated: an error if it is.
    Fault(Box<Diagnostic>),
}

/// One more operand of a row.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) op: BinaryOp,
    pub(crate) operand: Code,
    /// From the first operand of the row to this one.
    pub(crate) span: Span,
}

/// One step of a path.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) kind: StepKind,
    pub(crate) span: Span,
}

/// What a step takes.
#[derive(Debug)]
pub(crate) enum StepKind {
    /// `.name`
    Attr(EcoString),
    /// `[key]`, `.0`
    Index(Code),
    /// `[*]` or `.*`, with the steps that apply to each element.
    Splat(Box<[Step]>),
}

/// An object constructor with constant keys.
#[derive(Debug)]
pub(crate) struct Shaped {
    /// Sorted and unique.
    pub(crate) names: Arc<[EcoString]>,
    /// In source order, each with the place of its name in `names`. Of two for one place the later holds.
    pub(crate) values: Box<[(usize, Code)]>,
}

/// A function call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) function: &'static Function,
    /// As it was written.
    pub(crate) name: EcoString,
    pub(crate) args: Box<[Code]>,
    pub(crate) expand_last: bool,
    /// The closing parenthesis: where a missing argument is reported.
    pub(crate) close: Span,
    /// Of a function that renders templates: the functions of providers that these may call.
    pub(crate) providers: Option<Arc<dyn ProviderNames>>,
}

/// A call of a function of a provider.
#[derive(Debug)]
pub(crate) struct ProviderCall {
    pub(crate) function: Called,
    /// As it was written.
    pub(crate) name: EcoString,
    pub(crate) args: Box<[Code]>,
    pub(crate) expand_last: bool,
    /// The closing parenthesis.
    pub(crate) close: Span,
}

/// The function of a provider that is called.
#[derive(Debug)]
pub(crate) enum Called {
    /// One that needs no configuration.
    Known(Arc<ProviderFunction>),
    /// One of a provider configuration.
    Configured(ConfiguredFunction),
}

/// `try` or `can` whose last argument stands for several.
#[derive(Debug)]
pub(crate) struct Spread {
    pub(crate) can: bool,
    pub(crate) args: Box<[Code]>,
}

/// `convert(value, type)`
#[derive(Debug)]
pub(crate) struct Convert {
    pub(crate) value: Code,
    pub(crate) ty: Type,
    pub(crate) defaults: Option<Defaults>,
}

/// A `for` expression.
#[derive(Debug)]
pub(crate) struct For {
    pub(crate) has_key: bool,
    pub(crate) collection: Code,
    /// For an object, the key.
    pub(crate) key: Option<Code>,
    pub(crate) value: Code,
    pub(crate) group: bool,
    pub(crate) condition: Option<Code>,
}

/// A part of a template.
#[derive(Debug)]
pub(crate) enum Part {
    /// Text.
    Literal(EcoString),
    /// `${…}`
    Interpolation(Code),
    /// `%{ if }`
    If(Box<If>),
    /// `%{ for }`
    For(Box<TemplateFor>),
}

/// `%{ if }`
#[derive(Debug)]
pub(crate) struct If {
    pub(crate) condition: Code,
    pub(crate) then: Box<[Part]>,
    pub(crate) otherwise: Box<[Part]>,
    pub(crate) span: Span,
}

/// `%{ for }`
#[derive(Debug)]
pub(crate) struct TemplateFor {
    pub(crate) has_key: bool,
    pub(crate) collection: Code,
    pub(crate) body: Box<[Part]>,
    pub(crate) span: Span,
}

impl Code {
    pub(crate) fn new(node: Node, span: Span) -> Self {
        Self { node, span }
    }

    pub(crate) fn constant(value: Value, span: Span) -> Self {
        Self::new(Node::Constant(value), span)
    }

    pub(crate) fn failed(span: Span) -> Self {
        Self::new(Node::Failed, span)
    }

    pub(crate) fn as_constant(&self) -> Option<&Value> {
        match &self.node {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }
}
