//! What the stores of whole files cost: `cargo run --release -p terrane-store-remote --example bench` (`cargo run -p xtask -- bench remote`).
//!
//! Runs record an intent and an outcome for each change, at the pace of an apply, through a wire that counts what goes over it and may take its time. `http` is a
//! server in this process, `s3` moto's. Journals lie on the disk where the program is started.

#![expect(clippy::unwrap_used, reason = "an example")]

#[expect(
    dead_code,
    unreachable_pub,
    reason = "shared with the tests of the stores"
)]
#[path = "../../../tests/support/http_server.rs"]
mod server;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use terrane_model::addr::InstanceKey;
use terrane_model::event::{EventKind, Intent, Operation};
use terrane_store::conformance::sample::{current, event, instance, object, provider};
use terrane_store::lease::new_lock_id;
use terrane_store::seal::Plain;
use terrane_store::{StateStore, Workspace};
use terrane_store_remote::{Surroundings, open, schema};
use terrane_value::{Type, Value};

/// How long a run goes on, and how many changes a second it makes.
const SECONDS: u64 = 12;
const A_SECOND: u64 = 50;

/// What went over a wire to a server.
#[derive(Debug, Default)]
struct Wire {
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Wire {
    /// Listens for connections and hands them on to a port, each request so much later. Gives the port.
    fn start(self: &Arc<Self>, to: u16, latency: Duration) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let wire = Arc::clone(self);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let there = TcpStream::connect(("127.0.0.1", to)).unwrap();
                let (mut back, mut home) =
                    (there.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || {
                    drop(std::io::copy(&mut back, &mut home));
                    drop(home.shutdown(std::net::Shutdown::Both));
                });
                let wire = Arc::clone(&wire);
                thread::spawn(move || wire.carry(client, there, latency));
            }
        });
        port
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream, latency: Duration) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(len) = from.read(&mut buffer) {
            let piece = buffer.get(..len).unwrap_or_default();
            if piece.is_empty() {
                break;
            }
            // No body has this in it, and no head is cut there: a client writes it at once.
            let requests = piece.windows(9).filter(|part| part == b" HTTP/1.1").count() as u64;
            if requests > 0 {
                thread::sleep(latency);
            }
            self.requests.fetch_add(requests, Ordering::Relaxed);
            self.bytes.fetch_add(len as u64, Ordering::Relaxed);
            if to.write_all(piece).is_err() {
                break;
            }
        }
        drop(to.shutdown(std::net::Shutdown::Write));
    }

    /// Requests and bytes since this was last asked.
    fn take(&self) -> (u64, u64) {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        (take(&self.requests), take(&self.bytes))
    }
}

