//! JSON text laid out the way that Go's encoder does it, without touching numbers or strings.

use memchr::{memchr, memchr2, memchr3};

/// JSON text without white space between its parts. Text that is not JSON comes back changed in no other way.
#[must_use]
pub fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte == b'"' || is_white(byte)) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        rest = match from.strip_prefix('"') {
            Some(_) => {
                let (string, rest) = from.split_at(string_end(from));
                out.push_str(string);
                rest
            }
            None => from.trim_start_matches([' ', '\n', '\r', '\t']),
        };
    }
    out.push_str(rest);
    out
}

/// Where the string ends that the text begins with, its quotes counted; that of the text if the string does not end.
fn string_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        match bytes.get(at) {
            Some(b'"') => return at + 1,
            _ => at += 2,
        }
    }
    text.len()
}

/// Appends JSON text, indented by two spaces for each level, the first line excepted. Empty arrays and objects stay on one line, and
/// `<`, `>`, `&`, U+2028 and U+2029 are escaped, as Go does.
pub fn indent(out: &mut String, text: &str, mut level: usize) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| {
        matches!(byte, b'"' | b'{' | b'[' | b'}' | b']' | b',' | b':') || is_white(byte)
    }) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if from.starts_with('"') {
            let (string, after) = from.split_at(string_end(from));
            escaped(out, string);
            rest = after;
            continue;
        }
        // All of these are one byte long.
        let (part, after) = from.split_at(1);
        rest = after;
        match part {
            "{" | "[" => {
                out.push_str(part);
                let inner = after.trim_start_matches(|char: char| char.is_ascii_whitespace());
                if inner.starts_with(['}', ']']) {
                    let (close, after) = inner.split_at(1);
                    out.push_str(close);
                    rest = after;
                } else {
                    level += 1;
                    line(out, level);
                }
            }
            "}" | "]" => {
                level = level.saturating_sub(1);
                line(out, level);
                out.push_str(part);
            }
            "," => {
                out.push(',');
                line(out, level);
            }
            ":" => out.push_str(": "),
            // White space.
            _ => {}
        }
    }
    out.push_str(rest);
}

const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Appends a string with what Go escapes in it.
fn escaped(out: &mut String, string: &str) {
    // Most strings have none of it, and are found to have none many bytes at a time.
    let bytes = string.as_bytes();
    if memchr3(b'<', b'>', b'&', bytes).is_none() && memchr(0xe2, bytes).is_none() {
        return out.push_str(string);
    }
    for char in string.chars() {
        match char {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            char => out.push(char),
        }
    }
}

/// Begins a new line at a level.
pub(super) fn line(out: &mut String, level: usize) {
    out.push('\n');
    for _ in 0..level {
        out.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use super::{compact, indent};

    #[test]
    fn white_space_goes_and_strings_stay() {
        for (text, expected) in [
            ("", ""),
            (" { \"a b\" : [ 1 ,\n\t2.50 ] }\r\n", r#"{"a b":[1,2.50]}"#),
            (r#"[ "\\" , "\" ]" , "é 世" ]"#, r#"["\\","\" ]","é 世"]"#),
            // None of these is JSON.
            (r#" "open  "#, r#""open  "#),
            (r#" "\"#, r#""\"#),
            ("\u{a0} x y é", "\u{a0}xyé"),
        ] {
            assert_eq!(compact(text), expected, "{text:?}");
        }
    }

    #[test]
    fn indented_as_go_does() {
        for (text, expected) in [
            ("{}", "{}"),
            ("[ ]", "[]"),
            (
                r#"{"a<b>&":[1,{"c":"\\<\u2028"}],"d":{ }}"#,
                "{\n    \"a\\u003cb\\u003e\\u0026\": [\n      1,\n      {\n        \"c\": \"\\\\\\u003c\\u2028\"\n      }\n    ],\n    \"d\": {}\n  }",
            ),
            ("\"\u{2028}€\u{2029}\"", "\"\\u2028€\\u2029\""),
            (r#""open < "#, "\"open \\u003c "),
        ] {
            let mut out = String::new();
            indent(&mut out, text, 1);
            assert_eq!(out, expected, "{text:?}");
        }
    }
}
