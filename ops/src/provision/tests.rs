//! Provisioners at work on a machine of the tests.

#[expect(dead_code, reason = "other tests need more of it")]
#[path = "../../../providers/ssh/tests/server/mod.rs"]
mod server;

use super::remote;
use server::{Options, Server};
use std::sync::Mutex;
use terrane_value::{Type, Value};
use tokio::sync::Notify;

fn start() -> Server {
    Server::start(Options {
        password: Some("pw".into()),
        ..Options::default()
    })
}

fn connection(server: &Server) -> Value {
    let script = server.home().join("script_%RAND%.sh");
    Value::object([
        ("host", Value::string("127.0.0.1")),
        ("port", Value::number(u64::from(server.port))),
        ("user", Value::string("me")),
        ("password", Value::string("pw")),
        ("agent", Value::bool(false)),
        ("script_path", Value::string(script.to_str().unwrap())),
    ])
}

fn scripts(argument: &'static str, lines: &[&str]) -> Value {
    let lines = lines.iter().map(|line| Value::string(*line)).collect();
    Value::object([(argument, Value::list(Type::String, lines))])
}

/// Runs to the end; gives how it ended and what was said.
async fn run(
    type_name: &str,
    config: &Value,
    server: &Server,
) -> (Result<(), String>, Vec<String>) {
    let lines = Mutex::new(Vec::new());
    let outcome = remote(
        type_name,
        config,
        &connection(server),
        false,
        &mut |line| lines.lock().unwrap().push(line.to_owned()),
        std::future::pending,
    )
    .await;
    (outcome, lines.into_inner().unwrap())
}

#[tokio::test]
async fn a_script_is_uploaded_run_and_removed() {
    let server = start();
    let config = scripts("inline", &["echo one", "touch made", "ls"]);
    let (outcome, lines) = run("remote-exec", &config, &server).await;
    assert_eq!(outcome, Ok(()));
    let at = lines.iter().position(|line| line == "Connected!").unwrap();
    let [one, made, script] = &lines[at + 1..] else {
        panic!("{lines:?}")
    };
    assert_eq!((one.as_str(), made.as_str()), ("one", "made"));
    assert!(script.starts_with("script_") && !script.contains('%'));
    let left: Vec<_> = std::fs::read_dir(server.home()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[tokio::test]
async fn the_first_script_that_fails_is_the_last() {
    let server = start();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let paths = [
        path("a.sh", "echo a\nexit 7"),
        path("b.sh", "touch unreached"),
    ];
    let config = scripts("scripts", &[&paths[0], &paths[1]]);
    let (outcome, lines) = run("remote-exec", &config, &server).await;
    let message = outcome.unwrap_err();
    assert!(message.contains("a.sh"), "{message}");
    let end = format!(
        "on me@127.0.0.1:{}: process exited with status 7.",
        server.port
    );
    assert!(message.ends_with(&end), "{message}");
    assert_eq!(lines.last().unwrap(), "a");
    assert!(!server.home().join("unreached").exists());
}

#[tokio::test]
async fn content_is_stored() {
    let server = start();
    let path = server.home().join("motd");
    let config = Value::object([
        ("content", Value::string("h\u{e9}llo\n")),
        ("source", Value::null(Type::String)),
        ("destination", Value::string(path.to_str().unwrap())),
    ]);
    let (outcome, _) = run("file", &config, &server).await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(std::fs::read_to_string(path).unwrap(), "h\u{e9}llo\n");
}

#[tokio::test]
async fn an_interrupt_ends_what_hangs() {
    let server = start();
    // Nothing is ever written to the pipe.
    let config = scripts("inline", &["mkfifo pipe", "echo started", "cat pipe"]);
    let started = Notify::new();
    let outcome = remote(
        "remote-exec",
        &config,
        &connection(&server),
        false,
        &mut |line| {
            if line == "started" {
                started.notify_one();
            }
        },
        || started.notified(),
    )
    .await;
    let message = outcome.unwrap_err();
    assert!(
        message.starts_with("Interrupted while working at me@127.0.0.1"),
        "{message}"
    );
}
