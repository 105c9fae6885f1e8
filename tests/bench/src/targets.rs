//! What speed is promised, measured in one run: a table of targets, each with what was measured and whether that meets it.

use crate::shapes;
use crate::side_by_side::{Cost, median, round, step};
use anyhow::{Context as _, Result, bail};
use std::io::Write;
use std::time::Duration;

/// What a figure must be.
#[derive(Clone, Copy)]
enum Target {
    /// At most so many milliseconds.
    Within(u64),
    /// At most so many MiB.
    Memory(u64),
    /// So many times faster than the peer.
    Times(f64),
    /// So many times less memory than the peer.
    Lighter(f64),
    /// At most so many microseconds for an instance.
    Each(u64),
    /// At most so many bytes of memory for an instance.
    Weight(u64),
}

/// A shape, and what its steps must be: all from one round, since the peer takes minutes for some of them.
struct Row {
    shape: &'static str,
    size: usize,
    steps: &'static [(&'static str, &'static [Target])],
    runs: usize,
}

const fn row(
    shape: &'static str,
    size: usize,
    steps: &'static [(&'static str, &'static [Target])],
    runs: usize,
) -> Row {
    Row {
        shape,
        size,
        steps,
        runs,
    }
}

use Target::{Each, Lighter, Memory, Times, Weight, Within};

/// Where the peer can be asked, too.
const BESIDE: &[Row] = &[
    row("blocks", 5_000, &[("validate", &[Times(20.0)])], 3),
    row(
        "count",
        2_000,
        &[("create", &[Times(200.0), Lighter(20.0)])],
        1,
    ),
    row(
        "blocks",
        5_000,
        &[
            ("apply", &[Times(300.0), Memory(80)]),
            ("no-op", &[Times(50.0)]),
        ],
        1,
    ),
];

/// Where it would take hours.
const ALONE: &[Row] = &[
    row(
        "count",
        100_000,
        &[
            ("create", &[Within(3_000), Memory(500)]),
            ("apply", &[Each(50)]),
            ("no-op", &[Within(2_000), Weight(4_096)]),
            ("one", &[Within(150)]),
        ],
        1,
    ),
    row(
        "wide",
        100_000,
        &[
            ("create", &[Within(3_000), Memory(500)]),
            ("apply", &[Each(50)]),
            ("no-op", &[Within(2_000), Weight(6_144)]),
        ],
        1,
    ),
    row(
        "blocks",
        100_000,
        &[
            ("no-op", &[Within(2_000), Weight(8_192)]),
            ("one", &[Within(150)]),
        ],
        1,
    ),
    row(
        "count",
        1_000_000,
        &[("no-op", &[Within(20_000), Memory(6_144)])],
        1,
    ),
];

/// What has to grow no faster than the configuration: from the first size to ten times that.
const GROWTH: &[(&str, usize)] = &[
    ("count", 10_000),
    ("blocks", 10_000),
    ("modules", 10_000),
    ("wide", 10_000),
    ("payload", 2_000),
    ("outputs", 10_000),
    ("chains", 10_000),
    ("variables", 50),
    ("nested", 1_000),
];
/// Ten times the work within so many times the time: what a linear step takes where caches are too small for the larger one.
const LINEAR: f64 = 15.0;

struct Asked {
    program: String,
    peer: Option<String>,
    /// All sizes are divided by it: to try the command.
    scale: usize,
}

fn asked(mut arguments: impl Iterator<Item = String>) -> Result<Asked> {
    let (mut program, mut peer, mut scale) = (None, None, 1);
    while let Some(flag) = arguments.next() {
        let value = arguments
            .next()
            .with_context(|| format!("{flag} of what?"))?;
        match flag.as_str() {
            "-program" => program = Some(value),
            "-peer" => peer = Some(value),
            "-scale" => scale = value.parse()?,
            _ => bail!("there is no flag {flag}"),
        }
    }
    let program = program.context("name a program: -program PATH")?;
    Ok(Asked {
        program,
        peer,
        scale,
    })
}

/// Measures and writes the tables in Markdown.
///
/// `-program PATH`, `-peer PATH` (without it the ratios are left out), `-scale N` (sizes divided by N, to try it).
///
/// # Errors
/// For arguments that make no sense, and for a command that fails.
pub fn run(arguments: impl Iterator<Item = String>, out: &mut impl Write) -> Result<()> {
    let asked = asked(arguments)?;
    writeln!(
        out,
        "| work | terrane | memory | peer | memory | target | measured | met |\n|---|---|---|---|---|---|---|---|"
    )?;
    let folder = tempfile::tempdir().context("making a folder")?;
    let mut start = (0..20)
        .map(|_| step(&asked.program, &["version"], &folder))
        .collect::<Result<Vec<_>>>()?;
    let start = median(&mut start).context("a start")?;
    told(
        "start (`version`)",
        1,
        start,
        None,
        &[Within(20), Memory(20)],
        out,
    )?;
    for row in BESIDE {
        measured(&asked, row, asked.peer.as_deref(), out)?;
    }
    for row in ALONE {
        measured(&asked, row, None, out)?;
    }
    writeln!(
        out,
        "\n| shape | from | to | create | times | no-op | times | linear |\n|---|---|---|---|---|---|---|---|"
    )?;
    for (name, size) in GROWTH {
        grown(&asked, name, (size / asked.scale).max(2), out)?;
    }
    Ok(())
}

