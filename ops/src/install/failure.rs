//! Why a provider can't be installed, told to the user with a way out.

use crate::rules::install as rules;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use terrane_config::load::Requirement;
use terrane_install::install::{InstallError, NotInstalled};
use terrane_install::source::SourceError;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::SourceMap;
use terrane_model::addr::ProviderAddr;
use terrane_model::with_causes;

/// What the configuration needs, with the texts in which it says so.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) requirements: &'a BTreeMap<ProviderAddr, Requirement>,
    pub(super) sources: &'a SourceMap,
}

impl Asked<'_> {
    /// Every constraint on a provider with the module that has it, one line each.
    fn constraints(&self, addr: &ProviderAddr) -> String {
        let Some(requirement) = self.requirements.get(addr) else {
            return String::new();
        };
        let mut lines = String::new();
        for (at, (text, span)) in requirement.constraints.iter().enumerate() {
            let module = requirement.askers.get(at);
            let module = match module {
                Some(path) if !path.0.is_empty() => path.to_string(),
                _ => String::from("the root module"),
            };
            let place = self.sources.place(*span);
            // Writing to a string does not fail.
            write!(lines, "\n  - {text:?} in {module} ({place})").ok();
        }
        lines
    }

    /// A diagnostic about a provider, at the place where it is needed first.
    fn at(&self, addr: &ProviderAddr, diagnostic: Diagnostic) -> Diagnostic {
        match self.requirements.get(addr).and_then(|found| found.span) {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        }
    }

    /// What may have been meant by a provider that nobody has.
    fn meant(&self, addr: &ProviderAddr) -> Option<String> {
        let implied = addr.namespace == "hashicorp"
            && self
                .requirements
                .get(addr)
                .is_some_and(|found| !found.declared);
        let other = self
            .requirements
            .keys()
            .find(|other| other.type_name == addr.type_name && *other != addr);
        let modules = || {
            let found = self.requirements.get(addr);
            let names: Vec<String> = found
                .iter()
                .flat_map(|found| &found.modules)
                .map(|path| match path.0.is_empty() {
                    true => String::from("the root module"),
                    false => path.to_string(),
                })
                .collect();
            names.join(", ")
        };
        match other {
            Some(other) => Some(format!(
                "did you mean {}? Then every module that uses it must say so: add {} = {{ source = \"{}\" }} to required_providers in {}",
                other.for_display(),
                addr.type_name,
                other.for_display(),
                modules()
            )),
            None if implied => Some(format!(
                "{} is only what is meant where nothing is said; the provider of another publisher is named in {}: required_providers {{ {} = {{ source = \"NAMESPACE/{}\" }} }}",
                addr.for_display(),
                modules(),
                addr.type_name,
                addr.type_name
            )),
            None => None,
        }
    }
}

/// A failure of the installer.
pub(super) fn told(addr: &ProviderAddr, error: &InstallError, asked: Asked<'_>) -> Diagnostic {
    let name = addr.for_display();
    let diagnostic = match error {
        InstallError::Locked { version, .. } => Diagnostic::error(
            &rules::LOCKED_VERSION,
            format!(
                "The lock file has version {version} of {name}, and the configuration asks for:{}",
                asked.constraints(addr)
            ),
        )
        .hint("run `terrane init -upgrade` to select another version, or change the constraints"),
        InstallError::NoVersion { available, .. } => {
            let newest: Vec<String> = available.iter().take(8).map(ToString::to_string).collect();
            let more = if available.len() > newest.len() {
                ", …"
            } else {
                ""
            };
            let wanted = asked.constraints(addr);
            let detail = if wanted.is_empty() {
                format!(
                    "There are only pre-releases of {name}: {}{more}.",
                    newest.join(", ")
                )
            } else {
                format!(
                    "No version of {name} meets all constraints:{wanted}\n\nThere are the versions {}{more}.",
                    newest.join(", ")
                )
            };
            let diagnostic = Diagnostic::error(&rules::NO_SUCH_VERSION, detail);
            if available.iter().all(|version| !version.pre.is_empty()) {
                diagnostic.hint("a pre-release is taken only where a constraint names it: version = \"1.0.0-beta1\"")
            } else {
                diagnostic
            }
        }
        InstallError::Source(error) => source(addr, error, asked),
        InstallError::NotLocked {
            version,
            found,
            archives_only,
        } => {
            let detail = format!(
                "The package of {name} v{version} is not one of those that the lock file allows: it hashes to {found}. Either it was changed since it was locked, or it comes from a place that has other packages of the same version."
            );
            let hint = if *archives_only {
                "the lock file knows archives only, and this is an unpacked package: run `terrane providers lock` to add its checksum"
            } else {
                "if the new package is the right one, take the provider's block out of .terraform.lock.hcl and run `terrane init`"
            };
            Diagnostic::error(&rules::INSTALL_FAILED, detail).hint(hint)
        }
        error => Diagnostic::error(
            &rules::INSTALL_FAILED,
            format!(
                "The provider {name} could not be installed: {}.",
                with_causes(error)
            ),
        ),
    };
    asked.at(addr, diagnostic)
}

/// A failure to find a package.
pub(super) fn source(addr: &ProviderAddr, error: &SourceError, asked: Asked<'_>) -> Diagnostic {
    let name = addr.for_display();
    let detail = match error {
        SourceError::Unknown(places) => format!(
            "There is no provider {name} in {}.",
            places.join(", nor in ")
        ),
        SourceError::Signature(_) => {
            let detail = format!("The provider {name} was not installed: {error}.");
            return Diagnostic::error(&rules::INSTALL_FAILED, detail);
        }
        other => format!("The provider {name} can't be had: {}.", with_causes(other)),
    };
    let diagnostic = Diagnostic::error(&rules::NOT_FOUND, detail);
    match error {
        SourceError::Unknown(_) => match asked.meant(addr) {
            Some(meant) => diagnostic.hint(meant),
            None => diagnostic,
        },
        SourceError::Excluded => diagnostic.hint(
            "add a method to provider_installation whose include names it, such as direct { include = [\"…\"] }",
        ),
        SourceError::Platform { .. } => {
            diagnostic.hint("select a version that is there for this platform, by a version constraint")
        }
        _ => diagnostic,
    }
}

/// Why a provider can't be started that `init` should have installed.
pub(super) fn not_installed(
    addr: &ProviderAddr,
    error: Option<&NotInstalled>,
    requirement: Option<&Requirement>,
) -> Diagnostic {
    let name = addr.for_display();
    let detail = match error {
        Some(error) => format!("The provider {name} can't be used: {error}."),
        None if requirement.is_none() => format!(
            "The state holds resources of the provider {name}, which was not installed in this folder."
        ),
        None => format!("The provider {name} was not installed in this folder."),
    };
    let diagnostic = Diagnostic::error(&rules::NOT_INSTALLED, detail);
    let diagnostic = diagnostic.hint("run `terrane init`, which installs it");
    match requirement.and_then(|found| found.span) {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}
