//! Runs simulations. `TERRANE_SIM_RUNS` says how many (seeds from `TERRANE_SIM_FROM`, or 0), `TERRANE_SIM_SEED` runs one;
//! `TERRANE_CRASH_RUNS` how many applies are killed at every boundary (many: `cargo run --release -p terrane-bench -- crashes FROM RUNS`);
//! with `TERRANE_SIM_TRACE` it tells what happens, with `TERRANE_SIM_ALL` it goes on after a failure.

use terrane_plan::machine::PlanOptions;
use terrane_sim::World;
use terrane_tests::engine::{Chaos, Cloud, Project, Session};
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
        match std::panic::catch_unwind(|| {
            sim::run(seed, &mut |line| {
                if tracing {
                    println!("{line}");
                }
            })
        }) {
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

/// I1: killed at any event boundary, nothing is lost and nothing made twice. `TERRANE_CRASH_RUNS` says how many seeds (from `TERRANE_SIM_FROM`).
#[test]
fn an_apply_killed_at_any_boundary_loses_nothing_and_makes_nothing_twice() {
    let from = number("TERRANE_SIM_FROM").unwrap_or(0);
    let runs = number("TERRANE_CRASH_RUNS").unwrap_or(12);
    let mut total = sim::Crashes::default();
    for seed in from..from + runs {
        match sim::at_every_boundary(seed) {
            Ok(crashes) => total.add(&crashes),
            Err(claim) => panic!("\n{claim}"),
        }
    }
    println!("{runs} runs: {total:?}");
    assert!(total.had_happened > 0 && total.had_happened < total.open_creations);
}

/// Plans that claim nothing of each other are applied at the same time, and come to the same end as one after the other. `TERRANE_PAIR_RUNS` says how many seeds.
#[test]
fn two_applies_at_the_same_time_are_as_one_after_the_other() {
    let from = number("TERRANE_SIM_FROM").unwrap_or(0);
    let runs = number("TERRANE_PAIR_RUNS").unwrap_or(300);
    let mut total = sim::Pairs::default();
    for seed in from..from + runs {
        match sim::two_at_a_time(seed) {
            Ok(pairs) => total.add(&pairs),
            Err(claim) => panic!("\n{claim}"),
        }
    }
    println!("{runs} pairs: {total:?}");
    assert!(total.together > 10 && total.refused > 10);
}

/// What providers are not asked again does not change a plan: byte for byte the same as one that is made without. `TERRANE_MEMO_RUNS` says how many stories.
#[test]
fn a_plan_made_with_memory_is_the_plan_made_without() {
    let from = number("TERRANE_SIM_FROM").unwrap_or(0);
    let runs = number("TERRANE_MEMO_RUNS").unwrap_or(150);
    let mut total = sim::Recalled::default();
    for seed in from..from + runs {
        match sim::with_and_without_memory(seed) {
            Ok(recalled) => total.add(&recalled),
            Err(claim) => panic!("\n{claim}"),
        }
    }
    println!("{runs} stories: {total:?}");
    assert!(total.known > total.plans && total.made > total.plans);
}

/// I3: the plan does not depend on how many threads evaluate, nor on the order of answers.
#[test]
fn many_instances_give_the_same_plan_on_any_number_of_threads() {
    let project = Project::of(
        r#"
        locals { cidrs = [for i in range(300) : "10.${i % 250}.0.0/16"] }
        resource "sim_network" "n" {
          count = 300
          name  = "n${count.index}"
          cidr  = local.cidrs[count.index]
        }
        resource "sim_subnet" "s" {
          count      = 300
          network_id = sim_network.n[count.index].id
          cidr       = cidrsubnet(sim_network.n[count.index].cidr, 8, 1)
          tags       = { first = sim_network.n[0].name, length = tostring(length(sim_network.n)) }
        }
        output "names" { value = sim_subnet.s[*].id }
        "#,
    );
    let mut plans = Vec::new();
    for (threads, seed) in [(1, 1), (2, 2), (7, 3)] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        plans.push(pool.install(|| {
            let mut session = Session::new(Cloud::new(World::new(3), 3));
            let options = PlanOptions {
                refresh: true,
                ..PlanOptions::default()
            };
            let mut chaos = Chaos::shuffled(seed);
            let made = session.plan(&project, &options, &mut chaos);
            assert!(
                !made.diagnostics.has_errors(),
                "{}",
                made.compiled.explain(&made.diagnostics)
            );
            let run = session.apply(&made, &mut chaos);
            assert!(!run.diagnostics.has_errors(), "{:?}", run.diagnostics);
            // The objects have other ids, but for this plan only their names count.
            let again = session.plan(&project, &options, &mut chaos).plan.unwrap();
            assert!(again.is_empty());
            format!("{:?}", made.plan)
        }));
    }
    assert!(plans.windows(2).all(|pair| pair[0] == pair[1]));
}

