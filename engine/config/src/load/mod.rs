//! Reading the declarations of all modules. Sans-IO: the loader says which files it needs, the shell gives them.
//!
//! In reading order: the loader itself, which files count, declarations and how they are decoded, expressions that must be known before
//! anything is planned, module sources, and which provider configuration a name stands for.

pub mod backend;
pub(crate) mod decl;
pub(crate) mod decode;
pub mod encryption;
pub(crate) mod files;
mod provider_checks;
pub(crate) mod providers;
pub(crate) mod source_addr;
pub(crate) mod static_eval;

pub use decode::LANGUAGE_VERSION;
pub use files::is_query;
pub use source_addr::is_local_source;

use crate::config::Variable;
use crate::rules;
use crate::variables::{GivenValue, root_variable};
use decl::{CallDecl, ModuleDecl};
use ecow::EcoString;
use source_addr::SourceKind;
use static_eval::StaticEval;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::functions::Functions;
use terrane_lang::source::{SourceMap, Span};
use terrane_model::addr::{ModulePath, ProviderAddr};
use terrane_value::Value;

/// Module calls within each other. A source that depends on a variable could call on and on.
const MAX_DEPTH: usize = 64;
/// Modules of one configuration.
const MAX_MODULES: usize = 100_000;

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
    /// All configuration files in it (`.tf`, `.tofu`, `.tf.json`, `.tofu.json`; of the root for a query `.tfquery.hcl` and `.tfquery.json`, too), in
    /// any order.
    pub files: Vec<ModuleFile>,
}

/// What is needed of each provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requirement {
    /// Version constraints, with the place of each.
    pub constraints: Vec<(EcoString, Span)>,
    /// By constraint: the first module that has it.
    pub askers: Vec<ModulePath>,
    /// Every module that has a constraint, with its position among them. (Modules with one source share its text.)
    pub asked: Vec<(ModulePath, usize)>,
    /// Some module names its address in `required_providers`.
    pub declared: bool,
    /// Where it is first needed.
    pub span: Option<Span>,
    /// Modules that need it.
    pub modules: Vec<ModulePath>,
    /// What modules call it that have another name for it than its type.
    pub names: BTreeMap<ModulePath, EcoString>,
}

/// The `backend` block of the root module: its type and the values of its arguments, which are constant.
#[derive(Clone, Debug)]
pub struct Backend {
    /// `local`, `http`, …
    pub type_name: EcoString,
    /// Its body, evaluated. Nested blocks are tuples of objects.
    pub arguments: BTreeMap<EcoString, Value>,
    /// The block header.
    pub span: Span,
    /// Whether it is a `cloud` block.
    pub cloud: bool,
}

/// Declarations of all modules, names not bound yet.
#[derive(Debug, Default)]
pub struct Tree {
    /// What is needed of which provider.
    pub requirements: BTreeMap<ProviderAddr, Requirement>,
    /// Where state is kept; `None`: the default store.
    pub backend: Option<Backend>,
    /// The root first; a child after its parent.
    pub(crate) modules: Vec<TreeModule>,
    /// Values of root variables, where they are known already.
    pub(crate) variables: BTreeMap<EcoString, Value>,
    /// What else static expressions may use.
    pub(crate) surroundings: Surroundings,
}

/// What expressions that must be known before anything is planned may use beside variables and local values. What is missing is not known there.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// `terraform.workspace`
    pub workspace: Option<EcoString>,
    /// `path.cwd`
    pub cwd: Option<EcoString>,
    /// Functions, with their door to files; `None`: those that need nothing.
    pub functions: Option<Functions>,
}

impl Tree {
    /// The variables of the root module, without their rules.
    #[must_use]
    pub fn root_variables(&self) -> Vec<Variable> {
        let root = self.modules.first();
        root.map_or_else(Vec::new, |root| {
            root.decl
                .variables
                .iter()
                .map(decl::VariableDecl::without_rules)
                .collect()
        })
    }
}

/// One module of the tree.
#[derive(Debug)]
pub(crate) struct TreeModule {
    pub(crate) path: ModulePath,
    pub(crate) dir: EcoString,
    /// The `source` and `version` of the call; empty for the root.
    pub(crate) source: EcoString,
    pub(crate) version: Option<EcoString>,
    /// The calling module, and the index of the call there.
    pub(crate) parent: Option<(usize, usize)>,
    pub(crate) decl: Arc<ModuleDecl>,
    /// The called module by call; `None`: it could not be had.
    pub(crate) children: Vec<Option<usize>>,
}

