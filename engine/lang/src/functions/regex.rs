//! Regular expressions, in the dialect of the peers (RE2): classes know ASCII only, `\Q…\E` quotes, `\z` is the end.

use super::args::{text, unknown, value};
use super::table::{Context, Fault, Function, Param, Ty, check_elements, check_text};
use regex::{Captures, Regex, RegexBuilder};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use terrane_value::{Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "regex",
        &[PATTERN, STRING],
        Ty::Any,
        find,
        "The first match of a pattern, or its groups.",
    )
    .by(regex_type),
    Function::new(
        "regexall",
        &[PATTERN, STRING],
        Ty::ListAny,
        find_all,
        "All matches of a pattern, or their groups.",
    )
    .by(regexall_type),
];

const PATTERN: Param = Param::new("pattern", Ty::String);
const STRING: Param = Param::new("string", Ty::String);

/// Bounds what a compiled pattern may take, in bytes.
const MAX_PROGRAM: usize = 8 << 20;

/// The most repetitions that RE2 allows.
const MAX_REPEAT: u32 = 1000;

/// How many compiled patterns are kept.
const MOST_KEPT: usize = 128;

thread_local! {
    /// Compiled patterns: the same one is often used for every instance of something.
    static KNOWN: RefCell<BTreeMap<String, Regex>> = const { RefCell::new(BTreeMap::new()) };
}

/// Counts what it costs to compile a pattern: the same whether it is known or not, so that the bound does not depend on what was done before.
fn charge(pattern: &str, context: &Context<'_>) -> Result<(), Fault> {
    context.charge(20 * pattern.len() + repetitions(pattern))
}

fn compile(pattern: &str) -> Result<Regex, String> {
    if let Some(known) = KNOWN.with_borrow(|known| known.get(pattern).cloned()) {
        return Ok(known);
    }
    let regex = compile_new(pattern)?;
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= MOST_KEPT {
            known.clear();
        }
        known.insert(pattern.to_owned(), regex.clone());
    });
    Ok(regex)
}

/// How large the repetitions of a pattern may make it when it is compiled.
fn repetitions(pattern: &str) -> usize {
    /// What fits in [`MAX_PROGRAM`].
    const MOST: usize = 1 << 18;
    pattern
        .split('{')
        .skip(1)
        .filter_map(|rest| {
            let (bounds, _) = rest.split_once('}')?;
            bounds
                .rsplit(',')
                .find_map(|bound| bound.parse::<usize>().ok())
        })
        .fold(1_usize, |all, most| all.saturating_mul(most.max(1)))
        .min(MOST)
}

fn compile_new(pattern: &str) -> Result<Regex, String> {
    let translated = translate(pattern)?;
    RegexBuilder::new(&translated)
        .size_limit(MAX_PROGRAM)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => String::from("expression too large"),
            error => {
                // The last line says what is wrong, the others draw the pattern.
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                last.trim_start_matches("error: ").to_owned()
            }
        })
}

/// Whether what was read last is a repetition, behind which RE2 allows no other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeated {
    No,
    /// `*`
    Once,
    /// `*?`
    Lazily,
}

impl Repeated {
    fn next(self, character: char, in_class: bool, rest: &Rest<'_>) -> Result<Self, String> {
        let repeats = !in_class
            && match character {
                '*' | '+' | '?' => true,
                '{' => bounds(rest).is_some(),
                _ => false,
            };
        match (self, repeats, character) {
            (_, false, _) => Ok(Self::No),
            (Self::No, true, _) => Ok(Self::Once),
            (Self::Once, true, '?') => Ok(Self::Lazily),
            _ => Err(format!("invalid nested repetition operator: `{character}`")),
        }
    }
}

/// Writes a pattern as the regex crate wants it for the same meaning.
fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern.chars().peekable();
    let mut in_class = false;
    let mut class_start = false;
    let mut repeated = Repeated::No;
    while let Some(character) = rest.next() {
        repeated = repeated.next(character, in_class, &rest)?;
        let first_in_class = std::mem::take(&mut class_start);
        match character {
            '\\' => {
                let Some(escaped) = rest.next() else {
                    return Err(String::from("trailing backslash at end of expression: ``"));
                };
                escape(escaped, in_class, &mut rest, &mut out)?;
            }
            '[' if in_class => {
                if rest.peek() == Some(&':') && named_class(&mut rest, &mut out)? {
                    continue;
                }
                out.push_str("\\[");
            }
            '[' => {
                in_class = true;
                class_start = true;
                out.push('[');
                if rest.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
            }
            ']' if first_in_class => out.push_str("\\]"),
            ']' => {
                in_class = false;
                out.push(']');
            }
            // These have a meaning of their own in classes of the crate, but not in RE2.
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(character);
            }
            '-' if in_class && rest.peek() == Some(&'-') => out.push_str("\\-"),
            '{' if !in_class => repetition(&mut rest, &mut out)?,
            '}' if !in_class => out.push_str("\\}"),
            '(' if !in_class && rest.peek() == Some(&'?') => group(&mut rest, &mut out)?,
            _ => out.push(character),
        }
    }
    if in_class {
        return Err(format!("missing closing ]: `{}`", from_bracket(pattern)));
    }
    Ok(out)
}

