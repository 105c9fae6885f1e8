//! `providers lock` and `providers mirror`.

use crate::app::App;
use crate::args::Parsed;
use crate::command::{block_on, variables, with_session};
use crate::exit::Exit;
use crate::view::installing::trusted;
use std::sync::Mutex;
use terrane_ops::install::Platform;
use terrane_ops::install::lock::{self, LockEvent, News};
use terrane_ops::install::mirror::{self, MirrorEvent};

fn platforms(parsed: &Parsed) -> Result<Vec<Platform>, String> {
    let texts = parsed.values(&["platform"]);
    texts
        .map(|(_, text)| {
            text.parse()
                .map_err(|error| format!("Invalid value {text:?} for -platform: {error}"))
        })
        .collect()
}

/// Lines are printed as they come, from wherever.
fn printing(app: &mut App) -> impl Fn(String) + Sync {
    let out = Mutex::new(app.out());
    move |line: String| {
        if let Ok(mut out) = out.lock() {
            out.print(&line);
            // What could not be written is known at the end of the program.
            drop(out.flush());
        }
    }
}

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let platforms = match platforms(parsed) {
        Ok(platforms) => platforms,
        Err(problem) => return app.usage_error(None, &problem),
    };
    let request = lock::Request {
        platforms,
        fs_mirror: parsed.value("fs-mirror").map(Into::into),
        net_mirror: parsed.value("net-mirror").map(str::to_owned),
        names: parsed.positional.clone(),
        variables: variables(parsed),
    };
    with_session(app, parsed, "providers lock", |app, session| {
        let print = printing(app);
        let say = |event: LockEvent| print(about_lock(&event));
        let done = block_on(lock::run(session, &request, &say));
        drop(print);
        let (changed, report) = done?;
        app.show_report(&report);
        app.out().print(if changed {
            "\nSuccess! Terrane has updated the lock file.\n\nLook at the changes in .terraform.lock.hcl, and commit them to keep the new checksums.\n"
        } else {
            "\nSuccess! The lock file holds all of these checksums already.\n"
        });
        Ok(Exit::OK)
    })
}

fn about_lock(event: &LockEvent) -> String {
    match event {
        LockEvent::Fetching(addr, version, platform) => {
            format!(
                "- Fetching {} {version} for {platform}...\n",
                addr.for_display()
            )
        }
        LockEvent::Retrieved(addr, version, platform, trust) => format!(
            "- Retrieved {} {version} for {platform} ({})\n",
            addr.for_display(),
            trusted(trust)
        ),
        LockEvent::Obtained(addr, platform, news) => {
            let news = match news {
                News::Known => "its checksum was in the lock file already",
                News::More => "its checksum is in the lock file now, beside those that were",
                News::First => "its checksum is in the lock file now",
            };
            format!("- {} for {platform}: {news}\n", addr.for_display())
        }
    }
}

pub(crate) fn mirror(app: &mut App, parsed: &Parsed) -> Exit {
    let platforms = match platforms(parsed) {
        Ok(platforms) => platforms,
        Err(problem) => return app.usage_error(None, &problem),
    };
    let request = mirror::Request {
        folder: parsed
            .positional
            .first()
            .map(Into::into)
            .unwrap_or_default(),
        platforms,
        variables: variables(parsed),
    };
    with_session(app, parsed, "providers mirror", |app, session| {
        let print = printing(app);
        let say = |event: MirrorEvent| print(about_mirror(&event));
        let done = block_on(mirror::run(session, &request, &say));
        drop(print);
        let (report, count) = done?;
        app.show_report(&report);
        if count == 0 {
            app.out()
                .print("No provider is a plugin here, so there is nothing to mirror.\n");
        }
        Ok(Exit::OK)
    })
}

fn about_mirror(event: &MirrorEvent) -> String {
    match event {
        MirrorEvent::Mirroring(addr) => format!("- Mirroring {}...\n", addr.for_display()),
        MirrorEvent::Selected { version, locked } => {
            let why = if *locked {
                "by the lock file"
            } else {
                "the newest that meets all constraints"
            };
            format!("  - Selected v{version} ({why})\n")
        }
        MirrorEvent::Mirrored(platform) => format!("  - Mirrored the package for {platform}\n"),
    }
}
