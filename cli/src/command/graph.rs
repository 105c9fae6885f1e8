//! `graph`.

use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;

pub(crate) fn run(app: &mut App, _parsed: &Parsed) -> Exit {
    app.usage_error(None, "not available yet")
}
