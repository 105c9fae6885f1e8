//! Writing YAML, in the style of the peers: texts in double quotes, or as blocks where they have several lines.

use std::fmt::Write as _;
use terrane_value::{Kind, Value};

/// Where long texts are broken, in columns.
const WIDTH: usize = 80;

/// The longest key that stands before a colon, in bytes.
const MAX_SIMPLE_KEY: usize = 128;

/// What ends a line in a block.
const BREAKS: [char; 3] = ['\n', '\u{2028}', '\u{2029}'];

/// A whole document. The value is known and without marks.
pub(super) fn document(value: &Value) -> String {
    let mut writer = Writer {
        out: String::new(),
        column: 0,
    };
    writer.node(value, None, false);
    writer.end_line();
    // A plain scalar alone could go on: say that it does not.
    if matches!(
        value.kind(),
        Kind::Bool(_) | Kind::Number(_) | Kind::Null(_)
    ) {
        writer.out.push_str("...\n");
    }
    writer.out
}

struct Writer {
    out: String,
    column: usize,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn end_line(&mut self) {
        if self.column > 0 {
            self.out.push('\n');
            self.column = 0;
        }
    }

    fn line(&mut self, indent: usize) {
        self.end_line();
        self.put(&" ".repeat(indent));
    }

    /// Writes a value behind what stands in the line. `indent` is that of the container that it is in, `inline` says that its first
    /// element goes into this line (behind a dash).
    fn node(&mut self, value: &Value, indent: Option<usize>, inline: bool) {
        let deeper = indent.map_or(0, |indent| indent + 2);
        match value.kind() {
            Kind::List([]) | Kind::Set([]) | Kind::Tuple([]) => self.put("[]"),
            Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
                // Sequences in mappings are not indented.
                let own = if inline { deeper } else { indent.unwrap_or(0) };
                for (at, item) in items.iter().enumerate() {
                    if at > 0 || !(inline || indent.is_none()) {
                        self.line(own);
                    }
                    self.put("-");
                    self.behind(item, own, true);
                }
            }
            Kind::Map(map) if map.is_empty() => self.put("{}"),
            Kind::Object(object) if object.is_empty() => self.put("{}"),
            Kind::Map(map) => {
                for (at, (key, item)) in map.iter().enumerate() {
                    let first = (inline || indent.is_none()) && at == 0;
                    self.entry(key, item, deeper, first);
                }
            }
            Kind::Object(object) => {
                for (at, (key, item)) in object.iter().enumerate() {
                    let first = (inline || indent.is_none()) && at == 0;
                    self.entry(key, item, deeper, first);
                }
            }
            Kind::Bool(true) => self.put("true"),
            Kind::Bool(false) => self.put("false"),
            Kind::Number(number) => self.put(&number.text()),
            Kind::String(text) => self.text(text, indent.unwrap_or(0), false),
            Kind::Null(_) | Kind::Unknown(..) | Kind::Marked(..) => self.put("null"),
        }
    }

    /// A value behind a dash or a colon.
    fn behind(&mut self, value: &Value, indent: usize, dash: bool) {
        let block = match value.kind() {
            Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => !items.is_empty(),
            Kind::Map(map) => !map.is_empty(),
            Kind::Object(object) => !object.is_empty(),
            _ => false,
        };
        if dash || !block {
            self.put(" ");
        }
        self.node(value, Some(indent), dash);
    }

    fn entry(&mut self, key: &str, value: &Value, indent: usize, first: bool) {
        if !first {
            self.line(indent);
        }
        if key.len() <= MAX_SIMPLE_KEY
            && !key.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
        {
            self.text(key, indent, true);
            self.put(":");
            self.behind(value, indent, false);
        } else {
            self.put("? ");
            self.text(key, indent, false);
            self.line(indent);
            self.put(":");
            self.behind(value, indent, true);
        }
    }

    fn text(&mut self, text: &str, indent: usize, key: bool) {
        if !key && is_block(text) {
            self.block(text, indent + 2);
        } else {
            self.quoted(text, indent + 2, key);
        }
    }

    fn block(&mut self, text: &str, indent: usize) {
        self.put("|");
        if text.starts_with([' ', '\n']) {
            self.put("2");
        }
        if !text.ends_with('\n') {
            self.put("-");
        } else if keeps_breaks(text) {
            self.put("+");
        }
        self.out.push('\n');
        self.column = 0;
        for line in text.split_inclusive(BREAKS) {
            let content = line.trim_end_matches(BREAKS);
            if !content.is_empty() {
                self.put(&" ".repeat(indent));
                self.put(content);
            }
            if let Some(end) = line.get(content.len()..).filter(|end| !end.is_empty()) {
                self.out.push_str(end);
                self.column = 0;
            }
        }
    }

    fn quoted(&mut self, text: &str, indent: usize, key: bool) {
        self.put("\"");
        let mut after_space = false;
        let last = text.chars().count().saturating_sub(1);
        let mut characters = text.chars().enumerate().peekable();
        while let Some((at, character)) = characters.next() {
            if character == ' ' {
                let foldable = !key && !after_space && self.column > WIDTH && at > 0 && at < last;
                if foldable {
                    self.line(indent);
                    if characters.peek().is_some_and(|(_, next)| *next == ' ') {
                        self.put("\\");
                    }
                } else {
                    self.put(" ");
                }
                after_space = true;
                continue;
            }
            after_space = false;
            match escape(character) {
                Some(escaped) => self.put(&escaped),
                None => self.put(character.encode_utf8(&mut [0; 4])),
            }
        }
        self.put("\"");
    }
}

/// Whether a text of several lines can stand as a block.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.ends_with(' ')
        && !text.contains(" \n")
        && text
            .chars()
            .all(|character| character == '\n' || prints(character))
}

/// Whether the line breaks at the end of a block must all be kept.
fn keeps_breaks(text: &str) -> bool {
    text == "\n" || text.ends_with("\n\n")
}

fn prints(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => ('\u{a0}'..='\u{ffff}').contains(&character),
    }
}

fn escape(character: char) -> Option<String> {
    let short = match character {
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{85}' => "\\N",
        '\u{2028}' => "\\L",
        '\u{2029}' => "\\P",
        _ if prints(character) => return None,
        _ => {
            let code = u32::from(character);
            let mut escaped = String::new();
            match code {
                0..=0xff => write!(escaped, "\\x{code:02X}"),
                0x100..=0xffff => write!(escaped, "\\u{code:04X}"),
                _ => write!(escaped, "\\U{code:08X}"),
            }
            .ok();
            return Some(escaped);
        }
    };
    Some(short.to_owned())
}
