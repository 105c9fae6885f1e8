//! `random_shuffle`: items of a list in random order.

use super::dice::Dice;
use super::keepers;
use super::seeded::Seeded;
use async_trait::async_trait;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Change, Object, Refusal, Resource};
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_value::{Kind, Type, Value};

#[derive(Debug)]
pub(super) struct RandomShuffle(pub(super) Dice);

/// So many items: whole permutations one after the other, the last one cut off.
fn draw(dice: &Dice, seed: &str, items: &[Value], count: usize) -> Vec<Value> {
    let mut seeded = Seeded::new(seed);
    let mut result = Vec::with_capacity(count);
    while result.len() < count && !items.is_empty() {
        let mut round: Vec<Value> = match &mut seeded {
            Some(seeded) => {
                let order = seeded.permutation(items.len());
                order
                    .iter()
                    .filter_map(|at| items.get(*at).cloned())
                    .collect()
            }
            None => {
                let mut round = items.to_vec();
                dice.shuffle(&mut round);
                round
            }
        };
        round.truncate(count - result.len());
        result.append(&mut round);
    }
    result
}

#[async_trait]
impl Resource for RandomShuffle {
    fn schema(&self) -> Schema {
        let block = Block::new()
            .attr("id", keepers::id("A static value; not to be referred to."))
            .attr(
                "input",
                Attribute::string_list()
                    .required()
                    .described("The strings to shuffle."),
            )
            .attr("keepers", keepers::attribute())
            .attr(
                "result",
                Attribute::string_list()
                    .computed()
                    .described("The strings in random order."),
            )
            .attr(
                "result_count",
                Attribute::number().optional().described(
                    "How many to return: fewer leave some out, more repeat them. Defaults to as many as there are.",
                ),
            )
            .attr(
                "seed",
                Attribute::string()
                    .optional()
                    .described("Makes the result less volatile."),
            );
        Schema::new(0, block)
    }

    fn lives_in_state_alone(&self) -> bool {
        true
    }

    fn rules(&self) -> Rules {
        Rules::new().replace(&["input", "result_count", "seed"])
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        args::check_range(config, "result_count", 0, i64::MAX)
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
        let input = args::get(&change.planned, "input");
        let Kind::List(items) = input.kind() else {
            return Err(Refusal::error(
                "Create Random Shuffle Error",
                "The input must be a list.",
            ));
        };
        let count = if args::is_set(&change.planned, "result_count") {
            keepers::count(&change.planned, "result_count")?
        } else {
            items.len()
        };
        let seed = args::string(&change.planned, "seed").unwrap_or_default();
        let changes = [
            ("id", Value::string("-")),
            (
                "result",
                Value::list(Type::String, draw(&self.0, seed, items, count)),
            ),
        ];
        Ok(change.done(args::with_all(&change.planned, changes)))
    }
}
