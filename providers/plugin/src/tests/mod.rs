//! Plugins from the engine's side: calls over a socket, TLS, programs that are none.

mod cloud;

use crate::connection::Connection;
use crate::process::{Process, Program};
use crate::tls::Identity;
use crate::{Origin, PluginFactory};
use cloud::{addr, provider, thing_type};
use std::sync::Arc;
use terrane_model::provider::{Answer, Call, ImportTarget, Private, RawObject};
use terrane_protocol::{Endpoint, Protocol};
use terrane_provider::{Provider, ProviderFactory as _, conformance};
use terrane_serve::{Listener, Service, listen};
use terrane_value::{Path, Type, Value};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

async fn attached(protocol: Protocol) -> (tempfile::TempDir, PluginFactory) {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = cloud::start(Some(folder.path()), protocol).await;
    let origin = Origin::Running { protocol, endpoint };
    (folder, PluginFactory::new(addr(), "1.0.0", origin))
}

fn thing(name: &str, id: Value) -> Value {
    Value::object([("name", Value::string(name)), ("id", id)])
}

async fn create(provider: &dyn Provider) {
    let nothing = Value::null(thing_type());
    let config = thing("a", Value::null(Type::String));
    let reply = provider
        .call(Call::Plan {
            type_name: "cloud_thing".into(),
            prior: nothing.clone(),
            proposed: config.clone(),
            config: config.clone(),
            private: Private::default(),
            meta: Value::NULL,
            identity: Value::NULL,
        })
        .await
        .unwrap();
    let Some(Answer::Plan {
        planned, private, ..
    }) = reply.answer
    else {
        panic!("{reply:?}");
    };
    assert_eq!(planned, thing("a", Value::unknown(Type::String)));
    let reply = provider
        .call(Call::Apply {
            type_name: "cloud_thing".into(),
            prior: nothing,
            planned,
            config,
            private,
            meta: Value::NULL,
            identity: Value::NULL,
            token: "t".into(),
        })
        .await
        .unwrap();
    assert_eq!(reply.diagnostics.len(), 1);
    assert!(!reply.has_errors());
    let Some(Answer::Apply {
        state,
        private,
        identity,
        ..
    }) = reply.answer
    else {
        panic!("no answer");
    };
    assert_eq!(state, thing("a", Value::string("thing-1")));
    assert_eq!(&*private, b"kept");
    let expected = Value::object([("id", Value::string("thing-1"))]);
    assert_eq!(identity, expected);
}

