//! `providers lock`: checksums for several platforms.

use super::plain::Needs;
use super::setup::{self, Local};
use crate::failure::{Failure, Report};
use crate::rules::install as rules;
use crate::session::Session;
use crate::variables::VariableArgument;
use std::path::{Path, PathBuf};
use terrane_install::Platform;
use terrane_install::locking::Locker;
use terrane_install::signature::Policy;
use terrane_install::source::{Source, Sources};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::with_causes;

pub use terrane_install::locking::{LockEvent, News};

/// What is to be locked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// For which platforms; none: this one.
    pub platforms: Vec<Platform>,
    /// A folder to take packages from, in place of the registry.
    pub fs_mirror: Option<PathBuf>,
    /// A mirror behind HTTP to take packages from.
    pub net_mirror: Option<String>,
    /// Only these providers, if there are any.
    pub names: Vec<String>,
    /// Values of variables.
    pub variables: Vec<VariableArgument>,
}

/// The sources of a request.
pub(super) fn sources(
    session: &Session,
    fs_mirror: Option<&Path>,
    net_mirror: Option<&str>,
    diagnostics: &mut Diagnostics,
) -> Result<Sources, Failure> {
    let failed = |diagnostic: Diagnostic| Failure::Input(Report::plain(diagnostic));
    let network = setup::network(session, diagnostics).map_err(failed)?;
    let source = match (fs_mirror, net_mirror) {
        (Some(_), Some(_)) => {
            return Err(Failure::input(
                &rules::LOCKING_FAILED,
                "-fs-mirror and -net-mirror say two places to take packages from: give one of them.",
            ));
        }
        (Some(path), None) => Source::folder(path),
        (None, Some(url)) => Source::mirror(url).map_err(|problem| {
            Failure::input(
                &rules::INVALID_INSTALLATION,
                format!("-net-mirror: {problem}."),
            )
        })?,
        (None, None) => Source::registry(),
    };
    let policy = Policy::of(&session.env);
    Ok(Sources::new(vec![source], network.discovery, policy))
}

/// Adds checksums to the lock file. `true`: there was something to add.
///
/// # Errors
/// When a package can't be had, is another one than what is locked, or the lock file can't be written.
pub async fn run(
    session: &Session,
    request: &Request,
    say: &(dyn Fn(LockEvent) + Sync),
) -> Result<(bool, Report), Failure> {
    let needs = Needs::of(session, &request.variables, &request.names)?;
    let previous = super::locks()?;
    let mut diagnostics = Diagnostics::new();
    let sources = sources(
        session,
        request.fs_mirror.as_deref(),
        request.net_mirror.as_deref(),
        &mut diagnostics,
    )?;
    let local = Local::new(session);
    let platforms = if request.platforms.is_empty() {
        vec![local.platform.clone()]
    } else {
        request.platforms.clone()
    };
    let locker = Locker {
        sources: &sources,
        place: &local.place,
        platforms: &platforms,
    };
    let found = match locker.lock(&needs.all, &previous, say).await {
        Ok(found) => found,
        Err((addr, error)) => return Err(needs.told(&addr, &error)),
    };
    let mut locks = previous.clone();
    locks.providers.extend(found.providers);
    let changed = locks != previous;
    if changed {
        locks.save(Path::new("")).map_err(|error| {
            let detail = format!("{}.", super::sentence(&with_causes(&error)));
            Failure::input(&rules::LOCK_NOT_WRITTEN, detail)
        })?;
    }
    Ok((changed, Report::plain(diagnostics)))
}
