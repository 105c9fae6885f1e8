//! `time_sleep`: waits when it is made and when it is deleted.

use super::stamp::Stamp;
use super::{duration, fields};
use crate::doors::Clock;
use async_trait::async_trait;
use std::sync::Arc;
use terrane_model::provider::{ImportTarget, ProviderDiagnostic};
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Change, Object, Refusal, Resource};
use terrane_provider::plan::Rules;
use terrane_value::Value;

#[derive(Debug)]
pub(super) struct TimeSleep(pub(super) Arc<dyn Clock>);

const DURATIONS: [&str; 2] = ["create_duration", "destroy_duration"];

impl TimeSleep {
    /// Waits as long as the attribute says.
    async fn wait(&self, object: &Value, name: &str) -> Answered<()> {
        let Some(text) = args::string(object, name) else {
            return Ok(());
        };
        let time = duration::wait(text).ok_or_else(|| {
            args::complaint(
                name,
                "Invalid duration",
                format!("\"{text}\" is no duration."),
            )
        })?;
        self.0.sleep(time).await;
        Ok(())
    }
}

#[async_trait]
impl Resource for TimeSleep {
    fn schema(&self) -> Schema {
        let length = |text: &str| Attribute::string().optional().described(text);
        let block = Block::new()
            .attr("create_duration", length("How long to wait when it is made, such as `30s`. A change alone waits for nothing."))
            .attr("destroy_duration", length("How long to wait when it is deleted, such as `30s`."))
            .attr(
                "id",
                Attribute::string()
                    .computed()
                    .described("RFC 3339 format of the time of creation."),
            )
            .attr(
                "triggers",
                Attribute::string_map()
                    .optional()
                    .described("Arbitrary values that, when changed, wait again."),
            );
        Schema::new(0, block)
    }

    fn lives_in_state_alone(&self) -> bool {
        true
    }

    fn rules(&self) -> Rules {
        Rules::new().replace(&["triggers"])
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        let wrong = DURATIONS.into_iter().filter_map(|name| {
            let text = args::string(config, name)?;
            duration::parse(text).is_none().then(|| {
                args::complaint(
                    name,
                    "Invalid Attribute Value Match",
                    format!("\"{text}\" is no duration: numbers with units, such as \"300ms\", \"1.5h\" or \"2h45m\"."),
                )
            })
        });
        args::check_at_least_one(config, &DURATIONS)
            .into_iter()
            .chain(wrong)
            .collect()
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        self.wait(&change.planned, "create_duration").await?;
        let id = Value::string(Stamp::utc(self.0.now()).text());
        Ok(change.done(args::with(&change.planned, "id", id)))
    }

    async fn delete(&self, change: Change) -> Answered<()> {
        self.wait(&change.prior, "destroy_duration").await
    }

    /// The id is `create_duration,destroy_duration`, of which one may be empty.
    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let parts = fields::import_parts(target)?;
        let known = parts
            .iter()
            .all(|part| part.is_empty() || duration::parse(part).is_some());
        let (&[create, destroy], true) = (parts.as_slice(), known) else {
            return Err(Refusal::error(
                "Import time sleep error",
                "The id must look like CREATEDURATION,DESTROYDURATION",
            ));
        };
        let id = Value::string(Stamp::utc(self.0.now()).text());
        let set = [("create_duration", create), ("destroy_duration", destroy)]
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name, Value::string(text)))
            .chain([("id", id)]);
        Ok(Object::new(args::with_all(
            &self.schema().block.empty_value(),
            set,
        )))
    }

    fn is_interruptible(&self) -> bool {
        true
    }
}
