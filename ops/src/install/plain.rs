//! What `providers lock` and `providers mirror` have in common: the providers of a configuration that come as plugins.

use super::failure::{Asked, told};
use super::record::{Mode, Record};
use super::{Configured, constraints};
use crate::failure::{Failure, Report};
use crate::load::{self, LoadedTree, Origin};
use crate::providers::built_in;
use crate::rules::install as rules;
use crate::session::Session;
use crate::variables::{self, VariableArgument};
use std::collections::BTreeMap;
use terrane_install::install::{InstallError, Need};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::SourceMap;
use terrane_model::addr::ProviderAddr;
use terrane_model::snapshot::Snapshot;

/// Providers with what is asked of them.
#[derive(Debug)]
pub(super) struct Needs {
    pub(super) all: BTreeMap<ProviderAddr, Need>,
    loaded: LoadedTree,
}

impl Needs {
    /// Those of the configuration here. `names`: only these, if there are any; they may be native here.
    ///
    /// # Errors
    /// When the configuration has errors, or does not need what is named.
    pub(super) fn of(
        session: &Session,
        arguments: &[VariableArgument],
        names: &[String],
    ) -> Result<Self, Failure> {
        let collected = variables::collect(&session.env, arguments, &mut SourceMap::default())?;
        let loaded = load::tree(session, Origin::Disk, &collected.values)?;
        let snapshot = Snapshot::default();
        let configured = Configured::new([&loaded.tree], &loaded.sources, &snapshot);
        let mut found = Diagnostics::new();
        let record = Record::load()?;
        let native = built_in(session);
        let mut all = BTreeMap::new();
        let wanted: Result<Vec<ProviderAddr>, _> = names.iter().map(|name| name.parse()).collect();
        let wanted =
            wanted.map_err(|error| Failure::input(&rules::LOCKING_FAILED, format!("{error}.")))?;
        for addr in configured
            .needed()
            .into_iter()
            .filter(|addr| !addr.is_builtin())
        {
            let is_native = match record.mode(&addr) {
                Some(mode) => mode == Mode::Native,
                None => native.get(&addr).is_some(),
            };
            let taken = if wanted.is_empty() {
                !is_native
            } else {
                wanted.contains(&addr)
            };
            if taken {
                let constraints = constraints(configured.requirements.get(&addr), &mut found);
                all.insert(addr, Need { constraints });
            }
        }
        if let Some(unknown) = wanted.iter().find(|addr| !all.contains_key(*addr)) {
            found.push(Diagnostic::error(
                &rules::LOCKING_FAILED,
                format!("This configuration does not need the provider {unknown}."),
            ));
        }
        let needs = Self { all, loaded };
        if found.has_errors() || needs.loaded.diagnostics.has_errors() {
            return Err(needs.failure(found));
        }
        Ok(needs)
    }

    /// These messages, with the texts that they are about.
    pub(super) fn failure(self, more: impl IntoIterator<Item = Diagnostic>) -> Failure {
        let LoadedTree {
            sources,
            mut diagnostics,
            ..
        } = self.loaded;
        diagnostics.extend(more);
        Failure::Input(Report {
            diagnostics,
            sources,
        })
    }

    /// What is told of a provider that could not be had.
    pub(super) fn told(self, addr: &ProviderAddr, error: &InstallError) -> Failure {
        let asked = Asked {
            requirements: &self.loaded.tree.requirements,
            sources: &self.loaded.sources,
        };
        let diagnostic = told(addr, error, asked);
        self.failure([diagnostic])
    }
}
