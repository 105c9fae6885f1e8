//! What is said of ephemeral resources: opening, renewing, closing.

use super::resource::elapsed;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use terrane_ops::model::addr::InstanceAddr;
use terrane_ops::planning::ephemeral::{EphemeralOp, EphemeralProgress, EphemeralStage};

/// What goes on.
#[derive(Debug, Default)]
pub(super) struct Ephemerals {
    running: BTreeMap<InstanceAddr, Running>,
}

#[derive(Debug)]
struct Running {
    since: Instant,
    mentioned: Instant,
    op: EphemeralOp,
}

/// Something to be said.
#[derive(Debug)]
pub(super) struct Said {
    /// For people.
    pub(super) message: String,
    /// The kind of event in the machine-readable output.
    pub(super) kind: &'static str,
    /// `open`, `renew` or `close`.
    pub(super) action: &'static str,
    /// How long it has taken, where that is told.
    pub(super) passed: Option<Duration>,
}

/// While it runs, while it still runs, when it is done, and its name.
fn words(op: EphemeralOp) -> (&'static str, &'static str, &'static str, &'static str) {
    match op {
        EphemeralOp::Open => ("Opening", "opening", "Opening", "open"),
        EphemeralOp::Renew => ("Renewing", "renewing", "Renewal", "renew"),
        EphemeralOp::Close => ("Closing", "closing", "Closing", "close"),
    }
}

impl Ephemerals {
    /// Something happened.
    pub(super) fn told(&mut self, progress: &EphemeralProgress) -> Said {
        let EphemeralProgress { addr, op, stage } = progress;
        let (doing, _, done, action) = words(*op);
        let said = |message: String, kind, passed| Said {
            message: format!("{addr}: {message}"),
            kind,
            action,
            passed,
        };
        if *stage == EphemeralStage::Started {
            let now = Instant::now();
            let running = Running {
                since: now,
                mentioned: now,
                op: *op,
            };
            self.running.insert(addr.clone(), running);
            return said(format!("{doing}..."), "ephemeral_op_start", None);
        }
        let running = self.running.remove(addr);
        let passed = running.map_or(Duration::ZERO, |running| running.since.elapsed());
        let after = elapsed(passed);
        match stage {
            EphemeralStage::Started | EphemeralStage::Done => said(
                format!("{done} complete after {after}"),
                "ephemeral_op_complete",
                Some(passed),
            ),
            EphemeralStage::Failed => said(
                format!("{done} errored after {after}"),
                "ephemeral_op_errored",
                Some(passed),
            ),
            EphemeralStage::Deferred => said(
                "Configuration unknown, deferring...".to_owned(),
                "ephemeral_op_start",
                None,
            ),
        }
    }

    /// What takes long and was not mentioned for so long.
    pub(super) fn long(&mut self, still: Duration) -> Vec<(InstanceAddr, Said)> {
        let now = Instant::now();
        let mut found = Vec::new();
        for (addr, running) in &mut self.running {
            if now.duration_since(running.mentioned) < still {
                continue;
            }
            running.mentioned = now;
            let (_, doing, _, action) = words(running.op);
            let passed = now.duration_since(running.since);
            let said = Said {
                message: format!("{addr}: Still {doing}... [{} elapsed]", elapsed(passed)),
                kind: "ephemeral_op_progress",
                action,
                passed: Some(passed),
            };
            found.push((addr.clone(), said));
        }
        found
    }
}
