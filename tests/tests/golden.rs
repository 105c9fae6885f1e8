//! Runs the golden cases. `TERRANE_BLESS=1` writes what came out in place of what was expected; look at the difference before you commit it.

use std::path::Path;
use terrane_tests::golden;

#[test]
fn golden_cases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let bless = std::env::var_os("TERRANE_BLESS").is_some();
    let only = std::env::var("TERRANE_CASE").ok();
    let mut cases: Vec<_> = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("story.txt").exists())
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    let mut failures = String::new();
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        let story = std::fs::read_to_string(case.join("story.txt")).unwrap();
        let account = golden::run(&story).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        let file = case.join("expected.txt");
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if account == expected {
            continue;
        }
        if bless {
            std::fs::write(&file, &account).unwrap();
            continue;
        }
        let difference = similar::TextDiff::from_lines(&expected, &account);
        failures.extend([format!("=== {name}\n{}\n", difference.unified_diff())]);
    }
    assert!(failures.is_empty(), "\n{failures}");
}
