//! `format` and `formatlist`.

use super::args::{is_sequence, is_unknown, may_shrink, text, unknown, value};
use super::table::{Context, Fault, Function, Param, Ty, check_text};
use crate::expr::values;
use num_bigint::BigInt;
use terrane_value::number::Notation;
use terrane_value::{Kind, Number, Type, Value, json};
use unicode_segmentation::UnicodeSegmentation as _;

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "format",
        &[FORMAT],
        Ty::String,
        format,
        "A text with values put in by a format.",
    )
    .variadic(ARGS),
    Function::new(
        "formatlist",
        &[FORMAT],
        Ty::ListString,
        formatlist,
        "A list of texts with elements of lists put in by a format.",
    )
    .variadic(ARGS),
];

const FORMAT: Param = Param::new("format", Ty::String);
const ARGS: Param = Param::new("args", Ty::Any).null().unknown().open();

/// The widest field and the longest precision, in characters.
const MAX_WIDTH: usize = 1 << 20;

/// One `%…` of a format.
#[derive(Default)]
struct Verb {
    sharp: bool,
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    /// From 1.
    argument: Option<usize>,
    mode: char,
    /// As it was written.
    raw: String,
    /// Byte offset in the format.
    offset: usize,
}

/// What came of a format.
enum Made {
    Text(String),
    /// An argument is not known; the text before it.
    Unknown(String),
}

type Characters<'a> = std::iter::Peekable<std::str::CharIndices<'a>>;

impl Verb {
    /// Reads what follows a `%` at `offset`.
    fn read(format: &str, offset: usize, rest: &mut Characters<'_>) -> Result<Self, Fault> {
        let mut verb = Self {
            offset,
            ..Self::default()
        };
        while let Some((_, flag)) = rest.next_if(|(_, c)| "#-+ 0".contains(*c)) {
            match flag {
                '#' => verb.sharp = true,
                '-' => verb.minus = true,
                '+' => verb.plus = true,
                ' ' => verb.space = true,
                _ => verb.zero = true,
            }
        }
        verb.width = digits(rest)?.unwrap_or(0);
        if rest.next_if(|(_, c)| *c == '.').is_some() {
            verb.precision = Some(digits(rest)?.unwrap_or(0));
        }
        if rest.next_if(|(_, c)| *c == '[').is_some() {
            verb.argument = digits(rest)?;
            let closed = rest.next_if(|(_, c)| *c == ']').is_some();
            if !closed || verb.argument.is_none() {
                return Err(broken(format, rest));
            }
        }
        match rest.next_if(|(_, c)| c.is_ascii_alphabetic()) {
            Some((at, mode)) => {
                verb.mode = mode;
                verb.raw = format.get(offset..=at).unwrap_or_default().to_owned();
                Ok(verb)
            }
            None => Err(broken(format, rest)),
        }
    }

    fn unsupported(&self, why: &str) -> Fault {
        Fault::new(format!(
            "unsupported value for \"{}\" at {}: {why}",
            self.raw, self.offset
        ))
    }

    fn convert(&self, value: &Value, ty: &Type) -> Result<Value, Fault> {
        values::convert(value, ty).map_err(|why| self.unsupported(&why))
    }

    fn write(&self, value: &Value, out: &mut String) -> Result<(), Fault> {
        let value = value.unmarked();
        if value.is_null() && self.mode != 'v' {
            return Err(self.unsupported("null value cannot be formatted"));
        }
        match self.mode {
            'v' => self.write_any(value, out),
            't' => {
                let value = self.convert(value, &Type::Bool)?;
                out.push_str(if value.as_bool() == Some(true) {
                    "true"
                } else {
                    "false"
                });
                Ok(())
            }
            's' | 'q' => {
                let value = self.convert(value, &Type::String)?;
                let mut given = value.as_str().unwrap_or_default().to_owned();
                // As with the peers, a precision of zero cuts nothing off.
                if let Some(precision) = self.precision.filter(|precision| *precision > 0) {
                    given = given.graphemes(true).take(precision).collect();
                }
                if self.mode == 'q' {
                    let mut quoted = String::new();
                    json::quote(&given, &mut quoted);
                    given = quoted;
                }
                self.pad(&given, out);
                Ok(())
            }
            'b' | 'd' | 'o' | 'x' | 'X' => {
                let number = self.number(value)?;
                if !number.is_integer() {
                    return Err(self.unsupported("an integer is required"));
                }
                self.write_integer(&number, out);
                Ok(())
            }
            'e' | 'E' | 'f' | 'g' | 'G' => {
                let number = self.number(value)?;
                self.write_float(&number, out);
                Ok(())
            }
            mode => Err(Fault::new(format!(
                "unsupported format verb '{mode}' in \"{}\" at offset {}",
                self.raw, self.offset
            ))),
        }
    }

