//! `hashicorp/random`.

mod bytes;
mod dice;
mod ephemeral;
mod id;
mod integer;
mod keepers;
mod password;
mod pet;
mod recipe;
mod seeded;
mod seeded_table;
mod shuffle;
mod uuid;

use crate::Options;
use terrane_model::addr::ProviderAddr;
use terrane_provider::native::NativeProvider;

/// The provider.
pub(crate) fn provider(options: &Options) -> NativeProvider {
    let addr = ProviderAddr::default_host("hashicorp", "random");
    let dice = dice::Dice::new(options.entropy.clone());
    let uuid = |kind| uuid::RandomUuid {
        kind,
        dice: dice.clone(),
        clock: options.clock.clone(),
    };
    NativeProvider::builder(addr, "3.9.0")
        .resource("random_bytes", bytes::RandomBytes(dice.clone()))
        .resource("random_id", id::RandomId(dice.clone()))
        .resource("random_integer", integer::RandomInteger(dice.clone()))
        .resource(
            "random_password",
            password::RandomText::password(dice.clone()),
        )
        .resource("random_pet", pet::RandomPet(dice.clone()))
        .resource("random_shuffle", shuffle::RandomShuffle(dice.clone()))
        .resource("random_string", password::RandomText::string(dice.clone()))
        .resource("random_uuid", uuid(uuid::Kind::Plain))
        .resource("random_uuid4", uuid(uuid::Kind::Version4))
        .resource("random_uuid7", uuid(uuid::Kind::Version7))
        .ephemeral("random_bytes", ephemeral::EphemeralBytes(dice.clone()))
        .ephemeral("random_password", ephemeral::EphemeralPassword(dice))
        // Not `instant`: a bcrypt hash takes a tenth of a second.
        .resolves_tokens()
        .build()
}
