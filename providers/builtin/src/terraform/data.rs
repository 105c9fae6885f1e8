//! `terraform_data`: keeps a value, and is replaced when another one changes.

use crate::doors::{Entropy, random_uuid};
use async_trait::async_trait;
use std::sync::Arc;
use terrane_model::provider::{ImportTarget, ProviderDiagnostic};
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::conform::decode_stored;
use terrane_provider::native::{Answered, Change, MoveFrom, Object, Refusal, Resource};
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_value::{Kind, Path, Refinements, Type, Value};

#[derive(Debug)]
pub(super) struct Data(pub(super) Arc<dyn Entropy>);

fn object(id: Value, triggers: Value) -> Value {
    Value::object([
        ("id", id),
        ("input", Value::NULL),
        ("output", Value::NULL),
        ("triggers_replace", triggers),
    ])
}

#[async_trait]
impl Resource for Data {
    fn schema(&self) -> Schema {
        let block = Block::new()
            .attr("id", Attribute::string().computed())
            .attr("input", Attribute::dynamic().optional())
            .attr("output", Attribute::dynamic().computed())
            .attr("triggers_replace", Attribute::dynamic().optional());
        Schema::new(0, block)
    }

    fn lives_in_state_alone(&self) -> bool {
        true
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        ["id", "output"]
            .into_iter()
            .filter(|name| args::is_set(config, name))
            .map(|name| {
                args::complaint(
                    name,
                    "Read-only attribute",
                    format!("\"{name}\" attribute is read-only"),
                )
            })
            .collect()
    }

    async fn plan(
        &self,
        _schema: &Schema,
        _rules: &Rules,
        request: PlanRequest,
    ) -> Answered<PlanResponse> {
        // Values of any type: a null of another type is another value, and is stored as such.
        let changes =
            |name: &str| args::get(&request.prior, name) != args::get(&request.proposed, name);
        let input = args::get(&request.proposed, "input");
        let replaces = !request.creates() && changes("triggers_replace");
        let output = if request.creates() || replaces {
            // The output of a new object has the type of the input, also when that is null.
            if input.is_null() {
                Some(input)
            } else {
                Some(Value::unknown(input.ty()))
            }
        } else if changes("input") {
            Some(Value::unknown(input.ty()))
        } else {
            None
        };
        let id = (request.creates() || replaces)
            .then(|| Value::unknown_refined(Type::String, Refinements::NOT_NULL));
        let changes = [("output", output), ("id", id)];
        let changes = changes
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let planned = args::with_all(&request.proposed, changes);
        let mut response = PlanResponse::new(&request, planned);
        if replaces {
            response
                .requires_replace
                .push(Path::new().attr("triggers_replace"));
        }
        Ok(response)
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        let id = Value::string(random_uuid(self.0.as_ref()));
        let output = args::get(&change.planned, "input");
        Ok(change.done(args::with_all(
            &change.planned,
            [("id", id), ("output", output)],
        )))
    }

    async fn update(&self, change: Change) -> Answered<Object> {
        let output = args::get(&change.planned, "input");
        let mut object = args::with(&change.planned, "output", output);
        // Where a trigger became a null of another type, which is no reason for a replacement.
        if !args::get(&object, "id").is_known() {
            object = args::with(&object, "id", Value::string(random_uuid(self.0.as_ref())));
        }
        Ok(change.done(object))
    }

    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        match target {
            ImportTarget::Id(id) => Ok(Object::new(object(Value::string_nfc(id), Value::NULL))),
            ImportTarget::Identity(_) => Err(Refusal::error(
                "Import by identity is not supported",
                "Give the id.",
            )),
        }
    }

    /// From `null_resource`: the id stays, `triggers` become `triggers_replace`.
    async fn take_over(&self, from: &MoveFrom) -> Answered<Option<Object>> {
        if from.source_type != "null_resource" {
            return Ok(None);
        }
        let ty = Type::object([("id", Type::String), ("triggers", Type::map(Type::String))]);
        let old = decode_stored(&from.stored.json, &ty)
            .map_err(|problem| Refusal::error("Unreadable stored object", problem))?;
        let triggers = match args::get(&old, "triggers").kind() {
            Kind::Map(map) => {
                Value::object(map.iter().map(|(key, value)| (key.clone(), value.clone())))
            }
            _ => Value::NULL,
        };
        Ok(Some(Object {
            private: from.private.clone(),
            ..Object::new(object(args::get(&old, "id"), triggers))
        }))
    }
}
