//! The `source` argument of a call: what kind of place it names, in the grammar of the peers, strictly.

mod detect;
mod parse;
mod query;

pub(crate) use parse::remote;
pub use parse::{AddressError, RegistryAddress};
pub use query::Query;

use std::fmt;

/// A place that modules come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A folder relative to the caller's.
    Local(String),
    /// A module of a registry.
    Registry(RegistryAddress),
    /// A package that is fetched from where it is.
    Remote(Remote),
}

/// A package with the folder in it that is the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// What is fetched.
    pub package: Package,
    /// Within it, with `/`; empty for its root. May hold `*` and `?`.
    pub subdir: String,
}

/// What is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// How.
    pub getter: Getter,
    /// From where: an address without the name of the getter and without query.
    pub url: String,
    /// The query of the address.
    pub query: Query,
    /// Whether the name of the getter was written, or has to be.
    pub(crate) forced: bool,
}

/// How a package is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Getter {
    /// A git repository.
    Git,
    /// An archive, or a page that says where the package is.
    Http,
    /// A folder of this machine.
    File,
    /// An object of S3.
    S3,
    /// An object of Google Cloud Storage.
    Gcs,
    /// A repository of an OCI registry.
    Oci,
}

impl Getter {
    fn name(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Http => "http",
            Self::File => "file",
            Self::S3 => "s3",
            Self::Gcs => "gcs",
            Self::Oci => "oci",
        }
    }
}

impl Address {
    /// Reads a `source` argument. With a `version` argument, only modules of registries are meant.
    ///
    /// # Errors
    /// When it names no place that modules come from.
    pub fn parse(source: &str, with_version: bool) -> Result<Self, AddressError> {
        parse::address(source, with_version)
    }
}

impl fmt::Display for Address {
    /// In full, as the peers write it into their manifest.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => f.write_str(path),
            Self::Registry(address) => address.fmt(f),
            Self::Remote(remote) => remote.fmt(f),
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.package.write(f, &self.subdir)
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

impl Package {
    fn write(&self, f: &mut fmt::Formatter<'_>, subdir: &str) -> fmt::Result {
        if self.forced {
            write!(f, "{}::", self.getter.name())?;
        }
        f.write_str(&self.url)?;
        if !subdir.is_empty() {
            write!(f, "//{subdir}")?;
        }
        let query = self.query.text();
        if query.is_empty() {
            Ok(())
        } else {
            write!(f, "?{query}")
        }
    }

    /// The address without what is secret in it: passwords, keys, signatures.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut shown = self.clone();
        shown.query = self.query.without_secrets();
        if let Ok(mut url) = terrane_fetch::Url::parse(&self.url)
            && url.password().is_some()
        {
            // Fails only for addresses that can have no user.
            let _unchanged = url.set_password(Some("…"));
            shown.url = url.to_string();
        }
        shown.to_string()
    }
}

#[cfg(test)]
mod tests;
