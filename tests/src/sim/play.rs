//! Plays one simulation.

use super::claims;
use super::model::{Model, What};
use crate::engine::{Chaos, Cloud, Made, Project, Rng, Session};
use crate::golden::describe_plan;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostics, Severity};
use terrane_model::addr::{InstanceAddr, Mode, Target};
use terrane_model::event::Intent;
use terrane_plan::machine::PlanOptions;
use terrane_plan::plan::PlanMode;
use terrane_sim::{FaultPlan, Traits, World};
use terrane_value::Value;

/// What happened in a simulation in which everything held.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Plans that were made.
    pub plans: u64,
    /// Plans that were applied.
    pub applies: u64,
    /// Times that the process died.
    pub crashes: u64,
    /// Applies that ended with errors, by faults or interrupts.
    pub failures: u64,
    /// Edits that could not be planned because of a cycle that `create_before_destroy` makes.
    pub cycles: u64,
    /// Objects that were made in the world.
    pub created: u64,
}

impl Outcome {
    /// Adds what happened in another simulation.
    pub fn add(&mut self, other: &Self) {
        let Self {
            plans,
            applies,
            crashes,
            failures,
            cycles,
            created,
        } = other;
        self.plans += plans;
        self.applies += applies;
        self.crashes += crashes;
        self.failures += failures;
        self.cycles += cycles;
        self.created += created;
    }
}

/// What did not hold.
#[derive(Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The step of the story, from 0.
    pub step: usize,
    /// What did not hold.
    pub claim: String,
    /// The configuration before, and at this point, and the last plan.
    pub context: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "seed {} step {}: {}\n{}\nto see it again: TERRANE_SIM_SEED={} cargo test -p terrane-tests --test simulation\n",
            self.seed, self.step, self.claim, self.context, self.seed
        )
    }
}

/// What may go wrong in a story.
#[derive(Clone, Copy, Debug)]
struct Weather {
    crashes: bool,
    faults: bool,
    drift: bool,
    /// The provider can't tell after a crash what became of a change.
    blind: bool,
}

struct Player<'a> {
    /// Hears what happens.
    listener: &'a mut dyn FnMut(&str),
    rng: Rng,
    weather: Weather,
    session: Session,
    /// The same story in a world in which nothing goes wrong.
    calm: Session,
    outcome: Outcome,
    last_plan: String,
    before: Project,
    now: Project,
}

/// Plays the story of a seed. `listener` is told what happens, event by event.
///
/// # Errors
/// With the first claim that does not hold.
pub fn run(seed: u64, listener: &mut dyn FnMut(&str)) -> Result<Outcome, Failure> {
    let mut rng = Rng::new(seed);
    let weather = Weather {
        crashes: seed % 4 == 1 || seed % 4 == 3,
        faults: seed % 4 >= 2,
        drift: rng.chance(40),
        blind: seed % 16 == 15,
    };
    let traits = Traits {
        idempotent: !weather.blind,
        resolves_tokens: !weather.blind,
    };
    let mut model = Model::random(&mut rng);
    let mut player = Player {
        listener,
        rng,
        weather,
        session: Session::new(Cloud::new(World::with_traits(seed, traits), seed)),
        calm: Session::new(Cloud::new(World::new(seed ^ 0xc0ffee), seed)),
        outcome: Outcome::default(),
        last_plan: String::new(),
        before: Project::default(),
        now: Project::default(),
    };
    let steps = 2 + player.rng.below(3);
    for step in 0..=steps {
        let played = if step == steps {
            player.end()
        } else {
            if step > 0 {
                let kept = model.clone();
                model.edit(&mut player.rng);
                if player.is_cyclic(&model) {
                    player.outcome.cycles += 1;
                    model = kept;
                }
            }
            player.step(&model)
        };
        played.map_err(|claim| Failure {
            seed,
            step,
            claim,
            context: format!(
                "weather: {:?}\nbefore:\n{}\nnow:\n{}\nlast plan:\n{}",
                player.weather,
                player.before.show(),
                player.now.show(),
                player.last_plan
            ),
        })?;
    }
    let log = player.session.cloud.world.log();
    let created = log
        .iter()
        .filter(|entry| entry.effect && entry.operation == terrane_sim::Operation::Create)
        .count();
    player.outcome.created = u64::try_from(created).unwrap_or_default();
    Ok(player.outcome)
}

