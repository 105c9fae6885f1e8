//! Serves the simulated cloud, with networks of the names that `TERRANE_SIM_NETWORKS` gives. It lives as long as the process.

use std::process::ExitCode;
use terrane_plugin_tests as _;
use terrane_sim::{SimFactory, World};

fn main() -> ExitCode {
    let world = World::new(1);
    let names = std::env::var("TERRANE_SIM_NETWORKS").unwrap_or_default();
    for name in names.split(',').filter(|name| !name.is_empty()) {
        world.add_network(name, "10.0.0.0/16");
    }
    terrane_serve::run(SimFactory::new(world))
}