fn from_bracket(pattern: &str) -> &str {
    pattern
        .rfind('[')
        .and_then(|at| pattern.get(at..))
        .unwrap_or(pattern)
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn escape(
    escaped: char,
    in_class: bool,
    rest: &mut Rest<'_>,
    out: &mut String,
) -> Result<(), String> {
    match escaped {
        'd' if in_class => out.push_str("0-9"),
        's' if in_class => out.push_str("\\t\\n\\x0C\\r "),
        'w' if in_class => out.push_str("0-9A-Za-z_"),
        'D' => out.push_str("[^0-9]"),
        'S' => out.push_str("[^\\t\\n\\x0C\\r ]"),
        'W' => out.push_str("[^0-9A-Za-z_]"),
        'd' => out.push_str("[0-9]"),
        's' => out.push_str("[\\t\\n\\x0C\\r ]"),
        'w' => out.push_str("[0-9A-Za-z_]"),
        'b' if !in_class => out.push_str("(?-u:\\b)"),
        'B' if !in_class => out.push_str("(?-u:\\B)"),
        'A' | 'z' if !in_class => {
            out.push('\\');
            out.push(escaped);
        }
        'Q' => {
            let mut quoted = String::new();
            while let Some(character) = rest.next() {
                if character == '\\' && rest.next_if_eq(&'E').is_some() {
                    break;
                }
                quoted.push(character);
            }
            out.push_str(&regex::escape(&quoted));
        }
        'a' | 'f' | 't' | 'n' | 'r' | 'v' => {
            out.push('\\');
            out.push(escaped);
        }
        'x' | 'p' | 'P' => braced(escaped, rest, out),
        '0'..='7' => {
            let mut digits = String::from(escaped);
            while digits.len() < 3
                && let Some(digit) = rest.next_if(|digit| ('0'..='7').contains(digit))
            {
                digits.push(digit);
            }
            // A single digit from 1 on would refer back to a group, which there is not.
            if digits.len() == 1 && escaped != '0' {
                return Err(format!("invalid escape sequence: `\\{escaped}`"));
            }
            let code = u32::from_str_radix(&digits, 8).unwrap_or_default();
            write!(out, "\\x{{{code:x}}}").ok();
        }
        _ if escaped.is_ascii_alphanumeric() => {
            return Err(format!("invalid escape sequence: `\\{escaped}`"));
        }
        // Behind a backslash these are ends of words in the crate.
        '<' | '>' => out.push(escaped),
        _ if escaped.is_ascii_punctuation() => {
            out.push('\\');
            out.push(escaped);
        }
        _ => return Err(format!("invalid escape sequence: `\\{escaped}`")),
    }
    Ok(())
}

/// `\x{41}`, `\p{Greek}`, `\p{^Greek}`, or without braces: what is in braces is no repetition.
fn braced(escaped: char, rest: &mut Rest<'_>, out: &mut String) {
    out.push('\\');
    if rest.next_if_eq(&'{').is_none() {
        out.push(escaped);
        return;
    }
    let turned = escaped != 'x' && rest.next_if_eq(&'^').is_some();
    out.push(match (escaped, turned) {
        ('p', true) => 'P',
        ('P', true) => 'p',
        _ => escaped,
    });
    out.push('{');
    for character in rest.by_ref() {
        out.push(character);
        if character == '}' {
            break;
        }
    }
}

/// `[:alpha:]` within a class. Puts nothing out and says false if it is none.
fn named_class(rest: &mut Rest<'_>, out: &mut String) -> Result<bool, String> {
    let ahead: String = rest
        .clone()
        .take_while(|character| *character != ']')
        .collect();
    if !ahead.ends_with(':') || ahead.len() < 3 {
        return Ok(false);
    }
    let name = ahead.trim_matches(':').trim_start_matches('^');
    let known = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
        "space", "upper", "word", "xdigit",
    ];
    if !known.contains(&name) {
        return Err(format!("invalid character class range: `[{ahead}]`"));
    }
    write!(out, "[{ahead}]").ok();
    for _ in 0..=ahead.chars().count() {
        rest.next();
    }
    Ok(true)
}

