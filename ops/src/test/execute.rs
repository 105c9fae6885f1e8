//! Executes a prepared run: plans, applies, looks at what was expected to fail, and checks the assertions.

use super::expect::{Expectations, Stage};
use super::explain::explain;
use super::prepare::Prepared;
use super::{Shown, Status};
use crate::clock::now_ms;
use crate::drive::{Pool, drive_apply, drive_plan};
use crate::failure::Failure;
use crate::files::{functions_for_apply, functions_for_plan, functions_for_validate};
use crate::interrupt::Interrupt;
use crate::rules;
use crate::session::{DEFAULT_WORKSPACE, Session, new_run};
use crate::ui::Silent;
use ecow::EcoString;
use std::sync::Arc;
use terrane_apply::rules::apply::PARTLY_APPLIED;
use terrane_apply::{Applied, Applier, ApplyInput};
use terrane_config::test_file::{AssertScope, Assertion};
use terrane_config::validate::validate;
use terrane_gate::{ApprovedPlan, Consent, Policy};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule};
use terrane_lang::expr::{Scope, values_involved};
use terrane_lang::functions::Functions;
use terrane_model::snapshot::Snapshot;
use terrane_plan::machine::{PlanInput, PlanOptions, Planned, Planner};
use terrane_plan::plan::{Plan, PlanMode};
use terrane_plan::replay::{Evaluator, Given};
use terrane_plan::rules::planning::TARGETING;
use terrane_store::{StateStore as _, Workspace};
use terrane_value::convert::convert;
use terrane_value::{Kind, Type, Value};

/// What came of executing a run.
#[derive(Debug)]
pub(super) struct Executed {
    pub(super) status: Status,
    pub(super) diagnostics: Diagnostics,
    /// The outputs of its module, as one object; `None`: there are none to be had.
    pub(super) outputs: Option<Value>,
    /// The message of the first assertion that failed, and how many did.
    pub(super) failed: Option<(String, usize)>,
    pub(super) shown: Option<Shown>,
}

/// Where a run is executed.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub(super) session: &'a Session,
    pub(super) interrupt: Arc<Interrupt>,
    pub(super) store: terrane_store::MemoryStore,
}

