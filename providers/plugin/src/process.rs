//! Plugin processes: starting, connecting, ending.

use crate::connection::Connection;
use crate::output::{LastWords, Pieces};
use crate::running;
use crate::socket;
use crate::tls::Identity;
use crate::verbosity;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use terrane_model::with_causes;
use terrane_protocol::handshake::{CLIENT_CERTIFICATE, COOKIE, SOCKET_FOLDER, VERSIONS};
use terrane_protocol::message::{Empty, StopResponse};
use terrane_protocol::{Handshake, Rpc};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

/// How long a plugin may take until it says where it listens.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a plugin may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// The longest handshake line that is read.
const LONGEST_LINE: u64 = 64 << 10;

/// A program to be started as a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The file.
    pub path: PathBuf,
    /// Arguments; plugins take none as a rule.
    pub arguments: Vec<OsString>,
    /// Without TLS (`TF_DISABLE_PLUGIN_TLS`): for looking at what is said.
    pub plain: bool,
}

impl Program {
    /// A program without arguments.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            arguments: Vec::new(),
            plain: false,
        }
    }
}

/// A plugin that runs and is connected.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) connection: Connection,
    /// `None` of one that somebody else started, and will end.
    child: Option<Mutex<Child>>,
    last_words: LastWords,
    /// It was asked to end calls in flight, and may have taken this to heart for good.
    pub(crate) stopped: AtomicBool,
    /// Holds its socket; removed with it.
    _folder: Option<tempfile::TempDir>,
    _mark: Option<running::Mark>,
}

impl Process {
    /// Starts a program and waits until it can be called. `name` is for the log.
    ///
    /// # Errors
    /// A sentence without final period that says what went wrong.
    pub(crate) async fn start(program: &Program, name: &str) -> Result<Self, String> {
        let identity = if program.plain {
            None
        } else {
            let identity = Identity::make()
                .map_err(|error| format!("no certificate could be made for it: {error}"))?;
            Some(identity)
        };
        let folder = socket::folder(&std::env::temp_dir())
            .map_err(|error| format!("no folder could be made for its socket: {error}"))?;
        let mut command = Command::new(&program.path);
        command
            .args(&program.arguments)
            .env(COOKIE.0, COOKIE.1)
            .env(VERSIONS, "5,6")
            .env("PLUGIN_MIN_PORT", "10000")
            .env("PLUGIN_MAX_PORT", "25000")
            .env(SOCKET_FOLDER, folder.path())
            .envs(verbosity::variables(name, verbosity::in_environment))
            .env_remove(CLIENT_CERTIFICATE)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(identity) = &identity {
            command.env(CLIENT_CERTIFICATE, &identity.pem);
        }
        // Ctrl-C at the terminal is for us: the plugin is told to stop by a call, and may finish what it does.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command
            .spawn()
            .map_err(|error| format!("{} can't be started: {error}", program.path.display()))?;
        let mark = running::Mark::of(child.id());
        let last_words = LastWords::default();
        if let Some(stderr) = child.stderr.take() {
            drop(tokio::spawn(
                last_words.clone().drain(name.to_owned(), stderr),
            ));
        }
        let handshake = match tokio::time::timeout(START_TIMEOUT, greet(&mut child, name)).await {
            Ok(Ok(handshake)) => handshake,
            Ok(Err(problem)) => return Err(with_last_words(problem, &mut child, &last_words).await),
            Err(_) => {
                let problem = format!(
                    "it did not say within {} seconds where it can be reached",
                    START_TIMEOUT.as_secs()
                );
                return Err(with_last_words(problem, &mut child, &last_words).await);
            }
        };
        let tls = match (handshake.certificate, &identity) {
            (Some(server), Some(identity)) => {
                let tls = identity.client_config(server);
                Some(tls.map_err(|error| format!("TLS can't be set up: {error}"))?)
            }
            (_, None) => None,
            // A program that knows nothing of TLS listens in plain: in a folder of ours, which is nobody else's.
            (None, Some(_)) => None,
        };
        let connection = match Connection::open(handshake.protocol, handshake.endpoint, tls).await {
            Ok(connection) => connection,
            Err(error) => {
                let problem = format!("it can't be connected to: {}", with_causes(&error));
                return Err(with_last_words(problem, &mut child, &last_words).await);
            }
        };
        let process = Self {
            connection,
            child: Some(Mutex::new(child)),
            last_words,
            stopped: AtomicBool::new(false),
            _folder: Some(folder),
            _mark: Some(mark),
        };
        process.forward_output(name);
        Ok(process)
    }

