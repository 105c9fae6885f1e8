//! What `-target` and `-exclude` choose.

use crate::rules;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
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
