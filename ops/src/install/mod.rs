//! Providers: which are used, native or as plugins; installing them at `init`, and finding them afterwards.

mod choose;
mod failure;
pub mod lock;
pub mod login;
pub mod mirror;
mod plain;
mod programs;
mod record;
mod setup;
mod talk;
mod used;

pub use choose::Wanted;
pub use programs::{Program, Programs};
pub(crate) use programs::{differences, from_plan, programs, to_plan};
pub use record::Mode;
pub use terrane_install::Platform;
pub use terrane_install::install::Event;
pub use terrane_install::source::Trust;
pub use used::selections;
pub(crate) use used::{add, why_not};

use crate::failure::Failure;
use crate::plugins;
use crate::rules::install as rules;
use crate::session::Session;
use crate::ui::Ui;
use choose::{Choice, choose};
use failure::{Asked, told};
use record::Record;
use setup::Local;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use terrane_config::load::{Requirement, Tree};
use terrane_install::install::{Installer, Need, Outcome};
use terrane_install::lockfile::twin;
use terrane_install::{Constraints, Locks};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::SourceMap;
use terrane_model::addr::ProviderAddr;
use terrane_model::snapshot::Snapshot;
use terrane_model::with_causes;
use terrane_provider::Providers;

/// What `init` is asked to do about providers.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Take the newest versions, not those of the lock file.
    pub upgrade: bool,
    /// Change no lock file.
    pub readonly: bool,
    /// The only places that packages come from, if there are any.
    pub plugin_dirs: Vec<PathBuf>,
    /// Native providers or plugins.
    pub mode: Wanted,
    /// Whether the state is looked at for providers.
    pub state: bool,
}

/// What is there after installing.
#[derive(Clone, Debug, PartialEq)]
pub struct Ready {
    /// Which provider.
    pub addr: ProviderAddr,
    /// Its version; none if it is one in development.
    pub version: Option<String>,
    /// Native or plugin; `None`: the settings or the environment name it.
    pub mode: Option<Mode>,
    /// Why it is what it is, where that needs saying.
    pub why: Option<String>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Installation {
    /// The providers, by address.
    pub ready: Vec<Ready>,
    /// What became of the lock file.
    pub lock: LockChange,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// What became of the lock file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LockChange {
    /// It is as it was.
    #[default]
    Unchanged,
    /// There was none before.
    Created,
    /// Something in it has changed.
    Changed,
}

/// What the configuration says, as far as it matters here.
#[derive(Debug)]
pub(crate) struct Configured<'a> {
    /// The configuration, and the modules of its tests.
    trees: Vec<&'a Tree>,
    /// What all of them require.
    requirements: BTreeMap<ProviderAddr, Requirement>,
    sources: &'a SourceMap,
    snapshot: &'a Snapshot,
}

impl<'a> Configured<'a> {
    pub(crate) fn new(
        trees: impl IntoIterator<Item = &'a Tree>,
        sources: &'a SourceMap,
        snapshot: &'a Snapshot,
    ) -> Self {
        let trees: Vec<&Tree> = trees.into_iter().collect();
        let mut requirements: BTreeMap<ProviderAddr, Requirement> = BTreeMap::new();
        for (addr, found) in trees.iter().flat_map(|tree| &tree.requirements) {
            let all = requirements.entry(addr.clone()).or_default();
            all.span = all.span.or(found.span);
            all.declared |= found.declared;
            all.constraints.extend(found.constraints.iter().cloned());
            all.askers.extend(found.askers.iter().cloned());
            all.modules.extend(found.modules.iter().cloned());
        }
        Self {
            trees,
            requirements,
            sources,
            snapshot,
        }
    }

    /// The providers that are needed: of the configuration, and of the state alone.
    fn needed(&self) -> BTreeSet<ProviderAddr> {
        let in_state = self.snapshot.resources.values();
        let in_state = in_state.map(|resource| &resource.provider.provider);
        let known: BTreeSet<&ProviderAddr> = self.requirements.keys().collect();
        let more = in_state.filter(|addr| {
            !known.contains(addr) && twin(addr).is_none_or(|twin| !known.contains(&twin))
        });
        known.iter().copied().chain(more).cloned().collect()
    }
}

