//! `state replace-provider`.

use super::with_session;
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::{counted, prompt};
use terrane_ops::failure::Failure;
use terrane_ops::rules;
use terrane_ops::state::replace_provider::{commit, prepare};

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    with_session(app, parsed, "state replace-provider", |app, session| {
        let [from, to] = &*parsed.positional else {
            return Err(Failure::input(
                &rules::usage::INVALID_COMMAND_LINE,
                "Two provider addresses are needed.",
            ));
        };
        let replacement = prepare(session, from, to)?;
        let count = replacement.resources.len();
        if count == 0 {
            app.out().print("No matching resources found.\n");
            return Ok(Exit::OK);
        }
        let mut text = format!(
            "Terrane will perform the following actions:\n\n  ~ Updating provider:\n    - {}\n    + {}\n\nChanging {}:\n\n",
            replacement.from,
            replacement.to,
            counted(count, "resource")
        );
        for addr in &replacement.resources {
            text.extend(["  ", &addr.to_string(), "\n"]);
        }
        app.out().print(&text);
        if !parsed.is("auto-approve", false) {
            if !app.input_enabled(parsed) {
                return Err(Failure::input(
                    &rules::usage::APPROVAL_NEEDED,
                    "Nobody can be asked whether this is wanted. To replace the provider without asking, give -auto-approve.",
                ));
            }
            let question = "\nDo you want to make these changes?\nOnly 'yes' will be accepted to continue.\n\nEnter a value: ";
            if prompt(app.out(), question, false).as_deref() != Some("yes") {
                app.out().print("Cancelled replacing providers.\n");
                return Ok(Exit::OK);
            }
        }
        commit(session, replacement)?;
        app.out().print(&format!(
            "\nSuccessfully replaced provider for {}.\n",
            counted(count, "resource")
        ));
        Ok(Exit::OK)
    })
}
