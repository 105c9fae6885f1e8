//! The world as a provider.

use crate::deferral::Deferral;
use crate::schema::{addr, kinds, provider_schema};
use crate::world::{Handled, World};
use async_trait::async_trait;
use ecow::EcoString;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{Abilities, Answer, Call, CallFailure, ProviderInfo, Reply};
use terrane_model::schema::{Function, Parameter};
use terrane_provider::{Provider, ProviderFactory, args};
use terrane_value::{Type, Value};

/// Makes providers of one world.
#[derive(Clone, Debug)]
pub struct SimFactory {
    world: World,
    waits: bool,
    max_in_flight: u32,
    crashes: bool,
    /// How many objects one call reads; `None`: one by one only.
    reads_many: Option<u32>,
}

/// A provider of a world. One that is configured with a region has a function of its own: `in_region`. What it puts off, [`Deferral`] says.
#[derive(Clone, Debug)]
pub struct SimProvider {
    world: World,
    waits: bool,
    region: OnceLock<EcoString>,
    deferral: Deferral,
    crashes: bool,
}

impl SimProvider {
    /// Calls that depend on how this instance is configured.
    fn own(&self, call: &Call) -> Option<Reply> {
        match call {
            Call::Configure { config, .. } => {
                if let Some(region) = args::string(config, "region") {
                    // It is configured once.
                    self.region.get_or_init(|| region.into());
                }
                None
            }
            Call::GetFunctions => {
                let mut functions = provider_schema().functions.clone();
                if self.region.get().is_some() {
                    let function = Function::new(Type::String, "A name as it is in the region.");
                    let function = function.parameter(Parameter::new("name", Type::String));
                    functions.insert("in_region".into(), Arc::new(function));
                }
                Some(Reply::ok(Answer::Functions(functions)))
            }
            Call::CallFunction { name, arguments } if name == "in_region" => {
                let region = self.region.get()?;
                let name = arguments.first().and_then(Value::as_str);
                let result = match name {
                    Some(name) if !name.is_empty() => Ok(Value::string(format!("{region}/{name}"))),
                    _ => Err((String::from("a name is required"), Some(0))),
                };
                Some(Reply::ok(Answer::Function(result)))
            }
            _ => None,
        }
    }
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
            reads_many: Some(0),
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

    /// Providers that read so many objects in one call; 0: as many as there are; `None`: each by itself.
    #[must_use]
    pub fn reads_many(mut self, most: Option<u32>) -> Self {
        self.reads_many = most;
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
            reads_many: self
                .reads_many
                .iter()
                .flat_map(|most| kinds().iter().map(|kind| (kind.name.into(), *most)))
                .collect(),
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
            region: OnceLock::new(),
            deferral: Deferral::default(),
            crashes: self.crashes,
        }))
    }
}

#[async_trait]
impl Provider for SimProvider {
    /// The effect comes first, then the wait: a caller that is cancelled while it waits does not know that it happened.
    async fn call(&self, call: Call) -> Result<Reply, CallFailure> {
        if let Some(reply) = self.own(&call).or_else(|| self.deferral.answer(&call)) {
            return Ok(reply);
        }
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
