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

/// Groups batches by the runs that made them: each is of the run that was named last.
#[derive(Debug, Default)]
pub struct History {
    versions: Vec<Version>,
    /// Which of them the next batch is of, if it names none.
    present: usize,
}

/// So many runs may go on side by side.
const SIDE_BY_SIDE: usize = 64;

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
                } if !self.goes_on(run) => self.begin(Version {
                    first_serial: serial,
                    last_serial: serial,
                    at_ms: event.at_ms,
                    run: run.clone(),
                    plan: plan.clone(),
                    command: command.clone(),
                    who: who.clone(),
                    changes: 0,
                }),
                EventKind::Run { .. } => {}
                kind => {
                    if self.versions.is_empty() {
                        self.begin_nameless(serial, event.at_ms);
                    }
                    if let Some(version) = self.versions.get_mut(self.present) {
                        version.changes += usize::from(!matches!(kind, EventKind::Began { .. }));
                    }
                }
            }
        }
        if let Some(version) = self.versions.get_mut(self.present) {
            version.last_serial = serial;
        }
    }

    /// Whether this is a run that began before; then what comes next is of it.
    fn goes_on(&mut self, run: &str) -> bool {
        let from = self.versions.len().saturating_sub(SIDE_BY_SIDE);
        let latest = self.versions.iter().enumerate().skip(from);
        let known = latest.rev().find(|(_, version)| *version.run == *run);
        match known {
            Some((at, _)) if !run.is_empty() => {
                self.present = at;
                true
            }
            _ => false,
        }
    }

    fn begin(&mut self, version: Version) {
        self.present = self.versions.len();
        self.versions.push(version);
    }

    /// What comes next is of no run that is known: somebody else wrote it.
    pub fn begin_nameless(&mut self, serial: u64, at_ms: u64) {
        self.begin(Version {
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

/// Sees to it that every batch of a journal is of the run that was named last, also where runs go on side by side: whoever finds that another one was named since
/// names its own again.
#[derive(Debug, Default)]
pub struct Runs {
    /// The run of whoever writes here.
    own: Option<EventKind>,
    /// The run that was named last in the journal, as far as it is known.
    last: EcoString,
}

/// The run that a batch names last.
fn named(events: &[Event]) -> Option<(&EventKind, &EcoString)> {
    events.iter().rev().find_map(|event| match &event.kind {
        kind @ EventKind::Run { run, .. } => Some((kind, run)),
        _ => None,
    })
}

impl Runs {
    /// Takes note of a batch of somebody else.
    pub fn seen(&mut self, events: &[Event]) {
        if let Some((_, run)) = named(events) {
            self.last = run.clone();
        }
    }

    /// The journal is another one: what was named last in it is not known.
    pub fn forget(&mut self) {
        self.last = EcoString::new();
    }

    /// A batch as it is to be recorded.
    #[must_use]
    pub fn name(&self, mut events: Vec<Event>) -> Vec<Event> {
        let Some(own @ EventKind::Run { run, .. }) = &self.own else {
            return events;
        };
        let first = events.first();
        let names = first.is_some_and(|event| matches!(event.kind, EventKind::Run { .. }));
        if let (false, Some(first)) = (names || self.last == *run, first) {
            let event = Event {
                at_ms: first.at_ms,
                kind: own.clone(),
            };
            events.insert(0, event);
        }
        events
    }

    /// Takes note of a batch that was recorded here.
    pub fn recorded(&mut self, events: &[Event]) {
        if let Some((kind, run)) = named(events) {
            self.last = run.clone();
            self.own = Some(kind.clone());
        }
    }
}
