//! What people and scripts that come from the peers expect of single commands.

use super::folder::Folder;

const ONE: &str =
    "resource \"terraform_data\" \"a\" {\n  input = 1\n}\noutput \"o\" {\n  value = \"there\"\n}\n";

#[test]
fn show_takes_state_files_too() {
    let folder = Folder::new(&[("main.tf", ONE), ("other.json", "{\"a\": 1}")]);
    folder.run("apply -auto-approve").ok();
    folder.write("x.tfstate", &folder.run("state pull").ok().out);
    let text = folder.run("show").ok().out;
    let json = folder.run("show -json").ok().json();
    assert_eq!(folder.run("show -state").ok().out, text);
    // What the file holds is shown, and not what the workspace holds by then.
    folder.run("destroy -auto-approve").ok();
    assert_eq!(folder.run("show x.tfstate").ok().out, text);
    assert_eq!(folder.run("show -json x.tfstate").ok().json(), json);
    assert_eq!(json["format_version"], "1.0");
    assert_eq!(
        folder.run("state list -state=x.tfstate").ok().out,
        "terraform_data.a\n"
    );
    assert_eq!(folder.run("state list").ok().out, "");
    for file in ["main.tf", "other.json"] {
        folder
            .run(&format!("show {file}"))
            .exits(1)
            .says("as a state or plan file")
            .says("it is no saved plan");
    }
    folder
        .run("show nope")
        .exits(1)
        .says("No such file or directory");
    folder
        .run("show -state x.tfstate")
        .exits(1)
        .says("no file can be given");
}

#[test]
fn destroy_says_what_it_left_behind() {
    let kept = "resource \"terraform_data\" \"a\" {\n  lifecycle {\n    destroy = false\n  }\n}\nresource \"terraform_data\" \"b\" {}\n";
    for (command, exit) in [
        ("destroy -auto-approve", 1),
        ("apply -destroy -auto-approve", 1),
        ("destroy -auto-approve -suppress-forget-errors", 0),
        ("apply p", 1),
        ("apply -suppress-forget-errors p", 0),
    ] {
        let folder = Folder::new(&[("main.tf", kept)]);
        folder.run("apply -auto-approve").ok();
        folder.run("plan -destroy -out=p").ok();
        let ran = folder.run(command).exits(exit);
        let said = ran.err.contains("left behind") && ran.err.contains("- terraform_data.a");
        assert_eq!(said, exit == 1, "{command}\n{}", ran.err);
        assert!(!ran.err.contains("terraform_data.b"), "{}", ran.err);
        ran.says("Destroy complete! Resources: 1 destroyed, 1 forgotten.");
        assert_eq!(folder.run("state list").ok().out, "");
    }
    // Who takes it out of the configuration has asked for just that.
    let folder = Folder::new(&[("main.tf", kept)]);
    folder.run("apply -auto-approve").ok();
    folder.write("main.tf", "resource \"terraform_data\" \"b\" {}\n");
    folder.run("apply -auto-approve").ok().says("1 forgotten");
}

#[test]
fn graph_refuses_types_that_nobody_knows() {
    let folder = Folder::new(&[("main.tf", ONE)]);
    for kind in ["plan", "plan-refresh-only", "plan-destroy", "apply"] {
        folder
            .run(&format!("graph -type={kind} -draw-cycles"))
            .ok()
            .says("digraph");
    }
    folder
        .run("graph -type=nope")
        .exits(1)
        .says("Unsupported graph type");
}

#[test]
fn a_workspace_that_held_something_is_not_deleted_without_a_word() {
    let folder = Folder::new(&[("main.tf", ONE)]);
    for (fill, said) in [(true, true), (false, false)] {
        folder.run("workspace new w").ok();
        if fill {
            folder.run("apply -auto-approve").ok();
        }
        folder.run("workspace select default").ok();
        let ran = folder.run("workspace delete -force w").ok();
        assert_eq!(ran.out.contains("was not empty"), said, "{}", ran.out);
    }
    // The old name of the command.
    folder.run("env new v").ok().says("Created");
    folder.run("env list").ok().says("* v");
}

