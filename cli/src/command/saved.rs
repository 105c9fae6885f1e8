//! Saved plans.

use super::policy::Look;
use super::{Page, block_on, style, written};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::apply::Approved;
use terrane_ops::failure::Failure;
use terrane_ops::plan::Made;
use terrane_ops::planfile::{self, Glass, Saved};
use terrane_ops::planning::plan::PlanMode;
use terrane_ops::planning::view::json::{PlanContext, plan_json};
use terrane_ops::planning::view::text;
use terrane_ops::session::Session;

use super::variables;

/// Saves a plan.
pub(super) fn save(session: &Session, made: &Made, path: &str) -> Result<(), Failure> {
    planfile::save(session, made, path)
}

/// Reads a saved plan for applying it. Saving it was the approval. Tells too whether it destroys everything.
pub(super) async fn load_to_apply(
    app: &mut App,
    session: &Session,
    path: &str,
    parsed: &Parsed,
    glass: Option<&Glass>,
) -> Result<(Approved, bool), Failure> {
    let look = Look::prepare(parsed)?;
    let cost = super::cost::Look::prepare(parsed)?;
    let saved = planfile::load(session, path).await?;
    cost.at(app, &saved.plan, &saved.loaded)?;
    look.at(app, &saved.plan, &saved.loaded)?;
    let destroy = saved.plan.mode == PlanMode::Destroy;
    let approved = planfile::approve(session, saved, path, glass, &variables(parsed))?;
    Ok((approved, destroy))
}

/// Reads a saved plan.
pub(super) async fn load(session: &Session, path: &str) -> Result<Saved, Failure> {
    planfile::load(session, path).await
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
    let registry = loaded.registry.clone();
    let schemas = move |addr: &_, mode, name: &str| registry.schema(addr, mode, name);
    if as_json {
        let configuration = loaded.configuration_json();
        let context = PlanContext {
            schemas: &schemas,
            version: env!("CARGO_PKG_VERSION"),
            configuration: Some(&configuration),
        };
        written(plan_json(&mut Page(app.out()), &plan, context));
        app.out().print("\n");
    } else {
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
