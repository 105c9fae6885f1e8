//! `validate`.

use super::{block_on, good, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::diagnostics::to_json;
use serde_json::json;
use terrane_ops::failure::Report;
use terrane_ops::lang::diagnostic::Severity;
use terrane_ops::test::TEST_DIRECTORY;
use terrane_ops::validate;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let as_json = parsed.is("json", false);
    let variables = variables(parsed);
    with_session(app, parsed, "validate", |app, session| {
        let directory = parsed.value("test-directory").unwrap_or(TEST_DIRECTORY);
        let tests = (!parsed.is("no-tests", false)).then_some(directory);
        let report = match block_on(validate::run(session, &variables, tests)) {
            Ok(report) => report,
            // Programs want one form of answer, whatever is wrong.
            Err(failure) if as_json => failure.into_report(),
            Err(failure) => return Err(failure),
        };
        Ok(if as_json {
            show_json(app, &report)
        } else {
            show(app, &report)
        })
    })
}

fn show(app: &mut App, report: &Report) -> Exit {
    if report.diagnostics.has_errors() {
        app.show_report(report);
        return Exit::ERROR;
    }
    let text = if report.diagnostics.is_empty() {
        good(app, "Success!") + " The configuration is valid.\n\n"
    } else {
        good(app, "Success!")
            + " The configuration is valid, but there were some validation warnings as shown above.\n\n"
    };
    app.show_report(report);
    app.out().print(&text);
    Exit::OK
}

fn show_json(app: &mut App, report: &Report) -> Exit {
    let Report {
        diagnostics,
        sources,
    } = report;
    let count = |wanted: Severity| {
        diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == wanted)
            .count()
    };
    let errors = count(Severity::Error);
    let body = json!({
        "format_version": "1.0",
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": count(Severity::Warning),
        "diagnostics": diagnostics
            .iter()
            .map(|diagnostic| to_json(sources, diagnostic))
            .collect::<Vec<_>>(),
    });
    app.out().print(&format!("{body:#}\n"));
    if errors == 0 { Exit::OK } else { Exit::ERROR }
}
