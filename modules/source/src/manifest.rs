//! `modules.json` in the folder of installed modules: the manifest of the peers, which they and terrane read of each other.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Its name in the folder of modules.
pub const NAME: &str = "modules.json";

/// How large it may be.
const LIMIT: u64 = 64 * 1024 * 1024;

/// An installed module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the tree of modules, with dots; empty for the root.
    #[serde(rename = "Key")]
    pub key: String,
    /// Its address in full.
    #[serde(rename = "Source")]
    pub source: String,
    /// The version of a module of a registry.
    #[serde(rename = "Version", default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Its folder, relative to the working directory.
    #[serde(rename = "Dir")]
    pub dir: String,
}

/// The installed modules by their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Without the root.
    pub records: BTreeMap<String, Record>,
}

#[derive(Serialize, Deserialize)]
struct File {
    #[serde(rename = "Modules", default)]
    modules: Option<Vec<Record>>,
}

impl Manifest {
    /// Reads the manifest of a folder of modules; empty if there is none.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(modules_dir: &Path) -> io::Result<Self> {
        let path = modules_dir.join(NAME);
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Ok(metadata) if metadata.len() > LIMIT => {
                return Err(io::Error::other("it is unreasonably large"));
            }
            _ => {}
        }
        let file: File = serde_json::from_slice(&std::fs::read(path)?)?;
        let records = file.modules.unwrap_or_default().into_iter();
        Ok(Self {
            records: records
                .filter(|record| !record.key.is_empty())
                .map(|record| (record.key.clone(), record))
                .collect(),
        })
    }

    /// The text of it: one line, sorted by key, the root first.
    #[must_use]
    pub fn text(&self) -> String {
        let root = Record {
            key: String::new(),
            source: String::new(),
            version: String::new(),
            dir: String::from("."),
        };
        let modules = std::iter::once(root)
            .chain(self.records.values().cloned())
            .collect();
        let file = File {
            modules: Some(modules),
        };
        serde_json::to_string(&file).expect("texts can be written as JSON")
    }

    /// Writes it, in one step.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, modules_dir: &Path) -> io::Result<()> {
        std::fs::create_dir_all(modules_dir)?;
        crate::files::replace(&modules_dir.join(NAME), self.text().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::Manifest;

    /// Written by Terraform 1.11.
    const PEER: &str = r#"{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"g","Source":"git::file:///tmp/repo//sub?ref=v1.0.0","Dir":".terraform/modules/g/sub"},{"Key":"g.inner","Source":"./inner","Dir":".terraform/modules/g/sub/inner"},{"Key":"m","Source":"registry.terraform.io/ns/zip/sys","Version":"2.0.0-beta1","Dir":".terraform/modules/m"}]}"#;

    #[test]
    fn the_manifest_of_the_peers_byte_for_byte() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), Manifest::default());
        std::fs::write(dir.path().join(super::NAME), PEER).unwrap();
        let manifest = Manifest::read(dir.path()).unwrap();
        assert_eq!(manifest.records["m"].version, "2.0.0-beta1");
        manifest.write(dir.path()).unwrap();
        let written = std::fs::read_to_string(dir.path().join(super::NAME)).unwrap();
        assert_eq!(written, PEER);
        std::fs::write(dir.path().join(super::NAME), "{").unwrap();
        assert!(Manifest::read(dir.path()).is_err());
    }
}
