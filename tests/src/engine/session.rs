//! Commands: plan and apply, from a project over a store, as the shell does them.

use super::{Chaos, Cloud, Compiled, Project, Store, apply, plan, timed};
use std::sync::Arc;
use terrane_apply::{Applied, ApplyInput};
use terrane_config::load::ModuleFolder;
use terrane_gate::{ApprovedPlan, Consent, Policy};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Headline};
use terrane_lang::functions::{Functions, Impure, Random};
use terrane_model::addr::InstanceAddr;
use terrane_model::event::{EventKind, ObjectAddr};
use terrane_model::provider::{ImportTarget, Places};
use terrane_model::snapshot::{Snapshot, Status};
use terrane_plan::generate::Generated;
use terrane_plan::machine::{PlanInput, PlanOptions};
use terrane_plan::plan::Plan;
use terrane_plan::restore::{RestoreInput, configuration, report};
use terrane_value::Value;

/// The time of all tests.
const NOW: &str = "2026-01-02T03:04:05Z";

/// A cloud, a store, and how commands are run over them.
#[derive(Clone, Debug)]
pub struct Session {
    /// The providers.
    pub cloud: Cloud,
    /// The state.
    pub store: Store,
    /// How many runs there were.
    runs: u64,
}

/// A plan with what it was made from.
#[derive(Debug)]
pub struct Made {
    /// The plan; `None`: it could not be made.
    pub plan: Option<Plan>,
    /// The configuration.
    pub compiled: Compiled,
    /// The state that it was made from.
    pub snapshot: Arc<Snapshot>,
    /// Values of root variables.
    pub variables: Vec<Value>,
    /// All messages.
    pub diagnostics: Diagnostics,
    /// The process died.
    pub crashed: bool,
    /// Blocks that were written for imports without configuration, if that was asked for.
    pub generated: Vec<Generated>,
}

/// What came of an apply.
#[derive(Debug)]
pub struct Run {
    /// How it ended; `None`: it died, or the plan was refused.
    pub applied: Option<Applied>,
    /// The process died.
    pub crashed: bool,
    /// The machine waited for nothing: a bug.
    pub stuck: bool,
    /// All messages.
    pub diagnostics: Diagnostics,
}

#[derive(Debug)]
struct Counting;

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for (byte, number) in buffer.iter_mut().zip(0..=u8::MAX) {
            *byte = number;
        }
    }
}

impl Session {
    /// With an empty state.
    #[must_use]
    pub fn new(cloud: Cloud) -> Self {
        Self {
            cloud,
            store: Store::default(),
            runs: 0,
        }
    }

