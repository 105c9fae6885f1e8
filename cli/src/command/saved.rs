//! Saved plans.

use super::policy::Look;
use super::{Page, block_on, style, written};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use std::io::Read as _;
use std::path::Path;
use terrane_ops::apply::Approved;
use terrane_ops::failure::Failure;
use terrane_ops::plan::Made;
use terrane_ops::planfile::{self, Glass, Saved};
use terrane_ops::planning::view::text;
use terrane_ops::policy::{Seen, write_json};
use terrane_ops::session::Session;

use super::variables;

/// Saves a plan.
pub(super) fn save(session: &Session, made: &Made, path: &str) -> Result<(), Failure> {
    planfile::save(session, made, path)
}

/// Reads a saved plan for applying it. Saving it was the approval.
pub(super) async fn load_to_apply(
    app: &mut App,
    session: &Session,
    path: &str,
    parsed: &Parsed,
    glass: Option<&Glass>,
) -> Result<Approved, Failure> {
    let look = Look::prepare(parsed)?;
    let cost = super::cost::Look::prepare(parsed)?;
    let saved = planfile::load(session, path).await?;
    planfile::check_complete(&saved)?;
    let seen = Seen::new(&saved.plan, &saved.loaded);
    cost.at(app, &seen)?;
    look.at(app, &seen)?;
    let text = seen.into_text();
    planfile::approve(session, (saved, text), path, glass, &variables(parsed))
}

/// Reads a saved plan.
pub(super) async fn load(session: &Session, path: &str) -> Result<Saved, Failure> {
    planfile::load(session, path).await
}

/// What a command is to look at.
pub(super) enum Subject {
    /// A saved plan.
    Saved(Box<Saved>),
    /// A document in JSON.
    Json {
        /// The name of the file; `-` for standard input.
        name: String,
        /// The text.
        text: String,
    },
}

/// Reads a saved plan, or a document in JSON (`-`: from standard input).
pub(super) fn read(session: &Session, path: &str) -> Result<Subject, Failure> {
    let content = if path == "-" {
        let mut content = Vec::new();
        std::io::stdin()
            .read_to_end(&mut content)
            .map_err(Failure::io("Reading standard input failed"))?;
        content
    } else {
        std::fs::read(path).map_err(Failure::io(format!("Reading {path} failed")))?
    };
    let mut visible = content.iter().filter(|byte| !byte.is_ascii_whitespace());
    let is_json = matches!(visible.next(), Some(b'{' | b'['));
    if path != "-" && !is_json {
        return Ok(Subject::Saved(Box::new(block_on(load(session, path))?)));
    }
    let name = Path::new(path).file_name();
    Ok(Subject::Json {
        name: name.map_or_else(
            || path.to_owned(),
            |name| name.to_string_lossy().into_owned(),
        ),
        text: String::from_utf8_lossy(&content).into_owned(),
    })
}

/// Shows a saved plan.
pub(super) fn show(
    app: &mut App,
    parsed: &Parsed,
    session: &Session,
    path: &str,
    as_json: bool,
) -> Result<Exit, Failure> {
    let Saved { plan, loaded, .. } = block_on(planfile::load(session, path))?;
    if as_json {
        written(write_json(&mut Page(app.out()), &plan, &loaded));
        app.out().print("\n");
    } else {
        let registry = loaded.registry.clone();
        let schemas = move |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
        let style = style(app, parsed);
        written(text::render_to(
            &mut Page(app.out()),
            &plan,
            &schemas,
            style,
        ));
    }
    Ok(Exit::OK)
}
