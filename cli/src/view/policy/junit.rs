//! JUnit XML: a test suite for each package, a test case for each result.

use crate::view::xml::{attribute, element};
use std::collections::BTreeMap;
use std::time::Duration;
use terrane_ops::policies::{Level, PolicyResult, Report, Tested, Verdict};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";

/// What policies said. Denials are failures; warnings and approvals that are needed are in the text of a case that passed.
/// `began`: when all of it did, as RFC 3339.
pub(crate) fn results(report: &Report, began: &str) -> String {
    let mut packages: BTreeMap<&str, Vec<&PolicyResult>> = BTreeMap::new();
    for result in &report.results {
        packages.entry(&result.namespace).or_default().push(result);
    }
    let mut out = String::from(HEAD);
    for (package, results) in packages {
        let denied = |result: &&&PolicyResult| result.level == Level::Deny;
        let failures = results.iter().filter(denied).count();
        let cases = results.iter().map(|result| {
            let name = match result.addresses.as_slice() {
                [] => result.rule.clone(),
                some => format!("{} {}", result.rule, some.join(", ")),
            };
            let inner = match result.level {
                Level::Deny => element("failure", &result.text(), &text(result)),
                Level::Warn | Level::RequireApproval => {
                    format!(
                        "<system-out>{}</system-out>",
                        crate::view::xml::data(&text(result))
                    )
                }
            };
            let rule = (result.namespace.clone(), result.rule.clone());
            Case {
                name,
                inner,
                took: report.took.get(&rule).copied().unwrap_or_default(),
            }
        });
        let rules = report.took.iter().filter(|((of, _), _)| of == package);
        let counts = Counts {
            all: results.len(),
            failures,
            took: rules.map(|(_, took)| *took).sum(),
            ..Counts::default()
        };
        suite(&mut out, package, (&counts, began), cases);
    }
    if report.results.is_empty() {
        let name = format!("{} rules without objection", report.rules);
        let took = report.took.values().sum();
        let counts = Counts {
            all: 1,
            took,
            ..Counts::default()
        };
        let case = Case {
            name,
            inner: String::new(),
            took,
        };
        suite(&mut out, "policies", (&counts, began), [case].into_iter());
    }
    out.push_str("</testsuites>\n");
    out
}

fn text(result: &PolicyResult) -> String {
    let word = match result.level {
        Level::Deny => "denied",
        Level::RequireApproval => "needs approval",
        Level::Warn => "warning",
    };
    format!(
        "{word}: {} ({}:{})",
        result.text(),
        result.file,
        result.line
    )
}

/// What became of tests. `began`: when the first of them did, as RFC 3339.
pub(crate) fn tests(tests: &[Tested], began: &str) -> String {
    let mut packages: BTreeMap<&str, Vec<&Tested>> = BTreeMap::new();
    for test in tests {
        packages.entry(&test.namespace).or_default().push(test);
    }
    let mut out = String::from(HEAD);
    for (package, tests) in packages {
        let count = |wanted: fn(&Verdict) -> bool| {
            tests.iter().filter(|test| wanted(&test.verdict)).count()
        };
        let counts = Counts {
            all: tests.len(),
            failures: count(|verdict| *verdict == Verdict::Failed),
            errors: count(|verdict| matches!(verdict, Verdict::Broken(_))),
            skipped: count(|verdict| *verdict == Verdict::Todo),
            took: tests.iter().map(|test| test.took).sum(),
        };
        let cases = tests.iter().map(|test| {
            let place = format!("{}:{}", test.file, test.line);
            let inner = match &test.verdict {
                Verdict::Passed => String::new(),
                Verdict::Failed => element("failure", &place, &test.printed.join("\n")),
                Verdict::Broken(problem) => element("error", &place, problem),
                Verdict::Todo => element("skipped", "to be written", ""),
            };
            Case {
                name: test.name.clone(),
                inner,
                took: test.took,
            }
        });
        suite(&mut out, package, (&counts, began), cases);
    }
    out.push_str("</testsuites>\n");
    out
}

/// How many cases a suite has.
#[derive(Default)]
struct Counts {
    all: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    took: Duration,
}

/// A case: its name, what is within it, and what it took.
struct Case {
    name: String,
    inner: String,
    took: Duration,
}

fn suite(
    out: &mut String,
    package: &str,
    (counts, began): (&Counts, &str),
    cases: impl Iterator<Item = Case>,
) {
    let Counts {
        all,
        failures,
        errors,
        skipped,
        took,
    } = counts;
    let package = attribute(package);
    out.extend([format!(
        "  <testsuite name=\"{package}\" tests=\"{all}\" skipped=\"{skipped}\" failures=\"{failures}\" errors=\"{errors}\"{}>\n",
        timing(*took, began)
    )]);
    for Case { name, inner, took } in cases {
        let name = attribute(&name);
        let timing = timing(took, began);
        out.extend([format!(
            "    <testcase name=\"{name}\" classname=\"{package}\"{timing}>{inner}</testcase>\n"
        )]);
    }
    out.push_str("  </testsuite>\n");
}

/// How long something took, and when all began: as `test` writes it.
fn timing(took: Duration, began: &str) -> String {
    let (seconds, nanos) = (took.as_secs(), took.subsec_nanos());
    format!(" time=\"{seconds}.{nanos:09}\" timestamp=\"{began}\"")
}
