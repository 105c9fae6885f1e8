//! The operators on numbers. Native integers take a fast path; everything else is computed exactly
//! and rounded once.

use super::float::Float;
use super::{Number, Repr};
use num_bigint::BigUint;
use std::fmt;

/// An operation that has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// `∞ + -∞`
    AddInfinities,
    /// `∞ - ∞`
    SubtractInfinities,
    /// `0 * ∞`
    MultiplyZeroInfinity,
    /// `0 / 0` or `∞ / ∞`
    DivideZeroOrInfinity,
    /// `∞ % x` or `x % ∞`
    ModuloInfinity,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AddInfinities => "can't compute sum of opposing infinities",
            Self::SubtractInfinities => "can't subtract infinity from itself",
            Self::MultiplyZeroInfinity => "can't multiply zero by infinity",
            Self::DivideZeroOrInfinity => "can't divide zero by zero or infinity by infinity",
            Self::ModuloInfinity => "can't use modulo with zero and infinity",
        })
    }
}

impl std::error::Error for NumberError {}

/// Both as native integers of a precision that holds every native result, and the precision of the
/// result.
fn native(left: &Number, right: &Number) -> Option<(i64, i64, u32)> {
    let (Repr::Int { value: a, prec: p }, Repr::Int { value: b, prec: q }) = (&left.0, &right.0)
    else {
        return None;
    };
    let prec = *p.max(q);
    (prec >= 64).then_some((*a, *b, prec))
}

impl Number {
    /// The sum.
    ///
    /// # Errors
    /// For infinities of different sign.
    pub fn add(&self, other: &Self) -> Result<Self, NumberError> {
        if let Some((a, b, prec)) = native(self, other)
            && let Some(value) = a.checked_add(b)
        {
            return Ok(Self(Repr::Int { value, prec }));
        }
        let prec = self.precision().max(other.precision());
        match (self.float(), other.float()) {
            (Some(a), Some(b)) => Ok(Self::finish(a.plus(&b), prec)),
            (None, None) if self.is_sign_negative() != other.is_sign_negative() => {
                Err(NumberError::AddInfinities)
            }
            (None, _) => Ok(Self::infinite(self.is_sign_negative(), prec)),
            (Some(_), None) => Ok(Self::infinite(other.is_sign_negative(), prec)),
        }
    }

    /// The difference.
    ///
    /// # Errors
    /// For infinities of the same sign.
    pub fn sub(&self, other: &Self) -> Result<Self, NumberError> {
        if let Some((a, b, prec)) = native(self, other)
            && let Some(value) = a.checked_sub(b)
        {
            return Ok(Self(Repr::Int { value, prec }));
        }
        self.add(&other.neg())
            .map_err(|_| NumberError::SubtractInfinities)
    }

    /// The product. It has the larger precision of the two, or more (up to 512 bits) where it needs
    /// more.
    ///
    /// # Errors
    /// For zero and an infinity.
    pub fn mul(&self, other: &Self) -> Result<Self, NumberError> {
        if let Some((a, b, prec)) = native(self, other)
            && let Some(value) = a.checked_mul(b)
            && (value != 0 || (a >= 0 && b >= 0))
        {
            return Ok(Self(Repr::Int { value, prec }));
        }
        let prec = self.precision().max(other.precision());
        let negative = self.is_sign_negative() != other.is_sign_negative();
        let (Some(a), Some(b)) = (self.float(), other.float()) else {
            return if self.is_zero() || other.is_zero() {
                Err(NumberError::MultiplyZeroInfinity)
            } else {
                Ok(Self::infinite(negative, prec))
            };
        };
        let product = a.times(&b).round(super::LITERAL_BITS).normalize();
        let needed = u32::try_from(product.mantissa.bits()).unwrap_or(u32::MAX);
        Ok(Self::finish(product, prec.max(needed)))
    }

