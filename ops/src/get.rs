//! `get`: installs modules.

use crate::failure::{Failure, Report};
use crate::load::{self, LoadedTree};
use crate::modules::{Installation, Options};
use crate::session::Session;
use crate::variables::{self, VariableArgument};
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::source::SourceMap;

/// The folders of all modules that are called, and warnings.
///
/// # Errors
/// When a module can't be had, or the configuration has errors.
pub async fn run(
    session: &Session,
    arguments: &[VariableArgument],
    options: &Options,
) -> Result<(Vec<String>, Report), Failure> {
    let given = variables::collect(&session.env, arguments, &mut SourceMap::default())?.values;
    let mut found = Diagnostics::new();
    let installation = Installation::new(session, options, &mut found)?;
    let LoadedTree {
        tree: _,
        sources,
        mut diagnostics,
        folders,
    } = load::install(session, &installation, &given).await?;
    diagnostics.extend(found);
    let report = Report {
        diagnostics,
        sources,
    };
    if report.diagnostics.has_errors() {
        return Err(Failure::Input(report));
    }
    installation.finish(false)?;
    let called = folders.iter().skip(1);
    Ok((
        called.map(|folder| folder.dir.to_string()).collect(),
        report,
    ))
}
