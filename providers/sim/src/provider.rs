//! The world as a provider.

use crate::schema::{addr, provider_schema};
use crate::world::{Handled, World};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{Abilities, Call, CallFailure, ProviderInfo, Reply};
use terrane_provider::{Provider, ProviderFactory};

/// Makes providers of one world.
#[derive(Clone, Debug)]
pub struct SimFactory {
    world: World,
    waits: bool,
    max_in_flight: u32,
    crashes: bool,
}

/// A provider of a world.
#[derive(Clone, Debug)]
pub struct SimProvider {
    world: World,
    waits: bool,
    crashes: bool,
}

impl SimFactory {
    /// Providers that answer at once, whatever time the world says it takes.
    #[must_use]
    pub fn new(world: World) -> Self {
        Self {
            world,
            waits: false,
            max_in_flight: 0,
            crashes: false,
        }
    }

    /// Providers that take the time that the world says (by the runtime's clock, which tests can pause).
    #[must_use]
    pub fn waiting(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Providers that say they take at most so many calls at once.
    #[must_use]
    pub fn max_in_flight(mut self, most: u32) -> Self {
        self.max_in_flight = most;
        self
    }

    /// Providers that panic when they are asked to change something, with all that they were asked in the message, as careless programs do.
    #[must_use]
    pub fn crashing(mut self) -> Self {
        self.crashes = true;
        self
    }

    /// What is known of the provider, without a runtime.
    #[must_use]
    pub fn describe(&self) -> ProviderInfo {
        ProviderInfo {
            schema: provider_schema(),
            abilities: Abilities {
                plan_destroy: true,
                move_state: false,
                generates_config: false,
                trusts_current_state: true,
                resolves_tokens: self.world.traits().resolves_tokens,
                max_in_flight: self.max_in_flight,
                instant: false,
            },
        }
    }
}

#[async_trait]
impl ProviderFactory for SimFactory {
    fn addr(&self) -> ProviderAddr {
        addr()
    }

    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    async fn info(&self) -> Result<ProviderInfo, CallFailure> {
        Ok(self.describe())
    }

    async fn start(&self) -> Result<Arc<dyn Provider>, CallFailure> {
        Ok(Arc::new(SimProvider {
            world: self.world.clone(),
            waits: self.waits,
            crashes: self.crashes,
        }))
    }
}

#[async_trait]
impl Provider for SimProvider {
    /// The effect comes first, then the wait: a caller that is cancelled while it waits does not know that it happened.
    async fn call(&self, call: Call) -> Result<Reply, CallFailure> {
        if self.crashes
            && let Call::Apply { config, .. } = &call
        {
            panic!("can't go on with {config:?}");
        }
        let Handled { result, took_ms } = self.world.handle(call);
        if self.waits {
            tokio::time::sleep(Duration::from_millis(took_ms)).await;
        }
        result
    }
}
