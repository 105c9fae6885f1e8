//! Serves one of the built-in providers: the one whose type is in the name under which it is called.

use std::process::ExitCode;
use terrane_builtin::Options;
use terrane_model::addr::ProviderAddr;
use terrane_plugin_tests as _;
use terrane_provider::ProviderFactory;

/// One of the factories of a set.
#[derive(Debug)]
struct One(std::sync::Arc<dyn ProviderFactory>);

#[async_trait::async_trait]
impl ProviderFactory for One {
    fn addr(&self) -> ProviderAddr {
        self.0.addr()
    }

    fn version(&self) -> String {
        self.0.version()
    }

    async fn info(
        &self,
    ) -> Result<terrane_model::provider::ProviderInfo, terrane_model::provider::CallFailure> {
        self.0.info().await
    }

    async fn start(
        &self,
    ) -> Result<std::sync::Arc<dyn terrane_provider::Provider>, terrane_model::provider::CallFailure>
    {
        self.0.start().await
    }
}

fn main() -> ExitCode {
    let called = std::env::args_os().next().unwrap_or_default();
    let called = std::path::Path::new(&called);
    let name = called.file_name().unwrap_or_default().to_string_lossy();
    let type_name = name.strip_prefix("terraform-provider-").unwrap_or_default();
    let all = terrane_builtin::all(&Options::default());
    let addr = ProviderAddr::default_host("hashicorp", type_name);
    match all.get(&addr) {
        Some(factory) => terrane_serve::run(One(factory.clone())),
        None => ExitCode::FAILURE,
    }
}
