//! Measurements, each built for release.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
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
    ("targets", &["run", "--package", "terrane-bench"]),
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
    if name == "aws" {
        return aws(root, arguments);
    }
    let Some((_, order)) = BENCHES.iter().find(|(known, _)| *known == name) else {
        let names: Vec<_> = BENCHES.iter().map(|(name, _)| *name).collect();
        bail!(
            "there is no bench {name:?}; there are: {}, aws, instructions",
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
        "gates" | "policies" | "targets" => drop(cargo.arg(&name)),
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

/// The AWS provider against an emulator. What is measured is built before, unless the arguments say what else is.
fn aws(root: &Path, arguments: impl Iterator<Item = String>) -> Result<()> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let arguments: Vec<String> = arguments.collect();
    let mut python = Command::new("python3");
    python.arg(root.join("tests/modules/aws_bench.py"));
    python.arg("--moto").arg(target.join("moto"));
    if !arguments.iter().any(|one| one == "--program") {
        let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--quiet", "--release", "--workspace"])
            .args(["--bin", "terrane", "--bin", "terrane-provider-aws"])
            .current_dir(root)
            .status()
            .context("starting cargo for the programs that are measured")?;
        if !built.success() {
            bail!("the programs that are measured were not built");
        }
        let programs = target.join("release");
        python.arg("--program").arg(programs.join("terrane"));
        python
            .arg("--provider")
            .arg(programs.join("terrane-provider-aws"));
    }
    let status = python.args(arguments).status().context("starting Python")?;
    if !status.success() {
        bail!("the bench aws did not pass");
    }
    Ok(())
}