/// What stands between the braces of `{2,5}`; `None` if they are no repetition.
fn bounds(rest: &Rest<'_>) -> Option<String> {
    let ahead: String = rest
        .clone()
        .take_while(|character| character.is_ascii_digit() || *character == ',')
        .collect();
    let closed = rest.clone().nth(ahead.chars().count()) == Some('}');
    let fits = !ahead.is_empty() && !ahead.starts_with(',') && ahead.matches(',').count() <= 1;
    (closed && fits).then_some(ahead)
}

/// `{2,5}`; braces that are no repetition stand for themselves.
fn repetition(rest: &mut Rest<'_>, out: &mut String) -> Result<(), String> {
    let Some(ahead) = bounds(rest) else {
        out.push_str("\\{");
        return Ok(());
    };
    let too_large = ahead
        .split(',')
        .filter(|bound| !bound.is_empty())
        .any(|bound| bound.parse::<u32>().is_ok_and(|bound| bound > MAX_REPEAT) || bound.len() > 9);
    if too_large {
        return Err(format!("invalid repeat count: `{{{ahead}}}`"));
    }
    out.push('{');
    out.push_str(&ahead);
    out.push('}');
    for _ in 0..=ahead.chars().count() {
        rest.next();
    }
    Ok(())
}

/// `(?…`: groups with names or flags. RE2 knows the flags i, m, s, U and no look-around.
fn group(rest: &mut Rest<'_>, out: &mut String) -> Result<(), String> {
    let ahead: String = rest.clone().take(4).collect();
    for bad in ["?=", "?!", "?<=", "?<!", "?>", "?#"] {
        if ahead.starts_with(bad) {
            return Err(format!("invalid or unsupported Perl syntax: `({bad}`"));
        }
    }
    let flags: String = rest
        .clone()
        .skip(1)
        .take_while(|character| character.is_ascii_alphabetic() || *character == '-')
        .collect();
    if !ahead.starts_with("?P<")
        && let Some(bad) = flags.chars().find(|flag| !"imsU-".contains(*flag))
    {
        return Err(format!("invalid or unsupported Perl syntax: `(?{bad}`"));
    }
    out.push('(');
    named_group(rest, out)?;
    // No flags at all: an empty match, which the crate does not know.
    if ahead.starts_with("?)") {
        rest.next();
        out.push_str("?:");
    }
    Ok(())
}

/// `?P<name>` or `?<name>`: RE2 knows names that begin with a digit, and several groups of one name; the crate does not. So a number is put
/// before each name.
fn named_group(rest: &mut Rest<'_>, out: &mut String) -> Result<(), String> {
    let mut ahead = rest.clone();
    ahead.next();
    ahead.next_if_eq(&'P');
    if ahead.next_if_eq(&'<').is_none() {
        return Ok(());
    }
    let name: String = ahead.by_ref().take_while(|c| *c != '>').collect();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(word) {
        return Err(format!("invalid named capture: `(?P<{name}>`"));
    }
    write!(out, "?P<g{}_{name}>", out.len()).ok();
    *rest = ahead;
    Ok(())
}

/// The name of a group as it was written.
fn own_name(name: &str) -> &str {
    name.split_once('_').map_or(name, |(_, name)| name)
}

/// The type of a match: a text without groups, else a tuple, or an object where the groups have names.
fn match_type(regex: &Regex) -> Result<Type, String> {
    let names: Vec<Option<&str>> = regex.capture_names().skip(1).collect();
    let named = names.iter().flatten().count();
    if names.is_empty() {
        Ok(Type::String)
    } else if named == 0 {
        Ok(Type::tuple(names.iter().map(|_| Type::String)))
    } else if named < names.len() {
        Err(String::from(
            "invalid regexp pattern: cannot mix both named and unnamed capture groups",
        ))
    } else {
        Ok(Type::object(
            names
                .into_iter()
                .flatten()
                .map(|name| (own_name(name), Type::String)),
        ))
    }
}

fn pattern(args: &[Value]) -> Result<Option<(Regex, Type)>, Fault> {
    let Some(pattern) = value(args, 0).as_str() else {
        return Ok(None);
    };
    let regex = compile(pattern)
        .map_err(|why| Fault::new(format!("invalid regexp pattern: {why}")).at(0))?;
    let ty = match_type(&regex).map_err(|why| Fault::new(why).at(0))?;
    Ok(Some((regex, ty)))
}

