//! Calls that are refused: which are made again, and when that ends.

use super::pool::{Message, Pool};
use crate::interrupt::Interrupt;
use crate::providers::Registry;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use terrane_config::compile::compile;
use terrane_config::config::{Config, ProviderId};
use terrane_config::load::{Loader, ModuleFile, ModuleFolder};
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{
    Abilities, Answer, Call, CallFailure, Places, Private, ProviderInfo, Reply,
};
use terrane_model::schema::ProviderSchema;
use terrane_plan::machine::{ProviderInstance, RequestId};
use terrane_provider::{Provider, ProviderFactory, Providers};
use terrane_value::{Type, Value};

/// A provider that refuses its first calls.
#[derive(Debug)]
struct Refusing {
    addr: ProviderAddr,
    resolves_tokens: bool,
    may_have_happened: bool,
    /// How many it still refuses.
    refuses: AtomicU32,
    calls: AtomicU32,
    /// Raised by the first call.
    interrupt: Option<Arc<Interrupt>>,
}

/// The same one, for factory and instance.
#[derive(Clone, Debug)]
struct Shared(Arc<Refusing>);

#[async_trait]
impl ProviderFactory for Shared {
    fn addr(&self) -> ProviderAddr {
        self.0.addr.clone()
    }

    fn version(&self) -> String {
        "1.0.0".to_owned()
    }

    async fn info(&self) -> Result<ProviderInfo, CallFailure> {
        Ok(self.0.about())
    }

    async fn start(&self) -> Result<Arc<dyn Provider>, CallFailure> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Provider for Shared {
    async fn call(&self, call: Call) -> Result<Reply, CallFailure> {
        self.0.calls.fetch_add(1, Ordering::SeqCst);
        if let Some(interrupt) = &self.0.interrupt {
            interrupt.raise();
        }
        let left = self
            .0
            .refuses
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if left.is_ok() {
            return Err(CallFailure {
                message: "slow down".to_owned(),
                retry_after_ms: Some(1),
                may_have_happened: self.0.may_have_happened,
            });
        }
        Ok(Reply::ok(match call {
            Call::Apply { planned, .. } => Answer::Apply {
                state: planned,
                private: no_private(),
                identity: Value::null(Type::Dynamic),
                legacy_type_system: false,
            },
            _ => Answer::Done,
        }))
    }
}

impl Refusing {
    fn about(&self) -> ProviderInfo {
        ProviderInfo {
            schema: Arc::new(ProviderSchema::default()),
            abilities: Abilities {
                resolves_tokens: self.resolves_tokens,
                ..Abilities::default()
            },
            reads_many: BTreeMap::new(),
        }
    }
}

/// A configuration with one provider configuration, of this provider.
fn config(addr: &ProviderAddr) -> Arc<Config> {
    let content = b"terraform {\n  required_providers {\n    cloud = { source = \"example/cloud\" }\n  }\n}\nprovider \"cloud\" {}\n";
    let mut loader = Loader::new(ModuleFolder {
        dir: ".".into(),
        files: vec![ModuleFile {
            name: "main.tf".to_owned(),
            content: content.to_vec(),
        }],
    });
    assert!(loader.poll().is_none());
    let (tree, sources, diagnostics) = loader.finish();
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    let schemas = BTreeMap::from([(addr.clone(), Arc::new(ProviderSchema::default()))]);
    let (config, diagnostics) = compile(&tree, &sources, &schemas);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    Arc::new(config)
}

fn no_private() -> Private {
    Private::from([])
}

fn apply() -> Call {
    Call::Apply {
        type_name: "cloud_thing".into(),
        prior: Value::null(Type::Dynamic),
        planned: Value::string("made"),
        config: Value::string("made"),
        private: no_private(),
        meta: Value::null(Type::Dynamic),
        identity: Value::null(Type::Dynamic),
        token: "t".into(),
    }
}

/// What became of one call, and how often it was made.
async fn play(provider: Refusing, call: Call) -> (Result<Reply, CallFailure>, u32) {
    let addr = provider.addr.clone();
    let config = config(&addr);
    let interrupt = provider.interrupt.clone().unwrap_or_default();
    let provider = Arc::new(provider);
    let registry = Registry::of(
        Providers::new().with(Arc::new(Shared(provider.clone()))),
        BTreeMap::from([(addr.clone(), provider.about())]),
    );
    let index = config
        .providers
        .iter()
        .position(|declared| declared.addr.provider == addr)
        .unwrap();
    let id = ProviderId(u32::try_from(index).unwrap());
    let mut pool = Pool::new(config, Arc::new(registry), interrupt, Places::exactly(4));
    let from = ProviderInstance {
        config: id,
        key: None,
    };
    pool.submit(RequestId(7), from, None, call);
    assert!(pool.dispatch().await.is_empty());
    let Some(Message::Reply { id, outcome, .. }) = pool.next().await else {
        panic!("no answer");
    };
    assert_eq!(id, RequestId(7));
    assert!(pool.is_idle());
    (outcome, provider.calls.load(Ordering::SeqCst))
}

fn refusing(refuses: u32) -> Refusing {
    Refusing {
        addr: ProviderAddr::default_host("example", "cloud"),
        resolves_tokens: false,
        may_have_happened: false,
        refuses: AtomicU32::new(refuses),
        calls: AtomicU32::new(0),
        interrupt: None,
    }
}

#[tokio::test]
async fn what_is_refused_is_asked_again() {
    let (outcome, calls) = play(refusing(2), apply()).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(calls, 3);
}

/// A change that may have been made is made again only by a provider that knows it by its token.
#[tokio::test]
async fn what_may_have_happened_is_not_done_twice() {
    for (resolves_tokens, call, expected) in [
        (false, apply(), 1),
        (true, apply(), 2),
        // Asking does no harm.
        (false, Call::GetFunctions, 2),
    ] {
        let provider = Refusing {
            resolves_tokens,
            may_have_happened: true,
            ..refusing(1)
        };
        let what = format!("{resolves_tokens} {call:?}");
        let (outcome, calls) = play(provider, call).await;
        assert_eq!(calls, expected, "{what}");
        assert_eq!(outcome.is_ok(), expected == 2, "{what}");
    }
}

#[tokio::test]
async fn after_an_interrupt_nothing_is_asked_again() {
    let provider = Refusing {
        interrupt: Some(Arc::new(Interrupt::default())),
        ..refusing(5)
    };
    let (outcome, calls) = play(provider, apply()).await;
    assert_eq!(calls, 1);
    assert_eq!(outcome.unwrap_err().message, "slow down");
}
