//! Saved plans: a file that holds a plan and the configuration that it was made from, so that exactly it can be applied later.
//!
//! The engine says what is in the file. It holds values as they are, sensitive ones too, so only its owner may read it, and it is encrypted where
//! the `encryption` block says so for plans.

use crate::apply::{self, Approved, Parts};
use crate::backend::record;
use crate::failure::{Failure, Report};
use crate::files::not_configuration;
use crate::gates::book::{Book, SAVED};
use crate::gates::decide;
use crate::gates::pass::{self, Gating, Looked, Mark, Named};
use crate::install::{Programs, differences, from_plan, programs, to_plan};
use crate::load::{Loaded, Origin, load as load_config};
use crate::plan::Made;
use crate::policy::{PlanText, Seen};
use crate::rules;
use crate::session::Session;
use crate::variables::{self, VariableArgument};
use ecow::EcoString;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;
use terrane_config::config::Module;
use terrane_config::load::{ModuleFile, ModuleFolder};
use terrane_config::variables::{Given, GivenSource, GivenValue, root_variables};
use terrane_gate::verdict::EMERGENCY_MS;
use terrane_gate::{Consent, Policy, Refusal, Weighed};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{FileId, Span};
use terrane_model::addr::ProviderAddr;
use terrane_model::snapshot::Snapshot;
use terrane_plan::file::{SavedPlan, decode, digest, encode_with_digest};
use terrane_plan::plan::Plan;
use terrane_value::Value;

/// Under this name the file keeps the workspace.
const WORKSPACE: &str = "workspace";
/// Under this name the file keeps where the state is: what `init` has chosen. Arguments of a backend may be secrets, as other things in the file.
const BACKEND: &str = "backend";
/// Under this name the file keeps who made the plan, and under which gates; nothing where there are none.
const GATES: &str = "gates";
/// Under this name the file keeps the programs that were its providers.
const PROVIDERS: &str = "providers";

/// A saved plan, read.
#[derive(Debug)]
pub struct Saved {
    /// The plan.
    pub plan: Plan,
    /// Names the content of the file: a plan is applied once.
    pub digest: String,
    /// The configuration that it was made from.
    pub loaded: Loaded,
    /// Who made it, and under which gates.
    pub mark: Option<Mark>,
    /// The programs that were its providers. None where an earlier version saved it.
    pub programs: Programs,
    /// Whether it says which programs these were.
    pub knows_programs: bool,
}

/// Saves a plan.
///
/// # Errors
/// When the file can't be written.
pub fn save(session: &Session, made: &Made, path: &str) -> Result<(), Failure> {
    not_configuration(path, "a plan")?;
    let mut book = Book::open(session)?;
    let saved = saved(session, &made.plan, &made.loaded, book.as_ref())?;
    let (bytes, digest) = encode_with_digest(&saved).map_err(|error| {
        Failure::input(
            rules::planning::PLAN_NOT_SAVED.named(format!("Saving the plan to {path} failed")),
            format!("{error}."),
        )
    })?;
    // One with errors can only be looked at, so there is nothing to account for.
    if !made.plan.errored {
        record(session, made, &digest.to_string(), book.as_mut())?;
    }
    let bytes = session
        .encryption()?
        .plan()
        .seal(&bytes, None)
        .map_err(Failure::store(format!("Saving the plan to {path} failed")))?;
    write_private(path, &bytes).map_err(Failure::io(format!("Saving the plan to {path} failed")))
}

/// A plan as it would be saved.
fn saved(
    session: &Session,
    plan: &Plan,
    loaded: &Loaded,
    book: Option<&Book>,
) -> Result<SavedPlan, Failure> {
    let workspace: Arc<[u8]> = session.workspace()?.into_bytes().into();
    let programs = programs(session, loaded.registry.infos().keys())?;
    let mut extra = BTreeMap::from([
        (WORKSPACE.to_owned(), workspace),
        (BACKEND.to_owned(), record::to_plan(session)?),
        (PROVIDERS.to_owned(), to_plan(&programs).into()),
    ]);
    if let Some(book) = book {
        extra.insert(GATES.to_owned(), pass::mark(session, book).into());
    }
    Ok(SavedPlan {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        plan: plan.clone(),
        sources: loaded.folders.iter().flat_map(sources).collect(),
        extra,
    })
}

/// Records that a plan is saved, where there is something to record it in.
fn record(
    session: &Session,
    made: &Made,
    digest: &str,
    book: Option<&mut Book>,
) -> Result<(), Failure> {
    let counts = terrane_plan::view::text::count(&made.plan);
    let body = serde_json::json!({"plan": digest, "changes": counts.to_string()});
    if let Some(book) = book {
        book.pin(session)?;
        return crate::audit::record(session, SAVED, body, Vec::new());
    }
    if !session.is_embedded()? || std::path::Path::new(crate::session::STATE_DIR).exists() {
        crate::audit::note(session, SAVED, body);
    }
    Ok(())
}

