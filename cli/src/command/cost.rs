//! `cost`: what plans cost.

use super::saved::{self, Subject};
use super::with_session;
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{Mode, View, cost};
use std::path::PathBuf;
use terrane_ops::cost::{CostRequest, Prices, make_book};
use terrane_ops::costs::Estimate;
use terrane_ops::failure::Failure;
use terrane_ops::policy::Seen;
use terrane_ops::session::Session;

/// What `-price-book` and `-usage` name. `None`: no book is.
fn request(parsed: &Parsed) -> Option<CostRequest> {
    let paths = |name: &'static str| {
        parsed
            .values(&[name])
            .map(|(_, value)| PathBuf::from(value))
            .collect()
    };
    let request = CostRequest {
        books: paths("price-book"),
        usage: paths("usage"),
    };
    (!request.books.is_empty()).then_some(request)
}

/// `cost show`.
pub(crate) fn show(app: &mut App, parsed: &Parsed) -> Exit {
    let as_json = parsed.is("json", false);
    // The answer itself is JSON.
    app.human_only();
    let Some(request) = request(parsed) else {
        return app.usage_error(
            None,
            "cost show needs a price book: -price-book=FILE. `terrane cost import` makes one.",
        );
    };
    let Some(path) = parsed.positional.first().cloned() else {
        return app.usage_error(None, "cost show needs a plan.");
    };
    with_session(app, parsed, "cost", |app, session| {
        let estimate = look(session, &request.load()?, &path)?;
        if as_json {
            app.out()
                .print(&format!("{:#}\n", cost::document(&estimate)));
        } else {
            cost::human(app.out(), &estimate, parsed.is("all", false));
        }
        Ok(Exit::OK)
    })
}

fn look(session: &Session, prices: &Prices, path: &str) -> Result<Estimate, Failure> {
    match saved::read(session, path)? {
        Subject::Json { name, text } => prices.of_json(&name, &text),
        Subject::Saved(saved) => prices.of_plan(&Seen::new(&saved.plan, &saved.loaded)),
    }
}

/// `cost import`.
pub(crate) fn import(app: &mut App, parsed: &Parsed) -> Exit {
    let out = PathBuf::from(parsed.value("out").unwrap_or("prices.json"));
    let offers: Vec<PathBuf> = parsed.positional.iter().map(PathBuf::from).collect();
    let regions = parsed.values(&["region"]);
    let regions = regions.map(|(_, value)| value.to_owned()).collect();
    with_session(app, parsed, "cost", |app, _| {
        let count = make_book(&offers, &regions, parsed.value("reserved"), &out)?;
        app.out().print(&format!(
            "{count} prices were written to {}.\n",
            out.display()
        ));
        Ok(Exit::OK)
    })
}

/// The prices that the flags name.
#[derive(Debug)]
pub(super) struct Look(Option<Prices>);

impl Look {
    /// Reads them: before planning, which may take long.
    pub(super) fn prepare(parsed: &Parsed) -> Result<Self, Failure> {
        let prices = request(parsed).map(|request| request.load());
        Ok(Self(prices.transpose()?))
    }

    /// Shows what a plan costs.
    pub(super) fn at(&self, app: &mut App, seen: &Seen<'_>) -> Result<(), Failure> {
        let Some(prices) = &self.0 else {
            return Ok(());
        };
        let estimate = prices.of_plan(seen)?;
        match app.mode() {
            Mode::Human => cost::human(app.out(), &estimate, false),
            Mode::Json => {
                if let View::Json(mut view) = app.view() {
                    cost::line(&mut view, &estimate);
                }
            }
        }
        Ok(())
    }
}
