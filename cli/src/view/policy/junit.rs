//! JUnit XML: a test suite for each package, a test case for each result.

use crate::view::xml::{attribute, element};
use std::collections::BTreeMap;
use terrane_ops::policies::{Level, PolicyResult, Report, Tested, Verdict};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";

/// What policies said. Denials are failures; warnings and approvals that are needed are in the text of a case that passed.
pub(crate) fn results(report: &Report) -> String {
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
                Level::Deny => element("failure", &result.message, &text(result)),
                Level::Warn | Level::RequireApproval => {
                    format!(
                        "<system-out>{}</system-out>",
                        crate::view::xml::data(&text(result))
                    )
                }
            };
            (name, inner)
        });
        let counts = Counts {
            all: results.len(),
            failures,
            ..Counts::default()
        };
        suite(&mut out, package, counts, cases);
    }
    if report.results.is_empty() {
        let name = format!("{} rules without objection", report.rules);
        suite(
            &mut out,
            "policies",
            Counts {
                all: 1,
                ..Counts::default()
            },
            [(name, String::new())].into_iter(),
        );
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
        result.message, result.file, result.line
    )
}

/// What became of tests.
pub(crate) fn tests(tests: &[Tested]) -> String {
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
        };
        let cases = tests.iter().map(|test| {
            let place = format!("{}:{}", test.file, test.line);
            let inner = match &test.verdict {
                Verdict::Passed => String::new(),
                Verdict::Failed => element("failure", &place, &test.printed.join("\n")),
                Verdict::Broken(problem) => element("error", &place, problem),
                Verdict::Todo => element("skipped", "to be written", ""),
            };
            (test.name.clone(), inner)
        });
        suite(&mut out, package, counts, cases);
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
}

fn suite(
    out: &mut String,
    package: &str,
    counts: Counts,
    cases: impl Iterator<Item = (String, String)>,
) {
    let Counts {
        all,
        failures,
        errors,
        skipped,
    } = counts;
    let package = attribute(package);
    out.extend([format!(
        "  <testsuite name=\"{package}\" tests=\"{all}\" skipped=\"{skipped}\" failures=\"{failures}\" errors=\"{errors}\">\n"
    )]);
    for (name, inner) in cases {
        let name = attribute(&name);
        out.extend([format!(
            "    <testcase name=\"{name}\" classname=\"{package}\">{inner}</testcase>\n"
        )]);
    }
    out.push_str("  </testsuite>\n");
}
