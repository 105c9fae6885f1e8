//! Whole commands of one program beside another's, on the same configurations, in one run.

use crate::shapes::{self, SHAPES, Shape};
use anyhow::{Context as _, Result, bail};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wait4::Wait4 as _;

/// What is measured, in the order in which it is done in one folder.
const STEPS: &[(&str, &[&str])] = &[
    ("validate", &["validate"]),
    ("create", &["plan", "-input=false", "-out=plan.bin"]),
    ("apply", &["apply", "-input=false", "plan.bin"]),
    ("no-op", &["plan", "-input=false"]),
    ("one", &["plan", "-input=false"]),
    ("destroy", &["destroy", "-auto-approve", "-input=false"]),
];

/// What was asked for.
struct Asked {
    programs: Vec<String>,
    shapes: Vec<&'static Shape>,
    sizes: Vec<usize>,
    steps: Vec<String>,
    runs: usize,
}

/// One command.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) time: Duration,
    /// The largest memory of the process, in KiB.
    pub(crate) memory: u64,
}

/// Measures as the arguments say, and writes a table in Markdown.
///
/// `-program PATH` (once or more; the first is compared with the others), `-shapes A,B`, `-sizes N,M`, `-steps validate,create,…`, `-runs N`.
///
/// # Errors
/// For arguments that make no sense, and for a command that fails.
pub fn run(arguments: impl Iterator<Item = String>, out: &mut impl Write) -> Result<()> {
    let asked = asked(arguments)?;
    write!(out, "| shape | n | step |")?;
    for program in &asked.programs {
        let name = Path::new(program).file_name().unwrap_or_default();
        write!(out, " {} |  |", name.display())?;
    }
    writeln!(out, " ratio |")?;
    writeln!(
        out,
        "|---|---|---|{}---|",
        "---|---|".repeat(asked.programs.len())
    )?;
    for shape in &asked.shapes {
        for size in &asked.sizes {
            compare(&asked, shape, *size, out)?;
        }
    }
    Ok(())
}

fn asked(mut arguments: impl Iterator<Item = String>) -> Result<Asked> {
    let mut asked = Asked {
        programs: Vec::new(),
        shapes: SHAPES.iter().collect(),
        sizes: vec![1_000],
        steps: STEPS.iter().map(|(name, _)| (*name).to_owned()).collect(),
        runs: 3,
    };
    while let Some(flag) = arguments.next() {
        let value = arguments
            .next()
            .with_context(|| format!("{flag} of what?"))?;
        let list = || value.split(',');
        match flag.as_str() {
            "-program" => asked.programs.push(value),
            "-shapes" => {
                asked.shapes = list()
                    .map(|name| {
                        shapes::find(name).with_context(|| format!("there is no shape {name:?}"))
                    })
                    .collect::<Result<_>>()?;
            }
            "-sizes" => asked.sizes = list().map(str::parse).collect::<Result<_, _>>()?,
            "-steps" => asked.steps = list().map(str::to_owned).collect(),
            "-runs" => asked.runs = value.parse()?,
            _ => bail!("there is no flag {flag}"),
        }
    }
    if asked.programs.is_empty() {
        bail!("name a program: -program PATH");
    }
    Ok(asked)
}

/// One shape of one size: rounds A B A B, so that what else the machine does meets both.
fn compare(asked: &Asked, shape: &Shape, size: usize, out: &mut impl Write) -> Result<()> {
    let mut costs = vec![vec![Vec::new(); STEPS.len()]; asked.programs.len()];
    for _ in 0..asked.runs {
        for (program, costs) in asked.programs.iter().zip(&mut costs) {
            for (cost, costs) in round(program, shape, size, &asked.steps)?
                .into_iter()
                .zip(costs)
            {
                costs.extend(cost);
            }
        }
    }
    for (at, (name, _)) in STEPS.iter().enumerate() {
        if !asked.steps.iter().any(|step| step == name) {
            continue;
        }
        write!(out, "| {} | {size} | {name} |", shape.name)?;
        let mut first = None;
        let mut ratio = String::new();
        for costs in &mut costs {
            let Some(cost) = median(&mut costs[at]) else {
                continue;
            };
            write!(
                out,
                " {:.3} s | {} MiB |",
                cost.time.as_secs_f64(),
                cost.memory >> 10
            )?;
            match first {
                None => first = Some(cost),
                Some(ours) => {
                    ratio = format!("{:.1}", cost.time.as_secs_f64() / ours.time.as_secs_f64());
                }
            }
        }
        writeln!(out, " {ratio} |")?;
        out.flush()?;
    }
    Ok(())
}

/// The median time, and the largest memory.
pub(crate) fn median(costs: &mut [Cost]) -> Option<Cost> {
    costs.sort_by_key(|cost| cost.time);
    let memory = costs.iter().map(|cost| cost.memory).max()?;
    let middle = costs.get(costs.len() / 2)?;
    Some(Cost {
        time: middle.time,
        memory,
    })
}

/// All steps up to the last that is asked for, in a folder of their own.
pub(crate) fn round(
    program: &str,
    shape: &Shape,
    size: usize,
    wanted: &[String],
) -> Result<Vec<Option<Cost>>> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let lay = |changed| lay(&folder, &(shape.files)(size, changed));
    lay(false)?;
    step(program, &["init", "-input=false"], &folder)?;
    let is_wanted = |name: &str| wanted.iter().any(|step| step == name);
    let last = STEPS.iter().rposition(|(name, _)| is_wanted(name));
    let mut costs = vec![None; STEPS.len()];
    for (at, (name, arguments)) in STEPS.iter().enumerate() {
        let needed = matches!(*name, "create" | "apply") && last > Some(at);
        if !needed && !is_wanted(name) {
            continue;
        }
        if *name == "one" {
            lay(true)?;
        }
        let cost = step(program, arguments, &folder)?;
        if *name == "one" {
            lay(false)?;
        }
        costs[at] = is_wanted(name).then_some(cost);
    }
    Ok(costs)
}

pub(crate) fn lay(folder: &TempDir, files: &[(String, String)]) -> Result<()> {
    for (path, text) in files {
        let path = folder.path().join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}

pub(crate) fn step(program: &str, arguments: &[&str], folder: &TempDir) -> Result<Cost> {
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder.path())
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_IN_AUTOMATION", "1")
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("starting {program}"))?;
    let ended = child.wait4()?;
    let time = began.elapsed();
    if !ended.status.success() {
        bail!(
            "{program} {} ended with {}",
            arguments.join(" "),
            ended.status
        );
    }
    Ok(Cost {
        time,
        memory: ended.rusage.maxrss >> 10,
    })
}
