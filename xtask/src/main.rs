//! Tasks around the code: `cargo run -p xtask -- <task>`.
//!
//! * `tidy`: the rules of the house that no compiler knows.
//! * `codegen`: writes the documents that are made of the code.
//! * `test`: everything that must pass before a change goes in; what continuous integration runs.
//! * `aws-models [FOLDER]`: the operation models of the client of AWS, made of botocore's.
//! * `bench NAME`: measures, and prints what `docs/performance.md` shows; `state`: the embedded store, `pg`: the one in PostgreSQL, `remote`: the
//!   ones that keep a file elsewhere, `micro`: the engine's pieces, `macro -program PATH …`: whole commands beside others, `instructions`: what
//!   the engine's pieces take, against what they took (`-bless` keeps it), `aws`: the AWS provider against an emulator.
//! * `services install`: installs what tests of stores need; `services pg`, `services moto`: a PostgreSQL server, S3 and its kin to play with.
//! * `aws-schemas FACTS`: packs the schema facts of the AWS provider.
//! * `fuzz [-t SECONDS] [TARGET...]`: the fuzz targets under libFuzzer.

mod aws_models;
mod aws_schemas;
mod bench;
mod fuzz;
mod instructions;
mod manifest;
mod plugins;
mod services;
mod tidy;

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

fn main() -> ExitCode {
    let task = std::env::args().nth(1).unwrap_or_default();
    let outcome = match task.as_str() {
        "tidy" => tidy(),
        "codegen" => codegen(),
        "test" => test(),
        "aws-models" => aws_models::run(&root(), std::env::args().skip(2)),
        "bench" => bench::run(&root(), std::env::args().skip(2)),
        "aws-schemas" => aws_schemas::run(&root(), std::env::args().skip(2)),
        "fuzz" => fuzz::run(&root(), std::env::args().skip(2)),
        "services" => services::run(&root(), std::env::args().skip(2)),
        _ => Err(anyhow::anyhow!(
            "there is no task {task:?}; there are: tidy, codegen, test, aws-models, aws-schemas, bench, fuzz, services"
        )),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

fn tidy() -> Result<()> {
    let findings = tidy::check(&root())?;
    for finding in &findings {
        say(finding);
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("{count} untidy places"),
    }
}

/// Documents that are made of code: each is the matter of a test, which compares, or writes where `TERRANE_BLESS` is set.
const GENERATED: &[(&str, &str)] = &[
    // package, test target
    ("terrane-ops", "reference"),
    ("terrane-ops", "functions"),
];

fn codegen() -> Result<()> {
    for (package, target) in GENERATED {
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            // With the features of the workspace, as everything else: by itself a package would have others, and its dependencies be compiled anew.
            .args(["test", "--quiet", "--workspace", "--test", target])
            .env("TERRANE_BLESS", "1")
            .current_dir(root())
            .status()
            .with_context(|| format!("starting cargo for {package}"))?;
        if !status.success() {
            bail!("{package} --test {target} did not pass");
        }
    }
    Ok(())
}

/// One profile for everything, so that dependencies are compiled once.
fn test() -> Result<()> {
    let steps: [(&str, &[&str]); 3] = [
        ("format", &["fmt", "--all", "--check"]),
        (
            "lints",
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ],
        ),
        (
            "tests",
            &["test", "--workspace", "--quiet", "--no-fail-fast"],
        ),
    ];
    // Beside this program: tests of the whole workspace build these, too. Built alone they would have other features, and most crates would be compiled once more.
    let programs = std::env::current_exe().context("finding the programs that are tested")?;
    for (name, arguments) in steps {
        let began = Instant::now();
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(arguments)
            .env("TERRANE_BINARY", programs.with_file_name("terrane"))
            .env(
                "TERRANE_NOTES_PROVIDER",
                programs.with_file_name("terraform-provider-notes"),
            )
            .current_dir(root())
            .status()
            .with_context(|| format!("starting cargo for the {name}"))?;
        say(&format!(
            "{name}: {} in {} s",
            if status.success() { "good" } else { "failed" },
            began.elapsed().as_secs()
        ));
        if !status.success() {
            bail!("the {name} did not pass");
        }
        if name == "format" {
            tidy()?;
            plugins::fetch(&root())
                .iter()
                .for_each(|problem| say(problem));
        }
    }
    if instructions::can_count() {
        let began = Instant::now();
        instructions::run(&root(), false)?;
        say(&format!(
            "instructions: good in {} s",
            began.elapsed().as_secs()
        ));
    } else {
        say("instructions: not counted, valgrind is not on this machine");
    }
    Ok(())
}

fn say(text: &str) {
    use std::io::Write as _;
    // A task whose words nobody reads still has its exit code.
    drop(writeln!(std::io::stderr(), "{text}"));
}