/// Reads the module tree.
#[derive(Debug, Default)]
pub struct Loader {
    /// All texts; spans of diagnostics refer to it.
    pub sources: SourceMap,
    pub(crate) tree: Tree,
    pub(crate) diagnostics: Diagnostics,
    /// Calls not looked at yet: module, index of the call.
    queue: VecDeque<(usize, usize)>,
    /// Calls whose files were asked for.
    pending: BTreeMap<ModulePath, (usize, usize)>,
    /// Folders read, by path: two calls of one folder share its declarations.
    folders: BTreeMap<EcoString, Arc<ModuleDecl>>,
    incompatible: bool,
}

impl Loader {
    /// Begins with the files of the root module.
    #[must_use]
    pub fn new(root: ModuleFolder) -> Self {
        Self::with_variables(root, &[])
    }

    /// Begins with the files of the root module, and with the values given for its variables (the last for each counts): module sources,
    /// backend arguments and `for_each` of providers may depend on them. Values that do not fit are reported by
    /// [`crate::variables::root_variables`], not here.
    #[must_use]
    pub fn with_variables(root: ModuleFolder, given: &[GivenValue]) -> Self {
        Self::with_sources(SourceMap::default(), root, given)
    }

    /// The same, adding to texts that are there already.
    #[must_use]
    pub fn with_sources(sources: SourceMap, root: ModuleFolder, given: &[GivenValue]) -> Self {
        let mut loader = Self {
            sources,
            ..Self::default()
        };
        let dir = root.dir.clone();
        let decl = loader.decode(root);
        for variable in &decl.variables {
            let last = given.iter().rev().find(|given| given.name == variable.name);
            if let Some(last) = last
                && let Ok(value) = root_variable(&variable.without_rules(), Some(last))
            {
                loader.tree.variables.insert(variable.name.clone(), value);
            }
        }
        loader.add_module(dir, None, decl);
        loader
    }

    /// Says what static expressions may use. To be called before anything is asked for.
    #[must_use]
    pub fn within(mut self, surroundings: Surroundings) -> Self {
        self.tree.surroundings = surroundings;
        self
    }

    /// The next module whose files are needed; `None`: all are there.
    pub fn poll(&mut self) -> Option<ModuleRequest> {
        while let Some((module, index)) = self.queue.pop_front() {
            let Some(request) = self.request(module, index) else {
                continue;
            };
            if is_local_source(&request.source) {
                let dir = source_addr::join(&request.caller_dir, &request.source);
                if let Some(decl) = self.folders.get(&dir).cloned() {
                    self.add_module(dir, Some((&request, (module, index))), decl);
                    continue;
                }
            }
            self.pending.insert(request.path.clone(), (module, index));
            return Some(request);
        }
        None
    }

    /// The files of the module that [`Self::poll`] asked for; `Err`: a sentence that says why they can't be had.
    pub fn provide(&mut self, request: &ModuleRequest, folder: Result<ModuleFolder, String>) {
        let Some(parent) = self.pending.remove(&request.path) else {
            return;
        };
        match folder {
            Ok(folder) => {
                let dir = folder.dir.clone();
                let decl = match self.folders.get(&dir) {
                    Some(decl) => decl.clone(),
                    None => self.decode(folder),
                };
                self.add_module(dir, Some((request, parent)), decl);
            }
            Err(reason) => {
                let diagnostic = self.unavailable(request, &reason);
                self.diagnostics.push(diagnostic);
            }
        }
    }

    /// Goes on without the module that [`Self::poll`] asked for: somebody else has said why it can't be had.
    pub fn leave_out(&mut self, request: &ModuleRequest) {
        self.pending.remove(&request.path);
    }

    /// The tree, the texts, and all messages about syntax and declarations.
    pub fn finish(mut self) -> (Tree, SourceMap, Diagnostics) {
        if !self.incompatible {
            let (requirements, diagnostics) = providers::requirements(&self.tree);
            self.tree.requirements = requirements;
            self.diagnostics.extend(diagnostics);
            self.diagnostics
                .extend(provider_checks::check(&self.tree, &self.sources));
            self.backend();
            self.constant_variables();
        }
        (self.tree, self.sources, self.diagnostics)
    }

    /// The root module alone, for whoever only needs to know where its state is kept.
    pub fn root(mut self) -> (Tree, SourceMap, Diagnostics) {
        if !self.incompatible {
            self.backend();
        }
        (self.tree, self.sources, self.diagnostics)
    }

