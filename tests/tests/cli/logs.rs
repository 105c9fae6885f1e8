//! The audit log goes where the state goes.

use super::folder::Folder;

const MAIN: &str = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n";

/// A folder in which something was applied.
fn applied() -> Folder {
    let folder = Folder::new(&[("main.tf", MAIN)]);
    folder.run("plan -out=p.plan").ok();
    folder.run("apply p.plan").ok();
    folder.run("audit -verify").ok();
    folder
}

#[test]
fn a_migration_takes_the_log_along() {
    let folder = applied();
    let before = folder.run("audit -json").ok().out;
    assert!(before.contains("\"applied\""), "{before}");
    let local = "terraform {\n  backend \"local\" {\n    path = \"s/terraform.tfstate\"\n  }\n}\n";
    folder.write("backend.tf", local);
    folder
        .run("init -force-copy")
        .ok()
        .says("The audit log went along: 3 entries.");
    assert_eq!(folder.run("audit -json").ok().out, before);
    folder.run("audit -verify").ok();
    // The log goes on, and what was applied stays applied.
    folder.run("apply p.plan").exits(1);
    folder.write("main.tf", &MAIN.replace('1', "2"));
    folder.run("apply -auto-approve").ok();
    folder.run("audit -verify").ok();
    let after = folder.run("audit -json").ok().out;
    assert!(after.len() > before.len());
    // Back to where the beginning of this very log still is.
    std::fs::remove_file(folder.path().join("backend.tf")).unwrap();
    folder.run("init -force-copy").ok();
    assert_eq!(folder.run("audit -json").ok().out, after);
}

#[test]
fn a_backup_holds_the_log_and_restoring_brings_it_back() {
    let folder = applied();
    let log = folder.run("audit -json").ok().out;
    folder.run("state backup b").ok();
    let other = Folder::new(&[("main.tf", MAIN)]);
    std::fs::copy(folder.path().join("b"), other.path().join("b")).unwrap();
    other
        .run("state restore b")
        .ok()
        .says("The audit log came with it.");
    assert_eq!(other.run("audit -json").ok().out, log);
    // Where there is a log already, it stays.
    folder.write("main.tf", &MAIN.replace('1', "2"));
    folder.run("apply -auto-approve").ok();
    let longer = folder.run("audit -json").ok().out;
    folder.run("state restore b").ok();
    assert_eq!(folder.run("audit -json").ok().out, longer);
    let third = Folder::new(&[("main.tf", MAIN)]);
    third.run("apply -auto-approve").ok();
    std::fs::copy(folder.path().join("b"), third.path().join("b")).unwrap();
    third
        .run("state restore -force b")
        .ok()
        .says("is another one than the log here, which stays");
}
