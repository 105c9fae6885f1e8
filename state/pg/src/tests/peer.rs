//! Side by side with `terraform` 1.11 on the same table.

use super::Place;
use super::crash::open_soon;
use crate::Layout;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use terrane_model::addr::{
    InstanceAddr, Mode, ModuleInstance, ModulePath, ProviderAddr, ProviderConfigAddr, ResourceAddr,
};
use terrane_model::event::{Event, EventKind, ObjectAddr};
use terrane_store::StoreError;
use terrane_store::conformance::sample::object;

fn terraform(folder: &Path, place: &Place) -> Command {
    let mut command = Command::new("terraform");
    command
        .current_dir(folder)
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .env("TF_IN_AUTOMATION", "1")
        .env("PG_CONN_STR", place.conn_str())
        .stdin(Stdio::null());
    command
}

fn run(folder: &Path, place: &Place, arguments: &[&str]) -> Output {
    terraform(folder, place).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn succeed(folder: &Path, place: &Place, arguments: &[&str]) -> String {
    let output = run(folder, place, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    text(&output)
}

const CONFIG: &str = r#"
terraform {
  backend "pg" {}
}
resource "terraform_data" "a" {
  input = "x"
}
"#;

/// A folder in which the peer has worked already; `None`, said aloud: there is no peer.
fn peer(place: &Place) -> Option<tempfile::TempDir> {
    if Command::new("terraform").arg("version").output().is_err() {
        eprintln!("skipped, there is no `terraform` on the path");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), CONFIG).unwrap();
    drop(succeed(folder.path(), place, &["init", "-no-color"]));
    Some(folder)
}

fn addr(name: &str) -> InstanceAddr {
    ResourceAddr {
        module: ModuleInstance::root(),
        mode: Mode::Managed,
        type_name: "terraform_data".into(),
        name: name.into(),
    }
    .instance(None)
}

fn made(name: &str) -> Event {
    let attributes = format!(
        r#"{{"id":"{name}-id","input":{{"value":"x","type":"string"}},"output":{{"value":"x","type":"string"}},"triggers_replace":null}}"#
    );
    Event {
        at_ms: 1,
        kind: EventKind::Set {
            object: ObjectAddr {
                instance: addr(name),
                deposed: None,
            },
            provider: ProviderConfigAddr {
                module: ModulePath::root(),
                provider: ProviderAddr::builtin(),
                alias: None,
            },
            state: Some(object(&attributes).into()),
        },
    }
}

#[test]
fn a_state_goes_over_and_back_without_a_diff() {
    let place = Place::new(Layout::States);
    let Some(folder) = peer(&place) else { return };
    let folder = folder.path();
    drop(succeed(
        folder,
        &place,
        &["apply", "-auto-approve", "-no-color"],
    ));
    let mut workspace = place.store().open("default").unwrap();
    assert!(workspace.snapshot().instance(&addr("a")).is_some());
    workspace.commit(vec![made("b")]).unwrap();
    workspace.close().unwrap();
    let with_b = |input: &str| {
        let a = CONFIG.replace("\"x\"", &format!("{input:?}"));
        let text = format!("{a}\nresource \"terraform_data\" \"b\" {{\n  input = \"x\"\n}}\n");
        std::fs::write(folder.join("main.tf"), text).unwrap();
    };
    with_b("x");
    // Exit code 0: no change. And the peer writes, and we read it, and so on.
    for round in 0..2 {
        drop(succeed(
            folder,
            &place,
            &["plan", "-detailed-exitcode", "-no-color"],
        ));
        let input = format!("round {round}");
        with_b(&input);
        drop(succeed(
            folder,
            &place,
            &["apply", "-auto-approve", "-no-color"],
        ));
        let mut workspace = place.store().open("default").unwrap();
        let snapshot = workspace.snapshot();
        let object = snapshot
            .instance(&addr("a"))
            .unwrap()
            .current
            .clone()
            .unwrap();
        assert!(object.attributes.contains(&input), "{}", object.attributes);
        workspace.commit(vec![made("b")]).unwrap();
        workspace.close().unwrap();
    }
    drop(succeed(
        folder,
        &place,
        &["plan", "-detailed-exitcode", "-no-color"],
    ));
    // Workspaces, both ways.
    drop(succeed(folder, &place, &["workspace", "new", "theirs"]));
    place.store().open("ours").unwrap().close().unwrap();
    let list = succeed(folder, &place, &["workspace", "list"]);
    assert!(list.contains("ours") && list.contains("theirs"), "{list}");
    assert_eq!(
        place.store().workspaces().unwrap(),
        ["default", "ours", "theirs"]
    );
    drop(succeed(folder, &place, &["workspace", "select", "ours"]));
    drop(succeed(
        folder,
        &place,
        &["apply", "-auto-approve", "-no-color"],
    ));
    assert_eq!(place.store().read("ours").unwrap().instance_count(), 2);
    place.store().delete("theirs").unwrap();
    let list = succeed(folder, &place, &["workspace", "list"]);
    assert!(!list.contains("theirs"), "{list}");
}

#[test]
fn the_lock_of_each_is_held_for_the_other() {
    let place = Place::new(Layout::States);
    let Some(folder) = peer(&place) else { return };
    let folder = folder.path();
    let store = place.store();
    for round in 0..2 {
        // Ours: before there is a state, and when there is one.
        let workspace = open_soon(&*store);
        let output = run(folder, &place, &["apply", "-auto-approve", "-no-color"]);
        let said = text(&output);
        assert!(
            !output.status.success() && said.contains("already locked"),
            "{said}"
        );
        workspace.close().unwrap();
        if round == 0 {
            drop(succeed(
                folder,
                &place,
                &["apply", "-auto-approve", "-no-color"],
            ));
        }
    }
    // Theirs, while it waits for a yes. Each round from an empty table or a full one.
    std::fs::write(folder.join("main.tf"), CONFIG.replace("\"x\"", "\"y\"")).unwrap();
    let mut child = asking(folder, &place);
    let holder = match store.open("default") {
        Err(StoreError::InUse { holder, id, .. }) => {
            assert!(holder.contains("terrane@"), "{holder}");
            assert_eq!(*store.holders("default").unwrap()[0].holder.id, *id);
            id
        }
        other => panic!("the peer has the lock, yet {other:?}"),
    };
    assert!(matches!(
        store.delete("default"),
        Err(StoreError::Refused(_))
    ));
    // Its session can be ended by force, as its own program can't.
    assert!(store.force_unlock("default", &holder).is_ok());
    drop(open_soon(&*store));
    child.kill().unwrap();
    child.wait().unwrap();
    // Killed, it leaves nothing behind.
    let mut child = asking(folder, &place);
    assert!(store.open("default").is_err());
    child.kill().unwrap();
    child.wait().unwrap();
    drop(open_soon(&*store));
}

/// The peer, in the middle of an apply.
fn asking(folder: &Path, place: &Place) -> Child {
    let child = terraform(folder, place)
        .args(["apply", "-no-color"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while place.psql(locks) == "0" {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "the peer takes its lock"
        );
    }
    child
}