/// Constraints of all modules as one; those that are none are reported.
fn constraints(requirement: Option<&Requirement>, diagnostics: &mut Diagnostics) -> Constraints {
    let mut all = Constraints::default();
    for (text, span) in requirement.iter().flat_map(|found| &found.constraints) {
        match Constraints::parse(text) {
            Ok(found) => all = all.and(&found),
            Err(problem) => diagnostics.push(
                Diagnostic::error(
                    &rules::INVALID_CONSTRAINT,
                    format!("{text:?} is no version constraint of a provider: {problem}."),
                )
                .at(*span),
            ),
        }
    }
    all
}

fn locks() -> Result<Locks, Failure> {
    Locks::load(Path::new("")).map_err(|error| {
        let detail = format!("{}.", sentence(&with_causes(&error)));
        Failure::Input(crate::failure::Report::plain(
            Diagnostic::error(&rules::BAD_LOCK_FILE, detail).hint(
                "mend it, or take the version that was committed last; without the file, `terrane init` selects all versions anew",
            ),
        ))
    })
}

/// With a capital letter.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|char| char.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

/// Chooses and installs the providers of a configuration.
///
/// # Errors
/// When the lock files can't be read. What is wrong with single providers is among the messages.
pub(crate) async fn run(
    session: &Session,
    configured: &Configured<'_>,
    request: &Request,
    ui: &mut dyn Ui,
) -> Result<Installation, Failure> {
    let mut done = Installation::default();
    let needed = configured.needed();
    let previous = locks()?;
    let mut record = Record::load()?;
    let mut overridden = Providers::new();
    done.diagnostics
        .extend(plugins::add(session, &mut overridden));
    let mut needs = BTreeMap::new();
    let mut modes = BTreeMap::new();
    for addr in &needed {
        if addr.is_builtin() || overridden.get(addr).is_some() {
            done.ready.push(Ready {
                addr: addr.clone(),
                version: None,
                mode: addr.is_builtin().then_some(Mode::Native),
                why: None,
            });
            continue;
        }
        let requirement = configured.requirements.get(addr);
        let constraints = constraints(requirement, &mut done.diagnostics);
        let before = record.mode(addr).filter(|_| !request.upgrade);
        match choose(session, configured, addr, request.mode, before).await {
            Choice::Native { version } => {
                modes.insert(addr.clone(), Mode::Native);
                done.ready.push(Ready {
                    addr: addr.clone(),
                    version: Some(version),
                    mode: Some(Mode::Native),
                    why: None,
                });
            }
            Choice::Plugin { why } => {
                modes.insert(addr.clone(), Mode::Plugin);
                needs.insert(addr.clone(), (Need { constraints }, why));
            }
            Choice::Impossible(diagnostic) => done.diagnostics.push(diagnostic),
        }
    }
    if done.diagnostics.has_errors() {
        return Ok(done);
    }
    let outcome = install(
        session,
        request,
        ui,
        (&needs, &previous),
        configured,
        &mut done,
    )
    .await;
    if done.diagnostics.has_errors() {
        // What could be installed is there for the next run; the lock file stays.
        return Ok(done);
    }
    let locks = merged(outcome.locks, &previous, &needed);
    keep_locks(&locks, &previous, request, &mut done)?;
    if request.readonly {
        // Without a record, others would take what is native.
        let before = |addr: &ProviderAddr| {
            let native = needs.get(addr).is_none_or(|(_, why)| why.is_some());
            let unsaid = if native { Mode::Native } else { Mode::Plugin };
            record.mode(addr).unwrap_or(unsaid)
        };
        let changed = modes.iter().find(|(addr, mode)| before(addr) != **mode);
        if let Some((addr, _)) = changed {
            done.diagnostics.push(readonly(&format!(
                "whether {} is native or a plugin would change",
                addr.for_display()
            )));
        }
    } else {
        record.modes = modes;
        record.save()?;
    }
    done.ready.sort_by(|a, b| a.addr.cmp(&b.addr));
    Ok(done)
}

