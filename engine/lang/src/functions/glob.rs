//! Patterns of file names, as `fileset` has them.
//!
//! `*` stands for any characters but a slash, `**` as a whole part of a path for any number of directories (or, at the end, all below),
//! `?` for one character, `[a-z]` for one of these (`[^…]` or `[!…]` for any other), `{a,b}` for one of these, `\\x` for `x`.

use regex::Regex;
use std::iter::Peekable;
use std::str::Chars;

/// A pattern as a regular expression over paths; `None` if it is malformed.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    let mut out = String::from("^");
    let mut rest = pattern.chars().peekable();
    let mut depth = 0_u32;
    let mut at_start = true;
    while let Some(character) = rest.next() {
        let starts = std::mem::replace(&mut at_start, character == '/');
        match character {
            '*' => at_start = stars(starts, depth, &mut rest, &mut out),
            '?' => out.push_str("[^/]"),
            '[' => class(&mut rest, &mut out)?,
            '{' => {
                depth += 1;
                out.push_str("(?:");
                at_start = starts;
            }
            '}' if depth > 0 => {
                depth -= 1;
                out.push(')');
            }
            ',' if depth > 0 => out.push('|'),
            '\\' => out.push_str(&regex::escape(&rest.next()?.to_string())),
            _ => out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
        }
    }
    if depth > 0 {
        return None;
    }
    out.push('$');
    Regex::new(&out).ok()
}

/// What follows a star. Returns whether a part of the path begins behind it.
fn stars(starts: bool, depth: u32, rest: &mut Peekable<Chars<'_>>, out: &mut String) -> bool {
    let mut count = 1;
    while rest.next_if_eq(&'*').is_some() {
        count += 1;
    }
    let ends = match rest.peek() {
        None | Some('/') => true,
        Some(',' | '}') => depth > 0,
        Some(_) => false,
    };
    if !(count == 2 && starts && ends) {
        out.push_str("[^/]*");
        return false;
    }
    if rest.next_if_eq(&'/').is_some() {
        out.push_str("(?:[^/]+/)*");
        return true;
    }
    out.push_str(".*");
    false
}

/// What stands in brackets, up to the closing one.
fn class(rest: &mut Peekable<Chars<'_>>, out: &mut String) -> Option<()> {
    let negated = rest.next_if(|c| matches!(c, '^' | '!')).is_some();
    let mut ranges = Vec::new();
    loop {
        let low = match rest.next()? {
            ']' if !ranges.is_empty() => break,
            ']' | '-' => return None,
            '\\' => rest.next()?,
            character => character,
        };
        let mut high = low;
        if rest.next_if_eq(&'-').is_some() {
            high = match rest.next()? {
                ']' | '-' => return None,
                '\\' => rest.next()?,
                character => character,
            };
        }
        ranges.push((low, high));
    }
    // A range whose end comes before its beginning holds nothing.
    let ranges: Vec<String> = ranges
        .into_iter()
        .filter(|(low, high)| low <= high)
        .map(|(low, high)| format!("\\x{{{:x}}}-\\x{{{:x}}}", u32::from(low), u32::from(high)))
        .collect();
    let ranges = ranges.concat();
    let (before, behind) = match (negated, ranges.is_empty()) {
        (false, true) => ("[^\\x{0}-\\x{10ffff}", "]"),
        (false, false) => ("[", "&&[^/]]"),
        (true, _) => ("[^", "/]"),
    };
    out.push_str(before);
    out.push_str(&ranges);
    out.push_str(behind);
    Some(())
}
