//! What an error says together with what caused it.

use std::error::Error;

/// An error with its causes, in one line: `outer: inner: innermost`. A cause whose text was told already is left out, for some errors
/// repeat what caused them.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::with_causes;
    use std::error::Error;
    use std::fmt::{Display, Formatter, Result};

    #[derive(Debug)]
    struct Told(&'static str, Option<Box<Self>>);

    impl Display for Told {
        fn fmt(&self, f: &mut Formatter<'_>) -> Result {
            f.write_str(self.0)
        }
    }

    impl Error for Told {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| -> &dyn Error { cause })
        }
    }

    #[test]
    fn causes_are_told_once() {
        for (texts, expected) in [
            (&["alone"][..], "alone"),
            (&["no answer", "refused"], "no answer: refused"),
            (
                &["no answer", "client error", "refused"],
                "no answer: client error: refused",
            ),
            (&["no answer: refused", "refused"], "no answer: refused"),
            (&["no answer", "", "refused"], "no answer: refused"),
        ] {
            let error = texts
                .iter()
                .rev()
                .fold(None, |cause, text| Some(Box::new(Told(text, cause))))
                .unwrap();
            assert_eq!(with_causes(error.as_ref()), expected);
        }
    }
}