    fn number(&self, value: &Value) -> Result<Number, Fault> {
        self.convert(value, &Type::Number)?
            .as_number()
            .cloned()
            .ok_or_else(|| self.unsupported("a number is required"))
    }

    fn write_any(&self, value: &Value, out: &mut String) -> Result<(), Fault> {
        match value.kind() {
            Kind::String(given) if !self.sharp => self.pad(given, out),
            // Neither precision nor sign matter, and zeros stand before the sign.
            Kind::Number(number) if !self.sharp && number.is_infinite() => {
                self.write_float(number, out);
            }
            Kind::Number(number) if !self.sharp => {
                let made = number.abs().format(Notation::General, None);
                let sign = if number.is_sign_negative() { "-" } else { "" };
                self.pad(&format!("{sign}{made}"), out);
            }
            Kind::Bool(given) if !self.sharp => {
                self.pad(if given { "true" } else { "false" }, out);
            }
            _ => {
                let made = json::encode_plain(&value.unmark_deep())
                    .map_err(|error| self.unsupported(&error.to_string()))?;
                self.pad(&made, out);
            }
        }
        Ok(())
    }

    fn write_integer(&self, number: &Number, out: &mut String) {
        let value: BigInt = number.text().parse().unwrap_or_default();
        let (radix, prefix) = match self.mode {
            'b' => (2, "0b"),
            'o' => (8, "0"),
            'x' => (16, "0x"),
            'X' => (16, "0X"),
            _ => (10, ""),
        };
        let negative = number.signum() < 0;
        let mut digits = value.magnitude().to_str_radix(radix);
        if self.mode == 'X' {
            digits.make_ascii_uppercase();
        }
        if self.precision == Some(0) && number.signum() == 0 {
            digits.clear();
        }
        if let Some(precision) = self.precision {
            let missing = precision.saturating_sub(digits.len());
            digits.insert_str(0, &"0".repeat(missing));
        }
        let prefix = if self.sharp { prefix } else { "" };
        let zeros = self.zero && self.precision.is_none();
        self.pad_number(
            &format!("{}{prefix}", self.sign(negative)),
            &digits,
            zeros,
            out,
        );
    }

    fn write_float(&self, number: &Number, out: &mut String) {
        if number.is_infinite() {
            let sign = if number.signum() < 0 { "-" } else { "+" };
            self.pad_number(sign, "Inf", false, out);
            return;
        }
        let (notation, digits) = match self.mode {
            'e' | 'E' => (Notation::Exponent, Some(self.precision.unwrap_or(6))),
            'f' => (Notation::Plain, Some(self.precision.unwrap_or(6))),
            _ => (Notation::General, self.precision),
        };
        let mut made = number.abs().format(notation, digits);
        if matches!(self.mode, 'E' | 'G') {
            made.make_ascii_uppercase();
        }
        self.pad_number(self.sign(number.is_sign_negative()), &made, self.zero, out);
    }

    fn sign(&self, negative: bool) -> &'static str {
        if negative {
            "-"
        } else if self.plus {
            "+"
        } else if self.space {
            " "
        } else {
            ""
        }
    }

    fn pad_number(&self, sign: &str, digits: &str, zeros: bool, out: &mut String) {
        let missing = self
            .width
            .saturating_sub(sign.chars().count() + digits.chars().count());
        let (spaces, zeros, behind) = if self.minus {
            (0, 0, missing)
        } else if zeros {
            (0, missing, 0)
        } else {
            (missing, 0, 0)
        };
        out.push_str(&" ".repeat(spaces));
        out.push_str(sign);
        out.push_str(&"0".repeat(zeros));
        out.push_str(digits);
        out.push_str(&" ".repeat(behind));
    }

    /// Texts are padded by characters as people count them.
    fn pad(&self, given: &str, out: &mut String) {
        let missing = self.width.saturating_sub(given.graphemes(true).count());
        if self.minus {
            out.push_str(given);
            out.push_str(&if self.zero { "0" } else { " " }.repeat(missing));
        } else {
            out.push_str(&if self.zero { "0" } else { " " }.repeat(missing));
            out.push_str(given);
        }
    }
}

