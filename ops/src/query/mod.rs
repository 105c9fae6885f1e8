//! `query`: what there is in the world of the types that query files (`*.tfquery.hcl`) name.
//!
//! In reading order: the request and what comes of it (this file), what is asked (evaluated blocks), asking, configuration for what was found.
//! Nothing is planned and no state is written: values come from variables, local values, and what the state holds.

mod ask;
mod listing;
mod rounds;
mod write;

use crate::clock::{now_ms, rfc3339};
use crate::console::scope::{Objects, World};
use crate::failure::{Failure, Report};
use crate::files::functions_for_apply;
use crate::generate;
use crate::interrupt::Interrupt;
use crate::load::{Origin, load};
use crate::rules;
use crate::session::Session;
use crate::ui::Ui;
use crate::variables::{self, Resolved, VariableArgument};
use ecow::EcoString;
use rounds::Rounds;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use terrane_config::load::{ModuleFile, is_query};
use terrane_lang::source::SourceMap;
use terrane_plan::generate::{FILE_HEADER, Generated};
use terrane_value::Value;

/// The longest query file that is read.
const MAX_FILE: u64 = 16 << 20;

/// What the user wants to know.
#[derive(Clone, Debug, Default)]
pub struct QueryRequest {
    /// `-var` and `-var-file`, in order.
    pub variables: Vec<VariableArgument>,
    /// `-generate-config-out`
    pub config: Written,
}

/// Whether configuration is written for what is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Written {
    /// None.
    #[default]
    Nothing,
    /// It is a part of what comes back.
    Returned,
    /// It goes into this file, which must not exist.
    File(String),
}

/// What was found.
#[derive(Debug, Default)]
pub struct Queried {
    /// In the order of the blocks.
    pub listings: Vec<Listing>,
    /// All messages; with errors, some of the listings are not whole.
    pub report: Report,
    /// How many blocks of configuration were written, if that was asked for.
    pub written: Option<usize>,
}

/// What one instance of a `list` block found.
#[derive(Debug)]
pub struct Listing {
    /// `list.TYPE.NAME`, with a key if the block is repeated.
    pub addr: String,
    /// The resource type.
    pub type_name: EcoString,
    /// What was looked for. Sensitive values are null.
    pub config: Value,
    /// In the order of the provider.
    pub found: Vec<Found>,
}

/// One object that was found.
#[derive(Debug)]
pub struct Found {
    /// Its name for people.
    pub display_name: String,
    /// Its identity.
    pub identity: Value,
    /// The version of the schema of identities.
    pub identity_version: u64,
    /// The whole object, if it was asked for, else null. Sensitive values are null.
    pub object: Value,
    /// A resource block for it, if that was asked for.
    pub config: Option<Generated>,
    /// An `import` block for it, if that was asked for.
    pub import: Option<String>,
}

/// Asks providers for what the query files of the working directory name.
///
/// # Errors
/// When there are no query files, the configuration has errors, or the file of configuration can't be written. What providers refuse is among the
/// messages of the result.
pub async fn run(
    session: &Session,
    request: &QueryRequest,
    interrupt: &Arc<Interrupt>,
    ui: &mut dyn Ui,
) -> Result<Queried, Failure> {
    if let Written::File(path) = &request.config {
        generate::check_free(path)?;
    }
    let files = files()?;
    if files.is_empty() {
        return Err(Failure::input(
            &rules::query::NO_QUERY,
            "There is no query file (.tfquery.hcl) in this folder. Make one with a list block, or name the right folder with -chdir.",
        ));
    }
    let snapshot = session.snapshot()?;
    let early =
        variables::collect(&session.env, &request.variables, &mut SourceMap::default())?.values;
    let mut loaded = load(session, &snapshot, Origin::With(&files), &early).await?;
    if loaded.config.lists.is_empty() {
        return Err(Failure::input(
            &rules::query::NO_LIST,
            "The query files of this folder have no list block, so there is nothing to ask.",
        ));
    }
    let mut diagnostics = std::mem::take(&mut loaded.warnings);
    let collected = variables::collect(&session.env, &request.variables, &mut loaded.sources)?;
    let asking: Option<&mut dyn Ui> = if session.input { Some(&mut *ui) } else { None };
    let Resolved {
        values,
        as_given: _,
        given_at: _,
        given_ephemeral: _,
        diagnostics: found,
    } = variables::resolve(&loaded.config, collected, asking);
    diagnostics.extend(found);
    let now_ms = now_ms();
    let objects = Objects::from_state(&snapshot, &loaded.registry);
    let world = World {
        config: &loaded.config,
        objects: &objects,
        values: &values,
        functions: functions_for_apply(&rfc3339(now_ms), now_ms)
            .with_providers(loaded.registry.functions()),
        workspace: session.workspace()?,
        cwd: session.cwd.clone(),
        found: BTreeMap::new(),
    };
    let mut pool = crate::drive::Pool::new(
        loaded.config.clone(),
        loaded.registry.clone(),
        interrupt.clone(),
        session.places,
    );
    let rounds = Rounds {
        world,
        loaded: &loaded,
        generating: request.config != Written::Nothing,
        diagnostics: &mut diagnostics,
    };
    let Some(listings) = rounds.ask(&mut pool, interrupt, ui).await? else {
        return Err(Failure::Input(Report {
            diagnostics,
            sources: loaded.sources,
        }));
    };
    let written = match &request.config {
        Written::Nothing => None,
        Written::Returned => Some(blocks(&listings).count()),
        Written::File(path) => Some(save(path, &listings)?),
    };
    let report = Report {
        diagnostics,
        sources: loaded.sources,
    };
    Ok(Queried {
        listings,
        report,
        written,
    })
}

fn blocks(listings: &[Listing]) -> impl Iterator<Item = (&Generated, &str)> {
    let found = listings.iter().flat_map(|listing| &listing.found);
    found.filter_map(|found| Some((found.config.as_ref()?, found.import.as_deref()?)))
}

/// Writes the blocks into a new file, if there are any.
fn save(path: &str, listings: &[Listing]) -> Result<usize, Failure> {
    let mut text = String::from(FILE_HEADER);
    let mut count = 0;
    for (block, import) in blocks(listings) {
        text.push('\n');
        text.push_str(&block.text);
        text.push('\n');
        text.push_str(import);
        count += 1;
    }
    if count > 0 {
        generate::save(path, &text)?;
    }
    Ok(count)
}

/// The query files of the working directory, by name.
fn files() -> Result<Vec<ModuleFile>, Failure> {
    let failed = |path: &Path| Failure::io(format!("Reading {} failed", path.display()));
    let folder = Path::new(".");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if !is_query(&name) || path.is_dir() {
            continue;
        }
        let size = std::fs::metadata(&path).map_err(failed(&path))?.len();
        if size > MAX_FILE {
            return Err(Failure::input(
                &rules::query::LARGE_FILE,
                format!(
                    "The query file {name} has more than {} MiB.",
                    MAX_FILE >> 20
                ),
            ));
        }
        let content = std::fs::read(&path).map_err(failed(&path))?;
        files.push(ModuleFile { name, content });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}
