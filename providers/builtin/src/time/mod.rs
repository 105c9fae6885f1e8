//! `hashicorp/time`.

use crate::Options;
use terrane_model::addr::ProviderAddr;
use terrane_provider::native::NativeProvider;

/// The provider.
pub(crate) fn provider(_options: &Options) -> NativeProvider {
    let addr = ProviderAddr::default_host("hashicorp", "time");
    NativeProvider::builder(addr, "0.14.0").build()
}
