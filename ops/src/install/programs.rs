//! Which programs the providers are: a saved plan is carried out by those that it was made with.

use super::record::{Mode, Record};
use super::setup::Local;
use crate::failure::Failure;
use crate::plugins;
use crate::providers::built_in;
use crate::session::Session;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use terrane_install::install::installed;
use terrane_model::addr::ProviderAddr;
use terrane_provider::Providers;

/// A program that is a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Its version; `override` where the settings of the user name it.
    pub version: String,
    /// What its package may hash to, on all platforms.
    pub hashes: BTreeSet<String>,
    /// What the package that is installed here hashes to.
    package: Option<String>,
}

/// Programs by the provider that they are. What is built in is not among them.
pub type Programs = BTreeMap<ProviderAddr, Program>;

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.version)?;
        self.hashes.iter().try_for_each(|hash| write!(f, " {hash}"))
    }
}

/// The programs that are these providers here and now.
///
/// # Errors
/// When the lock files can't be read.
pub(crate) fn programs<'a>(
    session: &Session,
    of: impl Iterator<Item = &'a ProviderAddr>,
) -> Result<Programs, Failure> {
    let locks = super::locks()?;
    let record = Record::load()?;
    let native = built_in(session);
    let mut overridden = Providers::new();
    drop(plugins::add(session, &mut overridden));
    let local = Local::new(session);
    let mut found = Programs::new();
    for addr in of {
        if overridden.get(addr).is_some() {
            let program = Program {
                version: "override".to_owned(),
                ..Program::default()
            };
            found.insert(addr.clone(), program);
            continue;
        }
        let Some((name, lock)) = locks.find(addr) else {
            continue;
        };
        let is_plugin = match record.mode(&name) {
            Some(mode) => mode == Mode::Plugin,
            None => native.get(&name).is_none(),
        };
        if !is_plugin {
            continue;
        }
        let here = installed(&local.place, &local.stamps, &name, lock, &local.platform).ok();
        let package = here.map(|here| here.hash.to_string());
        let hashes = lock.hashes.iter().map(ToString::to_string);
        found.insert(
            addr.clone(),
            Program {
                version: lock.version.to_string(),
                hashes: hashes.chain(package.clone()).collect(),
                package,
            },
        );
    }
    Ok(found)
}

/// Programs as a plan file keeps them.
pub(crate) fn to_plan(programs: &Programs) -> Vec<u8> {
    let all: serde_json::Map<String, Value> = programs
        .iter()
        .map(|(addr, program)| {
            let body = json!({"version": program.version, "hashes": program.hashes});
            (addr.to_string(), body)
        })
        .collect();
    Value::Object(all).to_string().into_bytes()
}

/// The same, read; `None`: it is none.
pub(crate) fn from_plan(bytes: &[u8]) -> Option<Programs> {
    let all: BTreeMap<String, Value> = serde_json::from_slice(bytes).ok()?;
    let mut found = Programs::new();
    for (addr, body) in all {
        let hashes = body.get("hashes")?.as_array()?.iter();
        let hashes = hashes.map(|hash| hash.as_str().map(str::to_owned));
        let program = Program {
            version: body.get("version")?.as_str()?.to_owned(),
            hashes: hashes.collect::<Option<_>>()?,
            package: None,
        };
        found.insert(addr.parse().ok()?, program);
    }
    Some(found)
}

/// What of these providers is otherwise than a plan says, as sentences.
pub(crate) fn differences<'a>(
    planned: &Programs,
    now: &Programs,
    of: impl Iterator<Item = &'a ProviderAddr>,
) -> Vec<String> {
    let mut found = Vec::new();
    for addr in of {
        let name = addr.for_display();
        match (planned.get(addr), now.get(addr)) {
            (None, None) => {}
            (None, Some(now)) => found.push(format!(
                "{name} was built in, and is a program by now (version {})",
                now.version
            )),
            (Some(_), None) => found.push(format!(
                "{name} was a program, and is built in or not installed by now"
            )),
            (Some(planned), Some(now)) if planned.version != now.version => {
                found.push(format!(
                    "{name} had version {}, and has {} by now",
                    planned.version, now.version
                ));
            }
            (Some(planned), Some(now)) => {
                let known = |package: &String| planned.hashes.contains(package);
                if !now.package.as_ref().is_none_or(known) {
                    found.push(format!(
                        "{name} has the version that it had, and is another package"
                    ));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Program, Programs, differences, from_plan, to_plan};
    use terrane_model::addr::ProviderAddr;

    fn programs(version: &str, hashes: &[&str], package: Option<&str>) -> Programs {
        let program = Program {
            version: version.to_owned(),
            hashes: hashes.iter().map(|hash| (*hash).to_owned()).collect(),
            package: package.map(str::to_owned),
        };
        Programs::from([(addr(), program)])
    }

    fn addr() -> ProviderAddr {
        "registry.terraform.io/hashicorp/aws".parse().unwrap()
    }

    #[test]
    fn a_plan_knows_the_programs_that_it_was_made_with() {
        let planned = programs("1.0.0", &["h1:a", "h1:b"], Some("h1:a"));
        let planned = from_plan(&to_plan(&planned)).unwrap();
        let none = Programs::new();
        for (now, differs) in [
            (programs("1.0.0", &["h1:a"], Some("h1:a")), false),
            // On another platform, which the lock file knew.
            (programs("1.0.0", &["h1:b"], Some("h1:b")), false),
            (programs("1.0.1", &["h1:a"], Some("h1:a")), true),
            (programs("1.0.0", &["h1:a", "h1:c"], Some("h1:c")), true),
            (programs("override", &[], None), true),
            (none.clone(), true),
        ] {
            let found = differences(&planned, &now, [addr()].iter());
            assert_eq!(!found.is_empty(), differs, "{now:?}: {found:?}");
        }
        assert!(!differences(&none, &planned, [addr()].iter()).is_empty());
        assert!(differences(&none, &none, [addr()].iter()).is_empty());
        assert_eq!(from_plan(b"{\"x\":1}"), None);
    }
}
