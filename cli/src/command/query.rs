//! `query`.

use super::{block_on, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{Mode, View, query};
use terrane_ops::query::{QueryRequest, Written, run as ask};

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    super::plan::begin(app);
    let path = parsed.value("generate-config-out");
    let config = match (path, app.mode()) {
        (None, _) => Written::Nothing,
        (Some(_), Mode::Json) => Written::Returned,
        (Some(path), Mode::Human) => Written::File(path.to_owned()),
    };
    let request = QueryRequest {
        variables: variables(parsed),
        config,
    };
    with_session(app, parsed, "query", |app, session| {
        let queried = {
            let mut view = app.view();
            block_on(async {
                let interrupt = session.attended();
                ask(session, &request, &interrupt, &mut view).await
            })?
        };
        match app.mode() {
            Mode::Json => {
                if let View::Json(mut view) = app.view() {
                    for listing in &queried.listings {
                        query::lines(&mut view, listing);
                    }
                }
            }
            Mode::Human => {
                let failed = queried.report.diagnostics.has_errors();
                let text = query::text(&queried.listings, failed);
                app.out().print(&text);
                if let (Some(count), Written::File(path)) = (queried.written, &request.config) {
                    let text = query::generated(path, count);
                    app.out().print(&text);
                }
            }
        }
        app.show_report(&queried.report);
        Ok(if queried.report.diagnostics.has_errors() {
            Exit::ERROR
        } else {
            Exit::OK
        })
    })
}
