//! The `file` provisioner: files for another machine.

use super::connection::Remote;
use super::text;
use std::path::PathBuf;
use terrane_ssh::Session;
use terrane_value::Value;

/// Permissions of a file whose content is given.
const MODE: u32 = 0o644;

/// Something to be stored there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Upload {
    what: What,
    destination: String,
}

#[derive(Debug, PartialEq, Eq)]
enum What {
    Content(String),
    File(PathBuf),
    /// With its own name, or only what is in it.
    Folder(PathBuf, bool),
}

impl Upload {
    /// Reads the arguments of the block.
    pub(super) fn from_config(config: &Value) -> Result<Self, String> {
        let destination = text(config, "destination")
            .filter(|destination| !destination.is_empty())
            .ok_or("The destination must not be empty.")?;
        if let Some(content) = text(config, "content") {
            return Ok(Self {
                what: What::Content(content),
                destination,
            });
        }
        let source = text(config, "source")
            .filter(|source| !source.is_empty())
            .ok_or("The source must not be empty.")?;
        let path = expand(&source);
        let meta = std::fs::metadata(&path).map_err(|error| {
            format!(
                "The source {source:?} can't be read: {}.",
                crate::files::why(&error)
            )
        })?;
        let what = if meta.is_dir() {
            What::Folder(path, !source.ends_with(std::path::is_separator))
        } else {
            What::File(path)
        };
        Ok(Self { what, destination })
    }

    pub(super) async fn run(&self, session: &Session, remote: &Remote) -> Result<(), String> {
        let Self { what, destination } = self;
        let platform = remote.platform;
        let done = match what {
            What::Content(content) => {
                session
                    .put(platform, content.as_bytes(), destination, MODE)
                    .await
            }
            What::File(path) => session.put_file(platform, path, destination).await,
            What::Folder(path, itself) => {
                session
                    .put_folder(platform, path, destination, *itself)
                    .await
            }
        };
        done.map_err(|error| format!("Uploading failed: {}.", error.sentence()))
    }
}

/// A path below the home folder of the user, where it begins with `~/`.
fn expand(path: &str) -> PathBuf {
    use terrane_lang::functions::Files as _;
    match (path.strip_prefix("~/"), crate::files::OsFiles.home()) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::{Upload, What};
    use terrane_value::{Type, Value};

    fn upload(source: Option<&str>, content: Option<&str>) -> Result<Upload, String> {
        let text = |text: Option<&str>| text.map_or(Value::null(Type::String), Value::string);
        Upload::from_config(&Value::object([
            ("source", text(source)),
            ("content", text(content)),
            ("destination", Value::string("/tmp/x")),
        ]))
    }

    #[test]
    fn a_slash_decides_what_of_a_folder_is_sent() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_str().unwrap();
        let whole = upload(Some(path), None).unwrap();
        assert_eq!(whole.what, What::Folder(dir.path().to_owned(), true));
        let inside = upload(Some(&format!("{path}/")), None).unwrap();
        assert!(matches!(inside.what, What::Folder(_, false)));
        std::fs::write(dir.path().join("f"), "").unwrap();
        let file = upload(Some(&format!("{path}/f")), None).unwrap();
        assert!(matches!(file.what, What::File(_)));
    }

    #[test]
    fn empty_content_is_content() {
        let upload = upload(None, Some("")).unwrap();
        assert_eq!(upload.what, What::Content(String::new()));
    }

    #[test]
    fn a_missing_source_is_named() {
        let message = upload(Some("/nonexistent/f"), None).unwrap_err();
        assert!(message.contains("/nonexistent/f"), "{message}");
    }
}
