//! The pages of `docs/language` say the truth: every example on them is read as configuration.

use crate::engine::{Cloud, Project};
use std::path::{Path, PathBuf};
use terrane_lang::syntax::format::format;
use terrane_model::snapshot::Snapshot;
use terrane_sim::World;

/// An example on a page.
struct Example {
    page: PathBuf,
    line: usize,
    language: String,
    text: String,
}

fn examples() -> Vec<Example> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/language");
    let mut pages: Vec<PathBuf> = std::fs::read_dir(&root)
        .expect("the folder of the language pages")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    pages.iter().flat_map(|page| examples_of(page)).collect()
}

fn examples_of(page: &Path) -> Vec<Example> {
    let text = std::fs::read_to_string(page).expect("a page");
    let mut found = Vec::new();
    let mut open: Option<Example> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Example {
                    page: page.to_owned(),
                    line: number + 1,
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(example), None) => {
                example.text.push_str(line);
                example.text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

#[test]
fn examples_are_formatted_and_parse() {
    let native: Vec<Example> = examples()
        .into_iter()
        .filter(|example| matches!(example.language.as_str(), "hcl" | "terraform"))
        .collect();
    assert!(native.len() > 10, "the pages have examples");
    for example in native {
        let place = format!("{}:{}", example.page.display(), example.line);
        match format(&example.text) {
            Ok(formatted) => assert_eq!(example.text, formatted, "{place} is not formatted"),
            Err(diagnostics) => panic!("{place} does not parse: {diagnostics:?}"),
        }
    }
}

#[test]
fn whole_examples_compile() {
    let cloud = Cloud::new(World::new(1), 1);
    for example in examples() {
        let file = match example.language.as_str() {
            "terraform" => "main.tf",
            "json" => "main.tf.json",
            _ => continue,
        };
        let project = Project::default().file(".", file, &example.text);
        let compiled = project.compile(&cloud, &Snapshot::default());
        assert!(
            compiled.diagnostics.is_empty(),
            "{}:{}\n{}",
            example.page.display(),
            example.line,
            compiled.explain(&compiled.diagnostics)
        );
    }
}
