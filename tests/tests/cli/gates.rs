//! Gates through the binary: that everything is wired. What passes and what does not is tested in the gate room.

use super::folder::{Folder, Ran};

const MAIN: &str = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\nresource \"terraform_data\" \"b\" {\n  input = terraform_data.a.output\n}\n";
const ONE: &str =
    "gate \"changes\" {\n  description = \"somebody else must look\"\n  approvals {}\n}\n";

/// A folder with keys of Ana and Bob, who are in the file of gates, and of Eve, who is not.
fn folder(gates: &str) -> Folder {
    let folder = Folder::new(&[("main.tf", MAIN)]);
    let mut text = String::new();
    for name in ["ana", "bob", "eve"] {
        let out = format!("key generate -no-passphrase -comment={name} -key={name}.key");
        let public = folder.run(&out).ok().out;
        let public = public.lines().last().unwrap().to_owned();
        if name != "eve" {
            text.extend(["person \"", name, "\" {\n  keys = [\"", &public, "\"]\n}\n"]);
        }
    }
    text.push_str(gates);
    folder.write("g.tfgate.hcl", &text);
    folder
}

fn run_as(folder: &Folder, user: &str, words: &str) -> Ran {
    let words: Vec<&str> = words.split_whitespace().collect();
    folder.run_with(&words, &[("USER", user), ("HOSTNAME", "desk")], "")
}

fn approve(folder: &Folder, person: &str, plan: &str) -> Ran {
    run_as(
        folder,
        person,
        &format!("approve -auto-approve -key={person}.key {plan}"),
    )
}

#[test]
fn a_plan_is_applied_when_it_is_approved_and_once() {
    let folder = folder(ONE);
    run_as(&folder, "ana", "plan")
        .ok()
        .says("needs 1 more approval: from bob");
    run_as(&folder, "ana", "plan -out=p.plan")
        .ok()
        .says("terrane gates \"p.plan\"");
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("T6401")
        .says("needs 1 more approval: from bob");
    run_as(&folder, "ana", "gates p.plan")
        .exits(1)
        .says("closed");
    approve(&folder, "ana", "p.plan")
        .ok()
        .says("a plan of their own");
    approve(&folder, "eve", "p.plan")
        .exits(1)
        .says("do not know this key");
    run_as(&folder, "ana", "apply p.plan").exits(1);
    approve(&folder, "bob", "p.plan")
        .ok()
        .says("All gates are open");
    // A copy is the same plan.
    std::fs::copy(folder.path().join("p.plan"), folder.path().join("q.plan")).unwrap();
    std::fs::copy(
        folder.path().join("p.plan.approvals"),
        folder.path().join("q.plan.approvals"),
    )
    .unwrap();
    let open = run_as(&folder, "ana", "gates -json q.plan").ok().json();
    assert_eq!(open["verdict"]["gates"][0]["approved_by"][0], "bob");
    run_as(&folder, "ana", "apply q.plan").ok().says("2 added");
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("This plan was applied already");
    approve(&folder, "bob", "p.plan")
        .exits(1)
        .says("This plan was applied already");
    // Destroyed, and the same plan again: the state is as it was, the approval is not.
    folder.write("main.tf", "");
    run_as(&folder, "ana", "plan -destroy -out=d.plan").ok();
    approve(&folder, "bob", "d.plan").ok();
    run_as(&folder, "ana", "apply d.plan").ok();
    folder.write("main.tf", MAIN);
    run_as(&folder, "ana", "apply p.plan").exits(1);
    // A new one that means the same finds the approval used.
    run_as(&folder, "ana", "plan -out=n.plan").ok();
    std::fs::copy(
        folder.path().join("p.plan.approvals"),
        folder.path().join("n.plan.approvals"),
    )
    .unwrap();
    run_as(&folder, "ana", "apply n.plan")
        .exits(1)
        .says("it was used by an earlier apply");
    let kinds = folder.run("audit -json").ok().out;
    let kinds: Vec<String> = kinds
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "founded", "gates", "plan", "decision", "decision", "apply", "applied", "plan",
            "decision", "apply", "applied", "plan"
        ]
    );
    folder
        .run("audit -verify")
        .ok()
        .says("All hashes of the log fit");
}

