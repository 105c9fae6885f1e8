//! `fmt`.

use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use similar::TextDiff;
use terrane_ops::failure::Failure;
use terrane_ops::fmt::{Changed, FormatOptions, Formatted, run as format, stdin};

/// What `fmt` ends with when a file can't be read, parsed or written.
const BROKEN: Exit = Exit(2);

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    run_inner(app, parsed).unwrap_or_else(|failure| {
        app.show_failure(failure);
        BROKEN
    })
}

fn run_inner(app: &mut App, parsed: &Parsed) -> Result<Exit, Failure> {
    let (check, diff) = (parsed.is("check", false), parsed.is("diff", false));
    if parsed.positional.first().is_some_and(|first| first == "-") {
        return from_stdin(app, check, diff);
    }
    let (list, write) = (parsed.is("list", true), parsed.is("write", true) && !check);
    let options = FormatOptions {
        recursive: parsed.is("recursive", false),
        write,
        // If the result is to go nowhere else, it goes to standard output.
        keep: !(list || write || diff || check),
    };
    let Formatted {
        changed,
        kept,
        report,
    } = format(&parsed.positional, options)?;
    app.out().print(&kept);
    for file in &changed {
        if list {
            app.out().print(&format!("{}\n", file.path));
        }
        if diff {
            show_diff(app, file);
        }
    }
    let broken = report.diagnostics.has_errors();
    app.show_report(&report);
    Ok(match (broken, check && !changed.is_empty()) {
        (true, _) => BROKEN,
        (false, true) => Exit::UNFORMATTED,
        (false, false) => Exit::OK,
    })
}

fn from_stdin(app: &mut App, check: bool, diff: bool) -> Result<Exit, Failure> {
    let changed = match stdin()? {
        Ok(changed) => changed,
        Err(report) => {
            app.show_report(&report);
            return Ok(BROKEN);
        }
    };
    if diff {
        show_diff(app, &changed);
    } else if !check {
        app.out().print(&changed.after);
    }
    Ok(if check && changed.before != changed.after {
        Exit::UNFORMATTED
    } else {
        Exit::OK
    })
}

fn show_diff(app: &mut App, file: &Changed) {
    let Changed {
        path,
        before,
        after,
    } = file;
    let diff = TextDiff::from_lines(before.as_str(), after.as_str());
    let text = diff
        .unified_diff()
        .header(&format!("old/{path}"), &format!("new/{path}"))
        .to_string();
    app.out().print(&text);
}
