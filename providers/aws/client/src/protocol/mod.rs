//! From names and JSON to bytes and back, by the model: five protocols.
//!
//! Nothing here knows of addresses, signatures or networks.

mod check;
mod failure;
mod form;
mod json;
mod rest;
mod text;
mod xml;
mod xmltree;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use check::check;
pub(crate) use failure::{Failure, failure};
pub(crate) use text::base64;
pub use text::seconds_of;

use crate::model::{Model, Operation, Protocol};
use serde_json::{Map, Value};

/// Values may be nested as deep as this; the models have shapes that contain themselves.
pub(crate) const MAX_DEPTH: usize = 100;

/// A request, but for its address and its signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wire {
    pub(crate) method: String,
    /// Encoded, beginning with `/`.
    pub(crate) path: String,
    /// Not yet encoded, in order. No value: the name alone.
    pub(crate) query: Vec<(String, Option<String>)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) host_prefix: Option<String>,
}

impl Wire {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Sets a header that is not there yet.
    pub(crate) fn default_header(&mut self, name: &str, value: impl Into<String>) {
        if self.header(name).is_none() {
            self.headers.push((name.to_owned(), value.into()));
        }
    }

    /// The query, encoded.
    pub(crate) fn query_text(&self) -> String {
        let parts = self.query.iter().map(|(name, value)| match value {
            Some(value) => format!("{}={}", text::encode(name), text::encode(value)),
            None => text::encode(name),
        });
        parts.collect::<Vec<_>>().join("&")
    }
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn request_id(&self) -> String {
        [
            "x-amzn-requestid",
            "x-amz-request-id",
            "x-amz-id-2",
            "x-amz-cf-id",
        ]
        .iter()
        .find_map(|name| self.header(name))
        .unwrap_or_default()
        .to_owned()
    }
}

/// Writes a request down. The input has been checked.
///
/// # Errors
/// What in the input can't be written.
pub(crate) fn write(
    model: &Model,
    operation: &Operation,
    input: &Map<String, Value>,
) -> Result<Wire, String> {
    let mut wire = match model.protocol() {
        Protocol::Json => json::write(model, operation, input)?,
        Protocol::Query => form::write(model, operation, input, form::Flavour::Query)?,
        Protocol::Ec2 => form::write(model, operation, input, form::Flavour::Ec2)?,
        Protocol::RestJson | Protocol::RestXml => rest::write(model, operation, input)?,
    };
    if let Some(prefix) = &operation.host_prefix {
        wire.host_prefix = Some(host_prefix(model, operation, prefix, input)?);
    }
    Ok(wire)
}

/// Reads an answer of success. Members that the model does not have are left out.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(model: &Model, operation: &Operation, answer: &Answer) -> Result<Value, String> {
    match model.protocol() {
        Protocol::Json => json::read(model, operation, answer),
        Protocol::Query | Protocol::Ec2 => form::read(model, operation, answer),
        Protocol::RestJson | Protocol::RestXml => rest::read(model, operation, answer),
    }
}

/// What goes before the host, members of the input put in: `{AccountId}.`.
fn host_prefix(
    model: &Model,
    operation: &Operation,
    template: &str,
    input: &Map<String, Value>,
) -> Result<String, String> {
    let mut out = template.to_owned();
    let members = operation.input().map(|id| model.shape(id));
    for member in members.into_iter().flat_map(|shape| shape.members()) {
        let place = format!("{{{}}}", member.name());
        if member.host_label && out.contains(&place) {
            let value = input
                .get(member.name())
                .and_then(Value::as_str)
                .filter(|value| crate::endpoint::is_host_label(value, false))
                .ok_or_else(|| {
                    format!(
                        "{} becomes part of the host name, and is no name of a host",
                        member.name()
                    )
                })?;
            out = out.replace(&place, value);
        }
    }
    Ok(out)
}
