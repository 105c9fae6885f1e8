//! Where messages point, and what they name.

use super::*;

#[test]
fn all_mistakes_are_told_at_once() {
    let diagnostics = evaluate("[o.x, upper(o.y), {a = o.z}, \"${o.w}\"]").unwrap_err();
    assert_eq!(diagnostics.len(), 4);
}

#[test]
fn messages_point_at_their_place_and_name_values() {
    check_error(
        "1 + o.c",
        "Unsupported attribute",
        ".c",
        "o.c",
        "o is object with 2 attributes",
    );
    check_error("n + t", "Invalid operand", "t", "n + t", "t is \"text\"");
    check_error(
        "upper([n])",
        "Invalid function argument",
        "[n]",
        "upper([n])",
        "n is 5",
    );
    check_error(
        "upper()",
        "Not enough function arguments",
        ")",
        "upper()",
        "",
    );
    check_error("[1][n]", "Invalid index", "[n]", "[1][n]", "n is 5");
    check_error(
        "s.a",
        "Unsupported attribute",
        ".a",
        "s.a",
        "s has a sensitive value",
    );
    check_error(
        "ep + 1",
        "Invalid operand",
        "ep",
        "ep + 1",
        "ep has an ephemeral value",
    );
    check_error(
        "[for v in [\"a\"]: v + 1]",
        "Invalid operand",
        "v",
        "v + 1",
        "v is \"a\"",
    );
    check_error("uper(1)", "Call to unknown function", "uper", "uper(1)", "");
}
