//! Types, marks, errors.

use super::{Entry, Family, entry};

pub(super) const FAMILY: Family = Family {
    title: "Types, errors and marks",
    about: "",
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "assumeequal",
        &[
            "the value that is to come",
            "what it will be, as far as that is known",
        ],
        "With an actual value that turns out different, it is an error. So a plan can use what its author knows and the provider does not say before apply.",
        &[("assumeequal(\"a\", \"a\")", "\"a\"")],
    ),
    entry(
        "assumelistlength",
        &[
            "the list",
            "the least number of elements",
            "the greatest number of elements",
        ],
        "A list that turns out shorter or longer is an error.",
        &[("assumelistlength([\"a\"], 1, 2)", "tolist([\"a\"])")],
    ),
    entry(
        "assumelistlengthmax",
        &["the list", "the greatest number of elements"],
        "A list that turns out longer is an error.",
        &[("assumelistlengthmax([\"a\"], 2)", "tolist([\"a\"])")],
    ),
    entry(
        "assumelistlengthmin",
        &["the list", "the least number of elements"],
        "A list that turns out shorter is an error.",
        &[("assumelistlengthmin([\"a\"], 1)", "tolist([\"a\"])")],
    ),
    entry(
        "assumemaplength",
        &[
            "the map",
            "the least number of elements",
            "the greatest number of elements",
        ],
        "A map that turns out smaller or larger is an error.",
        &[("assumemaplength({ a = 1 }, 1, 2)", "tomap({ a = 1 })")],
    ),
    entry(
        "assumemaplengthmax",
        &["the map", "the greatest number of elements"],
        "A map that turns out larger is an error.",
        &[("assumemaplengthmax({ a = 1 }, 2)", "tomap({ a = 1 })")],
    ),
    entry(
        "assumemaplengthmin",
        &["the map", "the least number of elements"],
        "A map that turns out smaller is an error.",
        &[("assumemaplengthmin({ a = 1 }, 1)", "tomap({ a = 1 })")],
    ),
    entry(
        "assumenotnull",
        &["any value"],
        "A null is an error.",
        &[("assumenotnull(\"a\")", "\"a\"")],
    ),
    entry(
        "assumesetlength",
        &[
            "the set",
            "the least number of elements",
            "the greatest number of elements",
        ],
        "A set that turns out smaller or larger is an error.",
        &[("assumesetlength([\"a\"], 1, 2)", "toset([\"a\"])")],
    ),
    entry(
        "assumesetlengthmax",
        &["the set", "the greatest number of elements"],
        "A set that turns out larger is an error.",
        &[("assumesetlengthmax([\"a\"], 2)", "toset([\"a\"])")],
    ),
    entry(
        "assumesetlengthmin",
        &["the set", "the least number of elements"],
        "A set that turns out smaller is an error.",
        &[("assumesetlengthmin([\"a\"], 1)", "toset([\"a\"])")],
    ),
    entry(
        "assumestringprefix",
        &["the text", "how it begins"],
        "A text that turns out to begin otherwise is an error.",
        &[("assumestringprefix(\"ami-123\", \"ami-\")", "\"ami-123\"")],
    ),
    entry(
        "can",
        &["any expression"],
        "Only what depends on values is caught: a reference to something that is not declared stays an error. `try` is usually plainer.",
        &[
            ("can(regex(\"^x\", \"abc\"))", "false"),
            ("can(1 + 1)", "true"),
        ],
    ),
    entry(
        "convert",
        &[
            "any value",
            "a type as in a variable block, with `optional(...)` and defaults too",
        ],
        "It is an error if the value can't be converted.",
        &[
            ("convert([\"a\", \"a\"], set(string))", "toset([\"a\"])"),
            (
                "convert({}, object({ a = optional(number, 1) }))",
                "{ a = 1 }",
            ),
        ],
    ),
    entry(
        "ephemeralasnull",
        &["any value"],
        "Good for outputs of what may not be stored.",
        &[("ephemeralasnull({ a = 1 })", "{ a = 1 }")],
    ),
    entry(
        "issensitive",
        &["any value"],
        "Tells of the value itself, not of what it holds.",
        &[
            ("issensitive(sensitive(\"x\"))", "true"),
            ("issensitive(\"x\")", "false"),
        ],
    ),
    entry(
        "nonsensitive",
        &["any value"],
        "For values that hold nothing secret though they were made from something that does. Whoever writes it says that they know.",
        &[("nonsensitive(length(sensitive(\"abc\")))", "3")],
    ),
    entry(
        "sensitive",
        &["any value"],
        "It stays sensitive wherever it goes, and makes sensitive what is made from it.",
        &[("sensitive(\"x\")", "(sensitive)")],
    ),
    entry(
        "tobool",
        &["a bool, \"true\", \"false\" or null"],
        "Anything else is an error.",
        &[("tobool(\"true\")", "true"), ("tobool(null)", "null")],
    ),
    entry(
        "tolist",
        &["a list, set or tuple, whose elements are brought to one type"],
        "The elements of a set come in its order.",
        &[("tolist([\"a\", 3])", "tolist([\"a\", \"3\"])")],
    ),
    entry(
        "tomap",
        &["a map or object, whose elements are brought to one type"],
        "",
        &[(
            "tomap({ a = \"foo\", b = true })",
            "tomap({ a = \"foo\", b = \"true\" })",
        )],
    ),
    entry(
        "tonumber",
        &["a number, a text that is one, or null"],
        "Anything else is an error.",
        &[("tonumber(\"1.50\")", "1.5")],
    ),
    entry(
        "toset",
        &["a list, set or tuple, whose elements are brought to one type"],
        "Equal elements become one.",
        &[("toset([\"c\", \"b\", \"b\"])", "toset([\"b\", \"c\"])")],
    ),
    entry(
        "tostring",
        &["a text, number, bool or null"],
        "Anything else is an error; `jsonencode` writes those.",
        &[
            ("tostring(1.50)", "\"1.5\""),
            ("tostring(true)", "\"true\""),
        ],
    ),
    entry(
        "try",
        &["expressions, tried in order"],
        "It is an error if all fail. As with `can`, only what depends on values is caught.",
        &[
            ("try({ a = 1 }.b, \"none\")", "\"none\""),
            ("try(tonumber(\"x\"), 0)", "0"),
        ],
    ),
];
