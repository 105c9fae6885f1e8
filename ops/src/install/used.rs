//! Finding what `init` has chosen and installed.

use super::failure::not_installed;
use super::record::{Mode, Record};
use super::setup::Local;
use crate::failure::Failure;
use crate::plugins;
use crate::providers::built_in;
use crate::session::Session;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::load::Requirement;
use terrane_install::install::installed;
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::addr::ProviderAddr;
use terrane_plugin::{Origin, PluginFactory, Program};
use terrane_provider::Providers;

/// Adds the plugins that are used in place of native providers or without them: what `init` has chosen and installed. A provider whose plugin is
/// chosen and not there is taken out.
///
/// # Errors
/// When the lock files can't be read.
pub(crate) fn add(session: &Session, providers: &mut Providers) -> Result<(), Failure> {
    let locks = super::locks()?;
    let record = Record::load()?;
    for (addr, mode) in &record.modes {
        if *mode == Mode::Plugin {
            providers.remove(addr);
        }
    }
    let local = Local::new(session);
    for (name, lock) in &locks.providers {
        let is_plugin = match record.mode(name) {
            Some(mode) => mode == Mode::Plugin,
            // Without a record, what is built in needs no installing.
            None => providers.get(name).is_none(),
        };
        if !is_plugin {
            continue;
        }
        // Why it is not there is told where it is needed.
        let Ok(found) = installed(&local.place, &local.stamps, name, lock, &local.platform) else {
            continue;
        };
        let origin = Origin::Program(Program::new(found.program));
        let factory = PluginFactory::new(name.clone(), found.version.to_string(), origin);
        let package = Some(found.hash.to_string());
        providers.add(Arc::new(plugins::equipped(session, factory, package)));
    }
    Ok(())
}

/// Why a provider can't be used.
pub(crate) fn why_not(
    session: &Session,
    addr: &ProviderAddr,
    requirement: Option<&Requirement>,
) -> Diagnostic {
    let local = Local::new(session);
    let problem = super::locks().ok().and_then(|locks| {
        let (name, lock) = locks.find(addr)?;
        installed(&local.place, &local.stamps, &name, lock, &local.platform).err()
    });
    not_installed(addr, problem.as_ref(), requirement)
}

/// The versions that are selected here, by address: what `version` tells.
///
/// # Errors
/// When the lock files can't be read.
pub fn selections(session: &Session) -> Result<BTreeMap<String, String>, Failure> {
    let mut found: BTreeMap<String, String> = super::locks()?
        .providers
        .into_iter()
        .map(|(addr, lock)| (addr.to_string(), lock.version.to_string()))
        .collect();
    let native = built_in(session);
    let mut overridden = Providers::new();
    drop(plugins::add(session, &mut overridden));
    for (addr, mode) in Record::load()?.modes {
        if mode == Mode::Native
            && overridden.get(&addr).is_none()
            && let Some(factory) = native.get(&addr)
        {
            found.insert(addr.to_string(), factory.version());
        }
    }
    Ok(found)
}
