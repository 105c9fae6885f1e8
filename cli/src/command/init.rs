//! `init`.

use super::{block_on, good, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{View, migration};
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use terrane_ops::backend::init::{Mode, Prepared, Request};
use terrane_ops::failure::{Failure, Report};
use terrane_ops::init::{self, Initialized};
use terrane_ops::install::{self, LockChange, Ready, Wanted};
use terrane_ops::modules::{Options, Say, copy};
use terrane_ops::rules;
use terrane_ops::session::Session;
use terrane_ops::test::TEST_DIRECTORY;
use terrane_ops::ui::Ui as _;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let request = match request(parsed) {
        Ok(request) => request,
        Err(failure) => return app.show_failure(failure),
    };
    let installing = match installing(parsed, request.enabled) {
        Ok(installing) => installing,
        Err(problem) => return app.usage_error(None, &problem),
    };
    let modules = Modules {
        upgrade: installing.upgrade,
        readonly: installing.readonly,
        get: parsed.is("get", true),
        from: parsed.value("from-module").filter(|from| !from.is_empty()),
    };
    let tests = parsed.value("test-directory").unwrap_or(TEST_DIRECTORY);
    with_session(app, parsed, "init", |app, session| {
        prepare(app, session, (&request, &installing), (tests, modules))
    })
}

/// What the flags say about modules.
#[derive(Clone, Copy)]
struct Modules<'a> {
    upgrade: bool,
    readonly: bool,
    get: bool,
    from: Option<&'a str>,
}

/// Where lines about modules go: to people at once, to programs with all other messages, by the second function.
pub(super) fn telling(app: &mut App) -> (Say, impl FnOnce(&mut App) + use<>) {
    let json = matches!(app.view(), View::Json(_));
    let kept = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&kept);
    let say: Say = Arc::new(move |line: &str| {
        if json {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push(line.to_owned());
        } else {
            // Nobody can be told that telling failed.
            drop(writeln!(std::io::stdout().lock(), "{line}"));
        }
    });
    let told = move |app: &mut App| {
        let lines = std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner));
        let mut view = app.view();
        for line in &lines {
            view.note(line);
        }
    };
    (say, told)
}

/// What the flags say about providers.
fn installing(parsed: &Parsed, state: bool) -> Result<install::Request, String> {
    let readonly = match parsed.value("lockfile") {
        None | Some("") => false,
        Some("readonly") => true,
        Some(other) => {
            return Err(format!(
                "-lockfile={other} is not known: the only value is readonly."
            ));
        }
    };
    let upgrade = parsed.is("upgrade", false);
    if readonly && upgrade {
        return Err(String::from(
            "-upgrade selects versions anew, and -lockfile=readonly forbids to keep them: give one of them.",
        ));
    }
    let mode = match parsed.value("provider-mode") {
        None | Some("auto") => Wanted::Auto,
        Some("native") => Wanted::Native,
        Some("plugin") => Wanted::Plugin,
        Some(other) => {
            return Err(format!(
                "-provider-mode={other} is not known: auto, native and plugin are."
            ));
        }
    };
    let dirs = parsed.values(&["plugin-dir"]);
    let dirs = dirs.map(|(_, dir)| dir).filter(|dir| !dir.is_empty());
    Ok(install::Request {
        upgrade,
        readonly,
        plugin_dirs: dirs.map(Into::into).collect(),
        mode,
        state,
    })
}

/// A line per provider.
fn about_provider(ready: &Ready) -> String {
    let Ready {
        addr,
        version,
        mode,
        why,
    } = ready;
    let name = addr.for_display();
    let version = version
        .as_ref()
        .map_or_else(String::new, |text| format!(" v{text}"));
    let why = why
        .as_ref()
        .map_or_else(String::new, |why| format!(": {why}"));
    match mode {
        _ if addr.is_builtin() => format!("- {addr} is part of terrane"),
        Some(install::Mode::Native) => format!("- {name}{version} (native{why})"),
        Some(install::Mode::Plugin) => format!("- {name}{version} (plugin{why})"),
        None => format!("- {name} (from the folder that the settings name, or already running)"),
    }
}

/// What became of the lock file.
fn about_lock(lock: LockChange) -> &'static str {
    match lock {
        LockChange::Unchanged => "",
        LockChange::Created => {
            "\nTerrane has recorded the selected providers in the new lock file .terraform.lock.hcl. Commit it,\nso that the next `terrane init` selects the same ones, everywhere.\n"
        }
        LockChange::Changed => {
            "\nTerrane has changed the selected providers in the lock file .terraform.lock.hcl. Look at the\nchanges, and commit them.\n"
        }
    }
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
    (request, installing): (&Request, &install::Request),
    (tests, modules): (&str, Modules<'_>),
) -> Result<Exit, Failure> {
    let json = matches!(app.view(), View::Json(_));
    if let View::Json(mut view) = app.view() {
        view.version();
    }
    let (say, told) = telling(app);
    let options = Options {
        upgrade: modules.upgrade,
        readonly: modules.readonly,
        say,
    };
    if let Some(from) = modules.from {
        block_on(copy::run(session, from, &options))?;
    }
    let prepared = if request.enabled {
        let mut view = app.view();
        init::backend(session, request, &mut view)?
    } else {
        Prepared::default()
    };
    let about = about_backend(&prepared);
    app.show_report(&Report::plain(prepared.diagnostics));
    if !json && !about.is_empty() {
        app.out().print(&about.join("\n"));
        // Lines about modules go past this buffer.
        drop(app.out().flush());
    }
    let options = modules.get.then_some(&options);
    let mut view = app.view();
    let initialized = block_on(init::run(session, tests, options, installing, &mut view));
    drop(view);
    told(app);
    let Initialized {
        empty,
        modules: _,
        providers,
        lock,
        report,
    } = initialized?;
    let mut lines = if json { about } else { Vec::new() };
    if !providers.is_empty() {
        lines.push(String::from("Providers:"));
        lines.extend(providers.iter().map(about_provider));
        lines.push(String::new());
    }
    let about_lock = about_lock(lock);
    if json {
        let mut view = app.view();
        for line in lines.iter().filter(|line| !line.is_empty()) {
            view.note(line);
        }
        if !about_lock.is_empty() {
            view.note(about_lock.trim());
        }
        view.note("Terrane has been successfully initialized!");
        drop(view);
        app.show_report(&report);
        return Ok(Exit::OK);
    }
    app.out().print(&lines.join("\n"));
    app.out().print(about_lock);
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
