//! Diagnostics: what is wrong with the user's input, where, and what to do about it.
//!
//! A diagnostic is data; [`render`] makes text of it and the JSON view lives with the command line.

use crate::source::Span;

pub mod render;
pub mod rule;
pub mod snippet;
#[cfg(test)]
mod tests;

pub use render::{Style, render, render_all};
pub use rule::{Headline, Rule};
pub use snippet::{Snippet, snippet};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The operation goes on.
    Warning,
    /// The operation stops.
    Error,
}

/// One message about the user's input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The code of the rule: `T0107`. A message that a provider or the configuration's author wrote has none.
    pub code: Option<&'static str>,
    /// One line, no final period: `Unsupported argument`.
    pub summary: String,
    /// Full sentences: what is wrong and what to do. May be empty.
    pub detail: String,
    /// The part of the source that is at fault; underlined.
    pub subject: Option<Span>,
    /// A larger part that helps to understand it (the whole expression, the block header).
    pub context: Option<Span>,
    /// Other places that have to do with it (the earlier declaration), with a word on each.
    pub related: Vec<(Span, String)>,
    /// The object concerned, as an address: `module.m["a"].null_resource.x[0]`.
    pub address: Option<String>,
    /// Values that took part: (`each.key`, `is "a"`). Never holds a sensitive value.
    pub values: Vec<(String, String)>,
    /// The function whose call failed, and its signature, if it was a call.
    pub function: Option<String>,
    /// An edit or command that would help. Shown apart from the detail.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error against a rule.
    #[must_use]
    pub fn error(headline: impl Into<Headline>, detail: impl Into<String>) -> Self {
        Self::new(Severity::Error, headline.into(), detail)
    }

    /// A warning about a rule.
    #[must_use]
    pub fn warning(headline: impl Into<Headline>, detail: impl Into<String>) -> Self {
        Self::new(Severity::Warning, headline.into(), detail)
    }

    fn new(severity: Severity, headline: Headline, detail: impl Into<String>) -> Self {
        let Headline { code, summary } = headline;
        Self {
            severity,
            code,
            summary: summary.into_owned(),
            detail: detail.into(),
            subject: None,
            context: None,
            related: Vec::new(),
            address: None,
            values: Vec::new(),
            function: None,
            hint: None,
        }
    }

    /// The headline, for another message about the same.
    #[must_use]
    pub fn headline(&self) -> Headline {
        Headline {
            code: self.code,
            summary: self.summary.clone().into(),
        }
    }

    /// Whether it is about this rule.
    #[must_use]
    pub fn is(&self, rule: &Rule) -> bool {
        self.code == Some(rule.code)
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, subject: Span) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Says where, in the midst of what.
    #[must_use]
    pub fn within(mut self, context: Span) -> Self {
        self.context = Some(context);
        self
    }

    /// Points at another place.
    #[must_use]
    pub fn related(mut self, span: Span, what: impl Into<String>) -> Self {
        self.related.push((span, what.into()));
        self
    }

    /// Names the object concerned.
    #[must_use]
    pub fn about(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Calls `map` for every span, for a text that was parsed out of a larger one.
    pub fn map_spans(&mut self, map: &mut dyn FnMut(&mut Span)) {
        let places = self.related.iter_mut().map(|(span, _)| span);
        self.subject
            .iter_mut()
            .chain(&mut self.context)
            .chain(places)
            .for_each(map);
    }

    /// Adds a way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Several messages, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "diagnostics must reach the user"]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(other);
    }

    /// Leaves out what somebody else (a provider; such messages have no code) says of the same place in the same words.
    pub fn drop_echoes(&mut self) {
        let foreign: Vec<(String, Option<Span>)> = self
            .0
            .iter()
            .filter(|one| one.code.is_none() && one.subject.is_some())
            .map(|one| (one.detail.clone(), one.subject))
            .collect();
        self.0.retain(|one| {
            one.code.is_none()
                || one.severity == Severity::Error
                || !foreign
                    .iter()
                    .any(|(detail, place)| *detail == one.detail && *place == one.context)
        });
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Looks at each.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// Changes each in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Diagnostic> {
        self.0.iter_mut()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<T: IntoIterator<Item = Diagnostic>>(iter: T) -> Self {
        Self(iter.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
