//! `query`. The provider is the simulated cloud, which lists networks.

use super::folder::{Folder, Ran};

const CONFIG: &str = r#"
terraform {
  required_providers {
    sim = {
      source = "terrane.dev/test/sim"
    }
  }
}

variable "prefix" {
  default = "a"
}

provider "sim" {}

provider "sim" {
  alias  = "north"
  region = "north"
}

resource "sim_network" "all_0" {
  name = "managed"
  cidr = "10.1.0.0/16"
}
"#;

const QUERY: &str = r#"
locals {
  prefixes = [var.prefix, "b"]
}

variable "also" {
  type    = list(string)
  default = []
}

list "sim_network" "all" {
  provider = sim
}

list "sim_network" "some" {
  provider         = sim.north
  for_each         = toset(concat(local.prefixes, var.also))
  limit            = 1
  include_resource = true

  config {
    name_prefix = each.key
  }
}
"#;

fn folder(query: &str) -> Folder {
    Folder::new(&[("main.tf", CONFIG), ("find.tfquery.hcl", query)])
}

fn run(folder: &Folder, words: &str) -> Ran {
    let words: Vec<&str> = words.split_whitespace().collect();
    let env = [("TERRANE_SIM", "1"), ("TERRANE_SIM_NETWORKS", "aa,ab,bb")];
    folder.run_with(&words, &env, "")
}

/// The whole of what people see. Ids follow from the seed.
#[test]
fn each_object_has_a_line() {
    let folder = folder(QUERY);
    let ran = run(&folder, "query").ok();
    assert_eq!(
        ran.out,
        "list.sim_network.all         id=net-55f4a7c68a84   bb\n\
         list.sim_network.all         id=net-8a20670ce56a   ab\n\
         list.sim_network.all         id=net-95a56aeb4594   aa\n\
         list.sim_network.some[\"a\"]   id=net-8a20670ce56a   ab\n\
         list.sim_network.some[\"b\"]   id=net-55f4a7c68a84   bb\n"
    );
    let ran = run(&folder, "query -var prefix=x -var also=[\"aa\"]").ok();
    let some: Vec<&str> = ran
        .out
        .lines()
        .filter(|line| line.contains("some"))
        .collect();
    assert_eq!(some.len(), 2, "{}", ran.out);
    // Other commands do not read query files, and nothing came into the state.
    run(&folder, "plan").ok().says("Plan: 1 to add");
    assert_eq!(run(&folder, "state list").ok().out, "");
}

#[test]
fn programs_get_json_lines() {
    let folder = folder(QUERY);
    let lines = run(&folder, "query -json").ok().json_lines();
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| line["type"].as_str().unwrap())
        .collect();
    let (start, found, end) = ("list_start", "list_resource_found", "list_complete");
    assert_eq!(
        kinds,
        [
            "version", start, found, found, found, end, start, found, end, start, found, end
        ]
    );
    assert_eq!(lines[6][start]["input_config"]["name_prefix"], "a");
    assert!(lines[2][found].get("resource_object").is_none());
    let one = &lines[7][found];
    assert_eq!(one["address"], "list.sim_network.some[\"a\"]");
    assert_eq!(one["display_name"], "ab");
    assert_eq!(one["identity"]["id"], "net-8a20670ce56a");
    assert_eq!(one["identity_version"], 0);
    assert_eq!(one["resource_type"], "sim_network");
    assert_eq!(one["resource_object"]["cidr"], "10.0.0.0/16");
    assert_eq!(lines[11][end]["total"], 1);
    // With -json, configuration is a part of the answer.
    let lines = run(&folder, "query -json -generate-config-out=x.tf")
        .ok()
        .json_lines();
    let one = &lines[2][found];
    assert!(
        one["config"]
            .as_str()
            .unwrap()
            .contains("resource \"sim_network\" \"all_0_2\"")
    );
    assert!(
        one["import_config"]
            .as_str()
            .unwrap()
            .contains("id = \"net-55f4a7c68a84\"")
    );
    assert!(!folder.has("x.tf"));
}

/// What is written can be planned with as it is, under names that are free.
#[test]
fn configuration_is_generated() {
    let folder = folder("list \"sim_network\" \"all\" {\n  provider = sim.north\n}\n");
    run(&folder, "query -generate-config-out=found.tf")
        .ok()
        .says("Configuration for 3 objects was generated and written to found.tf");
    let text = folder.read("found.tf");
    assert!(
        text.contains(
            "\n# __generated__ by Terrane from list.sim_network.all\nresource \"sim_network\" \"all_0_2\" {\n  provider = sim.north\n  cidr     = \"10.0.0.0/16\"\n  name     = \"bb\"\n  tags     = null\n}\n\nimport {\n  to = sim_network.all_0_2\n  identity = {\n    id = \"net-55f4a7c68a84\"\n  }\n}\n"
        ),
        "{text}"
    );
    run(&folder, "plan")
        .ok()
        .says("Plan: 3 to import, 1 to add, 0 to change, 0 to destroy.");
    run(&folder, "query -generate-config-out=found.tf")
        .exits(1)
        .says("Target generated file already exists");
}

