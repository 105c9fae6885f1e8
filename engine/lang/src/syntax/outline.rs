//! What stands at the top of a file, and what a piece of it says however it is laid out.
//!
//! Works on tokens, so it takes files that can't be parsed. JSON syntax has no outline: there only the whole file is a piece.

use super::scan::{Token, TokenKind, scan};
use std::ops::Range;

/// The tokens of a text that say something: comments left out, line breaks (and comments up to the end of a line) as one each.
#[derive(Debug)]
pub struct Outline<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    /// Blocks and attributes at the top: ranges of tokens.
    items: Vec<Range<usize>>,
}

impl<'a> Outline<'a> {
    /// Reads a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let mut tokens: Vec<Token> = Vec::new();
        for mut token in scan(text) {
            if token.kind == TokenKind::Comment {
                let end = text.get(token.start as usize..token.end as usize);
                if !end.is_some_and(|comment| comment.ends_with('\n')) {
                    continue;
                }
                token.kind = TokenKind::Newline;
            }
            let again = tokens
                .last()
                .is_none_or(|last| last.kind == TokenKind::Newline);
            if token.kind == TokenKind::Newline && again {
                continue;
            }
            tokens.push(token);
        }
        let items = items(&tokens);
        Self {
            text,
            tokens,
            items,
        }
    }

    /// How many blocks and attributes stand at the top.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is nothing at the top.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The first name of an item: the type of the block, or the name of the attribute.
    #[must_use]
    pub fn kind(&self, item: usize) -> &'a str {
        let first = self
            .items
            .get(item)
            .and_then(|item| self.tokens.get(item.start));
        first.map_or("", |token| self.slice(*token))
    }

    /// The item that holds a byte.
    #[must_use]
    pub fn item_at(&self, at: u32) -> Option<usize> {
        let behind = self.items.partition_point(|item| {
            let first = self.tokens.get(item.start);
            first.is_some_and(|first| first.start <= at)
        });
        let found = behind.checked_sub(1)?;
        let last = self.items.get(found)?.end.checked_sub(1)?;
        (self.tokens.get(last)?.end > at).then_some(found)
    }

    /// The first item that begins behind a byte.
    #[must_use]
    pub fn item_after(&self, at: u32) -> Option<usize> {
        let found = self.items.partition_point(|item| {
            let first = self.tokens.get(item.start);
            first.is_some_and(|first| first.start <= at)
        });
        (found < self.items.len()).then_some(found)
    }

    /// What an item says, the same for every way to lay it out: equal only where the tokens are.
    #[must_use]
    pub fn meaning(&self, item: usize) -> Vec<u8> {
        let range = self.items.get(item).cloned().unwrap_or_default();
        self.write(self.tokens.get(range).unwrap_or(&[]))
    }

    /// What the tokens in a range of bytes say.
    #[must_use]
    pub fn meaning_of(&self, start: u32, end: u32) -> Vec<u8> {
        let from = self.tokens.partition_point(|token| token.start < start);
        let to = self.tokens.partition_point(|token| token.end <= end);
        self.write(self.tokens.get(from..to).unwrap_or(&[]))
    }

    fn write(&self, tokens: &[Token]) -> Vec<u8> {
        let mut out = Vec::new();
        for token in tokens {
            let slice = match token.kind {
                // However the line ends.
                TokenKind::Newline => "\n",
                _ => self.slice(*token),
            };
            let length = u32::try_from(slice.len()).unwrap_or(u32::MAX);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(slice.as_bytes());
        }
        out
    }

    fn slice(&self, token: Token) -> &'a str {
        self.text
            .get(token.start as usize..token.end as usize)
            .unwrap_or("")
    }
}

/// The comments of a text: where each begins, and what it says, signs of comments left out.
pub fn comments(text: &str) -> impl Iterator<Item = (u32, &str)> {
    comment_ranges(text).filter_map(|range| {
        let comment = text.get(range.start as usize..range.end as usize)?;
        let inner = comment
            .strip_prefix("/*")
            .and_then(|rest| rest.strip_suffix("*/"));
        let line = comment
            .strip_prefix("//")
            .or_else(|| comment.strip_prefix('#'));
        Some((range.start, inner.or(line)?.trim()))
    })
}

