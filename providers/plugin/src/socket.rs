//! Where a plugin puts its socket.

use std::io;
use std::path::Path;
use tempfile::{Builder, TempDir};

/// How long the path of the folder may be: the address of a socket holds 103 bytes on some systems, and plugins need up to 18 of them for a name of their own.
const LONGEST: usize = 85;

/// A new folder that only this user can look into, removed when it is dropped.
///
/// It is in `temporary`, or where that is so deep that no socket can be in it, as in the working folders of some pipelines, directly under `/tmp`.
///
/// # Errors
/// When there is no place where a folder can be made.
pub(crate) fn folder(temporary: &Path) -> io::Result<TempDir> {
    let make = |parent: &Path| Builder::new().prefix("terrane-plugin-").tempdir_in(parent);
    let made = make(temporary)?;
    if made.path().as_os_str().len() <= LONGEST {
        return Ok(made);
    }
    // If that can't be used either, the plugin may know a way of its own.
    Ok(make(Path::new("/tmp")).unwrap_or(made))
}

#[cfg(all(test, unix))]
mod tests {
    use super::folder;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_socket_fits_wherever_temporary_files_are() {
        let outer = tempfile::tempdir().unwrap();
        let near = folder(outer.path()).unwrap();
        assert!(near.path().starts_with(outer.path()));
        let deep = outer.path().join("d".repeat(90));
        std::fs::create_dir(&deep).unwrap();
        let made = folder(&deep).unwrap();
        UnixListener::bind(made.path().join("plugin4294967295")).unwrap();
        let left = std::fs::read_dir(&deep).unwrap().count();
        assert_eq!(left, 0, "the folder that is too deep is removed");
    }
}
