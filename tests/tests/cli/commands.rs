//! Other commands, and the forms of output.

use super::folder::Folder;

const CONFIG: &str = r#"
variable "name" {
  default = "x"
}

locals {
  twice = "${var.name}${var.name}"
}

resource "terraform_data" "a" {
  for_each = toset(["k"])
  input    = local.twice
}

module "m" {
  source   = "./m"
  for_each = toset(["one", "two"])
  word     = each.key
}

output "all" {
  value = { for name, m in module.m : name => m.loud }
}
"#;
const MODULE: &str = "variable \"word\" {}\noutput \"loud\" {\n  value = upper(var.word)\n}\n";

fn folder() -> Folder {
    Folder::new(&[("main.tf", CONFIG), ("m/main.tf", MODULE)])
}

#[test]
fn the_console_sees_configuration_and_state() {
    let folder = folder();
    folder.run("apply -auto-approve").ok();
    for (input, expect) in [
        ("1 + 1", "2\n"),
        ("var.name", "\"x\"\n"),
        ("local.twice", "\"xx\"\n"),
        ("terraform_data.a[\"k\"].output", "\"xx\"\n"),
        ("module.m[\"two\"].loud", "\"TWO\"\n"),
        ("keys(module.m)", "[\n  \"one\",\n  \"two\",\n]\n"),
        ("terraform.workspace", "\"default\"\n"),
        ("path.module", "\".\"\n"),
        (
            "type({a = [1]})",
            "object({\n    a: tuple([\n        number,\n    ]),\n})\n",
        ),
        ("exit", ""),
    ] {
        let ran = folder
            .run_with(&["console"], &[], &format!("{input}\n"))
            .ok();
        assert_eq!(ran.out, expect, "{input}");
    }
    folder
        .run_with(&["console", "-var", "name = y"], &[], "")
        .exits(1)
        .says("Invalid -var option")
        .says("name=y");
    let ran = folder.run_with(&["console", "-var", "name=y"], &[], "local.twice\n");
    assert_eq!(ran.ok().out, "\"yy\"\n");
    folder
        .run_with(&["console"], &[], "nonsense.here\n")
        .exits(1)
        .says("<console-input> line 1");
}

#[test]
fn lines_of_json_tell_the_story() {
    let folder = folder();
    let ran = folder.run("apply -json -auto-approve").ok();
    let lines = ran.json_lines();
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| line["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "version",
            "planned_change",
            "change_summary",
            "outputs",
            "apply_start",
            "apply_complete",
            "change_summary",
            "outputs"
        ]
    );
    assert!(lines.iter().all(|line| line["@module"] == "terrane.ui"));
    let hook = &lines[5]["hook"];
    assert_eq!(hook["resource"]["addr"], "terraform_data.a[\"k\"]");
    assert_eq!(hook["resource"]["resource_key"], "k");
    assert_eq!(hook["id_key"], "id");
    assert_eq!(lines[6]["changes"]["operation"], "apply");
    assert_eq!(lines[7]["outputs"]["all"]["value"]["one"], "ONE");
    folder.write("main.tf", "locals {\n  x = none\n}\n");
    let ran = folder.run("plan -json").exits(1);
    let last = ran.json_lines().pop().unwrap();
    assert_eq!(last["type"], "diagnostic");
    assert_eq!(last["diagnostic"]["range"]["start"]["line"], 2);
}

#[test]
fn validation_answers_in_json() {
    let folder = folder();
    let answer = folder.run("validate -json").ok().json();
    assert_eq!(answer["valid"], true);
    folder.write(
        "main.tf",
        "resource \"terraform_data\" \"a\" {\n  nonsense = 1\n}\n",
    );
    let answer = folder.run("validate -json").exits(1).json();
    assert_eq!(answer["error_count"], 1);
    let diagnostic = &answer["diagnostics"][0];
    assert_eq!(diagnostic["summary"], "Unsupported argument");
    assert_eq!(
        diagnostic["snippet"]["context"],
        "resource \"terraform_data\" \"a\""
    );
    assert_eq!(diagnostic["range"]["filename"], "main.tf");
}

#[test]
fn outputs_can_be_had_in_every_form() {
    let folder = Folder::new(&[(
        "main.tf",
        "output \"s\" {\n  value = \"text\"\n}\noutput \"l\" {\n  value = [1, \"x\"]\n}\noutput \"secret\" {\n  value     = \"canary\"\n  sensitive = true\n}\n",
    )]);
    folder.run("output").ok().says("No outputs found");
    folder.run("apply -auto-approve").ok();
    assert_eq!(
        folder.run("output").ok().out,
        "l = [\n  1,\n  \"x\",\n]\ns = \"text\"\nsecret = <sensitive>\n"
    );
    assert_eq!(folder.run("output -raw s").ok().out, "text");
    assert_eq!(folder.run("output s").ok().out, "\"text\"\n");
    assert_eq!(folder.run("output -json l").ok().out, "[1,\"x\"]\n");
    assert_eq!(folder.run("output -raw secret").ok().out, "canary");
    folder.run("output -raw l").exits(1).says("is a tuple");
    folder.run("output none").exits(1).says("not found");
}

