//! How many instructions the engine's workloads take, held against what they took before: the same on a machine that is busy or slow.
//!
//! Counted by callgrind, which sees only the work, not what is made ready for it. The counts belong to one version of the compiler; with
//! another they are shown and not judged.

use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::Command;

/// Where the counts are kept, in the workspace.
const KEPT: &str = "tests/bench/instructions.txt";
/// More than so many percent above what is kept is a fault.
const TOLERANCE: u64 = 10;
/// The function around the work.
const COUNTED: &str = "*the_counted_work*";

/// What is kept.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    compiler: String,
    /// Workloads with their instructions.
    counts: Vec<(String, u64)>,
}

impl Counts {
    fn read(text: &str) -> Result<Self> {
        let mut kept = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, value) = line
                .split_once(": ")
                .with_context(|| format!("{KEPT}: {line:?} is no line of it"))?;
            if name == "compiler" {
                value.clone_into(&mut kept.compiler);
            } else {
                kept.counts.push((name.to_owned(), value.parse()?));
            }
        }
        Ok(kept)
    }

    fn write(&self) -> String {
        let mut text = format!(
            "# Instructions of the workloads of terrane-bench. Written by: cargo run -p xtask -- bench instructions -bless\ncompiler: {}\n",
            self.compiler
        );
        for (name, count) in &self.counts {
            text.extend([name, ": ", &count.to_string(), "\n"]);
        }
        text
    }

    fn of(&self, name: &str) -> Option<u64> {
        self.counts
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, count)| *count)
    }
}

/// How one workload stands.
#[derive(Debug, PartialEq)]
enum Verdict {
    Fine,
    /// So much cheaper that what is kept would hide the next loss.
    Cheaper,
    Dearer,
    New,
}

fn judge(kept: Option<u64>, now: u64) -> Verdict {
    match kept {
        None => Verdict::New,
        Some(kept) if now > kept + kept * TOLERANCE / 100 => Verdict::Dearer,
        Some(kept) if now < kept - kept * TOLERANCE / 100 => Verdict::Cheaper,
        Some(_) => Verdict::Fine,
    }
}

/// Whether the counter is on this machine.
pub(crate) fn can_count() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Counts, and compares; `bless`: keeps what was counted.
///
/// # Errors
/// When a workload takes more than it may, and when nothing can be counted.
pub(crate) fn run(root: &Path, bless: bool) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(&cargo)
        .args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "terrane-bench",
        ])
        .current_dir(root)
        .status()
        .context("starting cargo")?;
    if !status.success() {
        bail!("terrane-bench does not compile");
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let program = target.join("release").join("terrane-bench");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut now = Counts {
        compiler: output(Command::new(rustc).arg("--version"))?
            .trim()
            .to_owned(),
        counts: Vec::new(),
    };
    for name in output(Command::new(&program).arg("workloads"))?.lines() {
        now.counts.push((name.to_owned(), count(&program, name)?));
    }
    if bless {
        std::fs::write(root.join(KEPT), now.write()).with_context(|| format!("writing {KEPT}"))?;
        return Ok(());
    }
    let text =
        std::fs::read_to_string(root.join(KEPT)).with_context(|| format!("reading {KEPT}"))?;
    compare(&Counts::read(&text)?, &now)
}

fn compare(kept: &Counts, now: &Counts) -> Result<()> {
    let same = kept.compiler == now.compiler;
    let mut faults = 0;
    for (name, count) in &now.counts {
        let before = kept.of(name);
        let verdict = judge(before, *count);
        let change = before.map_or(0.0, |before| percent(before, *count));
        crate::say(&format!(
            "{name:20} {count:>14} {change:+6.1} % {}",
            match verdict {
                Verdict::Fine => "",
                Verdict::Cheaper => "cheaper: keep it with -bless",
                Verdict::Dearer => "DEARER",
                Verdict::New => "new: keep it with -bless",
            }
        ));
        faults += usize::from(matches!(verdict, Verdict::Dearer | Verdict::New));
    }
    if !same {
        crate::say(&format!(
            "not judged: kept for {}, this is {}",
            kept.compiler, now.compiler
        ));
        return Ok(());
    }
    if faults > 0 {
        bail!(
            "{faults} workloads take more than {TOLERANCE} % more instructions than {KEPT} says, or are not in it; where that is meant, keep it: cargo run -p xtask -- bench instructions -bless"
        );
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
fn percent(before: u64, now: u64) -> f64 {
    (now as f64 / before as f64 - 1.0) * 100.0
}

fn count(program: &Path, name: &str) -> Result<u64> {
    let done = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(program)
        .args(["once", name])
        .output()
        .context("starting valgrind (Debian's package valgrind)")?;
    let said = String::from_utf8_lossy(&done.stderr);
    collected(&said)
        .filter(|count| done.status.success() && *count > 0)
        .with_context(|| format!("{name} could not be counted: {said}"))
}

/// The number in `==1== Collected : 123`.
fn collected(said: &str) -> Option<u64> {
    let (_, rest) = said.split_once("Collected : ")?;
    rest.split_whitespace().next()?.parse().ok()
}

fn output(command: &mut Command) -> Result<String> {
    let done = command
        .output()
        .with_context(|| format!("starting {command:?}"))?;
    if !done.status.success() {
        bail!("{command:?} did not pass");
    }
    Ok(String::from_utf8(done.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::{Counts, Verdict, collected, compare, judge};

    #[test]
    fn a_tenth_more_is_a_fault() {
        for (kept, now, verdict) in [
            (Some(1_000), 1_000, Verdict::Fine),
            (Some(1_000), 1_100, Verdict::Fine),
            (Some(1_000), 1_101, Verdict::Dearer),
            (Some(1_000), 900, Verdict::Fine),
            (Some(1_000), 899, Verdict::Cheaper),
            (None, 5, Verdict::New),
        ] {
            assert_eq!(judge(kept, now), verdict, "{kept:?} {now}");
        }
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let counts = |compiler: &str, count| Counts {
            compiler: compiler.to_owned(),
            counts: vec![("parse".to_owned(), count)],
        };
        let kept = counts("rustc 1", 1_000);
        assert_eq!(Counts::read(&kept.write()).unwrap(), kept);
        assert!(compare(&kept, &counts("rustc 1", 1_200)).is_err());
        assert!(compare(&kept, &counts("rustc 2", 1_200)).is_ok());
        assert!(Counts::read("nonsense").is_err());
    }

    #[test]
    fn the_count_is_found_in_what_callgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 26051193\n==7== \n";
        assert_eq!(collected(said), Some(26_051_193));
        assert_eq!(collected("==7== no such program"), None);
    }
}
