//! Folders with modules, and reading them as a whole configuration.

use super::{Seen, aws, builtin};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_config::compile::compile;
use terrane_config::load::{Loader, ModuleFile, ModuleFolder, ModuleRequest, is_local_source};
use terrane_config::validate::validate;
use terrane_config::version::{Constraint, Version};
use terrane_lang::diagnostic::{Diagnostics, Style, render_all};
use terrane_lang::functions::{Files, Functions};
use terrane_model::addr::ProviderAddr;
use terrane_model::schema::ProviderSchema;

/// The folder of modules that are only called.
const MORE: &str = "_more";

/// What came of reading a module.
#[derive(Debug)]
pub struct Validated {
    /// The messages of errors, in the form that people read.
    pub errors: Vec<String>,
    /// Modules that it calls, and that are not there.
    pub missing: BTreeSet<String>,
    /// Modules that it calls in another version than the one that is there: what it says of them need not hold.
    pub other_versions: BTreeSet<String>,
}

/// Modules by the name of their repository (`owner+name`), and the schemas for them.
#[derive(Debug)]
pub struct Library {
    root: PathBuf,
    known: BTreeMap<ProviderAddr, Arc<ProviderSchema>>,
    other: Arc<ProviderSchema>,
    /// What modules use of `hashicorp/aws` and the table does not have.
    pub gaps: BTreeSet<String>,
}

impl Library {
    /// The modules in a folder, with the schemas of `hashicorp/aws` from a table.
    #[must_use]
    pub fn open(root: &Path, table: &Path) -> Self {
        let mut library = Self {
            root: root.to_path_buf(),
            known: builtin(),
            other: Arc::default(),
            gaps: BTreeSet::new(),
        };
        let mut all = library.folders();
        walk(&root.join(MORE), &mut all);
        let files: Vec<String> = all
            .iter()
            .flat_map(|folder| read(folder))
            .filter(|file| file.name.ends_with(".tf"))
            .map(|file| String::from_utf8_lossy(&file.content).into_owned())
            .collect();
        let mut seen = Seen::default();
        for text in &files {
            seen.file(text);
        }
        for text in &files {
            seen.references(text);
        }
        let mut aws = aws(table);
        library.gaps = seen.fill(&mut aws);
        let addr = ProviderAddr::default_host("hashicorp", "aws");
        library.known.insert(addr, Arc::new(aws));
        library.other = Arc::new(seen.schema());
        library
    }

