//! `refresh`.

use super::{apply::run_as, plan::begin};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::planning::plan::PlanMode;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    begin(app);
    run_as(app, parsed, "refresh", Some(PlanMode::RefreshOnly), true)
}
