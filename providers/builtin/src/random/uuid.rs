//! `random_uuid`, `random_uuid4`, `random_uuid7`.

use super::dice::Dice;
use super::keepers;
use crate::doors::{Clock, hyphenated};
use async_trait::async_trait;
use std::sync::Arc;
use terrane_model::provider::ImportTarget;
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Change, Object, Refusal, Resource};
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 128 random bits, in the notation of UUIDs but of no version.
    Plain,
    /// Version 4: random.
    Version4,
    /// Version 7: begins with the time.
    Version7,
}

#[derive(Debug)]
pub(super) struct RandomUuid {
    pub(super) kind: Kind,
    pub(super) dice: Dice,
    pub(super) clock: Arc<dyn Clock>,
}

impl RandomUuid {
    fn generate(&self) -> String {
        let mut bytes = [0; 16];
        self.dice.fill(&mut bytes);
        let version = match self.kind {
            Kind::Plain => return hyphenated(&bytes),
            Kind::Version4 => 4,
            Kind::Version7 => {
                let millis = self.clock.now().as_millisecond().to_be_bytes();
                for (to, from) in bytes.iter_mut().zip(&millis[2..]) {
                    *to = *from;
                }
                7
            }
        };
        bytes[6] = bytes[6] & 0x0f | version << 4;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        hyphenated(&bytes)
    }
}

/// The UUID in lower case, if it is one.
fn parse(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths = parts.iter().map(|part| part.len());
    let hex = parts
        .iter()
        .all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (hex && lengths.eq([8, 4, 4, 4, 12])).then(|| text.to_ascii_lowercase())
}

fn shown(object: &Value, uuid: &str) -> Value {
    let changes = [("id", Value::string(uuid)), ("result", Value::string(uuid))];
    args::with_all(object, changes)
}

#[async_trait]
impl Resource for RandomUuid {
    fn schema(&self) -> Schema {
        let block = Block::new()
            .attr("id", keepers::id("The uuid."))
            .attr("keepers", keepers::attribute())
            .attr(
                "result",
                Attribute::string().computed().described("The uuid."),
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
        Ok(keepers::plan(schema, rules, &request))
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        Ok(change.done(shown(&change.planned, &self.generate())))
    }

    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let id = keepers::import_id(target)?;
        let uuid = parse(id).ok_or_else(|| {
            Refusal::error(
                "Import Random UUID Error",
                "There was an error during the parsing of the UUID: not 8-4-4-4-12 hex digits.",
            )
        })?;
        Ok(Object::new(shown(
            &self.schema().block.empty_value(),
            &uuid,
        )))
    }
}
