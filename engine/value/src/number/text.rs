//! Numbers as decimal text: the shortest that rounds back to the same number at its precision, or
//! with a given number of digits.

use super::float::Float;
use super::{Number, Repr};
use ecow::EcoString;
use num_bigint::BigUint;

/// How to write a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// `1234.5`, never with an exponent.
    Plain,
    /// `1.2345e+03`
    Exponent,
    /// The shorter of both, by the rules of `%g`.
    General,
}

/// Whether the shortest text of a native integer is simply its digits: its precision reaches to the
/// ones.
pub(super) fn prints_whole(value: i64, prec: u32) -> bool {
    prec >= 64 || value.unsigned_abs() < 1 << prec.min(63)
}

impl Number {
    /// The shortest decimal text that stands for this number, without an exponent. Kept once made.
    #[must_use]
    pub fn text(&self) -> EcoString {
        match &self.0 {
            Repr::Int { value, prec } if prints_whole(*value, *prec) => {
                ecow::eco_format!("{value}")
            }
            Repr::NegativeZero { .. } => EcoString::inline("-0"),
            Repr::Infinite { negative: true, .. } => EcoString::inline("-Inf"),
            Repr::Infinite { .. } => EcoString::inline("+Inf"),
            Repr::Int { value, prec } => {
                let float = Float::from_i64(*value);
                Decimal::shortest(&float, *prec).plain(*value < 0).into()
            }
            Repr::Big(big) => big
                .text
                .get_or_init(|| {
                    let decimal = Decimal::shortest(&big.float, big.prec);
                    decimal.plain(big.float.negative).into()
                })
                .clone(),
        }
    }

    /// The text in a notation, with `digits` after the point ([`Notation::General`]: significant
    /// digits), or the fewest that stand for this number. The exponent has at least two digits and
    /// a sign. Digits beyond 10,000 are not written.
    #[must_use]
    pub fn format(&self, notation: Notation, digits: Option<usize>) -> String {
        let negative = self.is_sign_negative();
        let Some(float) = self.float() else {
            return if negative { "-Inf" } else { "+Inf" }.to_owned();
        };
        let digits = digits.map(|digits| digits.min(10_000));
        let far = !float.is_zero() && float.exponent.unsigned_abs() > FAR;
        let mut decimal = match digits {
            None => Decimal::shortest(&float, self.precision()),
            Some(digits) if far && notation != Notation::Plain => {
                let wanted = i64::try_from(digits).unwrap_or(i64::MAX).saturating_add(2);
                Decimal::leading(&float.mantissa, float.exponent, wanted)
            }
            Some(_) => Decimal::exact(&float),
        };
        let wanted = digits.map(|digits| i64::try_from(digits).unwrap_or(i64::MAX));
        let size = i64::try_from(decimal.digits.len()).unwrap_or(i64::MAX);
        match (notation, wanted) {
            (Notation::Plain, None) => decimal.plain(negative),
            (Notation::Plain, Some(places)) => {
                decimal.round(decimal.point + places);
                decimal.fixed(negative, places)
            }
            (Notation::Exponent, places) => {
                let places = places.unwrap_or_else(|| (size - 1).max(0));
                decimal.round(1 + places);
                decimal.scientific(negative, places)
            }
            (Notation::General, wanted) => {
                let wanted = wanted.map(|wanted| wanted.max(1));
                if let Some(wanted) = wanted {
                    decimal.round(wanted);
                }
                decimal.general(negative, wanted)
            }
        }
    }
}

/// From which binary exponent on a number is far from the point.
const FAR: u64 = 4_000;

/// `0.d₁d₂d₃… × 10^point`, without trailing zeros. Zero has no digits.
pub(super) struct Decimal {
    digits: Vec<u8>,
    point: i64,
}

impl Decimal {
    pub(super) fn from_digits(digits: &[u8], tens: i64) -> Self {
        let point = i64::try_from(digits.len()).unwrap_or(i64::MAX) + tens;
        let mut decimal = Self {
            digits: digits.to_vec(),
            point,
        };
        decimal.trim();
        decimal
    }

    fn exact(float: &Float) -> Self {
        if float.is_zero() {
            return Self {
                digits: Vec::new(),
                point: 0,
            };
        }
        Self::of(&float.mantissa, float.exponent)
    }

