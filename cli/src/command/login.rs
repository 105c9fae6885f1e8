//! `login` and `logout`.

use super::{block_on, with_session};
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{Output, prompt};
use std::process::{Command, Stdio};
use std::time::Duration;
use terrane_ops::install::login::{self, DEFAULT_HOST, Door};

fn host(parsed: &Parsed) -> String {
    let named = parsed.positional.first().map(String::as_str);
    named.unwrap_or(DEFAULT_HOST).to_owned()
}

struct Terminal<'a> {
    out: &'a mut Output,
}

impl Door for Terminal<'_> {
    fn confirm(&mut self, host: &str, by_browser: bool) -> bool {
        let how = if by_browser {
            "The browser opens a page of this host, where you log in and allow it."
        } else {
            "The browser opens a page of this host, where you make a token; then paste it here."
        };
        let text = format!(
            "Terrane will ask {host} for an API token, and keep it for later commands.\n{how}\n\nDo you want to go on? Only \"yes\" is taken for a yes.\n\n  Enter a value: "
        );
        prompt(self.out, &text, false).as_deref().map(str::trim) == Some("yes")
    }

    fn open(&mut self, page: &str, waits: Option<Duration>) {
        let opened = browser(page);
        let note = if opened {
            "If the browser does not open it by itself, open this page:"
        } else {
            "Open this page in the browser:"
        };
        self.out.print(&format!("{note}\n\n    {page}\n\n"));
        if let Some(waits) = waits {
            let minutes = waits.as_secs() / 60;
            self.out.print(&format!(
                "Waiting for the browser to come back, {minutes} minutes at most...\n"
            ));
        }
        // What could not be written is known at the end of the program.
        drop(self.out.flush());
    }

    fn token(&mut self, host: &str) -> Option<String> {
        prompt(
            self.out,
            &format!("Token for {host}:\n  Enter a value: "),
            true,
        )
    }
}

/// Opens a page where there is a desktop.
fn browser(page: &str) -> bool {
    let desktop = ["DISPLAY", "WAYLAND_DISPLAY"];
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if desktop.iter().any(|name| std::env::var_os(name).is_some()) {
        "xdg-open"
    } else {
        return false;
    };
    let mut command = Command::new(program);
    command.arg(page).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().is_ok()
}

pub(crate) fn login(app: &mut App, parsed: &Parsed) -> Exit {
    let host = host(parsed);
    with_session(app, parsed, "login", |app, session| {
        let mut terminal = Terminal { out: app.out() };
        let kept = block_on(login::login(session, &host, &mut terminal))?;
        let Some(place) = kept else {
            app.out()
                .print("Login cancelled: no token was asked for.\n");
            return Ok(Exit::ERROR);
        };
        app.out().print(&format!(
            "Success! The token for {host} is kept in {place}.\n"
        ));
        Ok(Exit::OK)
    })
}

pub(crate) fn logout(app: &mut App, parsed: &Parsed) -> Exit {
    let host = host(parsed);
    with_session(app, parsed, "logout", |app, session| {
        let (host, known) = block_on(login::logout(session, &host))?;
        app.out().print(&match known {
            true => format!("The token for {host} is forgotten.\n"),
            false => format!("There is no token for {host}, so there is nothing to forget.\n"),
        });
        Ok(Exit::OK)
    })
}