fn regex_type(args: &[Value]) -> Result<Type, Fault> {
    Ok(pattern(args)?.map_or(Type::Dynamic, |(_, ty)| ty))
}

fn regexall_type(args: &[Value]) -> Result<Type, Fault> {
    Ok(Type::list(regex_type(args)?))
}

fn captured(captures: &Captures<'_>, regex: &Regex) -> Value {
    let group = |at: usize| match captures.get(at) {
        Some(found) => Value::string_nfc(found.as_str()),
        None => Value::null(Type::String),
    };
    let names: Vec<Option<&str>> = regex.capture_names().skip(1).collect();
    if names.is_empty() {
        return group(0);
    }
    if names.iter().all(Option::is_some) {
        return Value::object(
            names
                .into_iter()
                .flatten()
                .enumerate()
                .map(|(at, name)| (own_name(name), group(at + 1))),
        );
    }
    Value::tuple((1..=names.len()).map(group).collect())
}

fn find(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    charge(text(args, 0), context)?;
    let Some((regex, ty)) = pattern(args)? else {
        return Ok(unknown(Type::Dynamic));
    };
    match regex.captures(text(args, 1)) {
        Some(captures) => Ok(captured(&captures, &regex)),
        None if ty == Type::Dynamic => Ok(unknown(ty)),
        None => Err(Fault::new(
            "pattern did not match any part of the given string",
        )),
    }
}

fn find_all(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    charge(text(args, 0), context)?;
    let Some((regex, ty)) = pattern(args)? else {
        return Ok(unknown(Type::list(Type::Dynamic)));
    };
    let mut matches = Vec::new();
    let mut size = 0_usize;
    for captures in regex.captures_iter(text(args, 1)) {
        let found = captured(&captures, &regex);
        size = size.saturating_add(found.size());
        check_elements(Some(size))?;
        matches.push(found);
    }
    Ok(Value::list(ty, matches))
}

/// `replace`: the substring, or the pattern if it stands in slashes.
pub(super) fn replace(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let (given, what, with) = (text(args, 0), text(args, 1), text(args, 2));
    let inner = what
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'));
    let Some(pattern) = inner else {
        let added = given.matches(what).count().checked_mul(with.len());
        check_text(added.and_then(|added| added.checked_add(given.len())))?;
        return Ok(Value::string_nfc(&given.replace(what, with)));
    };
    charge(pattern, context)?;
    let regex =
        compile(pattern).map_err(|why| Fault::new(format!("error parsing regexp: {why}")))?;
    let mut out = String::with_capacity(given.len());
    let mut behind = 0;
    for captures in regex.captures_iter(given) {
        let Some(found) = captures.get(0) else {
            continue;
        };
        out.push_str(given.get(behind..found.start()).unwrap_or_default());
        expand(&regex, &captures, with, &mut out)?;
        behind = found.end();
    }
    out.push_str(given.get(behind..).unwrap_or_default());
    check_text(Some(out.len()))?;
    Ok(Value::string_nfc(&out))
}

/// Whether a character may be part of the name of a group.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Fills `$1`, `${name}` in a replacement. A name after a bare `$` is as long as it can be.
fn expand(
    regex: &Regex,
    captures: &Captures<'_>,
    with: &str,
    out: &mut String,
) -> Result<(), Fault> {
    let mut rest = with;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let braced = after
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'))
            .filter(|(name, _)| !name.is_empty() && !name.contains(|c: char| !is_word(c)));
        let plain = after
            .find(|character: char| !is_word(character))
            .unwrap_or(after.len());
        let (name, behind) = match braced {
            Some((name, behind)) => (name, behind),
            None => after.split_at(plain),
        };
        if name.is_empty() {
            out.push('$');
            rest = after;
            continue;
        }
        // A number with a leading zero is a name, which no group has.
        let numbered = name == "0" || !name.starts_with('0');
        let found = match name.parse::<usize>() {
            Ok(at) if numbered => captures.get(at),
            _ => regex
                .capture_names()
                .zip(captures.iter())
                .find_map(|(own, found)| found.filter(|_| own.map(own_name) == Some(name))),
        };
        out.push_str(found.map_or("", |found| found.as_str()));
        check_text(Some(out.len()))?;
        rest = behind;
    }
    out.push_str(rest);
    check_text(Some(out.len()))
}
