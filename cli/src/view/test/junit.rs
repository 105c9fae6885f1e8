//! JUnit XML.

use crate::view::xml::{attribute, data, element};
use terrane_ops::clock::rfc3339;
use terrane_ops::lang::diagnostic::Severity;
use terrane_ops::lang::diagnostic::render::{Style, render};
use terrane_ops::test::{FileReport, RunReport, Status, Suite};

/// Columns at which messages are wrapped.
const WIDTH: usize = 78;

/// The report as one XML document.
pub(crate) fn render_suite(suite: &Suite) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><testsuites>");
    if !suite.files.is_empty() {
        out.push('\n');
    }
    for file in &suite.files {
        write_file(&mut out, file, suite.interrupted);
    }
    out.push_str("</testsuites>");
    out
}

fn write_file(out: &mut String, file: &FileReport, interrupted: bool) {
    let count = |wanted| file.runs.iter().filter(|run| run.status == wanted).count();
    let path = attribute(&file.path);
    out.extend([format!(
        "  <testsuite name=\"{path}\" tests=\"{}\" skipped=\"{}\" failures=\"{}\" errors=\"{}\">\n",
        file.runs.len(),
        count(Status::Skip),
        count(Status::Fail),
        count(Status::Error),
    )]);
    let mut broken: Option<&RunReport> = None;
    for run in &file.runs {
        write_run(out, &path, run, broken, interrupted);
        if run.status == Status::Error {
            broken.get_or_insert(run);
        }
    }
    out.push_str("  </testsuite>\n");
}

fn write_run(
    out: &mut String,
    path: &str,
    run: &RunReport,
    broken: Option<&RunReport>,
    interrupted: bool,
) {
    let name = attribute(&run.name);
    let mut timing = String::new();
    if let Some((at_ms, took)) = run.took {
        let (seconds, nanos) = (took.as_secs(), took.subsec_nanos());
        timing = format!(
            " time=\"{seconds}.{nanos:09}\" timestamp=\"{}\"",
            rfc3339(at_ms)
        );
    }
    out.extend([format!(
        "    <testcase name=\"{name}\" classname=\"{path}\"{timing}>"
    )]);
    let errors = messages(run, Severity::Error);
    let warnings = match run.status {
        Status::Skip => String::new(),
        _ => messages(run, Severity::Warning),
    };
    let inner = match run.status {
        Status::Pass => None,
        Status::Skip => {
            let (message, text) = skipped(broken, interrupted);
            Some(element("skipped", message, &text))
        }
        Status::Fail => {
            let message = match &run.failed {
                Some((only, 1, all)) => format!("1 of {all} assertions failed: {only}"),
                Some((first, failed, all)) => {
                    format!("{failed} of {all} assertions failed, including: {first}")
                }
                None => String::from("Test run failed"),
            };
            Some(element("failure", &message, &errors))
        }
        Status::Error => Some(element("error", "Encountered an error", &errors)),
    };
    let warnings = Some(warnings).filter(|warnings| !warnings.is_empty());
    let warnings = warnings.map(|text| format!("<system-err>{}</system-err>", data(&text)));
    for inner in inner.iter().chain(&warnings) {
        out.extend(["\n      ", inner]);
    }
    if inner.is_some() || warnings.is_some() {
        out.push_str("\n    ");
    }
    out.push_str("</testcase>\n");
}

/// Why a run was not executed.
fn skipped(broken: Option<&RunReport>, interrupted: bool) -> (&'static str, String) {
    match broken {
        Some(broken) if !interrupted => (
            "Testcase skipped due to a previous testcase error",
            format!(
                "Previous testcase {:?} ended in error, which caused the remaining tests in the file to be skipped",
                broken.name.as_str()
            ),
        ),
        _ => (
            "Testcase skipped due to an interrupt",
            String::from("The user stopped the tests before this one was executed"),
        ),
    }
}

/// The messages of a run, errors or warnings.
fn messages(run: &RunReport, severity: Severity) -> String {
    let mut text = String::new();
    let all = run.report.diagnostics.iter();
    for diagnostic in all.filter(|diagnostic| diagnostic.severity == severity) {
        text.push('\n');
        text.push_str(&render(
            &run.report.sources,
            diagnostic,
            Style::Plain,
            WIDTH,
        ));
    }
    text
}
