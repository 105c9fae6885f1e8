//! `hashicorp/local`. Relative paths are relative to the working directory of the process.

mod data_source;
mod digest;
mod direxists;
mod file;

use terrane_model::addr::ProviderAddr;
use terrane_provider::native::NativeProvider;

/// The provider.
pub(crate) fn provider() -> NativeProvider {
    let addr = ProviderAddr::default_host("hashicorp", "local");
    NativeProvider::builder(addr, "2.6.0")
        .resource("local_file", file::File { secret: false })
        .resource("local_sensitive_file", file::File { secret: true })
        .data_source("local_file", data_source::FileSource { secret: false })
        .data_source(
            "local_sensitive_file",
            data_source::FileSource { secret: true },
        )
        .function("direxists", direxists::DirExists)
        .resolves_tokens()
        .build()
}
