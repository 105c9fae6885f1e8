//! Measurements, each built for release.

use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::Command;

/// Name, and what cargo is told to run.
const BENCHES: &[(&str, &[&str])] = &[
    (
        "state",
        &[
            "run",
            "--package",
            "terrane-store-sled",
            "--all-features",
            "--example",
            "bench",
        ],
    ),
    (
        "pg",
        &[
            "run",
            "--package",
            "terrane-store-pg",
            "--all-features",
            "--example",
            "bench",
        ],
    ),
    (
        "remote",
        &[
            "run",
            "--package",
            "terrane-store-remote",
            "--all-features",
            "--example",
            "bench",
        ],
    ),
    ("macro", &["run", "--package", "terrane-bench"]),
    ("gates", &["run", "--package", "terrane-bench"]),
    ("policies", &["run", "--package", "terrane-bench"]),
    (
        "micro",
        &["bench", "--package", "terrane-bench", "--bench", "micro"],
    ),
];

/// Runs one, with the arguments that follow its name.
pub(crate) fn run(root: &Path, mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let name = arguments.next().unwrap_or_default();
    if name == "instructions" {
        let bless = arguments.next().as_deref() == Some("-bless");
        return crate::instructions::run(root, bless);
    }
    let Some((_, order)) = BENCHES.iter().find(|(known, _)| *known == name) else {
        let names: Vec<_> = BENCHES.iter().map(|(name, _)| *name).collect();
        bail!(
            "there is no bench {name:?}; there are: {}, instructions",
            names.join(", ")
        );
    };
    let (verb, order) = order.split_first().context("an order begins with a verb")?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg(verb).arg("--quiet");
    // What is measured is built for release whatever is asked; `bench` knows that by itself.
    if *verb == "run" {
        cargo.arg("--release");
    }
    cargo.args(order).arg("--");
    match name.as_str() {
        "macro" => drop(cargo.arg("side-by-side")),
        "gates" | "policies" => drop(cargo.arg(&name)),
        _ => {}
    }
    let status = cargo
        .args(arguments)
        .current_dir(root)
        .status()
        .with_context(|| format!("starting cargo for {name}"))?;
    if !status.success() {
        bail!("the bench {name} did not pass");
    }
    Ok(())
}
