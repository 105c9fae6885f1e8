//! Keeping secrets out of what others say: providers quote in their messages what they were given, without its marks.

use crate::provider::{CallFailure, ProviderDiagnostic};
use std::collections::BTreeSet;
use terrane_value::Value;

/// Shorter texts are not looked for: they stand in many messages by chance, and tell little.
const SHORTEST: usize = 4;
/// What stands in place of a secret.
const HIDDEN: &str = "(sensitive value)";

/// Texts that must not be shown.
#[derive(Clone, Default)]
pub struct Secrets {
    texts: BTreeSet<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.texts.len())
    }
}

impl Secrets {
    /// Takes in every text within a value that is marked, or lies in something that is.
    pub fn add(&mut self, value: &Value) {
        if !value.contains_marks() {
            return;
        }
        let mut stack = vec![(value, false)];
        while let Some((value, within)) = stack.pop() {
            let marks = value.marks();
            let secret = within || marks.is_sensitive() || marks.is_ephemeral();
            let value = value.unmarked();
            if let Some(text) = value
                .as_str()
                .filter(|text| secret && text.len() >= SHORTEST)
            {
                self.texts.insert(text.to_owned());
            }
            stack.extend(value.children().iter().map(|child| (child, secret)));
        }
    }

    /// A text without the secrets in it; the longer ones go first, since one may be part of another.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let mut hidden = text.to_owned();
        let mut texts: Vec<&String> = self
            .texts
            .iter()
            .filter(|secret| text.contains(secret.as_str()))
            .collect();
        texts.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in texts {
            hidden = hidden.replace(secret.as_str(), HIDDEN);
        }
        hidden
    }

    /// What is said of a call that had no answer: what failed may quote what was sent. `provider` is its name for people.
    #[must_use]
    pub fn no_answer(&self, provider: &str, failure: &CallFailure) -> String {
        format!(
            "The provider {provider} gave no answer: {}.",
            self.hide(&failure.message)
        )
    }

    /// A message of a provider without the secrets in it.
    #[must_use]
    pub fn hide_in(&self, message: &ProviderDiagnostic) -> ProviderDiagnostic {
        let ProviderDiagnostic {
            is_error,
            summary,
            detail,
            attribute,
        } = message;
        ProviderDiagnostic {
            is_error: *is_error,
            summary: self.hide(summary),
            detail: self.hide(detail),
            attribute: attribute.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Secrets;
    use crate::provider::CallFailure;
    use terrane_value::{Marks, Value};

    #[test]
    fn marked_texts_are_hidden_wherever_they_stand() {
        let mut secrets = Secrets::default();
        secrets.add(&Value::object([
            ("open", Value::string("open text")),
            (
                "deep",
                Value::tuple(vec![Value::string("canary").with_marks(&Marks::SENSITIVE)]),
            ),
            (
                "all",
                Value::object([("a", Value::string("canary-long"))]).with_marks(&Marks::EPHEMERAL),
            ),
            ("short", Value::string("abc").with_marks(&Marks::SENSITIVE)),
        ]));
        assert_eq!(
            secrets.hide("open text abc: /x/canary/y, canary-long, canary"),
            "open text abc: /x/(sensitive value)/y, (sensitive value), (sensitive value)"
        );
        assert_eq!(format!("{secrets:?}"), "Secrets(2)");
        let failure = CallFailure {
            message: "it ended with canary-long".to_owned(),
            retry_after_ms: None,
            may_have_happened: false,
        };
        assert_eq!(
            secrets.no_answer("a/b", &failure),
            "The provider a/b gave no answer: it ended with (sensitive value)."
        );
    }
}
