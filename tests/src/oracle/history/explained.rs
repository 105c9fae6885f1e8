//! The differences between plans and states that are there on purpose. Each has its reason; what is not here is a mistake of ours.

use super::model::Step;

/// Why a difference (a line of [`super::compare`]) is on purpose, if it is.
pub(super) fn explained(line: &str, step: &Step) -> Option<&'static str> {
    let path = line.split(": ").next().unwrap_or_default();
    let destroys = step.arguments.iter().any(|argument| argument == "-destroy");
    let ends = |name: &str| path.ends_with(name) || path.contains(&format!("{name}["));
    if path.starts_with(".variables.") {
        return Some("variables are shown converted to their types, not as they were written");
    }
    if ends(".dependencies") || ends(".depends_on") {
        return Some("dependencies of an object follow moves, and are those of the configuration");
    }
    if destroys && (path.starts_with(".checks") || path.starts_with("state.check_results")) {
        return Some(
            "a plan to destroy everything checks nothing, and does not list what it did not check",
        );
    }
    None
}
