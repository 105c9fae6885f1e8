//! Rules: what may be wrong with the input, each under a code of its own that never changes its meaning.
//!
//! A rule is declared once, with [`rules!`](crate::rules), beside the code that knows it; the reference of all codes is generated from
//! these declarations, and `terrane explain` shows them.

use super::Severity;
use std::borrow::Cow;

/// One thing that may be wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `T` and four digits, of which the first two are the area. Is never given to another rule.
    pub code: &'static str,
    /// How bad it is where nothing says otherwise.
    pub severity: Severity,
    /// The headline of its messages. Several rules may share one.
    pub summary: &'static str,
    /// Markdown: why it is wrong, an example that it applies to, the way out. Each line begins with a space.
    pub doc: &'static str,
}

impl Rule {
    /// The documentation without the space before each line.
    #[must_use]
    pub fn text(&self) -> String {
        let lines = self.doc.lines();
        let lines: Vec<&str> = lines
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        lines.join("\n").trim().to_owned()
    }

    /// The examples in the documentation: the kind of each (`terraform`, `json`, `sh`) and its text.
    #[must_use]
    pub fn examples(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        let mut open = false;
        for line in self.text().lines() {
            match (line.strip_prefix("```"), open) {
                (Some(kind), false) => {
                    open = true;
                    found.push((kind.to_owned(), String::new()));
                }
                (Some(_), true) => open = false,
                (None, true) => {
                    if let Some((_, text)) = found.last_mut() {
                        text.extend([line, "\n"]);
                    }
                }
                (None, false) => {}
            }
        }
        found
    }

    /// The rule under a headline that names what it is about.
    #[must_use]
    pub fn named(&self, summary: impl Into<Cow<'static, str>>) -> Headline {
        Headline {
            code: Some(self.code),
            summary: summary.into(),
        }
    }
}

/// The first line of a message, and the code of its rule. Messages of providers have no code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    pub(super) code: Option<&'static str>,
    pub(super) summary: Cow<'static, str>,
}

impl Headline {
    /// The headline of a message that others wrote, such as providers: it has no code.
    #[must_use]
    pub fn foreign(summary: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: None,
            summary: summary.into(),
        }
    }
}

impl From<&Rule> for Headline {
    fn from(rule: &Rule) -> Self {
        rule.named(rule.summary)
    }
}

/// Declares rules, and the list `ALL` of them.
///
/// The documentation of each is what users read: why it is wrong, an example, the way out.
///
/// ```
/// terrane_lang::rules! {
///     /// A block holds the same argument twice, and it can't be told which one is meant.
///     ///
///     /// ```terraform
///     /// locals {
///     ///   a = 1
///     ///   a = 2
///     /// }
///     /// ```
///     T0199 error TWICE = "Attribute redefined";
/// }
/// assert_eq!(TWICE.code, "T0199");
/// assert_eq!(ALL.len(), 1);
/// ```
#[macro_export]
macro_rules! rules {
    ($( $(#[doc = $doc:literal])+ $code:ident $severity:ident $name:ident = $summary:literal; )+) => {
        $(
            $(#[doc = $doc])+
            pub static $name: $crate::diagnostic::Rule = $crate::diagnostic::Rule {
                code: stringify!($code),
                severity: $crate::rules!(@ $severity),
                summary: $summary,
                doc: concat!($($doc, "\n"),+),
            };
        )+
        /// The rules of this area, by code.
        pub static ALL: &[&$crate::diagnostic::Rule] = &[$(&$name),+];
    };
    (@ error) => { $crate::diagnostic::Severity::Error };
    (@ warning) => { $crate::diagnostic::Severity::Warning };
}
