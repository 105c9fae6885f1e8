//! `terrane-bench workloads`: the names of the workloads. `terrane-bench once NAME`: does one once, for a profiler or a counter of
//! instructions. `terrane-bench side-by-side …`: whole commands of two programs. `terrane-bench gates …`: what gates add to an apply.
//! `terrane-bench policies …`: what policies take of a large plan. `terrane-bench targets …`: the table of all that is promised. `terrane-bench crashes FROM RUNS`: applies of these seeds, each killed
//! at every event boundary.

use anyhow::{Context as _, Result, bail};
use std::io::Write as _;
use std::process::ExitCode;
use terrane_bench::workloads::{Ready, WORKLOADS, find};
use terrane_bench::{crashes, gates, policies, shapes, side_by_side, targets};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nobody to tell that standard error is closed.
            drop(writeln!(std::io::stderr(), "error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut out = std::io::stdout();
    match arguments.next().as_deref() {
        Some("workloads") => {
            for workload in WORKLOADS {
                writeln!(out, "{}", workload.name)?;
            }
            Ok(())
        }
        Some("shapes") => {
            for shape in shapes::SHAPES {
                writeln!(out, "{:10} {}", shape.name, shape.about)?;
            }
            Ok(())
        }
        Some("once") => {
            let name = arguments.next().context("which workload?")?;
            let workload = find(&name).with_context(|| format!("there is no workload {name:?}"))?;
            let mut ready: Ready = (workload.prepare)();
            the_counted_work(&mut ready);
            Ok(())
        }
        Some("crashes") => {
            let mut number = || -> Result<u64> {
                let given = arguments.next().context("crashes FROM RUNS")?;
                given.parse().context("crashes takes two numbers")
            };
            crashes::run(number()?, number()?, &mut out)
        }
        Some("gates") => gates::run(arguments, &mut out),
        Some("policies") => policies::run(arguments, &mut out),
        Some("side-by-side") => side_by_side::run(arguments, &mut out),
        Some("targets") => targets::run(arguments, &mut out),
        _ => {
            bail!(
                "there are: workloads, shapes, once NAME, crashes FROM RUNS, gates, policies, side-by-side, targets"
            )
        }
    }
}

/// What is counted: a name that a profiler can be told to look at alone.
#[inline(never)]
fn the_counted_work(ready: &mut Ready) {
    ready();
}
