//! Local module folders.

use std::path::Path;

/// No configuration file may be larger: spans count bytes in 32 bits, and nobody writes such a file.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The endings of configuration files.
const ENDINGS: [&str; 4] = [".tf", ".tofu", ".tf.json", ".tofu.json"];

/// What kind of place a `source` argument names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder relative to the caller's: begins with `./` or `../`.
    Local,
    /// Anything else: a registry, an archive, a repository.
    Remote,
}

/// A configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name within the folder.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Why files can't be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The folder is not there.
    #[error("The folder {dir} does not exist.")]
    Missing {
        /// Its path.
        dir: String,
    },
    /// Reading failed.
    #[error("Reading {path} failed: {source}.")]
    Io {
        /// Of what.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file is unreasonably large.
    #[error("The file {path} is larger than {MAX_FILE} bytes, which no configuration file may be.")]
    TooLarge {
        /// Its path.
        path: String,
    },
}

/// What kind of place this is.
#[must_use]
pub fn kind(source: &str) -> Kind {
    let local = ["./", "../", ".\\", "..\\"]
        .iter()
        .any(|prefix| source.starts_with(prefix))
        || source == "."
        || source == "..";
    if local { Kind::Local } else { Kind::Remote }
}

/// The folder that `source` means when `caller` (relative to the root module; `.` for that) names it, without `.` and needless `..`.
#[must_use]
pub fn join(caller: &str, source: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let absolute = caller.starts_with('/');
    for part in caller.split('/').chain(source.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if absolute => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => String::from("."),
        (false, false) => joined,
    }
}

/// All configuration files of a folder, by name. Hidden and backup files are not among them, nor is `x.tf` where there is `x.tofu`.
///
/// # Errors
/// When the folder or one of the files can't be read.
pub fn read_folder(dir: &Path) -> Result<Vec<SourceFile>, SourceError> {
    let shown = |path: &Path| path.to_string_lossy().into_owned();
    let failed = |path: &Path| {
        let path = shown(path);
        move |source| SourceError::Io { path, source }
    };
    if !dir.is_dir() {
        return Err(SourceError::Missing { dir: shown(dir) });
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed(dir))? {
        let entry = entry.map_err(failed(dir))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if is_configuration(&name) && !entry.path().is_dir() {
            names.push(name);
        }
    }
    names.sort_unstable();
    let shadowed = |name: &str| {
        [(".tf", ".tofu"), (".tf.json", ".tofu.json")]
            .into_iter()
            .any(|(ending, stronger)| {
                name.strip_suffix(ending)
                    .is_some_and(|stem| names.binary_search(&format!("{stem}{stronger}")).is_ok())
            })
    };
    let mut files = Vec::new();
    for name in names.iter().filter(|name| !shadowed(name)) {
        let path = dir.join(name);
        let size = std::fs::metadata(&path).map_err(failed(&path))?.len();
        if size > MAX_FILE {
            return Err(SourceError::TooLarge { path: shown(&path) });
        }
        let content = std::fs::read(&path).map_err(failed(&path))?;
        files.push(SourceFile {
            name: name.clone(),
            content,
        });
    }
    Ok(files)
}

fn is_configuration(name: &str) -> bool {
    let ignored = name.starts_with('.')
        || name.ends_with('~')
        || (name.starts_with('#') && name.ends_with('#'));
    !ignored && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::{Kind, SourceError, join, kind, read_folder};

    #[test]
    fn only_dotted_paths_are_local() {
        for (source, expect) in [
            ("./m", Kind::Local),
            ("../m", Kind::Local),
            ("m", Kind::Remote),
            ("hashicorp/consul/aws", Kind::Remote),
            ("/abs", Kind::Remote),
            ("git::https://example.com/x", Kind::Remote),
        ] {
            assert_eq!(kind(source), expect, "{source}");
        }
    }

    #[test]
    fn folders_are_joined_by_their_text() {
        for (caller, source, expect) in [
            (".", "./m", "m"),
            ("m", "./n", "m/n"),
            ("m", "../n", "n"),
            (".", "../n", "../n"),
            ("../n", "../../o", "../../o"),
            ("m", "../", "."),
            ("/a/b", "../c", "/a/c"),
        ] {
            assert_eq!(join(caller, source), expect, "{caller} + {source}");
        }
    }

    #[test]
    fn a_folder_gives_its_configuration_files_by_name() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "b.tf",
            "a.tf.json",
            "c.tf",
            "c.tofu",
            ".hidden.tf",
            "d.tf~",
            "#e.tf#",
            "f.txt",
        ] {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        std::fs::create_dir(dir.path().join("g.tf")).unwrap();
        let names: Vec<String> = read_folder(dir.path())
            .unwrap()
            .into_iter()
            .map(|file| file.name)
            .collect();
        assert_eq!(names, ["a.tf.json", "b.tf", "c.tofu"]);
        assert!(matches!(
            read_folder(&dir.path().join("none")),
            Err(SourceError::Missing { .. })
        ));
    }
}
