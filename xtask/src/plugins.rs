//! What providers by others, built for tests, are made of: modules of Go, crates. Fetched once, before all tests; what can't be fetched is said, and the tests
//! that need it are left out.

use std::path::Path;
use std::process::Command;

/// Where `go` is, if it is not on the path.
const USUAL_GO: &str = "/usr/local/go/bin/go";

/// What could not be fetched, as sentences without final period.
pub(crate) fn fetch(root: &Path) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let go = if Path::new(USUAL_GO).is_file() {
        USUAL_GO
    } else {
        "go"
    };
    let mut modules = Command::new(go);
    modules
        .args(["mod", "download"])
        .current_dir(root.join("tests/go"));
    let mut crates = Command::new(cargo);
    crates
        .args(["fetch", "--locked", "--quiet"])
        .current_dir(root.join("tests/tf-provider"));
    [
        ("modules of Go for tests", modules),
        ("crates for tests", crates),
    ]
    .into_iter()
    .filter_map(|(what, mut command)| match command.status() {
        Ok(status) if status.success() => None,
        Ok(_) => Some(format!("{what} can't be fetched: tests are left out")),
        Err(error) => Some(format!(
            "{what} can't be fetched, tests are left out: {error}"
        )),
    })
    .collect()
}