impl Place<'_> {
    /// The state, for writing.
    ///
    /// # Errors
    /// When it can't be opened.
    pub(super) fn open(&self) -> Result<Box<dyn Workspace>, Failure> {
        self.store
            .open(DEFAULT_WORKSPACE)
            .map_err(Failure::store("Opening the state of a test failed"))
    }

    /// The state.
    ///
    /// # Errors
    /// When it can't be read.
    pub(super) fn snapshot(&self) -> Result<Arc<Snapshot>, Failure> {
        self.store
            .read(DEFAULT_WORKSPACE)
            .map_err(Failure::store("Reading the state of a test failed"))
    }

    fn pool(&self, prepared: &Prepared) -> Pool {
        Pool::new(
            prepared.config.clone(),
            prepared.registry.clone(),
            self.interrupt.clone(),
            self.session.places,
        )
        .with_stand_in(prepared.doubles.clone())
    }

    /// Makes a plan.
    ///
    /// # Errors
    /// When the user interrupts twice.
    pub(super) async fn plan(
        &self,
        prepared: &Prepared,
        snapshot: Arc<Snapshot>,
        destroy: bool,
    ) -> Result<Planned, Failure> {
        let now_ms = now_ms();
        let options = &prepared.run().options;
        let mut wanted = PlanOptions {
            mode: PlanMode::Destroy,
            refresh: true,
            workspace: DEFAULT_WORKSPACE.into(),
            cwd: self.session.cwd.as_str().into(),
            now_ms,
            ..PlanOptions::default()
        };
        if !destroy {
            wanted.mode = if options.refresh_only {
                PlanMode::RefreshOnly
            } else {
                PlanMode::Normal
            };
            wanted.refresh = options.refresh;
            wanted.targets.clone_from(&options.targets);
            wanted.replace.clone_from(&options.replace);
            wanted.given_at.clone_from(&prepared.given_at);
        }
        let planner = Planner::new(PlanInput {
            config: prepared.config.clone(),
            snapshot,
            providers: prepared.registry.infos().clone(),
            variables: prepared.values.clone(),
            functions: functions_for_plan(now_ms).with_providers(prepared.registry.functions()),
            options: wanted,
        });
        let mut pool = self.pool(prepared);
        drive_plan(planner, &mut pool, &self.interrupt, &mut Silent).await
    }

    /// Applies a plan.
    ///
    /// # Errors
    /// When it can't be approved or does not fit the state; when the user interrupts twice.
    pub(super) async fn apply(
        &self,
        prepared: &Prepared,
        plan: Plan,
    ) -> Result<(Applied, Arc<Snapshot>), Failure> {
        let plan_time = plan.timestamp.to_string();
        let plan = ApprovedPlan::approve(plan, Policy::AutoApprove, &Consent::Auto).map_err(
            |refusal| {
                Failure::input(
                    &rules::test::NOT_APPROVED,
                    format!("The plan of a test can't be applied: {refusal:?}."),
                )
            },
        )?;
        let mut workspace = self.open()?;
        let applier = Applier::new(ApplyInput {
            plan,
            config: prepared.config.clone(),
            snapshot: workspace.snapshot(),
            providers: prepared.registry.infos().clone(),
            variables: prepared.values.clone(),
            functions: functions_for_apply(&plan_time, now_ms())
                .with_providers(prepared.registry.functions()),
            run: new_run().into(),
            who: self.session.who().into(),
            command: self.session.command.as_str().into(),
            cwd: self.session.cwd.as_str().into(),
            digest: EcoString::new(),
            first_op: Some(workspace.lease().fence.first_op()),
            places: self.session.places,
        })
        .map_err(|diagnostics| {
            Failure::Input(crate::failure::Report {
                diagnostics,
                sources: prepared.sources.clone(),
            })
        })?;
        let mut pool = self.pool(prepared);
        let applied = drive_apply(
            applier,
            &mut pool,
            &mut *workspace,
            &self.interrupt,
            &mut Silent,
        )
        .await?;
        let snapshot = workspace.snapshot();
        workspace
            .close()
            .map_err(Failure::store("Closing the state of a test failed"))?;
        Ok((applied, snapshot))
    }

    /// Executes a run.
    ///
    /// # Errors
    /// When the user interrupts twice, or the state of the test can't be kept.
    #[expect(
        clippy::too_many_lines,
        reason = "one run from plan to verdict, in the order of the rules"
    )]
    pub(super) async fn execute(
        &self,
        prepared: &Prepared,
        verbose: bool,
    ) -> Result<Executed, Failure> {
        let mut executed = Executed {
            status: Status::Pass,
            diagnostics: prepared.warnings.clone(),
            outputs: None,
            failed: None,
            shown: None,
        };
        let functions = functions_for_validate().with_providers(prepared.registry.functions());
        let certain = validate(&prepared.config, &functions);
        if certain.has_errors() {
            executed.diagnostics.extend(certain);
            executed.status = Status::Error;
            return Ok(executed);
        }
        let mut expectations = Expectations::new(prepared.run(), &prepared.config);
        let snapshot = self.snapshot()?;
        let only_plan = prepared.only_plans();
        let stage = if only_plan {
            Stage::OnlyPlan
        } else {
            Stage::BeforeApply
        };
        let Planned {
            plan,
            diagnostics,
            generated: _,
        } = self.plan(prepared, snapshot.clone(), false).await?;
        let left = expectations.filter(without_target_warning(diagnostics), stage);
        let failed = left.has_errors();
        executed.diagnostics.extend(left);
        let Some(plan) = plan.filter(|_| !failed) else {
            if only_plan {
                executed.diagnostics.extend(expectations.missing());
            }
            executed.status = Status::Error;
            return Ok(executed);
        };
        let (evaluator, snapshot) = if only_plan {
            let functions = functions_for_plan(now_ms());
            let evaluator = evaluator(
                prepared,
                &plan,
                snapshot.clone(),
                functions,
                &self.session.cwd,
            );
            let evaluator = evaluator.map(|mut evaluator| {
                evaluator.show_planned(&plan);
                evaluator
            });
            if verbose {
                executed.shown = Some(Shown::Plan(Box::new(plan), prepared.registry.clone()));
            }
            (evaluator, snapshot)
        } else {
            let (applied, snapshot) = match self.apply(prepared, plan.clone()).await {
                Ok(done) => done,
                Err(Failure::Input(report)) => {
                    executed.diagnostics.extend(report.diagnostics);
                    executed.status = Status::Error;
                    return Ok(executed);
                }
                Err(failure) => return Err(failure),
            };
            let cancelled = applied.cancelled;
            let left =
                expectations.filter(without_target_warning(applied.diagnostics), Stage::Apply);
            let failed = left.has_errors() || cancelled;
            executed.diagnostics.extend(left);
            if verbose {
                executed.shown = Some(Shown::State(snapshot.clone(), prepared.registry.clone()));
            }
            if failed {
                executed.diagnostics.extend(expectations.missing());
                executed.status = Status::Error;
                return Ok(executed);
            }
            let functions = functions_for_apply(&plan.timestamp, now_ms());
            let evaluator = evaluator(
                prepared,
                &plan,
                snapshot.clone(),
                functions,
                &self.session.cwd,
            );
            let evaluator = evaluator.map(|mut evaluator| {
                evaluator.show_applied(&plan, &snapshot);
                evaluator
            });
            (evaluator, snapshot)
        };
        drop(snapshot);
        match evaluator {
            Ok(evaluator) => conclude(prepared, &evaluator, &expectations, &mut executed),
            Err(found) => {
                executed.diagnostics.extend(found);
                executed.status = Status::Error;
            }
        }
        Ok(executed)
    }
}

