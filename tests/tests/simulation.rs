//! Runs simulations. `TERRANE_SIM_RUNS` says how many (seeds from `TERRANE_SIM_FROM`, or 0), `TERRANE_SIM_SEED` runs one;
//! with `TERRANE_SIM_TRACE` it tells what happens, with `TERRANE_SIM_ALL` it goes on after a failure.

use terrane_tests::sim;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn random_configurations_converge_lose_nothing_and_keep_the_order() {
    let (from, runs) = match number("TERRANE_SIM_SEED") {
        Some(seed) => (seed, 1),
        None => (
            number("TERRANE_SIM_FROM").unwrap_or(0),
            number("TERRANE_SIM_RUNS").unwrap_or(300),
        ),
    };
    let tracing = std::env::var_os("TERRANE_SIM_TRACE").is_some();
    let keep_going = std::env::var_os("TERRANE_SIM_ALL").is_some();
    let mut total = sim::Outcome::default();
    let mut failed = Vec::new();
    for seed in from..from + runs {
        match std::panic::catch_unwind(|| sim::run(seed, &mut |line| if tracing { println!("{line}") })) {
            Ok(Ok(outcome)) => total.add(&outcome),
            Ok(Err(failure)) if keep_going => failed.push(format!(
                "{seed}: {}",
                failure.claim.chars().take(300).collect::<String>()
            )),
            Ok(Err(failure)) => panic!("\n{failure}"),
            Err(_) if keep_going => failed.push(format!("{seed}: PANIC")),
            Err(_) => panic!(
                "seed {seed} panicked: TERRANE_SIM_SEED={seed} cargo test -p terrane-tests --test simulation"
            ),
        }
    }
    println!("{runs} simulations: {total:?}");
    assert!(
        failed.is_empty(),
        "{} failed\n{}",
        failed.len(),
        failed.join("\n")
    );
}
