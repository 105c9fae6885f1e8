//! What `-target` and `-exclude` choose.

use crate::failure::{Failure, Report};
use crate::rules;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{SourceMap, Span};
use terrane_model::addr::Target;

/// The addresses of both options. They can't be given together.
pub(crate) fn selected(
    targets: &[String],
    excludes: &[String],
    diagnostics: &mut Diagnostics,
) -> (Vec<Target>, Vec<Target>) {
    let found = (
        addresses("-target", targets, diagnostics),
        addresses("-exclude", excludes, diagnostics),
    );
    if !found.0.is_empty() && !found.1.is_empty() {
        diagnostics.push(Diagnostic::error(
            &rules::planning::TARGET_WITH_EXCLUDE,
            "-target and -exclude can't be given together.",
        ));
    }
    found
}

/// The addresses of an option.
pub(crate) fn addresses(
    option: &str,
    texts: &[String],
    diagnostics: &mut Diagnostics,
) -> Vec<Target> {
    let mut found = Vec::new();
    for text in texts {
        match text.parse() {
            Ok(target) => found.push(target),
            Err(error) => diagnostics.push(Diagnostic::error(
                rules::planning::INVALID_TARGET.named(format!("Invalid {option} address {text:?}")),
                format!("{error}."),
            )),
        }
    }
    found
}

/// The addresses in a file (`-target-file`, `-exclude-file`): one in a line, without empty lines and comments.
///
/// # Errors
/// When the file can't be read, or a line is no address.
pub fn address_file(option: &str, path: &str) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(path).map_err(Failure::io(format!(
        "Reading the address file {path} failed"
    )))?;
    let mut sources = SourceMap::default();
    let file = sources.add(path, text.as_str());
    let mut found = Vec::new();
    let mut diagnostics = Diagnostics::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let address = line.trim();
        let at = start + (line.len() - line.trim_start().len());
        start += line.len();
        if address.is_empty() || address.starts_with('#') {
            continue;
        }
        if let Err(error) = address.parse::<Target>() {
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            diagnostics.push(
                Diagnostic::error(
                    rules::planning::INVALID_TARGET
                        .named(format!("Invalid -{option} address {address:?}")),
                    format!("{error}."),
                )
                .at(Span::new(file, offset(at), offset(at + address.len()))),
            );
        }
        found.push(address.to_owned());
    }
    if diagnostics.has_errors() {
        return Err(Failure::Input(Report {
            diagnostics,
            sources,
        }));
    }
    Ok(found)
}
