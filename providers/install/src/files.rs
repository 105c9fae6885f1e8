//! Files that are put in place all at once.

use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file beside the one that is there and puts it in its place: others see the one or the other, whatever happens.
///
/// # Errors
/// When it can't be written; then the one that is there stays.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".terrane-")
        .tempfile_in(folder)?;
    file.write_all(content)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Temporary files are for their user only; this one takes over who may read the file that it replaces.
        let mode = match std::fs::metadata(path) {
            Ok(about) => about.permissions().mode() & 0o777,
            Err(_) => 0o644,
        };
        let permissions = std::fs::Permissions::from_mode(mode);
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
