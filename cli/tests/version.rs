//! That the program starts. What it does is tested in `tests/`; that it has a test here makes cargo build it with the features of the whole workspace.

use std::process::Command;

#[test]
fn the_program_says_its_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_terrane"))
        .args(["version", "-json"])
        .env("CHECKPOINT_DISABLE", "1")
        .output()
        .expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains(env!("CARGO_PKG_VERSION")), "{text}");
}
