//! The finite binary float under a number: sign, mantissa, exponent. Rounding is always asked for.

use num_bigint::BigUint;
use std::cmp::Ordering;

/// `±mantissa × 2^exponent`. Zero has a zero mantissa and keeps its sign.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Float {
    pub(super) negative: bool,
    pub(super) mantissa: BigUint,
    pub(super) exponent: i64,
}

/// Bit counts of mantissas are far below 2^63.
pub(super) fn bits(mantissa: &BigUint) -> i64 {
    i64::try_from(mantissa.bits()).unwrap_or(i64::MAX)
}

impl Float {
    pub(super) fn new(negative: bool, mantissa: BigUint, exponent: i64) -> Self {
        Self {
            negative,
            mantissa,
            exponent,
        }
    }

    pub(super) fn from_i64(value: i64) -> Self {
        Self::new(value < 0, BigUint::from(value.unsigned_abs()), 0).normalize()
    }

    /// Exact. The value must be finite.
    pub(super) fn from_f64(value: f64) -> Self {
        let raw = value.to_bits();
        let fraction = raw & ((1 << 52) - 1);
        let biased = i64::try_from((raw >> 52) & 0x7ff).unwrap_or(0);
        let (mantissa, exponent) = if biased == 0 {
            (fraction, -1074)
        } else {
            (fraction | (1 << 52), biased - 1075)
        };
        Self::new(value.is_sign_negative(), mantissa.into(), exponent).normalize()
    }

    pub(super) fn is_zero(&self) -> bool {
        self.mantissa == BigUint::ZERO
    }

    /// The exponent of the first power of two above the magnitude.
    pub(super) fn top(&self) -> i64 {
        self.exponent + bits(&self.mantissa)
    }

    /// Only for normalised floats.
    pub(super) fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// Moves trailing zero bits of the mantissa into the exponent.
    pub(super) fn normalize(mut self) -> Self {
        match self.mantissa.trailing_zeros() {
            None => self.exponent = 0,
            Some(0) => {}
            Some(zeros) => {
                self.mantissa >>= zeros;
                self.exponent += i64::try_from(zeros).unwrap_or(i64::MAX);
            }
        }
        self
    }

    /// Rounds the mantissa to `prec` bits: to nearest, ties to even.
    pub(super) fn round(mut self, prec: u32) -> Self {
        let have = self.mantissa.bits();
        let Some(drop) = have.checked_sub(u64::from(prec)).filter(|drop| *drop > 0) else {
            return self;
        };
        let half = self.mantissa.bit(drop - 1);
        let sticky = self
            .mantissa
            .trailing_zeros()
            .is_some_and(|zeros| zeros < drop - 1);
        let odd = self.mantissa.bit(drop);
        self.mantissa >>= drop;
        self.exponent += i64::try_from(drop).unwrap_or(i64::MAX);
        if half && (sticky || odd) {
            self.mantissa += 1_u32;
        }
        self
    }

    pub(super) fn to_u64(&self) -> Option<u64> {
        if self.exponent < 0 || self.top() > 64 {
            return None;
        }
        u64::try_from(&self.mantissa)
            .ok()
            .map(|mantissa| mantissa << self.exponent)
    }

    pub(super) fn to_i64(&self) -> Option<i64> {
        let magnitude = self.to_u64()?;
        if self.negative {
            0_i64.checked_sub_unsigned(magnitude)
        } else {
            i64::try_from(magnitude).ok()
        }
    }

    /// The nearest `f64`, ties to even.
    pub(super) fn to_f64(&self) -> f64 {
        if self.is_zero() {
            return if self.negative { -0.0 } else { 0.0 };
        }
        // Below 2^-1022 there are fewer bits: the smallest step is 2^-1074.
        let room = (self.top() + 1074).min(53);
        let magnitude = if room < 0 {
            0.0
        } else {
            let rounded = self.clone().round(u32::try_from(room).unwrap_or(53));
            let mantissa = u64::try_from(&rounded.mantissa).unwrap_or(0);
            compose(mantissa, rounded.exponent)
        };
        if self.negative { -magnitude } else { magnitude }
    }

