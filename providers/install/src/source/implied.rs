//! Where providers come from if the settings don't say: folders of this machine that have them, else the registry.

use super::{Kind, Source};
use crate::pattern::{Filter, Pattern};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Folders that the environment names.
#[derive(Clone, Debug, Default)]
pub struct Folders(pub Vec<PathBuf>);

impl Folders {
    /// `terraform.d/plugins` here and in the home folder, and the folders for data of programs (XDG).
    #[must_use]
    pub fn of(env: &BTreeMap<String, String>, config_dir: Option<&Path>) -> Self {
        let variable = |name: &str| {
            env.get(name)
                .map(String::as_str)
                .filter(|value| !value.is_empty())
        };
        let home = variable("HOME").map(Path::new);
        let mut folders = vec![PathBuf::from("terraform.d/plugins")];
        folders.extend(home.map(|home| home.join(".terraform.d/plugins")));
        folders.extend(config_dir.map(|dir| dir.join("plugins")));
        let mut bases = Vec::new();
        if cfg!(target_os = "macos") {
            let library = "Library/Application Support";
            bases.extend(home.map(|home| home.join(library).join("io.terraform")));
            bases.push(Path::new("/").join(library).join("io.terraform"));
        } else if let Some(data) = variable("APPDATA").filter(|_| cfg!(windows)) {
            bases.push(Path::new(data).join("terraform.d"));
        } else {
            let own = variable("XDG_DATA_HOME").map(PathBuf::from);
            let own = own.or_else(|| Some(home?.join(".local/share")));
            let shared = variable("XDG_DATA_DIRS").unwrap_or("/usr/local/share:/usr/share");
            let all = own.into_iter().chain(std::env::split_paths(shared));
            for base in all.filter(|base| base.is_absolute()) {
                bases.extend(["terraform", "opentofu", "terrane"].map(|name| base.join(name)));
            }
        }
        folders.extend(bases.into_iter().map(|base| base.join("plugins")));
        let mut seen = BTreeSet::new();
        folders.retain(|folder| seen.insert(folder.clone()));
        Self(folders)
    }
}

/// The sources if the settings don't say: what a folder has comes from there only, all else from the registries.
#[must_use]
pub fn implied(folders: &Folders) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut everywhere = Vec::new();
    for folder in &folders.0 {
        let include = providers(folder);
        if include.is_empty() {
            continue;
        }
        everywhere.extend(include.iter().cloned());
        sources.push(Source {
            kind: Kind::Folder(folder.clone()),
            filter: Filter {
                include,
                exclude: Vec::new(),
            },
        });
    }
    sources.push(Source {
        kind: Kind::Registry { retries: None },
        filter: Filter {
            include: Vec::new(),
            exclude: everywhere,
        },
    });
    sources
}

/// The most providers that are looked for in a folder.
const MAX_PROVIDERS: usize = 10_000;

/// The providers that a folder has.
fn providers(root: &Path) -> Vec<Pattern> {
    let names = |path: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.path().is_dir());
        let mut names: Vec<String> = folders
            .take(MAX_PROVIDERS)
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    };
    let mut found = Vec::new();
    // A host has a dot or a port; other folders belong to the layout of long ago.
    for host in names(root)
        .into_iter()
        .filter(|name| name.contains(['.', ':']))
    {
        for namespace in names(&root.join(&host)) {
            for type_name in names(&root.join(&host).join(&namespace)) {
                if found.len() < MAX_PROVIDERS {
                    found.extend(Pattern::parse(&format!("{host}/{namespace}/{type_name}")));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_folder_has_comes_from_there_only() {
        let home = tempfile::tempdir().unwrap();
        let plugins = home.path().join(".terraform.d/plugins");
        std::fs::create_dir_all(plugins.join("example.com/acme/cloud/1.0.0")).unwrap();
        std::fs::create_dir_all(plugins.join("linux_amd64")).unwrap();
        let env = BTreeMap::from([("HOME".to_owned(), home.path().display().to_string())]);
        let folders = Folders::of(&env, None);
        assert!(
            folders
                .0
                .contains(&home.path().join(".local/share/opentofu/plugins"))
        );
        let sources = implied(&folders);
        assert_eq!(sources.len(), 2);
        let here = "example.com/acme/cloud".parse().unwrap();
        let other = "example.com/acme/other".parse().unwrap();
        let asked = |addr| -> Vec<bool> {
            sources
                .iter()
                .map(|source| source.filter.allows(addr))
                .collect()
        };
        assert_eq!(asked(&here), [true, false]);
        assert_eq!(asked(&other), [false, true]);
    }
}