/// What is warned of because a run asks for a part of a plan: it was asked for in the test file, so it is no news.
fn without_target_warning(found: Diagnostics) -> Diagnostics {
    found
        .into_iter()
        .filter(|diagnostic| !diagnostic.is(&TARGETING) && !diagnostic.is(&PARTLY_APPLIED))
        .collect()
}

fn evaluator(
    prepared: &Prepared,
    plan: &Plan,
    snapshot: Arc<Snapshot>,
    functions: Functions,
    cwd: &str,
) -> Result<Evaluator, Diagnostics> {
    Evaluator::new(
        plan,
        Given {
            config: prepared.config.clone(),
            snapshot,
            variables: prepared.values.clone(),
            functions: functions.with_providers(prepared.registry.functions()),
            cwd: cwd.into(),
        },
    )
}

/// Checks the assertions, and whether all failed that was to fail; takes the outputs.
fn conclude(
    prepared: &Prepared,
    evaluator: &Evaluator,
    expectations: &Expectations<'_>,
    executed: &mut Executed,
) {
    let mut outputs = Vec::new();
    if let Some(root) = prepared.config.modules.first() {
        for (at, output) in (0u32..).zip(&root.outputs) {
            // One that can't be had was reported while planning or applying.
            if let Ok(value) = evaluator.root_output(at) {
                outputs.push((output.name.clone(), value));
            }
        }
    }
    let module = evaluator.root_scope();
    let output = |at: u32| evaluator.root_output(at);
    let runs = &prepared.earlier.outputs;
    let scope = AssertScope {
        module: &module,
        extras: &prepared.extras,
        variables: &prepared.variables,
        runs,
        output: &output,
        config: &prepared.config,
    };
    for assertion in &prepared.assertions {
        let before = executed.diagnostics.len();
        match check(assertion, &scope, prepared, &mut executed.diagnostics) {
            Outcome::Holds => {}
            Outcome::Failed(message) => {
                executed.status = executed.status.max(Status::Fail);
                let failed = executed.failed.get_or_insert((message, 0));
                failed.1 += 1;
            }
            Outcome::Error => {
                let silent = executed.diagnostics.len() == before;
                // What failed as expected has no value that an assertion could look at.
                if silent && expectations.some_seen() {
                    continue;
                }
                if silent {
                    executed.diagnostics.push(
                        Diagnostic::error(
                            &rules::test::NOT_EVALUATED,
                            "The condition refers to something that has no value after this run.",
                        )
                        .at(assertion.condition.condition.span()),
                    );
                }
                executed.status = executed.status.max(Status::Error);
            }
        }
    }
    let missing = expectations.missing();
    if missing.has_errors() {
        executed.status = Status::Error;
        executed.diagnostics.extend(missing);
    }
    executed.outputs = Some(Value::object(outputs));
}

