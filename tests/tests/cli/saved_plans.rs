//! Saved plans.

use super::folder::Folder;

const TWO: &str = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\nresource \"terraform_data\" \"b\" {\n  input = terraform_data.a.output\n}\n";

#[test]
fn a_saved_plan_is_applied_once_and_as_it_was_made() {
    let folder = Folder::new(&[("main.tf", TWO)]);
    folder
        .run("plan -out=p.plan")
        .ok()
        .says("Saved the plan to: p.plan");
    // What is changed afterwards has no effect.
    folder.write("main.tf", "");
    folder
        .run("show p.plan")
        .ok()
        .says("terraform_data.b will be created");
    let plan = folder.run("show -json p.plan").ok().json();
    assert_eq!(plan["format_version"], "1.2");
    assert_eq!(
        plan["resource_changes"][0]["change"]["actions"][0],
        "create"
    );
    folder.run("apply p.plan").ok().says("2 added");
    assert_eq!(
        folder.run("state list").ok().out,
        "terraform_data.a\nterraform_data.b\n"
    );
    folder.run("apply p.plan").exits(1).says("stale");
}

#[test]
fn only_what_the_plan_read_makes_it_stale() {
    let two = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\nresource \"terraform_data\" \"b\" {\n  input = 1\n}\n";
    let folder = Folder::new(&[("main.tf", two)]);
    folder.run("apply -auto-approve").ok();
    folder.write(
        "main.tf",
        &two.replace("\"a\" {\n  input = 1", "\"a\" {\n  input = 2"),
    );
    folder.run("plan -target=terraform_data.a -out=p.plan").ok();
    folder.run("taint terraform_data.b").ok();
    folder.run("apply p.plan").ok().says("1 changed");
    folder
        .run("plan -target=terraform_data.a -destroy -out=q.plan")
        .ok();
    folder.run("taint terraform_data.a").ok();
    folder
        .run("apply q.plan")
        .exits(1)
        .says("stale")
        .says("terraform_data.a");
}

#[test]
fn a_plan_that_failed_is_saved_to_be_looked_at() {
    let broken = format!(
        "{TWO}resource \"terraform_data\" \"c\" {{\n  count = length(terraform_data.a.id)\n}}\n"
    );
    let folder = Folder::new(&[("main.tf", &broken)]);
    folder
        .run("plan -out=p.plan")
        .exits(1)
        .says("Invalid count argument");
    folder
        .run("show p.plan")
        .ok()
        .says("but then encountered a problem")
        .says("terraform_data.b will be created");
    let plan = folder.run("show -json p.plan").ok().json();
    assert_eq!(plan["errored"], true);
    assert_eq!(plan["applyable"], false);
    folder
        .run("apply p.plan")
        .exits(1)
        .says("Errors were found when this plan was made");
    assert_eq!(folder.run("state list").ok().out, "");
    // Where the configuration does not even load there is nothing to save.
    folder.write(
        "main.tf",
        "resource \"terraform_data\" \"a\" {\n  inputt = 1\n}\n",
    );
    folder.run("plan -out=q.plan").exits(1);
    assert!(!folder.has("q.plan"));
}

#[test]
fn a_damaged_plan_is_refused() {
    let folder = Folder::new(&[("main.tf", TWO)]);
    folder.run("plan -out=p.plan").ok();
    let path = folder.path().join("p.plan");
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 50 + 1) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        folder.run("apply p.plan").exits(1);
    }
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    folder.run("apply p.plan").exits(1);
    folder
        .run("apply main.tf")
        .exits(1)
        .says("not a saved plan");
    assert_eq!(folder.run("state list").ok().out, "");
}

#[test]
fn a_saved_plan_belongs_to_its_workspace() {
    let folder = Folder::new(&[("main.tf", TWO)]);
    folder.run("plan -out=p.plan").ok();
    folder.run("workspace new other").ok();
    folder
        .run("apply p.plan")
        .exits(1)
        .says("another workspace");
    folder.run("workspace select default").ok();
    folder.run("apply -var x=1 p.plan").exits(1);
    folder.run("apply -destroy p.plan").exits(1);
    folder.run("apply p.plan").ok();
}

/// A module of a package calls another one of it, whose folder comes first by name: the plan still knows which was called.
#[test]
fn a_saved_plan_knows_the_folder_that_is_called_within_a_package() {
    let manifest = r#"{"Modules":[
        {"Key":"","Source":"","Dir":"."},
        {"Key":"m","Source":"registry.terraform.io/example/pack/null//modules/second","Version":"1.0.0","Dir":".terraform/modules/m/modules/second"},
        {"Key":"m.helper","Source":"../first","Dir":".terraform/modules/m/modules/first"}
    ]}"#;
    let root = "module \"m\" {\n  source  = \"example/pack/null//modules/second\"\n  version = \"1.0.0\"\n  text    = \"a\"\n}\n";
    let second = "variable \"text\" {}\nmodule \"helper\" {\n  source = \"../first\"\n  word   = var.text\n}\n";
    let first =
        "variable \"word\" {}\nresource \"terraform_data\" \"a\" {\n  input = var.word\n}\n";
    let folder = Folder::new(&[
        ("main.tf", root),
        (".terraform/modules/modules.json", manifest),
        (".terraform/modules/m/modules/second/main.tf", second),
        (".terraform/modules/m/modules/first/main.tf", first),
    ]);
    folder.run("plan -out=p.tfplan").ok();
    folder
        .run("show p.tfplan")
        .ok()
        .says("# module.m.module.helper.terraform_data.a will be created");
    folder.run("apply p.tfplan").ok();
}
