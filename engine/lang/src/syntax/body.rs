//! Bodies: attributes and blocks, and how a schema looks at them.
//!
//! Native syntax says itself what is an attribute and what is a block. In JSON syntax only a schema can
//! tell. So a consumer always asks a [`Body`] for its [`Content`] under a [`BodySchema`], whatever the syntax.

use super::ast::{Expr, Ident};
use crate::source::Span;
use ecow::EcoString;
use std::sync::Arc;

/// The inside of a file or a block, in either syntax, perhaps merged from several (override files).
#[derive(Clone, Debug)]
pub enum Body {
    /// Native syntax.
    Native(Arc<NativeBody>),
    /// JSON syntax: an object (or an array of objects) that a schema has yet to interpret.
    Json(Arc<super::json::JsonBody>),
    /// Several bodies seen as one: the attributes of later ones replace those of earlier ones; a block type
    /// that occurs in a later one replaces all blocks of that type in the earlier ones (override files).
    Merged(Vec<Self>),
}

impl Body {
    /// The inside of a block that is not written, where it is missed.
    #[must_use]
    pub fn missing_at(span: Span) -> Self {
        Self::Native(Arc::new(NativeBody {
            attributes: Vec::new(),
            blocks: Vec::new(),
            span,
            missing: span,
            incomplete: false,
        }))
    }
}

/// Attributes and blocks in source order.
#[derive(Clone, Debug)]
pub struct NativeBody {
    /// The attributes, names unique.
    pub attributes: Vec<Attribute>,
    /// The blocks.
    pub blocks: Vec<Block>,
    /// From the opening to the closing brace, or the file.
    pub span: Span,
    /// Where a missing argument is reported: the opening brace, so that the header of the block is shown, or the end of the file.
    pub missing: Span,
    /// Parts of it could not be read, which was reported: what seems to be missing may be in them.
    pub incomplete: bool,
}

/// `name = expr`
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name.
    pub name: Ident,
    /// The value.
    pub expr: Expr,
    /// Both.
    pub span: Span,
}

/// `kind "label" { … }`
#[derive(Clone, Debug)]
pub struct Block {
    /// The block type.
    pub kind: Ident,
    /// The labels.
    pub labels: Vec<Label>,
    /// The inside.
    pub body: Body,
    /// `kind "label"` without the brace: what messages about the block underline.
    pub header: Span,
    /// The whole block.
    pub span: Span,
}

/// A block label.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Its text, decoded.
    pub text: EcoString,
    /// Where.
    pub span: Span,
}

/// What a consumer expects in a body.
#[derive(Clone, Debug, Default)]
pub struct BodySchema {
    /// Attributes: name, required.
    pub attributes: Vec<(EcoString, bool)>,
    /// Block types: name, names of the labels.
    pub blocks: Vec<(EcoString, Vec<&'static str>)>,
}

/// A body as a schema sees it.
#[derive(Clone, Debug)]
pub struct Content {
    /// Attributes by name, in source order.
    pub attributes: Vec<Attribute>,
    /// Blocks in source order.
    pub blocks: Vec<Block>,
    /// Where a missing argument is reported.
    pub missing: Span,
}

impl Content {
    /// The attribute with this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name.name == name)
    }

    /// The blocks of this type.
    pub fn blocks_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks
            .iter()
            .filter(move |block| block.kind.name == kind)
    }
}
