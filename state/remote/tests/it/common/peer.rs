//! The peer beside us: the `terraform` program, where there is one.

use std::path::Path;
use std::process::{Command, Output};

/// Whether there is one. Tests that need it say loudly that they were left out.
#[expect(clippy::print_stderr, reason = "a test that is left out says so")]
pub(crate) fn is_there() -> bool {
    let there = Command::new("terraform")
        .arg("version")
        .env("CHECKPOINT_DISABLE", "1")
        .output()
        .is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("LEFT OUT: there is no `terraform` program, so nothing was compared with it");
    }
    there
}

pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("terraform");
    command
        .current_dir(folder)
        .args(arguments)
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .env("TF_IN_AUTOMATION", "1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// Runs it and expects success. Returns what it said.
pub(crate) fn ok(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}

/// Runs it and expects failure. Returns what it said.
pub(crate) fn fails(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!output.status.success(), "{arguments:?}: {text}");
    text
}

/// A configuration with this backend block and two objects that are kept in the state alone.
pub(crate) fn configuration(folder: &Path, backend: &str) {
    let text = format!(
        r#"terraform {{
{backend}
}}
resource "terraform_data" "a" {{
  input = "x"
}}
resource "terraform_data" "b" {{
  count = 2
  input = "y${{count.index}}"
}}
output "id" {{
  value = terraform_data.a.id
}}
"#
    );
    std::fs::write(folder.join("main.tf"), text).unwrap();
}

/// One story for every store: the peer applies, we take its lock and write the state again, the peer sees no difference.
///
/// `open` opens the store from a machine of its own; `raw` gives the state as it is stored.
#[expect(clippy::too_many_lines, reason = "one story")]
pub(crate) fn over_and_back(
    folder: &Path,
    open: &dyn Fn() -> std::sync::Arc<dyn terrane_store::StateStore>,
    raw: &dyn Fn() -> Vec<u8>,
) {
    use terrane_store::StoreError;
    ok(folder, &["init", "-no-color"]);
    ok(folder, &["apply", "-auto-approve", "-no-color"]);
    let theirs = raw();
    // Read and written again, nothing is different but the serial.
    let mut workspace = open().open("default").unwrap();
    let before = workspace.snapshot();
    assert_eq!(before.instance_count(), 3);
    // It takes our lock as held.
    let said = fails(folder, &["plan", "-no-color"]);
    assert!(said.contains("Error acquiring the state lock"), "{said}");
    assert!(said.contains(&*workspace.lease().holder.id), "{said}");
    let mut events = vec![super::run()];
    let b = terrane_model::addr::ResourceAddr {
        module: terrane_model::addr::ModuleInstance::default(),
        mode: terrane_model::addr::Mode::Managed,
        type_name: "terraform_data".into(),
        name: "b".into(),
    };
    let resource = before.resources.get(&b).unwrap();
    let second = b.instance(Some(terrane_model::addr::InstanceKey::Int(1)));
    let set = |state| {
        super::event(terrane_model::event::EventKind::Set {
            object: terrane_model::event::ObjectAddr {
                instance: second.clone(),
                deposed: None,
            },
            provider: resource.provider.clone(),
            state,
        })
    };
    let object = before.instance(&second).unwrap().current.clone();
    events.push(set(None));
    workspace.commit(events).unwrap();
    workspace.commit(vec![set(object)]).unwrap();
    let after = workspace.snapshot();
    workspace.close().unwrap();
    let ours = raw();
    let text = |bytes: &[u8], serial: u64| {
        String::from_utf8(bytes.to_vec())
            .unwrap()
            .replace(&format!("\"serial\": {serial}"), "\"serial\": N")
    };
    // Removed and put back: byte for byte as before, but for the serial.
    if ours != theirs {
        assert_eq!(text(&ours, after.serial), text(&theirs, before.serial));
    }
    // The peer goes on from ours, and we from the peer's.
    let said = ok(folder, &["plan", "-no-color", "-detailed-exitcode"]);
    assert!(said.contains("No changes"), "{said}");
    ok(
        folder,
        &[
            "apply",
            "-auto-approve",
            "-no-color",
            "-replace=terraform_data.a",
        ],
    );
    let again = open().open("default").unwrap();
    assert_eq!(again.snapshot().instance_count(), 3);
    assert!(again.snapshot().serial > before.serial);
    again.close().unwrap();
    // We take its lock as held.
    let script = "provisioner \"local-exec\" {\n command = \"touch held; while [ ! -e go ]; do sleep 0.05; done\"\n }";
    let path = folder.join("main.tf");
    let text = std::fs::read_to_string(&path).unwrap();
    let slow = text.replacen("input = \"x\"", &format!("input = \"x\"\n {script}"), 1);
    std::fs::write(&path, slow).unwrap();
    let mut child = command(
        folder,
        &[
            "apply",
            "-auto-approve",
            "-no-color",
            "-replace=terraform_data.a",
        ],
    )
    .stdout(std::process::Stdio::null())
    .spawn()
    .unwrap();
    while !folder.join("held").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended early");
        std::thread::yield_now();
    }
    match open().open("default") {
        Err(StoreError::InUse { holder, .. }) => assert!(holder.contains("apply"), "{holder}"),
        other => panic!("the peer holds it, yet {other:?}"),
    }
    std::fs::write(folder.join("go"), "").unwrap();
    assert!(child.wait().unwrap().success());
    std::fs::write(&path, text).unwrap();
    open().open("default").unwrap().close().unwrap();
    let said = ok(folder, &["plan", "-no-color", "-detailed-exitcode"]);
    assert!(said.contains("No changes"), "{said}");
}
