//! `test`.

use super::{block_on, style, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::diagnostics::Telling;
use crate::view::test::{TestView, junit};
use crate::view::{Mode, View};
use terrane_ops::failure::Failure;
use terrane_ops::test::{self, Status, Suite, TEST_DIRECTORY, TestRequest};

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let request = TestRequest {
        filters: parsed
            .values(&["filter"])
            .map(|(_, value)| value.to_owned())
            .collect(),
        directory: parsed
            .value("test-directory")
            .unwrap_or(TEST_DIRECTORY)
            .to_owned(),
        variables: variables(parsed),
        verbose: parsed.is("verbose", false),
    };
    if parsed.value("cloud-run").is_some() {
        return app.usage_error(
            None,
            "-cloud-run is not available: tests are executed on this machine.",
        );
    }
    with_session(app, parsed, "test", |app, session| {
        let as_json = app.mode() == Mode::Json;
        if let View::Json(mut view) = app.view() {
            view.version();
        }
        let style = style(app, parsed);
        let telling = Telling::of(parsed);
        let suite = {
            let mut view = TestView::new(app.out(), as_json, telling, style);
            block_on(async {
                let interrupt = session.attended();
                test::run(session, &request, &interrupt, &mut view).await
            })?
        };
        if let Some(path) = parsed.value("junit-xml") {
            write_junit(path, &suite)?;
        }
        Ok(if suite.status() > Status::Pass {
            Exit::ERROR
        } else {
            Exit::OK
        })
    })
}

fn write_junit(path: &str, suite: &Suite) -> Result<(), Failure> {
    std::fs::write(path, junit::render_suite(suite)).map_err(Failure::io(format!(
        "Writing the JUnit report {path} failed"
    )))
}