async fn install(
    session: &Session,
    request: &Request,
    ui: &mut dyn Ui,
    (needs, previous): (&BTreeMap<ProviderAddr, (Need, Option<String>)>, &Locks),
    configured: &Configured<'_>,
    done: &mut Installation,
) -> Outcome {
    if needs.is_empty() {
        return Outcome::default();
    }
    let parts = setup::network(session, &mut done.diagnostics).and_then(|network| {
        let sources = setup::sources(session, &network, &request.plugin_dirs)?;
        Ok((sources, setup::cache(&network.settings)?))
    });
    let (sources, cache) = match parts {
        Ok(parts) => parts,
        Err(diagnostic) => {
            done.diagnostics.push(diagnostic);
            return Outcome::default();
        }
    };
    let local = Local::new(session);
    let plain: BTreeMap<ProviderAddr, Need> = needs
        .iter()
        .map(|(addr, (need, _))| (addr.clone(), need.clone()))
        .collect();
    let mut outcome = talk::listening(ui, |say| async {
        let installer = Installer {
            sources: &sources,
            place: &local.place,
            cache: cache.as_ref(),
            stamps: &local.stamps,
            platform: local.platform.clone(),
            say,
        };
        installer.install(&plain, previous, request.upgrade).await
    })
    .await;
    let asked = Asked {
        requirements: &configured.requirements,
        sources: configured.sources,
    };
    for (addr, error) in &outcome.failures {
        let mut diagnostic = told(addr, error, asked);
        if let Some((_, Some(why))) = needs.get(addr) {
            let sentence = format!("\n\nA plugin is looked for: {why}.");
            diagnostic.detail.push_str(&sentence);
        }
        done.diagnostics.push(diagnostic);
    }
    for (addr, installed) in &outcome.installed {
        done.ready.push(Ready {
            addr: addr.clone(),
            version: Some(installed.version.to_string()),
            mode: Some(Mode::Plugin),
            why: needs.get(addr).and_then(|(_, why)| why.clone()),
        });
    }
    if !outcome.incomplete.is_empty() && !request.readonly {
        done.diagnostics
            .push(incomplete(&outcome.incomplete, &local.platform));
    }
    outcome.incomplete.clear();
    outcome
}

fn incomplete(addrs: &BTreeSet<ProviderAddr>, platform: &Platform) -> Diagnostic {
    let names: Vec<String> = addrs.iter().map(ProviderAddr::for_display).collect();
    Diagnostic::warning(
        &rules::INCOMPLETE_LOCK,
        format!(
            "The places that these providers come from say no checksums of other platforms that could be trusted, so .terraform.lock.hcl has those of {platform} only: {}. On other platforms they can't be installed by it.",
            names.join(", ")
        ),
    )
    .hint("run `terrane providers lock -platform=…` for each platform that the project is used on")
}

/// The locks to be kept: those of now, and those of providers that are needed still but are native here, for the peers.
fn merged(mut now: Locks, previous: &Locks, needed: &BTreeSet<ProviderAddr>) -> Locks {
    for (addr, lock) in &previous.providers {
        let is_needed =
            needed.contains(addr) || twin(addr).is_some_and(|twin| needed.contains(&twin));
        if is_needed {
            now.providers
                .entry(addr.clone())
                .or_insert_with(|| lock.clone());
        }
    }
    now
}

fn readonly(what: &str) -> Diagnostic {
    Diagnostic::error(
        &rules::LOCK_WOULD_CHANGE,
        format!("With -lockfile=readonly no lock file is written, but {what}."),
    )
    .hint("run `terrane init` without -lockfile=readonly, and commit the lock files")
}

fn keep_locks(
    locks: &Locks,
    previous: &Locks,
    request: &Request,
    done: &mut Installation,
) -> Result<(), Failure> {
    if locks.is_same(previous) {
        return Ok(());
    }
    if request.readonly {
        // Checksums more than before are no reason to refuse, as with the peers; other versions are.
        let differs = locks.providers.keys().ne(previous.providers.keys())
            || locks.providers.iter().any(|(addr, lock)| {
                let before = previous.providers.get(addr);
                before.is_none_or(|before| before.version != lock.version)
            });
        if differs {
            done.diagnostics
                .push(readonly("the selected providers would change"));
        }
        return Ok(());
    }
    done.lock = if previous.providers.is_empty() {
        LockChange::Created
    } else {
        LockChange::Changed
    };
    locks.save(Path::new("")).map_err(|error| {
        let detail = format!("{}.", sentence(&with_causes(&error)));
        Failure::input(&rules::LOCK_NOT_WRITTEN, detail)
    })
}
