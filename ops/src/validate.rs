//! `validate`: checks the configuration without state or world.

use crate::failure::{Failure, Report};
use crate::files::functions_for_validate;
use crate::load::{Loaded, Origin, load};
use crate::session::Session;
use crate::variables::{self, VariableArgument};
use terrane_config::validate::validate;
use terrane_lang::source::SourceMap;
use terrane_model::snapshot::Snapshot;

/// Checks the configuration of the working directory. Errors are in the report.
///
/// # Errors
/// When it can't be read.
pub async fn run(session: &Session, arguments: &[VariableArgument]) -> Result<Report, Failure> {
    let collected = variables::collect(&session.env, arguments, &mut SourceMap::default())?;
    let nothing = Snapshot::default();
    match load(session, &nothing, Origin::Disk, &collected.values).await {
        Ok(Loaded {
            config,
            sources,
            mut warnings,
            registry,
            ..
        }) => {
            let functions = functions_for_validate().with_providers(registry.functions());
            warnings.extend(terrane_plan::cycles(&config));
            warnings.extend(validate(&config, &functions));
            Ok(Report {
                diagnostics: warnings,
                sources,
            })
        }
        Err(Failure::Input(report)) => Ok(report),
        Err(failure) => Err(failure),
    }
}
