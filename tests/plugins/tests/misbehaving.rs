//! Plugins that crash, hang, answer garbage, flood and send too much: a clear error that names the provider, nothing lost, no hang.

use std::time::{Duration, Instant};
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{
    Answer, Call, CallFailure, Deferred, ImportTarget, Private, RawObject, Reply,
};
use terrane_plugin::{Origin, PluginFactory, Program};
use terrane_provider::ProviderFactory as _;
use terrane_value::{Type, Value};

/// The plugin with this fault. Its environment is its own: `env` starts it.
fn fake(fault: &str) -> PluginFactory {
    fake_with(fault, "")
}

fn fake_with(fault: &str, file: &str) -> PluginFactory {
    let program = Program {
        arguments: vec![
            format!("FAKE_FAULT={fault}").into(),
            format!("FAKE_FILE={file}").into(),
            env!("CARGO_BIN_EXE_fake-provider").into(),
        ],
        ..Program::new("/usr/bin/env")
    };
    let addr = ProviderAddr::default_host("acme", "cloud");
    PluginFactory::new(addr, "1.0.0", Origin::Program(program))
}

fn thing(name: &str) -> Value {
    Value::object([("name", Value::string(name)), ("id", Value::string("1"))])
}

fn config() -> Value {
    Value::object([
        ("name", Value::string("a")),
        ("id", Value::null(Type::String)),
    ])
}

fn nothing() -> Value {
    Value::null(Type::object([("name", Type::String), ("id", Type::String)]))
}

fn stored() -> RawObject {
    RawObject {
        schema_version: 0,
        json: r#"{"name":"a","id":"1"}"#.into(),
    }
}

/// Every call, with its name in version 6 and whether it may change the world.
#[expect(clippy::too_many_lines, reason = "a table")]
fn calls() -> Vec<(&'static str, bool, Call)> {
    let type_name = || "cloud_thing".into();
    let none = Private::default;
    vec![
        (
            "ValidateProviderConfig",
            false,
            Call::ValidateProviderConfig {
                config: Value::object::<&str>([]),
            },
        ),
        (
            "ConfigureProvider",
            false,
            Call::Configure {
                may_defer: false,
                config: Value::object::<&str>([]),
            },
        ),
        (
            "ValidateResourceConfig",
            false,
            Call::ValidateResource {
                type_name: type_name(),
                config: config(),
            },
        ),
        (
            "ValidateDataResourceConfig",
            false,
            Call::ValidateDataSource {
                type_name: type_name(),
                config: config(),
            },
        ),
        (
            "ValidateEphemeralResourceConfig",
            false,
            Call::ValidateEphemeral {
                type_name: type_name(),
                config: config(),
            },
        ),
        (
            "UpgradeResourceState",
            false,
            Call::UpgradeState {
                type_name: type_name(),
                stored: stored(),
            },
        ),
        (
            "ReadResource",
            false,
            Call::Read {
                type_name: type_name(),
                current: thing("a"),
                private: none(),
                meta: Value::NULL,
                identity: Value::NULL,
            },
        ),
        (
            "PlanResourceChange",
            false,
            Call::Plan {
                type_name: type_name(),
                prior: nothing(),
                proposed: config(),
                config: config(),
                private: none(),
                meta: Value::NULL,
                identity: Value::NULL,
            },
        ),
        (
            "ApplyResourceChange",
            true,
            Call::Apply {
                type_name: type_name(),
                prior: nothing(),
                planned: config(),
                config: config(),
                private: none(),
                meta: Value::NULL,
                identity: Value::NULL,
                token: "t".into(),
            },
        ),
        (
            "ImportResourceState",
            false,
            Call::Import {
                type_name: type_name(),
                target: ImportTarget::Id("1".into()),
            },
        ),
        (
            "MoveResourceState",
            false,
            Call::Move {
                source_provider: "registry.terraform.io/acme/other".into(),
                source_type: "other_thing".into(),
                stored: stored(),
                private: none(),
                identity: None,
                type_name: type_name(),
            },
        ),
        (
            "ReadDataSource",
            false,
            Call::ReadDataSource {
                type_name: type_name(),
                config: config(),
                meta: Value::NULL,
            },
        ),
        (
            "OpenEphemeralResource",
            false,
            Call::OpenEphemeral {
                type_name: type_name(),
                config: config(),
            },
        ),
        (
            "RenewEphemeralResource",
            false,
            Call::RenewEphemeral {
                type_name: type_name(),
                private: none(),
            },
        ),
        (
            "CloseEphemeralResource",
            false,
            Call::CloseEphemeral {
                type_name: type_name(),
                private: none(),
            },
        ),
        (
            "CallFunction",
            false,
            Call::CallFunction {
                name: "echo".into(),
                arguments: vec![Value::string("x")],
            },
        ),
        (
            "GenerateResourceConfig",
            false,
            Call::GenerateConfig {
                type_name: type_name(),
                state: thing("a"),
            },
        ),
    ]
}

