//! `providers`: which module needs which provider.

use crate::failure::{Failure, Report};
use crate::load::{self, LoadedTree, Origin};
use crate::providers;
use crate::session::Session;
use crate::variables::{self, VariableArgument};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_lang::source::SourceMap;
use terrane_model::addr::{ModulePath, ProviderAddr};
use terrane_model::schema::ProviderSchema;

/// Who needs which provider.
#[derive(Debug)]
pub struct Requirements {
    /// By module: provider and version constraints.
    pub modules: BTreeMap<ModulePath, Vec<(ProviderAddr, String)>>,
    /// Needed by the state.
    pub state: BTreeSet<ProviderAddr>,
    /// Warnings.
    pub report: Report,
}

/// Finds out who needs which provider.
///
/// # Errors
/// When the configuration has errors, or the state can't be read.
pub fn run(session: &Session, arguments: &[VariableArgument]) -> Result<Requirements, Failure> {
    let collected = variables::collect(&session.env, arguments, &mut SourceMap::default())?;
    let LoadedTree {
        tree,
        sources,
        diagnostics,
        folders: _,
    } = load::tree(session, Origin::Disk, &collected.values)?;
    let snapshot = session.snapshot()?;
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources,
        }));
    }
    let mut modules: BTreeMap<ModulePath, Vec<(ProviderAddr, String)>> = BTreeMap::new();
    for (addr, requirement) in &tree.requirements {
        let constraints: Vec<&str> = requirement
            .constraints
            .iter()
            .map(|(constraint, _)| constraint.as_str())
            .collect();
        for module in &requirement.modules {
            modules
                .entry(module.clone())
                .or_default()
                .push((addr.clone(), constraints.join(", ")));
        }
    }
    modules.entry(ModulePath::root()).or_default();
    Ok(Requirements {
        modules,
        state: snapshot
            .resources
            .values()
            .map(|resource| resource.provider.provider.clone())
            .collect(),
        report: Report {
            diagnostics,
            sources,
        },
    })
}

/// The schemas of the providers that configuration and state need. (The registry knows one more than these where nothing needs the built-in one.)
///
/// # Errors
/// When the configuration has errors, the state can't be read, or a provider is not there.
pub async fn schemas(
    session: &Session,
    arguments: &[VariableArgument],
) -> Result<BTreeMap<ProviderAddr, Arc<ProviderSchema>>, Failure> {
    let collected = variables::collect(&session.env, arguments, &mut SourceMap::default())?;
    let LoadedTree {
        tree,
        sources,
        mut diagnostics,
        folders: _,
    } = load::tree(session, Origin::Disk, &collected.values)?;
    let snapshot = session.snapshot()?;
    let (registry, found) = providers::load(session, &tree.requirements, &snapshot).await?;
    diagnostics.extend(found);
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources,
        }));
    }
    let used = snapshot.resources.values();
    let used: BTreeSet<_> = used.map(|resource| &resource.provider.provider).collect();
    let mut schemas = registry.schemas();
    schemas.retain(|addr, _| tree.requirements.contains_key(addr) || used.contains(addr));
    Ok(schemas)
}
