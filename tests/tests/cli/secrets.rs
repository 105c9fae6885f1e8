//! Sensitive values reach no output, log or message.

use super::folder::Folder;

const CONFIG: &str = r#"
variable "secret" {
  sensitive = true
}

resource "null_resource" "a" {
  triggers = {
    secret = var.secret
  }

  provisioner "local-exec" {
    command = "echo ${var.secret}; exit 3"
    on_failure = continue
  }
}

output "secret" {
  value     = var.secret
  sensitive = true
}
"#;

#[test]
fn a_canary_is_never_sung() {
    let folder = Folder::new(&[("main.tf", CONFIG)]);
    let env = [("TF_VAR_secret", "canary-5309"), ("TF_LOG", "trace")];
    for words in [
        "plan",
        "plan -json",
        "apply -auto-approve",
        "plan -replace=null_resource.a",
        "apply -json -auto-approve -replace=null_resource.a",
        "show",
        "state show null_resource.a",
        "output",
        "destroy -auto-approve",
    ] {
        let arguments: Vec<&str> = words.split_whitespace().collect();
        let ran = folder.run_with(&arguments, &env, "").ok();
        assert!(
            !ran.out.contains("canary") && !ran.err.contains("canary"),
            "{words}:\n{}\n{}",
            ran.out,
            ran.err
        );
    }
    // A value that does not fit its variable is not repeated in the message.
    folder.write(
        "main.tf",
        "variable \"secret\" {\n  type      = list(number)\n  sensitive = true\n}\n",
    );
    for value in ["[\"canary\"]", "canary", "[canary"] {
        let ran = folder
            .run_with(&["plan"], &[("TF_VAR_secret", value)], "")
            .exits(1);
        assert!(!ran.err.contains("canary"), "{}", ran.err);
    }
}
