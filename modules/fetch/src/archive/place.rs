//! The folder that an archive is unpacked into. Its parents are folders that were made here: links are made last, so that nothing is ever
//! written through one.

use super::{ArchiveError, Budget, Links, Rules, Unpacked};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization as _;

/// What stands under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
    Link,
}

#[derive(Debug)]
pub(super) struct Place<'a> {
    root: &'a Path,
    rules: &'a Rules,
    pub(super) budget: Budget,
    entries: u64,
    /// By the name as a file system that does not tell case sees it: the name, and what stands there.
    /// Under a name without case, all that have it.
    seen: BTreeMap<String, Vec<(String, Kind)>>,
    links: Vec<(String, String)>,
    unpacked: Unpacked,
}

impl<'a> Place<'a> {
    pub(super) fn new(root: &'a Path, rules: &'a Rules, budget: Budget) -> Self {
        Self {
            root,
            rules,
            budget,
            entries: 0,
            seen: BTreeMap::new(),
            links: Vec::new(),
            unpacked: Unpacked::default(),
        }
    }

    /// How many entries there may be.
    pub(super) fn most_entries(&self) -> u64 {
        self.rules.entries
    }

    /// Counts an entry, of whatever kind.
    pub(super) fn count(&mut self) -> Result<(), ArchiveError> {
        self.entries += 1;
        if self.entries > self.rules.entries {
            let most = self.rules.entries;
            return Err(ArchiveError::Bounds(format!(
                "has more than {most} entries"
            )));
        }
        self.budget.take(0)
    }

    /// How many bytes an archive may have when it is unpacked, where each entry takes so many beside its file.
    pub(super) fn most_unpacked(&self, beside: u64) -> u64 {
        let beside = self.rules.entries.saturating_mul(beside);
        self.budget.most.saturating_add(beside)
    }

    pub(super) fn folder(&mut self, name: &str) -> Result<(), ArchiveError> {
        if let Some(clean) = self.clean(name)? {
            self.folders(name, &clean)?;
        }
        Ok(())
    }

    /// Writes a file. `size` is what the archive says.
    pub(super) fn file(
        &mut self,
        name: &str,
        executable: bool,
        size: u64,
        content: &mut dyn Read,
    ) -> Result<(), ArchiveError> {
        let clean = self.leaf(name, Kind::File)?;
        let path = self.root.join(&clean);
        let write = |source| ArchiveError::Write {
            path: path.clone(),
            source,
        };
        let mut file = create(&path, executable).map_err(write)?;
        let mut buffer = vec![0; 64 * 1024];
        let mut bytes: u64 = 0;
        loop {
            let count = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(name, &error)),
            };
            bytes += count as u64;
            if bytes > size {
                return Err(refuse(name, "is larger than the archive says"));
            }
            self.budget.take(count as u64)?;
            file.write_all(buffer.get(..count).unwrap_or_default())
                .map_err(write)?;
        }
        if bytes != size {
            return Err(refuse(name, "is cut off"));
        }
        self.unpacked.files += 1;
        self.unpacked.bytes += bytes;
        Ok(())
    }

    pub(super) fn link(&mut self, name: &str, target: &str) -> Result<(), ArchiveError> {
        if self.rules.links == Links::Refused {
            return Err(refuse(name, "is a symbolic link"));
        }
        let clean = self.leaf(name, Kind::Link)?;
        if let Err(why) = inside(&clean, target) {
            return Err(refuse(name, why));
        }
        self.links.push((clean, target.to_owned()));
        Ok(())
    }

    /// Makes the links.
    pub(super) fn finish(mut self) -> Result<Unpacked, ArchiveError> {
        for (name, target) in std::mem::take(&mut self.links) {
            let path = self.root.join(&name);
            make_link(&target, &path).map_err(|source| ArchiveError::Write { path, source })?;
            self.unpacked.files += 1;
        }
        Ok(self.unpacked)
    }

    /// The name of something that is no folder, with its folders made.
    fn leaf(&mut self, name: &str, kind: Kind) -> Result<String, ArchiveError> {
        let clean = match self.clean(name)? {
            Some(clean) if !name.ends_with('/') => clean,
            _ => return Err(refuse(name, "is no name of a file")),
        };
        if let Some((parent, _)) = clean.rsplit_once('/') {
            self.folders(name, parent)?;
        }
        self.claim(name, &clean, kind)?;
        Ok(clean)
    }

    fn folders(&mut self, name: &str, clean: &str) -> Result<(), ArchiveError> {
        let mut path = String::new();
        for part in clean.split('/') {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(part);
            if self.claim(name, &path, Kind::Folder)? {
                let path = self.root.join(&path);
                std::fs::create_dir(&path)
                    .map_err(|source| ArchiveError::Write { path, source })?;
            }
        }
        Ok(())
    }

    /// Takes a name; false if it is a folder that is there already.
    fn claim(&mut self, name: &str, clean: &str, kind: Kind) -> Result<bool, ArchiveError> {
        // By way of upper case, since some letters have one only together with others: ſ and s, ß and ss.
        let upper = clean.nfd().flat_map(char::to_uppercase);
        let folded: String = upper.flat_map(char::to_lowercase).nfc().collect();
        let all = self.seen.entry(folded).or_default();
        if let Some((_, known)) = all.iter().find(|(known, _)| known == clean) {
            return match (known, &kind) {
                (Kind::Folder, Kind::Folder) => Ok(false),
                _ => Err(refuse(name, "is there twice")),
            };
        }
        // Real packages have files whose names differ in case alone; where these are one, the second can't be made. With folders and links, what is
        // written to one name might end up under the other.
        let only_files = kind == Kind::File && all.iter().all(|(_, known)| *known == Kind::File);
        if let Some((known, _)) = all.first()
            && !only_files
        {
            let why = format!("is the same as {known:?} where file systems don't tell case");
            return Err(refuse(name, why));
        }
        all.push((clean.to_owned(), kind));
        Ok(true)
    }

    /// A name without `.`; None for the folder itself.
    fn clean(&self, name: &str) -> Result<Option<String>, ArchiveError> {
        if name.len() > self.rules.name {
            let shown: String = name.chars().take(60).collect();
            return Err(refuse(&format!("{shown}…"), "has too long a name"));
        }
        if name.is_empty() {
            return Err(refuse(name, "has no name"));
        }
        if name.starts_with('/') {
            return Err(refuse(name, "has an absolute path"));
        }
        if name.contains('\\') {
            return Err(refuse(name, "has a backslash in its name"));
        }
        if name.chars().any(char::is_control) {
            return Err(refuse(name, "has a control character in its name"));
        }
        let mut parts = Vec::new();
        for part in name.split('/') {
            match part {
                "" | "." => {}
                ".." => return Err(refuse(name, "leads out of its folder (..)")),
                part if part.len() > 255 => return Err(refuse(name, "has too long a name")),
                part if cfg!(windows) && unfit_for_windows(part) => {
                    return Err(refuse(name, "has a name that Windows can't have"));
                }
                part => parts.push(part),
            }
        }
        if parts.len() > self.rules.depth {
            return Err(refuse(name, "is nested too deeply"));
        }
        Ok((!parts.is_empty()).then(|| parts.join("/")))
    }
}

