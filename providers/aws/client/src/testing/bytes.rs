//! Requests and answers as bytes.

use crate::model::{Model, Operation, model};
use crate::protocol::{self, Answer};
use serde_json::{Map, Value};

fn find(service: &str, operation: &str) -> Option<(&'static Model, &'static Operation)> {
    let model = model(service)?.ok()?;
    Some((model, model.operation(operation)?))
}

/// What an answer means: its values, or the code and the message of a refusal. `None`: there is no such operation.
#[must_use]
pub fn decode(
    service: &str,
    operation: &str,
    status: u16,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Result<Value, String>> {
    let (model, operation) = find(service, operation)?;
    let answer = Answer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_lowercase(), (*value).to_owned()))
            .collect(),
        body: body.to_vec(),
    };
    if (200..300).contains(&status) {
        return Some(protocol::read(model, operation, &answer));
    }
    let found = protocol::failure(model, &answer);
    Some(Err(format!("{}: {}", found.code, found.message)))
}

/// A request, but for its address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What an input becomes, or what is wrong with it. `None`: there is no such operation.
#[must_use]
pub fn encode(service: &str, operation: &str, input: Value) -> Option<Result<Encoded, String>> {
    let (model, operation) = find(service, operation)?;
    let input = match operation.input() {
        Some(shape) => protocol::check(model, shape, input),
        None => Ok(Map::new()),
    };
    let wire = input.and_then(|input| protocol::write(model, operation, &input));
    Some(wire.map(|wire| Encoded {
        target: match wire.query_text() {
            query if query.is_empty() => wire.path.clone(),
            query => format!("{}?{query}", wire.path),
        },
        method: wire.method,
        body: wire.body,
    }))
}
