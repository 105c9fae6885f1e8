//! Files and templates.

use super::{Entry, Family, entry};

pub(super) const FAMILY: Family = Family {
    title: "Files and templates",
    about: "Relative paths are relative to the folder in which the program runs, so `${path.module}/name` is what modules should write. A path that begins with `~/` is in the home directory. Files are read whenever the configuration is evaluated, so they must exist before the run. In the examples, `hello.txt` holds `Hello, ${name}!`.",
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "abspath",
        &["a path"],
        "Nothing needs to be there.",
        &[("abspath(\"/a/../b\")", "\"/b\"")],
    ),
    entry(
        "basename",
        &["a path"],
        "",
        &[("basename(\"foo/bar/baz.txt\")", "\"baz.txt\"")],
    ),
    entry(
        "dirname",
        &["a path"],
        "",
        &[("dirname(\"foo/bar/baz.txt\")", "\"foo/bar\"")],
    ),
    entry(
        "file",
        &["the path of a file"],
        "It is an error if there is none, or its content is not UTF-8.",
        &[("file(\"hello.txt\")", "\"Hello, $${name}!\"")],
    ),
    entry(
        "filebase64",
        &["the path of a file"],
        "For files that are not text.",
        &[("filebase64(\"hello.txt\")", "\"SGVsbG8sICR7bmFtZX0h\"")],
    ),
    entry(
        "fileexists",
        &["the path of a file"],
        "It is an error if something else is there, such as a directory.",
        &[
            ("fileexists(\"hello.txt\")", "true"),
            ("fileexists(\"none.txt\")", "false"),
        ],
    ),
    entry(
        "fileset",
        &[
            "a directory",
            "`*` any characters but a slash, `**` any directories, `?` one character, `[a-z]` one of these, `{a,b}` one of these",
        ],
        "Paths are relative to the directory. Only regular files are found, through links too.",
        &[
            ("fileset(\".\", \"*.txt\")", "toset([\"hello.txt\"])"),
            (
                "fileset(\".\", \"**/*.{txt,md}\")",
                "toset([\"hello.txt\", \"sub/notes.md\"])",
            ),
        ],
    ),
    entry(
        "pathexpand",
        &["a path"],
        "A path that does not begin with `~` stays as it is.",
        &[("pathexpand(\"/etc/hosts\")", "\"/etc/hosts\"")],
    ),
    entry(
        "templatefile",
        &[
            "the path of a file",
            "a map or object: what names stand for in the template",
        ],
        "The template sees these names and all functions, and nothing else. A template that is only one interpolation gives a value of any type. It is an error if a name is missing, or templates nest too deep.",
        &[(
            "templatefile(\"hello.txt\", { name = \"Jodie\" })",
            "\"Hello, Jodie!\"",
        )],
    ),
    entry(
        "templatestring",
        &[
            "the template",
            "a map or object: what names stand for in the template",
        ],
        "As `templatefile`. In a configuration, `$${` keeps an interpolation from being evaluated before.",
        &[(
            "templatestring(\"Hello, $${name}!\", { name = \"Jodie\" })",
            "\"Hello, Jodie!\"",
        )],
    ),
];
