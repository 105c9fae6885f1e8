//! `init -from-module=SOURCE`: a module becomes the configuration of a folder that has none.

use super::{Installation, Options};
use crate::failure::{Failure, Report};
use crate::load;
use crate::rules::modules as rules;
use crate::session::Session;
use std::path::Path;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_modules::{Kind, kind};

/// Copies the files of a module into the working directory.
///
/// # Errors
/// When the folder has configuration, or the module can't be had.
pub async fn run(session: &Session, source: &str, options: &Options) -> Result<(), Failure> {
    let failed = |detail: String| Failure::input(&rules::NOT_INSTALLED, detail);
    let here = load::folder(".").map_err(failed)?;
    if !here.files.is_empty() {
        return Err(Failure::input(
            &rules::NOT_EMPTY,
            "-from-module copies a module into a folder without configuration, and this one has some. Use an empty folder.",
        ));
    }
    (options.say)(&format!("Copying configuration from {source:?}..."));
    let report = |problem: std::io::Error| {
        let detail = format!("The files of {source:?} can't be copied: {problem}.");
        let diagnostic = Diagnostic::error(&rules::NOT_INSTALLED, detail);
        Failure::Input(Report::plain(diagnostic))
    };
    if kind(source) == Kind::Local {
        return copy(Path::new(source)).map_err(report);
    }
    // What is wrong with settings is told when modules are installed.
    let mut diagnostics = Diagnostics::new();
    let installation = Installation::new(session, options, &mut diagnostics)?;
    let (package, dir) = installation.fetch_only(source).await.map_err(failed)?;
    copy(Path::new(&dir)).map_err(report)?;
    terrane_modules::remove(Path::new(&package)).map_err(report)
}

/// Copies a tree into the working directory; what is there is not replaced. Hidden folders of other programs (`.git`, `.terraform`) stay behind.
fn copy(from: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        return Err(std::io::Error::other(format!(
            "there is no folder {}",
            from.display()
        )));
    }
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let left_out = [".git", ".terraform", ".terrane"]
            .iter()
            .any(|other| name == *other);
        if left_out || Path::new(&name).exists() {
            continue;
        }
        terrane_modules::copy(&entry.path(), Path::new(&name))?;
    }
    Ok(())
}
