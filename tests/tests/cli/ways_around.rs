//! Ways around the gates that somebody could try: crafted files, other workspaces, other commands, bytes that are no text, clocks that are ahead.

use super::folder::{Folder, Ran};
use std::path::Path;
use terrane_plan::file::{SavedPlan, decode, encode};
use terrane_plan::plan::Action;
use terrane_store::StoreError;
use terrane_store::audit::{Audit, Change, Draft, FileLog, append};
use terrane_value::{Path as ValuePath, Value, path};

const TWO: &str = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\nresource \"terraform_data\" \"prod\" {\n  input = 2\n}\n";
const PROD: &str = "resource \"terraform_data\" \"prod\" {\n  input = 2\n}\n";
const OPEN: &str = "gate \"all\" {\n  auto_approve = true\n}\n";

fn gated(main: &str, gates: &str) -> Folder {
    let folder = Folder::new(&[("main.tf", main)]);
    let mut text = String::new();
    for name in ["ana", "bob"] {
        let out = format!("key generate -no-passphrase -comment={name} -key={name}.key");
        let public = folder.run(&out).ok().out;
        let public = public.lines().last().unwrap().to_owned();
        text.extend(["person \"", name, "\" {\n  keys = [\"", &public, "\"]\n}\n"]);
    }
    text.push_str(gates);
    folder.write("g.tfgate.hcl", &text);
    folder
}

fn as_ana(folder: &Folder, words: &str) -> Ran {
    let words: Vec<&str> = words.split_whitespace().collect();
    folder.run_with(&words, &[("USER", "ana"), ("HOSTNAME", "desk")], "")
}

fn ids(folder: &Folder) -> serde_json::Value {
    folder.run("show -json").ok().json()["values"].clone()
}

/// A plan file is read, changed, and written again with digests that fit.
fn craft(folder: &Folder, name: &str, change: impl FnOnce(&mut SavedPlan)) {
    let file = folder.path().join(name);
    let (mut saved, _) = decode(&std::fs::read(&file).unwrap()).unwrap();
    change(&mut saved);
    std::fs::write(&file, encode(&saved).unwrap()).unwrap();
}

/// The deletion of `a` becomes that of the object of `prod`.
fn aim_at_prod(saved: &mut SavedPlan) {
    let plan = &mut saved.plan;
    let prod = plan.changes.iter().find(|one| one.action == Action::NoOp);
    let id = prod.unwrap().before.get("id").unwrap().clone();
    let mut changes = plan.changes.iter_mut();
    let doomed = changes.find(|one| one.action == Action::Delete).unwrap();
    doomed.before = path::replace(&doomed.before, &ValuePath::new().attr("id"), id);
}

#[test]
fn a_crafted_plan_file_is_not_applied() {
    for gates in [None, Some(OPEN)] {
        let folder = match gates {
            None => Folder::new(&[("main.tf", TWO)]),
            Some(gates) => gated(TWO, gates),
        };
        as_ana(&folder, "apply -auto-approve").ok();
        folder.write("main.tf", PROD);
        as_ana(&folder, "plan -out=p.plan").ok();
        std::fs::copy(folder.path().join("p.plan"), folder.path().join("q.plan")).unwrap();
        craft(&folder, "q.plan", aim_at_prod);
        let before = ids(&folder);
        let code = if gates.is_some() { "T6415" } else { "T4021" };
        as_ana(&folder, "apply q.plan").exits(1).says(code);
        if gates.is_some() {
            as_ana(&folder, "approve -auto-approve -key=bob.key q.plan")
                .exits(1)
                .says(code);
        }
        assert_eq!(ids(&folder), before);
        as_ana(&folder, "apply p.plan").ok().says("1 destroyed");
    }
}

