//! `init`.

use super::{block_on, good, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{View, migration};
use terrane_ops::backend::init::{Mode, Prepared, Request};
use terrane_ops::failure::{Failure, Report};
use terrane_ops::init::{self, Initialized};
use terrane_ops::rules;
use terrane_ops::session::Session;
use terrane_ops::test::TEST_DIRECTORY;
use terrane_ops::ui::Ui as _;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    if parsed.value("from-module").is_some() {
        return app.usage_error(
            None,
            "-from-module is not available yet: copy the module's files into this folder.",
        );
    }
    let request = match request(parsed) {
        Ok(request) => request,
        Err(failure) => return app.show_failure(failure),
    };
    let tests = parsed.value("test-directory").unwrap_or(TEST_DIRECTORY);
    with_session(app, parsed, "init", |app, session| {
        prepare(app, session, &request, tests)
    })
}

/// What the flags say about the backend.
fn request(parsed: &Parsed) -> Result<Request, Failure> {
    let (force, migrate) = (
        parsed.is("force-copy", false),
        parsed.is("migrate-state", false),
    );
    let reconfigure = parsed.is("reconfigure", false);
    if reconfigure && (force || migrate) {
        return Err(Failure::input(
            &rules::backend::OPTIONS,
            "-reconfigure leaves the old state where it is, and -migrate-state and -force-copy copy it: give one of them.",
        ));
    }
    Ok(Request {
        enabled: parsed.is("backend", true) && parsed.is("cloud", true),
        mode: match (reconfigure, force, migrate) {
            (true, ..) => Mode::Reconfigure,
            (_, true, _) => Mode::Force,
            (.., true) => Mode::Migrate,
            _ => Mode::Unsaid,
        },
        config: parsed
            .values(&["backend-config"])
            .map(|(_, value)| value.to_owned())
            .collect(),
    })
}

/// What there is to be said about the backend.
fn about_backend(prepared: &Prepared) -> Vec<String> {
    let Prepared {
        backend,
        changed,
        from_peer,
        migrated,
        left,
        diagnostics: _,
    } = prepared;
    let mut lines = Vec::new();
    if let Some(migrated) = migrated {
        lines.extend(migration::told(migrated));
    }
    if let Some((from, count)) = left {
        lines.push(format!(
            "{from} holds the state of {count} resource instances, which was not taken over. To take it over, run `terrane init -force-copy`. Without it, terrane starts with an empty state."
        ));
    }
    match (backend, changed) {
        (Some(kind), true) => lines.push(format!(
            "The state is kept in the backend {kind:?} from now on{}.",
            if *from_peer && migrated.is_none() {
                ", as it was set up before"
            } else {
                ""
            }
        )),
        (Some(kind), false) => lines.push(format!("Backend: {kind:?}.")),
        (None, true) => lines.push(String::from(
            "The state is kept beside the configuration from now on, in terrane.state.",
        )),
        (None, false) => {}
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

fn prepare(
    app: &mut App,
    session: &Session,
    request: &Request,
    tests: &str,
) -> Result<Exit, Failure> {
    let json = matches!(app.view(), View::Json(_));
    if let View::Json(mut view) = app.view() {
        view.version();
    }
    let prepared = if request.enabled {
        let mut view = app.view();
        init::backend(session, request, &mut view)?
    } else {
        Prepared::default()
    };
    let about = about_backend(&prepared);
    app.show_report(&Report::plain(prepared.diagnostics));
    let initialized = block_on(init::run(session, tests))?;
    let Initialized {
        empty,
        modules,
        providers,
        report,
    } = initialized;
    let mut lines = about;
    if !modules.is_empty() {
        lines.push(String::from("Modules:"));
        lines.extend(modules.iter().map(|(dir, _)| format!("- {dir}")));
        lines.push(String::new());
    }
    if !providers.is_empty() {
        lines.push(String::from("Providers:"));
        for (addr, version) in &providers {
            lines.push(if addr.is_builtin() {
                format!("- {addr} is part of terrane")
            } else {
                format!("- {} v{version} (native)", addr.for_display())
            });
        }
        lines.push(String::new());
    }
    if json {
        let mut view = app.view();
        for line in lines.iter().filter(|line| !line.is_empty()) {
            view.note(line);
        }
        view.note("Terrane has been successfully initialized!");
        drop(view);
        app.show_report(&report);
        return Ok(Exit::OK);
    }
    app.out().print(&lines.join("\n"));
    app.show_report(&report);
    let sentence = if empty {
        "Terrane initialized in an empty directory!"
    } else {
        "Terrane has been successfully initialized!"
    };
    let sentence = good(app, sentence);
    app.out().print(&format!("\n{sentence}\n"));
    let rest = match (empty, app.in_automation()) {
        (true, _) => "\nThere are no configuration files in this folder yet.\n",
        (false, true) => "",
        (false, false) => {
            "\nNext, run `terrane plan` to see what would change, or `terrane apply` to change it.\n"
        }
    };
    app.out().print(rest);
    Ok(Exit::OK)
}
