//! `random_pet`: names that people can say.

use super::dice::Dice;
use super::keepers;
use async_trait::async_trait;
use petname::Petnames;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Change, Object, Resource};
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_value::Value;

#[derive(Debug)]
pub(super) struct RandomPet(pub(super) Dice);

/// Adverbs, one adjective, one name: as many words as asked for, at least one.
fn words(dice: &Dice, length: usize) -> Vec<&'static str> {
    let lists = Petnames::<'static>::small();
    let pick = |list: &[&'static str]| dice.choose(list).copied();
    (0..length.max(1))
        .rev()
        .filter_map(|left| match left {
            0 => pick(&lists.nouns),
            1 => pick(&lists.adjectives),
            _ => pick(&lists.adverbs),
        })
        .collect()
}

#[async_trait]
impl Resource for RandomPet {
    fn schema(&self) -> Schema {
        let block = Block::new()
            .attr("id", keepers::id("The random pet name."))
            .attr("keepers", keepers::attribute())
            .attr(
                "length",
                Attribute::number()
                    .optional()
                    .computed()
                    .described("How many words. Defaults to 2"),
            )
            .attr(
                "prefix",
                Attribute::string()
                    .optional()
                    .described("Stands before the name."),
            )
            .attr(
                "separator",
                Attribute::string()
                    .optional()
                    .computed()
                    .described("Stands between words. Defaults to \"-\""),
            );
        Schema::new(0, block)
    }

    fn lives_in_state_alone(&self) -> bool {
        true
    }

    fn rules(&self) -> Rules {
        Rules::new()
            .unset_is("length", Value::number(2))
            .unset_is("separator", Value::string("-"))
            .replace(&["length", "prefix", "separator"])
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        args::check_range(config, "length", i64::MIN, i64::MAX)
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
        let separator = args::string(&change.planned, "separator").unwrap_or("-");
        let length = keepers::count(&change.planned, "length")?;
        let mut name = words(&self.0, length).join(separator);
        if let Some(prefix) =
            args::string(&change.planned, "prefix").filter(|text| !text.is_empty())
        {
            name = format!("{prefix}{separator}{name}");
        }
        Ok(change.done(args::with(&change.planned, "id", Value::string_nfc(&name))))
    }
}
