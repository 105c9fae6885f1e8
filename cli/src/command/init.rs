//! `init`.

use super::{block_on, good, variables, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::View;
use terrane_ops::failure::Failure;
use terrane_ops::init::{self, Initialized, Migrated, Migration};
use terrane_ops::session::{STATE_DIR, Session};
use terrane_ops::test::TEST_DIRECTORY;
use terrane_ops::ui::Ui as _;
use terrane_ops::variables::VariableArgument;

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    if parsed.value("from-module").is_some() {
        return app.usage_error(
            None,
            "-from-module is not available yet: copy the module's files into this folder.",
        );
    }
    let migration = if parsed.is("force-copy", false) {
        Migration::Force
    } else if parsed.is("reconfigure", false) || !parsed.is("backend", true) {
        Migration::Never
    } else {
        Migration::Offer
    };
    let variables = variables(parsed);
    let tests = parsed.value("test-directory").unwrap_or(TEST_DIRECTORY);
    with_session(app, parsed, "init", |app, session| {
        prepare(app, session, migration, &variables, tests)
    })
}

fn prepare(
    app: &mut App,
    session: &Session,
    migration: Migration,
    arguments: &[VariableArgument],
    tests: &str,
) -> Result<Exit, Failure> {
    let json = matches!(app.view(), View::Json(_));
    if let View::Json(mut view) = app.view() {
        view.version();
    }
    let initialized = {
        let mut view = app.view();
        block_on(init::run(session, migration, arguments, tests, &mut view))?
    };
    let Initialized {
        empty,
        modules,
        providers,
        migrated,
        report,
    } = initialized;
    let mut lines = Vec::new();
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
    let (migrated, from) = migrated;
    match migrated {
        Migrated::Nothing => {}
        Migrated::Taken(count) => {
            lines.push(format!(
                "The state of {count} resource instances was taken over from {from} into {STATE_DIR}. The file itself was left as it is; do not use it any more."
            ));
            lines.push(String::new());
        }
        Migrated::Left(count) => {
            lines.push(format!(
                "{from} holds the state of {count} resource instances, which was not taken over. To take it over, run `terrane init -force-copy`. Without it, terrane starts with an empty state."
            ));
            lines.push(String::new());
        }
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
