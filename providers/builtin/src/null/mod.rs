//! `hashicorp/null`.

mod data_source;
mod resource;

use crate::Options;
use terrane_model::addr::ProviderAddr;
use terrane_provider::native::NativeProvider;

/// The provider.
pub(crate) fn provider(options: &Options) -> NativeProvider {
    let addr = ProviderAddr::default_host("hashicorp", "null");
    NativeProvider::builder(addr, "3.2.4")
        .resource(
            "null_resource",
            resource::NullResource(options.entropy.clone()),
        )
        .data_source(
            "null_data_source",
            data_source::NullDataSource(options.entropy.clone()),
        )
        .instant()
        .resolves_tokens()
        .build()
}

/// A positive 63-bit number in decimal digits, as the ids of this provider are.
fn random_number(entropy: &dyn crate::doors::Entropy) -> String {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    (u64::from_be_bytes(bytes) >> 1).to_string()
}
