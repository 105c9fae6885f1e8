//! Numbers from text, rounded as the peers round them: the digits are scaled by a power of five
//! that is itself rounded to some more bits, so results agree to the last bit.

use super::float::Float;
use super::{Big, LITERAL_BITS, MAX_EXPONENT, NATIVE_BITS, Number, Repr};
use ecow::EcoString;
use num_bigint::BigUint;
use std::sync::{Arc, OnceLock};

/// Digits that are looked at. Of more, it only matters whether one of them is not zero.
const MAX_DIGITS: usize = 2000;
/// Powers of ten that are accepted; larger ones would make texts of 100 kB.
const MAX_DECIMAL_EXPONENT: i64 = 100_000;
/// Below this many digits, 512 bits hold a decimal fraction exactly enough to print the same digits
/// again.
const FAITHFUL_DIGITS: usize = 150;

/// What stands in a text.
struct Scanned<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
    binary: bool,
}

impl Number {
    /// The number that a text stands for, with 512 bits: decimal digits with at most one point, an
    /// optional sign and an optional exponent (`e` for powers of ten, `p` for powers of two), or
    /// `Inf` with an optional sign.
    /// `None` for other text, and for exponents beyond ±100,000.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() <= 18
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(value) = text.parse()
        {
            let prec = LITERAL_BITS;
            return Some(Self(Repr::Int { value, prec }));
        }
        match text {
            "Inf" | "inf" | "+Inf" | "+inf" => return Some(Self::INFINITY),
            "-Inf" | "-inf" => return Some(Self::NEG_INFINITY),
            _ => {}
        }
        let scanned = scan(text)?;
        scanned.number()
    }

    /// A whole number in base 2 to 62, with an optional sign; as precise as it needs to be. Above
    /// base 36, small letters come before large ones. `None` for other text.
    #[must_use]
    pub fn parse_int(text: &str, base: u32) -> Option<Self> {
        if !(2..=62).contains(&base) || text.len() > 200_000 {
            return None;
        }
        let (negative, digits) = split_sign(text);
        if digits.is_empty() {
            return None;
        }
        let digits = digits
            .bytes()
            .map(|byte| {
                let digit = match byte {
                    b'0'..=b'9' => byte - b'0',
                    b'a'..=b'z' => byte - b'a' + 10,
                    b'A'..=b'Z' if base <= 36 => byte - b'A' + 10,
                    b'A'..=b'Z' => byte - b'A' + 36,
                    _ => return None,
                };
                (u32::from(digit) < base).then_some(digit)
            })
            .collect::<Option<Vec<_>>>()?;
        let mantissa = BigUint::from_radix_be(&digits, base)?;
        let bits = u32::try_from(mantissa.bits()).ok()?;
        let negative = negative && mantissa != BigUint::ZERO;
        let prec = bits.max(NATIVE_BITS);
        Some(Self::finish(Float::new(negative, mantissa, 0), prec))
    }

    /// The number that this one is once it was written as text and read again.
    ///
    /// Only whole numbers beyond their precision change (a large `f64` prints fewer digits than it
    /// has), so that what is kept and what comes back from a file or another program are equal.
    #[must_use]
    pub fn settled(&self) -> Self {
        if self.is_infinite() || !self.is_integer() || self.precision() >= LITERAL_BITS {
            return self.clone();
        }
        match self.to_i64() {
            Some(value) if super::text::prints_whole(value, self.precision()) => self.clone(),
            _ => Self::parse(&self.text()).unwrap_or_else(|| self.clone()),
        }
    }
}

fn split_sign(text: &str) -> (bool, &str) {
    if let Some(rest) = text.strip_prefix('-') {
        (true, rest)
    } else {
        (false, text.strip_prefix('+').unwrap_or(text))
    }
}

