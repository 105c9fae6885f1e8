//! The providers that a command needs: which ones, their schemas, and how instances are started.

use crate::failure::Failure;
use crate::functions::Door;
use crate::interrupt::Patience;
use crate::rules;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};
use terrane_config::load::Requirement;
use terrane_config::version::{Constraint, Version};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::functions::ProviderFunctions;
use terrane_model::addr::{Mode, ProviderAddr};
use terrane_model::provider::ProviderInfo;
use terrane_model::schema::{ProviderSchema, Schema};
use terrane_model::snapshot::Snapshot;
use terrane_provider::{ProviderFactory, Providers};

use crate::remote_state::{States, Tfvars};
use crate::session::Session;

/// The providers of one command.
#[derive(Debug, Default)]
pub struct Registry {
    factories: Providers,
    infos: BTreeMap<ProviderAddr, ProviderInfo>,
    functions: OnceLock<Arc<Door>>,
    patience: Patience,
}

impl Registry {
    /// Of these.
    #[cfg(test)]
    pub(crate) fn of(factories: Providers, infos: BTreeMap<ProviderAddr, ProviderInfo>) -> Self {
        Self {
            factories,
            infos,
            functions: OnceLock::new(),
            patience: Patience::default(),
        }
    }

    /// What providers are waited for with.
    pub(crate) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// The functions of the providers. All callers share instances and answers.
    #[must_use]
    pub fn functions(&self) -> Arc<dyn ProviderFunctions> {
        self.functions
            .get_or_init(|| Arc::new(Door::new(self.factories.clone(), self.patience.clone())))
            .clone()
    }

    /// Schemas and abilities by address.
    #[must_use]
    pub fn infos(&self) -> &BTreeMap<ProviderAddr, ProviderInfo> {
        &self.infos
    }

    /// Schemas by address.
    #[must_use]
    pub fn schemas(&self) -> BTreeMap<ProviderAddr, Arc<ProviderSchema>> {
        self.infos
            .iter()
            .map(|(addr, info)| (addr.clone(), info.schema.clone()))
            .collect()
    }

    /// The schema of a resource type or data source.
    #[must_use]
    pub fn schema(&self, addr: &ProviderAddr, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        let schema = &self.infos.get(addr)?.schema;
        let of_mode = match mode {
            Mode::Managed => &schema.resources,
            Mode::Data => &schema.data_sources,
            Mode::Ephemeral => &schema.ephemeral_resources,
            Mode::Action => &schema.actions,
        };
        of_mode.get(type_name).cloned()
    }

    /// What starts instances of a provider; a sentence if there is no such provider.
    ///
    /// # Errors
    /// When there is none.
    pub fn factory(&self, addr: &ProviderAddr) -> Result<Arc<dyn ProviderFactory>, String> {
        self.factories
            .get(addr)
            .cloned()
            .ok_or_else(|| format!("the provider {} is not available", addr.for_display()))
    }

    /// The version of a provider.
    #[must_use]
    pub fn version(&self, addr: &ProviderAddr) -> Option<String> {
        self.factories.get(addr).map(|factory| factory.version())
    }
}

/// All providers that this program has or can start, with messages about those that it can't.
pub fn available(session: &Session) -> (Providers, Diagnostics) {
    let mut providers = built_in(session);
    let mut diagnostics = match crate::install::add(session, &mut providers) {
        Ok(()) => Diagnostics::new(),
        Err(failure) => failure.into_report().diagnostics,
    };
    diagnostics.extend(crate::plugins::add(session, &mut providers));
    (providers, diagnostics)
}

/// All providers that are part of this program.
#[must_use]
pub fn built_in(session: &Session) -> Providers {
    let mut providers = terrane_builtin::all(&terrane_builtin::Options {
        remote_state: Arc::new(States {
            backends: session.backends.clone(),
            around: session.around(),
            encryption: session
                .encryption()
                .cloned()
                .map_err(|failure| failure.to_string()),
        }),
        tfvars: Arc::new(Tfvars),
        ..terrane_builtin::Options::default()
    });
    // In place of the plugin hashicorp/aws, where that is asked for: it can change some of its types only.
    if session
        .env
        .get("TERRANE_AWS")
        .is_some_and(|which| which == "native")
    {
        providers.add(Arc::new(
            terrane_aws::Aws::new(session.env.clone()).listing(),
        ));
    }
    // For the project's own tests: a simulated cloud, which lives as long as the process.
    match session.env.get("TERRANE_SIM").map(|seed| seed.parse()) {
        Some(Ok(seed)) => {
            let world = match session.env.get("TERRANE_SIM_LEDGER") {
                Some(path) => terrane_sim::World::recorded(std::path::Path::new(path), seed)
                    .unwrap_or_else(|_| terrane_sim::World::new(seed)),
                None => terrane_sim::World::new(seed),
            };
            let networks = session.env.get("TERRANE_SIM_NETWORKS");
            for name in networks.iter().flat_map(|names| names.split(',')) {
                world.add_network(name, "10.0.0.0/16");
            }
            let factory = terrane_sim::SimFactory::new(world);
            let crashes = session.env.contains_key("TERRANE_SIM_CRASHES");
            providers.with(Arc::new(if crashes { factory.crashing() } else { factory }))
        }
        _ => providers,
    }
}