fn measured(asked: &Asked, row: &Row, peer: Option<&str>, out: &mut impl Write) -> Result<()> {
    let size = (row.size / asked.scale).max(2);
    let steps: Vec<_> = row.steps.iter().map(|(step, _)| *step).collect();
    let costs = |program: &str| -> Result<Vec<Cost>> {
        let mut costs = vec![Vec::new(); steps.len()];
        for _ in 0..row.runs {
            for (costs, cost) in costs.iter_mut().zip(one(program, row.shape, size, &steps)?) {
                costs.push(cost);
            }
        }
        let medians = costs.iter_mut().map(|costs| median(costs));
        medians
            .collect::<Option<_>>()
            .context("a step that is not there")
    };
    let ours = costs(&asked.program)?;
    let theirs = peer.map(costs).transpose()?;
    for (at, (step, targets)) in row.steps.iter().enumerate() {
        let work = format!("{step} of {size} ({})", row.shape);
        let theirs = theirs.as_ref().map(|costs| costs[at]);
        told(&work, size, ours[at], theirs, targets, out)?;
    }
    Ok(())
}

/// The costs of these steps, in their order.
fn one(program: &str, shape: &str, size: usize, steps: &[&str]) -> Result<Vec<Cost>> {
    let shape = shapes::find(shape).context("a shape that is not there")?;
    let wanted: Vec<_> = steps.iter().map(|step| (*step).to_owned()).collect();
    let costs = round(program, shape, size, &wanted)?;
    Ok(costs.into_iter().flatten().collect())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "ratios of milliseconds and mebibytes"
)]
fn told(
    work: &str,
    size: usize,
    ours: Cost,
    theirs: Option<Cost>,
    targets: &[Target],
    out: &mut impl Write,
) -> Result<()> {
    let cells = |cost: Cost| format!("{} | {} MiB", time(cost.time), cost.memory >> 10);
    let peer = theirs.map_or_else(|| " | ".to_owned(), cells);
    for (at, target) in targets.iter().enumerate() {
        let each = ours.time.as_micros() as f64 / size as f64;
        let (wanted, figure, met) = match *target {
            Within(most) => (
                time(Duration::from_millis(most)),
                time(ours.time),
                Some(ours.time <= Duration::from_millis(most)),
            ),
            Memory(most) => (
                format!("{most} MiB"),
                format!("{} MiB", ours.memory >> 10),
                Some(ours.memory >> 10 <= most),
            ),
            Each(most) => (
                format!("{most} µs each"),
                format!("{each:.0} µs"),
                Some(each <= most as f64),
            ),
            Weight(most) => {
                let weight = (ours.memory << 10) / size as u64;
                (
                    format!("{most} bytes each"),
                    format!("{weight} bytes"),
                    Some(weight <= most),
                )
            }
            Times(least) => {
                let ratio = theirs.map(|cost| cost.time.as_secs_f64() / ours.time.as_secs_f64());
                against(format!("{least} x faster"), ratio, least)
            }
            Lighter(least) => {
                let ratio = theirs.map(|cost| cost.memory as f64 / ours.memory as f64);
                against(format!("{least} x less memory"), ratio, least)
            }
        };
        let met = met.map_or("", |met| if met { "yes" } else { "**no**" });
        match at {
            0 => write!(out, "| {work} | {} | {peer} |", cells(ours))?,
            _ => write!(out, "| | | | | |")?,
        }
        writeln!(out, " {wanted} | {figure} | {met} |")?;
    }
    out.flush()?;
    Ok(())
}

fn against(wanted: String, ratio: Option<f64>, least: f64) -> (String, String, Option<bool>) {
    let figure = ratio.map_or_else(String::new, |ratio| format!("{ratio:.1} x"));
    (wanted, figure, ratio.map(|ratio| ratio >= least))
}

fn grown(asked: &Asked, name: &str, from: usize, out: &mut impl Write) -> Result<()> {
    let to = from * 10;
    let costs = |size| -> Result<[Duration; 2]> {
        let costs = one(&asked.program, name, size, &["create", "no-op"])?;
        match costs.as_slice() {
            [create, no_op] => Ok([create.time, no_op.time]),
            _ => bail!("a step that is not there"),
        }
    };
    let (small, large) = (costs(from)?, costs(to)?);
    write!(out, "| {name} | {from} | {to} |")?;
    let mut linear = true;
    for (small, large) in small.into_iter().zip(large) {
        let times = large.as_secs_f64() / small.as_secs_f64();
        linear &= times <= LINEAR;
        write!(out, " {} | {times:.1} |", time(large))?;
    }
    writeln!(out, " {} |", if linear { "yes" } else { "**no**" })?;
    out.flush()?;
    Ok(())
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        ..1.0 => format!("{} ms", time.as_millis()),
        ..100.0 => format!("{seconds:.2} s"),
        _ => format!("{seconds:.0} s"),
    }
}
