//! Exit codes and approval.

use super::folder::Folder;

const ONE: &str = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n";

#[test]
fn detailed_exit_codes_tell_changes_from_none() {
    let folder = Folder::new(&[("main.tf", ONE)]);
    folder.run("plan").ok();
    folder.run("plan -detailed-exitcode").exits(2);
    folder.run("apply -auto-approve").ok();
    folder.run("plan -detailed-exitcode").ok();
    folder.write("main.tf", "resource \"terraform_data\" \"a\" {");
    folder.run("plan -detailed-exitcode").exits(1);
}

#[test]
fn only_yes_approves() {
    let folder = Folder::new(&[("main.tf", ONE)]);
    for answer in ["no\n", "y\n", "YES\n", ""] {
        folder
            .run_with(&["apply"], &[], answer)
            .exits(1)
            .says("Apply cancelled.");
        assert_eq!(folder.run("state list").ok().out, "");
    }
    folder
        .run("apply -input=false")
        .exits(1)
        .says("Approval needed");
    folder
        .run_with(&["apply"], &[], "yes\n")
        .ok()
        .says("Only 'yes' will be accepted to approve.")
        .says("Apply complete! Resources: 1 added, 0 changed, 0 destroyed.");
    folder
        .run_with(&["destroy"], &[], "no\n")
        .exits(1)
        .says("Destroy cancelled.");
    folder.run_with(&["destroy"], &[], "yes\n").ok();
}

#[test]
fn formatting_is_checked_and_mended() {
    let folder = Folder::new(&[("main.tf", "a=1\nbb =2\n"), ("sub/x.tf", "a=1\n")]);
    let checked = folder.run("fmt -check -diff").exits(3);
    assert!(checked.out.contains("+a  = 1\n"), "{}", checked.out);
    assert_eq!(folder.read("main.tf"), "a=1\nbb =2\n");
    assert_eq!(folder.run("fmt").ok().out, "main.tf\n");
    assert_eq!(folder.read("main.tf"), "a  = 1\nbb = 2\n");
    folder.run("fmt -check").ok();
    folder.run("fmt -check -recursive").exits(3);
    let piped = folder.run_with(&["fmt", "-"], &[], "x=1").ok();
    assert_eq!(piped.out, "x = 1\n");
    // Nothing at all is laid out already.
    let nothing = folder.run_with(&["fmt", "-check", "-diff", "-"], &[], "");
    assert_eq!(nothing.ok().out, "");
    folder.write("main.tf", "a = {\n");
    folder.run("fmt").exits(2);
    folder.run("fmt none.tf").exits(2);
}

#[test]
fn arguments_that_make_no_sense_are_named() {
    let folder = Folder::new(&[("main.tf", ONE)]);
    for (words, says) in [
        ("bogus", "no command named \"bogus\""),
        ("plan -bogus", "flag provided but not defined: -bogus"),
        ("plan -out", "flag needs an argument: -out"),
        ("plan -refresh=maybe", "invalid boolean value"),
        ("plan extra", "takes no arguments"),
        ("plan -parallelism=0", "-parallelism"),
        ("plan -target=a[", "not a valid address"),
        (
            "plan -target=terraform_data.a -exclude=terraform_data.b",
            "can't be given together",
        ),
        ("plan -destroy -refresh-only", "can't be given together"),
        ("apply -json", "auto-approve required"),
        (
            "apply none.plan",
            "Failed to load \"none.plan\" as a plan file",
        ),
        ("output -raw", "needs the name"),
        ("-chdir=none plan", "Changing to the folder none"),
        ("workspace select none", "doesn't exist"),
        ("workspace new a/b", "not allowed"),
        ("state show terraform_data.none", "no resource instance"),
        ("cost import", "at least 1 argument."),
        ("state diff", "at least 1 argument."),
        ("state diff 1 2 3", "at most 2 arguments."),
        ("drift -jitter=3s", "add -watch=CRON"),
        ("drift -now", "add -watch=CRON"),
        ("state bogus", "takes no"),
    ] {
        let ran = folder.run(words);
        if words == "state bogus" {
            ran.exits(1);
        } else {
            ran.exits(1).says(says);
        }
    }
    assert!(folder.run("-help").ok().out.contains("validate"));
    assert!(
        folder
            .run("plan -help")
            .ok()
            .out
            .contains("-detailed-exitcode")
    );
    assert_eq!(folder.run("").exit, 127);
}

#[test]
fn arguments_come_from_the_environment_too() {
    let folder = Folder::new(&[(
        "main.tf",
        "variable \"x\" {\n  default = 0\n}\noutput \"x\" {\n  value = var.x\n}\n",
    )]);
    let value = |env: &[(&str, &str)]| {
        folder.run_with(&["apply", "-auto-approve"], env, "").ok();
        folder.run("output -raw x").ok().out
    };
    assert_eq!(value(&[("TF_VAR_x", "1")]), "1");
    assert_eq!(value(&[("TF_CLI_ARGS", "-var 'x=two words'")]), "two words");
    // The arguments for all commands stand behind those for one.
    let both = [
        ("TF_CLI_ARGS", "-var x=3"),
        ("TF_CLI_ARGS_apply", "-var x=4"),
    ];
    assert_eq!(value(&both), "3");
    folder.write("terraform.tfvars", "x = 5\n");
    assert_eq!(value(&[("TF_VAR_x", "1")]), "5");
    folder.write("z.auto.tfvars.json", "{\"x\": \"6 ${a}\"}");
    assert_eq!(value(&[]), "6 ${a}");
}