#[test]
fn a_new_plan_keeps_approvals_of_what_means_the_same() {
    let folder = folder(ONE);
    run_as(&folder, "ana", "plan -out=p.plan").ok();
    approve(&folder, "bob", "p.plan").ok();
    folder.write(
        "main.tf",
        &format!("# nothing else\n{MAIN}resource \"terraform_data\" \"c\" {{}}\n"),
    );
    run_as(&folder, "ana", "plan -out=q.plan").ok();
    run_as(&folder, "ana", "apply q.plan")
        .exits(1)
        .says("for terraform_data.c (create): from bob");
    run_as(
        &folder,
        "bob",
        "approve -auto-approve -key=bob.key -only=*.c q.plan",
    )
    .ok()
    .says("1 of 3 actions");
    run_as(&folder, "ana", "apply q.plan").ok().says("3 added");
}

#[test]
fn a_rejected_plan_is_not_applied() {
    let folder = folder("gate \"all\" {\n  auto_approve = true\n}\n");
    run_as(&folder, "ana", "plan -out=p.plan").ok();
    run_as(
        &folder,
        "bob",
        "reject -auto-approve -key=bob.key -comment=late p.plan",
    )
    .ok();
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("bob rejected")
        .says("late");
    approve(&folder, "bob", "p.plan").ok();
    run_as(&folder, "ana", "apply p.plan").ok();
}

#[test]
fn gates_hold_where_a_plan_is_applied_at_once_too() {
    let folder = folder(ONE);
    run_as(&folder, "ana", "apply -auto-approve")
        .exits(1)
        .says("T6401");
    run_as(&folder, "ana", "destroy -auto-approve").ok();
    assert_eq!(folder.run("state list").ok().out, "");
    // What was approved of a saved plan holds for a plan that means the same.
    run_as(&folder, "ana", "plan -out=p.plan").ok();
    approve(&folder, "bob", "p.plan").ok();
    run_as(&folder, "ana", "apply -auto-approve")
        .ok()
        .says("2 added");
}

#[test]
fn a_yes_is_asked_for_where_gates_want_one() {
    let folder = folder("gate \"all\" {\n  confirm = true\n}\n");
    run_as(&folder, "ana", "apply -auto-approve")
        .exits(1)
        .says("needs a yes")
        .says("at a terminal");
    folder
        .run_with(&["apply"], &[("USER", "ana")], "yes\n")
        .ok()
        .says("2 added");
}

#[test]
fn gates_are_not_changed_in_silence() {
    let folder = folder(ONE);
    run_as(&folder, "ana", "plan -out=p.plan").ok();
    let strict = folder.read("g.tfgate.hcl");
    let weak = strict.replace("approvals {}", "auto_approve = true");
    folder.write("g.tfgate.hcl", &weak);
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("T6402");
    run_as(&folder, "ana", "apply -auto-approve")
        .exits(1)
        .says("T6402");
    run_as(&folder, "ana", "plan -out=q.plan").ok();
    run_as(&folder, "ana", "apply q.plan")
        .exits(1)
        .says("T6402");
    std::fs::remove_file(folder.path().join("g.tfgate.hcl")).unwrap();
    run_as(&folder, "ana", "apply -auto-approve")
        .exits(1)
        .says("removed");
    // Somebody who has a say agrees.
    folder.write("g.tfgate.hcl", &weak);
    run_as(&folder, "eve", "gates accept -auto-approve -key=eve.key").exits(1);
    run_as(&folder, "ana", "apply -auto-approve").exits(1);
    run_as(&folder, "bob", "gates accept -auto-approve -key=bob.key")
        .ok()
        .says("agreed to by bob");
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("T6403");
    run_as(&folder, "ana", "apply -auto-approve")
        .ok()
        .says("2 added");
}

