//! What functions may use of the world: files and randomness of this machine.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use terrane_lang::functions::{Files, Functions, Impure, Random};

use crate::clock;
use crate::failure::Failure;
use crate::rules;

/// How deep `list` goes.
const MAX_DEPTH: usize = 256;

/// The files of this machine, seen from the working directory.
#[derive(Debug)]
pub struct OsFiles;

impl Files for OsFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, String> {
        std::fs::read(path)
            .map(Arc::from)
            .map_err(|error| why(&error))
    }

    fn exists(&self, path: &str) -> Result<bool, String> {
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_file() => Ok(true),
            Ok(meta) if meta.is_dir() => Err(String::from("it is a directory, not a file")),
            Ok(_) => Err(String::from("it is not a regular file")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(why(&error)),
        }
    }

    fn list(&self, dir: &str) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        let mut above = BTreeSet::new();
        // Where there is no folder there are no files.
        if !Path::new(dir).is_dir() {
            return Ok(found);
        }
        walk(Path::new(dir), "", &mut above, &mut found)?;
        found.sort_unstable();
        Ok(found)
    }

    fn absolute(&self, path: &str) -> String {
        // An empty path is the working directory, which the system's function refuses.
        let path = if path.is_empty() { "." } else { path };
        let whole = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
        clean(&whole).to_string_lossy().into_owned()
    }

    fn home(&self) -> Option<String> {
        std::env::var("HOME")
            .ok()
            .or_else(|| std::env::var("USERPROFILE").ok())
            .filter(|home| !home.is_empty())
    }
}

/// Collects the regular files below `dir`. `above` holds the directories on the way, so that links to one of them end.
fn walk(
    dir: &Path,
    prefix: &str,
    above: &mut BTreeSet<PathBuf>,
    found: &mut Vec<String>,
) -> Result<(), String> {
    let real = dir.canonicalize().map_err(|error| why(&error))?;
    if above.len() >= MAX_DEPTH || !above.insert(real.clone()) {
        return Ok(());
    }
    for entry in std::fs::read_dir(dir).map_err(|error| why(&error))? {
        let entry = entry.map_err(|error| why(&error))?;
        let Some(name) = entry.file_name().to_str().map(String::from) else {
            continue;
        };
        let path = entry.path();
        let relative = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}/{name}")
        };
        // A link that leads nowhere is not a regular file.
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => walk(&path, &relative, above, found)?,
            Ok(meta) if meta.is_file() => found.push(relative),
            _ => {}
        }
    }
    above.remove(&real);
    Ok(())
}

/// Removes `.` and `..` by their text alone.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => out.push(".."),
            },
            part => out.push(part),
        }
    }
    if out.as_os_str().is_empty() {
        out.push(".");
    }
    out
}

/// Refuses to write something else to a file that is read as configuration by its name.
pub(crate) fn not_configuration(path: &str, what: &str) -> Result<(), Failure> {
    const READ: [&str; 13] = [
        ".tf",
        ".tofu",
        ".tf.json",
        ".tofu.json",
        ".tfvars",
        ".tfvars.json",
        ".tftest.hcl",
        ".tofutest.hcl",
        ".tfquery.hcl",
        ".tfgate.hcl",
        ".lock.hcl",
        ".tftest.json",
        ".tofutest.json",
    ];
    if !READ.iter().any(|ending| path.ends_with(ending)) {
        return Ok(());
    }
    Err(Failure::input(
        rules::folder::NAME_OF_CONFIGURATION.named(format!("{path} is a name of configuration")),
        format!(
            "Files with such names are read as configuration, so {what} is not written there. Nothing was changed. Choose another name."
        ),
    ))
}

/// An error of the system as the end of a sentence, without the number that Rust appends.
pub(crate) fn why(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text
        .split_once(" (os error")
        .map_or(text.as_str(), |(text, _)| text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().collect::<String>() + chars.as_str()
    })
}

/// Randomness of the system.
#[derive(Debug)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, buffer: &mut [u8]) {
        use rand::RngCore as _;
        rand::rng().fill_bytes(buffer);
    }
}

/// What functions may use while validating.
#[must_use]
pub fn functions_for_validate() -> Functions {
    Functions {
        files: Arc::new(OsFiles),
        ..Functions::pure()
    }
}

/// What functions may use while planning at this moment.
#[must_use]
pub fn functions_for_plan(now_ms: u64) -> Functions {
    Functions {
        files: Arc::new(OsFiles),
        plan_time: Some(clock::rfc3339(now_ms).into()),
        ..Functions::pure()
    }
}

/// What functions may use while applying a plan that was made at `plan_time`.
#[must_use]
pub fn functions_for_apply(plan_time: &str, now_ms: u64) -> Functions {
    Functions {
        files: Arc::new(OsFiles),
        plan_time: Some(plan_time.into()),
        impure: Some(Impure {
            now: clock::rfc3339(now_ms).into(),
            random: Arc::new(OsRandom),
        }),
        ..Functions::pure()
    }
}

#[cfg(test)]
mod tests {
    use super::{Files as _, OsFiles, clean};
    use std::path::Path;

    #[test]
    fn paths_are_cleaned_by_their_text() {
        for (path, expect) in [
            ("a/./b/../c", "a/c"),
            ("../a/..", ".."),
            ("a/..", "."),
            ("/../a", "/a"),
            ("./x/../../y", "../y"),
        ] {
            assert_eq!(clean(Path::new(path)), Path::new(expect), "{path}");
        }
    }

    #[test]
    fn listing_follows_links_and_survives_loops() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        std::fs::create_dir_all(root.join("sub/deep")).unwrap();
        std::fs::write(root.join("b.txt"), "b").unwrap();
        std::fs::write(root.join("sub/deep/a.txt"), "a").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(root, root.join("sub/up")).unwrap();
        let listed = OsFiles.list(root.to_str().unwrap()).unwrap();
        assert_eq!(listed, ["b.txt", "sub/deep/a.txt"]);
        assert!(OsFiles.exists(root.to_str().unwrap()).is_err());
        assert_eq!(
            OsFiles.exists(root.join("none").to_str().unwrap()),
            Ok(false)
        );
    }
}
