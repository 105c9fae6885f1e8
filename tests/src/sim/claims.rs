//! What must hold (DESIGN.md section 5), each as a function that gives the first violation as a sentence.

use crate::engine::{Made, Session};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::addr::Mode;
use terrane_model::event::{Event, EventKind, Intent, ObjectAddr, Operation};
use terrane_model::schema::Block;
use terrane_model::snapshot::{ObjectState, Status};
use terrane_plan::exec::{ExecGraph, StepKind};
use terrane_plan::plan::{Action, Plan};
use terrane_value::{Kind, Value};

type Claim = Result<(), String>;

/// The schema of a managed type.
fn block(session: &Session, type_name: &str) -> Option<Arc<Block>> {
    let mut infos = session.cloud.infos().values();
    infos.find_map(|info| {
        info.schema
            .resources
            .get(type_name)
            .map(|schema| schema.block.clone())
    })
}

fn decoded(session: &Session, type_name: &str, object: &ObjectState) -> Option<Value> {
    let block = block(session, type_name)?;
    terrane_plan::stored::decode(&object.attributes, block.implied_type()).ok()
}

/// Every managed object of the state: its address, whether it is deposed, and it.
fn objects(session: &Session) -> Vec<(String, String, bool, Arc<ObjectState>)> {
    let snapshot = session.store.snapshot();
    let managed = snapshot
        .instances()
        .filter(|(addr, ..)| addr.resource.mode == Mode::Managed);
    managed
        .flat_map(|(addr, _, instance)| {
            let current = instance
                .current
                .iter()
                .map(|object| (false, object.clone()));
            let deposed = instance
                .deposed
                .values()
                .map(|object| (true, object.clone()));
            let (name, type_name) = (addr.to_string(), addr.resource.type_name.to_string());
            current
                .chain(deposed)
                .map(move |(deposed, object)| (name.clone(), type_name.clone(), deposed, object))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// I1: every object of the world is in the state, or is the object of an open intent.
pub(super) fn nothing_lost(session: &Session) -> Claim {
    let snapshot = session.store.snapshot();
    let mut known = BTreeSet::new();
    for (_, type_name, _, object) in objects(session) {
        let id = decoded(session, &type_name, &object)
            .and_then(|value| Some(value.get("id")?.as_str()?.to_owned()));
        known.extend(id);
    }
    let tokens: BTreeSet<&str> = snapshot
        .open
        .values()
        .map(|intent| intent.token.as_str())
        .collect();
    for entity in session.cloud.world.objects() {
        if !known.contains(entity.id.as_str()) && !tokens.contains(entity.token.as_str()) {
            return Err(format!(
                "I1: {} {} of token {} exists, and neither the state nor an open intent knows it",
                entity.type_name, entity.id, entity.token
            ));
        }
    }
    let replayed = session.store.replayed();
    if replayed != *snapshot {
        return Err("I1: the journal does not give the state".to_owned());
    }
    Ok(())
}

/// I1, of providers that can't tell: whoever plans hears of every creation that was cut off.
pub(super) fn open_creations_are_told(open: &BTreeMap<u64, Intent>, made: &Made) -> Claim {
    let mut creations = open
        .values()
        .filter(|intent| intent.operation == Operation::Create)
        .filter(|intent| intent.provider.provider == terrane_sim::addr());
    let silent = creations.find(|intent| {
        let addr = intent.object.instance.to_string();
        let told = |message: &Diagnostic| {
            message.summary == "Object may exist" && message.address.as_ref() == Some(&addr)
        };
        !made.diagnostics.iter().any(told)
    });
    match silent {
        Some(intent) => Err(format!(
            "I1: nobody was told that {} may exist",
            intent.object.instance
        )),
        None => Ok(()),
    }
}

/// After everything was settled: the state and the world are one, nothing is open, deposed or tainted, and no rule of the cloud is broken.
pub(super) fn settled(session: &Session) -> Claim {
    nothing_lost(session)?;
    let snapshot = session.store.snapshot();
    if let Some(intent) = snapshot.open.values().next() {
        return Err(format!(
            "I1: {:?} of {} is still open",
            intent.operation, intent.object.instance
        ));
    }
    for (name, type_name, deposed, object) in objects(session) {
        if deposed || object.status == Status::Tainted {
            return Err(format!("I5: {name} is still deposed or tainted"));
        }
        if !type_name.starts_with("sim_") {
            continue;
        }
        let id = decoded(session, &type_name, &object)
            .and_then(|value| Some(value.get("id")?.as_str()?.to_owned()));
        if id
            .as_ref()
            .is_none_or(|id| session.cloud.world.object(id).is_none())
        {
            return Err(format!(
                "I5: the state holds {name}, and there is no such object"
            ));
        }
    }
    match session.cloud.world.flaws().first() {
        Some(flaw) => Err(format!("the world is broken: {flaw}")),
        None => Ok(()),
    }
}

/// I4: what was planned and known is what state holds now. To be asked after a whole apply.
pub(super) fn as_planned(session: &Session, plan: &Plan) -> Claim {
    let snapshot = session.store.snapshot();
    let made =
        |action: Action| matches!(action, Action::Create | Action::Update) || action.is_replace();
    let changes = plan
        .changes
        .iter()
        .filter(|change| change.addr.resource.mode == Mode::Managed && change.deposed.is_none());
    for change in changes {
        let object = snapshot
            .instance(&change.addr)
            .and_then(|instance| instance.current.clone());
        let Some(object) = object else {
            if made(change.action) || change.action == Action::NoOp {
                return Err(format!(
                    "I4: {} was planned to be there, and is not",
                    change.addr
                ));
            }
            continue;
        };
        if change.action == Action::Delete {
            return Err(format!(
                "I4: {} was planned to be deleted, and is there",
                change.addr
            ));
        }
        let Some(value) = decoded(session, &change.addr.resource.type_name, &object) else {
            return Err(format!("{} can't be decoded", change.addr));
        };
        if let Some(place) = contradiction(&change.after.unmark_deep(), &value) {
            return Err(format!(
                "I4: {}{place} was planned as {:?} and is {value:?}",
                change.addr, change.after
            ));
        }
    }
    Ok(())
}

/// Where a known part of the plan is not what it became.
fn contradiction(planned: &Value, applied: &Value) -> Option<String> {
    if !planned.is_known() {
        return None;
    }
    match (planned.kind(), applied.kind()) {
        (Kind::Object(planned), Kind::Object(applied)) => {
            planned.iter().find_map(|(name, value)| {
                let other = applied.get(name)?;
                contradiction(value, other).map(|place| format!(".{name}{place}"))
            })
        }
        (Kind::Map(planned), Kind::Map(applied)) => {
            if planned.len() != applied.len() {
                return Some(String::new());
            }
            planned
                .iter()
                .find_map(|(name, value)| match applied.get(name) {
                    Some(other) => {
                        contradiction(value, other).map(|place| format!("[{name}]{place}"))
                    }
                    None => Some(format!("[{name}]")),
                })
        }
        (Kind::List(planned), Kind::List(applied))
        | (Kind::Tuple(planned), Kind::Tuple(applied)) => {
            if planned.len() != applied.len() {
                return Some(String::new());
            }
            planned
                .iter()
                .zip(applied)
                .find_map(|(planned, applied)| contradiction(planned, applied))
        }
        _ if planned.is_wholly_known() && planned != applied => Some(String::new()),
        _ => None,
    }
}

/// I6: no step began before those that it waits for had ended, and nothing was begun that the plan does not hold.
pub(super) fn in_order(made: &Made, journal: &[Vec<Event>]) -> Claim {
    let Some(plan) = &made.plan else {
        return Ok(());
    };
    let mut began: BTreeMap<(ObjectAddr, Operation), usize> = BTreeMap::new();
    let mut ended: BTreeMap<(ObjectAddr, Operation), usize> = BTreeMap::new();
    let mut names = BTreeMap::new();
    let mut deposed = BTreeMap::new();
    for (at, event) in journal.iter().flatten().enumerate() {
        match &event.kind {
            EventKind::Began { op, intent } => {
                let key = (intent.object.clone(), intent.operation);
                names.insert(*op, key.clone());
                if began.insert(key, at).is_some() {
                    return Err(format!("I6: {} was begun twice", intent.object.instance));
                }
            }
            EventKind::Deposed { instance, key } => {
                deposed.insert(instance.clone(), key.clone());
            }
            EventKind::Ended { op, .. } => {
                if let Some(key) = names.get(op) {
                    ended.insert(key.clone(), at);
                }
            }
            _ => {}
        }
    }
    let find = |kind: StepKind, times: &BTreeMap<(ObjectAddr, Operation), usize>| {
        let (at, operations) = match kind {
            StepKind::Apply(at) => (at, &[Operation::Create, Operation::Update][..]),
            StepKind::Destroy(at) => (at, &[Operation::Delete][..]),
            StepKind::Forget(_)
            | StepKind::Open(_)
            | StepKind::Close(_)
            | StepKind::Invoke(_)
            | StepKind::Join => {
                return None;
            }
        };
        let change = &plan.changes[at as usize];
        // A create-before-destroy destroys what it deposed itself.
        let replaced =
            operations == [Operation::Delete] && change.action == Action::CreateThenDelete;
        let key = match replaced {
            true => deposed.get(&change.addr).cloned(),
            false => change.deposed.clone(),
        };
        let fits = |object: &ObjectAddr| object.instance == change.addr && object.deposed == key;
        times
            .iter()
            .find(|((object, operation), _)| operations.contains(operation) && fits(object))
            .map(|(_, at)| (change, *at))
    };
    for (at, step) in plan.graph.steps.iter().enumerate() {
        let Some((change, start)) = find(step.kind, &began) else {
            continue;
        };
        for before in waited_for(&plan.graph, at) {
            let kind = plan.graph.steps[before].kind;
            let Some((other, _)) = find(kind, &began) else {
                continue;
            };
            if find(kind, &ended).is_none_or(|(_, end)| end > start) {
                return Err(format!(
                    "I6: {} began before {} had ended",
                    change.addr, other.addr
                ));
            }
        }
    }
    Ok(())
}

/// The steps that a step waits for, with joins seen through.
fn waited_for(graph: &ExecGraph, at: usize) -> Vec<usize> {
    let mut open: Vec<usize> = graph.steps[at]
        .after
        .iter()
        .map(|step| step.0 as usize)
        .collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(step) = open.pop() {
        if !seen.insert(step) {
            continue;
        }
        if graph.steps[step].kind == StepKind::Join {
            open.extend(graph.steps[step].after.iter().map(|step| step.0 as usize));
        } else {
            found.push(step);
        }
    }
    found
}

/// The state without what the cloud makes up: ids and addresses are named by their objects. `unsure` says of which objects tags don't count.
pub(super) fn essence(
    session: &Session,
    unsure: &dyn Fn(&str) -> bool,
) -> BTreeMap<String, String> {
    let mut names = Vec::new();
    let mut found = BTreeMap::new();
    for (name, type_name, deposed, object) in objects(session) {
        let Some(value) = decoded(session, &type_name, &object) else {
            continue;
        };
        for made_up in ["id", "ip_address"] {
            if let Some(text) = value.get(made_up).and_then(Value::as_str) {
                names.push((text.to_owned(), format!("<{name}.{made_up}>")));
            }
        }
        let mut text = format!(
            "deposed {deposed} {:?} first {} after {:?}",
            object.status,
            object.create_before_destroy,
            object
                .dependencies
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        );
        if let Kind::Object(attributes) = value.kind() {
            for (attribute, value) in attributes.iter() {
                let cloudy = ["id", "ip_address", "serial"].contains(&attribute.as_str())
                    || type_name == "sim_subnet" && attribute == "name"
                    || attribute == "tags" && unsure(&name);
                if !cloudy {
                    text.extend([format!(" {attribute}={value:?}")]);
                }
            }
        }
        found.insert(name, text);
    }
    for (name, output) in &session.store.snapshot().outputs {
        found.insert(format!("output {name}"), format!("{:?}", output.value));
    }
    // Longer ones first: one made up text may begin with another.
    names.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    for text in found.values_mut() {
        for (from, to) in &names {
            *text = text.replace(from, to);
        }
    }
    found
}
