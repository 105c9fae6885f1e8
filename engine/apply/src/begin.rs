//! What must be true before anything is applied, and the events that stand at the beginning.

use crate::core::{identity_version, schema_of};
use crate::rules;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::{InstanceAddr, Mode, ProviderAddr, ProviderConfigAddr, ResourceAddr};
use terrane_model::claim::Part;
use terrane_model::event::{EventKind, ObjectAddr};
use terrane_model::provider::ProviderInfo;
use terrane_model::schema::Schema;
use terrane_model::snapshot::{ObjectState, Snapshot, Status};
use terrane_plan::plan::{Action, Plan, PlanMode, ResourceChange};
use terrane_plan::renames::Renames;
use terrane_value::Value;

/// Most resources that a message lists.
const LISTED: usize = 10;

/// Whether the plan still fits the state: nothing that it read or writes may have changed since it was made. Other changes do not matter.
pub(crate) fn check_fresh(plan: &Plan, snapshot: &Snapshot) -> Diagnostics {
    let stale = |detail: String| Diagnostic::error(&rules::apply::STALE_PLAN, detail);
    let mut diagnostics = Diagnostics::new();
    if !plan.base.lineage.is_empty() && plan.base.lineage != snapshot.lineage {
        diagnostics.push(stale("The plan was made from a different state (its lineage is another one), so it can't be applied to this one. Make a new plan.".into()));
        return diagnostics;
    }
    let mut changed: BTreeSet<String> = BTreeSet::new();
    let claims = |addr: &InstanceAddr| {
        let part = Part::Instance(addr.clone());
        plan.claim.access(&part).is_some()
    };
    let differs = |addr: &InstanceAddr| {
        let now = snapshot.instance(addr);
        let now = now.map_or(0, |instance| instance.changed_at);
        plan.base.read.get(addr).copied().unwrap_or(0) != now
    };
    for addr in plan.base.read.keys() {
        if claims(addr) && differs(addr) {
            changed.insert(addr.to_string());
        }
    }
    appeared(plan, snapshot, &differs, &mut changed);
    // Somebody was cut off in the midst of changing it, and nobody has looked since what became of that.
    for (op, intent) in &snapshot.open {
        if plan.base.open.binary_search(op).is_err() && claims(&intent.object.instance) {
            changed.insert(intent.object.instance.to_string());
        }
    }
    for change in &plan.changes {
        let from = change.previous_addr.as_ref().unwrap_or(&change.addr);
        let new = change.addr.resource.mode == Mode::Managed && !plan.base.read.contains_key(from);
        if new && snapshot.instance(&change.addr).is_some() {
            changed.insert(change.addr.to_string());
        }
    }
    // So a plan that only changes outputs is applied once, too.
    for output in plan
        .outputs
        .iter()
        .filter(|output| output.action != Action::NoOp)
    {
        let now = snapshot
            .outputs
            .get(&output.name)
            .map_or(Value::NULL, |state| state.value.clone());
        if now != output.before.unmark_deep() {
            changed.insert(format!("output.{}", output.name));
        }
    }
    if changed.is_empty() {
        return diagnostics;
    }
    let mut list: Vec<String> = changed
        .iter()
        .take(LISTED)
        .map(|addr| format!("  - {addr}"))
        .collect();
    if changed.len() > LISTED {
        list.push(format!("  - and {} more", changed.len() - LISTED));
    }
    diagnostics.push(stale(format!(
        "The given plan file can no longer be applied because the state was changed by another operation after the plan was created. These resources were read or are to be changed by the plan, and are \
         different now:\n{}\n\nMake a new plan.",
        list.join("\n")
    )));
    diagnostics
}

