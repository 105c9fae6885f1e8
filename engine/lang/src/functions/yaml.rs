//! YAML, as the peers read it (1.1 with a few things left out) and write it.

use super::args::{text, unknown, value};
use super::table::{Context, Fault, Function, Param, Ty};
use crate::expr::values;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use std::collections::BTreeMap;
use terrane_value::{EcoString, Number, Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "yamldecode",
        &[Param::new("src", Ty::String)],
        Ty::Any,
        yamldecode,
        "The value that a YAML text stands for.",
    )
    .by(any_type)
    .nullable(),
    Function::new(
        "yamlencode",
        &[Param::new("value", Ty::Any).null()],
        Ty::String,
        yamlencode,
        "The value as YAML.",
    ),
];

/// How deep a document may nest.
const MAX_DEPTH: usize = 100;

/// The most values that a document may hold when all its aliases are followed: a short text could stand for a huge value.
const MAX_VALUES: usize = 1_000_000;

const CORE: &str = "tag:yaml.org,2002:";

fn any_type(_: &[Value]) -> Result<Type, Fault> {
    Ok(Type::Dynamic)
}

fn yamldecode(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    decode(text(args, 0)).map_err(Fault::new)
}

fn yamlencode(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = value(args, 0);
    if !given.is_wholly_known() {
        return Ok(unknown(Type::String));
    }
    Ok(Value::string_nfc(&super::yaml_write::document(given)))
}

/// A value that is being read.
enum Open {
    Sequence(Vec<Value>),
    Mapping {
        entries: BTreeMap<EcoString, Value>,
        key: Option<Key>,
    },
}

/// The key that waits for its value.
enum Key {
    Name(EcoString),
    Merge,
}

struct Level {
    open: Open,
    anchor: usize,
    /// How many values it holds, all levels down.
    size: usize,
}

struct Reader {
    levels: Vec<Level>,
    /// Finished values with anchors, and how many values each holds.
    anchors: BTreeMap<usize, (Value, usize)>,
    document: Option<Value>,
}

fn decode(source: &str) -> Result<Value, String> {
    let mut reader = Reader {
        levels: Vec::new(),
        anchors: BTreeMap::new(),
        document: None,
    };
    let length = source.chars().count();
    for event in Parser::new_from_str(source) {
        let (event, span) = event.map_err(|error| {
            let place = error.marker();
            format!(
                "on line {}, column {}: {}",
                place.line(),
                place.col() + 1,
                error.info()
            )
        })?;
        // A block at the end of a text that has no line break there has none either.
        let cut = !source.ends_with('\n') && span.end.index() >= length;
        reader.event(event, cut).map_err(|why| {
            format!(
                "on line {}, column {}: {why}",
                span.start.line(),
                span.start.col() + 1
            )
        })?;
    }
    reader
        .document
        .ok_or_else(|| String::from("on line 1, column 1: missing start of document"))
}

impl Reader {
    fn event(&mut self, event: Event<'_>, cut: bool) -> Result<(), String> {
        match event {
            Event::DocumentStart(_) if self.document.is_some() => {
                Err(String::from("unexpected extra content after value"))
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
            Event::Scalar(text, style, anchor, tag) => {
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let text = match text.strip_suffix('\n') {
                    Some(shorter) if cut && block => shorter,
                    _ => &text,
                };
                let (value, merge) = scalar(text, style, tag.as_deref())?;
                self.add(value, 1, anchor, merge)
            }
            Event::SequenceStart(anchor, tag) => {
                expect_tag(tag.as_deref(), "seq", "sequence")?;
                self.open(Open::Sequence(Vec::new()), anchor)
            }
            Event::MappingStart(anchor, tag) => {
                expect_tag(tag.as_deref(), "map", "mapping")?;
                let entries = BTreeMap::new();
                self.open(Open::Mapping { entries, key: None }, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((value, size)) => {
                    let (value, size) = (value.clone(), *size);
                    self.add(value, size, 0, false)
                }
                None => Err(String::from(
                    "cannot refer to an anchor from inside its own definition",
                )),
            },
        }
    }

    fn open(&mut self, open: Open, anchor: usize) -> Result<(), String> {
        if self.levels.len() >= MAX_DEPTH {
            return Err(format!(
                "values may be nested at most {MAX_DEPTH} levels deep"
            ));
        }
        self.levels.push(Level {
            open,
            anchor,
            size: 1,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(level) = self.levels.pop() else {
            return Ok(());
        };
        let made = match level.open {
            Open::Sequence(items) => Value::tuple(items),
            Open::Mapping { entries, .. } => Value::object(entries),
        };
        self.add(made, level.size, level.anchor, false)
    }

    fn add(&mut self, value: Value, size: usize, anchor: usize, merge: bool) -> Result<(), String> {
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), size));
        }
        let Some(level) = self.levels.last_mut() else {
            self.document = Some(value);
            return Ok(());
        };
        level.size += size;
        if level.size > MAX_VALUES {
            return Err(String::from("the document stands for too many values"));
        }
        match &mut level.open {
            Open::Sequence(items) => items.push(value),
            Open::Mapping { entries, key } => match key.take() {
                None if merge => *key = Some(Key::Merge),
                None => *key = Some(Key::Name(key_name(&value)?)),
                Some(Key::Name(name)) => {
                    entries.insert(name, value);
                }
                Some(Key::Merge) => match value.kind() {
                    terrane_value::Kind::Object(object) => {
                        entries.extend(
                            object
                                .iter()
                                .map(|(name, value)| (name.clone(), value.clone())),
                        );
                    }
                    _ => {
                        return Err(format!(
                            "cannot merge {} into mapping",
                            values::type_name(&value.ty())
                        ));
                    }
                },
            },
        }
        Ok(())
    }
}