    /// All folders that hold configuration files, sorted.
    #[must_use]
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.root, &mut found);
        found.retain(|folder| !folder.starts_with(self.root.join(MORE)));
        found.sort();
        found
    }

    /// Reads a folder as a root module and checks it.
    #[must_use]
    pub fn validate(&self, folder: &Path) -> Validated {
        let mut missing = BTreeSet::new();
        let mut other_versions = BTreeSet::new();
        let mut loader = Loader::new(module_folder(folder));
        while let Some(request) = loader.poll() {
            let found = self.find(&request);
            match &found {
                None => {
                    missing.insert(request.source.to_string());
                }
                Some(found) => other_versions.extend(self.other_version(&request, found)),
            }
            loader.provide(
                &request,
                found
                    .map(|folder| module_folder(&folder))
                    .ok_or_else(|| String::from("It is not in the library.")),
            );
        }
        let (tree, sources, mut diagnostics) = loader.finish();
        let schemas = tree
            .requirements
            .keys()
            .map(|addr| {
                let schema = self.known.get(addr).unwrap_or(&self.other);
                (addr.clone(), schema.clone())
            })
            .chain(
                self.known
                    .iter()
                    .map(|(addr, schema)| (addr.clone(), schema.clone())),
            )
            .collect();
        let (config, found) = compile(&tree, &sources, &schemas);
        diagnostics.extend(found);
        if !diagnostics.has_errors() {
            diagnostics.extend(terrane_plan::cycles(&config));
            let functions = Functions {
                files: Arc::new(Disk(folder.to_path_buf())),
                ..Functions::pure()
            };
            diagnostics.extend(validate(&config, &functions));
        }
        let errors = diagnostics
            .iter()
            .filter(|diagnostic| Diagnostics::from((*diagnostic).clone()).has_errors())
            .map(|diagnostic| render_all(&sources, [diagnostic], Style::Plain, 0))
            .collect();
        Validated {
            errors,
            missing,
            other_versions,
        }
    }

    /// Says so where a call asks for another version than the one that is there, by the change log of the package.
    fn other_version(&self, request: &ModuleRequest, found: &Path) -> Option<String> {
        let constraint = Constraint::parse(request.version.as_deref()?)?;
        let version = found
            .ancestors()
            .take_while(|folder| folder.starts_with(&self.root))
            .find_map(|folder| std::fs::read_to_string(folder.join("CHANGELOG.md")).ok())
            .and_then(|log| newest(&log))?;
        let there = Version::parse(&version)?;
        let wanted = request.version.as_deref().unwrap_or_default();
        (!constraint.allows(&there))
            .then(|| format!("{} {wanted} (there is {version})", request.source))
    }

    /// The folder of a module that another one calls.
    fn find(&self, request: &ModuleRequest) -> Option<PathBuf> {
        let folder = if is_local_source(&request.source) {
            Path::new(request.caller_dir.as_str()).join(request.source.as_str())
        } else {
            let (package, inner) = request
                .source
                .split_once("//")
                .unwrap_or((&request.source, ""));
            let package = package
                .strip_prefix("registry.terraform.io/")
                .unwrap_or(package);
            let [owner, name, system] = *package.split('/').collect::<Vec<_>>() else {
                return None;
            };
            let repository = format!("{owner}+terraform-{system}-{name}");
            let own = self.root.join(&repository);
            let package = if own.is_dir() {
                own
            } else {
                self.root.join(MORE).join(repository)
            };
            package.join(inner)
        };
        let folder = folder.canonicalize().ok()?;
        folder.is_dir().then_some(folder)
    }
}

/// The version of the first section of a change log: `## [5.2.1](…)`.
fn newest(log: &str) -> Option<String> {
    let title = log.lines().find_map(|line| line.strip_prefix("## ["))?;
    title.split_once(']').map(|(version, _)| version.to_owned())
}

/// Folders with configuration files.
fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    let mut has = false;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            walk(&path, found);
        } else {
            has |= path.extension().is_some_and(|ending| ending == "tf");
        }
    }
    if has {
        found.push(dir.to_path_buf());
    }
}

fn read(dir: &Path) -> Vec<ModuleFile> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    names.sort();
    let file = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.to_owned();
        let wanted = name.ends_with(".tf") || name.ends_with(".tf.json");
        let content = wanted.then(|| std::fs::read(&path).ok())??;
        Some(ModuleFile { name, content })
    };
    names.into_iter().filter_map(file).collect()
}

fn module_folder(dir: &Path) -> ModuleFolder {
    ModuleFolder {
        dir: dir.to_string_lossy().as_ref().into(),
        files: read(dir),
    }
}

/// The files of this machine, seen from a folder.
#[derive(Debug)]
struct Disk(PathBuf);

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, String> {
        let content = std::fs::read(self.0.join(path)).map_err(|error| error.to_string())?;
        Ok(content.into())
    }

    fn exists(&self, path: &str) -> Result<bool, String> {
        Ok(self.0.join(path).is_file())
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        list(&self.0.join(dir), "", &mut found);
        found.sort();
        Ok(found)
    }

    fn absolute(&self, path: &str) -> String {
        path.to_owned()
    }

    fn home(&self) -> Option<String> {
        Some(String::from("/home/someone"))
    }
}

fn list(dir: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push(name);
        }
    }
}
