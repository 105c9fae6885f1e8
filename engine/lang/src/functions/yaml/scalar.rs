//! What a scalar means.

use super::parse::CORE;
use super::token::Style;
use crate::expr::values;
use terrane_value::{Number, Value};

/// A scalar, understood.
pub(super) enum Resolved {
    Value(Value),
    /// `<<`: as a key, it merges another mapping into this one.
    Merge,
}

/// The meaning of a scalar with a tag, or without.
pub(super) fn resolve(tag: Option<&str>, text: &str, style: Style) -> Result<Resolved, String> {
    let kind = match tag {
        None | Some("") => "",
        Some(tag) => tag
            .strip_prefix(CORE)
            .filter(|kind| {
                ["str", "binary", "null", "bool", "int", "float", "timestamp"].contains(kind)
            })
            .ok_or_else(|| format!("unsupported tag {}", values::quote(tag)))?,
    };
    let misfit = || format!("cannot parse {} as {CORE}{kind}", values::quote(text));
    let value = match kind {
        "str" => Value::string_nfc(text),
        "binary" if is_base64(text) => Value::string_nfc(text),
        "binary" => return Err(format!("{}: not valid base64", misfit())),
        _ if may_be_special(text) && style == Style::Quoted => Value::string_nfc(text),
        _ => match special(text, kind)? {
            Some(value) => value,
            None => match kind {
                "" if text == "<<" => return Ok(Resolved::Merge),
                "" => Value::string_nfc(text),
                "null" => Value::NULL,
                "int" | "float" => number(text).ok_or_else(misfit)?,
                _ => return Err(misfit()),
            },
        },
    };
    Ok(Resolved::Value(value))
}

/// Whether a text can be something else than a text, by how it begins.
fn may_be_special(text: &str) -> bool {
    text.chars()
        .next()
        .is_none_or(|first| first.is_ascii_digit() || "+-.yYnNtTfFoO~".contains(first))
}

/// The value of a text that is none, whatever tag it has (which counts less than what it looks like).
fn special(text: &str, kind: &str) -> Result<Option<Value>, String> {
    if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Ok(Some(Value::NULL));
    }
    if let Some(value) = boolean(text) {
        return Ok(Some(Value::bool(value)));
    }
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Ok(Number::parse("Inf").map(Value::number));
        }
        "-.inf" | "-.Inf" | "-.INF" => return Ok(Number::parse("-Inf").map(Value::number)),
        ".nan" | ".NaN" | ".NAN" if kind.is_empty() => {
            return Err(String::from("floating point NaN is not supported"));
        }
        _ => {}
    }
    if (kind.is_empty() || kind == "timestamp")
        && let Some(time) = timestamp(text)
    {
        return Ok(Some(Value::string(time)));
    }
    if !looks_like_number(text) {
        return Ok(None);
    }
    match number(text) {
        Some(value) => Ok(Some(value)),
        None => Err(format!("cannot parse {} as a number", values::quote(text))),
    }
}

/// Decimal numbers, and integers in octal and hexadecimal digits, in the notation of version 1.2.
fn looks_like_number(text: &str) -> bool {
    let digits = |digits: &str, radix| {
        !digits.is_empty() && digits.chars().all(|digit: char| digit.is_digit(radix))
    };
    if let Some(rest) = text.strip_prefix("0x") {
        return digits(rest, 16);
    }
    if let Some(rest) = text.strip_prefix("0o") {
        return digits(rest, 8);
    }
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    (digits(whole, 10) && (fraction.is_empty() || digits(fraction, 10))
        || whole.is_empty() && digits(fraction, 10))
        && exponent.is_none_or(|exponent| {
            digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent), 10)
        })
}

/// A number: decimal, or an integer of 64 bits with a prefix that tells its base. Underscores separate digits.
fn number(text: &str) -> Option<Value> {
    let plain = text.replace('_', "");
    if looks_like_number(&plain) && !plain.starts_with("0x") && !plain.starts_with("0o") {
        return decimal(&plain).map(Value::number);
    }
    let (negative, digits) = match plain.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let radix = match digits.get(..2)? {
        "0x" | "0X" => 16,
        "0o" | "0O" => 8,
        "0b" | "0B" => 2,
        _ => return None,
    };
    let digits = digits.get(2..)?;
    if !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let number = if negative {
        i64::try_from(-i128::from(magnitude)).ok()?.to_string()
    } else {
        magnitude.to_string()
    };
    Number::parse(&number).map(Value::number)
}

/// A decimal number, whose parts may be missing: `.5`, `5.`.
fn decimal(text: &str) -> Option<Number> {
    let (sign, rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (if text.starts_with('-') { "-" } else { "" }, rest),
        None => ("", text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, format!("e{exponent}")),
        None => (rest, String::new()),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Number::parse(&format!("{sign}{whole}{point}{fraction}{exponent}"))
}

/// Base64 with padding; ends of lines do not count.
fn is_base64(text: &str) -> bool {
    use base64::Engine as _;
    let plain = text.replace(['\r', '\n'], "");
    base64::engine::general_purpose::STANDARD
        .decode(plain)
        .is_ok()
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(false)
        }
        _ => None,
    }
}

/// A date, with a time or without, in the form of RFC 3339.
fn timestamp(text: &str) -> Option<String> {
    let mut rest = text;
    let digits = |least: usize, most: usize, rest: &mut &str| -> Option<u32> {
        let end = rest
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        *rest = behind;
        (least..=most).contains(&number.len()).then_some(())?;
        number.parse().ok()
    };
    let year = digits(4, 4, &mut rest)?;
    rest = rest.strip_prefix('-')?;
    let month = digits(1, 2, &mut rest)?;
    rest = rest.strip_prefix('-')?;
    let day = digits(1, 2, &mut rest)?;
    let mut clock = String::from("00:00:00");
    let mut zone = String::from("Z");
    if !rest.is_empty() {
        let zoned = rest.starts_with(['T', 't']);
        rest = rest.strip_prefix(['T', 't', ' '])?;
        let hour = digits(1, 2, &mut rest)?;
        rest = rest.strip_prefix(':')?;
        let minute = digits(1, 2, &mut rest)?;
        rest = rest.strip_prefix(':')?;
        let second = digits(1, 2, &mut rest)?;
        if let Some(behind) = rest.strip_prefix('.') {
            rest = behind.trim_start_matches(|character: char| character.is_ascii_digit());
            (rest.len() < behind.len()).then_some(())?;
        }
        clock = format!("{hour:02}:{minute:02}:{second:02}");
        match (zoned, rest) {
            (true, "") => return None,
            (true, "+00:00" | "-00:00") => {}
            (true, offset) => zone = offset.to_owned(),
            (false, "") => {}
            (false, _) => return None,
        }
    }
    let made = format!("{year:04}-{month:02}-{day:02}T{clock}{zone}");
    super::super::time::is_valid(&made).then_some(made)
}
