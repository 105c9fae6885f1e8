//! Which members lead from page to page.

use super::{Kind, Model, ShapeId};
use serde::Deserialize;
use std::borrow::Cow;

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

/// Members that take a token, and those that give the next one.
const TOKENS: &[(&str, &str)] = &[
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("Marker", "NextMarker"),
];

impl Model {
    /// How the pages of an operation hang together: as botocore says, else by the usual names, where an answer has one list only.
    pub(crate) fn paginator(&self, operation: &str) -> Option<Cow<'_, Paginator>> {
        if let Some(known) = self.pages.get(operation) {
            return Some(Cow::Borrowed(known));
        }
        let about = self.operations.get(operation)?;
        let (input, output) = (about.input()?, about.output()?);
        self.usual(input, output).map(Cow::Owned)
    }

    fn usual(&self, input: ShapeId, output: ShapeId) -> Option<Paginator> {
        let (token, next) = TOKENS.iter().find(|(token, _)| {
            let member = self.shape(input).member(token);
            member.is_some_and(|member| self.shape(member.shape).kind == Kind::String)
        })?;
        // The list and the token may be within one structure that is all of the answer.
        let whole = self.shape(output);
        let (root, at) = match &*whole.members {
            [one] if self.shape(one.shape).kind == Kind::Structure => {
                (format!("{}.", one.name), one.shape)
            }
            _ => (String::new(), output),
        };
        let page = self.shape(at);
        page.member(next)?;
        let mut lists = page
            .members
            .iter()
            .filter(|member| self.shape(member.shape).kind == Kind::List);
        let (Some(list), None) = (lists.next(), lists.next()) else {
            return None;
        };
        Some(Paginator {
            input_token: vec![(*token).to_owned()],
            output_token: vec![format!("{root}{next}")],
            result_key: vec![format!("{root}{}", list.name)],
            more_results: None,
        })
    }
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
