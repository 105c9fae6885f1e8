//! How the world is touched: the trait that every provider implements.
//!
//! Calls and answers are data of `terrane-model`; this crate adds
//! * the two traits, [`ProviderFactory`] and [`Provider`];
//! * [`Providers`], the set of factories that a command knows;
//! * what native providers are made of: [`native`] (one trait per kind of thing, and the provider that serves them), [`plan`] (the usual
//!   plan of a change, from the schema and a few rules), [`args`] (reading configuration without panics);
//! * [`conformance`], the suite that every implementation passes.
//!
//! Nothing here knows of graphs, state or configuration files.

use async_trait::async_trait;
use std::sync::Arc;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{Call, CallFailure, ProviderInfo, Reply};

pub mod args;
pub mod conform;
pub mod conformance;
pub mod native;
pub mod plan;
mod registry;

pub use registry::Providers;

/// A kind of provider: what a provider binary is to the peers. Makes configured instances.
#[async_trait]
pub trait ProviderFactory: Send + Sync + std::fmt::Debug {
    /// Where it comes from.
    fn addr(&self) -> ProviderAddr;

    /// Its version, for people and the lock file. What is no version number (of a program in development) meets every constraint.
    fn version(&self) -> String;

    /// What tells this very program from every other one, with those variables of the environment that it reads by name. Answers that depend on nothing but this
    /// and the question may be kept. `None`: that can't be told.
    fn identity(&self) -> Option<String> {
        None
    }

    /// Its schemas and abilities, without configuring it.
    async fn info(&self) -> Result<ProviderInfo, CallFailure>;

    /// A new instance, to be configured with [`Call::Configure`] before calls that need configuration.
    async fn start(&self) -> Result<Arc<dyn Provider>, CallFailure>;
}

/// One instance of a provider, with one configuration.
///
/// Every call may run at the same time as any other, except that [`Call::Configure`] comes first and once.
#[async_trait]
pub trait Provider: Send + Sync + std::fmt::Debug {
    /// Carries out one call. The answer has the shape that [`terrane_model::provider::Answer`] names for the call.
    ///
    /// # Errors
    /// Only when the call had no answer (process died, connection lost). Messages about input are in the reply.
    async fn call(&self, call: Call) -> Result<Reply, CallFailure>;

    /// Asks calls in flight to end soon (first interrupt).
    async fn stop(&self) {}
}
