//! Who is let in.

use crate::server::{Options, Server, USER_KEY, host_key};
use crate::{hop, lines, password, refused, to, with_key, with_password};
use russh::keys::agent::client::AgentClient;
use russh::keys::ssh_key::certificate::{Builder, CertType};
use russh::keys::{Certificate, HashAlg, PrivateKey, decode_secret_key};
use std::time::Duration;
use terrane_ssh::Agent;

fn user_key() -> PrivateKey {
    decode_secret_key(USER_KEY, None).unwrap()
}

fn rsa_key() -> PrivateKey {
    decode_secret_key(include_str!("../keys/rsa.pem"), None).unwrap()
}

fn by_key(key: &PrivateKey) -> Options {
    Options {
        key: Some(key.public_key().clone()),
        ..Options::default()
    }
}

#[tokio::test]
async fn a_private_key_opens() {
    let server = Server::start(by_key(&user_key()));
    assert_eq!(lines(&to(with_key(&server)), "echo in").await, ["in"]);
}

#[tokio::test]
async fn an_rsa_key_opens() {
    let server = Server::start(by_key(&rsa_key()));
    let host = hop(&server)
        .with_key(include_str!("../keys/rsa.pem"), None)
        .unwrap();
    assert_eq!(lines(&to(host), "echo in").await, ["in"]);
}

#[tokio::test]
async fn a_password_opens() {
    let server = Server::start(password("pw"));
    assert_eq!(lines(&to(with_password(&server)), "echo in").await, ["in"]);
}

/// Servers that use PAM ask instead of taking passwords.
#[tokio::test]
async fn a_password_answers_questions() {
    let server = Server::start(Options {
        questions: true,
        ..password("pw")
    });
    assert_eq!(lines(&to(with_password(&server)), "echo in").await, ["in"]);
    // What the server does not accept was not tried.
    assert!(!server.log().contains(&"password".into()));
}

#[tokio::test]
async fn two_factors_are_given_in_turn() {
    let server = Server::start(Options {
        password: Some("pw".into()),
        both: true,
        ..by_key(&user_key())
    });
    let mut host = with_key(&server);
    host.password = Some("pw".into());
    assert_eq!(lines(&to(host), "echo in").await, ["in"]);
    let message = refused(&to(with_key(&server))).await;
    assert!(message.contains("it accepts password"), "{message}");
}

#[tokio::test]
async fn what_was_tried_is_said() {
    let server = Server::start(Options {
        password: Some("other".into()),
        ..by_key(&rsa_key())
    });
    let mut host = with_key(&server);
    host.password = Some("canary".into());
    let message = refused(&to(host)).await;
    for part in [
        "me@127.0.0.1",
        "the private key",
        "the password",
        "it accepts publickey, password",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!message.contains("canary"));
    let message = refused(&to(hop(&server))).await;
    assert!(message.contains("nothing that it accepts"), "{message}");
}

fn certify(key: &PrivateKey, authority: &PrivateKey, kind: CertType, name: &str) -> Certificate {
    let public = key.public_key().key_data().clone();
    let mut builder = Builder::new([1; 16], public, 0, u64::from(u32::MAX)).unwrap();
    builder.cert_type(kind).unwrap();
    builder.valid_principal(name).unwrap();
    builder.sign(authority).unwrap()
}

#[tokio::test]
async fn a_certificate_opens_where_its_authority_is_known() {
    for (text, authority) in [
        (USER_KEY, rsa_key()),
        (include_str!("../keys/rsa.pem"), user_key()),
    ] {
        let server = Server::start(Options {
            authority: Some(authority.public_key().clone()),
            ..Options::default()
        });
        let key = decode_secret_key(text, None).unwrap();
        let certificate = certify(&key, &authority, CertType::User, "me");
        let host = hop(&server)
            .with_key(text, Some(&certificate.to_openssh().unwrap()))
            .unwrap();
        assert_eq!(lines(&to(host), "echo in").await, ["in"]);
        assert!(server.log().contains(&"certificate".into()));
    }
}

#[test]
fn a_certificate_must_fit_its_key() {
    let certificate = certify(&rsa_key(), &user_key(), CertType::User, "me");
    let server = Server::start(Options::default());
    let error = hop(&server)
        .with_key(USER_KEY, Some(&certificate.to_openssh().unwrap()))
        .unwrap_err();
    assert!(error.to_string().contains("another private key"), "{error}");
}

