//! Lists, sets, maps.

use super::{Entry, Family, entry};

pub(super) const FAMILY: Family = Family {
    title: "Lists, sets and maps",
    about: "What is said of lists holds for tuples, and of maps for objects, where nothing else is said. `toset(…)`, `tolist(…)` and `tomap(…)` in the results tell the collections from tuples and objects.",
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "alltrue",
        &["bools, or texts that are"],
        "True for an empty list. A null counts as false.",
        &[
            ("alltrue([\"true\", true])", "true"),
            ("alltrue([])", "true"),
        ],
    ),
    entry(
        "anytrue",
        &["bools, or texts that are"],
        "False for an empty list. A null counts as false.",
        &[("anytrue([false, true])", "true"), ("anytrue([])", "false")],
    ),
    entry(
        "chunklist",
        &[
            "the list",
            "how many elements each part has at most; 0 makes one part",
        ],
        "",
        &[(
            "chunklist([\"a\", \"b\", \"c\"], 2)",
            "tolist([tolist([\"a\", \"b\"]), tolist([\"c\"])])",
        )],
    ),
    entry(
        "coalesce",
        &["values that have one type in common"],
        "It is an error if none is left.",
        &[
            ("coalesce(\"\", null, \"b\")", "\"b\""),
            ("coalesce(1, \"two\")", "\"1\""),
        ],
    ),
    entry(
        "coalescelist",
        &["lists"],
        "It is an error if all are empty.",
        &[("coalescelist([], [\"c\", \"d\"])", "[\"c\", \"d\"]")],
    ),
    entry(
        "compact",
        &["texts"],
        "",
        &[(
            "compact([\"a\", \"\", null, \"c\"])",
            "tolist([\"a\", \"c\"])",
        )],
    ),
    entry(
        "concat",
        &["lists; if all are of one type the result is a list, else a tuple"],
        "",
        &[("concat([\"a\"], [1, \"b\"])", "[\"a\", 1, \"b\"]")],
    ),
    entry(
        "contains",
        &["a list, tuple or set", "the value to look for"],
        "Nothing is converted: the number 1 is not the text \"1\".",
        &[
            ("contains([\"a\", \"b\"], \"a\")", "true"),
            ("contains([1], \"1\")", "false"),
        ],
    ),
    entry(
        "distinct",
        &["the list"],
        "Of equal elements the first stays.",
        &[("distinct([\"a\", \"b\", \"a\"])", "tolist([\"a\", \"b\"])")],
    ),
    entry(
        "element",
        &[
            "a list or tuple that is not empty",
            "the position, from 0; negative ones count from the end",
        ],
        "`list[index]` is plainer where positions beyond the end are mistakes.",
        &[
            ("element([\"a\", \"b\", \"c\"], 4)", "\"b\""),
            ("element([\"a\", \"b\", \"c\"], -1)", "\"c\""),
        ],
    ),
    entry(
        "flatten",
        &["the list, whose elements may be lists, tuples and sets, to any depth"],
        "The result is a tuple. Maps and objects are not looked into.",
        &[(
            "flatten([[\"a\", []], [[\"b\"]], \"c\"])",
            "[\"a\", \"b\", \"c\"]",
        )],
    ),
    entry(
        "index",
        &["the list", "the value to look for"],
        "It is an error if the list does not hold the value.",
        &[("index([\"a\", \"b\", \"c\"], \"b\")", "1")],
    ),
    entry(
        "keys",
        &["a map or object"],
        "",
        &[("keys({ c = 2, a = 1 })", "[\"a\", \"c\"]")],
    ),
    entry(
        "length",
        &["a list, set, tuple, map, object or text"],
        "Texts are counted in characters as people see them.",
        &[("length([\"a\", \"b\"])", "2"), ("length(\"👾🕹️\")", "2")],
    ),
    entry(
        "list",
        &["-"],
        "Any call is an error.",
        &[("try(list(1), tolist([1]))", "tolist([1])")],
    ),
    entry(
        "lookup",
        &[
            "a map or object",
            "the key",
            "the value if there is no such key; of the type of the elements",
        ],
        "It is an error if there is no such key and no default.",
        &[
            ("lookup({ a = \"ay\" }, \"a\", \"what?\")", "\"ay\""),
            ("lookup({ a = \"ay\" }, \"c\", \"what?\")", "\"what?\""),
        ],
    ),
    entry(
        "map",
        &["-"],
        "Any call is an error.",
        &[("try(map(\"a\", 1), tomap({ a = 1 }))", "tomap({ a = 1 })")],
    ),
    entry(
        "matchkeys",
        &[
            "the list to choose from",
            "a key for each of the values",
            "the keys that are chosen",
        ],
        "",
        &[(
            "matchkeys([\"i-1\", \"i-2\", \"i-3\"], [\"w\", \"e\", \"w\"], [\"w\"])",
            "tolist([\"i-1\", \"i-3\"])",
        )],
    ),
    entry(
        "merge",
        &["maps or objects; nulls are passed over"],
        "Elements are not merged with each other. The result is a map if all are maps of one type, else an object.",
        &[
            (
                "merge({ a = 1, b = 2 }, { b = \"x\" })",
                "{ a = 1, b = \"x\" }",
            ),
            ("merge([{ a = 1 }, null, { c = 3 }]...)", "{ a = 1, c = 3 }"),
        ],
    ),
    entry(
        "one",
        &["a list, set or tuple with no or one element"],
        "Made for `resource.name[*].attribute` where `count` is 0 or 1. More than one element is an error.",
        &[("one([])", "null"), ("one([\"hello\"])", "\"hello\"")],
    ),
    entry(
        "range",
        &[
            "the end; or the first number and the end; or these and the step. The end is not part of the list",
        ],
        "A list of more than 1048576 numbers is an error.",
        &[
            ("range(3)", "tolist([0, 1, 2])"),
            ("range(1, 8, 2)", "tolist([1, 3, 5, 7])"),
            ("range(4, 1)", "tolist([4, 3, 2])"),
        ],
    ),
    entry(
        "reverse",
        &["a list, tuple or set"],
        "",
        &[("reverse([1, 2, 3])", "[3, 2, 1]")],
    ),
    entry(
        "setintersection",
        &["the first set", "more sets"],
        "",
        &[(
            "setintersection([\"a\", \"b\"], [\"b\", \"c\"])",
            "toset([\"b\"])",
        )],
    ),
    entry(
        "setproduct",
        &["at least two sets or lists"],
        "The result is a set if all are sets, else a list in the order of the elements. More than 1048576 combinations are an error.",
        &[(
            "setproduct([\"dev\", \"prod\"], [\"a\", \"b\"])",
            "tolist([[\"dev\", \"a\"], [\"dev\", \"b\"], [\"prod\", \"a\"], [\"prod\", \"b\"]])",
        )],
    ),
    entry(
        "setsubtract",
        &["the set", "the elements to leave out"],
        "",
        &[(
            "setsubtract([\"a\", \"b\", \"c\"], [\"a\", \"c\"])",
            "toset([\"b\"])",
        )],
    ),
    entry(
        "setunion",
        &["the first set", "more sets"],
        "",
        &[("setunion([\"a\"], [\"b\", \"a\"])", "toset([\"a\", \"b\"])")],
    ),
    entry(
        "slice",
        &[
            "a list or tuple",
            "the first position, from 0",
            "the position behind the last one",
        ],
        "Positions beyond the end are errors.",
        &[(
            "slice([\"a\", \"b\", \"c\", \"d\"], 1, 3)",
            "[\"b\", \"c\"]",
        )],
    ),
    entry(
        "sort",
        &["texts; what is no text is converted"],
        "By the code points of the characters, so that capitals come first.",
        &[(
            "sort([\"e\", \"d\", \"A\", \"x\"])",
            "tolist([\"A\", \"d\", \"e\", \"x\"])",
        )],
    ),
    entry(
        "transpose",
        &["a map of lists of texts"],
        "",
        &[(
            "transpose({ a = [\"1\", \"2\"], b = [\"2\"] })",
            "tomap({ 1 = tolist([\"a\"]), 2 = tolist([\"a\", \"b\"]) })",
        )],
    ),
    entry(
        "values",
        &["a map or object"],
        "",
        &[("values({ c = 2, a = 1 })", "[1, 2]")],
    ),
    entry(
        "zipmap",
        &["the keys; of equal ones the last counts", "as many values"],
        "",
        &[("zipmap([\"a\", \"b\"], [1, 2])", "{ a = 1, b = 2 }")],
    ),
];
