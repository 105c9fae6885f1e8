//! A request as the model has it, before it has an address.

use super::{Inner, checksum};
use crate::Request;
use crate::endpoint::Parameters;
use crate::error::{ApiError, ErrorKind};
use crate::model::{Location, Model, Operation};
use crate::protocol::{self, Wire};
use serde_json::{Map, Value};

/// A request that only lacks its address and its signature.
pub(super) struct Prepared {
    pub(super) model: &'static Model,
    pub(super) operation: &'static Operation,
    pub(super) region: String,
    pub(super) wire: Wire,
    /// Parameters of the request for the rules of addresses.
    pub(super) parameters: Parameters,
    /// It changes nothing.
    pub(super) reads: bool,
    /// Carried out twice, it makes nothing twice.
    pub(super) repeatable: bool,
}

impl Prepared {
    pub(super) fn service(&self) -> &'static str {
        self.model.service()
    }

    pub(super) fn bucket(&self) -> Option<&str> {
        if self.service() != "s3" {
            return None;
        }
        self.parameters.get("Bucket")?.as_str()
    }

    pub(super) fn error(&self, code: &str, message: String, kind: ErrorKind) -> ApiError {
        ApiError::new(self.service(), self.operation.name(), code, message, kind)
    }
}

impl Inner {
    /// Writes a request down.
    pub(super) fn prepare(&self, request: Request) -> Result<Prepared, ApiError> {
        let Request {
            service,
            operation: name,
            region,
            input,
        } = request;
        let bad =
            |why: String| ApiError::new(&service, &name, "BadInput", why, ErrorKind::BadInput);
        let model = crate::model::model(&service)
            .ok_or_else(|| bad(format!("there is no service {service}")))?
            .map_err(|error| bad(error.to_string()))?;
        let operation = model
            .operation(&name)
            .ok_or_else(|| bad(format!("{service} has no operation {name}")))?;
        let mut input = match operation.input() {
            Some(shape) => protocol::check(model, shape, input).map_err(&bad)?,
            None => Map::new(),
        };
        let has_token = fill_token(model, operation, &mut input);
        if service == "route53" {
            shorten_ids(model, operation, &mut input);
        }
        let mut wire = protocol::write(model, operation, &input).map_err(&bad)?;
        checksum::add(model, operation, &input, &mut wire).map_err(&bad)?;
        if service == "apigateway" {
            // Without it, answers are in another JSON, that of hypermedia.
            wire.default_header("Accept", "application/json");
        }
        let method = wire.method.as_str();
        let reads = super::retry::reads(operation, method);
        Ok(Prepared {
            reads,
            repeatable: reads || has_token || super::retry::repeatable(operation, method),
            parameters: parameters(model, operation, &input),
            region: region.unwrap_or_else(|| self.region.clone()),
            model,
            operation,
            wire,
        })
    }
}

/// Fills the token by which the service knows a request again; `true`: there is one now.
fn fill_token(model: &Model, operation: &Operation, input: &mut Map<String, Value>) -> bool {
    let Some(shape) = operation.input() else {
        return false;
    };
    let mut found = false;
    for member in model.shape(shape).members() {
        if member.is_token_of(model.service(), operation.name()) {
            found = true;
            input.entry(member.name()).or_insert_with(|| {
                let token = uuid::Uuid::new_v4();
                // One takes letters and digits only; others want more than 32 characters.
                match model.service() {
                    "acm" => token.simple().to_string().into(),
                    _ => token.to_string().into(),
                }
            });
        }
    }
    found
}

/// Route 53 gives out identifiers with a path before them, and does not take them back so.
fn shorten_ids(model: &Model, operation: &Operation, input: &mut Map<String, Value>) {
    let Some(shape) = operation.input() else {
        return;
    };
    for member in model.shape(shape).members() {
        let of = model.shape(member.shape()).name();
        if matches!(of, "ResourceId" | "DelegationSetId" | "ChangeId")
            && let Some(Value::String(id)) = input.get_mut(member.name())
            && let Some((_, last)) = id.rsplit_once('/')
        {
            *id = last.to_owned();
        }
    }
}

fn parameters(model: &Model, operation: &Operation, input: &Map<String, Value>) -> Parameters {
    let mut out: Parameters = operation
        .static_context
        .iter()
        .map(|(name, value)| (name.to_string(), value.clone()))
        .collect();
    let members = operation.input().map(|id| model.shape(id));
    for member in members.into_iter().flat_map(|shape| shape.members()) {
        if let Some(value) = input.get(member.name()) {
            if let Some(name) = &member.context_param {
                out.insert(name.to_string(), value.clone());
            } else if member.location == Location::Uri && member.name() == "Bucket" {
                out.insert(String::from("Bucket"), value.clone());
            }
        }
    }
    out
}
