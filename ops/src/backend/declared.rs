//! The `backend` block of the root module.

use crate::failure::{Failure, Report};
use crate::files::functions_for_validate;
use crate::load;
use crate::rules;
use crate::session::Session;
use crate::variables;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use terrane_config::load::backend::{Arguments, Given, arguments};
use terrane_config::load::{Backend, Loader, ModuleFolder, Surroundings, Tree};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::SourceMap;
use terrane_model::schema::Block;
use terrane_value::Value;

/// A `backend` block of a kind that there is.
#[derive(Debug)]
pub(crate) struct Declared {
    /// Its header.
    pub(crate) block: Backend,
    pub(crate) schema: Arc<Block>,
    tree: Tree,
    pub(crate) sources: SourceMap,
}

/// Reads the block in the folder of the root module; `None`: there is none.
///
/// # Errors
/// When the root module can't be read or has errors; when the block is of a kind that there is not.
pub(crate) fn declared(session: &Session) -> Result<Option<Declared>, Failure> {
    let root = load::folder(session.root()).map_err(|problem| {
        let diagnostic = Diagnostic::error(&rules::folder::UNREADABLE_CONFIGURATION, problem)
            .hint("make the file readable, or take it out of the folder");
        Failure::Input(Report::plain(diagnostic))
    })?;
    if !may_declare(&root) {
        return Ok(None);
    }
    let given =
        variables::collect(&session.env, &session.variables, &mut SourceMap::default())?.values;
    let loader = Loader::with_variables(root, &given).within(Surroundings {
        workspace: Some(session.workspace()?.into()),
        cwd: Some(session.cwd.as_str().into()),
        functions: Some(functions_for_validate()),
    });
    let (tree, sources, diagnostics) = loader.root();
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources,
        }));
    }
    let Some(block) = tree.backend.clone() else {
        return Ok(None);
    };
    let found = session.backends.find(&block.type_name).cloned();
    match found {
        Ok(kind) => Ok(Some(Declared {
            schema: kind.schema(),
            block,

            tree,
            sources,
        })),
        Err(diagnostic) => Err(Failure::Input(Report {
            diagnostics: diagnostic.at(block.span).into(),
            sources,
        })),
    }
}

/// Whether a block can be among the declarations: most configurations do not even have the word, and need not be parsed to find that out.
fn may_declare(root: &ModuleFolder) -> bool {
    root.files.iter().any(|file| {
        // What is no text is for the loader to complain about.
        str::from_utf8(&file.content).is_ok_and(|text| {
            text.contains("backend")
                || text.contains("cloud")
                || (file.name.ends_with(".json") && text.contains("\\u"))
        })
    })
}

impl Declared {
    /// Its arguments, with what was given beside it.
    ///
    /// # Errors
    /// When they do not fit the backend.
    pub(crate) fn arguments(&mut self, given: &[Given]) -> Result<Arguments, Failure> {
        let (arguments, diagnostics) =
            arguments(&self.tree, &self.schema, given, &mut self.sources);
        if diagnostics.has_errors() {
            return Err(self.failure(diagnostics));
        }
        Ok(arguments)
    }

    /// Messages with the texts that they point to.
    pub(crate) fn failure(&self, diagnostics: impl Into<Diagnostics>) -> Failure {
        Failure::Input(Report {
            diagnostics: diagnostics.into(),
            sources: self.sources.clone(),
        })
    }
}

/// Names a type and arguments: equal texts for equal ones. Arguments that are not set do not count, so that a later version of the schema
/// changes nothing.
pub(crate) fn hash(kind: &str, schema: &Block, config: &Value) -> String {
    let text = super::record::config_json(schema, config).to_string();
    let mut hasher = Sha256::new();
    hasher.update(kind.as_bytes());
    hasher.update(b"\n");
    hasher.update(text.as_bytes());
    format!("sha256:{}", hex::encode(hasher.finalize()))
}
