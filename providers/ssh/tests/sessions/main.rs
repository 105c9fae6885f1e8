//! Conversations with a server: who is let in, what runs there, what is stored there, and what happens when it breaks.

#![expect(
    clippy::unwrap_used,
    reason = "what fails here fails the test, also in functions that tests share"
)]

#[path = "../server/mod.rs"]
mod server;

mod authentication;
mod failures;
mod ways;
mod work;

use server::{Options, Server, USER_KEY};
use std::time::Duration;
use terrane_ssh::{Connection, Hop, Session, SshError, connect};

/// A user who has this password.
fn password(password: &str) -> Options {
    Options {
        password: Some(password.into()),
        ..Options::default()
    }
}

fn hop(server: &Server) -> Hop {
    Hop::new("127.0.0.1", server.port, "me").expect("it is an address")
}

fn with_password(server: &Server) -> Hop {
    let mut hop = hop(server);
    hop.password = Some("pw".into());
    hop
}

fn with_key(server: &Server) -> Hop {
    hop(server).with_key(USER_KEY, None).expect("it is a key")
}

/// One attempt, with more time than it needs.
fn to(host: Hop) -> Connection {
    Connection {
        host,
        bastion: None,
        proxy: None,
        timeout: Duration::from_secs(30),
        retry: Duration::from_secs(60),
    }
}

async fn reach(connection: &Connection) -> Result<Session, SshError> {
    connect(connection, &mut |_| {}).await
}

/// Connects and runs a command; gives its lines.
async fn lines(connection: &Connection, command: &str) -> Vec<String> {
    let session = reach(connection).await.expect("it connects");
    let mut lines = Vec::new();
    let exit = session
        .run(command, false, &mut |line| lines.push(line.to_owned()))
        .await
        .expect("it runs");
    assert!(exit.is_success(), "{exit}");
    session.close().await;
    lines
}

/// Connects, which must fail; gives what is said.
async fn refused(connection: &Connection) -> String {
    reach(connection)
        .await
        .expect_err("it must fail")
        .sentence()
}
