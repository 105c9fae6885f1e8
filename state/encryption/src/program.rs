//! Programs that give keys or encrypt: started, fed by standard input, answering on standard output.
//!
//! The answer is a line that says what protocol the program speaks, and then one JSON value. Time and size are bounded.

use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use serde::Deserialize;
use std::io::{Read, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a program may take: it may have to ask a person to touch a token.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much of what a program says on standard error is shown.
const SHOWN: usize = 2000;
/// The longest first line.
const HEADER: usize = 4096;
/// The version of the protocols.
const VERSION: u64 = 1;

/// A program, and what it must say of itself.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) command: Vec<String>,
    /// What the first line must say.
    pub(crate) magic: &'static str,
    pub(crate) patience: Duration,
}

#[derive(Deserialize)]
struct Header {
    magic: String,
    version: u64,
}

impl Program {
    pub(crate) fn new(command: Vec<String>, magic: &'static str) -> Self {
        Self {
            command,
            magic,
            patience: PATIENCE,
        }
    }

    fn name(&self) -> &str {
        self.command.first().map_or("", String::as_str)
    }

    /// The JSON that the program answers to an input. `limit`: how long the answer may be, in bytes.
    pub(crate) fn ask(&self, input: Secret, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
        self.run(input, limit)
            .map_err(|problem| problem.within(&format!("the program {:?}", self.name())))
    }

    fn run(&self, input: Secret, limit: usize) -> Result<Zeroizing<Vec<u8>>> {
        let began = Instant::now();
        let mut child = Command::new(self.name())
            .args(self.command.iter().skip(1))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Problem(format!("it can't be started: {error}")))?;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return fail("it can't be talked to");
        };
        // Fed by a thread: programs may answer before they have read everything, and some say nothing before they have.
        thread::spawn(move || {
            // A program that does not read its input closes the pipe; what counts is its answer.
            drop(stdin.write_all(input.reveal()));
        });
        let output = drain(stdout, limit + HEADER);
        let said = drain(stderr, SHOWN);
        let finished = output
            .recv_timeout(self.patience)
            .map_err(|error| error == RecvTimeoutError::Timeout);
        let status = finished
            .as_ref()
            .ok()
            .and_then(|_| wait(&mut child, self.patience.saturating_sub(began.elapsed())));
        let Some(status) = status else {
            drop(child.kill());
            drop(child.wait());
            return fail(format!(
                "it did not come to an end within {} seconds",
                self.patience.as_secs()
            ));
        };
        let said = said
            .recv_timeout(Duration::from_secs(1))
            .unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let said = said.trim();
        if !status.success() {
            let said = if said.is_empty() {
                String::from("it said nothing on standard error")
            } else {
                format!("it said: {said}")
            };
            return fail(format!("it failed ({status}); {said}"));
        }
        let output = finished.unwrap_or_default();
        if output.len() > limit + HEADER {
            return fail(format!("its answer is longer than {limit} bytes"));
        }
        self.answer(output)
    }

    /// What follows the first line, if that is as it must be.
    fn answer(&self, output: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>> {
        let expected = format!(
            "the first line of its output must be {{\"magic\":\"{}\",\"version\":{VERSION}}}",
            self.magic
        );
        let end = output
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(|| Problem(expected.clone()))?;
        let (line, rest) = output.split_at(end);
        let header: Header = serde_json::from_slice(line).map_err(|_| Problem(expected.clone()))?;
        if header.magic != self.magic {
            return fail(expected);
        }
        if header.version != VERSION {
            return fail(format!(
                "it speaks version {} of the protocol, and only version {VERSION} is known here",
                header.version
            ));
        }
        Ok(Zeroizing::new(rest.to_vec()))
    }
}

/// Reads a stream to its end in a thread, keeping at most one byte more than `keep`.
fn drain(mut stream: impl Read + Send + 'static, keep: usize) -> Receiver<Zeroizing<Vec<u8>>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut kept = Zeroizing::new(Vec::new());
        let mut buffer = Zeroizing::new(vec![0; 1 << 16]);
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            let room = (keep + 1).saturating_sub(kept.len()).min(count);
            kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
        }
        // Nobody listens any more where the program took too long.
        drop(sender.send(kept));
    });
    receiver
}

/// Waits for a program that has closed its output, which is as good as ended.
fn wait(child: &mut std::process::Child, patience: Duration) -> Option<ExitStatus> {
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if began.elapsed() < patience => thread::sleep(Duration::from_millis(2)),
            Ok(None) | Err(_) => return None,
        }
    }
}
