//! A configuration in memory.

use super::Cloud;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::compile::compile;
use terrane_config::config::Config;
use terrane_config::load::{Loader, ModuleFile, ModuleFolder};
use terrane_lang::diagnostic::{Diagnostics, Style, render_all};
use terrane_lang::source::SourceMap;
use terrane_model::snapshot::Snapshot;
use terrane_plan::machine::complete_providers;

/// What every module needs to know of the simulated cloud.
const REQUIRED: &str = "terraform {\n  required_providers {\n    sim = {\n      source = \"terrane.dev/test/sim\"\n    }\n  }\n}\n";

/// Files by module folder (`.` for the root, `net` for `./net`) and name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Project {
    files: BTreeMap<String, BTreeMap<String, String>>,
}

/// A compiled configuration with its texts and messages.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The configuration.
    pub config: Arc<Config>,
    /// Its texts.
    pub sources: SourceMap,
    /// Messages.
    pub diagnostics: Diagnostics,
}

impl Project {
    /// Only a root module, in one file.
    #[must_use]
    pub fn of(main: &str) -> Self {
        Self::default().file(".", "main.tf", main)
    }

    /// With one more file.
    #[must_use]
    pub fn file(mut self, folder: &str, name: &str, text: &str) -> Self {
        self.files
            .entry(folder.to_owned())
            .or_default()
            .insert(name.to_owned(), text.to_owned());
        self
    }

    /// Without this file.
    #[must_use]
    pub fn without(mut self, folder: &str, name: &str) -> Self {
        if let Some(files) = self.files.get_mut(folder) {
            files.remove(name);
        }
        self
    }

    /// All texts, each under its path.
    #[must_use]
    pub fn show(&self) -> String {
        let mut text = String::new();
        for (folder, files) in &self.files {
            for (name, content) in files {
                text.extend([format!("=== {folder}/{name}\n{content}\n")]);
            }
        }
        text
    }

    /// A project of these folders.
    #[must_use]
    pub fn of_folders(folders: &[ModuleFolder]) -> Self {
        let mut project = Self::default();
        for folder in folders {
            for file in &folder.files {
                let text = String::from_utf8_lossy(&file.content);
                project = project.file(&folder.dir, &file.name, &text);
            }
        }
        project
    }

    /// The root module, as the shell finds it.
    #[must_use]
    pub fn root(&self) -> ModuleFolder {
        self.folder(".").unwrap_or(ModuleFolder {
            dir: ".".into(),
            files: Vec::new(),
        })
    }

    fn folder(&self, dir: &str) -> Option<ModuleFolder> {
        let files = self.files.get(dir)?;
        let own = files.iter().map(|(name, text)| ModuleFile {
            name: name.clone(),
            content: text.clone().into_bytes(),
        });
        let stated = files
            .values()
            .any(|text| text.contains("required_providers"));
        let required = ModuleFile {
            name: "providers_of_tests.tf".to_owned(),
            content: REQUIRED.into(),
        };
        Some(ModuleFolder {
            dir: dir.into(),
            files: own.chain((!stated).then_some(required)).collect(),
        })
    }

    /// Loads and compiles.
    #[must_use]
    pub fn compile(&self, cloud: &Cloud, snapshot: &Snapshot) -> Compiled {
        let mut loader = Loader::new(self.root());
        while let Some(request) = loader.poll() {
            let dir = request.source.trim_start_matches("./").to_owned();
            let dir = match request.caller_dir.as_str() {
                "." | "" => dir,
                caller => match dir.strip_prefix("../") {
                    Some(sibling) => sibling.to_owned(),
                    None => format!("{caller}/{dir}"),
                },
            };
            let folder = self
                .folder(&dir)
                .ok_or_else(|| format!("The test has no module folder {dir}."));
            loader.provide(&request, folder);
        }
        let (tree, sources, mut diagnostics) = loader.finish();
        let (mut config, found) = compile(&tree, &sources, &cloud.schemas());
        diagnostics.extend(found);
        complete_providers(&mut config, snapshot, cloud.infos());
        Compiled {
            config: Arc::new(config),
            sources,
            diagnostics,
        }
    }
}

impl Compiled {
    /// Messages as text, with the places that they point at.
    #[must_use]
    pub fn explain(&self, diagnostics: &Diagnostics) -> String {
        render_all(&self.sources, diagnostics.iter(), Style::Plain, 0)
    }
}
