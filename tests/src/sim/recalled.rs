//! Plans that are made with a memory of what providers need not be asked again, beside plans of the same thing that are made without.

use super::model::Model;
use crate::engine::{Chaos, Cloud, Made, Recall, Rng, Session};
use std::collections::BTreeMap;
use terrane_plan::file::{SavedPlan, encode};
use terrane_plan::machine::PlanOptions;
use terrane_plan::plan::PlanMode;
use terrane_sim::World;
use terrane_value::Value;

/// What came of it, where every two plans were the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recalled {
    /// Plans that were made twice.
    pub plans: u64,
    /// Calls that were answered from memory.
    pub known: u64,
    /// Calls that were made.
    pub made: u64,
}

impl Recalled {
    /// Adds what came of others.
    pub fn add(&mut self, other: &Self) {
        let Self { plans, known, made } = other;
        self.plans += plans;
        self.known += known;
        self.made += made;
    }
}

/// Plays the story of a seed: edits, drift and applies, and before each apply two plans of the same state. One memory serves the whole story.
///
/// # Errors
/// With both plans, where they differ.
pub fn with_and_without_memory(seed: u64) -> Result<Recalled, String> {
    let mut rng = Rng::new(seed ^ 0x6d65_6d6f);
    let mut model = Model::random(&mut rng);
    let mut session = Session::new(Cloud::new(World::new(seed), seed).distrusting());
    let recall = Recall::default();
    let mut plans = 0;
    for step in 0..6 {
        // What does not change is what memory is for.
        if step > 0 && rng.chance(60) {
            model.edit(&mut rng);
        }
        if rng.chance(30) {
            drift(&session, &mut rng);
        }
        let project = model.render();
        let options = options(&mut rng);
        let fresh = session
            .fork()
            .plan(&project, &options, &mut Chaos::shuffled(rng.next_u64()));
        let mut remembering = session.fork();
        remembering.cloud = remembering.cloud.recalling(recall.clone());
        let recalled = remembering.plan(&project, &options, &mut Chaos::shuffled(rng.next_u64()));
        plans += 1;
        if let Some(difference) = difference(&fresh, &recalled) {
            return Err(format!(
                "seed {seed} step {step}: {difference}\n{}",
                project.show()
            ));
        }
        let errored = fresh.plan.as_ref().is_none_or(|plan| plan.errored);
        if !errored && options.mode == PlanMode::Normal {
            let made = session.plan(&project, &options, &mut Chaos::none());
            session.apply(&made, &mut Chaos::none());
        }
    }
    let (known, made) = recall.counts();
    Ok(Recalled { plans, known, made })
}

fn options(rng: &mut Rng) -> PlanOptions {
    let mode = match rng.below(10) {
        0 => PlanMode::Destroy,
        1 => PlanMode::RefreshOnly,
        _ => PlanMode::Normal,
    };
    PlanOptions {
        mode,
        refresh: mode == PlanMode::RefreshOnly || rng.chance(60),
        ..PlanOptions::default()
    }
}

/// Somebody else changes an object, or takes it away.
fn drift(session: &Session, rng: &mut Rng) {
    let objects = session.cloud.world.objects();
    let Some(entity) = rng.pick(&objects) else {
        return;
    };
    if rng.chance(40) {
        session.cloud.world.remove(&entity.id);
        return;
    }
    let (attribute, value) = match entity.type_name.as_str() {
        "sim_disk" => ("zone", "10.200.0.0/16"),
        "sim_instance" => ("size", "large"),
        _ => ("cidr", "10.200.0.0/16"),
    };
    session.cloud.world.mutate(&entity.id, |state| {
        terrane_provider::args::with(state, attribute, Value::string(value))
    });
}

/// Byte for byte, with all that is said.
fn difference(fresh: &Made, recalled: &Made) -> Option<String> {
    let saved = |made: &Made| {
        let plan = made.plan.clone()?;
        encode(&SavedPlan {
            version: String::new(),
            plan,
            sources: Vec::new(),
            extra: BTreeMap::new(),
        })
        .ok()
    };
    let said = |made: &Made| {
        let mut said: Vec<String> = made
            .diagnostics
            .iter()
            .map(|message| format!("{message:?}"))
            .collect();
        said.sort();
        said
    };
    if said(fresh) != said(recalled) {
        return Some(format!("{:?}\nis not\n{:?}", said(fresh), said(recalled)));
    }
    (saved(fresh) != saved(recalled))
        .then(|| format!("{:#?}\nis not\n{:#?}", fresh.plan, recalled.plan))
}
