//! `cargo run -p xtask -- bench micro`: the time of each workload.

use divan::Bencher;
use terrane_bench::workloads::{WORKLOADS, find};

fn main() {
    divan::main();
}

#[divan::bench(args = WORKLOADS.iter().map(|workload| workload.name), max_time = 2)]
fn engine(bencher: Bencher<'_, '_>, name: &str) {
    if let Some(workload) = find(name) {
        bencher.bench_local((workload.prepare)());
    }
}
