//! Plugins in a folder: `dev_overrides`.

use crate::factory::{DEVELOPMENT, Origin, PluginFactory};
use crate::process::Program;
use crate::reattach::address;
use std::path::{Path, PathBuf};

/// The plugin of an address (as it is written in settings) whose program is in this folder, or is this very file.
///
/// # Errors
/// A sentence without final period, if there is no such program.
pub fn in_folder(addr: &str, path: &Path) -> Result<PluginFactory, String> {
    let addr = address(addr).ok_or_else(|| format!("{addr:?} is no address of a provider"))?;
    let program = if path.is_file() {
        path.to_owned()
    } else {
        program(path, &addr.type_name)?
    };
    let origin = Origin::Program(Program::new(program));
    Ok(PluginFactory::new(addr, DEVELOPMENT, origin))
}

/// The file in a folder whose name is the one that programs of a provider have: `terraform-provider-TYPE`, perhaps with a version behind it.
fn program(folder: &Path, type_name: &str) -> Result<PathBuf, String> {
    let unreadable = |error| format!("the folder {} can't be read: {error}", folder.display());
    let wanted = format!("terraform-provider-{type_name}");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.strip_prefix(&wanted)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '.']))
                && path.is_file()
        })
        .collect();
    found.sort();
    found
        .into_iter()
        .next()
        .ok_or_else(|| format!("there is no program {wanted} in {}", folder.display()))
}
