//! What the built-in providers ask of the outside: randomness, time, other states.

use async_trait::async_trait;
use ecow::EcoString;
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use terrane_value::Value;

/// What the providers are given.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where random bytes come from.
    pub entropy: Arc<dyn Entropy>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How other states are read.
    pub remote_state: Arc<dyn RemoteState>,
    /// How the text of a `.tfvars` file is read (the language is not a provider's to know).
    pub tfvars: Arc<dyn TfvarsReader>,
}

impl Default for Options {
    /// The system's randomness and clock; no other states, no `.tfvars`.
    fn default() -> Self {
        Self {
            entropy: Arc::new(SystemEntropy),
            clock: Arc::new(SystemClock),
            remote_state: Arc::new(Nothing),
            tfvars: Arc::new(Nothing),
        }
    }
}

/// A source of random bytes, fit for secrets.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills the bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// The system's.
#[derive(Clone, Copy, Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// One that gives the same bytes for the same seed, in the order of the calls. For tests and simulations.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<StdRng>);

impl SeededEntropy {
    /// From a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rng.fill_bytes(bytes);
    }
}

/// A clock.
#[async_trait]
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Returns after so long.
    async fn sleep(&self, duration: Duration);
}

/// The system's, and the sleep of the runtime.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// One that stands still except in sleeps, which pass at once. For tests and simulations.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// Standing at this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves on.
    pub fn advance(&self, duration: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(duration).unwrap_or(Timestamp::MAX);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}

/// The outputs of a state, by name.
pub type Outputs = BTreeMap<EcoString, Value>;

/// Reads other states, for `terraform_remote_state`.
#[async_trait]
pub trait RemoteState: Send + Sync + fmt::Debug {
    /// What is wrong with this configuration of a backend, if anything. `config` is an object or a map, wholly known.
    fn check(&self, backend: &str, config: &Value) -> Option<String>;

    /// The outputs of the root module in the state of this workspace; `None` if there is no state.
    ///
    /// # Errors
    /// Says why the state cannot be read.
    async fn outputs(
        &self,
        backend: &str,
        config: &Value,
        workspace: &str,
    ) -> Result<Option<Outputs>, String>;
}

/// Reads the text of `.tfvars` files.
pub trait TfvarsReader: Send + Sync + fmt::Debug {
    /// The object that the text describes.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    fn read(&self, text: &str) -> Result<Value, String>;
}

/// Knows no backend and reads no `.tfvars`: says so.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

#[async_trait]
impl RemoteState for Nothing {
    fn check(&self, backend: &str, _config: &Value) -> Option<String> {
        Some(format!("There is no backend type named \"{backend}\"."))
    }

    async fn outputs(
        &self,
        backend: &str,
        _config: &Value,
        _workspace: &str,
    ) -> Result<Option<Outputs>, String> {
        Err(format!("there is no backend type named \"{backend}\""))
    }
}

impl TfvarsReader for Nothing {
    fn read(&self, _text: &str) -> Result<Value, String> {
        Err("reading of .tfvars text is not available here".to_owned())
    }
}

/// Random bytes as 8-4-4-4-12 hex digits. Not a UUID of any version: all 128 bits are random, as in the peers.
#[must_use]
pub fn random_uuid(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    hyphenated(&bytes)
}

/// 16 bytes as 8-4-4-4-12 hex digits.
#[must_use]
pub fn hyphenated(bytes: &[u8; 16]) -> String {
    let mut text = hex::encode(bytes);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}
