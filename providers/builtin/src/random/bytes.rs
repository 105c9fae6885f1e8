//! `random_bytes`: secret bytes.

use super::dice::Dice;
use super::keepers;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use terrane_model::provider::{ImportTarget, ProviderDiagnostic};
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Change, Object, Refusal, Resource};
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_value::Value;

#[derive(Debug)]
pub(super) struct RandomBytes(pub(super) Dice);

/// The attributes that resource and ephemeral resource share.
pub(super) fn block() -> Block {
    Block::new()
        .attr(
            "base64",
            Attribute::string()
                .computed()
                .sensitive()
                .described("The bytes in base64."),
        )
        .attr(
            "hex",
            Attribute::string()
                .computed()
                .sensitive()
                .described("The bytes in lowercase hexadecimal."),
        )
        .attr(
            "length",
            Attribute::number()
                .required()
                .described("How many bytes, at least 1."),
        )
}

/// The object that shows these bytes.
pub(super) fn shown(object: &Value, bytes: &[u8]) -> Value {
    let changes = [
        ("base64", Value::string(STANDARD.encode(bytes))),
        ("hex", Value::string(hex::encode(bytes))),
    ];
    args::with_all(object, changes)
}

#[async_trait]
impl Resource for RandomBytes {
    fn schema(&self) -> Schema {
        Schema::new(0, block().attr("keepers", keepers::attribute()))
    }

    fn lives_in_state_alone(&self) -> bool {
        true
    }

    fn rules(&self) -> Rules {
        Rules::new().replace(&["length"])
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        args::check_range(config, "length", 1, i64::MAX)
            .into_iter()
            .collect()
    }

    async fn plan(
        &self,
        schema: &Schema,
        rules: &Rules,
        request: PlanRequest,
    ) -> Answered<PlanResponse> {
        Ok(keepers::plan(schema, rules, &request))
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        let bytes = self.0.bytes(keepers::count(&change.planned, "length")?);
        Ok(change.done(shown(&change.planned, &bytes)))
    }

    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let bytes = STANDARD
            .decode(keepers::import_id(target)?)
            .map_err(|problem| {
                Refusal::error(
                    "Import Random bytes Error",
                    format!("The id is not base64: {problem}"),
                )
            })?;
        let length = Value::number(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
        let empty = args::with(&self.schema().block.empty_value(), "length", length);
        Ok(Object::new(shown(&empty, &bytes)))
    }
}
