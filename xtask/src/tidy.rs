//! The rules of the house that no compiler knows. They run as a test too.

use crate::manifest::{Manifest, read};
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// No file may have more lines, its tests not counted.
const MAX_LINES: usize = 800;

/// Which crates of the house a crate may depend on. Development dependencies are free.
const ARROWS: &[(&str, &[&str])] = &[
    ("terrane-value", &[]),
    ("terrane-model", &["terrane-value"]),
    ("terrane-lang", &["terrane-value"]),
    (
        "terrane-config",
        &["terrane-value", "terrane-model", "terrane-lang"],
    ),
    (
        "terrane-plan",
        &[
            "terrane-value",
            "terrane-model",
            "terrane-lang",
            "terrane-config",
        ],
    ),
    (
        "terrane-gate",
        &[
            "terrane-value",
            "terrane-model",
            "terrane-lang",
            "terrane-config",
            "terrane-plan",
        ],
    ),
    (
        "terrane-apply",
        &[
            "terrane-value",
            "terrane-model",
            "terrane-lang",
            "terrane-config",
            "terrane-plan",
            "terrane-gate",
        ],
    ),
    ("terrane-store", &["terrane-value", "terrane-model"]),
    (
        "terrane-store-sled",
        &["terrane-value", "terrane-model", "terrane-store"],
    ),
    (
        "terrane-store-remote",
        &[
            "terrane-value",
            "terrane-model",
            "terrane-store",
            "terrane-aws-access",
        ],
    ),
    (
        "terrane-store-pg",
        &["terrane-value", "terrane-model", "terrane-store"],
    ),
    (
        "terrane-encryption",
        &[
            "terrane-value",
            "terrane-model",
            "terrane-store",
            "terrane-aws-access",
        ],
    ),
    ("terrane-provider", &["terrane-value", "terrane-model"]),
    (
        "terrane-builtin",
        &["terrane-value", "terrane-model", "terrane-provider"],
    ),
    (
        "terrane-sim",
        &["terrane-value", "terrane-model", "terrane-provider"],
    ),
    ("terrane-protocol", &["terrane-value", "terrane-model"]),
    (
        "terrane-serve",
        &[
            "terrane-value",
            "terrane-model",
            "terrane-provider",
            "terrane-protocol",
        ],
    ),
    (
        "terrane-plugin",
        &[
            "terrane-value",
            "terrane-model",
            "terrane-provider",
            "terrane-protocol",
        ],
    ),
    (
        "terrane-install",
        &["terrane-value", "terrane-model", "terrane-fetch"],
    ),
    ("terrane-aws-access", &[]),
    ("terrane-aws-client", &["terrane-aws-access"]),
    (
        "terrane-aws",
        &[
            "terrane-value",
            "terrane-model",
            "terrane-provider",
            "terrane-aws-client",
        ],
    ),
    ("terrane-provider-aws", &["terrane-aws", "terrane-serve"]),
    ("terrane-ssh", &[]),
    ("terrane-fetch", &[]),
    (
        "terrane-modules",
        &[
            "terrane-value",
            "terrane-model",
            "terrane-fetch",
            "terrane-aws-access",
        ],
    ),
    ("terrane-policy", &[]),
    ("terrane-cost", &[]),
    (
        "terrane-catalog",
        &["terrane-value", "terrane-model", "terrane-modules"],
    ),
];

/// Crates that may depend on everything but these.
const RIM: &[(&str, &[&str])] = &[
    ("terrane-ops", &["terrane-server", "terrane"]),
    ("terrane-server", &["terrane"]),
    // The command line talks to the engine's types, but reaches stores, providers and module sources through operations only.
    (
        "terrane",
        &[
            "terrane-store",
            "terrane-store-sled",
            "terrane-store-remote",
            "terrane-store-pg",
            "terrane-encryption",
            "terrane-provider",
            "terrane-builtin",
            "terrane-sim",
            "terrane-protocol",
            "terrane-serve",
            "terrane-plugin",
            "terrane-aws",
            "terrane-aws-client",
            "terrane-aws-access",
            "terrane-ssh",
            "terrane-install",
            "terrane-fetch",
            "terrane-modules",
            "terrane-policy",
            "terrane-cost",
            "terrane-catalog",
        ],
    ),
    ("terrane-tests", &[]),
    ("terrane-bench", &["terrane-ops", "terrane"]),
    ("terrane-fuzz", &[]),
    ("terrane-plugin-tests", &[]),
    // What anybody could write: the provider's side of the house alone.
    (
        "terraform-provider-notes",
        &[
            "terrane-ops",
            "terrane",
            "terrane-store",
            "terrane-plugin",
            "terrane-lang",
            "terrane-config",
            "terrane-plan",
        ],
    ),
    ("xtask", &[]),
];

/// Crates that must not be reached from `engine/`: they do what the engine must not.
const OUTSIDE: &[&str] = &[
    "tokio",
    "reqwest",
    "hyper",
    "rand",
    "tempfile",
    "sled",
    "tracing-subscriber",
];

/// A workspace of its own, for tests: made of what must not be mixed with ours.
const APART: &str = "tests/tf-provider";

/// Everything that is not as it should be, one line each.
///
/// # Errors
/// When the tree can't be read.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let mut crates = BTreeMap::new();
    let mut sources = Vec::new();
    walk(root, &mut |path| {
        let name = path.file_name().and_then(|name| name.to_str());
        let ours = path.parent() != Some(root) && !path.starts_with(root.join(APART));
        if name == Some("Cargo.toml") && ours {
            let text = read_text(path)?;
            crates.insert(path.to_path_buf(), read(&text));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path.to_path_buf());
        }
        Ok(())
    })?;
    let shown = |path: &Path| {
        path.strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    for (path, manifest) in &crates {
        findings.extend(check_crate(&shown(path), manifest));
    }
    for path in &sources {
        findings.extend(check_source(&shown(path), &read_text(path)?));
    }
    if !root.join("engine/clippy.toml").is_file() {
        findings.push("engine/clippy.toml: missing; it bans input and output in the engine".into());
    }
    Ok(findings)
}

