//! What a peer wrote into its table, taken over as events.
//!
//! The rows and the journal hold what this program did. When the peers' line is not what was last made of them, a peer wrote it, and what it wrote becomes the state. Where
//! something was done here that was never in the line (the process was killed before), the peer did not know of it: nothing of that is applied to what
//! the peer wrote, and nothing is forgotten. Objects that were made meanwhile and that the peer's state does not have become open intents, which the
//! next plan reports as "may exist"; for all else, reading the objects tells what is true.

use ecow::EcoString;
use terrane_model::addr::{DeposedKey, InstanceAddr};
use terrane_model::event::{Event, EventKind, Intent, ObjectAddr, Operation};
use terrane_model::snapshot::{InstanceState, ObjectState, ResourceState, Snapshot};
use terrane_store::statefile::StateFile;

/// The events that bring a state to what a peer made of it.
///
/// `ours` is what the rows hold, `common` what was last written into the line: `None`, where that is the same. New intents are numbered from `last_op` on.
pub(crate) fn take_over(
    ours: &Snapshot,
    common: Option<&Snapshot>,
    theirs: StateFile,
    run: EcoString,
    last_op: u64,
    at_ms: u64,
) -> Vec<Event> {
    let writer = theirs.terraform_version.clone();
    let theirs = theirs.snapshot;
    let lost = common.map_or_else(Vec::new, |common| lost(ours, common, &theirs));
    let mut kinds = vec![
        // First, so that the lineage is theirs.
        EventKind::Replaced(Box::new(theirs)),
        EventKind::Run {
            run,
            plan: EcoString::new(),
            command: format!("written by another program, version {writer}").into(),
            who: EcoString::new(),
        },
    ];
    kinds.extend(
        (last_op.max(ours.last_op).saturating_add(1)..)
            .zip(lost)
            .map(|(op, intent)| EventKind::Began { op, intent }),
    );
    kinds
        .into_iter()
        .map(|kind| Event { at_ms, kind })
        .collect()
}

/// Objects that were made since `common` and that `theirs` does not have.
fn lost(ours: &Snapshot, common: &Snapshot, theirs: &Snapshot) -> Vec<Intent> {
    let mut lost = Vec::new();
    for (addr, resource, instance) in ours.instances() {
        let before = common.instance(&addr);
        let after = theirs.instance(&addr);
        for (deposed, object) in objects(instance) {
            if !has(before, object) && !has(after, object) {
                lost.push(intent(&addr, deposed, resource, object));
            }
        }
    }
    lost
}

fn objects(instance: &InstanceState) -> impl Iterator<Item = (Option<&DeposedKey>, &ObjectState)> {
    let current = instance.current.iter().map(|object| (None, &**object));
    let deposed = instance
        .deposed
        .iter()
        .map(|(key, object)| (Some(key), &**object));
    current.chain(deposed)
}

fn has(instance: Option<&InstanceState>, wanted: &ObjectState) -> bool {
    instance.is_some_and(|instance| objects(instance).any(|(_, object)| is_same(object, wanted)))
}

/// Whether two states are of the same object: by its `id`; where it has none, by all attributes.
fn is_same(a: &ObjectState, b: &ObjectState) -> bool {
    match (id(a), id(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a.attributes == b.attributes,
    }
}

fn id(object: &ObjectState) -> Option<serde_json::Value> {
    let mut attributes: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&object.attributes).ok()?;
    attributes.remove("id").filter(|id| !id.is_null())
}

fn intent(
    addr: &InstanceAddr,
    deposed: Option<&DeposedKey>,
    resource: &ResourceState,
    object: &ObjectState,
) -> Intent {
    let planned = id(object).map_or_else(
        || "{}".to_owned(),
        |id| serde_json::json!({ "id": id }).to_string(),
    );
    Intent {
        object: ObjectAddr {
            instance: addr.clone(),
            deposed: deposed.cloned(),
        },
        operation: Operation::Create,
        provider: resource.provider.clone(),
        token: EcoString::new(),
        planned: planned.into(),
        dependencies: object.dependencies.clone(),
        create_before_destroy: object.create_before_destroy,
        provider_key: object.provider_key.clone(),
    }
}
