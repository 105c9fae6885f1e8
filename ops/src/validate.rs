//! `validate`: checks the configuration without state or world.

use crate::failure::{Failure, Report};
use crate::files::functions_for_validate;
use crate::load::{Origin, load};
use crate::session::Session;
use crate::test;
use crate::variables::{self, VariableArgument};
use terrane_config::validate::validate;
use terrane_lang::source::SourceMap;
use terrane_model::snapshot::Snapshot;

/// Checks the configuration of the working directory, and the test files in it and in the folder `tests` (`None`: no test files). Errors are
/// in the report.
///
/// # Errors
/// When it can't be read.
pub async fn run(
    session: &Session,
    arguments: &[VariableArgument],
    tests: Option<&str>,
) -> Result<Report, Failure> {
    let collected = variables::collect(&session.env, arguments, &mut SourceMap::default())?;
    let nothing = Snapshot::default();
    match load(session, &nothing, Origin::Disk, &collected.values).await {
        Ok(mut loaded) => {
            let mut diagnostics = std::mem::take(&mut loaded.warnings);
            let functions = functions_for_validate().with_providers(loaded.registry.functions());
            diagnostics.extend(terrane_plan::cycles(&loaded.config));
            diagnostics.extend(validate(&loaded.config, &functions));
            if let Some(directory) = tests {
                diagnostics.extend(test::validate::check(session, directory, &mut loaded).await?);
            }
            Ok(Report {
                diagnostics,
                sources: loaded.sources,
            })
        }
        Err(Failure::Input(report)) => Ok(report),
        Err(failure) => Err(failure),
    }
}
