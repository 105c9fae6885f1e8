//! Functions that a provider has only once it is configured. The provider is the simulated cloud: with a region it has `in_region`.

use super::folder::{Folder, Ran};

const CONFIG: &str = r#"
terraform {
  required_providers {
    sim = {
      source = "terrane.dev/test/sim"
    }
  }
}

variable "region" {
  default = "north"
}

provider "sim" {
  region = var.region
}

provider "sim" {
  alias  = "late"
  region = terraform_data.region.output
}

resource "terraform_data" "region" {
  input = "south"
}

resource "terraform_data" "late" {
  input = provider::sim::late::in_region("b")
}

module "m" {
  source = "./m"
  providers = {
    sim.x = sim.late
  }
}

output "all" {
  value = [
    provider::sim::in_region("a"),
    terraform_data.late.output,
    module.m.names,
    provider::sim::join("-", "a", "b"),
    provider::sim::late::join("-", "a", "b"),
  ]
}
"#;

const MODULE: &str = r#"
terraform {
  required_providers {
    sim = {
      source                = "terrane.dev/test/sim"
      configuration_aliases = [sim.x]
    }
  }
}

output "names" {
  value = [provider::sim::x::in_region("c"), provider::sim::in_region("d")]
}
"#;

const TEST: &str = r#"
run "real" {
  assert {
    condition     = provider::sim::in_region("t") == "${var.region}/t"
    error_message = "another region"
  }
}
"#;

const MOCK: &str = r#"
mock_provider "sim" {}

mock_provider "sim" {
  alias = "late"
}

run "mocked" {
  command = plan
}
"#;

fn folder(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(&[("main.tf", CONFIG), ("m/main.tf", MODULE)]);
    for (name, text) in files {
        folder.write(name, text);
    }
    folder
}

fn run(folder: &Folder, words: &str) -> Ran {
    with_input(folder, words, "")
}

fn with_input(folder: &Folder, words: &str, input: &str) -> Ran {
    let words: Vec<&str> = words.split_whitespace().collect();
    folder.run_with(&words, &[("TERRANE_SIM", "1")], input)
}

/// What depends on a configuration that is not known yet is not known either, and is computed when it is.
#[test]
fn they_wait_for_the_configuration() {
    let folder = folder(&[]);
    run(&folder, "validate").ok();
    run(&folder, "plan -out=p.tfplan").ok().says(
        "all = [ + \"north/a\", + (known after apply), + [ + (known after apply), + \"north/d\", ], + \"a-b\", + (known after apply), ]",
    );
    run(&folder, "apply p.tfplan").ok();
    assert_eq!(
        run(&folder, "output -json all").ok().json(),
        serde_json::json!(["north/a", "south/b", ["south/c", "north/d"], "a-b", "a-b"])
    );
    run(&folder, "plan -detailed-exitcode").exits(0);
    run(&folder, "graph").says("\"terraform_data.late\" -> \"terraform_data.region\"");
    // In a different region all of it has other values.
    run(&folder, "plan -var region=west").says("\"north/a\" -> \"west/a\"");
    with_input(
        &folder,
        "console",
        "provider::sim::late::in_region(\"q\")\n",
    )
    .ok()
    .says("\"south/q\"");
    run(&folder, "destroy -auto-approve").ok();
}

#[test]
fn what_is_wrong_with_them_is_told() {
    for (expression, expect) in [
        (
            "provider::sim::absent(1)",
            "has no function \"absent\", neither before it is configured nor as it is configured here",
        ),
        (
            "provider::sim::in_region(\"\")",
            "Invalid value for \"name\" parameter: a name is required.",
        ),
        (
            "provider::sim::in_region()",
            "Function \"provider::sim::in_region\" expects 1 argument(s).",
        ),
        ("provider::sim::lat::in_region(1)", "Did you mean \"late\"?"),
        (
            "templatestring(\"$${provider::sim::in_region(1)}\", {})",
            "but not in template files",
        ),
    ] {
        let folder = folder(&[(
            "more.tf",
            &format!("output \"more\" {{\n  value = {expression}\n}}\n"),
        )]);
        run(&folder, "plan").exits(1).says(expect);
    }
    // A configuration that the provider refuses is told once, where it stands.
    let ran = run(&folder(&[]), "plan -var region=nowhere").exits(1);
    assert_eq!(ran.err.matches("Error:").count(), 1, "{}", ran.err);
    let circle = folder(&[(
        "more.tf",
        "provider \"sim\" {\n  alias  = \"circle\"\n  region = provider::sim::circle::in_region(\"a\")\n}\n\noutput \"c\" {\n  value = provider::sim::circle::in_region(\"a\")\n}\n",
    )]);
    run(&circle, "plan").exits(1).says("Error: Cycle");
}

#[test]
fn tests_call_them_but_not_on_mocks() {
    let real = folder(&[("a.tftest.hcl", TEST)]);
    run(&real, "test").ok().says("1 passed, 0 failed");
    let mocked = folder(&[("a.tftest.hcl", MOCK)]);
    run(&mocked, "test")
        .exits(1)
        .says("exists only on a provider that is configured");
}
