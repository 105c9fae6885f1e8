use super::*;
use crate::login::{LoginError, Method, method};
use terrane_fetch::{Host, Url};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A host with these services.
fn discovery(services: &str) -> Discovery {
    let text = format!("host \"{HOST}\" {{ services = {{ {services} }} }}");
    let env = BTreeMap::new();
    let settings = Settings::parse(&text, &env).unwrap();
    let options = ClientOptions::new("test", &env, &settings);
    let credentials = Credentials::new(&env, &settings);
    Discovery::new(Client::new(options).unwrap(), credentials, &settings)
}

fn host() -> Host {
    Host::parse(HOST).unwrap()
}

fn service(server: &Server, more: &str) -> String {
    format!(
        "\"login.v1\" = {{ client = \"us\", authz = \"{}\", token = \"{}\" {more} }}, \"providers.v1\" = \"{}\"",
        server.url("/authz"),
        server.url("/token"),
        server.url("/v1/")
    )
}

/// What a browser does: asks, and shows the answer.
async fn browse(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn parameter(url: &Url, name: &str) -> String {
    let mut pairs = url.query_pairs();
    pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
}

async fn begun(server: &Server) -> (crate::login::Waiting, u16, String) {
    let discovery = discovery(&service(server, ""));
    let Method::Browser(flow) = method(&discovery, &host()).await.unwrap() else {
        panic!("a browser is expected");
    };
    let waiting = flow.begin().await.unwrap();
    let redirect: Url = parameter(&waiting.url, "redirect_uri").parse().unwrap();
    assert_eq!(redirect.host_str(), Some("localhost"));
    let state = parameter(&waiting.url, "state");
    assert_eq!(parameter(&waiting.url, "code_challenge_method"), "S256");
    (waiting, redirect.port().unwrap(), state)
}

#[tokio::test]
async fn by_the_browser() {
    let server = Server::start().await;
    let granted = r#"{"access_token": "sesame", "token_type": "Bearer"}"#;
    server.route("/token", Reply::ok(granted));
    let (waiting, port, state) = begun(&server).await;
    let client = discovery(&service(&server, "")).client().clone();
    let login = tokio::spawn(async move { waiting.finish(&client).await });
    // Whatever else comes in is left alone.
    assert!(browse(port, "/favicon.ico").await.contains("404"));
    assert!(
        browse(port, "/login?code=x&state=forged")
            .await
            .contains("403")
    );
    assert!(
        browse(port, &format!("/login?code=x&state={state}"))
            .await
            .contains("is done")
    );
    assert_eq!(login.await.unwrap().unwrap().secret(), "sesame");
}

/// Browsers open connections ahead of time, and may never use them.
#[tokio::test]
async fn connections_without_a_request_hold_nobody_up() {
    let server = Server::start().await;
    server.route("/token", Reply::ok(r#"{"access_token": "sesame"}"#));
    let (waiting, port, state) = begun(&server).await;
    let client = discovery(&service(&server, "")).client().clone();
    let mut silent = Vec::new();
    for part in ["", "GET /login?code=", "GET /favicon.ico HTTP/1.1\r\n"] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(part.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    let began = std::time::Instant::now();
    let login = tokio::spawn(async move { waiting.finish(&client).await });
    let path = format!("/login?code=x&state={state}");
    assert!(browse(port, &path).await.contains("is done"));
    assert_eq!(login.await.unwrap().unwrap().secret(), "sesame");
    // One after the other, each of them would have had ten seconds.
    assert!(began.elapsed() < std::time::Duration::from_secs(10));
}

/// The clock stands still, and jumps to the next time that somebody waits for.
#[tokio::test(start_paused = true)]
async fn nobody_comes_back() {
    let server = Server::start().await;
    let (waiting, _, _) = begun(&server).await;
    let client = discovery(&service(&server, "")).client().clone();
    let error = waiting.finish(&client).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "nobody came back from the browser within 15 minutes"
    );
}

#[tokio::test]
async fn the_user_says_no() {
    let server = Server::start().await;
    let (waiting, port, state) = begun(&server).await;
    let client = discovery(&service(&server, "")).client().clone();
    let login = tokio::spawn(async move { waiting.finish(&client).await });
    let path = format!("/login?error=access_denied&error_description=no+way&state={state}");
    assert!(browse(port, &path).await.contains("failed"));
    let error = login.await.unwrap().unwrap_err();
    assert!(
        matches!(&error, LoginError::Refused(why) if why == "no way"),
        "{error}"
    );
    assert_eq!(server.count("/token"), 0);
}

#[tokio::test]
async fn hosts_that_can_not() {
    let server = Server::start().await;
    let of = |text: String| async move { method(&discovery(&text), &host()).await };
    let plain = format!("\"providers.v1\" = \"{}\"", server.url("/v1/"));
    let error = of(plain.clone()).await.unwrap_err();
    assert!(matches!(error, LoginError::NotOffered(_)), "{error}");
    for (more, problem) in [
        (", grant_types = [\"password\"]", "knows password only"),
        (", ports = [80, 90]", "no ports"),
        (", ports = [2000, 1999]", "no ports"),
    ] {
        let error = of(service(&server, more)).await.unwrap_err();
        assert!(error.to_string().contains(problem), "{error}");
    }
    let clear = service(&server, "").replace("http://127.0.0.1", "http://example.com");
    assert!(
        of(clear)
            .await
            .unwrap_err()
            .to_string()
            .contains("not under TLS")
    );
    let theirs = format!("{plain}, \"tfe.v2\" = \"{}\"", server.url("/tfe/"));
    let Method::Prompt { page } = of(theirs).await.unwrap() else {
        panic!("a prompt is expected");
    };
    assert!(
        page.as_str()
            .starts_with("https://registry.test/app/settings/tokens")
    );
}
