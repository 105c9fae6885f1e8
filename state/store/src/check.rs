//! What must hold of a state, and of the records that made it, whatever store keeps them.

use crate::history::History;
use crate::maintain::Finding;
use crate::wire::Batch;
use std::collections::{BTreeMap, BTreeSet};
use terrane_model::addr::{ConfigResource, ResourceAddr};
use terrane_model::event::{EventKind, Operation};
use terrane_model::snapshot::{ObjectState, Snapshot};

/// How many findings of one kind are told one by one.
const MOST: usize = 20;

/// Watches records go by, oldest first.
#[derive(Debug, Default)]
pub struct Watch {
    begun: BTreeSet<u64>,
    /// What each of them said of itself.
    runs: BTreeMap<String, EventKind>,
    /// The history that the records give.
    pub history: History,
}

impl Watch {
    /// Takes note of a state that records begin with.
    pub fn checkpoint(&mut self, snapshot: &Snapshot) {
        self.begun.extend(snapshot.open.keys());
    }

    /// Looks at a batch, given the state before it. `gap`: records are known to be missing before it (which is told of elsewhere), so it need not fit.
    pub fn batch(
        &mut self,
        place: &str,
        (before, gap): (&Snapshot, bool),
        batch: &Batch,
        found: &mut Vec<Finding>,
    ) {
        let mut open: BTreeSet<u64> = before.open.keys().copied().collect();
        for event in &batch.events {
            match &event.kind {
                // Named again where others went on beside it; but it is the same run.
                EventKind::Run { run, .. } => {
                    let known = self.runs.entry(run.to_string());
                    if *known.or_insert_with(|| event.kind.clone()) != event.kind {
                        let problem = format!("run {run} goes on as another one");
                        found.push(Finding::warning(place, problem));
                    }
                }
                EventKind::Began { op, intent } => {
                    open.insert(*op);
                    if !self.begun.insert(*op) {
                        found.push(Finding::error(
                            place,
                            format!(
                                "operation {op} ({}) was begun twice",
                                intent.object.instance
                            ),
                        ));
                    }
                }
                EventKind::Ended { op, object, .. } if !open.remove(op) => {
                    let instance = &object.instance;
                    found.push(if gap {
                        Finding::warning(
                            place,
                            format!(
                                "operation {op} ({instance}) ended, and its beginning is missing"
                            ),
                        )
                    } else {
                        Finding::error(
                            place,
                            format!("operation {op} ({instance}) ended, and was not under way"),
                        )
                    });
                }
                EventKind::Replaced(state) => open.extend(state.open.keys()),
                _ => {}
            }
        }
        self.history.add(batch.serial, &batch.events);
    }
}

/// Everything that is wrong or odd about a state by itself.
#[must_use]
pub fn snapshot(snapshot: &Snapshot) -> Vec<Finding> {
    let mut found = Vec::new();
    let known: BTreeSet<ConfigResource> = snapshot
        .resources
        .keys()
        .map(ResourceAddr::config)
        .collect();
    let mut nowhere: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (addr, resource) in &snapshot.resources {
        if resource.instances.is_empty() {
            found.push(Finding::error(
                addr.to_string(),
                "a resource without instances is recorded",
            ));
        }
    }
    for (addr, _, instance) in snapshot.instances() {
        let name = addr.to_string();
        if instance.current.is_none() && instance.deposed.is_empty() {
            found.push(Finding::error(
                &name,
                "an instance without an object is recorded",
            ));
        }
        if instance.changed_at > snapshot.serial {
            found.push(Finding::error(
                &name,
                format!(
                    "it changed at serial {}, and the state is at {}",
                    instance.changed_at, snapshot.serial
                ),
            ));
        }
        for object in instance.current.iter().chain(instance.deposed.values()) {
            object_problems(&name, object, &mut found);
            for dependency in object.dependencies.iter() {
                if !known.contains(dependency) {
                    nowhere
                        .entry(dependency.to_string())
                        .or_default()
                        .push(name.clone());
                }
            }
        }
    }
    for (dependency, mut dependents) in nowhere {
        dependents.dedup();
        found.push(Finding::note(
            &dependency,
            format!(
                "the state does not hold it, and {} depends on it",
                listed(&dependents)
            ),
        ));
    }
    open_intents(snapshot, &mut found);
    found
}

fn object_problems(name: &str, object: &ObjectState, found: &mut Vec<Finding>) {
    let mut texts = vec![("attributes", &object.attributes)];
    texts.extend(object.identity.as_ref().map(|(_, text)| ("identity", text)));
    for (what, text) in texts {
        let is_object = text.trim_start().starts_with('{');
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
            found.push(Finding::error(
                name,
                format!("its {what} are no JSON: {error}"),
            ));
        } else if !is_object {
            found.push(Finding::error(
                name,
                format!("its {what} are no JSON object"),
            ));
        }
    }
    if !object.dependencies.is_sorted() {
        found.push(Finding::warning(name, "its dependencies are not sorted"));
    }
}

/// Changes without an outcome: they are in order, and the next command settles them.
fn open_intents(snapshot: &Snapshot, found: &mut Vec<Finding>) {
    let mut names = BTreeMap::new();
    for (op, intent) in &snapshot.open {
        let addr = intent.object.instance.to_string();
        if *op > snapshot.last_op {
            found.push(Finding::error(
                &addr,
                format!(
                    "operation {op} is open, and the highest one given out is {}",
                    snapshot.last_op
                ),
            ));
        }
        if let Some(other) = names.insert((intent.object.clone(), intent.operation), *op) {
            found.push(Finding::warning(
                &addr,
                format!("operations {other} and {op} are both open, and do the same"),
            ));
        }
        let what = match intent.operation {
            Operation::Create => "its creation",
            Operation::Update => "an update of it",
            Operation::Delete => "its deletion",
            Operation::Provision(_) => "a provisioner of it",
            Operation::Invoke => "its invocation",
        };
        found.push(Finding::note(
            &addr,
            format!(
                "{what} was begun (operation {op}), and how it ended is not recorded: the next plan finds out, or says how to settle it"
            ),
        ));
    }
}

fn listed(names: &[String]) -> String {
    match names.len() {
        0..=3 => names.join(", "),
        count => format!("{} and {} more", names[..3].join(", "), count - 3),
    }
}

/// Leaves out all but the first of findings that say the same of different places.
#[must_use]
pub fn shortened(found: Vec<Finding>) -> Vec<Finding> {
    let mut counts: BTreeMap<(crate::maintain::Gravity, String), usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for finding in found {
        let kind: String = finding
            .problem
            .chars()
            .filter(|char| !char.is_ascii_digit())
            .take(24)
            .collect();
        let count = counts.entry((finding.gravity, kind)).or_default();
        *count += 1;
        if *count <= MOST {
            kept.push(finding);
        } else if *count == MOST + 1 {
            kept.push(Finding {
                place: "…".to_owned(),
                problem: "there are more findings like these".to_owned(),
                ..finding
            });
        }
    }
    kept
}
