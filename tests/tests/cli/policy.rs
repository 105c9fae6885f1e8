//! Policies that look at plans.

use super::folder::Folder;

const CONFIG: &str = "resource \"terraform_data\" \"a\" {\n  input = \"public\"\n}\n\nresource \"terraform_data\" \"b\" {\n  input = \"private\"\n}\n";

const POLICY: &str = "package main\n\ndeny_public contains msg if {\n  some change in input.resource_changes\n  change.change.after.input == data.settings.forbidden\n  msg := sprintf(\"%s is public\", [change.address])\n}\n\nwarn contains \"there is a b\" if {\n  some change in input.resource_changes\n  change.name == \"b\"\n}\n";

fn folder() -> Folder {
    let settings = "{\"settings\": {\"forbidden\": \"public\"}}";
    Folder::new(&[
        ("main.tf", CONFIG),
        ("policy/main.rego", POLICY),
        ("data/settings.json", settings),
    ])
}

#[test]
fn what_is_denied_is_neither_saved_nor_applied() {
    let folder = folder();
    let policies = "-policy=policy -policy-data=data";
    folder
        .run(&format!("plan -out=p.plan {policies}"))
        .exits(1)
        .says("Policies: 2 rules, 1 denial, 1 warning.")
        .says("main.deny_public (policy/main.rego:3)")
        .says("terraform_data.a is public")
        .says("there is a b")
        .says("T6504");
    assert!(!folder.has("p.plan"));
    folder
        .run(&format!("apply -auto-approve {policies}"))
        .exits(1)
        .says("T6504");
    folder.run("plan -out=p.plan").ok();
    folder
        .run(&format!("apply {policies} p.plan"))
        .exits(1)
        .says("T6504");
    assert_eq!(folder.run("state list").ok().out, "");

    let lines = folder
        .run(&format!("plan -json {policies}"))
        .exits(1)
        .json_lines();
    let kinds: Vec<_> = lines.iter().map(|line| line["type"].as_str()).collect();
    assert!(kinds.contains(&Some("policy_result")), "{kinds:?}");
    let summary = lines.iter().find(|line| line["type"] == "policy_summary");
    assert_eq!(summary.unwrap()["policies"]["denied"], 1);

    folder.write("main.tf", &CONFIG.replace("\"public\"", "\"open\""));
    folder
        .run(&format!("apply -auto-approve {policies}"))
        .ok()
        .says("2 rules, 1 warning.")
        .says("2 added");
}

#[test]
fn a_plan_is_checked_on_its_own() {
    let folder = folder();
    folder.run("plan -out=p.plan").ok();
    let report = folder
        .run("policy check -json -policy-data=data -sarif=out.sarif -junit-xml=out.xml p.plan")
        .exits(1)
        .json();
    assert_eq!(report["denied"], true);
    assert_eq!(
        report["results"][0]["addresses"],
        serde_json::json!(["terraform_data.a"])
    );
    let sarif: serde_json::Value = serde_json::from_str(&folder.read("out.sarif")).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "main.tf");
    assert_eq!(place["region"]["startLine"], 1);
    let xml = folder.read("out.xml");
    let case = "<testcase name=\"deny_public terraform_data.a\" classname=\"main\" time=\"0.";
    let case = xml.split_once(case).map(|(_, rest)| rest);
    let (timing, inner) = case.and_then(|rest| rest.split_once('>')).unwrap();
    assert!(
        timing.contains("\" timestamp=\"20") && timing.ends_with("Z\""),
        "{timing}"
    );
    assert!(inner.starts_with("<failure"), "{inner}");
    assert!(xml.contains("errors=\"0\" time=\"0."), "{xml}");

    // The JSON form says the same, as for conftest.
    let json = folder.run("show -json p.plan").ok().out;
    folder.write("plan.json", &json);
    let again = folder
        .run("policy check -json -policy-data=data plan.json")
        .exits(1)
        .json();
    assert_eq!(again, report);

    folder.write(
        "data/settings.json",
        "{\"settings\": {\"forbidden\": \"x\"}}",
    );
    folder.run("policy check -policy-data=data p.plan").ok();
    folder
        .run("policy check -policy-data=data -fail-on-warn p.plan")
        .exits(1);
    folder
        .run("policy check -policy-namespace=other p.plan")
        .exits(1)
        .says("The package other has no rule")
        .says("main");
    folder
        .run("policy check -policy=nowhere p.plan")
        .exits(1)
        .says("Reading nowhere failed");
    folder.run("policy check main.tf").exits(1);
}

/// Who writes no message is not told nothing; and rules of one name in two packages are told apart.
#[test]
fn an_empty_message_still_says_what_it_is_about() {
    let folder = Folder::new(&[
        ("main.tf", CONFIG),
        (
            "policy/a.rego",
            "package main\nwarn contains {\"msg\": \"\", \"address\": \"terraform_data.a\"}\nrequire_approval contains \"\"\n",
        ),
        (
            "policy/b.rego",
            "package other\nwarn contains \"of the other\"\n",
        ),
    ]);
    let said = folder
        .run("plan -policy=policy -policy-namespace=*")
        .ok()
        .says("- terraform_data.a (the rule gives no message)")
        .says("- (the rule gives no message)");
    said.says("other.warn (policy/b.rego:2)\n      - of the other");
}

#[test]
fn the_library_is_a_beginning() {
    let folder = Folder::new(&[("main.tf", CONFIG)]);
    folder.run("policy init").ok().says("settings.json");
    folder
        .run("policy test -policy-data=policy -junit-xml=tests.xml policy")
        .ok()
        .says("0 failed");
    assert!(folder.read("tests.xml").contains("failures=\"0\""));
    folder
        .run_args(&[
            "plan",
            "-policy=policy",
            "-policy-data=policy",
            "-policy-namespace=*",
        ])
        .ok()
        .says("no objection");
    // Its packages are not `main`: who forgets that is told.
    folder.run("plan -out=p.plan").ok();
    folder
        .run("policy check -policy-data=policy p.plan")
        .exits(1)
        .says("-policy-namespace");
    folder.write(
        "policy/tags.rego",
        "package terrane.tags\n\ntest_x if false\n",
    );
    folder
        .run("policy test")
        .exits(1)
        .says("terrane.tags.test_x... fail");
    folder.run("policy init").exits(1).says("T6505");
}
