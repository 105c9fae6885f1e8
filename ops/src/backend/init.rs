//! What `init` does about the backend: finds out which one is wanted and which one was used so far, moves states, and writes down the choice.

use crate::backend::choose::{configured, open, open_at};
use crate::backend::declared::{Declared, declared, hash};
use crate::backend::migrate::{Consent, Migrated, Migration, Wanted, execute, prepare};
use crate::backend::record::{self, Record, Recorded};
use crate::backend::{Configured, Place, Settings};
use crate::failure::{Failure, Report};
use crate::rules;
use crate::session::{STATE_DIR, Session};
use crate::ui::{Question, Ui};
use std::path::{Path, PathBuf};
use terrane_config::load::backend::{Given, missing, missing_arguments};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_store::{StoreError, statefile};
use terrane_value::convert::convert;
use terrane_value::{Type, Value};

/// The state file of the peers.
const PEER_STATE: &str = "terraform.tfstate";
/// Where copies of overwritten states go.
const BACKUPS: &str = "terrane.backup";
/// No file of arguments is larger.
const MAX_FILE: u64 = 1024 * 1024;

/// What is to become of states that are in another place than the one that is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Nothing was said.
    #[default]
    Unsaid,
    /// Copy them, after asking.
    Migrate,
    /// Copy them without asking.
    Force,
    /// Leave them.
    Reconfigure,
}

