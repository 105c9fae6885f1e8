//! Real modules. `TERRANE_MODULES_DIR` names a folder with one folder for each repository (`owner+name`), `TERRANE_AWS_SCHEMAS` the packed table
//! of the schemas of `hashicorp/aws`; where they are not set, the tests say so and pass. `TERRANE_MODULE` picks modules by a part of their path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use terrane_tests::oracle::modules::{Library, layout};
use terrane_tests::oracle::peer;

/// The folder of the modules.
fn modules() -> Option<PathBuf> {
    std::env::var_os("TERRANE_MODULES_DIR").map(PathBuf::from)
}

const ABSENT: &str = "skipped: TERRANE_MODULES_DIR names no folder with modules";

fn wanted(path: &Path) -> bool {
    let part = std::env::var("TERRANE_MODULE").unwrap_or_default();
    path.to_string_lossy().contains(&part)
}

/// Folders that the peer refuses too, with the reason.
const INVALID: &[(&str, &str)] = &[
    (
        "terraform-aws-modules+terraform-aws-security-group/modules/_templates",
        "a template for a generator: its variables are not declared",
    ),
    (
        "terraform-aws-modules+terraform-aws-security-group/wrappers/_templates",
        "a template for a generator: its variables are not declared",
    ),
    (
        "cloudposse+terraform-null-label/examples/autoscalinggroup",
        "for_each in a nested block, and arguments that hashicorp/aws no longer has",
    ),
    (
        "cloudposse+terraform-aws-vpc/examples/deprecated",
        "sets an argument that the module beside it no longer has",
    ),
    (
        "terraform-google-modules+terraform-google-gcloud/examples/kubectl_wrapper_example",
        "an output that is not declared sensitive shows an output of a module that is; OpenTofu refuses it, Terraform 1.11 forgets the mark",
    ),
];

#[test]
fn real_modules_are_valid() {
    let Some(root) = modules() else {
        eprintln!("{ABSENT}");
        return;
    };
    let Some(table) = std::env::var_os("TERRANE_AWS_SCHEMAS") else {
        eprintln!("real_modules_are_valid: skipped, TERRANE_AWS_SCHEMAS names no table");
        return;
    };
    let library = Library::open(&root, Path::new(&table));
    for gap in &library.gaps {
        println!("not in the table: {gap}");
    }
    // By repository: folders, those that call what is not there, errors.
    let mut repositories: BTreeMap<String, (usize, usize, Vec<String>)> = BTreeMap::new();
    for folder in library.folders() {
        let inner = folder.strip_prefix(&root).unwrap();
        if !wanted(&folder) || INVALID.iter().any(|(path, _)| inner == Path::new(path)) {
            continue;
        }
        let repository = inner.iter().next().unwrap_or_default();
        let row = repositories
            .entry(repository.to_string_lossy().into_owned())
            .or_default();
        row.0 += 1;
        let validated = library.validate(&folder);
        if !validated.missing.is_empty() {
            row.1 += 1;
            println!("{}: calls {:?}", inner.display(), validated.missing);
            continue;
        }
        if !validated.errors.is_empty() && !validated.other_versions.is_empty() {
            row.1 += 1;
            println!("{}: calls {:?}", inner.display(), validated.other_versions);
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

/// All files below a folder.
fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a folder that can be read") {
        let path = entry.expect("an entry that can be read").path();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn real_modules_are_laid_out_alike() {
    let Some(root) = modules() else {
        eprintln!("{ABSENT}");
        return;
    };
    let Some(terraform) = peer::terraform() else {
        eprintln!("real_modules_are_laid_out_alike: skipped, there is no `terraform` on the path");
        return;
    };
    let mut paths = Vec::new();
    files(&root, &mut paths);
    paths.sort();
    let mut names = Vec::new();
    let mut texts = Vec::new();
    for path in paths.iter().filter(|path| wanted(path)) {
        if let Some(ending) = layout::ending(&path.to_string_lossy())
            && let Ok(text) = std::fs::read_to_string(path)
        {
            names.push(path.display().to_string());
            texts.push((ending, text));
        }
    }
    let mut failed = String::new();
    for round in 0..4_u64 {
        // The first time as they are.
        let texts: Vec<_> = texts
            .iter()
            .zip(0..)
            .map(|((ending, text), at)| match round {
                0 => (*ending, text.clone()),
                _ => (*ending, layout::damaged(text, round * 1_000_000 + at)),
            })
            .collect();
        let found = layout::differences(terraform, &texts);
        println!(
            "round {round}: {} of {} files differ",
            found.len(),
            texts.len()
        );
        for (at, ours, theirs) in found.into_iter().take(5) {
            let difference = similar::TextDiff::from_lines(&theirs, &ours);
            failed.extend([format!(
                "=== {} (round {round})\n{}\n",
                names[at],
                difference.unified_diff()
            )]);
        }
    }
    assert!(failed.is_empty(), "\n{failed}");
}
