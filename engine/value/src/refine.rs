//! Refinements: what is known of a value that is not known.

use crate::{Marks, Number, Type, Value};
use ecow::EcoString;
use std::cmp::Ordering;
use unicode_segmentation::UnicodeSegmentation as _;

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

/// Lists of unknown elements are made up to this length; a longer one stays a refined unknown.
const MAX_MADE_LENGTH: u64 = 10_000;

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

    /// Not null.
    #[must_use]
    pub fn not_null(mut self) -> Self {
        self.not_null = true;
        self
    }

    /// A number that is at least this.
    #[must_use]
    pub fn at_least(mut self, number: Number) -> Self {
        self.min = Some((number, true));
        self
    }

    /// A number that is at most this.
    #[must_use]
    pub fn at_most(mut self, number: Number) -> Self {
        self.max = Some((number, true));
        self
    }

    /// A string that begins with this text, which may be followed by anything: what a following
    /// character could still change is cut off ([`safe_prefix`]).
    #[must_use]
    pub fn prefix(mut self, text: &str) -> Self {
        self.prefix = Some(safe_prefix(text));
        self
    }

    /// A collection whose length is within these bounds.
    #[must_use]
    pub fn length(mut self, min: u64, max: u64) -> Self {
        self.min_length = Some(min);
        self.max_length = Some(max);
        self
    }

    /// What both say. Where they contradict each other, `self` wins.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let tighter =
            |a: &Option<(Number, bool)>, b: &Option<(Number, bool)>, keep: Ordering| match (a, b) {
                (Some(a), Some(b)) => match a.0.compare(&b.0) {
                    Ordering::Equal => Some((a.0.clone(), a.1 && b.1)),
                    order if order == keep => Some(a.clone()),
                    _ => Some(b.clone()),
                },
                (one, None) | (None, one) => one.clone(),
            };
        let prefix = match (&self.prefix, &other.prefix) {
            (Some(a), Some(b)) if b.len() > a.len() && b.starts_with(a.as_str()) => Some(b.clone()),
            (Some(a), _) => Some(a.clone()),
            (None, b) => b.clone(),
        };
        let both = Self {
            not_null: self.not_null || other.not_null,
            prefix,
            min: tighter(&self.min, &other.min, Ordering::Greater),
            max: tighter(&self.max, &other.max, Ordering::Less),
            min_length: self.min_length.max(other.min_length),
            max_length: match (self.max_length, other.max_length) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (one, None) | (None, one) => one,
            },
        };
        if both.contradicts() {
            self.clone()
        } else {
            both
        }
    }

    fn contradicts(&self) -> bool {
        let numbers = match (&self.min, &self.max) {
            (Some((min, low)), Some((max, high))) => match min.compare(max) {
                Ordering::Less => false,
                Ordering::Equal => !(*low && *high),
                Ordering::Greater => true,
            },
            _ => false,
        };
        let lengths =
            matches!((self.min_length, self.max_length), (Some(min), Some(max)) if min > max);
        numbers || lengths
    }

    /// Only what has a meaning for a type, and only what says something.
    fn fit(self, ty: &Type) -> Self {
        let number = *ty == Type::Number;
        let collection = ty.is_collection();
        let finite = |(bound, _): &(Number, bool)| number && !bound.is_infinite();
        Self {
            not_null: self.not_null && *ty != Type::Dynamic,
            prefix: self
                .prefix
                .filter(|prefix| *ty == Type::String && !prefix.is_empty()),
            min: self.min.filter(finite),
            max: self.max.filter(finite),
            min_length: self.min_length.filter(|min| collection && *min > 0),
            max_length: self.max_length.filter(|_| collection),
        }
    }

    /// The known value that is left if these refinements leave no choice.
    fn only_value(&self, ty: &Type) -> Option<Value> {
        if !self.not_null {
            return None;
        }
        if let (Some((min, true)), Some((max, true))) = (&self.min, &self.max)
            && min == max
        {
            return Some(Value::number(min.clone()));
        }
        let length = self
            .max_length
            .filter(|max| self.min_length.unwrap_or(0) == *max)?;
        match ty {
            Type::List(element) if length <= MAX_MADE_LENGTH => {
                let items = (0..length).map(|_| Value::unknown((**element).clone()));
                Some(Value::list((**element).clone(), items.collect()))
            }
            Type::Set(element) if length <= 1 => {
                let items = (0..length).map(|_| Value::unknown((**element).clone()));
                Some(Value::set_sorted((**element).clone(), items.collect()))
            }
            Type::Map(element) if length == 0 => Some(Value::map(
                (**element).clone(),
                std::collections::BTreeMap::new(),
            )),
            _ => None,
        }
    }
}

/// What is known of a value, known or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// The type, or dynamic.
    pub ty: Type,
    /// The value is known to be null.
    pub null: bool,
    /// What else is known. Of a known number both bounds are the number; of a known collection both
    /// are its length.
    pub refinements: Refinements,
}

