//! The providers of a test: the simulated cloud and the built-in ones.

use super::Recall;
use futures::FutureExt as _;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_builtin::Options;
use terrane_builtin::doors::SeededEntropy;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{Call, CallFailure, ProviderDiagnostic, ProviderInfo, Reply};
use terrane_model::schema::ProviderSchema;
use terrane_provider::Provider;
use terrane_sim::{SimFactory, World};

/// The simulated cloud, and the built-in providers whose calls never wait.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// What really exists.
    pub world: World,
    infos: BTreeMap<ProviderAddr, ProviderInfo>,
    builtin: BTreeMap<ProviderAddr, Arc<dyn Provider>>,
    quoting: Option<Quoting>,
    recall: Option<Recall>,
}

/// Calls that fail, and quote all that they were asked with in what they say.
#[derive(Clone, Copy, Debug)]
pub struct Quoting {
    /// Which.
    pub calls: fn(&Call) -> bool,
    /// There is an answer, with the quotation in a message; else there is none.
    pub answers: bool,
}

impl Cloud {
    /// Around a world. `seed` is for the randomness of the built-in providers.
    #[must_use]
    pub fn new(world: World, seed: u64) -> Self {
        let options = Options {
            entropy: Arc::new(SeededEntropy::new(seed)),
            ..Options::default()
        };
        let mut infos = BTreeMap::new();
        let mut builtin = BTreeMap::new();
        for factory in terrane_builtin::all(&options).iter() {
            let info = factory.info().now_or_never().and_then(Result::ok);
            let started = factory.start().now_or_never().and_then(Result::ok);
            if let (Some(info), Some(provider)) = (info, started) {
                infos.insert(factory.addr(), info);
                builtin.insert(factory.addr(), provider);
            }
        }
        infos.insert(
            terrane_sim::addr(),
            SimFactory::new(world.clone()).describe(),
        );
        Self {
            world,
            infos,
            builtin,
            quoting: None,
            recall: None,
        }
    }

    /// The same cloud; these calls fail.
    #[must_use]
    pub fn quoting(&self, quoting: Option<Quoting>) -> Self {
        Self {
            quoting,
            ..self.clone()
        }
    }

    /// The same cloud; what providers need not be asked again is answered from this memory.
    #[must_use]
    pub fn recalling(mut self, recall: Recall) -> Self {
        self.recall = Some(recall);
        self
    }

    /// What is asked before its providers.
    pub(crate) fn recall(&self) -> Option<&Recall> {
        self.recall.as_ref()
    }

    /// The same cloud; its providers want to be asked about every stored object, as plugins do.
    #[must_use]
    pub fn distrusting(mut self) -> Self {
        for info in self.infos.values_mut() {
            info.abilities.trusts_current_state = false;
        }
        self
    }

    /// The same cloud; its provider says that it takes at most so many calls at once.
    #[must_use]
    pub fn taking(mut self, most: u32) -> Self {
        if let Some(info) = self.infos.get_mut(&terrane_sim::addr()) {
            info.abilities.max_in_flight = most;
        }
        self
    }

    /// Schemas and abilities.
    #[must_use]
    pub fn infos(&self) -> &BTreeMap<ProviderAddr, ProviderInfo> {
        &self.infos
    }

    /// Schemas.
    #[must_use]
    pub fn schemas(&self) -> BTreeMap<ProviderAddr, Arc<ProviderSchema>> {
        self.infos
            .iter()
            .map(|(addr, info)| (addr.clone(), info.schema.clone()))
            .collect()
    }

    /// Carries out a call. With the time that it took, in milliseconds.
    pub(crate) fn call(
        &self,
        provider: &ProviderAddr,
        call: Call,
    ) -> (Result<Reply, CallFailure>, u64) {
        if *provider == terrane_sim::addr()
            && let Some(quoting) = self.quoting.filter(|quoting| (quoting.calls)(&call))
        {
            return (quoting.outcome(&call), 0);
        }
        if *provider == terrane_sim::addr() {
            let handled = self.world.handle(call);
            return (handled.result, handled.took_ms);
        }
        let failure = |message: &str| CallFailure {
            message: message.to_owned(),
            retry_after_ms: None,
            may_have_happened: false,
        };
        let answer = match self.builtin.get(provider) {
            Some(provider) => provider
                .call(call)
                .now_or_never()
                .unwrap_or_else(|| Err(failure("the call would have to wait"))),
            None => Err(failure("there is no such provider")),
        };
        (answer, 0)
    }
}

impl Quoting {
    fn outcome(self, call: &Call) -> Result<Reply, CallFailure> {
        let quotation = format!("it was asked {call:?}");
        if self.answers {
            let message = ProviderDiagnostic::error("Refused", quotation);
            return Ok(Reply::error(message));
        }
        Err(CallFailure {
            message: quotation,
            retry_after_ms: None,
            may_have_happened: false,
        })
    }
}