    /// Around a connection to a plugin that somebody else started.
    pub(crate) fn attached(connection: Connection) -> Self {
        Self {
            connection,
            child: None,
            last_words: LastWords::default(),
            stopped: AtomicBool::new(false),
            _folder: None,
            _mark: None,
        }
    }

    /// Once a plugin serves, its standard streams come over the connection.
    fn forward_output(&self, name: &str) {
        let (connection, words) = (self.connection.clone(), self.last_words.clone());
        let name = name.to_owned();
        drop(tokio::spawn(async move {
            let Ok(mut stream) = connection.stdio().await else {
                return;
            };
            let (mut out, mut err) = (Pieces::default(), Pieces::default());
            while let Ok(Some(data)) = stream.message().await {
                const ERROR: i32 = 2;
                let pieces = if data.channel == ERROR {
                    &mut err
                } else {
                    &mut out
                };
                pieces.take(&data.data, |line| words.line(&name, line));
            }
            for mut pieces in [out, err] {
                pieces.finish(|line| words.line(&name, line));
            }
        }));
    }

    /// Whether it can be given another configuration's calls, or the same ones' in another phase of the command.
    pub(crate) async fn is_fit(&self) -> bool {
        if self.stopped.load(Ordering::SeqCst) {
            return false;
        }
        match &self.child {
            None => true,
            Some(child) => matches!(child.lock().await.try_wait(), Ok(None)),
        }
    }

    /// Asks calls in flight to end soon. A plugin that does not answer is let be.
    pub(crate) async fn stop(&self, name: &str) {
        self.stopped.store(true, Ordering::SeqCst);
        let stop = self.connection.call(Rpc::Stop, Empty {});
        let stopped: Result<StopResponse, _> = match tokio::time::timeout(GRACE, stop).await {
            Ok(stopped) => stopped,
            Err(_) => return tracing::warn!(provider = name, "does not answer that it stops"),
        };
        match stopped {
            Ok(response) if !response.error.is_empty() => {
                tracing::warn!(provider = name, "{}", response.error);
            }
            Ok(_) => {}
            Err(status) => tracing::debug!(provider = name, %status, "can't be stopped"),
        }
    }

    /// Whether the process has ended, and its last lines. Waits a moment for an end that is under way.
    pub(crate) async fn obituary(&self) -> Option<String> {
        const MOMENT: Duration = Duration::from_millis(500);
        let mut child = self.child.as_ref()?.lock().await;
        let status = match tokio::time::timeout(MOMENT, child.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => return None,
        };
        self.last_words.complete().await;
        let words = self.last_words.text();
        Some(if words.is_empty() {
            format!("it ended ({status}) without a word")
        } else {
            format!("it ended ({status}); its last words were:\n{words}")
        })
    }

    /// Ends it: asks, waits, kills.
    pub(crate) async fn end(&self) {
        let Some(child) = &self.child else {
            return;
        };
        let asked = tokio::time::timeout(GRACE, self.connection.shut_down()).await;
        let mut child = child.lock().await;
        if asked.is_ok() && tokio::time::timeout(GRACE, child.wait()).await.is_ok() {
            return;
        }
        if let Err(error) = running::kill_family(&mut child).await {
            tracing::debug!(%error, "the plugin could not be killed");
        }
    }
}

/// Reads the handshake line, and goes on reading what follows so that the plugin never waits for us.
async fn greet(child: &mut Child, name: &str) -> Result<Handshake, String> {
    let stdout = child
        .stdout
        .take()
        .ok_or_else(|| "its output can't be read".to_owned())?;
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    let read = (&mut reader)
        .take(LONGEST_LINE)
        .read_until(b'\n', &mut line)
        .await;
    match read {
        Ok(0) => return Err("it ended before it said where it can be reached".to_owned()),
        Ok(_) => {}
        Err(error) => return Err(format!("its output can't be read: {error}")),
    }
    let handshake = Handshake::parse(&String::from_utf8_lossy(&line))?;
    drop(tokio::spawn(
        LastWords::default().drain(name.to_owned(), reader),
    ));
    Ok(handshake)
}

async fn with_last_words(problem: String, child: &mut Child, words: &LastWords) -> String {
    // Its last lines are still on their way through the pipe.
    if let Err(error) = running::kill_family(child).await {
        tracing::debug!(%error, "the plugin could not be killed");
    }
    words.complete().await;
    match words.text() {
        text if text.is_empty() => problem,
        text => format!("{problem}; its last words were:\n{text}"),
    }
}
