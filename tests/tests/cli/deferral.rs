//! Changes that are put off to a later plan. The provider is the simulated cloud, which can't decide while its region is not known.

use super::folder::{Folder, Ran};

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

resource "sim_network" "far" {
  name = "far"
  cidr = "10.0.0.0/16"
}

resource "terraform_data" "behind" {
  input = sim_network.far.cidr
}

output "far" {
  value = sim_network.far.id
}
"#;

fn run(folder: &Folder, words: &str) -> Ran {
    let words: Vec<&str> = words.split_whitespace().collect();
    folder.run_with(&words, &[("TERRANE_SIM", "1")], "")
}

/// Two rounds lead to where one can't.
#[test]
fn what_is_put_off_is_done_by_the_next_plan() {
    let folder = Folder::new(&[("main.tf", CONFIG)]);
    run(&folder, "plan -allow-deferral -out=p.tfplan")
        .ok()
        .says("# terraform_data.region will be created")
        .says("Plan: 1 to add, 0 to change, 0 to destroy.")
        .says("Terrane puts off the following changes to a later plan")
        .says("# sim_network.far is deferred # (because the configuration of its provider is not wholly known yet)")
        .says("# terraform_data.behind is deferred # (because something that it depends on is deferred)")
        .says("Note: This plan is incomplete: 2 changes are deferred. Apply it, then plan again.");
    let plan = run(&folder, "show -json p.tfplan").ok().json();
    assert_eq!(plan["complete"], false);
    assert_eq!(plan["applyable"], true);
    let deferred = plan["deferred_changes"].as_array().unwrap();
    let found: Vec<_> = deferred
        .iter()
        .map(|one| (&one["reason"], &one["resource_change"]))
        .map(|(reason, change)| {
            (
                reason.as_str().unwrap(),
                change["address"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("provider_config_unknown", "sim_network.far"),
            ("deferred_prereq", "terraform_data.behind")
        ]
    );
    let change = &deferred[0]["resource_change"]["change"];
    assert_eq!(change["actions"], serde_json::json!(["create"]));
    assert_eq!(change["after_unknown"]["id"], true);
    let changed: Vec<&serde_json::Value> = plan["resource_changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["address"])
        .collect();
    assert_eq!(changed, ["terraform_data.region"]);
    run(&folder, "apply p.tfplan")
        .ok()
        .says("Resources: 1 added, 0 changed, 0 destroyed.");
    assert!(!run(&folder, "output").out.contains("far"));
    let lines = run(&folder, "plan -allow-deferral -json").ok();
    assert!(!lines.out.contains("deferred_change"), "{}", lines.out);
    run(&folder, "apply -auto-approve -allow-deferral")
        .ok()
        .says("Resources: 2 added, 0 changed, 0 destroyed.");
    run(&folder, "output far").ok();
}

const REPEATED: &str = r#"
variable "more" {
  type    = list(string)
  default = []
}

resource "terraform_data" "names" {
  input = concat(["a", "b"], var.more)
}

resource "terraform_data" "each" {
  for_each = toset(terraform_data.names.output)
  input    = each.value
}

module "part" {
  count  = terraform_data.number.output
  source = "./part"
  at     = count.index
}

resource "terraform_data" "number" {
  input = 2 + length(var.more)
}

module "known" {
  count  = length(terraform_data.names.output)
  source = "./part"
  at     = count.index
}

resource "terraform_data" "of_known" {
  input = module.known[0].constant
}

resource "terraform_data" "behind" {
  input = terraform_data.each["a"].id
}

resource "terraform_data" "constant" {
  input = module.part[0].constant
}

resource "terraform_data" "free" {
  input = 1
}

resource "terraform_data" "maybe" {
  lifecycle {
    enabled = terraform_data.number.output > 1
  }
}

output "maybe" {
  value = try(terraform_data.maybe.id, "none")
}

output "parts" {
  value = module.part[*].constant
}

output "names" {
  value = [for name, one in terraform_data.each : one.output]
}
"#;

const PART: &str = r#"
variable "at" {
  type = number
}

resource "terraform_data" "inner" {
  input = var.at
}

output "constant" {
  value = "always the same"
}
"#;

fn deferred(plan: &serde_json::Value) -> Vec<(&str, &str, &str)> {
    let deferred = plan["deferred_changes"].as_array().unwrap();
    deferred
        .iter()
        .map(|one| {
            let change = &one["resource_change"];
            (
                one["reason"].as_str().unwrap(),
                change["address"].as_str().unwrap(),
                change["change"]["actions"][0].as_str().unwrap(),
            )
        })
        .collect()
}

/// How often something is repeated need not be known.
#[test]
fn an_unknown_repetition_is_put_off() {
    let files = [("main.tf", REPEATED), ("part/main.tf", PART)];
    let folder = Folder::new(&files);
    run(&folder, "init").ok();
    run(&folder, "plan")
        .exits(1)
        .says("Invalid for_each argument")
        .says("Invalid count argument");
    run(&folder, "plan -allow-deferral -out=p.tfplan")
        .ok()
        .says("Plan: 6 to add, 0 to change, 0 to destroy.")
        .says("# terraform_data.each[*] is deferred # (because the number of resource instances is unknown)")
        .says("# module.part[*].terraform_data.inner is deferred")
        .says("This plan is incomplete: 5 changes are deferred.");
    let plan = run(&folder, "show -json p.tfplan").ok().json();
    assert_eq!(
        deferred(&plan),
        [
            ("deferred_prereq", "terraform_data.behind", "create"),
            ("deferred_prereq", "terraform_data.constant", "create"),
            ("instance_count_unknown", "terraform_data.each[*]", "create"),
            ("instance_count_unknown", "terraform_data.maybe", "create"),
            (
                "instance_count_unknown",
                "module.part[*].terraform_data.inner",
                "create"
            ),
        ]
    );
    let change = &plan["deferred_changes"][2]["resource_change"];
    assert_eq!(change["index_unknown"], true);
    assert_eq!(change["index"], serde_json::Value::Null);
    assert_eq!(change["change"]["after_unknown"]["input"], true);
    run(&folder, "apply p.tfplan")
        .ok()
        .says("Resources: 6 added, 0 changed, 0 destroyed.");
    assert!(!run(&folder, "output").out.contains("always"));
    run(&folder, "apply -auto-approve -allow-deferral")
        .ok()
        .says("Resources: 7 added, 0 changed, 0 destroyed.");
    assert_eq!(
        run(&folder, "output -json").ok().json()["names"]["value"],
        serde_json::json!(["a", "b"])
    );
    run(&folder, "plan -allow-deferral -detailed-exitcode").exits(0);
    objects_stay(&folder);
    run(&folder, "destroy -auto-approve -allow-deferral")
        .ok()
        .says("16 destroyed");
}

/// Objects that are there stay as they are, since nobody knows whether they are to go.
fn objects_stay(folder: &Folder) {
    let words = [
        "plan",
        "-allow-deferral",
        "-out=p.tfplan",
        "-var",
        "more=[\"c\"]",
    ];
    folder
        .run_with(&words, &[], "")
        .ok()
        .says("Plan: 1 to add, 2 to change, 0 to destroy.");
    for (option, says) in [
        ("-refresh-only", "No changes"),
        (
            "-target=terraform_data.each[\"c\"]",
            "# terraform_data.each[*] is deferred",
        ),
        (
            "-target=module.part[2]",
            "# module.part[*].terraform_data.inner is deferred",
        ),
    ] {
        let words = ["plan", "-allow-deferral", "-var", "more=[\"c\"]", option];
        folder.run_with(&words, &[], "").ok().says(says);
    }
    let plan = run(folder, "show -json p.tfplan").ok().json();
    let kept: Vec<_> = deferred(&plan)
        .into_iter()
        .filter(|(_, _, action)| *action == "no-op")
        .map(|(_, address, _)| address)
        .collect();
    assert_eq!(
        kept,
        [
            "terraform_data.each[\"a\"]",
            "terraform_data.each[\"b\"]",
            "terraform_data.maybe",
            "module.part[0].terraform_data.inner",
            "module.part[1].terraform_data.inner",
        ]
    );
    run(folder, "apply p.tfplan")
        .ok()
        .says("1 added, 2 changed, 0 destroyed");
    let words = [
        "apply",
        "-auto-approve",
        "-allow-deferral",
        "-var",
        "more=[\"c\"]",
    ];
    folder
        .run_with(&words, &[], "")
        .ok()
        .says("Resources: 2 added, 0 changed, 0 destroyed.");
}

/// Where nothing can be done at all, that is not "no changes".
#[test]
fn a_plan_of_nothing_but_deferrals_is_not_empty() {
    let config = CONFIG.replace("terraform_data.region.output", "\"later\"");
    let folder = Folder::new(&[("main.tf", &config)]);
    run(&folder, "apply -auto-approve -allow-deferral")
        .ok()
        .says("1 added");
    run(&folder, "plan -allow-deferral -detailed-exitcode")
        .exits(2)
        .says("# (because something that its provider needs is not there yet)")
        .says("This plan is incomplete: 2 changes are deferred. Nothing can be done now.");
    let lines = run(&folder, "plan -allow-deferral -json").ok();
    let deferred = lines
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line["type"] == "deferred_change");
    let reasons: Vec<_> = deferred
        .map(|line| line["change"]["reason"].clone())
        .collect();
    assert_eq!(reasons, ["absent_prereq", "deferred_prereq"]);
    // Nobody allowed it here: the provider is named.
    run(&folder, "plan")
        .exits(1)
        .says("Provider deferred changes")
        .says("The provider terrane.dev/test/sim put off its decision about sim_network.far");
}
