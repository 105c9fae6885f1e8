//! A machine with an SSH server, for tests: on 127.0.0.1, in a thread of its own, with a temporary folder as home.
//!
//! It runs commands with `/bin/sh` in that folder, receives files like `scp -t`, and forwards connections.

mod channel;
mod handler;
mod receive;

use handler::Client;
use russh::MethodSet;
use russh::keys::{Certificate, PrivateKey, PublicKey, decode_secret_key};
use russh::server::Config;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// The private key of its user, of nobody in fact.
pub(crate) const USER_KEY: &str = include_str!("../keys/ed25519");
const HOST_KEY: &str = include_str!("../keys/ecdsa.pem");

/// What the server accepts and how it behaves. The user is always `me`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) password: Option<String>,
    /// The password is asked for as a question.
    pub(crate) questions: bool,
    pub(crate) key: Option<PublicKey>,
    /// The key and the password are both needed.
    pub(crate) both: bool,
    /// Who signs certificates of users.
    pub(crate) authority: Option<PublicKey>,
    /// How many times the right password is wrong at first.
    pub(crate) stubborn: u32,
    pub(crate) host_certificate: Option<Certificate>,
    /// There is no `scp`.
    pub(crate) without_scp: bool,
    /// Connections are not forwarded.
    pub(crate) without_forwarding: bool,
    /// Connections are accepted, but nothing is said.
    pub(crate) silent: bool,
    /// After this many bytes of a file, the connection is cut.
    pub(crate) cut_after: Option<usize>,
}

/// What clients share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) home: tempfile::TempDir,
    pub(crate) log: Mutex<Vec<String>>,
    pub(crate) refused: AtomicU32,
}

impl Shared {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.log.lock().expect("no panic").push(what.into());
    }
}

/// A running server; it ends when this is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
}

impl Server {
    pub(crate) fn start(options: Options) -> Self {
        let listener =
            std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        listener.set_nonblocking(true).expect("it can");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            options,
            home: tempfile::tempdir().expect("a folder"),
            log: Mutex::default(),
            refused: AtomicU32::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let seen = shared.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                tokio::select! {
                    () = serve(listener, seen) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            port,
            shared,
            stop: Some(stop),
        }
    }

    /// The folder that commands run in.
    pub(crate) fn home(&self) -> &Path {
        self.shared.home.path()
    }

    /// What happened, in order.
    pub(crate) fn log(&self) -> Vec<String> {
        self.shared.log.lock().expect("no panic").clone()
    }

    /// The public half of the key of this machine, as text.
    pub(crate) fn host_key() -> String {
        host_key().public_key().to_openssh().expect("it has a text")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
    }
}

pub(crate) fn host_key() -> PrivateKey {
    decode_secret_key(HOST_KEY, None).expect("it is a key")
}

async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("within a runtime");
    let config = Arc::new(Config {
        methods: MethodSet::server_supported(),
        auth_rejection_time: Duration::ZERO,
        keys: vec![host_key()],
        certificates: shared.options.host_certificate.iter().cloned().collect(),
        max_auth_attempts: 4,
        nodelay: true,
        ..Config::default()
    });
    let mut idle = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.note("connected");
        if shared.options.silent {
            idle.push(stream);
            continue;
        }
        let (config, client) = (config.clone(), Client::new(shared.clone()));
        tokio::spawn(async move {
            if let Ok(session) = russh::server::run_stream(config, stream, client).await {
                session.await.ok();
            }
        });
    }
}