/// Whether what the plan says of the state is so: it may have been changed on its way here.
pub(crate) fn check_state(
    plan: &Plan,
    snapshot: &Snapshot,
    infos: &BTreeMap<ProviderAddr, ProviderInfo>,
) -> Diagnostics {
    let schemas = |addr: &ProviderAddr, mode: Mode, name: &str| -> Option<Arc<Schema>> {
        let schema = &infos.get(addr)?.schema;
        let schemas = match mode {
            Mode::Managed => &schema.resources,
            Mode::Data => &schema.data_sources,
            Mode::Ephemeral => &schema.ephemeral_resources,
            Mode::Action => &schema.actions,
        };
        schemas.get(name).cloned()
    };
    let identities = |addr: &ProviderAddr, name: &str| {
        let identities = &infos.get(addr)?.schema.identities;
        identities.get(name).map(|schema| schema.version)
    };
    let found = terrane_plan::check::against(plan, snapshot, &schemas, &identities);
    if found.is_empty() {
        return Diagnostics::new();
    }
    let mut list: Vec<String> = found
        .iter()
        .take(LISTED)
        .map(|violation| format!("  - {violation}"))
        .collect();
    if found.len() > LISTED {
        list.push(format!("  - and {} more", found.len() - LISTED));
    }
    Diagnostic::error(
        &rules::apply::NOT_OF_THIS_STATE,
        format!(
            "The plan says of objects in the state what is not so: it was changed after it was made, or it was made by a program with a mistake. Nothing was done.\n{}\n\nMake a new plan, and find out who had this one.",
            list.join("\n")
        ),
    )
    .into()
}

/// Finds what was not there when the plan was made and matters to it: new instances of resources that it reads as a whole, and objects that depend by now on
/// what it destroys.
fn appeared(
    plan: &Plan,
    snapshot: &Snapshot,
    differs: &dyn Fn(&InstanceAddr) -> bool,
    changed: &mut BTreeSet<String>,
) {
    if plan.claim.to_all().is_some() && plan.base.serial == snapshot.serial {
        return;
    }
    let destroyed: BTreeSet<_> = plan
        .changes
        .iter()
        .filter(|change| change.addr.resource.mode == Mode::Managed)
        .filter(|change| change.action == Action::Delete || change.action.is_replace())
        .map(|change| change.addr.resource.config())
        .collect();
    for (addr, resource) in &snapshot.resources {
        let config = addr.config();
        let read_whole = plan.claim.to_all().is_none()
            && addr.mode == Mode::Managed
            && plan.claim.access(&Part::Resource(config)).is_some();
        for (key, instance) in &resource.instances {
            let objects = instance.current.iter().chain(instance.deposed.values());
            let mut needs = objects.flat_map(|object| object.dependencies.iter());
            let depends = !destroyed.is_empty() && needs.any(|on| destroyed.contains(on));
            if !(read_whole || depends) {
                continue;
            }
            let addr = addr.instance(key.clone());
            if differs(&addr) {
                changed.insert(addr.to_string());
            }
        }
    }
}

/// Events that record what planning found: moves, refreshed objects, facts of unchanged objects, data sources.
pub(crate) fn opening(
    plan: &Plan,
    snapshot: &Snapshot,
    infos: &BTreeMap<ProviderAddr, ProviderInfo>,
) -> Vec<EventKind> {
    let mut events = moves(plan, snapshot);
    for drift in &plan.drift {
        let object = ObjectAddr {
            instance: drift.addr.clone(),
            deposed: drift.deposed.clone(),
        };
        events.push(EventKind::Set {
            object,
            provider: drift.provider.clone(),
            state: drift.refreshed.clone(),
        });
    }
    if !plan.moves.is_empty() {
        renamed(plan, snapshot, &mut events);
        taken_over(plan, snapshot, &mut events);
    }
    if plan.mode == PlanMode::Normal {
        imported(plan, infos, &mut events);
        unchanged(plan, infos, &mut events);
    }
    if plan.targets.is_empty() && plan.excludes.is_empty() && plan.mode != PlanMode::RefreshOnly {
        data_gone(plan, snapshot, &mut events);
    }
    events
}