    fn unavailable(&self, request: &ModuleRequest, reason: &str) -> Diagnostic {
        let name = request.path.0.last().cloned().unwrap_or_default();
        let place = self.sources.place(request.span);
        if is_local_source(&request.source) {
            let dir = source_addr::join(&request.caller_dir, &request.source);
            let mut detail =
                format!("The directory {dir} could not be read for module \"{name}\" at {place}.");
            if !reason.is_empty() {
                detail.push(' ');
                detail.push_str(reason);
            }
            Diagnostic::error(&rules::files::UNREADABLE_MODULE, detail).at(request.span)
        } else {
            let mut detail = "This module is not yet installed. Run \"terrane init\" to install all modules required by this configuration.".to_owned();
            if !reason.is_empty() {
                detail = format!("{reason} {detail}");
            }
            Diagnostic::error(&rules::files::MODULE_NOT_INSTALLED, detail).at(request.span)
        }
    }

    /// Reads all files of a folder.
    fn decode(&mut self, folder: ModuleFolder) -> Arc<ModuleDecl> {
        let dir = folder.dir.clone();
        let (decl, diagnostics) = files::decode_folder(&mut self.sources, folder);
        // A module that says it is for another engine may well look wrong to this one: that alone is worth saying.
        if decl.incompatible {
            self.incompatible = true;
            let only = diagnostics
                .into_iter()
                .filter(|diagnostic| diagnostic.is(&rules::settings::INCOMPATIBLE_MODULE));
            self.diagnostics.extend(only);
        } else {
            self.diagnostics.extend(diagnostics);
        }
        let decl = Arc::new(decl);
        self.folders.insert(dir, decl.clone());
        decl
    }

    fn add_module(
        &mut self,
        dir: EcoString,
        call: Option<(&ModuleRequest, (usize, usize))>,
        decl: Arc<ModuleDecl>,
    ) {
        let id = self.tree.modules.len();
        let path = call.map_or_else(ModulePath::root, |(request, _)| request.path.clone());
        if let Some((_, (parent, call))) = call {
            self.tree.modules[parent].children[call] = Some(id);
            for import in &decl.imports {
                let detail = format!(
                    "An import block was detected in \"{path}\". Import blocks are only allowed in the root module."
                );
                self.diagnostics.push(
                    Diagnostic::error(&rules::refactor::IMPORT_IN_MODULE, detail).at(import.span),
                );
            }
            if let Some(backend) = &decl.backend {
                self.diagnostics.push(
                    Diagnostic::warning(
                        &rules::settings::BACKEND_IGNORED,
                        "Any selected backend applies to the entire configuration, so only the root module may configure one. This block has no effect.",
                    )
                    .at(backend.span),
                );
            }
            let blocks = decl.encryption.iter();
            self.diagnostics
                .extend(blocks.map(|block| encryption::ignored(block.header)));
        }
        self.queue
            .extend((0..decl.calls.len()).map(|call| (id, call)));
        self.tree.modules.push(TreeModule {
            path,
            dir,
            source: call
                .map(|(request, _)| request.source.clone())
                .unwrap_or_default(),
            version: call.and_then(|(request, _)| request.version.clone()),
            parent: call.map(|(_, parent)| parent),
            children: vec![None; decl.calls.len()],
            decl,
        });
    }

    /// What a call asks for, if it makes sense.
    fn request(&mut self, module: usize, index: usize) -> Option<ModuleRequest> {
        let caller = &self.tree.modules[module];
        let decl = caller.decl.clone();
        let call = &decl.calls[index];
        let path = caller.path.child(call.name.clone());
        let caller_dir = caller.dir.clone();
        let (source, version) = self.source(module, call)?;
        let source_expr = call.source.as_ref()?;
        let span = source_expr.span;
        let kind = match source_addr::classify(&source, version.is_some()) {
            Ok(kind) => kind,
            Err((rule, detail)) => {
                self.diagnostics
                    .push(Diagnostic::error(rule, detail).at(span));
                return None;
            }
        };
        let mut own_ancestor = false;
        if kind == SourceKind::Local && terrane_lang::syntax::static_expr::is_constant(source_expr)
        {
            let dir = source_addr::join(&caller_dir, &source);
            own_ancestor = self.ancestors(module).any(|ancestor| ancestor.dir == dir);
        }
        let problem = if own_ancestor {
            Some(format!(
                "The module \"{path}\" calls itself, directly or through others, which would never end. Remove one of the calls."
            ))
        } else if path.0.len() > MAX_DEPTH {
            // The whole path would fill the screen.
            Some(format!(
                "Modules call each other more than {MAX_DEPTH} deep here, down to the module \"{}\" in {caller_dir}. Either this never ends, or calls have to be put beside each other.",
                call.name
            ))
        } else if self.tree.modules.len() >= MAX_MODULES {
            Some(format!(
                "The configuration calls more than {MAX_MODULES} modules. Either this never ends, or it has to be split."
            ))
        } else {
            None
        };
        if let Some(detail) = problem {
            self.diagnostics
                .push(Diagnostic::error(&rules::files::ENDLESS_RECURSION, detail).at(call.span));
            return None;
        }
        Some(ModuleRequest {
            path,
            source,
            version,
            caller_dir,
            span: call.span,
        })
    }