fn check_crate(path: &str, manifest: &Manifest) -> Vec<String> {
    let mut findings = Vec::new();
    let Manifest {
        name,
        dependencies,
        inherits_lints,
    } = manifest;
    if !inherits_lints {
        findings.push(format!("{path}: `[lints] workspace = true` is missing"));
    }
    let house = |name: &str| name == "terrane" || name.starts_with("terrane-") || name == "xtask";
    let allowed = ARROWS.iter().find(|(known, _)| known == name);
    let forbidden = RIM.iter().find(|(known, _)| known == name);
    if allowed.is_none() && forbidden.is_none() {
        findings.push(format!(
            "{path}: the crate {name} has no place among the arrows (xtask/src/tidy.rs); see DESIGN.md, section 3"
        ));
    }
    for dependency in dependencies {
        let fine = match (allowed, forbidden) {
            (Some((_, allowed)), _) => !house(dependency) || allowed.contains(&dependency.as_str()),
            (None, Some((_, forbidden))) => !forbidden.contains(&dependency.as_str()),
            (None, None) => true,
        };
        if !fine {
            findings.push(format!("{path}: {name} must not depend on {dependency}"));
        }
        if path.starts_with("engine/") && OUTSIDE.contains(&dependency.as_str()) {
            findings.push(format!(
                "{path}: the engine does no input or output, so {name} must not depend on {dependency}"
            ));
        }
    }
    findings
}

fn check_source(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let test_file = path.ends_with("/tests.rs")
        || path.contains("/tests/")
        || path.starts_with("tests/")
        || path.contains("/benches/");
    if !test_file {
        let lines = lines_without_tests(text);
        if lines > MAX_LINES {
            findings.push(format!(
                "{path}: {lines} lines without tests, more than {MAX_LINES}"
            ));
        }
    }
    let documented = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with("#!["))
        .is_some_and(|line| line.starts_with("//!"));
    let fragment = path.ends_with("/tests.rs") || path.contains("/tests/");
    if !documented && !fragment {
        findings.push(format!("{path}: it does not begin with `//!`"));
    }
    findings
}

/// How many lines there are outside of `#[cfg(test)]` modules. Such a module ends at a brace in the column where it begins.
fn lines_without_tests(text: &str) -> usize {
    let mut count = 0;
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            count += 1;
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let end = format!("{}}}", " ".repeat(indent));
        let opens = lines
            .peek()
            .is_some_and(|next| next.trim_start().starts_with("mod ") && next.ends_with('{'));
        if opens {
            for inner in lines.by_ref() {
                if inner == end {
                    break;
                }
            }
        }
    }
    count
}

/// Calls `visit` with every file of the tree that is ours.
fn walk(dir: &Path, visit: &mut dyn FnMut(&Path) -> Result<()>) -> Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(dir)
        .with_context(|| format!("reading {}", dir.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    entries.sort_unstable();
    for path in entries {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                walk(&path, visit)?;
            }
        } else {
            visit(&path)?;
        }
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{check, check_crate, check_source, lines_without_tests};
    use crate::manifest::Manifest;

    fn manifest(name: &str, dependencies: &[&str]) -> Manifest {
        Manifest {
            name: name.into(),
            dependencies: dependencies.iter().map(|&name| name.into()).collect(),
            inherits_lints: true,
        }
    }

    #[test]
    fn the_house_is_tidy() {
        let findings = check(&crate::root()).unwrap();
        assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    }

    #[test]
    fn arrows_go_one_way() {
        for (path, name, dependency, fine) in [
            ("engine/plan", "terrane-plan", "terrane-config", true),
            ("engine/config", "terrane-config", "terrane-plan", false),
            ("engine/value", "terrane-value", "terrane-ops", false),
            ("engine/lang", "terrane-lang", "tokio", false),
            (
                "providers/builtin",
                "terrane-builtin",
                "terrane-lang",
                false,
            ),
            ("providers/builtin", "terrane-builtin", "tokio", true),
            ("ops", "terrane-ops", "terrane-store", true),
            ("ops", "terrane-ops", "terrane", false),
            ("cli", "terrane", "terrane-ops", true),
            ("cli", "terrane", "terrane-store-sled", false),
        ] {
            let findings = check_crate(path, &manifest(name, &[dependency]));
            assert_eq!(findings.is_empty(), fine, "{name} -> {dependency}");
        }
        assert!(!check_crate("new", &manifest("terrane-new", &[])).is_empty());
    }

    #[test]
    fn long_and_undocumented_files_are_found() {
        let long = format!("//! Doc.\n{}", "fn f() {}\n".repeat(800));
        assert_eq!(check_source("a/src/b.rs", &long).len(), 1);
        assert_eq!(check_source("a/src/tests.rs", &long).len(), 0);
        assert_eq!(check_source("a/src/b.rs", "fn f() {}\n").len(), 1);
    }

    #[test]
    fn tests_at_the_end_do_not_count() {
        let text = "a\n#[cfg(test)]\nmod tests {\n    fn f() {\n    }\n}\nb\n";
        assert_eq!(lines_without_tests(text), 2);
        assert_eq!(lines_without_tests("#[cfg(test)]\nmod tests;\nb\n"), 2);
    }
}
