//! Two people change one configuration, each in another way, and apply at the same time.

use super::claims;
use super::model::Model;
use crate::engine::{Chaos, Cloud, Made, Rng, Session};
use terrane_model::event::EventKind;
use terrane_plan::machine::PlanOptions;
use terrane_sim::World;

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pairs {
    /// Both went on at the same time.
    pub together: u64,
    /// One waited for the other, and was refused then.
    pub refused: u64,
    /// One waited for the other, and its plan fitted all the same.
    pub in_turn: u64,
}

impl Pairs {
    /// Adds what came of others.
    pub fn add(&mut self, other: &Self) {
        let Self {
            together,
            refused,
            in_turn,
        } = other;
        self.together += together;
        self.refused += refused;
        self.in_turn += in_turn;
    }
}

fn options() -> PlanOptions {
    PlanOptions {
        refresh: true,
        ..PlanOptions::default()
    }
}

/// Plays the story of a seed: two plans of one state. Where their claims allow it they are applied at the same time, in an order that the seed gives, and the outcome
/// is what it is one after the other; else one after the other, and the second is applied only if it still fits.
///
/// # Errors
/// With what does not hold.
pub fn two_at_a_time(seed: u64) -> Result<Pairs, String> {
    let mut rng = Rng::new(seed);
    let mut model = Model::random(&mut rng);
    // More to be apart in.
    for _ in 0..4 {
        model.edit(&mut rng);
    }
    let mut base = Session::new(Cloud::new(World::new(seed), seed));
    let first = base.plan(&model.render(), &options(), &mut Chaos::none());
    if first.plan.as_ref().is_none_or(|plan| plan.errored) {
        return Ok(Pairs::default());
    }
    base.apply(&first, &mut Chaos::none());
    let (mut ours, mut theirs) = (model.clone(), model);
    ours.edit(&mut rng);
    theirs.edit(&mut rng);
    let a = base.plan(&ours.render(), &options(), &mut Chaos::none());
    let b = base.plan(&theirs.render(), &options(), &mut Chaos::none());
    let (Some(plan_a), Some(plan_b)) = (&a.plan, &b.plan) else {
        return Ok(Pairs::default());
    };
    if plan_a.errored || plan_b.errored {
        return Ok(Pairs::default());
    }
    let explain = |claim: String| {
        format!(
            "seed {seed}: {claim}\nours: {:?}\ntheirs: {:?}\n{}\n{}",
            plan_a.claim,
            plan_b.claim,
            ours.render().show(),
            theirs.render().show()
        )
    };
    let together = plan_a.claim.is_compatible(&plan_b.claim);
    let mut in_turn = base.fork();
    in_turn.apply(&a, &mut Chaos::none());
    let second = in_turn.apply(&b, &mut Chaos::none());
    let refused = second.applied.is_none();
    sound(&in_turn).map_err(&explain)?;
    if !together {
        let told = second
            .diagnostics
            .iter()
            .any(|message| message.summary == "Saved plan is stale");
        if refused && !told {
            return Err(explain(format!(
                "refused without a word: {:?}",
                second.diagnostics
            )));
        }
        return Ok(Pairs {
            refused: u64::from(refused),
            in_turn: u64::from(!refused),
            ..Pairs::default()
        });
    }
    if refused {
        return Err(explain(format!(
            "the plans are apart, yet one made the other stale: {:?}",
            second.diagnostics
        )));
    }
    let mut parallel = base.fork();
    let mut chaos = Chaos::shuffled(rng.next_u64());
    parallel
        .apply_both([&a, &b], &mut chaos)
        .map_err(&explain)?;
    sound(&parallel).map_err(&explain)?;
    same(&in_turn, &parallel, [&a, &b]).map_err(&explain)?;
    Ok(Pairs {
        together: 1,
        ..Pairs::default()
    })
}

fn sound(session: &Session) -> Result<(), String> {
    claims::nothing_lost(session)?;
    let ops = session.store.journal.iter().flatten();
    let mut begun: Vec<u64> = ops
        .filter_map(|event| match &event.kind {
            EventKind::Began { op, .. } => Some(*op),
            _ => None,
        })
        .collect();
    begun.sort_unstable();
    if begun.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("an operation id was given out twice".to_owned());
    }
    if session.store.replayed() != *session.store.snapshot() {
        return Err("the journal does not give the state".to_owned());
    }
    Ok(())
}

/// Whether both came to the same end. What data sources gave depends on when they were read.
fn same(in_turn: &Session, parallel: &Session, _: [&Made; 2]) -> Result<(), String> {
    let all = |_: &str| false;
    let (expected, found) = (
        claims::essence(in_turn, &all),
        claims::essence(parallel, &all),
    );
    for (name, text) in &expected {
        if !name.contains("data.") && found.get(name) != Some(text) {
            return Err(format!(
                "{name} is\n{:?}\nand one after the other\n{text}",
                found.get(name)
            ));
        }
    }
    match found.keys().find(|name| !expected.contains_key(*name)) {
        Some(name) => Err(format!("{name} is there, and not one after the other")),
        None => Ok(()),
    }
}
