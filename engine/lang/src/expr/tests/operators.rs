//! Operators and conditionals.

use super::references::recorded;
use super::*;

#[test]
fn operators_compute_and_convert() {
    check(&[
        ("1 + 2 * 3", "7"),
        ("\"10\" + 5", "15"),
        ("7 % 4 - 1", "2"),
        ("5 % 0", "5"),
        ("3 * 1.1 == 3.3", "false"),
        ("0.1 + 0.2 == 0.3", "true"),
        ("1 == \"1\"", "false"),
        ("null == null", "true"),
        ("[1] == [1]", "true"),
        ("-n < 0 && !false", "true"),
        ("\"true\" && true", "true"),
        ("1 <= 1", "true"),
        ("2 >= 3", "false"),
        (
            "0 / 0",
            "! Operation failed: Error during operation: can't divide zero by zero or infinity by infinity.",
        ),
        (
            "1 < null",
            "! Operation failed: Error during operation: argument must not be null.",
        ),
        (
            "true && 1",
            "! Invalid operand: Unsuitable value for right operand: bool required, but have number.",
        ),
        (
            "\"a\" < \"b\"",
            "! Invalid operand: Unsuitable value for left operand: a number is required.\n! Invalid operand: Unsuitable value for right operand: a number is required.",
        ),
    ]);
}

#[test]
fn either_side_of_a_logical_operator_may_decide() {
    check(&[
        ("false && [][0]", "false"),
        ("true || [][0]", "true"),
        ("[][0] && false", "false"),
        ("ub && false", "false"),
        ("true || ub", "true"),
        (
            "ub && true",
            "unknown(Bool, Refinements { not_null: true, prefix: None, min: None, max: None, min_length: None, max_length: None })",
        ),
        (
            "ub && [][0]",
            "unknown(Bool, Refinements { not_null: true, prefix: None, min: None, max: None, min_length: None, max_length: None })",
        ),
        ("sb || false", "sensitive true"),
        ("false && sb", "sensitive false"),
        (
            "null && true",
            "! Operation failed: Error during operation: argument must not be null.",
        ),
        ("false && null", "false"),
        (
            "false && \"x\"",
            "! Invalid operand: Unsuitable value for right operand: a bool is required.",
        ),
    ]);
}

#[test]
fn conditionals_unify_types_and_drop_messages_of_the_other_branch() {
    check(&[
        ("true ? 1 : \"a\"", "\"1\""),
        ("false ? null : n", "5"),
        ("true ? n : [][0]", "5"),
        ("true ? {} : tomap({a = 1})", "map{}"),
        ("true ? 1 : \"x${[]}\"", "\"1\""),
        ("true ? 1 : [][0] + 1", "1"),
        ("true ? [1] : [for v in [[]]: v[0]]", "[1]"),
        ("true ? [1] : tolist([\"a\"])", "list[\"1\"]"),
        // What can't be computed has a type as far as that does not hang on the part that fails.
        ("true ? 1 : {for v in null: v => v}", "1"),
        ("true ? 1 : {for v in null: v => v...}", "1"),
        ("true ? 1 : [for v in null: v]", "1"),
        ("false ? (1 ? 1 : 1) : null", "null(Number)"),
        ("true ? null : 1", "null(Number)"),
        ("true ? sensitive(null) : 1", "sensitive null(Dynamic)"),
        ("true ? {} : (1 ? {} : tomap({}))", "map{}"),
        ("true ? [{}] : [(null ? {} : tomap({}))]", "[map{}]"),
        ("sb ? 1 : 2", "sensitive 1"),
        ("true ? 1 : sn", "sensitive 1"),
        (
            "ub ? 1 : 2",
            "unknown(Number, Refinements { not_null: true, prefix: None, min: Some((1, true)), max: Some((2, true)), min_length: None, max_length: None })",
        ),
        (
            "ub ? \"ab-1\" : \"ab-2\"",
            "unknown(String, Refinements { not_null: true, prefix: Some(\"ab-\"), min: None, max: None, min_length: None, max_length: None })",
        ),
        ("ub ? null : \"x\"", "unknown(String)"),
        (
            "null ? 1 : 2",
            "! Null condition: The condition value is null. Conditions must either be true or false.",
        ),
        (
            "[] ? 1 : 2",
            "! Incorrect condition type: The condition expression must be of type bool.",
        ),
        (
            "true ? 1 : []",
            "! Inconsistent conditional result types: The true and false result expressions must have consistent types. The 'true' value is number, but the 'false' value is tuple.",
        ),
        (
            "true ? 1 : {a = [][0]}",
            "! Inconsistent conditional result types: The true and false result expressions must have consistent types. The 'true' value is number, but the 'false' value is object.",
        ),
        (
            "true ? 1 : {for v in [1, 1]: v => v}",
            "! Inconsistent conditional result types: The true and false result expressions must have consistent types. The 'true' value is number, but the 'false' value is object.",
        ),
        (
            "true ? {a = 1} : {a = true}",
            "! Inconsistent conditional result types: The true and false result expressions must have consistent types. Type mismatch for object attribute \"a\": The 'true' value is number, but the 'false' value is bool.",
        ),
    ]);
}

#[test]
fn constants_are_folded() {
    for (text, constant) in [
        ("{a = [1, -2], b = null}", true),
        ("\"x\"", true),
        ("1 + 1", false),
        ("upper(\"x\")", false),
    ] {
        assert_eq!(
            recorded(text, &[]).0.as_constant().is_some(),
            constant,
            "{text}"
        );
    }
}
