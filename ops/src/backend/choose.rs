//! Which store a command works with: what the configuration says must be what `init` has written down.

use crate::backend::declared::{Declared, declared, hash};
use crate::backend::record::{self, Record, Recorded};
use crate::backend::{Configured, Place, Settings};
use crate::failure::{Failure, Report};
use crate::rules;
use crate::session::{STATE_DIR, Session};
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::Span;
use terrane_store_sled::SledStore;

/// The store of a command.
///
/// # Errors
/// When the configuration can't be read, or `init` has to be run first.
pub(crate) fn choose(session: &Session) -> Result<Place, Failure> {
    let record = record::read(session)?;
    let Some(mut declared) = declared(session)? else {
        return match record {
            Record::None | Record::Embedded => open(session, Settings::Embedded),
            Record::Backend(recorded) => Err(required(&format!(
                "The backend {:?} was set here, and the configuration has no `backend` block any more.",
                recorded.kind
            ))),
        };
    };
    let kind = declared.block.type_name.to_string();
    let arguments = declared.arguments(&[])?;
    let now = hash(&kind, &declared.schema, &arguments.block);
    let Record::Backend(recorded) = record else {
        return Err(at_block(
            &declared,
            required(&format!("Initial configuration of the backend {kind:?}.")),
        ));
    };
    if recorded.kind != kind {
        let reason = format!(
            "The backend was {:?}, and the configuration now says {kind:?}.",
            recorded.kind
        );
        return Err(at_block(&declared, required(&reason)));
    }
    let configured = configured(session, &recorded)?;
    if recorded.hash != now && configured.config != arguments.merged {
        let reason = format!("The configuration of the backend {kind:?} has changed.");
        return Err(at_block(&declared, required(&reason)));
    }
    open_at(session, Settings::Backend(configured), Some(&declared))
}

/// The store that a saved plan was made with. Where `init` was not run (another machine carries the plan out), that is enough to know.
///
/// # Errors
/// When `init` has chosen another one since; when it can't be opened.
pub(crate) fn replay(session: &Session, planned: &Record) -> Result<Place, Failure> {
    let recorded = match record::read(session)? {
        Record::None => None,
        Record::Embedded => Some(Settings::Embedded),
        Record::Backend(recorded) => Some(Settings::Backend(configured(session, &recorded)?)),
    };
    let planned = match planned {
        Record::None | Record::Embedded => Settings::Embedded,
        Record::Backend(recorded) => Settings::Backend(configured(session, recorded)?),
    };
    match recorded {
        Some(recorded) if !recorded.same(&planned) => Err(Failure::input(
            &rules::backend::OTHER_BACKEND,
            format!(
                "The plan was made for a state in {}, and `terrane init` has chosen {}{} since. Make a new plan.",
                planned.describe(),
                recorded.describe(),
                if planned.describe() == recorded.describe() {
                    " with other arguments"
                } else {
                    ""
                }
            ),
        )),
        _ => open(session, planned),
    }
}

/// What was written down, under the schema of its kind.
///
/// # Errors
/// When there is no such kind any more, or its arguments do not fit.
pub(crate) fn configured(session: &Session, recorded: &Recorded) -> Result<Configured, Failure> {
    let Recorded { kind, config, hash } = recorded;
    let found = session
        .backends
        .find(kind)
        .map_err(|found| Failure::Input(Report::plain(*found)))?;
    let config = record::config_value(&found.schema(), config).map_err(|problem| {
        let diagnostic = Diagnostic::error(
            &rules::backend::BAD_RECORD,
            format!(
                "What is written down about the backend {kind:?} in {} can't be used: {problem}.",
                session.data_dir.display()
            ),
        )
        .hint("run `terrane init -reconfigure`");
        Failure::Input(Report::plain(diagnostic))
    })?;
    Ok(Configured {
        kind: kind.clone(),
        config,
        hash: hash.clone(),
    })
}

/// Opens a store.
///
/// # Errors
/// When its arguments make no sense.
pub(crate) fn open(session: &Session, settings: Settings) -> Result<Place, Failure> {
    open_at(session, settings, None)
}

/// The same, for a block that messages point to.
pub(crate) fn open_at(
    session: &Session,
    settings: Settings,
    declared: Option<&Declared>,
) -> Result<Place, Failure> {
    let store = match &settings {
        Settings::Embedded => Arc::new(SledStore::new(STATE_DIR).sealed(session.seal()?)),
        Settings::Backend(backend) => {
            let kind = session
                .backends
                .find(&backend.kind)
                .map_err(|found| Failure::Input(Report::plain(*found)))?;
            let opened = kind.open(&backend.config, &session.around(), session.seal()?);
            opened.map_err(|error| {
                let argument = error
                    .argument
                    .as_ref()
                    .map(|name| format!("Argument {name:?}: "))
                    .unwrap_or_default();
                let diagnostic = Diagnostic::error(
                    rules::backend::INVALID_SETTINGS.named(format!(
                        "Invalid settings of the backend {:?}",
                        backend.kind
                    )),
                    format!("{argument}{}", error.message),
                );
                match declared {
                    Some(declared) => declared.failure(diagnostic.at(declared.block.span)),
                    None => Failure::Input(Report::plain(diagnostic)),
                }
            })?
        }
    };
    Ok(Place { settings, store })
}

/// `init` has to be run.
fn required(reason: &str) -> Failure {
    let diagnostic = Diagnostic::error(
        &rules::backend::INIT_REQUIRED,
        format!("Reason: {reason}\n\nThe backend says where the state is kept. After a change of it, `terrane init` has to be told what becomes of the state that is there. Nothing was changed."),
    )
    .hint("run `terrane init`; where a state is kept already, `terrane init -migrate-state` copies it to the new place, and `terrane init -reconfigure` uses the new place as it is");
    Failure::Input(Report::plain(diagnostic))
}

/// Lets messages point to the block.
fn at_block(declared: &Declared, failure: Failure) -> Failure {
    let span: Span = declared.block.span;
    match failure {
        Failure::Input(report) => {
            let all: Vec<Diagnostic> = report
                .diagnostics
                .into_iter()
                .map(|diagnostic| diagnostic.at(span))
                .collect();
            declared.failure(
                all.into_iter()
                    .collect::<terrane_lang::diagnostic::Diagnostics>(),
            )
        }
        other => other,
    }
}
