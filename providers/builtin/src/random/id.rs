//! `random_id`: random bytes as a name, in several notations.

use super::dice::Dice;
use super::keepers;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use num_bigint::BigUint;
use terrane_model::provider::{ImportTarget, ProviderDiagnostic};
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Change, Object, Refusal, Resource};
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_value::Value;

#[derive(Debug)]
pub(super) struct RandomId(pub(super) Dice);

/// Longer ones are refused: writing them in decimal digits would take too long.
const MAX_BYTES: i64 = 1 << 16;

fn shown(object: &Value, prefix: &str, bytes: &[u8]) -> Value {
    let url = URL_SAFE_NO_PAD.encode(bytes);
    let prefixed = |text: String| Value::string(format!("{prefix}{text}"));
    let decimal = BigUint::from_bytes_be(bytes).to_string();
    let changes = [
        ("b64_std", prefixed(STANDARD.encode(bytes))),
        ("b64_url", prefixed(url.clone())),
        ("dec", prefixed(decimal)),
        ("hex", prefixed(hex::encode(bytes))),
        ("id", Value::string(url)),
    ];
    args::with_all(object, changes)
}

#[async_trait]
impl Resource for RandomId {
    fn schema(&self) -> Schema {
        let computed = |text: &str| Attribute::string().computed().described(text);
        let block = Block::new()
            .attr("b64_std", computed("The id in base64, after the prefix."))
            .attr(
                "b64_url",
                computed("The id in URL-friendly base64, after the prefix."),
            )
            .attr(
                "byte_length",
                Attribute::number()
                    .required()
                    .described("How many random bytes, at least 1."),
            )
            .attr(
                "dec",
                computed("The id in decimal digits, after the prefix."),
            )
            .attr(
                "hex",
                computed("The id in hexadecimal digits, after the prefix."),
            )
            .attr(
                "id",
                computed("The id in URL-friendly base64, without prefix."),
            )
            .attr("keepers", keepers::attribute())
            .attr(
                "prefix",
                Attribute::string()
                    .optional()
                    .described("Stands before each notation, as it is."),
            );
        Schema::new(0, block)
    }

    fn lives_in_state_alone(&self) -> bool {
        true
    }

    fn rules(&self) -> Rules {
        Rules::new().replace(&["byte_length", "prefix"])
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        args::check_range(config, "byte_length", 0, MAX_BYTES)
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
        let bytes = self
            .0
            .bytes(keepers::count(&change.planned, "byte_length")?);
        let prefix = args::string(&change.planned, "prefix").unwrap_or_default();
        Ok(change.done(shown(&change.planned, prefix, &bytes)))
    }

    /// The id is the URL-friendly notation, or `prefix,notation`.
    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let id = keepers::import_id(target)?;
        let (prefix, text) = match id.rsplit_once(',') {
            Some((prefix, text)) => (Some(prefix), text),
            None => (None, id),
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|problem| {
            Refusal::error(
                "Import Random ID Error",
                format!("The id is not URL-friendly base64: {problem}"),
            )
        })?;
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let mut object = args::with(
            &self.schema().block.empty_value(),
            "byte_length",
            Value::number(length),
        );
        if let Some(prefix) = prefix {
            object = args::with(&object, "prefix", Value::string_nfc(prefix));
        }
        Ok(Object::new(shown(
            &object,
            prefix.unwrap_or_default(),
            &bytes,
        )))
    }
}