/// Splits at the first character that is not a digit.
fn digits(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn scan(text: &str) -> Option<Scanned<'_>> {
    let (negative, rest) = split_sign(text);
    let (whole, rest) = digits(rest);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (binary, exponent) = match rest.as_bytes().first() {
        None => (false, 0),
        Some(mark @ (b'e' | b'E' | b'p' | b'P')) => {
            let (minus, power) = split_sign(rest.get(1..)?);
            if power.is_empty() || !power.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let power: i64 = power.parse().ok()?;
            let binary = matches!(mark, b'p' | b'P');
            (binary, if minus { -power } else { power })
        }
        Some(_) => return None,
    };
    Some(Scanned {
        negative,
        whole,
        fraction,
        exponent,
        binary,
    })
}

impl Scanned<'_> {
    fn number(&self) -> Option<Number> {
        let all = self.whole.bytes().chain(self.fraction.bytes());
        let mut significant: Vec<u8> = all
            .skip_while(|byte| *byte == b'0')
            .map(|byte| byte - b'0')
            .collect();
        if significant.is_empty() {
            return Some(Number::zero(self.negative, LITERAL_BITS));
        }
        let mut tens = -i64::try_from(self.fraction.len()).ok()?;
        if significant.len() > MAX_DIGITS {
            let dropped = significant.len() - MAX_DIGITS - 1;
            let rest = significant.split_off(MAX_DIGITS);
            significant.push(u8::from(rest.iter().any(|digit| *digit != 0)));
            tens = tens.checked_add(i64::try_from(dropped).ok()?)?;
        }
        let mut twos = 0;
        if self.binary {
            twos = self.exponent;
        } else {
            tens = tens.checked_add(self.exponent)?;
        }
        let size = i64::try_from(significant.len()).ok()?;
        let magnitude = tens.checked_add(size)?;
        if magnitude.abs() > MAX_DECIMAL_EXPONENT || twos.abs() > MAX_EXPONENT {
            return None;
        }
        let mantissa = BigUint::from_radix_be(&significant, 10)?;
        let float = scaled(Float::new(self.negative, mantissa, tens + twos), tens);
        let number = Number::finish(float, LITERAL_BITS);
        let faithful = !self.binary && significant.len() <= FAITHFUL_DIGITS && tens.abs() <= 240;
        Some(if faithful {
            with_text(number, self.negative, &significant, tens)
        } else {
            number
        })
    }
}

/// `float × 5^power`, rounded to the precision of literals.
fn scaled(float: Float, power: i64) -> Float {
    let factor = power_of_five(power.unsigned_abs(), LITERAL_BITS + 64);
    match power {
        0 => float,
        1.. => float.times(&factor).round(LITERAL_BITS),
        ..0 => float.divided(&factor, LITERAL_BITS),
    }
}

/// `5^power` to `prec` bits, by the steps that the peers take: each product is rounded.
fn power_of_five(power: u64, prec: u32) -> Float {
    const EXACT: u64 = 27;
    let five = |power: u64| BigUint::from(5_u64.pow(u32::try_from(power).unwrap_or(0)));
    let mut result = Float::new(false, five(power.min(EXACT)), 0);
    let mut rest = power.saturating_sub(EXACT);
    let mut square = Float::new(false, five(1), 0);
    while rest > 0 {
        if rest & 1 == 1 {
            result = result.times(&square).round(prec);
        }
        square = square.times(&square).round(prec + 64);
        rest >>= 1;
    }
    result
}

/// Keeps the digits that were read as the text to print: they are the shortest that stand for this
/// number.
fn with_text(number: Number, negative: bool, digits: &[u8], tens: i64) -> Number {
    let Repr::Big(big) = &number.0 else {
        return number;
    };
    let decimal = super::text::Decimal::from_digits(digits, tens);
    let text = OnceLock::from(EcoString::from(decimal.plain(negative)));
    Number(Repr::Big(Arc::new(Big {
        float: big.float.clone(),
        prec: big.prec,
        text,
    })))
}
