//! Why actions are planned.

use super::folder::Folder;

const MAIN: &str = r#"variable "size" {
  default = "small"
}

locals {
  name = "web-${var.size}"
}

resource "terraform_data" "base" {
  triggers_replace = var.size
}

resource "terraform_data" "user" {
  input = "${local.name} on ${terraform_data.base.id}"
}

module "inner" {
  source = "./inner"
  count  = 2
  text   = terraform_data.user.output
}

resource "terraform_data" "many" {
  for_each = toset(split("-", local.name))
  input    = each.key
}

resource "terraform_data" "follows" {
  lifecycle {
    replace_triggered_by = [terraform_data.base]
  }
}

resource "terraform_data" "still" {
  input = "still"
}
"#;

const INNER: &str =
    "variable \"text\" {}\n\nresource \"terraform_data\" \"it\" {\n  input = var.text\n}\n";

#[test]
fn causes_are_followed_to_their_ends() {
    let folder = Folder::new(&[("main.tf", MAIN), ("inner/main.tf", INNER)]);
    folder.run("init").ok();
    folder.run("apply -auto-approve").ok();
    folder.run("plan -var=size=big -out=p.plan").ok();
    let why = |address: &str| folder.run(&format!("why -plan=p.plan {address}")).ok();
    why("terraform_data.base")
        .says("terraform_data.base will be destroyed and created anew")
        .says("└─ triggers_replace: \"small\" → \"big\", which can't be changed in place")
        .says("main.tf:10  triggers_replace = var.size")
        .says("   └─ var.size is \"big\", which was given");
    // Of several references, those that lead to changes.
    why("terraform_data.user")
        .says("terraform_data.user will be changed in place")
        .says("main.tf:14  input = \"${local.name} on ${terraform_data.base.id}\"")
        .says("terraform_data.base.id: terraform_data.base will be destroyed");
    // Through the call of the module.
    why("module.inner[1].terraform_data.it")
        .says("var.text of module.inner")
        .says("main.tf:20  text   = terraform_data.user.output")
        .says("terraform_data.user.output: terraform_data.user will be changed")
        .says("terraform_data.base.id: terraform_data.base will be");

    let why = |address: &str| folder.run_args(&["why", "-plan=p.plan", address]).ok();
    why("terraform_data.many[\"small\"]")
        .says("will be destroyed")
        .says("its key is not in `for_each` any more")
        .says("local.name")
        .says("var.size is \"big\"");
    why("terraform_data.many[\"big\"]").says("it is configured, and the state has no such object");
    why("terraform_data.follows").says("`replace_triggered_by` names what changes");
    why("terraform_data.still")
        .says("terraform_data.still stays as it is")
        .says("configuration, state and object agree");
    folder
        .run_args(&["why", "-plan=p.plan", "terraform_data.many[\"bgi\"]"])
        .exits(1)
        .says("T5214")
        .says("- terraform_data.many[\"big\"]");
    let document = folder
        .run("why -json -plan=p.plan terraform_data.base")
        .ok()
        .json();
    assert_eq!(document["causes"][0]["place"]["line"], 10);
}

#[test]
fn it_plans_for_itself_and_names_what_went_away() {
    let folder = Folder::new(&[(
        "main.tf",
        "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n",
    )]);
    folder
        .run("why terraform_data.a")
        .ok()
        .says("terraform_data.a will be created")
        .says("main.tf:1  resource \"terraform_data\" \"a\" {");
    folder.run("apply -auto-approve").ok();
    folder
        .run("why -replace=terraform_data.a terraform_data.a")
        .ok()
        .says("-replace asks for it");
    folder.write(
        "main.tf",
        "resource \"terraform_data\" \"a\" {\n  input = 2\n}\n",
    );
    folder
        .run("why terraform_data.a")
        .ok()
        .says("input: 1 → 2")
        .says("the configuration says so, and it said something else when this was applied");
    let document = folder.run("why -json terraform_data.a").ok().json();
    assert_eq!(
        document["text"],
        "terraform_data.a will be changed in place"
    );
    folder.write("main.tf", "");
    folder
        .run("why terraform_data.a")
        .ok()
        .says("no block of the configuration describes terraform_data.a any more");
}