    pub(super) fn compare_magnitude(&self, other: &Self) -> Ordering {
        if self.is_zero() || other.is_zero() {
            return other.is_zero().cmp(&self.is_zero());
        }
        self.top().cmp(&other.top()).then_with(|| {
            let common = self.exponent.min(other.exponent);
            self.shifted_to(common).cmp(&other.shifted_to(common))
        })
    }

    /// The mantissa for an exponent that is not larger than the own one.
    pub(super) fn shifted_to(&self, exponent: i64) -> BigUint {
        let by = u64::try_from(self.exponent - exponent).unwrap_or(0);
        &self.mantissa << by
    }

    /// Not rounded.
    pub(super) fn times(&self, other: &Self) -> Self {
        Self::new(
            self.negative != other.negative,
            &self.mantissa * &other.mantissa,
            self.exponent + other.exponent,
        )
    }

    /// Not rounded. An exact zero is positive unless both are negative zeros.
    pub(super) fn plus(&self, other: &Self) -> Self {
        if self.is_zero() && other.is_zero() {
            return Self::new(self.negative && other.negative, BigUint::ZERO, 0);
        }
        if self.is_zero() {
            return other.clone();
        }
        if other.is_zero() {
            return self.clone();
        }
        let common = self.exponent.min(other.exponent);
        let (left, right) = (self.shifted_to(common), other.shifted_to(common));
        if self.negative == other.negative {
            return Self::new(self.negative, left + right, common);
        }
        match left.cmp(&right) {
            Ordering::Equal => Self::new(false, BigUint::ZERO, 0),
            Ordering::Greater => Self::new(self.negative, left - right, common),
            Ordering::Less => Self::new(other.negative, right - left, common),
        }
    }

    /// Correctly rounded to `prec` bits. The divisor must not be zero.
    pub(super) fn divided(&self, divisor: &Self, prec: u32) -> Self {
        let negative = self.negative != divisor.negative;
        if self.is_zero() {
            return Self::new(negative, BigUint::ZERO, 0);
        }
        // Two bits more than asked for; whatever remains becomes one sticky bit below them.
        let lack = i64::from(prec) + 2 + bits(&divisor.mantissa) - bits(&self.mantissa);
        let shift = lack.max(0);
        let numerator = &self.mantissa << u64::try_from(shift).unwrap_or(0);
        let quotient = &numerator / &divisor.mantissa;
        let remainder = numerator - &quotient * &divisor.mantissa;
        let mut mantissa = quotient << 1_u32;
        if remainder != BigUint::ZERO {
            mantissa.set_bit(0, true);
        }
        let exponent = self.exponent - divisor.exponent - shift - 1;
        Self::new(negative, mantissa, exponent).round(prec)
    }

    /// The whole part, rounded towards zero, and whether something was cut off.
    pub(super) fn truncated(&self) -> (Self, bool) {
        if self.exponent >= 0 || self.is_zero() {
            return (self.clone(), false);
        }
        let cut = self.exponent.unsigned_abs();
        let inexact = self
            .mantissa
            .trailing_zeros()
            .is_some_and(|zeros| zeros < cut);
        (Self::new(self.negative, &self.mantissa >> cut, 0), inexact)
    }
}

/// `mantissa × 2^exponent`, which must be exact (or too large).
fn compose(mantissa: u64, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let length = i64::from(64 - mantissa.leading_zeros());
    let top = length + exponent;
    if top > 1024 {
        return f64::INFINITY;
    }
    if top >= -1021 {
        let shift = 53 - length;
        let full = if shift >= 0 {
            mantissa << shift
        } else {
            mantissa >> -shift
        };
        let biased = u64::try_from(top + 1022).unwrap_or(0);
        return f64::from_bits((biased << 52) | (full & ((1 << 52) - 1)));
    }
    let shift = exponent + 1074;
    f64::from_bits(if shift >= 0 {
        mantissa << shift
    } else {
        mantissa >> -shift
    })
}
