//! The query of an address: what goes to the getter, and what is part of the place.

/// Arguments of an address, in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    text: String,
}

/// Arguments that hold a secret.
const SECRET: [&str; 7] = [
    "sshkey",
    "aws_access_key_id",
    "aws_access_key_secret",
    "aws_access_token",
    "token",
    "private_token",
    "x-amz-signature",
];

impl Query {
    /// Reads what stands after the question mark.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self {
            text: text.to_owned(),
        }
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let parts = self.text.split('&').filter(|part| !part.is_empty());
        parts.map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (part, name, value)
        })
    }

    /// The value of an argument, decoded; None if there is none, or it is empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let (_, _, value) = self.pairs().find(|(_, known, _)| *known == name)?;
        // A plus stands for itself: it is in versions and in keys.
        let value = percent_encoding::percent_decode_str(value);
        let value = value.decode_utf8().ok()?.into_owned();
        (!value.is_empty()).then_some(value)
    }

    /// Without some arguments.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        let left: Vec<&str> = self
            .pairs()
            .filter(|(_, name, _)| !names.contains(name))
            .map(|(part, ..)| part)
            .collect();
        Self {
            text: left.join("&"),
        }
    }

    /// With the values of secret arguments left out.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let shown: Vec<String> = self
            .pairs()
            .map(|(part, name, _)| {
                if SECRET.contains(&name.to_ascii_lowercase().as_str()) {
                    format!("{name}=…")
                } else {
                    part.to_owned()
                }
            })
            .collect();
        Self {
            text: shown.join("&"),
        }
    }
}