    fn of(mantissa: &BigUint, exponent: i64) -> Self {
        let power = u32::try_from(exponent.unsigned_abs()).unwrap_or(u32::MAX);
        if exponent >= 0 {
            Self::from_digits(&(mantissa << power).to_radix_be(10), 0)
        } else {
            let scaled = mantissa * BigUint::from(5_u32).pow(power);
            Self::from_digits(&scaled.to_radix_be(10), exponent)
        }
    }

    /// At least as many digits as wanted, and a one behind them if there are more that are not zero: so much decides how to round.
    ///
    /// A number far from the point has a hundred thousand digits or more, and finding them takes time that grows with their square.
    fn leading(mantissa: &BigUint, exponent: i64, wanted: i64) -> Self {
        let bits = super::float::bits(mantissa) + exponent;
        // The digits before the point, but for one or two: log₁₀ 2 = 0.30103.
        let digits = bits.saturating_mul(30_103) / 100_000;
        let drop = digits - wanted - 2;
        let fives = BigUint::from(5_u32).pow(u32::try_from(drop.unsigned_abs()).unwrap_or(0));
        let twos = exponent - drop;
        let up = u64::try_from(twos).unwrap_or(0);
        let down = u64::try_from(-twos).unwrap_or(0);
        let (above, below) = if drop >= 0 {
            (mantissa << up, fives << down)
        } else {
            ((mantissa * fives) << up, BigUint::from(1_u32) << down)
        };
        let quotient = &above / &below;
        let rest = above - &quotient * below;
        let mut digits = quotient.to_radix_be(10);
        let mut tens = drop;
        if rest != BigUint::default() {
            digits.push(1);
            tens -= 1;
        }
        Self::from_digits(&digits, tens)
    }

    /// The fewest digits between the midpoints to the neighbours that the precision allows.
    /// Midpoints count for an even mantissa, which ties round to.
    fn shortest(float: &Float, prec: u32) -> Self {
        Self::shortest_if(float, prec, float.exponent.unsigned_abs() > FAR)
    }

    /// `far`: only as many digits are found as decide.
    fn shortest_if(float: &Float, prec: u32, far: bool) -> Self {
        if float.is_zero() {
            return Self::exact(float);
        }
        // Neighbours differ within the digits that the precision allows.
        let wanted = i64::from(prec) * 30_103 / 100_000 + 10;
        let of = |mantissa: &BigUint, exponent: i64| {
            if far {
                Self::leading(mantissa, exponent, wanted)
            } else {
                Self::of(mantissa, exponent)
            }
        };
        let mut decimal = of(&float.mantissa, float.exponent);
        // The mantissa with one bit more than the precision: its last bit is half a step.
        let have = super::float::bits(&float.mantissa);
        let shift = i64::from(prec) + 1 - have;
        let mantissa = &float.mantissa << u64::try_from(shift).unwrap_or(0);
        let exponent = float.exponent - shift.max(0);
        let lower = of(&(&mantissa - 1_u32), exponent);
        let upper = of(&(&mantissa + 1_u32), exponent);
        let inclusive = !mantissa.bit(1);

        let at = |decimal: &Self, index: usize| decimal.digits.get(index).copied().unwrap_or(0);
        for index in 0..decimal.digits.len() {
            let (low, digit, high) = (at(&lower, index), at(&decimal, index), at(&upper, index));
            let down = low != digit || (inclusive && index + 1 == lower.digits.len());
            let up =
                digit != high && (inclusive || digit + 1 < high || index + 1 < upper.digits.len());
            let keep = index + 1;
            match (down, up) {
                (true, true) => decimal.round_at(keep),
                (true, false) => decimal.truncate(keep),
                (false, true) => decimal.round_up(keep),
                (false, false) => continue,
            }
            break;
        }
        decimal
    }

