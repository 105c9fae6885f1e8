//! What is known while planning still has its place in the order of what is made.

use super::folder::Folder;

/// A data source that was read while planning, although what it is made of is yet to be made.
#[test]
fn who_refers_to_what_was_read_waits_for_what_is_behind_it() {
    let config = r#"
resource "terraform_data" "first" {}

locals {
  ids = length([terraform_data.first.id])
}

data "null_data_source" "known" {
  inputs = {
    ids = local.ids
  }
}

resource "terraform_data" "second" {
  input = data.null_data_source.known.outputs["ids"]
}
"#;
    let folder = Folder::new(&[("main.tf", config)]);
    folder.run("init").ok();
    let ran = folder.run("apply -auto-approve").ok();
    let at = |text: &str| ran.out.find(text).unwrap();
    assert!(at("terraform_data.first: Creation complete") < at("terraform_data.second: Creating"));
}
