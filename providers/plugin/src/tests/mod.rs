//! Plugins from the engine's side: calls over a socket, TLS, programs that are none.

mod server;

use crate::connection::Connection;
use crate::handshake::Protocol;
use crate::process::{Process, Program};
use crate::tls::Identity;
use crate::{Origin, PluginFactory};
use server::{listen, thing_type};
use std::sync::Arc;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{Answer, Call, Private};
use terrane_provider::{Provider, ProviderFactory as _};
use terrane_value::{Path, Type, Value};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

async fn attached(protocol: Protocol) -> (tempfile::TempDir, PluginFactory) {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = listen(folder.path(), protocol);
    let origin = Origin::Running { protocol, endpoint };
    let addr = ProviderAddr::default_host("acme", "cloud");
    (folder, PluginFactory::new(addr, "1.0.0", origin))
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
        planned,
        requires_replace,
        private,
        ..
    }) = reply.answer
    else {
        panic!("{reply:?}");
    };
    assert_eq!(planned, thing("a", Value::unknown(Type::String)));
    assert_eq!(requires_replace, [Path::new().attr("name")]);
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
    let Some(Answer::Apply { state, private, .. }) = reply.answer else {
        panic!("no answer");
    };
    assert_eq!(state, thing("a", Value::string("thing-1")));
    assert_eq!(&*private, b"kept");
}

#[tokio::test]
async fn both_versions_of_the_protocol() {
    for protocol in [Protocol::Five, Protocol::Six] {
        let (_folder, factory) = attached(protocol).await;
        let info = factory.info().await.unwrap();
        assert_eq!(info.abilities.plan_destroy, protocol == Protocol::Six);
        let schema = &info.schema.resources["cloud_thing"];
        assert_eq!(schema.version, 2);
        assert_eq!(*schema.block.implied_type(), thing_type());
        assert!(schema.block.attributes["name"].required);
        let provider = factory.start().await.unwrap();
        let config = Value::object::<&str>([]);
        let configured = provider.call(Call::Configure { config }).await.unwrap();
        assert!(!configured.has_errors());
        create(&*provider).await;
        factory.end().await;
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

/// Those that the schema does not name are asked for.
#[tokio::test]
async fn functions_of_a_configured_plugin() {
    let (_folder, factory) = attached(Protocol::Six).await;
    assert!(
        !factory
            .info()
            .await
            .unwrap()
            .schema
            .functions
            .contains_key("yell")
    );
    let provider = factory.start().await.unwrap();
    let config = Value::object::<&str>([]);
    provider.call(Call::Configure { config }).await.unwrap();
    let call = |name: &str| Call::CallFunction {
        name: name.into(),
        arguments: vec![Value::string("hey")],
    };
    let reply = provider.call(call("yell")).await.unwrap();
    assert_eq!(
        reply.answer,
        Some(Answer::Function(Ok(Value::string("HEY"))))
    );
    let failure = provider.call(call("mumble")).await.unwrap_err();
    assert!(
        failure.message.contains("it has no function \"mumble\""),
        "{failure:?}"
    );
    let reply = provider.call(Call::GetFunctions).await.unwrap();
    let Some(Answer::Functions(functions)) = reply.answer else {
        panic!("{reply:?}");
    };
    let names: Vec<&str> = functions.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["shout", "yell"]);
}

#[tokio::test]
async fn what_fails_is_told_with_the_name_of_the_provider() {
    let (_folder, factory) = attached(Protocol::Six).await;
    let provider = factory.start().await.unwrap();
    let read = |type_name: &str| Call::Read {
        type_name: type_name.into(),
        current: thing("a", Value::string("x")),
        private: Private::default(),
        meta: Value::NULL,
        identity: Value::NULL,
    };
    let failure = provider.call(read("cloud_thing")).await.unwrap_err();
    assert!(failure.message.contains("acme/cloud"), "{failure:?}");
    assert!(failure.message.contains("on fire"), "{failure:?}");
    let failure = provider.call(read("cloud_other")).await.unwrap_err();
    assert!(failure.message.contains("cloud_other"), "{failure:?}");
    let call = Call::GenerateConfig {
        type_name: "cloud_thing".into(),
        state: thing("a", Value::string("x")),
    };
    let failure = provider.call(call).await.unwrap_err();
    assert!(failure.message.contains("does not support"), "{failure:?}");
}

fn shell(script: &str) -> Program {
    Program {
        path: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
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
            Program {
                path: "/nowhere/terraform-provider-x".into(),
                arguments: Vec::new(),
            },
            "can't be started",
        ),
    ] {
        let problem = Process::start(&program, "x").await.unwrap_err();
        assert!(problem.contains(reason), "{program:?}: {problem}");
    }
}

/// The server's side of TLS, with a certificate of its own.
fn server_tls() -> (TlsAcceptor, Vec<u8>) {
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
    (
        TlsAcceptor::from(Arc::new(config)),
        certificate.der().to_vec(),
    )
}

#[tokio::test]
async fn only_the_announced_certificate_is_accepted() {
    let (acceptor, announced) = server_tls();
    let (_, other) = server_tls();
    for (certificate, accepted) in [(announced, true), (other, false)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        let acceptor = acceptor.clone();
        drop(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(stream) = acceptor.accept(stream).await {
                    server::serve(stream, Protocol::Six).await;
                }
            }
        }));
        let identity = Identity::make().unwrap();
        let config = identity.client_config(certificate).unwrap();
        let endpoint = crate::handshake::Endpoint::Unix(path);
        let opened = Connection::open(Protocol::Six, endpoint, Some(config)).await;
        assert_eq!(opened.is_ok(), accepted);
    }
}