fn digits(rest: &mut Characters<'_>) -> Result<Option<usize>, Fault> {
    let mut number: Option<usize> = None;
    while let Some((_, digit)) = rest.next_if(|(_, c)| c.is_ascii_digit()) {
        let next = number.unwrap_or(0) * 10 + digit.to_digit(10).unwrap_or(0) as usize;
        if next > MAX_WIDTH {
            return Err(Fault::new("a width, precision or index in the format is too large").at(0));
        }
        number = Some(next);
    }
    Ok(number)
}

fn broken(format: &str, rest: &mut Characters<'_>) -> Fault {
    match rest.peek() {
        Some((at, character)) => Fault::new(format!(
            "unrecognized format character '{character}' at offset {at}"
        )),
        None => Fault::new(format!(
            "invalid format string starting at offset {}",
            format.len()
        )),
    }
}

fn fill(format: &str, args: &[Value]) -> Result<Made, Fault> {
    let mut out = String::with_capacity(format.len() + 16);
    let mut rest = format.char_indices().peekable();
    let (mut next, mut highest) = (0_usize, 0_usize);
    while let Some((at, character)) = rest.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        if rest.next_if(|(_, c)| *c == '%').is_some() {
            out.push('%');
            continue;
        }
        let verb = Verb::read(format, at, &mut rest)?;
        let index = verb.argument.unwrap_or(next + 1);
        let Some(arg) = index.checked_sub(1).and_then(|index| args.get(index)) else {
            return Err(Fault::new(format!(
                "not enough arguments for \"{}\" at {at}: need index {index} but have {} total",
                verb.raw,
                args.len()
            )));
        };
        next = index;
        highest = highest.max(index);
        if !arg.is_wholly_known() {
            return Ok(Made::Unknown(out));
        }
        verb.write(arg, &mut out)?;
        check_text(Some(out.len()))?;
    }
    if highest < args.len() {
        let used = match highest {
            0 => String::from("no verbs in format string"),
            _ => format!("only {highest} used by format string"),
        };
        return Err(Fault::new(format!("too many arguments; {used}")));
    }
    Ok(Made::Text(out))
}

fn format(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let made = fill(text(args, 0), args.get(1..).unwrap_or_default())?;
    Ok(finish(made))
}

fn finish(made: Made) -> Value {
    match made {
        Made::Text(made) => Value::string_nfc(&made),
        Made::Unknown(prefix) => values::unknown_with_prefix(&prefix),
    }
}

fn formatlist(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let format = text(args, 0);
    let given = args.get(1..).unwrap_or_default();
    let mut length: Option<(usize, usize)> = None;
    let mut sure = true;
    for (at, arg) in given.iter().enumerate() {
        let ty = arg.ty();
        if !is_sequence(&ty) || arg.is_null() {
            sure &= !(is_unknown(arg) && ty == Type::Dynamic);
            continue;
        }
        let this = match &ty {
            Type::Tuple(types) => types.len(),
            _ if is_unknown(arg) => {
                sure = false;
                continue;
            }
            _ if may_shrink(arg.unmarked()) => {
                sure = false;
                continue;
            }
            _ => arg.unmarked().children().len(),
        };
        sure &= !is_unknown(arg);
        match length {
            None => length = Some((at, this)),
            Some((first, other)) if other != this => {
                return Err(Fault::new(format!(
                    "argument {} has length {this}, which is inconsistent with argument {} of length {other}",
                    at + 1,
                    first + 1
                ))
                .at(at + 1));
            }
            Some(_) => {}
        }
    }
    if !sure {
        return Ok(unknown(Type::list(Type::String)));
    }
    let length = length.map_or(1, |(_, length)| length);
    let mut items = Vec::with_capacity(length);
    let mut bytes = 0_usize;
    for row in 0..length {
        let cells: Vec<Value> = given
            .iter()
            .enumerate()
            .map(|(at, arg)| {
                let plain = value(given, at);
                if is_sequence(&plain.ty()) && !plain.is_null() {
                    plain.children().get(row).cloned().unwrap_or(Value::NULL)
                } else {
                    arg.clone()
                }
            })
            .collect();
        let made = fill(format, &cells).map_err(|fault| {
            Fault::new(format!("error on format iteration {row}: {}", fault.text))
        })?;
        let made = finish(made);
        bytes = bytes.saturating_add(made.as_str().map_or(0, str::len));
        check_text(Some(bytes))?;
        items.push(made);
    }
    Ok(Value::list(Type::String, items))
}
