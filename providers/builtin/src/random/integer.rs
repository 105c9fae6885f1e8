//! `random_integer`: a number in a range.

use super::dice::Dice;
use super::keepers;
use super::seeded::Seeded;
use async_trait::async_trait;
use terrane_model::provider::{ImportTarget, ProviderDiagnostic};
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Change, Object, Refusal, Resource};
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_value::Value;

#[derive(Debug)]
pub(super) struct RandomInteger(pub(super) Dice);

#[async_trait]
impl Resource for RandomInteger {
    fn schema(&self) -> Schema {
        let block = Block::new()
            .attr("id", keepers::id("The result as a string."))
            .attr("keepers", keepers::attribute())
            .attr(
                "max",
                Attribute::number()
                    .required()
                    .described("The largest value that may come."),
            )
            .attr(
                "min",
                Attribute::number()
                    .required()
                    .described("The smallest value that may come."),
            )
            .attr(
                "result",
                Attribute::number()
                    .computed()
                    .described("The random number."),
            )
            .attr(
                "seed",
                Attribute::string()
                    .optional()
                    .described("The same seed always gives the same value."),
            );
        Schema::new(0, block)
    }

    fn lives_in_state_alone(&self) -> bool {
        true
    }

    fn rules(&self) -> Rules {
        Rules::new().replace(&["max", "min", "seed"])
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        ["min", "max"]
            .into_iter()
            .filter_map(|name| args::check_range(config, name, i64::MIN, i64::MAX))
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
        let bound = |name| args::int(&change.planned, name);
        let (Some(min), Some(max)) = (bound("min"), bound("max")) else {
            return Err(Refusal::error(
                "Create Random Integer Error",
                "The bounds must be whole numbers.",
            ));
        };
        if max < min {
            return Err(Refusal::error(
                "Create Random Integer Error",
                "The minimum (min) value needs to be smaller than or equal to maximum (max) value.",
            ));
        }
        let most = max.abs_diff(min);
        let seed = args::string(&change.planned, "seed").unwrap_or_default();
        let above = match Seeded::new(seed) {
            None => self.0.up_to(most),
            Some(mut seeded) if most < u64::MAX >> 1 => seeded.below(most + 1),
            Some(_) => {
                return Err(Refusal::error(
                    "Create Random Integer Error",
                    "With a seed, there may be at most 2^63 - 1 numbers between the minimum (min) and the maximum (max).",
                ));
            }
        };
        let result = min.wrapping_add_unsigned(above);
        let changes = [
            ("id", Value::string(result.to_string())),
            ("result", Value::number(result)),
        ];
        Ok(change.done(args::with_all(&change.planned, changes)))
    }

    /// The id is `result,min,max` or `result,min,max,seed`.
    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let id = keepers::import_id(target)?;
        let parts: Vec<&str> = id.split(',').collect();
        let (&[result, min, max] | &[result, min, max, _]) = parts.as_slice() else {
            return Err(Refusal::error(
                "Import Random Integer Error",
                "Invalid import usage: expecting {result},{min},{max} or {result},{min},{max},{seed}",
            ));
        };
        let number = |name: &str, text: &str| -> Answered<Value> {
            let number: i64 = text.parse().map_err(|_| {
                Refusal::error(
                    "Import Random Integer Error",
                    format!("The value supplied for {name} could not be parsed as an integer."),
                )
            })?;
            Ok(Value::number(number))
        };
        let mut object = args::with_all(
            &self.schema().block.empty_value(),
            [
                ("id", Value::string(result)),
                ("result", number("result", result)?),
                ("min", number("min", min)?),
                ("max", number("max", max)?),
            ],
        );
        if let &[_, _, _, seed] = parts.as_slice() {
            object = args::with(&object, "seed", Value::string_nfc(seed));
        }
        Ok(Object::new(object))
    }
}
