//! The binary of this engine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The binary, built in the profile of the test that runs.
///
/// # Panics
/// When it can't be built.
#[must_use]
pub fn path() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("TERRANE_BINARY") {
            return given.into();
        }
        // target/<profile>/deps/<this test>
        let test = std::env::current_exe().expect("a test knows where it is");
        let profile = test.ancestors().nth(2).expect("it is in a folder of cargo");
        let target = profile.parent().expect("it is in a folder of cargo");
        let release = profile.ends_with("release");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "-p", "terrane"])
            .args(release.then_some("--release"))
            .arg("--target-dir")
            .arg(target)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(built.is_ok_and(|status| status.success()));
        profile.join(format!("terrane{}", std::env::consts::EXE_SUFFIX))
    })
}
