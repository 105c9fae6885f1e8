//! Runs the fuzz targets of `tests/fuzz` under libFuzzer, on the stable compiler.
//!
//! The code is compiled with LLVM's coverage counters into a folder of its own (`target/fuzz`), for this machine's target by name, so that
//! build scripts are left alone. Each target runs in a process of its own on a copy of its corpus; what it finds is kept in
//! `target/fuzz/found/TARGET/`, and printed as a line for `tests/fuzz/regressions/TARGET.txt`. `TERRANE_FUZZ_MERGE=1` makes the committed
//! corpus of what a run learned.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Seconds for each target, unless `-t` says otherwise.
const SECONDS: u64 = 60;

/// Inputs are not longer than this.
const MAX_LEN: usize = 1 << 14;

/// What the compiler adds so that libFuzzer sees where an input leads.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// The program, and where it works.
struct Fuzz {
    fuzz: PathBuf,
    corpus: PathBuf,
    home: PathBuf,
}

/// Builds, and runs each of the targets; all if none is named.
pub(crate) fn run(root: &Path, arguments: impl Iterator<Item = String>) -> Result<()> {
    let mut seconds = SECONDS;
    let mut names = Vec::new();
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        if argument == "-t" {
            let given = arguments.next().unwrap_or_default();
            seconds = given.parse().context("-t takes a number of seconds")?;
        } else {
            names.push(argument);
        }
    }
    let fuzz = build(root)?;
    let known = fuzz.output(&["list"])?;
    if names.is_empty() {
        let name = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
        names.extend(known.lines().map(name));
    }
    let mut failed = Vec::new();
    for name in names {
        if !fuzz.target(&name, seconds)? {
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("something was found: {}", failed.join(", "));
    }
    Ok(())
}

fn build(root: &Path) -> Result<Fuzz> {
    let version = Command::new("rustc").arg("-vV").output()?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("the compiler does not say what machine this is")?
        .to_owned();
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let home = target.join("fuzz");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root)
        .env("RUSTFLAGS", FLAGS)
        .env("CARGO_TARGET_DIR", &home)
        .args([
            "build",
            "-p",
            "terrane-fuzz",
            "--bin",
            "fuzz",
            "--features",
            "libfuzzer",
        ])
        .args(["--profile", "fuzz", "--target", &host])
        .status()
        .context("starting cargo")?;
    if !status.success() {
        bail!("the fuzz targets did not build");
    }
    // Without the counters: it has a main function of its own.
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root)
        .args(["build", "--quiet", "-p", "terrane-fuzz", "--bin", "corpus"])
        .status()
        .context("starting cargo")?;
    if !status.success() {
        bail!("the tool for corpora did not build");
    }
    Ok(Fuzz {
        fuzz: home.join(host).join("fuzz").join("fuzz"),
        corpus: target.join("debug").join("corpus"),
        home,
    })
}

impl Fuzz {
    fn output(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.corpus).args(arguments).output()?;
        if !output.status.success() {
            bail!(
                "corpus {arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs one target; `false`: it found something.
    fn target(&self, name: &str, seconds: u64) -> Result<bool> {
        let folder = |kind: &str| self.home.join(kind).join(name);
        let (seeds, learned, found) = (folder("seeds"), folder("learned"), folder("found"));
        for folder in [&learned, &found] {
            std::fs::create_dir_all(folder)?;
        }
        // Nothing of an earlier corpus.
        if seeds.exists() {
            std::fs::remove_dir_all(&seeds)?;
        }
        let shown = |path: &Path| path.display().to_string();
        self.output(&["unpack", name, &shown(&seeds)])?;
        let status = self
            .engine(name)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={MAX_LEN}"))
            .args([
                "-timeout=60",
                "-rss_limit_mb=3072",
                "-print_final_stats=1",
                "-verbosity=1",
            ])
            .arg(format!("-artifact_prefix={}/", shown(&found)))
            .args([&learned, &seeds])
            .status()
            .context("starting the target")?;
        if status.success() && std::env::var_os("TERRANE_FUZZ_MERGE").is_some() {
            self.merge(name, &seeds, &learned)?;
        }
        for entry in std::fs::read_dir(&found)? {
            let path = shown(&entry?.path());
            super::say(&format!(
                "{path}:\n{}",
                self.output(&["show", name, &path])?
            ));
        }
        Ok(status.success())
    }

    fn engine(&self, name: &str) -> Command {
        let mut command = Command::new(&self.fuzz);
        command.env("TERRANE_FUZZ_TARGET", name);
        command
    }

    /// The smallest set of inputs that leads everywhere where the seeds and what was learned lead.
    fn merge(&self, name: &str, seeds: &Path, learned: &Path) -> Result<()> {
        let merged = self.home.join("merged").join(name);
        if merged.exists() {
            std::fs::remove_dir_all(&merged)?;
        }
        std::fs::create_dir_all(&merged)?;
        let status = self
            .engine(name)
            .arg("-merge=1")
            .args([&merged, seeds, learned])
            .stderr(Stdio::null())
            .status()?;
        if !status.success() {
            bail!("the inputs of {name} could not be merged");
        }
        self.output(&["pack", name, &merged.display().to_string()])?;
        Ok(())
    }
}
