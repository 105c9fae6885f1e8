//! `time_offset`: a time so far from another one.

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
pub(super) struct TimeOffset(pub(super) Arc<dyn Clock>);

const OFFSETS: [&str; 6] = [
    "offset_days",
    "offset_hours",
    "offset_minutes",
    "offset_months",
    "offset_seconds",
    "offset_years",
];

/// The object with the time that its base and offsets give. The id is the base: it stays when the offsets change.
fn shown(object: &Value, base: Stamp) -> Answered<Value> {
    let stamp = fields::moved(base, object)?;
    let object = args::with_all(object, fields::shown(stamp));
    let texts = [
        ("id", Value::string(base.text())),
        ("rfc3339", Value::string(stamp.text())),
    ];
    Ok(args::with_all(&object, texts))
}

#[async_trait]
impl Resource for TimeOffset {
    fn schema(&self) -> Schema {
        let block = OFFSETS.into_iter().fold(fields::block(), |block, name| {
            let text = "How far to move. At least one of the `offset_` arguments is needed.";
            block.attr(name, Attribute::number().optional().described(text))
        });
        let block = block
            .attr(
                "base_rfc3339",
                Attribute::string()
                    .optional()
                    .computed()
                    .described("The timestamp to start from. Defaults to the time of creation."),
            )
            .attr(
                "rfc3339",
                Attribute::string()
                    .computed()
                    .described("The timestamp that the offsets lead to."),
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
        let ranges = OFFSETS
            .into_iter()
            .filter_map(|name| args::check_range(config, name, i64::MIN, i64::MAX));
        args::check_at_least_one(config, &OFFSETS)
            .into_iter()
            .chain(fields::check(config, "base_rfc3339"))
            .chain(ranges)
            .collect()
    }

    /// A change of offsets shows the time that it leads to; one of the base alone, as published, when it is made.
    async fn plan(
        &self,
        schema: &Schema,
        rules: &Rules,
        request: PlanRequest,
    ) -> Answered<PlanResponse> {
        let mut response = rules.plan(schema, &request);
        let other_base = request.changes("base_rfc3339");
        let other_offset = OFFSETS.into_iter().any(|name| request.changes(name));
        let same = !other_base && !other_offset;
        if request.creates() || same || !response.requires_replace.is_empty() {
            return Ok(response);
        }
        let unknown = OFFSETS
            .iter()
            .any(|name| args::is_unknown(&response.planned, name));
        match fields::read(&response.planned, "base_rfc3339")? {
            Some(base) if other_offset && !unknown => {
                response.planned = shown(&response.planned, base)?;
            }
            _ => {
                let computed = fields::shown(Stamp::utc(self.0.now()))
                    .map(|(name, value)| (name, Value::unknown(value.ty())));
                let planned = args::with_all(&response.planned, computed);
                let text = || Value::unknown(terrane_value::Type::String);
                response.planned = args::with(&planned, "rfc3339", text());
                if other_base {
                    response.planned = args::with(&response.planned, "id", text());
                }
            }
        }
        Ok(response)
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        let planned = &change.planned;
        let state = match fields::read(planned, "base_rfc3339")? {
            Some(base) => shown(planned, base)?,
            None => {
                let now = Stamp::utc(self.0.now());
                let text = Value::string(now.text());
                args::with(&shown(planned, now)?, "base_rfc3339", text)
            }
        };
        Ok(change.done(state))
    }

    async fn update(&self, change: Change) -> Answered<Object> {
        self.create(change).await
    }

    /// The id is the base and the offsets: years, months, days, hours, minutes, seconds.
    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let parts = fields::import_parts(target)?;
        let &[text, years, months, days, hours, minutes, seconds] = parts.as_slice() else {
            return Err(Refusal::error(
                "Import time offset error",
                "The id must look like BASETIMESTAMP,YEARS,MONTHS,DAYS,HOURS,MINUTES,SECONDS",
            ));
        };
        let base = Stamp::parse(text).ok_or_else(|| {
            Refusal::error(
                "Import time offset error",
                "The base must be a timestamp in RFC3339 format.",
            )
        })?;
        let object = fields::with_numbers(
            self.schema().block.empty_value(),
            &[
                ("offset_years", years),
                ("offset_months", months),
                ("offset_days", days),
                ("offset_hours", hours),
                ("offset_minutes", minutes),
                ("offset_seconds", seconds),
            ],
        )?;
        let object = args::with(&object, "base_rfc3339", Value::string(text));
        Ok(Object::new(shown(&object, base)?))
    }
}