/// What is agreed to is shown before: file by file, line by line, also what does not show by itself.
#[test]
fn who_agrees_to_other_gates_sees_them_first() {
    let amend = "amend {\n  count = 2\n}\n";
    let folder = folder(&format!("{amend}{ONE}"));
    run_as(&folder, "ana", "plan -out=p.plan").ok();
    let strict = folder.read("g.tfgate.hcl");
    let weak = strict.replace("approvals {}", "auto_approve = true # \u{202e}\u{1b}[2J");
    folder.write("g.tfgate.hcl", &weak);
    folder.write("more.tfgate.hcl", "gate \"more\" {\n  approvals {}\n}\n");
    let accept = |person: &str, more: &str, answer: &str| {
        let words = format!("gates accept -key={person}.key{more}");
        let words: Vec<&str> = words.split_whitespace().collect();
        folder.run_with(&words, &[("USER", person)], answer)
    };
    let asked = accept("ana", "", "no\n").exits(1);
    for part in [
        "--- in-force/g.tfgate.hcl\n+++ now/g.tfgate.hcl\n",
        "\n-  approvals {}\n+  auto_approve = true # \\u{202e}\\u{1b}[2J\n",
        "--- /dev/null\n+++ now/more.tfgate.hcl\n",
        "2 files of the gates differ",
        "Can agree: ana, bob.",
        "Do you agree that these are the gates?",
        "Nothing was decided.",
    ] {
        assert!(asked.out.contains(part), "{part}: {}", asked.out);
    }
    assert!(!asked.out.contains("person \"ana\""), "{}", asked.out);
    // Whom the gates do not know is not asked, and neither is a pipeline.
    let eve = accept("eve", "", "yes\n")
        .exits(1)
        .says("do not know this key");
    assert!(!eve.out.contains("Do you agree"), "{}", eve.out);
    accept("ana", " -input=false", "yes\n")
        .exits(1)
        .says("-auto-approve");
    accept("ana", " -json", "yes\n")
        .exits(1)
        .says("-auto-approve");
    accept("ana", "", "yes\n")
        .ok()
        .says("Before it is so, others must agree too: bob");
    accept("bob", "", "yes\n")
        .ok()
        .says("Agreed to so far by ana.\nCan agree: bob.")
        .says("agreed to by ana, bob");
    // What is in force now is what was shown.
    for name in ["g.tfgate.hcl", "more.tfgate.hcl"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    accept("ana", " -auto-approve", "")
        .ok()
        .says("+++ /dev/null")
        .says("All files of gates are gone");
    assert_eq!(
        accept("bob", " -json -auto-approve", "").ok().json()["agreed_by"],
        serde_json::json!(["ana", "bob"])
    );
    run_as(&folder, "ana", "apply -auto-approve").ok();
}

/// A workspace that is made a moment ago has the gates of `default`.
#[test]
fn a_new_workspace_is_no_way_around() {
    let folder = folder(ONE);
    run_as(&folder, "ana", "plan -out=p.plan").ok();
    let strict = folder.read("g.tfgate.hcl");
    folder.write(
        "g.tfgate.hcl",
        &strict.replace("approvals {}", "auto_approve = true"),
    );
    folder.run("workspace new other").ok();
    run_as(&folder, "ana", "apply -auto-approve")
        .exits(1)
        .says("T6402");
    folder.write("g.tfgate.hcl", &strict);
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("T5207");
    run_as(&folder, "ana", "apply -auto-approve")
        .exits(1)
        .says("T6401");
}

#[test]
fn the_glass_is_broken_by_who_may_and_it_is_recorded() {
    let folder = folder(&format!("{ONE}break_glass {{\n  from = [\"ana\"]\n}}\n"));
    run_as(&folder, "ana", "plan -out=p.plan").ok();
    let break_glass = |person: &str| {
        let key = format!("-key={person}.key");
        let words = ["apply", "-break-glass", "the site is down", &key, "p.plan"];
        folder.run_with(&words, &[("USER", person)], "")
    };
    break_glass("bob").exits(1).says("T6412");
    break_glass("eve").exits(1);
    break_glass("ana")
        .ok()
        .says("The glass was broken by ana.")
        .says("2 added");
    folder
        .run("audit -kind=decision -who=ana")
        .ok()
        .says("by=ana")
        .says("the site is down")
        .says("break-glass");
    folder.run("audit -kind=nonsense").exits(1).says("founded");
    folder.run("audit -kind=apply").ok().says("broken_by=ana");
}

#[test]
fn plans_are_signed_where_gates_want_it() {
    let folder = folder("signed_plans = true\ngate \"all\" {\n  approvals {}\n}\n");
    run_as(&folder, "ana", "plan -out=p.plan").ok();
    approve(&folder, "bob", "p.plan").ok();
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("signed by who makes them");
    // Under another account it is Ana's plan all the same.
    run_as(&folder, "mallory", "plan -out=q.plan -sign -key=ana.key").ok();
    approve(&folder, "ana", "q.plan")
        .ok()
        .says("plan of their own");
    run_as(&folder, "ana", "apply q.plan").ok().says("2 added");
}

#[test]
fn an_edited_approval_or_plan_is_refused() {
    let folder = folder(ONE);
    run_as(&folder, "ana", "plan -out=p.plan").ok();
    approve(&folder, "bob", "p.plan").ok();
    let file = folder.path().join("p.plan.approvals");
    let text = std::fs::read_to_string(&file).unwrap();
    let log = folder.path().join("terrane.state/audit/default.log");
    let whole = std::fs::read(&log).unwrap();
    // Without the decision in the log, the file alone counts.
    let cut = |lines: usize| {
        let kept: Vec<&[u8]> = whole
            .split_inclusive(|byte| *byte == b'\n')
            .take(lines)
            .collect();
        std::fs::write(&log, kept.concat()).unwrap();
    };
    cut(3);
    run_as(&folder, "ana", "gates p.plan").ok();
    std::fs::write(
        &file,
        text.replace("\"comment\": \"\"", "\"comment\": \"x\""),
    )
    .unwrap();
    run_as(&folder, "ana", "gates p.plan")
        .exits(1)
        .says("it was changed");
    std::fs::write(&file, text.replace("\"v\": 1", "\"v\": 1, \"x\": 2")).unwrap();
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("T6410");
    std::fs::write(&file, &text).unwrap();
    // A byte of the log.
    let mut bytes = whole.clone();
    bytes[whole.len() / 2] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("T6405");
    folder.run("audit").exits(1).says("T6405");
    std::fs::write(&log, &whole).unwrap();
    run_as(&folder, "ana", "apply p.plan").ok();
    // The end of the log is missed by the history.
    let head = folder.run("audit -verify").ok().out;
    let head = head.trim().lines().last().unwrap().to_owned();
    let now = std::fs::read(&log).unwrap();
    let kept: Vec<&[u8]> = now.split_inclusive(|byte| *byte == b'\n').collect();
    std::fs::write(&log, kept[..4].concat()).unwrap();
    folder
        .run("audit -verify")
        .exits(1)
        .says("no entry tells of it");
    folder
        .run(&format!("audit -expect={head}"))
        .exits(1)
        .says("taken off the end");
    std::fs::write(&log, now).unwrap();
    folder.run(&format!("audit -expect={head}")).ok();
}

/// The same configuration in another folder, with plan and approvals: another state, so they count for nothing.
#[test]
fn approvals_do_not_count_for_another_state() {
    let one = folder(ONE);
    run_as(&one, "ana", "plan -out=p.plan").ok();
    approve(&one, "bob", "p.plan").ok();
    let other = Folder::new(&[("main.tf", MAIN)]);
    other.write("g.tfgate.hcl", &one.read("g.tfgate.hcl"));
    for name in ["p.plan", "p.plan.approvals"] {
        std::fs::copy(one.path().join(name), other.path().join(name)).unwrap();
    }
    run_as(&other, "ana", "apply p.plan").exits(1).says("T6415");
    run_as(&other, "ana", "gates p.plan")
        .exits(1)
        .says("made for another workspace or another state");
    assert_eq!(other.run("state list").ok().out, "");
}

#[test]
fn without_gates_nothing_is_different_but_that_it_is_recorded() {
    let folder = Folder::new(&[("main.tf", MAIN)]);
    folder.run("gates").ok().says("no gates");
    folder.run("plan -out=p.plan").ok();
    folder.run("gates p.plan").ok().says("no gates");
    assert!(!folder.has("terrane.state"), "planning writes nothing");
    folder
        .run("approve -auto-approve p.plan")
        .exits(1)
        .says("T6407");
    folder.run("apply p.plan").ok();
    folder.run("audit").ok().says("apply").says("applied");
    folder.run("audit -verify").ok();
    let lines = folder.run("audit -export").ok().out;
    assert_eq!(lines.lines().count(), 3);
    folder.run("force-unlock -force nobody").exits(1);
}

#[test]
fn keys_are_kept_under_a_passphrase() {
    let folder = Folder::new(&[]);
    let with = |words: &str, passphrase: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        folder.run_with(&words, &[("TERRANE_KEY_PASSPHRASE", passphrase)], "")
    };
    with("key generate -key=a.key", "open sesame")
        .ok()
        .says("ssh-ed25519 AAAA");
    let shown = with("key show -json -key=a.key", "").ok().json();
    assert_eq!(shown["protected"], true);
    assert!(
        folder
            .read("a.key")
            .starts_with("-----BEGIN OPENSSH PRIVATE KEY-----")
    );
    with("key generate -key=a.key", "x").exits(1).says("T6409");
    with("key show -key=nowhere", "").exits(1).says("T6408");
}