/// moto's server. `None`: it can't be installed here.
fn moto() -> Option<(Child, u16)> {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| String::from("target"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut child = Command::new("python3")
        .arg(root.join("tests/support/moto_server.py"))
        .arg(root.join(target).join("moto"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let lines = BufReader::new(child.stdout.take()?).lines();
    let port = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("port ")?.parse().ok())?;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let who = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x";
    let head = format!(
        "PUT /bench HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {who}\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.read_to_end(&mut Vec::new()).ok()?;
    Some((child, port))
}

fn store(kind: &str, port: u16, folder: &Path) -> Arc<dyn StateStore> {
    let address = format!("http://127.0.0.1:{port}");
    let text = |text: &str| Value::string(text);
    let given = if kind == "http" {
        let state = format!("{address}/state");
        ["address", "lock_address", "unlock_address"]
            .map(|name| (name, text(&state)))
            .to_vec()
    } else {
        let endpoints = Value::object(["dynamodb", "iam", "s3", "sso", "sts"].map(|service| {
            let none = Value::null(Type::String);
            (
                service,
                if service == "s3" {
                    text(&address)
                } else {
                    none
                },
            )
        }));
        vec![
            ("bucket", text("bench")),
            ("key", text(&folder.display().to_string())),
            ("region", text("us-east-1")),
            ("access_key", text("id")),
            ("secret_key", text("secret")),
            ("use_path_style", Value::bool(true)),
            ("use_lockfile", Value::bool(true)),
            ("endpoints", endpoints),
        ]
    };
    let schema = schema(kind).unwrap();
    let config = Value::object(schema.attributes.iter().map(|(name, attribute)| {
        let value = given.iter().find(|(given, _)| given == name).map_or_else(
            || Value::null(attribute.value_type()),
            |(_, value)| value.clone(),
        );
        (name.clone(), value)
    }));
    let surroundings = Surroundings::new([].into(), folder.join(".terrane"));
    open(kind, &config, &surroundings, Arc::new(Plain)).unwrap()
}

/// About 600 bytes.
fn attributes(round: u64) -> String {
    format!(r#"{{"id":"{round:020}","pad":"{}"}}"#, "x".repeat(500))
}

/// One change: what is about to be done, and what came of it. Gives how long it was waited for.
fn change(workspace: &mut dyn Workspace, at: u64, round: u64) -> Duration {
    let addr = instance("many", Some(InstanceKey::Int(at)));
    let op = workspace.lease().fence.first_op() + round;
    let intent = Intent {
        object: current(&addr),
        operation: Operation::Update,
        provider: provider("null"),
        token: new_lock_id(),
        planned: attributes(round).into(),
        dependencies: Arc::from([]),
        create_before_destroy: false,
        provider_key: None,
    };
    let ended = EventKind::Ended {
        op,
        object: current(&addr),
        provider: provider("null"),
        state: Some(Arc::new(object(&attributes(round)))),
    };
    let began = Instant::now();
    for kind in [EventKind::Began { op, intent }, ended] {
        workspace.commit(vec![event(kind)]).unwrap();
    }
    began.elapsed()
}

/// One run over a state of this size, as a line of a table.
fn run(kind: &str, port: u16, latency: Duration, size: u64) -> String {
    let folder = Path::new("target/bench-remote").join(new_lock_id());
    fs::create_dir_all(&folder).unwrap();
    let wire = Arc::new(Wire::default());
    let store = store(kind, wire.start(port, latency), &folder);
    let mut workspace = store.open("default").unwrap();
    let all: Vec<_> = (0..size)
        .map(|at| {
            let addr = instance("many", Some(InstanceKey::Int(at)));
            terrane_store::conformance::sample::set(&addr, &attributes(0))
        })
        .collect();
    for part in all.chunks(1000) {
        workspace.commit(part.to_vec()).unwrap();
    }
    workspace.close().unwrap();
    let began = Instant::now();
    let mut workspace = store.open("default").unwrap();
    let opened = began.elapsed();
    wire.take();
    let (mut waited, mut longest) = (Duration::ZERO, Duration::ZERO);
    let began = Instant::now();
    let changes = SECONDS * A_SECOND;
    for round in 1..=changes {
        let due = Duration::from_secs(round) / u32::try_from(A_SECOND).unwrap();
        thread::sleep(due.saturating_sub(began.elapsed()));
        let took = change(&mut *workspace, round * 7919 % size, round);
        waited += took;
        longest = longest.max(took);
    }
    let (requests, bytes) = wire.take();
    let began = Instant::now();
    workspace.close().unwrap();
    let closed = began.elapsed();
    let (_, at_close) = wire.take();
    fs::remove_dir_all(&folder).unwrap();
    format!(
        "| `{kind}` | {} ms | {size} | {opened:.2?} | {:.2?} | {longest:.1?} | {} | {} KiB | {closed:.2?} | {} KiB |",
        latency.as_millis(),
        waited / u32::try_from(changes).unwrap(),
        requests,
        bytes / changes / 1024,
        at_close / 1024,
    )
}

fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

fn main() {
    say(&format!("{A_SECOND} changes a second for {SECONDS} s"));
    say(
        "| store | on the way | instances | opened | a change, durable here | longest | requests | sent per change | closed | sent at close |",
    );
    say("|---|---|---|---|---|---|---|---|---|---|");
    let server = server::Server::start(None);
    let http = server
        .address
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .unwrap();
    let moto = moto();
    let s3 = moto.as_ref().map(|(_, port)| *port);
    for (kind, port) in [("s3", s3), ("http", Some(http))] {
        let Some(port) = port else {
            say("moto can't be installed here: nothing is measured of `s3`");
            continue;
        };
        for (latency, sizes) in [
            (0, &[100, 1000, 10_000, 100_000][..]),
            (40, &[1000, 10_000]),
        ] {
            for size in sizes {
                say(&run(kind, port, Duration::from_millis(latency), *size));
                server.with(|inner| *inner = server::Inner::default());
            }
        }
    }
    if let Some((mut child, _)) = moto {
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