    fn ancestors(&self, module: usize) -> impl Iterator<Item = &TreeModule> {
        let first = self.tree.modules.get(module);
        std::iter::successors(first, |current| {
            current
                .parent
                .and_then(|(parent, _)| self.tree.modules.get(parent))
        })
    }

    fn source(&mut self, module: usize, call: &CallDecl) -> Option<(EcoString, Option<EcoString>)> {
        let evaluator = StaticEval::new(&self.tree);
        let source = evaluator.string(module, call.source.as_ref()?, "module source");
        let version = match &call.version {
            Some(expr) => evaluator.string(module, expr, "module version"),
            None => Ok(None),
        };
        match (source, version) {
            (Ok(Some(source)), Ok(version)) => Some((source, version)),
            (source, version) => {
                let mut found = Diagnostics::new();
                if let Ok(None) = source {
                    let diagnostic = Diagnostic::error(
                        &rules::files::NULL_MODULE_SOURCE,
                        "The source of a module must not be null.",
                    );
                    found.push(diagnostic.at(call.span));
                }
                found.extend(source.err().into_iter().flatten());
                found.extend(version.err().into_iter().flatten());
                self.diagnostics.extend(found);
                None
            }
        }
    }

    fn backend(&mut self) {
        let Some(root) = self.tree.modules.first() else {
            return;
        };
        let Some(decl) = &root.decl.backend else {
            return;
        };
        let evaluator = StaticEval::new(&self.tree);
        let mut problems = Diagnostics::new();
        let arguments = evaluator.body(&decl.body, &mut problems);
        problems.extend(files::backend_problems(decl, &arguments));
        problems.extend(files::backend_values(&arguments));
        let backend = Backend {
            type_name: decl.type_name.clone(),
            arguments: arguments
                .into_iter()
                .map(|(name, (value, _))| (name, value.unmark_deep()))
                .collect(),
            span: decl.span,
            cloud: decl.cloud,
        };
        self.tree.backend = Some(backend);
        self.diagnostics.extend(problems);
    }

    /// What calls give variables that must be constant.
    fn constant_variables(&mut self) {
        let mut found = Diagnostics::new();
        let evaluator = StaticEval::new(&self.tree);
        for module in &self.tree.modules {
            let Some((parent, call)) = module.parent else {
                continue;
            };
            let call = &self.tree.modules[parent].decl.calls[call];
            let constant = |variable: &&decl::VariableDecl| variable.constant == Some(true);
            for variable in module.decl.variables.iter().filter(constant) {
                let Some(expr) = static_eval::input(&call.body, &variable.name) else {
                    continue;
                };
                let Err(problems) = evaluator.eval(parent, &expr) else {
                    continue;
                };
                // A value that was not given is missed elsewhere, too.
                let dynamic = problems
                    .iter()
                    .find(|problem| problem.is(&rules::static_value::DYNAMIC_VALUE));
                if let Some(problem) = dynamic {
                    let detail = format!(
                        "The variable \"{}\" of {} is declared with const = true, so its value must be known before anything is planned. It may refer only to input variables, local values and path: not to resources, data sources or modules.",
                        variable.name, module.path
                    );
                    let mut diagnostic =
                        Diagnostic::error(&rules::static_value::CONST_INPUT, detail)
                            .at(expr.span)
                            .related(variable.span, "the variable is declared here");
                    if let Some(place) = problem.subject.filter(|place| *place != expr.span) {
                        diagnostic = diagnostic.related(place, "this is not constant");
                    }
                    found.push(diagnostic);
                }
            }
        }
        self.diagnostics.extend(found);
    }
}
