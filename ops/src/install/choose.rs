//! Native or plugin: which of the two provides, for each provider.

use super::record::Mode;
use super::{Configured, rules};
use crate::providers::built_in;
use crate::session::Session;
use std::collections::BTreeSet;
use terrane_config::compile::uncovered;
use terrane_config::version::{Constraint, Version};
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::addr::{Mode as ResourceMode, ProviderAddr};
use terrane_model::schema::ProviderSchema;

/// What the user wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// What was chosen before, or native where that has all that is used.
    #[default]
    Auto,
    /// Native wherever there is one.
    Native,
    /// Plugins only.
    Plugin,
}

/// What becomes of a provider.
pub(super) enum Choice {
    /// The one that is built in.
    Native {
        /// Its version.
        version: String,
    },
    /// A program.
    Plugin {
        /// Why, where there is a native one too.
        why: Option<String>,
    },
    /// Neither.
    Impossible(Diagnostic),
}

pub(super) async fn choose(
    session: &Session,
    configured: &Configured<'_>,
    addr: &ProviderAddr,
    wanted: Wanted,
    before: Option<Mode>,
) -> Choice {
    let native = built_in(session).get(addr).cloned();
    let Some(native) = native else {
        return Choice::Plugin { why: None };
    };
    if wanted == Wanted::Plugin {
        return Choice::Plugin {
            why: Some(String::from("-provider-mode=plugin")),
        };
    }
    if wanted == Wanted::Auto && before == Some(Mode::Plugin) {
        return Choice::Plugin {
            why: Some(format!("chosen before, in {}", super::record::FILE)),
        };
    }
    let version = native.version();
    let lacks = match native.info().await {
        Ok(info) => lacks(configured, addr, &version, &info.schema),
        Err(failure) => Some(failure.message.clone()),
    };
    match lacks {
        None => Choice::Native { version },
        Some(lacks) if wanted == Wanted::Native => {
            let detail = format!(
                "-provider-mode=native wants the provider {} that is built into terrane, but {lacks}.",
                addr.for_display()
            );
            let diagnostic = Diagnostic::error(&rules::NATIVE_NOT_ENOUGH, detail);
            let diagnostic = diagnostic
                .hint("leave -provider-mode out, and the plugin is installed where that is needed");
            let span = configured
                .requirements
                .get(addr)
                .and_then(|found| found.span);
            Choice::Impossible(match span {
                Some(span) => diagnostic.at(span),
                None => diagnostic,
            })
        }
        Some(lacks) => Choice::Plugin { why: Some(lacks) },
    }
}

/// What a native provider does not have of all that is used; a sentence without final period.
fn lacks(
    configured: &Configured<'_>,
    addr: &ProviderAddr,
    version: &str,
    schema: &ProviderSchema,
) -> Option<String> {
    let requirement = configured.requirements.get(addr);
    let parsed = Version::parse(version)?;
    let constraints = requirement.iter().flat_map(|found| &found.constraints);
    for (text, _) in constraints {
        if Constraint::parse(text).is_some_and(|constraint| !constraint.allows(&parsed)) {
            return Some(format!(
                "the one that is built in is version {version}, which does not meet {text:?}"
            ));
        }
    }
    let mut trees = configured.trees.iter();
    if let Some(what) = trees.find_map(|tree| uncovered(tree, addr, schema)) {
        return Some(format!("the one that is built in does not have {what}"));
    }
    let used: BTreeSet<(ResourceMode, &str)> = configured
        .snapshot
        .resources
        .iter()
        .filter(|(_, found)| found.provider.provider == *addr)
        .map(|(addr, _)| (addr.mode, addr.type_name.as_str()))
        .collect();
    used.into_iter()
        .find(|(mode, name)| match mode {
            ResourceMode::Managed => !schema.resources.contains_key(name),
            ResourceMode::Data => !schema.data_sources.contains_key(name),
            ResourceMode::Ephemeral => !schema.ephemeral_resources.contains_key(name),
            ResourceMode::Action => !schema.actions.contains_key(name),
        })
        .map(|(_, name)| {
            format!("the one that is built in does not have {name}, which the state holds")
        })
}