/// What the plan file says of its providers is held against those that are there.
#[test]
fn a_plan_is_carried_out_by_the_programs_that_it_was_made_with() {
    let folder = Folder::new(&[("main.tf", TWO)]);
    folder.run("plan -out=p.plan").ok();
    craft(&folder, "p.plan", |saved| {
        let other = "{\"terraform.io/builtin/terraform\":{\"version\":\"9.9.9\",\"hashes\":[]}}";
        saved
            .extra
            .insert("providers".to_owned(), other.as_bytes().into());
    });
    folder.run("apply p.plan").exits(1).says("T5215");
    craft(&folder, "p.plan", |saved| {
        saved.extra.insert("providers".to_owned(), b"{]"[..].into());
    });
    folder.run("apply p.plan").exits(1).says("can't be read");
}

#[test]
fn any_workspace_of_a_store_has_the_gates_of_the_others() {
    let folder = gated(TWO, "gate \"changes\" {\n  approvals {}\n}\n");
    folder.run("workspace new prod").ok();
    as_ana(&folder, "plan -out=p.plan").ok();
    std::fs::remove_file(folder.path().join("g.tfgate.hcl")).unwrap();
    for name in ["x", "default"] {
        folder
            .run_with(&["apply", "-auto-approve"], &[("TF_WORKSPACE", name)], "")
            .exits(1)
            .says("T6402");
    }
}

#[test]
fn import_does_not_go_around_the_gates() {
    let folder = gated(TWO, OPEN);
    as_ana(&folder, "import terraform_data.a some-id")
        .exits(1)
        .says("T6416")
        .says("to = terraform_data.a");
    assert_eq!(folder.run("state list").ok().out, "");
}

#[test]
fn a_rejection_has_no_end_of_its_own() {
    let folder = gated(TWO, OPEN);
    as_ana(&folder, "plan -out=p.plan").ok();
    as_ana(&folder, "reject -auto-approve -key=bob.key p.plan").ok();
    assert!(!folder.read("p.plan.approvals").contains("\"expires\""));
    as_ana(&folder, "approve -auto-approve -key=ana.key p.plan").ok();
    assert!(folder.read("p.plan.approvals").contains("\"expires\""));
    as_ana(&folder, "apply p.plan")
        .exits(1)
        .says("bob rejected");
}

/// What the log could not give back is not put into it.
#[test]
fn what_is_no_text_does_not_get_into_the_log() {
    let folder = gated(
        TWO,
        &format!("prices {{\n  books = [\"p.json\"]\n}}\n{OPEN}"),
    );
    let book = folder.path().join("p.json");
    let text = "{\"format\":1,\"currency\":\"USD\",\"source\":\"k\",\"prices\":[]}";
    std::fs::write(&book, text.replace('k', "\u{fffd}").as_bytes()).unwrap();
    let bad: Vec<u8> = text
        .bytes()
        .map(|byte| if byte == b'k' { 0xff } else { byte })
        .collect();
    std::fs::write(&book, bad).unwrap();
    for words in ["plan -out=p.plan", "apply -auto-approve", "gates"] {
        as_ana(&folder, words).exits(1).says("T6414").says("p.json");
    }
    std::fs::write(&book, text).unwrap();
    as_ana(&folder, "gates").ok();
}

/// The log of the folder.
#[derive(Debug)]
struct Files(FileLog);

