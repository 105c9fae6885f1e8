//! Writes the sample folder that the tests read: run once for each version of the format, then commit what it made.

use std::error::Error;
use terrane_store::StateStore as _;
use terrane_store::conformance::sample::{every_kind, instance, set};
use terrane_store::statefile::{WriteOptions, write};
use terrane_store_sled::SledStore;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::args_os().nth(1) else {
        return Err("the folder to make is missing".into());
    };
    let folder = std::path::PathBuf::from(folder);
    let store = SledStore::new(&folder);
    let mut workspace = store.open("default")?;
    // Every kind of event; then some again, because the last ones leave little.
    for batch in every_kind()
        .into_iter()
        .chain(every_kind().into_iter().take(5))
    {
        workspace.commit(batch)?;
    }
    let state = workspace.snapshot();
    workspace.close()?;
    let mut other = store.open("Prod")?;
    other.commit(vec![set(&instance("a", None), "{}")])?;
    other.close()?;
    for name in ["default", "%50rod"] {
        std::fs::remove_dir_all(folder.join("workspaces").join(name).join("index"))?;
        std::fs::remove_file(folder.join("workspaces").join(name).join("lock"))?;
    }
    std::fs::write(
        folder.with_extension("tfstate"),
        write(&state, &WriteOptions::default())?,
    )?;
    Ok(())
}