#[test]
fn what_is_wrong_with_queries_is_told() {
    let one =
        |inside: &str| format!("list \"sim_network\" \"a\" {{\n  provider = sim\n  {inside}\n}}\n");
    for (query, expect) in [
        (String::new(), "have no list block"),
        (one("limit = 0"), "The limit is a whole number from 1"),
        (one("limit = \"x\""), "The limit is a whole number from 1"),
        (
            one("include_resource = 3"),
            "include_resource argument is true or false",
        ),
        (
            one("depends_on = []"),
            "An argument named \"depends_on\" is not expected here.",
        ),
        (
            one("config {\n    nope = 1\n  }"),
            "An argument named \"nope\" is not expected here.",
        ),
        (
            one("config {\n  }\n  config {\n  }"),
            "already has a config block at find.tfquery.hcl:3",
        ),
        (
            one("config {\n    name_prefix = sim_network.all_0.id\n  }"),
            "a query sees objects as the state holds them",
        ),
        (
            one("config {\n    name_prefix = \"\"\n  }"),
            "4: name_prefix = \"\"",
        ),
        (one("count = 1\n  for_each = []"), "mutually-exclusive"),
        (
            one("") + &one(""),
            "was already declared at find.tfquery.hcl:1",
        ),
        (
            "list \"sim_network\" \"a\" {}".to_owned(),
            "The argument \"provider\" is required",
        ),
        (
            "list \"sim_network\" \"a\" {\n  provider = sim.south\n}".to_owned(),
            "There is no configuration of provider",
        ),
        (
            "list \"sim_networks\" \"a\" {\n  provider = sim\n}".to_owned(),
            "Did you mean \"sim_network\"?",
        ),
        (
            "list \"sim_network\" \"1\" {\n  provider = sim\n}".to_owned(),
            "Invalid list name",
        ),
        (
            "resource \"a\" \"b\" {}".to_owned(),
            "Blocks of type \"resource\" are not expected here.",
        ),
    ] {
        let folder = folder(&query);
        run(&folder, "query").exits(1).says(expect);
    }
    let folder = Folder::new(&[("main.tf", CONFIG)]);
    run(&folder, "query")
        .exits(1)
        .says("There is no query file");
    folder.write("find.tfquery.hcl", "list \"sim_network\" \"a\" {\n  provider = sim\n  config {\n    name_prefix = \"zz\"\n  }\n}\n");
    assert_eq!(run(&folder, "query").ok().out, "No objects were found.\n");
}

/// A hundred are asked for where the block does not say: that there may be more is said.
#[test]
fn the_usual_limit_is_told_when_it_is_reached() {
    let block =
        |limit: &str| format!("list \"sim_network\" \"all\" {{\n  provider = sim\n{limit}}}\n");
    let names: Vec<String> = (0..101).map(|at| format!("n{at}")).collect();
    let names = names.join(",");
    for (limit, expected, told) in [
        ("", 100, true),
        ("  limit = 100\n", 100, false),
        ("  limit = 200\n", 101, false),
    ] {
        let folder = folder(&block(limit));
        let env = [
            ("TERRANE_SIM", "1"),
            ("TERRANE_SIM_NETWORKS", names.as_str()),
        ];
        let ran = folder.run_with(&["query"], &env, "").ok();
        assert_eq!(
            ran.out.matches("list.sim_network.all   id=").count(),
            expected,
            "{}",
            ran.out
        );
        let said = format!("{}{}", ran.out, ran.err);
        assert_eq!(said.contains("There may be more objects"), told, "{said}");
    }
}

/// What was found is looked for further, and whoever goes in a circle is told so.
#[test]
fn lists_refer_to_lists() {
    let query = r#"
list "sim_network" "named" {
  provider = sim
  for_each = toset([for one in list.sim_network.first.data : one.state.name])
  config {
    name_prefix = each.key
  }
}

list "sim_network" "first" {
  provider         = sim
  include_resource = true
  limit            = 2
}

list "sim_network" "counted" {
  provider = sim
  count    = length(list.sim_network.first.data)
  limit    = length(list.sim_network.named)
}
"#;
    let ran = run(&folder(query), "query").ok();
    let lists: Vec<&str> = ran
        .out
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(
        lists[0].starts_with("list.sim_network.named["),
        "{}",
        ran.out
    );
    assert!(
        lists.contains(&"list.sim_network.counted[1]"),
        "{}",
        ran.out
    );
    let first = lists
        .iter()
        .filter(|list| **list == "list.sim_network.first");
    assert_eq!(first.count(), 2, "{}", ran.out);
    let circle = query.replace(
        "limit            = 2",
        "limit = length(list.sim_network.counted)",
    );
    run(&folder(&circle), "query")
        .exits(1)
        .says("These list blocks refer to each other");
    let misspelt = query.replace("sim_network.first.data :", "sim_network.frist.data :");
    run(&folder(&misspelt), "query")
        .exits(1)
        .says("A list block \"sim_network\" \"frist\" has not been declared")
        .says("sim_network.first");
}

/// What a list needs and nobody has written is missed where the list stands.
#[test]
fn a_list_that_has_to_be_narrowed_says_so_where_it_stands() {
    const AWS: &str = "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n    }\n  }\n}\n";
    let query = "\nlist \"aws_s3_object\" \"all\" {\n  provider = aws\n}\n";
    let folder = Folder::new(&[("main.tf", AWS), ("find.tfquery.hcl", query)]);
    let env = [("TERRANE_AWS", "native")];
    let init = folder.run_with(&["init"], &env, "");
    init.ok();
    folder
        .run_with(&["query"], &env, "")
        .exits(1)
        .says("on find.tfquery.hcl line 2")
        .says("The argument \"bucket\" is required");
}
