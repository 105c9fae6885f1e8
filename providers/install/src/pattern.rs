//! Which providers a source of packages is for: `include` and `exclude` of the settings.

use crate::lockfile::twin;
use terrane_model::addr::ProviderAddr;

/// `registry.example.com/acme/*`, `acme/cloud`, `*/*/*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// `None`: any.
    host: Option<String>,
    namespace: Option<String>,
    type_name: Option<String>,
}

impl Pattern {
    /// Reads a pattern. What stands before a star must not be one, but for the host.
    ///
    /// # Errors
    /// A sentence without final period.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("{text:?} is no pattern of providers: {why}"));
        let parts: Vec<&str> = text.split('/').collect();
        let (host, namespace, type_name) = match parts.as_slice() {
            [type_name] => (ProviderAddr::DEFAULT_HOST, "hashicorp", *type_name),
            [namespace, type_name] => (ProviderAddr::DEFAULT_HOST, *namespace, *type_name),
            [host, namespace, type_name] => (*host, *namespace, *type_name),
            _ => return wrong("it has the form host/namespace/type"),
        };
        // `*` and `*/*` stand for everything of the default registry only, which nobody means who writes one star.
        if parts.len() == 1 && type_name == "*" {
            return wrong("a star alone is not clear; write */*/* for all providers");
        }
        if namespace == "*" && type_name != "*" || host == "*" && namespace != "*" {
            return wrong("behind a star only stars can follow");
        }
        let part = |part: &str| (part != "*").then(|| part.to_lowercase());
        let (host, namespace, type_name) = (part(host), part(namespace), part(type_name));
        // With words in place of the stars it must be an address.
        let probe = format!(
            "{}/{}/{}",
            host.as_deref().unwrap_or("example.com"),
            namespace.as_deref().unwrap_or("a"),
            type_name.as_deref().unwrap_or("a")
        );
        match probe.parse::<ProviderAddr>() {
            Ok(addr) => Ok(Self {
                host: host.map(|_| addr.host.to_string()),
                namespace,
                type_name,
            }),
            Err(error) => wrong(&error.to_string()),
        }
    }

    fn is_for(&self, addr: &ProviderAddr) -> bool {
        let fits =
            |part: &Option<String>, name: &str| part.as_deref().is_none_or(|part| part == name);
        fits(&self.host, &addr.host)
            && fits(&self.namespace, &addr.namespace)
            && fits(&self.type_name, &addr.type_name)
    }

    /// Whether it is for this provider, by either of its names.
    #[must_use]
    pub fn matches(&self, addr: &ProviderAddr) -> bool {
        self.is_for(addr) || twin(addr).is_some_and(|twin| self.is_for(&twin))
    }
}

/// `include` and `exclude` together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Empty: all.
    pub include: Vec<Pattern>,
    /// Wins over `include`.
    pub exclude: Vec<Pattern>,
}

impl Filter {
    /// Reads both lists.
    ///
    /// # Errors
    /// The first pattern that is wrong.
    pub fn parse(include: &[String], exclude: &[String]) -> Result<Self, String> {
        let all = |texts: &[String]| -> Result<Vec<_>, String> {
            texts.iter().map(|text| Pattern::parse(text)).collect()
        };
        Ok(Self {
            include: all(include)?,
            exclude: all(exclude)?,
        })
    }

    /// Whether a source is to be asked for a provider.
    #[must_use]
    pub fn allows(&self, addr: &ProviderAddr) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(addr));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, addr, expect) in [
            ("acme/cloud", "registry.opentofu.org/acme/cloud", true),
            ("acme/cloud", "registry.terraform.io/acme/cloud", true),
            ("acme/cloud", "example.com/acme/cloud", false),
            ("acme/*", "registry.opentofu.org/acme/x", true),
            ("cloud", "registry.opentofu.org/hashicorp/cloud", true),
            ("*/*", "registry.opentofu.org/acme/x", true),
            ("*/*", "example.com/acme/x", false),
            ("*/*/*", "example.com/acme/x", true),
            ("example.com/*/*", "example.com/acme/x", true),
            ("Example.com/Acme/*", "example.com/acme/x", true),
            (
                "registry.terraform.io/*/*",
                "registry.opentofu.org/acme/x",
                true,
            ),
            (
                "registry.terraform.io/acme/*",
                "registry.opentofu.org/other/x",
                false,
            ),
        ] {
            let addr: ProviderAddr = addr.parse().unwrap();
            let pattern = Pattern::parse(pattern).unwrap();
            assert_eq!(pattern.matches(&addr), expect, "{pattern:?} {addr}");
        }
        for wrong in [
            "*",
            "a/b/c/d",
            "",
            "*/acme/x",
            "example.com/*/x",
            "a b/c",
            "../x/y",
            "*/x/*",
        ] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn exclude_wins() {
        let all = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let filter = Filter::parse(&all(&["acme/*"]), &all(&["acme/x"])).unwrap();
        let allows = |text: &str| filter.allows(&text.parse().unwrap());
        assert!(allows("acme/y") && !allows("acme/x") && !allows("other/y"));
        assert!(Filter::default().allows(&"other/y".parse().unwrap()));
        assert!(Filter::parse(&[], &all(&["*/x/y"])).is_err());
    }
}
