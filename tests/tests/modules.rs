//! Real modules. `TERRANE_MODULES_DIR` names a folder with one folder for each repository (`owner+name`), `TERRANE_AWS_SCHEMAS` the packed table
//! of the schemas of `hashicorp/aws`; where they are not set, the tests say so and pass. `TERRANE_MODULE` picks modules by a part of their path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use terrane_tests::oracle::modules::Library;

/// The folder of the modules.
fn modules(test: &str) -> Option<PathBuf> {
    let dir = std::env::var_os("TERRANE_MODULES_DIR");
    if dir.is_none() {
        eprintln!("{test}: skipped, TERRANE_MODULES_DIR names no folder with modules");
    }
    dir.map(PathBuf::from)
}

fn wanted(path: &Path) -> bool {
    let part = std::env::var("TERRANE_MODULE").unwrap_or_default();
    path.to_string_lossy().contains(&part)
}

#[test]
fn real_modules_are_valid() {
    let Some(root) = modules("real_modules_are_valid") else {
        return;
    };
    let Some(table) = std::env::var_os("TERRANE_AWS_SCHEMAS") else {
        eprintln!("real_modules_are_valid: skipped, TERRANE_AWS_SCHEMAS names no table");
        return;
    };
    let library = Library::open(&root, Path::new(&table));
    // By repository: folders, those that call what is not there, errors.
    let mut repositories: BTreeMap<String, (usize, usize, Vec<String>)> = BTreeMap::new();
    for folder in library.folders() {
        if !wanted(&folder) {
            continue;
        }
        let inner = folder.strip_prefix(&root).unwrap();
        let repository = inner.iter().next().unwrap_or_default();
        let row = repositories
            .entry(repository.to_string_lossy().into_owned())
            .or_default();
        row.0 += 1;
        let validated = library.validate(&folder);
        if !validated.missing.is_empty() {
            row.1 += 1;
            continue;
        }
        for error in validated.errors {
            row.2.push(format!("{}: {error}", inner.display()));
        }
    }
    let mut failed = String::new();
    for (repository, (folders, missing, errors)) in &repositories {
        println!(
            "{repository}: {folders} folders, {missing} of them call modules that are not there, {} errors",
            errors.len()
        );
        for error in errors {
            failed.push_str(error);
            failed.push('\n');
        }
    }
    assert!(failed.is_empty(), "\n{failed}");
}
