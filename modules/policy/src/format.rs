//! `sprintf` as OPA has it: the verbs of Go's `fmt`, with flags, widths and precisions.
//!
//! Texts are texts, whole numbers whole numbers, other numbers floats; everything else is given as the text that it is written as.

use regorus::Value;
use std::fmt::Write as _;

/// What is printed.
enum Argument {
    Text(String),
    Whole(i128),
    Float(f64),
}

/// A verb with what stands before it.
#[derive(Default)]
struct Spec {
    minus: bool,
    plus: bool,
    zero: bool,
    space: bool,
    sharp: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// Wider or more precise than this is nothing: what is said has to be read.
const WIDEST: usize = 1000;

/// The format filled with the values of an array; `None`: it is none, or the format is no text.
pub(crate) fn sprintf(format: &Value, values: &Value) -> Option<String> {
    let format = format.as_string().ok()?;
    let values = values.as_array().ok()?;
    let mut arguments = values.iter().map(argument);
    let mut out = String::with_capacity(format.len());
    let mut chars = format.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '%' {
            out.push(char);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|char| "-+# 0".contains(*char)) {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                _ => spec.zero = true,
            }
        }
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            let digit = usize::try_from(digit.to_digit(10).unwrap_or(0)).unwrap_or(0);
            spec.width = Some((spec.width.unwrap_or(0) * 10 + digit).min(WIDEST));
        }
        if chars.next_if_eq(&'.').is_some() {
            let mut found = 0;
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                let digit = usize::try_from(digit.to_digit(10).unwrap_or(0)).unwrap_or(0);
                found = (found * 10 + digit).min(WIDEST);
            }
            spec.precision = Some(found);
        }
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match arguments.next() {
                None => out.extend(["%!", &verb.to_string(), "(MISSING)"]),
                Some(argument) => out.push_str(&one(&spec, verb, &argument)),
            },
        }
    }
    let more: Vec<String> = arguments.map(|argument| named(&argument)).collect();
    if !more.is_empty() {
        out.extend(["%!(EXTRA ", &more.join(", "), ")"]);
    }
    Some(out)
}

fn argument(value: &Value) -> Argument {
    match value {
        Value::String(text) => Argument::Text(text.to_string()),
        Value::Number(_) => {
            let text = value.to_json_str().unwrap_or_default();
            match (text.parse::<i128>(), text.parse::<f64>()) {
                (Ok(whole), _) => Argument::Whole(whole),
                (_, Ok(float)) => Argument::Float(float),
                _ => Argument::Text(text),
            }
        }
        other => Argument::Text(term(other)),
    }
}

/// A value as it is written in Rego.
fn term(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::Array(items) => format!("[{}]", list(items.iter().map(term).collect())),
        Value::Set(items) if items.is_empty() => "set()".to_owned(),
        Value::Set(items) => format!("{{{}}}", list(items.iter().map(term).collect())),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(key, value)| format!("{}: {}", term(key), term(value)));
            format!("{{{}}}", list(fields.collect()))
        }
        other => other.to_json_str().unwrap_or_default(),
    }
}

/// A value with its type, where it does not fit.
fn named(argument: &Argument) -> String {
    match argument {
        Argument::Text(text) => format!("string={text}"),
        Argument::Whole(whole) => format!("int={whole}"),
        Argument::Float(float) => format!("float64={}", general(*float, None)),
    }
}

fn one(spec: &Spec, verb: char, argument: &Argument) -> String {
    let (text, is_number) = match (verb, argument) {
        ('v' | 's', Argument::Text(text)) => (cut(text, spec.precision), false),
        ('q', Argument::Text(text)) => {
            let text = cut(text, spec.precision);
            let quoted = serde_json::to_string(&text);
            (quoted.unwrap_or(text), false)
        }
        ('x' | 'X', Argument::Text(text)) => {
            let hex = text.bytes().fold(String::new(), |mut hex, byte| {
                // Writing to a string cannot fail.
                let _written = write!(hex, "{byte:02x}");
                hex
            });
            (if verb == 'X' { hex.to_uppercase() } else { hex }, false)
        }
        ('v' | 'd', Argument::Whole(whole)) => (digits(spec, *whole, |n| n.to_string()), true),
        ('x', Argument::Whole(whole)) => (digits(spec, *whole, |n| format!("{n:x}")), true),
        ('X', Argument::Whole(whole)) => (digits(spec, *whole, |n| format!("{n:X}")), true),
        ('o', Argument::Whole(whole)) => (digits(spec, *whole, |n| format!("{n:o}")), true),
        ('b', Argument::Whole(whole)) => (digits(spec, *whole, |n| format!("{n:b}")), true),
        ('c', Argument::Whole(whole)) => {
            let char = u32::try_from(*whole).ok().and_then(char::from_u32);
            (char.unwrap_or('\u{fffd}').to_string(), false)
        }
        ('v' | 'g' | 'G', Argument::Float(float)) => (
            signed(spec, *float, &general(float.abs(), spec.precision)),
            true,
        ),
        ('f' | 'F', Argument::Float(float)) => {
            let digits = format!("{:.*}", spec.precision.unwrap_or(6), float.abs());
            (signed(spec, *float, &digits), true)
        }
        ('e' | 'E', Argument::Float(float)) => {
            let digits = exponent(float.abs(), Some(spec.precision.unwrap_or(6)));
            (signed(spec, *float, &digits), true)
        }
        (verb, argument) => return format!("%!{verb}({})", named(argument)),
    };
    padded(spec, text, is_number)
}

