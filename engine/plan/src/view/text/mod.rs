//! The view for people: what a plan will do, attribute by attribute; and stored objects, as they would be written in a configuration.
//!
//! First the two values of each object are compared ([`diff`]), then what was found is drawn ([`draw`]). Sensitive values are not shown,
//! whether a mark or the schema makes them so.

mod action;
mod diff;
mod draw;
mod object;
mod paint;
mod plan;
mod resource;
mod risk;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use terrane_model::addr::{Mode, ProviderAddr};
use terrane_model::schema::Schema;

pub use draw::quoted;
pub use object::{render_difference, render_object, render_outputs, render_snapshot, render_value};
pub use plan::{Counts, count, render, render_to};

/// How text is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colours (ANSI escapes) are used. Meaning never hangs on colour alone.
    pub color: bool,
    /// Columns at which sentences are wrapped.
    pub width: usize,
    /// Whether sensitive values are shown all the same.
    pub show_sensitive: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            width: 78,
            show_sensitive: false,
        }
    }
}

/// Finds the schema of a resource type. Without one, objects are shown as plain values.
pub type Schemas<'a> = &'a (dyn Fn(&ProviderAddr, Mode, &str) -> Option<Arc<Schema>> + Sync);