impl Audit for Files {
    fn read(&self, _: &str) -> Result<Vec<u8>, StoreError> {
        self.0.read()
    }
    fn closed(&self, _: &str, segment: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.closed(segment)
    }
    fn change(&self, _: &str, change: Change<'_>) -> Result<(), StoreError> {
        self.0.change(change)
    }
    fn logs(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
    fn secret_or(&self, _: &str, new: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.0.secret_or(new)
    }
}

fn record(folder: &Path, at_ms: u64, kind: &str, body: serde_json::Value) {
    let log = FileLog::new(folder.join("terrane.state/audit/default.log"));
    let draft = Draft {
        at_ms,
        who: "eve@desk".to_owned(),
        kind: kind.to_owned(),
        once: Vec::new(),
        body,
    };
    append(&Files(log), "default", &[draft]).unwrap();
}

/// A machine whose clock was ahead has written to the log. Nothing passes, until it is agreed that this time is not past.
#[test]
fn a_clock_that_was_ahead_can_be_put_right() {
    let amend = "amend {\n  count = 2\n}\n";
    let folder = gated(TWO, &format!("{amend}{OPEN}"));
    as_ana(&folder, "plan -out=p.plan").ok();
    as_ana(&folder, "gates accept -auto-approve -clock -key=ana.key")
        .ok()
        .says("not behind");
    // The year 2100.
    record(
        folder.path(),
        4_102_444_800_000,
        "note",
        serde_json::json!({}),
    );
    as_ana(&folder, "apply p.plan")
        .exits(1)
        .says("The clock of this machine");
    as_ana(&folder, "gates accept -auto-approve -clock -key=ana.key")
        .ok()
        .says("others must agree too: bob");
    as_ana(&folder, "apply p.plan")
        .exits(1)
        .says("The clock of this machine");
    as_ana(&folder, "gates accept -auto-approve -clock -key=bob.key")
        .ok()
        .says("agreed to by ana, bob");
    as_ana(&folder, "apply p.plan").ok().says("2 added");
    folder.run("audit -verify").ok();
}

/// What the log says of gates and decisions can be read, or nothing passes.
#[test]
fn what_can_not_be_read_is_not_nothing() {
    for (kind, body) in [
        ("gates", serde_json::json!(null)),
        ("gates", serde_json::json!({})),
        ("gates", serde_json::json!({"digest": "00", "files": []})),
        ("decision", serde_json::json!({"record": {"v": 1}})),
        ("decision", serde_json::json!(null)),
    ] {
        let folder = gated(TWO, OPEN);
        as_ana(&folder, "plan -out=p.plan").ok();
        record(folder.path(), 1, kind, body.clone());
        as_ana(&folder, "apply p.plan").exits(1).says("T6405");
        std::fs::remove_file(folder.path().join("g.tfgate.hcl")).unwrap();
        as_ana(&folder, "apply -auto-approve").exits(1);
        assert_eq!(folder.run("state list").ok().out, "", "{kind} {body}");
    }
}

/// Two people agree to other gates from the same point: the second one has to look again.
#[test]
fn of_two_changes_from_the_same_point_one_is_first() {
    let folder = gated(TWO, OPEN);
    as_ana(&folder, "plan -out=p.plan").ok();
    let log = folder.path().join("terrane.state/audit/default.log");
    let text = folder.read("g.tfgate.hcl");
    folder.write("g.tfgate.hcl", &text.replace("\"all\"", "\"first\""));
    let before = std::fs::read(&log).unwrap();
    as_ana(&folder, "gates accept -auto-approve -key=ana.key").ok();
    let names = |text: &[u8]| {
        let text = String::from_utf8(text.to_vec()).unwrap();
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let lines: Vec<_> = lines.filter(|line| line["kind"] == "gates").collect();
        lines
            .iter()
            .map(|line| line["once"].to_string())
            .collect::<Vec<_>>()
    };
    let first = names(&std::fs::read(&log).unwrap());
    std::fs::write(&log, before).unwrap();
    folder.write("g.tfgate.hcl", &text.replace("\"all\"", "\"second\""));
    as_ana(&folder, "gates accept -auto-approve -key=bob.key").ok();
    let second = names(&std::fs::read(&log).unwrap());
    // From the same point they bear the same name, of which the log takes one.
    let of = |once: &[String]| {
        once.last()
            .unwrap()
            .split("gates:")
            .nth(1)
            .unwrap()
            .to_owned()
    };
    assert_eq!(of(&first), of(&second));
    assert_ne!(of(&first), of(&first[..1]));
}

/// The log of a workspace that was deleted is kept, and is no workspace.
#[test]
fn a_deleted_workspace_is_gone_though_its_log_is_kept() {
    let backend = "terraform {\n  backend \"local\" {}\n}\n";
    let folder = Folder::new(&[("main.tf", &format!("{backend}{TWO}"))]);
    folder.run("init").ok();
    folder.run("workspace new x").ok();
    folder.run("apply -auto-approve").ok();
    folder.run("workspace select default").ok();
    folder.run("workspace delete -force x").ok();
    let log = "terraform.tfstate.d/x/.terraform.tfstate.terrane-audit";
    assert!(folder.has(log));
    assert!(!folder.run("workspace list").ok().out.contains('x'));
    folder.run("workspace select x").exits(1);
    folder.run("workspace new x").ok();
    assert_eq!(folder.run("state list").ok().out, "");
    folder.run("workspace list").ok().says("x");
    // A peer makes an empty folder.
    std::fs::create_dir(folder.path().join("terraform.tfstate.d/y")).unwrap();
    folder.run("workspace list").ok().says("y");
}

/// A value of a plan, for the eye of whoever reads these tests: nothing above depends on how it is written.
#[test]
fn crafting_finds_what_it_looks_for() {
    let folder = Folder::new(&[("main.tf", TWO)]);
    folder.run("apply -auto-approve").ok();
    folder.write("main.tf", PROD);
    folder.run("plan -out=p.plan").ok();
    craft(&folder, "p.plan", |saved| {
        aim_at_prod(saved);
        let ids: Vec<&Value> = saved
            .plan
            .changes
            .iter()
            .filter_map(|change| change.before.get("id"))
            .collect();
        assert_eq!(ids[0], ids[1]);
    });
}

/// A log that gets long goes on in another segment: what was used stays used, the gates stay in force, and all of it is verified.
#[test]
fn a_long_log_is_no_way_around() {
    const ASKS: &str = "gate \"all\" {\n  approvals {}\n}\n";
    let folder = gated(TWO, ASKS);
    let (plan, copy) = (folder.path().join("p.plan"), folder.path().join("q.plan"));
    as_ana(&folder, "plan -out=p.plan").ok();
    as_ana(&folder, "approve -auto-approve -key=bob.key p.plan").ok();
    std::fs::copy(&plan, &copy).unwrap();
    let approvals = std::fs::read(folder.path().join("p.plan.approvals")).unwrap();
    std::fs::write(folder.path().join("q.plan.approvals"), approvals).unwrap();
    // Approved, and not applied before the log goes on.
    folder.write("main.tf", &TWO.replace("input = 2", "input = 3"));
    as_ana(&folder, "apply p.plan").ok();
    as_ana(&folder, "plan -out=late.plan").ok();
    as_ana(&folder, "approve -auto-approve -key=bob.key late.plan").ok();
    std::fs::remove_file(folder.path().join("late.plan.approvals")).unwrap();
    let log = folder.path().join("terrane.state/audit/default.log");
    let long = Draft {
        at_ms: 1,
        who: String::from("ana@desk"),
        kind: String::from("unlock"),
        once: Vec::new(),
        body: serde_json::json!({"holder": "x".repeat(5 << 20)}),
    };
    append(&Files(FileLog::new(&log)), "default", &[long]).unwrap();
    as_ana(&folder, "apply late.plan").ok().says("1 changed");
    assert!(std::fs::metadata(&log).unwrap().len() < 1 << 20);
    let closed = folder.path().join("terrane.state/audit/default.log.0");
    assert!(std::fs::metadata(&closed).unwrap().len() > 5 << 20);
    for name in ["q.plan", "late.plan"] {
        as_ana(&folder, &format!("apply {name}")).exits(1);
    }
    let shown = as_ana(&folder, "audit").ok();
    for kind in ["founded", "gates", "decision", "segment", "applied"] {
        assert!(shown.out.contains(kind), "{kind} in {}", shown.out);
    }
    as_ana(&folder, "audit -verify").ok().says("All hashes");
    // Gates of before are in force.
    std::fs::remove_file(folder.path().join("g.tfgate.hcl")).unwrap();
    folder.write("main.tf", PROD);
    as_ana(&folder, "apply -auto-approve")
        .exits(1)
        .says("gates were removed");
    let mut bytes = std::fs::read(&closed).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&closed, &bytes).unwrap();
    as_ana(&folder, "audit -verify").exits(1).says("T6405");
}
