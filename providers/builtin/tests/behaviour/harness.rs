//! A provider and the usual calls.

use std::sync::Arc;
use terrane_builtin::Options;
use terrane_builtin::doors::{ManualClock, SeededEntropy};
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{Answer, Call, ImportTarget, RawObject, Reply};
use terrane_model::schema::{ProviderSchema, Schema};
use terrane_provider::{Provider, args, conformance};
use terrane_value::{Path, Value};

pub(crate) struct Harness {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) schema: Arc<ProviderSchema>,
    pub(crate) clock: Arc<ManualClock>,
}

/// 2024-01-31T10:20:30Z
pub(crate) const NOW: i64 = 1_706_696_430;

pub(crate) fn text(text: &str) -> Value {
    Value::string(text)
}

pub(crate) fn number(number: i64) -> Value {
    Value::number(number)
}

pub(crate) async fn harness(name: &str) -> Harness {
    with_options(name, |_| {}).await
}

pub(crate) async fn with_options(name: &str, change: impl FnOnce(&mut Options)) -> Harness {
    let clock = Arc::new(ManualClock::new(jiff::Timestamp::constant(NOW, 0)));
    let mut options = Options {
        entropy: Arc::new(SeededEntropy::new(7)),
        clock: clock.clone(),
        ..Options::default()
    };
    change(&mut options);
    let addr = match name {
        "terraform" => ProviderAddr::builtin(),
        name => ProviderAddr::default_host("hashicorp", name),
    };
    let providers = terrane_builtin::all(&options);
    let factory = providers.get(&addr).expect("it is built in");
    Harness {
        provider: factory.start().await.expect("it starts"),
        schema: factory.info().await.expect("it has schemas").schema,
        clock,
    }
}

impl Harness {
    pub(crate) async fn reply(&self, call: Call) -> Reply {
        self.provider.call(call).await.expect("it answers")
    }

    pub(crate) async fn answer(&self, call: Call) -> Answer {
        let reply = self.reply(call).await;
        assert!(!reply.has_errors(), "{:?}", reply.diagnostics);
        reply.answer.expect("an answer without errors is there")
    }

    fn resource(&self, type_name: &str) -> &Schema {
        &self.schema.resources[type_name]
    }

    pub(crate) fn config(&self, type_name: &str, set: &[(&str, Value)]) -> Value {
        let empty = self.resource(type_name).block.empty_value();
        args::with_all(
            &empty,
            set.iter().map(|(name, value)| (*name, value.clone())),
        )
    }

    pub(crate) async fn plan(
        &self,
        type_name: &str,
        prior: &Value,
        config: &Value,
    ) -> (Value, Vec<Path>) {
        let block = &self.resource(type_name).block;
        let call = Call::Plan {
            type_name: type_name.into(),
            prior: prior.clone(),
            proposed: conformance::proposed_new(block, prior, config),
            config: config.clone(),
            private: Default::default(),
            meta: Value::NULL,
            identity: Value::NULL,
        };
        match self.answer(call).await {
            Answer::Plan {
                planned,
                requires_replace,
                ..
            } => (planned, requires_replace),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn try_apply(&self, type_name: &str, prior: &Value, config: &Value) -> Reply {
        let planned = if config.is_null() {
            config.clone()
        } else {
            self.plan(type_name, prior, config).await.0
        };
        let call = Call::Apply {
            type_name: type_name.into(),
            prior: prior.clone(),
            planned,
            config: config.clone(),
            private: Default::default(),
            meta: Value::NULL,
            identity: Value::NULL,
            token: "token".into(),
        };
        self.reply(call).await
    }

    /// Whether creation is refused.
    pub(crate) async fn try_apply_fails(&self, type_name: &str, config: &Value) -> bool {
        self.try_apply(type_name, &Value::NULL, config)
            .await
            .has_errors()
    }

    pub(crate) async fn apply(&self, type_name: &str, prior: &Value, config: &Value) -> Value {
        let reply = self.try_apply(type_name, prior, config).await;
        match reply.answer {
            Some(Answer::Apply { state, .. }) => state,
            _ => panic!("{:?}", reply.diagnostics),
        }
    }

    pub(crate) async fn create(&self, type_name: &str, set: &[(&str, Value)]) -> Value {
        let config = self.config(type_name, set);
        self.apply(type_name, &Value::NULL, &config).await
    }

    pub(crate) async fn read(&self, type_name: &str, current: &Value) -> Value {
        let call = Call::Read {
            type_name: type_name.into(),
            current: current.clone(),
            private: Default::default(),
            meta: Value::NULL,
            identity: Value::NULL,
        };
        match self.answer(call).await {
            Answer::Read { state, .. } => state,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn import(&self, type_name: &str, id: &str) -> Value {
        let call = Call::Import {
            type_name: type_name.into(),
            target: ImportTarget::Id(id.into()),
        };
        match self.answer(call).await {
            Answer::Objects(objects) => objects[0].state.clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn upgrade(&self, type_name: &str, version: u64, json: &str) -> Value {
        let call = Call::UpgradeState {
            type_name: type_name.into(),
            stored: RawObject {
                schema_version: version,
                json: json.into(),
            },
        };
        match self.answer(call).await {
            Answer::Value(value) => value,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn function(&self, name: &str, arguments: &[Value]) -> Result<Value, String> {
        let call = Call::CallFunction {
            name: name.into(),
            arguments: arguments.to_vec(),
        };
        match self.answer(call).await {
            Answer::Function(result) => result.map_err(|(message, _)| message),
            other => panic!("{other:?}"),
        }
    }
}

/// The attributes of an object by name, for comparison.
pub(crate) fn pick(object: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| args::get(object, name)).collect()
}