/// What names a plan that is not saved, for the history: the digest that its file would have. Empty where it can't be saved.
#[must_use]
pub fn digest_of(session: &Session, plan: &Plan, loaded: &Loaded, book: Option<&Book>) -> String {
    saved(session, plan, loaded, book)
        .ok()
        .and_then(|saved| digest(&saved).ok())
        .map(|digest| digest.to_string())
        .unwrap_or_default()
}

/// The programs that are the providers of a configuration, as the meaning of its plans takes them in.
///
/// # Errors
/// When the lock files can't be read.
pub fn programs_of(
    session: &Session,
    loaded: &Loaded,
) -> Result<BTreeMap<ProviderAddr, EcoString>, Failure> {
    let programs = programs(session, loaded.registry.infos().keys())?;
    Ok(pass::programs_text(&programs))
}

/// The files of a folder, with their paths relative to the root module.
fn sources(folder: &ModuleFolder) -> impl Iterator<Item = (String, Arc<[u8]>)> {
    folder.files.iter().map(|file| {
        let path = if folder.dir == "." {
            file.name.clone()
        } else {
            format!("{}/{}", folder.dir, file.name)
        };
        (path, Arc::from(file.content.as_slice()))
    })
}

/// The folders that hold these files; the root first, even if it is empty. The others are in the order in which they were saved: callers come before what
/// they call, which tells the folder that is called from others of its package.
fn folders(sources: Vec<(String, Arc<[u8]>)>) -> Vec<ModuleFolder> {
    let mut folders = vec![ModuleFolder {
        dir: ".".into(),
        files: Vec::new(),
    }];
    let mut places = BTreeMap::from([(String::from("."), 0)]);
    for (path, content) in sources {
        let (dir, name) = path.rsplit_once('/').unwrap_or((".", &path));
        let at = *places.entry(dir.to_owned()).or_insert(folders.len());
        if at == folders.len() {
            folders.push(ModuleFolder {
                dir: dir.into(),
                files: Vec::new(),
            });
        }
        folders[at].files.push(ModuleFile {
            name: name.to_owned(),
            content: content.to_vec(),
        });
    }
    folders
}

fn write_private(path: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Reads a saved plan and compiles its configuration.
///
/// # Errors
/// When it can't be read, is no saved plan, or belongs to another workspace.
pub async fn load(session: &Session, path: &str) -> Result<Saved, Failure> {
    let summary = format!("Failed to load {path:?} as a plan file");
    let bytes = std::fs::read(path).map_err(Failure::io(summary.as_str()))?;
    let bytes = session
        .encryption()?
        .plan()
        .unseal(bytes)
        .map_err(Failure::store(summary.as_str()))?;
    let (saved, digest) = decode(&bytes).map_err(|error| {
        Failure::input(
            rules::planning::NOT_A_PLAN.named(summary),
            format!(
                "The file can't be used: {error}. Make a plan with `terrane plan -out=FILE`, and apply that file."
            ),
        )
    })?;
    let SavedPlan {
        version: _,
        mut plan,
        sources,
        extra,
    } = saved;
    let selected = session.workspace()?;
    let made_for = extra
        .get(WORKSPACE)
        .map(|name| String::from_utf8_lossy(name).into_owned());
    if let Some(made_for) = made_for.filter(|made_for| *made_for != selected) {
        return Err(Failure::input(
            &rules::planning::OTHER_WORKSPACE,
            format!(
                "The plan {path:?} was made for the workspace {made_for:?}, and {selected:?} is selected. Switch with `terrane workspace select`."
            ),
        ));
    }
    if let Some(bytes) = extra.get(BACKEND) {
        session.follow(record::from_plan(bytes));
    }
    let mark = extra.get(GATES).map(|bytes| Mark::read(bytes));
    let programs = extra.get(PROVIDERS).map(|bytes| {
        from_plan(bytes).ok_or_else(|| {
            Failure::input(
                &rules::planning::DAMAGED_PLAN,
                "What the saved plan says of its providers can't be read.",
            )
        })
    });
    let programs = programs.transpose()?;
    let given = planned_values(&plan);
    let folders = folders(sources);
    let loaded = load_config(
        session,
        &providers_of(&plan),
        Origin::Saved(&folders),
        &given,
    )
    .await?;
    // What could not be understood was said when the plan was made.
    (plan.notes, _) = terrane_plan::risk::notes(&loaded.config, &loaded.sources);
    Ok(Saved {
        plan,
        digest: digest.to_string(),
        loaded,
        mark,
        knows_programs: programs.is_some(),
        programs: programs.unwrap_or_default(),
    })
}

/// Checks that a plan was made to its end: one with errors can only be shown.
///
/// # Errors
/// When it was not.
pub fn check_complete(saved: &Saved) -> Result<(), Failure> {
    if saved.plan.errored {
        return Err(pass::not_approved(&Refusal::Errored));
    }
    Ok(())
}

/// Checks that the providers are the programs that the plan was made with.
fn check_programs(session: &Session, saved: &Saved) -> Result<(), Failure> {
    if !saved.knows_programs {
        return Ok(());
    }
    let providers = saved.loaded.registry.infos();
    let now = programs(session, providers.keys())?;
    let found = differences(&saved.programs, &now, providers.keys());
    if found.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = found.iter().map(|one| format!("  - {one}")).collect();
    Err(Failure::input(
        &rules::planning::OTHER_PROVIDERS,
        format!(
            "What the plan says was found out by other programs than those that would carry it out:\n{}\n\nInstall those with which the plan was made (`terrane init` with the lock file of then), or make a new plan.",
            list.join("\n")
        ),
    ))
}

/// Breaking the glass: why, and with whose key.
#[derive(Debug)]
pub struct Glass {
    /// Why.
    pub reason: String,
    /// Who signs for it.
    pub key: terrane_gate::key::PrivateKey,
}

/// What a saved plan says of how it was made.
struct Of<'a> {
    mark: Option<&'a Mark>,
    programs: &'a Programs,
    digest: &'a str,
}

