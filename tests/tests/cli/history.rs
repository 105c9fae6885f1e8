//! Versions of the state, backups, checks: the commands around what the store keeps.

use super::folder::{Folder, repository};
use std::process::{Command, Stdio};

fn config(input: &str) -> String {
    format!(
        "variable \"secret\" {{\n  default   = \"canary-{input}\"\n  sensitive = true\n}}\nresource \"terraform_data\" \"a\" {{ input = \"{input}\" }}\nresource \"terraform_data\" \"s\" {{ triggers_replace = var.secret }}\noutput \"o\" {{ value = terraform_data.a.output }}\n"
    )
}

/// Three versions: made, changed, and destroyed in part.
fn three() -> Folder {
    let folder = Folder::new(&[("main.tf", &config("one"))]);
    folder.run("apply -auto-approve").ok();
    folder.write("main.tf", &config("two"));
    folder.run("apply -auto-approve").ok();
    folder.run("state rm terraform_data.a").ok();
    folder
}

fn versions(folder: &Folder) -> Vec<serde_json::Value> {
    let all = folder.run("state history -json").ok().json();
    all["versions"].as_array().unwrap().clone()
}

#[test]
fn every_version_says_when_who_and_which_plan() {
    let folder = three();
    let all = versions(&folder);
    assert_eq!(all.len(), 3);
    for version in &all {
        assert!(version["who"].as_str().unwrap().contains('@'));
        assert!(version["at"].as_str().unwrap().ends_with('Z'));
        assert!(version["run"].as_str().unwrap().len() > 30);
    }
    let commands: Vec<_> = all.iter().map(|version| &version["command"]).collect();
    assert_eq!(commands, ["apply", "apply", "state rm"]);
    assert_eq!(all[0]["plan"].as_str().unwrap().len(), 64);
    assert_ne!(all[0]["plan"], all[1]["plan"]);
    assert_eq!(all[2]["plan"], "");
    let text = folder.run("state history").ok();
    text.says("VERSION").says("state rm");
    assert_eq!(
        folder.run("state history -max=1").ok().out.lines().count(),
        2
    );
    folder.run("state history -max=0").exits(1);
}

/// The digest in the history is that of the saved plan.
#[test]
fn a_saved_plan_is_named_by_its_digest() {
    let folder = Folder::new(&[("main.tf", &config("one"))]);
    folder.run("plan -out=p").ok();
    folder.run("apply p").ok();
    let saved = versions(&folder)[0]["plan"].as_str().unwrap().to_owned();
    assert_eq!(saved.len(), 64);
}

#[test]
fn earlier_versions_are_shown_and_compared() {
    let folder = three();
    let all = versions(&folder);
    let first = all[0]["version"].to_string();
    let second = all[1]["version"].to_string();
    folder
        .run(&format!("state show -version={first} terraform_data.a"))
        .ok()
        .says("\"one\"");
    assert_eq!(
        folder.run(&format!("state list -version={first}")).ok().out,
        "terraform_data.a\nterraform_data.s\n"
    );
    assert_eq!(folder.run("state list").ok().out, "terraform_data.s\n");
    let run: String = all[1]["run"].as_str().unwrap().chars().take(8).collect();
    folder
        .run(&format!("state show -version={run} terraform_data.a"))
        .ok()
        .says("\"two\"");
    folder
        .run("state show -version=999 terraform_data.a")
        .exits(1)
        .says("Version not found");
    let text = folder.run(&format!("state diff {first} {second}")).ok();
    let text = text
        .says("# terraform_data.a changed")
        .says("\"one\" -> \"two\"")
        .says("# terraform_data.s changed")
        .says("0 added, 2 changed, 0 removed");
    assert!(!text.out.contains("canary"), "{}", text.out);
    let json = folder
        .run(&format!("state diff -json {first} {second}"))
        .ok();
    assert!(!json.out.contains("canary"), "{}", json.out);
    let json = json.json();
    assert_eq!(json["resources"][0]["address"], "terraform_data.a");
    assert_eq!(json["resources"][0]["attributes"][0]["path"], "input");
    assert_eq!(json["resources"][0]["attributes"][0]["after"], "two");
    let secret = json["resources"][1]["attributes"].as_array().unwrap();
    let secret = secret.iter().find(|one| one["path"] == "triggers_replace");
    assert_eq!(secret.unwrap()["sensitive"], true);
    folder
        .run(&format!("state diff {second}"))
        .ok()
        .says("# terraform_data.a was removed");
    folder
        .run(&format!("state diff -detailed-exitcode {second} {second}"))
        .ok()
        .says("no difference");
}