    fn trim(&mut self) {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.point = 0;
        }
    }

    /// Rounds to this many digits, ties to even. With less than none, nothing is left.
    fn round(&mut self, keep: i64) {
        match usize::try_from(keep) {
            Ok(keep) => self.round_at(keep),
            Err(_) => self.truncate(0),
        }
    }

    fn round_at(&mut self, keep: usize) {
        let Some(next) = self.digits.get(keep).copied() else {
            return;
        };
        let tie = next == 5 && keep + 1 == self.digits.len();
        let up = if tie {
            keep > 0 && self.digits[keep - 1] % 2 == 1
        } else {
            next >= 5
        };
        if up {
            self.round_up(keep);
        } else {
            self.truncate(keep);
        }
    }

    fn truncate(&mut self, keep: usize) {
        self.digits.truncate(keep);
        self.trim();
    }

    fn round_up(&mut self, keep: usize) {
        self.digits.truncate(keep);
        while self.digits.last() == Some(&9) {
            self.digits.pop();
        }
        if let Some(last) = self.digits.last_mut() {
            *last += 1;
        } else {
            self.digits.push(1);
            self.point += 1;
        }
    }

    fn size(&self) -> i64 {
        i64::try_from(self.digits.len()).unwrap_or(i64::MAX)
    }

    /// All digits, no exponent.
    pub(super) fn plain(&self, negative: bool) -> String {
        self.fixed(negative, (self.size() - self.point).max(0))
    }

    fn digit(&self, index: i64) -> char {
        let digit = usize::try_from(index)
            .ok()
            .and_then(|index| self.digits.get(index))
            .copied()
            .unwrap_or(0);
        char::from(b'0' + digit)
    }

    fn fixed(&self, negative: bool, places: i64) -> String {
        let mut text = String::new();
        if negative {
            text.push('-');
        }
        if self.point > 0 {
            text.extend((0..self.point).map(|index| self.digit(index)));
        } else {
            text.push('0');
        }
        if places > 0 {
            text.push('.');
            text.extend((0..places).map(|index| self.digit(self.point + index)));
        }
        text
    }

    fn scientific(&self, negative: bool, places: i64) -> String {
        let mut text = String::new();
        if negative {
            text.push('-');
        }
        text.push(self.digit(0));
        if places > 0 {
            text.push('.');
            text.extend((1..=places).map(|index| self.digit(index)));
        }
        let exponent = if self.digits.is_empty() {
            0
        } else {
            self.point - 1
        };
        let sign = if exponent < 0 { '-' } else { '+' };
        text.push('e');
        text.push(sign);
        if exponent.abs() < 10 {
            text.push('0');
        }
        text.push_str(&exponent.unsigned_abs().to_string());
        text
    }

    fn general(&self, negative: bool, wanted: Option<i64>) -> String {
        let size = self.size();
        let limit = match wanted {
            None => 6,
            Some(wanted) if wanted > size && size >= self.point => size,
            Some(wanted) => wanted,
        };
        let exponent = self.point - 1;
        if exponent < -4 || exponent >= limit {
            let significant = wanted.unwrap_or(size).min(size);
            return self.scientific(negative, (significant - 1).max(0));
        }
        self.fixed(negative, (size - self.point).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finding few digits or all of them makes no difference.
    #[test]
    fn leading_digits_decide() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        for round in 0..400 {
            let prec = [64, 113, 512][round % 3];
            let mut mantissa = BigUint::from(next() | 1);
            while super::super::float::bits(&mantissa) < i64::from(prec) - 64 {
                mantissa = (mantissa << 64_u32) + next();
            }
            // A few that are exact, or just beside a round number.
            if round % 5 == 0 {
                mantissa = BigUint::from(10_u32).pow(u32::try_from(round % 19).unwrap());
                mantissa += u32::try_from(round % 3).unwrap();
            }
            let exponent = i64::try_from(next() % 9_000).unwrap() - 4_500;
            let float = Float {
                negative: false,
                mantissa,
                exponent,
            };
            let all = Decimal::shortest_if(&float, prec, false);
            let few = Decimal::shortest_if(&float, prec, true);
            assert_eq!(
                (&few.digits, few.point),
                (&all.digits, all.point),
                "{float:?} {prec}"
            );
            let mut exact = Decimal::exact(&float);
            let mut leading = Decimal::leading(&float.mantissa, float.exponent, 22);
            exact.round(20);
            leading.round(20);
            assert_eq!((leading.digits, leading.point), (exact.digits, exact.point));
        }
    }
}
