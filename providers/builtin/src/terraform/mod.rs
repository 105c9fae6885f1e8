//! `terraform.io/builtin/terraform`.

mod data;
mod encode;
mod functions;
mod remote_state;

use crate::Options;
use terrane_model::addr::ProviderAddr;
use terrane_provider::native::NativeProvider;

/// The provider.
pub(crate) fn provider(options: &Options) -> NativeProvider {
    NativeProvider::builder(ProviderAddr::builtin(), env!("CARGO_PKG_VERSION"))
        .resource("terraform_data", data::Data(options.entropy.clone()))
        .data_source(
            "terraform_remote_state",
            remote_state::RemoteStateSource(options.remote_state.clone()),
        )
        .function("encode_tfvars", functions::EncodeTfvars)
        .function("encode_expr", functions::EncodeExpr)
        .function(
            "decode_tfvars",
            functions::DecodeTfvars(options.tfvars.clone()),
        )
        .moves_state()
        .instant()
        .resolves_tokens()
        .build()
}