/// What gates judge a saved plan with; `None`: there are no gates.
fn gating(
    session: &Session,
    path: &str,
    (plan, loaded, origin): (&Weighed, &Loaded, &Of<'_>),
    glass: Option<&Glass>,
    text: &PlanText,
) -> Result<Option<Gating>, Failure> {
    let Of {
        mark,
        programs,
        digest,
    } = *origin;
    let author = mark.map_or("", |mark| &mark.author);
    let book = Book::open(session)?;
    let programs = pass::programs_text(programs);
    let named = Named { author, digest };
    let Some(mut gating) = Gating::new(book, plan.plan(), named, programs)? else {
        return match glass {
            None => Ok(None),
            Some(_) => Err(Failure::input(
                &rules::gates::NO_GATES,
                "There are no gates here, so there is no glass to break.",
            )),
        };
    };
    if glass.is_none() {
        pass::check_mark(&gating.book, mark)?;
        if !gating.book.knows_plan(session, digest)? {
            return Err(pass::unknown_plan());
        }
    }
    gating.book.check_fresh(digest)?;
    gating.beside = gating.weigh_beside(plan, loaded, || {
        let beside = decide::read_beside(path)?;
        // They are most of what judging takes, and do not depend on what the plan means.
        gating.look_at_signatures(&beside);
        Ok::<_, Failure>(beside)
    })?;
    if let Some(glass) = glass {
        let seen = Seen::with(plan.plan(), loaded, text.clone());
        break_glass(session, &mut gating, &seen, glass)?;
    }
    gating.book.pin(session)?;
    Ok(Some(gating))
}

/// Signs that a plan is to be applied whatever the gates say, and records that before anything else.
///
/// # Errors
/// When the gates do not let this person.
pub fn break_glass(
    session: &Session,
    gating: &mut Gating,
    seen: &Seen<'_>,
    glass: &Glass,
) -> Result<Looked, Failure> {
    let request = decide::Request {
        kind: terrane_gate::decision::DecisionKind::BreakGlass,
        comment: glass.reason.clone(),
        valid_ms: Some(EMERGENCY_MS),
        only: Vec::new(),
        gate: None,
    };
    let looked = gating.look(seen);
    let decision = decide::sign(gating, &looked, &request, &glass.key)?;
    decide::keep(session, &decision)?;
    gating.beside.push(decision);
    let gates = &gating.book.rules.gates;
    let person = gates
        .whose(&glass.key.public())
        .map(|(name, _)| name.clone());
    let may = gates.break_glass.as_ref().zip(person);
    if may.is_some_and(|(needed, person)| gates.may_approve(needed, &person, &[])) {
        return Ok(looked);
    }
    Err(Failure::input(
        &rules::gates::GLASS_HOLDS,
        "The gates do not say that this person can break the glass (`break_glass { from = [...] }`). That it was tried is recorded.",
    ))
}

/// The values of variables that a plan keeps.
pub(crate) fn planned_values(plan: &Plan) -> Vec<GivenValue> {
    plan.variables
        .iter()
        .map(|(name, value)| GivenValue {
            name: name.clone(),
            source: GivenSource::Env,
            value: Given::Value(value.unmark_deep(), Span::new(FileId(u32::MAX), 0, 0)),
        })
        .collect()
}

/// A state that needs the providers that the plan needs.
fn providers_of(plan: &Plan) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for change in &plan.changes {
        snapshot
            .resources
            .entry(change.addr.resource.clone())
            .or_insert_with(|| terrane_model::snapshot::ResourceState {
                provider: change.provider.clone(),
                instances: BTreeMap::new(),
            });
    }
    snapshot
}

