//! Which members lead from page to page.

use serde::Deserialize;

/// How the pages of an operation hang together.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Paginator {
    /// Members of the input that take the tokens.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) input_token: Vec<String>,
    /// Where the next tokens are in an answer.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) output_token: Vec<String>,
    /// What is joined over all pages.
    #[serde(default, deserialize_with = "one_or_many")]
    pub(crate) result_key: Vec<String>,
    /// A member of the answer that says whether there are more.
    #[serde(default)]
    pub(crate) more_results: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(match OneOrMany::deserialize(from)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    })
}
