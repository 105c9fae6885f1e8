//! What tools read in the JSON form of a plan: what was given, what was there, what is not checked, what took part.

use super::folder::Folder;
use serde_json::{Value as Json, json};

/// The plan that some options make.
fn planned(folder: &Folder, options: &str) -> Json {
    folder.run(&format!("plan -out=p.plan {options}")).ok();
    folder.run("show -json p.plan").ok().json()
}

#[test]
fn variables_are_shown_as_they_were_given() {
    let folder = Folder::new(&[
        (
            "main.tf",
            r#"
            variable "list" { type = list(string) }
            variable "number" { type = number }
            variable "set" {
              type    = set(string)
              default = ["b", "a", "b"]
            }
            variable "secret" {
              type      = string
              ephemeral = true
              default   = "s"
            }
            "#,
        ),
        ("terraform.tfvars", "list = [1, true]\nnumber = \"4\"\n"),
    ]);
    let plan = planned(&folder, "");
    assert_eq!(
        plan["variables"],
        json!({
            "list": {"value": [1, true]},
            "number": {"value": "4"},
            "set": {"value": ["a", "b"]},
        })
    );
}

#[test]
fn what_is_not_targeted_is_part_of_what_was_there() {
    let folder = Folder::new(&[(
        "main.tf",
        r#"
        resource "terraform_data" "a" { input = 1 }
        resource "terraform_data" "b" {
          input = 2
          lifecycle {
            postcondition {
              condition     = self.input == 2
              error_message = "no"
            }
          }
        }
        output "a" { value = terraform_data.a.input }
        output "b" { value = terraform_data.b.input }
        check "c" {
          assert {
            condition     = terraform_data.b.input == 2
            error_message = "no"
          }
        }
        "#,
    )]);
    folder.run("apply -auto-approve").ok();
    let plan = planned(&folder, "-target=terraform_data.a");
    let prior = &plan["prior_state"]["values"];
    assert_eq!(prior["root_module"]["resources"][1]["values"]["input"], 2);
    assert_eq!(prior["outputs"]["b"]["value"], 2);
    assert_eq!(plan["output_changes"].as_object().unwrap().len(), 1);
    let checks = plan["checks"].as_array().unwrap();
    let unknown = |check: &Json| check["status"] == "unknown" && check.get("instances").is_none();
    assert_eq!(checks.len(), 2);
    assert!(checks.iter().all(unknown), "{checks:?}");
    folder.run("apply p.plan").ok();

    // Nor is anything checked that is to be destroyed.
    let plan = planned(&folder, "-destroy");
    let checks = plan["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 2);
    assert!(checks.iter().all(unknown), "{checks:?}");
}

#[test]
fn attributes_that_took_part_are_found_through_modules() {
    let folder = Folder::new(&[
        (
            "main.tf",
            r#"
            resource "terraform_data" "a" {}
            resource "terraform_data" "many" {
              count = 2
              input = terraform_data.unused.id
            }
            resource "terraform_data" "unused" {}
            resource "terraform_data" "more" { input = 1 }
            locals { both = [terraform_data.a.id, terraform_data.many[1].id] }
            module "m" {
              source = "./m"
              count  = 2
              given  = local.both
            }
            resource "terraform_data" "last" {
              for_each         = toset(["k"])
              input            = module.m[0].made
              triggers_replace = terraform_data.more.input
            }
            output "all" { value = terraform_data.many[*].output }
            "#,
        ),
        (
            "m/main.tf",
            r#"
            variable "given" {}
            resource "terraform_data" "r" { input = var.given[0] }
            output "made" { value = terraform_data.r.output }
            "#,
        ),
    ]);
    folder.run("init").ok();
    let plan = planned(&folder, "");
    let found: Vec<String> = plan["relevant_attributes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["resource"].as_str().unwrap(), one["attribute"]))
        .collect();
    assert_eq!(
        found,
        [
            "module.m[0].terraform_data.r [\"output\"]",
            "module.m[1].terraform_data.r [\"output\"]",
            "terraform_data.a [\"id\"]",
            "terraform_data.many []",
            "terraform_data.many[1] [\"id\"]",
            "terraform_data.more [\"input\"]",
            "terraform_data.unused [\"id\"]",
        ]
    );
}

/// While everything is destroyed, what was read goes too: what it was read with took part. With a target, only what is targeted itself.
#[test]
fn what_was_read_goes_when_all_is_destroyed() {
    let folder = Folder::new(&[
        ("x.txt", "hi"),
        (
            "main.tf",
            r#"
            data "local_file" "a" { filename = "x.txt" }
            data "local_file" "b" { filename = data.local_file.a.filename }
            data "local_file" "c" { filename = terraform_data.r.input }
            resource "terraform_data" "r" { input = "x.txt" }
            resource "terraform_data" "s" { input = data.local_file.b.content }
            "#,
        ),
    ]);
    folder.run("init").ok();
    folder.run("apply -auto-approve").ok();
    let (a, b, r) = (
        "data.local_file.a filename",
        "data.local_file.b content",
        "terraform_data.r input",
    );
    for (options, expect) in [
        ("", vec![]),
        ("-destroy", vec![a, b, r]),
        ("-destroy -target=terraform_data.r", vec![]),
        ("-destroy -target=data.local_file.a", vec![b]),
        ("-destroy -target=data.local_file.b", vec![a, b]),
        ("-destroy -target=data.local_file.c", vec![r]),
    ] {
        let plan = planned(&folder, options);
        let list = plan["relevant_attributes"].as_array().cloned();
        let found: Vec<String> = list
            .unwrap_or_default()
            .iter()
            .map(|one| {
                let name = one["attribute"][0].as_str().unwrap();
                format!("{} {name}", one["resource"].as_str().unwrap())
            })
            .collect();
        assert_eq!(found, expect, "{options}");
    }
}

#[test]
fn an_output_that_becomes_null_changes() {
    let folder = Folder::new(&[("main.tf", "output \"o\" { value = 1 }\n")]);
    folder.run("apply -auto-approve").ok();
    folder.write("main.tf", "output \"o\" { value = tonumber(null) }\n");
    let plan = planned(&folder, "");
    assert_eq!(plan["output_changes"]["o"]["actions"], json!(["update"]));
    assert_eq!(
        plan["planned_values"]["outputs"]["o"],
        json!({"sensitive": false, "type": "number", "value": null})
    );
    assert!(plan["prior_state"].is_null());
}
