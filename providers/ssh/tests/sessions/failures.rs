//! What happens when it breaks.

use crate::server::{Options, Server};
use crate::{password, reach, refused, to, with_password};
use std::net::Ipv4Addr;
use std::time::Duration;
use terrane_ssh::{Connection, Hop, Platform};

#[tokio::test]
async fn a_port_that_nobody_listens_at() {
    let port = {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap().port()
    };
    let message = refused(&to(Hop::new("127.0.0.1", port, "me").unwrap())).await;
    assert!(message.contains(&format!("127.0.0.1:{port}")), "{message}");
    assert!(message.contains("refused"), "{message}");
    assert!(message.contains("within 30 s"), "{message}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let server = Server::start(Options {
        silent: true,
        ..Options::default()
    });
    let connection = Connection {
        timeout: Duration::from_millis(50),
        ..to(with_password(&server))
    };
    let message = refused(&connection).await;
    assert!(message.contains("did not answer in time"), "{message}");
}

#[tokio::test]
async fn something_that_is_not_ssh() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            use tokio::io::AsyncWriteExt as _;
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        }
    });
    let message = refused(&to(Hop::new("127.0.0.1", port, "me").unwrap())).await;
    assert!(message.contains("connecting to 127.0.0.1"), "{message}");
}

#[tokio::test]
async fn a_connection_that_is_cut_during_a_command() {
    let server = Server::start(password("pw"));
    let session = reach(&to(with_password(&server))).await.unwrap();
    let error = session.run("cut", false, &mut |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("was lost"), "{error}");
    let error = session.run("true", false, &mut |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("was lost"), "{error}");
}

#[tokio::test]
async fn a_connection_that_is_cut_during_an_upload() {
    let server = Server::start(Options {
        cut_after: Some(100_000),
        ..password("pw")
    });
    let session = reach(&to(with_password(&server))).await.unwrap();
    // More than any window: the other side must not be waited for.
    let bytes = vec![7; 8 << 20];
    let error = session
        .put(Platform::Unix, &bytes, "file", 0o600)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("was lost"), "{error}");
}

#[tokio::test]
async fn a_host_without_scp() {
    let server = Server::start(Options {
        without_scp: true,
        ..password("pw")
    });
    let session = reach(&to(with_password(&server))).await.unwrap();
    let error = session
        .put(Platform::Unix, b"x", "file", 0o600)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("scp is not installed"),
        "{error}"
    );
}