/// Gets schemas and abilities of all providers that configuration and state need, at the same time.
///
/// # Errors
/// When a provider that is needed is not there, or can't say what it offers.
pub async fn load(
    session: &Session,
    requirements: &BTreeMap<ProviderAddr, Requirement>,
    snapshot: &Snapshot,
) -> Result<(Registry, Diagnostics), Failure> {
    let (factories, mut diagnostics) = available(session);
    let (registry, found) = load_from(session, factories, requirements, snapshot).await?;
    diagnostics.extend(found);
    Ok((registry, diagnostics))
}

/// The same, out of these providers.
pub(crate) async fn load_from(
    session: &Session,
    factories: Providers,
    requirements: &BTreeMap<ProviderAddr, Requirement>,
    snapshot: &Snapshot,
) -> Result<(Registry, Diagnostics), Failure> {
    let mut diagnostics = Diagnostics::new();
    let in_state: BTreeSet<&ProviderAddr> = snapshot
        .resources
        .values()
        .map(|resource| &resource.provider.provider)
        .collect();
    let builtin = ProviderAddr::builtin();
    let needed: BTreeSet<&ProviderAddr> = requirements
        .keys()
        .chain(in_state)
        .chain([&builtin])
        .collect();
    let mut asked = Vec::new();
    for addr in needed {
        match factories.get(addr) {
            Some(factory) => {
                if let Some(requirement) = requirements.get(addr) {
                    diagnostics.extend(unfit(addr, &factory.version(), requirement));
                }
                asked.push((addr.clone(), factory.clone()));
            }
            None => diagnostics.push(crate::install::why_not(
                session,
                addr,
                requirements.get(addr),
            )),
        }
    }
    let patience = &session.patience();
    let asking = asked.into_iter().map(|(addr, factory)| async move {
        let name = addr.for_display();
        let waiting = || format!("provider {name}: Still asking what it offers");
        let info = patience.wait(waiting, factory.info()).await;
        (addr, info)
    });
    let answers = futures::future::join_all(asking).await;
    let silent: Vec<String> = (answers.iter())
        .filter(|(_, info)| info.is_none())
        .map(|(addr, _)| format!("  - {}", addr.for_display()))
        .collect();
    if !silent.is_empty() {
        return Err(Failure::Interrupted(format!(
            "These providers had not said what they offer:\n{}\n\nNothing was changed.",
            silent.join("\n")
        )));
    }
    let mut infos = BTreeMap::new();
    for (addr, info) in answers {
        let Some(info) = info else {
            continue;
        };
        match info {
            Ok(info) => {
                infos.insert(addr, info);
            }
            Err(failure) => diagnostics.push(Diagnostic::error(
                &rules::folder::PROVIDER_NOT_LOADED,
                format!(
                    "The provider {} could not say what it offers: {}.",
                    addr.for_display(),
                    failure.message
                ),
            )),
        }
    }
    let registry = Registry {
        factories,
        infos,
        functions: OnceLock::new(),
        patience: patience.clone(),
    };
    Ok((registry, diagnostics))
}

/// The providers that a state needs, as far as they are there: for showing it.
///
/// # Errors
/// Never so far.
pub async fn for_state(session: &Session, snapshot: &Snapshot) -> Result<Registry, Failure> {
    let (registry, _) = load(session, &BTreeMap::new(), snapshot).await?;
    Ok(registry)
}

/// Version constraints that a provider does not meet.
fn unfit(addr: &ProviderAddr, version: &str, requirement: &Requirement) -> Vec<Diagnostic> {
    // The loader has said that a built-in provider takes no version constraint at all.
    let Some(parsed) = Version::parse(version).filter(|_| !addr.is_builtin()) else {
        return Vec::new();
    };
    requirement
        .constraints
        .iter()
        .filter(|(text, _)| {
            // What is no constraint was reported by the loader.
            Constraint::parse(text).is_some_and(|constraint| !constraint.allows(&parsed))
        })
        .map(|(text, span)| {
            Diagnostic::error(
                &rules::folder::UNSUITABLE_PROVIDER,
                format!(
                    "The version {version} of {}, which is in use here, does not meet the constraint {text:?}. Run `terrane init -upgrade` to select another version, or change the constraint.",
                    addr.for_display()
                ),
            )
            .at(*span)
        })
        .collect()
}
