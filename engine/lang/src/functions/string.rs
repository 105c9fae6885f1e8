//! Texts.

use super::args::{integer, text, value};
use super::table::{Context, Fault, Function, Param, Ty, check_elements, check_text};
use crate::expr::values;
use std::collections::BTreeSet;
use terrane_value::{EcoString, Kind, Type, Value};
use unicode_segmentation::UnicodeSegmentation as _;

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "chomp",
        &[STR],
        Ty::String,
        chomp,
        "The text without line breaks at its end.",
    ),
    Function::new(
        "endswith",
        &[STR, Param::new("suffix", Ty::String)],
        Ty::Bool,
        endswith,
        "Whether a text ends with another.",
    ),
    Function::new(
        "indent",
        &[Param::new("spaces", Ty::Number), STR],
        Ty::String,
        indent,
        "The text with all lines but the first indented.",
    ),
    Function::new(
        "join",
        &[SEPARATOR],
        Ty::String,
        join,
        "The elements of lists in one text, with a separator between them.",
    )
    .variadic(Param::new("lists", Ty::ListString)),
    Function::new(
        "lower",
        &[STR],
        Ty::String,
        lower,
        "The text in small letters.",
    ),
    Function::new(
        "replace",
        &[
            STR,
            Param::new("substr", Ty::String),
            Param::new("replace", Ty::String),
        ],
        Ty::String,
        super::regex::replace,
        "The text with all occurrences of a substring, or of a pattern in slashes, replaced.",
    ),
    Function::new(
        "split",
        &[SEPARATOR, STR],
        Ty::ListString,
        split,
        "The parts of a text between separators.",
    ),
    Function::new(
        "startswith",
        &[STR.unknown(), Param::new("prefix", Ty::String)],
        Ty::Bool,
        startswith,
        "Whether a text begins with another.",
    ),
    Function::new(
        "strcontains",
        &[STR, Param::new("substr", Ty::String)],
        Ty::Bool,
        strcontains,
        "Whether a text contains another.",
    ),
    Function::new("strrev", &[STR], Ty::String, strrev, "The text backwards."),
    Function::new(
        "substr",
        &[
            STR,
            Param::new("offset", Ty::Number),
            Param::new("length", Ty::Number),
        ],
        Ty::String,
        substr,
        "A part of a text by offset and length in characters.",
    ),
    Function::new(
        "title",
        &[STR],
        Ty::String,
        title,
        "The text with the first letter of each word in title case.",
    ),
    Function::new(
        "trim",
        &[STR, Param::new("cutset", Ty::String)],
        Ty::String,
        trim,
        "The text without any of the given characters at its ends.",
    ),
    Function::new(
        "trimprefix",
        &[STR, Param::new("prefix", Ty::String)],
        Ty::String,
        trimprefix,
        "The text without a prefix.",
    ),
    Function::new(
        "trimspace",
        &[STR],
        Ty::String,
        trimspace,
        "The text without white space at its ends.",
    ),
    Function::new(
        "trimsuffix",
        &[STR, Param::new("suffix", Ty::String)],
        Ty::String,
        trimsuffix,
        "The text without a suffix.",
    ),
    Function::new(
        "upper",
        &[STR],
        Ty::String,
        upper,
        "The text in capital letters.",
    ),
];

const STR: Param = Param::new("str", Ty::String);
const SEPARATOR: Param = Param::new("separator", Ty::String);

fn string(made: impl AsRef<str>) -> Result<Value, Fault> {
    Ok(Value::string_nfc(made.as_ref()))
}

fn chomp(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    string(text(args, 0).trim_end_matches(['\r', '\n']))
}

fn startswith(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let prefix = text(args, 1);
    let given = value(args, 0);
    if let Kind::Unknown(_, known) = given.kind() {
        if prefix.is_empty() {
            return Ok(Value::TRUE);
        }
        let begin = known.prefix.as_deref().unwrap_or_default();
        if begin.starts_with(prefix) {
            return Ok(Value::TRUE);
        }
        if !prefix.starts_with(begin) {
            return Ok(Value::FALSE);
        }
        return Ok(super::args::unknown(Type::Bool));
    }
    Ok(Value::bool(text(args, 0).starts_with(prefix)))
}

fn endswith(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    Ok(Value::bool(text(args, 0).ends_with(text(args, 1))))
}

fn strcontains(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    Ok(Value::bool(text(args, 0).contains(text(args, 1))))
}

fn indent(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let spaces = usize::try_from(integer(args, 0)?)
        .map_err(|_| Fault::new("the number of spaces must not be negative").at(0))?;
    let given = text(args, 1);
    let breaks = given.bytes().filter(|byte| *byte == b'\n').count();
    let added = spaces.checked_mul(breaks);
    check_text(added.and_then(|added| added.checked_add(given.len())))
        .map_err(|fault| fault.at(0))?;
    let pad = format!("\n{}", " ".repeat(if breaks == 0 { 0 } else { spaces }));
    string(given.replace('\n', &pad))
}

