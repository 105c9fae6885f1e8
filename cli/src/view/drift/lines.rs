//! How two values differ, line by line: documents within strings as trees, texts as they are.

use serde::Serialize;
use serde_json::Value;
use similar::{Algorithm, ChangeTag, capture_diff_slices, group_diff_ops};

/// Lines around a change in a long value.
const CONTEXT: usize = 3;

/// A line of a diff.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    /// `-`, `+`, a blank; `…` for lines that are left out.
    pub(super) sign: &'static str,
    pub(super) text: String,
}

/// A value, written for people.
enum Written {
    /// As JSON: whether a line ends with a comma says nothing.
    Tree(String),
    Text(String),
    Nothing,
}

impl Written {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::String(text) => {
                if text.starts_with(['{', '['])
                    && let Ok(document) = serde_json::from_str::<Value>(text)
                {
                    return Self::Tree(format!("{document:#}"));
                }
                if text.contains('\n') {
                    return Self::Text(text.clone());
                }
                Self::Tree(value.to_string())
            }
            value => Self::Tree(format!("{value:#}")),
        }
    }

    fn lines(&self) -> Vec<&str> {
        match self {
            Self::Tree(text) | Self::Text(text) => text.split('\n').collect(),
            Self::Nothing => Vec::new(),
        }
    }
}

/// The lines that differ, with some around them.
pub(super) fn lines(before: &Value, after: &Value) -> Vec<Line> {
    let (before, after) = (Written::of(before), Written::of(after));
    let texts = matches!(before, Written::Text(_)) || matches!(after, Written::Text(_));
    let (old, new) = (before.lines(), after.lines());
    let meant = |lines: &[&str]| -> Vec<String> {
        let meant = |line: &&str| match texts {
            true => (*line).to_owned(),
            false => line.trim_end_matches(',').to_owned(),
        };
        lines.iter().map(meant).collect()
    };
    let (old_meant, new_meant) = (meant(&old), meant(&new));
    let ops = capture_diff_slices(Algorithm::Myers, &old_meant, &new_meant);
    let mut lines = Vec::new();
    for (at, group) in group_diff_ops(ops, CONTEXT).iter().enumerate() {
        if at > 0 {
            lines.push(Line {
                sign: "…",
                text: String::new(),
            });
        }
        let changes = group
            .iter()
            .flat_map(|op| op.iter_changes(&old_meant, &new_meant));
        for change in changes {
            let (sign, text) = match change.tag() {
                ChangeTag::Delete => ("-", change.old_index().and_then(|at| old.get(at))),
                ChangeTag::Insert => ("+", change.new_index().and_then(|at| new.get(at))),
                ChangeTag::Equal => (" ", change.new_index().and_then(|at| new.get(at))),
            };
            lines.push(Line {
                sign,
                text: text.copied().unwrap_or_default().to_owned(),
            });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::lines;
    use serde_json::Value;

    fn check(before: impl Into<Value>, after: impl Into<Value>, expected: &[&str]) {
        let found = lines(&before.into(), &after.into());
        let found: Vec<String> = found
            .iter()
            .map(|line| format!("{}{}", line.sign, line.text))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn values_are_compared_line_by_line() {
        check("a", "b", &["-\"a\"", "+\"b\""]);
        check(Value::Null, 5, &["+5"]);
        check("a\nb,\n", "a\nb\n", &[" a", "-b,", "+b", " "]);
        check("a\nb", "a\nb\n", &[" a", " b", "+"]);
    }

    #[test]
    fn documents_are_compared_as_trees() {
        let before = "{\"a\":1,\"b\":[1,2]}";
        check(
            before,
            "{\"b\":[1,3], \"a\":1}",
            &[
                "   \"a\": 1,",
                "   \"b\": [",
                "     1,",
                "-    2",
                "+    3",
                "   ]",
                " }",
            ],
        );
        // What comes behind an element does not change it.
        check(
            before,
            "{\"a\":1,\"b\":[1,2,3]}",
            &["   \"b\": [", "     1,", "     2,", "+    3", "   ]", " }"],
        );
    }
}
