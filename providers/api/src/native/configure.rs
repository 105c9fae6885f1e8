//! Providers with a configuration of their own.

use super::{Answered, NativeProvider};
use crate::{Provider, ProviderFactory};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{CallFailure, ProviderDiagnostic, ProviderInfo};
use terrane_model::schema::Schema;
use terrane_value::Value;

/// Takes the configuration of a provider, and gives what resources need of it to those who need it: as a rule through a `OnceLock` that it shares with them.
///
/// What is configured belongs to one instance, so such a provider is offered as a [`Configurable`], which makes all parts anew for each.
#[async_trait]
pub trait Configuration: Send + Sync + fmt::Debug {
    /// Its schema. Asked once.
    fn schema(&self) -> Schema;

    /// What is wrong with a configuration that fits the schema. It may hold unknowns.
    async fn validate(&self, _config: &Value) -> Vec<ProviderDiagnostic> {
        Vec::new()
    }

    /// Takes it. While planning it may hold unknowns.
    async fn configure(&self, config: Value) -> Answered<Vec<ProviderDiagnostic>>;
}

/// A factory that makes all parts of a provider anew for every instance.
#[derive(Clone)]
pub struct Configurable {
    /// For questions about it.
    model: NativeProvider,
    make: Arc<dyn Fn() -> NativeProvider + Send + Sync>,
}

impl Configurable {
    /// Instances are made by this function.
    #[must_use]
    pub fn new(make: impl Fn() -> NativeProvider + Send + Sync + 'static) -> Self {
        Self {
            model: make(),
            make: Arc::new(make),
        }
    }
}

impl fmt::Debug for Configurable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Configurable").field(&self.model).finish()
    }
}

#[async_trait]
impl ProviderFactory for Configurable {
    fn addr(&self) -> ProviderAddr {
        self.model.addr()
    }

    fn version(&self) -> String {
        self.model.version()
    }

    async fn info(&self) -> Result<ProviderInfo, CallFailure> {
        self.model.info().await
    }

    async fn start(&self) -> Result<Arc<dyn Provider>, CallFailure> {
        Ok(Arc::new((self.make)()))
    }
}
