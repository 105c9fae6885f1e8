//! Small things with files that stores have in common.

use crate::StoreError;
use crate::journal::sync_folder;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Says what was being done to which file when reading or writing failed.
pub fn io_error(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let doing = format!("{doing} {}", path.display());
    move |source| StoreError::Io { doing, source }
}

/// Makes a folder and those above it, each durable, for the owner's eyes only.
///
/// # Errors
/// When one of them can't be made.
pub fn make_folders(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(Path::new(""));
    make_folders(above)?;
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    match builder.create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        result => result?,
    }
    sync_folder(above)
}

/// Opens a file for reading and writing, making it for the owner's eyes only.
///
/// # Errors
/// When that fails.
pub fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// Writes a file so that it is there whole, or not at all.
///
/// # Errors
/// When it can't be written, or not be made durable.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let write = || {
        let mut file = open_private(&draft)?;
        file.set_len(0)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    if let Err(error) = write() {
        // On a disk that is full, what is left of it would only be in the way.
        drop(fs::remove_file(&draft));
        return Err(error);
    }
    sync_folder(path.parent().unwrap_or(Path::new("")))
}

/// The names of what is in a folder, in no order; nothing if it is not there.
///
/// # Errors
/// When it can't be read. What is named by no text is left out.
pub fn files_in(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

/// Removes a file, if there is one.
///
/// # Errors
/// When it is there and can't be removed.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Gives what is about to be replaced a second name (or another one, for a folder) in a folder beside it: `<name>.<n>`.
///
/// # Errors
/// When that fails; then it must not be replaced.
pub fn put_aside(path: &Path, folder: &Path) -> Result<(), StoreError> {
    let keep = || -> io::Result<()> {
        if !path.exists() {
            return Ok(());
        }
        make_folders(folder)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let free = (0_u32..)
            .map(|at| folder.join(format!("{name}.{at}")))
            .find(|path| !path.exists());
        let Some(aside) = free else { return Ok(()) };
        if path.is_dir() {
            fs::rename(path, &aside)?;
        } else {
            fs::copy(path, &aside)?;
            File::open(&aside)?.sync_all()?;
        }
        sync_folder(folder)
    };
    keep().map_err(io_error("keeping a copy of", path))
}

/// The name of a workspace as that of a folder: lower-case letters, digits, `-`, `_` and inner dots as they are, all else as `%XX`, so that names stay apart where the
/// file system does not tell case.
#[must_use]
pub fn folder_name(workspace: &str) -> String {
    let mut out = String::new();
    for (at, byte) in workspace.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => out.push(char::from(byte)),
            b'.' if at > 0 => out.push('.'),
            byte => {
                const HEX: [u8; 16] = *b"0123456789abcdef";
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out
}
