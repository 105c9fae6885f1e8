//! The ephemeral `random_password` and `random_bytes`: new each time, never stored.

use super::dice::Dice;
use super::{bytes, keepers, recipe};
use async_trait::async_trait;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::{Attribute, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Ephemeral};
use terrane_value::Value;

#[derive(Debug)]
pub(super) struct EphemeralBytes(pub(super) Dice);

#[async_trait]
impl Ephemeral for EphemeralBytes {
    fn schema(&self) -> Schema {
        Schema::new(0, bytes::block())
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        args::check_range(config, "length", 1, i64::MAX)
            .into_iter()
            .collect()
    }

    async fn open(&self, config: Value) -> Answered<Value> {
        let secret = self.0.bytes(keepers::count(&config, "length")?);
        Ok(bytes::shown(&config, &secret))
    }
}

#[derive(Debug)]
pub(super) struct EphemeralPassword(pub(super) Dice);

#[async_trait]
impl Ephemeral for EphemeralPassword {
    fn schema(&self) -> Schema {
        let secret = |text: &str| Attribute::string().computed().sensitive().described(text);
        let block = recipe::block()
            .attr(
                "bcrypt_hash",
                secret("A bcrypt hash of the generated random string (of its first 72 bytes)."),
            )
            .attr("result", secret("The generated random string."));
        Schema::new(0, block)
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        recipe::validate(config)
    }

    async fn open(&self, config: Value) -> Answered<Value> {
        let text = recipe::generate(&self.0, &config)?;
        let hash = recipe::bcrypt_hash_aside(&self.0, &text).await?;
        let defaults = ["lower", "numeric", "special", "upper"]
            .map(|name| (name, Value::TRUE))
            .into_iter()
            .chain(
                ["min_lower", "min_numeric", "min_special", "min_upper"]
                    .map(|name| (name, Value::number(0))),
            )
            .filter(|(name, _)| !args::is_set(&config, name));
        let object = args::with_all(&config, defaults);
        let results = [
            ("bcrypt_hash", Value::string(hash)),
            ("result", Value::string_nfc(&text)),
        ];
        Ok(args::with_all(&object, results))
    }
}
