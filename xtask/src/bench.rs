//! Measurements: each is an example of the crate that it measures, built for release.

use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::Command;

/// Name, package, example.
const BENCHES: &[(&str, &str, &str)] = &[
    ("state", "terrane-store-sled", "bench"),
    ("pg", "terrane-store-pg", "bench"),
    ("remote", "terrane-store-remote", "bench"),
];

/// Runs one, with the arguments that follow its name.
pub(crate) fn run(root: &Path, mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let name = arguments.next().unwrap_or_default();
    let Some((_, package, example)) = BENCHES.iter().find(|(known, ..)| *known == name) else {
        let names: Vec<_> = BENCHES.iter().map(|(name, ..)| *name).collect();
        bail!(
            "there is no bench {name:?}; there are: {}",
            names.join(", ")
        );
    };
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--quiet", "--release", "--package", package])
        .args(["--all-features", "--example", example, "--"])
        .args(arguments)
        .current_dir(root)
        .status()
        .with_context(|| format!("starting cargo for {package}"))?;
    if !status.success() {
        bail!("the bench {name} did not pass");
    }
    Ok(())
}