async fn outcome(fault: &str, call: Call) -> Result<Reply, CallFailure> {
    let factory = fake(fault);
    let provider = factory.start().await?;
    let outcome = provider.call(call).await;
    factory.end().await;
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_call_is_told_with_the_last_words() {
    for (name, changes, call) in calls() {
        let failure = outcome(&format!("crash@{name}"), call).await.unwrap_err();
        let text = &failure.message;
        assert!(text.contains("acme/cloud"), "{name}: {text}");
        assert!(
            text.contains("panic: the roof is on fire"),
            "{name}: {text}"
        );
        // What may have been made is not forgotten.
        assert_eq!(failure.may_have_happened, changes, "{name}");
        assert_eq!(failure.retry_after_ms, None, "{name}");
    }
    for name in ["GetProviderSchema", "GetResourceIdentitySchemas"] {
        let failure = fake(&format!("crash@{name}")).info().await.unwrap_err();
        assert!(
            failure.message.contains("the roof is on fire"),
            "{failure:?}"
        );
        assert!(failure.message.contains("acme/cloud"), "{failure:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_the_providers_mistake() {
    for fault in ["garbage", "nonsense", "wrong-type"] {
        for (name, changes, call) in calls() {
            let outcome = outcome(&format!("{fault}@{name}"), call).await;
            match outcome {
                Err(failure) => {
                    assert!(
                        failure.message.contains("acme/cloud"),
                        "{name}: {failure:?}"
                    );
                    assert_eq!(failure.may_have_happened, changes, "{fault} {name}");
                }
                // Answers that have no value in them: the bytes may be read as messages, or as nothing.
                Ok(reply) => assert!(
                    matches!(
                        reply.answer,
                        Some(Answer::Done | Answer::Ephemeral { .. } | Answer::Objects(_))
                    ),
                    "{fault} {name}: {reply:?}"
                ),
            }
        }
        let failure = fake(&format!("{fault}@GetProviderSchema")).info().await;
        assert!(failure.unwrap_err().message.contains("acme/cloud"));
    }
}

/// Plugins that were made without a library have no more than a host needs, and end when they are told to by a signal.
#[tokio::test(flavor = "multi_thread")]
async fn the_least_is_enough() {
    const LEAST: [&str; 8] = [
        "ValidateProviderConfig",
        "ConfigureProvider",
        "ValidateResourceConfig",
        "ValidateDataResourceConfig",
        "UpgradeResourceState",
        "ReadResource",
        "PlanResourceChange",
        "ApplyResourceChange",
    ];
    let factory = fake("bare");
    let info = factory.info().await.unwrap();
    assert!(info.schema.resources.get("cloud_thing").is_some());
    let provider = factory.start().await.unwrap();
    for (name, _, call) in calls() {
        match provider.call(call).await {
            Ok(reply) => assert!(!reply.has_errors(), "{name}: {reply:?}"),
            Err(failure) => {
                assert!(!LEAST.contains(&name), "{name}: {failure:?}");
                assert!(failure.message.contains("acme/cloud"), "{failure:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undecided_answer_is_refused() {
    let (_, _, read) = calls().swap_remove(6);
    let failure = outcome("deferred@ReadResource", read).await.unwrap_err();
    assert!(
        failure.message.contains("ProviderConfigUnknown"),
        "{failure:?}"
    );
}

/// Where it was allowed, it is an answer.
#[tokio::test(flavor = "multi_thread")]
async fn an_allowed_deferral_is_an_answer() {
    let (_, _, read) = calls().swap_remove(6);
    let factory = fake("deferred@ReadResource");
    let provider = factory.start().await.unwrap();
    let configure = |may_defer| Call::Configure {
        config: Value::object::<&str>([]),
        may_defer,
    };
    provider.call(configure(true)).await.unwrap();
    let reply = provider.call(read.clone()).await.unwrap();
    assert!(
        matches!(
            reply.answer,
            Some(Answer::Read {
                deferred: Some(Deferred::ProviderConfigUnknown),
                ..
            })
        ),
        "{reply:?}"
    );
    drop(provider);
    // A process that was told that it may is not used where it may not.
    let provider = factory.start().await.unwrap();
    provider.call(configure(false)).await.unwrap();
    let failure = provider.call(read).await.unwrap_err();
    assert!(failure.message.contains("put off"), "{failure:?}");
    drop(provider);
    factory.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_megabytes_come_through() {
    let (_, _, read) = calls().swap_remove(6);
    let reply = outcome("big@ReadResource", read).await.unwrap();
    let Some(Answer::Read { state, .. }) = reply.answer else {
        panic!("{:?}", reply.diagnostics);
    };
    let name = state.get("name").and_then(Value::as_str).map(str::len);
    assert_eq!(name, Some(60 << 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_output_does_no_harm() {
    for (name, _, call) in calls() {
        let outcome = outcome("flood", call).await;
        assert!(outcome.is_ok(), "{name}: {outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_in_place_of_a_handshake() {
    let failure = fake("noise").info().await.unwrap_err();
    assert!(failure.message.contains("not the handshake"), "{failure:?}");
}

/// Calls have no bound of time, since providers may work for hours; but whoever waits may give up, and the end of the command is not held up.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_is_stopped_and_ended() {
    let factory = fake("hang@ReadResource");
    let provider = factory.start().await.unwrap();
    let (_, _, read) = calls().swap_remove(6);
    let waiting = tokio::time::timeout(Duration::from_millis(200), provider.call(read));
    assert!(waiting.await.is_err());
    let begun = Instant::now();
    provider.stop().await;
    factory.end().await;
    assert!(begun.elapsed() < Duration::from_secs(20));

    let factory = fake("hang@StopProvider");
    let provider = factory.start().await.unwrap();
    let (_, _, read) = calls().swap_remove(6);
    assert!(provider.call(read).await.is_ok());
    let begun = Instant::now();
    provider.stop().await;
    factory.end().await;
    assert!(begun.elapsed() < Duration::from_secs(20));
}

/// The message of a call that failed is sent in a header, and may be longer than most servers' headers are.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_message_comes_through() {
    let (_, _, read) = calls().swap_remove(6);
    let failure = outcome("trace@ReadResource", read).await.unwrap_err();
    assert!(failure.message.contains("a line of a trace"), "{failure:?}");
}

/// Ctrl-C at the terminal does not reach a plugin, nor what it has started.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_has_started_is_killed_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("locked");
    let factory = fake_with("parent@ReadResource", path.to_str().unwrap());
    let provider = factory.start().await.unwrap();
    let (_, _, read) = calls().swap_remove(6);
    let failure = provider.call(read).await.unwrap_err();
    assert!(failure.message.contains("locked"), "{failure:?}");
    let file = std::fs::File::open(&path).unwrap();
    assert!(file.try_lock().is_err(), "its child runs");
    factory.end().await;
    let (send, freed) = std::sync::mpsc::channel();
    drop(std::thread::spawn(move || send.send(file.lock())));
    assert!(freed.recv_timeout(Duration::from_secs(20)).unwrap().is_ok());
}
