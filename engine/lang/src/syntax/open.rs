//! Where an expression ends in a text of several lines: what a console asks before it evaluates.

use super::scan::{Token, TokenKind, scan};

/// What is open at some place of a text.
#[derive(Debug, Default)]
struct Open(Vec<TokenKind>);

/// What a token does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    None,
    /// No further line can mend it.
    Wrong,
    /// A comment begins that never ends.
    Comment,
}

impl Open {
    fn take(&mut self, token: Token, next: Option<&Token>) -> Effect {
        use TokenKind as T;
        let opener = match token.kind {
            T::OpenParen
            | T::OpenBracket
            | T::OpenBrace
            | T::OpenQuote
            | T::OpenHeredoc
            | T::Interpolation
            | T::Directive => {
                self.0.push(token.kind);
                return Effect::None;
            }
            T::CloseParen => T::OpenParen,
            T::CloseBracket => T::OpenBracket,
            T::CloseBrace => T::OpenBrace,
            T::CloseQuote => T::OpenQuote,
            T::CloseHeredoc => T::OpenHeredoc,
            T::SequenceEnd => match self.0.last() {
                Some(T::Directive) => T::Directive,
                _ => T::Interpolation,
            },
            T::BrokenQuote => return Effect::Wrong,
            // A comment that is closed is one token.
            T::Slash
                if next.is_some_and(|next| next.kind == T::Star && next.start == token.end) =>
            {
                return Effect::Comment;
            }
            _ => return Effect::None,
        };
        if self.0.pop() == Some(opener) {
            Effect::None
        } else {
            Effect::Wrong
        }
    }
}

/// Whether more lines may make an expression of a text: it ends inside brackets, an interpolation, a heredoc or a comment.
///
/// A quoted string can't contain a line break, so an open one is no reason to wait; nor is anything that no further line can mend.
#[must_use]
pub fn is_open(text: &str) -> bool {
    // The end marker of a heredoc is one only with a line break behind it.
    let text = format!("{text}\n");
    let tokens = scan(&text);
    let mut open = Open::default();
    for (at, token) in tokens.iter().enumerate() {
        match open.take(*token, tokens.get(at + 1)) {
            Effect::None => {}
            Effect::Wrong => return false,
            Effect::Comment => return true,
        }
    }
    open.0
        .last()
        .is_some_and(|kind| *kind != TokenKind::OpenQuote)
}

/// The expressions of a text that has each of them begin on a line of its own. What holds nothing but space and comments is left out. Whatever follows a line
/// that can't be right is a part of it.
#[must_use]
pub fn split(text: &str) -> Vec<String> {
    let text = format!("{text}\n");
    let tokens = scan(&text);
    let mut pieces = Vec::new();
    let mut open = Open::default();
    let mut piece = Piece::default();
    for (at, token) in tokens.iter().enumerate() {
        use TokenKind as T;
        match token.kind {
            T::Newline | T::Comment | T::End => {}
            _ => piece.is_code = true,
        }
        match open.take(*token, tokens.get(at + 1)) {
            Effect::None => {}
            Effect::Wrong | Effect::Comment => break,
        }
        let so_far = text.get(..token.end as usize).unwrap_or_default();
        let ends_line = match token.kind {
            T::Newline => true,
            T::Comment => so_far.ends_with('\n'),
            _ => false,
        };
        if ends_line && open.0.is_empty() {
            piece.end(&text, token.end as usize, &mut pieces);
        }
    }
    piece.end(&text, text.len(), &mut pieces);
    pieces
}

/// A part of a text.
#[derive(Debug, Default)]
struct Piece {
    start: usize,
    is_code: bool,
}

impl Piece {
    fn end(&mut self, text: &str, end: usize, pieces: &mut Vec<String>) {
        if self.is_code
            && let Some(piece) = text.get(self.start..end)
        {
            pieces.push(piece.to_owned());
        }
        *self = Self {
            start: end,
            is_code: false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{is_open, split};

    #[test]
    fn brackets_interpolations_heredocs_and_comments_wait_for_more() {
        for (text, expect) in [
            ("", false),
            ("1 + 1", false),
            ("1 +", false),
            ("[", true),
            ("[1,\n2", true),
            ("[1,\n2\n]", false),
            ("f(", true),
            ("f(\n1)", false),
            ("{\n  a = [", true),
            ("{ a = 1 }", false),
            ("[)", false),
            (")", false),
            ("\"abc", false),
            ("\"abc\n", false),
            ("\"a[b\"", false),
            ("\"a\\\"[\"", false),
            ("\"${", true),
            ("\"${\n1", true),
            ("\"${\n1}\"", false),
            ("\"${\"", false),
            ("\"$${\"", false),
            ("\"%{ if true }x%{ endif }\"", false),
            ("<<EOT", true),
            ("<<EOT\nhello", true),
            ("<<EOT\nhello\nEOT", false),
            ("<<-EOT\n  hello\n  EOT", false),
            ("<<EOT\n${", true),
            ("<<EOT\n}\nEOT", false),
            ("[<<EOT\nx\nEOT\n", true),
            ("[<<EOT\nx\nEOT\n]", false),
            ("<<", false),
            ("1 # [", false),
            ("[ # ]", true),
            ("[ # ]\n]", false),
            ("1 /* [", true),
            ("1 /* [\n*/", false),
            ("[for x in [1] :", true),
            ("\u{fc}[", true),
        ] {
            assert_eq!(is_open(text), expect, "{text:?}");
        }
    }

    #[test]
    fn a_script_is_split_where_nothing_is_open() {
        let check = |text: &str, expect: &[&str]| {
            assert_eq!(split(text), expect, "{text:?}");
        };
        check("", &[]);
        check("\n  \n# nothing\n/* at\nall */\n", &[]);
        check("1\n2", &["1\n", "2\n"]);
        check("1 # one\n2 // two\n", &["1 # one\n", "2 // two\n"]);
        check("1\r\n2\r\n", &["1\r\n", "2\r\n"]);
        check("[\n  1,\n\n  2\n]\n3\n", &["[\n  1,\n\n  2\n]\n", "3\n"]);
        check(
            "<<E\n[\n\nE\n\"${\n1}\"\n",
            &["<<E\n[\n\nE\n", "\"${\n1}\"\n"],
        );
        check("# why\n1\n", &["1\n"]);
        // Nothing comes after what can't be right.
        check("1\n[)\n2\n", &["1\n", "[)\n2\n\n"]);
        check("\"open\n2\n", &["\"open\n2\n\n"]);
        check("1\n(\n2\n", &["1\n", "(\n2\n\n"]);
    }
}
