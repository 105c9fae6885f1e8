//! The history of a state: which runs changed it.

use ecow::EcoString;
use terrane_model::event::{Event, EventKind};

/// A run that changed the state, and the serials that it made. The state after it is the one of `last_serial`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The first serial that it made.
    pub first_serial: u64,
    /// The last one.
    pub last_serial: u64,
    /// When it began, in milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// Names the run; empty where changes were recorded without one.
    pub run: EcoString,
    /// The digest of the plan; empty where there was none.
    pub plan: EcoString,
    /// The command.
    pub command: EcoString,
    /// Who.
    pub who: EcoString,
    /// How many events there were that changed something, intents not counted.
    pub changes: usize,
}

/// Groups batches by the runs that made them.
#[derive(Debug, Default)]
pub struct History {
    versions: Vec<Version>,
}

impl History {
    /// Takes in the next batch.
    pub fn add(&mut self, serial: u64, events: &[Event]) {
        for event in events {
            match &event.kind {
                EventKind::Run {
                    run,
                    plan,
                    command,
                    who,
                } => self.versions.push(Version {
                    first_serial: serial,
                    last_serial: serial,
                    at_ms: event.at_ms,
                    run: run.clone(),
                    plan: plan.clone(),
                    command: command.clone(),
                    who: who.clone(),
                    changes: 0,
                }),
                kind => {
                    if self.versions.is_empty() {
                        self.begin_nameless(serial, event.at_ms);
                    }
                    if let Some(version) = self.versions.last_mut() {
                        version.changes += usize::from(!matches!(kind, EventKind::Began { .. }));
                    }
                }
            }
        }
        if let Some(version) = self.versions.last_mut() {
            version.last_serial = serial;
        }
    }

    /// What comes next is of no run that is known: somebody else wrote it.
    pub fn begin_nameless(&mut self, serial: u64, at_ms: u64) {
        self.versions.push(Version {
            first_serial: serial,
            last_serial: serial,
            at_ms,
            run: EcoString::new(),
            plan: EcoString::new(),
            command: EcoString::new(),
            who: EcoString::new(),
            changes: 0,
        });
    }

    /// The runs so far, oldest first.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The runs, oldest first.
    #[must_use]
    pub fn into_versions(self) -> Vec<Version> {
        self.versions
    }
}
