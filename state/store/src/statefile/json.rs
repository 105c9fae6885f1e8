//! JSON text laid out the way that Go's encoder does it, without touching numbers or strings.

/// JSON text without white space between its parts. Text that is not JSON comes back changed in no other way.
#[must_use]
pub fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_string = false;
    let mut escaped = false;
    for char in text.chars() {
        if in_string {
            out.push(char);
            match char {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
        } else if !matches!(char, ' ' | '\n' | '\r' | '\t') {
            in_string = char == '"';
            out.push(char);
        }
    }
    out
}

/// Appends JSON text, indented by two spaces for each level, the first line excepted. Empty arrays and objects stay on one line, and
/// `<`, `>`, `&`, U+2028 and U+2029 are escaped, as Go does.
pub fn indent(out: &mut String, text: &str, mut level: usize) {
    let mut chars = text.chars().peekable();
    let mut in_string = false;
    let mut escaped = false;
    while let Some(char) = chars.next() {
        if in_string {
            match char {
                '<' => out.push_str("\\u003c"),
                '>' => out.push_str("\\u003e"),
                '&' => out.push_str("\\u0026"),
                '\u{2028}' => out.push_str("\\u2028"),
                '\u{2029}' => out.push_str("\\u2029"),
                char => out.push(char),
            }
            match char {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match char {
            ' ' | '\n' | '\r' | '\t' => {}
            '{' | '[' => {
                out.push(char);
                while chars.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                if let Some(close) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(close);
                } else {
                    level += 1;
                    line(out, level);
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(1);
                line(out, level);
                out.push(char);
            }
            ',' => {
                out.push(',');
                line(out, level);
            }
            ':' => out.push_str(": "),
            char => {
                in_string = char == '"';
                out.push(char);
            }
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