fn key_name(key: &Value) -> Result<EcoString, String> {
    if key.is_null() {
        return Err(String::from("mapping key cannot be null"));
    }
    values::convert(key, &Type::String)
        .ok()
        .and_then(|name| name.as_str().map(EcoString::from))
        .ok_or_else(|| String::from("only strings are allowed as mapping keys"))
}

fn expect_tag(tag: Option<&Tag>, wanted: &str, kind: &str) -> Result<(), String> {
    match tag {
        None => Ok(()),
        Some(tag) if tag.handle == CORE && tag.suffix == wanted => Ok(()),
        Some(tag) if tag.handle == CORE => {
            Err(format!("can't interpret {kind} as {CORE}{}", tag.suffix))
        }
        Some(tag) => Err(unsupported(tag)),
    }
}

fn unsupported(tag: &Tag) -> String {
    format!("unsupported tag \"{}{}\"", tag.handle, tag.suffix)
}

/// The value of a scalar, and whether it is a merge key.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<(Value, bool), String> {
    let string = || Value::string_nfc(text);
    let plain = style == ScalarStyle::Plain;
    let Some(tag) = tag else {
        if plain && text == "<<" {
            return Ok((string(), true));
        }
        let value = if plain { resolve(text)? } else { string() };
        return Ok((value, false));
    };
    if tag.handle != CORE {
        return Err(unsupported(tag));
    }
    let misfit = || {
        format!(
            "cannot parse {} as {CORE}{}",
            values::quote(text),
            tag.suffix
        )
    };
    let value = match tag.suffix.as_str() {
        "str" | "binary" => string(),
        "null" => Value::NULL,
        "bool" | "int" | "float" | "timestamp" if !plain => string(),
        "bool" => boolean(text).map(Value::bool).ok_or_else(misfit)?,
        "int" => number(text)?
            .filter(Number::is_integer)
            .map(Value::number)
            .ok_or_else(misfit)?,
        "float" => number(text)?.map(Value::number).ok_or_else(misfit)?,
        "timestamp" => timestamp(text).map(Value::string).ok_or_else(misfit)?,
        "merge" => return Ok((string(), true)),
        _ => return Err(unsupported(tag)),
    };
    Ok((value, false))
}

/// What a plain scalar without a tag means.
fn resolve(text: &str) -> Result<Value, String> {
    if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Ok(Value::NULL);
    }
    if let Some(value) = boolean(text) {
        return Ok(Value::bool(value));
    }
    if let Some(number) = number(text)? {
        return Ok(Value::number(number));
    }
    if let Some(time) = timestamp(text) {
        return Ok(Value::string(time));
    }
    Ok(Value::string_nfc(text))
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

/// Decimal numbers, hexadecimal and octal integers, infinities.
fn number(text: &str) -> Result<Option<Number>, String> {
    let (negative, rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    match rest {
        ".inf" | ".Inf" | ".INF" => {
            return Ok(Number::parse(if negative { "-Inf" } else { "Inf" }));
        }
        ".nan" | ".NaN" | ".NAN" if rest == text => {
            return Err(String::from("floating point NaN is not supported"));
        }
        _ => {}
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return Ok(based(digits, 16));
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return Ok(based(digits, 8));
    }
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fits = all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !digits.is_empty() && all_digits(digits)
        });
    if !fits {
        return Ok(None);
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    let sign = if negative { "-" } else { "" };
    let decimal = match (exponent, mantissa.contains('.')) {
        (Some(exponent), _) => format!("{sign}{whole}.{fraction}e{exponent}"),
        (None, true) => format!("{sign}{whole}.{fraction}"),
        (None, false) => format!("{sign}{whole}"),
    };
    Ok(Number::parse(&decimal))
}

fn based(digits: &str, base: u32) -> Option<Number> {
    let fits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    fits.then(|| Number::parse_int(digits, base)).flatten()
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
            rest = behind;
            digits(1, 9, &mut rest)?;
        }
        clock = format!("{hour:02}:{minute:02}:{second:02}");
        match (zoned, rest) {
            (true, "") => return None,
            (true, offset) => zone = offset.to_owned(),
            (false, "") => {}
            (false, _) => return None,
        }
    }
    let made = format!("{year:04}-{month:02}-{day:02}T{clock}{zone}");
    super::time::is_valid(&made).then_some(made)
}