async fn rename(provider: &dyn Provider) -> Vec<Path> {
    let config = thing("b", Value::null(Type::String));
    let reply = provider
        .call(Call::Plan {
            type_name: "cloud_thing".into(),
            prior: thing("a", Value::string("thing-1")),
            proposed: thing("b", Value::string("thing-1")),
            config,
            private: Private::default(),
            meta: Value::NULL,
            identity: Value::NULL,
        })
        .await
        .unwrap();
    match reply.answer {
        Some(Answer::Plan {
            requires_replace, ..
        }) => requires_replace,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn both_versions_of_the_protocol() {
    for protocol in [Protocol::Five, Protocol::Six] {
        let (_folder, factory) = attached(protocol).await;
        let info = factory.info().await.unwrap();
        let schema = &info.schema.resources["cloud_thing"];
        assert_eq!(schema.version, 2);
        assert_eq!(*schema.block.implied_type(), thing_type());
        assert!(schema.block.attributes["name"].required);
        assert!(info.schema.identities.contains_key("cloud_thing"));
        let provider = factory.start().await.unwrap();
        let config = Value::object::<&str>([]);
        let configured = provider
            .call(Call::Configure {
                config,
                may_defer: false,
            })
            .await
            .unwrap();
        assert!(!configured.has_errors());
        create(&*provider).await;
        assert_eq!(rename(&*provider).await, [Path::new().attr("name")]);
        let stored = RawObject {
            schema_version: 1,
            json: r#"{"name":"old","id":"7","gone":true}"#.into(),
        };
        let type_name = "cloud_thing".into();
        let reply = provider
            .call(Call::UpgradeState { type_name, stored })
            .await;
        let upgraded = Answer::Value(thing("old", Value::string("7")));
        assert_eq!(reply.unwrap().answer, Some(upgraded));
        factory.end().await;
    }
}

/// What every provider has to do, it does through the protocol too.
#[tokio::test]
async fn a_served_provider_passes_the_conformance_suite() {
    for protocol in [Protocol::Five, Protocol::Six] {
        let endpoint = cloud::start(None, protocol).await;
        assert!(matches!(endpoint, Endpoint::Tcp(_)));
        let origin = Origin::Running { protocol, endpoint };
        let factory = PluginFactory::new(addr(), "1.0.0", origin);
        let case = || conformance::Case::resource("cloud_thing", [("name", Value::string("a"))]);
        let cases = [case(), case().changed([("name", Value::string("b"))])];
        let direct = conformance::check(&provider(), &cases).await;
        assert_eq!(direct, Vec::<String>::new());
        assert_eq!(conformance::check(&factory, &cases).await, direct);
    }
}

#[tokio::test]
async fn functions_and_their_errors() {
    let (_folder, factory) = attached(Protocol::Six).await;
    let provider = factory.start().await.unwrap();
    for (text, expected) in [
        ("hey", Ok(Value::string("HEY"))),
        ("", Err(("nothing to shout".to_owned(), Some(0)))),
    ] {
        let call = Call::CallFunction {
            name: "shout".into(),
            arguments: vec![Value::string(text)],
        };
        let reply = provider.call(call).await.unwrap();
        assert_eq!(reply.answer, Some(Answer::Function(expected)));
    }
}

fn read(type_name: &str, name: &str) -> Call {
    Call::Read {
        type_name: type_name.into(),
        current: thing(name, Value::string("x")),
        private: Private::default(),
        meta: Value::NULL,
        identity: Value::NULL,
    }
}

#[tokio::test]
async fn what_fails_is_told_with_the_name_of_the_provider() {
    let (_folder, factory) = attached(Protocol::Six).await;
    let provider = factory.start().await.unwrap();
    let failure = provider
        .call(read("cloud_thing", "panic"))
        .await
        .unwrap_err();
    assert!(failure.message.contains("acme/cloud"), "{failure:?}");
    assert!(failure.message.contains("on fire"), "{failure:?}");
    let reply = provider.call(read("cloud_other", "a")).await.unwrap();
    assert!(
        reply.diagnostics[0].detail.contains("cloud_other"),
        "{reply:?}"
    );
    let reply = provider.call(read("cloud_thing", "bad")).await.unwrap();
    assert!(reply.has_errors());
    // It did not say that the object is gone.
    let Some(Answer::Read { state, .. }) = reply.answer else {
        panic!("{reply:?}");
    };
    assert!(!state.is_null());
    let reply = provider.call(read("cloud_thing", "gone")).await.unwrap();
    let Some(Answer::Read { state, .. }) = reply.answer else {
        panic!("{reply:?}");
    };
    assert!(state.is_null());
    let call = Call::Import {
        type_name: "cloud_thing".into(),
        target: ImportTarget::Id("7".into()),
    };
    assert!(provider.call(call).await.unwrap().has_errors());
}

fn shell(script: &str) -> Program {
    Program {
        arguments: vec!["-c".into(), script.into()],
        ..Program::new("/bin/sh")
    }
}

#[tokio::test]
async fn programs_that_are_no_plugins() {
    for (program, reason) in [
        (shell("echo hello"), "not the handshake"),
        (shell("exit 3"), "ended before"),
        (shell("echo '1|4|unix|/x|grpc|'"), "version 4"),
        (
            shell("echo '1|6|unix|/nowhere/x|grpc|'; read x"),
            "connected",
        ),
        (
            Program::new("/nowhere/terraform-provider-x"),
            "can't be started",
        ),
    ] {
        let problem = Process::start(&program, "x").await.unwrap_err();
        assert!(problem.contains(reason), "{program:?}: {problem}");
    }
}

/// The server's side of TLS, with a certificate of its own.
fn server_tls() -> (Arc<ServerConfig>, Vec<u8>) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    (Arc::new(config), certificate.der().to_vec())
}

#[tokio::test]
async fn only_the_announced_certificate_is_accepted() {
    let (settings, announced) = server_tls();
    let (_, other) = server_tls();
    for (certificate, accepted) in [(announced, true), (other, false)] {
        let folder = tempfile::tempdir().unwrap();
        let listener = Listener::unix(folder.path().join("socket")).unwrap();
        let endpoint = listener.endpoint().clone();
        let service = Service::new(&provider(), Protocol::Six).await.unwrap();
        let listener = listener.with_tls(Some(settings.clone()));
        drop(tokio::spawn(listen(listener, service)));
        let identity = Identity::make().unwrap();
        let config = identity.client_config(certificate).unwrap();
        let opened = Connection::open(Protocol::Six, endpoint, Some(config)).await;
        assert_eq!(opened.is_ok(), accepted);
    }
}