#[test]
fn a_backup_comes_back_as_a_new_version() {
    let folder = Folder::new(&[("main.tf", &config("one"))]);
    folder.run("apply -auto-approve").ok();
    folder
        .run("state backup b.backup")
        .ok()
        .says("Saved the state");
    folder.write(
        "main.tf",
        &format!(
            "{}resource \"terraform_data\" \"new\" {{}}\n",
            config("two")
        ),
    );
    folder.run("apply -auto-approve").ok();
    folder
        .run("state restore b.backup")
        .ok()
        .says("terraform_data.new")
        .says("Restored");
    folder
        .run("state show terraform_data.a")
        .ok()
        .says("\"one\"");
    assert_eq!(versions(&folder).len(), 3);
    // Into another folder: with all versions. Another state is refused.
    let other = Folder::new(&[("main.tf", &config("one"))]);
    std::fs::copy(
        folder.path().join("b.backup"),
        other.path().join("b.backup"),
    )
    .unwrap();
    other.run("state restore b.backup").ok().says("1 version");
    assert_eq!(versions(&other).len(), 2);
    other.run("plan -detailed-exitcode").ok();
    other.run("state fsck").ok().says("sound");
    let third = three();
    std::fs::copy(
        folder.path().join("b.backup"),
        third.path().join("b.backup"),
    )
    .unwrap();
    third
        .run("state restore b.backup")
        .exits(1)
        .says("Backup of another state");
    third.run("state restore -force b.backup").ok();
    third.run("plan -detailed-exitcode").exits(2);
    // A damaged one.
    let mut bytes = std::fs::read(other.path().join("b.backup")).unwrap();
    bytes[100] ^= 1;
    std::fs::write(other.path().join("b.backup"), bytes).unwrap();
    other
        .run("state restore b.backup")
        .exits(1)
        .says("not whole");
}

#[test]
fn damage_is_told_and_mended() {
    let folder = three();
    folder.run("state fsck").ok().says("the state is sound");
    let journal = folder
        .path()
        .join("terrane.state/workspaces/default/journal");
    let mut bytes = std::fs::read(&journal).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 0x10;
    std::fs::write(&journal, &bytes).unwrap();
    folder.run("state list").exits(1).says("fsck");
    folder
        .run("state fsck")
        .exits(1)
        .says("a bit is wrong")
        .says("Nothing was changed");
    folder.run("state fsck -repair").ok().says("all repaired");
    folder.run("state list").ok();
    let json = folder.run("state fsck -json").ok().json();
    assert_eq!(json["sound"], true);
    assert_eq!(json["versions"], 3);
}

#[test]
fn old_versions_are_forgotten_by_number_and_age() {
    let folder = three();
    folder.run("state prune").exits(1).says("-keep=N");
    folder
        .run("state prune -keep=2 -dry-run")
        .ok()
        .says("Would forget 1");
    folder
        .run("state prune -keep=1 -older-than=1h")
        .ok()
        .says("Forgot 0");
    folder
        .run("state prune -keep=2 -save")
        .ok()
        .says("Forgot 1");
    assert_eq!(versions(&folder).len(), 2);
    folder.run("state prune").ok().says("Forgot 0");
    folder.run("state list").ok();
    folder.run("state fsck").ok();
    folder
        .run("state prune -older-than=1y")
        .exits(1)
        .says("-older-than");
}

/// A process that is killed in the midst of a creation: the next command says what may exist, and how to settle it.
#[test]
fn a_creation_that_was_cut_off_is_settled_by_hand() {
    let folder = Folder::new(&[(
        "main.tf",
        "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" { command = \"touch began; sleep 30\" }\n}\n",
    )]);
    assert!(repository().exists());
    folder.run("state resolve").ok().says("No change is open");
    let mut child = Command::new(super::folder::binary())
        .args(["apply", "-auto-approve"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while !folder.has("began") {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The provisioner is a step of its own: it is known to have begun.
    folder
        .run("state resolve")
        .ok()
        .says("provisioner 1 after the creation of terraform_data.a");
    folder
        .run("plan")
        .ok()
        .says("terraform_data.a is tainted, so it must be replaced")
        .says("provisioner");
    folder.run("state resolve").ok().says("No change is open");
    folder
        .run("state resolve -absent terraform_data.a")
        .exits(1)
        .says("No open change");
}