fn cut(text: &str, precision: Option<usize>) -> String {
    text.chars().take(precision.unwrap_or(usize::MAX)).collect()
}

fn digits(spec: &Spec, whole: i128, write: impl Fn(u128) -> String) -> String {
    let mut digits = write(whole.unsigned_abs());
    if let Some(least) = spec.precision {
        let more = least.saturating_sub(digits.len());
        digits.insert_str(0, &"0".repeat(more));
    }
    format!("{}{digits}", sign(spec, whole < 0))
}

fn signed(spec: &Spec, float: f64, digits: &str) -> String {
    format!("{}{digits}", sign(spec, float.is_sign_negative()))
}

fn sign(spec: &Spec, negative: bool) -> &'static str {
    match (negative, spec.plus, spec.space) {
        (true, _, _) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

/// As short as it can be, with an exponent where it is very large or small.
fn general(float: f64, precision: Option<usize>) -> String {
    let float = match precision {
        // So many digits that count.
        Some(digits) => {
            let rounded = format!("{float:.*e}", digits.max(1) - 1);
            rounded.parse().unwrap_or(float)
        }
        None => float,
    };
    let size = float.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        exponent(float, None)
    } else {
        format!("{float}")
    }
}

/// `1.5e+30`: at least two digits of exponent.
fn exponent(float: f64, precision: Option<usize>) -> String {
    let text = match precision {
        Some(precision) => format!("{float:.precision$e}"),
        None => format!("{float:e}"),
    };
    match text.split_once('e') {
        Some((digits, power)) => {
            let (sign, power) = match power.strip_prefix('-') {
                Some(power) => ('-', power),
                None => ('+', power),
            };
            format!("{digits}e{sign}{power:0>2}")
        }
        None => text,
    }
}

fn padded(spec: &Spec, text: String, is_number: bool) -> String {
    let missing = spec.width.unwrap_or(0).saturating_sub(text.chars().count());
    if missing == 0 {
        text
    } else if spec.minus {
        format!("{text}{}", " ".repeat(missing))
    } else if spec.zero && !(is_number && spec.precision.is_some()) {
        let at = usize::from(is_number && text.starts_with(['-', '+', ' ']));
        let (sign, digits) = text.split_at(at);
        format!("{sign}{}{digits}", "0".repeat(missing))
    } else {
        format!("{}{text}", " ".repeat(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::sprintf;
    use regorus::Value;

    /// Each as OPA says it.
    #[test]
    fn formats_are_those_of_opa() {
        for (format, values, expected) in [
            ("%s is %v", r#"["a", true]"#, "a is true"),
            (
                "%-8s|%8s|%.2s",
                r#"["ab", "cd", "xyz"]"#,
                "ab      |      cd|xy",
            ),
            (
                "%d %5d %-5d| %05d %+d",
                "[1, 2, 3, -4, 5]",
                "1     2 3    | -0004 +5",
            ),
            ("%x %X %o %b %c", "[255, 255, 8, 5, 65]", "ff FF 10 101 A"),
            (
                "%f %.2f %8.3f %v",
                "[1.5, 2.005, 3.14159, 0.5]",
                "1.500000 2.00    3.142 0.5",
            ),
            (
                "%v %v %e",
                "[1.5e-7, 0.00001, 1234.5]",
                "1.5e-07 1e-05 1.234500e+03",
            ),
            (
                "%v %v",
                r#"[["a", 1, null], {"k": [true]}]"#,
                r#"["a", 1, null] {"k": [true]}"#,
            ),
            ("%q", r#"["a\"b"]"#, r#""a\"b""#),
            ("%s", "[5]", "%!s(int=5)"),
            ("%d", r#"["x"]"#, "%!d(string=x)"),
            ("%d", "[1.5]", "%!d(float64=1.5)"),
            ("%d %d", "[1]", "1 %!d(MISSING)"),
            ("a", r#"["x", 2]"#, "a%!(EXTRA string=x, int=2)"),
            ("100%%", "[]", "100%"),
            ("50%", "[]", "50%!(NOVERB)"),
        ] {
            let values = Value::from_json_str(values).unwrap();
            let found = sprintf(&Value::from(format), &values);
            assert_eq!(found.as_deref(), Some(expected), "{format}");
        }
        assert_eq!(sprintf(&Value::from("a"), &Value::from("b")), None);
    }
}