    /// The same cloud and state up to now, in a world of its own.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut fork = self.clone();
        fork.cloud.world = self.cloud.world.fork();
        fork
    }

    fn input(&self, compiled: &Compiled, options: &PlanOptions, variables: &[Value]) -> PlanInput {
        PlanInput {
            config: compiled.config.clone(),
            snapshot: self.store.snapshot(),
            providers: self.cloud.infos().clone(),
            variables: variables.to_vec(),
            functions: Functions {
                plan_time: Some(NOW.into()),
                ..Functions::pure()
            },
            options: PlanOptions {
                workspace: "default".into(),
                cwd: "/work".into(),
                now_ms: 1_767_323_045_000,
                ..options.clone()
            },
        }
    }

    /// Settles what a cut off run left open, then plans.
    pub fn plan(&mut self, project: &Project, options: &PlanOptions, chaos: &mut Chaos) -> Made {
        let compiled = project.compile(&self.cloud, &self.store.snapshot());
        let variables = defaults(&compiled);
        let mut made = Made {
            plan: None,
            snapshot: self.store.snapshot(),
            diagnostics: compiled.diagnostics.clone(),
            compiled,
            variables,
            crashed: false,
            generated: Vec::new(),
        };
        if made.diagnostics.has_errors() {
            return made;
        }
        if !self.store.snapshot().open.is_empty() {
            let input = self.input(&made.compiled, options, &made.variables);
            let Some((events, diagnostics)) = plan::recover(input, &self.cloud, chaos) else {
                made.crashed = true;
                return made;
            };
            made.diagnostics.extend(diagnostics);
            self.store.record(events);
            made.snapshot = self.store.snapshot();
        }
        let input = self.input(&made.compiled, options, &made.variables);
        let Some(planned) = plan::plan(input, &self.cloud, chaos) else {
            made.crashed = true;
            return made;
        };
        made.diagnostics.extend(planned.diagnostics);
        made.plan = planned.plan;
        made.generated = planned.generated;
        made
    }

    /// Plans to go back to the state at a serial. With the plan come the folders that it was made of.
    pub fn plan_back(
        &mut self,
        project: &Project,
        serial: u64,
        options: &PlanOptions,
        chaos: &mut Chaos,
    ) -> (Made, Vec<ModuleFolder>) {
        let (then, now) = (self.store.at(serial), self.store.snapshot());
        let restored = configuration(RestoreInput {
            then: &then,
            now: &now,
            root: &project.root(),
            providers: self.cloud.infos(),
        });
        let mut options = options.clone();
        options.excludes.extend(restored.gaps);
        let back = Project::of_folders(&restored.folders);
        let mut made = self.plan(&back, &options, chaos);
        if let Some(plan) = &made.plan {
            made.diagnostics
                .extend(report(plan, &then, self.cloud.infos()));
        }
        made.diagnostics.extend(restored.diagnostics);
        (made, restored.folders)
    }

    /// `terrane import`.
    pub fn take_over(
        &mut self,
        project: &Project,
        addr: InstanceAddr,
        target: ImportTarget,
    ) -> Diagnostics {
        let compiled = project.compile(&self.cloud, &self.store.snapshot());
        let mut diagnostics = compiled.diagnostics.clone();
        if diagnostics.has_errors() {
            return diagnostics;
        }
        let input = self.input(&compiled, &PlanOptions::default(), &defaults(&compiled));
        let found = plan::take_over(input, addr, target, &self.cloud, &mut Chaos::none());
        if let Some((events, found)) = found {
            diagnostics.extend(found);
            self.store.record(events);
        }
        diagnostics
    }

    /// Marks an object as to be replaced; `false`: there is no such object.
    pub fn taint(&mut self, instance: &InstanceAddr) -> bool {
        let snapshot = self.store.snapshot();
        let resource = snapshot.resources.get(&instance.resource);
        let known = snapshot
            .instance(instance)
            .and_then(|instance| instance.current.clone());
        let (Some(resource), Some(known)) = (resource, known) else {
            return false;
        };
        let mut state = (*known).clone();
        state.status = Status::Tainted;
        self.store.record(vec![EventKind::Set {
            object: ObjectAddr {
                instance: instance.clone(),
                deposed: None,
            },
            provider: resource.provider.clone(),
            state: Some(Arc::new(state)),
        }]);
        true
    }

    /// Approves and applies.
    pub fn apply(&mut self, made: &Made, chaos: &mut Chaos) -> Run {
        let mut run = Run {
            applied: None,
            crashed: false,
            stuck: false,
            diagnostics: Diagnostics::new(),
        };
        let Some(plan) = made.plan.clone() else {
            return run;
        };
        let approved = match ApprovedPlan::approve(plan, Policy::AutoApprove, &Consent::Auto) {
            Ok(approved) => approved,
            Err(refusal) => {
                let refused =
                    Diagnostic::error(Headline::foreign("Refused"), format!("{refusal:?}"));
                run.diagnostics.push(refused);
                return run;
            }
        };
        let input = self.apply_input(made, approved);
        match apply::apply(input, &self.cloud, &mut self.store, chaos) {
            Ok(apply::Ended::Done(applied)) => {
                run.diagnostics.extend(applied.diagnostics.iter().cloned());
                run.applied = Some(applied);
            }
            Ok(apply::Ended::Crashed) => run.crashed = true,
            Ok(apply::Ended::Stuck) => run.stuck = true,
            Err(diagnostics) => run.diagnostics.extend(diagnostics),
        }
        run
    }

    /// Approves and applies; between any two things that happen (a commit, an effect in the world, an answer) `look` is given what would be left if the
    /// process died there: a session of its own, and how many things had happened.
    ///
    /// # Errors
    /// The first thing that `look` says, or why it could not be applied.
    pub fn apply_watched(
        &mut self,
        made: &Made,
        chaos: &mut Chaos,
        look: &mut dyn FnMut(Self, u64) -> Result<(), String>,
    ) -> Result<(), String> {
        let plan = made.plan.clone().ok_or("there is no plan")?;
        let approved = ApprovedPlan::approve(plan, Policy::AutoApprove, &Consent::Auto)
            .map_err(|refusal| format!("refused: {refusal:?}"))?;
        let input = self.apply_input(made, approved);
        let runs = self.runs;
        let mut point = 0;
        let mut at = |boundary: &apply::Boundary<'_>| {
            let (cloud, store) = boundary.died();
            let left = Self { cloud, store, runs };
            point += 1;
            look(left, point - 1)
        };
        match apply::apply_watched(input, &self.cloud, &mut self.store, chaos, &mut at)? {
            apply::Ended::Done(_) => Ok(()),
            ended => Err(format!("it ended otherwise: {ended:?}")),
        }
    }

    /// Approves and applies with a clock on which changes take the time that they usually take. Gives that of the whole, in milliseconds.
    ///
    /// # Errors
    /// With what went wrong.
    pub fn apply_timed(&mut self, made: &Made) -> Result<u64, String> {
        let plan = made.plan.clone().ok_or("there is no plan")?;
        let approved = ApprovedPlan::approve(plan, Policy::AutoApprove, &Consent::Auto)
            .map_err(|refusal| format!("refused: {refusal:?}"))?;
        let input = self.apply_input(made, approved);
        timed::apply(input, &self.cloud, &mut self.store)
    }

    fn apply_input(&mut self, made: &Made, approved: ApprovedPlan) -> ApplyInput {
        self.runs += 1;
        ApplyInput {
            plan: approved,
            config: made.compiled.config.clone(),
            snapshot: self.store.snapshot(),
            providers: self.cloud.infos().clone(),
            variables: made.variables.clone(),
            functions: Functions {
                plan_time: Some(NOW.into()),
                impure: Some(Impure {
                    now: NOW.into(),
                    random: Arc::new(Counting),
                }),
                ..Functions::pure()
            },
            run: format!("run{}", self.runs).into(),
            who: "tester@test".into(),
            command: "apply".into(),
            cwd: "/work".into(),
            digest: "".into(),
            first_op: None,
            places: Places::default(),
        }
    }

    /// Applies two plans at the same time, as two processes do: what happens next happens in one of them. `Err`: one does not fit, or can't go on; or an error.
    ///
    /// # Errors
    /// With what went wrong.
    pub fn apply_both(&mut self, made: [&Made; 2], chaos: &mut Chaos) -> Result<(), String> {
        let mut processes = Vec::new();
        for (fence, made) in (1_u64..).zip(made) {
            let plan = made.plan.clone().ok_or("there is no plan")?;
            let approved = ApprovedPlan::approve(plan, Policy::AutoApprove, &Consent::Auto);
            let approved = approved.map_err(|refusal| format!("refused: {refusal:?}"))?;
            let input = ApplyInput {
                first_op: Some(fence << 24),
                ..self.apply_input(made, approved)
            };
            let process = apply::Process::new(input);
            processes.push(process.map_err(|diagnostics| format!("stale: {diagnostics:?}"))?);
        }
        while !processes.is_empty() {
            let at = chaos.choose(processes.len());
            let Some(process) = processes.get_mut(at) else {
                break;
            };
            match process.step(&self.cloud, &mut self.store, chaos) {
                None => {}
                Some(apply::Ended::Done(applied)) if !applied.diagnostics.has_errors() => {
                    processes.remove(at);
                }
                Some(ended) => return Err(format!("it ended otherwise: {ended:?}")),
            }
        }
        Ok(())
    }
}

/// Default values of root variables; unset ones are null.
fn defaults(compiled: &Compiled) -> Vec<Value> {
    let root = compiled.config.modules.first();
    root.into_iter()
        .flat_map(|root| &root.variables)
        .map(|variable| {
            let value = variable.default.clone().unwrap_or(Value::NULL);
            if variable.sensitive {
                value.with_marks(&terrane_value::Marks::SENSITIVE)
            } else {
                value
            }
        })
        .collect()
}
