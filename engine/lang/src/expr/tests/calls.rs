//! Calls, `try` and `can`.

use super::*;

#[test]
fn calls_deal_with_unknowns_nulls_and_marks() {
    check(&[
        ("upper(us) == null", "false"),
        ("upper(s)", "sensitive \"SECRET\""),
        ("max([1, 3]...)", "3"),
        (
            "max(sl...)",
            "! Invalid function argument: Invalid value for \"numbers\" parameter: a number is required.\n! Invalid function argument: Invalid value for \"numbers\" parameter: a number is required.",
        ),
        ("max(ul...)", "unknown(Dynamic)"),
        ("core::upper(\"a\")", "\"A\""),
        (
            "upper(null)",
            "! Invalid function argument: Invalid value for \"str\" parameter: argument must not be null.",
        ),
        (
            "uper(\"a\")",
            "! Call to unknown function: There is no function named \"uper\". Did you mean \"upper\"?",
        ),
        (
            "upper()",
            "! Not enough function arguments: Function \"upper\" expects 1 argument(s). Missing value for \"str\".",
        ),
        (
            "upper(\"a\", \"b\")",
            "! Too many function arguments: Function \"upper\" expects only 1 argument(s).",
        ),
        (
            "upper([\"a\", \"b\"]...)",
            "! Too many function arguments: Function \"upper\" expects only 1 argument(s).",
        ),
        (
            "max(null...)",
            "! Invalid expanding argument value: The expanding argument (indicated by ...) must not be null.",
        ),
        (
            "element([], 0)",
            "! Error in function call: Call to function \"element\" failed: cannot use element function with an empty list.",
        ),
        (
            "foo::bar()",
            "! Call to unknown function: The function namespace \"foo\" is not valid. Provider function calls must use the \"provider::\" namespace prefix.",
        ),
    ]);
}

#[test]
fn sensitive_arguments_stay_out_of_messages() {
    for text in [
        "tonumber(s)",
        "parseint(s, 10)",
        "tobool(s)",
        "base64decode(s)",
        "lookup({a = 1}, s)",
        "formatdate(\"YYYY\", s)",
        "jsondecode(s)",
        "cidrhost(s, 1)",
        "regex(\"(\", s)",
        "regex(s, \"a\")",
        "format(s, 1)",
        "templatestring(\"$${x.y}\", {x = s})",
        "{a = 1}[s]",
        "o[s]",
        "uuidv5(s, \"a\")",
        "file(s)",
        "csvdecode(\"${s},${s}\\n\")",
        "try(tonumber(s), tobool(s))",
        "one([s, s])[s]",
        "textencodebase64(\"a\", s)",
    ] {
        let told = format!("{:?}", evaluate(text));
        assert!(
            !told.contains("secret") || told.starts_with("Ok"),
            "{text}: {told}"
        );
    }
}

#[test]
fn try_and_can_wait_for_unknown_values() {
    check(&[
        ("try(o.c, \"else\")", "\"else\""),
        ("try(o.a, \"else\")", "1"),
        ("try(u.a, \"else\")", "unknown(Dynamic)"),
        ("can(o.c)", "false"),
        ("can(o.a)", "true"),
        (
            "can(us)",
            "unknown(Bool, Refinements { not_null: true, prefix: None, min: None, max: None, min_length: None, max_length: None })",
        ),
        (
            "[for v in [o, {a = 7, c = 1}]: try(v.c, \"none\")]",
            "[\"none\", 1]",
        ),
        ("try([1, u][0], \"else\")", "1"),
        ("try([1, u][1], \"else\")", "unknown(Dynamic)"),
        ("try([1, u][2], \"else\")", "\"else\""),
        ("can([1, u][0])", "true"),
        ("can([1, u][2])", "false"),
        ("startswith(jsonencode({a = u}), \"{\")", "true"),
        ("jsonencode([us]) == \"x\"", "false"),
        ("try(s, 1)", "sensitive \"secret\""),
        ("convert([1], list(string))", "list[\"1\"]"),
        (
            "convert({}, object({a = optional(number, 5)}))",
            "{\"a\": 5}",
        ),
        (
            "convert(\"x\", number)",
            "! Error in function call: Call to function \"convert\" failed: a number is required.",
        ),
        ("type(tolist([1]))", "\"list(number)\""),
    ]);
    let told = shown("try([][0], {}.b)");
    assert!(told.contains("no expression succeeded"), "{told}");
    assert!(
        told.contains("does not have an attribute named \"b\""),
        "{told}"
    );
}

/// A call that can't work is an error where it is needed, and no sooner.
#[test]
fn calls_that_cannot_work_may_be_done_without() {
    check(&[
        ("try(nosuch(1), \"x\")", "\"x\""),
        ("try(upper(), upper(\"a\", \"b\"), \"x\")", "\"x\""),
        ("can(provider::a::b(1))", "false"),
        ("can(can(1, 2))", "false"),
        ("true ? 1 : upper()", "1"),
        ("false && nosuch()", "false"),
        ("true || try([]...)", "true"),
        ("try([1, 2]...)", "1"),
        ("try([][0], [1]...)", "1"),
        ("can([1]...)", "true"),
        ("try(upper([]), ul...)", "unknown(Dynamic)"),
    ]);
    for text in [
        "upper()",
        "false ? 1 : upper()",
        "try(upper())",
        "true && upper()",
    ] {
        assert!(evaluate(text).is_err(), "{text}");
    }
}
