//! `policy`: rules in Rego that look at plans.

use super::saved::{self, Subject};
use super::with_session;
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{Mode, View, policy};
use std::path::PathBuf;
use terrane_ops::clock::{now_ms, rfc3339};
use terrane_ops::failure::Failure;
use terrane_ops::lang::diagnostic::Diagnostic;
use terrane_ops::policies::{Input, Level, Namespaces, Policies, Report, Verdict};
use terrane_ops::policy::{self as operation, PolicyRequest, Seen};
use terrane_ops::rules;
use terrane_ops::session::Session;

/// Where conftest looks for policies.
const FOLDER: &str = "policy";

/// `-policy`, `-policy-data`, `-policy-namespace`.
pub(super) fn request(parsed: &Parsed) -> PolicyRequest {
    let paths = |name: &'static str| {
        parsed
            .values(&[name])
            .map(|(_, value)| PathBuf::from(value))
            .collect()
    };
    let named: Vec<String> = parsed
        .values(&["policy-namespace"])
        .map(|(_, value)| value.to_owned())
        .collect();
    PolicyRequest {
        places: paths("policy"),
        data: paths("policy-data"),
        namespaces: if parsed.is("all-namespaces", false) || named.iter().any(|name| name == "*") {
            Namespaces::All
        } else if named.is_empty() {
            Namespaces::Main
        } else {
            Namespaces::Named(named)
        },
    }
}

/// `policy check`.
pub(crate) fn check(app: &mut App, parsed: &Parsed) -> Exit {
    let as_json = parsed.is("json", false);
    // The answer itself is JSON.
    app.human_only();
    let mut request = request(parsed);
    if request.places.is_empty() {
        request.places.push(PathBuf::from(FOLDER));
    }
    let Some(path) = parsed.positional.first().cloned() else {
        return app.usage_error(None, "policy check needs a plan.");
    };
    with_session(app, parsed, "policy", |app, session| {
        let began = rfc3339(now_ms());
        let (report, places) = look(session, &request, &path)?;
        if as_json {
            app.out()
                .print(&format!("{:#}\n", policy::document(&report)));
        } else {
            policy::human(app.out(), &report);
        }
        if let Some(path) = parsed.value("sarif") {
            let place = |address: &str| places.as_ref().and_then(|places| places.of(address));
            write(
                path,
                &format!("{:#}\n", policy::sarif::sarif(&report, &place)),
            )?;
        }
        if let Some(path) = parsed.value("junit-xml") {
            write(path, &policy::junit::results(&report, &began))?;
        }
        let warned = parsed.is("fail-on-warn", false) && report.count(Level::Warn) > 0;
        Ok(if report.denies() || warned {
            Exit::ERROR
        } else {
            Exit::OK
        })
    })
}

/// What policies say about a saved plan, or about a document in JSON; and where resources are declared.
fn look(
    session: &Session,
    request: &PolicyRequest,
    path: &str,
) -> Result<(Report, Option<operation::Places>), Failure> {
    let policies = request.load()?;
    let namespaces = &request.namespaces;
    match saved::read(session, path)? {
        Subject::Json { name, text } => {
            let input = Input::named(&text, &name);
            let report = operation::check_json(&policies, namespaces, &input)?;
            Ok((report, None))
        }
        Subject::Saved(saved) => {
            let seen = Seen::new(&saved.plan, &saved.loaded);
            let report = operation::check_plan(&policies, namespaces, &seen)?;
            Ok((report, Some(operation::Places::of_config(&saved.loaded))))
        }
    }
}

/// `policy test`.
pub(crate) fn test(app: &mut App, parsed: &Parsed) -> Exit {
    let as_json = parsed.is("json", false);
    app.human_only();
    let mut request = request(parsed);
    request
        .places
        .extend(parsed.positional.iter().map(PathBuf::from));
    if request.places.is_empty() {
        request.places.push(PathBuf::from(FOLDER));
    }
    with_session(app, parsed, "policy", |app, _| {
        let began = rfc3339(now_ms());
        let tests = operation::test(&request.load()?)?;
        if as_json {
            app.out()
                .print(&format!("{:#}\n", policy::tests_document(&tests)));
        } else {
            policy::human_tests(app.out(), &tests, parsed.is("verbose", false));
        }
        if let Some(path) = parsed.value("junit-xml") {
            write(path, &policy::junit::tests(&tests, &began))?;
        }
        let bad = tests
            .iter()
            .any(|test| matches!(test.verdict, Verdict::Failed | Verdict::Broken(_)));
        Ok(if bad { Exit::ERROR } else { Exit::OK })
    })
}

/// `policy init`.
pub(crate) fn init(app: &mut App, parsed: &Parsed) -> Exit {
    let folder = parsed.positional.first().map_or(FOLDER, String::as_str);
    let folder = PathBuf::from(folder);
    with_session(app, parsed, "policy", |app, _| {
        let written = operation::write_library(&folder)?;
        let text = format!(
            "{} files were written to {}. Say in settings.json what you ask for, then:\n\n    terrane policy test -policy-data={folder} {folder}\n    terrane plan -policy={folder} -policy-data={folder} -policy-namespace='*'\n",
            written.len(),
            folder.display(),
            folder = folder.display(),
        );
        app.out().print(&text);
        Ok(Exit::OK)
    })
}

/// The policies that the flags name.
#[derive(Debug)]
pub(super) struct Look(Option<(Policies, Namespaces)>);

impl Look {
    /// Reads them: before planning, which may take long.
    pub(super) fn prepare(parsed: &Parsed) -> Result<Self, Failure> {
        let request = request(parsed);
        if request.is_empty() {
            return Ok(Self(None));
        }
        Ok(Self(Some((request.load()?, request.namespaces))))
    }

    /// Has them look at a plan, and shows what they say. An error where they deny it.
    pub(super) fn at(&self, app: &mut App, seen: &Seen<'_>) -> Result<(), Failure> {
        let Some((policies, namespaces)) = &self.0 else {
            return Ok(());
        };
        show(app, &operation::check_plan(policies, namespaces, seen)?)
    }
}

fn show(app: &mut App, report: &Report) -> Result<(), Failure> {
    match app.mode() {
        Mode::Human => policy::human(app.out(), report),
        Mode::Json => {
            if let View::Json(mut view) = app.view() {
                policy::lines(&mut view, report);
            }
        }
    }
    match report.count(Level::Deny) {
        0 => Ok(()),
        denied => Err(Failure::Input(terrane_ops::failure::Report::plain(
            Diagnostic::error(
                &rules::policy::PLAN_DENIED,
                format!(
                    "There {} in what the policies say above. The plan is neither saved nor applied.",
                    match denied {
                        1 => String::from("is a denial"),
                        denied => format!("are {denied} denials"),
                    }
                ),
            ),
        ))),
    }
}

fn write(path: &str, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(Failure::io(format!("Writing {path} failed")))
}