/// Whether a variable is given just the value that the plan was made with.
fn is_planned(plan: &Plan, root: Option<&Module>, given: &GivenValue) -> bool {
    let Some(root) = root else { return false };
    let at = root.variables.iter().position(|one| one.name == given.name);
    // What else is wrong (that others are not set) does not matter here.
    let (values, _) = root_variables(root, std::slice::from_ref(given));
    let value = at.and_then(|at| values.get(at)).map(Value::unmark_deep);
    let planned = plan.variables.get(&given.name).map(Value::unmark_deep);
    planned.is_some() && value == planned
}

/// Ephemeral variables must be given again: just those that were given when the plan was made, for what is planned may depend on which were.
fn ephemeral_again(plan: &Plan, root: Option<&Module>, given: &[GivenValue]) -> Diagnostics {
    let mut found = Diagnostics::new();
    let variables = root.map_or(&[][..], |root| root.variables.as_slice());
    for variable in variables.iter().filter(|variable| variable.ephemeral) {
        let name = &variable.name;
        let planned = plan.apply_time_variables.contains(name);
        let now = given.iter().any(|given| given.name == *name);
        let detail = match (planned, now) {
            (true, false) => format!(
                "The ephemeral input variable \"{name}\" was set when the plan was made, and a plan does not keep the values of ephemeral variables. Set it again, with -var or in the way in which it was set then."
            ),
            (false, true) => format!(
                "The ephemeral input variable \"{name}\" was not set when the plan was made, so it must not be set when the plan is applied. Leave it out, or make a new plan with it."
            ),
            _ => continue,
        };
        let rule = if planned {
            &rules::planning::EPHEMERAL_NOT_GIVEN
        } else {
            &rules::planning::EPHEMERAL_NOT_PLANNED
        };
        found.push(Diagnostic::error(rule, detail).at(variable.span));
    }
    found
}

/// Approves a saved plan: saving it was the approval. Only values of ephemeral variables may be given again. With the plan goes what was written of it in JSON.
///
/// # Errors
/// When other variables are given, or the plan has errors.
pub fn approve(
    session: &Session,
    (saved, text): (Saved, PlanText),
    path: &str,
    glass: Option<&Glass>,
    arguments: &[VariableArgument],
) -> Result<Approved, Failure> {
    check_programs(session, &saved)?;
    let Saved {
        plan,
        digest,
        mut loaded,
        mark,
        programs,
        knows_programs: _,
    } = saved;
    let weighed = Weighed::from(plan);
    let origin = Of {
        mark: mark.as_ref(),
        programs: &programs,
        digest: &digest,
    };
    let gating = gating(session, path, (&weighed, &loaded, &origin), glass, &text)?;
    let plan = weighed.plan();
    let collected = variables::collect(&session.env, arguments, &mut loaded.sources)?;
    let mut diagnostics = collected.diagnostics;
    let mut given = planned_values(plan);
    let root = loaded.config.modules.first();
    let is_ephemeral = |name: &str| {
        root.is_some_and(|root| {
            root.variables
                .iter()
                .any(|variable| variable.name == name && variable.ephemeral)
        })
    };
    let is_declared = |name: &str| {
        root.is_some_and(|root| root.variables.iter().any(|variable| variable.name == name))
    };
    for (at, value) in collected.values.into_iter().enumerate() {
        let option = match value.source {
            _ if at < collected.by_themselves => None,
            GivenSource::CommandLine => Some("-var"),
            // Such a file may be for several configurations.
            _ => Some("-var-file").filter(|_| is_declared(&value.name)),
        };
        if is_ephemeral(&value.name) {
            given.push(value);
        } else if let Some(option) = option
            && !is_planned(plan, root, &value)
        {
            diagnostics.push(Diagnostic::error(
                &rules::planning::VARIABLE_OF_SAVED_PLAN,
                format!("The variable {:?} can't be set with {option} here to anything else: a saved plan keeps the values that it was made with.", value.name),
            ));
        }
    }
    diagnostics.extend(ephemeral_again(plan, root, &given));
    let (values, found) = root.map_or_else(
        || (Vec::new(), Diagnostics::new()),
        |root| root_variables(root, &given),
    );
    diagnostics.extend(found);
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources: loaded.sources,
        }));
    }
    loaded.warnings = Diagnostics::new();
    let parts = Parts {
        plan: weighed,
        loaded,
        variables: values,
        digest,
        text,
    };
    apply::approve(parts, gating, Policy::AutoApprove, &Consent::Auto)
        .map_err(|refusal| pass::not_approved(&refusal))
}
