//! `plan`: from the working directory to a plan.

use crate::back::Back;
use crate::clock::now_ms;
use crate::drive::{Budget, Pool, drive_plan, drive_recovery};
use crate::failure::{Failure, Report};
use crate::files::{functions_for_plan, functions_for_validate};
use crate::generate::{self, Written};
use crate::init::left_behind;
use crate::interrupt::Interrupt;
use crate::load::{Loaded, Origin, load};
use crate::memo::Shelf;
use crate::rules;
use crate::selection::{addresses, selected};
use crate::session::Session;
use crate::ui::Ui;
use crate::variables::{self, Resolved, VariableArgument};
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::validate;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::SourceMap;
use terrane_model::addr::{InstanceAddr, Mode, Target};
use terrane_model::event::{Event, Intent};
use terrane_model::snapshot::Snapshot;
use terrane_plan::generate::Generated;
use terrane_plan::machine::{PlanInput, PlanOptions, Planned, Planner, Recovery};
use terrane_plan::plan::{Plan, PlanMode};
use terrane_plan::restore;
use terrane_store::lease::{Access, Part};
use terrane_value::Value;

/// What the user wants to have planned.
#[derive(Clone, Debug, Default)]
pub struct PlanRequest {
    /// What the plan is for.
    pub mode: PlanMode,
    /// Trust the state instead of reading objects.
    pub skip_refresh: bool,
    /// Ask providers also what they need not be asked again.
    pub skip_memo: bool,
    /// `-allow-deferral`: what providers can't decide yet is left to a later plan.
    pub allow_deferral: bool,
    /// `-target`
    pub targets: Vec<String>,
    /// `-exclude`
    pub excludes: Vec<String>,
    /// `-replace`
    pub replace: Vec<String>,
    /// `-invoke`: do this action, and nothing else.
    pub invoke: Option<String>,
    /// `-var` and `-var-file`, in order.
    pub variables: Vec<VariableArgument>,
    /// `-to`: the version of the state to go back to.
    pub to: Option<String>,
    /// `-generate-config-out`: where to write configuration for imports that have none.
    pub generate_config_out: Option<String>,
    /// How many calls may be made.
    pub budget: Option<Arc<Budget>>,
}

/// A plan with everything that is needed to show it, save it or apply it.
#[derive(Debug)]
pub struct Made {
    /// The plan. Marked `errored` when planning found errors.
    pub plan: Plan,
    /// The configuration that it was made from.
    pub loaded: Loaded,
    /// The state that it was made from.
    pub snapshot: Arc<Snapshot>,
    /// Root variables, by index, converted and marked.
    pub variables: Vec<Value>,
    /// All messages, of the configuration too.
    pub diagnostics: Diagnostics,
}

impl Made {
    /// The messages with the texts they point at.
    pub fn report(&self) -> Report {
        Report {
            diagnostics: self.diagnostics.clone(),
            sources: self.loaded.sources.clone(),
        }
    }
}

/// What is wrong whatever the values are: told in full, and before anything is read. Warnings come again while planning.
fn certain_errors(loaded: &Loaded, request: &PlanRequest) -> Diagnostics {
    let functions = functions_for_validate().with_providers(loaded.registry.functions());
    let whole = request.targets.is_empty() && request.excludes.is_empty();
    validate::certain_errors(&loaded.config, &functions, whole)
}

/// Makes a plan from the configuration in the working directory and this state.
///
/// Where configuration is to be generated, that is done first, and the plan is made with it.
///
/// # Errors
/// When the input has errors and there is nothing to show; when the user interrupts twice.
pub async fn make(
    session: &Session,
    request: &PlanRequest,
    snapshot: Arc<Snapshot>,
    interrupt: &Arc<Interrupt>,
    ui: &mut dyn Ui,
) -> Result<Made, Failure> {
    let Some(path) = &request.generate_config_out else {
        return once(session, request, snapshot, None, interrupt, ui)
            .await
            .map(|(made, _)| made);
    };
    generate::check_free(path)?;
    let (made, generated) = once(session, request, snapshot.clone(), None, interrupt, ui).await?;
    if generated.is_empty() || made.plan.errored {
        return Ok(made);
    }
    let written = generate::write(path, generated)?;
    // Said now, for the plan may show errors in it: it is there whatever becomes of the plan.
    ui.note(&format!("Configuration was generated and written to {path}. Please review it and edit it as necessary before adding it to version control."));
    once(session, request, snapshot, Some(&written), interrupt, ui)
        .await
        .map(|(made, _)| made)
}