/// Moves in an order in which no target is occupied; those that swap places go through their objects.
fn moves(plan: &Plan, snapshot: &Snapshot) -> Vec<EventKind> {
    let mut open: BTreeMap<&InstanceAddr, &InstanceAddr> =
        plan.moves.iter().map(|(from, to)| (from, to)).collect();
    let mut events = Vec::new();
    let provider = |from: &InstanceAddr, to: &InstanceAddr| {
        let at = plan
            .changes
            .binary_search_by(|change| (&change.addr, &change.deposed).cmp(&(to, &None)));
        let planned = at.ok().map(|at| plan.changes[at].provider.clone());
        planned.or_else(|| {
            snapshot
                .resources
                .get(&from.resource)
                .map(|resource| resource.provider.clone())
        })
    };
    while !open.is_empty() {
        let free: Vec<_> = open
            .iter()
            .filter(|(_, to)| !open.contains_key(**to))
            .map(|(from, to)| (*from, *to))
            .collect();
        if free.is_empty() {
            break;
        }
        for (from, to) in free {
            open.remove(from);
            if let Some(provider) = provider(from, to) {
                events.push(EventKind::Moved {
                    from: from.clone(),
                    to: to.clone(),
                    provider,
                });
            }
        }
    }
    let mut puts = Vec::new();
    for (from, to) in open {
        let (Some(instance), Some(provider)) = (snapshot.instance(from), provider(from, to)) else {
            continue;
        };
        let current = instance.current.iter().map(|state| (None, state));
        let deposed = instance
            .deposed
            .iter()
            .map(|(key, state)| (Some(key.clone()), state));
        for (deposed, state) in current.chain(deposed) {
            let set = |instance: &InstanceAddr, state| EventKind::Set {
                object: ObjectAddr {
                    instance: instance.clone(),
                    deposed: deposed.clone(),
                },
                provider: provider.clone(),
                state,
            };
            events.push(set(from, None));
            puts.push(set(to, Some(state.clone())));
        }
    }
    events.extend(puts);
    events
}

/// Objects that another type or provider took over, in the form that it gave them: before anything is changed, so that state always holds what
/// the provider of the new address can read.
fn taken_over(plan: &Plan, snapshot: &Snapshot, events: &mut Vec<EventKind>) {
    for change in &plan.changes {
        let (Some(from), Some(state)) = (&change.previous_addr, &change.stored) else {
            continue;
        };
        let other_type = from.resource.type_name != change.addr.resource.type_name;
        let other_provider = snapshot
            .resources
            .get(&from.resource)
            .is_some_and(|resource| resource.provider.provider != change.provider.provider);
        // What refresh found was set before this, from the same form.
        let refreshed = plan.drift.binary_search_by(|drift| {
            (&drift.addr, &drift.deposed).cmp(&(&change.addr, &change.deposed))
        });
        if (other_type || other_provider) && refreshed.is_err() {
            events.push(EventKind::Set {
                object: ObjectAddr {
                    instance: change.addr.clone(),
                    deposed: change.deposed.clone(),
                },
                provider: change.provider.clone(),
                state: Some(state.clone()),
            });
        }
    }
}

/// Objects that are managed from now on, as they are.
fn imported(
    plan: &Plan,
    infos: &BTreeMap<ProviderAddr, ProviderInfo>,
    events: &mut Vec<EventKind>,
) {
    for change in plan
        .changes
        .iter()
        .filter(|change| change.importing.is_some())
    {
        let Some(schema) = schema_of(infos, change) else {
            continue;
        };
        let state = crate::object::state_of(
            change,
            &schema.block,
            &change.before,
            change.private.clone(),
            (&change.before_identity, identity_version(infos, change)),
            Status::Ready,
        );
        if let Ok(state) = state {
            let object = ObjectAddr {
                instance: change.addr.clone(),
                deposed: None,
            };
            events.push(EventKind::Set {
                object,
                provider: change.provider.clone(),
                state: Some(Arc::new(state)),
            });
        }
    }
}

/// Dependencies that have a new name since what they name was moved, of everything in state: the order of destruction must outlive a run that is cut off
/// or that is not of everything.
fn renamed(plan: &Plan, snapshot: &Snapshot, events: &mut Vec<EventKind>) {
    let moved: BTreeMap<&InstanceAddr, &InstanceAddr> =
        plan.moves.iter().map(|(from, to)| (from, to)).collect();
    let staying = snapshot.instances().map(|(addr, ..)| addr);
    let staying: BTreeSet<ResourceAddr> = staying
        .filter(|addr| !moved.contains_key(addr))
        .map(|addr| addr.resource)
        .chain(plan.moves.iter().map(|(_, to)| to.resource.clone()))
        .collect();
    let renames = Renames::new(&plan.moves, staying.iter());
    if renames.is_empty() {
        return;
    }
    for (from, resource, instance) in snapshot.instances() {
        let addr = moved.get(&from).map_or(&from, |to| *to);
        // A move may have given it to another provider configuration.
        let planned = plan
            .changes
            .binary_search_by(|change| (&change.addr, &change.deposed).cmp(&(addr, &None)));
        let provider = planned.map_or(&resource.provider, |at| &plan.changes[at].provider);
        let current = instance.current.iter().map(|state| (None, state));
        let deposed = instance.deposed.iter();
        let deposed = deposed.map(|(key, state)| (Some(key.clone()), state));
        for (deposed, state) in current.chain(deposed) {
            let Some(dependencies) = renames.apply(&state.dependencies) else {
                continue;
            };
            // What refresh found was set before this, with the new names.
            let refreshed = plan
                .drift
                .binary_search_by(|drift| (&drift.addr, &drift.deposed).cmp(&(addr, &deposed)));
            if refreshed.is_ok() {
                continue;
            }
            let mut state = (**state).clone();
            state.dependencies = dependencies;
            events.push(EventKind::Set {
                object: ObjectAddr {
                    instance: addr.clone(),
                    deposed,
                },
                provider: provider.clone(),
                state: Some(Arc::new(state)),
            });
        }
    }
}

