//! The first version of HCL, in which the settings of the command line are written (`~/.terraformrc`): no expressions, and names of arguments may be in
//! quotes. (The crates for HCL read the second version only.)

use std::iter::Peekable;
use std::str::Chars;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Bool(bool),
    /// As it was written.
    Number(String),
    List(Vec<Self>),
    Object(Vec<Item>),
}

/// `key "label" = value`, or without `=` where the value is an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    /// The name, then labels.
    pub(crate) keys: Vec<String>,
    pub(crate) value: Value,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// How deep lists and objects may be nested.
const MAX_DEPTH: usize = 50;

/// Reads a file. An error is a line and a sentence without final period.
pub(crate) fn parse(text: &str) -> Result<Vec<Item>, (usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        chars: text.chars().peekable(),
        line: 1,
    };
    reader.items(0, None)
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    line: usize,
}

type Read<T> = Result<T, (usize, String)>;

impl Reader<'_> {
    fn error<T>(&self, problem: impl Into<String>) -> Read<T> {
        Err((self.line, problem.into()))
    }

    fn next(&mut self) -> Option<char> {
        let next = self.chars.next();
        if next == Some('\n') {
            self.line += 1;
        }
        next
    }

    /// White space, comments and separators.
    fn skip(&mut self) -> Read<()> {
        while let Some(char) = self.chars.peek() {
            match char {
                char if char.is_whitespace() || *char == ',' => {
                    self.next();
                }
                '#' => self.skip_line(),
                '/' => {
                    self.next();
                    match self.next() {
                        Some('/') => self.skip_line(),
                        Some('*') => self.skip_block()?,
                        _ => return self.error("a slash stands where a name is expected"),
                    }
                }
                _ => break,
            }
        }
        Ok(())
    }

    fn skip_line(&mut self) {
        while self.next().is_some_and(|char| char != '\n') {}
    }

    fn skip_block(&mut self) -> Read<()> {
        let mut star = false;
        while let Some(char) = self.next() {
            if star && char == '/' {
                return Ok(());
            }
            star = char == '*';
        }
        self.error("a comment is not closed")
    }

    /// Items up to `end` or the end of the text.
    fn items(&mut self, depth: usize, end: Option<char>) -> Read<Vec<Item>> {
        if depth > MAX_DEPTH {
            return self.error("blocks are nested too deeply");
        }
        let mut items = Vec::new();
        loop {
            self.skip()?;
            match self.chars.peek() {
                None if end.is_none() => return Ok(items),
                None => return self.error("a brace is not closed"),
                Some(char) if Some(*char) == end => {
                    self.next();
                    return Ok(items);
                }
                Some(_) => items.push(self.item(depth)?),
            }
        }
    }

    fn item(&mut self, depth: usize) -> Read<Item> {
        let line = self.line;
        let mut keys = vec![self.key()?];
        loop {
            self.skip()?;
            match self.chars.peek() {
                Some('=') => {
                    self.next();
                    self.skip()?;
                    let value = self.value(depth)?;
                    return Ok(Item { keys, value, line });
                }
                Some('{') => {
                    self.next();
                    let value = Value::Object(self.items(depth + 1, Some('}'))?);
                    return Ok(Item { keys, value, line });
                }
                Some(_) => keys.push(self.key()?),
                None => return self.error(format!("{:?} has no value", keys.join(" "))),
            }
        }
    }

    fn key(&mut self) -> Read<String> {
        match self.chars.peek() {
            Some('"') => self.text(),
            Some(char) if is_name(*char) => Ok(self.name()),
            Some(char) => {
                let problem = format!("{char:?} stands where a name is expected");
                self.error(problem)
            }
            None => self.error("a name is missing"),
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(char) = self.chars.next_if(|char| is_name(*char)) {
            name.push(char);
        }
        name
    }

    fn value(&mut self, depth: usize) -> Read<Value> {
        match self.chars.peek() {
            Some('"') => Ok(Value::Text(self.text()?)),
            Some('{') => {
                self.next();
                Ok(Value::Object(self.items(depth + 1, Some('}'))?))
            }
            Some('[') => {
                self.next();
                self.list(depth + 1)
            }
            Some(char) if is_name(*char) => {
                let word = self.name();
                Ok(match word.as_str() {
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    _ if word.starts_with(|char: char| char.is_ascii_digit() || char == '-') => {
                        Value::Number(word)
                    }
                    _ => return self.error(format!("{word:?} is no value; texts are quoted")),
                })
            }
            _ => self.error("a value is missing"),
        }
    }

    fn list(&mut self, depth: usize) -> Read<Value> {
        if depth > MAX_DEPTH {
            return self.error("lists are nested too deeply");
        }
        let mut values = Vec::new();
        loop {
            self.skip()?;
            if self.chars.next_if_eq(&']').is_some() {
                return Ok(Value::List(values));
            }
            if self.chars.peek().is_none() {
                return self.error("a bracket is not closed");
            }
            values.push(self.value(depth)?);
        }
    }

    fn text(&mut self) -> Read<String> {
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(match self.next() {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some(char @ ('"' | '\\')) => char,
                    _ => {
                        return self.error("a backslash is followed by nothing that it can escape");
                    }
                }),
                Some('\n') | None => return self.error("a text in quotes is not closed"),
                Some(char) => text.push(char),
            }
        }
    }
}

/// Letters of names, numbers and bare paths.
fn is_name(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '-' | '.' | '+')
}

#[cfg(test)]
mod tests {
    use super::{Item, Value, parse};

    fn item(keys: &[&str], value: Value, line: usize) -> Item {
        Item {
            keys: keys.iter().map(ToString::to_string).collect(),
            value,
            line,
        }
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn what_people_write() {
        let source = r#"
plugin_cache_dir = "/tmp/a\"b" # where
disable_checkpoint = true
provider_installation {
  dev_overrides {
    "hashicorp/null" = "/x" // mine
  }
  direct { exclude = ["a/*", "b/*",] }
}
credentials "app.example.com" { token = "xx" }
"#;
        let overrides = Value::Object(vec![item(&["hashicorp/null"], text("/x"), 6)]);
        let exclude = Value::List(vec![text("a/*"), text("b/*")]);
        let direct = Value::Object(vec![item(&["exclude"], exclude, 8)]);
        let token = Value::Object(vec![item(&["token"], text("xx"), 10)]);
        let installation = vec![
            item(&["dev_overrides"], overrides, 5),
            item(&["direct"], direct, 8),
        ];
        assert_eq!(
            parse(source).unwrap(),
            [
                item(&["plugin_cache_dir"], text("/tmp/a\"b"), 2),
                item(&["disable_checkpoint"], Value::Bool(true), 3),
                item(&["provider_installation"], Value::Object(installation), 4),
                item(&["credentials", "app.example.com"], token, 10),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (source, line, problem) in [
            ("a = \"x", 1, "not closed"),
            ("\n\na {", 3, "not closed"),
            ("a =", 1, "missing"),
            ("a", 1, "no value"),
            ("a = b", 1, "quoted"),
            ("a = [1", 1, "not closed"),
            ("/* x", 1, "not closed"),
            ("= 1", 1, "expected"),
            (&"a {".repeat(100), 1, "deeply"),
            (&format!("a = {}", "[".repeat(100)), 1, "deeply"),
        ] {
            let (at, text) = parse(source).unwrap_err();
            assert_eq!(at, line, "{source}");
            assert!(text.contains(problem), "{source}: {text}");
        }
    }
}