/// Names that mean something else there: streams, devices, and what loses its end.
fn unfit_for_windows(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).to_ascii_uppercase();
    let numbered = ["COM", "LPT"].into_iter().any(|device| {
        let number = stem.strip_prefix(device);
        number.is_some_and(|number| number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit()))
    });
    part.contains([':', '*', '?', '"', '<', '>', '|'])
        || part.ends_with(['.', ' '])
        || numbered
        || ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
}

/// Whether a link can't lead out of the folder. Its parents are true folders, so `..` at the beginning of its target means them; after a
/// name, `..` could mean the parent of what another link leads to, so it is refused there. Then no chain of links can lead out either.
fn inside(name: &str, target: &str) -> Result<(), &'static str> {
    if target.is_empty() || target.starts_with('/') {
        return Err("is a symbolic link to an absolute path");
    }
    if target.contains('\\') || target.chars().any(char::is_control) || target.len() > 1024 {
        return Err("is a symbolic link to a path that no package has");
    }
    let mut depth = name.matches('/').count();
    let mut named = false;
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if named => return Err("is a symbolic link with .. after a name"),
            ".." => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return Err("is a symbolic link that leads out of its folder"),
            },
            _ => named = true,
        }
    }
    Ok(())
}

/// Checks that no symbolic link in a tree can lead out of it, and that there is nothing but files, folders and links.
///
/// # Errors
/// The name of the first that does, with what is wrong.
pub fn check_links(root: &Path) -> Result<(), ArchiveError> {
    let failed = |path: &Path, error: &io::Error| {
        ArchiveError::Unreadable(format!("{}: {error}", path.display()))
    };
    let mut waiting: Vec<(PathBuf, String)> = vec![(root.to_owned(), String::new())];
    while let Some((dir, prefix)) = waiting.pop() {
        for entry in std::fs::read_dir(&dir).map_err(|error| failed(&dir, &error))? {
            let entry = entry.map_err(|error| failed(&dir, &error))?;
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(|error| failed(&path, &error))?;
            if kind.is_dir() {
                waiting.push((path, format!("{name}/")));
            } else if kind.is_symlink() {
                let target = std::fs::read_link(&path).map_err(|error| failed(&path, &error))?;
                let Some(target) = target.to_str() else {
                    return Err(refuse(
                        &name,
                        "is a symbolic link to a path that is no text",
                    ));
                };
                inside(&name, target).map_err(|why| refuse(&name, why))?;
            } else if !kind.is_file() {
                return Err(refuse(&name, "is neither file nor folder"));
            }
        }
    }
    Ok(())
}

pub(super) fn refuse(name: &str, why: impl Into<String>) -> ArchiveError {
    ArchiveError::Entry {
        name: name.to_owned(),
        why: why.into(),
    }
}

fn unreadable(name: &str, error: &io::Error) -> ArchiveError {
    ArchiveError::Unreadable(format!("{name:?}: {error}"))
}

#[cfg(unix)]
fn create(path: &Path, executable: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(if executable { 0o755 } else { 0o644 })
        .open(path)
}

#[cfg(not(unix))]
fn create(path: &Path, _executable: bool) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn make_link(target: &str, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn make_link(_target: &str, _path: &Path) -> io::Result<()> {
    Err(io::Error::other(
        "symbolic links are not made on this system",
    ))
}