/// Facts about unchanged objects that state does not hold yet: dependencies, the provider configuration, the order of replacement; and data
/// sources that were read while planning.
fn unchanged(
    plan: &Plan,
    infos: &BTreeMap<ProviderAddr, ProviderInfo>,
    events: &mut Vec<EventKind>,
) {
    for change in plan
        .changes
        .iter()
        .filter(|change| change.action == Action::NoOp && change.deposed.is_none())
    {
        let object = ObjectAddr {
            instance: change.addr.clone(),
            deposed: None,
        };
        if change.addr.resource.mode == Mode::Data {
            if let Some(state) = schema_of(infos, change)
                .and_then(|schema| crate::object::data_state(change, &schema.block))
            {
                let known = change.stored.as_ref().is_some_and(|stored| {
                    stored.attributes == state.attributes
                        && stored.schema_version == state.schema_version
                });
                if !known {
                    events.push(EventKind::Set {
                        object,
                        provider: change.provider.clone(),
                        state: Some(Arc::new(state)),
                    });
                }
            }
            continue;
        }
        let Some(stored) = &change.stored else {
            continue;
        };
        let identity = new_identity(change, stored, infos);
        let same = stored.dependencies == change.dependencies
            && stored.create_before_destroy == change.create_before_destroy
            && stored.provider_key == change.provider_key
            && identity.is_none();
        if !same {
            // What refresh found was set before this, so it must not be undone here.
            let refreshed = plan
                .drift
                .binary_search_by(|drift| (&drift.addr, &drift.deposed).cmp(&(&change.addr, &None)))
                .ok();
            let current = refreshed
                .and_then(|at| plan.drift[at].refreshed.as_ref())
                .unwrap_or(stored);
            let mut state = (**current).clone();
            state.dependencies = change.dependencies.clone();
            state.create_before_destroy = change.create_before_destroy;
            state.provider_key.clone_from(&change.provider_key);
            if identity.is_some() {
                state.identity = identity;
            }
            events.push(EventKind::Set {
                object,
                provider: change.provider.clone(),
                state: Some(Arc::new(state)),
            });
        }
    }
}

/// What identifies an unchanged object, where state does not know it yet or knows it otherwise.
fn new_identity(
    change: &ResourceChange,
    stored: &ObjectState,
    infos: &BTreeMap<ProviderAddr, ProviderInfo>,
) -> Option<(u64, Arc<str>)> {
    let identity = &change.before_identity;
    if identity.is_null() || !identity.is_wholly_known() {
        return None;
    }
    let text = terrane_plan::stored::encode(identity, &identity.ty()).ok()?;
    let found = (identity_version(infos, change), text);
    (stored.identity.as_ref() != Some(&found)).then_some(found)
}

/// Data sources that state holds and the configuration does not.
fn data_gone(plan: &Plan, snapshot: &Snapshot, events: &mut Vec<EventKind>) {
    let gone = |provider: &ProviderConfigAddr, instance: InstanceAddr| EventKind::Set {
        object: ObjectAddr {
            instance,
            deposed: None,
        },
        provider: provider.clone(),
        state: None,
    };
    for (addr, resource) in snapshot
        .resources
        .iter()
        .filter(|(addr, _)| addr.mode == Mode::Data)
    {
        for key in resource.instances.keys() {
            let instance = addr.instance(key.clone());
            let planned = plan
                .changes
                .binary_search_by(|change| (&change.addr, &change.deposed).cmp(&(&instance, &None)))
                .is_ok();
            if !planned {
                events.push(gone(&resource.provider, instance));
            }
        }
    }
}
