//! Provider plugins that the environment and the user's settings name.

use crate::rules::plugin as rules;
use crate::session::Session;
use std::path::PathBuf;
use std::sync::Arc;
use terrane_fetch::settings::{LoadedSettings, Settings};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_plugin::{PluginFactory, SchemaCache, in_folder, reattached};
use terrane_provider::Providers;

/// Adds the plugins of `dev_overrides` and `TF_REATTACH_PROVIDERS`; they take the place of what is built in.
pub(crate) fn add(session: &Session, providers: &mut Providers) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for (addr, path) in settings(session, &mut diagnostics).dev_overrides {
        match in_folder(&addr, &path) {
            Ok(factory) => providers.add(Arc::new(equipped(session, factory, None))),
            Err(problem) => diagnostics.push(Diagnostic::error(
                &rules::INVALID_OVERRIDE,
                format!("The override of the provider {addr} can't be used: {problem}."),
            )),
        }
    }
    let Some(value) = variable(session, "TF_REATTACH_PROVIDERS") else {
        return diagnostics;
    };
    match reattached(value) {
        Ok(factories) => {
            for factory in factories {
                providers.add(Arc::new(factory));
            }
        }
        Err(problem) => diagnostics.push(Diagnostic::error(
            &rules::INVALID_REATTACH,
            format!("The variable TF_REATTACH_PROVIDERS can't be used: {problem}. It is what a provider prints when it is started with -debug."),
        )),
    }
    diagnostics
}

/// A plugin with what all plugins are given. `TERRANE_SCHEMA_CACHE` names the folder where schemas are kept, or is `off`. `package`: the hash of the
/// package that it comes from, if it is known.
pub(crate) fn equipped(
    session: &Session,
    factory: PluginFactory,
    package: Option<String>,
) -> PluginFactory {
    let factory = factory.plain(variable(session, "TF_DISABLE_PLUGIN_TLS").is_some());
    match schema_folder(session) {
        Some(folder) => factory.cached(SchemaCache::new(folder), package),
        None => factory,
    }
}

fn schema_folder(session: &Session) -> Option<PathBuf> {
    match variable(session, "TERRANE_SCHEMA_CACHE") {
        Some("off") => return None,
        Some(folder) => return Some(PathBuf::from(folder)),
        None => {}
    }
    Some(cache_folder(session)?.join("schemas"))
}

/// Where this program keeps what is of use to all folders of the user.
pub(crate) fn cache_folder(session: &Session) -> Option<PathBuf> {
    let cache = match variable(session, "XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(variable(session, "HOME")?).join(".cache"),
    };
    Some(cache.join("terrane"))
}

/// Ends all plugins in good order. For the end of a command.
pub async fn end() {
    terrane_plugin::end_all().await;
}

fn variable<'a>(session: &'a Session, name: &str) -> Option<&'a str> {
    let value = session.env.get(name)?;
    (!value.is_empty()).then_some(value)
}

/// The user's settings; files that can't be read are left out with a warning.
pub(crate) fn settings(session: &Session, diagnostics: &mut Diagnostics) -> Settings {
    let loaded = LoadedSettings::of(&session.env);
    for (path, problem) in loaded.problems {
        diagnostics.push(Diagnostic::warning(
            &rules::UNREADABLE_SETTINGS,
            format!(
                "The settings file {} is left out of account: {problem}.",
                path.display()
            ),
        ));
    }
    loaded.settings
}