/// Where the comments of a text are. Those up to the end of a line have its line break in them.
pub fn comment_ranges(text: &str) -> impl Iterator<Item = Range<u32>> {
    let tokens = scan(text).into_iter();
    let comments = tokens.filter(|token| token.kind == TokenKind::Comment);
    comments.map(|token| token.start..token.end)
}

/// What stands between line breaks outside of all brackets.
fn items(tokens: &[Token]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0_usize, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::OpenBrace
            | TokenKind::OpenBracket
            | TokenKind::OpenParen
            | TokenKind::Interpolation
            | TokenKind::Directive => depth += 1,
            TokenKind::CloseBrace
            | TokenKind::CloseBracket
            | TokenKind::CloseParen
            | TokenKind::SequenceEnd => depth = depth.saturating_sub(1),
            TokenKind::Newline if depth == 0 => {
                if start < at {
                    found.push(start..at);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    // The token behind the text, if the scanner gives one, says nothing.
    let end = tokens
        .iter()
        .rposition(|token| token.start < token.end)
        .map_or(0, |last| last + 1);
    if start < end {
        found.push(start..end);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Outline, comments};

    #[test]
    fn comments_say_what_is_in_them() {
        let found: Vec<_> = comments(TEXT).map(|(_, text)| text).collect();
        assert_eq!(found, ["a", "why"]);
        let all = "/* one */ a = 1 // two\n#three\n";
        let found: Vec<_> = comments(all).map(|(_, text)| text).collect();
        assert_eq!(found, ["one", "two", "three"]);
        let outline = Outline::new(TEXT);
        assert_eq!(outline.item_after(0), Some(0));
        let last = u32::try_from(TEXT.find("output").unwrap()).unwrap();
        assert_eq!(outline.item_after(last - 1), Some(2));
        assert_eq!(outline.item_after(last), None);
    }

    const TEXT: &str = "# a\nresource \"t\" \"a\" { # why\n  x = [\n    1,\n  ]\n  y = <<EOT\na # not a comment\nEOT\n}\n\nlocals {\n  z = \"${var.q}}\"\n}\noutput \"o\" { value = 1 }";

    #[test]
    fn items_are_found_by_what_is_in_them() {
        let outline = Outline::new(TEXT);
        let kinds: Vec<_> = (0..outline.len()).map(|item| outline.kind(item)).collect();
        assert_eq!(kinds, ["resource", "locals", "output"]);
        for (part, expect) in [
            ("resource", Some(0)),
            ("EOT\n}", Some(0)),
            ("z = ", Some(1)),
            ("value", Some(2)),
            ("# a", None),
        ] {
            let at = u32::try_from(TEXT.find(part).unwrap()).unwrap();
            assert_eq!(outline.item_at(at), expect, "{part}");
        }
    }

    #[test]
    fn layout_and_comments_do_not_matter_and_all_else_does() {
        let meaning = |text: &str| Outline::new(text).meaning(0);
        let one = meaning("a \"b\" {\n  x = 1\n  y = \"c d\"\n}\n");
        for same in [
            "a \"b\" {\n\n\n  x     = 1 # one\n  // two\n  y = \"c d\"\n}",
            "# first\r\na \"b\" {\r\n  x = 1\r\n  y = /* three */ \"c d\"\r\n}\r\n",
        ] {
            assert_eq!(meaning(same), one, "{same}");
        }
        for other in [
            "a \"b\" {\n  x = 1\n  y = \"c  d\"\n}\n",
            "a \"b\" {\n  x = 11\n  y = \"c d\"\n}\n",
            "a \"b\" {\n  x = 1\n}\n",
            "a b {\n  x = 1\n  y = \"c d\"\n}\n",
        ] {
            assert_ne!(meaning(other), one, "{other}");
        }
    }

    #[test]
    fn a_part_says_what_its_tokens_say() {
        let outline = Outline::new("locals {\n  a = 1\n  b =  2\n}");
        let other = Outline::new("locals {\n  b = 2\n}");
        let meaning = |outline: &Outline<'_>, text: &str, part: &str| {
            let start = text.find(part).unwrap();
            let end = start + part.len();
            outline.meaning_of(u32::try_from(start).unwrap(), u32::try_from(end).unwrap())
        };
        let (left, right) = ("locals {\n  a = 1\n  b =  2\n}", "locals {\n  b = 2\n}");
        assert_eq!(
            meaning(&outline, left, "b =  2"),
            meaning(&other, right, "b = 2")
        );
    }
}