/// What the user wants of `init`, as far as the backend goes.
#[derive(Clone, Debug)]
pub struct Request {
    /// `-backend`: whether to look at it at all.
    pub enabled: bool,
    /// `-migrate-state`, `-force-copy`, `-reconfigure`.
    pub mode: Mode,
    /// `-backend-config`, in order: `name=value`, or the path of a file.
    pub config: Vec<String>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Prepared {
    /// The backend in use: its type, and whether it is another one than before. `None`: the embedded store.
    pub backend: Option<String>,
    /// The choice is another one than before.
    pub changed: bool,
    /// The choice was taken over from a peer.
    pub from_peer: bool,
    /// What was copied, where something could have been.
    pub migrated: Option<Migrated>,
    /// A state file of a peer was left alone: its name, and how many instances it holds.
    pub left: Option<(String, usize)>,
    /// Warnings.
    pub diagnostics: Diagnostics,
}

/// Where states have been so far.
struct Old {
    settings: Settings,
    /// Nobody said so: something was found beside the configuration.
    implied: bool,
    /// A peer says so.
    peer: bool,
}

/// Brings the backend into order.
///
/// # Errors
/// When the configuration does not fit; when somebody has to say what is to become of states; when copying fails. Then everything is as it was.
pub(crate) fn run(
    session: &Session,
    request: &Request,
    ui: &mut dyn Ui,
) -> Result<Prepared, Failure> {
    let mut prepared = Prepared::default();
    let record = record::read(session)?;
    let peer = match record {
        Record::None => record::peer(session),
        Record::Embedded | Record::Backend(_) => None,
    };
    let mut declared = declared(session)?;
    let new = match &mut declared {
        Some(declared) => Settings::Backend(wanted(
            session,
            request,
            declared,
            &record,
            peer.as_ref(),
            ui,
        )?),
        None => {
            if !request.config.is_empty() {
                prepared.diagnostics.push(no_block());
            }
            Settings::Embedded
        }
    };
    let to = open_at(session, new.clone(), declared.as_ref())?;
    let old = match request.mode {
        Mode::Reconfigure => None,
        Mode::Unsaid | Mode::Migrate | Mode::Force => old(session, &record, peer)?,
    };
    let wanted = record::of(session, &new)?;
    prepared.changed = changed(&record, &wanted);
    if let Settings::Backend(backend) = &new {
        prepared.backend = Some(backend.kind.clone());
    }
    let Some(old) = old.filter(|old| !old.settings.same(&new)) else {
        if prepared.changed {
            reachable(session, &to)?;
        }
        keep(session, &record, &wanted)?;
        return Ok(prepared);
    };
    prepared.from_peer = old.peer;
    if request.mode == Mode::Unsaid && !old.implied {
        return Err(said_to_change(&old.settings, &new, declared.as_ref()));
    }
    let from = open(session, old.settings)?;
    let migration = Migration {
        session,
        from: &from,
        to: &to,
        consent: if request.mode == Mode::Force {
            Consent::Given
        } else {
            Consent::Ask
        },
        implied: old.implied,
        backups: PathBuf::from(BACKUPS),
    };
    // The file of a peer is offered; who does not answer keeps it.
    let offered = old.implied && declared.is_none();
    move_states(&migration, offered, &record, &wanted, &mut prepared, ui)?;
    Ok(prepared)
}

fn move_states(
    migration: &Migration<'_>,
    offered: bool,
    record: &Record,
    wanted: &Record,
    prepared: &mut Prepared,
    ui: &mut dyn Ui,
) -> Result<(), Failure> {
    let session = migration.session;
    let leave = |prepared: &mut Prepared, instances: usize| {
        prepared.left = Some((PEER_STATE.to_owned(), instances));
        keep(session, record, wanted)
    };
    let survey = match prepare(migration, ui) {
        Ok(Wanted::Move(survey)) => survey,
        Ok(Wanted::Nothing(survey)) if offered => return leave(prepared, survey.instances()),
        Err(Failure::Input(report)) if offered && nobody_to_ask(&report) => {
            let survey = super::migrate::survey(migration)?;
            return leave(prepared, survey.instances());
        }
        Err(failure) => return Err(failure),
        Ok(Wanted::Nothing(_)) if migration.implied => return keep(session, record, wanted),
        Ok(Wanted::Nothing(_)) => {
            return Err(Failure::input(
                &rules::backend::CANCELLED,
                "Nothing was copied and nothing was changed. To use the new backend as it is, run `terrane init -reconfigure`.",
            ));
        }
    };
    let selected = session.workspace()?;
    let select = survey.select.clone();
    let mut commit = || {
        record::write(session, wanted)?;
        let Some(name) = &select else {
            return Ok(());
        };
        session.select(name)
    };
    let done = execute(migration, &survey, &mut commit);
    match done {
        Ok(outcome) => {
            prepared.migrated = Some(outcome.migrated);
            Ok(())
        }
        Err(failure) => {
            // The record is the last thing that is written, but one.
            let mut restored = Ok(());
            if record::read(session).is_ok_and(|now| now != *record) {
                restored = record::write(session, record);
            }
            if survey.select.is_some() && session.workspace().is_ok_and(|now| now != selected) {
                restored = restored.and(session.select(&selected));
            }
            let Err(second) = restored else {
                return Err(failure);
            };
            let mut report = failure.into_report();
            report.diagnostics.extend(second.into_report().diagnostics);
            Err(Failure::Input(report))
        }
    }
}

/// Looks whether a new place can be reached, before it is chosen. A state there that can't be understood is another matter: the commands that mend it need the choice.
fn reachable(session: &Session, to: &Place) -> Result<(), Failure> {
    match to.store.read(&session.workspace()?) {
        Err(error @ StoreError::Io { .. }) => Err(Failure::store(format!(
            "Reading the state in {} failed",
            to.describe()
        ))(error)),
        _ => Ok(()),
    }
}

fn nobody_to_ask(report: &Report) -> bool {
    report
        .diagnostics
        .iter()
        .any(|found| found.is(&rules::backend::NOBODY_TO_ASK))
}

/// Writes the record if it says something new.
fn keep(session: &Session, record: &Record, wanted: &Record) -> Result<(), Failure> {
    if record == wanted || (*record == Record::None && *wanted == Record::Embedded) {
        return Ok(());
    }
    record::write(session, wanted)
}

fn changed(record: &Record, wanted: &Record) -> bool {
    match (record, wanted) {
        (Record::Backend(old), Record::Backend(new)) => {
            old.kind != new.kind || old.config != new.config
        }
        (Record::None | Record::Embedded, Record::None | Record::Embedded) => false,
        (Record::None | Record::Embedded | Record::Backend(_), _) => true,
    }
}

/// The backend that the block wants, with what was given beside it, now or earlier.
fn wanted(
    session: &Session,
    request: &Request,
    declared: &mut Declared,
    record: &Record,
    peer: Option<&Recorded>,
    ui: &mut dyn Ui,
) -> Result<Configured, Failure> {
    let given = given(&request.config)?;
    let arguments = declared.arguments(&given)?;
    let kind = declared.block.type_name.to_string();
    let now = hash(&kind, &declared.schema, &arguments.block);
    let mut config = arguments.merged;
    if request.config.is_empty() && request.mode != Mode::Reconfigure {
        // What was given at an earlier init still counts, as long as the block says the same.
        match (record, peer) {
            (Record::Backend(known), _) if known.kind == kind && known.hash == now => {
                config = configured(session, known)?.config;
            }
            (Record::None, Some(theirs)) if theirs.kind == kind => {
                config = completed(session, &config, theirs)?;
            }
            _ => {}
        }
    }
    let schema = declared.schema.clone();
    let lacking = missing(&schema, &config);
    if !lacking.is_empty() {
        let mut answers = Vec::new();
        for (name, attribute) in &lacking {
            let answer = if session.input {
                ui.ask(&Question::BackendArgument {
                    backend: kind.clone(),
                    name: name.to_string(),
                    description: attribute.description.to_string(),
                    sensitive: attribute.sensitive,
                })
            } else {
                None
            };
            let value = answer
                .filter(|answer| !answer.is_empty())
                .and_then(|answer| {
                    convert(&Value::string_nfc(&answer), &attribute.value_type()).ok()
                });
            answers.push((name.as_str(), value));
        }
        let unanswered: Vec<&str> = answers
            .iter()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| *name)
            .collect();
        if !unanswered.is_empty() {
            let span = declared.block.span;
            return Err(declared.failure(missing_arguments(&kind, &unanswered, Some(span))));
        }
        config = with(&config, answers);
    }
    Ok(Configured {
        kind,
        config,
        hash: now,
    })
}

