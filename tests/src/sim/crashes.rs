//! One apply, killed between any two things that happen in it: a commit, an effect in the world, an answer.

use super::claims;
use super::model::Model;
use crate::engine::{Chaos, Cloud, Made, Project, Rng, Session};
use crate::golden::describe_plan;
use terrane_lang::diagnostic::Severity;
use terrane_model::event::{EventKind, Operation as Change};
use terrane_plan::machine::PlanOptions;
use terrane_plan::plan::{Action, ActionReason, PlanMode};
use terrane_sim::{Operation, World};

/// What was tried.
#[derive(Clone, Copy, Debug, Default)]
pub struct Crashes {
    /// Applies that were killed, each at another point.
    pub crashes: u64,
    /// Creations of which nobody knew at the crash whether they had happened.
    pub open_creations: u64,
    /// Of these, those that had.
    pub had_happened: u64,
    /// Provisioners that were cut off.
    pub provisioners: u64,
}

impl Crashes {
    /// Adds what was tried elsewhere.
    pub fn add(&mut self, other: &Self) {
        let Self {
            crashes,
            open_creations,
            had_happened,
            provisioners,
        } = other;
        self.crashes += crashes;
        self.open_creations += open_creations;
        self.had_happened += had_happened;
        self.provisioners += provisioners;
    }
}

/// Takes the configuration of a seed and an edit of it, and kills the apply of the edit at each point of one order of events; at each, all must be found
/// again, nothing made twice, and the next apply must finish.
///
/// # Errors
/// With the first claim that does not hold, and where.
pub fn at_every_boundary(seed: u64) -> Result<Crashes, String> {
    let mut rng = Rng::new(seed);
    let mut model = Model::random(&mut rng);
    let mut base = Session::new(Cloud::new(World::new(seed), seed));
    // Half of the time everything is new.
    if rng.chance(50) {
        let project = model.render();
        let made = base.plan(&project, &options(), &mut Chaos::none());
        base.apply(&made, &mut Chaos::none());
        model.edit(&mut rng);
    }
    let project = model.render();
    let made = base.plan(&project, &options(), &mut Chaos::none());
    if made.plan.as_ref().is_none_or(|plan| plan.errored) {
        // The edit makes a cycle, which is an error of the configuration.
        return Ok(Crashes::default());
    }
    let order = rng.next_u64();
    let mut calm = base.fork();
    calm.apply(&made, &mut Chaos::shuffled(order));
    let expected = creations(&calm);
    let mut total = Crashes::default();
    base.fork().apply_watched(
        &made,
        &mut Chaos::shuffled(order),
        &mut |mut left, point| {
            total.crashes += 1;
            count(&left, &mut total);
            after(&mut left, &project, expected)
                .map_err(|claim| explain(seed, point, &claim, &project, &made))
        },
    )?;
    Ok(total)
}

fn options() -> PlanOptions {
    PlanOptions {
        mode: PlanMode::Normal,
        refresh: true,
        ..PlanOptions::default()
    }
}

fn explain(seed: u64, point: u64, claim: &str, project: &Project, made: &Made) -> String {
    let plan = made.plan.as_ref().map(describe_plan).unwrap_or_default();
    format!(
        "seed {seed}, killed after {point} things had happened: {claim}\n{}\n{plan}",
        project.show()
    )
}

/// Objects that were really made.
fn creations(session: &Session) -> usize {
    let log = session.cloud.world.log();
    log.iter()
        .filter(|entry| entry.effect && entry.operation == Operation::Create)
        .count()
}

fn count(session: &Session, total: &mut Crashes) {
    let snapshot = session.store.snapshot();
    let log = session.cloud.world.log();
    for intent in snapshot.open.values() {
        match intent.operation {
            Change::Create => {
                total.open_creations += 1;
                let made = log.iter().any(|entry| {
                    entry.effect
                        && entry.operation == Operation::Create
                        && entry.token == intent.token
                });
                total.had_happened += u64::from(made);
            }
            Change::Provision(_) => total.provisioners += 1,
            Change::Update | Change::Delete | Change::Invoke => {}
        }
    }
}

/// What must hold after the crash, and after the next apply.
fn after(session: &mut Session, project: &Project, expected: usize) -> Result<(), String> {
    claims::nothing_lost(session)?;
    let cut_off: Vec<String> = session
        .store
        .snapshot()
        .open
        .values()
        .filter(|intent| matches!(intent.operation, Change::Provision(_)))
        .map(|intent| intent.object.instance.to_string())
        .collect();
    let again = session.plan(project, &options(), &mut Chaos::none());
    let told = |addr: &String| {
        let mut messages = again.diagnostics.iter();
        messages.any(|message| {
            message.summary == "Provisioner was cut off" && message.address.as_ref() == Some(addr)
        })
    };
    if let Some(silent) = cut_off.iter().find(|addr| !told(addr)) {
        return Err(format!(
            "nobody was told that a provisioner of {silent} was cut off"
        ));
    }
    let Some(plan) = &again.plan else {
        return Err("there is no plan after the crash".to_owned());
    };
    if !session.store.snapshot().open.is_empty() {
        return Err("a change is open although the provider can tell".to_owned());
    }
    // An object whose provisioners were cut off is made anew, and that is said.
    let tainted = plan
        .changes
        .iter()
        .filter(|change| {
            change.action.is_replace() && change.reason == Some(ActionReason::ReplaceBecauseTainted)
                || change.action == Action::Delete && change.deposed.is_none() && change.tainted
        })
        .count();
    let run = session.apply(&again, &mut Chaos::none());
    let errors: Vec<String> = run
        .diagnostics
        .iter()
        .filter(|message| message.severity == Severity::Error)
        .map(|message| format!("{}: {}", message.summary, message.detail))
        .collect();
    if !errors.is_empty() {
        return Err(format!("the next apply failed: {}", errors.join("; ")));
    }
    claims::settled(session)?;
    let made = creations(session);
    if made > expected + tainted {
        return Err(format!(
            "{made} objects were made, where {expected} were planned and {tainted} tainted: something was made twice"
        ));
    }
    let last = session.plan(project, &options(), &mut Chaos::none());
    if last.plan.as_ref().is_none_or(|plan| !plan.is_empty()) {
        return Err("after the next apply there is still something to do".to_owned());
    }
    let replayed = session.store.replayed();
    let ops = session.store.journal.iter().flatten();
    let mut begun: Vec<u64> = ops
        .filter_map(|event| match &event.kind {
            EventKind::Began { op, .. } => Some(*op),
            _ => None,
        })
        .collect();
    begun.sort_unstable();
    if begun.windows(2).any(|pair| pair[0] == pair[1]) || replayed != *session.store.snapshot() {
        return Err(
            "an operation id was given out twice, or the journal does not give the state"
                .to_owned(),
        );
    }
    Ok(())
}
