//! Comparing two values part by part.

mod block;
mod change;
mod sequence;
mod value;

use crate::plan::Action;
use ecow::EcoString;
use terrane_value::Value;

pub(super) use block::block;
pub(super) use change::{Change, Paths};
pub(super) use sequence::pairs;
pub(super) use value::dynamic;

/// What became of a value or a part of one.
#[derive(Debug)]
pub(super) struct Diff {
    /// One of nothing, create, update and delete.
    pub(super) action: Action,
    /// Whether this very part forces the replacement of the object.
    pub(super) replace: bool,
    /// What there is to show.
    pub(super) body: Body,
}

/// What there is to show of a value.
#[derive(Debug)]
pub(super) enum Body {
    /// A bool, number, string or null.
    Plain {
        before: Option<Value>,
        after: Option<Value>,
    },
    /// It is, or was, sensitive. `inner`: what became of the value itself.
    Sensitive {
        inner: Action,
        before: bool,
        after: bool,
    },
    /// A block that is, or was, sensitive.
    SensitiveBlock {
        inner: Action,
        before: bool,
        after: bool,
    },
    /// An attribute whose value is given to the provider and kept nowhere.
    WriteOnly,
    /// It will be known after apply; before, there was this.
    Unknown(Option<Box<Diff>>),
    /// It becomes something of another type.
    Retyped(Box<Diff>, Box<Diff>),
    /// Attributes by name. `plain`: not one that the schema describes attribute by attribute.
    Object {
        entries: Vec<(EcoString, Diff)>,
        plain: bool,
    },
    /// Elements by key.
    Map {
        entries: Vec<(EcoString, Diff)>,
        plain: bool,
    },
    /// Elements in order. `context`: unchanged neighbours of changed ones are shown.
    List { elements: Vec<Diff>, context: bool },
    /// Elements; those that go come first. `push`: elements say that they force replacement, not the set.
    Set { elements: Vec<Diff>, push: bool },
    /// Attributes and nested blocks.
    Block {
        attributes: Vec<(EcoString, Diff)>,
        blocks: Vec<Blocks>,
    },
}

/// The nested blocks of one type.
#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) name: EcoString,
    /// Label of a block in a map, and the block.
    pub(super) items: Vec<(Option<EcoString>, Diff)>,
    /// All of them together force replacement.
    pub(super) replace: bool,
}

impl Diff {
    /// The action of a whole whose parts do this.
    fn sum(current: Action, next: Action) -> Action {
        if next == Action::NoOp || current == next {
            current
        } else {
            Action::Update
        }
    }
}
