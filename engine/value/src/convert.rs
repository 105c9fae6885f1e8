//! Conversion between types.

use crate::Value;

/// Defaults of optional attributes of a type constraint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults {}

impl Defaults {
    /// Fills in defaults, before conversion.
    #[must_use]
    pub fn apply(&self, value: &Value) -> Value {
        value.clone()
    }
}
