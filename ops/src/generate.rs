//! The file of generated configuration (`plan -generate-config-out`).

use crate::failure::Failure;
use crate::rules;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use terrane_config::load::ModuleFile;
use terrane_model::addr::InstanceAddr;
use terrane_plan::generate::{FILE_HEADER, Generated};

/// A file of generated configuration.
#[derive(Debug)]
pub(crate) struct Written {
    /// The file, as part of the root module.
    pub(crate) file: ModuleFile,
    /// Its blocks.
    pub(crate) blocks: BTreeMap<InstanceAddr, String>,
}

/// Makes sure that nothing is overwritten.
///
/// # Errors
/// When the file exists, or could not be made.
pub(crate) fn check_free(path: &str) -> Result<(), Failure> {
    let target = Path::new(path);
    if target.is_dir() {
        return Err(Failure::input(
            rules::import::FILE_NOT_FREE.named("Target generated file is a directory"),
            format!(
                "Configuration can't be generated into {path:?}: it is a directory. Name a file in it that does not exist yet."
            ),
        ));
    }
    if target.symlink_metadata().is_ok() {
        return Err(Failure::input(
            &rules::import::FILE_NOT_FREE,
            format!(
                "Configuration can only be generated into a new file, and {path:?} exists. Name another one, or move that one away."
            ),
        ));
    }
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(Failure::input(
            rules::import::FILE_NOT_FREE.named("Folder of generated file does not exist"),
            format!(
                "Configuration can't be generated into {path:?}: there is no folder {}.",
                folder.display()
            ),
        )),
        _ => Ok(()),
    }
}

/// Writes the blocks into a new file.
///
/// # Errors
/// When that fails, or somebody else has made the file meanwhile.
pub(crate) fn write(path: &str, generated: Vec<Generated>) -> Result<Written, Failure> {
    let mut text = String::from(FILE_HEADER);
    let mut blocks = BTreeMap::new();
    for block in generated {
        text.push('\n');
        text.push_str(&block.text);
        blocks.insert(block.addr, block.text);
    }
    save(path, &text)?;
    let file = ModuleFile {
        name: name_in_module(path),
        content: text.into_bytes(),
    };
    Ok(Written { file, blocks })
}

/// Writes a new file.
///
/// # Errors
/// When that fails, or somebody else has made the file meanwhile.
pub(crate) fn save(path: &str, text: &str) -> Result<(), Failure> {
    let save = || {
        let mut file = std::fs::File::create_new(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    save().map_err(Failure::io(format!(
        "Writing generated configuration to {path} failed"
    )))
}

/// The name under which the file is part of the root module: its own, where it is in the folder of that and counts as configuration.
fn name_in_module(path: &str) -> String {
    let target = Path::new(path);
    let name = target.file_name().map(|name| name.to_string_lossy());
    let name = name.unwrap_or_default();
    let counts = (name.ends_with(".tf") || name.ends_with(".tofu"))
        && !name.starts_with('.')
        && !name.starts_with("override.")
        && !name.contains("_override.");
    let here = target
        .parent()
        .is_none_or(|folder| folder.as_os_str().is_empty() || folder == Path::new("."));
    if counts && here {
        name.into_owned()
    } else {
        format!("{path} (generated).tofu")
    }
}

#[cfg(test)]
mod tests {
    use super::name_in_module;

    #[test]
    fn the_file_is_read_as_configuration_wherever_it_is() {
        for (path, name) in [
            ("gen.tf", "gen.tf"),
            ("./gen.tofu", "gen.tofu"),
            ("out/gen.tf", "out/gen.tf (generated).tofu"),
            ("gen.txt", "gen.txt (generated).tofu"),
            ("x_override.tf", "x_override.tf (generated).tofu"),
        ] {
            assert_eq!(name_in_module(path), name);
        }
    }
}