fn join(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let separator = text(args, 0);
    let lists = args.get(1..).unwrap_or_default();
    if lists.is_empty() {
        return Err(Fault::new("at least one list is required"));
    }
    if lists.iter().any(|list| !list.is_wholly_known()) {
        return Ok(super::args::unknown(Type::String));
    }
    let mut made = String::new();
    let mut first = true;
    for (number, list) in lists.iter().enumerate() {
        for (at, item) in list.children().iter().enumerate() {
            let Some(item) = item.as_str() else {
                let which = if lists.len() > 1 {
                    format!(" of list {}", number + 1)
                } else {
                    String::new()
                };
                let why = format!("element {at}{which} is null; cannot concatenate null values");
                return Err(Fault::new(why).at(number + 1));
            };
            check_text(Some(made.len() + separator.len() + item.len()))?;
            if !first {
                made.push_str(separator);
            }
            made.push_str(item);
            first = false;
        }
    }
    string(made)
}

fn split(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let (separator, given) = (text(args, 0), text(args, 1));
    check_elements(Some(if separator.is_empty() {
        given.chars().count()
    } else {
        given.matches(separator).count()
    }))?;
    let parts: Vec<Value> = if separator.is_empty() {
        given
            .chars()
            .map(|one| Value::string_nfc(one.encode_utf8(&mut [0; 4])))
            .collect()
    } else {
        given.split(separator).map(Value::string_nfc).collect()
    };
    Ok(Value::list(Type::String, parts))
}

fn strrev(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    string(text(args, 0).graphemes(true).rev().collect::<String>())
}

fn substr(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = text(args, 0);
    let (offset, length) = (integer(args, 1)?, integer(args, 2)?);
    let mut start = usize::try_from(offset).unwrap_or(usize::MAX);
    if offset < 0 {
        let back = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
        start = given.graphemes(true).count().saturating_sub(back);
    }
    let mut length = usize::try_from(length).unwrap_or(usize::MAX);
    if offset < 0 && length == 0 {
        // Counted from the end, no length is the rest: so it is with the peers.
        length = usize::MAX;
    }
    string(
        given
            .graphemes(true)
            .skip(start)
            .take(length)
            .collect::<String>(),
    )
}

fn trim(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let cutset: BTreeSet<char> = text(args, 1).chars().collect();
    string(text(args, 0).trim_matches(|character| cutset.contains(&character)))
}

fn trimprefix(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = text(args, 0);
    string(given.strip_prefix(text(args, 1)).unwrap_or(given))
}

fn trimsuffix(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = text(args, 0);
    string(given.strip_suffix(text(args, 1)).unwrap_or(given))
}

fn trimspace(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    string(text(args, 0).trim())
}

fn upper(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    string(text(args, 0).chars().map(simple_upper).collect::<String>())
}

fn lower(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    string(text(args, 0).chars().map(simple_lower).collect::<String>())
}

fn title(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let mut before = ' ';
    let made: String = text(args, 0)
        .chars()
        .map(|character| {
            let starts = separates(before);
            before = character;
            if starts {
                simple_title(character)
            } else {
                character
            }
        })
        .collect();
    string(made)
}

fn separates(character: char) -> bool {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => false,
        '\0'..='\u{7f}' => true,
        _ if character.is_alphanumeric() => false,
        _ => character.is_whitespace(),
    }
}

/// The capital of a letter where that is one character: the peers' tables know no others.
fn simple_upper(character: char) -> char {
    match character {
        // Greek letters with iota subscript: their capital in full has two characters, the simple one is the title form.
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => {
            char::from_u32(u32::from(character) + 8).unwrap_or(character)
        }
        '\u{1fb3}' => '\u{1fbc}',
        '\u{1fc3}' => '\u{1fcc}',
        '\u{1ff3}' => '\u{1ffc}',
        _ => lone(character.to_uppercase()).unwrap_or(character),
    }
}

fn simple_lower(character: char) -> char {
    match character {
        'İ' => 'i',
        _ => lone(character.to_lowercase()).unwrap_or(character),
    }
}

fn simple_title(character: char) -> char {
    match character {
        'Ǆ' | 'ǅ' | 'ǆ' => 'ǅ',
        'Ǉ' | 'ǈ' | 'ǉ' => 'ǈ',
        'Ǌ' | 'ǋ' | 'ǌ' => 'ǋ',
        'Ǳ' | 'ǲ' | 'ǳ' => 'ǲ',
        // Georgian letters have capitals, but not at the beginning of words.
        '\u{10d0}'..='\u{10fa}' | '\u{10fd}'..='\u{10ff}' => character,
        _ => simple_upper(character),
    }
}

fn lone(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next();
    if characters.next().is_some() {
        None
    } else {
        first
    }
}

/// Text of a value for messages that may hold it.
pub(super) fn shown(text: &str, context: &Context<'_>) -> EcoString {
    if context.sensitive {
        EcoString::from("(sensitive value)")
    } else {
        values::quote(text).into()
    }
}
