//! What services say when they say no.

use super::{Answer, json, xml, xmltree};
use crate::model::{Location, Model, Protocol, ShapeId};
use serde_json::{Map, Value};

/// A refusal, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: String,
    /// Members of the error's shape; null: the model has none, or they can't be read.
    pub(crate) detail: Value,
}

/// Reads a refusal. One that can't be read, such as a page of a proxy, has a code by its status and no message.
pub(crate) fn failure(model: &Model, answer: &Answer) -> Failure {
    let mut found = match model.protocol() {
        Protocol::Json | Protocol::RestJson => of_json(model, answer),
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => of_xml(model, answer),
    };
    if found.request_id.is_empty() {
        found.request_id = answer.request_id();
    }
    if found.code.is_empty() {
        found.code = by_status(answer.status);
        if found.message.is_empty() {
            found.message = page(answer);
        }
    }
    found
}

fn of_json(model: &Model, answer: &Answer) -> Failure {
    let body = json::parse(&answer.body).unwrap_or(Value::Null);
    let text = |names: &[&str]| {
        let found = names.iter().find_map(|name| body.get(*name)?.as_str());
        found.unwrap_or_default().to_owned()
    };
    let code = answer
        .header("x-amzn-errortype")
        .map(str::to_owned)
        .filter(|code| !code.is_empty())
        .unwrap_or_else(|| text(&["__type", "code", "Code"]));
    let name = bare(&code);
    let detail = model
        .errors
        .get(name)
        .and_then(|id| detail_of_json(model, *id, &body, answer))
        .unwrap_or(Value::Null);
    // Services that once spoke the query protocol are known by the codes of that time.
    let old = model
        .metadata
        .query_compatible
        .then(|| answer.header("x-amzn-query-error"))
        .flatten()
        .and_then(|header| header.split(';').next())
        .filter(|code| !code.is_empty());
    Failure {
        code: match (old, model.errors.get(name)) {
            (Some(old), _) => old.to_owned(),
            (None, Some(id)) => code_of(model, *id, name),
            (None, None) => name.to_owned(),
        },
        message: text(&["message", "Message", "errorMessage", "error_description"]),
        request_id: String::new(),
        detail,
    }
}

/// The code of an error in the json protocols is the name of its shape; only those that speak of query errors have others.
fn code_of(model: &Model, id: ShapeId, name: &str) -> String {
    let shape = model.shape(id);
    match &shape.error_code {
        Some(code) if model.metadata.query_compatible => code.to_string(),
        _ => name.to_owned(),
    }
}

fn detail_of_json(model: &Model, id: ShapeId, body: &Value, answer: &Answer) -> Option<Value> {
    let mut detail = json::decode_members(model, id, body, 0).ok()?;
    add_headers(model, id, answer, &mut detail);
    Some(Value::Object(detail))
}

fn add_headers(model: &Model, id: ShapeId, answer: &Answer, detail: &mut Map<String, Value>) {
    for member in model.shape(id).members() {
        match member.location {
            Location::Header => {
                if let Some(text) = answer.header(member.wire_name()) {
                    detail.insert(member.name().to_owned(), text.into());
                }
            }
            Location::Status => {
                detail.insert(member.name().to_owned(), answer.status.into());
            }
            _ => {}
        }
    }
}

fn of_xml(model: &Model, answer: &Answer) -> Failure {
    let Ok(root) = xmltree::parse(&answer.body) else {
        return Failure::default();
    };
    let error = match root.name.as_str() {
        "Error" => Some(&root),
        _ => root.child("Error").or_else(|| {
            root.child("Errors")
                .and_then(|errors| errors.child("Error"))
        }),
    };
    let Some(error) = error else {
        return Failure::default();
    };
    let text = |at: &xmltree::Element, names: &[&str]| {
        let found = names.iter().find_map(|name| at.child(name));
        found
            .map(|child| child.text.trim().to_owned())
            .unwrap_or_default()
    };
    let code = text(error, &["Code"]);
    let detail = model.errors.get(code.as_str()).and_then(|id| {
        let mut detail = xml::decode_members(model, *id, error, 0).ok()?;
        add_headers(model, *id, answer, &mut detail);
        Some(Value::Object(detail))
    });
    let ids = ["RequestId", "RequestID"];
    let request_id = match text(&root, &ids) {
        id if id.is_empty() => text(error, &ids),
        id => id,
    };
    Failure {
        code: bare(&code).to_owned(),
        message: text(error, &["Message", "message"]),
        request_id,
        // S3 says in the error itself where a bucket is.
        detail: detail.unwrap_or_else(|| region_of(error)),
    }
}

fn region_of(error: &xmltree::Element) -> Value {
    let members: Map<String, Value> = ["Region", "BucketName", "Endpoint", "HostId"]
        .iter()
        .filter_map(|name| {
            let text = error.child(name)?.text.as_str();
            Some(((*name).to_owned(), text.into()))
        })
        .collect();
    if members.is_empty() {
        Value::Null
    } else {
        Value::Object(members)
    }
}

/// A code without its namespace before `#` and without what follows `:`.
fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().trim()
}

/// Codes for answers without a body, such as those to HEAD.
fn by_status(status: u16) -> String {
    match status {
        301 => "MovedPermanently",
        304 => "NotModified",
        307 => "TemporaryRedirect",
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        408 => "RequestTimeout",
        409 => "Conflict",
        412 => "PreconditionFailed",
        413 => "RequestEntityTooLarge",
        429 => "TooManyRequests",
        500 => "InternalServerError",
        501 => "NotImplemented",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        other => return format!("Status{other}"),
    }
    .to_owned()
}

/// The beginning of a body that is none of a service, for the message.
fn page(answer: &Answer) -> String {
    const SHOWN: usize = 200;
    let text = String::from_utf8_lossy(&answer.body);
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    if text.chars().count() <= SHOWN {
        return text;
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start} …")
}