fn errors(diagnostics: &Diagnostics) -> Vec<String> {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error);
    errors
        .map(|error| {
            format!(
                "{} ({}): {}",
                error.summary,
                error.address.as_deref().unwrap_or_default(),
                error.detail
            )
        })
        .collect()
}

fn no_errors(what: &str, diagnostics: &Diagnostics) -> Result<(), String> {
    match errors(diagnostics).as_slice() {
        [] => Ok(()),
        all => Err(format!("{what} gave errors: {}", all.join("; "))),
    }
}

impl Player<'_> {
    fn options(mode: PlanMode) -> PlanOptions {
        PlanOptions {
            mode,
            refresh: true,
            ..PlanOptions::default()
        }
    }

    fn shuffled(&mut self) -> Chaos {
        Chaos::shuffled(self.rng.next_u64())
    }

    /// Whether the documented order of the edit has a cycle (which is an error of the configuration).
    fn is_cyclic(&mut self, model: &Model) -> bool {
        let project = model.render();
        self.session.cloud.world.set_faults(FaultPlan::NONE);
        [&self.calm, &self.session].into_iter().any(|session| {
            let options = Self::options(PlanMode::Normal);
            let made = session.clone().plan(&project, &options, &mut Chaos::none());
            let mut messages = made.diagnostics.iter();
            messages.any(|diagnostic| diagnostic.summary.starts_with("Cycle"))
        })
    }

    fn step(&mut self, model: &Model) -> Result<(), String> {
        self.before = std::mem::replace(&mut self.now, model.render());
        if self.weather.drift {
            self.drift();
        }
        if self.rng.chance(15) {
            self.taint();
        }
        let project = self.now.clone();
        self.same_plan_in_any_order(&project)?;
        let options = self.some_options();
        self.storm(&project, &options)?;
        self.go_on_in_calm(&project)?;
        // The next edit may come before everything is done.
        if self.weather.blind || self.rng.chance(25) {
            return Ok(());
        }
        self.settle(&project, PlanMode::Normal)?;
        self.same_as_in_calm(model)
    }

    /// Mostly none.
    fn some_options(&mut self) -> PlanOptions {
        let mut options = Self::options(PlanMode::Normal);
        let snapshot = self.session.store.snapshot();
        let all: Vec<InstanceAddr> = snapshot.instances().map(|(addr, ..)| addr).collect();
        let Some(addr) = self.rng.pick(&all).cloned() else {
            return options;
        };
        let target = match self.rng.chance(50) {
            true => Target::Instance(addr.clone()),
            false => Target::Resource(addr.resource.clone()),
        };
        match self.rng.below(24) {
            0 | 1 => options.targets.push(target),
            2 | 3 => options.excludes.push(target),
            4 | 5 => options.replace.push(addr),
            6 => options.refresh = false,
            7 => options.mode = PlanMode::RefreshOnly,
            _ => {}
        }
        options
    }

    fn taint(&mut self) {
        let snapshot = self.session.store.snapshot();
        let all: Vec<InstanceAddr> = snapshot.instances().map(|(addr, ..)| addr).collect();
        if let Some(addr) = self
            .rng
            .pick(&all)
            .filter(|addr| addr.resource.mode == Mode::Managed)
        {
            self.session.taint(addr);
        }
    }

    /// The end of a story: everything is destroyed.
    fn end(&mut self) -> Result<(), String> {
        let project = self.now.clone();
        self.storm(&project, &Self::options(PlanMode::Destroy))?;
        if self.weather.blind {
            return Ok(());
        }
        self.settle(&project, PlanMode::Destroy)?;
        if let Some(entity) = self.session.cloud.world.objects().first() {
            return Err(format!(
                "I1: after destroying everything there is still {} {}",
                entity.type_name, entity.id
            ));
        }
        match self.session.store.snapshot().resources.keys().next() {
            Some(addr) => Err(format!(
                "I5: after destroying everything the state still holds {addr}"
            )),
            None => Ok(()),
        }
    }

    /// Somebody else changes or deletes objects.
    fn drift(&mut self) {
        let objects = self.session.cloud.world.objects();
        for _ in 0..self.rng.below(3) {
            let Some(entity) = self.rng.pick(&objects) else {
                return;
            };
            (self.listener)(&format!("=== drift of {}", entity.id));
            if self.rng.chance(40) {
                self.session.cloud.world.remove(&entity.id);
                continue;
            }
            let attribute = if entity.type_name == "sim_disk" {
                "zone"
            } else {
                "cidr"
            };
            let attribute = if entity.type_name == "sim_instance" {
                "size"
            } else {
                attribute
            };
            let value = if attribute == "size" {
                "large"
            } else {
                "10.200.0.0/16"
            };
            self.session.cloud.world.mutate(&entity.id, |state| {
                terrane_provider::args::with(state, attribute, Value::string(value))
            });
        }
    }

    /// I3.
    fn same_plan_in_any_order(&mut self, project: &Project) -> Result<(), String> {
        self.session.cloud.world.set_faults(FaultPlan::NONE);
        let options = Self::options(PlanMode::Normal);
        let mut plans = Vec::new();
        for chaos in [Chaos::none(), self.shuffled()] {
            let made = self
                .session
                .clone()
                .plan(project, &options, &mut chaos.clone());
            self.outcome.plans += 1;
            plans.push(format!("{:?}", made.plan));
            if let Some(plan) = &made.plan {
                self.last_plan = describe_plan(plan);
            }
            // A provider that can't tell may have made something twice, which its rules forbid.
            if !self.weather.blind {
                no_errors("planning", &made.diagnostics)?;
            }
        }
        if plans.first() == plans.last() {
            Ok(())
        } else {
            Err("I3: another order of answers gives another plan".to_owned())
        }
    }

    /// One plan and apply in which anything may happen.
    fn storm(&mut self, project: &Project, options: &PlanOptions) -> Result<(), String> {
        let mut chaos = self.shuffled();
        if self.weather.faults {
            let mut faults = FaultPlan::stormy();
            if self.weather.blind {
                // A provider that says nothing was made, and made it, and can't be asked: nobody could know.
                faults.error_after = 0;
            }
            self.session.cloud.world.set_faults(faults);
            chaos = chaos.failing_provisioners(20);
        }
        if self.weather.crashes && self.rng.chance(75) {
            let limit = 10 + self.rng.below(80);
            chaos = chaos.crash_after(u64::try_from(self.rng.below(limit)).unwrap_or_default());
        } else if self.weather.crashes && self.rng.chance(50) {
            self.session.store.fails_after = u64::try_from(self.rng.below(20)).ok();
        }
        let stopped = self.rng.chance(5);
        if stopped {
            chaos = chaos.cancel_after(u64::try_from(self.rng.below(40)).unwrap_or_default());
        }
        // A plan of a part, or of the state as it was, may find things that are not there, and one that is interrupted ends early.
        let plain = options.targets.is_empty()
            && options.excludes.is_empty()
            && options.refresh
            && options.mode != PlanMode::RefreshOnly;
        let strict = plain && !stopped && !(self.weather.faults || self.weather.crashes);
        let open = self.session.store.snapshot().open.clone();
        let made = self.session.plan(project, options, &mut chaos);
        self.outcome.plans += 1;
        let result = self.weather_out(made, &open, &mut chaos, strict);
        self.session.store.fails_after = None;
        result
    }

    fn weather_out(
        &mut self,
        made: Made,
        open: &BTreeMap<u64, Intent>,
        chaos: &mut Chaos,
        strict: bool,
    ) -> Result<(), String> {
        self.remember(&made)?;
        if made.crashed {
            self.outcome.crashes += 1;
            return claims::nothing_lost(&self.session);
        }
        if self.weather.blind {
            claims::open_creations_are_told(open, &made)?;
        }
        if strict {
            no_errors("planning", &made.diagnostics)?;
        }
        self.carry_out(&made, chaos, strict)
    }

    /// Keeps the plan for the report, and has it checked by code that did not make it.
    fn remember(&mut self, made: &Made) -> Result<(), String> {
        let Some(plan) = &made.plan else {
            return Ok(());
        };
        self.last_plan = describe_plan(plan);
        (self.listener)(&format!("=== plan {:?}\n{}", plan.mode, self.last_plan));
        match terrane_plan::check::check(plan).first() {
            Some(violation) => Err(format!("the plan is wrong: {violation}")),
            None => Ok(()),
        }
    }

    fn carry_out(&mut self, made: &Made, chaos: &mut Chaos, strict: bool) -> Result<(), String> {
        let Some(plan) = made.plan.as_ref().filter(|plan| !plan.errored) else {
            return Ok(());
        };
        let from = self.session.store.journal.len();
        let run = self.session.apply(made, chaos);
        self.outcome.applies += 1;
        for event in self.session.store.journal.iter().skip(from).flatten() {
            (self.listener)(&format!("{:?}", event.kind));
        }
        for message in run.diagnostics.iter() {
            (self.listener)(&format!("{}: {}", message.summary, message.detail));
        }
        if run.stuck {
            return Err("applying waits for nothing".to_owned());
        }
        claims::nothing_lost(&self.session)?;
        claims::in_order(made, &self.session.store.journal[from..])?;
        if run.crashed {
            self.outcome.crashes += 1;
            return Ok(());
        }
        let cancelled = run
            .applied
            .as_ref()
            .is_some_and(|applied| applied.cancelled);
        if run.diagnostics.has_errors() || cancelled {
            self.outcome.failures += 1;
        }
        if strict && !cancelled {
            no_errors("applying", &run.diagnostics)?;
            let what = |claim| format!("{claim} ({:?})", run.applied);
            claims::as_planned(&self.session, plan).map_err(what)?;
        }
        Ok(())
    }

    /// I5: without faults one more run does all the rest, and then there is nothing to do.
    fn settle(&mut self, project: &Project, mode: PlanMode) -> Result<(), String> {
        self.session.cloud.world.set_faults(FaultPlan::NONE);
        let options = Self::options(mode);
        let mut chaos = self.shuffled();
        let made = self.session.plan(project, &options, &mut chaos);
        self.remember(&made)?;
        no_errors("planning after a storm", &made.diagnostics)?;
        self.carry_out(&made, &mut chaos, true)?;
        let again = self.session.plan(project, &options, &mut chaos);
        self.outcome.plans += 2;
        no_errors("planning a second time", &again.diagnostics)?;
        self.remember(&again)?;
        match &again.plan {
            Some(plan) if !plan.is_empty() || !plan.graph.steps.is_empty() => {
                return Err(format!(
                    "I5: the plan after apply is not empty (before it:\n{})",
                    made.plan.as_ref().map(describe_plan).unwrap_or_default()
                ));
            }
            Some(_) => {}
            None => return Err("no second plan".to_owned()),
        }
        claims::settled(&self.session)
    }

    /// The same in a world in which nothing goes wrong.
    fn go_on_in_calm(&mut self, project: &Project) -> Result<(), String> {
        let options = Self::options(PlanMode::Normal);
        let made = self.calm.plan(project, &options, &mut Chaos::none());
        no_errors("planning in calm", &made.diagnostics)?;
        let run = self.calm.apply(&made, &mut Chaos::none());
        no_errors("applying in calm", &run.diagnostics)
    }

    /// I5: the state is the one of a world in which nothing went wrong.
    fn same_as_in_calm(&mut self, model: &Model) -> Result<(), String> {
        let labels: Vec<String> = model
            .modules
            .iter()
            .flat_map(|module| &module.items)
            .filter(|item| matches!(&item.what, What::Block(block) if block.ignore_tags))
            .map(|item| format!(".r{}", item.label))
            .collect();
        let unsure = |name: &str| {
            labels
                .iter()
                .any(|label| name.ends_with(label) || name.contains(&format!("{label}[")))
        };
        let (here, there) = (
            claims::essence(&self.session, &unsure),
            claims::essence(&self.calm, &unsure),
        );
        for (name, text) in &there {
            let own = here.get(name).map_or("nothing", String::as_str);
            // What ignores its tags may differ there, and so may what mentions it.
            if own != text && labels.is_empty() {
                return Err(format!(
                    "I5: another state than in calm: {name} is\n  {own}\nand not\n  {text}"
                ));
            }
        }
        match here.keys().find(|name| !there.contains_key(*name)) {
            Some(name) => Err(format!(
                "I5: another state than in calm: {name} should not be there"
            )),
            None => Ok(()),
        }
    }
}