#[test]
fn a_line_that_is_no_address_is_shown_where_it_stands() {
    let files = [
        ("main.tf", ONE),
        ("list", "# what to take\n\nterraform_data.a\n  a..b\n"),
    ];
    let folder = Folder::new(&files);
    for option in ["exclude-file", "target-file"] {
        folder
            .run(&format!("plan -{option}=list"))
            .exits(1)
            .says(&format!("Invalid -{option} address \"a..b\""))
            .says("on list line 4");
    }
}

#[test]
fn applying_says_once_what_checks_say() {
    let config = format!(
        "{ONE}check \"later\" {{\n  assert {{\n    condition     = terraform_data.a.output == 2\n    error_message = \"later\"\n  }}\n}}\ncheck \"now\" {{\n  assert {{\n    condition     = terraform_data.a.input == 2\n    error_message = \"now\"\n  }}\n}}\n"
    );
    let folder = Folder::new(&[("main.tf", &config)]);
    let count = |text: &str, word: &str| text.matches(word).count();
    let plan = folder.run("plan").ok().out;
    assert_eq!(count(&plan, "known after apply [T3209]"), 1, "{plan}");
    assert_eq!(count(&plan, "assertion failed"), 1, "{plan}");
    // Who is asked sees all of it before.
    let asked = folder.run_with(&["apply"], &[], "no\n").exits(1).out;
    assert_eq!(count(&asked, "known after apply [T3209]"), 1, "{asked}");
    assert_eq!(count(&asked, "assertion failed"), 1, "{asked}");
    for _ in 0..2 {
        let applied = folder.run("apply -auto-approve").ok().out;
        assert_eq!(count(&applied, "T3209"), 0, "{applied}");
        assert_eq!(count(&applied, "assertion failed"), 2, "{applied}");
    }
    // Where they are not asked again, nothing is held back.
    let refreshed = folder.run("refresh").ok().out;
    assert_eq!(count(&refreshed, "assertion failed"), 2, "{refreshed}");
}

#[test]
fn refresh_shows_outputs_and_what_it_found() {
    let folder = Folder::new(&[(
        "main.tf",
        "resource \"local_file\" \"f\" {\n  filename = \"f.txt\"\n  content  = \"hello\"\n}\noutput \"o\" {\n  value = \"there\"\n}\n",
    )]);
    folder.run("apply -auto-approve").ok();
    let ran = folder.run("refresh").ok().says("o = \"there\"");
    for absent in ["complete!", "No changes"] {
        assert!(!ran.out.contains(absent), "{}", ran.out);
    }
    let kinds: Vec<_> = folder
        .run("refresh -json")
        .ok()
        .json_lines()
        .iter()
        .map(|line| line["type"].as_str().unwrap_or_default().to_owned())
        .filter(|kind| !kind.starts_with("refresh_"))
        .collect();
    assert_eq!(kinds, ["version", "outputs"]);
    std::fs::remove_file(folder.path().join("f.txt")).unwrap();
    folder
        .run("refresh")
        .ok()
        .says("local_file.f has been deleted");
    assert_eq!(folder.run("state list").ok().out, "");
}

#[test]
fn what_is_missing_in_the_state_may_be_allowed_to() {
    let folder = Folder::new(&[("main.tf", ONE)]);
    folder.run("apply -auto-approve").ok();
    for command in ["taint", "untaint"] {
        folder.run(&format!("{command} terraform_data.b")).exits(1);
        folder
            .run(&format!("{command} -allow-missing terraform_data.b"))
            .ok()
            .says("Warning: No such resource instance");
    }
    let state = folder.run("state pull").ok().out;
    assert_eq!(folder.run("state pull extra").ok().out, state);
}

#[test]
fn a_value_that_was_meant_is_not_missing_as_well() {
    let folder = Folder::new(&[("main.tf", "variable \"v\" {}\n")]);
    let ran = folder.run("plan -var=v").exits(1);
    assert!(ran.err.contains("Invalid -var option"), "{}", ran.err);
    assert!(!ran.err.contains("No value for"), "{}", ran.err);
    folder.run("plan").exits(1).says("No value for");
}

#[test]
fn one_view_at_a_time() {
    let folder = Folder::new(&[("main.tf", ONE)]);
    folder
        .run("plan -json-into=f.json")
        .exits(1)
        .says("Give -json, write standard output to a file");
}
