//! `get`: whether all modules can be had.

use crate::failure::{Failure, Report};
use crate::load::{self, LoadedTree, Origin};
use crate::session::Session;
use crate::variables::{self, VariableArgument};
use terrane_lang::source::SourceMap;

/// The folders of all modules that are called, and warnings.
///
/// # Errors
/// When a module can't be had, or the configuration has errors.
pub fn run(
    session: &Session,
    arguments: &[VariableArgument],
) -> Result<(Vec<String>, Report), Failure> {
    let given = variables::collect(&session.env, arguments, &mut SourceMap::default())?.values;
    let LoadedTree {
        tree: _,
        sources,
        diagnostics,
        folders,
    } = load::tree(session, Origin::Disk, &given)?;
    let report = Report {
        diagnostics,
        sources,
    };
    if report.diagnostics.has_errors() {
        return Err(Failure::Input(report));
    }
    let called = folders.iter().skip(1);
    Ok((
        called.map(|folder| folder.dir.to_string()).collect(),
        report,
    ))
}
