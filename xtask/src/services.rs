//! What tests of stores need besides the compiler: `services install` installs it, `services NAME` starts one to play with.

use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::Command;

/// Packages of Debian and its kin.
const PACKAGES: &[&str] = &["postgresql", "python3-venv"];
/// Name, package, example that runs it until its input ends.
const SERVICES: &[(&str, &str, &str)] = &[("pg", "terrane-store-pg", "serve")];
/// AWS by moto: a program in Python that makes an environment for itself.
const MOTO: &str = "moto";

pub(crate) fn run(root: &Path, mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let name = arguments.next().unwrap_or_default();
    if name == "install" {
        return install();
    }
    if name == MOTO {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), std::path::PathBuf::from);
        return succeed(
            Command::new("python3")
                .arg(root.join("tests/support/moto_server.py"))
                .arg(target.join(MOTO)),
        );
    }
    let Some((_, package, example)) = SERVICES.iter().find(|(known, ..)| *known == name) else {
        let known = SERVICES.iter().map(|(name, ..)| *name);
        let names: Vec<_> = known.chain([MOTO]).collect();
        bail!(
            "there is no service {name:?}; there are: {}; and `install`",
            names.join(", ")
        );
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    succeed(
        Command::new(cargo)
            .args([
                "run",
                "--quiet",
                "--package",
                package,
                "--features",
                "testing",
            ])
            .args(["--example", example])
            .current_dir(root),
    )
}

/// Installs packages, without recommended ones: no server is set up or started for the machine by them that tests would use.
fn install() -> Result<()> {
    succeed(Command::new("apt-get").arg("update"))?;
    succeed(
        Command::new("apt-get")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(PACKAGES)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
    .context("run it as root, or install these packages by hand")
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("starting {}", command.get_program().display()))?;
    if !status.success() {
        bail!("{} did not succeed", command.get_program().display());
    }
    Ok(())
}
