//! The password file of libpq: lines `host:port:database:user:password`, where `*` stands for anything.

use super::Env;
use std::path::{Path, PathBuf};

/// The password for a host, port, database and user; `None` where the file is missing, open to others, or has no line that fits.
pub(super) fn find(file: Option<&str>, env: Env<'_>, wanted: [&str; 4]) -> Option<String> {
    let path = match file {
        Some(file) => PathBuf::from(file),
        None => PathBuf::from(env("HOME")?).join(".pgpass"),
    };
    if !is_private(&path) {
        return None;
    }
    let text = std::fs::read_to_string(&path).ok()?;
    text.lines().find_map(|line| line_for(line, wanted))
}

/// libpq ignores a file that others may read, and so do the peers.
fn is_private(path: &Path) -> bool {
    let Ok(metadata) = std::fs::metadata(path) else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        metadata.is_file() && metadata.permissions().mode().trailing_zeros() >= 6
    }
    #[cfg(not(unix))]
    metadata.is_file()
}

fn line_for(line: &str, wanted: [&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let fields = fields(line);
    let [host, port, database, user, password] = fields.as_slice() else {
        return None;
    };
    let socket_as_localhost = |field: &str| field == "localhost" && wanted[0].starts_with('/');
    let fits = [host, port, database, user]
        .into_iter()
        .zip(wanted)
        .enumerate()
        .all(|(at, (field, wanted))| {
            field == "*" || field == wanted || (at == 0 && socket_as_localhost(field))
        });
    fits.then(|| password.clone())
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        let Some(field) = fields.last_mut() else {
            break;
        };
        match char {
            '\\' => field.extend(chars.next()),
            ':' => fields.push(String::new()),
            char => field.push(char),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::line_for;

    #[test]
    fn the_first_line_that_fits_gives_the_password() {
        let wanted = ["db", "5432", "states", "me"];
        for (line, password) in [
            ("db:5432:states:me:secret", Some("secret")),
            ("*:*:*:*:a\\:b\\\\c", Some("a:b\\c")),
            ("db:5432:states:you:secret", None),
            ("db:5433:states:me:secret", None),
            ("#db:5432:states:me:secret", None),
            ("db:5432:states", None),
            ("", None),
        ] {
            assert_eq!(line_for(line, wanted).as_deref(), password, "{line}");
        }
        let socket = ["/run/postgresql", "5432", "states", "me"];
        assert!(line_for("localhost:*:*:me:x", socket).is_some());
    }
}
