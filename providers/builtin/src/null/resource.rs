//! `null_resource`: an object that does nothing, replaced when its triggers change.

use super::random_number;
use crate::doors::Entropy;
use crate::maps::replaces;
use async_trait::async_trait;
use std::sync::Arc;
use terrane_model::provider::ImportTarget;
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Change, Object, Refusal, Resource};
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_value::{Path, Value};

#[derive(Debug)]
pub(super) struct NullResource(pub(super) Arc<dyn Entropy>);

#[async_trait]
impl Resource for NullResource {
    fn schema(&self) -> Schema {
        let block = Block::new()
            .described("Has the life of a resource and does nothing.")
            .attr(
                "id",
                Attribute::string()
                    .computed()
                    .described("This is set to a random value at create time."),
            )
            .attr(
                "triggers",
                Attribute::string_map()
                    .optional()
                    .described("Arbitrary strings that, when changed, replace the resource."),
            );
        Schema::new(0, block)
    }

    fn lives_in_state_alone(&self) -> bool {
        true
    }

    async fn plan(
        &self,
        schema: &Schema,
        rules: &Rules,
        request: PlanRequest,
    ) -> Answered<PlanResponse> {
        let mut response = rules.plan(schema, &request);
        let triggers = |object| args::get(object, "triggers");
        if !request.creates() && replaces(&triggers(&request.prior), &triggers(&request.config)) {
            response.requires_replace.push(Path::new().attr("triggers"));
        }
        Ok(response)
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        let id = Value::string(random_number(self.0.as_ref()));
        Ok(change.done(args::with(&change.planned, "id", id)))
    }

    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let ImportTarget::Id(id) = target else {
            return Err(Refusal::error(
                "Import by identity is not supported",
                "Give the id.",
            ));
        };
        let empty = self.schema().block.empty_value();
        Ok(Object::new(args::with(&empty, "id", Value::string_nfc(id))))
    }
}