/// Makes a plan. With it come the blocks that were generated, if that was asked for. `written`: those of an earlier round.
#[expect(clippy::too_many_lines, reason = "one thing after the other")]
async fn once(
    session: &Session,
    request: &PlanRequest,
    snapshot: Arc<Snapshot>,
    written: Option<&Written>,
    interrupt: &Arc<Interrupt>,
    ui: &mut dyn Ui,
) -> Result<(Made, Vec<Generated>), Failure> {
    let mut selection = Selection::read(request)?;
    let back = match &request.to {
        Some(version) => Some(Back::prepare(session, version, &snapshot).await?),
        None => None,
    };
    // Read twice, since module sources may depend on values whose texts belong behind those of the configuration.
    let early =
        variables::collect(&session.env, &request.variables, &mut SourceMap::default())?.values;
    let origin = match (&back, written) {
        (Some(back), _) => Origin::Saved(&back.folders),
        (None, Some(written)) => Origin::With(std::slice::from_ref(&written.file)),
        (None, None) => Origin::Disk,
    };
    let mut loaded = load(session, &snapshot, origin, &early).await?;
    check_configured(&loaded, request)?;
    let mut diagnostics = std::mem::take(&mut loaded.warnings);
    if let Some(back) = &back {
        diagnostics.extend(back.diagnostics.clone());
        if selection.targets.is_empty() {
            selection.excludes.extend(back.gaps.clone());
        }
    }
    let Resolved {
        values,
        as_given,
        given_at,
        given_ephemeral,
        diagnostics: found,
    } = root_variables(session, request, &mut loaded, ui)?;
    diagnostics.extend(found);
    diagnostics.extend(left_behind(session, &snapshot));
    // What is there must remain destroyable, whatever is written.
    if request.mode != PlanMode::Destroy && !diagnostics.has_errors() {
        diagnostics.extend(certain_errors(&loaded, request));
    }
    if diagnostics.has_errors() {
        return Err(refused(diagnostics, loaded));
    }
    let now_ms = now_ms();
    let planner = Planner::new(PlanInput {
        config: loaded.config.clone(),
        snapshot: snapshot.clone(),
        providers: loaded.registry.infos().clone(),
        variables: values.clone(),
        functions: functions_for_plan(now_ms).with_providers(loaded.registry.functions()),
        options: PlanOptions {
            given: as_given,
            given_at,
            apply_time_variables: given_ephemeral,
            ..options(session, request, selection, written, now_ms)?
        },
    });
    let (shelf, memo) = Shelf::open(session).filter(|_| !request.skip_memo).unzip();
    let mut pool = Pool::new(
        loaded.config.clone(),
        loaded.registry.clone(),
        interrupt.clone(),
        session.places,
    )
    .with_budget(request.budget.clone())
    .with_memo(memo);
    let Planned {
        plan,
        diagnostics: found,
        generated,
    } = drive_plan(planner, &mut pool, interrupt, ui).await?;
    if let Some(shelf) = shelf {
        shelf.save();
    }
    diagnostics.extend(found);
    diagnostics.drop_echoes();
    let Some(mut plan) = plan else {
        return Err(refused(diagnostics, loaded));
    };
    if let Some(back) = &back {
        diagnostics.extend(restore::report(&plan, &back.then, loaded.registry.infos()));
    }
    let (notes, found) = terrane_plan::risk::notes(&loaded.config, &loaded.sources);
    plan.notes = notes;
    diagnostics.extend(found);
    plan.errored |= diagnostics.has_errors();
    let made = Made {
        plan,
        loaded,
        snapshot,
        variables: values,
        diagnostics,
    };
    Ok((made, generated))
}