enum Outcome {
    Holds,
    Failed(String),
    Error,
}

fn check(
    assertion: &Assertion,
    scope: &AssertScope<'_>,
    prepared: &Prepared,
    diagnostics: &mut Diagnostics,
) -> Outcome {
    diagnostics.extend(assertion.diagnostics.clone());
    if assertion.diagnostics.has_errors() {
        return Outcome::Error;
    }
    let rule = &assertion.condition;
    let place = rule.condition.span();
    let value = match rule.condition.eval(scope, &[]) {
        Ok(value) => value.unmark_deep(),
        Err(found) => {
            diagnostics.extend(found);
            return Outcome::Error;
        }
    };
    let fail = |broken: &'static Rule, detail: String| {
        let mut diagnostic = Diagnostic::error(broken, detail).at(place);
        diagnostic.values = if *broken == rules::test::UNKNOWN_CONDITION {
            terrane_lang::expr::all_values_involved(&rule.condition, scope)
        } else {
            values_involved(&rule.condition, scope)
        };
        diagnostic
    };
    let value = match convert(&value, &Type::Bool) {
        Ok(value) => value,
        Err(problem) => {
            diagnostics.push(fail(
                &rules::test::CONDITION_RESULT,
                format!("Invalid condition run value: {problem}."),
            ));
            return Outcome::Error;
        }
    };
    match value.kind() {
        Kind::Bool(true) => Outcome::Holds,
        Kind::Bool(false) => {
            let message = message(assertion, scope, diagnostics);
            let mut diagnostic = fail(&rules::test::ASSERTION, message.clone());
            explain(
                &assertion.comparisons,
                scope,
                &prepared.sources,
                &mut diagnostic.values,
            );
            diagnostics.push(diagnostic);
            Outcome::Failed(message)
        }
        Kind::Unknown(..) => {
            diagnostics.push(fail(
                &rules::test::UNKNOWN_CONDITION,
                String::from("The condition depends on a value that is known only after apply, but this run block (or one that it refers to) has `command = plan`. Remove the value from the condition, let the run block execute `apply`, or, if a mock or an override gives the value, make it available while planning with `override_during = plan`."),
            ));
            Outcome::Error
        }
        _ => {
            diagnostics.push(fail(
                &rules::test::CONDITION_RESULT,
                String::from("Condition expression must return either true or false, not null."),
            ));
            Outcome::Error
        }
    }
}

/// The author's message, as far as it can be shown.
fn message(assertion: &Assertion, scope: &dyn Scope, diagnostics: &mut Diagnostics) -> String {
    const WITHOUT: &str = "The assertion failed, but its error message can't be shown, as described in the other accompanying messages.";
    let rule = &assertion.condition;
    let value = match rule.message.eval(scope, &[]) {
        Ok(value) => value,
        Err(found) => {
            diagnostics.extend(found);
            return WITHOUT.to_owned();
        }
    };
    let marks = value.marks_deep();
    for (marked, what) in [
        (marks.is_sensitive(), "sensitive"),
        (marks.is_ephemeral(), "ephemeral"),
    ] {
        if marked {
            diagnostics.push(
                Diagnostic::warning(
                    rules::test::SECRET_MESSAGE.named(format!("Error message refers to {what} values")),
                    format!("The error expression used to explain this condition refers to {what} values, so terrane will not display the resulting message. Remove the {what} value from the message, or use nonsensitive() if it can be shown."),
                )
                .at(rule.message.span()),
            );
            return format!(
                "The error message included a {what} value, so it will not be displayed."
            );
        }
    }
    match convert(&value, &Type::String).as_ref().map(Value::kind) {
        Ok(Kind::String(text)) => text.trim().to_owned(),
        Ok(Kind::Unknown(..)) => {
            String::from("The assertion failed; its error message is known only after apply.")
        }
        _ => {
            diagnostics.push(
                Diagnostic::error(
                    &rules::test::MESSAGE_TYPE,
                    "Unsuitable value for error message: a non-null string is required.",
                )
                .at(rule.message.span()),
            );
            WITHOUT.to_owned()
        }
    }
}