    /// The quotient. Division of anything but zero by zero is infinite.
    ///
    /// # Errors
    /// For zero by zero and infinity by infinity.
    pub fn div(&self, other: &Self) -> Result<Self, NumberError> {
        if let Some((a, b, prec)) = native(self, other)
            && a != 0
            && a.checked_rem(b) == Some(0)
            && let Some(value) = a.checked_div(b)
        {
            return Ok(Self(Repr::Int { value, prec }));
        }
        let prec = self.precision().max(other.precision());
        let negative = self.is_sign_negative() != other.is_sign_negative();
        if (self.is_zero() && other.is_zero()) || (self.is_infinite() && other.is_infinite()) {
            return Err(NumberError::DivideZeroOrInfinity);
        }
        match (self.float(), other.float()) {
            (Some(a), Some(b)) if !b.is_zero() => Ok(Self::finish(a.divided(&b, prec), prec)),
            (Some(_), None) => Ok(Self::zero(negative, prec)),
            _ => Ok(Self::infinite(negative, prec)),
        }
    }

    /// The remainder of the division rounded towards zero: it has the sign of the dividend. `x % 0`
    /// is `x`.
    ///
    /// # Errors
    /// For an infinity on either side.
    pub fn rem(&self, other: &Self) -> Result<Self, NumberError> {
        if other.is_zero() {
            return Ok(self.clone());
        }
        if let Some((a, b, _)) = native(self, other)
            && self.precision() >= 64
        {
            let (value, prec) = (a.wrapping_rem(b), self.precision());
            return Ok(Self(Repr::Int { value, prec }));
        }
        let (Some(a), Some(b)) = (self.float(), other.float()) else {
            return Err(NumberError::ModuloInfinity);
        };
        // The peers round each step to the precision of the dividend, and so do we.
        let prec = self.precision();
        let quotient = a.divided(&b, prec.max(other.precision()));
        let (mut whole, _) = quotient.truncated();
        whole.negative = whole.negative && !whole.is_zero();
        let mut part = b.times(&whole.round(prec)).round(prec);
        part.negative = !part.negative;
        Ok(Self::finish(a.plus(&part), prec))
    }

    /// The number with the other sign. Of `0` it is `-0`, which prints so.
    #[must_use]
    pub fn neg(&self) -> Self {
        match &self.0 {
            Repr::Int { value: 0, prec } => Self::zero(true, *prec),
            Repr::NegativeZero { prec } => Self::zero(false, *prec),
            Repr::Infinite { negative, prec } => Self::infinite(!negative, *prec),
            Repr::Int { value, prec } if *value != i64::MIN => Self(Repr::Int {
                value: -value,
                prec: *prec,
            }),
            Repr::Int { .. } | Repr::Big(_) => self.float().map_or_else(
                || self.clone(),
                |mut float| {
                    float.negative = !float.negative;
                    Self::finish(float, self.precision())
                },
            ),
        }
    }

    /// The number without its sign.
    #[must_use]
    pub fn abs(&self) -> Self {
        if self.is_sign_negative() {
            self.neg()
        } else {
            self.clone()
        }
    }

    /// The largest whole number that is not above it.
    #[must_use]
    pub fn floor(&self) -> Self {
        self.whole(true)
    }

    /// The smallest whole number that is not below it.
    #[must_use]
    pub fn ceil(&self) -> Self {
        self.whole(false)
    }

    fn whole(&self, down: bool) -> Self {
        let Some(float) = self.float() else {
            return self.clone();
        };
        let (mut whole, inexact) = float.truncated();
        if inexact && float.negative == down {
            whole = whole.plus(&Float::new(float.negative, BigUint::from(1_u32), 0));
        }
        whole.negative = whole.negative && !whole.is_zero();
        Self::finish(whole, self.precision())
    }

    /// The whole part, rounded towards zero.
    #[must_use]
    pub fn trunc(&self) -> Self {
        if self.is_sign_negative() {
            self.ceil()
        } else {
            self.floor()
        }
    }
}
