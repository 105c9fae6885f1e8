//! The syntax tree of expressions, blocks and attributes.
//!
//! Literals are decoded here (escapes, heredoc flush, NFC), numbers are exact.

use crate::source::Span;
use ecow::EcoString;
use terrane_value::Number;

/// A name with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Ident {
    /// The name, NFC.
    pub name: EcoString,
    /// Where.
    pub span: Span,
}

/// An expression with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where, from its first to its last byte.
    pub span: Span,
}

/// What an expression can be.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `1.5e3`, exact
    Number(Number),
    /// A quoted or heredoc string without interpolation, decoded.
    String(EcoString),
    /// A string with interpolations or directives. Never a single lone interpolation: that is `Wrap`.
    Template(Template),
    /// `"${expr}"` alone: the value itself, unconverted.
    Wrap(Box<Expr>),
    /// A bare name that begins a chain: `var`, `each`, `x`, `terraform_data`.
    Name(EcoString),
    /// `source` followed by one or more steps. `source` is never itself a `Chain`; for the item of a
    /// splat the chain is in [`Step::AttrSplat`] or [`Step::FullSplat`].
    Chain(Box<Expr>, Vec<Step>),
    /// `f(a, b...)`
    Call(Box<Call>),
    /// `c ? a : b`
    Conditional(Box<[Expr; 3]>),
    /// `a + b`
    Binary(BinaryOp, Box<[Expr; 2]>),
    /// `-a`, `!a`
    Unary(UnaryOp, Box<Expr>),
    /// `[a, b]`
    Tuple(Vec<Expr>),
    /// `{ k = v }`, in source order
    Object(Vec<ObjectItem>),
    /// `[for …]`, `{for …}`
    For(Box<For>),
    /// `(a)`
    Parens(Box<Expr>),
}

/// One step of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is taken.
    pub kind: StepKind,
    /// The step alone, with its dot or brackets.
    pub span: Span,
}

/// What a step takes.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `.name`
    Attr(EcoString),
    /// `[expr]`
    Index(Expr),
    /// `.0`, the legacy form of `[0]`
    LegacyIndex(u64),
    /// `.*` and the attribute steps that apply to each element (later `[…]` apply to the result)
    AttrSplat(Vec<Step>),
    /// `[*]` and all the steps behind it, which apply to each element
    FullSplat(Vec<Step>),
}

/// A function call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The name, with its namespaces: `core::upper`, `provider::aws::arn_parse`.
    pub name: EcoString,
    /// Where the name is.
    pub name_span: Span,
    /// The arguments.
    pub args: Vec<Expr>,
    /// Whether the last argument is followed by `...`.
    pub expand_last: bool,
    /// From the opening to the closing parenthesis.
    pub parens: Span,
}

/// One entry of an object constructor.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectItem {
    /// The key. A bare name is `ExprKind::Name`, which stands for itself as a string; keywords such as
    /// `true` and numbers used as keys arrive as `String`.
    pub key: Expr,
    /// The value.
    pub value: Expr,
}

/// A `for` expression.
#[derive(Clone, Debug, PartialEq)]
pub struct For {
    /// The first of two names, if there are two.
    pub key_var: Option<Ident>,
    /// The name for the element.
    pub value_var: Ident,
    /// What is iterated over.
    pub collection: Expr,
    /// For an object, the key.
    pub key: Option<Expr>,
    /// The element, or the value of an object.
    pub value: Expr,
    /// Whether `...` groups values of the same key.
    pub group: bool,
    /// `if …`
    pub condition: Option<Expr>,
    /// From `for` to the colon: what messages about the introduction underline.
    pub intro: Span,
}

/// A string with parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The parts in order; strip markers are already applied to the literals.
    pub parts: Vec<TemplatePart>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Text, decoded.
    Literal(EcoString, Span),
    /// `${expr}`
    Interpolation(Expr),
    /// `%{ if c }…%{ else }…%{ endif }`
    If {
        /// The condition.
        condition: Expr,
        /// Where it is true.
        then: Template,
        /// Where it is not, if given.
        otherwise: Option<Template>,
        /// The whole directive.
        span: Span,
    },
    /// `%{ for k, v in c }…%{ endfor }`
    For {
        /// The first of two names, if there are two.
        key_var: Option<Ident>,
        /// The name for the element.
        value_var: Ident,
        /// What is iterated over.
        collection: Expr,
        /// What is repeated.
        body: Template,
        /// The whole directive.
        span: Span,
    },
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Eq,
    /// `!=`
    NotEq,
    /// `<`
    Less,
    /// `<=`
    LessEq,
    /// `>`
    Greater,
    /// `>=`
    GreaterEq,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `!`
    Not,
}
