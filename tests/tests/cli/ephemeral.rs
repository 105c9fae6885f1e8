//! Ephemeral resources and variables through the binary.

use super::folder::Folder;

const CONFIG: &str = r#"
variable "token" {
  ephemeral = true
  default   = null
}
ephemeral "random_password" "p" {
  length  = 24
  special = false
}
resource "terraform_data" "a" {
  input = 1
  provisioner "local-exec" {
    command     = "printf %s \"$PASSWORD-$TOKEN\" > given.txt"
    environment = {
      PASSWORD = ephemeral.random_password.p.result
      TOKEN    = var.token == null ? "none" : var.token
    }
  }
}
"#;

/// Everything that is left in the folder, but for what the provisioner wrote.
fn left(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.path().to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with("given.txt") {
                found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn a_password_is_used_and_left_nowhere() {
    let folder = Folder::new(&[("main.tf", CONFIG)]);
    let planned = folder
        .run("plan -out=p.plan")
        .ok()
        .says("ephemeral.random_password.p: Opening...")
        .says("ephemeral.random_password.p: Closing complete after 0s");
    let applied = folder.run("apply p.plan").ok().says("1 added");
    let given = std::fs::read_to_string(folder.path().join("given.txt")).unwrap();
    let password = given.strip_suffix("-none").unwrap();
    assert_eq!(password.len(), 24);
    for text in [&planned.out, &planned.err, &applied.out, &applied.err] {
        assert!(!text.contains(password), "{text}");
    }
    for (path, bytes) in left(&folder) {
        let found = bytes
            .windows(password.len())
            .any(|part| part == password.as_bytes());
        assert!(!found, "{path}");
    }
}

#[test]
fn events_are_told_in_the_machine_readable_output() {
    let folder = Folder::new(&[("main.tf", CONFIG)]);
    let out = folder.run("plan -json").ok().out;
    for kind in ["ephemeral_op_start", "ephemeral_op_complete"] {
        for action in ["open", "close"] {
            let told = out.lines().any(|line| {
                line.contains(&format!("\"type\":\"{kind}\""))
                    && line.contains(&format!("\"action\":\"{action}\""))
            });
            assert!(told, "{kind} {action}:\n{out}");
        }
    }
}

#[test]
fn ephemeral_variables_are_given_again() {
    let folder = Folder::new(&[("main.tf", CONFIG)]);
    folder.run("plan -out=none.plan").ok();
    folder.run("plan -var=token=first -out=some.plan").ok();
    folder
        .run("apply some.plan")
        .exits(1)
        .says("No value for required variable");
    folder
        .run("apply -var=token=x none.plan")
        .exits(1)
        .says("was not set when the plan was made");
    folder.run("apply -var=token=second some.plan").ok();
    let given = std::fs::read_to_string(folder.path().join("given.txt")).unwrap();
    assert!(given.ends_with("-second"), "{given}");
    for (path, bytes) in left(&folder) {
        assert!(!bytes.windows(6).any(|part| part == b"second"), "{path}");
    }
}

#[test]
fn another_variable_may_be_repeated_but_not_changed() {
    let text = "variable \"a\" {\n  type = number\n}\nresource \"terraform_data\" \"a\" {\n  input = var.a\n}\n";
    let folder = Folder::new(&[("main.tf", text)]);
    folder.run("plan -var=a=1 -out=p.plan").ok();
    folder
        .run("apply -var=a=2 p.plan")
        .exits(1)
        .says("Can't change variable");
    folder.run("apply -var=a=1 p.plan").ok();
}
