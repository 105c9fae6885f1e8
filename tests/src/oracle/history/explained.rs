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
    let targets = step
        .arguments
        .iter()
        .any(|argument| argument.starts_with("-target"));
    let checks = path.starts_with(".checks") || path.starts_with("state.check_results");
    if (destroys || targets) && checks {
        return Some(
            "what is not checked, since it is to be destroyed or not targeted, is not listed",
        );
    }
    let outputs =
        path.starts_with(".output_changes") || path.starts_with(".planned_values.outputs");
    if targets && outputs && line.contains("theirs absent") {
        return Some("an output that is not targeted is shown as it is");
    }
    if targets && path.starts_with(".prior_state") {
        return Some("the prior state in a plan with targets holds only what is targeted");
    }
    if path.starts_with(".planned_values") && line.contains("\"sensitive_values\":false") {
        return Some("an object that is forgotten is not among the planned values");
    }
    let refused = line.starts_with("plan exits with 0, theirs with 1")
        || line.starts_with("plan exits with 2, theirs with 1")
        || line.starts_with("ours says")
        || line.starts_with("theirs says");
    if destroys && refused {
        return Some("destroying everything evaluates no count and for_each of the configuration");
    }
    None
}
