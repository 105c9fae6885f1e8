//! Powers and logarithms. The peers compute them in `f64`, by algorithms whose last digit differs
//! from the platform's own; these follow the same published ones (FreeBSD's `log`, Shibata's `exp`,
//! squaring for whole powers).

use super::Number;

impl Number {
    /// The number raised to a power, computed in `f64`. `None` where that is not a number.
    #[must_use]
    pub fn pow(&self, power: &Self) -> Option<Self> {
        Self::from_f64(power_of(self.to_f64(), power.to_f64()))
    }

    /// The logarithm in a base, computed in `f64`. `None` where that is not a number.
    #[must_use]
    pub fn log(&self, base: &Self) -> Option<Self> {
        Self::from_f64(ln(self.to_f64()) / ln(base.to_f64()))
    }
}

/// Fraction in [0.5, 1) and power of two. Zero and what is not finite come back with power 0.
fn split(value: f64) -> (f64, i32) {
    if value == 0.0 || !value.is_finite() {
        return (value, 0);
    }
    let (value, extra) = if value.abs() < f64::MIN_POSITIVE {
        (value * 2_f64.powi(52), -52)
    } else {
        (value, 0)
    };
    let raw = value.to_bits();
    let exponent = i32::try_from((raw >> 52) & 0x7ff).unwrap_or(0) - 1022;
    let fraction = f64::from_bits((raw & !(0x7ff << 52)) | (1022 << 52));
    (fraction, exponent + extra)
}

/// `value × 2^power`, rounded once.
fn scale(value: f64, power: i64) -> f64 {
    let (fraction, own) = split(value);
    let total = i64::from(own) + power;
    if fraction == 0.0 || !fraction.is_finite() {
        return value;
    }
    if total > 1024 {
        return f64::INFINITY.copysign(value);
    }
    if total < -1080 {
        return 0_f64.copysign(value);
    }
    let total = i32::try_from(total).unwrap_or(0);
    if total >= -1021 {
        return fraction * 2.0 * 2_f64.powi(total - 1);
    }
    fraction * 2_f64.powi(total + 100) * 2_f64.powi(-100)
}

fn ln(value: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const L: [f64; 7] = [
        6.666_666_666_666_735e-1,
        3.999_999_999_940_942e-1,
        2.857_142_874_366_239e-1,
        2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1,
        1.531_383_769_920_937_3e-1,
        1.479_819_860_511_658_6e-1,
    ];
    if value.is_nan() || value == f64::INFINITY {
        return value;
    }
    if value < 0.0 {
        return f64::NAN;
    }
    if value == 0.0 {
        return f64::NEG_INFINITY;
    }
    let (mut fraction, mut power) = split(value);
    if fraction < std::f64::consts::FRAC_1_SQRT_2 {
        fraction *= 2.0;
        power -= 1;
    }
    let f = fraction - 1.0;
    let k = f64::from(power);
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (L[0] + s4 * (L[2] + s4 * (L[4] + s4 * L[6])));
    let even = s4 * (L[1] + s4 * (L[3] + s4 * L[5]));
    let rest = odd + even;
    let half = 0.5 * f * f;
    k * LN2_HIGH - ((half - (s * (half + rest) + k * LN2_LOW)) - f)
}

fn exp(value: f64) -> f64 {
    const LN2_UPPER: f64 = 0.693_147_180_559_662_956_511_601_805_686_950_683_593_75;
    const LN2_LOWER: f64 = 0.282_352_905_630_315_771_225_884_481_750_134_360_255_254_120_68e-12;
    const OVERFLOW: f64 = 7.097_827_128_933_84e2;
    const SERIES: [f64; 7] = [
        1.984_126_984_126_984e-4,
        1.388_888_888_888_889e-3,
        8.333_333_333_333_333e-3,
        4.166_666_666_666_666_4e-2,
        1.666_666_666_666_666_6e-1,
        0.5,
        1.0,
    ];
    if value.is_nan() || value == f64::INFINITY {
        return value;
    }
    if value == f64::NEG_INFINITY {
        return 0.0;
    }
    if value > OVERFLOW {
        return f64::INFINITY;
    }
    let k = (value * std::f64::consts::LOG2_E).round_ties_even();
    if k < -1080.0 {
        return 0.0;
    }
    let reduced = (-k).mul_add(LN2_UPPER, value);
    let reduced = (-k).mul_add(LN2_LOWER, reduced) * 0.0625;
    let series = SERIES
        .iter()
        .fold(2.480_158_730_158_73e-5, |sum: f64, term| {
            sum.mul_add(reduced, *term)
        });
    let mut result = reduced * series;
    for _ in 0..3 {
        result *= result + 2.0;
    }
    let result = (result + 2.0).mul_add(result, 1.0);
    scale(
        result,
        Number::from_f64(k).and_then(|k| k.to_i64()).unwrap_or(0),
    )
}

fn is_odd(value: f64) -> bool {
    value.abs() < 2_f64.powi(53) && value.trunc() == value && value % 2.0 != 0.0
}

/// The cases that need no computing.
fn special_power(base: f64, power: f64) -> Option<f64> {
    if power == 0.0 || base == 1.0 {
        return Some(1.0);
    }
    if power == 1.0 {
        return Some(base);
    }
    if base.is_nan() || power.is_nan() {
        return Some(f64::NAN);
    }
    if base == 0.0 {
        let sign = if is_odd(power) { base } else { 0.0 };
        return Some(if power < 0.0 {
            f64::INFINITY.copysign(sign)
        } else {
            sign
        });
    }
    let endless = |grows: bool| if grows { f64::INFINITY } else { 0.0 };
    if power.is_infinite() {
        let grows = (base.abs() > 1.0) == (power > 0.0);
        return Some(if base == -1.0 { 1.0 } else { endless(grows) });
    }
    if base.is_infinite() {
        let sign = if base < 0.0 && is_odd(power) {
            -1.0
        } else {
            1.0
        };
        return Some(endless(power > 0.0).copysign(sign));
    }
    if power == 0.5 {
        return Some(base.sqrt());
    }
    (power == -0.5).then(|| 1.0 / base.sqrt())
}

fn power_of(base: f64, power: f64) -> f64 {
    if let Some(result) = special_power(base, power) {
        return result;
    }
    let (mut whole, mut part) = (power.abs().trunc(), power.abs().fract());
    if part != 0.0 && base < 0.0 {
        return f64::NAN;
    }
    if whole >= 2_f64.powi(63) {
        return match base {
            -1.0 => 1.0,
            _ if (base.abs() < 1.0) == (power > 0.0) => 0.0,
            _ => f64::INFINITY,
        };
    }
    let mut result = 1.0;
    if part != 0.0 {
        if part > 0.5 {
            part -= 1.0;
            whole += 1.0;
        }
        result = exp(part * ln(base));
    }
    let mut twos: i64 = 0;
    let (mut square, own) = split(base);
    let mut exponent = i64::from(own);
    let mut rest = Number::from_f64(whole)
        .and_then(|whole| whole.to_i64())
        .unwrap_or(0);
    while rest != 0 {
        if exponent.abs() > 1 << 12 {
            twos += exponent;
            break;
        }
        if rest & 1 == 1 {
            result *= square;
            twos += exponent;
        }
        square *= square;
        exponent *= 2;
        if square < 0.5 {
            square += square;
            exponent -= 1;
        }
        rest >>= 1;
    }
    if power < 0.0 {
        result = 1.0 / result;
        twos = -twos;
    }
    scale(result, twos)
}
