//! What goes through collections or makes them: `for`, paths, objects.

use super::*;

#[test]
fn for_expressions_iterate_in_order() {
    check(&[
        ("[for v in [3, 1]: v * 2]", "[6, 2]"),
        ("[for i, v in [\"a\"]: \"${i}${v}\"]", "[\"0a\"]"),
        ("[for k, v in {b = 1, a = 2}: k]", "[\"a\", \"b\"]"),
        (
            "[for k, v in toset([\"b\", \"a\"]): \"${k}${v}\"]",
            "[\"aa\", \"bb\"]",
        ),
        (
            "{for v in [\"a\", \"b\"]: v => upper(v) if v != \"a\"}",
            "{\"b\": \"B\"}",
        ),
        (
            "{for v in [\"a\", \"b\", \"a\"]: v => 1...}",
            "{\"a\": [1, 1], \"b\": [1]}",
        ),
        (
            "[for x in [1, 2]: [for y in [1, 2]: x * 10 + y]]",
            "[[11, 12], [21, 22]]",
        ),
        ("[for v in ul: v]", "unknown(Dynamic)"),
        ("[for v in [1, 2]: v if ub]", "unknown(Dynamic)"),
        ("[for v in [1]: us]", "[unknown(String)]"),
        ("[for v in sl: v]", "sensitive [\"a\", \"b\"]"),
        ("{for v in [s]: v => 1}", "sensitive {\"secret\": 1}"),
        (
            "{for v in [1, 1]: \"a\" => v}",
            "! Duplicate object key: Two different items produced the key \"a\" in this 'for' expression. If duplicates are expected, use the ellipsis (...) after the value expression to enable grouping by key.",
        ),
        (
            "{for v in [s, s]: v => 1}",
            "! Duplicate object key: Two different items produced a sensitive key in this 'for' expression. If duplicates are expected, use the ellipsis (...) after the value expression to enable grouping by key.",
        ),
        (
            "[for v in t: v]",
            "! Iteration over non-iterable value: A value of type string cannot be used as the collection in a 'for' expression.",
        ),
        (
            "[for v in []: v if 5]",
            "! Invalid 'for' condition: The 'if' clause value is invalid: bool required, but have number.",
        ),
        (
            "[for v in [1]: v if null]",
            "! Condition is null: The value of the 'if' clause must not be null.",
        ),
    ]);
}

#[test]
fn paths_take_attributes_elements_and_splats() {
    check(&[
        ("o.a", "1"),
        ("o[\"b\"]", "\"x\""),
        ("[1, 2][1]", "2"),
        ("[1, 2][\"1\"]", "2"),
        ("[[1]].0[0]", "1"),
        ("[{a = 1}, {a = 2}][*].a", "[1, 2]"),
        ("[{a = [1]}].*.a[0]", "[1]"),
        ("tolist([{a = 1}])[*].a", "list[1]"),
        ("t[*]", "[\"text\"]"),
        ("null[*]", "[]"),
        ("us[*]", "unknown(Dynamic)"),
        (
            "uid[*]",
            "[unknown(String, Refinements { not_null: true, prefix: None, min: None, max: None, min_length: None, max_length: None })]",
        ),
        ("ul[0]", "unknown(String)"),
        ("um.x", "unknown(Number)"),
        ("u.a.b[0]", "unknown(Dynamic)"),
        ("sl[0]", "sensitive \"a\""),
        ("inner[1]", "1"),
        ("inner[0]", "sensitive \"secret\""),
        ("[10, 11, 12, 13][sn]", "sensitive 13"),
        (
            "o.c",
            "! Unsupported attribute: This object does not have an attribute named \"c\". There are \"a\", \"b\".",
        ),
        (
            "tomap({a = 1}).b",
            "! Missing map element: This map does not have an element with the key \"b\". There is only \"a\".",
        ),
        (
            "t.a",
            "! Unsupported attribute: Can't access attributes on a primitive-typed value (string).",
        ),
        (
            "[1][5]",
            "! Invalid index: The given key does not identify an element in this collection value: the given index is greater than or equal to the length of the collection (1).",
        ),
        (
            "[1][-1]",
            "! Invalid index: The given key does not identify an element in this collection value: a negative number is not a valid index for a sequence.",
        ),
        (
            "null.a",
            "! Attempt to get attribute from null value: This value is null, so it does not have any attributes.",
        ),
        (
            "tolist(null)[*]",
            "! Splat of null value: Splat expressions (with the * symbol) cannot be applied to null sequences.",
        ),
    ]);
}

#[test]
fn objects_take_computed_keys() {
    check(&[
        (
            "{a = 1, \"b\" = 2, (t) = 3, 5 = 4}",
            "{\"5\": 4, \"a\": 1, \"b\": 2, \"text\": 3}",
        ),
        ("{a = 1, a = n}", "{\"a\": 5}"),
        ("{(us) = 1}", "unknown(Dynamic)"),
        ("{(s) = 1}", "sensitive {\"secret\": 1}"),
        (
            "{(null) = 1}",
            "! Null value as key: Can't use a null value as a key.",
        ),
        (
            "{([]) = 1}",
            "! Incorrect key type: Can't use this value as a key: string required, but have tuple.",
        ),
    ]);
}
