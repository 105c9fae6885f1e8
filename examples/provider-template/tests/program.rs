//! The program by itself: a plugin that nobody speaks to says what it is, and ends.

use std::process::Command;

#[test]
fn a_plugin_is_not_started_by_hand() {
    let output = Command::new(env!("CARGO_BIN_EXE_terraform-provider-notes"))
        .env_remove("TF_PLUGIN_MAGIC_COOKIE")
        .output()
        .expect("it starts");
    assert!(!output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("plugin"),
        "{output:?}"
    );
}
