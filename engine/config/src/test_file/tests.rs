//! What test files say, and which of them count.

use super::{Checkable, Command, decode_file, select};
use terrane_lang::source::SourceMap;

#[test]
fn a_file_of_our_own_takes_the_place_of_another() {
    let names = [
        "b.tftest.hcl",
        "a.tftest.hcl",
        "a.tofutest.hcl",
        "a.tftest.json",
        ".c.tftest.hcl",
        "d.tf",
    ];
    let chosen = select(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(chosen, ["a.tftest.json", "a.tofutest.hcl", "b.tftest.hcl"]);
}

#[test]
fn a_run_is_decoded() {
    let text = "run \"a\" {\n  command         = plan\n  expect_failures = [check.c, null_resource.r[0]]\n}\n";
    let mut sources = SourceMap::default();
    let (file, diagnostics) = decode_file(&mut sources, "a.tftest.hcl", text.as_bytes());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let run = &file.runs[0];
    assert_eq!(run.command, Command::Plan);
    let expected: Vec<String> = run.expected.iter().map(Checkable::text).collect();
    assert_eq!(expected, ["check.c", "null_resource.r[0]"]);
    assert!(!file.own_extension);
}