/// Policies that the gates name look at every plan, and are changed as gates are: by agreement.
#[test]
fn policies_are_part_of_the_gates() {
    let gates = "policies {\n  modules = [\"policy\"]\n  data    = [\"settings\"]\n}\ngate \"all\" {\n  auto_approve = true\n}\n";
    let folder = folder(gates);
    let policy = "package main\n\ndeny_input contains msg if {\n  some change in input.resource_changes\n  change.change.after.input == data.teams.forbidden\n  msg := sprintf(\"%s has a forbidden input\", [change.address])\n}\n\nrequire_approval contains {\"msg\": \"b is watched\", \"address\": \"terraform_data.b\"} if {\n  some change in input.resource_changes\n  change.name == \"b\"\n  change.change.actions != [\"no-op\"]\n}\n";
    folder.write("policy/main.rego", policy);
    folder.write("settings/teams/a.json", "{\"forbidden\": 1}");
    run_as(&folder, "ana", "plan -out=p.plan").ok();
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("T6401")
        .says("terraform_data.a has a forbidden input");
    // What is in force is what was recorded.
    folder.write("settings/teams/a.json", "{\"forbidden\": 2}");
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("T6402");
    run_as(
        &folder,
        "ana",
        "gates accept -auto-approve -key=ana.key -comment=checked",
    )
    .ok();
    run_as(&folder, "ana", "plan -out=q.plan").ok();
    run_as(&folder, "ana", "apply q.plan")
        .exits(1)
        .says("b is watched");
    approve(&folder, "bob", "q.plan").ok();
    run_as(&folder, "ana", "apply q.plan").ok().says("2 added");
    // A policy that can't be evaluated closes the gates.
    folder.write("policy/main.rego", "package main\ndeny contains 1\n");
    run_as(
        &folder,
        "ana",
        "gates accept -auto-approve -key=ana.key -comment=broken",
    )
    .ok();
    run_as(
        &folder,
        "ana",
        "apply -auto-approve -replace=terraform_data.a",
    )
    .exits(1)
    .says("a set with 1 in it");
}

