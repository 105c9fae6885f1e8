//! `random_password` and `random_string`: one resource, but that a password is secret and has a hash.

use super::dice::Dice;
use super::{keepers, recipe};
use async_trait::async_trait;
use terrane_model::provider::{ImportTarget, ProviderDiagnostic, RawObject};
use terrane_model::schema::{Attribute, Schema};
use terrane_provider::args;
use terrane_provider::conform::decode_stored;
use terrane_provider::native::{Answered, Change, Object, Refusal, Resource};
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_value::{Path, Value};

#[derive(Debug)]
pub(super) struct RandomText {
    dice: Dice,
    secret: bool,
}

impl RandomText {
    pub(super) fn password(dice: Dice) -> Self {
        Self { dice, secret: true }
    }

    pub(super) fn string(dice: Dice) -> Self {
        Self {
            dice,
            secret: false,
        }
    }

    /// The object that shows this text.
    async fn shown(&self, object: &Value, text: &str) -> Answered<Value> {
        let result = Value::string_nfc(text);
        if !self.secret {
            return Ok(args::with_all(
                object,
                [("id", result.clone()), ("result", result)],
            ));
        }
        let hash = recipe::bcrypt_hash_aside(&self.dice, text).await?;
        let changes = [
            ("bcrypt_hash", Value::string(hash)),
            ("id", Value::string("none")),
            ("result", result),
        ];
        Ok(args::with_all(object, changes))
    }
}

/// The defaults, apart from `number` and `numeric`.
const DEFAULTS: [(&str, Value); 3] = [
    ("lower", Value::TRUE),
    ("special", Value::TRUE),
    ("upper", Value::TRUE),
];
const MINIMUMS: [&str; 4] = ["min_lower", "min_numeric", "min_special", "min_upper"];

/// `number` is the old name of `numeric`: each has the value of the one that is set.
fn numeric(config: &Value) -> Value {
    ["numeric", "number"]
        .into_iter()
        .find(|name| args::is_set(config, name))
        .map_or(Value::TRUE, |name| args::get(config, name))
}

/// Fills in the defaults where an object has null.
fn with_defaults(object: &Value) -> Value {
    let unset = |name: &&str| !args::is_set(object, name);
    let number = numeric(object);
    let defaults = DEFAULTS
        .into_iter()
        .chain(MINIMUMS.map(|name| (name, Value::number(0))))
        .chain([("number", number.clone()), ("numeric", number)])
        .filter(|(name, _)| unset(name));
    args::with_all(object, defaults)
}

fn is_empty(object: &Value, name: &str) -> bool {
    let value = args::get(object, name);
    value.is_null() || value.as_str() == Some("")
}

#[async_trait]
impl Resource for RandomText {
    fn schema(&self) -> Schema {
        let mut result = Attribute::string()
            .computed()
            .described("The generated random string.");
        let mut block = recipe::block();
        if self.secret {
            result = result.sensitive();
            let hash = Attribute::string().computed().sensitive();
            block = block.attr(
                "bcrypt_hash",
                hash.described(
                    "A bcrypt hash of the generated random string (of its first 72 bytes).",
                ),
            );
        }
        let number = Attribute::bool()
            .optional()
            .computed()
            .deprecated("**NOTE**: This is deprecated, use `numeric` instead.")
            .described("The old name of `numeric`.");
        block = block
            .attr(
                "id",
                keepers::id(if self.secret {
                    "A static value; not to be referred to."
                } else {
                    "The generated random string."
                }),
            )
            .attr("keepers", keepers::attribute())
            .attr("number", number)
            .attr("result", result);
        Schema::new(if self.secret { 3 } else { 2 }, block)
    }

    fn lives_in_state_alone(&self) -> bool {
        true
    }

    fn rules(&self) -> Rules {
        let rules = DEFAULTS
            .into_iter()
            .fold(Rules::new(), |rules, (name, value)| {
                rules.unset_is(name, value).replace(&[name])
            });
        MINIMUMS
            .into_iter()
            .fold(rules, |rules, name| {
                rules.unset_is(name, Value::number(0)).replace(&[name])
            })
            .replace(&["length", "number", "numeric"])
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        let mut problems = recipe::validate(config);
        let (number, numeric) = (args::bool(config, "number"), args::bool(config, "numeric"));
        if let (Some(number), Some(numeric)) = (number, numeric)
            && number != numeric
        {
            problems.push(args::complaint(
                "number",
                "Number and numeric have different values",
                "Number is deprecated, use numeric instead. Where both are set, they must have the same value.",
            ));
        }
        problems
    }

    async fn plan(
        &self,
        schema: &Schema,
        rules: &Rules,
        request: PlanRequest,
    ) -> Answered<PlanResponse> {
        let number = numeric(&request.config);
        let both = ["number", "numeric"]
            .into_iter()
            .filter(|name| !args::is_set(&request.config, name))
            .map(|name| (name, number.clone()));
        let proposed = args::with_all(&request.proposed, both);
        let request = PlanRequest {
            proposed,
            ..request
        };
        let mut response = keepers::plan(schema, rules, &request);
        // From "" to null is no change of the letters: older versions stored the one for the other.
        let name = "override_special";
        let empty = is_empty(&request.prior, name) && is_empty(&response.planned, name);
        if !request.creates() && !empty && request.changes(name) {
            response.requires_replace.push(Path::new().attr(name));
        }
        Ok(response)
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        let text = recipe::generate(&self.dice, &change.planned)?;
        Ok(change.done(self.shown(&change.planned, &text).await?))
    }

    /// The id is the text; everything else has its default.
    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let text = keepers::import_id(target)?;
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        let empty = self.schema().block.empty_value();
        let object = with_defaults(&args::with(&empty, "length", Value::number(length)));
        Ok(Object::new(self.shown(&object, text).await?))
    }

    /// Older versions left null what has a default, knew `number` alone, and had no hash or a wrong one.
    async fn upgrade(&self, schema: &Schema, stored: &RawObject) -> Answered<Value> {
        let object = decode_stored(&stored.json, schema.block.implied_type())
            .map_err(|problem| Refusal::error("Unreadable stored object", problem))?;
        if stored.schema_version >= schema.version {
            return Ok(object);
        }
        let mut object = with_defaults(&object);
        let text = args::string(&object, "result")
            .unwrap_or_default()
            .to_owned();
        if !args::is_set(&object, "length") {
            let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            object = args::with(&object, "length", Value::number(length));
        }
        if is_empty(&object, "override_special") {
            object = args::with(
                &object,
                "override_special",
                Value::null(terrane_value::Type::String),
            );
        }
        let kept = text.as_bytes();
        let kept = &kept[..kept.len().min(72)];
        let matches = args::string(&object, "bcrypt_hash")
            .is_some_and(|hash| bcrypt::verify(kept, hash).unwrap_or(false));
        if self.secret && !matches {
            let hash = recipe::bcrypt_hash_aside(&self.dice, &text).await?;
            object = args::with(&object, "bcrypt_hash", Value::string(hash));
        }
        Ok(object)
    }
}
