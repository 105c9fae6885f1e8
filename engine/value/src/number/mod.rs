//! Numbers, computed exactly as the peers compute them: binary floating point with a mantissa of
//! many bits (512 for what is written as text), rounded to nearest, ties to even.
//!
//! The precision is a property of each number: numbers made from native integers have 64 bits, from
//! `f64` 53. It shows in quotients (`1/3` of two literals has 154 digits, of two lengths 20), so it
//! is kept.

mod arithmetic;
mod elementary;
mod float;
mod parse;
mod text;

#[cfg(test)]
mod tests;

use ecow::EcoString;
use float::Float;
use num_bigint::BigUint;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

pub use arithmetic::NumberError;
pub use text::Notation;

/// A number of the language. Cheap to clone.
///
/// Equality is that of the language: integers by value, others by the text that they print as (so
/// `0.1` from a literal equals `0.1` from an `f64`, though their precisions and bits differ). Order
/// is [`Number::compare`].
#[derive(Clone)]
pub struct Number(Repr);

/// Canonical: an integer that fits is always `Int`, so `Big` is a fraction or larger than an `i64`.
#[derive(Clone)]
enum Repr {
    Int {
        value: i64,
        prec: u32,
    },
    /// Prints as `-0`, equals `0`.
    NegativeZero {
        prec: u32,
    },
    Infinite {
        negative: bool,
        prec: u32,
    },
    Big(Arc<Big>),
}

struct Big {
    /// Not zero, mantissa odd.
    float: Float,
    prec: u32,
    /// The shortest text, made when first asked for.
    text: OnceLock<EcoString>,
}

/// Precision of numbers that were written as text.
const LITERAL_BITS: u32 = 512;
/// Precision of numbers made from native integers.
const NATIVE_BITS: u32 = 64;
/// Precision of numbers made from `f64`.
const DOUBLE_BITS: u32 = 53;
/// Numbers of 2^`MAX_EXPONENT` and more become infinite, so that no number takes more than about 50
/// kB.
const MAX_EXPONENT: i64 = 400_000;

impl Number {
    /// `0`, as a literal.
    pub const ZERO: Self = Self(Repr::Int {
        value: 0,
        prec: LITERAL_BITS,
    });
    /// Positive infinity, as `1/0` gives it.
    pub const INFINITY: Self = Self(Repr::Infinite {
        negative: false,
        prec: LITERAL_BITS,
    });
    /// Negative infinity.
    pub const NEG_INFINITY: Self = Self(Repr::Infinite {
        negative: true,
        prec: LITERAL_BITS,
    });

    /// A native integer: 64 bits of precision.
    #[must_use]
    pub fn from_i64(value: i64) -> Self {
        Self(Repr::Int {
            value,
            prec: NATIVE_BITS,
        })
    }

    /// A native integer: 64 bits of precision.
    #[must_use]
    pub fn from_u64(value: u64) -> Self {
        i64::try_from(value).map_or_else(
            |_| {
                let float = Float::new(false, BigUint::from(value), 0);
                Self::finish(float, NATIVE_BITS)
            },
            Self::from_i64,
        )
    }

    /// A length or an index: 64 bits of precision.
    #[must_use]
    pub fn from_usize(value: usize) -> Self {
        Self::from_u64(value as u64)
    }

    /// A native float: 53 bits of precision. `None` for NaN.
    #[must_use]
    pub fn from_f64(value: f64) -> Option<Self> {
        if value.is_nan() {
            return None;
        }
        if value.is_infinite() {
            return Some(Self::infinite(value < 0.0, DOUBLE_BITS));
        }
        Some(Self::finish(Float::from_f64(value), DOUBLE_BITS))
    }

    /// Rounds to `prec` bits and brings into canonical form.
    fn finish(float: Float, prec: u32) -> Self {
        let float = float.round(prec).normalize();
        if float.is_zero() {
            return Self::zero(float.negative, prec);
        }
        let top = float.top();
        if top > MAX_EXPONENT {
            return Self::infinite(float.negative, prec);
        }
        if top < -MAX_EXPONENT {
            return Self::zero(float.negative, prec);
        }
        if let Some(value) = float.to_i64() {
            return Self(Repr::Int { value, prec });
        }
        Self(Repr::Big(Arc::new(Big {
            float,
            prec,
            text: OnceLock::new(),
        })))
    }

    fn zero(negative: bool, prec: u32) -> Self {
        Self(if negative {
            Repr::NegativeZero { prec }
        } else {
            Repr::Int { value: 0, prec }
        })
    }

    fn infinite(negative: bool, prec: u32) -> Self {
        Self(Repr::Infinite { negative, prec })
    }

    /// Bits of precision.
    #[must_use]
    pub fn precision(&self) -> u32 {
        match &self.0 {
            Repr::Int { prec, .. } | Repr::NegativeZero { prec } | Repr::Infinite { prec, .. } => {
                *prec
            }
            Repr::Big(big) => big.prec,
        }
    }

