//! The console through the binary, fed by a pipe.

use crate::folder::Folder;

/// What the recorded values were made with.
const CONFIGURATION: &str = r#"
variable "list" {
  type    = list(string)
  default = ["a", "b"]
}
variable "secret" {
  type      = string
  sensitive = true
  default   = "canary"
}
variable "nothing" {
  type    = string
  default = null
}
variable "shape" {
  type = object({
    name = string
    port = optional(number, 80)
    tags = optional(map(string))
  })
  default = { name = "web" }
}
variable "fleeting" {
  ephemeral = true
  default   = "canary"
}
locals {
  text  = "one\ntwo\n"
  mixed = { list = [1, "a", true, null], text = "a\nb", deep = { deeper = ["x\ny"] } }
}
"#;

const RECORDED: &str = include_str!("console_values.txt");

/// More than a hundred values look as the peer shows them.
#[test]
fn values_look_as_they_do_in_the_field() {
    let mut cases: Vec<(&str, String)> = Vec::new();
    for line in RECORDED.split_inclusive('\n').skip(1) {
        match line.strip_prefix("> ") {
            Some(expression) => cases.push((expression.trim_end(), String::new())),
            None => cases.last_mut().unwrap().1.push_str(line),
        }
    }
    assert!(cases.len() > 100);
    let mark = "----8<----";
    let script: String = cases
        .iter()
        .map(|(expression, _)| format!("{expression}\n\"{mark}\"\n"))
        .collect();
    let folder = Folder::new(&[("main.tf", CONFIGURATION)]);
    let ran = folder.run_with(&["console"], &[], &script).ok();
    let mark = format!("\"{mark}\"\n");
    let mut wrong = Vec::new();
    for ((expression, expect), found) in cases.iter().zip(ran.out.split(&mark)) {
        if found != expect {
            wrong.push(format!("{expression}\nexpected {expect}found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_script_goes_on_over_lines() {
    let folder = Folder::new(&[("main.tf", CONFIGURATION)]);
    let script = "# a comment\n[\n  for x in var.list :\n  upper(x)\n][0]\n\n\"${\n1 + 1}\"\n<<EOT\nhello [\nEOT\nexit\n(\n";
    let ran = folder.run_with(&["console"], &[], script).ok();
    assert_eq!(ran.out, "\"A\"\n2\n<<EOT\nhello [\n\nEOT\n");
}

#[test]
fn the_first_error_ends_a_script() {
    let folder = Folder::new(&[("main.tf", CONFIGURATION)]);
    let ran = folder
        .run_with(&["console"], &[], "1\nvar.lost\n2\n")
        .exits(1)
        .says("<console-input> line 1")
        .says("Did you mean");
    assert_eq!(ran.out, "1\n");
    for script in ["(", "[1\n2\n", "\"open\n", "type(1, 2)", "1 +"] {
        folder.run_with(&["console"], &[], script).exits(1);
    }
}

/// What a script reads are values.
#[test]
fn messages_are_not_among_the_values() {
    let redundant =
        "resource \"terraform_data\" \"a\" {\n  lifecycle {\n    ignore_changes = [id]\n  }\n}\n";
    let folder = Folder::new(&[("main.tf", redundant)]);
    let ran = folder
        .run_with(&["console"], &[], "1 + 1\n")
        .ok()
        .says("Redundant ignore_changes element");
    assert_eq!(ran.out, "2\n");
}

#[test]
fn ephemeral_values_are_not_shown() {
    let folder = Folder::new(&[("main.tf", CONFIGURATION)]);
    let script = "var.fleeting\n{ a = var.fleeting }\ntype(var.fleeting)\n";
    let ran = folder.run_with(&["console"], &[], script).ok();
    assert_eq!(
        ran.out,
        "(ephemeral value)\n{\n  \"a\" = (ephemeral value)\n}\nstring\n"
    );
}

#[test]
fn help_explains_functions() {
    let folder = Folder::new(&[]);
    folder
        .run_with(&["console"], &[], "help(keys)\n")
        .ok()
        .says("keys(");
    folder
        .run_with(&["console"], &[], "help\n")
        .ok()
        .says("zipmap");
}

#[test]
fn plans_and_state_files_can_be_looked_at() {
    let text = |input: &str| {
        format!(
            "variable \"v\" {{\n  default = \"d\"\n}}\nresource \"terraform_data\" \"a\" {{\n  count = 2\n  input = \"{input}-${{count.index}}-${{var.v}}\"\n}}\n"
        )
    };
    let folder = Folder::new(&[("main.tf", &text("old"))]);
    folder.run("apply -auto-approve").ok();
    let state = folder.run("state pull").ok().out;
    folder.write("kept.tfstate", &state);
    folder.write("main.tf", &text("new"));
    folder.run("plan -out=saved.plan -var v=w").ok();
    let script = "terraform_data.a[1].input\nterraform_data.a[1].output\nvar.v\n";
    for (arguments, expect) in [
        (&["console"][..], "\"old-1-d\"\n\"old-1-d\"\n\"d\"\n"),
        (
            &["console", "-plan"],
            "\"new-1-d\"\n(known after apply)\n\"d\"\n",
        ),
        (
            &["console", "saved.plan"],
            "\"new-1-w\"\n(known after apply)\n\"w\"\n",
        ),
        (
            &["console", "-var", "v=x"],
            "\"old-1-d\"\n\"old-1-d\"\n\"x\"\n",
        ),
    ] {
        let ran = folder.run_with(arguments, &[], script).ok();
        assert_eq!(ran.out, expect, "{arguments:?}");
    }
    folder.run("destroy -auto-approve").ok();
    let ran = folder
        .run_with(&["console", "-state=kept.tfstate"], &[], script)
        .ok();
    assert!(ran.out.starts_with("\"old-1-d\"\n"), "{}", ran.out);
}
