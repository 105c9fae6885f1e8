use super::{Client, ClientOptions, guard};
use crate::FetchError;
use crate::credentials::Token;
use crate::settings::Settings;
use crate::testserver::{Reply, Server, reply};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

fn client(plain: bool) -> Client {
    let env = BTreeMap::from([(
        String::from("HTTP_PROXY"),
        String::from("http://127.0.0.1:1"),
    )]);
    let mut options = ClientOptions::new("test/1", &env, &Settings::default());
    options.pause = Duration::ZERO;
    options.timeout = Duration::from_secs(20);
    if plain {
        options.plain_origins = BTreeSet::from([String::from("http://127.0.0.1:1")]);
    }
    Client::new(options).unwrap()
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn in_the_clear_only_where_somebody_said_so() {
    let server = Server::start(|_| reply(200, "x"));
    let refused = block_on(client(false).get(url(&server.url("/"))).send()).unwrap_err();
    assert!(matches!(refused, FetchError::Address { .. }), "{refused}");
    assert!(server.asked().is_empty());
    let written = block_on(client(false).get(url(&server.url("/"))).plain(true).send()).unwrap();
    assert_eq!(written.body, b"x");
    assert_eq!(
        block_on(client(true).get(url(&server.url("/"))).send())
            .unwrap()
            .body,
        b"x"
    );
    // Only this machine.
    let other = block_on(client(true).get(url("http://example.com/")).send()).unwrap_err();
    assert!(matches!(other, FetchError::Address { .. }), "{other}");
}

#[test]
fn addresses_of_the_network_link_are_not_asked() {
    for text in [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://[::ffff:169.254.169.254]/",
        "https://0.0.0.0/",
        "https://2852039166/",
        "file:///etc/passwd",
    ] {
        let error = block_on(client(true).get(url(text)).plain(true).send()).unwrap_err();
        assert!(
            matches!(error, FetchError::Address { .. }),
            "{text}: {error}"
        );
    }
    assert!(!guard::is_link_local("10.0.0.1".parse().unwrap()));
}

#[test]
fn credentials_stay_with_their_origin() {
    let other = Server::start(|_| reply(200, "x"));
    let place = other.url("/got");
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/away" => reply(302, "").with("Location", place.clone()),
        "/here" => reply(307, "").with("Location", "/there"),
        _ => reply(200, "y"),
    });
    let client = client(true);
    let token = Token::new(String::from("secret"));
    block_on(client.get(url(&server.url("/here"))).bearer(&token).send()).unwrap();
    block_on(client.get(url(&server.url("/away"))).bearer(&token).send()).unwrap();
    let with_user = server.url("/away").replace("http://", "http://me:pa%20ss@");
    block_on(client.get(url(&with_user)).send()).unwrap();
    let sent: Vec<Option<String>> = server
        .asked()
        .iter()
        .map(|asked| asked.headers.get("authorization").cloned())
        .collect();
    let bearer = Some(String::from("Bearer secret"));
    let basic = Some(String::from("Basic bWU6cGEgc3M="));
    assert_eq!(sent, [bearer.clone(), bearer.clone(), bearer, basic]);
    assert_eq!(other.asked().len(), 2);
    for asked in other.asked() {
        assert_eq!(asked.headers.get("authorization"), None);
        assert_eq!(asked.headers.get("referer"), None);
    }
}

#[test]
fn credentials_do_not_come_back_by_a_detour() {
    let back = Arc::new(AtomicUsize::new(0));
    let port = Arc::clone(&back);
    let other = Server::start(move |_| {
        let port = port.load(Ordering::SeqCst);
        reply(302, "").with("Location", format!("http://127.0.0.1:{port}/end"))
    });
    let place = other.url("/");
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/start" => reply(302, "").with("Location", place.clone()),
        _ => reply(200, ""),
    });
    back.store(usize::from(server.port), Ordering::SeqCst);
    let token = Token::new(String::from("secret"));
    block_on(
        client(true)
            .get(url(&server.url("/start")))
            .bearer(&token)
            .send(),
    )
    .unwrap();
    let asked = server.asked();
    assert!(asked[0].headers.contains_key("authorization"));
    assert!(
        !asked[1].headers.contains_key("authorization"),
        "another chose this address"
    );
}