    /// The finite value, or `None` for an infinity.
    fn float(&self) -> Option<Float> {
        match &self.0 {
            Repr::Int { value, .. } => Some(Float::from_i64(*value)),
            Repr::NegativeZero { .. } => Some(Float::new(true, BigUint::ZERO, 0)),
            Repr::Infinite { .. } => None,
            Repr::Big(big) => Some(big.float.clone()),
        }
    }

    /// Whether the sign bit is set (also of `-0`).
    #[must_use]
    pub fn is_sign_negative(&self) -> bool {
        match &self.0 {
            Repr::Int { value, .. } => *value < 0,
            Repr::NegativeZero { .. } => true,
            Repr::Infinite { negative, .. } => *negative,
            Repr::Big(big) => big.float.negative,
        }
    }

    /// -1, 0 or 1.
    #[must_use]
    pub fn signum(&self) -> i32 {
        if self.is_zero() {
            0
        } else if self.is_sign_negative() {
            -1
        } else {
            1
        }
    }

    /// Whether it is zero, of either sign.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        matches!(
            self.0,
            Repr::Int { value: 0, .. } | Repr::NegativeZero { .. }
        )
    }

    /// Whether it is an infinity.
    #[must_use]
    pub fn is_infinite(&self) -> bool {
        matches!(self.0, Repr::Infinite { .. })
    }

    /// Whether it is a whole number. False for infinities.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Int { .. } | Repr::NegativeZero { .. } => true,
            Repr::Infinite { .. } => false,
            Repr::Big(big) => big.float.is_integer(),
        }
    }

    /// The value, if it is a whole number that fits.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Int { value, .. } => Some(value),
            Repr::NegativeZero { .. } => Some(0),
            Repr::Infinite { .. } | Repr::Big(_) => None,
        }
    }

    /// The value, if it is a whole number that fits.
    #[must_use]
    pub fn to_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Big(big) if !big.float.negative => big.float.to_u64(),
            _ => self.to_i64().and_then(|value| u64::try_from(value).ok()),
        }
    }

    /// The value, if it is a whole number that fits.
    #[must_use]
    pub fn to_usize(&self) -> Option<usize> {
        self.to_u64().and_then(|value| usize::try_from(value).ok())
    }

    /// The nearest `f64`, ties to even; infinite where it is too large.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Infinite { negative: true, .. } => f64::NEG_INFINITY,
            Repr::Infinite { .. } => f64::INFINITY,
            Repr::NegativeZero { .. } => -0.0,
            Repr::Int { .. } | Repr::Big(_) => self.float().map_or(0.0, |float| float.to_f64()),
        }
    }

    /// The nearest `f64`, if it is exactly this number.
    #[must_use]
    pub fn to_f64_exact(&self) -> Option<f64> {
        let near = self.to_f64();
        Self::from_f64(near)
            .is_some_and(|back| back.compare(self) == Ordering::Equal)
            .then_some(near)
    }

    /// Order by value: a total order in which `-0` and `0` are equal.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        if let (Repr::Int { value: left, .. }, Repr::Int { value: right, .. }) = (&self.0, &other.0)
        {
            return left.cmp(right);
        }
        let signs = self.signum().cmp(&other.signum());
        if signs != Ordering::Equal || self.is_zero() {
            return signs;
        }
        let magnitude = match (&self.0, &other.0) {
            (Repr::Infinite { .. }, Repr::Infinite { .. }) => Ordering::Equal,
            (Repr::Infinite { .. }, _) => Ordering::Greater,
            (_, Repr::Infinite { .. }) => Ordering::Less,
            (Repr::Big(left), Repr::Big(right)) => left.float.compare_magnitude(&right.float),
            _ => match (self.float(), other.float()) {
                (Some(left), Some(right)) => left.compare_magnitude(&right),
                _ => Ordering::Equal,
            },
        };
        if self.is_sign_negative() {
            magnitude.reverse()
        } else {
            magnitude
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Big(left), Repr::Big(right)) => {
                if Arc::ptr_eq(left, right) || left.float == right.float {
                    return true;
                }
                let fractions = !left.float.is_integer() && !right.float.is_integer();
                // Of one precision, different numbers print differently.
                fractions && left.prec != right.prec && self.text() == other.text()
            }
            (
                Repr::Infinite { negative: left, .. },
                Repr::Infinite {
                    negative: right, ..
                },
            ) => left == right,
            (Repr::Infinite { .. } | Repr::Big(_), _)
            | (_, Repr::Infinite { .. } | Repr::Big(_)) => false,
            _ => self.to_i64() == other.to_i64(),
        }
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Int { value, .. } => value.hash(state),
            Repr::NegativeZero { .. } => 0_i64.hash(state),
            Repr::Infinite { negative, .. } => negative.hash(state),
            Repr::Big(big) if big.float.is_integer() => big.float.hash(state),
            Repr::Big(_) => self.text().hash(state),
        }
    }
}

impl Default for Number {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int { value, prec } if text::prints_whole(*value, *prec) => write!(f, "{value}"),
            _ => f.write_str(&self.text()),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::from_i64(value)
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Self {
        Self::from_i64(i64::from(value))
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        Self::from_i64(i64::from(value))
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::from_u64(value)
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Self::from_usize(value)
    }
}