/// What a module's comments say of risks is shown, and gates go by it; a comment never makes a risk less.
#[test]
fn comments_of_a_configuration_make_risks_worse() {
    const TWO: &str = "# terrane:risk=lossy the only copy\nresource \"terraform_data\" \"a\" {\n  triggers_replace = 1\n}\nresource \"random_password\" \"p\" {\n  # terrane:risk=reversible\n  length = 9\n}\nresource \"terraform_data\" \"c\" {\n  input = 1 # terrane:update-risk=disruptive callers wait\n}\n";
    const LOSSY: &str = "gate \"losses\" {\n  match {\n    risks = [\"lossy\"]\n  }\n  approvals {}\n}\ngate \"rest\" {\n  except {\n    risks = [\"lossy\"]\n  }\n  auto_approve = true\n}\n";
    let folder = folder(LOSSY);
    folder.write("main.tf", TWO);
    run_as(&folder, "ana", "apply -auto-approve").ok();
    let next = TWO
        .replace("= 1", "= 2")
        .replace("length = 9", "length = 8");
    folder.write("main.tf", &next);
    let shown = run_as(&folder, "ana", "plan -out=p.plan").ok();
    for line in [
        "Risk: 2 lossy, 1 disruptive.",
        "lossy: terraform_data.a: it is replaced, and its configuration says: the only copy",
        "lossy: random_password.p: ",
        "disruptive: terraform_data.c: it is changed, and its configuration says: callers wait",
    ] {
        assert!(shown.out.contains(line), "{line} in {}", shown.out);
    }
    // What is saved says it, too.
    let json = folder.run("show -json p.plan").ok().json();
    assert!(json.to_string().contains("the only copy"));
    run_as(&folder, "ana", "apply p.plan")
        .exits(1)
        .says("losses");
    folder.write("main.tf", &next.replace("risk=lossy", "risk=loss"));
    run_as(&folder, "ana", "plan").ok().says("T3012");
}
