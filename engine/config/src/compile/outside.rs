//! Expressions that are not part of the configuration, compiled as if they stood in its root module: what a console needs.

use super::bind::{ModuleBinder, Place, Tables};
use super::body::Shapes;
use super::provider::{Providers, callable};
use super::{Schemas, Session};
use crate::config::Config;
use crate::load::Tree;
use std::collections::BTreeSet;
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::expr::{self, Compiled};
use terrane_lang::syntax::ast::Expr;

/// The names of a root module.
#[derive(Debug)]
pub struct RootNames {
    tables: Tables,
}

impl RootNames {
    /// The names of the root module of `tree`, which `config` was compiled from.
    #[must_use]
    pub fn new(tree: &Tree, schemas: &Schemas, config: &Config) -> Self {
        let mut session = Session {
            tree,
            schemas,
            // Whoever compiled the configuration has seen them.
            diagnostics: Diagnostics::new(),
            missing: BTreeSet::new(),
            tables: Vec::new(),
            providers: Providers::default(),
            shapes: Shapes::default(),
        };
        let mut tables = if tree.modules.is_empty() {
            Tables::default()
        } else {
            session.tables(0)
        };
        if !tree.modules.is_empty() {
            tables.configured = callable(tree, 0, &tables, |addr| config.single_provider(addr));
        }
        if let Some(root) = config.modules.first() {
            for reference in &root.slots {
                tables.slot(*reference);
            }
        }
        Self { tables }
    }

    /// The tables behind the names.
    pub(crate) fn into_tables(self) -> Tables {
        self.tables
    }

    /// Compiles an expression. The names that it is the first to refer to get slots in the root module of `config`, which is always the one
    /// that these names were made for.
    pub fn compile(&mut self, config: &mut Config, expr: &Expr) -> (Compiled, Diagnostics) {
        let mut binder = ModuleBinder {
            tables: &mut self.tables,
            place: Place::default(),
        };
        let compiled = expr::compile(expr, &mut binder, &[]);
        if let Some(root) = config.modules.first_mut() {
            let known = root.slots.len();
            let new = self.tables.slots.iter().skip(known);
            root.slots.extend(new.copied());
        }
        compiled
    }
}
