//! Requests that are carried out and whose answer is lost, or is an error: each request of a run in turn. The run ends well all the same, nothing is written twice,
//! nothing is left locked.

use crate::common::{self, Setting, at, run, set_of};
use crate::moto::Moto;
use crate::server::{Instead, Server};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use terrane_store::{StateStore, StoreError};
use terrane_value::{Type, Value};

#[derive(Clone, Copy, Debug)]
enum Loss {
    /// The connection is cut.
    Cut,
    /// 500.
    Error,
}

/// What a wire does to requests.
#[derive(Debug, Default)]
struct Wire {
    /// How many there were.
    requests: usize,
    /// Which one loses its answer.
    loses: Option<(usize, Loss)>,
}

/// A wire to this port of the loopback; gives its own.
fn wire(to: u16, wire: &Arc<Mutex<Wire>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let wire = Arc::clone(wire);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let wire = Arc::clone(&wire);
            // Who hangs up is not there to be told.
            std::thread::spawn(move || drop(carry(stream, to, &wire)));
        }
    });
    port
}

/// One request for each connection.
fn carry(stream: TcpStream, to: u16, wire: &Mutex<Wire>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        assert!(!lower.starts_with("transfer-encoding:"), "{line}");
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let loss = {
        let mut wire = wire.lock().unwrap();
        wire.requests += 1;
        let loses = wire.loses.filter(|(which, _)| which + 1 == wire.requests);
        loses.map(|(_, loss)| loss)
    };
    let mut server = TcpStream::connect(("127.0.0.1", to))?;
    server.write_all(head.as_bytes())?;
    server.write_all(b"Connection: close\r\n\r\n")?;
    server.write_all(&body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    let stream = reader.get_mut();
    match loss {
        None => stream.write_all(&answer),
        Some(Loss::Cut) => Ok(()),
        Some(Loss::Error) => {
            stream.write_all(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
    }
}

/// The ways to lock.
#[derive(Clone, Copy, Debug)]
enum Locks {
    File,
    Table,
    Both,
}

fn s3(
    moto: &Moto,
    port: u16,
    (locks, key): (Locks, &str),
    machine: &Setting,
) -> Arc<dyn StateStore> {
    let endpoint = Value::string(format!("http://127.0.0.1:{port}"));
    let none = || Value::null(Type::String);
    let endpoints = Value::object([
        ("dynamodb", endpoint.clone()),
        ("iam", none()),
        ("s3", endpoint.clone()),
        ("sso", none()),
        ("sts", endpoint),
    ]);
    let mut arguments = vec![
        ("bucket", Value::string(moto.bucket.clone())),
        ("key", Value::string(key)),
        ("region", Value::string("us-east-1")),
        ("access_key", Value::string("id")),
        ("secret_key", Value::string("secret")),
        ("use_path_style", Value::bool(true)),
        ("endpoints", endpoints),
    ];
    if matches!(locks, Locks::File | Locks::Both) {
        arguments.push(("use_lockfile", Value::bool(true)));
    }
    if matches!(locks, Locks::Table | Locks::Both) {
        arguments.push(("dynamodb_table", Value::string(table(moto))));
    }
    let arguments = arguments.into_iter();
    let config = common::config(
        "s3",
        arguments.map(|(name, value)| (name.to_owned(), value)),
    );
    let seal = Arc::clone(&machine.seal);
    terrane_store_remote::open("s3", &config, &machine.surroundings(), seal).unwrap()
}

fn table(moto: &Moto) -> String {
    format!("answers-{}", moto.bucket)
}

/// What was to be had, or the story of what went wrong.
trait Told<T> {
    fn told(self, what: &str) -> T;
}

impl<T> Told<T> for Result<T, StoreError> {
    fn told(self, what: &str) -> T {
        self.unwrap_or_else(|error| panic!("{what}: {error:?}"))
    }
}

/// A run that is long enough for its journal to be shipped; then another one, which finds all of it and no lock. Gives how many requests the first one made.
fn run_in_s3(moto: &Moto, locks: Locks, loses: Option<(usize, Loss)>) -> usize {
    let what = format!("{locks:?}-{loses:?}");
    let key = format!(
        "{}.tfstate",
        what.replace(|char: char| !char.is_ascii_alphanumeric(), "-")
    );
    let state = Arc::new(Mutex::new(Wire { requests: 0, loses }));
    let port = wire(moto.port, &state);
    let machine = Setting::new();
    let store = s3(moto, port, (locks, &key), &machine);
    let mut workspace = store.open("default").told(&what);
    workspace.commit(vec![run(), set_of("a")]).told(&what);
    let journal = format!("{key}.terrane-journal");
    common::wait_until("shipping", || moto.object(&journal).is_some());
    workspace.commit(vec![set_of("b")]).told(&what);
    workspace.close().told(&what);
    let requests = state.lock().unwrap().requests;

    assert!(
        moto.object(&format!("{key}.tflock")).is_none(),
        "{what}: locked"
    );
    assert!(
        moto.object(&journal).is_none(),
        "{what}: there is more to say"
    );
    let elsewhere = Setting::new();
    let store = s3(moto, moto.port, (locks, &key), &elsewhere);
    let workspace = store.open("default").told(&what);
    let found = workspace.snapshot();
    assert!(at(&found, "a") && at(&found, "b"), "{what}");
    workspace.close().told(&what);
    requests
}

#[test]
fn in_s3_every_lost_answer_is_made_good() {
    let Some(moto) = Moto::start() else { return };
    moto.make_table(&table(&moto));
    std::thread::scope(|scope| {
        for locks in [Locks::File, Locks::Table, Locks::Both] {
            let requests = run_in_s3(&moto, locks, None);
            assert!(requests > 5, "{requests}");
            for which in 0..requests {
                for loss in [Loss::Cut, Loss::Error] {
                    let moto = &moto;
                    scope.spawn(move || run_in_s3(moto, locks, Some((which, loss))));
                }
            }
        }
    });
}

#[test]
fn behind_http_every_lost_answer_is_made_good() {
    let run_with = |instead: Vec<Instead>| {
        let what = format!("{instead:?}");
        let server = Server::start(None);
        server.with(|inner| inner.instead = instead.into());
        let mut machine = Setting::new();
        machine.env = [
            ("TF_HTTP_RETRY_WAIT_MIN", "0"),
            ("TF_HTTP_RETRY_WAIT_MAX", "0"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        let address = format!("{}/state", server.address);
        let arguments = [
            ("address", address.as_str()),
            ("lock_address", &address),
            ("unlock_address", &address),
        ];
        let store = machine.open("http", &arguments);
        for name in ["a", "b"] {
            let mut workspace = store.open("default").told(&what);
            workspace.commit(vec![run(), set_of(name)]).unwrap();
            workspace.close().told(&what);
        }
        assert!(server.with(|inner| inner.lock.is_none()), "{what}: locked");
        let elsewhere = Setting::new();
        let found = elsewhere.open("http", &arguments).read("default").unwrap();
        assert!(at(&found, "a") && at(&found, "b"), "{what}");
        server.with(|inner| inner.seen.len())
    };
    let requests = run_with(Vec::new());
    for which in 0..requests {
        for loss in [Instead::CutAfter, Instead::StatusAfter(500)] {
            let mut instead = vec![Instead::Right; which];
            instead.push(loss);
            run_with(instead);
        }
    }
}
