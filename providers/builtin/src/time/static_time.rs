//! `time_static`: the time of creation, or a given one.

use super::fields;
use super::stamp::Stamp;
use crate::doors::Clock;
use async_trait::async_trait;
use std::sync::Arc;
use terrane_model::provider::{ImportTarget, ProviderDiagnostic};
use terrane_model::schema::{Attribute, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Change, Object, Refusal, Resource};
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_value::Value;

#[derive(Debug)]
pub(super) struct TimeStatic(pub(super) Arc<dyn Clock>);

fn shown(object: &Value, stamp: Stamp) -> Value {
    let object = args::with_all(object, fields::shown(stamp));
    args::with(&object, "id", Value::string(stamp.text()))
}

#[async_trait]
impl Resource for TimeStatic {
    fn schema(&self) -> Schema {
        let block = fields::block().attr(
            "rfc3339",
            Attribute::string()
                .optional()
                .computed()
                .described("The timestamp. Defaults to the time of creation."),
        );
        Schema::new(0, block)
    }

    fn lives_in_state_alone(&self) -> bool {
        true
    }

    fn rules(&self) -> Rules {
        Rules::new().replace(&["rfc3339", "triggers"])
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        fields::check(config, "rfc3339").into_iter().collect()
    }

    /// Where the configuration gives the time, everything is known.
    async fn plan(
        &self,
        schema: &Schema,
        rules: &Rules,
        request: PlanRequest,
    ) -> Answered<PlanResponse> {
        let mut response = rules.plan(schema, &request);
        if let Some(stamp) = fields::read(&request.config, "rfc3339")? {
            response.planned = shown(&response.planned, stamp);
        }
        Ok(response)
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        let planned = &change.planned;
        let state = match fields::read(planned, "rfc3339")? {
            Some(stamp) => shown(planned, stamp),
            None => {
                let now = Stamp::utc(self.0.now());
                args::with(&shown(planned, now), "rfc3339", Value::string(now.text()))
            }
        };
        Ok(change.done(state))
    }

    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let parts = fields::import_parts(target)?;
        let text = parts.first().copied().unwrap_or_default();
        let stamp = Stamp::parse(text).ok_or_else(|| {
            Refusal::error(
                "Import time static error",
                "The id must be a timestamp in RFC3339 format.",
            )
        })?;
        let object = shown(&self.schema().block.empty_value(), stamp);
        Ok(Object::new(args::with(
            &object,
            "rfc3339",
            Value::string(text),
        )))
    }
}
