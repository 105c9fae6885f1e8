//! Type expressions.

use super::*;

#[test]
fn types_are_read_with_their_defaults() {
    let (ty, defaults, diagnostics) = type_constraint(&parsed(
        "map(object({a = string, b = optional(list(number), [1]), c = optional(any)}))",
    ));
    assert!(diagnostics.is_empty());
    let value = Value::object([("k", Value::object([("a", Value::TRUE)]))]);
    let filled = defaults.expect("defaults").apply(&value);
    let converted = crate::expr::values::convert(&filled, &ty).unwrap();
    assert_eq!(
        format!("{converted:?}"),
        "map{\"k\": {\"a\": \"true\", \"b\": list[1], \"c\": null(Dynamic)}}"
    );
    assert_eq!(variable_type(&parsed("list")).0, Type::list(Type::Dynamic));
    assert_eq!(variable_type(&parsed("map")).0, Type::map(Type::Dynamic));
}

#[test]
fn wrong_types_are_explained() {
    for (text, detail) in [
        (
            "nosuch",
            "The keyword \"nosuch\" is not a valid type specification.",
        ),
        (
            "set",
            "The set type constructor requires one argument specifying the element type.",
        ),
        (
            "list()",
            "The list type constructor requires one argument specifying the element type.",
        ),
        (
            "string(5)",
            "Primitive type keyword \"string\" does not expect arguments.",
        ),
        (
            "list(optional(string))",
            "Keyword \"optional\" is valid only as a modifier for object type attributes.",
        ),
        (
            "object(5)",
            "Object type constructor requires a map whose keys are attribute names and whose values are the corresponding attribute types.",
        ),
        (
            "object({(a) = string})",
            "Object constructor map keys must be attribute names.",
        ),
        (
            "object({a = string, a = number})",
            "Object constructor map keys must be unique.",
        ),
        (
            "object({a = optional(number, \"x\")})",
            "This default value is not compatible with the attribute's type constraint: a number is required.",
        ),
        (
            "object({a = optional(string, v)})",
            "Variables may not be used here.",
        ),
        (
            "tuple(string)",
            "Tuple type constructor requires a list of element types.",
        ),
        (
            "foo(string)",
            "Keyword \"foo\" is not a valid type constructor.",
        ),
        (
            "5",
            "A type specification is either a primitive type keyword (bool, number, string) or a complex type constructor call, like list(string).",
        ),
    ] {
        let (_, _, diagnostics) = type_constraint(&parsed(text));
        let told: Vec<&str> = diagnostics.iter().map(|one| one.detail.as_str()).collect();
        assert_eq!(told, vec![detail], "{text}");
    }
}
