//! `time_rotating`: a time that is over some day, and then made anew.

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
use terrane_value::{Path, Type, Value};

#[derive(Debug)]
pub(super) struct TimeRotating(pub(super) Arc<dyn Clock>);

const ROTATIONS: [&str; 5] = [
    "rotation_days",
    "rotation_hours",
    "rotation_minutes",
    "rotation_months",
    "rotation_years",
];

const END: &str = "rotation_rfc3339";

/// The object with the parts of the time when it is due. The id is the base: it stays when the rotation changes.
fn shown(object: &Value, base: Stamp) -> Answered<Value> {
    let due = fields::due(base, object)?;
    let object = args::with_all(object, fields::shown(due));
    let texts = [
        ("id", Value::string(base.text())),
        ("rfc3339", Value::string(base.text())),
        (END, Value::string(due.text())),
    ];
    Ok(args::with_all(&object, texts))
}

#[async_trait]
impl Resource for TimeRotating {
    fn schema(&self) -> Schema {
        let block = ROTATIONS.into_iter().fold(fields::block(), |block, name| {
            let text =
                "How long until the rotation. At least one of the `rotation_` arguments is needed.";
            block.attr(name, Attribute::number().optional().described(text))
        });
        let timestamp = |text: &str| Attribute::string().optional().computed().described(text);
        let block = block
            .attr(
                "rfc3339",
                timestamp("The timestamp to start from. Defaults to the time of creation."),
            )
            .attr(END, timestamp("When the rotation is due."));
        Schema::new(0, block)
    }

    fn lives_in_state_alone(&self) -> bool {
        true
    }

    fn rules(&self) -> Rules {
        Rules::new().replace(&["rfc3339", "triggers"])
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        let mut names = ROTATIONS.to_vec();
        names.push(END);
        let ranges = ROTATIONS
            .into_iter()
            .filter_map(|name| args::check_range(config, name, 1, i64::MAX));
        args::check_at_least_one(config, &names)
            .into_iter()
            .chain(
                ["rfc3339", END]
                    .into_iter()
                    .filter_map(|name| fields::check(config, name)),
            )
            .chain(ranges)
            .collect()
    }

    /// A change of the rotation shows when it is due.
    async fn plan(
        &self,
        schema: &Schema,
        rules: &Rules,
        request: PlanRequest,
    ) -> Answered<PlanResponse> {
        let mut response = rules.plan(schema, &request);
        let mut names = ROTATIONS.into_iter().chain([END]);
        let replaces = request.creates() || !response.requires_replace.is_empty();
        if replaces || !names.any(|name| request.changes(name)) {
            return Ok(response);
        }
        // Without an end of its own the configuration does not keep the one that was.
        let end = args::get(&request.config, END);
        let asked = args::with(&response.planned, END, end);
        let known = |name| !args::is_unknown(&asked, name);
        response.planned = match fields::read(&asked, "rfc3339")? {
            Some(base) if ROTATIONS.into_iter().chain([END]).all(known) => shown(&asked, base)?,
            _ => {
                let parts = fields::shown(Stamp::utc(self.0.now()))
                    .map(|(name, value)| (name, Value::unknown(value.ty())));
                let planned = args::with_all(&asked, parts);
                args::with(&planned, END, Value::unknown(Type::String))
            }
        };
        let was = fields::read(&request.prior, END)?;
        let over = was.is_some_and(|end| self.0.now() > end.timestamp);
        if over && args::get(&response.planned, END) != args::get(&request.prior, END) {
            response.requires_replace.push(Path::new().attr(END));
        }
        Ok(response)
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        let base = fields::read(&change.planned, "rfc3339")?;
        let base = base.unwrap_or_else(|| Stamp::utc(self.0.now()));
        let state = shown(&change.planned, base)?;
        Ok(change.done(state))
    }

    async fn update(&self, change: Change) -> Answered<Object> {
        self.create(change).await
    }

    /// Once the rotation is due, the object counts as gone: it is made again.
    async fn read(&self, object: Object) -> Answered<Option<Object>> {
        let due = fields::read(&object.state, END)?.is_some_and(|end| self.0.now() > end.timestamp);
        Ok((!due).then_some(object))
    }

    /// The id is the base and either the end or the lengths: years, months, days, hours, minutes.
    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let parts = fields::import_parts(target)?;
        let empty = self.schema().block.empty_value();
        let object = match *parts.as_slice() {
            [_, end] if Stamp::parse(end).is_some() => args::with(&empty, END, Value::string(end)),
            [_, years, months, days, hours, minutes] => fields::with_numbers(
                empty,
                &[
                    ("rotation_years", years),
                    ("rotation_months", months),
                    ("rotation_days", days),
                    ("rotation_hours", hours),
                    ("rotation_minutes", minutes),
                ],
            )?,
            _ => {
                return Err(Refusal::error(
                    "Import time rotating error",
                    "The id must look like BASETIMESTAMP,YEARS,MONTHS,DAYS,HOURS,MINUTES or BASETIMESTAMP,ROTATIONTIMESTAMP",
                ));
            }
        };
        let text = parts.first().copied().unwrap_or_default();
        let base = Stamp::parse(text).ok_or_else(|| {
            Refusal::error(
                "Import time rotating error",
                "The base must be a timestamp in RFC3339 format.",
            )
        })?;
        let object = args::with(&object, "rfc3339", Value::string(text));
        Ok(Object::new(shown(&object, base)?))
    }
}