fn refused(diagnostics: Diagnostics, loaded: Loaded) -> Failure {
    Failure::Input(Report {
        diagnostics,
        sources: loaded.sources,
    })
}

/// Planning without a configuration would mean to destroy everything.
fn check_configured(loaded: &Loaded, request: &PlanRequest) -> Result<(), Failure> {
    if loaded.is_empty() && request.mode == PlanMode::Normal {
        return Err(Failure::input(
            &rules::planning::NO_CONFIGURATION,
            "There is no configuration in this folder. Planning without one would mean to destroy everything that is managed here. If you want that, give the -destroy option. Else make a configuration file (.tf), or name the right folder with -chdir.",
        ));
    }
    Ok(())
}

fn options(
    session: &Session,
    request: &PlanRequest,
    selection: Selection,
    written: Option<&Written>,
    now_ms: u64,
) -> Result<PlanOptions, Failure> {
    let Selection {
        targets,
        excludes,
        replace,
        invoke,
    } = selection;
    Ok(PlanOptions {
        mode: request.mode,
        refresh: !request.skip_refresh,
        allow_deferral: request.allow_deferral,
        targets,
        excludes,
        replace,
        invoke,
        workspace: session.workspace()?.into(),
        cwd: session.cwd.as_str().into(),
        now_ms,
        generate: request.generate_config_out.is_some() && written.is_none(),
        generated: written
            .map(|written| written.blocks.clone())
            .unwrap_or_default(),
        given: BTreeMap::new(),
        given_at: Vec::new(),
        apply_time_variables: Vec::new(),
    })
}

/// Settles what a cut off run left open, if it did: to be called before [`make`]. What can't be settled is among the messages.
///
/// # Errors
/// When the input has errors, or what was found out can't be recorded; when the user interrupts twice.
pub async fn recover(
    session: &Session,
    request: &PlanRequest,
    workspace: &mut dyn terrane_store::Workspace,
    interrupt: &Arc<Interrupt>,
    ui: &mut dyn Ui,
) -> Result<Report, Failure> {
    let mut snapshot = session.without_others(workspace.snapshot())?;
    // What the lease does not cover is of somebody who has come meanwhile.
    let claim = &workspace.lease().claim;
    let covered = |intent: &Intent| {
        let part = Part::Instance(intent.object.instance.clone());
        claim.access(&part) == Some(Access::Write)
    };
    if !snapshot.open.values().all(covered) {
        Arc::make_mut(&mut snapshot)
            .open
            .retain(|_, intent| covered(intent));
    }
    if snapshot.open.is_empty() {
        return Ok(Report::plain(Diagnostics::new()));
    }
    let early =
        variables::collect(&session.env, &request.variables, &mut SourceMap::default())?.values;
    let mut loaded = load(session, &snapshot, Origin::Disk, &early).await?;
    let Resolved {
        values,
        as_given: _,
        given_at: _,
        given_ephemeral: _,
        diagnostics,
    } = root_variables(session, request, &mut loaded, ui)?;
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources: loaded.sources,
        }));
    }
    let now_ms = now_ms();
    let recovery = Recovery::new(PlanInput {
        config: loaded.config.clone(),
        snapshot: snapshot.clone(),
        providers: loaded.registry.infos().clone(),
        variables: values,
        functions: functions_for_plan(now_ms).with_providers(loaded.registry.functions()),
        options: PlanOptions {
            refresh: true,
            workspace: session.workspace()?.into(),
            cwd: session.cwd.as_str().into(),
            now_ms,
            ..PlanOptions::default()
        },
    });
    let mut pool = Pool::new(
        loaded.config.clone(),
        loaded.registry.clone(),
        interrupt.clone(),
        session.places,
    )
    .with_budget(request.budget.clone());
    let (kinds, diagnostics) = drive_recovery(recovery, &mut pool, interrupt, ui).await?;
    drop(snapshot);
    if !kinds.is_empty() {
        let events = kinds
            .into_iter()
            .map(|kind| Event {
                at_ms: now_ms,
                kind,
            })
            .collect();
        workspace.commit(events).map_err(Failure::store(
            "Recording what became of the last run failed",
        ))?;
    }
    Ok(Report {
        diagnostics,
        sources: loaded.sources,
    })
}

