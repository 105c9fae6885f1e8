//! `keepers`, which all resources of the provider have.

use crate::maps::replaces;
use terrane_model::provider::ImportTarget;
use terrane_model::schema::Attribute;
use terrane_model::schema::Schema;
use terrane_provider::args;
use terrane_provider::native::Refusal;
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_value::{Path, Value};

/// The attribute.
pub(super) fn attribute() -> Attribute {
    Attribute::string_map()
        .optional()
        .described("Arbitrary values that, when changed, replace the resource.")
}

/// The attribute `id`, as most resources describe it.
pub(super) fn id(text: &str) -> Attribute {
    Attribute::string().computed().described(text)
}

/// The usual plan, and replacement when a keeper changes.
pub(super) fn plan(schema: &Schema, rules: &Rules, request: &PlanRequest) -> PlanResponse {
    let mut response = rules.plan(schema, request);
    let keepers = |object| args::get(object, "keepers");
    if !request.creates() && replaces(&keepers(&request.prior), &keepers(&request.config)) {
        response.requires_replace.push(Path::new().attr("keepers"));
    }
    response
}

/// The id of an import.
pub(super) fn import_id(target: &ImportTarget) -> Result<&str, Refusal> {
    match target {
        ImportTarget::Id(id) => Ok(id),
        ImportTarget::Identity(_) => Err(Refusal::error(
            "Import by identity is not supported",
            "Give the id.",
        )),
    }
}

/// A whole number of an object that a plan or a configuration gave.
pub(super) fn count(object: &Value, name: &str) -> Result<usize, Refusal> {
    args::int(object, name)
        .and_then(|number| usize::try_from(number).ok())
        .filter(|number| *number <= MAX_LENGTH)
        .ok_or_else(|| {
            args::complaint(
                name,
                "Invalid Attribute Value",
                format!(
                    "Attribute {name} value must be a whole number between 0 and {MAX_LENGTH}."
                ),
            )
            .into()
        })
}

/// More bytes, letters or items than this are refused: nobody needs them, and they would exhaust memory.
pub(super) const MAX_LENGTH: usize = 16 << 20;
