//! Encodings of text and values: base64, gzip, URL, JSON, CSV.

use super::args::{text, value};
use super::string::shown;
use super::table::{Context, Fault, Function, Param, Ty, check_elements, check_text};
use crate::expr::work::{MAX_SIZE, MAX_TEXT};
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use terrane_value::{EcoString, Kind, Refinements, Type, Value, json};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "base64decode",
        &[STR],
        Ty::String,
        base64decode,
        "The text that a base64 text stands for.",
    ),
    Function::new(
        "base64encode",
        &[STR],
        Ty::String,
        base64encode,
        "The text in base64.",
    ),
    Function::new(
        "base64gunzip",
        &[STR],
        Ty::String,
        base64gunzip,
        "The text that was packed by base64gzip.",
    ),
    Function::new(
        "base64gzip",
        &[STR],
        Ty::String,
        base64gzip,
        "The text packed by gzip, in base64.",
    ),
    Function::new(
        "csvdecode",
        &[STR],
        Ty::Any,
        csvdecode,
        "A list of objects, one for each line of a CSV text.",
    )
    .by(csv_type),
    Function::new(
        "jsondecode",
        &[STR],
        Ty::Any,
        jsondecode,
        "The value that a JSON text stands for.",
    )
    .by(json_type)
    .nullable(),
    Function::new(
        "jsonencode",
        &[Param::new("val", Ty::Any).null().typed()],
        Ty::String,
        jsonencode,
        "The value as JSON.",
    ),
    Function::new(
        "textdecodebase64",
        &[Param::new("source", Ty::String), ENCODING],
        Ty::String,
        super::charset::decode,
        "The text that bytes in base64 stand for in an encoding.",
    ),
    Function::new(
        "textencodebase64",
        &[Param::new("string", Ty::String), ENCODING],
        Ty::String,
        super::charset::encode,
        "The text as bytes in an encoding, in base64.",
    ),
    Function::new(
        "urldecode",
        &[STR],
        Ty::String,
        urldecode,
        "The text that was encoded by urlencode.",
    ),
    Function::new(
        "urlencode",
        &[STR],
        Ty::String,
        urlencode,
        "The text encoded for a query of a URL.",
    ),
];

const STR: Param = Param::new("str", Ty::String);
const ENCODING: Param = Param::new("encoding", Ty::String);

/// Base64 with padding, of which the last bits may be anything.
pub(super) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Bytes of a base64 text, in which line breaks do not count.
pub(super) fn unbase64(given: &str) -> Option<Vec<u8>> {
    if given.contains(['\r', '\n']) {
        let joined: String = given
            .chars()
            .filter(|c| !matches!(c, '\r' | '\n'))
            .collect();
        return LENIENT.decode(joined).ok();
    }
    LENIENT.decode(given).ok()
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn base64encode(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    Ok(Value::string(to_base64(text(args, 0).as_bytes())))
}

fn base64decode(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let given = text(args, 0);
    let bytes = unbase64(given).ok_or_else(|| {
        Fault::new(format!(
            "failed to decode base64 data {}",
            shown(given, context)
        ))
    })?;
    let decoded = String::from_utf8(bytes)
        .map_err(|_| Fault::new("the result of decoding the provided string is not valid UTF-8"))?;
    Ok(Value::string_nfc(&decoded))
}

fn base64gzip(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    // No time and no system in the header: the same text always gives the same bytes.
    let mut encoder = flate2::GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(Vec::new(), flate2::Compression::default());
    encoder
        .write_all(text(args, 0).as_bytes())
        .and_then(|()| encoder.finish())
        .map(|packed| Value::string(to_base64(&packed)))
        .map_err(|error| Fault::new(format!("failed to write gzip data: {error}")))
}

fn base64gunzip(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let given = text(args, 0);
    let packed = unbase64(given).ok_or_else(|| {
        Fault::new(format!(
            "failed to decode base64 data {}",
            shown(given, context)
        ))
    })?;
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(packed.as_slice())
        .take(MAX_TEXT as u64 + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| Fault::new(format!("failed to gunzip bytestream: {error}")))?;
    check_text(Some(unpacked.len()))?;
    let unpacked = String::from_utf8(unpacked).map_err(|_| {
        Fault::new("the result of unpacking the provided string is not valid UTF-8")
    })?;
    Ok(Value::string_nfc(&unpacked))
}

/// What stands for itself in a query: letters, digits, and these.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b' ');

fn urlencode(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let encoded = utf8_percent_encode(text(args, 0), QUERY).to_string();
    Ok(Value::string(encoded.replace(' ', "+")))
}

fn urldecode(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let given = text(args, 0);
    let broken = given.match_indices('%').find_map(|(at, _)| {
        let digits = given.get(at + 1..at + 3);
        let fine = digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        (!fine).then_some(at)
    });
    if let Some(at) = broken {
        let piece: String = given
            .get(at..)
            .unwrap_or_default()
            .chars()
            .take(3)
            .collect();
        return Err(Fault::new(format!(
            "failed to decode URL {}: invalid URL escape {}",
            shown(given, context),
            shown(&piece, context)
        )));
    }
    let spaced = given.replace('+', " ");
    let decoded = percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| Fault::new("the result of decoding the provided string is not valid UTF-8"))?;
    Ok(Value::string_nfc(&decoded))
}

fn jsonencode(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = value(args, 0);
    if !given.is_wholly_known() {
        return Ok(Value::unknown_refined(
            Type::String,
            Refinements {
                prefix: json_prefix(given).map(Into::into),
                ..Refinements::NOT_NULL
            },
        ));
    }
    json::encode_plain(given)
        .map(Value::string)
        .map_err(|error| Fault::new(error.to_string()))
}