fn root_variables(
    session: &Session,
    request: &PlanRequest,
    loaded: &mut Loaded,
    ui: &mut dyn Ui,
) -> Result<Resolved, Failure> {
    let collected = variables::collect(&session.env, &request.variables, &mut loaded.sources)?;
    let ui = if session.input { Some(ui) } else { None };
    Ok(variables::resolve(&loaded.config, collected, ui))
}

/// The addresses of a request, read.
#[derive(Debug)]
struct Selection {
    targets: Vec<Target>,
    excludes: Vec<Target>,
    replace: Vec<InstanceAddr>,
    invoke: Option<Target>,
}

impl Selection {
    fn read(request: &PlanRequest) -> Result<Self, Failure> {
        let mut diagnostics = Diagnostics::new();
        let (targets, excludes) = selected(&request.targets, &request.excludes, &mut diagnostics);
        let replaced = addresses("-replace", &request.replace, &mut diagnostics);
        let mut replace = Vec::new();
        for target in replaced {
            match target {
                Target::Instance(instance) => replace.push(instance),
                Target::Resource(resource) => replace.push(resource.instance(None)),
                Target::Module(module) => diagnostics.push(Diagnostic::error(
                    rules::planning::REPLACE_MODULE
                        .named(format!("Invalid -replace address {:?}", module.to_string())),
                    "Only a resource instance can be replaced, not a whole module.",
                )),
            }
        }
        if request.to.is_some()
            && (request.mode != PlanMode::Normal || request.generate_config_out.is_some())
        {
            diagnostics.push(Diagnostic::error(
                &rules::planning::TO_WITH_OTHERS,
                "-to can't be given together with -destroy, -refresh-only or -generate-config-out: it is a goal of its own.",
            ));
        }
        if request.mode != PlanMode::Normal && request.generate_config_out.is_some() {
            diagnostics.push(Diagnostic::error(
                &rules::import::GENERATE_OPTIONS,
                "-generate-config-out can't be given together with -destroy or -refresh-only: nothing is imported then.",
            ));
        }
        if request.mode != PlanMode::Normal && !replace.is_empty() {
            diagnostics.push(Diagnostic::error(
                &rules::planning::REPLACE_WITH_DESTROY,
                "-replace can't be given together with -destroy or -refresh-only.",
            ));
        }
        if request.mode == PlanMode::RefreshOnly && request.skip_refresh && request.invoke.is_none()
        {
            diagnostics.push(Diagnostic::error(
                &rules::planning::REFRESH_ONLY_WITHOUT_REFRESH,
                "-refresh-only does nothing but refresh, so -refresh=false can't be given with it.",
            ));
        }
        let named = addresses("-invoke", request.invoke.as_slice(), &mut diagnostics);
        let invoke = named.into_iter().next();
        let is_action = |target: &Target| match target {
            Target::Resource(resource) => resource.mode == Mode::Action,
            Target::Instance(instance) => instance.resource.mode == Mode::Action,
            Target::Module(_) => false,
        };
        if invoke.as_ref().is_some_and(|target| !is_action(target)) {
            diagnostics.push(Diagnostic::error(
                &rules::planning::INVALID_INVOKE,
                "-invoke takes the address of an action: -invoke=action.TYPE.NAME",
            ));
        }
        if diagnostics.has_errors() {
            return Err(Failure::Input(Report::plain(diagnostics)));
        }
        Ok(Self {
            targets,
            excludes,
            replace,
            invoke,
        })
    }
}
