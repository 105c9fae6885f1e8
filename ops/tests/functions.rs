//! The reference of functions is made of what `help(name)` shows. `TERRANE_BLESS=1` (or `cargo xtask codegen`) writes it.

use std::path::{Path, PathBuf};
use terrane_ops::lang::functions::help::{self, Family};

const INTRODUCTION: &str = "# Functions

All functions of the language. `terrane console` shows what stands here with `help(name)`, and `terrane metadata functions -json` writes the
signatures for programs. Each can also be called as `core::name`. Functions of providers are called as
`provider::<local name>::<name>`, where the local name is one of `required_providers`; `terrane providers schema -json` lists them.

Where nothing else is said,

* a null argument is an error;
* an unknown argument makes the result unknown until apply;
* a sensitive or ephemeral argument makes the result sensitive or ephemeral;
* arguments are converted to the types of the parameters (`\"1\"` is taken for a number), and `list...` as the last argument stands for its
  elements.

`any` in a signature is a value of any type, `dynamic` a result whose type depends on the arguments. Results in the examples are written as
expressions.

This page is made of the table of functions; `cargo xtask codegen` writes it anew.
";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is in a folder of the workspace")
        .join("docs/reference/functions.md")
}

fn page() -> String {
    let mut text = String::from(INTRODUCTION);
    let mut family: Option<Family> = None;
    for help in help::all() {
        if family != Some(help.family) {
            family = Some(help.family);
            text.extend(["\n## ", help.family.title, "\n"]);
            if !help.family.about.is_empty() {
                text.extend(["\n", help.family.about, "\n"]);
            }
        }
        text.extend(["\n### ", help.name, "\n\n`", &help.signature, "`\n\n"]);
        text.extend([help.about, "\n"]);
        if !help.params.is_empty() {
            text.push('\n');
        }
        for (name, meaning) in &help.params {
            text.extend(["* `", name, "`: ", meaning, "\n"]);
        }
        let notes = [help.notes.to_owned()].into_iter().chain(help.special);
        for note in notes.filter(|note| !note.is_empty()) {
            text.extend(["\n", &note, "\n"]);
        }
        text.push_str("\n```terraform\n");
        for (expression, result) in help.examples {
            text.extend(["> ", expression, "\n", result, "\n"]);
        }
        text.push_str("```\n");
    }
    text
}

#[test]
fn the_page_is_fresh() {
    let path = path();
    let page = page();
    if std::env::var_os("TERRANE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).unwrap();
        std::fs::write(&path, page).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/reference/functions.md is out of date: run `cargo xtask codegen`"
    );
}
