//! `key`: keys that sign decisions.

use super::with_session;
use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use crate::view::prompt;
use serde_json::json;
use terrane_ops::failure::Failure;
use terrane_ops::gates::keys;
use terrane_ops::rules;

/// The shortest passphrase that is taken.
const SHORTEST: usize = 8;

pub(crate) fn generate(app: &mut App, parsed: &Parsed) -> Exit {
    app.human_only();
    with_session(app, parsed, "key generate", |app, session| {
        let path = keys::path(session, parsed.value("key"))?;
        let by_env = session.env.get("TERRANE_KEY_PASSPHRASE").cloned();
        let passphrase = if parsed.is("no-passphrase", false) {
            String::new()
        } else if let Some(passphrase) = by_env {
            passphrase
        } else if app.input_enabled(parsed) {
            asked(app)?
        } else {
            return Err(Failure::input(
                &rules::gates::NO_KEY,
                "Nobody can be asked for a passphrase. Set TERRANE_KEY_PASSPHRASE, or give -no-passphrase.",
            ));
        };
        let comment = parsed
            .value("comment")
            .map_or_else(|| session.who(), str::to_owned);
        let public = keys::generate(&path, &passphrase, &comment)?;
        app.out().print(&format!(
            "The key is in {}. Its public part, for the files of gates:\n\n{public} {comment}\n",
            path.display()
        ));
        Ok(Exit::OK)
    })
}

/// Asks for a new passphrase, twice.
fn asked(app: &mut App) -> Result<String, Failure> {
    let bad = |detail: String| Failure::input(&rules::gates::NO_KEY, detail);
    let none = || bad("No passphrase was given. Without one, give -no-passphrase.".to_owned());
    let first = prompt(app.out(), "Passphrase of the new key: ", true).ok_or_else(none)?;
    if first.chars().count() < SHORTEST {
        return Err(bad(format!(
            "The passphrase must have at least {SHORTEST} characters."
        )));
    }
    let again = prompt(app.out(), "The same again: ", true).ok_or_else(none)?;
    if first != again {
        return Err(bad("The two are not the same. No key was made.".to_owned()));
    }
    Ok(first)
}

/// `key show`: the public part.
pub(crate) fn show(app: &mut App, parsed: &Parsed) -> Exit {
    app.human_only();
    let as_json = parsed.is("json", false);
    with_session(app, parsed, "key show", |app, session| {
        let path = keys::path(session, parsed.value("key"))?;
        let found = keys::find(&path)?;
        let text = if as_json {
            json!({
                "path": path.display().to_string(),
                "public_key": found.public.to_string(),
                "comment": found.comment,
                "protected": found.is_protected,
            })
            .to_string()
        } else {
            format!("{} {}", found.public, found.comment)
        };
        app.out().print(&format!("{}\n", text.trim_end()));
        Ok(Exit::OK)
    })
}
