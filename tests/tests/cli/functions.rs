//! Functions of providers through all commands, and what can be read about functions.

use super::folder::Folder;

const CONFIG: &str = r#"
terraform {
  required_providers {
    clock = {
      source = "hashicorp/time"
    }
    local = {
      source = "hashicorp/local"
    }
  }
}

provider "clock" {
  alias = "west"
}

variable "wait" {
  default = "1h30m"
  validation {
    condition     = provider::clock::duration_parse(var.wait).minutes >= 1
    error_message = "Wait ${provider::clock::duration_parse(var.wait).seconds} seconds only?"
  }
}

locals {
  minutes  = provider::clock::duration_parse(var.wait).minutes
  rendered = templatestring("$${provider::local::direxists(path)}", { path = "." })
}

resource "terraform_data" "a" {
  input = provider::clock::west::rfc3339_parse("2024-01-02T03:04:05Z").year
  lifecycle {
    postcondition {
      condition     = provider::clock::rfc3339_parse("${self.output}-01-02T03:04:05Z").year == 2024
      error_message = "Another year."
    }
  }
}

resource "terraform_data" "b" {
  input = provider::clock::duration_parse("${terraform_data.a.output}s").seconds
}

module "m" {
  source = "./m"
}

output "all" {
  value = [local.minutes, local.rendered, terraform_data.b.output, module.m.there]
}
"#;

const MODULE: &str = r#"
terraform {
  required_providers {
    files = {
      source = "hashicorp/local"
    }
  }
}

output "there" {
  value = provider::files::direxists("/nowhere")
}
"#;

fn folder() -> Folder {
    Folder::new(&[("main.tf", CONFIG), ("m/main.tf", MODULE)])
}

#[test]
fn functions_of_providers_work_in_all_places() {
    let folder = folder();
    folder.run("validate").ok();
    folder
        .run("providers")
        .ok()
        .says("provider[registry.opentofu.org/hashicorp/time]")
        .says("provider[registry.opentofu.org/hashicorp/local]");
    // What depends on an unknown value is unknown, and is computed when the value is there.
    folder
        .run("plan -out=p.tfplan")
        .ok()
        .says("Plan: 2 to add, 0 to change, 0 to destroy.")
        .says("all = [ + 90, + true, + (known after apply), + false, ]");
    folder.run("apply p.tfplan").ok();
    let outputs = folder.run("output -json all").ok();
    assert_eq!(outputs.json(), serde_json::json!([90, true, 2024, false]));
    folder.run("plan -detailed-exitcode").exits(0);
    folder
        .run("plan -var wait=30s")
        .exits(1)
        .says("Wait 30 seconds only?");
    folder.run("destroy -auto-approve").ok();
}

#[test]
fn the_console_calls_functions_of_providers() {
    let folder = folder();
    for (input, expect) in [
        ("provider::clock::duration_parse(\"90s\").minutes", "1.5\n"),
        (
            "[for d in [\"1m\", \"2m\"] : provider::clock::duration_parse(d).seconds]",
            "[\n  60,\n  120,\n]\n",
        ),
        (
            "provider::local::direxists(sensitive(\".\"))",
            "(sensitive value)\n",
        ),
        ("provider::terraform::encode_expr([1])", "\"[1]\"\n"),
    ] {
        let ran = folder.run_with(&["console"], &[], &format!("{input}\n"));
        assert_eq!(ran.ok().out, expect, "{input}");
    }
}

#[test]
fn mistakes_are_told_before_anything_runs() {
    for (expression, expect) in [
        (
            "provider::clok::duration_parse(1)",
            "Did you mean \"clock\"?",
        ),
        (
            "provider::clock::duration_pars(1)",
            "Did you mean \"duration_parse\"?",
        ),
        (
            "provider::clock::wets::duration_parse(1)",
            "no configuration of the provider \"clock\" with the alias \"wets\". Did you mean \"west\"?",
        ),
        (
            "provider::null::f(1)",
            "Ensure that provider name \"null\" is declared in this module's required_providers block",
        ),
        (
            "provider::random::f(1)",
            "the module must declare it in its required_providers block, as in: random = { source = \"hashicorp/random\" }",
        ),
        (
            "provider::clock::duration_parse()",
            "Missing value for \"duration\".",
        ),
        (
            "provider::clock::duration_parse(null)",
            "Invalid value for \"duration\" parameter: argument must not be null.",
        ),
        (
            "provider::clock::duration_parse([])",
            "Invalid value for \"duration\" parameter: string required",
        ),
        (
            "provider::clock::duration_parse(\"soon\")",
            "Invalid value for \"duration\" parameter: \"soon\" is not a valid duration.",
        ),
    ] {
        let folder = folder();
        folder.write(
            "more.tf",
            &format!("resource \"random_id\" \"a\" {{\n  byte_length = 1\n}}\n\nlocals {{\n  more = {expression}\n}}\n"),
        );
        folder.run("validate").exits(1).says(expect);
    }
}

#[test]
fn static_places_refuse_functions_of_providers() {
    let folder = Folder::new(&[(
        "main.tf",
        "module \"m\" {\n  source = \"./${provider::terraform::encode_expr(1)}\"\n}\n",
    )]);
    folder
        .run("validate")
        .exits(1)
        .says("Provider function in static context");
}

#[test]
fn functions_can_be_read_about() {
    let folder = Folder::new(&[]);
    let ran = folder.run_with(&["console"], &[], "help(chunklist)\n").ok();
    assert!(
        ran.out
            .starts_with("chunklist(list list of any single type, size number) dynamic\n"),
        "{}",
        ran.out
    );
    let ran = folder.run_with(&["console"], &[], "help()\n").ok();
    assert!(ran.out.contains("cidrsubnet"), "{}", ran.out);
    folder
        .run_with(&["console"], &[], "help(chunklst)\n")
        .ok()
        .says("Did you mean \"chunklist\"?");
    let signatures = folder.run("metadata functions -json").ok().json();
    assert_eq!(
        signatures["function_signatures"]["core::join"],
        signatures["function_signatures"]["join"]
    );
    assert_eq!(
        signatures["function_signatures"]["join"]["variadic_parameter"]["type"],
        serde_json::json!(["list", "string"])
    );
    folder.run("metadata functions").exits(1);
}
