//! The same plan on any number of threads (I3), also where there are so many instances that stored objects are read, and providers of the program asked, on
//! several: the machine alone is tested with `many_instances_give_the_same_plan_on_any_number_of_threads`.

use std::path::Path;
use std::process::Command;

const CONFIG: &str = r#"
resource "terraform_data" "a" {
  count = 600
  input = count.index == 7 ? "MARK" : "v-${count.index}"
}
resource "terraform_data" "b" {
  count = 600
  input = terraform_data.a[count.index].output
}
output "n" { value = length(terraform_data.b) }
"#;

/// What a command writes to standard output.
fn run(folder: &Path, threads: &str, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_terrane"))
        .args(arguments)
        .current_dir(folder)
        .env("RAYON_NUM_THREADS", threads)
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_CLI_CONFIG_FILE", folder.join("none"))
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// All of a plan but when it was made.
fn planned(folder: &Path, threads: &str) -> String {
    let said = run(folder, threads, &["plan", "-no-color", "-out=plan"]);
    let plan = run(folder, threads, &["show", "-json", "plan"]);
    let (before, timed) = plan.split_once("\"timestamp\":\"").expect("there is one");
    let (_, after) = timed.split_once('"').expect("it ends");
    [&said, before, after].concat()
}

#[test]
fn a_plan_of_many_stored_instances_is_the_same_on_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("there is room");
    let folder = folder.path();
    let configure = |mark: &str| {
        std::fs::write(folder.join("main.tf"), CONFIG.replace("MARK", mark)).expect("written");
    };
    configure("v-7");
    run(folder, "4", &["apply", "-auto-approve", "-no-color"]);
    configure("changed");
    let alone = planned(folder, "1");
    assert!(
        alone.contains("0 to add, 2 to change, 0 to destroy"),
        "{alone}"
    );
    assert_eq!(planned(folder, "4"), alone);
    configure("v-7");
    let alone = planned(folder, "1");
    assert!(alone.contains("No changes."), "{alone}");
    assert_eq!(planned(folder, "4"), alone);
}
