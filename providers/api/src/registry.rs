//! The set of providers that a command knows.

use crate::ProviderFactory;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::addr::ProviderAddr;

/// Factories by address. The two public registries count as one: `registry.terraform.io/hashicorp/null` finds what was added as
/// `registry.opentofu.org/hashicorp/null`. Any other host must match.
#[derive(Clone, Debug, Default)]
pub struct Providers {
    by_addr: BTreeMap<Key, Arc<dyn ProviderFactory>>,
}

/// Host (empty for the public registries), namespace, type.
type Key = (EcoString, EcoString, EcoString);

const PUBLIC: [&str; 2] = [ProviderAddr::DEFAULT_HOST, "registry.terraform.io"];

fn key(addr: &ProviderAddr) -> Key {
    let ProviderAddr {
        host,
        namespace,
        type_name,
    } = addr;
    let host = if PUBLIC.contains(&host.as_str()) {
        EcoString::new()
    } else {
        host.clone()
    };
    (host, namespace.clone(), type_name.clone())
}

impl Providers {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one; one that had its address gives way.
    pub fn add(&mut self, factory: Arc<dyn ProviderFactory>) {
        self.by_addr.insert(key(&factory.addr()), factory);
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, factory: Arc<dyn ProviderFactory>) -> Self {
        self.add(factory);
        self
    }

    /// Takes the one at this address out.
    pub fn remove(&mut self, addr: &ProviderAddr) {
        self.by_addr.remove(&key(addr));
    }

    /// The one at this address.
    #[must_use]
    pub fn get(&self, addr: &ProviderAddr) -> Option<&Arc<dyn ProviderFactory>> {
        self.by_addr.get(&key(addr))
    }

    /// All, ordered by address.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn ProviderFactory>> {
        self.by_addr.values()
    }

    /// Adds all of another set; on the same address the other one's wins.
    pub fn extend(&mut self, other: &Self) {
        self.by_addr.extend(
            other
                .by_addr
                .iter()
                .map(|(key, factory)| (key.clone(), factory.clone())),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::NativeProvider;

    fn addr(host: &str, name: &str) -> ProviderAddr {
        ProviderAddr {
            host: host.into(),
            namespace: "hashicorp".into(),
            type_name: name.into(),
        }
    }

    fn factory(addr: ProviderAddr, version: &str) -> Arc<dyn ProviderFactory> {
        Arc::new(NativeProvider::builder(addr, version).build())
    }

    #[test]
    fn the_public_registries_are_one() {
        let providers = Providers::new()
            .with(factory(addr("registry.opentofu.org", "null"), "1"))
            .with(factory(addr("example.com", "null"), "2"))
            .with(factory(ProviderAddr::builtin(), "3"));
        let version = |addr| providers.get(&addr).map(|factory| factory.version());
        let table = [
            (addr("registry.opentofu.org", "null"), Some("1")),
            (addr("registry.terraform.io", "null"), Some("1")),
            (addr("example.com", "null"), Some("2")),
            (addr("example.org", "null"), None),
            (addr("registry.terraform.io", "random"), None),
            (ProviderAddr::builtin(), Some("3")),
        ];
        for (addr, expected) in table {
            assert_eq!(version(addr.clone()).as_deref(), expected, "{addr}");
        }
    }

    #[test]
    fn who_comes_later_wins() {
        let first = Providers::new().with(factory(addr("registry.opentofu.org", "null"), "1"));
        let second = Providers::new().with(factory(addr("registry.terraform.io", "null"), "2"));
        let mut both = first;
        both.extend(&second);
        let versions: Vec<_> = both.iter().map(|factory| factory.version()).collect();
        assert_eq!(versions, ["2"]);
    }
}
