//! `apply`: carries out an approved plan.

use crate::clock::now_ms;
use crate::drive::{Pool, drive_apply};
use crate::failure::{Failure, Report};
use crate::files::functions_for_apply;
use crate::gates::book::Book;
use crate::gates::pass::{self, Gating, Looked};
use crate::interrupt::Interrupt;
use crate::load::Loaded;
use crate::plan::Made;
use crate::planfile;
use crate::policy::{PlanText, Seen};
use crate::session::{Session, new_run};
use crate::ui::Ui;
use std::sync::Arc;
use terrane_apply::{Applied, Applier, ApplyInput};
use terrane_gate::{ApprovedPlan, Consent, Policy, Refusal, Weighed};
use terrane_lang::source::SourceMap;
use terrane_model::snapshot::Snapshot;
use terrane_plan::exec::StepKind;
use terrane_plan::plan::Plan;
use terrane_store::Workspace;
use terrane_store::lease::Claim;
use terrane_value::Value;

/// A plan that was approved, with everything that is needed to carry it out.
#[derive(Debug)]
pub struct Approved {
    plan: ApprovedPlan,
    plan_time: String,
    digest: String,
    loaded: Loaded,
    variables: Vec<Value>,
    /// What judged it.
    gating: Option<Gating>,
}

impl Approved {
    /// What carrying it out reads and writes of the state.
    #[must_use]
    pub fn claim(&self) -> Claim {
        self.plan.plan().claim.clone()
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        self.plan.plan()
    }

    /// What the gates say to it; `None`: there are none.
    #[must_use]
    pub fn looked(&self) -> Option<Looked> {
        let passed = self.plan.passed();
        Some(Looked {
            meaning: passed.meaning.clone()?,
            verdict: passed.verdict.clone(),
        })
    }

    /// How many steps there are to do.
    #[must_use]
    pub fn steps(&self) -> usize {
        let steps = &self.plan.plan().graph.steps;
        steps
            .iter()
            .filter(|step| {
                !matches!(
                    step.kind,
                    StepKind::Join | StepKind::Open(_) | StepKind::Close(_)
                )
            })
            .count()
    }
}

/// How applying ended.
#[derive(Debug)]
pub struct Done {
    /// The counts, the messages, and whether it was cut short.
    pub applied: Applied,
    /// The texts that the messages point at.
    pub sources: SourceMap,
    /// The state afterwards.
    pub snapshot: Arc<Snapshot>,
}

impl Done {
    /// The messages with the texts they point at.
    pub fn report(&self) -> Report {
        Report {
            diagnostics: self.applied.diagnostics.clone(),
            sources: self.sources.clone(),
        }
    }
}

/// A plan that is to be approved, with everything that is needed to carry it out.
#[derive(Debug)]
pub struct Parts {
    pub(crate) plan: Weighed,
    pub(crate) loaded: Loaded,
    pub(crate) variables: Vec<Value>,
    pub(crate) digest: String,
    /// The plan in JSON, if that was written.
    pub(crate) text: PlanText,
}

impl Parts {
    /// A plan that was made just now, with what was written of it, named as its file would be, and weighed where there are gates.
    ///
    /// # Errors
    /// When it can't be found out which programs its providers are.
    pub fn of(
        session: &Session,
        made: Made,
        text: PlanText,
        book: Option<&Book>,
    ) -> Result<Self, Failure> {
        let Made {
            plan,
            loaded,
            snapshot: _,
            variables,
            diagnostics: _,
        } = made;
        let plan = Weighed::from(plan);
        let name = || planfile::digest_of(session, plan.plan(), &loaded, book);
        let digest = match book {
            None => name(),
            Some(book) => {
                let programs = planfile::programs_of(session, &loaded)?;
                pass::weigh_beside((&plan, &loaded), &book.secret, &programs, name)
            }
        };
        Ok(Self {
            plan,
            loaded,
            variables,
            digest,
            text,
        })
    }

    /// What names the plan. Empty where it can't be saved.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The plan, as policies and gates look at it.
    #[must_use]
    pub fn seen(&self) -> Seen<'_> {
        Seen::with(self.plan.plan(), &self.loaded, self.text.clone())
    }

    pub(crate) fn weighed(&self) -> &Weighed {
        &self.plan
    }
}

/// Passes a plan through the gate.
///
/// # Errors
/// When it does not pass.
pub fn approve(
    parts: Parts,
    gating: Option<Gating>,
    policy: Policy<'_>,
    consent: &Consent,
) -> Result<Approved, Refusal> {
    let Parts {
        plan,
        loaded,
        variables,
        digest,
        text,
    } = parts;
    let plan_time = plan.plan().timestamp.to_string();
    let approved = match &gating {
        None => ApprovedPlan::approve(plan, policy, consent)?,
        Some(gating) => gating.approve(plan, (&loaded, text), consent)?,
    };
    Ok(Approved {
        plan: approved,
        plan_time,
        digest,
        loaded,
        variables,
        gating,
    })
}

/// Carries out an approved plan.
///
/// # Errors
/// When the plan does not fit the state any more; when the user interrupts twice. Errors of single steps are among the messages of [`Done`].
pub async fn carry_out(
    session: &Session,
    approved: Approved,
    mut workspace: Box<dyn Workspace>,
    interrupt: &Arc<Interrupt>,
    ui: &mut dyn Ui,
) -> Result<Done, Failure> {
    let Approved {
        plan,
        plan_time,
        mut digest,
        loaded,
        variables,
        mut gating,
    } = approved;
    if digest.is_empty() {
        digest = planfile::digest_of(session, plan.plan(), &loaded, None);
    }
    let Loaded {
        config,
        sources,
        warnings: _,
        registry,
        requirements: _,
        folders: _,
    } = loaded;
    let run = new_run();
    let passed = plan.passed().clone();
    let changes = terrane_plan::view::text::count(plan.plan()).to_string();
    let applier = Applier::new(ApplyInput {
        plan,
        config: config.clone(),
        snapshot: workspace.snapshot(),
        providers: registry.infos().clone(),
        variables,
        functions: functions_for_apply(&plan_time, now_ms()).with_providers(registry.functions()),
        run: run.as_str().into(),
        who: session.who().into(),
        command: session.command.as_str().into(),
        cwd: session.cwd.as_str().into(),
        digest: digest.as_str().into(),
        first_op: Some(workspace.lease().fence.first_op()),
        places: session.places,
    });
    let applier = match applier {
        Ok(applier) => applier,
        Err(diagnostics) => {
            return Err(Failure::Input(Report {
                diagnostics,
                sources,
            }));
        }
    };
    // From here on decisions and plan are used, whatever comes.
    let judged = gating.as_mut().map(|gating| (gating, plan_time.as_str()));
    pass::begin(session, &run, &digest, &changes, &passed, judged)?;
    let mut pool = Pool::new(config, registry, interrupt.clone(), session.places);
    let driven = drive_apply(applier, &mut pool, &mut *workspace, interrupt, ui).await;
    pass::end(session, &run, driven.as_ref().ok());
    let mut applied = driven?;
    let snapshot = workspace.snapshot();
    if let Err(error) = workspace.close() {
        // Beside what went wrong before, which may be why.
        let failure = Failure::store("Closing the state failed")(error);
        applied
            .diagnostics
            .extend(failure.into_report().diagnostics);
    }
    Ok(Done {
        applied,
        sources,
        snapshot,
    })
}