/// How the JSON of a value that is not known yet begins. It lets `startswith` and comparisons be told early.
fn json_prefix(value: &Value) -> Option<&'static str> {
    let never_null = match value.unmarked().kind() {
        Kind::Unknown(_, refinements) => refinements.not_null,
        Kind::Null(_) => false,
        _ => true,
    };
    never_null.then_some(())?;
    match value.ty() {
        Type::String => Some("\""),
        Type::Object(_) | Type::Map(_) => Some("{"),
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => Some("["),
        _ => None,
    }
}

fn jsondecode(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = text(args, 0);
    if given.len() > MAX_SIZE {
        // Of a very long text it pays to count first.
        check_elements(Some(given.matches(',').count() / 4))?;
    }
    json::decode_implied(given).map_err(|error| Fault::new(error.to_string()))
}

fn json_type(_: &[Value]) -> Result<Type, Fault> {
    Ok(Type::Dynamic)
}

fn csv_type(_: &[Value]) -> Result<Type, Fault> {
    Ok(Type::Dynamic)
}

fn csvdecode(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let mut records = Records {
        rest: text(args, 0),
        line: 1,
        fields: None,
    };
    let Some(header) = records.next_record()? else {
        return Err(Fault::new("missing header line"));
    };
    // Where each column of the source stands among the sorted names.
    let mut names: Vec<EcoString> = header.iter().map(EcoString::from).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair.first() == pair.last()) {
        let name = pair.first().map(EcoString::as_str).unwrap_or_default();
        return Err(Fault::new(format!(
            "duplicate column name {}",
            shown(name, context)
        )));
    }
    let places: Vec<usize> = header
        .iter()
        .filter_map(|name| names.binary_search(&EcoString::from(name)).ok())
        .collect();
    let row_type = Type::object(names.iter().map(|name| (name.clone(), Type::String)));
    let names: Arc<[EcoString]> = names.into();
    let mut rows = Vec::new();
    let mut cells = 0_usize;
    while let Some(record) = records.next_record()? {
        cells = cells.saturating_add(record.len() + 1);
        check_elements(Some(cells))?;
        let mut row = vec![Value::NULL; names.len()];
        for (field, place) in record.iter().zip(&places) {
            if let Some(cell) = row.get_mut(*place) {
                *cell = Value::string_nfc(field);
            }
        }
        rows.push(Value::object_shaped(names.clone(), row));
    }
    Ok(Value::list(row_type, rows))
}

/// Reads CSV as RFC 4180 has it: quotes only around whole fields, the same number of fields in every line.
struct Records<'a> {
    rest: &'a str,
    line: usize,
    fields: Option<usize>,
}

impl<'a> Records<'a> {
    /// The next line that is not empty.
    fn next_record(&mut self) -> Result<Option<Vec<String>>, Fault> {
        loop {
            if self.rest.is_empty() {
                return Ok(None);
            }
            let trimmed = self
                .rest
                .strip_prefix("\r\n")
                .or_else(|| self.rest.strip_prefix('\n'));
            let Some(rest) = trimmed else { break };
            self.rest = rest;
            self.line += 1;
        }
        let start = self.line;
        let mut fields = Vec::new();
        loop {
            let (field, more) = self.field()?;
            fields.push(field);
            if !more {
                break;
            }
        }
        if *self.fields.get_or_insert(fields.len()) != fields.len() {
            return Err(error(start, "wrong number of fields"));
        }
        Ok(Some(fields))
    }

    /// One field, and whether another follows in the same line.
    fn field(&mut self) -> Result<(String, bool), Fault> {
        if let Some(quoted) = self.rest.strip_prefix('"') {
            return self.quoted(quoted);
        }
        let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
        let (field, behind) = self.rest.split_at(end);
        let field = if behind.starts_with('\n') || behind.is_empty() {
            field.strip_suffix('\r').unwrap_or(field)
        } else {
            field
        };
        if field.contains('"') {
            return Err(error(self.line, "bare \" in non-quoted-field"));
        }
        let more = self.separator(behind);
        Ok((field.to_owned(), more))
    }

    fn quoted(&mut self, mut rest: &'a str) -> Result<(String, bool), Fault> {
        let mut field = String::new();
        loop {
            let Some((inside, behind)) = rest.split_once('"') else {
                self.line += rest.matches('\n').count();
                return Err(error(self.line, "extraneous or missing \" in quoted-field"));
            };
            self.line += inside.matches('\n').count();
            field.push_str(&inside.replace("\r\n", "\n"));
            if let Some(more) = behind.strip_prefix('"') {
                field.push('"');
                rest = more;
                continue;
            }
            let behind = behind
                .strip_prefix('\r')
                .filter(|more| more.is_empty() || more.starts_with('\n'))
                .unwrap_or(behind);
            if !(behind.is_empty() || behind.starts_with([',', '\n'])) {
                return Err(error(self.line, "extraneous or missing \" in quoted-field"));
            }
            let more = self.separator(behind);
            return Ok((field, more));
        }
    }

    fn separator(&mut self, behind: &'a str) -> bool {
        if let Some(rest) = behind.strip_prefix(',') {
            self.rest = rest;
            return true;
        }
        if let Some(rest) = behind.strip_prefix('\n') {
            self.rest = rest;
            self.line += 1;
        } else {
            self.rest = behind;
        }
        false
    }
}

fn error(line: usize, why: &str) -> Fault {
    Fault::new(format!("CSV parse error on line {line}: {why}"))
}