/// An object with some attributes replaced.
fn with(config: &Value, replaced: Vec<(&str, Option<Value>)>) -> Value {
    Value::object(names(config).into_iter().filter_map(|name| {
        let new = replaced
            .iter()
            .find(|(replaced, _)| *replaced == name)
            .and_then(|(_, value)| value.clone());
        let value = new.or_else(|| config.get(&name).cloned())?;
        Some((name, value))
    }))
}

/// The names of an object's attributes.
fn names(config: &Value) -> Vec<ecow::EcoString> {
    match config.ty() {
        Type::Object(object) => object.attributes.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// Arguments that the block leaves open, as a peer has written them down.
fn completed(session: &Session, config: &Value, theirs: &Recorded) -> Result<Value, Failure> {
    let known = configured(session, theirs)?.config;
    let names = names(&known);
    let open = names
        .iter()
        .filter(|name| config.get(name).is_none_or(Value::is_null))
        .map(|name| (name.as_str(), known.get(name).cloned()))
        .collect();
    Ok(with(config, open))
}

/// Where states are now.
fn old(session: &Session, record: &Record, peer: Option<Recorded>) -> Result<Option<Old>, Failure> {
    match record {
        Record::Backend(known) => {
            return Ok(Some(Old {
                settings: Settings::Backend(configured(session, known)?),
                implied: false,
                peer: false,
            }));
        }
        Record::Embedded | Record::None => {}
    }
    let embedded = open(session, Settings::Embedded)?;
    if holds_states(&embedded)? {
        return Ok(Some(Old {
            settings: Settings::Embedded,
            implied: true,
            peer: false,
        }));
    }
    if let Some(theirs) = peer {
        return Ok(Some(Old {
            settings: Settings::Backend(configured(session, &theirs)?),
            implied: false,
            peer: true,
        }));
    }
    if *record == Record::Embedded || !peer_state_here() {
        return Ok(None);
    }
    let Ok(kind) = session.backends.find("local") else {
        return Ok(None);
    };
    Ok(Some(Old {
        settings: Settings::Backend(Configured {
            kind: String::from("local"),
            config: kind.schema().empty_value(),
            hash: String::new(),
        }),
        implied: true,
        peer: true,
    }))
}

/// Whether a workspace of the embedded store was ever written.
fn holds_states(place: &Place) -> Result<bool, Failure> {
    if !Path::new(STATE_DIR).exists() {
        return Ok(false);
    }
    let failed = || Failure::store("Reading the state failed");
    for name in place.store.workspaces().map_err(failed())? {
        if !place
            .store
            .read(&name)
            .map_err(failed())?
            .lineage
            .is_empty()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a peer without backend has kept states in this folder.
fn peer_state_here() -> bool {
    Path::new(PEER_STATE).is_file() || Path::new("terraform.tfstate.d").is_dir()
}

/// `-backend-config`, read. An empty one only says that what was given earlier does not count any more.
fn given(config: &[String]) -> Result<Vec<Given>, Failure> {
    use std::io::Read as _;
    let mut all = Vec::new();
    for one in config.iter().filter(|one| !one.is_empty()) {
        if let Some((name, text)) = one.split_once('=') {
            all.push(Given::Argument {
                name: name.to_owned(),
                text: text.to_owned(),
            });
            continue;
        }
        let mut text = String::new();
        std::fs::File::open(one)
            .and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
            .map_err(|error| {
                Failure::input(
                    &rules::backend::NO_CONFIG_FILE,
                    format!("The file {one:?} that -backend-config names could not be read: {}. (An argument is given as -backend-config=NAME=VALUE.)", crate::files::why(&error)),
                )
            })?;
        all.push(Given::File {
            path: one.clone(),
            text,
        });
    }
    Ok(all)
}

fn no_block() -> Diagnostic {
    Diagnostic::warning(
        &rules::backend::NO_BLOCK,
        "-backend-config was given, and the configuration has no `backend` block that it could be about. It has no effect: the state is kept beside the configuration.",
    )
    .hint("add a block such as terraform { backend \"local\" {} }")
}

fn said_to_change(old: &Settings, new: &Settings, declared: Option<&Declared>) -> Failure {
    let what = match (old, new) {
        (Settings::Backend(old), Settings::Backend(new)) if old.kind == new.kind => {
            format!(
                "The arguments of the backend {:?} are not the ones that it was initialized with.",
                new.kind
            )
        }
        _ => format!(
            "The state was kept in {}, and is to be kept in {} now.",
            old.describe(),
            new.describe()
        ),
    };
    let diagnostic = Diagnostic::error(
        &rules::backend::CHANGED,
        format!("{what} There may be states to be copied. Nothing was changed."),
    )
    .hint("run `terrane init -migrate-state` to copy them to the new place, or `terrane init -reconfigure` to use the new place as it is");
    match declared {
        Some(declared) => declared.failure(diagnostic.at(declared.block.span)),
        None => Failure::Input(Report::plain(diagnostic)),
    }
}

/// How many instances the state file of a peer holds that was not taken over; for the warning of a plan.
pub(crate) fn peer_instances(path: &str) -> Option<usize> {
    let bytes = std::fs::read(path).ok()?;
    let file = statefile::read(path, &bytes).ok()?;
    Some(file.snapshot.instance_count())
}
