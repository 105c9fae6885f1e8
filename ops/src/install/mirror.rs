//! `providers mirror`: the packages of this configuration in a folder.

use super::plain::Needs;
use crate::failure::{Failure, Report};
use crate::session::Session;
use crate::variables::VariableArgument;
use std::path::PathBuf;
use terrane_install::Platform;
use terrane_install::mirroring::Mirrorer;
use terrane_lang::diagnostic::Diagnostics;

pub use terrane_install::mirroring::MirrorEvent;

/// What is to be mirrored.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Where to.
    pub folder: PathBuf,
    /// For which platforms; none: this one.
    pub platforms: Vec<Platform>,
    /// Values of variables.
    pub variables: Vec<VariableArgument>,
}

/// Gets all packages from their registries. Tells too of how many providers.
///
/// # Errors
/// When a package can't be had, or the folder not be written.
pub async fn run(
    session: &Session,
    request: &Request,
    say: &(dyn Fn(MirrorEvent) + Sync),
) -> Result<(Report, usize), Failure> {
    let needs = Needs::of(session, &request.variables, &[])?;
    let locks = super::locks()?;
    let mut diagnostics = Diagnostics::new();
    let sources = super::lock::sources(session, None, None, &mut diagnostics)?;
    let platforms = if request.platforms.is_empty() {
        vec![Platform::current()]
    } else {
        request.platforms.clone()
    };
    let folder = &request.folder;
    std::fs::create_dir_all(folder).map_err(Failure::io(format!(
        "Making the folder {} failed",
        folder.display()
    )))?;
    let mirrorer = Mirrorer {
        sources: &sources,
        folder,
        platforms: &platforms,
    };
    match mirrorer.mirror(&needs.all, &locks, say).await {
        Ok(()) => Ok((Report::plain(diagnostics), needs.all.len())),
        Err((addr, error)) => Err(needs.told(&addr, &error)),
    }
}