#[test]
fn the_graph_and_the_providers_are_drawn() {
    let folder = Folder::new(&[(
        "main.tf",
        "resource \"terraform_data\" \"a\" {}\nlocals {\n  x = terraform_data.a.id\n}\nresource \"terraform_data\" \"b\" {\n  input = local.x\n}\n",
    )]);
    let graph = folder.run("graph").ok().out;
    assert!(
        graph.contains("\"terraform_data.b\" -> \"terraform_data.a\";"),
        "{graph}"
    );
    folder
        .run("providers")
        .ok()
        .says("└── provider[terraform.io/builtin/terraform]");
    let schemas = folder.run("providers schema -json").ok().json();
    let provider = &schemas["provider_schemas"]["terraform.io/builtin/terraform"];
    assert_eq!(
        provider["resource_schemas"]["terraform_data"]["block"]["attributes"]["id"]["computed"],
        true
    );
    // What nothing needs is not listed.
    let empty = Folder::new(&[("main.tf", "output \"x\" {\n  value = 1\n}\n")]);
    let schemas = empty.run("providers schema -json").ok().json();
    assert_eq!(schemas.to_string(), r#"{"format_version":"1.0"}"#);
    assert!(folder.run("version -json").ok().json()["terrane_version"].is_string());
}

#[test]
fn refresh_only_changes_nothing_but_the_state() {
    let folder = Folder::new(&[(
        "main.tf",
        "resource \"local_file\" \"f\" {\n  filename = \"f.txt\"\n  content  = \"hello\"\n}\n",
    )]);
    folder.run("apply -auto-approve").ok();
    std::fs::remove_file(folder.path().join("f.txt")).unwrap();
    folder.run("plan -refresh-only -detailed-exitcode").exits(2);
    folder.run("refresh").ok();
    assert_eq!(folder.run("state list").ok().out, "");
    assert!(!folder.has("f.txt"));
    folder.run("apply -auto-approve").ok();
    assert_eq!(folder.read("f.txt"), "hello");
}

#[test]
fn another_folder_can_be_worked_in() {
    let folder = Folder::new(&[(
        "sub/main.tf",
        "output \"x\" {\n  value = [basename(path.cwd), path.root, abspath(\"f\")]\n}\n",
    )]);
    folder.run("-chdir=sub apply -auto-approve").ok();
    assert!(folder.has("sub/terrane.state"));
    assert!(!folder.has("terrane.state"));
    let value = folder.run("-chdir=sub output -json x").ok().json();
    assert_eq!(value[1], ".");
    assert!(value[2].as_str().unwrap().ends_with("/sub/f"));
}

#[test]
fn graphs_are_drawn_as_pictures_and_pages() {
    let inner = "variable \"of\" {}\n\nresource \"terraform_data\" \"it\" {\n  input = var.of\n}\n\noutput \"id\" {\n  value = terraform_data.it.id\n}\n";
    let main = "resource \"terraform_data\" \"a\" {}\n\nmodule \"m\" {\n  source = \"./m\"\n  of     = terraform_data.a.id\n}\n\nresource \"terraform_data\" \"b\" {\n  count = 2\n  input = module.m\n}\n";
    let folder = Folder::new(&[("main.tf", main), ("m/main.tf", inner)]);
    folder.run("init").ok();
    folder.run("plan -out=p.plan").ok();
    let graph = folder.run("graph -format=json -plan=p.plan").ok().json();
    let names: Vec<&str> = (graph["nodes"].as_array().unwrap().iter())
        .filter_map(|node| node["address"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "terraform_data.a",
            "terraform_data.b",
            "module.m.terraform_data.it"
        ]
    );
    assert_eq!(graph["edges"], serde_json::json!([[1, 2], [2, 0]]));
    assert_eq!(
        graph["nodes"][1]["actions"],
        serde_json::json!([["create", 2]])
    );
    assert_eq!(
        (&graph["nodes"][2]["file"], &graph["nodes"][2]["line"]),
        (&"m/main.tf".into(), &3.into())
    );
    let picture = folder.run("graph -format=svg -plan=p.plan").ok().out;
    for part in [
        "<svg ",
        "class=\"module\"",
        ">m</text>",
        "<title>module.m.terraform_data.it: create</title><rect class=\"create\"",
        "marker-end",
    ] {
        assert!(picture.contains(part), "{part} in {picture}");
    }
    let page = folder.run("graph -format=html").ok().out;
    assert!(
        page.contains("const graph = {\"edges\":[[1,2],[2,0]]") && page.contains("planned = false")
    );
    folder
        .run("graph -format=png")
        .exits(1)
        .says("dot, svg, html or json");
}

/// It can be tested then; what lacks the configuration says so where it is needed.
#[test]
fn a_module_whose_callers_pass_configurations_is_initialized() {
    const MODULE: &str = r#"
terraform {
  required_providers {
    terraform = {
      source                = "terraform.io/builtin/terraform"
      configuration_aliases = [terraform.other]
    }
  }
}
resource "terraform_data" "a" {
  provider = terraform.other
}
"#;
    let folder = Folder::new(&[("main.tf", MODULE)]);
    folder.run("init").ok();
    for command in ["validate", "plan"] {
        folder.run(command).exits(1).says("T1414");
    }
}

/// Providers are asked, with everything unknown that is not constant; none is configured.
#[test]
fn validate_asks_providers() {
    let folder = Folder::new(&[
        (
            "main.tf",
            r#"
        variable "length" { type = number }
        resource "random_password" "known" { length = 0 }
        module "m" { source = "./m" }
        resource "random_password" "open" { length = var.length }
        resource "time_rotating" "none" {
          count = 0
        }
        "#,
        ),
        (
            "m/main.tf",
            "resource \"random_password\" \"inner\" {\n  length = 0\n}\n",
        ),
    ]);
    folder.run("init").ok();
    let said = folder.run("validate -json").exits(1).json();
    let found: Vec<(&str, &str, u64)> = said["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["address"].as_str().unwrap(),
                one["summary"].as_str().unwrap(),
                one["range"]["start"]["line"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("random_password.known", "Invalid Attribute Value", 3),
            ("time_rotating.none", "Missing Attribute Configuration", 6),
            (
                "module.m.random_password.inner",
                "Invalid Attribute Value",
                2
            ),
        ]
    );
}
