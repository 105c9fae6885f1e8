//! Commands about state and workspaces.

use super::folder::Folder;

const CONFIG: &str = "resource \"terraform_data\" \"a\" {\n  count = 2\n  input = count.index\n}\nresource \"terraform_data\" \"b\" {}\n";

#[test]
fn entries_are_listed_shown_moved_and_forgotten() {
    let folder = Folder::new(&[("main.tf", CONFIG)]);
    folder.run("apply -auto-approve").ok();
    assert_eq!(
        folder.run("state list").ok().out,
        "terraform_data.a[0]\nterraform_data.a[1]\nterraform_data.b\n"
    );
    folder
        .run("state list terraform_data.none")
        .exits(1)
        .says("Unknown resource");
    folder
        .run("state show terraform_data.a[1]")
        .ok()
        .says("input = 1");
    folder
        .run("state mv -dry-run terraform_data.b module.m.terraform_data.c")
        .ok();
    folder
        .run("state mv terraform_data.b module.m.terraform_data.c")
        .ok()
        .says("Successfully moved 1 object(s).");
    folder
        .run("state rm module.m")
        .ok()
        .says("Removed module.m.terraform_data.c");
    folder.run("state rm module.m").exits(1);
    folder
        .run("plan -detailed-exitcode")
        .exits(2)
        .says("1 to add");
}

#[test]
fn tainted_objects_are_replaced() {
    let folder = Folder::new(&[("main.tf", CONFIG)]);
    folder.run("apply -auto-approve").ok();
    folder.run("taint terraform_data.b").ok();
    folder
        .run("plan")
        .ok()
        .says("terraform_data.b is tainted, so it must be replaced");
    folder.run("untaint terraform_data.b").ok();
    folder
        .run("untaint terraform_data.b")
        .exits(1)
        .says("not tainted");
    folder.run("taint terraform_data.none").exits(1);
    folder.run("taint -allow-missing terraform_data.none").ok();
    folder.run("plan -detailed-exitcode").ok();
}

#[test]
fn state_goes_out_and_in_again() {
    let folder = Folder::new(&[("main.tf", CONFIG)]);
    assert_eq!(folder.run("state pull").ok().out, "");
    folder.run("apply -auto-approve").ok();
    let pulled = folder.run("state pull").ok().out;
    folder.write("saved.tfstate", &pulled);
    folder.run("destroy -auto-approve").ok();
    // An older state is not taken without need.
    folder
        .run("state push saved.tfstate")
        .exits(1)
        .says("older");
    folder.run("state push -force saved.tfstate").ok();
    folder.run("plan -detailed-exitcode").ok();
    let other = pulled.replace("\"lineage\": \"", "\"lineage\": \"x");
    folder.write("other.tfstate", &other);
    folder
        .run("state push other.tfstate")
        .exits(1)
        .says("unrelated");
}

#[test]
fn the_state_of_a_peer_is_taken_over_when_it_is_wanted() {
    let first = Folder::new(&[("main.tf", CONFIG)]);
    first.run("apply -auto-approve").ok();
    let state = first.run("state pull").ok().out;
    let folder = Folder::new(&[("main.tf", CONFIG), ("terraform.tfstate", &state)]);
    folder.run("init -input=false").ok().says(
        "terraform.tfstate holds the state of 3 resource instances, which was not taken over",
    );
    folder.run("plan").ok().says("3 to add");
    folder
        .run("init -force-copy")
        .ok()
        .says("was copied from the backend \"local\" (terraform.tfstate)");
    folder.run("plan -detailed-exitcode").ok();
    assert_eq!(folder.read("terraform.tfstate"), state);
    // Only into an empty state.
    folder.run("destroy -auto-approve").ok();
    folder.run("init -force-copy").ok();
    assert_eq!(folder.run("state list").ok().out, "");
}

#[test]
fn workspaces_have_states_of_their_own() {
    let folder = Folder::new(&[(
        "main.tf",
        "resource \"terraform_data\" \"a\" {}\noutput \"w\" {\n  value = terraform.workspace\n}\n",
    )]);
    assert_eq!(folder.run("workspace list").ok().out, "* default\n\n");
    folder.run("apply -auto-approve").ok();
    folder
        .run("workspace new other")
        .ok()
        .says("Created and switched");
    assert_eq!(folder.run("workspace show").ok().out, "other\n");
    assert_eq!(folder.run("state list").ok().out, "");
    folder.run("apply -auto-approve").ok();
    assert_eq!(folder.run("output -raw w").ok().out, "other");
    folder
        .run("workspace delete other")
        .exits(1)
        .says("active workspace");
    folder.run("workspace select default").ok();
    assert_eq!(folder.run("output -raw w").ok().out, "default");
    folder
        .run("workspace delete other")
        .exits(1)
        .says("not empty");
    folder.run("workspace delete -force other").ok();
    folder.run("workspace delete default").exits(1);
    folder.run("workspace select other").exits(1);
    folder.run("workspace select -or-create other").ok();
    let named = folder.run_with(&["workspace", "show"], &[("TF_WORKSPACE", "default")], "");
    assert_eq!(named.ok().out, "default\n");
}
