//! Numbers.

use super::{Entry, Family, entry};

pub(super) const FAMILY: Family = Family {
    title: "Numbers",
    about: "Numbers are decimal fractions with a precision of 512 binary digits; whole numbers of any everyday size are exact.",
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "abs",
        &["any number"],
        "",
        &[("abs(-12.5)", "12.5"), ("abs(3)", "3")],
    ),
    entry(
        "ceil",
        &["any number"],
        "",
        &[("ceil(5.1)", "6"), ("ceil(-1.5)", "-1")],
    ),
    entry(
        "floor",
        &["any number"],
        "",
        &[("floor(4.9)", "4"), ("floor(-1.5)", "-2")],
    ),
    entry(
        "log",
        &["a number above 0", "the base"],
        "Computed as a floating point number of 64 bits. It is an error if the result is not a finite number.",
        &[("log(1024, 2)", "10"), ("ceil(log(15, 2))", "4")],
    ),
    entry(
        "max",
        &["at least one number; a list is given as `list...`"],
        "",
        &[("max(12, 54, 3)", "54"), ("max([1, 2]...)", "2")],
    ),
    entry(
        "min",
        &["at least one number; a list is given as `list...`"],
        "",
        &[("min(12, 54, 3)", "3")],
    ),
    entry(
        "parseint",
        &[
            "the digits, with a sign if need be",
            "how many digits there are: 2 to 62; above 36, capital letters are other digits than small ones",
        ],
        "It is an error if the text is no whole number in that base.",
        &[
            ("parseint(\"ff\", 16)", "255"),
            ("parseint(\"-1011\", 2)", "-11"),
        ],
    ),
    entry(
        "pow",
        &["the number", "the exponent"],
        "Computed as a floating point number of 64 bits. It is an error if the result is not a finite number.",
        &[("pow(3, 2)", "9"), ("pow(4, 0.5)", "2")],
    ),
    entry(
        "signum",
        &["any number"],
        "",
        &[("signum(-13)", "-1"), ("signum(0)", "0")],
    ),
    entry(
        "sum",
        &["at least one number; texts that are numbers count as such"],
        "An empty list is an error, since it has no sum.",
        &[("sum([10, 13, 6, 4.5])", "33.5")],
    ),
];