impl Value {
    /// An unknown value of which something is known, or the known value if that leaves no choice.
    /// Refinements that have no meaning for the type are left out.
    #[must_use]
    pub fn unknown_with(ty: Type, refinements: Refinements) -> Self {
        let refinements = refinements.fit(&ty);
        refinements
            .only_value(&ty)
            .unwrap_or_else(|| Self::unknown_refined(ty, refinements))
    }

    /// The value with more known of it, if it is unknown. A known value comes back as it is. Marks
    /// stay.
    #[must_use]
    pub fn refine(&self, more: &Refinements) -> Self {
        match self.kind() {
            crate::Kind::Unknown(Type::Dynamic, _) => self.clone(),
            crate::Kind::Unknown(ty, known) => Self::unknown_with(ty.clone(), known.and(more)),
            crate::Kind::Marked(marks, inner) => inner.refine(more).with_marks(marks),
            _ => self.clone(),
        }
    }

    /// The value, known not to be null.
    #[must_use]
    pub fn refine_not_null(&self) -> Self {
        self.refine(&Refinements::NOT_NULL)
    }

    /// An unknown bool that is not null, with marks: what an operator gives that cannot decide.
    #[must_use]
    pub fn undecided(marks: &Marks) -> Self {
        Self::unknown_refined(Type::Bool, Refinements::NOT_NULL).with_marks(marks)
    }

    /// What is known of the value. Looks through its marks.
    #[must_use]
    pub fn range(&self) -> Range {
        let ty = self.ty();
        let value = self.unmarked();
        let mut refinements = Refinements::NOT_NULL;
        match value.kind() {
            crate::Kind::Unknown(_, known) => refinements = known.clone(),
            crate::Kind::Null(_) => {
                let (null, refinements) = (true, Refinements::NONE);
                return Range {
                    ty,
                    null,
                    refinements,
                };
            }
            crate::Kind::String(text) => refinements.prefix = Some(text.clone()),
            crate::Kind::Number(number) => {
                refinements = refinements.at_least(number.clone()).at_most(number.clone());
            }
            _ if ty.is_collection() => {
                let (min, max) = crate::ops::length_bounds(value);
                refinements = refinements.length(min, max);
            }
            _ => {}
        }
        Range {
            ty,
            null: false,
            refinements,
        }
    }

    /// Whether the value is surely not null: known, or unknown with a refinement that says so.
    #[must_use]
    pub fn is_surely_not_null(&self) -> bool {
        match self.unmarked().kind() {
            crate::Kind::Null(_) => false,
            crate::Kind::Unknown(_, refinements) => refinements.not_null,
            _ => true,
        }
    }
}

impl Range {
    /// Whether a value may turn out to be in this range. `false` is certain, `true` is not. Marks
    /// of the value do not matter.
    #[must_use]
    pub fn may_include(&self, value: &Value) -> bool {
        let value = value.unmarked();
        if value.is_null() {
            return self.null || !self.refinements.not_null;
        }
        if self.null {
            return !value.is_surely_not_null();
        }
        let ty = value.ty();
        if ty == Type::Dynamic {
            return true;
        }
        if !ty.conforms(&self.ty) {
            return false;
        }
        let Refinements {
            not_null: _,
            prefix,
            min,
            max,
            min_length,
            max_length,
        } = &self.refinements;
        if let (Some(prefix), Some(text)) = (prefix, value.as_str())
            && !text.starts_with(prefix.as_str())
        {
            return false;
        }
        let other = value.range().refinements;
        let above = |low: &Option<(Number, bool)>, high: &Option<(Number, bool)>| match (low, high)
        {
            (Some((low, low_included)), Some((high, high_included))) => match low.compare(high) {
                Ordering::Greater => true,
                Ordering::Equal => !(*low_included && *high_included),
                Ordering::Less => false,
            },
            _ => false,
        };
        if above(min, &other.max) || above(&other.min, max) {
            return false;
        }
        let longer = |low: Option<u64>, high: Option<u64>| matches!((low, high), (Some(low), Some(high)) if low > high);
        !longer(*min_length, other.max_length) && !longer(other.min_length, *max_length)
    }
}

/// The part of a text that stays as it is whatever is written after it: the last grapheme cluster
/// could still grow (by a combining character), so it is cut off, unless it is punctuation that
/// nothing joins.
#[must_use]
pub fn safe_prefix(text: &str) -> EcoString {
    const ENDS: &str = "-_:;/\\,.(){}[]|?!~ \t@#$%^&*+\"'";
    let normal = Value::string_nfc(text);
    let text = normal.as_str().unwrap_or_default();
    let Some((start, last)) = text.grapheme_indices(true).next_back() else {
        return EcoString::new();
    };
    let mut characters = last.chars();
    let lone = characters.next().filter(|_| characters.next().is_none());
    if lone.is_some_and(|character| ENDS.contains(character)) {
        return text.into();
    }
    text.get(..start).unwrap_or_default().into()
}
