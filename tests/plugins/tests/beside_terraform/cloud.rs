//! The simulated cloud as a plugin: what it puts off, and what it lists. No peer takes part: the one at hand can do neither.

use crate::engine::Engine;
use crate::programs::terrane;
use std::path::Path;

const CONFIG: &str = r#"
terraform {
  required_providers {
    sim = {
      source = "terrane.dev/test/sim"
    }
  }
}
resource "terraform_data" "region" {
  input = "north"
}
provider "sim" {
  region = terraform_data.region.output
}
resource "sim_network" "a" {
  name = "a"
  cidr = "10.0.0.0/16"
}
"#;

fn cloud(networks: &str) -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_sim-provider"));
    std::os::unix::fs::symlink(program, folder.path().join("terraform-provider-sim")).unwrap();
    let mut engine = Engine::new(terrane(), "terrane.dev/test/sim", folder.path());
    engine
        .variables
        .push(("TERRANE_SIM_NETWORKS", networks.to_owned()));
    std::fs::write(engine.folder.path().join("main.tf"), CONFIG).unwrap();
    // The folder is needed for as long as the engine.
    let kept = engine.folder.path().join("program");
    std::fs::create_dir(&kept).unwrap();
    std::os::unix::fs::symlink(program, kept.join("terraform-provider-sim")).unwrap();
    let settings = format!(
        "provider_installation {{\n  dev_overrides {{\n    \"terrane.dev/test/sim\" = {:?}\n  }}\n}}\n",
        kept.display().to_string()
    );
    std::fs::write(engine.folder.path().join("settings.tfrc"), settings).unwrap();
    engine
}

/// The plugin is told that it may, and that it may not.
#[test]
fn a_plugin_puts_off_what_it_can_not_decide() {
    let engine = cloud("");
    let (good, text) = engine.run(&["plan", "-allow-deferral", "-out=plan"]);
    assert!(good, "{text}");
    assert!(text.contains("sim_network.a is deferred"), "{text}");
    let plan = engine.json(&["show", "-json", "plan"]);
    assert_eq!(plan["complete"], false);
    assert_eq!(
        plan["deferred_changes"][0]["reason"],
        "provider_config_unknown"
    );
    let (good, text) = engine.run(&["plan"]);
    assert!(good && !text.contains("deferred"), "{text}");
    for (added, left) in [("1 added", true), ("1 added", false)] {
        let (good, text) = engine.run(&["apply", "-auto-approve", "-allow-deferral"]);
        assert!(good && text.contains(added), "{text}");
        assert_eq!(text.contains("is deferred"), left, "{text}");
    }
}

/// Listing goes through the protocol, and what was found can be taken over as it is written.
#[test]
fn a_plugin_lists_what_there_is() {
    let engine = cloud("aa,ab,b");
    let folder = engine.folder.path();
    std::fs::write(
        folder.join("main.tf"),
        CONFIG.replace("terraform_data.region.output", "\"north\""),
    )
    .unwrap();
    let query = "list \"sim_network\" \"found\" {\n  provider = sim\n  config {\n    name_prefix = \"a\"\n  }\n}\n";
    std::fs::write(folder.join("find.tfquery.hcl"), query).unwrap();
    let (good, text) = engine.run(&["query", "-generate-config-out=found.tf"]);
    assert!(good, "{text}");
    let lines: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("list."))
        .map(|line| line.split_whitespace().collect())
        .collect();
    let [one, other] = lines.as_slice() else {
        panic!("{text}");
    };
    assert_eq!(one[0], "list.sim_network.found");
    assert!(one[1].starts_with("id=net-"), "{text}");
    let mut names = [one[2], other[2]];
    names.sort_unstable();
    assert_eq!(names, ["aa", "ab"]);
    let (good, text) = engine.run(&["plan"]);
    assert!(good && text.contains("2 to import, 2 to add"), "{text}");
}