#[test]
fn redirects_that_are_not_followed() {
    let server = Server::start(|asked| {
        let to = |place: &str| reply(302, "").with("Location", place);
        match asked.path.as_str() {
            "/round" => to("/round"),
            "/meta" => to("https://169.254.169.254/latest/"),
            "/file" => to("file:///etc/passwd"),
            "/user" => to("http://u:p@127.0.0.1:1/"),
            "/plain" => to("http://example.com/"),
            _ => reply(302, ""),
        }
    });
    let client = client(true);
    for (path, why) in [
        ("/round", "10 redirects before"),
        ("/meta", "network link"),
        ("/file", "only https"),
        ("/user", "holds credentials"),
        ("/plain", "not under TLS"),
        ("/none", "no Location"),
    ] {
        let error = block_on(client.get(url(&server.url(path))).send()).unwrap_err();
        let told = error.to_string();
        assert!(
            matches!(error, FetchError::Redirect { .. }) && told.contains(why),
            "{path}: {told}"
        );
        assert!(!told.contains("u:p"), "{told}");
    }
    let rounds = server
        .asked()
        .iter()
        .filter(|asked| asked.path == "/round")
        .count();
    assert_eq!(rounds, 11);
    let kept = block_on(client.get(url(&server.url("/round"))).redirects(0).send()).unwrap();
    assert_eq!(kept.status, 302);
}

#[test]
fn what_may_pass_is_tried_again() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/flaky" if counted.fetch_add(1, Ordering::SeqCst) < 2 => reply(503, "later"),
        "/flaky" => reply(200, "x"),
        _ => reply(404, "<html>"),
    });
    let client = client(true);
    let get =
        |path: &str, retries| block_on(client.get(url(&server.url(path))).retries(retries).send());
    assert_eq!(get("/flaky", 1).unwrap().status, 503);
    assert_eq!(get("/flaky", 1).unwrap().status, 200);
    let before = server.asked().len();
    let error = get("/none", 5).unwrap().success().unwrap_err();
    assert_eq!(error.status(), Some(404));
    assert!(!error.to_string().contains("<html>"));
    assert_eq!(
        server.asked().len() - before,
        1,
        "a clear answer is an answer"
    );
}

#[test]
fn downloads_are_bounded_and_hashed() {
    let large = vec![7_u8; 300_000];
    let body = large.clone();
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/cut" => Reply {
            cut: true,
            ..reply(200, "short")
        },
        "/none" => reply(403, "no entry"),
        _ => reply(200, body.clone()),
    });
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("f");
    let client = client(true);
    let get = |path: &str, limit| {
        let request = client.get(url(&server.url(path))).limit(limit).retries(0);
        block_on(request.download(&file, &|_| {}))
    };
    let seen = AtomicUsize::new(0);
    let request = client.get(url(&server.url("/x")));
    let progress = |transferred: crate::Transferred| {
        assert_eq!(transferred.total, Some(300_000));
        seen.store(
            usize::try_from(transferred.bytes).unwrap(),
            Ordering::SeqCst,
        );
    };
    let done = block_on(request.download(&file, &progress)).unwrap();
    assert_eq!(done.size, 300_000);
    assert_eq!(done.sha256, crate::digest::Sha256::of(&large));
    assert_eq!(std::fs::read(&file).unwrap(), large);
    assert_eq!(seen.load(Ordering::SeqCst), 300_000);
    assert!(matches!(
        get("/x", 299_999),
        Err(FetchError::TooLarge { .. })
    ));
    assert!(matches!(
        get("/cut", 1000),
        Err(FetchError::Transport { .. })
    ));
    let told = get("/none", 1000).unwrap_err().to_string();
    assert!(told.contains("403") && told.contains("no entry"), "{told}");
}

/// The clock stands still, and jumps to the next time that somebody waits for.
#[tokio::test(start_paused = true)]
async fn downloads_that_trickle_end() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = url(&format!("http://{}/", listener.local_addr().unwrap()));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // Who answers before it is asked is hung up on.
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
        stream.write_all(head).await.unwrap();
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(7)).await;
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let client = client(true);
    let request = client.get(place).retries(0);
    let began = tokio::time::Instant::now();
    let error = request
        .download(&dir.path().join("f"), &|_| {})
        .await
        .unwrap_err();
    assert!(error.to_string().contains("bytes came in 60"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(120));
}

/// Neither memory nor patience is taken by what stands before the body.
#[test]
fn headers_are_bounded() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/long" => reply(200, "x").with("X-Long", "y".repeat(4 << 20)),
        _ => (0..2000).fold(reply(200, "x"), |reply, _| reply.with("X-Many", "y")),
    });
    for path in ["/long", "/many"] {
        let client = client(true);
        let request = client.get(url(&server.url(path))).retries(0);
        let error = block_on(request.send()).unwrap_err();
        assert!(
            matches!(error, FetchError::Transport { .. }),
            "{path}: {error}"
        );
    }
}
