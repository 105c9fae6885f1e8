//! Reading the declarations of all modules. Sans-IO: the loader says which files it needs, the shell gives them.

use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::source::{SourceMap, Span};
use terrane_model::addr::{ModulePath, ProviderAddr};

/// A file of a module's folder.
#[derive(Clone, Debug)]
pub struct ModuleFile {
    /// Its name within the folder: `main.tf`.
    pub name: String,
    /// Its content, not yet checked to be UTF-8.
    pub content: Vec<u8>,
}

/// A module whose files the loader needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleRequest {
    /// Its place in the tree.
    pub path: ModulePath,
    /// The `source` argument.
    pub source: EcoString,
    /// The `version` argument.
    pub version: Option<EcoString>,
    /// The folder of the calling module, relative to the root module's.
    pub caller_dir: EcoString,
    /// The call, for messages.
    pub span: Span,
}

/// The files of a module, as the shell found them.
#[derive(Clone, Debug)]
pub struct ModuleFolder {
    /// Relative to the root module's folder; `.` for the root itself.
    pub dir: EcoString,
    /// All configuration files in it (`.tf`, `.tofu`, `.tf.json`, `.tofu.json`), in any order.
    pub files: Vec<ModuleFile>,
}

/// What is needed of each provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requirement {
    /// Version constraints, with the place of each.
    pub constraints: Vec<(EcoString, Span)>,
    /// Where it is first needed.
    pub span: Option<Span>,
    /// Modules that need it.
    pub modules: Vec<ModulePath>,
}

/// The `backend` block of the root module: its type and the values of its arguments, which are constant.
#[derive(Clone, Debug)]
pub struct Backend {
    /// `local`, `http`, …
    pub type_name: EcoString,
    /// Its body, evaluated.
    pub arguments: BTreeMap<EcoString, terrane_value::Value>,
    /// The block header.
    pub span: Span,
}

/// Declarations of all modules, names not bound yet.
#[derive(Debug, Default)]
pub struct Tree {
    /// What is needed of which provider.
    pub requirements: BTreeMap<ProviderAddr, Requirement>,
    /// Where state is kept; `None`: the default store.
    pub backend: Option<Backend>,
    // The declarations themselves are the decoder's own.
}

/// Reads the module tree.
#[derive(Debug, Default)]
pub struct Loader {
    /// All texts; spans of diagnostics refer to it.
    pub sources: SourceMap,
}

impl Loader {
    /// Begins with the files of the root module.
    #[must_use]
    pub fn new(root: ModuleFolder) -> Self {
        let _ = root;
        Self::default()
    }

    /// The next module whose files are needed; `None`: all are there.
    pub fn poll(&mut self) -> Option<ModuleRequest> {
        None
    }

    /// The files of the module that [`Self::poll`] asked for; `Err`: a sentence that says why they can't be had.
    pub fn provide(&mut self, request: &ModuleRequest, folder: Result<ModuleFolder, String>) {
        let _ = (request, folder);
    }

    /// The tree, the texts, and all messages about syntax and declarations.
    #[must_use]
    pub fn finish(self) -> (Tree, SourceMap, Diagnostics) {
        (Tree::default(), self.sources, Diagnostics::new())
    }
}
