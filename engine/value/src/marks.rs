//! Marks: what must not be forgotten about a value, whatever is computed from it.

use ecow::EcoString;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A set of marks. The union is taken wherever values meet.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Marks {
    bits: u8,
    /// Messages of deprecated variables and outputs that the value came through.
    deprecated: Option<Arc<BTreeSet<EcoString>>>,
}

impl Marks {
    const SENSITIVE_BIT: u8 = 1;
    const EPHEMERAL_BIT: u8 = 2;

    /// No mark.
    pub const NONE: Self = Self {
        bits: 0,
        deprecated: None,
    };
    /// Must not be shown.
    pub const SENSITIVE: Self = Self {
        bits: Self::SENSITIVE_BIT,
        deprecated: None,
    };
    /// Must not be stored.
    pub const EPHEMERAL: Self = Self {
        bits: Self::EPHEMERAL_BIT,
        deprecated: None,
    };

    /// A mark that makes a use of the value warn with `message`.
    #[must_use]
    pub fn deprecated(message: impl Into<EcoString>) -> Self {
        Self {
            bits: 0,
            deprecated: Some(Arc::new(BTreeSet::from([message.into()]))),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.bits == 0 && self.deprecated.is_none()
    }

    /// Whether the value must not be shown.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.bits & Self::SENSITIVE_BIT != 0
    }

    /// Whether the value must not be stored.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        self.bits & Self::EPHEMERAL_BIT != 0
    }

    /// Deprecation messages, in order.
    pub fn deprecations(&self) -> impl Iterator<Item = &EcoString> {
        self.deprecated.iter().flat_map(|messages| messages.iter())
    }

    /// The marks of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let deprecated = match (&self.deprecated, &other.deprecated) {
            (None, one) | (one, None) => one.clone(),
            (Some(left), Some(right)) if Arc::ptr_eq(left, right) => Some(left.clone()),
            (Some(left), Some(right)) => Some(Arc::new(left.union(right).cloned().collect())),
        };
        Self {
            bits: self.bits | other.bits,
            deprecated,
        }
    }

    /// These marks without those of `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let deprecated = match (&self.deprecated, &other.deprecated) {
            (Some(left), Some(right)) => {
                let rest: BTreeSet<_> = left.difference(right).cloned().collect();
                (!rest.is_empty()).then(|| Arc::new(rest))
            }
            (left, _) => left.clone(),
        };
        Self {
            bits: self.bits & !other.bits,
            deprecated,
        }
    }
}
