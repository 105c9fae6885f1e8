//! What gates add to an apply: whole commands in folders with and without files of gates, in one run.

use crate::asked::Asked;
use crate::shapes;
use crate::side_by_side::{Cost, lay, median, step};
use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::io::Write;
use std::process::Command;
use tempfile::TempDir;

/// Who decides.
const PEOPLE: [&str; 3] = ["ana", "bob", "cho"];

/// What every file of gates here says: two of a group for what loses data, no more than ten deletions, and what only is recorded passes.
const COMMON: &str = "group \"reviewers\" {\n  members = [\"ana\", \"bob\", \"cho\"]\n}\ngate \"losses\" {\n  match {\n    risks = [\"lossy\"]\n  }\n  approvals {\n    count = 2\n    from  = [\"reviewers\"]\n  }\n  limit {\n    deletes = 10\n  }\n}\ngate \"rest\" {\n  match {\n    actions = [\"output\", \"refresh\", \"move\"]\n  }\n  auto_approve = true\n}\n";

/// What a change needs in the folder with gates.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Two of the group, within a window: a saved plan, which they approved.
    Approved,
    /// Only the window: applied at once.
    Alone,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Approved => "apply PLAN",
            Self::Alone => "apply -auto-approve",
        }
    }

    fn gate(self) -> &'static str {
        match self {
            Self::Approved => "  approvals {\n    count = 2\n    from  = [\"reviewers\"]\n  }\n",
            Self::Alone => "",
        }
    }
}

/// Measures as the arguments say, and writes a table in Markdown: `-program PATH`, `-sizes N,M`, `-runs N`, `-most PERCENT` (more is a fault).
///
/// # Errors
/// For arguments that make no sense, for a command that fails, and where gates add more than they may.
pub fn run(arguments: impl Iterator<Item = String>, out: &mut impl Write) -> Result<()> {
    let asked = Asked::read(arguments, 5_000)?;
    writeln!(out, "| n | command | without | with gates | more |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    let mut worst = 0.0_f64;
    for size in &asked.sizes {
        for way in [Way::Approved, Way::Alone] {
            let (mut without, mut with) = (Vec::new(), Vec::new());
            for run in 0..asked.runs {
                // What else the machine does meets both.
                let order = if run % 2 == 0 {
                    [false, true]
                } else {
                    [true, false]
                };
                for gated in order {
                    let cost = applied(&asked.program, *size, way, gated)?;
                    if gated { &mut with } else { &mut without }.push(cost);
                }
            }
            let (without, with) = median(&mut without)
                .zip(median(&mut with))
                .context("at least one run")?;
            let (without, with) = (without.time.as_secs_f64(), with.time.as_secs_f64());
            let more = (with / without - 1.0) * 100.0;
            worst = worst.max(more);
            writeln!(
                out,
                "| {size} | {} | {without:.3} s | {with:.3} s | {more:+.1} % |",
                way.name()
            )?;
            out.flush()?;
        }
    }
    asked.judge("gates add", worst, "%")
}

/// What an apply of so many blocks takes.
fn applied(program: &str, size: usize, way: Way, gated: bool) -> Result<Cost> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let shape = shapes::find("blocks").context("there is this shape")?;
    lay(&folder, &(shape.files)(size, false))?;
    if gated {
        let files = [("g.tfgate.hcl".to_owned(), gates(program, &folder, way)?)];
        lay(&folder, &files)?;
    }
    if way == Way::Alone {
        return step(
            program,
            &["apply", "-auto-approve", "-input=false"],
            &folder,
        );
    }
    step(program, &["plan", "-input=false", "-out=plan.bin"], &folder)?;
    if gated {
        for person in PEOPLE.iter().take(2) {
            let key = format!("-key={person}.key");
            step(
                program,
                &["approve", "-auto-approve", &key, "plan.bin"],
                &folder,
            )?;
        }
    }
    step(program, &["apply", "-input=false", "plan.bin"], &folder)
}

/// A file of gates, and the keys that it names.
fn gates(program: &str, folder: &TempDir, way: Way) -> Result<String> {
    let mut text = String::new();
    for person in PEOPLE {
        let key = format!("-key={person}.key");
        let made = Command::new(program)
            .args(["key", "generate", "-no-passphrase", &key])
            .current_dir(folder.path())
            .output()
            .with_context(|| format!("starting {program}"))?;
        let said = String::from_utf8(made.stdout)?;
        let public = said.lines().last().context("a key is shown")?;
        write!(
            text,
            "person \"{person}\" {{\n  keys     = [\"{public}\"]\n  accounts = [\"{person}@*\"]\n}}\n"
        )?;
    }
    text.push_str(COMMON);
    write!(
        text,
        "gate \"changes\" {{\n  match {{\n    types = [\"terraform_*\"]\n  }}\n{}  limit {{\n    deletes = 10\n  }}\n  window {{\n    cron     = \"0 * * * *\"\n    duration = \"1h\"\n  }}\n}}\n",
        way.gate()
    )?;
    Ok(text)
}
