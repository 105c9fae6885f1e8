//! The examples run, converge, and leave nothing behind.

use super::folder::Folder;

/// Every example: valid, in the standard layout, applied, unchanged by a second plan, destroyed.
#[test]
fn every_example_converges_and_goes_away() {
    for (name, managed) in [("quickstart", 7), ("fleet", 24), ("release-train", 6)] {
        let folder = Folder::example(name);
        folder.run("fmt -check -recursive").ok();
        folder.run("init").ok();
        folder
            .run("validate")
            .ok()
            .says("The configuration is valid");
        folder.run("plan -detailed-exitcode").exits(2);
        folder
            .run("apply -auto-approve")
            .ok()
            .says(&format!("{managed} added, 0 changed, 0 destroyed"));
        folder
            .run("plan -detailed-exitcode")
            .ok()
            .says("No changes.");
        folder.run("destroy -auto-approve").ok().says(&format!(
            "Destroy complete! Resources: {managed} destroyed."
        ));
        assert_eq!(folder.run("state list").ok().out, "", "{name}");
    }
}

#[test]
fn quickstart_writes_its_pages_and_follows_its_variables() {
    let folder = Folder::example("quickstart");
    folder.run("apply -auto-approve").ok();
    let page = folder.read("out/dev/home.html");
    assert!(page.contains("<a href=\"blog.html\">blog</a>"), "{page}");
    let index = folder.read("out/dev/index.html");
    assert!(index.contains("Documentation"), "{index}");
    let outputs = folder.run("output -json").ok().json();
    assert_eq!(outputs["links"]["value"], 3);
    assert_eq!(outputs["pages"]["value"]["home"], "out/dev/home.html");
    assert_eq!(outputs["admin_password"]["sensitive"], true);
    folder
        .run("plan -var environment=moon")
        .exits(1)
        .says("The environment must be dev, test or prod, not moon.");
    folder.run("apply -auto-approve -var environment=test").ok();
    assert!(folder.has("out/test/home.html"));
    assert!(!folder.has("out/dev/home.html"));
}

#[test]
fn a_new_release_replaces_in_the_right_order() {
    let folder = Folder::example("release-train");
    folder.run("apply -auto-approve").ok();
    let plan = folder
        .run("plan -var release=1.1.0 -json")
        .ok()
        .json_lines();
    let action = |addr: &str| {
        plan.iter()
            .filter(|line| line["type"] == "planned_change")
            .find(|line| line["change"]["resource"]["addr"] == addr)
            .map(|line| {
                let change = &line["change"];
                (change["action"].clone(), change["reason"].clone())
            })
    };
    assert_eq!(
        action("terraform_data.artefact"),
        Some(("replace".into(), "cannot_update".into()))
    );
    assert_eq!(
        action("terraform_data.announcement"),
        Some(("replace".into(), "replace_triggered_by".into()))
    );
    let applied = folder
        .run("apply -auto-approve -var release=1.1.0 -json")
        .ok()
        .json_lines();
    let at = |kind: &str, action: &str| {
        applied.iter().position(|line| {
            line["type"] == kind
                && line["hook"]["action"] == action
                && line["hook"]["resource"]["resource"] == "terraform_data.artefact"
        })
    };
    // The new artefact is there before the old one is removed.
    let (made, removed) = (at("apply_complete", "create"), at("apply_start", "delete"));
    assert!(made.is_some() && made < removed, "{made:?} {removed:?}");
    // Which is no goodbye: nobody has said one before everything goes.
    let log = "built artefact-1.0.0\nbuilt artefact-1.1.0\n";
    assert_eq!(folder.read("out/train.log"), log);
    folder.run("destroy -auto-approve -var release=1.1.0").ok();
    assert_eq!(
        folder.read("out/train.log"),
        format!("{log}removed artefact-1.1.0\n")
    );
}
