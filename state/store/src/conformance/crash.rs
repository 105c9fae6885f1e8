//! A process that writes is killed at a moment of its parent's choosing; what it acknowledged is there afterwards.
//!
//! The test program starts itself: its child calls [`write_until_killed`], and the parent a [`Victim`].

use super::sample::{instance, set};
use crate::Workspace;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use terrane_model::addr::InstanceKey;
use terrane_model::snapshot::Snapshot;

/// What the child does: each batch sets two instances to its number, and its serial is said when it is durable.
///
/// # Panics
/// When it can't write.
pub fn write_until_killed(workspace: &mut dyn Workspace) {
    let mut out = std::io::stdout().lock();
    let first = workspace.snapshot().serial;
    for round in first.. {
        let text = format!(r#"{{"round":{round},"pad":"{}"}}"#, "x".repeat(100));
        let fixed = instance("fixed", None);
        let moving = instance("moving", Some(InstanceKey::Int(round % 20)));
        workspace
            .commit(vec![set(&fixed, &text), set(&moving, &text)])
            .expect("the store can be written");
        writeln!(out, "\nack {}", workspace.snapshot().serial)
            .and_then(|()| out.flush())
            .expect("the parent listens");
    }
}

/// The child, seen from its parent.
#[derive(Debug)]
pub struct Victim {
    /// The process.
    pub child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// The last serial that it acknowledged.
    pub acknowledged: u64,
}

impl Victim {
    /// Starts this program anew with this test only, and this environment.
    ///
    /// # Panics
    /// When that fails.
    #[must_use]
    pub fn start(test: &str, env: &[(&str, &std::ffi::OsStr)], acknowledged: u64) -> Self {
        let program = std::env::current_exe().expect("the program knows where it is");
        let mut child = Command::new(program)
            .args(["--exact", test, "--nocapture"])
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("its output was asked for");
        Self {
            child,
            lines: BufReader::new(stdout).lines(),
            acknowledged,
        }
    }

    /// Waits until it has acknowledged so many more.
    ///
    /// # Panics
    /// When it ends before.
    pub fn acknowledges(&mut self, count: usize) {
        let mut seen = 0;
        while seen < count {
            let line = self.lines.next().expect("the child goes on");
            seen += usize::from(self.hear(&line.expect("it says text")));
        }
    }

    fn hear(&mut self, line: &str) -> bool {
        let serial = line.strip_prefix("ack ").and_then(|text| text.parse().ok());
        self.acknowledged = serial.unwrap_or(self.acknowledged);
        serial.is_some()
    }

    /// Kills it. What it acknowledged before it died and after it was listened to counts, too. Gives the last serial.
    ///
    /// # Panics
    /// When it can't be killed.
    pub fn kill(mut self) -> u64 {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
        while let Some(Ok(line)) = self.lines.next() {
            self.hear(&line);
        }
        self.acknowledged
    }
}

/// Everything that was acknowledged is there, or one batch more; of the last one both halves.
///
/// # Panics
/// When that is not so.
pub fn check_acknowledged(snapshot: &Snapshot, acknowledged: u64) {
    assert!(
        snapshot.serial == acknowledged || snapshot.serial == acknowledged + 1,
        "{acknowledged} was acknowledged, {} is there",
        snapshot.serial
    );
    let round = snapshot.serial - 1;
    let text = format!(r#"{{"round":{round},"#);
    for addr in [
        instance("fixed", None),
        instance("moving", Some(InstanceKey::Int(round % 20))),
    ] {
        let found = snapshot
            .instance(&addr)
            .and_then(|found| found.current.clone());
        let object = found.expect("it was written");
        assert!(
            object.attributes.starts_with(&text),
            "{}",
            object.attributes
        );
    }
}
