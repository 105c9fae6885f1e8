//! `refresh`.

use super::apply::{Run, run_as};
use super::plan::begin;
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    begin(app);
    run_as(app, parsed, Run::Refresh)
}
