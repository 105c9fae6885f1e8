//! Conversations with proxies, written down.

use super::ask;
use crate::target::{Proxy, ProxyScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Asks a proxy that answers `answers` in turn; gives what it was sent in all, how it ended, and what is left in the stream.
fn talk(
    scheme: ProxyScheme,
    login: Option<(&str, &str)>,
    host: &str,
    answers: &[&[u8]],
) -> (Vec<u8>, Result<(), String>, Vec<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        let answers = answers.concat();
        theirs.write_all(&answers).await.unwrap();
        let (mut sent, mut theirs) = {
            let (read, mut write) = tokio::io::split(theirs);
            write.shutdown().await.unwrap();
            (read, write)
        };
        let proxy = Proxy {
            scheme,
            host: "proxy".into(),
            port: 8080,
            login: login.map(|(name, password)| (name.into(), password.into())),
        };
        let outcome = ask(&proxy, &mut ours, host, 22)
            .await
            .map_err(|error| error.to_string());
        let mut left = Vec::new();
        ours.read_to_end(&mut left).await.unwrap();
        drop(ours);
        let mut request = Vec::new();
        sent.read_to_end(&mut request).await.unwrap();
        theirs.flush().await.ok();
        (request, outcome, left)
    })
}

#[test]
fn http_leaves_what_follows_the_head() {
    let (request, outcome, left) = talk(
        ProxyScheme::Http,
        Some(("u", "p")),
        "example.com",
        &[b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nSSH-2.0-x"],
    );
    assert_eq!(outcome, Ok(()));
    assert_eq!(left, b"SSH-2.0-x");
    assert_eq!(
        String::from_utf8(request).unwrap(),
        "CONNECT example.com:22 HTTP/1.1\r\nHost: example.com:22\r\nProxy-Authorization: Basic dTpw\r\n\r\n"
    );
}

#[test]
fn http_refusals_are_repeated() {
    for (answer, expect) in [
        (
            &b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"[..],
            "407 Proxy Authentication Required",
        ),
        (b"HTTP/1.0 502\r\n\r\n", "502"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200", "closed"),
        (b"", "closed"),
    ] {
        let (_, outcome, _) = talk(ProxyScheme::Http, None, "::1", &[answer]);
        let message = outcome.unwrap_err();
        assert!(message.contains(expect), "{message}");
    }
}

#[test]
fn socks_sends_names_and_addresses() {
    let fine: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let (request, outcome, left) = talk(ProxyScheme::Socks5, None, "abc", &[&[5, 0], fine, b"SSH"]);
    assert_eq!((outcome, left.as_slice()), (Ok(()), &b"SSH"[..]));
    assert_eq!(request, b"\x05\x01\x00\x05\x01\x00\x03\x03abc\x00\x16");
    let (request, outcome, _) = talk(
        ProxyScheme::Socks5,
        Some(("u", "pw")),
        "10.0.0.1",
        &[&[5, 2], &[1, 0], fine],
    );
    assert_eq!(outcome, Ok(()));
    assert_eq!(
        request,
        b"\x05\x02\x00\x02\x01\x01u\x02pw\x05\x01\x00\x01\x0a\x00\x00\x01\x00\x16"
    );
}

#[test]
fn socks_refusals_are_explained() {
    let login = Some(("u", "p"));
    for (login, answers, expect) in [
        (
            None,
            &[&[5u8, 0][..], &[5, 5, 0, 1]][..],
            "refused by the host",
        ),
        (None, &[&[5, 0xff]], "wants a user name"),
        (login, &[&[5, 2], &[1, 1]], "password is wrong"),
        (login, &[&[5, 0xff]], "another way"),
        (None, &[b"HT"], "SOCKS 5"),
        (None, &[&[5]], "eof"),
    ] {
        let (_, outcome, _) = talk(ProxyScheme::Socks5, login, "h", answers);
        let message = outcome.unwrap_err();
        assert!(message.contains(expect), "{message}");
    }
}

#[test]
fn long_names_do_not_fit_socks() {
    let host = "h".repeat(300);
    let (_, outcome, _) = talk(ProxyScheme::Socks5, None, &host, &[&[5, 0]]);
    assert!(outcome.unwrap_err().contains("255"));
}
