//! Encodings.

use super::{Entry, Family, entry};

pub(super) const FAMILY: Family = Family {
    title: "Encodings",
    about: "",
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "base64decode",
        &["base64 with padding, in the standard alphabet; line breaks are passed over"],
        "It is an error if the bytes are not UTF-8.",
        &[("base64decode(\"SGVsbG8gV29ybGQ=\")", "\"Hello World\"")],
    ),
    entry(
        "base64encode",
        &["any text, taken as UTF-8"],
        "",
        &[("base64encode(\"Hello World\")", "\"SGVsbG8gV29ybGQ=\"")],
    ),
    entry(
        "base64gunzip",
        &["a gzip archive in base64"],
        "It is an error if the content is not UTF-8, or longer than 256 MiB.",
        &[("base64gunzip(base64gzip(\"hello\"))", "\"hello\"")],
    ),
    entry(
        "base64gzip",
        &["any text, taken as UTF-8"],
        "Packers differ in the bytes that they write: another version of the program may give another text that stands for the same.",
        &[("base64gunzip(base64gzip(\"hello\"))", "\"hello\"")],
    ),
    entry(
        "csvdecode",
        &["CSV as in RFC 4180, whose first line has the names of the columns"],
        "All values are texts. It is an error if a line has another number of values, or two columns have the same name.",
        &[(
            "csvdecode(\"a,b\\n1,2\\n3,\\\"x,y\\\"\\n\")",
            "tolist([{ a = \"1\", b = \"2\" }, { a = \"3\", b = \"x,y\" }])",
        )],
    ),
    entry(
        "jsondecode",
        &["a JSON text, as in RFC 8259"],
        "Arrays become tuples, objects become objects.",
        &[(
            "jsondecode(\"{\\\"a\\\": [1, null]}\")",
            "{ a = [1, null] }",
        )],
    ),
    entry(
        "jsonencode",
        &["any value"],
        "In one line, names in order; `<`, `>` and `&` are written as escapes.",
        &[(
            "jsonencode({ hello = [\"world\", 1.5, null] })",
            "\"{\\\"hello\\\":[\\\"world\\\",1.5,null]}\"",
        )],
    ),
    entry(
        "textdecodebase64",
        &[
            "bytes in base64",
            "the name of an encoding, as IANA registered it: UTF-16LE, ISO-8859-1",
        ],
        "It is an error if the encoding is not known or the bytes do not fit it.",
        &[(
            "textdecodebase64(\"SABlAGwAbABvAA==\", \"UTF-16LE\")",
            "\"Hello\"",
        )],
    ),
    entry(
        "textencodebase64",
        &[
            "any text",
            "the name of an encoding, as IANA registered it: UTF-16LE, ISO-8859-1",
        ],
        "It is an error if the encoding is not known or does not have the characters.",
        &[(
            "textencodebase64(\"Hello\", \"UTF-16LE\")",
            "\"SABlAGwAbABvAA==\"",
        )],
    ),
    entry(
        "urldecode",
        &["text with `%xx` and `+`"],
        "It is an error if an escape is cut off or the bytes are not UTF-8.",
        &[("urldecode(\"a%20b+%C3%A4\")", "\"a b ä\"")],
    ),
    entry(
        "urlencode",
        &["any text"],
        "A space becomes `+`, as in the query of a URL.",
        &[("urlencode(\"a b/ä?\")", "\"a+b%2F%C3%A4%3F\"")],
    ),
    entry(
        "yamldecode",
        &["one YAML document, as in YAML 1.2 with the words for bools that 1.1 had"],
        "Sequences become tuples, mappings objects. Aliases are resolved, but may not lead back to themselves.",
        &[(
            "yamldecode(\"a: 1\\nb: [x, true]\\n\")",
            "{ a = 1, b = [\"x\", true] }",
        )],
    ),
    entry(
        "yamlencode",
        &["any value"],
        "Names are in order and quoted, as all text.",
        &[(
            "yamlencode({ a = [1, \"b\"] })",
            "\"\\\"a\\\":\\n- 1\\n- \\\"b\\\"\\n\"",
        )],
    ),
];