#[tokio::test]
async fn the_key_of_the_host_is_checked() {
    let server = Server::start(password("pw"));
    let right = with_password(&server)
        .with_host_key(&Server::host_key())
        .unwrap();
    assert_eq!(lines(&to(right), "echo in").await, ["in"]);
    let other = user_key().public_key().to_openssh().unwrap();
    let wrong = with_password(&server).with_host_key(&other).unwrap();
    let message = refused(&to(wrong)).await;
    let print = host_key().public_key().fingerprint(HashAlg::Sha256);
    assert!(message.contains("another host key"), "{message}");
    assert!(message.contains(&print.to_string()), "{message}");
    // Only the right one was told the password.
    let told = server.log().into_iter().filter(|line| line == "password");
    assert_eq!(told.count(), 1);
}

#[tokio::test]
async fn an_authority_vouches_for_hosts() {
    let authority = user_key();
    let trusted = authority.public_key().to_openssh().unwrap();
    for (name, fine) in [("127.0.0.1", true), ("elsewhere", false)] {
        let certificate = certify(&host_key(), &authority, CertType::Host, name);
        let server = Server::start(Options {
            host_certificate: Some(certificate),
            ..password("pw")
        });
        let host = with_password(&server).with_host_key(&trusted).unwrap();
        if fine {
            assert_eq!(lines(&to(host), "echo in").await, ["in"]);
        } else {
            let message = refused(&to(host)).await;
            assert!(message.contains("certificate"), "{message}");
        }
    }
}

/// An agent that holds these keys, at a socket.
#[cfg(unix)]
async fn agent(socket: &std::path::Path, keys: &[(&PrivateKey, &str)]) {
    let listener = tokio::net::UnixListener::bind(socket).unwrap();
    let streams = futures::stream::unfold(listener, |listener| async move {
        let stream = listener.accept().await.map(|(stream, _)| stream);
        Some((stream, listener))
    });
    tokio::spawn(russh::keys::agent::server::serve(Box::pin(streams), ()));
    let mut client = AgentClient::connect_uds(socket).await.unwrap();
    for (key, comment) in keys {
        let mut key = (*key).clone();
        key.set_comment(*comment);
        client.add_identity(&key, &[]).await.unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_agent_signs_with_the_preferred_key_first() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("agent");
    let (user, rsa, other) = (user_key(), rsa_key(), host_key());
    agent(
        &socket,
        &[(&other, "other"), (&user, "user"), (&rsa, "rsa")],
    )
    .await;
    for key in [&user, &rsa, &other] {
        let server = Server::start(by_key(key));
        let mut host = hop(&server);
        host.agent = Some(Agent {
            socket: socket.clone(),
            identity: Some(key.fingerprint(HashAlg::Sha256).to_string()),
        });
        assert_eq!(lines(&to(host), "echo in").await, ["in"]);
        let first = format!("key {}", key.fingerprint(HashAlg::Sha256));
        assert_eq!(server.log()[1], first);
    }
}

/// A script that clones a repository needs the keys of who started it.
#[cfg(unix)]
#[tokio::test]
async fn commands_may_ask_the_agent() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("agent");
    let user = user_key();
    agent(&socket, &[(&user, "user")]).await;
    let server = Server::start(by_key(&user));
    let mut host = hop(&server);
    host.agent = Some(Agent {
        socket,
        identity: None,
    });
    let session = crate::reach(&to(host)).await.unwrap();
    // It runs until the server has heard from the agent.
    let mut silent = |_: &str| {};
    let told = session.run("mkfifo gate && cat gate", false, &mut silent);
    let answer = async {
        let asked = |line: &String| line.starts_with("agent");
        while !server.log().iter().any(asked) {
            tokio::task::yield_now().await;
        }
        server.log().into_iter().find(asked)
    };
    let answer = tokio::select! {
        answer = tokio::time::timeout(Duration::from_secs(20), answer) => answer,
        ended = told => panic!("{ended:?}"),
    };
    let print = user.fingerprint(HashAlg::Sha256);
    assert_eq!(answer, Ok(Some(format!("agent holds {print}"))));
    session.close().await;
    // Where it is not given, it is not there to be asked.
    let server = Server::start(by_key(&user));
    let host = hop(&server).with_key(USER_KEY, None).unwrap();
    lines(&to(host), "true").await;
    assert!(!server.log().iter().any(|line| line.starts_with("agent")));
}

#[cfg(unix)]
#[tokio::test]
async fn a_missing_agent_is_said() {
    let server = Server::start(by_key(&user_key()));
    let mut host = hop(&server);
    host.agent = Some(Agent {
        socket: "/nonexistent/agent".into(),
        identity: None,
    });
    let message = refused(&to(host.clone())).await;
    assert!(
        message.contains("/nonexistent/agent can't be reached"),
        "{message}"
    );
    // It does not matter where something else opens.
    let host = host.with_key(USER_KEY, None).unwrap();
    assert_eq!(lines(&to(host), "echo in").await, ["in"]);
}