/// A service as many have it, with what takes long behind what is quick.
const SERVICE: &str = r#"
variable "size" { default = 1 }

resource "sim_network" "main" {
  name = "main"
  cidr = "10.0.0.0/16"
}

resource "sim_role" "each" {
  count = 40 * var.size
  name  = "role-${count.index}"
}

resource "sim_queue" "each" {
  count = 8 * var.size
  name  = "queue-${count.index}"
  needs = [sim_role.each[count.index].id]
}

resource "sim_subnet" "each" {
  count      = 4 * var.size
  network_id = sim_network.main.id
  cidr       = "10.0.${count.index}.0/24"
}

resource "sim_gateway" "each" {
  count = 2 * var.size
  name  = "gateway-${count.index}"
  needs = [sim_subnet.each[count.index].id]
}

resource "sim_instance" "web" {
  count     = 6 * var.size
  name      = "web-${count.index}"
  image     = "i"
  subnet_id = sim_subnet.each[count.index % (2 * var.size)].id
  tags      = { gateway = sim_gateway.each[count.index % (2 * var.size)].id }
}

resource "sim_database" "main" {
  count = var.size
  name  = "database-${count.index}"
  needs = [sim_subnet.each[count.index].id]
}

resource "sim_instance" "app" {
  count = 3 * var.size
  name  = "app-${count.index}"
  image = "i"
  tags  = { database = sim_database.main[count.index % var.size].id }
}
"#;

/// What an apply needs beside what it must need: the longest way, or the work through the places that there are. Measured on a clock of its own.
#[test]
fn an_apply_takes_little_longer_than_its_longest_way() {
    for (places, size) in [(10, 1), (10, 3), (64, 3), (64, 6), (256, 6)] {
        let cloud = Cloud::new(World::new(7), 7).taking(places);
        let mut session = Session::new(cloud);
        let mut play = |text: &str| {
            let made = session.plan(
                &Project::of(text),
                &PlanOptions::default(),
                &mut Chaos::none(),
            );
            let took_ms = session.apply_timed(&made);
            let took_ms = took_ms.unwrap_or_else(|problem| panic!("{problem}"));
            (made.plan.expect("it was applied"), took_ms)
        };
        // How long things take is learned from what there is.
        let _learned = play(SERVICE);
        let larger = SERVICE.replace("default = 1", &format!("default = {}", size + 1));
        let (plan, took_ms) = play(&larger);
        let bound_ms = sim::makespan::bound_ms(&plan, places.into());
        let peers_ms = sim::makespan::of_peers_ms(&plan);
        println!(
            "{places} places, size {size}: {took_ms} ms, at least {bound_ms}, by the peers' rule {peers_ms}"
        );
        assert!(
            took_ms * 100 <= bound_ms * 105,
            "{places} places, size {size}: {took_ms} ms instead of {bound_ms}"
        );
    }
}
