//! Refinements: what is known of a value that is not known.

use crate::Number;
use ecow::EcoString;

/// What is known of an unknown value beside its type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refinements {
    /// The final value is not null.
    pub not_null: bool,
    /// A prefix that the final string begins with.
    pub prefix: Option<EcoString>,
    /// Smallest number, and whether it is included.
    pub min: Option<(Number, bool)>,
    /// Largest number, and whether it is included.
    pub max: Option<(Number, bool)>,
    /// Smallest length of a collection.
    pub min_length: Option<u64>,
    /// Largest length of a collection.
    pub max_length: Option<u64>,
}

impl Refinements {
    /// Nothing is known.
    pub const NONE: Self = Self {
        not_null: false,
        prefix: None,
        min: None,
        max: None,
        min_length: None,
        max_length: None,
    };

    /// The final value is not null; nothing else is known.
    pub const NOT_NULL: Self = Self {
        not_null: true,
        prefix: None,
        min: None,
        max: None,
        min_length: None,
        max_length: None,
    };

    /// Whether nothing is known.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}
