//! Text.

use super::{Entry, Family, entry};

pub(super) const FAMILY: Family = Family {
    title: "Text",
    about: "Text is Unicode in normalisation form C. Lengths and offsets count characters as people see them (grapheme clusters), not bytes.",
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "chomp",
        &["any text"],
        "Removes every `\\n`, `\\r\\n` and `\\r` at the end, not only the last.",
        &[("chomp(\"hello\\r\\n\\n\")", "\"hello\"")],
    ),
    entry(
        "endswith",
        &["the text to look at", "how it may end"],
        "",
        &[
            ("endswith(\"hello world\", \"world\")", "true"),
            ("endswith(\"hello world\", \"\")", "true"),
        ],
    ),
    entry(
        "format",
        &["the format", "a value for each verb"],
        "Verbs are `%s` text, `%q` quoted text, `%d` whole number, `%f`, `%e`, `%g` number (`%.2f` with two decimals), `%b`, `%o`, `%x`, `%X` whole number in base 2, 8 and 16, `%t` bool, `%v` any value, `%#v` any value as JSON, and `%%` a percent sign. A number before the verb is the least width (`%5d`, `%-5s` to the left, `%05d` with zeros); `%[2]s` takes the second value. It is an error to give too few or too many values, or values that do not fit. Width and precision are at most 1048576.",
        &[
            ("format(\"Hello, %s!\", \"Ander\")", "\"Hello, Ander!\""),
            (
                "format(\"%03d|%-5s|%.2f\", 7, \"ab\", 3.14159)",
                "\"007|ab   |3.14\"",
            ),
            (
                "format(\"%#v\", { a = [1, true] })",
                "\"{\\\"a\\\":[1,true]}\"",
            ),
            ("format(\"%[2]s %[1]s\", \"a\", \"b\")", "\"b a\""),
        ],
    ),
    entry(
        "formatlist",
        &[
            "the format, as for `format`",
            "a value for each verb; of lists one element per line, single values each time",
        ],
        "All lists must have the same length.",
        &[(
            "formatlist(\"%s has %d\", [\"a\", \"b\"], [1, 2])",
            "tolist([\"a has 1\", \"b has 2\"])",
        )],
    ),
    entry(
        "indent",
        &["how many spaces", "the text"],
        "The first line stays as it is, since it usually follows something.",
        &[("indent(2, \"a\\nb\\nc\")", "\"a\\n  b\\n  c\"")],
    ),
    entry(
        "join",
        &[
            "what stands between two elements",
            "lists of text, one after the other",
        ],
        "A null among the elements is an error.",
        &[
            (
                "join(\"-\", [\"foo\", \"bar\", \"baz\"])",
                "\"foo-bar-baz\"",
            ),
            ("join(\", \", [\"a\"], [\"b\"])", "\"a, b\""),
        ],
    ),
    entry(
        "lower",
        &["any text"],
        "",
        &[("lower(\"HELLO Ä\")", "\"hello ä\"")],
    ),
    entry(
        "regex",
        &[
            "a regular expression in the syntax of RE2, which must be known",
            "the text to look at",
        ],
        "Without groups the result is the text that matches; with groups a tuple of what they match (null for a group that takes no part); with named groups an object. It is an error if nothing matches: `can(regex(...))` asks, `try(regex(...), other)` has another answer.",
        &[
            (
                "regex(\"[a-z]+\", \"53453453.345345aaabbbccc23454\")",
                "\"aaabbbccc\"",
            ),
            (
                "regex(\"(\\\\d{4})-(\\\\d\\\\d)\", \"2019-02\")",
                "[\"2019\", \"02\"]",
            ),
            (
                "regex(\"^(?P<scheme>[^:]+)://(?P<host>.+)\", \"https://example.com\")",
                "{ host = \"example.com\", scheme = \"https\" }",
            ),
        ],
    ),
    entry(
        "regexall",
        &[
            "a regular expression, as for `regex`",
            "the text to look at",
        ],
        "The list is empty if nothing matches.",
        &[
            (
                "regexall(\"[a-z]+\", \"1a2bc3\")",
                "tolist([\"a\", \"bc\"])",
            ),
            ("length(regexall(\"x\", \"abc\")) > 0", "false"),
        ],
    ),
    entry(
        "replace",
        &[
            "the text",
            "what is replaced: a text, or between slashes a regular expression",
            "what takes its place; with a regular expression, `$1` or `$name` is what a group matched",
        ],
        "",
        &[
            ("replace(\"1 + 2 + 3\", \"+\", \"-\")", "\"1 - 2 - 3\""),
            (
                "replace(\"hello world\", \"/w(.*)d/\", \"<$1>\")",
                "\"hello <orl>\"",
            ),
        ],
    ),
    entry(
        "split",
        &[
            "what stands between two parts; the empty text splits into characters",
            "the text",
        ],
        "",
        &[
            (
                "split(\",\", \"foo,bar,baz\")",
                "tolist([\"foo\", \"bar\", \"baz\"])",
            ),
            ("split(\",\", \"\")", "tolist([\"\"])"),
        ],
    ),
    entry(
        "startswith",
        &["the text to look at", "how it may begin"],
        "",
        &[("startswith(\"hello world\", \"hello\")", "true")],
    ),
    entry(
        "strcontains",
        &["the text to look at", "what it may contain"],
        "",
        &[("strcontains(\"hello world\", \"wor\")", "true")],
    ),
    entry(
        "strrev",
        &["any text"],
        "",
        &[("strrev(\"hello\")", "\"olleh\"")],
    ),
    entry(
        "substr",
        &[
            "the text",
            "how many characters to skip; a negative number counts from the end",
            "how many characters to take at most; -1 takes the rest",
        ],
        "",
        &[
            ("substr(\"hello world\", 1, 4)", "\"ello\""),
            ("substr(\"🤔🤷\", -1, -1)", "\"🤷\""),
        ],
    ),
    entry(
        "title",
        &["any text"],
        "",
        &[("title(\"hello world\")", "\"Hello World\"")],
    ),
    entry(
        "trim",
        &["the text", "the characters to remove, in any order"],
        "",
        &[("trim(\"?!hello?!\", \"!?\")", "\"hello\"")],
    ),
    entry(
        "trimprefix",
        &["the text", "what to remove where it begins with that, once"],
        "",
        &[("trimprefix(\"helloworld\", \"hello\")", "\"world\"")],
    ),
    entry(
        "trimspace",
        &["any text"],
        "",
        &[("trimspace(\"  hello\\n\\n\")", "\"hello\"")],
    ),
    entry(
        "trimsuffix",
        &["the text", "what to remove where it ends with that, once"],
        "",
        &[("trimsuffix(\"helloworld\", \"world\")", "\"hello\"")],
    ),
    entry(
        "upper",
        &["any text"],
        "",
        &[("upper(\"hello ä\")", "\"HELLO Ä\"")],
    ),
];
