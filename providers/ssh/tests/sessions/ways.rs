//! Ways to a machine: a bastion, a proxy, patience.

use crate::server::{Options, Server};
use crate::{lines, password, refused, to, with_password};
use std::net::Ipv4Addr;
use std::time::Duration;
use terrane_ssh::{Connection, Proxy, ProxyScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn a_bastion_forwards() {
    let (host, bastion) = (Server::start(password("pw")), Server::start(password("pw")));
    let connection = Connection {
        bastion: Some(
            with_password(&bastion)
                .with_host_key(&Server::host_key())
                .unwrap(),
        ),
        ..to(with_password(&host))
    };
    assert_eq!(lines(&connection, "echo in").await, ["in"]);
    assert!(bastion.log().contains(&"forward to 127.0.0.1".into()));
    assert!(host.log().contains(&"run echo in".into()));
    assert!(!bastion.log().contains(&"run echo in".into()));
}

#[tokio::test]
async fn a_bastion_that_does_not_forward_is_named() {
    let host = Server::start(password("pw"));
    let bastion = Server::start(Options {
        without_forwarding: true,
        ..password("pw")
    });
    let connection = Connection {
        bastion: Some(with_password(&bastion)),
        ..to(with_password(&host))
    };
    let message = refused(&connection).await;
    let name = format!("the bastion 127.0.0.1:{} did not forward", bastion.port);
    assert!(message.contains(&name), "{message}");
}

#[tokio::test]
async fn a_wrong_password_of_the_bastion_is_the_bastions() {
    let host = Server::start(password("pw"));
    let bastion = Server::start(password("other"));
    let connection = Connection {
        bastion: Some(with_password(&bastion)),
        ..to(with_password(&host))
    };
    let message = refused(&connection).await;
    assert!(message.contains(&format!("me@127.0.0.1:{} did not accept", bastion.port)));
}

/// A proxy that forwards one connection wherever it is asked to.
async fn http_proxy() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let place = head.split(' ').nth(1).unwrap();
        let mut host = TcpStream::connect(place).await.unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        drop(tokio::io::copy_bidirectional(&mut client, &mut host).await);
    });
    port
}

#[tokio::test]
async fn a_proxy_forwards() {
    let server = Server::start(password("pw"));
    let connection = Connection {
        proxy: Some(Proxy {
            scheme: ProxyScheme::Http,
            host: "127.0.0.1".into(),
            port: http_proxy().await,
            login: None,
        }),
        ..to(with_password(&server))
    };
    assert_eq!(lines(&connection, "echo in").await, ["in"]);
}

/// A machine that was just made does not know its users yet.
#[tokio::test]
async fn refusals_are_tried_again() {
    let server = Server::start(Options {
        stubborn: 2,
        ..password("pw")
    });
    let connection = Connection {
        retry: Duration::from_millis(1),
        ..to(with_password(&server))
    };
    let mut failures = 0;
    let session = terrane_ssh::connect(&connection, &mut |_| failures += 1)
        .await
        .unwrap();
    session.close().await;
    assert_eq!(failures, 2);
}
